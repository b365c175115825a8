//! What conditions say: two branches that hold at once, branches that never hold, waits for what cannot come true.
//!
//! Conditions are tried in every world that their literals can tell apart, see the abstraction in `check`. Only worlds
//! with facts behind them count as a way for two to hold at once. A split with more than [`MAX_WORLDS`] combinations of
//! facts is not judged.
//!
//! Not here: the shape of the graph.

use apropos_condition::{Condition, Schema};
use apropos_event::{Path, Problem, Problems};

use crate::check::worlds::{World, worlds};
use crate::compile::plan::Plan;
use crate::compile::plan::{Act, Pattern, Wait};

/// Combinations of facts that are tried for one node.
const MAX_WORLDS: usize = 1_024;

/// Checks the guards of one journey.
pub(super) fn check(plan: &Plan, schema: &Schema, path: &Path, problems: &mut Problems) {
    for (at, node) in plan.nodes.iter().enumerate() {
        let path = path.key("nodes").key(plan.names[at].as_str());
        match &node.act {
            Act::Choose { branches, .. } if !branches.is_empty() => {
                let conditions: Vec<&Condition> = branches.iter().map(|(condition, _)| condition).collect();
                let all_worlds = worlds(schema, &conditions, MAX_WORLDS);
                if let Some(all_worlds) = all_worlds {
                    split(branches, &all_worlds, &path.key("branches"), problems);
                }
            }
            Act::Wait(wait) => {
                arrows(wait, schema, &path.key("on"), problems);
                hopeless(wait, schema, &path.key("when"), problems);
            }
            _ => {}
        }
    }
    impossible_exits(plan, schema, path, problems);
}

fn split(branches: &[(Condition, u16)], worlds: &[World], path: &Path, problems: &mut Problems) {
    for (at, (condition, to)) in branches.iter().enumerate() {
        if worlds.iter().all(|world| !world.holds[at]) {
            problems.push(never(condition, path.index(at).key("when")));
        }
        for (earlier, (before, other)) in branches.iter().enumerate().take(at) {
            let both = worlds.iter().find(|world| world.certain && world.holds[at] && world.holds[earlier]);
            if let Some(world) = both.filter(|_| other != to) {
                problems.push(ambiguous(before, condition, world, path.index(at).key("when")));
            }
        }
    }
}

/// Two arrows for the same event that may both fit.
fn arrows(wait: &Wait, schema: &Schema, path: &Path, problems: &mut Problems) {
    for (at, (later, to)) in wait.on.iter().enumerate() {
        for (earlier, other) in &wait.on[..at] {
            if earlier.kind != later.kind || other == to || !compatible(earlier, later) {
                continue;
            }
            let guards: Vec<&Condition> = earlier.when.iter().chain(&later.when).collect();
            let Some(all) = worlds(schema, &guards, MAX_WORLDS) else { continue };
            let Some(world) = all.iter().find(|world| world.certain && !world.holds.contains(&false)) else {
                continue;
            };
            // An arrow that says more than a later one without a guard is the usual way to say "else".
            if later.when.is_none() && earlier.with.len() > later.with.len() {
                continue;
            }
            let message =
                "the same event may fit this arrow and an earlier one, which is then taken".to_owned();
            let message = if world.told.is_empty() { message } else { format!("{message}: {}", world.told) };
            problems.push(
                Problem::warning("journey/ambiguous-guards", path.index(at), message)
                    .with_help("make the two exclude each other, or remove one"),
            );
        }
    }
}

fn compatible(a: &Pattern, b: &Pattern) -> bool {
    a.with.iter().all(|(name, value)| b.with.iter().all(|(other, its)| name != other || value == its))
}

/// Waits for a condition that no world makes true.
fn hopeless(wait: &Wait, schema: &Schema, path: &Path, problems: &mut Problems) {
    let Some((condition, _)) = &wait.until else { return };
    let all = worlds(schema, &[condition], MAX_WORLDS);
    if all.is_some_and(|all| all.iter().all(|world| !world.holds[0])) {
        problems.push(never(condition, path.clone()));
    }
}

/// Exits and goals that rest on a condition that no world makes true, or that every world makes true.
fn impossible_exits(plan: &Plan, schema: &Schema, path: &Path, problems: &mut Problems) {
    let exits = plan.exits.iter().map(|rule| ("exits", rule));
    let goals = plan.goals.iter().map(|goal| ("goals", &goal.rule));
    let mut at = ("", 0);
    for (field, rule) in exits.chain(goals) {
        at = if at.0 == field { (field, at.1 + 1) } else { (field, 0) };
        let Some(condition) = &rule.when else { continue };
        let Some(all) = worlds(schema, &[condition], MAX_WORLDS) else { continue };
        let path = path.key(field).index(at.1).key("when");
        if all.iter().all(|world| !world.holds[0]) {
            problems.push(never(condition, path));
        } else if rule.on.is_empty() && all.iter().all(|world| world.holds[0]) {
            let message =
                format!("`{}` always holds, so that nobody can stay in the journey", condition.text());
            problems.push(
                Problem::warning("journey/always-true", path, message).with_help("say when it shall hold"),
            );
        }
    }
}

fn never(condition: &Condition, path: Path) -> Problem {
    Problem::warning("journey/never-true", path, format!("`{}` never holds", condition.text()))
        .with_help("check the values that it compares with")
}

fn ambiguous(before: &Condition, condition: &Condition, world: &World, path: Path) -> Problem {
    let (before, condition) = (before.text(), condition.text());
    let message = format!("`{before}` and `{condition}` may both hold: {}", world.told);
    Problem::warning("journey/ambiguous-guards", path, message)
        .with_help("the first branch that holds is taken; make the two exclude each other to say so")
}
