//! What scoring hands back, with the room it works in, so that a decision allocates nothing once warm.

use crate::explore::spread;
use crate::full::Active;
use crate::kernel::{self, Optimistic};

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

    /// Room for `count` candidates; what was there before may remain until it is written over.
    pub(crate) fn reset(&mut self, count: usize) {
        for numbers in [&mut self.p, &mut self.mean, &mut self.variance] {
            numbers.resize(count, 0.0);
        }
    }

    /// Leaves in `order` the places of the `most` best candidates by an optimistic logit; all when there are fewer.
    pub(crate) fn shorten(&mut self, most: usize) {
        let Self { order, mean, variance, .. } = self;
        order.clear();
        order.extend(0..mean.len() as u32);
        if order.len() <= most || most == 0 {
            return;
        }
        let key = |at: u32| mean[at as usize] + 0.5 * variance[at as usize].sqrt();
        order.select_nth_unstable_by(most - 1, |a, b| key(*b).total_cmp(&key(*a)).then(a.cmp(b)));
        order.truncate(most);
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

    /// Fills `out` with σ(mean + `optimism` · √(2 ln K) · standard deviation) for each of the K candidates: what policies
    /// measure gaps on.
    pub fn optimistic(&self, optimism: f64, out: &mut Vec<f64>) {
        let optimism = optimism * spread(self.len());
        out.resize(self.len(), 0.0);
        let Self { mean, variance, .. } = self;
        kernel::wide(Optimistic { mean, variance, optimism: optimism as f32, out });
    }
}
