//! What a step asks the host to do, as data, and why a run stopped.
//!
//! Not here: doing it. A host puts effects into its outbox and lets the keys keep them from happening twice.

use std::fmt;

use apropos_event::{ActionId, JourneyId, NodeId, PromiseId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::definition::ExpectationSource;

/// The name of an effect: the same step taken again, on this machine or another, gives the same key.
///
/// Unique over all customers as far as 64-bit hashes of their ids are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EffectKey {
    /// The customer, hashed.
    pub subject: u64,
    /// The journey instance or promise.
    pub instance: u64,
    /// The visit: counts the nodes that the instance has entered.
    pub visit: u32,
    /// Tells the effects of one visit apart.
    pub slot: u16,
}

impl fmt::Display for EffectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}-{:016x}-{}-{}", self.subject, self.instance, self.visit, self.slot)
    }
}

/// Something for the host to do or to note.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Effect {
    /// Its idempotency key.
    pub key: EffectKey,
    /// When it was decided.
    pub at: Timestamp,
    /// What it is.
    pub what: EffectKind,
}

/// What an effect is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EffectKind {
    /// The customer entered a journey.
    Entered {
        /// The journey.
        journey: JourneyId,
        /// Its version.
        version: u32,
    },
    /// A milestone was reached.
    Reached {
        /// The journey.
        journey: JourneyId,
        /// The milestone.
        node: NodeId,
    },
    /// Actions may now be offered here, or must be.
    Offered {
        /// The journey.
        journey: JourneyId,
        /// The node.
        node: NodeId,
        /// The actions.
        actions: Vec<ActionId>,
        /// Whether they are demanded.
        demanded: bool,
    },
    /// An arm of an experiment was assigned.
    Assigned {
        /// The journey.
        journey: JourneyId,
        /// The experiment.
        experiment: String,
        /// The arm.
        arm: String,
    },
    /// A person shall take over.
    HandedOff {
        /// The journey.
        journey: JourneyId,
        /// The node.
        node: NodeId,
        /// The queue of people.
        queue: String,
    },
    /// The person closed the case.
    HandedBack {
        /// The journey.
        journey: JourneyId,
        /// What came of it.
        outcome: Option<String>,
    },
    /// A goal was reached.
    GoalReached {
        /// The journey.
        journey: JourneyId,
        /// The goal.
        goal: String,
    },
    /// The customer left a journey.
    Left {
        /// The journey.
        journey: JourneyId,
        /// With what outcome.
        outcome: String,
        /// The node where it happened.
        node: NodeId,
    },
    /// The instance moved to another version.
    Migrated {
        /// The journey.
        journey: JourneyId,
        /// The new version.
        version: u32,
    },
    /// A promise was made.
    PromiseMade {
        /// The promise.
        promise: PromiseId,
        /// When it must be kept.
        due: Timestamp,
        /// Who set the deadline.
        source: ExpectationSource,
    },
    /// A promise is at risk.
    PromiseAtRisk {
        /// The promise.
        promise: PromiseId,
        /// When it must be kept.
        due: Timestamp,
    },
    /// A promise was kept.
    PromiseKept {
        /// The promise.
        promise: PromiseId,
    },
    /// A promise was broken.
    PromiseBroken {
        /// The promise.
        promise: PromiseId,
        /// Whose expectation it was.
        source: ExpectationSource,
    },
    /// A promise is no longer owed.
    PromiseVoid {
        /// The promise.
        promise: PromiseId,
    },
    /// A repair was closed: selling may go on.
    Repaired {
        /// The promise.
        promise: PromiseId,
    },
}

/// Why a run stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StopReason {
    /// The instance rests at a node and waits.
    Waits,
    /// The instance left the journey.
    Ended,
    /// The input did not concern the instance.
    NotConcerned,
    /// A person has the case.
    HandedOff,
    /// The instance is paused.
    Paused,
    /// The instance walked as far as one input may take it and goes on at the next.
    WalkLimit,
    /// The event was handled before; nothing changed.
    Duplicate,
    /// Entry refused: the journey may never be entered again.
    NeverAgain,
    /// Entry refused: an instance is already under way.
    AlreadyIn,
    /// Entry refused: the cooldown has not passed.
    CoolingDown,
    /// Entry refused: as many instances as allowed are under way.
    Full,
    /// Entry refused: the event occurred too long ago.
    TooOld,
    /// Entry refused: an exit of the journey already holds.
    ExitHolds,
    /// Entry refused: this trigger already let the customer in.
    SameTrigger,
    /// Entry refused: the event lacks the key, or the key is too long.
    NoKey,
    /// The command names nothing that exists here.
    Unknown,
    /// The instance is pinned to a definition that the rules do not hold.
    Stranded,
}

/// Why one instance stopped, or why an entry was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stop {
    /// The instance; zero for a refused entry.
    pub instance: u64,
    /// Why.
    pub reason: StopReason,
}

/// What came of one input.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[must_use]
pub struct Advance {
    /// What the host shall do, in order.
    pub effects: Vec<Effect>,
    /// Why each instance that was looked at stopped, and why entries were refused.
    pub stops: Vec<Stop>,
    /// The moves between nodes, for learning: every arrow that was taken.
    pub moves: Vec<Move>,
}

/// An arrow that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Move {
    /// The journey version, as a place in the rules.
    pub(crate) plan: u16,
    pub(crate) from: u16,
    /// The node, or one of the marks at the end of the range for an ending.
    pub(crate) to: u16,
    /// How long the instance had been at the node it left, in microseconds.
    pub(crate) stayed: i64,
}

impl Advance {
    /// Forgets everything, keeping the memory for the next input.
    pub fn clear(&mut self) {
        self.effects.clear();
        self.stops.clear();
        self.moves.clear();
    }

    /// Why the run stopped, in one word: the most telling of all reasons.
    pub fn stop(&self) -> StopReason {
        self.stops
            .iter()
            .map(|stop| stop.reason)
            .find(|reason| *reason != StopReason::NotConcerned)
            .unwrap_or(StopReason::NotConcerned)
    }
}
