//! A weekly window on the wall clock, the building block of quiet hours and simple opening hours.

use apropos_event::{CivilDate, CivilTime, LocalTime, Path, Problem, Problems, Weekday};
use serde::{Deserialize, Serialize};

use super::Holidays;

/// A kind of day that a window may be held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names say it")]
pub enum DayKind {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
    /// Monday to Friday, unless it is a holiday.
    Workday,
    /// Saturday and Sunday.
    Weekend,
    /// A holiday of the definition.
    Holiday,
}

/// A window `[start, end)` on the wall clock.
///
/// When `end` lies before `start` the window crosses midnight and **belongs to the day it starts on**; when they
/// are equal it is empty, unless `all_day` is set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WeeklyWindow {
    /// When it starts on the wall clock.
    pub start: CivilTime,
    /// When it ends on the wall clock: this instant is outside.
    pub end: CivilTime,
    /// The whole day, from its first to its last instant; `start` and `end` are then left out.
    pub all_day: bool,
    /// The days it starts on; every day when the list is empty.
    pub days: Vec<DayKind>,
    /// The first date it starts on, if it is dated.
    pub from: Option<CivilDate>,
    /// The last date it starts on, if it is dated.
    pub until: Option<CivilDate>,
}

impl WeeklyWindow {
    /// A window of every day.
    pub fn daily(start: CivilTime, end: CivilTime) -> Self {
        Self { start, end, ..Self::default() }
    }

    /// Reports what cannot be meant.
    pub(crate) fn check(&self, path: &Path, problems: &mut Problems) {
        if self.all_day && self.start != self.end {
            let message = "a window of the whole day has no `start` and `end`";
            problems.push(Problem::error("context/window", path.clone(), message));
        }
        if !self.all_day && self.start == self.end {
            let message = format!("the window from {} to {} is empty", self.start, self.end);
            problems.push(
                Problem::warning("context/empty-window", path.clone(), message)
                    .with_help("write `all_day` for the whole day"),
            );
        }
        if let (Some(from), Some(until)) = (self.from, self.until)
            && until < from
        {
            let message = format!("`until` {until} lies before `from` {from}");
            problems.push(Problem::error("context/window", path.clone(), message));
        }
    }

    /// Whether a clock on the wall that shows `local` is inside the window.
    pub fn contains(&self, local: LocalTime, holidays: &Holidays) -> bool {
        self.remaining(local, holidays).is_some()
    }

    /// How many microseconds the wall clock still has to run until the window ends, if it is inside.
    pub(crate) fn remaining(&self, local: LocalTime, holidays: &Holidays) -> Option<i64> {
        const DAY: i64 = 86_400_000_000;
        let time = local.time.micros();
        if self.all_day {
            return self.starts_on(local.date, holidays).then_some(DAY - time);
        }
        let (start, end) = (self.start.micros(), self.end.micros());
        if start < end {
            let inside = start <= time && time < end;
            return (inside && self.starts_on(local.date, holidays)).then_some(end - time);
        }
        if end < start {
            if start <= time && self.starts_on(local.date, holidays) {
                return Some(DAY - time + end);
            }
            if time < end && self.starts_on(local.date.plus_days(-1), holidays) {
                return Some(end - time);
            }
        }
        None
    }

    fn starts_on(&self, date: CivilDate, holidays: &Holidays) -> bool {
        if self.from.is_some_and(|from| date < from) || self.until.is_some_and(|until| until < date) {
            return false;
        }
        self.days.is_empty() || self.days.iter().any(|kind| kind.matches(date, holidays))
    }
}

impl From<Weekday> for DayKind {
    fn from(day: Weekday) -> Self {
        match day {
            Weekday::Monday => Self::Monday,
            Weekday::Tuesday => Self::Tuesday,
            Weekday::Wednesday => Self::Wednesday,
            Weekday::Thursday => Self::Thursday,
            Weekday::Friday => Self::Friday,
            Weekday::Saturday => Self::Saturday,
            Weekday::Sunday => Self::Sunday,
        }
    }
}

impl DayKind {
    /// Whether `date` is a day of this kind.
    pub fn matches(self, date: CivilDate, holidays: &Holidays) -> bool {
        let weekday = date.weekday();
        let weekend = matches!(weekday, Weekday::Saturday | Weekday::Sunday);
        match self {
            Self::Workday => !weekend && holidays.on(date).is_none(),
            Self::Weekend => weekend,
            Self::Holiday => holidays.on(date).is_some(),
            day => day == weekday.into(),
        }
    }
}
