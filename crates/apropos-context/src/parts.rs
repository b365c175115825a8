//! Facts that are found out together, so that what nobody wants is not found out at all.
//!
//! Not here: finding it out, see `emit`.

use std::ops::Range;

use crate::ContextRules;
use crate::table::Fact;

/// Facts that are found out together, and are not where nobody wants any of them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    Time,
    Wall,
    Hour,
    Weekday,
    Calendar,
    Season,
    Quiet,
    Place,
    Device,
    Channel,
    Signals,
    Goal,
    Upcoming,
    Stakes,
    Situation,
}

impl Part {
    const ALL: [Self; 15] = [
        Self::Time,
        Self::Wall,
        Self::Hour,
        Self::Weekday,
        Self::Calendar,
        Self::Season,
        Self::Quiet,
        Self::Place,
        Self::Device,
        Self::Channel,
        Self::Signals,
        Self::Goal,
        Self::Upcoming,
        Self::Stakes,
        Self::Situation,
    ];

    /// Whether any of its facts is wanted, which `wants` says of places in the table.
    fn is_wanted(self, rules: &ContextRules, wants: impl Fn(Range<usize>) -> bool) -> bool {
        let fixed = |from: Fact, to: Fact| wants(from as usize..to as usize + 1);
        let signals = rules.signals_start()..rules.happenings_start();
        match self {
            Self::Time => fixed(Fact::Zone, Fact::Quiet),
            Self::Wall => fixed(Fact::Zone, Fact::IsHoliday),
            Self::Hour => fixed(Fact::Hour, Fact::Hour),
            Self::Weekday => fixed(Fact::Weekday, Fact::Weekend),
            Self::Calendar => fixed(Fact::Daypart, Fact::IsHoliday),
            Self::Season => fixed(Fact::Season, Fact::Season),
            Self::Quiet => fixed(Fact::Quiet, Fact::Quiet),
            Self::Place => fixed(Fact::Located, Fact::ApproachingOpen),
            Self::Device => fixed(Fact::DeviceClass, Fact::SignIn),
            Self::Channel => fixed(Fact::Channel, Fact::UnfinishedAge),
            Self::Signals => wants(signals),
            Self::Goal => fixed(Fact::Goal, Fact::GoalStated),
            Self::Upcoming => {
                let first = signals.end;
                wants(first..first + rules.happenings.len()) || fixed(Fact::Next, Fact::NextDue)
            }
            Self::Stakes => fixed(Fact::Stakes, Fact::StakesDetails),
            Self::Situation => fixed(Fact::Situation, Fact::Situation),
        }
    }
}

/// Some parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parts(u16);

impl Parts {
    /// All of them.
    pub(crate) const ALL: Self = Self(u16::MAX);

    /// The parts of which any fact is wanted, which `wants` says of places in the table.
    pub(crate) fn wanted(rules: &ContextRules, wants: impl Fn(Range<usize>) -> bool) -> Self {
        let parts = Part::ALL.into_iter().filter(|part| part.is_wanted(rules, &wants));
        Self(parts.fold(0, |parts, part| parts | 1 << part as u16))
    }

    pub(crate) fn contains(self, part: Part) -> bool {
        self.0 & 1 << part as u16 != 0
    }
}
