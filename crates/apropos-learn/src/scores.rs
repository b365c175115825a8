//! What scoring hands back, with the room it works in, so that a decision allocates nothing once warm.

use crate::explore::optimistic;
use crate::full::Active;

/// What is known about one candidate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The calibrated probability of the reward.
    pub p: f32,
    /// The posterior mean of the logit.
    pub mean: f32,
    /// The posterior variance of the logit.
    pub variance: f32,
    /// Outcomes learned for this action, by weight.
    pub evidence: f32,
}

/// The estimates of one decision, in the order of its candidates. Reused from decision to decision.
#[derive(Clone, Debug, Default)]
pub struct Scores {
    pub(crate) p: Vec<f32>,
    pub(crate) mean: Vec<f32>,
    pub(crate) variance: Vec<f32>,
    pub(crate) evidence: Vec<f32>,
    pub(crate) sums: Vec<f32>,
    pub(crate) upper: Vec<f32>,
    pub(crate) order: Vec<u32>,
    pub(crate) active: Active,
}

impl Scores {
    /// No estimates yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of candidates.
    pub fn len(&self) -> usize {
        self.p.len()
    }

    /// Whether there are no candidates.
    pub fn is_empty(&self) -> bool {
        self.p.is_empty()
    }

    /// The estimate of the candidate at `index`.
    pub fn get(&self, index: usize) -> Option<Estimate> {
        Some(Estimate {
            p: *self.p.get(index)?,
            mean: *self.mean.get(index)?,
            variance: *self.variance.get(index)?,
            evidence: *self.evidence.get(index)?,
        })
    }

    /// All estimates in order.
    pub fn iter(&self) -> impl Iterator<Item = Estimate> + '_ {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    /// The calibrated probabilities in order.
    pub fn p(&self) -> &[f32] {
        &self.p
    }

    /// Fills `out` with σ(mean + `optimism` · standard deviation) for each candidate: what policies measure gaps on.
    pub fn optimistic(&self, optimism: f64, out: &mut Vec<f64>) {
        out.clear();
        let estimates = self.mean.iter().zip(&self.variance);
        out.extend(estimates.map(|(&mean, &v)| f64::from(optimistic(mean, v, optimism as f32))));
    }
}
