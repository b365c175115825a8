//! What is about to happen, so that help can come before the need.

use std::collections::BTreeSet;

use apropos_event::{Duration, Event, EventKind, Path, Problem, Problems, PropertyName, Timestamp};
use serde::{Deserialize, Serialize};

use crate::pattern::EventPattern;
use crate::place::PlaceKind;
use crate::reading::Source;

/// Something that is about to happen: arrival at the store, check-in, the end of a trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Happening {
    /// What kind of thing, such as `trial_end`; see [`HappeningDefinition`].
    pub kind: String,
    /// When it is expected.
    pub at: Timestamp,
    /// How sure that is, 0 to 1.
    #[serde(default = "certain")]
    pub certainty: f64,
    /// Where that comes from.
    #[serde(default)]
    pub source: Source,
    /// What it is about, such as a booking number.
    #[serde(default)]
    pub subject: Option<String>,
}

fn certain() -> f64 {
    1.0
}

impl Happening {
    /// A certain happening.
    pub fn new(kind: impl Into<String>, at: Timestamp) -> Self {
        Self { kind: kind.into(), at, certainty: 1.0, source: Source::Request, subject: None }
    }

    /// The same happening, less sure.
    #[must_use]
    pub fn with_certainty(mut self, certainty: f64) -> Self {
        self.certainty = if certainty.is_finite() { certainty.clamp(0.0, 1.0) } else { 0.0 };
        self
    }

    /// The same happening, about something.
    #[must_use]
    pub fn about(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }
}

/// A kind of happening that matters: a moment of truth upstream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HappeningDefinition {
    /// Its name, such as `trial_end`.
    pub kind: String,
    /// How long before it help is of use.
    pub lead: Duration,
    /// Events from which it is expected, such as a booking.
    #[serde(default)]
    pub expect_on: Option<EventPattern>,
    /// The property of such an event that holds the instant.
    #[serde(default)]
    pub due: Option<PropertyName>,
    /// Events after which it is no longer expected, such as a cancellation.
    #[serde(default)]
    pub cancel_on: Option<EventPattern>,
    /// The property that tells one from another, such as a booking number.
    #[serde(default)]
    pub subject: Option<PropertyName>,
    /// The kind of place such that being on the way to one announces it: arrival there is what happens.
    #[serde(default)]
    pub on_approach: Option<PlaceKind>,
}

impl HappeningDefinition {
    /// A kind that only the host announces.
    pub fn new(kind: impl Into<String>, lead: Duration) -> Self {
        Self {
            kind: kind.into(),
            lead,
            expect_on: None,
            due: None,
            cancel_on: None,
            subject: None,
            on_approach: None,
        }
    }

    /// The kinds of events that say something about it, each once.
    pub(crate) fn listens(&self) -> impl Iterator<Item = &EventKind> {
        let expect = self.expect_on.as_ref().map(|on| &on.kind);
        let cancel = self.cancel_on.as_ref().map(|on| &on.kind);
        expect.into_iter().chain(cancel.filter(|kind| expect != Some(kind)))
    }

    /// What an event of a customer says about what is about to happen.
    pub(crate) fn hear(&self, event: &Event) -> Option<Heard> {
        let subject = self.subject.as_ref().and_then(|name| event.properties.get(name)?.as_str());
        if self.cancel_on.as_ref().is_some_and(|on| on.matches(event)) {
            return Some(Heard::Cancelled(subject.map(str::to_owned)));
        }
        let due =
            self.due.as_ref().filter(|_| self.expect_on.as_ref().is_some_and(|on| on.matches(event)))?;
        let at = event.properties.get(due)?.as_str()?.parse().ok()?;
        let happening = Happening { source: Source::Event, ..Happening::new(self.kind.clone(), at) };
        Some(Heard::Expected(Happening { subject: subject.map(str::to_owned), ..happening }))
    }
}

/// What an event says about what is about to happen.
pub(crate) enum Heard {
    Expected(Happening),
    Cancelled(Option<String>),
}

/// At most this many kinds.
pub(crate) const MAX_HAPPENINGS: usize = 256;

/// Checks kinds and orders them by name.
pub(crate) fn compile(
    definitions: &[HappeningDefinition],
    path: &Path,
    problems: &mut Problems,
) -> Vec<HappeningDefinition> {
    if MAX_HAPPENINGS < definitions.len() {
        let message = format!("there are {} kinds, at most {MAX_HAPPENINGS} are accepted", definitions.len());
        problems.push(Problem::error("context/too-many", path.clone(), message));
    }
    let mut seen = BTreeSet::new();
    for (at, kind) in definitions.iter().enumerate() {
        let path = path.index(at);
        if !seen.insert(&kind.kind) {
            let message = format!("`{}` is declared twice", kind.kind);
            problems.push(Problem::error("context/duplicate", path.key("kind"), message));
        }
        if !kind.lead.is_positive() {
            let message = format!("the lead of `{}` must be longer than nothing", kind.kind);
            problems.push(Problem::error("context/lead", path.key("lead"), message));
        }
        if kind.expect_on.is_some() != kind.due.is_some() {
            let message = format!("`{}` needs both `expect_on` and `due`, or neither", kind.kind);
            problems.push(Problem::error("context/due", path.key("due"), message));
        }
    }
    let mut kinds = definitions.to_vec();
    kinds.sort_by(|a, b| a.kind.cmp(&b.kind));
    kinds
}
