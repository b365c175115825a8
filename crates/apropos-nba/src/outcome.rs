//! What can come of what was done for a customer.
//!
//! Not here: where it is remembered, see `ledger`, and what follows from it, see `policy`.

use apropos_event::{DecisionId, Timestamp};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// What can come of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OutcomeKind {
    /// It reached the customer.
    Delivered,
    /// It could not be carried out; its place in the limits is free again.
    Failed,
    /// The customer looked at it.
    Seen,
    /// The customer took it up.
    Engaged,
    /// It did what it was meant to do.
    Converted,
    /// The customer waved it away.
    Dismissed,
    /// The customer complained.
    Complained,
    /// Nothing came of it in time.
    Ignored,
}

/// What came of one decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// The decision.
    pub decision: DecisionId,
    /// What came of it.
    pub kind: OutcomeKind,
    /// When.
    pub at: Timestamp,
}

/// Why an outcome is refused. A refused outcome changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettleError {
    /// The decision is not in the customer's ledger: never accepted, or too long ago.
    #[error("decision `{0}` is not in the customer's ledger")]
    UnknownDecision(DecisionId),
    /// The outcome lies before its decision.
    #[error("the outcome of decision `{0}` lies before it")]
    BeforeDecision(DecisionId),
}

/// What came of one contact, each kind at most once, in order of arrival.
// Most contacts have one, and every decision looks at those of late contacts: one lies inline.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Outcomes(SmallVec<[(OutcomeKind, Timestamp); 1]>);

impl Outcomes {
    /// The outcomes, each with when it came.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (OutcomeKind, Timestamp)> + '_ {
        self.0.iter().copied()
    }

    /// The last that came.
    pub fn last(&self) -> Option<(OutcomeKind, Timestamp)> {
        self.0.last().copied()
    }

    pub(crate) fn push(&mut self, kind: OutcomeKind, at: Timestamp) {
        self.0.push((kind, at));
    }
}
