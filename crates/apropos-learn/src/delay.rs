//! How late outcomes come, and what not having come yet says.
//!
//! A decision is looked at when each of its reward's looks is due. What happened between two looks is learned with a
//! logit offset, so that the pieces add up to the probability of an outcome within the window: the likelihood of a
//! discrete-time survival model. No outcome is first taken for a "no" and corrected later.
//!
//! Not here: which decisions are waiting ([`crate::join`]).

use apropos_event::Duration;
use serde::{Deserialize, Serialize};

/// Buckets of delays, four to a doubling of time from one second on.
const BUCKETS: usize = 128;
/// Outcomes after which older ones count half.
const HALF_LIFE: f64 = 10_000.0;
/// How many outcomes the assumed curve counts for.
const STRENGTH: f64 = 20.0;

/// The distribution of delays of one reward within its window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DelayCurve {
    window: Duration,
    /// Assumed mean delay.
    mean: Duration,
    counts: Vec<f64>,
    total: f64,
}

impl DelayCurve {
    /// A curve that is assumed to be exponential with this mean until outcomes say otherwise.
    pub fn new(window: Duration, mean: Duration) -> Self {
        Self { window, mean, counts: vec![0.0; BUCKETS], total: 0.0 }
    }

    /// Takes note of the delay of an outcome. Call it once the window of its decision has closed, whatever the delay:
    /// noted at once, short delays would be noted first and look too common.
    pub fn observe(&mut self, delay: Duration) {
        let keep = libm::exp2(-1.0 / HALF_LIFE);
        self.counts.iter_mut().for_each(|count| *count *= keep);
        self.total = self.total * keep + 1.0;
        if let Some(count) = self.counts.get_mut(bucket(delay)) {
            *count += 1.0;
        }
    }

    /// The share of outcomes that come within `delay`, given that they come within the window: 0 to 1, rising.
    pub fn share(&self, delay: Duration) -> f64 {
        if self.window <= delay {
            return 1.0;
        }
        let decay = |at: Duration| 1.0 - libm::exp(-at.as_secs_f64() / self.mean.as_secs_f64().max(1e-6));
        let assumed = decay(delay) / decay(self.window).max(1e-12);
        let at = bucket(delay);
        let below: f64 = self.counts.iter().take(at).sum();
        // Within a bucket delays are taken to be even.
        let (from, to) = (edge(at), edge(at + 1));
        let part = ((delay.as_secs_f64() - from) / (to - from)).clamp(0.0, 1.0);
        let seen = below + part * self.counts.get(at).copied().unwrap_or(0.0);
        ((STRENGTH * assumed + seen) / (STRENGTH + self.total)).clamp(0.0, 1.0)
    }

    /// The logit offset of an outcome between `from` and `to` that had not come by `from`, when `p` is the probability
    /// that it comes within the window: ln[(F(to) − F(from)) (1 − p) / (1 − p F(to))].
    ///
    /// Exact: p/(1−p) times that ratio are the odds of coming between the two, given that it had not come before.
    pub fn offset(&self, p: f64, from: Duration, to: Duration) -> f64 {
        let p = p.clamp(1e-6, 1.0 - 1e-6);
        let (before, after) = (self.share(from), self.share(to));
        libm::log(((after - before).max(1e-6) * (1.0 - p)) / (1.0 - p * after).max(1e-9)).clamp(-30.0, 30.0)
    }
}

/// The bucket of a delay.
fn bucket(delay: Duration) -> usize {
    let seconds = delay.as_secs_f64();
    if seconds < 1.0 { 0 } else { (1 + (4.0 * libm::log2(seconds)) as usize).min(BUCKETS - 1) }
}

/// Where a bucket begins, in seconds.
fn edge(bucket: usize) -> f64 {
    if bucket == 0 { 0.0 } else { libm::exp2((bucket - 1) as f64 / 4.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_add_up_to_the_whole() {
        let curve = DelayCurve::new(Duration::from_days(7), Duration::from_days(2));
        let looks = [Duration::ZERO, Duration::from_hours(1), Duration::from_days(1), Duration::from_days(7)];
        for p in [0.01, 0.3, 0.9] {
            let mut silent = 1.0;
            for pair in looks.windows(2) {
                let hazard =
                    1.0 / (1.0 + (-(libm::log(p / (1.0 - p)) + curve.offset(p, pair[0], pair[1]))).exp());
                silent *= 1.0 - hazard;
            }
            assert!((1.0 - silent - p).abs() < 1e-6, "{p}: {silent}");
        }
    }

    #[test]
    fn the_curve_learns_the_true_delays() {
        let window = Duration::from_days(7);
        let mut curve = DelayCurve::new(window, Duration::from_days(2));
        for n in 0..5_000 {
            let u = apropos_event::draw::uniform(5, "delay", n);
            curve.observe(Duration::from_secs((-3_600.0 * (1.0 - u).ln()) as i64));
        }
        let share = curve.share(Duration::from_hours(1));
        assert!((share - 0.632).abs() < 0.05, "{share}");
        assert_eq!(curve.share(window), 1.0);
    }
}
