//! What an evaluation answers: how far the log can be trusted, and the estimates or the refusal.
//!
//! Not here: how they are computed; see `evaluation`.

use serde::{Deserialize, Serialize};

use super::{Diagnostics, Gain, Interval, Refusal, Support};

/// One estimate, with all that is needed to judge it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Estimate {
    /// The estimator's name, such as `dr[table]`.
    pub estimator: String,
    /// The estimated value of the policy per decision.
    pub value: f64,
    /// Its standard error; by the delta method for self-normalised estimators.
    pub se: Option<f64>,
    /// The interval for a number of rows fixed beforehand.
    pub ci95: Option<Interval>,
    /// The interval that may be watched while the log grows.
    pub confidence_sequence: Option<Interval>,
    /// Whether the sequence holds for any distribution, or only as the log grows.
    pub sequence_is_exact: bool,
    /// The effective sample size behind it.
    pub ess: f64,
    /// The mean weight behind it.
    pub mean_weight: f64,
    /// The largest weight behind it.
    pub max_weight: f64,
}

/// What an evaluation answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// How far the log can be trusted.
    pub diagnostics: Diagnostics,
    /// The support check, when the logging policy is known for all actions.
    pub support: Option<Support>,
    /// Why there are no estimates, if there are none.
    pub refused: Option<Refusal>,
    /// The estimates, in the order of the plan; empty when refused.
    pub estimates: Vec<Estimate>,
    /// What the policy earns beyond the log's own decisions; `None` when refused.
    pub gain: Option<Gain>,
}

impl Report {
    /// The value of one estimate by name.
    pub fn value(&self, estimator: &str) -> Option<f64> {
        self.estimates.iter().find(|estimate| estimate.estimator == estimator).map(|estimate| estimate.value)
    }

    /// The smallest and the largest of the estimates: no estimator wins everywhere, so the spread is part of the
    /// answer.
    pub fn spread(&self) -> Option<Interval> {
        // A replay that matched nothing is no estimate.
        let told = |e: &&Estimate| e.estimator != "replay" || self.diagnostics.matched_rows != 0;
        let values = || self.estimates.iter().filter(told).map(|estimate| estimate.value);
        Some(Interval { low: values().reduce(f64::min)?, high: values().reduce(f64::max)? })
    }
}
