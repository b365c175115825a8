//! The single view for a person: who this is, what happened, what is open, what must not be said.
//!
//! Plain data, bounded to about a page, for staff and machines alike. Not here: wording it.

use apropos_event::{ChannelId, PropertyName, Purpose, Purposes, Timestamp};
use serde::{Deserialize, Serialize};

use crate::definition::AdvocacySignal;
use crate::known::resolve;
use crate::ledger::{DossierKind, Goal, GoalStatus, Relation};
use crate::rules::ProfileRules;
use crate::stance::Subject;
use crate::{Profile, Use, history};

/// How many entries each part of a brief holds at most.
pub const BRIEF_ENTRIES: usize = 12;

/// One page about one customer. It is personal data: [`std::fmt::Debug`] prints sizes only.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Brief {
    /// As of when.
    pub at: Timestamp,
    /// How many keys of the host stand for this person.
    pub members: usize,
    /// What is known and may be said, by trait.
    pub known: Vec<BriefTrait>,
    /// What happened last on every channel, newest first.
    pub last_on: Vec<BriefContact>,
    /// What is open, oldest first.
    pub open: Vec<BriefDossier>,
    /// What was promised and is neither kept nor broken, by due time.
    pub promised: Vec<BriefDossier>,
    /// What was tried before, newest first.
    pub tried: Vec<BriefDossier>,
    /// What the customer wants to do.
    pub goals: Vec<BriefGoal>,
    /// What it cost the customer so far, by goal.
    pub efforts: Vec<BriefEffort>,
    /// What must not be said or done.
    pub unsaid: Vec<Unsaid>,
    /// What the customer does for others.
    pub advocacy: Vec<(AdvocacySignal, u64)>,
    /// Ties to other customers, by key.
    pub ties: Vec<(Relation, crate::Key)>,
    /// Money spent, with its currency, when that is known.
    pub spent: Option<String>,
}

/// The parts of a brief are personal data: their names are printed, never their content.
macro_rules! closed_debug {
    ($($name:ident),*) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    )*};
}

closed_debug!(BriefTrait, BriefContact, BriefDossier, BriefGoal, BriefEffort, Unsaid);

impl std::fmt::Debug for Brief {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Brief({} traits, {} open, at {})", self.known.len(), self.open.len(), self.at)
    }
}

/// One trait in a brief.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct BriefTrait {
    pub name: String,
    pub value: apropos_event::Value,
    pub source: String,
    pub observed_at: Timestamp,
    pub told: bool,
}

/// The last contact on one channel.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct BriefContact {
    pub channel: ChannelId,
    pub at: Timestamp,
    pub kind: String,
}

/// Something open, promised or tried.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct BriefDossier {
    pub kind: DossierKind,
    pub id: String,
    pub about: Option<String>,
    pub since: Option<Timestamp>,
    pub due: Option<Timestamp>,
    pub overdue: bool,
    pub outcome: Option<String>,
}

/// A goal in a brief.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct BriefGoal {
    pub goal: String,
    pub words: Option<String>,
    pub since: Option<Timestamp>,
}

/// What one goal cost, in a brief.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct BriefEffort {
    pub goal: String,
    pub steps: u64,
    pub repeats: u64,
    pub channel_switches: u64,
    pub waited_seconds: String,
}

/// Something that must not be said or done.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Unsaid {
    /// A trait that is known but must never be mentioned.
    Trait(String),
    /// A protected state to be careful with.
    Protected(String),
    /// Something the customer wants less of.
    Less(Subject),
    /// A topic the customer does not like.
    Disliked(String),
    /// Direct marketing.
    Marketing,
    /// A question whose answer the customer gave already.
    Ask(String),
}

impl ProfileRules {
    /// The page about a customer at `now`. O(profile).
    pub fn brief(&self, profile: &Profile, now: Timestamp) -> Brief {
        Brief {
            at: now,
            members: profile.members.len(),
            known: self.brief_traits(profile, now),
            last_on: last_on(profile, now),
            open: dossiers(profile, now, |kind, open| {
                open && matches!(kind, DossierKind::Case | DossierKind::Complaint)
            }),
            promised: dossiers(profile, now, |kind, open| open && kind == DossierKind::Promise),
            tried: dossiers(profile, now, |kind, _| kind == DossierKind::Attempt),
            goals: goals(profile, now),
            efforts: self.brief_efforts(profile),
            unsaid: self.unsaid(profile, now),
            advocacy: self.signs(profile, now),
            ties: ties(profile),
            spent: self.spent(profile, now).map(|spent| spent.to_string()),
        }
    }

    fn brief_traits(&self, profile: &Profile, now: Timestamp) -> Vec<BriefTrait> {
        let spoken = self.traits.iter().filter(|definition| !definition.unspoken);
        let known = spoken.filter_map(|definition| {
            let known = resolve(profile, definition, now, Purposes::NONE)?;
            Some(BriefTrait {
                name: definition.name.to_string(),
                value: known.value.into_owned(),
                source: known.source.to_string(),
                observed_at: known.observed_at,
                told: known.told,
            })
        });
        let mut known: Vec<BriefTrait> = known.collect();
        known.sort_by(|a, b| (b.told, b.observed_at, &a.name).cmp(&(a.told, a.observed_at, &b.name)));
        known.truncate(BRIEF_ENTRIES);
        known
    }

    fn brief_efforts(&self, profile: &Profile) -> Vec<BriefEffort> {
        let efforts = self.efforts(profile).into_iter().map(|effort| BriefEffort {
            goal: effort.goal.to_string(),
            steps: effort.steps,
            repeats: effort.repeats,
            channel_switches: effort.channel_switches,
            waited_seconds: effort.waited_seconds.to_string(),
        });
        efforts.take(BRIEF_ENTRIES).collect()
    }

    /// What must not be said or done to the customer at `now`.
    pub fn unsaid(&self, profile: &Profile, now: Timestamp) -> Vec<Unsaid> {
        let mut unsaid: Vec<Unsaid> = Vec::new();
        for definition in &self.traits {
            if let Some(known) = resolve(profile, definition, now, Purposes::NONE) {
                if definition.unspoken {
                    unsaid.push(Unsaid::Trait(definition.name.to_string()));
                }
                if known.told {
                    unsaid.push(Unsaid::Ask(definition.name.to_string()));
                }
            }
        }
        unsaid
            .extend(self.protected_states(profile, now).into_iter().map(|s| Unsaid::Protected(s.to_owned())));
        unsaid.extend(self.wants_less_of(profile, now).into_iter().cloned().map(Unsaid::Less));
        unsaid.extend(self.topics(profile).1.into_iter().map(|topic| Unsaid::Disliked(topic.to_string())));
        let marketing = PropertyName::MARKETING;
        if !self.permission(profile, Use::of(Purpose::Contact).category(&marketing), now).allowed {
            unsaid.push(Unsaid::Marketing);
        }
        unsaid.sort();
        unsaid
    }

    fn signs(&self, profile: &Profile, now: Timestamp) -> Vec<(AdvocacySignal, u64)> {
        let mut signals: Vec<AdvocacySignal> =
            self.definition.advocacy.iter().map(|sign| sign.signal).collect();
        signals.sort_unstable();
        signals.dedup();
        let counted = signals.into_iter().map(|signal| (signal, self.advocacy(profile, signal, now)));
        counted.filter(|(_, count)| 0 < *count).collect()
    }
}

fn last_on(profile: &Profile, now: Timestamp) -> Vec<BriefContact> {
    let mut contacts: Vec<BriefContact> = Vec::new();
    for member in &profile.members {
        let history = &member.history;
        let lanes = history.lanes.iter().map(|lane| (Some(&lane.kind), &lane.series));
        for (kind, series) in lanes.chain([(None, &history.common)]) {
            for entry in series.entries().rev().filter(|entry| entry.at <= now) {
                let Some(channel) = history.channel_of(&entry) else { continue };
                let kind = kind.or_else(|| history.kinds.get(entry.labels[history::KIND]));
                let contact = BriefContact {
                    channel: channel.clone(),
                    at: entry.at,
                    kind: kind.map_or_else(String::new, ToString::to_string),
                };
                match contacts.iter_mut().find(|known| known.channel == contact.channel) {
                    Some(known) if (known.at, &known.kind) < (contact.at, &contact.kind) => *known = contact,
                    Some(_) => {}
                    None => contacts.push(contact),
                }
            }
        }
    }
    contacts.sort_by(|a, b| (b.at, &a.channel).cmp(&(a.at, &b.channel)));
    contacts.truncate(BRIEF_ENTRIES);
    contacts
}

fn dossiers(
    profile: &Profile,
    now: Timestamp,
    wanted: impl Fn(DossierKind, bool) -> bool,
) -> Vec<BriefDossier> {
    let all = profile.members.iter().flat_map(|member| &member.dossiers);
    let picked = all.filter(|dossier| wanted(dossier.kind, dossier.is_open())).map(|dossier| {
        let opened = dossier.opened.as_ref();
        let due = opened.and_then(|opened| opened.due);
        BriefDossier {
            kind: dossier.kind,
            id: dossier.id.clone(),
            about: opened.and_then(|opened| opened.about.clone()),
            since: opened.map(|opened| opened.at),
            due,
            overdue: dossier.is_open() && due.is_some_and(|due| due < now),
            outcome: dossier.closed.as_ref().map(|(_, outcome)| outcome.clone()),
        }
    });
    let mut picked: Vec<BriefDossier> = picked.collect();
    picked.sort_by(|a, b| {
        (a.due.is_none(), a.due, b.since, &a.id).cmp(&(b.due.is_none(), b.due, a.since, &b.id))
    });
    picked.truncate(BRIEF_ENTRIES);
    picked
}

fn goals(profile: &Profile, now: Timestamp) -> Vec<BriefGoal> {
    let all = profile.members.iter().flat_map(|member| &member.goals);
    let mut active: Vec<&Goal> = all.filter(|goal| goal.status(now) == Some(GoalStatus::Active)).collect();
    active.sort_by(|a, b| b.declared.cmp(&a.declared));
    active.dedup_by(|next, kept| next.goal == kept.goal);
    let brief = active.into_iter().map(|goal| BriefGoal {
        goal: goal.goal.to_string(),
        words: goal.declared.as_ref().and_then(|declared| declared.words.clone()),
        since: goal.declared.as_ref().map(|declared| declared.at),
    });
    brief.take(BRIEF_ENTRIES).collect()
}

fn ties(profile: &Profile) -> Vec<(Relation, crate::Key)> {
    let all = profile.members.iter().flat_map(|member| &member.ties).filter(|tie| !tie.ended);
    let mut ties: Vec<(Relation, crate::Key)> = all.map(|tie| (tie.relation, tie.other)).collect();
    ties.sort_unstable();
    ties.dedup();
    ties.truncate(BRIEF_ENTRIES);
    ties
}
