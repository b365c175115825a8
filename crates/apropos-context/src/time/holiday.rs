//! Holidays as rules: fixed days, weekdays counted in a month, days around Easter, single dates.
//!
//! Not here: the holidays of the world. A playbook names those that matter to it; opening hours in OSM syntax
//! bring their own through the feature `business-hours`.

use apropos_event::{CivilDate, Path, Problem, Problems, Weekday};
use serde::{Deserialize, Serialize};

/// A holiday of a definition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HolidayDefinition {
    /// What people call it.
    pub name: String,
    /// When it is.
    pub on: HolidayRule,
}

/// When a holiday is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum HolidayRule {
    /// The same day of every year.
    Yearly {
        /// 1 to 12.
        month: i8,
        /// 1 to 31.
        day: i8,
    },
    /// The nth weekday of a month; −1 is the last.
    Weekday {
        /// 1 to 12.
        month: i8,
        /// The day of the week.
        weekday: Weekday,
        /// 1 to 5, or −1 to −5 counted from the end.
        nth: i8,
    },
    /// So many days after Easter Sunday (Gregorian); negative before it.
    Easter(i16),
    /// One date.
    Date(CivilDate),
}

/// The holidays of a definition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holidays {
    holidays: Vec<HolidayDefinition>,
}

/// At most this many holidays.
pub(crate) const MAX_HOLIDAYS: usize = 512;

impl Holidays {
    /// Checks holidays: names are there, dates can exist.
    pub fn compile(definitions: &[HolidayDefinition], path: &Path, problems: &mut Problems) -> Self {
        if MAX_HOLIDAYS < definitions.len() {
            let message =
                format!("there are {} holidays, at most {MAX_HOLIDAYS} are accepted", definitions.len());
            problems.push(Problem::error("context/too-many", path.clone(), message));
            return Self::default();
        }
        for (at, holiday) in definitions.iter().enumerate() {
            if !holiday.on.can_be() {
                let path = path.index(at).key("on");
                let message = format!("`{}` falls on a day that no year has", holiday.name);
                problems.push(Problem::error("context/no-such-day", path, message));
            }
        }
        Self { holidays: definitions.to_vec() }
    }

    /// The first holiday of the definition that falls on `date`. O(n).
    pub fn on(&self, date: CivilDate) -> Option<&str> {
        if self.holidays.is_empty() { None } else { self.on_day(date, date.ymd()) }
    }

    /// The same for a date whose year, month and day are known.
    pub(crate) fn on_day(&self, date: CivilDate, ymd: (i16, i8, i8)) -> Option<&str> {
        self.holidays.iter().find(|holiday| holiday.on.holds(date, ymd)).map(|holiday| holiday.name.as_str())
    }

    /// The first holiday on or after `date` within `days` days.
    pub fn next(&self, date: CivilDate, days: u16) -> Option<(CivilDate, &str)> {
        (0..i64::from(days)).map(|n| date.plus_days(n)).find_map(|day| self.on(day).map(|name| (day, name)))
    }

    /// The names, for the schema.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.holidays.iter().map(|holiday| holiday.name.as_str())
    }
}

impl HolidayRule {
    fn can_be(self) -> bool {
        match self {
            // 2000 was a leap year: 29 February is a day that some year has.
            Self::Yearly { month, day } => CivilDate::new(2000, month, day).is_some(),
            Self::Weekday { month, nth, .. } => {
                (1..=12).contains(&month) && nth != 0 && (-5..=5).contains(&nth)
            }
            Self::Easter(days) => (-366..=366).contains(&days),
            Self::Date(_) => true,
        }
    }

    fn holds(self, date: CivilDate, (year, month, day): (i16, i8, i8)) -> bool {
        match self {
            Self::Yearly { month: m, day: d } => (m, d) == (month, day),
            Self::Weekday { month: m, weekday, nth } => {
                m == month && date.weekday() == weekday && nth_matches(date, year, month, day, nth)
            }
            Self::Easter(days) => is_feast(date, year, days),
            Self::Date(on) => on == date,
        }
    }
}

/// Whether `date` lies `days` days after an Easter Sunday.
///
/// A call, so that the loop over the holidays works out no Easter unless one of them asks for it.
#[inline(never)]
fn is_feast(date: CivilDate, year: i16, days: i16) -> bool {
    // A feast more than half a year away from Easter may belong to a neighbouring year's.
    (-1..=1).any(|shift| {
        easter(year.saturating_add(shift)).is_some_and(|easter| easter.plus_days(i64::from(days)) == date)
    })
}

fn nth_matches(date: CivilDate, year: i16, month: i8, day: i8, nth: i8) -> bool {
    if 0 < nth {
        return (day - 1) / 7 + 1 == nth;
    }
    let (next_year, next_month) = if month == 12 { (year.saturating_add(1), 1) } else { (year, month + 1) };
    CivilDate::new(next_year, next_month, 1).is_some_and(|first| {
        let days_left = first.days() - date.days() - 1;
        days_left / 7 + 1 == i32::from(-nth)
    })
}

/// Easter Sunday of a year of the Gregorian calendar (the "anonymous" computus, Meeus 1991, chapter 8).
fn easter(year: i16) -> Option<CivilDate> {
    let y = i32::from(year);
    if y < 1583 {
        return None;
    }
    let a = y % 19;
    let (b, c) = (y / 100, y % 100);
    let (d, e) = (b / 4, b % 4);
    let f = (b + 8) / 25;
    let g = (b - f + 1) / 3;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let n = h + l - 7 * m + 114;
    CivilDate::new(year, (n / 31) as i8, (n % 31 + 1) as i8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> CivilDate {
        text.parse().unwrap()
    }

    fn holidays(on: HolidayRule) -> Holidays {
        let mut problems = Problems::new();
        let holidays = Holidays::compile(
            &[HolidayDefinition { name: "h".to_owned(), on }],
            &Path::root(),
            &mut problems,
        );
        assert!(problems.is_empty(), "{problems}");
        holidays
    }

    #[test]
    fn easter_falls_where_the_almanac_says() {
        for (year, on) in [
            (2000, "2000-04-23"),
            (2024, "2024-03-31"),
            (2025, "2025-04-20"),
            (2026, "2026-04-05"),
            (2038, "2038-04-25"),
        ] {
            assert_eq!(easter(year), Some(date(on)));
        }
    }

    #[test]
    fn rules_find_their_days() {
        let thanksgiving = holidays(HolidayRule::Weekday { month: 11, weekday: Weekday::Thursday, nth: 4 });
        assert_eq!(thanksgiving.on(date("2026-11-26")), Some("h"));
        assert_eq!(thanksgiving.on(date("2026-11-19")), None);
        let memorial_day = holidays(HolidayRule::Weekday { month: 5, weekday: Weekday::Monday, nth: -1 });
        assert_eq!(memorial_day.on(date("2026-05-25")), Some("h"));
        assert_eq!(memorial_day.on(date("2026-05-18")), None);
        let good_friday = holidays(HolidayRule::Easter(-2));
        assert_eq!(good_friday.on(date("2026-04-03")), Some("h"));
        let christmas = holidays(HolidayRule::Yearly { month: 12, day: 25 });
        assert_eq!(christmas.next(date("2026-12-20"), 30), Some((date("2026-12-25"), "h")));
    }

    #[test]
    fn a_day_that_no_year_has_is_refused() {
        let mut problems = Problems::new();
        let on = HolidayRule::Yearly { month: 2, day: 30 };
        let _ = Holidays::compile(
            &[HolidayDefinition { name: "x".to_owned(), on }],
            &Path::root(),
            &mut problems,
        );
        assert!(problems.has_errors());
    }
}
