//! One journey: entry, exits, goals, the way to a person, and the table of its nodes.
//!
//! Not here: single nodes.

use apropos_event::{JourneyId, NodeId, Path, Problem, draw};

use super::context::Context;
use super::names::{HUMAN, LEFT, Names, TIMED_OUT};
use super::plan::{Act, Entry, Goal, Node, Pattern, Plan, RETURN, Role, Rule, Target, Wait};
use super::{invariant, node};
use crate::definition::{EventClock, HumanDefinition, JourneyDefinition, Reentry, TimerRestore};
use crate::limits::{MAX_GOALS, MAX_NODES};

/// The family hash: names a journey in memories and patterns, in all versions.
pub(crate) fn family(id: &JourneyId) -> u64 {
    draw::stable_hash(0x6661_6D69_6C79, id.as_str().as_bytes())
}

/// Compiles one version; `None` when it has no node to start at.
pub(super) fn compile(
    definition: &JourneyDefinition,
    path: &Path,
    context: &mut Context<'_>,
) -> Option<Plan> {
    let before = context.problems.len();
    context.identifier("journey", definition.id.as_str(), &path.key("id"));
    let mut names = names(definition, path, context)?;
    let mut nodes = Vec::with_capacity(names.nodes.len());
    for (id, number) in names.nodes.clone() {
        let node = match definition.nodes.get(&id) {
            Some(node) => node::compile(node, &path.key("nodes").key(id.as_str()), &mut names, context),
            None => human_node(definition.human.as_ref(), path, &names, context),
        };
        debug_assert_eq!(nodes.len(), usize::from(number), "nodes are numbered in the order of their names");
        nodes.push(node);
    }
    let start = names.node(&definition.start, path.key("start"), context);
    let (human, human_on) = human(definition, &nodes, path, &names, context);
    let goals = goals(definition, path, &mut names, context);
    let exits = exits(definition, path, &mut names, context);
    let limit = definition.within.map(|within| {
        context.positive(Some(within), &path.key("within"));
        let text = definition.on_timeout.as_deref().unwrap_or("exit");
        (within, names.target(text, None, &path.key("on_timeout"), context))
    });
    if definition.within.is_none() && definition.on_timeout.is_some() {
        let problem = Problem::warning(
            "journey/misplaced-field",
            path.key("on_timeout"),
            "`on_timeout` needs `within`",
        );
        context.problems.push(problem);
    }
    if let Reentry::Concurrent { max: 0 } = definition.reentry {
        context.error("journey/never-entered", path.key("reentry"), "`max = 0` lets nobody in");
    }
    let entry = entry(definition, path, &names, context);
    invariant::check(definition, path, context);
    invariant::offered(definition, &definition.owns, &path.key("owns"), context);
    names.outcome(LEFT);
    names.outcome(TIMED_OUT);
    Some(Plan {
        id: definition.id.clone(),
        family: names.family,
        version: definition.version,
        fingerprint: fingerprint(definition),
        live: false,
        names: names.nodes.into_keys().collect(),
        nodes,
        start,
        entry,
        reentry: definition.reentry,
        goals,
        exits,
        limit,
        human,
        human_on,
        zone: definition.zone.clone(),
        stages: names.stages,
        outcomes: names.outcomes,
        owns: definition.owns.clone(),
        definition: definition.clone(),
        path: path.clone(),
        sound: !context.refused(before),
    })
}

fn names(definition: &JourneyDefinition, path: &Path, context: &mut Context<'_>) -> Option<Names> {
    let mut ids: Vec<NodeId> = definition.nodes.keys().cloned().collect();
    let implied = definition.human.as_ref().is_some_and(|human| human.node.is_none());
    let implied = implied.then(|| NodeId::new(HUMAN).ok()).flatten();
    if let Some(human) = &implied {
        if ids.contains(human) {
            context.error(
                "journey/reserved-name",
                path.key("nodes").key(HUMAN),
                "`human` names the hand-off made by `human.queue`; say `human.node = \"human\"` to use your own",
            );
        } else {
            ids.push(human.clone());
        }
    }
    ids.sort();
    if definition.nodes.is_empty() {
        context.error("journey/empty", path.key("nodes"), "a journey needs at least one node");
        return None;
    }
    if MAX_NODES < ids.len() {
        let message = format!("a journey has at most {MAX_NODES} nodes, this one has {}", ids.len());
        context.error("journey/too-many-nodes", path.key("nodes"), message);
        return None;
    }
    for reserved in ["exit", "continue"] {
        if let Some(id) = ids.iter().find(|id| id.as_str() == reserved) {
            let message = format!("`{reserved}` has a meaning of its own and cannot name a node");
            context.error("journey/reserved-name", path.key("nodes").key(id.as_str()), message);
        }
    }
    let goals: Vec<String> = definition.goals.iter().map(|goal| goal.id.clone()).collect();
    if MAX_GOALS < goals.len() {
        context.error(
            "journey/too-many-goals",
            path.key("goals"),
            format!("a journey has at most {MAX_GOALS} goals"),
        );
    }
    Some(Names {
        family: family(&definition.id),
        nodes: ids.into_iter().zip(0..).collect(),
        goals,
        stages: definition.stages.clone(),
        outcomes: Vec::new(),
        has_zone: definition.zone.is_some(),
    })
}

fn entry(definition: &JourneyDefinition, path: &Path, names: &Names, context: &mut Context<'_>) -> Entry {
    let path = path.key("entry");
    let entry = &definition.entry;
    context.positive(entry.max_age, &path.key("max_age"));
    Entry {
        on: context.patterns(names.family, &entry.on, &path.key("on")),
        when: context.optional(entry.when.as_ref(), &path.key("when")),
        key: entry.key.clone(),
        max_age: entry.max_age,
    }
}

fn goals(
    definition: &JourneyDefinition,
    path: &Path,
    names: &mut Names,
    context: &mut Context<'_>,
) -> Vec<Goal> {
    let mut goals = Vec::with_capacity(definition.goals.len());
    for (at, goal) in definition.goals.iter().enumerate().take(MAX_GOALS) {
        let path = path.key("goals").index(at);
        if definition.goals[..at].iter().any(|earlier| earlier.id == goal.id) {
            context.error(
                "journey/duplicate-goal",
                path.key("id"),
                format!("goal `{}` is declared twice", goal.id),
            );
        }
        if !goal.value.is_finite() {
            context.error("journey/not-finite", path.key("value"), "a value must be a finite number");
        }
        let rule = Rule {
            on: context.patterns(names.family, &goal.on, &path.key("on")),
            when: context.optional(goal.when.as_ref(), &path.key("when")),
            outcome: names.outcome(&goal.id),
        };
        goals.push(Goal { rule, ends: goal.ends });
    }
    goals
}

fn exits(
    definition: &JourneyDefinition,
    path: &Path,
    names: &mut Names,
    context: &mut Context<'_>,
) -> Vec<Rule> {
    let mut exits = Vec::with_capacity(definition.exits.len());
    for (at, exit) in definition.exits.iter().enumerate() {
        let path = path.key("exits").index(at);
        if exit.on.is_empty() && exit.when.is_none() {
            let problem =
                Problem::error("journey/exit-without-cause", path.clone(), "this exit can never be taken")
                    .with_help("say with `on` which events end the journey, or with `when` which condition");
            context.problems.push(problem);
        }
        exits.push(Rule {
            on: context.patterns(names.family, &exit.on, &path.key("on")),
            when: context.optional(exit.when.as_ref(), &path.key("when")),
            outcome: names.outcome(&exit.outcome),
        });
    }
    exits
}

/// The node that leads to a person from everywhere, and the events that ask for one.
fn human(
    definition: &JourneyDefinition,
    nodes: &[Node],
    path: &Path,
    names: &Names,
    context: &mut Context<'_>,
) -> (Option<u16>, Vec<Pattern>) {
    let Some(human) = &definition.human else { return (None, Vec::new()) };
    let path = path.key("human");
    let at = match &human.node {
        Some(id) => Some(names.node(id, path.key("node"), context)),
        None => names.nodes.get(HUMAN).copied(),
    };
    let act = at.and_then(|at| nodes.get(usize::from(at))).map(|node| &node.act);
    let hands_off = matches!(act, Some(Act::Wait(wait)) if matches!(wait.role, Role::HandOff { .. }));
    if !hands_off {
        context.error("journey/human-is-no-hand-off", path.key("node"), "`human.node` must name a hand-off");
    }
    (at, context.patterns(names.family, &human.on, &path.key("on")))
}

/// The hand-off that `human.queue` makes: when it is closed, the customer goes back to where they were.
fn human_node(
    human: Option<&HumanDefinition>,
    path: &Path,
    names: &Names,
    context: &mut Context<'_>,
) -> Node {
    let path = path.key("human");
    let Some(queue) = human.and_then(|human| human.queue.clone()) else {
        let problem =
            Problem::error("journey/missing-field", path, "the way to a person needs `queue` or `node`");
        context.problems.push(problem);
        return Node { act: Act::End { outcome: 0, goal: None }, stage: None };
    };
    let closed_by = human.map(|human| human.closed_by.as_slice()).unwrap_or_default();
    let patterns = context.patterns(names.family, closed_by, &path.key("closed_by"));
    let act = Act::Wait(Box::new(Wait {
        role: Role::HandOff { queue },
        on: patterns.into_iter().map(|pattern| (pattern, RETURN)).collect(),
        until: None,
        timer: None,
        timeout: Target::Return,
        by: EventClock::Receipt,
        lookback: None,
        grace: apropos_event::Duration::ZERO,
        restore: TimerRestore::Absolute,
        actions: Vec::new(),
        demanded: false,
        outcomes: Vec::new(),
        next: Some(Target::Return),
    }));
    Node { act, stage: None }
}

/// The hash of everything in a definition that the run of an instance depends on: not of words for people.
///
/// Taken of the JSON text, in which a field that says nothing is not written: a field added to the format in a later
/// release does not change the fingerprints of definitions that do not use it.
fn fingerprint(definition: &JourneyDefinition) -> u64 {
    let mut bare = definition.clone();
    bare.doc = None;
    bare.invariants.clear();
    bare.goals.iter_mut().for_each(|goal| goal.value = 0.0);
    bare.nodes.values_mut().for_each(|node| node.doc = None);
    let text = serde_json::to_string(&bare).unwrap_or_default();
    draw::stable_hash(1, text.as_bytes())
}
