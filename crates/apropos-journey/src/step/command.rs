//! What operators, other rooms and people at work may say.
//!
//! Not here: events of the customer.

use apropos_event::{JourneyId, PromiseId, draw};
use serde::{Deserialize, Serialize};

use super::entry::Admission;
use super::instance::by_outcome;
use super::run::{Fate, Run};
use super::wait::restored;
use crate::compile::LEFT;
use crate::compile::plan::{Role, Target};
use crate::effect::{EffectKind, StopReason};
use crate::limits::MAX_KEY_BYTES;
use crate::state::{JourneyState, Status};

/// Something to do that no event says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Command {
    /// Let the customer into a journey; its entry conditions are not asked, its re-entry rule is.
    Start {
        /// The journey.
        journey: JourneyId,
        /// The key, for keyed entries.
        key: Option<String>,
        /// Names this command, so that saying it twice starts once.
        id: String,
    },
    /// End an instance.
    Exit {
        /// The instance.
        instance: u64,
        /// With this outcome, if the journey knows it.
        outcome: Option<String>,
    },
    /// Let an instance rest where it is. Exits and goals still count.
    Pause {
        /// The instance.
        instance: u64,
    },
    /// Let a paused instance go on; its node says what becomes of the timer.
    Resume {
        /// The instance.
        instance: u64,
    },
    /// Hand an instance over to a person, wherever it stands.
    HandOff {
        /// The instance.
        instance: u64,
    },
    /// The person has closed the case.
    Close {
        /// The instance.
        instance: u64,
        /// What came of it.
        outcome: Option<String>,
    },
    /// The repair of a broken promise is done.
    CloseRepair {
        /// The promise.
        promise: PromiseId,
        /// The key, for keyed promises.
        key: Option<String>,
    },
}

impl Run<'_> {
    /// Does what the command says.
    pub(super) fn command(&mut self, state: &mut JourneyState, command: &Command) {
        match command {
            Command::Start { journey, key, id } => self.start(state, journey, key.as_deref(), id),
            Command::CloseRepair { promise, key } => self.close_repair(state, promise, key.as_deref()),
            Command::Exit { instance, .. }
            | Command::Pause { instance }
            | Command::Resume { instance }
            | Command::HandOff { instance }
            | Command::Close { instance, .. } => {
                let Some(mut at) = state.instances.iter().position(|known| known.id == *instance) else {
                    return self.stop(*instance, StopReason::Unknown);
                };
                let fate = self.order(state, at, command);
                let mut outer = Vec::new();
                self.settle(state, &mut at, fate, &mut outer);
                self.go_on(state, outer);
            }
        }
    }

    fn start(&mut self, state: &mut JourneyState, journey: &JourneyId, key: Option<&str>, id: &str) {
        let Some(at) = self.rules.live(journey) else { return self.stop(0, StopReason::Unknown) };
        let Some(plan) = self.rules.plan(at) else { return };
        if plan.entry.key.is_some() != key.is_some() || key.is_some_and(|key| MAX_KEY_BYTES < key.len()) {
            return self.stop(0, StopReason::NoKey);
        }
        let trigger = draw::stable_hash(6, id.as_bytes()).max(1);
        let admission = Admission { key: key.map(str::to_owned), trigger, parent: None };
        if let Err(reason) = self.admit(state, plan, admission) {
            self.stop(0, reason);
        }
    }

    fn order(&mut self, state: &mut JourneyState, at: usize, command: &Command) -> Fate {
        let JourneyState { instances, recent, .. } = state;
        let instance = &mut instances[at];
        let Some((number, plan)) = self.rules.plan_of(instance) else {
            return Fate::Stays(StopReason::Stranded);
        };
        match command {
            Command::Exit { outcome, .. } => {
                let known = outcome.as_deref().and_then(|outcome| plan.outcome(outcome));
                let outcome = known.or_else(|| plan.outcome(LEFT)).unwrap_or(0);
                self.walk(number, plan, instance, recent, Target::Exit(outcome))
            }
            Command::Pause { .. } if instance.status == Status::Active => {
                instance.status = Status::Paused(self.now);
                Fate::Stays(StopReason::Paused)
            }
            Command::Resume { .. } => {
                if let Status::Paused(stopped) = instance.status {
                    instance.status = Status::Active;
                    if let Some(wait) = plan.wait(instance.node).filter(|_| instance.parked.is_none()) {
                        instance.due = restored(wait, plan, instance, self.zone.as_ref(), stopped, self.now);
                    }
                }
                Fate::Stays(Self::rest(instance))
            }
            Command::HandOff { .. } if instance.status != Status::HandedOff => match plan.human {
                Some(human) => self.walk(number, plan, instance, recent, Target::Node(human)),
                None => Fate::Stays(StopReason::Unknown),
            },
            Command::Close { outcome, .. } if instance.status == Status::HandedOff => {
                let wait = plan.wait(instance.node).filter(|wait| matches!(wait.role, Role::HandOff { .. }));
                let target = wait.and_then(|wait| by_outcome(wait, outcome.as_deref()));
                let target = target.unwrap_or(Target::Return);
                let target = self.close(plan, instance, target, outcome.clone());
                self.walk(number, plan, instance, recent, target)
            }
            _ => Fate::Stays(Self::rest(instance)),
        }
    }

    fn close_repair(&mut self, state: &mut JourneyState, promise: &PromiseId, key: Option<&str>) {
        let mut found = false;
        for owed in &mut state.promises {
            if owed.repairing && owed.promise == *promise && owed.key.as_deref() == key {
                owed.repairing = false;
                found = true;
                self.slot = 0;
                self.tell_as(
                    owed.id,
                    super::promise::REPAIRED,
                    EffectKind::Repaired { promise: promise.clone() },
                );
            }
        }
        if !found {
            self.stop(0, StopReason::Unknown);
        }
    }
}
