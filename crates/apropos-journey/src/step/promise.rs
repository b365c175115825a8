//! Promises under way: evidence, deadlines, repairs.
//!
//! In this order: what makes a promise void, what keeps it, what closes a repair, what makes a new one, deadlines.
//! Evidence counts by when it occurred: arriving late it still keeps a promise or makes it void, even one taken for
//! broken; what occurred after the deadline does neither.
//!
//! Not here: what a promise is, see the definition.

use apropos_event::{Duration, Timestamp, draw};

use super::entry::push_to_few;
use super::key::{is_key, key_of};
use super::run::Run;
use crate::compile::Promise;
use crate::compile::plan::{Pattern, holds};
use crate::effect::{EffectKind, StopReason};
use crate::limits::MAX_OPEN_PROMISES;
use crate::state::{JourneyState, PromiseState, PromiseStatus};

// The visits of a promise's effects: each happens at most once.
const MADE: u32 = 0;
const AT_RISK: u32 = 1;
const BROKEN: u32 = 2;
const SETTLED: u32 = 3;
pub(super) const REPAIRED: u32 = 4;

impl Run<'_> {
    /// Shows the input to every promise, then makes new ones.
    pub(super) fn all_promises(&mut self, state: &mut JourneyState) {
        let rules = self.rules;
        if rules.promises.is_empty() {
            return;
        }
        for owed in &mut state.promises {
            if !owed.may_change() {
                continue;
            }
            if let Some((_, promise)) = rules.promise(&owed.promise) {
                self.evidence(promise, owed);
                self.deadlines(promise, owed);
            }
        }
        if let Some(incoming) = self.incoming {
            for promise in &rules.promises {
                if promise.on.iter().any(|pattern| pattern.matches(incoming, self.facts)) {
                    let value = promise.key.as_ref().map(|name| incoming.event.property(name.as_str()));
                    let key = value.map(|value| value.and_then(key_of));
                    match key {
                        Some(None) => self.stop(0, StopReason::NoKey),
                        key => self.make(
                            state,
                            promise,
                            incoming.hash,
                            incoming.event.occurred_at,
                            key.flatten(),
                        ),
                    }
                }
            }
        }
        for (at, instance, visit, key) in std::mem::take(&mut self.makes) {
            let Some(promise) = rules.promises.get(usize::from(at)) else { continue };
            let trigger = draw::mix(instance ^ u64::from(visit)) | 1;
            let key = if promise.key.is_some() { key } else { None };
            self.make(state, promise, trigger, self.now, key);
        }
        tidy(state);
    }

    fn evidence(&mut self, promise: &Promise, owed: &mut PromiseState) {
        let Some(incoming) = self.incoming else { return };
        if let (Some(name), Some(key)) = (&promise.key, &owed.key)
            && !incoming.event.property(name.as_str()).is_some_and(|value| is_key(value, key))
        {
            return;
        }
        let facts = self.facts;
        let fits = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(incoming, facts));
        let occurred = incoming.event.occurred_at;
        let undecided = owed.status.is_pending() || owed.status == PromiseStatus::Broken;
        let verdict = match () {
            () if !undecided || occurred < owed.made => None,
            () if fits(&promise.void_by) => Some(PromiseStatus::Void),
            () if fits(&promise.kept_by) => Some(PromiseStatus::Kept),
            () => None,
        };
        match verdict {
            Some(status) if occurred <= owed.due => {
                self.settle_promise(owed, status, occurred);
                self.repaired(owed);
            }
            Some(status) => {
                if owed.status.is_pending() {
                    // Too late, and the deadline was not looked at yet.
                    self.break_promise(promise, owed);
                }
                let closes = promise.repair.as_ref().is_none_or(|repair| repair.closed_by.is_empty());
                if closes && status == PromiseStatus::Kept {
                    self.repaired(owed);
                }
            }
            None => {}
        }
        if promise.repair.as_ref().is_some_and(|repair| fits(&repair.closed_by)) {
            self.repaired(owed);
        }
    }

    fn deadlines(&mut self, promise: &Promise, owed: &mut PromiseState) {
        if owed.status == PromiseStatus::Open && owed.at_risk <= self.now && self.now < owed.due {
            owed.status = PromiseStatus::AtRisk;
            self.slot = 0;
            let what = EffectKind::PromiseAtRisk { promise: owed.promise.clone(), due: owed.due };
            self.tell_as(owed.id, AT_RISK, what);
        }
        if owed.status.is_pending() && owed.due <= self.now {
            self.break_promise(promise, owed);
        }
    }

    fn break_promise(&mut self, promise: &Promise, owed: &mut PromiseState) {
        owed.status = PromiseStatus::Broken;
        owed.settled = Some(owed.due);
        owed.repairing = promise.repair.is_some();
        self.slot = 0;
        let what = EffectKind::PromiseBroken { promise: owed.promise.clone(), source: owed.source };
        self.tell_as(owed.id, BROKEN, what);
    }

    fn settle_promise(&mut self, owed: &mut PromiseState, status: PromiseStatus, at: Timestamp) {
        owed.status = status;
        owed.settled = Some(at);
        self.slot = 0;
        let promise = owed.promise.clone();
        let what = match status {
            PromiseStatus::Void => EffectKind::PromiseVoid { promise },
            _ => EffectKind::PromiseKept { promise },
        };
        self.tell_as(owed.id, SETTLED, what);
    }

    fn repaired(&mut self, owed: &mut PromiseState) {
        if owed.repairing {
            owed.repairing = false;
            self.slot = 0;
            self.tell_as(owed.id, REPAIRED, EffectKind::Repaired { promise: owed.promise.clone() });
        }
    }

    fn make(
        &mut self,
        state: &mut JourneyState,
        promise: &Promise,
        trigger: u64,
        made: Timestamp,
        key: Option<String>,
    ) {
        let same = |owed: &&PromiseState| owed.promise == promise.id && owed.key == key;
        if state
            .promises
            .iter()
            .filter(same)
            .any(|owed| owed.trigger == trigger || (key.is_some() && owed.status.is_pending()))
        {
            return;
        }
        if MAX_OPEN_PROMISES <= state.promises.len() {
            return self.stop(0, StopReason::Full);
        }
        let applying =
            promise.expectations.iter().filter(|expected| holds(expected.when.as_ref(), self.facts));
        let Some(expected) = applying.min_by_key(|expected| (expected.within, expected.source)) else {
            return;
        };
        let due = made.plus(expected.within);
        let id = draw::mix(self.subject ^ draw::stable_hash(trigger, promise.id.as_str().as_bytes())).max(1);
        let mut owed = PromiseState {
            promise: promise.id.clone(),
            id,
            key,
            trigger,
            status: PromiseStatus::Open,
            made,
            at_risk: made.plus(at_risk_after(promise, expected.within)),
            due,
            source: expected.source,
            settled: None,
            repairing: false,
        };
        self.slot = 0;
        let what = EffectKind::PromiseMade { promise: promise.id.clone(), due, source: expected.source };
        self.tell_as(id, MADE, what);
        // The event that made it may come so late that it is broken already.
        self.deadlines(promise, &mut owed);
        push_to_few(&mut state.promises, owed);
    }
}

/// Keeps what is pending or under repair, and the latest of each kind.
fn tidy(state: &mut JourneyState) {
    let mut at = 0;
    while at < state.promises.len() {
        let owed = &state.promises[at];
        let needed = owed.status.is_pending() || owed.repairing;
        let later = || state.promises[at + 1..].iter().any(|later| later.promise == owed.promise);
        if needed || !later() {
            at += 1;
        } else {
            state.promises.remove(at);
        }
    }
}

/// When a promise is at risk: by the learned lateness where there is one, else by the share of time.
fn at_risk_after(promise: &Promise, within: Duration) -> Duration {
    if let Some(after) =
        promise.lateness.as_ref().and_then(|lateness| lateness.at_risk_after(within, promise.at_risk))
    {
        return after;
    }
    Duration::from_micros((within.as_micros() as f64 * promise.at_risk) as i64)
}
