//! Making scores mean what they say: a line on the logit learned online, and an isotonic map over score buckets.
//!
//! Not here: where the scores come from.

use serde::{Deserialize, Serialize};

use crate::math;

/// A line on the logit, learned online (Platt 1999): p = σ(slope · logit + intercept).
///
/// Two weights with a Gaussian posterior around slope 1 and intercept 0; the prior is narrow, so that the line moves only
/// when outcomes insist.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Platt {
    slope: f32,
    intercept: f32,
    /// Covariance: of the slope, of both, of the intercept.
    covariance: [f32; 3],
}

/// Prior variance of slope and intercept.
const PRIOR: f32 = 0.002;

impl Default for Platt {
    fn default() -> Self {
        Self { slope: 1.0, intercept: 0.0, covariance: [PRIOR, 0.0, PRIOR] }
    }
}

impl Platt {
    /// Slope and intercept; the slope is never negative, so order is kept.
    pub(crate) fn line(&self) -> (f32, f32) {
        (self.slope, self.intercept)
    }

    /// Moves the line towards `y` for this logit, to which `offset` is added after the line.
    pub(crate) fn learn(&mut self, logit: f32, offset: f32, y: f32, weight: f32, rate: f32) {
        let x = logit.clamp(-10.0, 10.0);
        let [a, b, c] = self.covariance;
        // Forgetting: variances fade back to the prior's.
        let fade = |v: f32| v + rate * v * (1.0 - v / PRIOR);
        let (a, c) = (fade(a), fade(c));
        let (px, pi) = (a * x + b, b * x + c);
        let s = px * x + pi;
        let p = math::sigmoid(self.slope * x + self.intercept + offset);
        let h = weight * (p * (1.0 - p)).max(1e-3);
        let g = weight * (y - p) / (1.0 + h * s);
        self.slope = (self.slope + g * px).clamp(0.2, 5.0);
        self.intercept = (self.intercept + g * pi).clamp(-5.0, 5.0);
        let shrink = h / (1.0 + h * s);
        self.covariance =
            [(a - shrink * px * px).max(1e-9), b - shrink * px * pi, (c - shrink * pi * pi).max(1e-9)];
    }

    /// Whether restored state is finite.
    pub(crate) fn is_finite(&self) -> bool {
        let numbers = [self.slope, self.intercept];
        numbers.iter().chain(&self.covariance).all(|number| number.is_finite())
    }
}

/// Buckets of an isotonic map.
const BUCKETS: usize = 50;

/// An isotonic map from scores in [0, 1] to probabilities: outcomes counted in 50 buckets of scores, neighbours pooled
/// until rates rise (pool adjacent violators, Ayer and others 1955), smoothed by half a hit in one more trial.
///
/// Counts add up, so maps of several nodes merge exactly.
///
/// ```
/// let mut map = apropos_learn::Isotonic::default();
/// for n in 0..1_000 {
///     map.learn(0.8, n % 4 == 0, 1.0);
/// }
/// assert!((map.probability(0.8) - 0.25).abs() < 0.01);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Isotonic {
    /// Hits and trials by bucket.
    counts: Vec<(f64, f64)>,
}

impl Default for Isotonic {
    fn default() -> Self {
        Self { counts: vec![(0.0, 0.0); BUCKETS] }
    }
}

impl Isotonic {
    /// The bucket of a score; scores outside [0, 1] fall into the first or last.
    pub(crate) fn bucket(score: f64) -> usize {
        ((score * BUCKETS as f64) as usize).min(BUCKETS - 1)
    }

    /// Counts one outcome.
    pub fn learn(&mut self, score: f64, hit: bool, weight: f64) {
        self.add(Self::bucket(score), hit, weight);
    }

    pub(crate) fn add(&mut self, bucket: usize, hit: bool, weight: f64) {
        if let Some((hits, trials)) = self.counts.get_mut(bucket) {
            *hits = (*hits + if hit { weight } else { 0.0 }).max(0.0);
            *trials = (*trials + weight).max(0.0);
        }
    }

    /// Lets all counts fade to `keep` of themselves.
    pub fn decay(&mut self, keep: f64) {
        for (hits, trials) in &mut self.counts {
            *hits *= keep;
            *trials *= keep;
        }
    }

    /// Adds the counts of another map.
    pub fn merge(&mut self, other: &Self) {
        for ((hits, trials), (h, n)) in self.counts.iter_mut().zip(&other.counts) {
            *hits += h;
            *trials += n;
        }
    }

    /// The pooled probability of every bucket, rising. O(buckets).
    pub fn fit(&self) -> Vec<f64> {
        let mut pools: Vec<(f64, f64, usize)> = Vec::with_capacity(self.counts.len());
        let rate = |&(hits, trials, _): &(f64, f64, usize)| (hits + 0.5) / (trials + 1.0);
        for &(hits, trials) in &self.counts {
            let mut pool = (hits, trials, 1);
            while let Some(before) = pools.last().copied().filter(|before| rate(&pool) <= rate(before)) {
                pools.pop();
                pool = (before.0 + pool.0, before.1 + pool.1, before.2 + pool.2);
            }
            pools.push(pool);
        }
        pools.iter().flat_map(|pool| std::iter::repeat_n(rate(pool), pool.2)).collect()
    }

    /// The calibrated probability of a score. O(buckets).
    pub fn probability(&self, score: f64) -> f64 {
        self.fit().get(Self::bucket(score)).copied().unwrap_or(0.5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_isotonic_map_rises() {
        let mut map = Isotonic::default();
        for n in 0..5_000_u64 {
            let score = apropos_event::draw::uniform(1, "score", n);
            map.learn(score, apropos_event::draw::uniform(2, "hit", n) < score * score, 1.0);
        }
        let fitted = map.fit();
        assert_eq!(fitted.len(), BUCKETS);
        assert!(fitted.windows(2).all(|pair| pair[0] <= pair[1]));
        assert!((map.probability(0.5) - 0.25).abs() < 0.06);
    }

    #[test]
    fn the_line_learns_that_scores_are_overconfident() {
        let mut line = Platt::default();
        for n in 0..40_000_u64 {
            let logit = 6.0 * apropos_event::draw::uniform(3, "x", n) - 3.0;
            let y = apropos_event::draw::uniform(4, "y", n) < 1.0 / (1.0 + (-0.5 * logit).exp());
            line.learn(logit as f32, 0.0, f32::from(u8::from(y)), 1.0, 0.0);
        }
        assert!((line.slope - 0.5).abs() < 0.1 && line.intercept.abs() < 0.1, "{line:?}");
    }
}
