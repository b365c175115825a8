//! Intervals for uplift metrics by resampling the units.
//!
//! Not here: the metrics.

use apropos_event::draw::{mix, unit};
use serde::{Deserialize, Serialize};

use crate::offpolicy::Interval;

use super::{Metrics, Scored};

/// The central 95 % of each metric under resampling.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricIntervals {
    /// Of the Qini area over random targeting.
    pub qini_area_minus_random_per_row: Interval,
    /// Of the gain area over random targeting.
    pub auuc_minus_random_per_row: Interval,
    /// Of the uplift among the best 30 %; `None` when too many samples had an empty group there.
    pub uplift_at_30_overall: Option<Interval>,
    /// Of the value of treating the best 30 %.
    pub policy_value_top30_ipw: Interval,
}

/// The most resamples.
pub const MAX_SAMPLES: u32 = 100_000;

/// Percentile intervals from `samples` resamples of the units. Draws depend on `seed` alone.
/// O(samples · n log n).
pub fn bootstrap(units: &[Scored], samples: u32, seed: u64) -> Option<MetricIntervals> {
    if units.is_empty() || samples < 20 {
        return None;
    }
    let samples = samples.min(MAX_SAMPLES);
    let mut series: [Vec<f64>; 4] = Default::default();
    let mut resampled = Vec::with_capacity(units.len());
    for sample in 0..u64::from(samples) {
        resampled.clear();
        let base = mix(seed ^ mix(sample.wrapping_add(1)));
        for place in 0..units.len() as u64 {
            let at = unit(mix(base.wrapping_add(place))) * units.len() as f64;
            resampled.push(units[at as usize]);
        }
        let found = Metrics::of(&resampled);
        series[0].push(found.qini_area_minus_random_per_row);
        series[1].push(found.auuc_minus_random_per_row);
        series[2].extend(found.uplift_at_30_overall);
        series[3].push(found.policy_value_top30_ipw);
    }
    let enough = samples as usize / 2 < series[2].len();
    let [qini, auuc, uplift, value] = series.map(percentiles);
    Some(MetricIntervals {
        qini_area_minus_random_per_row: qini,
        auuc_minus_random_per_row: auuc,
        uplift_at_30_overall: enough.then_some(uplift),
        policy_value_top30_ipw: value,
    })
}

/// The 2.5 % and 97.5 % points, linear between samples.
fn percentiles(mut values: Vec<f64>) -> Interval {
    values.sort_by(f64::total_cmp);
    let point = |p: f64| {
        let place = p * values.len().saturating_sub(1) as f64;
        let (below, part) = (libm::floor(place) as usize, place - libm::floor(place));
        let at = |index: usize| values.get(index.min(values.len().saturating_sub(1))).copied().unwrap_or(0.0);
        at(below) + part * (at(below + 1) - at(below))
    };
    Interval { low: point(0.025), high: point(0.975) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_holds_the_estimate_and_repeats() {
        let units: Vec<Scored> = (0..400)
            .map(|i| Scored {
                score: f64::from(i % 37),
                treated: i % 2 == 0,
                outcome: f64::from(u8::from(i % 37 > 18 && i % 2 == 0)),
            })
            .collect();
        let found = bootstrap(&units, 200, 1).unwrap();
        let estimate = Metrics::of(&units);
        assert!(found.qini_area_minus_random_per_row.contains(estimate.qini_area_minus_random_per_row));
        assert!(0.0 < found.qini_area_minus_random_per_row.low);
        assert_eq!(bootstrap(&units, 200, 1), Some(found));
        assert_ne!(bootstrap(&units, 200, 2), Some(found));
        assert_eq!(bootstrap(&[], 200, 1), None);
    }
}
