//! A fact with its pedigree: where it comes from, when it was true, how fast it fades, how sure it was.
//!
//! Not here: which facts there are, see [`crate::ContextRules`].

use std::fmt;

use apropos_event::{Duration, Timestamp};
use serde::{Deserialize, Serialize};

/// Where a fact comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Source {
    /// The customer said so.
    Stated,
    /// The request carries it: its channel, its device, its position.
    #[default]
    Request,
    /// It was seen in an event.
    Event,
    /// It was worked out from other facts.
    Inferred,
    /// The definition says so where nothing else is known.
    Assumed,
}

impl Source {
    /// The source's name, as it is written in data.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stated => "stated",
            Self::Request => "request",
            Self::Event => "event",
            Self::Inferred => "inferred",
            Self::Assumed => "assumed",
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A value with source, time, half-life and confidence.
///
/// ```
/// use apropos_context::{Reading, Source};
/// use apropos_event::{Duration, Timestamp};
///
/// let seen = Reading::new("store_12", Source::Event, Timestamp::EPOCH).fading(Duration::from_mins(10));
/// assert_eq!(seen.confidence(Timestamp::EPOCH), 1.0);
/// assert_eq!(seen.confidence(Timestamp::EPOCH.plus(Duration::from_mins(20))), 0.25);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reading<T> {
    /// What is believed.
    pub value: T,
    /// Where it comes from.
    pub source: Source,
    /// When it was true.
    pub at: Timestamp,
    /// After this long the confidence has halved; zero means that it does not fade.
    pub half_life: Duration,
    /// How sure it was when it was taken, 0 to 1.
    pub certainty: f64,
}

impl<T> Reading<T> {
    /// A certain reading that does not fade.
    pub fn new(value: T, source: Source, at: Timestamp) -> Self {
        Self { value, source, at, half_life: Duration::ZERO, certainty: 1.0 }
    }

    /// The same reading, fading with this half-life.
    #[must_use]
    pub fn fading(mut self, half_life: Duration) -> Self {
        self.half_life = half_life;
        self
    }

    /// The same reading, less sure: held between 0 and 1.
    #[must_use]
    pub fn with_certainty(mut self, certainty: f64) -> Self {
        self.certainty = if certainty.is_finite() { certainty.clamp(0.0, 1.0) } else { 0.0 };
        self
    }

    /// How sure the reading is at `now`: `certainty · 2^(−age / half-life)`.
    ///
    /// It never grows with age, and a reading from the future counts as fresh.
    pub fn confidence(&self, now: Timestamp) -> f64 {
        let certainty = if self.certainty.is_finite() { self.certainty.clamp(0.0, 1.0) } else { 0.0 };
        certainty * fade(now.since(self.at), self.half_life)
    }

    /// The value, if it is still believed with at least `enough` confidence.
    pub fn if_believed(&self, now: Timestamp, enough: f64) -> Option<&T> {
        (enough <= self.confidence(now)).then_some(&self.value)
    }
}

/// What is left of something after `age` when half of it is gone after `half_life`: between 0 and 1.
///
/// A half-life of zero or less means that nothing is lost.
pub(crate) fn fade(age: Duration, half_life: Duration) -> f64 {
    if !half_life.is_positive() || !age.is_positive() {
        return 1.0;
    }
    libm::exp2(-(age.as_micros() as f64 / half_life.as_micros() as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn confidence_never_grows_with_age(
            certainty in -1.0_f64..2.0,
            half_life in -10_i64..10_000_000,
            early in 0_i64..100_000_000,
            later in 0_i64..100_000_000,
        ) {
            let reading = Reading::new((), Source::Event, Timestamp::EPOCH)
                .fading(Duration::from_secs(half_life))
                .with_certainty(certainty);
            let at = |s| Timestamp::EPOCH.plus(Duration::from_secs(s));
            let (first, second) = (reading.confidence(at(early)), reading.confidence(at(early + later)));
            proptest::prop_assert!((0.0..=1.0).contains(&first));
            proptest::prop_assert!(second <= first);
        }
    }

    #[test]
    fn a_certainty_that_is_no_number_counts_as_none() {
        let mut reading = Reading::new((), Source::Event, Timestamp::EPOCH).with_certainty(f64::NAN);
        assert_eq!(reading.confidence(Timestamp::EPOCH), 0.0);
        reading.certainty = f64::INFINITY;
        assert_eq!(reading.confidence(Timestamp::EPOCH), 0.0);
    }
}
