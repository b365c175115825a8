//! State for people: names instead of numbers.
//!
//! Not here: anything that is stored.

use apropos_event::{JourneyId, NodeId, Timestamp};
use serde::Serialize;

use crate::rules::JourneyRules;
use crate::state::{Instance, JourneyState, Status};

/// One instance with names.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InstanceView<'a> {
    /// The instance.
    pub id: u64,
    /// The journey.
    pub journey: &'a JourneyId,
    /// The version it is pinned to.
    pub version: u32,
    /// What tells it from others.
    pub key: Option<&'a str>,
    /// Whether it moves.
    pub status: Status,
    /// Where it stands; `None` when its version is not held.
    pub node: Option<&'a NodeId>,
    /// The stage of that node.
    pub stage: Option<&'a str>,
    /// When it came in.
    pub entered: Timestamp,
    /// When it came to the node.
    pub since: Timestamp,
    /// When it must be looked at again.
    pub due: Option<Timestamp>,
    /// The goals it reached.
    pub goals: Vec<&'a str>,
    /// The nodes it passed, oldest first; at most the last 32.
    pub trail: Vec<&'a NodeId>,
}

impl JourneyRules {
    /// The live instances with names, in order of entry.
    pub fn view<'a>(&'a self, state: &'a JourneyState) -> Vec<InstanceView<'a>> {
        state.instances.iter().map(|instance| self.view_of(instance)).collect()
    }

    fn view_of<'a>(&'a self, instance: &'a Instance) -> InstanceView<'a> {
        let plan = self.plan_of(instance).map(|(_, plan)| plan);
        let name = |at: &u16| plan.and_then(|plan| plan.names.get(usize::from(*at)));
        let stage = plan.and_then(|plan| plan.node(instance.node)).and_then(|node| node.stage);
        let goals = plan.map(|plan| {
            let reached = plan.goals.iter().enumerate().filter(|(at, _)| instance.goals & (1 << at) != 0);
            reached
                .filter_map(|(_, goal)| plan.outcomes.get(usize::from(goal.rule.outcome)))
                .map(String::as_str)
        });
        InstanceView {
            id: instance.id,
            journey: &instance.journey,
            version: instance.version,
            key: instance.key.as_deref(),
            status: instance.status,
            node: name(&instance.node),
            stage: plan
                .zip(stage)
                .and_then(|(plan, at)| plan.stages.get(usize::from(at)))
                .map(String::as_str),
            entered: instance.entered,
            since: instance.since,
            due: instance.due(),
            goals: goals.map(Iterator::collect).unwrap_or_default(),
            trail: instance.trail.nodes().iter().filter_map(name).collect(),
        }
    }
}
