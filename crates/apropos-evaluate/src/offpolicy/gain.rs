//! What a policy earns beyond the log's own decisions, and whether that is enough to promote it.
//!
//! The two are compared row by row: E[(w − 1) r]. What policy and log share cancels, so that a small gain shows far
//! earlier than in two intervals side by side. Not here: how the intervals are made; see `sequence`.

use serde::{Deserialize, Serialize};

use crate::numeric::distribution::normal_quantile;

use super::sequence::mixed_log_wealth;
use super::{Interval, Sequence, WeightSums, asymptotic_radius, normal};

/// The gain of a policy over the one that wrote the log, per decision.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gain {
    /// mean((w − 1) r).
    pub value: f64,
    /// Its standard error.
    pub se: f64,
    /// The interval for a number of rows fixed beforehand.
    pub ci95: Interval,
    /// The interval that may be watched while the log grows; exact for any weights.
    pub confidence_sequence: Interval,
}

/// What to do about a candidate, as often as one likes to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Promotion {
    /// It is better: the whole interval lies above 0.
    Promote,
    /// It is worse: the whole interval lies below 0.
    Reject,
    /// Nobody can tell yet.
    Wait,
}

impl Promotion {
    /// What an interval of the difference allows. With an interval that may be watched, at most α of all candidates
    /// that are no better are ever promoted, however often this is asked.
    pub fn of(difference: Interval) -> Self {
        if 0.0 < difference.low {
            Self::Promote
        } else if difference.high < 0.0 {
            Self::Reject
        } else {
            Self::Wait
        }
    }
}

impl Gain {
    pub(super) fn new(sums: &WeightSums, range: (f64, f64), alpha: f64, max_weight: Option<f64>) -> Self {
        let (value, se) = (sums.gain.mean(), sums.gain.standard_error());
        let sequence = Sequence::of_gain(sums, range, alpha, max_weight);
        Self { value, se, ci95: normal(value, se, alpha), confidence_sequence: sequence.interval() }
    }

    /// Whether to promote the policy, however often this is asked.
    pub fn promotion(&self) -> Promotion {
        Promotion::of(self.confidence_sequence)
    }
}

/// How many rows a log needs before a policy that earns `gain` more per decision is promoted with this power, when its
/// [`Gain`] is watched all the time: the n at which the bets win even where the sum of (w − 1) r lies z standard errors
/// below its mean. `sd` is the standard deviation of (w − 1) r, `range` the length of the range of rewards. Infinite when
/// there is nothing to gain.
pub fn gain_rows(gain: f64, sd: f64, range: f64, alpha: f64, power: f64) -> f64 {
    let z = normal_quantile(power);
    // The bets see half of (w − 1) r, in units of the range.
    let (gain, sd) = (0.5 * gain / range, 0.5 * sd / range);
    let threshold = libm::log(2.0 / alpha);
    first_enough(|n| {
        let drift = n * gain - z * libm::sqrt(n) * sd;
        0.0 < drift && threshold <= mixed_log_wealth(drift, n * (sd * sd + gain * gain))
    })
}

/// How many rows (or units of both arms together) a comparison needs before an effect shows with this power, when its
/// asymptotic sequence is watched all the time: the smallest n at which effect ≥ (r_n + z) sd / √n, where r_n is the radius
/// of the sequence in standard errors. `sd` is √n times the standard error of the effect. Infinite when there is no effect.
pub fn watched_rows(effect: f64, sd: f64, alpha: f64, power: f64, tuning_rows: f64) -> f64 {
    let z = normal_quantile(power);
    first_enough(|n| {
        let se = sd / libm::sqrt(n);
        effect != 0.0 && asymptotic_radius(se, n, alpha, tuning_rows) + z * se <= effect.abs()
    })
}

/// The smallest whole number that is enough, if more is never less; infinite beyond 1e15.
fn first_enough(enough: impl Fn(f64) -> bool) -> f64 {
    let (mut few, mut many) = (0.0, 1e15);
    if !enough(many) {
        return f64::INFINITY;
    }
    while 1.0 < many - few {
        let middle = libm::floor(0.5 * (few + many));
        if enough(middle) {
            many = middle;
        } else {
            few = middle;
        }
    }
    many
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::offpolicy::{Evaluation, Plan, Row};

    fn gain(rows: &[Row]) -> Gain {
        let mut evaluation = Evaluation::new(Plan::default());
        for row in rows {
            evaluation.push(row).unwrap();
        }
        evaluation.gain()
    }

    #[test]
    fn the_logging_policy_gains_nothing_over_itself() {
        let rows: Vec<Row> = (0..500).map(|i| Row::new(0.5, 0.5, f64::from(i % 2))).collect();
        let found = gain(&rows);
        assert_eq!((found.value, found.se), (0.0, 0.0));
        assert_eq!(found.promotion(), Promotion::Wait);
    }

    #[test]
    fn a_clear_gain_is_promoted_and_a_clear_loss_is_rejected() {
        let rows = |better: u32| -> Vec<Row> {
            let row = |i: u32| Row::new(if i % 2 == better { 0.9 } else { 0.1 }, 0.5, f64::from(i % 2));
            (0..2_000).map(row).collect()
        };
        assert_eq!(gain(&rows(1)).promotion(), Promotion::Promote);
        assert_eq!(gain(&rows(0)).promotion(), Promotion::Reject);
        assert!((gain(&rows(1)).value - 0.4).abs() < 1e-12);
    }

    #[test]
    fn the_sequence_of_the_gain_is_that_of_its_rows_scaled_by_hand() {
        // The naive twin: build ξ = ((w − 1) u + 1) / 2 row by row and hand it to the plain sequence as weights.
        let rows: Vec<Row> = (0..3_000_u32)
            .map(|i| Row { weight: f64::from(i % 7) / 3.0, ..Row::new(0.5, 0.5, f64::from(i % 5)) })
            .collect();
        let mut sums = WeightSums::default();
        let mut twin = [WeightSums::default(), WeightSums::default()];
        for row in &rows {
            sums.push(row);
            let u = row.reward / 4.0;
            for (twin, part) in twin.iter_mut().zip([u, 1.0 - u]) {
                let xi = 0.5 * ((row.weight - 1.0) * part + 1.0);
                twin.push(&Row { weight: xi, ..Row::new(1.0, 1.0, 1.0) });
            }
        }
        let found = Sequence::of_gain(&sums, (0.0, 4.0), 0.05, None).interval();
        let low = Sequence::new(&twin[0], (0.0, 1.0), 0.05).interval().low;
        let high = 1.0 - Sequence::new(&twin[1], (0.0, 1.0), 0.05).interval().low;
        let scaled = |v: f64| 4.0 * (2.0 * v - 1.0);
        assert!((found.low - scaled(low)).abs() < 1e-9, "{found:?} {low}");
        assert!((found.high - scaled(high)).abs() < 1e-9, "{found:?} {high}");
    }

    #[test]
    fn small_effects_ask_for_many_rows() {
        let n = |effect| watched_rows(effect, 1.0, 0.05, 0.8, 5_000.0);
        assert!(n(0.1) < n(0.05) && n(0.05) < n(0.01));
        let se = 0.1 / libm::sqrt(n(0.1)) * 10.0;
        assert!(asymptotic_radius(se, n(0.1), 0.05, 5_000.0) + 0.841 * se <= 0.1 + 1e-3);
        assert_eq!(n(0.0), f64::INFINITY);
        let rows = |gain| gain_rows(gain, 0.5, 1.0, 0.05, 0.8);
        assert!(rows(0.05) < rows(0.02) && rows(0.02) < 1e5, "{} {}", rows(0.05), rows(0.02));
        assert_eq!(gain_rows(0.05, 0.5, 1.0, 0.05, 0.8), gain_rows(5.0, 50.0, 100.0, 0.05, 0.8));
        assert_eq!((rows(0.0), rows(-0.1)), (f64::INFINITY, f64::INFINITY));
    }
}
