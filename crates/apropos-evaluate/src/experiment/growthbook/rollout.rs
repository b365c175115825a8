//! A rule that gives everybody in a share of the units the same.
//!
//! Not here: rules with several variations; those are experiments.

use super::{Filter, bucket, within};

/// A share of the units that a rule holds for.
#[derive(Clone, Debug, PartialEq)]
pub struct Rollout {
    /// What is hashed with the unit, the feature's key unless stated.
    pub seed: String,
    /// The hash version, 1 unless stated.
    pub version: u32,
    /// The share, from the first bucket on; all when `None`.
    pub coverage: Option<f64>,
    /// An explicit range of buckets, which takes the place of the share.
    pub range: Option<(f64, f64)>,
    /// Filters, all of which must pass.
    pub filters: Vec<Filter>,
}

impl Rollout {
    /// A roll-out to everybody.
    pub fn new(seed: impl Into<String>) -> Self {
        Self { seed: seed.into(), version: 1, coverage: None, range: None, filters: Vec::new() }
    }

    /// Whether a unit is in the share. A unit without a value is in no share but that of everybody.
    ///
    /// ```
    /// use apropos_evaluate::experiment::growthbook::Rollout;
    ///
    /// let half = Rollout { coverage: Some(0.5), ..Rollout::new("feature") };
    /// assert!(half.includes("3") && !half.includes(""));
    /// assert!(Rollout::new("feature").includes(""));
    /// ```
    pub fn includes(&self, unit: &str) -> bool {
        if !self.filters.iter().all(Filter::passes) {
            return false;
        }
        let inside = |n: f64| match (self.range, self.coverage) {
            (Some(range), _) => within(n, range),
            (None, Some(coverage)) => 0.0 < coverage && n <= coverage,
            (None, None) => true,
        };
        if self.range.is_none() && self.coverage.is_none() {
            return true;
        }
        !unit.is_empty() && bucket(&self.seed, unit, self.version).is_some_and(inside)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_only_grows_and_nothing_is_nobody() {
        for unit in 0..300 {
            let unit = unit.to_string();
            let held = |share: u32| {
                Rollout { coverage: Some(f64::from(share) / 20.0), version: 2, ..Rollout::new("f") }
                    .includes(&unit)
            };
            let first = (0..=20).find(|share| held(*share)).unwrap();
            assert!(0 < first && (first..=20).all(held));
        }
        assert!(!Rollout { coverage: Some(1.0), version: 99, ..Rollout::new("f") }.includes("1"));
    }
}
