//! Some dozens of customers side by side: each step is taken by all of them before the next.
//!
//! So the code of a step and what it reads of the playbook stay at hand, and the customers are read from memory together.
//! Not here: one customer's steps, see `runner`; all batches, see `replay`.

use std::error::Error;

use apropos::context::Moment;
use apropos::event::Timestamp;
use apropos::nba::{Decision, NotWritten, Reward};
use apropos::{Customer, Engine, Model, Workspace};

use crate::clock::Clock;
use crate::counts::{Counts, Tally};
use crate::runner::{Gone, House, Runner};
use crate::showcase::Showcase;

/// Every decision of the replay is drawn from this seed.
const SEED: u64 = 2_010;

/// What one thread works with.
pub(crate) struct Desk {
    workspace: Workspace,
    pub(crate) clock: Clock,
    pub(crate) showcase: Showcase,
    /// What can be learned, in order of the customers, each with its customer's place in the batch.
    pub(crate) lessons: Vec<(usize, Reward)>,
    /// What was counted of the decisions of batches that are done.
    pub(crate) counts: Counts,
    /// The decisions of this batch, and each one's place in it.
    decisions: Vec<Decision>,
    whose: Vec<usize>,
    /// Who is not done yet.
    awake: Vec<usize>,
    /// Where and when the customers of this step are asked about.
    moments: Vec<Moment>,
}

/// A few customers of whom each has their own tally.
pub(crate) struct Batch<'a, 'b> {
    pub(crate) runners: &'a mut [Runner<'b>],
    /// For each the next instant at which anything happens; nothing when nothing ever will.
    pub(crate) wakes: &'a mut [Option<Timestamp>],
    pub(crate) tallies: &'a mut [Tally],
}

impl Desk {
    pub(crate) fn new(engine: &Engine) -> Self {
        Self {
            workspace: Workspace::new(engine),
            clock: Clock::default(),
            showcase: Showcase::default(),
            lessons: Vec::new(),
            counts: Counts::default(),
            decisions: Vec::new(),
            whose: Vec::new(),
            awake: Vec::new(),
            moments: Vec::new(),
        }
    }
}

impl Batch<'_, '_> {
    /// Goes on until `end`.
    ///
    /// # Errors
    /// When an event is refused.
    pub(crate) fn run(
        &mut self,
        house: &House<'_>,
        model: &Model,
        desk: &mut Desk,
        end: Timestamp,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let mut clock = std::mem::take(&mut desk.clock);
        let learned = desk.lessons.len();
        clock.time(|| self.wake(desk, end));
        while !desk.awake.is_empty() {
            let before = desk.whose.len();
            clock.time(|| self.step(house, desk, end))?;
            clock.time(|| self.decide(house, model, desk, before));
            self.show(desk, before);
            clock.time(|| self.carry_out(house, desk, before));
        }
        clock.time(|| desk.lessons.get_mut(learned..).unwrap_or_default().sort_by_key(|(at, _)| *at));
        desk.clock = clock;
        Ok(())
    }

    /// Notes who has anything to do before `end`, and reads them ahead.
    fn wake(&self, desk: &mut Desk, end: Timestamp) {
        desk.awake.clear();
        let wakes = self.wakes.iter().enumerate();
        desk.awake.extend(wakes.filter(|(_, wake)| wake.is_some_and(|wake| wake < end)).map(|(at, _)| at));
        for layer in 0..Customer::LAYERS {
            let runners = desk.awake.iter().filter_map(|at| self.runners.get(*at));
            runners.for_each(|runner| runner.touch(layer));
        }
    }

    /// Lets everyone take a step, and notes who asks.
    fn step(
        &mut self,
        house: &House<'_>,
        desk: &mut Desk,
        end: Timestamp,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let Desk { workspace, whose, awake, moments, lessons, .. } = desk;
        let (before, mut failed) = (whose.len(), None);
        awake.retain(|at| {
            let Some((runner, wake)) = self.runners.get_mut(*at).zip(self.wakes.get_mut(*at)) else {
                return false;
            };
            match runner.go(house, workspace, end, |reward| lessons.push((*at, reward))) {
                Ok(Gone::On) => {}
                Ok(Gone::Asks { at: now, in_shop }) => {
                    let place = whose.len() - before;
                    if moments.len() == place {
                        moments.push(Moment::at(now));
                    }
                    if let Some(moment) = moments.get_mut(place) {
                        moment.now = now;
                        moment.channel = in_shop.then(|| house.shop.clone());
                        if moment.zone != runner.history.zone {
                            moment.zone.clone_from(&runner.history.zone);
                        }
                    }
                    whose.push(*at);
                }
                Ok(Gone::Nowhere(until)) => {
                    *wake = until;
                    return false;
                }
                Err(error) => failed = Some(error),
            }
            true
        });
        failed.map_or(Ok(()), Err)
    }

    /// Decides for those who asked.
    fn decide(&self, house: &House<'_>, model: &Model, desk: &mut Desk, before: usize) {
        let Desk { workspace, decisions, whose, moments, .. } = desk;
        let asking = whose.iter().skip(before).filter_map(|at| self.runners.get(*at));
        let questions = asking.map(|runner| &runner.customer).zip(&*moments);
        house.engine.decide_all(workspace, questions, model, SEED, decisions);
    }

    /// Shows the decisions since `before` to those who look for the most instructive.
    fn show(&self, desk: &mut Desk, before: usize) {
        let Desk { showcase, decisions, whose, moments, .. } = desk;
        for ((decision, at), moment) in decisions.iter().zip(whose).skip(before).zip(moments) {
            if let Some(runner) = self.runners.get(*at) {
                showcase.see(&runner.customer, moment, decision);
            }
        }
    }

    /// Carries out the decisions since `before`.
    fn carry_out(&mut self, house: &House<'_>, desk: &Desk, before: usize) {
        for (decision, at) in desk.decisions.iter().zip(&desk.whose).skip(before) {
            if let Some(runner) = self.runners.get_mut(*at) {
                runner.carry_out(house, decision);
            }
        }
    }

    /// Counts what was decided, each customer's decisions in their order.
    ///
    /// # Errors
    /// When a record cannot be written.
    pub(crate) fn count(&mut self, desk: &mut Desk) -> Result<(), NotWritten> {
        let Desk { workspace, decisions, whose, counts, .. } = desk;
        for (decision, at) in decisions.drain(..).zip(whose.drain(..)) {
            if let Some(tally) = self.tallies.get_mut(at) {
                counts.count(&decision, tally)?;
            }
            workspace.recycle(decision);
        }
        Ok(())
    }
}
