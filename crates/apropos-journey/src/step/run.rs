//! What one run has at hand, and how it tells what it did.
//!
//! Not here: the rules of any one part.

use apropos_condition::Facts;
use apropos_event::{JourneyId, Timestamp, Zone};

use crate::compile::plan::{Incoming, Plan};
use crate::effect::{Advance, Effect, EffectKey, EffectKind, Move, Stop, StopReason};
use crate::limits::MAX_RUN;
use crate::rules::JourneyRules;
use crate::state::{Instance, JourneyState, Status};

/// One call of the step. It borrows the customer's zone from the state, see [`Run::give_back`].
pub(crate) struct Run<'a> {
    pub(super) rules: &'a JourneyRules,
    pub(super) facts: &'a Facts,
    pub(super) now: Timestamp,
    pub(super) subject: u64,
    pub(super) zone: Option<Zone>,
    pub(super) incoming: Option<Incoming<'a>>,
    pub(super) out: &'a mut Advance,
    /// How many nodes may still be entered.
    pub(super) budget: usize,
    /// The number of the next effect of the visit being walked.
    pub(super) slot: u16,
    /// Inner journeys to start: the outer instance, the journey.
    pub(super) starts: Vec<(u64, JourneyId, Option<String>)>,
    /// Instances that went on from a node whose inner journey must end.
    pub(super) leaves_inner: Vec<u64>,
    /// Promises to make: the promise, the instance that makes it, its key.
    pub(super) makes: Vec<(u16, u64, u32, Option<String>)>,
    /// Patterns that ended a wait in this run: they are not remembered for look-back.
    pub(super) consumed: Vec<u64>,
}

/// What became of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It rests, for this reason.
    Stays(StopReason),
    /// It left with this outcome.
    Ends(u16),
}

impl<'a> Run<'a> {
    pub(crate) fn new(
        rules: &'a JourneyRules,
        facts: &'a Facts,
        now: Timestamp,
        state: &mut JourneyState,
        incoming: Option<Incoming<'a>>,
        out: &'a mut Advance,
    ) -> Self {
        Self {
            rules,
            facts,
            now,
            subject: state.subject,
            zone: state.zone.take(),
            incoming,
            out,
            budget: MAX_RUN,
            slot: 0,
            starts: Vec::new(),
            leaves_inner: Vec::new(),
            makes: Vec::new(),
            consumed: Vec::new(),
        }
    }

    /// Ends the run: what it had borrowed from the state goes back.
    pub(crate) fn give_back(&mut self, state: &mut JourneyState) {
        state.zone = self.zone.take();
    }

    /// Tells an effect of the visit that `instance` is at.
    pub(super) fn tell(&mut self, instance: &Instance, what: EffectKind) {
        self.tell_as(instance.id, instance.visit, what);
    }

    pub(super) fn tell_as(&mut self, instance: u64, visit: u32, what: EffectKind) {
        let key = EffectKey { subject: self.subject, instance, visit, slot: self.slot };
        self.slot = self.slot.saturating_add(1);
        self.out.effects.push(Effect { key, at: self.now, what });
    }

    pub(super) fn stop(&mut self, instance: u64, reason: StopReason) {
        self.out.stops.push(Stop { instance, reason });
    }

    pub(super) fn moved(&mut self, plan: u16, instance: &Instance, to: u16) {
        let stayed = self.now.since(instance.since).as_micros();
        self.out.moves.push(Move { plan, from: instance.node, to, stayed });
    }

    /// The event as this instance sees it: events that carry another key are not for it.
    pub(super) fn seen_by(&self, plan: &Plan, instance: &Instance) -> Option<Incoming<'a>> {
        let incoming = self.incoming?;
        let (Some(name), Some(key)) = (&plan.entry.key, &instance.key) else { return Some(incoming) };
        let same = incoming.event.property(name.as_str()).is_none_or(|value| super::key::is_key(value, key));
        same.then_some(incoming)
    }

    /// The reason that says how an instance rests.
    pub(super) fn rest(instance: &Instance) -> StopReason {
        match instance.status {
            Status::Active => StopReason::Waits,
            Status::HandedOff => StopReason::HandedOff,
            Status::Paused(_) => StopReason::Paused,
            Status::Stranded => StopReason::Stranded,
        }
    }
}
