//! From every node: what usually happens next, the chance of each way to end, how long it takes, what it is worth.
//!
//! Not here: the chain that it is read off, see `chain`; counting; pictures.

use apropos_event::{ActionId, Duration, JourneyId, NodeId};
use serde::Serialize;

use super::chain::{Arrow, Chain, TINY};
use super::counts::JourneyCounts;
use crate::compile::JourneyRules;
use crate::compile::plan::END;

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

impl JourneyRules {
    /// Looks ahead from every node of one version; `None` when the rules do not hold it. O(nodes³).
    pub fn outlook(
        &self,
        counts: &JourneyCounts,
        journey: &JourneyId,
        version: u32,
        options: &OutlookOptions,
    ) -> Option<Outlook> {
        let plan = self.find(journey, version).and_then(|at| self.plan(at))?;
        let cells = counts.cells(plan);
        let chain = Chain::learn(plan, cells, options.prior.max(0.0));
        let factored = chain.factored()?;
        let goal_outcomes: Vec<u16> = plan.goals.iter().map(|goal| goal.rule.outcome).collect();
        let reach = chain.reach(&factored);
        let remaining = factored.solve(&chain.stay);
        let (values, actions) = chain.values(cells, options);
        let whole = chain.goal_chance(&reach, &goal_outcomes);
        let nodes = (0..plan.nodes.len())
            .map(|at| NodeOutlook {
                node: plan.names[at].to_string(),
                departures: chain.arrows[at].iter().map(|arrow| arrow.count).sum(),
                next: chain.onward(at),
                stay_seconds: chain.stay[at],
                remaining_seconds: remaining[at],
                reach: chain.reach_of(at, &reach, &goal_outcomes),
                value: values[at],
                actions: actions[at].clone(),
                removal_effect: chain.removal_effect(at, whole, &goal_outcomes),
            })
            .collect();
        Some(Outlook { nodes, drop_offs: chain.drop_offs(&goal_outcomes) })
    }

    /// The chance, from every node, to come to `goal` sooner or later, and how long that takes; in the order of the
    /// nodes' names. `None` when the rules hold no such version or node. O(nodes³).
    pub fn reaching(
        &self,
        counts: &JourneyCounts,
        journey: &JourneyId,
        version: u32,
        goal: &NodeId,
        options: &OutlookOptions,
    ) -> Option<Vec<NodeReach>> {
        let plan = self.find(journey, version).and_then(|at| self.plan(at))?;
        let goal = plan.names.iter().position(|name| name == goal)?;
        let chain = Chain::learn(plan, counts.cells(plan), options.prior.max(0.0));
        // The goal's own row is cut out: who is there has arrived.
        let factored = chain.factored_without(Some(goal))?;
        let arrived: Vec<f64> = (0..plan.nodes.len()).map(|at| f64::from(u8::from(at == goal))).collect();
        let chances = factored.solve(&arrived);
        let weighted = |arrow: &Arrow| match arrow.to & END {
            0 => arrow.chance * arrow.seconds * chances[usize::from(arrow.to)],
            _ => 0.0,
        };
        let mut right: Vec<f64> =
            chain.arrows.iter().map(|arrows| arrows.iter().map(weighted).sum()).collect();
        right[goal] = 0.0;
        let times = factored.solve(&right);
        let reach = (0..plan.nodes.len()).map(|at| {
            let chance = chances[at].clamp(0.0, 1.0);
            let seconds = (TINY < chance).then(|| times[at] / chance);
            NodeReach { node: plan.names[at].to_string(), chance, seconds }
        });
        Some(reach.collect())
    }
}
