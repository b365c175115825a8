//! What was taken out of a tree so that reading could go on, and what can be said for certain of the rest.
//!
//! Not here: the taking out (`peel`).

use std::collections::{BTreeMap, BTreeSet};

use crate::event::{Path, Problem, Segment, Severity};

/// What was done to a tree.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mending {
    /// Paths of the text whose values were taken out or replaced.
    pub(super) touched: BTreeSet<Path>,
    /// For each list that lost items: which of the text's items are still there.
    pub(super) kept: BTreeMap<Path, Vec<usize>>,
}

impl Mending {
    /// The path in the text of what is now at `path` in the tree.
    pub(super) fn original(&self, path: &Path) -> Path {
        path.segments().iter().fold(Path::root(), |original, segment| match segment {
            Segment::Key(key) => original.key(key.clone()),
            Segment::Index(index) => {
                let kept = self.kept.get(&original).and_then(|kept| kept.get(*index));
                original.index(kept.copied().unwrap_or(*index))
            }
        })
    }

    /// A problem of the mended tree at its path in the text, when it would be one without the mending as well.
    ///
    /// It would not when it lies where something was mended, nor when it rests on a part of the playbook in which
    /// something was: a name may be unknown only because we took out what has it.
    pub(crate) fn certain(&self, problem: Problem) -> Option<Problem> {
        let path = self.original(&problem.path);
        let near = |touched: &Path| {
            let (touched, here) = (touched.segments(), path.segments());
            touched.starts_with(here) || here.starts_with(touched)
        };
        let shaken = |part: &&str| self.touched.iter().any(|touched| begins(touched, part));
        if problem.severity != Severity::Error
            || self.touched.iter().any(near)
            || rests_on(problem.code).iter().any(shaken)
        {
            return None;
        }
        Some(Problem { path, ..problem })
    }
}

fn begins(path: &Path, part: &str) -> bool {
    matches!(path.segments().first(), Some(Segment::Key(key)) if key == part)
}

/// The parts that declare what conditions may name.
const DECLARING: [&str; 6] = ["attributes", "profile", "context", "journeys", "promises", "resources"];

/// What is wrong with a condition whatever is declared.
const OF_TEXT: [&str; 10] = [
    "argument-constant",
    "argument-count",
    "literal",
    "macro-variable",
    "map-key",
    "outside-subset",
    "pattern",
    "syntax",
    "unknown-function",
    "zone",
];

/// The parts of a playbook, beside its own place, that a problem of this kind rests on.
fn rests_on(code: &str) -> &'static [&'static str] {
    match code.split_once('/').unwrap_or((code, "")) {
        ("condition", what) if OF_TEXT.contains(&what) => &[],
        ("journey", "action-never-allowed") => &["actions", "context", "policy", "groups"],
        ("condition" | "journey", _) | ("playbook", "unknown-input" | "purpose") => &DECLARING,
        ("promise", _) => &["journeys", "promises"],
        ("nba", "unknown-channel") | ("context", _) => &["context"],
        ("nba", "unknown-group") => &["groups"],
        ("nba", "unknown-resource") => &["resources"],
        ("nba", "unknown-action" | "duplicate-action") => &["actions"],
        ("learn", "unknown-action" | "duplicate-action") => &["actions", "model"],
        ("learn", _) => &["model"],
        ("profile", _) => &["profile"],
        _ => &[],
    }
}
