//! Estimates for decisions that fill several slots at once.
//!
//! Not here: one slot; see `evaluation`.

use serde::{Deserialize, Serialize};

use crate::numeric::{Moments, PairMoments};

use super::{Diagnostics, Gate, Interval, MAX_SLOTS, MAX_WEIGHT, Refusal, Row, RowError, WeightSums, normal};

/// One slot of a logged slate.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SlateSlot {
    /// π_e / π_b of the slot's action, given the slots before it.
    pub weight: f64,
    /// The reward of this slot.
    pub reward: f64,
    /// Q(x, a): the predicted sum of rewards from this slot on, for the logged action.
    pub logged: f64,
    /// Σ_a π_e(a) Q(x, a): the same under the new policy. Both 0 without a model.
    pub expected: f64,
}

/// An estimator for slates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SlateEstimator {
    /// Σ r · Π w: no assumption, the most variance (`sips`).
    Standard,
    /// Σ r_l w_l: slots do not influence one another (`iips`).
    Independent,
    /// Σ r_l Π_{j ≤ l} w_j: people read from the top (`rips`).
    Cascade,
    /// As `Cascade`, with a model of what follows (`cascade_dr`; Kiyohara et al. 2022).
    CascadeDoublyRobust,
    /// Σ r · (1 − L + Σ w_l): the total is a sum over slots (`pi`; Swaminathan et al. 2017).
    PseudoInverse,
    /// `Standard` divided by its mean weight (`snsips`).
    StandardNormalised,
    /// `Independent` with each slot divided by its mean weight (`sniips`).
    IndependentNormalised,
    /// `Cascade` with each slot divided by its mean weight (`snrips`).
    CascadeNormalised,
}

impl SlateEstimator {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Standard,
        Self::Independent,
        Self::Cascade,
        Self::CascadeDoublyRobust,
        Self::PseudoInverse,
        Self::StandardNormalised,
        Self::IndependentNormalised,
        Self::CascadeNormalised,
    ];

    /// Its short name in the field.
    pub fn name(self) -> &'static str {
        match self {
            Self::Standard => "sips",
            Self::Independent => "iips",
            Self::Cascade => "rips",
            Self::CascadeDoublyRobust => "cascade_dr",
            Self::PseudoInverse => "pi",
            Self::StandardNormalised => "snsips",
            Self::IndependentNormalised => "sniips",
            Self::CascadeNormalised => "snrips",
        }
    }
}

/// One estimate for slates.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slate {
    /// The estimator.
    pub estimator: SlateEstimator,
    /// The estimated reward of a whole slate.
    pub value: f64,
    /// Its standard error, where it is a plain mean.
    pub se: Option<f64>,
    /// The normal interval at 95 %.
    pub ci95: Option<Interval>,
}

/// A running evaluation of slates: mergeable, O(slots) per row.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlateEvaluation {
    /// Sums of the slate's whole weight.
    whole: WeightSums,
    /// Sums of the mean slot weight.
    slot_weight: Moments,
    independent: Moments,
    cascade: Moments,
    doubly_robust: Moments,
    pseudo_inverse: Moments,
    /// Per slot: (w_l r_l, w_l) and (w_1…l r_l, w_1…l).
    per_slot: Vec<[PairMoments; 2]>,
}

impl SlateEvaluation {
    /// An evaluation that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one slate, slots from the top.
    ///
    /// # Errors
    /// When there are no slots or too many, or a number would poison the sums. Nothing changes then.
    pub fn push(&mut self, slots: &[SlateSlot]) -> Result<(), RowError> {
        if slots.is_empty() || MAX_SLOTS < slots.len() {
            return Err(RowError::Slots(slots.len()));
        }
        for slot in slots {
            Row { weight: slot.weight, ..Row::new(1.0, 1.0, slot.reward) }.check()?;
            Row::new(1.0, 1.0, slot.logged).check()?;
            Row::new(1.0, 1.0, slot.expected).check()?;
        }
        let whole = slots.iter().fold(1.0, |product, slot| product * slot.weight);
        if MAX_WEIGHT < whole {
            return Err(RowError::Weight(whole));
        }
        self.take(slots, whole);
        Ok(())
    }

    fn take(&mut self, slots: &[SlateSlot], whole: f64) {
        let count = slots.len() as f64;
        let (mut total, mut sum_of_weights) = (0.0, 0.0);
        let (mut independent, mut cascade, mut doubly_robust) = (0.0, 0.0, 0.0);
        let mut prefix = 1.0;
        self.per_slot.resize(self.per_slot.len().max(slots.len()), [PairMoments::default(); 2]);
        for (slot, sums) in slots.iter().zip(&mut self.per_slot) {
            let before = prefix;
            prefix *= slot.weight;
            total += slot.reward;
            sum_of_weights += slot.weight;
            independent += slot.weight * slot.reward;
            cascade += prefix * slot.reward;
            doubly_robust += prefix * (slot.reward - slot.logged) + before * slot.expected;
            sums[0].push(slot.weight * slot.reward, slot.weight);
            sums[1].push(prefix * slot.reward, prefix);
        }
        self.whole.push(&Row { weight: whole, ..Row::new(1.0, 1.0, total) });
        self.slot_weight.push(sum_of_weights / count);
        self.independent.push(independent);
        self.cascade.push(cascade);
        self.doubly_robust.push(doubly_robust);
        self.pseudo_inverse.push(total * (1.0 - count + sum_of_weights));
    }

    /// Adds all that `other` has seen.
    pub fn merge(&mut self, other: &Self) {
        self.whole.merge(&other.whole);
        self.slot_weight.merge(&other.slot_weight);
        self.independent.merge(&other.independent);
        self.cascade.merge(&other.cascade);
        self.doubly_robust.merge(&other.doubly_robust);
        self.pseudo_inverse.merge(&other.pseudo_inverse);
        self.per_slot.resize(self.per_slot.len().max(other.per_slot.len()), [PairMoments::default(); 2]);
        for (mine, theirs) in self.per_slot.iter_mut().zip(&other.per_slot) {
            mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| mine.merge(theirs));
        }
    }

    /// Figures on the weight of whole slates, which only `Standard` needs in full.
    pub fn diagnostics(&self) -> Diagnostics {
        self.whole.diagnostics()
    }

    /// All estimates, when the slots' mean weights pass the gate; the effective sample is that of mean slot weights.
    ///
    /// # Errors
    /// When the log cannot answer.
    pub fn report(&self, gate: &Gate) -> Result<Vec<Slate>, Refusal> {
        let squares = self.slot_weight.sum_of_squares();
        let sum = self.slot_weight.sum();
        let found = Diagnostics {
            ess: if squares == 0.0 { 0.0 } else { sum * sum / squares },
            mean_weight: self.slot_weight.mean(),
            mean_weight_se: self.slot_weight.standard_error(),
            max_weight: if sum == 0.0 { 0.0 } else { self.whole.max_weight.max(f64::MIN_POSITIVE) },
            ..self.whole.diagnostics()
        };
        gate.check(&found, None)?;
        Ok(SlateEstimator::ALL.map(|estimator| self.estimate(estimator)).to_vec())
    }

    /// One estimate, whatever a gate would say.
    pub fn estimate(&self, estimator: SlateEstimator) -> Slate {
        let plain = match estimator {
            SlateEstimator::Standard => Some(self.whole.weighted),
            SlateEstimator::Independent => Some(self.independent),
            SlateEstimator::Cascade => Some(self.cascade),
            SlateEstimator::CascadeDoublyRobust => Some(self.doubly_robust),
            SlateEstimator::PseudoInverse => Some(self.pseudo_inverse),
            _ => None,
        };
        if let Some(moments) = plain {
            let (value, se) = (moments.mean(), moments.standard_error());
            return Slate { estimator, value, se: Some(se), ci95: Some(normal(value, se, 0.05)) };
        }
        let ratio = |sum: f64, weight: f64| if weight == 0.0 { 0.0 } else { sum / weight };
        let value = match estimator {
            SlateEstimator::StandardNormalised => ratio(self.whole.weighted.sum(), self.whole.weight.sum()),
            SlateEstimator::IndependentNormalised => {
                self.per_slot.iter().map(|[slot, _]| ratio(slot.x().sum(), slot.y().sum())).sum()
            }
            _ => self.per_slot.iter().map(|[_, slot]| ratio(slot.x().sum(), slot.y().sum())).sum(),
        };
        Slate { estimator, value, se: None, ci95: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(weight: f64, reward: f64) -> SlateSlot {
        SlateSlot { weight, reward, ..SlateSlot::default() }
    }

    #[test]
    fn one_slate_by_hand() {
        let mut evaluation = SlateEvaluation::new();
        evaluation.push(&[slot(2.0, 1.0), slot(0.5, 0.0), slot(3.0, 1.0)]).unwrap();
        let value = |estimator| evaluation.estimate(estimator).value;
        assert_eq!(value(SlateEstimator::Standard), 2.0 * 3.0);
        assert_eq!(value(SlateEstimator::Independent), 5.0);
        assert_eq!(value(SlateEstimator::Cascade), 2.0 + 3.0);
        assert_eq!(value(SlateEstimator::PseudoInverse), 2.0 * (1.0 - 3.0 + 5.5));
        assert_eq!(value(SlateEstimator::CascadeDoublyRobust), 5.0);
        assert_eq!(value(SlateEstimator::StandardNormalised), 2.0);
        assert_eq!(value(SlateEstimator::IndependentNormalised), 2.0);
    }

    #[test]
    fn a_perfect_model_leaves_nothing_to_chance() {
        // Q(x, a) is the reward that is left, whatever the action: then cascade-DR has no variance.
        let mut evaluation = SlateEvaluation::new();
        for i in 0..50 {
            let w = [0.5, 2.0][i % 2];
            let slots = [
                SlateSlot { weight: w, reward: 1.0, logged: 3.0, expected: 3.0 },
                SlateSlot { weight: 1.0 / w, reward: 2.0, logged: 2.0, expected: 2.0 },
            ];
            evaluation.push(&slots).unwrap();
        }
        let found = evaluation.estimate(SlateEstimator::CascadeDoublyRobust);
        assert_eq!((found.value, found.se), (3.0, Some(0.0)));
    }

    #[test]
    fn under_the_logging_policy_all_agree() {
        let mut evaluation = SlateEvaluation::new();
        for i in 0..300 {
            evaluation.push(&[slot(1.0, f64::from(i % 3)), slot(1.0, 0.5)]).unwrap();
        }
        for found in evaluation.report(&Gate::default()).unwrap() {
            assert!((found.value - 1.5).abs() < 1e-12, "{found:?}");
        }
        assert_eq!(evaluation.push(&[]), Err(RowError::Slots(0)));
    }
}
