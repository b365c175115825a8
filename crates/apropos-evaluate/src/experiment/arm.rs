//! What is known of one arm: a metric, perhaps beside a covariate from before the experiment.
//!
//! Not here: comparing arms; see `comparison`.

use serde::{Deserialize, Serialize};

use crate::numeric::{Moments, PairMoments};
use crate::offpolicy::Interval;

/// What kind of number a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Yes or no: the variance is p (1 − p).
    Proportion,
    /// Any number: the variance is the sample variance.
    Mean,
}

/// The units of one arm, as sums. Mergeable, O(1) memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arm {
    /// The metric (x) beside the covariate (y, 0 when there is none).
    pub units: PairMoments,
}

impl Arm {
    /// Takes one unit without a covariate.
    pub fn push(&mut self, metric: f64) {
        self.units.push(metric, 0.0);
    }

    /// Takes one unit with what was known of it before the experiment.
    pub fn push_with(&mut self, metric: f64, covariate: f64) {
        self.units.push(metric, covariate);
    }

    /// Adds all units of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.units.merge(&other.units);
    }

    /// How many units.
    pub fn count(&self) -> u64 {
        self.units.x().count()
    }

    /// The metric's mean.
    pub fn mean(&self) -> f64 {
        self.units.x().mean()
    }

    /// The metric's variance as its kind has it.
    pub fn variance(&self, metric: Metric) -> f64 {
        match metric {
            Metric::Proportion => self.mean() * (1.0 - self.mean()),
            Metric::Mean => self.units.x().variance(),
        }
    }

    /// The mean after regression adjustment: mean − θ · mean of the covariate.
    pub fn adjusted_mean(&self, theta: f64) -> f64 {
        self.mean() - theta * self.units.y().mean()
    }

    /// The variance after regression adjustment.
    pub fn adjusted_variance(&self, metric: Metric, theta: f64) -> f64 {
        if theta == 0.0 {
            return self.variance(metric);
        }
        let covariate = self.units.y().variance();
        (self.variance(metric) + theta * theta * covariate - 2.0 * theta * self.units.covariance()).max(0.0)
    }
}

/// The θ of CUPED (Deng et al. 2013): the covariance of metric and covariate over the covariate's variance, all units
/// of all arms together. 0 when the covariate does not vary.
pub fn cuped_theta(arms: &[&Arm]) -> f64 {
    let mut all = PairMoments::default();
    for arm in arms {
        all.merge(&arm.units);
    }
    let variance = all.y().variance();
    if variance == 0.0 { 0.0 } else { all.covariance() / variance }
}

/// The interval of Wilson (1927) for a proportion, at 95 %.
pub fn wilson(moments: &Moments) -> Interval {
    let (n, p, z) = (moments.count() as f64, moments.mean(), 1.959_963_984_540_054);
    if n == 0.0 {
        return Interval { low: 0.0, high: 1.0 };
    }
    let grown = 1.0 + z * z / n;
    let centre = (p + z * z / (2.0 * n)) / grown;
    Interval::around(centre, z / grown * libm::sqrt(p * (1.0 - p) / n + z * z / (4.0 * n * n)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_covariate_that_explains_all_leaves_no_variance() {
        let mut arm = Arm::default();
        (0..30).for_each(|i| arm.push_with(2.0 * f64::from(i) + 1.0, f64::from(i)));
        let theta = cuped_theta(&[&arm]);
        assert!((theta - 2.0).abs() < 1e-12);
        assert!(arm.adjusted_variance(Metric::Mean, theta) < 1e-9);
        assert!((arm.adjusted_mean(theta) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn wilson_never_leaves_the_unit_interval() {
        let none: Moments = [0.0; 10].into_iter().collect();
        let interval = wilson(&none);
        assert!(interval.low.abs() < 1e-12 && (interval.high - 0.277_532_8).abs() < 1e-6);
    }
}
