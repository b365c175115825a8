//! What a customer permits, prefers and must be spared: questions about stances, answered over all members.
//!
//! One rule: a permission holds only if it holds for every member of the profile. A member's own statements count for it;
//! what another member agreed to counts only if it was received after the last merge, when the person was already seen as
//! one. Refusals of any member count at once. So a merge can only narrow what is permitted.
//!
//! Not here: who may act on it. The engine asks at its consent stage, and again when a queued message leaves.

use std::cmp::Ordering;

use apropos_event::{ChannelId, CivilTime, Duration, LocalTime, PropertyName, Purpose, Timestamp};
use serde::{Deserialize, Serialize};

use crate::error::Fingerprint;
use crate::ledger::{DossierKind, Preference, QuietTimes};
use crate::profile::Member;
use crate::reading::MARKETING;
use crate::rules::ProfileRules;
use crate::stance::{LegalBasis, Manner, Matter, Stance, Statement, Subject};
use crate::{Profile, WhenUnknown};

/// How a permission stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentState {
    /// Somebody said no, and nobody took it back since.
    Denied,
    /// It was given and has run out.
    Lapsed,
    /// Nothing was said; what that means is the definition's to say.
    Unknown,
    /// It was given.
    Granted,
}

impl ConsentState {
    /// All states, from the narrowest to the widest.
    pub const ALL: [Self; 4] = [Self::Denied, Self::Lapsed, Self::Unknown, Self::Granted];

    /// The state's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Lapsed => "lapsed",
            Self::Unknown => "unknown",
            Self::Granted => "granted",
        }
    }
}

/// The answer to a question for consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    /// How it stands.
    pub state: ConsentState,
    /// Whether that permits, with what the definition says about unknown.
    pub allowed: bool,
    /// On which legal ground, when it was granted and says so.
    pub basis: Option<LegalBasis>,
    /// The statement that decided, as the receipt of its customer.
    pub receipt: Option<Fingerprint>,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use<'a> {
    /// The purpose.
    pub purpose: Purpose,
    /// The channel, if one is known.
    pub channel: Option<&'a ChannelId>,
    /// The category of data or message, if it has one, such as `marketing`.
    pub category: Option<&'a PropertyName>,
}

impl<'a> Use<'a> {
    /// The use of anything for `purpose`.
    pub fn of(purpose: Purpose) -> Self {
        Self { purpose, channel: None, category: None }
    }

    /// The same on a channel.
    #[must_use]
    pub fn on(self, channel: &'a ChannelId) -> Self {
        Self { channel: Some(channel), ..self }
    }

    /// The same for a category.
    #[must_use]
    pub fn category(self, category: &'a PropertyName) -> Self {
        Self { category: Some(category), ..self }
    }

    /// Whether a statement about `matter` says something about this use.
    fn concerns(self, matter: &Matter) -> bool {
        let Matter::Consent { purpose, channel, category } = matter else { return false };
        *purpose == self.purpose
            && channel.as_ref().is_none_or(|channel| self.channel == Some(channel))
            && category.as_ref().is_none_or(|category| self.category == Some(category))
    }
}

/// What one member says about something, the others' newer agreements included.
struct Standing<'a> {
    state: ConsentState,
    statement: Option<&'a Statement>,
}

impl ProfileRules {
    /// Whether a use of data is permitted at `now`. O(stances of the profile).
    ///
    /// A profile that holds nobody permits what unknown permits.
    pub fn permission(&self, profile: &Profile, asked: Use<'_>, now: Timestamp) -> Permission {
        let unknown = match asked.purpose {
            Purpose::Contact => self.definition.consent.contact,
            Purpose::Personalise => self.definition.consent.personalise,
            Purpose::Learn => self.definition.consent.learn,
        };
        let standing = narrowest(profile, now, |stance| asked.concerns(&stance.matter));
        let allowed = match standing.state {
            ConsentState::Granted => true,
            // What has run out says nothing any more.
            ConsentState::Unknown | ConsentState::Lapsed => unknown == WhenUnknown::Allow,
            ConsentState::Denied => false,
        };
        let granted = standing.statement.filter(|_| standing.state == ConsentState::Granted);
        Permission {
            state: standing.state,
            allowed,
            basis: granted.and_then(|statement| statement.basis),
            receipt: standing.statement.map(|statement| Fingerprint(statement.receipt)),
        }
    }

    /// Whether direct marketing by `channel` is permitted at `now`: contact, for the category `marketing`, on a channel
    /// that is not blocked, while no snooze runs.
    pub fn may_market(&self, profile: &Profile, channel: &ChannelId, now: Timestamp) -> bool {
        let category = PropertyName::new(MARKETING).ok();
        let asked = Use { purpose: Purpose::Contact, channel: Some(channel), category: category.as_ref() };
        self.permission(profile, asked, now).allowed
            && !self.is_blocked(profile, channel, now)
            && self.rests_until(profile, Some(channel), now).is_none()
    }

    /// Whether the customer blocked a channel.
    pub fn is_blocked(&self, profile: &Profile, channel: &ChannelId, now: Timestamp) -> bool {
        restricted(profile, now, |matter| matches!(matter, Matter::Channel(known) if known == channel))
    }

    /// Until when the customer does not want to be contacted by `channel` (by any, if `None`); `None` when no snooze runs.
    pub fn rests_until(
        &self,
        profile: &Profile,
        channel: Option<&ChannelId>,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let concerns = |stance: &Stance| match &stance.matter {
            Matter::Rest(None) => true,
            Matter::Rest(known) => known.as_ref() == channel,
            _ => false,
        };
        let standing = narrowest(profile, now, concerns);
        if standing.state != ConsentState::Denied {
            return None;
        }
        let ends =
            profile.members.iter().flat_map(|member| &member.stances).filter(|stance| concerns(stance));
        let running = ends.flat_map(|stance| &stance.against).filter(|statement| statement.lives(now));
        running.map(|statement| statement.until.unwrap_or(Timestamp::MAX)).max()
    }

    /// Whether the customer asked for less of an action, group or topic.
    pub fn wants_less(&self, profile: &Profile, subject: &Subject, now: Timestamp) -> bool {
        restricted(profile, now, |matter| matches!(matter, Matter::Shown(known) if known == subject))
    }

    /// Everything the customer asked for less of.
    pub fn wants_less_of<'a>(&self, profile: &'a Profile, now: Timestamp) -> Vec<&'a Subject> {
        let mut subjects: Vec<&Subject> = profile
            .members
            .iter()
            .flat_map(|member| &member.stances)
            .filter_map(|stance| match &stance.matter {
                Matter::Shown(subject) => Some(subject),
                _ => None,
            })
            .collect();
        subjects.sort_unstable();
        subjects.dedup();
        subjects.retain(|subject| self.wants_less(profile, subject, now));
        subjects
    }

    /// Whether the customer is in a protected state at `now`: `minor`, `complaint_open` and the like.
    ///
    /// A complaint that is open protects by itself, and where the definition says so, so does an unknown age.
    pub fn is_protected(&self, profile: &Profile, state: &str, now: Timestamp) -> bool {
        let concerns =
            |matter: &Matter| matches!(matter, Matter::Unprotected(known) if known.as_str() == state);
        if restricted(profile, now, concerns) {
            return true;
        }
        match state {
            "complaint_open" => profile
                .members
                .iter()
                .flat_map(|member| &member.dossiers)
                .any(|dossier| dossier.kind == DossierKind::Complaint && dossier.is_open()),
            "minor" if self.definition.protected.unknown_age_is_minor => {
                narrowest(profile, now, |stance| concerns(&stance.matter)).state != ConsentState::Granted
            }
            _ => false,
        }
    }

    /// The protected states the customer is in at `now`, in order.
    pub fn protected_states<'a>(&'a self, profile: &'a Profile, now: Timestamp) -> Vec<&'a str> {
        self.states
            .iter()
            .map(PropertyName::as_str)
            .filter(|state| self.is_protected(profile, state, now))
            .collect()
    }

    /// Whether the customer is in any protected state at `now`: [`ProfileRules::protected_states`] is not empty.
    pub fn is_protected_at_all(&self, profile: &Profile, now: Timestamp) -> bool {
        // Where nothing was ever stated and nothing is open, no state can hold but that of an unknown age.
        let silent =
            profile.members.iter().all(|member| member.stances.is_empty() && member.dossiers.is_empty());
        (!silent || self.definition.protected.unknown_age_is_minor)
            && self.states.iter().any(|state| self.is_protected(profile, state.as_str(), now))
    }

    /// The channel the customer likes best, if they said so and did not block it since.
    pub fn preferred_channel<'a>(&self, profile: &'a Profile, now: Timestamp) -> Option<&'a ChannelId> {
        let channel = latest(profile, |preference| match preference {
            Preference::Channel(channel) => Some(channel),
            _ => None,
        })?;
        (!self.is_blocked(profile, channel, now)).then_some(channel)
    }

    /// The tightest pace that any member set: contacts, and in how much time.
    pub fn pace(&self, profile: &Profile) -> Option<(u16, Duration)> {
        let paces = profile.members.iter().flat_map(|member| &member.settings).filter_map(|setting| {
            match setting.preference {
                Preference::Pace { contacts, per } => Some((contacts, per)),
                _ => None,
            }
        });
        // Fewer contacts in more time: contacts · other time against other contacts · time, without division.
        paces.reduce(|a, b| {
            let (x, y) = (
                i128::from(a.0) * i128::from(b.1.as_micros()),
                i128::from(b.0) * i128::from(a.1.as_micros()),
            );
            if x < y || (x == y && a <= b) { a } else { b }
        })
    }

    /// The customer's interest in topics: those liked and those disliked, in order, as last said.
    pub fn topics<'a>(&self, profile: &'a Profile) -> (Vec<&'a PropertyName>, Vec<&'a PropertyName>) {
        let mut said: Vec<(&PropertyName, Timestamp, i8)> = profile
            .members
            .iter()
            .flat_map(|member| &member.settings)
            .filter_map(|setting| match &setting.preference {
                Preference::Topic { topic, interest } => Some((topic, setting.at, *interest)),
                _ => None,
            })
            .collect();
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
        profile.members.iter().flat_map(|member| &member.settings).filter_map(|setting| {
            match &setting.preference {
                Preference::Quiet(quiet) => Some(quiet),
                _ => None,
            }
        })
    }

    /// What the customer stated, each with its receipt, newest first.
    pub fn receipts(&self, profile: &Profile, now: Timestamp) -> Vec<Receipt> {
        let mut receipts = Vec::new();
        for member in &profile.members {
            for stance in &member.stances {
                let decided = |statement: &Statement, permits: bool| Receipt {
                    number: Fingerprint(statement.receipt),
                    at: statement.at,
                    what: describe(&stance.matter),
                    permits: Some(permits),
                    until: statement.until,
                    stands: statement.lives(now) && stands(stance, statement, permits),
                };
                receipts.extend(stance.favour.iter().map(|statement| decided(statement, true)));
                receipts.extend(stance.against.iter().map(|statement| decided(statement, false)));
            }
            receipts.extend(member.settings.iter().map(|setting| Receipt {
                number: Fingerprint(setting.receipt),
                at: setting.at,
                what: format!("preference {}", setting.preference.name()),
                permits: None,
                until: None,
                stands: true,
            }));
        }
        receipts.sort_by(|a, b| (b.at, b.number, &b.what).cmp(&(a.at, a.number, &a.what)));
        receipts
    }
}

/// What a customer can be shown about something they stated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The number.
    pub number: Fingerprint,
    /// When it was stated.
    pub at: Timestamp,
    /// What about, in words.
    pub what: String,
    /// Whether it permits something or restricts it; `None` for a plain preference.
    pub permits: Option<bool>,
    /// When it ends by itself.
    pub until: Option<Timestamp>,
    /// Whether it still has its effect.
    pub stands: bool,
}

fn stands(stance: &Stance, statement: &Statement, permits: bool) -> bool {
    if permits {
        stance.against.iter().all(|other| other.at < statement.at)
    } else {
        stance.favour.as_ref().is_none_or(|other| other.at <= statement.at)
    }
}

fn describe(matter: &Matter) -> String {
    match matter {
        Matter::Consent { purpose, channel, category } => {
            let mut text = format!("consent to {purpose}");
            if let Some(channel) = channel {
                text.push_str(" by ");
                text.push_str(channel.as_str());
            }
            if let Some(category) = category {
                text.push_str(" for ");
                text.push_str(category.as_str());
            }
            text
        }
        Matter::Channel(channel) => format!("use of {channel}"),
        Matter::Rest(None) => "contact at this time".to_owned(),
        Matter::Rest(Some(channel)) => format!("contact by {channel} at this time"),
        Matter::Shown(Subject::Action(name)) => format!("the action {name}"),
        Matter::Shown(Subject::Group(name)) => format!("actions of {name}"),
        Matter::Shown(Subject::Topic(name)) => format!("the topic {name}"),
        Matter::Unprotected(state) => format!("ordinary treatment in spite of {state}"),
    }
}

/// Whether some member restricts what `concerns` picks.
fn restricted(profile: &Profile, now: Timestamp, concerns: impl Fn(&Matter) -> bool) -> bool {
    narrowest(profile, now, |stance| concerns(&stance.matter)).state == ConsentState::Denied
}

/// The narrowest standing of any member.
fn narrowest(profile: &Profile, now: Timestamp, concerns: impl Fn(&Stance) -> bool) -> Standing<'_> {
    // Agreements received since the members are seen as one person count for all of them.
    let shared_since = profile.merged_at();
    let standings =
        profile.members.iter().map(|member| standing(profile, member, shared_since, now, &concerns));
    standings
        .min_by_key(|standing| standing.state)
        .unwrap_or(Standing { state: ConsentState::Unknown, statement: None })
}

/// Where one member stands: granted when a living statement in favour is younger than every living one against; else
/// denied when there is one against; else lapsed or unknown. Adding statements against, removing statements in favour,
/// ageing or shortening them can each only narrow the result: that is what the laws of merging rest on.
fn standing<'a>(
    profile: &'a Profile,
    member: &'a Member,
    shared_since: Option<Timestamp>,
    now: Timestamp,
    concerns: &impl Fn(&Stance) -> bool,
) -> Standing<'a> {
    let stances = || member.stances.iter().filter(|stance| concerns(stance));
    let against = stances().flat_map(|stance| &stance.against).filter(|statement| statement.lives(now));
    let against = against.max_by_key(|statement| statement.at);
    let mut lapsed = None;
    let mut granted: Option<&Statement> = None;
    let mut weigh = |favour: &'a Statement| {
        if !favour.lives(now) {
            lapsed = Some(favour);
        } else if against.is_none_or(|against| against.at < favour.at)
            && granted.is_none_or(|best| best.at < favour.at)
        {
            granted = Some(favour);
        }
    };
    stances().filter_map(|stance| stance.favour.as_ref()).for_each(&mut weigh);
    if let Some(since) = shared_since {
        let all = profile.members.iter().flat_map(|member| &member.stances).filter(|stance| concerns(stance));
        let shared = all.filter_map(|stance| stance.favour.as_ref());
        shared.filter(|statement| since < statement.received_at).for_each(&mut weigh);
    }
    let (state, statement) = if granted.is_some() {
        (ConsentState::Granted, granted)
    } else if against.is_some() {
        (ConsentState::Denied, against)
    } else if lapsed.is_some() {
        (ConsentState::Lapsed, lapsed)
    } else {
        (ConsentState::Unknown, None)
    };
    Standing { state, statement }
}

/// The latest setting that `pick` picks.
fn latest<'a, T>(profile: &'a Profile, pick: impl Fn(&'a Preference) -> Option<T>) -> Option<T> {
    let settings = profile.members.iter().flat_map(|member| &member.settings);
    let picked = settings.filter_map(|setting| pick(&setting.preference).map(|value| (setting, value)));
    picked.max_by(|(a, _), (b, _)| a.cmp(b)).map(|(_, value)| value)
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

/// What the header `Sec-GPC` of a request says: only `1` is a statement, an opt-out of selling and sharing. Its
/// absence, or any other value, says nothing, least of all yes.
///
/// A host that hears it observes an event of kind `signal.gpc`.
pub fn is_gpc_signal(header: Option<&str>) -> bool {
    header.is_some_and(|value| value.trim() == "1")
}

impl std::fmt::Display for Manner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Granted => "granted",
            Self::Denied => "denied",
            Self::Withdrawn => "withdrawn",
            Self::Objected => "objected",
            Self::Signalled => "signalled",
            Self::Set => "set",
        })
    }
}
