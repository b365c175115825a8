//! What an evaluation is asked: which estimators, which rewards can occur, how sure, on which conditions.
//!
//! Not here: the stream of rows; see `evaluation`.

use serde::{Deserialize, Serialize};

use super::{Estimator, Gate};

/// What to estimate, and under which terms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Plan {
    /// The estimators, in the order of the report; at most [`MAX_ESTIMATORS`](super::MAX_ESTIMATORS) are kept.
    pub estimators: Vec<Estimator>,
    /// How the reward model is called in names such as `dr[table]`.
    pub model: String,
    /// The smallest and largest possible reward.
    pub reward_range: (f64, f64),
    /// 1 − the confidence of every interval.
    pub alpha: f64,
    /// What the log must offer.
    pub gate: Gate,
    /// The largest weight that can occur, when the logging policy promises a floor: it sharpens the exact sequence.
    pub max_weight: Option<f64>,
    /// The number of rows at which asymptotic sequences are tightest.
    pub tuning_rows: f64,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            estimators: Estimator::weight_only(),
            model: "model".to_owned(),
            reward_range: (0.0, 1.0),
            alpha: 0.05,
            gate: Gate::default(),
            max_weight: None,
            tuning_rows: 5_000.0,
        }
    }
}

/// Two evaluations of different plans, or two tables of different shapes, do not add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("only parts of the same plan and shape add up")]
pub struct MergeError;
