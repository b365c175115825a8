//! What looking ahead is asked with, and what it answers.
//!
//! Not here: how the answers are found, see `outlook` and `chain`.

use apropos_event::{ActionId, Duration};
use serde::Serialize;

/// How to look ahead.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OutlookOptions {
    /// κ: how many departures the definition alone counts for.
    pub prior: f64,
    /// After how long a value is worth half; `None` for never.
    pub half_life: Option<Duration>,
}

impl Default for OutlookOptions {
    /// κ = 20, and a value is worth half after 90 days.
    fn default() -> Self {
        Self { prior: 20.0, half_life: Some(Duration::from_days(90)) }
    }
}

/// The outlook of one version of a journey.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outlook {
    /// The outlook from every node, in the order of their names.
    pub nodes: Vec<NodeOutlook>,
    /// The nodes where customers are lost, the largest loss first.
    pub drop_offs: Vec<DropOff>,
}

/// The outlook from one node.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NodeOutlook {
    /// The node.
    pub node: String,
    /// How many departures were seen.
    pub departures: u64,
    /// What happens next, the likeliest first.
    pub next: Vec<Onward>,
    /// How long customers stay here, on average, in seconds.
    pub stay_seconds: f64,
    /// How long until the journey ends, on average, in seconds.
    pub remaining_seconds: f64,
    /// The chance of each way to end, and how long it takes.
    pub reach: Vec<ReachOutlook>,
    /// What being here is worth: the discounted value of the goals still to come.
    pub value: f64,
    /// What each action offered here adds to that, against no action: the best first. Only actions under which
    /// departures were seen.
    pub actions: Vec<(ActionId, f64)>,
    /// How much of the chance of a goal would be lost if everybody left here (the removal effect).
    pub removal_effect: f64,
}

/// One way on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Onward {
    /// The node or outcome.
    pub to: String,
    /// The chance.
    pub chance: f64,
    /// How often it was seen.
    pub count: u64,
}

/// One way to end.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReachOutlook {
    /// The outcome.
    pub outcome: String,
    /// Whether it is a goal.
    pub goal: bool,
    /// The chance to end so.
    pub chance: f64,
    /// How long it takes then, on average, in seconds; absent when it cannot happen.
    pub seconds: Option<f64>,
}

/// From one node to another, sooner or later.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NodeReach {
    /// The node from which.
    pub node: String,
    /// The chance to get there.
    pub chance: f64,
    /// How long it takes then, on average, in seconds; absent when it cannot happen.
    pub seconds: Option<f64>,
}

/// A node where customers are lost.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DropOff {
    /// The node.
    pub node: String,
    /// How many left here without a goal.
    pub lost: u64,
    /// Of how many departures.
    pub of: u64,
}
