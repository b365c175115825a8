//! What a customer wishes and must be spared: blocked channels, snoozes, "less like this", protection, preferences.
//!
//! Restrictions follow the rule of `standing`; of plain preferences the latest counts. Not here: consent, see `consent`.

use std::cmp::Ordering;

use apropos_event::{ChannelId, CivilTime, Duration, LocalTime, PropertyName, Timestamp};

use crate::Profile;
use crate::ledger::{DossierKind, Preference, QuietTimes, Setting};
use crate::rules::ProfileRules;
use crate::stance::{Area, Matter, Subject};
use crate::standing::{ConsentState, is_restricted, narrowest};

impl ProfileRules {
    /// Whether the customer blocked a channel.
    pub fn is_blocked(&self, profile: &Profile, channel: &ChannelId, now: Timestamp) -> bool {
        is_restricted(
            profile,
            Area::Channel,
            now,
            |matter| matches!(matter, Matter::Channel(known) if known == channel),
        )
    }

    /// The channels the customer blocked, by member and name; one that two members block comes twice.
    pub(crate) fn blocked<'a>(
        &self,
        profile: &'a Profile,
        now: Timestamp,
    ) -> impl Iterator<Item = &'a ChannelId> {
        let stances = profile.members.iter().flat_map(|member| member.stances_in(Area::Channel));
        let channels = stances.filter_map(|stance| match &stance.matter {
            Matter::Channel(channel) => Some(channel),
            _ => None,
        });
        channels.filter(move |channel| self.is_blocked(profile, channel, now))
    }

    /// Until when the customer does not want to be contacted by `channel` (by any, if `None`); `None` when no snooze runs.
    pub fn rests_until(
        &self,
        profile: &Profile,
        channel: Option<&ChannelId>,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let concerns = |matter: &Matter| match matter {
            Matter::Rest(None) => true,
            Matter::Rest(known) => known.as_ref() == channel,
            _ => false,
        };
        if !is_restricted(profile, Area::Rest, now, concerns) {
            return None;
        }
        let stances = profile.members.iter().flat_map(|member| member.stances_in(Area::Rest));
        let against = stances.filter(|stance| concerns(&stance.matter)).flat_map(|stance| &stance.against);
        let running = against.filter(|statement| statement.lives(now));
        running.map(|statement| statement.until.unwrap_or(Timestamp::MAX)).max()
    }

    /// Whether the customer asked for less of an action, group or topic.
    pub fn wants_less(&self, profile: &Profile, subject: &Subject, now: Timestamp) -> bool {
        is_restricted(
            profile,
            Area::Shown,
            now,
            |matter| matches!(matter, Matter::Shown(known) if known == subject),
        )
    }

    /// Everything the customer asked for less of, in order, each once.
    pub fn wants_less_of<'a>(&self, profile: &'a Profile, now: Timestamp) -> Vec<&'a Subject> {
        if profile.is_silent() {
            return Vec::new();
        }
        let stances = profile.members.iter().flat_map(|member| member.stances_in(Area::Shown));
        let mut subjects: Vec<&Subject> = stances
            .filter_map(|stance| match &stance.matter {
                Matter::Shown(subject) if self.wants_less(profile, subject, now) => Some(subject),
                _ => None,
            })
            .collect();
        subjects.sort_unstable();
        subjects.dedup();
        subjects
    }

    /// Whether the customer is in a protected state at `now`: `minor`, `complaint_open` and the like.
    ///
    /// A complaint that is open protects by itself, and where the definition says so, so does an unknown age.
    pub fn is_protected(&self, profile: &Profile, state: &str, now: Timestamp) -> bool {
        let concerns =
            |matter: &Matter| matches!(matter, Matter::Unprotected(known) if known.as_str() == state);
        let standing = narrowest(profile, Area::Unprotected, now, concerns).state;
        match state {
            _ if standing == ConsentState::Denied => true,
            "complaint_open" => has_open_complaint(profile),
            "minor" if self.definition.protected.unknown_age_is_minor => standing != ConsentState::Granted,
            _ => false,
        }
    }

    /// The protected states the customer is in at `now`, in order.
    pub fn protected_states<'a>(&'a self, profile: &'a Profile, now: Timestamp) -> Vec<&'a str> {
        let states = self.states.iter().map(PropertyName::as_str);
        states.filter(|state| self.is_protected(profile, state, now)).collect()
    }

    /// Whether the customer is in any protected state at `now`: [`ProfileRules::protected_states`] is not empty.
    pub fn is_protected_at_all(&self, profile: &Profile, now: Timestamp) -> bool {
        // Most people say nothing about it: then only an open complaint and an unknown age protect.
        if profile.members.iter().all(|member| member.stances_in(Area::Unprotected).is_empty()) {
            return self.definition.protected.unknown_age_is_minor || has_open_complaint(profile);
        }
        self.states.iter().any(|state| self.is_protected(profile, state.as_str(), now))
    }

    /// The channel the customer likes best, if they said so and did not block it since.
    pub fn preferred_channel<'a>(&self, profile: &'a Profile, now: Timestamp) -> Option<&'a ChannelId> {
        let channels = settings(profile).filter_map(|setting| match &setting.preference {
            Preference::Channel(channel) => Some((setting, channel)),
            _ => None,
        });
        let (_, channel) = channels.max_by(|(a, _), (b, _)| a.cmp(b))?;
        (!self.is_blocked(profile, channel, now)).then_some(channel)
    }

    /// The paces the customer chose, at most one a member: so many contacts at most, in any stretch of so much time. All of
    /// them bind, since none implies another: three a week may be three in a day.
    pub fn paces(&self, profile: &Profile) -> impl Iterator<Item = (u16, Duration)> {
        settings(profile).filter_map(|setting| match setting.preference {
            Preference::Pace { contacts, per } => Some((contacts, per)),
            _ => None,
        })
    }

    /// The customer's interest in topics: those liked and those disliked, in order, as last said.
    pub fn topics<'a>(&self, profile: &'a Profile) -> (Vec<&'a PropertyName>, Vec<&'a PropertyName>) {
        let topics = settings(profile).filter_map(|setting| match &setting.preference {
            Preference::Topic { topic, interest } => Some((topic, setting.at, *interest)),
            _ => None,
        });
        let mut said: Vec<(&PropertyName, Timestamp, i8)> = topics.collect();
        said.sort_unstable();
        let last = said.chunk_by(|a, b| a.0 == b.0).filter_map(|group| group.last());
        let (mut likes, mut dislikes) = (Vec::new(), Vec::new());
        for (topic, _, interest) in last {
            match interest {
                1 => likes.push(*topic),
                -1 => dislikes.push(*topic),
                _ => {}
            }
        }
        (likes, dislikes)
    }

    /// Whether the customer wants to be left alone at this time on their wall, by the quiet times any member set.
    pub fn is_quiet(&self, profile: &Profile, local: LocalTime) -> bool {
        self.quiet_times(profile).any(|quiet| quiet.holds(local))
    }

    /// The quiet times the customer set, at most one set a member.
    pub fn quiet_times<'a>(&self, profile: &'a Profile) -> impl Iterator<Item = &'a QuietTimes> {
        settings(profile).filter_map(|setting| match &setting.preference {
            Preference::Quiet(quiet) => Some(quiet),
            _ => None,
        })
    }
}

fn has_open_complaint(profile: &Profile) -> bool {
    let mut dossiers = profile.members.iter().flat_map(|member| &member.dossiers);
    dossiers.any(|dossier| dossier.kind == DossierKind::Complaint && dossier.is_open())
}

fn settings(profile: &Profile) -> impl Iterator<Item = &Setting> {
    profile.members.iter().flat_map(|member| &member.settings)
}

impl QuietTimes {
    /// Whether a local time lies in them. A night belongs to the day it starts on.
    pub fn holds(&self, local: LocalTime) -> bool {
        let on = |date: apropos_event::CivilDate| self.days.is_empty() || self.days.contains(&date.weekday());
        let time: CivilTime = local.time;
        match self.from.cmp(&self.to) {
            Ordering::Equal => false,
            Ordering::Less => self.from <= time && time < self.to && on(local.date),
            Ordering::Greater => {
                (self.from <= time && on(local.date)) || (time < self.to && on(local.date.plus_days(-1)))
            }
        }
    }
}
