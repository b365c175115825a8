//! Intervals that hold at every moment at once, so that a dashboard may be watched and a test stopped at will.
//!
//! Three kinds, from strict to cheap: [`Sequence`] is exact for any reward range and any weights, needs no order and
//! merges; [`super::PlugInSequence`] is the running empirical-Bernstein sequence of Waudby-Smith et al. (2022), which
//! follows an order; [`asymptotic_radius`] is the mixture of Waudby-Smith et al. (2023) for everything with a
//! standard error. Not here: intervals for one fixed number of rows; see `interval`.

use super::{Interval, WeightSums};

/// ψ(λ) = −ln(1 − λ) − λ, the price of betting λ.
pub(super) fn psi(lambda: f64) -> f64 {
    -libm::log1p(-lambda) - lambda
}

/// An exact confidence sequence for the value of a policy, from sums alone.
///
/// With ξ = w r ≥ 0 and mean v ≤ 1, each bet λ in (0, 1) makes exp(λ Σ(ξ − v) − ψ(λ) Σ(ξ − v)²) a non-negative
/// supermartingale that starts at 1 (Fan, Grama, Liu 2015), because ξ − v ≥ −1. A weighted mean of twenty such
/// processes, λ = 1/2, 1/4, …, is one too, and exceeds 2/α with probability at most α/2 *ever* (Ville). All it needs is
/// n, Σξ and Σξ²: so it merges, and the order of the rows does not matter. The upper side is the same for 1 − r. No
/// bound on the weights is needed; but where one is known beforehand, because the logging policy promises a floor, the
/// upper side also bets on (v − ξ)/W ≥ −1, which is far sharper when rewards are rare.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sequence {
    count: f64,
    /// Σξ and Σξ² for the rewards scaled to [0, 1], and for 1 − them.
    lower: (f64, f64),
    upper: (f64, f64),
    low: f64,
    range: f64,
    log_threshold: f64,
    max_weight: Option<f64>,
}

/// The number of bets that are mixed; the k-th has weight 1 / (k + 2), so that rare rewards are not drowned.
const BETS: usize = 20;

impl Sequence {
    /// The sequence after all rows in `sums`, for rewards between `low` and `high`, at level 1 − `alpha`.
    pub fn new(sums: &WeightSums, (low, high): (f64, f64), alpha: f64) -> Self {
        let range = if low < high { high - low } else { 1.0 };
        let (w, ww) = (sums.weight.sum(), sums.weight.sum_of_squares());
        let (wr, wwr, wwrr) =
            (sums.weighted.sum(), sums.weight_weighted.value(), sums.weighted.sum_of_squares());
        let side = |edge: f64, sign: f64| {
            (
                sign * (wr - edge * w) / range,
                (wwrr - 2.0 * edge * wwr + edge * edge * ww).max(0.0) / (range * range),
            )
        };
        Self {
            count: sums.weight.count() as f64,
            lower: side(low, 1.0),
            upper: side(low + range, -1.0),
            low,
            range,
            log_threshold: libm::log(2.0 / alpha),
            max_weight: None,
        }
    }

    /// The sequence of what the policy earns beyond the log's own decisions, E[(w − 1) r]: exact, and far sharper than the
    /// difference of two sequences, because what both share cancels row by row.
    ///
    /// With u the reward scaled to [0, 1], (w − 1) u ≥ −1 has the mean of the gain, and (w − 1)(1 − u) ≥ −1 its negative
    /// (weights average to 1). Both are moved to [0, ∞), where the bets of [`Self::new`] stand. `max_weight` as in
    /// [`Self::with_max_weight`].
    pub fn of_gain(sums: &WeightSums, (low, high): (f64, f64), alpha: f64, max_weight: Option<f64>) -> Self {
        let range = if low < high { high - low } else { 1.0 };
        let n = sums.weight.count() as f64;
        let (w, ww) = (sums.weight.sum(), sums.weight.sum_of_squares());
        let (r, wr, wwr) = (sums.reward.sum(), sums.weighted.sum(), sums.weight_weighted.value());
        // Σ (w − 1) and the like, once with the reward and once without.
        let (plain, plain_squares) = (w - n, ww - 2.0 * w + n);
        let crossed = wwr - 2.0 * wr + r;
        let side = |edge: f64, sign: f64| {
            let sum = sign * (sums.gain.sum() - edge * plain) / range;
            let squares = sums.gain.sum_of_squares() - 2.0 * edge * crossed + edge * edge * plain_squares;
            (0.5 * (sum + n), 0.25 * (squares.max(0.0) / (range * range) + 2.0 * sum + n))
        };
        let sequence = Self {
            count: n,
            lower: side(low, 1.0),
            upper: side(low + range, -1.0),
            low: -range,
            range: 2.0 * range,
            log_threshold: libm::log(2.0 / alpha),
            max_weight: None,
        };
        max_weight.map_or(sequence, |limit| sequence.with_max_weight(0.5 * limit.max(1.0)))
    }

    /// The same sequence, told that no weight can exceed `limit`: the largest π_e over the floor that the logging policy
    /// promises. It must be known beforehand; the largest weight that was *seen* will not do.
    #[must_use]
    pub fn with_max_weight(self, limit: f64) -> Self {
        Self { max_weight: (0.0 < limit).then_some(limit), ..self }
    }

    /// The interval now. It may be read after every row: with probability 1 − α it never misses.
    pub fn interval(&self) -> Interval {
        let bound = |sum: f64, wealth: &dyn Fn(f64) -> f64| {
            if self.count == 0.0 { 0.0 } else { first_allowed((sum / self.count).clamp(0.0, 1.0), wealth) }
        };
        let low = bound(self.lower.0, &|v| self.wealth_above(v));
        // The upper side looks at 1 − v, which cannot be smaller than 1 − Σξ/n and need not reach it.
        let centre = self.upper.0.max(self.count - self.lower.0);
        let high = 1.0 - bound(centre, &|v| self.wealth_below(1.0 - v));
        let unit = if low <= high { Interval { low, high } } else { Interval { low: high, high: low } };
        Interval { low: self.low + self.range * unit.low, high: self.low + self.range * unit.high }
    }

    /// Whether `value` has been ruled out. O(1), without finding the interval.
    pub fn excludes(&self, value: f64) -> bool {
        let v = (value - self.low) / self.range;
        0.0 < self.wealth_above(v) || 0.0 < self.wealth_below(v)
    }

    /// ln of the wealth of betting that the value exceeds `v`, less the threshold.
    fn wealth_above(&self, v: f64) -> f64 {
        self.log_wealth(self.lower, v) - self.log_threshold
    }

    /// ln of the wealth of betting that the value is below `v`, less the threshold.
    fn wealth_below(&self, v: f64) -> f64 {
        let free = self.log_wealth(self.upper, 1.0 - v);
        let Some(limit) = self.max_weight else { return free - self.log_threshold };
        // (v − ξ) / W: half of the stake goes on each bet.
        let scaled = (-self.lower.0 / limit, self.lower.1 / (limit * limit));
        let bounded = self.log_wealth(scaled, -v / limit);
        let largest = free.max(bounded);
        let sum = 0.5 * (libm::exp(free - largest) + libm::exp(bounded - largest));
        largest + libm::log(sum) - self.log_threshold
    }

    /// ln of the mixed wealth of betting that the mean of a series exceeds `v`.
    fn log_wealth(&self, (sum, squares): (f64, f64), v: f64) -> f64 {
        let spread = (squares - 2.0 * v * sum + self.count * v * v).max(0.0);
        mixed_log_wealth(sum - self.count * v, spread)
    }
}

/// ln of the weighted mean of exp(λ drift − ψ(λ) spread) over λ = 1/2, 1/4, ….
pub(super) fn mixed_log_wealth(drift: f64, spread: f64) -> f64 {
    let mut exponents = [0.0; BETS];
    let (mut lambda, mut largest) = (0.5, f64::NEG_INFINITY);
    for exponent in &mut exponents {
        *exponent = lambda * drift - psi(lambda) * spread;
        largest = largest.max(*exponent);
        lambda *= 0.5;
    }
    let (mut total, mut weights) = (0.0, 0.0);
    for (at, exponent) in exponents.iter().enumerate() {
        let weight = 1.0 / (at as f64 + 2.0);
        weights += weight;
        total += weight * libm::exp(exponent - largest);
    }
    largest + libm::log(total / weights)
}

/// The smallest value in `[0, centre]` against which nothing has been won yet.
fn first_allowed(centre: f64, wealth: &dyn Fn(f64) -> f64) -> f64 {
    if wealth(0.0) <= 0.0 {
        return 0.0;
    }
    let (mut low, mut high) = (0.0, centre);
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if 0.0 < wealth(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

/// The scale ρ that makes the asymptotic sequence tightest at `tuning` rows (Waudby-Smith et al. 2023, eq. 161).
pub fn asymptotic_scale(alpha: f64, tuning: f64) -> f64 {
    let twice = -2.0 * libm::log(alpha);
    libm::sqrt((twice + libm::log(twice + 1.0)) / tuning)
}

/// The radius of the asymptotic confidence sequence around a mean with this standard error after `n` rows
/// (Waudby-Smith et al. 2023): it covers at all large n at once.
pub fn asymptotic_radius(standard_error: f64, n: f64, alpha: f64, tuning: f64) -> f64 {
    if n == 0.0 {
        return f64::INFINITY;
    }
    let rho = asymptotic_scale(alpha, tuning);
    let grown = n * rho * rho + 1.0;
    let factor = 2.0 * grown * libm::log(libm::sqrt(grown) / alpha) / (n * n * rho * rho);
    standard_error * libm::sqrt(n) * libm::sqrt(factor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::offpolicy::{PlugInSequence, Row};
    use apropos_event::draw::uniform;

    fn rows(key: &str, n: u64) -> Vec<Row> {
        (0..n)
            .map(|i| {
                let weight = if uniform(1, key, 2 * i) < 0.2 { 3.0 } else { 0.5 };
                Row { weight, ..Row::new(0.5, 0.5, f64::from(u8::from(uniform(1, key, 2 * i + 1) < 0.3))) }
            })
            .collect()
    }

    #[test]
    fn both_sequences_close_in_on_the_value() {
        let (mut sums, mut plug_in) = (WeightSums::default(), PlugInSequence::new((0.0, 1.0), 0.05));
        let mut last = 1.0;
        for (at, row) in rows("a", 40_000).iter().enumerate() {
            sums.push(row);
            plug_in.push(row);
            if [999, 9_999, 39_999].contains(&at) {
                let now = Sequence::new(&sums, (0.0, 1.0), 0.05).interval();
                assert!(now.contains(0.3) && plug_in.interval().contains(0.3), "{now:?}");
                assert!(now.width() < last);
                last = now.width();
            }
        }
        assert!(last < 0.04, "{last}");
        assert!(plug_in.interval().width() < 0.05);
    }

    #[test]
    fn excluding_agrees_with_the_interval() {
        let mut sums = WeightSums::default();
        for row in &rows("b", 3_000) {
            sums.push(row);
        }
        let sequence = Sequence::new(&sums, (0.0, 1.0), 0.05);
        let interval = sequence.interval();
        for step in 0..=100 {
            let value = f64::from(step) / 100.0;
            assert_eq!(sequence.excludes(value), !interval.contains(value), "{value}");
        }
    }

    #[test]
    fn the_reward_range_only_moves_the_scale() {
        let (mut unit, mut money) = (WeightSums::default(), WeightSums::default());
        for row in rows("c", 2_000) {
            unit.push(&row);
            money.push(&Row { reward: 50.0 * row.reward - 10.0, ..row });
        }
        let a = Sequence::new(&unit, (0.0, 1.0), 0.05).interval();
        let b = Sequence::new(&money, (-10.0, 40.0), 0.05).interval();
        assert!((50.0 * a.low - 10.0 - b.low).abs() < 1e-9 && (50.0 * a.high - 10.0 - b.high).abs() < 1e-9);
    }

    #[test]
    fn a_promised_floor_sharpens_the_upper_side_of_rare_rewards() {
        let mut sums = WeightSums::default();
        for i in 0..10_000 {
            let weight = if uniform(1, "w", i) < 0.1 { 5.5 } else { 0.5 };
            sums.push(&Row { weight, ..Row::new(0.5, 0.5, f64::from(u8::from(uniform(1, "r", i) < 0.005))) });
        }
        let free = Sequence::new(&sums, (0.0, 1.0), 0.05);
        let told = free.with_max_weight(5.5);
        assert_eq!(free.interval().low, told.interval().low);
        assert!(
            told.interval().high < 0.5 * free.interval().high,
            "{:?} {:?}",
            told.interval(),
            free.interval()
        );
        assert!(told.interval().contains(0.005) && !told.excludes(0.005));
        assert!(told.excludes(told.interval().high + 1e-6) && !told.excludes(told.interval().high - 1e-6));
    }

    #[test]
    fn with_no_rows_nothing_is_known() {
        let nothing = Sequence::new(&WeightSums::default(), (0.0, 1.0), 0.05);
        assert_eq!(nothing.interval(), Interval { low: 0.0, high: 1.0 });
        assert_eq!(PlugInSequence::new((0.0, 2.0), 0.05).interval(), Interval { low: 0.0, high: 2.0 });
    }
}
