//! What compiling needs at hand everywhere: the schema, the numbers of event kinds, the known names, the problems.
//!
//! Not here: any one kind of definition.

use std::collections::BTreeSet;

use apropos_condition::{AttributeId, Condition, SchemaBuilder};
use apropos_event::{
    Duration, EventKind, JourneyId, Path, Problem, Problems, PromiseId, Properties, Severity, did_you_mean,
    draw,
};

use super::plan::{Kinds, Pattern};
use crate::definition::{EventPattern, JourneyDefinition, PromiseDefinition};

/// What all compiling shares.
pub(super) struct Context<'a> {
    pub(super) schema: &'a mut SchemaBuilder,
    pub(super) problems: &'a mut Problems,
    pub(super) kinds: Kinds,
    pub(super) journeys: Vec<&'a JourneyId>,
    pub(super) promises: Vec<&'a PromiseId>,
    moments: Vec<&'a PromiseId>,
    /// The attributes that the conditions parsed so far read.
    pub(super) reads: BTreeSet<AttributeId>,
}

impl<'a> Context<'a> {
    pub(super) fn new(
        journeys: &'a [JourneyDefinition],
        promises: &'a [PromiseDefinition],
        schema: &'a mut SchemaBuilder,
        problems: &'a mut Problems,
    ) -> Self {
        let mut names: Vec<EventKind> = Vec::new();
        for journey in journeys {
            kinds_of_journey(journey, &mut names);
        }
        for promise in promises {
            kinds_of_promise(promise, &mut names);
        }
        names.sort();
        names.dedup();
        Self {
            schema,
            problems,
            kinds: Kinds { names },
            journeys: journeys.iter().map(|journey| &journey.id).collect(),
            promises: promises.iter().map(|promise| &promise.id).collect(),
            moments: journeys
                .iter()
                .flat_map(|journey| journey.nodes.values().filter_map(|node| node.promise.as_ref()))
                .collect(),
            reads: BTreeSet::new(),
        }
    }

    /// Whether a node of any journey makes this promise.
    pub(super) fn opened_by_moment(&self, promise: &PromiseId) -> bool {
        self.moments.contains(&promise)
    }

    /// Parses a condition; what is wrong with it is reported at `path`.
    pub(super) fn condition(&mut self, text: &str, path: &Path) -> Option<Condition> {
        let condition = self.schema.condition(text, path, self.problems)?;
        self.reads.extend(condition.attributes());
        Some(condition)
    }

    pub(super) fn optional(&mut self, text: Option<&String>, path: &Path) -> Option<Condition> {
        text.and_then(|text| self.condition(text, path))
    }

    pub(super) fn pattern(
        &mut self,
        family: u64,
        event: &EventKind,
        with: &Properties,
        when: Option<&String>,
        path: &Path,
    ) -> Pattern {
        let condition = self.optional(when, &path.key("when"));
        let text = format!("{event}\n{with:?}\n{when:?}");
        Pattern {
            // INVARIANT: all kinds were gathered before.
            kind: self.kinds.number(event).unwrap_or(u32::MAX),
            with: with.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
            when: condition,
            hash: draw::stable_hash(family, text.as_bytes()),
        }
    }

    pub(super) fn patterns(&mut self, family: u64, patterns: &[EventPattern], path: &Path) -> Vec<Pattern> {
        patterns
            .iter()
            .enumerate()
            .map(|(at, pattern)| {
                self.pattern(family, &pattern.event, &pattern.with, pattern.when.as_ref(), &path.index(at))
            })
            .collect()
    }

    pub(super) fn error(&mut self, code: apropos_event::Code, path: Path, message: impl Into<String>) {
        self.problems.push(Problem::error(code, path, message));
    }

    /// Reports a name that is not known, with the nearest that is.
    pub(super) fn unknown<'n>(
        &mut self,
        code: apropos_event::Code,
        path: Path,
        what: &str,
        name: &str,
        known: impl IntoIterator<Item = &'n str>,
    ) {
        let mut problem = Problem::error(code, path, format!("{what} `{name}` does not exist"));
        problem.help = did_you_mean(name, known);
        self.problems.push(problem);
    }

    /// Whether an error was reported since there were `before` problems.
    pub(super) fn refused(&self, before: usize) -> bool {
        self.problems.iter().skip(before).any(|problem| problem.severity == Severity::Error)
    }

    /// Reports a duration that is not longer than nothing.
    pub(super) fn positive(&mut self, duration: Option<Duration>, path: &Path) {
        if duration.is_some_and(|duration| !duration.is_positive()) {
            self.error("journey/not-positive", path.clone(), "a time must be longer than nothing");
        }
    }

    /// Reports an id that conditions could not speak of.
    pub(super) fn identifier(&mut self, what: &str, id: &str, path: &Path) {
        let mut bytes = id.bytes();
        let starts = bytes.next().is_some_and(|b| b.is_ascii_lowercase() || b == b'_');
        if !starts || !bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
            self.problems.push(
                Problem::error("journey/bad-name", path.clone(), format!("`{id}` cannot name a {what}"))
                    .with_help(
                        "use lower-case letters, digits and underscores, since conditions speak of it",
                    ),
            );
        }
    }
}

fn kinds_of_journey(journey: &JourneyDefinition, names: &mut Vec<EventKind>) {
    let mut add =
        |patterns: &[EventPattern]| names.extend(patterns.iter().map(|pattern| pattern.event.clone()));
    add(&journey.entry.on);
    journey.exits.iter().for_each(|exit| add(&exit.on));
    journey.goals.iter().for_each(|goal| add(&goal.on));
    if let Some(human) = &journey.human {
        add(&human.on);
        add(&human.closed_by);
    }
    names.extend(journey.nodes.values().flat_map(|node| node.on.iter().map(|on| on.event.clone())));
}

fn kinds_of_promise(promise: &PromiseDefinition, names: &mut Vec<EventKind>) {
    let repair = promise.repair.iter().flat_map(|repair| &repair.closed_by);
    let all = promise.on.iter().chain(&promise.kept_by).chain(&promise.void_by).chain(repair);
    names.extend(all.map(|pattern| pattern.event.clone()));
}
