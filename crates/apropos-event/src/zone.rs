//! Time zones and local time: jiff inside, our own types outside.
//!
//! The zone database is bundled, so that the same build gives the same local time on every machine. Not here:
//! dayparts, quiet hours, holidays; those are context.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jiff::civil;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::offset::{Remembered, Stretch};
use crate::{Duration, Timestamp};

/// An IANA time zone, such as `Europe/Paris`. Cheap to clone; clones share what they remember of the last look-up.
#[derive(Clone)]
pub struct Zone(TimeZone, Option<Arc<Remembered>>);

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Zone {}

/// The zone's name is not in the bundled database.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is not a time zone of the bundled database; write it as `Europe/Paris`")]
pub struct UnknownZone {
    name: String,
}

/// A text is not a civil date or time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {expected}")]
pub struct ParseCivilError {
    text: String,
    expected: &'static str,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Weekday {
    /// All days, Monday first.
    pub const ALL: [Self; 7] = [
        Self::Monday,
        Self::Tuesday,
        Self::Wednesday,
        Self::Thursday,
        Self::Friday,
        Self::Saturday,
        Self::Sunday,
    ];

    /// The day's name in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Monday => "monday",
            Self::Tuesday => "tuesday",
            Self::Wednesday => "wednesday",
            Self::Thursday => "thursday",
            Self::Friday => "friday",
            Self::Saturday => "saturday",
            Self::Sunday => "sunday",
        }
    }
}

impl fmt::Display for Weekday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A date on the wall calendar, as the number of days since 1970-01-01.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CivilDate(i32);

impl CivilDate {
    /// The date with this year, month (1 to 12) and day (1 to 31); `None` when there is no such date.
    pub fn new(year: i16, month: i8, day: i8) -> Option<Self> {
        civil::Date::new(year, month, day).ok().map(Self::of)
    }

    /// The date `days` days after 1970-01-01, held inside the years -9999 to 9999.
    pub fn from_days_saturating(days: i64) -> Self {
        Self(days.clamp(-4_371_587, 2_932_896) as i32)
    }

    /// Days since 1970-01-01.
    pub fn days(self) -> i32 {
        self.0
    }

    /// The date `n` days later, held inside the range.
    #[must_use]
    pub fn plus_days(self, n: i64) -> Self {
        Self::from_days_saturating(i64::from(self.0).saturating_add(n))
    }

    /// Year, month (1 to 12) and day (1 to 31).
    ///
    /// Integer arithmetic over 400-year eras that start in March (Hinnant 2013, `civil_from_days`).
    pub fn ymd(self) -> (i16, i8, i8) {
        let days = i64::from(self.0) + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        (year as i16, month as i8, day as i8)
    }

    /// The day of the week.
    pub fn weekday(self) -> Weekday {
        // 1970-01-01 was a Thursday.
        let at = (self.0.rem_euclid(7) + 3) % 7;
        Weekday::ALL.get(at as usize).copied().unwrap_or(Weekday::Monday)
    }

    fn of(date: civil::Date) -> Self {
        let epoch = civil::Date::constant(1970, 1, 1);
        Self(epoch.until(date).map_or(0, |span| span.get_days()))
    }

    fn date(self) -> civil::Date {
        let span = jiff::Span::new().try_days(self.0).unwrap_or_default();
        civil::Date::constant(1970, 1, 1).saturating_add(span)
    }
}

impl fmt::Display for CivilDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.date().to_string())
    }
}

impl fmt::Debug for CivilDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CivilDate({self})")
    }
}

impl FromStr for CivilDate {
    type Err = ParseCivilError;
    fn from_str(text: &str) -> Result<Self, ParseCivilError> {
        let error = || ParseCivilError {
            text: text.escape_debug().to_string(),
            expected: "a date such as `2026-03-29`",
        };
        // jiff also accepts times after the date; a date is all we want here.
        if text.len() != 10 {
            return Err(error());
        }
        text.parse::<civil::Date>().map(Self::of).map_err(|_| error())
    }
}

/// A time of day on the wall clock, as microseconds since midnight.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct CivilTime(i64);

impl CivilTime {
    /// The start of the day on the wall clock.
    pub const MIDNIGHT: Self = Self(0);

    /// The time `micros` microseconds after midnight on the wall clock; `None` when that is no time of day.
    pub fn from_micros(micros: i64) -> Option<Self> {
        (0..MICROS_PER_DAY).contains(&micros).then_some(Self(micros))
    }

    /// The time with this hour (0 to 23) and minute (0 to 59); `None` when there is no such time.
    pub fn new(hour: u8, minute: u8) -> Option<Self> {
        (hour < 24 && minute < 60).then(|| Self((i64::from(hour) * 60 + i64::from(minute)) * 60_000_000))
    }

    /// Microseconds since midnight on the wall clock.
    pub fn micros(self) -> i64 {
        self.0
    }

    /// The hour, 0 to 23.
    pub fn hour(self) -> u8 {
        (self.0 / 3_600_000_000) as u8
    }

    /// The minute, 0 to 59.
    pub fn minute(self) -> u8 {
        (self.0 / 60_000_000 % 60) as u8
    }

    fn of(time: civil::Time) -> Self {
        let seconds =
            (i64::from(time.hour()) * 60 + i64::from(time.minute())) * 60 + i64::from(time.second());
        Self(seconds * 1_000_000 + i64::from(time.subsec_nanosecond()) / 1_000)
    }

    fn time(self) -> civil::Time {
        let nanos = (self.0 % 1_000_000) as i32 * 1_000;
        let second = (self.0 / 1_000_000 % 60) as i8;
        civil::Time::new(self.hour() as i8, self.minute() as i8, second, nanos).unwrap_or(civil::Time::MIN)
    }
}

impl fmt::Display for CivilTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 % 60_000_000 == 0 {
            f.pad(&format!("{:02}:{:02}", self.hour(), self.minute()))
        } else {
            f.pad(&self.time().to_string())
        }
    }
}

impl fmt::Debug for CivilTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CivilTime({self})")
    }
}

impl FromStr for CivilTime {
    type Err = ParseCivilError;
    fn from_str(text: &str) -> Result<Self, ParseCivilError> {
        let error = || ParseCivilError {
            text: text.escape_debug().to_string(),
            expected: "a time of day such as `21:30`",
        };
        let well_formed =
            matches!(text.len(), 5 | 8) && text.bytes().all(|b| b.is_ascii_digit() || b == b':');
        if !well_formed {
            return Err(error());
        }
        text.parse::<civil::Time>().map(Self::of).map_err(|_| error())
    }
}

/// Serde by text, for people and machines alike.
macro_rules! serde_as_text {
    ($($name:ident),*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }
    )*};
}

serde_as_text!(Zone, CivilDate, CivilTime);

/// What the clock on the customer's wall shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalTime {
    /// The date on the wall calendar.
    pub date: CivilDate,
    /// The time on the wall clock.
    pub time: CivilTime,
    /// Seconds east of UTC at that instant.
    pub offset_seconds: i32,
}

impl LocalTime {
    /// What a clock shows that runs `offset_seconds` east of UTC.
    pub fn at_offset(at: Timestamp, offset_seconds: i32) -> Self {
        let wall = at.as_micros() + i64::from(offset_seconds) * 1_000_000;
        Self {
            date: CivilDate::from_days_saturating(wall.div_euclid(MICROS_PER_DAY)),
            time: CivilTime(wall.rem_euclid(MICROS_PER_DAY)),
            offset_seconds,
        }
    }
}

const MICROS_PER_HOUR: i64 = 3_600_000_000;
const MICROS_PER_DAY: i64 = 24 * MICROS_PER_HOUR;

impl Zone {
    /// Coordinated universal time.
    pub fn utc() -> Self {
        Self(TimeZone::UTC, None)
    }

    /// The zone with this IANA name.
    ///
    /// # Errors
    /// When the bundled database has no such zone.
    pub fn new(name: &str) -> Result<Self, UnknownZone> {
        if name == "UTC" {
            return Ok(Self::utc());
        }
        let error =
            || UnknownZone { name: name.chars().take(64).collect::<String>().escape_debug().to_string() };
        let zone = jiff::tz::db().get(name).map_err(|_| error())?;
        Ok(Self(zone, Some(Arc::default())))
    }

    /// The zone's IANA name.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// Local time at `at`.
    pub fn local(&self, at: Timestamp) -> LocalTime {
        LocalTime::at_offset(at, self.offset_seconds(at))
    }

    /// Seconds east of UTC.
    fn offset_seconds(&self, at: Timestamp) -> i32 {
        let Some(remembered) = &self.1 else { return 0 };
        if let Some(known) = remembered.offset(at.as_micros().div_euclid(MICROS_PER_HOUR)) {
            return known;
        }
        let offset_seconds = self.0.to_offset(instant(at)).seconds();
        remembered.missed(|| self.stretch(at, offset_seconds));
        offset_seconds
    }

    /// The whole hours around `at` in which the clocks do not change.
    fn stretch(&self, at: Timestamp, offset_seconds: i32) -> Option<Stretch> {
        let change = |at: jiff::Timestamp| timestamp(&at).as_micros();
        let after = instant(at).checked_add(jiff::SignedDuration::from_micros(1)).ok()?;
        let before = self.0.preceding(after).next().map_or(i64::MIN / 2, |found| change(found.timestamp()));
        let next =
            self.0.following(instant(at)).next().map_or(i64::MAX / 2, |found| change(found.timestamp()));
        let first = before.div_euclid(MICROS_PER_HOUR) + i64::from(before.rem_euclid(MICROS_PER_HOUR) != 0);
        Some(Stretch { first, hours: next.div_euclid(MICROS_PER_HOUR) - first, offset_seconds })
    }

    /// Midnight of `date`, where it is remembered that the clocks do not change around it.
    fn plain_midnight(&self, date: CivilDate) -> Option<Timestamp> {
        let wall = i64::from(date.days()) * MICROS_PER_DAY;
        let hour = wall.div_euclid(MICROS_PER_HOUR);
        // Offsets are less than 26 hours: whatever the offset, midnight lies well inside.
        let offset = self.1.as_ref()?.offset_through(hour - 27, hour + 27)?;
        Timestamp::from_micros(wall - i64::from(offset) * 1_000_000).ok()
    }

    /// The first instant at which the wall shows `date` and `time`, or would have shown it.
    ///
    /// In a gap (clocks go forward) the instant just after the gap that lies as far past it as `time` lies past
    /// its start; in a fold (clocks go back) the earlier of the two.
    pub fn instant(&self, date: CivilDate, time: CivilTime) -> Timestamp {
        let wall = date.date().to_datetime(time.time());
        let ambiguous = self.0.to_ambiguous_timestamp(wall);
        ambiguous.compatible().ok().map_or(Timestamp::MAX, |at| timestamp(&at))
    }

    /// The first instant of the local day `date`.
    ///
    /// Midnight as a rule; where midnight falls into a gap, the end of that gap.
    pub fn start_of_day(&self, date: CivilDate) -> Timestamp {
        if let Some(midnight) = self.plain_midnight(date) {
            return midnight;
        }
        let wall = date.date().to_datetime(civil::Time::MIN);
        match self.0.to_ambiguous_timestamp(wall).offset() {
            jiff::tz::AmbiguousOffset::Gap { .. } => {
                // The transition itself: midnight read with the offset before the gap.
                self.0.to_ambiguous_timestamp(wall).later().ok().map_or(Timestamp::MAX, |at| {
                    let mut before = self.0.preceding(at + jiff::SignedDuration::from_secs(1));
                    before.next().map_or(timestamp(&at), |change| timestamp(&change.timestamp()))
                })
            }
            _ => self.instant(date, CivilTime::default()),
        }
    }

    /// The local day that `at` falls on.
    pub fn day(&self, at: Timestamp) -> CivilDate {
        self.local(at).date
    }

    /// The next instant strictly after `at` at which this zone's offset changes, if it ever does.
    pub fn next_change(&self, at: Timestamp) -> Option<Timestamp> {
        self.0.following(instant(at)).next().map(|change| timestamp(&change.timestamp()))
    }

    /// How long the local day `date` is: 23 to 25 hours as a rule.
    pub fn day_length(&self, date: CivilDate) -> Duration {
        self.start_of_day(date.plus_days(1)).since(self.start_of_day(date))
    }
}

fn instant(at: Timestamp) -> jiff::Timestamp {
    // INVARIANT: jiff's range leaves out only the last day of year 9999.
    jiff::Timestamp::from_microsecond(at.as_micros()).unwrap_or(jiff::Timestamp::MAX)
}

fn timestamp(at: &jiff::Timestamp) -> Timestamp {
    Timestamp::from_micros(at.as_microsecond()).unwrap_or(Timestamp::MAX)
}

impl FromStr for Zone {
    type Err = UnknownZone;
    fn from_str(name: &str) -> Result<Self, UnknownZone> {
        Self::new(name)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zone({})", self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn local_time_follows_the_zone() {
        let paris = Zone::new("Europe/Paris").unwrap();
        let local = paris.local(at("2026-03-29T00:59:59Z"));
        assert_eq!((local.date.to_string().as_str(), local.time.hour()), ("2026-03-29", 1));
        assert_eq!(paris.local(at("2026-03-29T01:00:00Z")).time.hour(), 3);
        assert_eq!(paris.day_length(CivilDate::new(2026, 3, 29).unwrap()), Duration::from_hours(23));
    }

    #[test]
    fn a_day_whose_midnight_is_skipped_starts_after_the_gap() {
        // In Santiago the clocks of 2024-09-08 went from 23:59:59 straight to 01:00.
        let zone = Zone::new("America/Santiago").unwrap();
        let start = zone.start_of_day(CivilDate::new(2024, 9, 8).unwrap());
        assert_eq!(start.to_string(), "2024-09-08T04:00:00Z");
        assert_eq!(zone.local(start).time.to_string(), "01:00");
    }

    #[test]
    fn dates_and_weekdays_agree() {
        let date = CivilDate::new(2026, 11, 22).unwrap();
        assert_eq!(date.weekday(), Weekday::Sunday);
        assert_eq!(date.plus_days(1).weekday(), Weekday::Monday);
        assert_eq!("2026-11-22".parse(), Ok(date));
        assert_eq!(CivilDate::new(1969, 12, 31).unwrap().weekday(), Weekday::Wednesday);
    }

    proptest::proptest! {
        #[test]
        fn calendar_arithmetic_agrees_with_the_library_below(days in -700_000_i64..2_900_000) {
            let date = CivilDate::from_days_saturating(days);
            let (year, month, day) = date.ymd();
            proptest::prop_assert_eq!(CivilDate::new(year, month, day), Some(date));
        }

        #[test]
        fn the_wall_clock_reads_back(seconds in 0_i64..4_000_000_000, which in 0_usize..5) {
            let names =
                ["Europe/Paris", "America/Santiago", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu"];
            let zone = Zone::new(names[which]).unwrap();
            let at = Timestamp::from_secs_saturating(seconds);
            let local = zone.local(at);
            let back = zone.instant(local.date, local.time);
            // In a fold the earlier of two instants is given.
            proptest::prop_assert!(back <= at);
            proptest::prop_assert!(at.since(back) <= Duration::from_hours(25));
            let again = zone.local(back);
            proptest::prop_assert_eq!((again.date, again.time), (local.date, local.time));
        }

        #[test]
        fn what_is_remembered_never_shows(
            seconds in proptest::collection::vec(-2_000_000_000_i64..6_000_000_000, 1..4),
            steps in proptest::collection::vec(-40_i64..40, 1..40),
            which in 0_usize..6,
        ) {
            let names = [
                "Europe/Paris", "America/Santiago", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu",
                "Africa/Casablanca",
            ];
            let zone = Zone::new(names[which]).unwrap();
            for start in seconds {
                let mut at = Timestamp::from_secs_saturating(start);
                for step in &steps {
                    at = at.plus(Duration::from_hours(*step)).plus(Duration::from_micros(*step));
                    let fresh = Zone::new(names[which]).unwrap();
                    proptest::prop_assert_eq!(zone.local(at), fresh.local(at));
                    let date = zone.day(at);
                    proptest::prop_assert_eq!(zone.start_of_day(date), fresh.start_of_day(date));
                }
            }
        }

        #[test]
        fn an_instant_lies_in_its_own_day(seconds in 0_i64..4_000_000_000) {
            let zone = Zone::new("America/Sao_Paulo").unwrap();
            let at = Timestamp::from_secs_saturating(seconds);
            let start = zone.start_of_day(zone.day(at));
            proptest::prop_assert!(start <= at && at < start.plus(Duration::from_hours(26)));
            proptest::prop_assert_eq!(zone.day(start), zone.day(at));
        }
    }

    #[test]
    fn an_unknown_zone_says_what_was_expected() {
        let error = Zone::new("Mars/Olympus").unwrap_err();
        assert_eq!(
            error.to_string(),
            "`Mars/Olympus` is not a time zone of the bundled database; write it as `Europe/Paris`"
        );
    }
}
