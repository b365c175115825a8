//! What a customer set, aims at, is tied to, and what is open with them: entries of which, by key, the latest counts.
//!
//! Not here: restrictions, which follow a stricter law, see `stance`.

use apropos_event::{ChannelId, CivilTime, Duration, PropertyName, Timestamp, Weekday};
use serde::{Deserialize, Serialize};

use crate::Key;

/// A preference the customer set. Restrictions such as blocks and snoozes are stances instead.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Preference {
    /// The channel to be reached on rather than any other.
    Channel(ChannelId),
    /// At most so many contacts in so much time.
    Pace {
        /// How many.
        contacts: u16,
        /// In how much time.
        per: Duration,
    },
    /// Interest in a topic: 1 likes, −1 does not, 0 no longer says.
    Topic {
        /// The topic.
        topic: PropertyName,
        /// The interest.
        interest: i8,
    },
    /// Times of day to be left alone, on the customer's wall clock; an empty interval means none.
    Quiet(QuietTimes),
}

/// Times of day to be left alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuietTimes {
    /// From this time on.
    pub from: CivilTime,
    /// Until just before this time; earlier than `from` means the next morning.
    pub to: CivilTime,
    /// On these days, every day if empty. A night belongs to the day it starts on.
    pub days: Vec<Weekday>,
}

impl PartialOrd for QuietTimes {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for QuietTimes {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.from, self.to, &self.days).cmp(&(other.from, other.to, &other.days))
    }
}

impl std::fmt::Debug for Preference {
    /// The kind of preference, never its content.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl Preference {
    /// The kind of preference.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Channel(_) => "channel",
            Self::Pace { .. } => "pace",
            Self::Topic { .. } => "topic",
            Self::Quiet(_) => "quiet_times",
        }
    }
}

/// A preference with the time it was set and its receipt.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Setting {
    pub(crate) at: Timestamp,
    pub(crate) preference: Preference,
    pub(crate) receipt: u64,
}

/// How a goal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GoalStatus {
    /// The customer is on the way.
    Active,
    /// The customer got there.
    Reached,
    /// The customer no longer wants it.
    Dropped,
}

/// What a customer says they want to do.
///
/// Declaring and ending are kept apart, so that the order in which the two arrive does not matter.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Goal {
    /// The goal's name.
    pub goal: PropertyName,
    /// When it was last declared, and how.
    pub declared: Option<Declared>,
    /// When it was last ended: reached or dropped.
    pub ended: Option<(Timestamp, GoalStatus)>,
}

/// How a goal was declared.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Declared {
    /// When.
    pub at: Timestamp,
    /// In the customer's own words.
    pub words: Option<String>,
    /// Until when it matters.
    pub until: Option<Timestamp>,
}

impl std::fmt::Debug for Declared {
    /// Never the words.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Declared(at {})", self.at)
    }
}

impl std::fmt::Debug for Goal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Goal({:?})", self.ended)
    }
}

impl Goal {
    /// How the goal stands at `now`; `None` when it was never declared, or no longer matters.
    pub fn status(&self, now: Timestamp) -> Option<GoalStatus> {
        let declared = self.declared.as_ref()?;
        match self.ended {
            Some((at, status)) if declared.at <= at => Some(status),
            _ => declared.until.is_none_or(|until| now < until).then_some(GoalStatus::Active),
        }
    }
}

/// How one customer is tied to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Relation {
    /// Follows the other.
    Follows,
    /// Helps the other.
    Helps,
    /// Brought the other.
    Refers,
    /// Lives or shops with the other.
    Household,
}

impl Relation {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "follows" => Self::Follows,
            "helps" => Self::Helps,
            "refers" => Self::Refers,
            "household" => Self::Household,
            _ => return None,
        })
    }
}

/// A tie to another customer, who is named by key only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Tie {
    /// When it was formed or ended.
    pub at: Timestamp,
    /// How the two are tied.
    pub relation: Relation,
    /// The other customer's key.
    pub other: Key,
    /// Whether it has ended.
    pub ended: bool,
}

/// What can be open with a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DossierKind {
    /// Something a person works on.
    Case,
    /// A complaint a person works on.
    Complaint,
    /// Something promised.
    Promise,
    /// Something tried, such as an action.
    Attempt,
}

/// Something that is open with a customer, or was.
///
/// Opening and closing are kept apart, so that the order in which the two arrive does not matter.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Dossier {
    /// What kind of thing it is.
    pub kind: DossierKind,
    /// Its number or name.
    pub id: String,
    /// When it was last opened, and what for.
    pub opened: Option<Opened>,
    /// When it last ended, and how: `closed`, `kept`, `broken`, or the outcome of an attempt.
    pub closed: Option<(Timestamp, String)>,
}

/// How something was opened.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Opened {
    /// When.
    pub at: Timestamp,
    /// What it is about.
    pub about: Option<String>,
    /// When it is due.
    pub due: Option<Timestamp>,
}

impl std::fmt::Debug for Opened {
    /// Never what it is about.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Opened(at {})", self.at)
    }
}

impl std::fmt::Debug for Dossier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Dossier({:?}, {})", self.kind, if self.is_open() { "open" } else { "closed" })
    }
}

impl Dossier {
    /// Whether it is open.
    pub fn is_open(&self) -> bool {
        match (&self.opened, &self.closed) {
            (Some(opened), Some((closed, _))) => *closed < opened.at,
            (Some(_), None) => true,
            (None, _) => false,
        }
    }
}

/// An entry with a key: entries about the same become one, in any order.
pub(crate) trait Entry: Ord + Clone {
    /// What the entry is about.
    type Key<'a>: Ord
    where
        Self: 'a;
    /// What the entry is about.
    fn about(&self) -> Self::Key<'_>;
    /// When it last changed.
    fn at(&self) -> Timestamp;
    /// Takes over what `other`, about the same, has that is later. Associative, commutative, idempotent.
    fn absorb(&mut self, other: Self) {
        if (self.at(), &*self) < (other.at(), &other) {
            *self = other;
        }
    }
}

impl Entry for Setting {
    type Key<'a> = (&'static str, Option<&'a PropertyName>);
    fn about(&self) -> Self::Key<'_> {
        let topic = match &self.preference {
            Preference::Topic { topic, .. } => Some(topic),
            _ => None,
        };
        (self.preference.name(), topic)
    }
    fn at(&self) -> Timestamp {
        self.at
    }
}

impl Entry for Goal {
    type Key<'a> = &'a PropertyName;
    fn about(&self) -> &PropertyName {
        &self.goal
    }
    fn at(&self) -> Timestamp {
        let declared = self.declared.as_ref().map(|declared| declared.at);
        declared.max(self.ended.map(|(at, _)| at)).unwrap_or(Timestamp::MIN)
    }
    fn absorb(&mut self, other: Self) {
        self.declared = self.declared.take().max(other.declared);
        self.ended = self.ended.max(other.ended);
    }
}

impl Entry for Tie {
    type Key<'a> = (Relation, Key);
    fn about(&self) -> (Relation, Key) {
        (self.relation, self.other)
    }
    fn at(&self) -> Timestamp {
        self.at
    }
}

impl Entry for Dossier {
    type Key<'a> = (u8, &'a str);
    fn about(&self) -> (u8, &str) {
        let class = match self.kind {
            DossierKind::Case | DossierKind::Complaint => 0,
            DossierKind::Promise => 1,
            DossierKind::Attempt => 2,
        };
        (class, &self.id)
    }
    fn at(&self) -> Timestamp {
        let opened = self.opened.as_ref().map(|opened| opened.at);
        opened.max(self.closed.as_ref().map(|(at, _)| *at)).unwrap_or(Timestamp::MIN)
    }
    fn absorb(&mut self, other: Self) {
        self.kind = self.kind.max(other.kind);
        self.opened = self.opened.take().max(other.opened);
        self.closed = self.closed.take().max(other.closed);
    }
}

/// Puts `entry` into `list`, sorted by what entries are about.
///
/// When the list is full the entry that changed longest ago gives way, the new one included.
pub(crate) fn put<T: Entry>(list: &mut Vec<T>, entry: T, limit: usize) {
    match list.binary_search_by(|mine| mine.about().cmp(&entry.about())) {
        Ok(at) => {
            if let Some(mine) = list.get_mut(at) {
                mine.absorb(entry);
            }
        }
        Err(at) => list.insert(at, entry),
    }
    if limit < list.len() {
        let oldest = (0..list.len()).min_by_key(|at| list.get(*at).map(T::at));
        oldest.map(|at| list.remove(at));
    }
}
