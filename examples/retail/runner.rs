//! One customer on the way through the year: events, timers, decisions, and what came of them.
//!
//! Not here: other customers, threads and counting.

use std::error::Error;

use apropos::context::Moment;
use apropos::event::{ChannelId, Duration, Event, EventId, EventKind, SourceId, Timestamp};
use apropos::nba::{Choice, Decision, Reward};
use apropos::{Customer, Engine, Model, Workspace};

use crate::counts::Counts;
use crate::invoices::History;
use crate::showcase::Showcase;

/// Every decision of the replay is drawn from this seed.
const SEED: u64 = 2_010;
/// How long people take to close a case.
const CASE: Duration = Duration::from_days(2);

/// What is the same for all customers.
pub(crate) struct House<'a> {
    pub(crate) engine: &'a Engine,
    /// The page on which orders are confirmed.
    pub(crate) shop: ChannelId,
    pub(crate) source: SourceId,
    pub(crate) closed: EventKind,
}

/// What one thread works with.
pub(crate) struct Desk {
    pub(crate) workspace: Workspace,
    pub(crate) showcase: Showcase,
    /// The decisions that are not counted yet, customer by customer.
    pub(crate) decisions: Vec<Decision>,
    /// What was counted of all the others.
    pub(crate) counts: Counts,
}

impl Desk {
    pub(crate) fn new(engine: &Engine) -> Self {
        Self {
            workspace: Workspace::new(engine),
            showcase: Showcase::default(),
            decisions: Vec::new(),
            counts: Counts::default(),
        }
    }
}

/// One customer on the way.
pub(crate) struct Runner<'a> {
    pub(crate) history: &'a History,
    customer: Customer,
    /// The next event to come, and when.
    next: usize,
    upcoming: Option<Timestamp>,
    /// When the person who took over is done.
    closing: Option<Timestamp>,
    /// When the timer rang last.
    rung: Timestamp,
    /// How many decisions were made since they were last counted.
    pub(crate) made: usize,
    /// Where and when the customer is asked about.
    moment: Moment,
    /// What can be learned since it was last taken away.
    pub(crate) rewards: Vec<Reward>,
    pub(crate) timers: u64,
}

/// What comes next for a customer.
#[derive(Clone, Copy)]
enum Step {
    Event,
    Close,
    Timer,
}

impl<'a> Runner<'a> {
    pub(crate) fn new(house: &House<'_>, history: &'a History) -> Self {
        let mut moment = Moment::at(Timestamp::MIN);
        moment.zone.clone_from(&history.zone);
        Self {
            history,
            customer: house.engine.customer(history.customer.clone()),
            next: 0,
            upcoming: history.events.first().map(|event| event.occurred_at),
            closing: None,
            rung: Timestamp::MIN,
            made: 0,
            moment,
            rewards: Vec::new(),
            timers: 0,
        }
    }

    /// Brings what will be needed into the processor's cache.
    pub(crate) fn touch(&self, layer: usize) {
        self.customer.touch(layer);
        let event = self.history.events.get(self.next);
        std::hint::black_box(match layer {
            0 => event.map_or(0, |event| event.id.as_str().len() ^ event.properties.len()),
            1 => event.and_then(|event| event.properties.keys().next()).map_or(0, |name| name.as_str().len()),
            _ => 0,
        });
    }

    /// Goes on until `end`; gives the next instant at which anything happens, if anything ever will.
    ///
    /// # Errors
    /// When an event is refused.
    pub(crate) fn run(
        &mut self,
        house: &House<'_>,
        model: &Model,
        desk: &mut Desk,
        end: Timestamp,
    ) -> Result<Option<Timestamp>, Box<dyn Error + Send + Sync>> {
        loop {
            let next = self.step(house.engine);
            let Some((at, step)) = next.filter(|(at, _)| *at < end) else {
                return Ok(next.map(|(at, _)| at));
            };
            let asked = match step {
                Step::Event => self.take(house, desk)?,
                Step::Close => self.close(house, desk, at)?,
                Step::Timer => self.ring(house, desk, at),
            };
            if asked {
                self.decide(house, model, desk);
            }
        }
    }

    /// The earliest of the next event, the end of a case and the next timer, and when it comes. Events go first.
    fn step(&self, engine: &Engine) -> Option<(Timestamp, Step)> {
        // A timer rings once: what is due and stays due waits for an event.
        let timer = engine.next_due(&self.customer).filter(|due| self.rung < *due);
        let earliest = [self.upcoming, self.closing, timer].into_iter().flatten().min()?;
        let step = match () {
            () if self.upcoming == Some(earliest) => Step::Event,
            () if self.closing == Some(earliest) => Step::Close,
            () => Step::Timer,
        };
        Some((earliest, step))
    }

    fn take(&mut self, house: &House<'_>, desk: &mut Desk) -> Result<bool, Box<dyn Error + Send + Sync>> {
        let event = self.history.events.get(self.next).ok_or("there is a next event")?;
        self.next += 1;
        self.upcoming = self.history.events.get(self.next).map(|event| event.occurred_at);
        let observed = house.engine.observe_in(&mut desk.workspace, &mut self.customer, event)?;
        self.rewards.extend(observed.rewards);
        self.moment.now = event.occurred_at;
        self.moment.channel = Some(house.shop.clone());
        Ok(true)
    }

    fn close(
        &mut self,
        house: &House<'_>,
        desk: &mut Desk,
        at: Timestamp,
    ) -> Result<bool, Box<dyn Error + Send + Sync>> {
        self.closing = None;
        let id = EventId::new(format!("closed-{}", at.as_micros()))?;
        let customer = self.history.customer.clone();
        let event = Event::new(id, house.source.clone(), house.closed.clone(), customer, at);
        let observed = house.engine.observe_in(&mut desk.workspace, &mut self.customer, &event)?;
        self.rewards.extend(observed.rewards);
        Ok(false)
    }

    /// Lets time pass; says whether anything changed for the customer by it.
    fn ring(&mut self, house: &House<'_>, desk: &mut Desk, at: Timestamp) -> bool {
        self.timers += 1;
        self.rung = at;
        let observed = house.engine.tick_in(&mut desk.workspace, &mut self.customer, at);
        self.rewards.extend(observed.rewards);
        self.moment.now = at;
        self.moment.channel = None;
        !observed.effects.is_empty()
    }

    fn decide(&mut self, house: &House<'_>, model: &Model, desk: &mut Desk) {
        let Desk { workspace, showcase, decisions, .. } = desk;
        let decision = house.engine.decide_in(workspace, &self.customer, &self.moment, model, SEED);
        showcase.see(&self.customer, &self.moment, &decision);
        match decision.choice {
            Choice::Silence => {}
            Choice::Act { .. } => {
                house.engine.accept(&mut self.customer, &decision);
            }
            Choice::HandOff { .. } => {
                house.engine.accept(&mut self.customer, &decision);
                self.closing = Some(decision.at.plus(CASE));
            }
        }
        self.made += 1;
        decisions.push(decision);
    }
}
