//! The part of a migration that touches instances.
//!
//! Not here: checking the map, see the migration module.

use super::run::{Fate, Run};
use super::wait::restored;
use crate::compile::Plan;
use crate::compile::plan::{Act, Role, Target};
use crate::effect::{EffectKind, StopReason};
use crate::migrate::Migration;
use crate::state::{Instance, JourneyState, Status};

impl Run<'_> {
    pub(crate) fn migrate_all(&mut self, state: &mut JourneyState, migration: &Migration) {
        let mut outer = Vec::new();
        let mut at = 0;
        while at < state.instances.len() {
            let concerned =
                self.rules.plan_of(&state.instances[at]).is_some_and(|(plan, _)| plan == migration.from());
            if !concerned {
                at += 1;
                continue;
            }
            let fate = self.migrate_one(&mut state.instances[at], migration);
            if fate == Fate::Stays(StopReason::Waits) {
                let id = state.instances[at].id;
                let rests_inside = self.rests_inside(&state.instances[at]);
                if !rests_inside {
                    self.leaves_inner.push(id);
                }
            }
            self.settle(state, &mut at, fate, &mut outer);
        }
        self.go_on(state, outer);
        self.all_promises(state);
    }

    fn rests_inside(&self, instance: &Instance) -> bool {
        let wait = self.rules.plan_of(instance).and_then(|(_, plan)| plan.wait(instance.node));
        wait.is_some_and(|wait| matches!(wait.role, Role::Sub { .. }))
    }

    fn migrate_one(&mut self, instance: &mut Instance, migration: &Migration) -> Fate {
        let rules = self.rules;
        let (Some(old), Some(new)) = (rules.plan(migration.from()), rules.plan(migration.to())) else {
            return Fate::Stays(StopReason::Stranded);
        };
        let Some(target) = migration.target(instance.node) else { return Fate::Stays(StopReason::Stranded) };
        let place = |node: Option<u16>| match node.map(|node| migration.target(node)) {
            Some(Some(Target::Node(to))) => Some(to),
            _ => None,
        };
        instance.version = new.version;
        instance.fingerprint = new.fingerprint;
        instance.goals = goals_in(old, new, instance.goals);
        instance.returns_to = place(instance.returns_to);
        instance.parked = place(instance.parked);
        instance.pending_exit =
            instance.pending_exit.and_then(|exit| new.outcome(old.outcomes.get(usize::from(exit))?));
        instance.ends_by = new.limit.map(|(within, _)| instance.entered.plus(within));
        instance.trail.clear();
        instance.visit = instance.visit.saturating_add(1);
        self.slot = 0;
        self.tell(instance, EffectKind::Migrated { journey: new.id.clone(), version: new.version });
        match target {
            Target::Exit(outcome) => Fate::Ends(outcome),
            Target::Return => Fate::Stays(StopReason::Stranded),
            Target::Node(to) => self.land(new, instance, to, migration.to()),
        }
    }

    /// A node that rests is taken up where it was; one that passes is walked from.
    fn land(&mut self, new: &Plan, instance: &mut Instance, to: u16, number: u16) -> Fate {
        match new.node(to).map(|node| &node.act) {
            Some(Act::Wait(wait)) if !matches!(wait.role, Role::Sub { .. }) => {
                instance.node = to;
                instance.trail.push(to);
                let was_handed_off = instance.status == Status::HandedOff;
                let hands_off = matches!(wait.role, Role::HandOff { .. });
                if hands_off != was_handed_off {
                    return self.walk(number, new, instance, &[], Target::Node(to));
                }
                instance.due = match (instance.due, &wait.timer) {
                    (_, None) => None,
                    (None, Some(_)) => super::wait::deadline(wait, new, self.zone.as_ref(), self.now),
                    (Some(_), Some(_)) => {
                        restored(wait, new, instance, self.zone.as_ref(), self.now, self.now)
                    }
                };
                Fate::Stays(Self::rest(instance))
            }
            Some(_) => self.walk(number, new, instance, &[], Target::Node(to)),
            None => Fate::Stays(StopReason::Stranded),
        }
    }
}

/// Reached goals by name.
fn goals_in(old: &Plan, new: &Plan, goals: u64) -> u64 {
    let name = |plan: &Plan, at: usize| plan.definition.goals.get(at).map(|goal| goal.id.clone());
    (0..new.goals.len())
        .filter(|at| {
            let goal = name(new, *at);
            (0..old.goals.len()).any(|before| goals & (1 << before) != 0 && name(old, before) == goal)
        })
        .fold(0, |bits, at| bits | (1 << at))
}
