//! From every node: what usually happens next, the chance of each way to end, how long it takes, what it is worth.
//!
//! Not here: the chain that it is read off, see `chain`; counting; pictures.

use apropos_event::{JourneyId, NodeId};

use super::answer::{NodeOutlook, NodeReach, Outlook, OutlookOptions};
use super::chain::{Arrow, Chain, TINY};
use super::counts::JourneyCounts;
use crate::compile::plan::END;
use crate::rules::JourneyRules;

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
