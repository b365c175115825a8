//! When a log cannot answer, and the words for it.
//!
//! Not here: the figures the gate looks at; see `diagnostics`.

use serde::{Deserialize, Serialize};

use super::{Diagnostics, Support};

/// What a log must offer before an estimate is given.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Gate {
    /// The smallest effective sample size.
    pub min_effective_sample: f64,
    /// How many standard errors the mean weight may lie from 1.
    pub max_weight_deviation: f64,
    /// The largest mean share of the policy that the logging policy never does.
    pub max_uncovered_mass: f64,
}

impl Default for Gate {
    fn default() -> Self {
        Self { min_effective_sample: 200.0, max_weight_deviation: 4.0, max_uncovered_mass: 0.01 }
    }
}

/// Why an evaluation gives no estimate.
#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Refusal {
    /// There is nothing to look at.
    #[error("the log has no rows")]
    NoRows,
    /// The policy never does what the log shows.
    #[error("the policy never takes an action that the log shows: every one of {rows} rows has weight 0")]
    NoOverlap {
        /// Rows in the log.
        rows: u64,
    },
    /// The logging policy never does what the policy does.
    #[error(
        "{uncovered:.4} of the policy lies on actions that were logged with probability 0; at most {limit:.4} is accepted"
    )]
    NoSupport {
        /// The mean share of the policy that is not covered.
        uncovered: f64,
        /// The most that the gate accepts.
        limit: f64,
    },
    /// A few rows carry all the weight.
    #[error(
        "the effective sample size is {ess:.1} of {rows} rows, at least {needed} is needed: a few rows with weights up to {max_weight:.1} would decide the answer"
    )]
    TooFewEffective {
        /// The effective sample size.
        ess: f64,
        /// Rows in the log.
        rows: u64,
        /// What the gate asks.
        needed: f64,
        /// The largest weight.
        max_weight: f64,
    },
    /// The weights do not average to 1: propensities are wrong, or the log does not cover the policy.
    #[error(
        "the weights average {mean:.4}, which is {deviations:.1} standard errors from 1: the logged probabilities are wrong or do not cover the policy"
    )]
    WeightsOff {
        /// The mean weight.
        mean: f64,
        /// How many standard errors it is from 1.
        deviations: f64,
    },
}

impl Gate {
    /// Whether an estimate may be given.
    ///
    /// # Errors
    /// The first reason why not, the most fundamental first.
    pub fn check(&self, found: &Diagnostics, support: Option<&Support>) -> Result<(), Refusal> {
        if found.rows == 0 {
            return Err(Refusal::NoRows);
        }
        if found.max_weight == 0.0 {
            return Err(Refusal::NoOverlap { rows: found.rows });
        }
        let uncovered = support.map_or(0.0, Support::uncovered_mass);
        if self.max_uncovered_mass < uncovered {
            return Err(Refusal::NoSupport { uncovered, limit: self.max_uncovered_mass });
        }
        if found.ess < self.min_effective_sample {
            return Err(Refusal::TooFewEffective {
                ess: found.ess,
                rows: found.rows,
                needed: self.min_effective_sample,
                max_weight: found.max_weight,
            });
        }
        let off = (found.mean_weight - 1.0).abs();
        if self.max_weight_deviation * found.mean_weight_se + 1e-9 < off {
            let deviations = if found.mean_weight_se == 0.0 { f64::MAX } else { off / found.mean_weight_se };
            return Err(Refusal::WeightsOff { mean: found.mean_weight, deviations });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(ess: f64, mean_weight: f64) -> Diagnostics {
        Diagnostics {
            rows: 1_000,
            ess,
            mean_weight,
            mean_weight_se: 0.01,
            max_weight: 9.0,
            ..Diagnostics::default()
        }
    }

    #[test]
    fn each_reason_has_its_words() {
        let gate = Gate::default();
        assert_eq!(gate.check(&found(900.0, 1.03), None), Ok(()));
        assert_eq!(gate.check(&Diagnostics::default(), None), Err(Refusal::NoRows));
        let thin = gate.check(&found(2.0, 1.0), None).unwrap_err().to_string();
        assert!(thin.contains("effective sample size is 2.0"), "{thin}");
        let off = gate.check(&found(900.0, 0.9), None).unwrap_err().to_string();
        assert!(off.contains("10.0 standard errors"), "{off}");
        let mut support = Support::default();
        support.push(&[0.5, 0.5], &[1.0, 0.0], 0.0);
        assert!(matches!(gate.check(&found(900.0, 1.0), Some(&support)), Err(Refusal::NoSupport { .. })));
    }
}
