//! One customer on the way through the year: events, timers, decisions, and what came of them.
//!
//! Not here: other customers, see `batch`; threads, see `replay`.

use std::error::Error;

use apropos::event::{ChannelId, Duration, Event, EventId, EventKind, SourceId, Timestamp};
use apropos::nba::{Choice, Decision, Reward};
use apropos::{Customer, Engine, Workspace};

use crate::invoices::History;

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

/// One customer on the way.
pub(crate) struct Runner<'a> {
    pub(crate) history: &'a History,
    pub(crate) customer: Customer,
    /// The events to come.
    rest: &'a [Event],
    /// When the person who took over is done.
    closing: Option<Timestamp>,
    /// When the timer rang last.
    rung: Timestamp,
    pub(crate) timers: u64,
}

/// What comes next for a customer.
#[derive(Clone, Copy)]
enum Step {
    Event,
    Close,
    Timer,
}

/// What came of a step.
pub(crate) enum Gone {
    /// Something happened; nothing is asked.
    On,
    /// It is to be decided what to do now.
    Asks { at: Timestamp, in_shop: bool },
    /// Nothing happens before the end: the next step comes then, if one ever will.
    Nowhere(Option<Timestamp>),
}

impl<'a> Runner<'a> {
    pub(crate) fn new(house: &House<'_>, history: &'a History) -> Self {
        Self {
            history,
            customer: house.engine.customer(history.customer.clone()),
            rest: &history.events,
            closing: None,
            rung: Timestamp::MIN,
            timers: 0,
        }
    }

    /// Brings what will be needed into the processor's cache.
    pub(crate) fn touch(&self, layer: usize) {
        self.customer.touch(layer);
        let event = self.rest.first().filter(|_| 0 < layer);
        std::hint::black_box(match layer {
            0 => self.rest.len(),
            1 => event.map_or(0, |event| {
                event.id.as_str().len() ^ event.kind.as_str().len() ^ event.occurred_at.as_micros() as usize
            }),
            2 => event
                .and_then(|event| event.properties.iter().next())
                .map_or(0, |(name, value)| name.as_str().len() ^ usize::from(value.as_str().is_some())),
            _ => 0,
        });
    }

    /// Takes the next step, if it comes before `end`; what can be learned by it goes to `learn`.
    ///
    /// # Errors
    /// When an event is refused.
    pub(crate) fn go(
        &mut self,
        house: &House<'_>,
        workspace: &mut Workspace,
        end: Timestamp,
        learn: impl FnMut(Reward),
    ) -> Result<Gone, Box<dyn Error + Send + Sync>> {
        let next = self.step(house.engine);
        let Some((at, step)) = next.filter(|(at, _)| *at < end) else {
            return Ok(Gone::Nowhere(next.map(|(at, _)| at)));
        };
        let (gone, rewards) = match step {
            Step::Event => self.take(house, workspace, at)?,
            Step::Close => self.close(house, workspace, at)?,
            Step::Timer => self.ring(house, workspace, at),
        };
        rewards.into_iter().for_each(learn);
        Ok(gone)
    }

    /// The earliest of the next event, the end of a case and the next timer, and when it comes. Events go first.
    fn step(&self, engine: &Engine) -> Option<(Timestamp, Step)> {
        // A timer rings once: what is due and stays due waits for an event.
        let timer = engine.next_due(&self.customer).filter(|due| self.rung < *due);
        let event = self.rest.first().map(|event| event.occurred_at);
        let earliest = [event, self.closing, timer].into_iter().flatten().min()?;
        let step = match () {
            () if event == Some(earliest) => Step::Event,
            () if self.closing == Some(earliest) => Step::Close,
            () => Step::Timer,
        };
        Some((earliest, step))
    }

    fn take(
        &mut self,
        house: &House<'_>,
        workspace: &mut Workspace,
        at: Timestamp,
    ) -> Result<(Gone, Vec<Reward>), Box<dyn Error + Send + Sync>> {
        let (event, rest) = self.rest.split_first().ok_or("there is a next event")?;
        self.rest = rest;
        let observed = house.engine.observe_in(workspace, &mut self.customer, event)?;
        Ok((Gone::Asks { at, in_shop: true }, observed.rewards))
    }

    fn close(
        &mut self,
        house: &House<'_>,
        workspace: &mut Workspace,
        at: Timestamp,
    ) -> Result<(Gone, Vec<Reward>), Box<dyn Error + Send + Sync>> {
        self.closing = None;
        let id = EventId::new(format!("closed-{}", at.as_micros()))?;
        let customer = self.history.customer.clone();
        let event = Event::new(id, house.source.clone(), house.closed.clone(), customer, at);
        let observed = house.engine.observe_in(workspace, &mut self.customer, &event)?;
        Ok((Gone::On, observed.rewards))
    }

    /// Lets time pass; asks where anything changed for the customer by it.
    fn ring(&mut self, house: &House<'_>, workspace: &mut Workspace, at: Timestamp) -> (Gone, Vec<Reward>) {
        self.timers += 1;
        self.rung = at;
        let observed = house.engine.tick_in(workspace, &mut self.customer, at);
        let gone = if observed.effects.is_empty() { Gone::On } else { Gone::Asks { at, in_shop: false } };
        (gone, observed.rewards)
    }

    /// Carries out what was decided.
    pub(crate) fn carry_out(&mut self, house: &House<'_>, decision: &Decision) {
        match decision.choice {
            Choice::Silence => {}
            Choice::Act { .. } => {
                house.engine.accept(&mut self.customer, decision);
            }
            Choice::HandOff { .. } => {
                house.engine.accept(&mut self.customer, decision);
                self.closing = Some(decision.at.plus(CASE));
            }
        }
    }
}
