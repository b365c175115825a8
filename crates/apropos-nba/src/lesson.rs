//! What is still to be learned from what was done, or left undone, and the answer once it is known.
//!
//! Not here: when lessons are opened and settled, see `ledger` and `silence`.

use apropos_event::{ActionId, DecisionId, Timestamp};
use apropos_learn::Features;
use serde::{Deserialize, Serialize};

/// What is to be learned from a decision once its outcome is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lesson {
    /// The customer's features at the time of the decision.
    pub features: Features,
    /// The probability with which the action was chosen.
    pub probability: f64,
    /// When the answer counts as no.
    pub due: Timestamp,
}

/// An answer that the model can learn from.
#[derive(Clone, Debug, PartialEq)]
pub struct Reward {
    /// The decision.
    pub decision: DecisionId,
    /// The action.
    pub action: ActionId,
    /// The customer's features at the time of the decision.
    pub features: Features,
    /// The probability with which the action was chosen.
    pub probability: f64,
    /// Whether it did what it was meant to do.
    pub success: bool,
    /// When that was known.
    pub at: Timestamp,
}

/// A silence of which the answer is still open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Silence {
    pub(crate) decision: DecisionId,
    /// What stands for it in the model.
    pub(crate) arm: ActionId,
    pub(crate) at: Timestamp,
    pub(crate) lesson: Lesson,
}
