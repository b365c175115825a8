//! The pure step: (rules, state, input, facts, now) → (state', effects).
//!
//! In this order, and stated once: an event handled before changes nothing; goals, then exits, then the wish for a
//! person pre-empt whatever an instance waits for; then its time limit; then its wait; then new entries; promises
//! last. Time never runs back: an earlier `now` counts as the latest one seen.
//!
//! Not here: sending anything, or keeping time. [`JourneyRules::next_due`] says when to call again.

mod command;
mod entry;
mod instance;
mod key;
mod migrate;
mod promise;
mod recent;
mod run;
mod wait;

use apropos_condition::Facts;
use apropos_event::{Event, Timestamp, draw};

pub use command::Command;
pub(crate) use run::Run;

use crate::compile::plan::Incoming;
use crate::effect::{Advance, Stop, StopReason};
use crate::limits::MAX_SEEN;
use crate::rules::JourneyRules;
use crate::state::{JourneyState, subject};

/// What a customer's journeys are moved by.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Input<'a> {
    /// Something happened to the customer. The facts must already contain it: update profile and context first.
    Event(&'a Event),
    /// Time has passed.
    Tick,
    /// An operator, another room or a person at work says so.
    Command(&'a Command),
}

impl JourneyRules {
    /// Moves all journeys and promises of one customer by one input. Total: it cannot fail.
    ///
    /// The step is pure: the same arguments give the same state and the same effects with the same keys, so that a
    /// host may repeat a step whose result it lost. O(instances + promises + entries of this kind).
    pub fn advance(
        &self,
        state: &mut JourneyState,
        input: Input<'_>,
        facts: &Facts,
        now: Timestamp,
    ) -> Advance {
        let mut advance = Advance::default();
        self.advance_into(state, input, facts, now, &mut advance);
        advance
    }

    /// Like [`JourneyRules::advance`], into a value whose memory is used again.
    pub fn advance_into(
        &self,
        state: &mut JourneyState,
        input: Input<'_>,
        facts: &Facts,
        now: Timestamp,
        out: &mut Advance,
    ) {
        out.clear();
        let incoming = match input {
            Input::Event(event) => {
                if state.subject == 0 {
                    state.subject = subject(&event.customer);
                }
                self.kinds.number(&event.kind).map(|kind| Incoming { event, kind, hash: trigger_of(event) })
            }
            _ => None,
        };
        if let Some(incoming) = incoming {
            if state.seen.contains(incoming.hash) {
                out.stops.push(Stop { instance: 0, reason: StopReason::Duplicate });
                return;
            }
            state.seen.insert(incoming.hash, MAX_SEEN);
        }
        let now = state.clock.map_or(now, |clock| clock.max(now));
        state.clock = Some(now);
        let commanded = matches!(input, Input::Command(_));
        if incoming.is_none() && !commanded && self.qualifying.is_empty() && state.is_at_rest() {
            return;
        }
        let mut run = Run::new(self, facts, now, state, incoming, out);
        if let Input::Command(command) = input {
            run.command(state, command);
        }
        run.all_instances(state);
        run.all_entries(state);
        run.remember(state);
        run.all_promises(state);
        run.give_back(state);
    }

    /// When this customer must be looked at again: call [`JourneyRules::advance`] with [`Input::Tick`] then. `None`
    /// when nothing waits for time. Exact: at that instant something moves. O(instances + promises), a few
    /// comparisons of numbers for each.
    pub fn next_due(&self, state: &JourneyState) -> Option<Timestamp> {
        let instances = state.instances.iter().filter_map(crate::state::Instance::due);
        let promises = state.promises.iter().filter_map(crate::state::PromiseState::next_due);
        instances.chain(promises).min()
    }
}

/// The hash that names an event: of its source and id.
fn trigger_of(event: &Event) -> u64 {
    let source = draw::stable_hash(3, event.source.as_str().as_bytes());
    draw::stable_hash(source, event.id.as_str().as_bytes()).max(1)
}
