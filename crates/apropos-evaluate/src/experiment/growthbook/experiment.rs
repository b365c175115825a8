//! One experiment, as far as it decides who gets what.
//!
//! Not here: rules and roll-outs that give everybody the same; see `rollout`.

use super::sticky::Recalled;
use super::{Filter, Namespace, StickyBuckets, StickyTerms, bucket, bucket_ranges, choose_variation};

/// An experiment, as far as it decides who gets what.
#[derive(Clone, Debug, PartialEq)]
pub struct Experiment {
    /// Its key.
    pub key: String,
    /// What is hashed with the unit; the key when `None`.
    pub seed: Option<String>,
    /// The hash version, 1 unless stated.
    pub version: u32,
    /// How many variations.
    pub variations: usize,
    /// Their weights, equal when `None`. A contextual bandit has those of the leaf that the unit is in.
    pub weights: Option<Vec<f64>>,
    /// The share of units that takes part.
    pub coverage: f64,
    /// Explicit ranges, which take the place of weights and coverage.
    pub ranges: Option<Vec<(f64, f64)>>,
    /// The namespace it lives in; ignored when there are filters.
    pub namespace: Option<Namespace>,
    /// Filters, all of which must pass.
    pub filters: Vec<Filter>,
    /// What the host's targeting says of the unit.
    pub eligible: bool,
    /// The variation that everybody who takes part gets.
    pub force: Option<i64>,
    /// The variation that this unit was given by hand, before all else.
    pub overridden: Option<usize>,
    /// Whether nobody is placed but by hand, for reviews.
    pub review: bool,
    /// Whether it runs.
    pub active: bool,
}

/// Why a unit got its variation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Its bucket lies in the variation's range.
    Bucket,
    /// It got the same before.
    Sticky,
    /// Everybody who takes part gets it.
    Forced,
    /// It was given by hand.
    Overridden,
}

/// Where a unit was placed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placed {
    /// The variation, from 0.
    pub variation: usize,
    /// The unit's bucket, where one was computed.
    pub bucket: Option<f64>,
    /// Why this variation.
    pub source: Source,
}

impl Experiment {
    /// A running experiment with equal weights and full coverage, for which everybody is eligible.
    pub fn new(key: impl Into<String>, variations: usize) -> Self {
        Self {
            key: key.into(),
            seed: None,
            version: 1,
            variations,
            weights: None,
            coverage: 1.0,
            ranges: None,
            namespace: None,
            filters: Vec::new(),
            eligible: true,
            force: None,
            overridden: None,
            review: false,
            active: true,
        }
    }

    /// The variation a unit gets, or `None` when it takes no part.
    pub fn assign(&self, unit: &str) -> Option<usize> {
        self.place(unit, Recalled::Nothing).map(|placed| placed.variation)
    }

    /// The variation a unit gets, and why.
    pub fn placed(&self, unit: &str) -> Option<Placed> {
        self.place(unit, Recalled::Nothing)
    }

    /// As [`Self::placed`], for a unit that keeps what it got before, also when weights, coverage or targeting have changed
    /// since. What it gets now is remembered. `unit` and `fallback` are attribute and value; the fallback is hashed when
    /// the unit's own value is empty, and its memory counts less.
    pub fn placed_stickily(
        &self,
        terms: &StickyTerms,
        buckets: &mut StickyBuckets,
        unit: (&str, &str),
        fallback: Option<(&str, &str)>,
    ) -> Option<Placed> {
        let hashed = if unit.1.is_empty() { fallback? } else { unit };
        let placed = self.place(hashed.1, terms.recall(&self.key, buckets, unit, fallback))?;
        if matches!(placed.source, Source::Bucket | Source::Sticky) {
            terms.remember(&self.key, buckets, hashed, placed.variation);
        }
        Some(placed)
    }

    fn place(&self, unit: &str, recalled: Recalled) -> Option<Placed> {
        if self.variations < 2 {
            return None;
        }
        if let Some(variation) = self.overridden {
            return Some(Placed { variation, bucket: None, source: Source::Overridden });
        }
        if !self.active || unit.is_empty() || recalled == Recalled::Blocked {
            return None;
        }
        let sticky = match recalled {
            Recalled::Variation(variation) => Some(variation),
            _ if self.takes(unit) => None,
            _ => return None,
        };
        let seed = self.seed.as_deref().unwrap_or(&self.key);
        let n = bucket(seed, unit, self.version)?;
        let chosen = match sticky {
            Some(variation) => variation,
            None => choose_variation(n, &self.bucket_ranges())?,
        };
        if let Some(force) = self.force {
            let variation = usize::try_from(force).ok().filter(|force| *force < self.variations)?;
            return Some(Placed { variation, bucket: Some(n), source: Source::Forced });
        }
        let source = if sticky.is_some() { Source::Sticky } else { Source::Bucket };
        (!self.review).then_some(Placed { variation: chosen, bucket: Some(n), source })
    }

    /// Whether filters or namespace, and the host's targeting, let a new unit in.
    fn takes(&self, unit: &str) -> bool {
        let placed = if self.filters.is_empty() {
            self.namespace.as_ref().is_none_or(|namespace| namespace.holds(unit))
        } else {
            self.filters.iter().all(Filter::passes)
        };
        placed && self.eligible
    }

    fn bucket_ranges(&self) -> Vec<(f64, f64)> {
        match &self.ranges {
            Some(ranges) => ranges.clone(),
            None => bucket_ranges(self.variations, self.coverage, self.weights.as_deref()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_cases_agree() {
        let arm = |unit: &str| Experiment::new("my-test", 2).assign(unit);
        assert_eq!([arm("1"), arm("3"), arm("4"), arm("")], [Some(1), Some(0), Some(1), None]);
        let three = |unit: &str| Experiment::new("my-test", 3).assign(unit);
        assert_eq!([three("1"), three("2"), three("8")], [Some(2), Some(0), Some(1)]);
    }

    #[test]
    fn what_was_given_by_hand_stands_before_all_else() {
        let mut experiment =
            Experiment { overridden: Some(0), active: false, ..Experiment::new("my-test", 2) };
        assert_eq!(experiment.placed("1").unwrap().source, Source::Overridden);
        experiment = Experiment { review: true, ..Experiment::new("my-test", 2) };
        assert_eq!(experiment.placed("1"), None);
        assert_eq!(Experiment { force: Some(1), ..experiment }.placed("1").unwrap().source, Source::Forced);
    }

    #[test]
    fn a_unit_keeps_its_variation_when_the_weights_change() {
        let terms = StickyTerms::new(["a", "b"]);
        let mut buckets = StickyBuckets::default();
        let mut experiment = Experiment::new("my-test", 2);
        let mut place = |experiment: &Experiment| {
            experiment.placed_stickily(&terms, &mut buckets, ("id", "1"), None).map(|placed| placed.variation)
        };
        assert_eq!(place(&experiment), Some(1));
        experiment.weights = Some(vec![1.0, 0.0]);
        experiment.eligible = false;
        assert_eq!(place(&experiment), Some(1));
        assert_eq!(experiment.assign("1"), None);
    }
}
