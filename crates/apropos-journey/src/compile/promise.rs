//! Promises: who owes what by when.
//!
//! Not here: tracking them.

use apropos_event::{Path, Problem, draw};

use super::context::Context;
use super::plan::{Expected, Promise, Repair};
use crate::definition::PromiseDefinition;
use crate::limits::MAX_PROMISES;

/// Compiles all promises, in the order of their definition.
pub(super) fn compile_all(definitions: &[PromiseDefinition], context: &mut Context<'_>) -> Vec<Promise> {
    let root = Path::root().key("promises");
    let mut promises = Vec::with_capacity(definitions.len());
    for (at, definition) in definitions.iter().enumerate().take(MAX_PROMISES) {
        let path = root.index(at);
        if definitions[..at].iter().any(|earlier| earlier.id == definition.id) {
            let message = format!("promise `{}` is declared twice", definition.id);
            context.error("promise/duplicate", path.key("id"), message);
        }
        promises.push(compile(definition, &path, context));
    }
    promises
}

fn compile(definition: &PromiseDefinition, path: &Path, context: &mut Context<'_>) -> Promise {
    context.identifier("promise", definition.id.as_str(), &path.key("id"));
    check(definition, path, context);
    let family = draw::stable_hash(0x7072_6F6D, definition.id.as_str().as_bytes());
    let mut expectations = Vec::with_capacity(definition.expectations.len());
    for (at, expectation) in definition.expectations.iter().enumerate() {
        let path = path.key("expectations").index(at);
        let when = context.optional(expectation.when.as_ref(), &path.key("when"));
        expectations.push(Expected { source: expectation.source, when, within: expectation.within });
    }
    let repair = definition.repair.as_ref().map(|repair| Repair {
        actions: repair.actions.clone(),
        closed_by: context.patterns(family, &repair.closed_by, &path.key("repair").key("closed_by")),
    });
    Promise {
        id: definition.id.clone(),
        on: context.patterns(family, &definition.on, &path.key("on")),
        key: definition.key.clone(),
        expectations,
        kept_by: context.patterns(family, &definition.kept_by, &path.key("kept_by")),
        void_by: context.patterns(family, &definition.void_by, &path.key("void_by")),
        at_risk: definition.at_risk.clamp(0.0, 1.0),
        raises: definition.raises.clone(),
        repair,
        lateness: None,
        definition: definition.clone(),
    }
}

/// Promises that nobody can keep, and slips.
fn check(definition: &PromiseDefinition, path: &Path, context: &mut Context<'_>) {
    let mut cannot = |path: Path, message: &str, help: &str| {
        let problem = Problem::error("promise/cannot-be-kept", path, message).with_help(help);
        context.problems.push(problem);
    };
    if definition.kept_by.is_empty() {
        cannot(
            path.key("kept_by"),
            "nothing keeps this promise",
            "say with `kept_by` which events are evidence",
        );
    }
    for (at, expectation) in definition.expectations.iter().enumerate() {
        if !expectation.within.is_positive() {
            let path = path.key("expectations").index(at).key("within");
            cannot(
                path,
                "this deadline has passed when the promise is made",
                "use a time longer than nothing",
            );
        }
    }
    for (at, kept) in definition.kept_by.iter().enumerate() {
        let voids = definition.void_by.iter().any(|void| {
            void.event == kept.event
                && void.when.is_none()
                && void.with.iter().all(|(k, v)| kept.with.get(k) == Some(v))
        });
        if voids {
            let path = path.key("kept_by").index(at);
            cannot(
                path,
                "this event makes the promise void before it can keep it",
                "tell the two apart with `with`",
            );
        }
    }
    if definition.expectations.is_empty() {
        context.error(
            "promise/no-deadline",
            path.key("expectations"),
            "a promise needs at least one expectation",
        );
    }
    if !(0.0..=1.0).contains(&definition.at_risk) {
        context.error("promise/bad-share", path.key("at_risk"), "the share of time must lie between 0 and 1");
    }
    if definition.on.is_empty()
        && !definition.expectations.is_empty()
        && !context.opened_by_moment(&definition.id)
    {
        let problem = Problem::warning("promise/never-made", path.key("on"), "nothing makes this promise")
            .with_help("say with `on` which events make it, or name it in a node of kind `moment`");
        context.problems.push(problem);
    }
}
