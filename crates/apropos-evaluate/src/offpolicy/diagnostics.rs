//! How far a log can be trusted for a policy: weights, effective sample, support.
//!
//! Not here: when to refuse; see `refusal`.

use serde::{Deserialize, Serialize};

use crate::numeric::{Moments, Sum};

use super::Row;

/// The sums that every weight-only figure is made of. O(1) memory, mergeable.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightSums {
    pub(super) weight: Moments,
    pub(super) reward: Moments,
    pub(super) weighted: Moments,
    pub(super) weight_weighted: Sum,
    pub(super) matched: Moments,
    /// (w − 1) r: what the policy earns beyond the log's own decision.
    pub(super) gain: Moments,
    pub(super) zero_weight: u64,
    pub(super) max_weight: f64,
    pub(super) min_propensity: f64,
    pub(super) max_propensity: f64,
}

impl Default for WeightSums {
    fn default() -> Self {
        Self {
            weight: Moments::default(),
            reward: Moments::default(),
            weighted: Moments::default(),
            weight_weighted: Sum::default(),
            matched: Moments::default(),
            gain: Moments::default(),
            zero_weight: 0,
            max_weight: 0.0,
            min_propensity: 1.0,
            max_propensity: 0.0,
        }
    }
}

impl WeightSums {
    /// Takes one row, which must have passed [`Row::check`].
    #[inline]
    pub fn push(&mut self, row: &Row) {
        let weighted = row.weight * row.reward;
        self.weight.push(row.weight);
        self.reward.push(row.reward);
        self.weighted.push(weighted);
        self.weight_weighted.add_product(row.weight, weighted);
        self.gain.push((row.weight - 1.0) * row.reward);
        if row.matched {
            self.matched.push(row.reward);
        }
        self.zero_weight += u64::from(row.weight == 0.0);
        self.max_weight = self.max_weight.max(row.weight);
        self.min_propensity = self.min_propensity.min(row.propensity);
        self.max_propensity = self.max_propensity.max(row.propensity);
    }

    /// Adds all that `other` has seen.
    pub fn merge(&mut self, other: &Self) {
        self.weight.merge(&other.weight);
        self.reward.merge(&other.reward);
        self.weighted.merge(&other.weighted);
        self.weight_weighted.merge(&other.weight_weighted);
        self.matched.merge(&other.matched);
        self.gain.merge(&other.gain);
        self.zero_weight += other.zero_weight;
        self.max_weight = self.max_weight.max(other.max_weight);
        self.min_propensity = self.min_propensity.min(other.min_propensity);
        self.max_propensity = self.max_propensity.max(other.max_propensity);
    }

    /// The rewards as they were logged: what the logging policy earned.
    pub fn reward(&self) -> &Moments {
        &self.reward
    }

    /// The figures to print with every estimate.
    pub fn diagnostics(&self) -> Diagnostics {
        let squares = self.weight.sum_of_squares();
        let sum = self.weight.sum();
        Diagnostics {
            rows: self.weight.count(),
            reward_sum: self.reward.sum(),
            ess: if squares == 0.0 { 0.0 } else { sum * sum / squares },
            mean_weight: self.weight.mean(),
            mean_weight_se: self.weight.standard_error(),
            max_weight: self.max_weight,
            zero_weight_rows: self.zero_weight,
            matched_rows: self.matched.count(),
            min_propensity: self.min_propensity,
            max_propensity: self.max_propensity,
        }
    }
}

/// What a reader must know before believing an estimate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Diagnostics {
    /// Logged decisions.
    pub rows: u64,
    /// Sum of their rewards.
    pub reward_sum: f64,
    /// Effective sample size: (Σw)² / Σw².
    pub ess: f64,
    /// Mean weight: 1 when the log covers what the policy does.
    pub mean_weight: f64,
    /// Standard error of the mean weight.
    pub mean_weight_se: f64,
    /// The largest weight.
    pub max_weight: f64,
    /// Rows that the policy would never have produced.
    pub zero_weight_rows: u64,
    /// Rows on which a deterministic policy agrees with the log.
    pub matched_rows: u64,
    /// The smallest logged probability.
    pub min_propensity: f64,
    /// The largest logged probability.
    pub max_propensity: f64,
}

/// The support check: how much of the policy the logging policy never does (Σ_a π_e(a|x) where π_b(a|x) = 0).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Support {
    uncovered: Moments,
    rows_uncovered: u64,
    actions: u64,
    at_floor: u64,
}

impl Support {
    /// Looks at one decision whose two policies are known for every action. O(actions).
    ///
    /// `floor` is the smallest probability that the logging policy promises.
    pub fn push(&mut self, policy: &[f64], logging: &[f64], floor: f64) {
        let uncovered: f64 = policy.iter().zip(logging).filter(|(_, b)| **b <= 0.0).map(|(e, _)| e).sum();
        self.uncovered.push(uncovered);
        self.rows_uncovered += u64::from(0.0 < uncovered);
        self.actions += logging.len() as u64;
        self.at_floor += logging.iter().filter(|b| **b <= floor * (1.0 + 1e-9)).count() as u64;
    }

    /// Adds all that `other` has seen.
    pub fn merge(&mut self, other: &Self) {
        self.uncovered.merge(&other.uncovered);
        self.rows_uncovered += other.rows_uncovered;
        self.actions += other.actions;
        self.at_floor += other.at_floor;
    }

    /// The mean share of the policy that lies where the log can never look.
    pub fn uncovered_mass(&self) -> f64 {
        self.uncovered.mean()
    }

    /// The share of decisions at which some of the policy lies where the log never looks.
    pub fn uncovered_rows(&self) -> f64 {
        share(self.rows_uncovered, self.uncovered.count())
    }

    /// The share of probabilities at the floor.
    pub fn share_at_floor(&self) -> f64 {
        share(self.at_floor, self.actions)
    }

    /// How many decisions were looked at.
    pub fn rows(&self) -> u64 {
        self.uncovered.count()
    }
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// How often weights fall into powers of two, for the picture. Mergeable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightHistogram {
    zero: u64,
    counts: Vec<u64>,
}

impl WeightHistogram {
    /// The power of two at which the first bin begins.
    pub const FIRST: i32 = -8;
    /// How many bins there are; the last takes all that is larger.
    pub const BINS: usize = 28;

    /// Counts one weight.
    pub fn push(&mut self, weight: f64) {
        if weight <= 0.0 {
            self.zero += 1;
            return;
        }
        self.counts.resize(Self::BINS, 0);
        let power = libm::floor(libm::log2(weight)) as i32 - Self::FIRST;
        self.counts[power.clamp(0, Self::BINS as i32 - 1) as usize] += 1;
    }

    /// Adds all that `other` has counted.
    pub fn merge(&mut self, other: &Self) {
        self.zero += other.zero;
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        self.counts.iter_mut().zip(&other.counts).for_each(|(mine, theirs)| *mine += theirs);
    }

    /// How many weights were zero.
    pub fn zeros(&self) -> u64 {
        self.zero
    }

    /// The bins that hold anything, from the first to the last of them: lower edge and count.
    pub fn bins(&self) -> Vec<(f64, u64)> {
        let first = self.counts.iter().position(|n| *n != 0).unwrap_or(0);
        let last = self.counts.iter().rposition(|n| *n != 0).map_or(0, |at| at + 1);
        (first..last).map(|at| (libm::exp2(f64::from(at as i32 + Self::FIRST)), self.counts[at])).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_weights_make_every_row_count() {
        let mut sums = WeightSums::default();
        (0..40).for_each(|_| sums.push(&Row::new(0.3, 0.3, 1.0)));
        let found = sums.diagnostics();
        assert_eq!((found.rows, found.ess, found.mean_weight, found.max_weight), (40, 40.0, 1.0, 1.0));
    }

    #[test]
    fn support_sees_what_the_log_can_never_show() {
        let mut support = Support::default();
        support.push(&[0.5, 0.5], &[1.0, 0.0], 0.01);
        support.push(&[0.5, 0.5], &[0.99, 0.01], 0.01);
        assert_eq!(support.uncovered_mass(), 0.25);
        assert_eq!(support.uncovered_rows(), 0.5);
        assert_eq!(support.share_at_floor(), 0.5);
    }

    #[test]
    fn the_histogram_has_powers_of_two() {
        let mut histogram = WeightHistogram::default();
        for weight in [0.0, 0.5, 1.0, 1.5, 2.0] {
            histogram.push(weight);
        }
        assert_eq!(histogram.zeros(), 1);
        assert_eq!(histogram.bins(), vec![(0.5, 1), (1.0, 2), (2.0, 1)]);
    }
}
