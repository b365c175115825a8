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
/// Standard deviation of the logarithm of the mean delay around what was assumed: half wrong is not surprising.
const DOUBT: f64 = 0.5;

/// The distribution of delays of one reward within its window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DelayCurve {
    window: Duration,
    /// Assumed mean delay.
    mean: Duration,
    /// 1 / the mean delay in seconds that fits best what is known so far.
    rate: f64,
    counts: Vec<f64>,
    total: f64,
}

impl DelayCurve {
    /// A curve that is assumed to be exponential with this mean until outcomes say otherwise.
    pub fn new(window: Duration, mean: Duration) -> Self {
        let rate = 1.0 / mean.as_secs_f64().max(1e-6);
        Self { window, mean, rate, counts: vec![0.0; BUCKETS], total: 0.0 }
    }

    /// Fits the mean of the assumed curve to outcomes whose windows are open still: each has a delay and the age that its
    /// decision has by now, in seconds. A delay longer than the age would not be known yet, so the likelihood of a delay
    /// d is that of an exponential cut off at the age a: λ e^(−λd) / (1 − e^(−λa)). The posterior mode of ln λ around the
    /// assumption, found by halving. O(outcomes).
    ///
    /// So a wrong assumption is noticed long before the first window closes.
    pub fn fit(&mut self, outcomes: &[(f64, f64)]) {
        let window = self.window.as_secs_f64();
        let assumed = 1.0 / self.mean.as_secs_f64().max(1e-6);
        let slope = |shift: f64| {
            let rate = assumed * libm::exp(shift);
            let one = |&(delay, age): &(f64, f64)| {
                let x = rate * age.clamp(1e-6, window);
                1.0 - rate * delay - x / libm::expm1(x)
            };
            outcomes.iter().map(one).sum::<f64>() - shift / (DOUBT * DOUBT)
        };
        let (mut low, mut high) = (-3.0, 3.0);
        for _ in 0..24 {
            let middle = 0.5 * (low + high);
            if 0.0 < slope(middle) { low = middle } else { high = middle }
        }
        self.rate = assumed * libm::exp(0.5 * (low + high));
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
        let decay = |at: Duration| -libm::expm1(-at.as_secs_f64() * self.rate);
        let assumed = decay(delay) / decay(self.window).max(1e-12);
        let at = bucket(delay);
        let below: f64 = self.counts.iter().take(at).sum();
        // Within a bucket delays are taken to be even.
        let (from, to) = (edge(at), edge(at + 1));
        let part = ((delay.as_secs_f64() - from) / (to - from)).clamp(0.0, 1.0);
        let seen = below + part * self.counts.get(at).copied().unwrap_or(0.0);
        ((STRENGTH * assumed + seen) / (STRENGTH + self.total)).clamp(0.0, 1.0)
    }

    /// The logit offset of an outcome that comes by `to`, when `p` is the probability that it comes within the window and
    /// the share `before` of that has been learned already: ln[(F(to) − before) (1 − p) / (1 − p F(to))].
    ///
    /// Exact: p/(1−p) times that ratio are the odds of coming between the two, given that it had not come before. What has
    /// been learned is passed in and not computed anew, so that the shares of all looks add up to one even when the curve
    /// changes between them: what an early look took too much of, a later one takes less of.
    pub fn offset(&self, p: f64, before: f64, to: Duration) -> f64 {
        let p = p.clamp(1e-6, 1.0 - 1e-6);
        let after = self.share(to);
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
                let hazard = 1.0
                    / (1.0
                        + (-(libm::log(p / (1.0 - p)) + curve.offset(p, curve.share(pair[0]), pair[1])))
                            .exp());
                silent *= 1.0 - hazard;
            }
            assert!((1.0 - silent - p).abs() < 1e-6, "{p}: {silent}");
        }
    }

    #[test]
    fn a_wrong_mean_is_noticed_before_any_window_closes() {
        let window = Duration::from_secs(60_000);
        for assumed in [10_000, 30_000] {
            let mut curve = DelayCurve::new(window, Duration::from_secs(assumed));
            // Two decisions in a hundred convert, 20,000 s later on average; half a window has passed.
            let known: Vec<(f64, f64)> = (0..30_000_u64)
                .filter(|t| t % 50 == 0)
                .map(|t| {
                    let u = apropos_event::draw::uniform(6, "delay", t);
                    (-20_000.0 * (1.0 - u).ln(), (30_000 - t) as f64)
                })
                .filter(|(delay, age)| delay < age)
                .collect();
            curve.fit(&known);
            let share = curve.share(Duration::from_secs(20_000));
            assert!((share - 0.665).abs() < 0.09, "assumed {assumed}: {share} from {}", known.len());
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
