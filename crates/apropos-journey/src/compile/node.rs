//! One node: from the flat form an author writes to the one thing it does.
//!
//! Not here: which fields belong to which kind, see `fields`.

use apropos_event::{Duration, NodeId, Path, Problem, draw};

use super::context::Context;
use super::fields;
use super::names::Names;
use super::plan::{Act, DrawArm, Node, Role, Says, Target, Timer, Wait};
use crate::definition::{NodeDefinition, NodeKind};
use crate::limits::MAX_ARROWS;

/// Compiles one node.
pub(super) fn compile(
    definition: &NodeDefinition,
    path: &Path,
    names: &mut Names,
    context: &mut Context<'_>,
) -> Node {
    fields::check(definition, path, context.problems);
    limits(definition, path, context);
    let stage = stage(definition, path, names, context);
    let next = definition.next.as_ref().map(|id| names.node(id, path.key("next"), context));
    let onward = next.unwrap_or(0);
    let act = match definition.kind {
        NodeKind::Milestone => Act::Pass { says: Says::Milestone, next: onward },
        NodeKind::Moment => {
            Act::Pass { says: Says::Promise(promise(definition, path, context)), next: onward }
        }
        NodeKind::Split => split(definition, path, names, context),
        NodeKind::SplitHash | NodeKind::Experiment => drawn(definition, path, names, context),
        NodeKind::Goal | NodeKind::Exit => end(definition, path, names, context),
        _ => Act::Wait(Box::new(wait(definition, next, path, names, context))),
    };
    Node { act, stage }
}

fn limits(definition: &NodeDefinition, path: &Path, context: &mut Context<'_>) {
    let lists = [
        ("on", definition.on.len()),
        ("branches", definition.branches.len()),
        ("arms", definition.arms.len()),
        ("actions", definition.actions.len()),
        ("outcomes", definition.outcomes.len()),
    ];
    for (field, length) in lists {
        if MAX_ARROWS < length {
            let message = format!("at most {MAX_ARROWS} entries are possible, here are {length}");
            context.error("journey/too-many-arrows", path.key(field), message);
        }
    }
    context.positive(definition.within, &path.key("within"));
    context.positive(definition.lasts, &path.key("for"));
    context.positive(definition.lookback, &path.key("lookback"));
    context.positive(definition.grace, &path.key("grace"));
}

fn stage(definition: &NodeDefinition, path: &Path, names: &Names, context: &mut Context<'_>) -> Option<u16> {
    let stage = definition.stage.as_ref()?;
    let at = names.stages.iter().position(|known| known == stage);
    if at.is_none() {
        let known = names.stages.iter().map(String::as_str);
        context.unknown("journey/unknown-stage", path.key("stage"), "stage", stage, known);
    }
    at.map(|at| at as u16)
}

fn promise(definition: &NodeDefinition, path: &Path, context: &mut Context<'_>) -> u16 {
    let Some(id) = &definition.promise else { return 0 };
    let at = context.promises.iter().position(|known| *known == id);
    if at.is_none() {
        let known: Vec<&str> = context.promises.iter().map(|id| id.as_str()).collect();
        context.unknown("journey/unknown-promise", path.key("promise"), "promise", id.as_str(), known);
    }
    at.unwrap_or(0) as u16
}

fn split(definition: &NodeDefinition, path: &Path, names: &mut Names, context: &mut Context<'_>) -> Act {
    let mut branches = Vec::with_capacity(definition.branches.len());
    for (at, branch) in definition.branches.iter().enumerate() {
        let path = path.key("branches").index(at);
        let to = names.node(&branch.to, path.key("to"), context);
        if let Some(condition) = context.condition(&branch.when, &path.key("when")) {
            branches.push((condition, to));
        }
    }
    let otherwise = definition.otherwise.as_ref();
    let otherwise = otherwise.map_or(0, |id| names.node(id, path.key("otherwise"), context));
    Act::Choose { branches, otherwise }
}

fn drawn(definition: &NodeDefinition, path: &Path, names: &mut Names, context: &mut Context<'_>) -> Act {
    let mut total = 0_u64;
    let mut arms = Vec::with_capacity(definition.arms.len());
    for (at, arm) in definition.arms.iter().enumerate() {
        let path = path.key("arms").index(at);
        if definition.kind == NodeKind::Experiment && arm.name.is_none() {
            context.error("journey/missing-field", path.key("name"), "an arm of an experiment needs a name");
        }
        total += u64::from(arm.share);
        let to = names.node(&arm.to, path.key("to"), context);
        arms.push(DrawArm { upto: total, name: arm.name.clone(), to });
    }
    if total == 0 && !definition.arms.is_empty() {
        context.error("journey/no-share", path.key("arms"), "the shares add up to nothing");
    }
    let salt = definition.salt.as_ref().or(definition.experiment.as_ref());
    let seed = draw::stable_hash(2, salt.map_or("", String::as_str).as_bytes());
    Act::Draw { seed, arms, total, experiment: definition.experiment.clone() }
}

fn end(definition: &NodeDefinition, path: &Path, names: &mut Names, context: &mut Context<'_>) -> Act {
    if let Some(outcome) = definition.outcome.as_ref().filter(|_| definition.kind == NodeKind::Exit) {
        return Act::End { outcome: names.outcome(outcome), goal: None };
    }
    let goal = definition.goal.clone().unwrap_or_default();
    let at = names.goals.iter().position(|known| *known == goal);
    if at.is_none() && definition.goal.is_some() {
        let known = names.goals.iter().map(String::as_str);
        context.unknown("journey/unknown-goal", path.key("goal"), "goal", &goal, known);
    }
    Act::End { outcome: names.outcome(&goal), goal: at.map(|at| at as u16) }
}

fn wait(
    definition: &NodeDefinition,
    next: Option<u16>,
    path: &Path,
    names: &mut Names,
    context: &mut Context<'_>,
) -> Wait {
    let kind = definition.kind;
    let mut on = Vec::with_capacity(definition.on.len());
    for (at, arrow) in definition.on.iter().enumerate() {
        let path = path.key("on").index(at);
        let pattern = context.pattern(names.family, &arrow.event, &arrow.with, arrow.when.as_ref(), &path);
        on.push((pattern, names.node(&arrow.to, path.key("to"), context)));
    }
    let condition = definition.when.as_ref().filter(|_| kind == NodeKind::WaitCondition);
    let until = context.optional(condition, &path.key("when")).zip(next);
    let timer = timer(definition, path, names, context);
    let timeout = match (&definition.on_timeout, kind) {
        (Some(text), _) => names.target(text, next, &path.key("on_timeout"), context),
        (None, _) => next.map_or(Target::Exit(0), Target::Node),
    };
    Wait {
        role: role(definition, path, context),
        on,
        until,
        timer,
        timeout,
        by: definition.by,
        lookback: definition.lookback,
        grace: definition.grace.unwrap_or(Duration::ZERO),
        restore: definition.timer,
        actions: definition.actions.clone(),
        demanded: definition.demanded,
        outcomes: outcomes(definition, path, names, context),
        next: next.filter(|_| matches!(kind, NodeKind::HandOff | NodeKind::SubJourney)).map(Target::Node),
    }
}

fn outcomes(
    definition: &NodeDefinition,
    path: &Path,
    names: &Names,
    context: &mut Context<'_>,
) -> Vec<(String, u16)> {
    let path = path.key("outcomes");
    let number = |(outcome, id): (&String, &NodeId)| {
        (outcome.clone(), names.node(id, path.key(outcome.as_str()), context))
    };
    definition.outcomes.iter().map(number).collect()
}

fn role(definition: &NodeDefinition, path: &Path, context: &mut Context<'_>) -> Role {
    match definition.kind {
        NodeKind::HandOff => Role::HandOff { queue: definition.queue.clone().unwrap_or_default() },
        NodeKind::SubJourney => {
            let Some(journey) = definition.journey.clone() else { return Role::Plain };
            if !context.journeys.contains(&&journey) {
                let known: Vec<&str> = context.journeys.iter().map(|id| id.as_str()).collect();
                let path = path.key("journey");
                context.unknown("journey/unknown-journey", path, "journey", journey.as_str(), known);
            }
            Role::Sub { journey }
        }
        _ => Role::Plain,
    }
}

fn timer(
    definition: &NodeDefinition,
    path: &Path,
    names: &Names,
    context: &mut Context<'_>,
) -> Option<Timer> {
    match definition.kind {
        NodeKind::HandOff => None,
        NodeKind::WaitTime => definition.lasts.map(Timer::After),
        NodeKind::WaitLocal => {
            if definition.zone.is_none() && !names.has_zone {
                let message = "a customer's zone may be unknown, and nothing says which zone counts then";
                let problem = Problem::error("journey/no-zone", path.key("zone"), message)
                    .with_help("give the journey a `zone` for customers whose zone is unknown");
                context.problems.push(problem);
            }
            let (weekdays, zone) = (definition.weekdays.clone(), definition.zone.clone());
            definition.at.map(|at| Timer::Local { at, weekdays, zone })
        }
        _ => definition.within.map(Timer::After),
    }
}
