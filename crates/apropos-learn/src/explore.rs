//! Choosing among scored candidates, with the exact probability of every choice.
//!
//! Every family here has its selection probabilities in closed form, so that what is logged is what was drawn from;
//! posterior sampling, whose probabilities would need integration, is left out on purpose.
//!
//! Not here: scores, values, and where draws come from ([`apropos_event::draw`]).

use serde::{Deserialize, Serialize};

use crate::kernel::{self, InverseGaps};

/// How the next candidate is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Policy {
    /// Inverse-gap weighting (Foster and Rakhlin 2020) over optimistic scores: a candidate whose score is `g` behind
    /// the best of K is chosen with probability 1 / (K + γ g), the best with what is left; γ = `gamma` · t^`exponent`.
    InverseGap {
        /// γ at the first decision, for scores that range over one unit.
        gamma: f64,
        /// How γ grows with the number of decisions.
        exponent: f64,
        /// Standard deviations added to the logit before gaps are measured, times √(2 ln K) among K candidates.
        optimism: f64,
    },
    /// The best, but with probability `epsilon` any candidate, evenly.
    EpsilonGreedy {
        /// The probability of an even draw.
        epsilon: f64,
    },
    /// Probabilities proportional to e^(score / `temperature`).
    Softmax {
        /// In units of the score's range.
        temperature: f64,
    },
    /// The best upper bound, always.
    Optimistic {
        /// Standard deviations added to the logit, times √(2 ln K) among K candidates.
        optimism: f64,
    },
    /// The best estimate, always.
    Greedy,
}

impl Default for Policy {
    fn default() -> Self {
        Self::InverseGap { gamma: 10_000.0, exponent: 0.5, optimism: 0.5 }
    }
}

impl Policy {
    /// How optimistic candidates are scored; see [`crate::Scores::optimistic`].
    pub fn optimism(&self) -> f64 {
        match self {
            Self::InverseGap { optimism, .. } | Self::Optimistic { optimism } => *optimism,
            _ => 0.0,
        }
    }

    /// Whether choices are certain, and so no evidence for importance weighting.
    pub fn is_deterministic(&self) -> bool {
        matches!(self, Self::Optimistic { .. } | Self::Greedy)
    }
}

/// One choice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    /// The place among the candidates.
    pub index: usize,
    /// The exact probability with which it was chosen.
    pub probability: f64,
}

/// Fills `probabilities` with the selection probability of each candidate: each finite and at least `floor` / K when
/// the policy explores, together 1 (within 1e-12). Scores that are not finite count as the lowest. O(K).
///
/// `scale` is what the scores of a sure reward and of none differ by; `t` counts decisions from 1.
///
/// ```
/// use apropos_learn::explore::{Policy, probabilities};
/// let mut out = Vec::new();
/// probabilities(&Policy::EpsilonGreedy { epsilon: 0.1 }, &[0.2, 0.4], 1.0, 1, 0.0, &mut out);
/// assert_eq!(out, [0.05, 0.95]);
/// ```
pub fn probabilities(
    policy: &Policy,
    scores: &[f64],
    scale: f64,
    t: u64,
    floor: f64,
    probabilities: &mut Vec<f64>,
) {
    let unit = if scale.is_finite() && 0.0 < scale { scale } else { 1.0 };
    if let Policy::InverseGap { gamma, exponent, .. } = *policy {
        probabilities.resize(scores.len(), 0.0);
        let rate = (growth(gamma, exponent, t) / unit).min(1e300);
        let floor = if 0.0 < floor { floor.min(1.0) } else { 0.0 };
        if kernel::wide(InverseGaps { scores, rate, floor, out: probabilities }) {
            return;
        }
    }
    probabilities.clear();
    let Some(best) = best(scores) else { return };
    let k = scores.len() as f64;
    let lowest = f64::MIN / 4.0;
    let top = if scores[best].is_finite() { scores[best] } else { lowest };
    // When no score is finite, all are equally bad.
    let hopeless = if scores[best].is_finite() { f64::MAX / 4.0 } else { 0.0 };
    let gap = |score: f64| if score.is_finite() { (top - score) / unit } else { hopeless };
    match *policy {
        Policy::InverseGap { gamma, exponent, .. } => {
            let gamma = growth(gamma, exponent, t);
            probabilities.extend(scores.iter().map(|&score| 1.0 / (k + gamma * gap(score))));
        }
        Policy::Softmax { temperature } => {
            let weights = scores.iter().map(|&score| libm::exp(-(gap(score) / temperature)));
            probabilities.extend(weights);
            let sum: f64 = probabilities.iter().sum();
            for p in probabilities.iter_mut() {
                *p /= sum;
            }
        }
        Policy::EpsilonGreedy { epsilon } => probabilities.extend(scores.iter().map(|_| epsilon / k)),
        Policy::Optimistic { .. } | Policy::Greedy => probabilities.extend(scores.iter().map(|_| 0.0)),
    }
    if !policy.is_deterministic() && 0.0 < floor {
        let floor = floor.min(1.0);
        for p in probabilities.iter_mut() {
            *p = (1.0 - floor) * *p + floor / k;
        }
    }
    // The best takes what is left, so that the sum is 1 to the last rounding.
    probabilities[best] = 0.0;
    let others = kernel::sum(probabilities);
    probabilities[best] = (1.0 - others).max(0.0);
}

/// The candidate that `draw` in [0, 1) falls on. `None` when there are no candidates.
pub fn choose(probabilities: &[f64], draw: f64) -> Option<Choice> {
    let mut below = 0.0;
    let mut from = 0;
    for block in probabilities.chunks(64) {
        let above = below + kernel::sum(block);
        if draw < above {
            for (index, &probability) in (from..).zip(block) {
                below += probability;
                if draw < below && 0.0 < probability {
                    return Some(Choice { index, probability });
                }
            }
        }
        below = above;
        from += block.len();
    }
    // The sum may end a rounding below 1: the last candidate with any probability.
    let last = probabilities.iter().rposition(|&probability| 0.0 < probability)?;
    Some(Choice { index: last, probability: probabilities[last] })
}

/// How far the highest of `candidates` standard normals lies above their mean, roughly: √(2 ln K). By that much the best of
/// many looks better than it is, and so much more a candidate must be doubted before it is left alone.
pub(crate) fn spread(candidates: usize) -> f64 {
    (2.0 * libm::log(candidates.max(1) as f64)).sqrt()
}

/// γ at decision `t`.
fn growth(gamma: f64, exponent: f64, t: u64) -> f64 {
    let t = t.max(1) as f64;
    gamma * if exponent == 0.5 { t.sqrt() } else { libm::pow(t, exponent) }
}

/// The first of the highest scores; a score that is not finite is never higher.
fn best(scores: &[f64]) -> Option<usize> {
    let mut best = 0;
    let mut top = *scores.first()?;
    for (index, &score) in scores.iter().enumerate() {
        if score.is_finite() && (top < score || !top.is_finite()) {
            (best, top) = (index, score);
        }
    }
    Some(best)
}
