//! What only all journeys together can get wrong: journeys inside one another without end, and actions that nobody
//! may ever receive.
//!
//! Not here: one journey by itself.

use apropos_event::{ActionId, Path, Problem, Problems};
use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::compile::plan::Plan;
use crate::compile::plan::{Act, Role, Target};
use crate::rules::JourneyRules;

/// Checks all live plans together. O(plans + sub-journeys).
pub(super) fn check(plans: &[Plan], problems: &mut Problems) {
    let mut graph: DiGraph<(), ()> = DiGraph::new();
    for _ in plans {
        graph.add_node(());
    }
    for (at, plan) in plans.iter().enumerate() {
        for (node, inner) in inner_journeys(plan, plans) {
            graph.add_edge(NodeIndex::new(at), NodeIndex::new(inner), ());
            if passes_at_once(&plans[inner]) && turns(plan, node) {
                let path = plan.path.key("nodes").key(plan.names[usize::from(node)].as_str());
                let message = format!(
                    "`{}` can end at once, and this journey comes back here without a wait",
                    plans[inner].id
                );
                problems.push(
                    Problem::error("journey/loop-without-wait", path, message)
                        .with_help("put a wait into the circle"),
                );
            }
        }
    }
    for circle in tarjan_scc(&graph) {
        let Some(first) = circle.iter().map(|node| node.index()).min() else { continue };
        let node = NodeIndex::new(first);
        if 1 < circle.len() || graph.contains_edge(node, node) {
            let message = format!("journey `{}` runs inside itself", plans[first].id);
            problems.push(
                Problem::error("journey/inside-itself", plans[first].path.clone(), message)
                    .with_help("let one of the journeys end and enter the other by an event instead"),
            );
        }
    }
}

/// The nodes that run another journey, with its live plan.
fn inner_journeys(plan: &Plan, plans: &[Plan]) -> Vec<(u16, usize)> {
    let inner = |at: u16| match plan.wait(at).map(|wait| &wait.role) {
        Some(Role::Sub { journey }) => {
            plans.iter().position(|plan| plan.live && plan.id == *journey).map(|inner| (at, inner))
        }
        _ => None,
    };
    (0..plan.nodes.len() as u16).filter_map(inner).collect()
}

/// Whether a plan can be walked from its start to an end without resting.
fn passes_at_once(plan: &Plan) -> bool {
    let mut open = vec![plan.start];
    let mut seen = vec![false; plan.nodes.len()];
    while let Some(at) = open.pop() {
        match plan.node(at).map(|node| &node.act) {
            Some(Act::End { .. }) => return true,
            Some(Act::Wait(_)) | None => {}
            Some(_) if !std::mem::replace(&mut seen[usize::from(at)], true) => open.extend(nodes(plan, at)),
            Some(_) => {}
        }
    }
    false
}

/// Whether one comes back to a node without resting elsewhere.
fn turns(plan: &Plan, node: u16) -> bool {
    let mut open: Vec<u16> = nodes(plan, node).collect();
    let mut seen = vec![false; plan.nodes.len()];
    while let Some(at) = open.pop() {
        if at == node {
            return true;
        }
        let rests = plan.wait(at).is_some();
        if !rests && !std::mem::replace(&mut seen[usize::from(at)], true) {
            open.extend(nodes(plan, at));
        }
    }
    false
}

fn nodes(plan: &Plan, at: u16) -> impl Iterator<Item = u16> {
    plan.targets(at).into_iter().filter_map(|target| match target {
        Target::Node(to) => Some(to),
        _ => None,
    })
}

impl JourneyRules {
    /// Reports every action of a journey or promise that can never be offered. `never` knows the other rooms: it says
    /// why the contact policy never allows an action, or `None` when it may.
    pub fn check_actions(&self, never: &dyn Fn(&ActionId) -> Option<String>, problems: &mut Problems) {
        let mut report = |action: &ActionId, path: Path| {
            if let Some(why) = never(action) {
                problems.push(
                    Problem::error(
                        "journey/action-never-allowed",
                        path,
                        format!("`{action}` can never be offered: {why}"),
                    )
                    .with_help("allow it, or offer another action here"),
                );
            }
        };
        for plan in &self.plans {
            for at in 0..plan.nodes.len() {
                let path = plan.path.key("nodes").key(plan.names[at].as_str()).key("actions");
                let actions = plan.wait(at as u16).map(|wait| wait.actions.as_slice()).unwrap_or_default();
                for (place, action) in actions.iter().enumerate() {
                    report(action, path.index(place));
                }
            }
        }
        for (at, promise) in self.promises.iter().enumerate() {
            let path = Path::root().key("promises").index(at);
            for (place, action) in promise.raises.iter().enumerate() {
                report(action, path.key("raises").index(place));
            }
            for (place, action) in promise.repair.iter().flat_map(|repair| &repair.actions).enumerate() {
                report(action, path.key("repair").key("actions").index(place));
            }
        }
    }
}
