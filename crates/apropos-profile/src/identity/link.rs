//! Links and cases: plain facts.

use std::fmt;

use apropos_event::{IdentifierKind, SourceId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Key;

/// A fact that two keys belong to one person, until it is retracted.
///
/// Its id is made of its content: the same fact told twice is the same link.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Made of the content.
    pub id: Key,
    /// One end.
    pub a: Key,
    /// The other end.
    pub b: Key,
    /// Who says so.
    pub source: SourceId,
    /// What it rests on, such as `same login`.
    pub evidence: String,
    /// How sure it is, in percent.
    pub confidence: u8,
    /// When it was found.
    pub at: Timestamp,
}

impl Link {
    /// A link between `a` and `b`, found by `source` at `at`. The ends are put in order.
    pub fn new(
        (a, b): (Key, Key),
        source: SourceId,
        evidence: impl Into<String>,
        confidence: u8,
        at: Timestamp,
    ) -> Self {
        let (a, b, evidence) = (a.min(b), a.max(b), evidence.into());
        let content = format!("{a}{b}{at}{confidence:03}{}\0{evidence}", source.as_str());
        // The ends are keyed hashes already, so the id needs no secret of its own.
        let id = crate::Pepper::new([0; 32]).key("link", &content);
        Self { id, a, b, source, evidence, confidence: confidence.min(100), at }
    }

    /// The end that is not `key`.
    pub fn other(&self, key: Key) -> Key {
        if self.a == key { self.b } else { self.a }
    }
}

impl fmt::Debug for Link {
    /// Never the evidence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link({} to {}, {} %, {})", self.a, self.b, self.confidence, self.at)
    }
}

/// Why a person must decide.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CaseReason {
    /// Both sides hold a verified identifier of a kind that one person has only once.
    VerifiedConflict,
    /// Together the sides hold more identifiers of a kind than one person can have.
    TooMany,
}

/// Something about identity that a person must decide: nothing was merged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Why.
    pub reason: CaseReason,
    /// The kind of identifier.
    pub kind: IdentifierKind,
    /// The link that would have joined the sides, if there is one.
    pub link: Option<Key>,
    /// The identifiers that contradict each other, in order.
    pub keys: Vec<Key>,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason {
            CaseReason::VerifiedConflict => write!(f, "two verified identifiers of kind `{}`", self.kind),
            CaseReason::TooMany => write!(f, "{} identifiers of kind `{}`", self.keys.len(), self.kind),
        }
    }
}
