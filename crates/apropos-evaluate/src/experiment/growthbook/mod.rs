//! Bucketing as GrowthBook's SDKs do it, so that a running experiment can move over without reshuffling anyone.
//!
//! Covered: hash versions 1 and 2, bucket ranges from weights and coverage, filters, namespaces, forced variations, sticky
//! buckets, roll-outs of a rule. A contextual bandit is an [`Experiment`] with the weights of its leaf; a variation that
//! lets pass is one after which the host asks the next rule. Not here: targeting conditions and the walk over a feature's
//! rules; the host says which of them hold, and `apropos-condition` is made for that.

mod experiment;
mod rollout;
mod sticky;

pub use experiment::{Experiment, Placed, Source};
pub use rollout::Rollout;
pub use sticky::{StickyBuckets, StickyTerms};

use super::hash::fnv1a;

/// Where a unit falls in `[0, 1)`, to 3 digits in version 1 and 4 in version 2; `None` for other versions.
///
/// ```
/// use apropos_evaluate::experiment::growthbook::bucket;
/// assert_eq!(bucket("seed", "b", 2), Some(0.2696));
/// ```
pub fn bucket(seed: &str, unit: &str, version: u32) -> Option<f64> {
    match version {
        1 => Some(f64::from(fnv1a(&format!("{unit}{seed}")) % 1_000) / 1_000.0),
        2 => {
            let inner = fnv1a(&format!("{seed}{unit}")).to_string();
            Some(f64::from(fnv1a(&inner) % 10_000) / 10_000.0)
        }
        _ => None,
    }
}

/// Equal weights for `variations` arms.
pub fn equal_weights(variations: usize) -> Vec<f64> {
    vec![1.0 / variations as f64; variations]
}

/// The bucket ranges of each variation. Weights of the wrong number, or that do not sum to 1, are replaced by equal
/// ones; coverage is clamped to `[0, 1]`.
pub fn bucket_ranges(variations: usize, coverage: f64, weights: Option<&[f64]>) -> Vec<(f64, f64)> {
    let coverage = if coverage.is_nan() { 1.0 } else { coverage.clamp(0.0, 1.0) };
    let usable = |weights: &&[f64]| {
        let sum: f64 = weights.iter().sum();
        weights.len() == variations && (0.99..=1.01).contains(&sum)
    };
    let weights = weights.filter(usable).map_or_else(|| equal_weights(variations), <[f64]>::to_vec);
    let mut start = 0.0;
    weights
        .iter()
        .map(|weight| {
            let range = (start, start + coverage * weight);
            start += weight;
            range
        })
        .collect()
}

/// The variation whose range holds the bucket.
pub fn choose_variation(bucket: f64, ranges: &[(f64, f64)]) -> Option<usize> {
    ranges.iter().position(|range| within(bucket, *range))
}

fn within(bucket: f64, (low, high): (f64, f64)) -> bool {
    low <= bucket && bucket < high
}

/// A share of the traffic that excludes other shares of the same name: hash version 1 of `__name`.
#[derive(Clone, Debug, PartialEq)]
pub struct Namespace {
    /// Its name.
    pub name: String,
    /// The share of it that this experiment owns.
    pub range: (f64, f64),
}

impl Namespace {
    /// Whether a unit is in the share.
    pub fn holds(&self, unit: &str) -> bool {
        bucket(&format!("__{}", self.name), unit, 1).is_some_and(|n| within(n, self.range))
    }
}

/// Keeps only units whose bucket under another seed lies in one of the ranges.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    /// The seed.
    pub seed: String,
    /// The unit's value of the attribute that the filter hashes.
    pub unit: String,
    /// The ranges that stay.
    pub ranges: Vec<(f64, f64)>,
    /// The hash version, 2 unless stated.
    pub version: u32,
}

impl Filter {
    /// Whether the unit stays.
    pub fn passes(&self) -> bool {
        bucket(&self.seed, &self.unit, self.version)
            .is_some_and(|n| self.ranges.iter().any(|range| within(n, *range)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_cases_agree() {
        assert_eq!(bucket("asdf", "8952klfjas09ujk", 1), Some(0.549));
        assert_eq!(bucket("foo", "ab", 2), Some(0.2575));
        assert_eq!(bucket("foo", "ab", 3), None);
    }

    #[test]
    fn ranges_repair_bad_weights() {
        assert_eq!(bucket_ranges(2, 0.5, None), vec![(0.0, 0.25), (0.5, 0.75)]);
        assert_eq!(bucket_ranges(2, 1.0, Some(&[0.4, 0.1])), vec![(0.0, 0.5), (0.5, 1.0)]);
        assert_eq!(choose_variation(0.6, &[(0.0, 0.25), (0.5, 0.75)]), Some(1));
        assert_eq!(choose_variation(0.8, &[(0.0, 0.25), (0.5, 0.75)]), None);
    }

    #[test]
    fn a_namespace_shares_units_out() {
        let space = |name: &str, low, high| Namespace { name: name.to_owned(), range: (low, high) };
        assert!(!space("namespace1", 0.0, 0.4).holds("1"));
        assert!(space("namespace1", 0.4, 1.0).holds("1"));
    }
}
