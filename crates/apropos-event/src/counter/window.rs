//! Windows in time, and the span of instants that a window means at one `now`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{CivilDate, Duration, Timestamp, Zone};

/// A unit of the wall calendar. Weeks start on Monday.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum CalendarUnit {
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

/// A window that ends now.
///
/// Written `ever`; `30d` or any other [`Duration`] for a rolling window; `day`, `week`, `month`, `quarter` or `year`
/// for the current unit of the customer's calendar; `3 months` for the current one and the two before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Window {
    /// Everything up to now.
    Ever,
    /// The last so much time: an entry exactly that old is outside.
    Rolling(Duration),
    /// The current unit of the wall calendar and the `count` − 1 units before it.
    Calendar {
        /// The unit.
        unit: CalendarUnit,
        /// How many units, at least 1.
        count: u16,
    },
}

/// The longest rolling window, and roughly the longest calendar one.
const LONGEST: Duration = Duration::from_days(36_525);

/// A text is not a window.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a window; write `30d`, `12h`, `ever`, `day`, `week`, `month`, `year` or `3 months`")]
pub struct ParseWindowError {
    text: String,
}

/// Instants from `from` to `to`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first instant inside.
    pub from: Timestamp,
    /// The last instant inside.
    pub to: Timestamp,
}

impl CalendarUnit {
    const ALL: [(&'static str, Self); 5] = [
        ("day", Self::Day),
        ("week", Self::Week),
        ("month", Self::Month),
        ("quarter", Self::Quarter),
        ("year", Self::Year),
    ];

    /// The unit's name in the singular.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, unit)| *unit == self).map_or("day", |(name, _)| name)
    }

    /// The first day of the unit that lies `back` units before the one holding `date`.
    fn start(self, date: CivilDate, back: u16) -> CivilDate {
        let (year, month, _) = date.ymd();
        let months = |length: i32| {
            let index = i32::from(year) * 12 + i32::from(month) - 1;
            let start = index - index.rem_euclid(length) - i32::from(back) * length;
            let (year, month) = (start.div_euclid(12), start.rem_euclid(12) + 1);
            CivilDate::new(year as i16, month as i8, 1).unwrap_or(date)
        };
        match self {
            Self::Day => date.plus_days(-i64::from(back)),
            Self::Week => date.plus_days(-(date.weekday() as i64) - 7 * i64::from(back)),
            Self::Month => months(1),
            Self::Quarter => months(3),
            Self::Year => months(12),
        }
    }

    /// The first instant of the unit of `now` and the `count` − 1 units before it.
    fn first_instant(self, count: u16, now: Timestamp, zone: &Zone) -> Timestamp {
        zone.start_of_day(self.start(zone.day(now), count.saturating_sub(1)))
    }

    /// The longest that `count` units can last.
    fn at_most(self, count: u16) -> Duration {
        let days = match self {
            Self::Day => 1,
            Self::Week => 7,
            Self::Month => 31,
            Self::Quarter => 92,
            Self::Year => 366,
        };
        Duration::from_days(days * i64::from(count) + 1)
    }
}

impl Window {
    /// The instants that the window means at `now` for a customer in `zone`.
    ///
    /// A rolling window of length w holds what is younger than w; a calendar window starts at the first instant of
    /// its first local day. Both end at `now`, itself included.
    #[inline]
    pub fn span(self, now: Timestamp, zone: &Zone) -> Span {
        Span { from: self.start(now, zone), to: now }
    }

    /// The first of those instants.
    #[inline]
    pub fn start(self, now: Timestamp, zone: &Zone) -> Timestamp {
        match self {
            Self::Ever => Timestamp::MIN,
            Self::Rolling(length) => now.minus(length).plus(Duration::from_micros(1)),
            Self::Calendar { unit, count } => unit.first_instant(count, now, zone),
        }
    }

    /// How far back the window can reach; `None` for [`Window::Ever`].
    pub fn reach(self) -> Option<Duration> {
        match self {
            Self::Ever => None,
            Self::Rolling(length) => Some(length),
            Self::Calendar { unit, count } => Some(unit.at_most(count)),
        }
    }
}

impl FromStr for Window {
    type Err = ParseWindowError;

    fn from_str(text: &str) -> Result<Self, ParseWindowError> {
        parse(text).ok_or_else(|| ParseWindowError {
            text: text.chars().take(64).collect::<String>().escape_debug().to_string(),
        })
    }
}

fn parse(text: &str) -> Option<Window> {
    if text == "ever" {
        return Some(Window::Ever);
    }
    let unit = |name: &str| CalendarUnit::ALL.iter().find(|(known, _)| *known == name).map(|(_, unit)| *unit);
    if let Some(unit) = unit(text) {
        return Some(Window::Calendar { unit, count: 1 });
    }
    if let Some((count, units)) = text.split_once(' ') {
        let unit = unit(units.strip_suffix('s').unwrap_or(units))?;
        let count: u16 = count.parse().ok()?;
        let fits = 0 < count && unit.at_most(count) <= LONGEST;
        return fits.then_some(Window::Calendar { unit, count });
    }
    let length: Duration = text.parse().ok()?;
    (length.is_positive() && length <= LONGEST).then_some(Window::Rolling(length))
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ever => f.pad("ever"),
            Self::Rolling(length) => length.fmt(f),
            Self::Calendar { unit, count: 1 } => f.pad(unit.as_str()),
            Self::Calendar { unit, count } => write!(f, "{count} {}s", unit.as_str()),
        }
    }
}

impl Serialize for Window {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Window {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}
