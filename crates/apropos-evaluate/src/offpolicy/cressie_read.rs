//! The empirical-likelihood estimate of the Cressie–Read family with power −2, and its interval.
//!
//! It finds the re-weighting of the log nearest to uniform under which the weights average to 1 (Karampatziakis,
//! Langford, Mineiro 2020). O(1) memory, mergeable, never outside the range of rewards: made for live dashboards.
//! Not here: other estimators.

use crate::numeric::distribution::f_upper_quantile;

use super::{Interval, WeightSums};

/// The estimate after all rows of a log.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CressieRead {
    n: f64,
    w: f64,
    ww: f64,
    wr: f64,
    wwr: f64,
    wwrr: f64,
    mean_reward: f64,
    min_weight: f64,
    max_weight: f64,
}

impl CressieRead {
    /// The estimate from the sums of a log, for weights that lie between 0 and `max_weight`, which may be infinite.
    pub fn new(sums: &WeightSums, max_weight: f64) -> Self {
        Self {
            n: sums.weight.count() as f64,
            w: sums.weight.sum(),
            ww: sums.weight.sum_of_squares(),
            wr: sums.weighted.sum(),
            wwr: sums.weight_weighted.value(),
            wwrr: sums.weighted.sum_of_squares(),
            mean_reward: sums.reward.mean(),
            min_weight: 0.0,
            max_weight,
        }
    }

    /// The weight that an unseen row is imagined to have.
    fn imagined(&self) -> f64 {
        if self.w < self.n { self.max_weight } else { self.min_weight }
    }

    /// The estimated value; `None` without rows.
    pub fn value(&self) -> Option<f64> {
        if self.n == 0.0 {
            return None;
        }
        let grown = 1.0 + self.n;
        let imagined = self.imagined();
        let (gamma, beta) = if imagined.is_infinite() {
            (-grown / self.n, 0.0)
        } else {
            let a = (imagined + self.w) / grown;
            let b = (imagined * imagined + self.ww) / grown;
            let spread = a * a - b;
            if spread == 0.0 { (-grown / self.n, 0.0) } else { ((b - a) / spread, (1.0 - a) / spread) }
        };
        let seen = (-gamma * self.wr - beta * self.wwr) / grown;
        let mass = (-gamma * self.w - beta * self.ww) / grown;
        Some(seen + (1.0 - mass).max(0.0) * self.mean_reward)
    }

    /// The likelihood-ratio interval at level 1 − `alpha` for rewards between `low` and `high`.
    pub fn interval(&self, (low, high): (f64, f64), alpha: f64) -> Interval {
        if self.n < 2.0 {
            return Interval { low, high };
        }
        let delta = f_upper_quantile(alpha, 1.0, self.n);
        let phi = (-self.unconstrained() - delta) / (2.0 * (1.0 + self.n));
        let lower = self.side(low, 1.0, phi).map_or(low, |v| v.clamp(low, high));
        let upper = self.side(high, -1.0, phi).map_or(high, |v| (-v).clamp(low, high));
        Interval { low: lower.min(upper), high: upper.max(lower) }
    }

    fn unconstrained(&self) -> f64 {
        let grown = 1.0 + self.n;
        let imagined = self.imagined();
        if imagined.is_infinite() {
            return 1.0 + 1.0 / self.n;
        }
        let a = (imagined + self.w) / grown;
        let b = (imagined * imagined + self.ww) / grown;
        if b == a * a { 0.0 } else { grown * (a - 1.0) * (a - 1.0) / (b - a * a) }
    }

    /// The smallest `sign` · value over both imagined weights, when an unseen row has reward `r`.
    fn side(&self, r: f64, sign: f64, phi: f64) -> Option<f64> {
        let found = [self.min_weight, self.max_weight].map(|imagined| self.candidate(imagined, r, sign, phi));
        found.into_iter().flatten().reduce(f64::min)
    }

    fn candidate(&self, imagined: f64, r: f64, sign: f64, phi: f64) -> Option<f64> {
        let (n, grown) = (self.n, 1.0 + self.n);
        let (x, y, z) = if imagined.is_infinite() {
            let x = sign * (r + (self.wr - self.w * r) / n);
            let shift = r * self.w - self.wr;
            let y = shift * shift / (n * grown) - (r * r * self.ww - 2.0 * r * self.wwr + self.wwrr) / grown;
            (x, y, phi + 1.0 / (2.0 * n))
        } else {
            let w = (imagined + self.w) / grown;
            let ww = (imagined * imagined + self.ww) / grown;
            let wr = sign * (imagined * r + self.wr) / grown;
            let wwr = sign * (imagined * imagined * r + self.wwr) / grown;
            let wwrr = (imagined * imagined * r * r + self.wwrr) / grown;
            let spread = ww - w * w;
            if spread <= 0.0 {
                return None;
            }
            let tilt = wwr - w * wr;
            let x = wr + (1.0 - w) * tilt / spread;
            (x, tilt * tilt / spread - (wwrr - wr * wr), phi + 0.5 * (1.0 - w) * (1.0 - w) / spread)
        };
        if (y * z).abs() < 1e-18 {
            return Some(x);
        }
        (z <= 0.0 && 0.0 <= y * z).then(|| x - libm::sqrt(2.0 * y * z))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::offpolicy::Row;
    use apropos_event::draw::uniform;

    #[test]
    fn under_the_logging_policy_it_is_the_mean_reward() {
        let mut sums = WeightSums::default();
        (0..100).for_each(|i| sums.push(&Row::new(0.5, 0.5, f64::from(i % 4 / 3))));
        let found = CressieRead::new(&sums, 2.0);
        assert!((found.value().unwrap() - 0.25).abs() < 1e-12);
        assert_eq!(CressieRead::new(&WeightSums::default(), 2.0).value(), None);
    }

    #[test]
    fn the_interval_covers_about_as_often_as_it_says() {
        let mut misses = 0;
        for log in 0..400 {
            let key = format!("log-{log}");
            let mut sums = WeightSums::default();
            for i in 0..600 {
                let rare = uniform(3, &key, 3 * i) < 0.1;
                let weight = if rare { 5.5 } else { 0.5 };
                let chance = if rare { 0.6 } else { 0.2 };
                sums.push(&Row {
                    weight,
                    ..Row::new(1.0, 1.0, f64::from(u8::from(uniform(3, &key, 3 * i + 1) < chance)))
                });
            }
            let truth = 0.55 * 0.6 + 0.45 * 0.2;
            let found = CressieRead::new(&sums, 5.5);
            let interval = found.interval((0.0, 1.0), 0.05);
            assert!(interval.contains(found.value().unwrap()));
            misses += u32::from(!interval.contains(truth));
        }
        assert!((6..=36).contains(&misses), "{misses} of 400");
    }
}
