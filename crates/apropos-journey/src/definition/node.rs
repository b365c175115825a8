//! One node of a journey as an author writes it: a kind, and the fields that this kind understands.
//!
//! Not here: which field belongs to which kind. The compiler knows, and says so for every field out of place.

use std::collections::BTreeMap;

use apropos_event::{
    ActionId, CivilTime, Duration, EventKind, JourneyId, NodeId, PromiseId, Properties, Weekday, Zone,
};
use serde::{Deserialize, Serialize};

/// What a node does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeKind {
    /// Says that a point was reached and goes on to `next`.
    Milestone,
    /// A moment of truth: opens `promise` and goes on to `next`.
    Moment,
    /// Waits for the first of the events in `on`, at most `within`, then does `on_timeout`.
    WaitEvent,
    /// Waits for the time in `for`, then goes on to `next`.
    WaitTime,
    /// Waits until `when` holds, at most `within`, then does `on_timeout`.
    WaitCondition,
    /// Waits for the local time of day `at`, on one of `weekdays`, in the customer's zone; then goes on to `next`.
    WaitLocal,
    /// Takes the first of `branches` whose condition holds, else `otherwise`.
    Split,
    /// Takes one of `arms` by a stable hash of the customer under `salt`.
    SplitHash,
    /// Like a stable split, and tells which arm of `experiment` was assigned.
    Experiment,
    /// Offers `actions` while it waits for the events in `on`, at most `within`, then does `on_timeout`.
    Offer,
    /// Hands over to a person in `queue` and stays silent until one of the events in `on`, or a command, closes it.
    HandOff,
    /// Runs another journey and goes on by its outcome.
    SubJourney,
    /// Ends the journey with `goal` reached.
    Goal,
    /// Ends the journey with `outcome`.
    Exit,
}

/// Which of an event's two times decides whether it came in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventClock {
    /// What counts is that the event is received while the wait lasts.
    #[default]
    Receipt,
    /// What counts is that the event occurred after the wait began (less `lookback`) and by its deadline. It may
    /// arrive up to `grace` after the deadline.
    Occurrence,
}

/// What happens to a running timer when a paused or migrated instance goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimerRestore {
    /// The deadline stays where it was, even when it has passed meanwhile.
    #[default]
    Absolute,
    /// The clock stood still: what was left is left.
    Remaining,
    /// The wait begins anew.
    Restart,
}

/// An event that ends a wait, and where the journey goes then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnEvent {
    /// The kind of the event.
    pub event: EventKind,
    /// Properties that the event must carry with exactly these values.
    #[serde(default, skip_serializing_if = "Properties::is_empty")]
    pub with: Properties,
    /// A condition over the facts at the moment the event is handled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// The node to go to.
    pub to: NodeId,
}

/// One branch of a split.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Branch {
    /// The condition; unknown counts as not holding.
    pub when: String,
    /// The node to go to.
    pub to: NodeId,
}

/// One arm of a stable split or experiment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arm {
    /// The arm's name; an experiment needs one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The arm's share, relative to the sum of all shares.
    pub share: u32,
    /// The node to go to.
    pub to: NodeId,
}

/// One node. `kind` says which of the other fields it understands.
///
/// `on_timeout` is `"exit"`, `"continue"` (go on to `next`) or the id of a node; a wait for an event must say
/// which. Nodes therefore cannot be called `exit` or `continue`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeDefinition {
    /// What the node does.
    pub kind: NodeKind,
    /// What an author says about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    /// The stage it belongs to, one of the journey's `stages`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// Where the journey goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<NodeId>,
    /// Events that end the wait, first match first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on: Vec<OnEvent>,
    /// The longest the wait lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Duration>,
    /// What happens when it has lasted that long: `"exit"`, `"continue"` or a node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_timeout: Option<String>,
    /// Which time of an event counts.
    #[serde(default)]
    pub by: EventClock,
    /// How long before the wait began an event may already have come and still count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lookback: Option<Duration>,
    /// How long after the deadline an event that occurred in time may still arrive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace: Option<Duration>,
    /// How long to wait.
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    pub lasts: Option<Duration>,
    /// The condition to wait for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// The local time of day to wait for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<CivilTime>,
    /// The days on which that time counts; none means every day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weekdays: Vec<Weekday>,
    /// A fixed zone instead of the customer's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<Zone>,
    /// What happens to the timer when a paused or migrated instance goes on.
    #[serde(default)]
    pub timer: TimerRestore,
    /// The branches of a split.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub branches: Vec<Branch>,
    /// Where a split goes when no branch holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<NodeId>,
    /// The arms of a stable split or experiment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arms: Vec<Arm>,
    /// What the stable hash is salted with; the same salt gives the same arms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salt: Option<String>,
    /// The experiment's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub experiment: Option<String>,
    /// The actions offered here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<ActionId>,
    /// Whether the actions are demanded (must be shown) rather than merely allowed here.
    #[serde(default)]
    pub demanded: bool,
    /// The queue of people that a hand-off goes to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// The journey to run inside this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub journey: Option<JourneyId>,
    /// Where to go by the outcome of the inner journey, or of the person who closed a hand-off.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub outcomes: BTreeMap<String, NodeId>,
    /// The promise that a moment of truth opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promise: Option<PromiseId>,
    /// The outcome that an exit ends with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// The goal reached, one of the journey's `goals`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal: Option<String>,
}

impl NodeDefinition {
    /// A node of this kind with nothing else said; fill in the rest with struct update syntax.
    pub fn of(kind: NodeKind) -> Self {
        Self {
            kind,
            doc: None,
            stage: None,
            next: None,
            on: Vec::new(),
            within: None,
            on_timeout: None,
            by: EventClock::default(),
            lookback: None,
            grace: None,
            lasts: None,
            when: None,
            at: None,
            weekdays: Vec::new(),
            zone: None,
            timer: TimerRestore::default(),
            branches: Vec::new(),
            otherwise: None,
            arms: Vec::new(),
            salt: None,
            experiment: None,
            actions: Vec::new(),
            demanded: false,
            queue: None,
            journey: None,
            outcomes: BTreeMap::new(),
            promise: None,
            outcome: None,
            goal: None,
        }
    }
}
