//! All journeys and promises of a playbook as they run: plans in order, and the ways to find one.
//!
//! Not here: how definitions become plans, see `compile`; what moves customers, see `step`.

use std::collections::BTreeSet;

use apropos_condition::AttributeId;
use apropos_event::{ActionId, JourneyId, PromiseId};

use crate::ahead::Lateness;
use crate::compile::plan::{self, Kinds, Plan, Promise};
use crate::definition::JourneyDefinition;
use crate::state::Instance;

/// All journeys and promises of a playbook, compiled.
///
/// Immutable, `Send + Sync` and cheap to share. Every change of a customer's [`crate::JourneyState`] goes through
/// [`JourneyRules::advance`].
#[derive(Clone, Debug)]
pub struct JourneyRules {
    /// Sorted by id and version.
    pub(crate) plans: Vec<Plan>,
    pub(crate) kinds: Kinds,
    /// For every kind: the live plans that an event of it may enter.
    pub(crate) entries: Vec<Vec<u16>>,
    /// The live plans that are entered by a condition alone.
    pub(crate) qualifying: Vec<u16>,
    /// For every kind: the patterns with look-back that remember it, and the plan.
    pub(crate) remembered: Vec<Vec<(u16, plan::Pattern)>>,
    /// How long events are remembered at most.
    pub(crate) memory: apropos_event::Duration,
    /// The fingerprints of all plans, sorted, with the plan: what instances are pinned by.
    pub(crate) pinned: Vec<(u64, u16)>,
    pub(crate) promises: Vec<Promise>,
    /// The places of the promises in the order of their ids.
    pub(crate) promises_by_id: Vec<u16>,
    /// Actions that are owned by a journey, sorted.
    pub(crate) owned: Vec<ActionId>,
    /// The attributes that conditions read.
    pub(crate) reads: BTreeSet<AttributeId>,
}

impl JourneyRules {
    pub(crate) fn assemble(plans: Vec<Plan>, promises: Vec<Promise>, kinds: Kinds) -> Self {
        let mut entries = vec![Vec::new(); kinds.names.len()];
        let mut remembered = vec![Vec::new(); kinds.names.len()];
        let mut qualifying = Vec::new();
        let mut memory = apropos_event::Duration::ZERO;
        for (at, plan) in plans.iter().enumerate() {
            let at = at as u16;
            if plan.live && plan.entry.on.is_empty() && plan.entry.when.is_some() {
                qualifying.push(at);
            }
            for pattern in plan.entry.on.iter().filter(|_| plan.live) {
                let list: &mut Vec<u16> = &mut entries[pattern.kind as usize];
                if !list.contains(&at) {
                    list.push(at);
                }
            }
            for wait in (0..plan.nodes.len()).filter_map(|node| plan.wait(node as u16)) {
                let Some(lookback) = wait.lookback else { continue };
                memory = memory.max(lookback);
                for (pattern, _) in &wait.on {
                    let list: &mut Vec<(u16, plan::Pattern)> = &mut remembered[pattern.kind as usize];
                    if list.iter().all(|(_, known)| known.hash != pattern.hash) {
                        list.push((at, pattern.clone()));
                    }
                }
            }
        }
        let mut pinned: Vec<(u64, u16)> = plans.iter().map(|plan| plan.fingerprint).zip(0..).collect();
        pinned.sort_unstable();
        let mut promises_by_id: Vec<u16> = (0..promises.len() as u16).collect();
        promises_by_id.sort_by_key(|at| &promises[usize::from(*at)].id);
        let mut owned: Vec<ActionId> = plans.iter().flat_map(|plan| plan.owns.iter().cloned()).collect();
        owned.sort();
        owned.dedup();
        Self {
            plans,
            kinds,
            entries,
            qualifying,
            remembered,
            memory,
            pinned,
            promises,
            promises_by_id,
            owned,
            reads: BTreeSet::new(),
        }
    }

    /// The same rules with learned lateness for one promise: it is then at risk as soon as the chance to keep it
    /// falls below what its definition's `at_risk` share says of time.
    #[must_use]
    pub fn with_lateness(mut self, promise: &PromiseId, lateness: Lateness) -> Self {
        if let Some(promise) = self.promises.iter_mut().find(|known| known.id == *promise) {
            promise.lateness = Some(lateness);
        }
        self
    }

    /// The attributes that conditions of journeys and promises read: what a step needs to be written.
    pub fn reads(&self) -> &BTreeSet<AttributeId> {
        &self.reads
    }

    /// The journeys and their versions, in order.
    pub fn versions(&self) -> impl Iterator<Item = (&JourneyId, u32)> {
        self.plans.iter().map(|plan| (&plan.id, plan.version))
    }

    /// What the author wrote for one version.
    pub fn definition(&self, journey: &JourneyId, version: u32) -> Option<&JourneyDefinition> {
        self.find(journey, version).and_then(|at| self.plan(at)).map(|plan| &plan.definition)
    }

    pub(crate) fn plan(&self, at: u16) -> Option<&Plan> {
        self.plans.get(usize::from(at))
    }

    pub(crate) fn find(&self, journey: &JourneyId, version: u32) -> Option<u16> {
        self.plans
            .binary_search_by(|plan| {
                plan.id.as_str().cmp(journey.as_str()).then_with(|| plan.version.cmp(&version))
            })
            .ok()
            .map(|at| at as u16)
    }

    /// The version of a journey that takes new entries: the last of its id. O(log plans).
    pub(crate) fn live(&self, journey: &JourneyId) -> Option<u16> {
        let after = self.plans.partition_point(|plan| plan.id.as_str() <= journey.as_str());
        let at = after.checked_sub(1).filter(|at| self.plans[*at].id == *journey)?;
        Some(at as u16)
    }

    /// The plan of an instance, unless its definition is gone or was changed under its number. O(log plans), and no
    /// text but its own is compared.
    pub(crate) fn plan_of(&self, instance: &Instance) -> Option<(u16, &Plan)> {
        let at = self.pinned.binary_search_by_key(&instance.fingerprint, |(pinned, _)| *pinned).ok()?;
        let at = self.pinned[at].1;
        let plan = self.plan(at)?;
        (plan.version == instance.version && plan.id == instance.journey).then_some((at, plan))
    }

    /// A promise, and its place in the order of definition. O(log promises).
    pub(crate) fn promise(&self, id: &PromiseId) -> Option<(u16, &Promise)> {
        let order = &self.promises_by_id;
        let at = order.binary_search_by_key(&id, |at| &self.promises[usize::from(*at)].id).ok()?;
        let at = order[at];
        Some((at, &self.promises[usize::from(at)]))
    }
}
