//! Coming in: who may, under which key, and what is remembered for the next time.
//!
//! Entry is idempotent on (journey in all versions, key, trigger): one event lets a customer in once.
//!
//! Not here: what happens after coming in.

use apropos_event::{JourneyId, Timestamp, draw};

use super::key::{key_hash, key_of};
use super::run::Run;
use crate::compile::Plan;
use crate::compile::plan::{Target, holds};
use crate::definition::Reentry;
use crate::effect::{EffectKind, StopReason};
use crate::facts::outcome_hash;
use crate::limits::{MAX_INSTANCES, MAX_MEMORIES};
use crate::state::{Instance, JourneyState, Memory, Status};
use crate::trail::Trail;

/// What lets somebody in.
pub(super) struct Admission {
    pub(super) key: Option<String>,
    pub(super) trigger: u64,
    pub(super) parent: Option<u64>,
}

impl Run<'_> {
    /// Lets the customer into every journey that the input opens.
    pub(super) fn all_entries(&mut self, state: &mut JourneyState) {
        if let Some(incoming) = self.incoming {
            let rules = self.rules;
            for &at in rules.entries.get(incoming.kind as usize).map(Vec::as_slice).unwrap_or_default() {
                self.entry_by_event(state, at);
            }
        }
        let rules = self.rules;
        for &at in &rules.qualifying {
            self.entry_by_condition(state, at);
        }
    }

    fn entry_by_event(&mut self, state: &mut JourneyState, at: u16) {
        let (Some(plan), Some(incoming)) = (self.rules.plan(at), self.incoming) else { return };
        let entry = &plan.entry;
        let opens = entry.on.iter().any(|pattern| pattern.matches(incoming, self.facts));
        if !opens || !holds(entry.when.as_ref(), self.facts) {
            return;
        }
        let late = self.now.since(incoming.event.occurred_at);
        if entry.max_age.is_some_and(|max| max < late) {
            return self.stop(0, StopReason::TooOld);
        }
        let key = entry.key.as_ref().map(|name| incoming.event.property(name.as_str()).and_then(key_of));
        let key = match key {
            None => None,
            Some(Some(key)) => Some(key),
            Some(None) => return self.stop(0, StopReason::NoKey),
        };
        let admission = Admission { key, trigger: incoming.hash, parent: None };
        if let Err(reason) = self.admit(state, plan, admission) {
            self.stop(0, reason);
        }
    }

    /// Entry by a condition happens when it becomes true, not while it stays true.
    fn entry_by_condition(&mut self, state: &mut JourneyState, at: u16) {
        let Some(plan) = self.rules.plan(at) else { return };
        let holds = holds(plan.entry.when.as_ref(), self.facts);
        let memory = state.memory(plan.family, 0).copied();
        let before = memory.is_some_and(|memory| memory.qualified);
        if holds == before {
            return;
        }
        if holds {
            let entries = memory.map_or(0, |memory| memory.entries);
            let trigger = draw::mix(plan.family ^ u64::from(entries)) | 1;
            let admission = Admission { key: None, trigger, parent: None };
            if let Err(reason) = self.admit(state, plan, admission) {
                self.stop(0, reason);
            }
        }
        if let Some(memory) = remembering(state, plan.family, 0) {
            memory.qualified = holds;
        }
    }

    /// Lets the customer in, or says why not.
    pub(super) fn admit(
        &mut self,
        state: &mut JourneyState,
        plan: &Plan,
        admission: Admission,
    ) -> Result<(), StopReason> {
        if admission.parent.is_none() {
            self.may_enter(state, plan, &admission)?;
        }
        if MAX_INSTANCES <= state.instances.len() {
            return Err(StopReason::Full);
        }
        if plan.exits.iter().any(|exit| exit.on.is_empty() && exit.met(None, self.facts)) {
            return Err(StopReason::ExitHolds);
        }
        let key = admission.key.as_deref().map_or(0, key_hash);
        let never = plan.reentry == Reentry::Never && admission.parent.is_none();
        let memory = remembering(state, plan.family, key).ok_or(StopReason::Full)?;
        memory.entries = memory.entries.saturating_add(1);
        memory.trigger = admission.trigger;
        memory.tombstone |= never;
        let nth = u64::from(memory.entries);
        let parent = admission.parent.unwrap_or(0);
        let id = draw::mix(draw::mix(self.subject ^ plan.family) ^ key ^ draw::mix(nth ^ draw::mix(parent)));
        let instance = self.newcomer(plan, id.max(1), admission);
        self.come_in(state, plan, instance);
        Ok(())
    }

    fn may_enter(&self, state: &JourneyState, plan: &Plan, admission: &Admission) -> Result<(), StopReason> {
        let key = admission.key.as_deref().map_or(0, key_hash);
        let memory = state.memory(plan.family, key);
        let mut inside = 0_usize;
        let mut same_key = false;
        for instance in state.instances.iter().filter(|instance| instance.journey == plan.id) {
            if instance.trigger == admission.trigger {
                return Err(StopReason::SameTrigger);
            }
            if instance.parent.is_none() {
                inside += 1;
                same_key |= instance.key == admission.key;
            }
        }
        if memory.is_some_and(|memory| 0 < memory.entries && memory.trigger == admission.trigger) {
            return Err(StopReason::SameTrigger);
        }
        match plan.reentry {
            Reentry::Never if memory.is_some_and(|memory| memory.tombstone) => Err(StopReason::NeverAgain),
            Reentry::Never | Reentry::AfterExit { .. } if same_key => Err(StopReason::AlreadyIn),
            Reentry::AfterExit { cooldown } => {
                let ready = memory.and_then(|memory| memory.left).map(|left| left.plus(cooldown));
                if ready.is_some_and(|ready| self.now < ready) {
                    Err(StopReason::CoolingDown)
                } else {
                    Ok(())
                }
            }
            Reentry::Concurrent { .. } if plan.entry.key.is_some() && same_key => Err(StopReason::AlreadyIn),
            Reentry::Concurrent { max } if usize::from(max) <= inside => Err(StopReason::Full),
            Reentry::Never | Reentry::Concurrent { .. } => Ok(()),
        }
    }

    fn newcomer(&self, plan: &Plan, id: u64, admission: Admission) -> Instance {
        Instance {
            id,
            journey: plan.id.clone(),
            version: plan.version,
            fingerprint: plan.fingerprint,
            key: admission.key,
            trigger: admission.trigger,
            parent: admission.parent,
            status: Status::Active,
            node: plan.start,
            visit: 0,
            entered: self.now,
            since: self.now,
            due: None,
            ends_by: plan.limit.map(|(within, _)| self.now.plus(within)),
            parked: None,
            returns_to: None,
            pending_exit: None,
            goals: 0,
            trail: Trail::default(),
        }
    }

    fn come_in(&mut self, state: &mut JourneyState, plan: &Plan, mut instance: Instance) {
        self.slot = 0;
        let what = EffectKind::Entered { journey: plan.id.clone(), version: plan.version };
        self.tell(&instance, what);
        let Some(number) = self.rules.find(&plan.id, plan.version) else { return };
        let fate = self.walk(number, plan, &mut instance, &state.recent, Target::Node(plan.start));
        push_to_few(&mut state.instances, instance);
        let mut at = state.instances.len() - 1;
        let mut outer = Vec::new();
        self.settle(state, &mut at, fate, &mut outer);
        self.go_on(state, outer);
    }

    /// Ends the inner journeys that were left behind and starts those that were reached.
    pub(super) fn start_inner(&mut self, state: &mut JourneyState) {
        while let Some(id) = self.leaves_inner.pop() {
            self.abandon_inner(state, id);
        }
        while let Some((parent, journey, key)) = self.starts.pop() {
            self.start_one(state, parent, &journey, key);
        }
    }

    fn start_one(&mut self, state: &mut JourneyState, parent: u64, journey: &JourneyId, key: Option<String>) {
        let Some(plan) = self.rules.live(journey) else { return };
        let trigger = draw::mix(parent ^ self.now.as_micros() as u64) | 1;
        let admission = Admission { key, trigger, parent: Some(parent) };
        let Some(plan) = self.rules.plan(plan) else { return };
        if let Err(reason) = self.admit(state, plan, admission) {
            // The outer journey does not wait for an inner one that cannot begin.
            self.stop(0, reason);
            self.go_on(state, vec![(parent, String::new())]);
        }
    }
}

/// The memory of one journey and key, made when there is none; `None` when there is no room for another.
fn remembering(state: &mut JourneyState, journey: u64, key: u64) -> Option<&mut Memory> {
    if state.memory(journey, key).is_none() {
        if MAX_MEMORIES <= state.memories.len() {
            make_room(state)?;
        }
        let memory = Memory {
            journey,
            key,
            entries: 0,
            tombstone: false,
            trigger: 0,
            left: None,
            outcome: 0,
            qualified: false,
        };
        push_to_few(&mut state.memories, memory);
    }
    state.memory_mut(journey, key)
}

/// Adds to a list of which most customers have one: it starts with room for that.
pub(super) fn push_to_few<T>(list: &mut Vec<T>, one: T) {
    if list.is_empty() {
        list.reserve_exact(1);
    }
    list.push(one);
}

/// Forgets the memory that was left longest ago; tombstones and journeys under way stay.
fn make_room(state: &mut JourneyState) -> Option<()> {
    let oldest = state
        .memories
        .iter()
        .enumerate()
        .filter(|(_, memory)| !memory.tombstone)
        .filter_map(|(at, memory)| memory.left.map(|left| (left, at)))
        .min()?;
    state.memories.remove(oldest.1);
    Some(())
}

pub(super) fn remember_leaving(
    state: &mut JourneyState,
    instance: &Instance,
    family: u64,
    outcome: &str,
    now: Timestamp,
) {
    let key = instance.key.as_deref().map_or(0, key_hash);
    if let Some(memory) = remembering(state, family, key) {
        memory.left = Some(now);
        memory.outcome = outcome_hash(outcome);
    }
}
