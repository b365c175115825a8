//! What the calendar says at an instant: daypart, weekday, season, holiday.

use apropos_event::{CivilDate, Path, Problems, Zone};
use serde::{Deserialize, Serialize};

use super::{DaypartDefinition, Dayparts, HolidayDefinition, Holidays, QuietHours, QuietHoursDefinition};

/// The time dimension of a definition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TimeDefinition {
    /// The dayparts; morning, afternoon, evening and night when the list is empty.
    pub dayparts: Vec<DaypartDefinition>,
    /// The holidays that matter.
    pub holidays: Vec<HolidayDefinition>,
    /// When which channels must not reach out.
    pub quiet_hours: Vec<QuietHoursDefinition>,
    /// The zone in which customers are taken to live whose own is not known: facts such as the daypart are told in it, and
    /// quiet hours hold in it unless they say otherwise. Without one, those facts are then unknown and it is quiet.
    pub assumed_zone: Option<Zone>,
    /// The half of the earth that seasons follow when no position is known.
    pub hemisphere: Hemisphere,
}

/// A half of the earth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Hemisphere {
    #[default]
    North,
    South,
}

/// A season of three whole months, as weather services count them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Season {
    Winter,
    Spring,
    Summer,
    Autumn,
}

impl Season {
    /// All seasons, winter first.
    pub const ALL: [Self; 4] = [Self::Winter, Self::Spring, Self::Summer, Self::Autumn];

    /// The season of `date`: December to February is winter in the north, summer in the south.
    pub fn of(date: CivilDate, hemisphere: Hemisphere) -> Self {
        Self::of_month(date.ymd().1, hemisphere)
    }

    /// The season of a month, 1 to 12.
    pub(crate) fn of_month(month: i8, hemisphere: Hemisphere) -> Self {
        let quarter = i32::from(month) % 12 / 3;
        let shift = if hemisphere == Hemisphere::South { 2 } else { 0 };
        match (quarter + shift) % 4 {
            0 => Self::Winter,
            1 => Self::Spring,
            2 => Self::Summer,
            _ => Self::Autumn,
        }
    }

    /// The season's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Winter => "winter",
            Self::Spring => "spring",
            Self::Summer => "summer",
            Self::Autumn => "autumn",
        }
    }
}

/// The checked time dimension.
#[derive(Clone, Debug)]
pub struct Calendar {
    /// Names for stretches of the day.
    pub(crate) dayparts: Dayparts,
    /// Holidays.
    pub(crate) holidays: Holidays,
    /// Quiet hours, in order of the definition.
    pub(crate) quiet_hours: Vec<QuietHours>,
    /// The zone facts are told in when the customer's is not known.
    pub(crate) assumed_zone: Option<Zone>,
    /// The default half of the earth.
    pub(crate) hemisphere: Hemisphere,
}

impl Calendar {
    /// Checks the time dimension of a definition.
    pub fn compile(definition: &TimeDefinition, path: &Path, problems: &mut Problems) -> Self {
        let dayparts = Dayparts::compile(&definition.dayparts, &path.key("dayparts"), problems);
        let holidays = Holidays::compile(&definition.holidays, &path.key("holidays"), problems);
        let quiet_hours = definition
            .quiet_hours
            .iter()
            .enumerate()
            .map(|(at, quiet)| {
                let path = path.key("quiet_hours").index(at);
                QuietHours::compile(quiet, &holidays, definition.assumed_zone.as_ref(), &path, problems)
            })
            .collect();
        Self {
            dayparts,
            holidays,
            quiet_hours,
            assumed_zone: definition.assumed_zone.clone(),
            hemisphere: definition.hemisphere,
        }
    }

    /// The dayparts.
    pub fn dayparts(&self) -> &Dayparts {
        &self.dayparts
    }

    /// The holidays.
    pub fn holidays(&self) -> &Holidays {
        &self.holidays
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seasons_are_opposite_on_the_two_halves_of_the_earth() {
        for (text, north, south) in [
            ("2026-01-15", Season::Winter, Season::Summer),
            ("2026-03-01", Season::Spring, Season::Autumn),
            ("2026-08-31", Season::Summer, Season::Winter),
            ("2026-11-30", Season::Autumn, Season::Spring),
            ("2026-12-01", Season::Winter, Season::Summer),
        ] {
            let date: CivilDate = text.parse().unwrap();
            assert_eq!(Season::of(date, Hemisphere::North), north);
            assert_eq!(Season::of(date, Hemisphere::South), south);
        }
    }
}
