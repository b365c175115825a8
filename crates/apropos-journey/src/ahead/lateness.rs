//! How long the evidence of a promise usually takes: a histogram that can be merged.
//!
//! Not here: promises themselves.

use apropos_event::Duration;
use serde::{Deserialize, Serialize};

/// How long it took until the evidence of a promise arrived, over many promises.
///
/// Times fall into 64 classes, four to each doubling from one minute on, so that any quantile is known to within a
/// quarter; two histograms are merged by addition.
///
/// ```
/// use apropos_event::Duration;
///
/// let mut lateness = apropos_journey::Lateness::default();
/// (1..=100).for_each(|hours| lateness.record(Duration::from_hours(hours)));
/// let at_risk = lateness.at_risk_after(Duration::from_hours(72), 0.5).unwrap();
/// assert!(at_risk < Duration::from_hours(72));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lateness {
    counts: Vec<u64>,
}

const CLASSES: usize = 64;
/// Fewer observations than this say nothing.
const ENOUGH: u64 = 30;

impl Lateness {
    /// Adds one promise whose evidence took this long.
    pub fn record(&mut self, took: Duration) {
        self.counts.resize(CLASSES, 0);
        self.counts[class_of(took)] += 1;
    }

    /// Adds all of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.counts.resize(CLASSES, 0);
        self.counts
            .iter_mut()
            .zip(&other.counts)
            .for_each(|(mine, theirs)| *mine = mine.saturating_add(*theirs));
    }

    /// How many promises were seen.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// After how long a promise that must be kept `within` is at risk: the first time at which, of those still open
    /// then, less than the share `confidence` are kept in the end by the deadline. `None` with fewer than 30
    /// observations, or when that never happens before the deadline. O(1): 64 classes.
    pub fn at_risk_after(&self, within: Duration, confidence: f64) -> Option<Duration> {
        if self.count() < ENOUGH {
            return None;
        }
        let last = class_of(within);
        // The class that holds the deadline is split evenly.
        let (start, end) = (start_of(last), start_of(last + 1));
        let beyond = end.as_micros().saturating_sub(within.as_micros()) as f64;
        let share = (beyond / (end.as_micros() - start.as_micros()) as f64).clamp(0.0, 1.0);
        let late = self.counts.iter().skip(last + 1).sum::<u64>() as f64 + share * self.counts[last] as f64;
        let mut open = self.count();
        for (class, count) in self.counts.iter().enumerate().take(last + 1) {
            if open as f64 - late < confidence * open as f64 {
                return Some(start_of(class).min(within));
            }
            open = open.saturating_sub(*count);
        }
        None
    }
}

fn class_of(took: Duration) -> usize {
    (0..CLASSES).rev().find(|class| start_of(*class) < took).unwrap_or(0)
}

/// Four classes a doubling: 4/4, 5/4, 6/4 and 7/4 of a power of two, in minutes.
fn start_of(class: usize) -> Duration {
    if class == 0 {
        return Duration::ZERO;
    }
    let (octave, quarter) = ((class - 1) / 4, (class - 1) % 4);
    Duration::from_micros((60_000_000_i64 << octave) / 4 * (4 + quarter as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_is_at_risk_when_few_of_those_still_open_are_kept() {
        let mut lateness = Lateness::default();
        (0..90).for_each(|_| lateness.record(Duration::from_hours(1)));
        (0..10).for_each(|_| lateness.record(Duration::from_hours(100)));
        let after = lateness.at_risk_after(Duration::from_hours(48), 0.75).unwrap();
        assert!(Duration::from_mins(50) <= after && after < Duration::from_hours(2), "{after}");
    }

    #[test]
    fn too_few_observations_say_nothing() {
        let mut lateness = Lateness::default();
        lateness.record(Duration::from_days(9));
        assert_eq!(lateness.at_risk_after(Duration::from_hours(48), 0.75), None);
    }

    #[test]
    fn merging_is_adding() {
        let (mut a, mut b, mut both) = (Lateness::default(), Lateness::default(), Lateness::default());
        for hours in 1..200 {
            let half = if hours % 2 == 0 { &mut a } else { &mut b };
            half.record(Duration::from_hours(hours));
            both.record(Duration::from_hours(hours));
        }
        a.merge(&b);
        assert_eq!(a, both);
    }
}
