//! The state: one profile, the members it is made of, and the links that hold them together.
//!
//! Not here: what changes it. A profile is plain data; [`crate::ProfileRules`] knows what to do with it.

use apropos_event::{CustomerId, IdentifierKind, PropertyName, Timestamp};
use serde::{Deserialize, Serialize};

use crate::history::History;
use crate::identity::Link;
use crate::ledger::{Dossier, Entry, Goal, Setting, Tie};
use crate::names::Memo;
use crate::rare::Rare;
use crate::stance::{Area, Matter, Stance, Statement};
use crate::traits::Claims;
use crate::{ImportError, Key, TraitPolicy};

/// Everything known of one person, as plain data.
///
/// A profile holds *members*, one for each key the host has known the person by; merging puts members side by side and
/// remembers the link, so that parting gives each side back exactly, later events included. Readings fold over the
/// members. [`std::fmt::Debug`] prints sizes, never personal values.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Profile {
    /// By key.
    pub(crate) members: Vec<Member>,
    /// By id.
    pub(crate) links: Rare<Merged>,
}

/// A profile as it is read, before its rules are checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Unchecked {
    members: Vec<Member>,
    links: Rare<Merged>,
}

impl TryFrom<Unchecked> for Profile {
    type Error = ImportError;

    fn try_from(read: Unchecked) -> Result<Self, ImportError> {
        let profile = Self { members: read.members, links: read.links };
        crate::portability::sound(&profile).map_err(ImportError::Unsound)?;
        Ok(profile)
    }
}

/// A link that holds members together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Merged {
    pub(crate) link: Link,
    /// When the merge took place on the host's clock: permissions received up to then do not spread.
    pub(crate) at: Timestamp,
}

/// The most members of one profile.
pub const MAX_MEMBERS: usize = 64;
/// The most identifiers of one member.
pub(crate) const MAX_IDENTIFIERS: usize = 64;
/// The most matters one member has a stance on.
pub(crate) const MAX_STANCES: usize = 512;
/// The most settings, goals, ties and dossiers of one member, each.
pub(crate) const MAX_ENTRIES: usize = 256;

/// What is known of a person under one of the host's keys.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Member {
    pub(crate) key: Key,
    pub(crate) identifiers: Rare<IdentifierFact>,
    #[serde(rename = "traits")]
    pub(crate) claims: Claims,
    pub(crate) history: History,
    pub(crate) stances: Rare<Stance>,
    pub(crate) settings: Rare<Setting>,
    pub(crate) goals: Rare<Goal>,
    pub(crate) ties: Rare<Tie>,
    pub(crate) dossiers: Rare<Dossier>,
    /// The newest statement of any copy that went into this one when copies were joined: what was agreed to up to then does
    /// not spread to other members.
    pub(crate) joined: Option<Timestamp>,
    /// The host's key in plain text, while it is at hand: never written, never printed.
    #[serde(skip)]
    pub(crate) plain: Memo<CustomerId>,
}

impl std::fmt::Debug for Member {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Member")
            .field("key", &self.key)
            .field("identifiers", &self.identifiers.len())
            .field("traits", &self.claims.traits())
            .field("history", &self.history)
            .field("stances", &self.stances.len())
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Profile").field("members", &self.members).field("links", &self.links.len()).finish()
    }
}

/// One identifier of a customer, by keyed hash.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentifierFact {
    /// The kind.
    pub kind: IdentifierKind,
    /// The keyed hash of the normalised value.
    pub key: Key,
    /// Whether the customer proved to hold it.
    pub verified: bool,
    /// When it was first seen.
    pub first: Timestamp,
    /// When it was last seen.
    pub last: Timestamp,
}

/// What taking in an identifier changed.
#[derive(Clone, Copy, Default)]
pub(crate) struct Identified {
    /// It was seen for the first time, or proved for the first time.
    pub(crate) new: bool,
    /// One gave way.
    pub(crate) dropped: bool,
    /// Two that are proved contradict each other.
    pub(crate) conflict: bool,
}

impl IdentifierFact {
    /// Takes in that it was seen again. Says whether that proves it for the first time.
    fn confirm(&mut self, again: &Self) -> bool {
        let new = again.verified && !self.verified;
        self.verified |= again.verified;
        self.first = self.first.min(again.first);
        self.last = self.last.max(again.last);
        new
    }
}

impl Profile {
    /// A profile that holds nobody yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The keys of the members, in order.
    pub fn keys(&self) -> impl Iterator<Item = Key> + '_ {
        self.members.iter().map(|member| member.key)
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Whether the customer never stated anything about consent, channels, pauses, protection or what they want less of.
    pub fn is_silent(&self) -> bool {
        self.members.iter().all(|member| member.stances.is_empty())
    }

    /// How many events are remembered one by one.
    pub fn events(&self) -> usize {
        self.members.iter().map(|member| member.history.len()).sum()
    }

    /// The newest event.
    pub fn latest(&self) -> Option<Timestamp> {
        self.members.iter().filter_map(|member| member.history.latest).max()
    }

    /// The identifiers of all members, by kind and key.
    pub fn identifiers(&self) -> impl Iterator<Item = &IdentifierFact> {
        self.members.iter().flat_map(|member| &member.identifiers)
    }

    /// The links that hold the members together.
    pub fn links(&self) -> impl Iterator<Item = &Link> {
        self.links.iter().map(|merged| &merged.link)
    }

    /// When the members were last seen as one person for the first time: what was agreed to up to then does not spread.
    pub(crate) fn merged_at(&self) -> Option<Timestamp> {
        let merged = self.links.iter().map(|merged| merged.at).max()?;
        Some(self.members.iter().filter_map(|member| member.joined).fold(merged, Timestamp::max))
    }

    pub(crate) fn member(&self, key: Key) -> Option<&Member> {
        let at = self.members.binary_search_by(|member| member.key.cmp(&key)).ok()?;
        self.members.get(at)
    }
}

impl Member {
    pub(crate) fn new(key: Key) -> Self {
        Self {
            key,
            identifiers: Rare::NONE,
            claims: Claims::default(),
            history: History::default(),
            stances: Rare::NONE,
            settings: Rare::NONE,
            goals: Rare::NONE,
            ties: Rare::NONE,
            dossiers: Rare::NONE,
            joined: None,
            plain: Memo(None),
        }
    }

    /// The stance on a matter, made if it is missing; `None` when there is no room.
    pub(crate) fn stance(&mut self, matter: &Matter) -> Option<&mut Stance> {
        let at = match self.stances.binary_search_by(|stance| stance.matter.cmp(matter)) {
            Ok(at) => at,
            Err(_) if MAX_STANCES <= self.stances.len() => return None,
            Err(at) => {
                self.stances.insert(at, Stance::new(matter.clone()));
                at
            }
        };
        self.stances.get_mut(at)
    }

    /// The stances of one area: they stand together because matters sort by area first.
    pub(crate) fn stances_in(&self, area: Area) -> &[Stance] {
        if self.stances.is_empty() {
            return &[];
        }
        let from = self.stances.partition_point(|stance| stance.matter.area() < area);
        let rest = self.stances.get(from..).unwrap_or_default();
        let length = rest.partition_point(|stance| stance.matter.area() == area);
        rest.get(..length).unwrap_or_default()
    }

    pub(crate) fn stance_on(&self, matter: &Matter) -> Option<&Stance> {
        let at = self.stances.binary_search_by(|stance| stance.matter.cmp(matter)).ok()?;
        self.stances.get(at)
    }

    /// Whether there is room for stances on all of `matters`.
    pub(crate) fn has_room<'a>(&self, matters: impl Iterator<Item = &'a Matter>) -> bool {
        let new = matters.filter(|matter| self.stance_on(matter).is_none()).count();
        self.stances.len() + new <= MAX_STANCES
    }

    /// Adds an identifier; of one kind at most `limit` stay: what is proved before what is not, what was seen lately before
    /// what was not. Of a kind that one person has only once two that are proved stay both, for a person to look at.
    pub(crate) fn identify(&mut self, fact: IdentifierFact, limit: usize) -> Identified {
        let place = |mine: &IdentifierFact| (&mine.kind, mine.key).cmp(&(&fact.kind, fact.key));
        let (kind, proves) = (fact.kind.clone(), fact.verified);
        let new = match self.identifiers.binary_search_by(place) {
            Ok(at) => self.identifiers.get_mut(at).is_some_and(|mine| mine.confirm(&fact)),
            Err(at) => {
                self.identifiers.insert(at, fact);
                true
            }
        };
        if !new {
            return Identified::default();
        }
        let alike = || self.identifiers.iter().filter(|mine| mine.kind == kind);
        let proved = alike().filter(|mine| mine.verified).count();
        let conflict = limit == 1 && proves && 1 < proved;
        let full = MAX_IDENTIFIERS < self.identifiers.len();
        let mut over = full || limit < alike().count();
        if over {
            let gives_way =
                |mine: &IdentifierFact| full || (mine.kind == kind && !(limit == 1 && mine.verified));
            let candidates = self.identifiers.iter().enumerate().filter(|(_, mine)| gives_way(mine));
            let weakest = candidates.min_by_key(|(_, mine)| (mine.verified, mine.last, mine.key));
            over = weakest.map(|(at, _)| at).map(|at| self.identifiers.remove(at)).is_some();
        }
        Identified { new, dropped: over, conflict }
    }

    /// Takes over what a copy of the same member has more. Associative, commutative, idempotent within the limits.
    pub(crate) fn join(&mut self, other: &Self, policy: impl Fn(&PropertyName) -> TraitPolicy) {
        for fact in &other.identifiers {
            self.identify(fact.clone(), usize::MAX);
        }
        self.claims.join(&other.claims, policy);
        self.history.join(&other.history);
        // A join may exceed the limit of stances: dropping a refusal would widen what is permitted.
        for theirs in &other.stances {
            if let Err(at) = self.stances.binary_search_by(|stance| stance.matter.cmp(&theirs.matter)) {
                self.stances.insert(at, Stance::new(theirs.matter.clone()));
            }
        }
        for mine in &mut self.stances {
            match other.stance_on(&mine.matter) {
                Some(theirs) => mine.join(theirs),
                None => mine.favour = None,
            }
        }
        // What nothing is said about any more needs no place, so that the order of joins does not show.
        self.stances.retain(|stance| stance.favour.is_some() || !stance.against.is_empty());
        join_list(&mut self.settings, &other.settings);
        join_list(&mut self.goals, &other.goals);
        join_list(&mut self.ties, &other.ties);
        join_list(&mut self.dossiers, &other.dossiers);
        self.joined = self.joined.max(other.joined);
    }

    /// The newest receipt of any statement.
    pub(crate) fn newest_statement(&self) -> Option<Timestamp> {
        let statements = |stance: &Stance| {
            let all = stance.favour.iter().chain(&stance.against);
            all.map(|statement: &Statement| statement.received_at).max()
        };
        self.stances.iter().filter_map(statements).max()
    }
}

fn join_list<T: Entry>(mine: &mut Vec<T>, theirs: &[T]) {
    for entry in theirs {
        crate::ledger::put(mine, entry.clone(), usize::MAX);
    }
}
