//! What the shape of one journey says: what cannot be reached, what cannot be left, what turns in circles.
//!
//! The graph is built with petgraph, which appears in no signature outside this file and its siblings.
//!
//! Not here: what conditions say.

use apropos_event::{NodeId, Path, Problem, Problems};
use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{Dfs, Reversed};

use crate::compile::plan::Plan;
use crate::compile::plan::{Act, Role, Target, Wait};

/// The arrows of a journey as a graph, with one node more for leaving.
pub(super) struct Shape {
    graph: DiGraph<(), ()>,
    out: NodeIndex,
}

impl Shape {
    /// Every arrow, those that the whole journey adds included: its time limit, and the way to a person and back.
    pub(super) fn of(plan: &Plan) -> Self {
        let mut shape = Self::without(plan, |_| true);
        for at in 0..plan.nodes.len() {
            let from = NodeIndex::new(at);
            if plan.wait(at as u16).is_none() {
                continue;
            }
            if let Some((_, target)) = plan.limit {
                shape.arrow(from, target);
            }
            if let Some(human) = plan.human {
                shape.graph.add_edge(from, NodeIndex::new(usize::from(human)), ());
                if returns(plan, human) {
                    shape.graph.add_edge(NodeIndex::new(usize::from(human)), from, ());
                }
            }
            if !plan.exits.is_empty() || plan.goals.iter().any(|goal| goal.ends) {
                shape.graph.add_edge(from, shape.out, ());
            }
        }
        shape
    }

    /// Only the nodes' own arrows, of nodes that `take` wants.
    fn without(plan: &Plan, take: impl Fn(u16) -> bool) -> Self {
        let mut graph = DiGraph::with_capacity(plan.nodes.len() + 1, plan.nodes.len() * 2);
        (0..=plan.nodes.len()).for_each(|_| {
            graph.add_node(());
        });
        let mut shape = Self { graph, out: NodeIndex::new(plan.nodes.len()) };
        for at in (0..plan.nodes.len() as u16).filter(|at| take(*at)) {
            for target in plan.targets(at) {
                shape.arrow(NodeIndex::new(usize::from(at)), target);
            }
        }
        shape
    }

    fn arrow(&mut self, from: NodeIndex, target: Target) {
        match target {
            Target::Node(to) => self.graph.add_edge(from, NodeIndex::new(usize::from(to)), ()),
            Target::Exit(_) => self.graph.add_edge(from, self.out, ()),
            // Back to where a person was asked for: the arrows that lead there already say it.
            Target::Return => return,
        };
    }

    /// Which nodes can be reached from `start`.
    pub(super) fn reachable(&self, start: u16) -> Vec<bool> {
        let mut seen = vec![false; self.graph.node_count()];
        let mut walk = Dfs::new(&self.graph, NodeIndex::new(usize::from(start)));
        while let Some(node) = walk.next(&self.graph) {
            seen[node.index()] = true;
        }
        seen
    }

    /// From which nodes one of `ends` can be reached.
    fn reaching(&self, ends: impl Iterator<Item = usize>) -> Vec<bool> {
        let reversed = Reversed(&self.graph);
        let mut seen = vec![false; self.graph.node_count()];
        for end in ends {
            let mut walk = Dfs::new(reversed, NodeIndex::new(end));
            while let Some(node) = walk.next(reversed) {
                seen[node.index()] = true;
            }
        }
        seen
    }
}

fn returns(plan: &Plan, human: u16) -> bool {
    plan.wait(human).is_some_and(|wait| {
        wait.next == Some(Target::Return) || wait.on.iter().any(|(_, to)| Target::of(*to) == Target::Return)
    })
}

/// Checks one journey's shape. O(nodes + arrows).
pub(super) fn check(plan: &Plan, path: &Path, problems: &mut Problems) {
    let shape = Shape::of(plan);
    let reached = shape.reachable(plan.start);
    unreachable_nodes(plan, &reached, path, problems);
    no_way_out(plan, &shape, &reached, path, problems);
    no_human(plan, &shape, &reached, path, problems);
    circles(plan, path, problems);
}

fn place(plan: &Plan, at: usize, path: &Path) -> Path {
    let name = plan.names.get(at).map_or("", |name| name.as_str());
    path.key("nodes").key(name)
}

fn implied(plan: &Plan, at: usize) -> bool {
    plan.names.get(at).is_some_and(|name| !plan.definition.nodes.contains_key(name))
}

fn unreachable_nodes(plan: &Plan, reached: &[bool], path: &Path, problems: &mut Problems) {
    for at in (0..plan.nodes.len()).filter(|at| !reached[*at] && !implied(plan, *at)) {
        let message = format!("nothing leads from the start to `{}`", plan.names[at]);
        problems.push(
            Problem::warning("journey/unreachable-node", place(plan, at, path), message)
                .with_help("draw an arrow to it, or remove it"),
        );
    }
}

fn no_way_out(plan: &Plan, shape: &Shape, reached: &[bool], path: &Path, problems: &mut Problems) {
    let ends = (0..plan.nodes.len()).filter(|at| matches!(plan.nodes[*at].act, Act::End { .. }));
    let leaving = shape.reaching(ends.chain([shape.out.index()]));
    for at in (0..plan.nodes.len()).filter(|at| reached[*at] && !leaving[*at]) {
        let message = format!("a customer at `{}` can never leave the journey", plan.names[at]);
        problems.push(
            Problem::error("journey/no-way-out", place(plan, at, path), message)
                .with_help("lead to an exit or a goal, or give the journey `exits` or `within`"),
        );
    }
}

fn no_human(plan: &Plan, shape: &Shape, reached: &[bool], path: &Path, problems: &mut Problems) {
    let is_hand_off = |wait: &Wait| matches!(wait.role, Role::HandOff { .. });
    let people = (0..plan.nodes.len()).filter(|at| plan.wait(*at as u16).is_some_and(is_hand_off));
    let helped = shape.reaching(people);
    // Where nobody rests, nobody asks: passing nodes lead on at once, ends have led out.
    for at in
        (0..plan.nodes.len()).filter(|at| reached[*at] && !helped[*at] && plan.wait(*at as u16).is_some())
    {
        let message = format!("a customer at `{}` cannot reach a person", plan.names[at]);
        problems.push(
            Problem::error("journey/no-human", place(plan, at, path), message).with_help(
                "say `human.queue = \"...\"` for the journey, or lead to a node of kind `hand_off`",
            ),
        );
    }
}

/// Circles of nodes of which none rests: an instance in one would never come to rest.
fn circles(plan: &Plan, path: &Path, problems: &mut Problems) {
    let shape = Shape::without(plan, |at| plan.wait(at).is_none());
    for circle in tarjan_scc(&shape.graph) {
        let Some(first) = circle.iter().map(|node| node.index()).min() else { continue };
        let turns =
            1 < circle.len() || shape.graph.contains_edge(NodeIndex::new(first), NodeIndex::new(first));
        if !turns {
            continue;
        }
        let mut names: Vec<&str> =
            circle.iter().filter_map(|node| plan.names.get(node.index())).map(NodeId::as_str).collect();
        names.sort_unstable();
        let message = format!("`{}` turn in a circle without a wait", names.join("`, `"));
        problems.push(
            Problem::error("journey/loop-without-wait", place(plan, first, path), message)
                .with_help("put a wait into the circle"),
        );
    }
}
