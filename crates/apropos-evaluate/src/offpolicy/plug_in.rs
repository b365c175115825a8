//! The running empirical-Bernstein sequence, which bets along the order of the rows.
//!
//! Not here: the sequence that needs no order; see `sequence`.

use serde::{Deserialize, Serialize};

use super::sequence::psi;
use super::{Interval, Row};

/// The empirical-Bernstein sequence with predictable bets (Waudby-Smith et al. 2022):
/// L = (Σ λξ − ln(2/α) − Σ (ξ − ξ̂)² ψ(λ)) / Σ λ, upper side with 1 − r.
///
/// It follows the order of the rows. Two of them merge into a valid sequence (the bets of both stand), though not into
/// the figure that one pass would have given; use [`Sequence`](super::Sequence) where that matters.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlugInSequence {
    low: f64,
    range: f64,
    log_threshold: f64,
    sides: [PlugInSide; 2],
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlugInSide {
    count: f64,
    sum: f64,
    spread: f64,
    bets: f64,
    gain: f64,
    price: f64,
}

impl PlugInSide {
    fn push(&mut self, xi: f64, log_threshold: f64) {
        let mean = ((self.sum + 0.5) / (self.count + 1.0)).min(1.0);
        let variance = (self.spread + 0.25) / (self.count + 1.0);
        let n = self.count + 1.0;
        let lambda = libm::sqrt(2.0 * log_threshold / (variance * n * libm::log(1.0 + n))).min(0.5);
        self.bets += lambda;
        self.gain += lambda * xi;
        self.price += (xi - mean) * (xi - mean) * psi(lambda);
        self.count = n;
        self.sum += xi;
        let centre = self.sum / n;
        self.spread += (xi - centre) * (xi - centre);
    }

    fn bound(&self, log_threshold: f64) -> f64 {
        if self.bets == 0.0 {
            0.0
        } else {
            ((self.gain - log_threshold - self.price) / self.bets).clamp(0.0, 1.0)
        }
    }

    fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.spread += other.spread;
        self.bets += other.bets;
        self.gain += other.gain;
        self.price += other.price;
    }
}

impl PlugInSequence {
    /// A sequence for rewards between `low` and `high`, at level 1 − `alpha`.
    pub fn new((low, high): (f64, f64), alpha: f64) -> Self {
        let range = if low < high { high - low } else { 1.0 };
        Self { low, range, log_threshold: libm::log(2.0 / alpha), sides: [PlugInSide::default(); 2] }
    }

    /// Takes the next row.
    pub fn push(&mut self, row: &Row) {
        let unit = (row.reward - self.low) / self.range;
        self.sides[0].push(row.weight * unit, self.log_threshold);
        self.sides[1].push(row.weight * (1.0 - unit), self.log_threshold);
    }

    /// Adds the bets of an independent part of the log.
    pub fn merge(&mut self, other: &Self) {
        self.sides[0].merge(&other.sides[0]);
        self.sides[1].merge(&other.sides[1]);
    }

    /// The interval now; with probability 1 − α it never misses.
    pub fn interval(&self) -> Interval {
        let low = self.sides[0].bound(self.log_threshold);
        let high = 1.0 - self.sides[1].bound(self.log_threshold);
        Interval { low: self.low + self.range * low.min(high), high: self.low + self.range * high.max(low) }
    }
}
