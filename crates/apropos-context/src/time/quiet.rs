//! Quiet hours: when a channel must not reach out, and when it next may.
//!
//! The wall clock decides at every instant, so windows that cross midnight or a change of the offset hold. Not
//! here: what the customer asked for, which is kept with the profile and can be built with the same types.

use apropos_event::{ChannelId, CivilTime, Duration, LocalTime, Path, Problem, Problems, Timestamp, Zone};
use serde::{Deserialize, Serialize};

use super::{Holidays, WeeklyWindow};

/// Quiet hours of some channels.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QuietHoursDefinition {
    /// The channels they hold for; every channel when the list is empty.
    pub channels: Vec<ChannelId>,
    /// When it is quiet: inside any of these.
    pub windows: Vec<WeeklyWindow>,
    /// A fixed zone; the customer's own when it is left out.
    pub zone: Option<Zone>,
    /// What to do for a customer whose zone is not known. Left out, the assumed zone counts here as it does for facts,
    /// and where none is assumed it is quiet.
    pub unknown_zone: Option<UnknownZonePolicy>,
}

/// What to do for a customer whose zone is not known. There is no silent way round quiet hours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownZonePolicy {
    /// It counts as quiet until the zone is known.
    Quiet,
    /// It counts as not quiet.
    Allow,
    /// The customer is taken to live in this zone.
    Assume(Zone),
    /// Allowed only when it is allowed in every one of these zones.
    Strictest(Vec<Zone>),
}

/// Why it is quiet, or is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum QuietReason {
    /// No quiet hours are declared for the channel.
    NoneDeclared,
    /// The wall clock in a known zone decided.
    WallClock,
    /// The zone is not known, and an assumed zone decided.
    AssumedZone,
    /// The zone is not known, and the policy decided.
    UnknownZone,
}

/// Whether it is quiet, and when it no longer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuietAnswer {
    /// Whether reaching out must wait.
    pub quiet: bool,
    /// The first instant, now or later, at which it may; `None` when none is known.
    pub next_allowed: Option<Timestamp>,
    /// What decided.
    pub reason: QuietReason,
}

/// Checked quiet hours.
///
/// ```
/// use apropos_context::QuietHours;
/// use apropos_event::{CivilTime, Timestamp, Zone};
///
/// let hours = QuietHours::daily("21:00".parse::<CivilTime>()?, "08:00".parse::<CivilTime>()?);
/// let paris = Zone::new("Europe/Paris")?;
/// // In the night in which the clocks go forward.
/// let late: Timestamp = "2026-03-28T23:00:00Z".parse()?;
/// assert!(hours.is_quiet(&paris, late));
/// assert_eq!(hours.next_allowed(&paris, late), Some("2026-03-29T06:00:00Z".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuietHours {
    definition: QuietHoursDefinition,
    unknown: UnknownZonePolicy,
    holidays: Holidays,
}

/// At most this many windows in one set of quiet hours.
pub(crate) const MAX_WINDOWS: usize = 64;

/// How far ahead `next_allowed` looks.
const HORIZON: Duration = Duration::from_days(400);

/// How many windows and offset changes `next_allowed` steps through.
const MAX_STEPS: usize = 2_000;

/// How often all quiet hours are asked in turn before `next_allowed` gives up.
const MAX_ROUNDS: usize = 1_000;

impl QuietAnswer {
    /// The answer of several quiet hours together, for a customer whose zone may not be known.
    pub fn of_all<'a>(
        hours: &(impl Iterator<Item = &'a QuietHours> + Clone),
        zone: Option<&Zone>,
        now: Timestamp,
    ) -> Self {
        let local = zone.map(|zone| zone.local(now));
        let mut answer = Self { quiet: false, next_allowed: Some(now), reason: QuietReason::NoneDeclared };
        for hours in hours.clone() {
            let quiet = hours.is_quiet_for(local, now);
            if quiet || answer.reason == QuietReason::NoneDeclared {
                answer.reason = hours.reason(zone.is_some());
            }
            answer.quiet |= quiet;
        }
        if !answer.quiet {
            return answer;
        }
        // The first instant that all of them allow: each moves it on until none does.
        let mut at = now;
        for _ in 0..MAX_ROUNDS {
            let Some(latest) = hours.clone().try_fold(at, |latest, hours| {
                hours.answer(zone, at).next_allowed.map(|next| latest.max(next))
            }) else {
                return Self { next_allowed: None, ..answer };
            };
            if latest == at {
                return Self { next_allowed: Some(at), ..answer };
            }
            at = latest;
        }
        Self { next_allowed: None, ..answer }
    }
}

impl QuietHours {
    /// Quiet every day from `start` to `end`; an unknown zone counts as quiet.
    pub fn daily(start: CivilTime, end: CivilTime) -> Self {
        Self::weekly(vec![WeeklyWindow::daily(start, end)])
    }

    /// Quiet inside any of `windows`, without holidays; an unknown zone counts as quiet.
    pub fn weekly(windows: Vec<WeeklyWindow>) -> Self {
        Self {
            definition: QuietHoursDefinition { windows, ..QuietHoursDefinition::default() },
            unknown: UnknownZonePolicy::Quiet,
            holidays: Holidays::default(),
        }
    }

    /// The same by the clock of this zone, whatever zone is asked about.
    #[must_use]
    pub fn in_zone(mut self, zone: Zone) -> Self {
        self.definition.zone = Some(zone);
        self
    }

    /// Checks a definition. `assumed` is the zone in which customers are taken to live whose own is not known.
    pub fn compile(
        definition: &QuietHoursDefinition,
        holidays: &Holidays,
        assumed: Option<&Zone>,
        path: &Path,
        problems: &mut Problems,
    ) -> Self {
        if MAX_WINDOWS < definition.windows.len() {
            let message =
                format!("there are {} windows, at most {MAX_WINDOWS} are accepted", definition.windows.len());
            problems.push(Problem::error("context/too-many", path.key("windows"), message));
        }
        for (at, window) in definition.windows.iter().enumerate() {
            window.check(&path.key("windows").index(at), problems);
        }
        if let Some(UnknownZonePolicy::Strictest(zones)) = &definition.unknown_zone
            && (zones.is_empty() || MAX_WINDOWS < zones.len())
        {
            let message = format!("`strictest` names 1 to {MAX_WINDOWS} zones, this one {}", zones.len());
            problems.push(Problem::error("context/zones", path.key("unknown_zone"), message));
        }
        let assumed = assumed.cloned().map_or(UnknownZonePolicy::Quiet, UnknownZonePolicy::Assume);
        Self {
            definition: definition.clone(),
            unknown: definition.unknown_zone.clone().unwrap_or(assumed),
            holidays: holidays.clone(),
        }
    }

    /// Whether these quiet hours hold for a channel.
    pub fn covers(&self, channel: &ChannelId) -> bool {
        self.definition.channels.is_empty() || self.definition.channels.contains(channel)
    }

    /// Whether it is quiet at `at` in `zone`. O(windows).
    pub fn is_quiet(&self, zone: &Zone, at: Timestamp) -> bool {
        self.remaining(zone, at).is_some()
    }

    /// The first instant from `at` on at which it is not quiet in `zone`; `None` when there is none within
    /// 400 days.
    pub fn next_allowed(&self, zone: &Zone, at: Timestamp) -> Option<Timestamp> {
        let mut now = at;
        for _ in 0..MAX_STEPS {
            let Some(remaining) = self.remaining(zone, now) else {
                return Some(now);
            };
            let end = now.plus(Duration::from_micros(remaining));
            // When the clocks change before the window ends, they are read again at that very instant.
            now = zone.next_change(now).map_or(end, |change| end.min(change));
            if HORIZON < now.since(at) {
                return None;
            }
        }
        None
    }

    /// The answer for a customer whose zone may not be known.
    pub fn answer(&self, zone: Option<&Zone>, now: Timestamp) -> QuietAnswer {
        let reason = self.reason(zone.is_some());
        let next_allowed = match (self.definition.zone.as_ref().or(zone), &self.unknown) {
            (Some(zone), _) | (None, UnknownZonePolicy::Assume(zone)) => self.next_allowed(zone, now),
            (None, UnknownZonePolicy::Quiet) => None,
            (None, UnknownZonePolicy::Allow) => Some(now),
            (None, UnknownZonePolicy::Strictest(zones)) => self.next_allowed_in_all(zones, now),
        };
        QuietAnswer { quiet: next_allowed != Some(now), next_allowed, reason }
    }

    /// What decides, for a customer whose zone is known or not.
    pub(crate) fn reason(&self, zone_is_known: bool) -> QuietReason {
        match &self.unknown {
            _ if zone_is_known || self.definition.zone.is_some() => QuietReason::WallClock,
            UnknownZonePolicy::Quiet | UnknownZonePolicy::Allow => QuietReason::UnknownZone,
            UnknownZonePolicy::Assume(_) | UnknownZonePolicy::Strictest(_) => QuietReason::AssumedZone,
        }
    }

    /// Whether it is quiet, without the work of finding out until when; `local` is what the clock in the customer's
    /// zone shows, if that is known.
    pub(crate) fn is_quiet_for(&self, local: Option<LocalTime>, now: Timestamp) -> bool {
        match (&self.definition.zone, local, &self.unknown) {
            (Some(zone), ..) | (None, None, UnknownZonePolicy::Assume(zone)) => self.is_quiet(zone, now),
            (None, Some(local), _) => self.remaining_at(local).is_some(),
            (None, None, UnknownZonePolicy::Quiet) => true,
            (None, None, UnknownZonePolicy::Allow) => false,
            (None, None, UnknownZonePolicy::Strictest(zones)) => {
                zones.iter().any(|zone| self.is_quiet(zone, now))
            }
        }
    }

    fn next_allowed_in_all(&self, zones: &[Zone], now: Timestamp) -> Option<Timestamp> {
        let mut at = now;
        for _ in 0..MAX_STEPS {
            let mut latest = at;
            for zone in zones {
                latest = latest.max(self.next_allowed(zone, at)?);
            }
            if latest == at {
                return Some(at);
            }
            if HORIZON < latest.since(now) {
                return None;
            }
            at = latest;
        }
        None
    }

    /// The time until the first window around `at` ends as the wall clock now runs, if there is one.
    fn remaining(&self, zone: &Zone, at: Timestamp) -> Option<i64> {
        if self.definition.windows.is_empty() { None } else { self.remaining_at(zone.local(at)) }
    }

    fn remaining_at(&self, local: LocalTime) -> Option<i64> {
        self.definition.windows.iter().find_map(|window| window.remaining(local, &self.holidays))
    }
}

#[cfg(test)]
#[path = "quiet_tests.rs"]
mod tests;
