//! Elapsed time: a signed number of microseconds, written `30d`, `1h30m` or, in ISO 8601, `P30D`.
//!
//! Not here: calendar periods such as "one month", whose length depends on where they start.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An elapsed time in microseconds.
///
/// Days are 24 hours, weeks 7 days. Written as a sum of parts, largest first: `2w`, `1d12h`, `90m`, `1.5s`
/// is not accepted, `1s500ms` is. ISO 8601 durations without months and years (`P7D`, `PT36H`) are read too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(i64);

/// Why a text is not a duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a duration; write parts such as `30d`, `1h30m` or `PT36H`")]
pub struct ParseDurationError {
    text: String,
}

/// Unit names with their length in microseconds, longest first.
const UNITS: [(&str, i64); 7] = [
    ("w", 604_800_000_000),
    ("d", 86_400_000_000),
    ("h", 3_600_000_000),
    ("m", 60_000_000),
    ("s", 1_000_000),
    ("ms", 1_000),
    ("us", 1),
];

impl Duration {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// The longest duration.
    pub const MAX: Self = Self(i64::MAX);

    /// A duration of `n` microseconds.
    pub const fn from_micros(n: i64) -> Self {
        Self(n)
    }

    /// A duration of `n` seconds, saturating.
    pub const fn from_secs(n: i64) -> Self {
        Self(n.saturating_mul(1_000_000))
    }

    /// A duration of `n` minutes, saturating.
    pub const fn from_mins(n: i64) -> Self {
        Self(n.saturating_mul(60_000_000))
    }

    /// A duration of `n` hours, saturating.
    pub const fn from_hours(n: i64) -> Self {
        Self(n.saturating_mul(3_600_000_000))
    }

    /// A duration of `n` days of 24 hours, saturating.
    pub const fn from_days(n: i64) -> Self {
        Self(n.saturating_mul(86_400_000_000))
    }

    /// The whole length in microseconds.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// The length in seconds.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// The length in days of 24 hours.
    pub fn as_days_f64(self) -> f64 {
        self.0 as f64 / 86_400e6
    }

    /// Whether this is longer than nothing.
    pub const fn is_positive(self) -> bool {
        0 < self.0
    }

    /// The sum, or `None` when it does not fit.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(n) => Some(Self(n)),
            None => None,
        }
    }

    /// The sum, held at the ends of the range.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The duration `n` times over, held at the ends of the range.
    #[must_use]
    pub const fn saturating_mul(self, n: i64) -> Self {
        Self(self.0.saturating_mul(n))
    }

    /// The length without its sign.
    #[must_use]
    pub const fn abs(self) -> Self {
        Self(self.0.saturating_abs())
    }
}

impl FromStr for Duration {
    type Err = ParseDurationError;

    fn from_str(text: &str) -> Result<Self, ParseDurationError> {
        parse(text).map(Self).ok_or_else(|| ParseDurationError { text: text.escape_debug().to_string() })
    }
}

/// Parses `text` to microseconds; `None` when it is malformed or does not fit.
fn parse(text: &str) -> Option<i64> {
    let (negative, body) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let magnitude = match body.strip_prefix('P') {
        Some(iso) => parse_iso(iso)?,
        None if body == "0" => 0,
        None => parse_parts(body, &UNITS)?,
    };
    Some(if negative { -magnitude } else { magnitude })
}

/// Parts such as `1d12h`: at least one, each unit at most once, largest first.
fn parse_parts(mut rest: &str, units: &[(&str, i64)]) -> Option<i64> {
    let mut total = 0_i64;
    let mut next_unit = 0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let count: i64 = rest.get(..digits)?.parse().ok()?;
        rest = rest.get(digits..)?;
        let letters = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let name = rest.get(..letters)?;
        let at = units.iter().skip(next_unit).position(|(unit, _)| *unit == name)?;
        let (_, micros) = units.get(next_unit + at)?;
        total = total.checked_add(count.checked_mul(*micros)?)?;
        next_unit += at + 1;
        rest = rest.get(letters..)?;
    }
    Some(total)
}

/// What follows the `P` of an ISO 8601 duration, without months and years.
fn parse_iso(iso: &str) -> Option<i64> {
    const DATE: [(&str, i64); 2] = [("W", 604_800_000_000), ("D", 86_400_000_000)];
    const TIME: [(&str, i64); 3] = [("H", 3_600_000_000), ("M", 60_000_000), ("S", 1_000_000)];
    let (date, time) = match iso.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (iso, None),
    };
    let days = if date.is_empty() && time.is_some() { 0 } else { parse_parts(date, &DATE)? };
    let rest = time.map_or(Some(0), |time| parse_parts(time, &TIME))?;
    days.checked_add(rest)
}

impl fmt::Display for Duration {
    /// Canonical parts, largest first, never weeks: `30d`, `1h30m`, `0s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.pad("0s");
        }
        let mut text = String::new();
        if self.0 < 0 {
            text.push('-');
        }
        let mut rest = self.0.unsigned_abs();
        for (name, micros) in UNITS.iter().skip(1) {
            let micros = micros.unsigned_abs();
            if micros <= rest {
                text.push_str(&(rest / micros).to_string());
                text.push_str(name);
                rest %= micros;
            }
        }
        f.pad(&text)
    }
}

impl Serialize for Duration {
    /// Text for people, microseconds for machines.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_i64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
            text.parse().map_err(de::Error::custom)
        } else {
            i64::deserialize(deserializer).map(Self)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, micros: i64) {
        assert_eq!(text.parse::<Duration>().map(Duration::as_micros), Ok(micros), "{text}");
    }

    #[test]
    fn both_spellings_are_read() {
        check("30d", 30 * 86_400_000_000);
        check("1h30m", 5_400_000_000);
        check("1s500ms", 1_500_000);
        check("-2w", -1_209_600_000_000);
        check("P7D", 7 * 86_400_000_000);
        check("PT36H", 129_600_000_000);
        check("P1DT12H", 129_600_000_000);
        check("0", 0);
    }

    #[test]
    fn what_is_not_a_duration_is_refused() {
        for text in
            ["", "d", "30", "30x", "1h1h", "1m1h", "P", "PT", "P1M", "1.5s", "99999999999999999w", "--1s"]
        {
            assert!(text.parse::<Duration>().is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn text_round_trips(micros in -i64::MAX..i64::MAX) {
            let duration = Duration::from_micros(micros);
            proptest::prop_assert_eq!(duration.to_string().parse(), Ok(duration));
        }

        #[test]
        fn no_text_panics(text in ".{0,40}") {
            let _ = text.parse::<Duration>();
        }
    }
}
