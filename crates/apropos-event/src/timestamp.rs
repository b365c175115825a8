//! Instants: UTC, microsecond resolution, years 1 to 9999.
//!
//! chrono types are accepted and given at the border; inside an instant is one integer. Not here: zones and
//! local time, see [`crate::Zone`].

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::Duration;

/// An instant in UTC with microsecond resolution.
///
/// Text is RFC 3339 (`2026-03-01T10:00:00Z`); any offset is read, UTC is written. Arithmetic is held inside
/// [`Timestamp::MIN`] and [`Timestamp::MAX`], so it cannot overflow.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// Why a text or number is not an instant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseTimestampError {
    /// The text is not RFC 3339.
    #[error("`{0}` is not an instant; write it as `2026-03-01T10:00:00Z`")]
    Malformed(String),
    /// The instant lies outside the years 1 to 9999.
    #[error("the instant lies outside the years 1 to 9999")]
    OutOfRange,
}

impl Timestamp {
    /// The first instant: year 1.
    pub const MIN: Self = Self(-62_135_596_800_000_000);
    /// The last instant: the end of year 9999.
    pub const MAX: Self = Self(253_402_300_799_999_999);
    /// The first of January 1970.
    pub const EPOCH: Self = Self(0);

    /// The instant `micros` microseconds after the epoch.
    ///
    /// # Errors
    /// When it lies outside the years 1 to 9999.
    pub const fn from_micros(micros: i64) -> Result<Self, ParseTimestampError> {
        if Self::MIN.0 <= micros && micros <= Self::MAX.0 {
            Ok(Self(micros))
        } else {
            Err(ParseTimestampError::OutOfRange)
        }
    }

    /// The instant `seconds` seconds after the epoch, held inside the range.
    pub const fn from_secs_saturating(seconds: i64) -> Self {
        Self::clamped(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since the epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// The time from `earlier` to this instant; negative when `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    /// This instant moved by `by`, held inside the range.
    #[must_use]
    pub const fn plus(self, by: Duration) -> Self {
        Self::clamped(self.0.saturating_add(by.as_micros()))
    }

    /// This instant moved back by `by`, held inside the range.
    #[must_use]
    pub const fn minus(self, by: Duration) -> Self {
        Self::clamped(self.0.saturating_sub(by.as_micros()))
    }

    pub(crate) const fn clamped(micros: i64) -> Self {
        if micros < Self::MIN.0 {
            Self::MIN
        } else if Self::MAX.0 < micros {
            Self::MAX
        } else {
            Self(micros)
        }
    }

    /// The same instant as a chrono value.
    pub fn to_chrono(self) -> DateTime<Utc> {
        // INVARIANT: the range of `Timestamp` lies well inside chrono's.
        DateTime::from_timestamp_micros(self.0).unwrap_or(DateTime::UNIX_EPOCH)
    }
}

impl TryFrom<DateTime<Utc>> for Timestamp {
    type Error = ParseTimestampError;

    /// Takes a chrono instant; what is finer than a microsecond is cut off.
    fn try_from(instant: DateTime<Utc>) -> Result<Self, ParseTimestampError> {
        Self::from_micros(instant.timestamp_micros())
    }
}

impl From<Timestamp> for DateTime<Utc> {
    fn from(instant: Timestamp) -> Self {
        instant.to_chrono()
    }
}

impl FromStr for Timestamp {
    type Err = ParseTimestampError;

    fn from_str(text: &str) -> Result<Self, ParseTimestampError> {
        let instant = DateTime::parse_from_rfc3339(text).map_err(|_| {
            ParseTimestampError::Malformed(
                text.chars().take(64).collect::<String>().escape_debug().to_string(),
            )
        })?;
        Self::try_from(instant.with_timezone(&Utc))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_chrono().to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timestamp({self})")
    }
}

impl Serialize for Timestamp {
    /// RFC 3339 for people, microseconds for machines.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_i64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
            text.parse().map_err(de::Error::custom)
        } else {
            Self::from_micros(i64::deserialize(deserializer)?).map_err(de::Error::custom)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_rfc_3339_in_utc() {
        let at: Timestamp = "2026-03-01T10:00:00.5+01:00".parse().unwrap();
        assert_eq!(at.to_string(), "2026-03-01T09:00:00.500Z");
        assert!("2026-03-01 nine".parse::<Timestamp>().is_err());
    }

    #[test]
    fn the_ends_of_the_range_hold() {
        assert_eq!(Timestamp::MIN.to_string(), "0001-01-01T00:00:00Z");
        assert_eq!(Timestamp::MAX.to_string(), "9999-12-31T23:59:59.999999Z");
        assert_eq!(Timestamp::MAX.plus(Duration::MAX), Timestamp::MAX);
        assert_eq!(Timestamp::MIN.minus(Duration::MAX), Timestamp::MIN);
        assert!(Timestamp::from_micros(i64::MAX).is_err());
    }

    proptest::proptest! {
        #[test]
        fn text_and_chrono_round_trip(micros in Timestamp::MIN.0..=Timestamp::MAX.0) {
            let at = Timestamp::from_micros(micros).unwrap();
            proptest::prop_assert_eq!(at.to_string().parse(), Ok(at));
            proptest::prop_assert_eq!(Timestamp::try_from(at.to_chrono()), Ok(at));
        }
    }
}
