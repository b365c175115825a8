//! Which field of a node belongs to which kind.
//!
//! Not here: whether a field's value makes sense.

use apropos_event::{Path, Problem, Problems};

use crate::definition::{EventClock, NodeDefinition, NodeKind, TimerRestore};

/// Reports every field that `node`'s kind does not understand and every one that it needs and lacks.
pub(super) fn check(node: &NodeDefinition, path: &Path, problems: &mut Problems) {
    let kind = node.kind;
    for (field, present) in present(node) {
        if present && !understands(kind, field) {
            problems.push(
                Problem::warning(
                    "journey/misplaced-field",
                    path.key(field),
                    format!("`{field}` says nothing in a node of kind `{}`", name(kind)),
                )
                .with_help("remove it, or change the kind of the node"),
            );
        }
        if !present && needs(kind).contains(&field) {
            problems.push(missing(kind, field, path));
        }
    }
}

fn missing(kind: NodeKind, field: &'static str, path: &Path) -> Problem {
    let code = match (kind, field) {
        (NodeKind::Split, "otherwise") => "journey/split-without-default",
        (NodeKind::WaitEvent | NodeKind::WaitCondition | NodeKind::Offer, "on_timeout" | "within") => {
            "journey/wait-without-timeout"
        }
        _ => "journey/missing-field",
    };
    let help = match code {
        "journey/split-without-default" => "say with `otherwise` where to go when no branch holds",
        "journey/wait-without-timeout" => {
            "say with `within` how long to wait, and with `on_timeout` what then: `exit`, `continue` or a node"
        }
        _ => "add it",
    };
    let message = format!("a node of kind `{}` needs `{field}`", name(kind));
    Problem::error(code, path.clone(), message).with_help(help)
}

/// Each field with whether it says anything.
fn present(node: &NodeDefinition) -> [(&'static str, bool); 25] {
    [
        ("next", node.next.is_some()),
        ("on", !node.on.is_empty()),
        ("within", node.within.is_some()),
        ("on_timeout", node.on_timeout.is_some()),
        ("by", node.by != EventClock::default()),
        ("lookback", node.lookback.is_some()),
        ("grace", node.grace.is_some()),
        ("for", node.lasts.is_some()),
        ("when", node.when.is_some()),
        ("at", node.at.is_some()),
        ("weekdays", !node.weekdays.is_empty()),
        ("zone", node.zone.is_some()),
        ("timer", node.timer != TimerRestore::default()),
        ("branches", !node.branches.is_empty()),
        ("otherwise", node.otherwise.is_some()),
        ("arms", !node.arms.is_empty()),
        ("salt", node.salt.is_some()),
        ("experiment", node.experiment.is_some()),
        ("actions", !node.actions.is_empty()),
        ("queue", node.queue.is_some()),
        ("journey", node.journey.is_some()),
        ("outcomes", !node.outcomes.is_empty()),
        ("promise", node.promise.is_some()),
        ("outcome", node.outcome.is_some()),
        ("goal", node.goal.is_some()),
    ]
}

fn needs(kind: NodeKind) -> &'static [&'static str] {
    match kind {
        NodeKind::Milestone => &["next"],
        NodeKind::Moment => &["promise", "next"],
        NodeKind::WaitEvent => &["on", "within", "on_timeout"],
        NodeKind::WaitTime => &["for", "next"],
        NodeKind::WaitCondition => &["when", "next", "within", "on_timeout"],
        NodeKind::WaitLocal => &["at", "next"],
        NodeKind::Split => &["branches", "otherwise"],
        NodeKind::SplitHash => &["arms", "salt"],
        NodeKind::Experiment => &["arms", "experiment"],
        NodeKind::Offer => &["actions", "within", "on_timeout"],
        NodeKind::HandOff => &["queue", "next"],
        NodeKind::SubJourney => &["journey", "next"],
        NodeKind::Goal => &["goal"],
        NodeKind::Exit => &["outcome"],
    }
}

fn understands(kind: NodeKind, field: &str) -> bool {
    let also: &[&str] = match kind {
        NodeKind::WaitEvent => &["by", "lookback", "grace", "next", "timer"],
        NodeKind::Offer => &["on", "by", "lookback", "grace", "next", "timer"],
        NodeKind::WaitTime | NodeKind::WaitCondition => &["timer"],
        NodeKind::WaitLocal => &["weekdays", "zone", "timer"],
        NodeKind::Experiment => &["salt"],
        NodeKind::HandOff => &["on", "outcomes"],
        NodeKind::SubJourney => &["outcomes", "within", "on_timeout", "timer"],
        _ => &[],
    };
    needs(kind).contains(&field) || also.contains(&field)
}

/// The kind as an author writes it.
pub(crate) fn name(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Milestone => "milestone",
        NodeKind::Moment => "moment",
        NodeKind::WaitEvent => "wait_event",
        NodeKind::WaitTime => "wait_time",
        NodeKind::WaitCondition => "wait_condition",
        NodeKind::WaitLocal => "wait_local",
        NodeKind::Split => "split",
        NodeKind::SplitHash => "split_hash",
        NodeKind::Experiment => "experiment",
        NodeKind::Offer => "offer",
        NodeKind::HandOff => "hand_off",
        NodeKind::SubJourney => "sub_journey",
        NodeKind::Goal => "goal",
        NodeKind::Exit => "exit",
    }
}
