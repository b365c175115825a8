//! Where a customer stands: consent, objections, blocks, snoozes, protection. One structure for all of them, because
//! one law holds for all of them: no merge, replay, import or late statement may widen what is permitted.
//!
//! Not here: what is asked of a stance, see [`crate::consent`].

use apropos_event::{ChannelId, PropertyName, Purpose, Timestamp};
use serde::{Deserialize, Serialize};

/// What a stance is about.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Matter {
    /// The use of data for a purpose, on one channel or any, of one category or any.
    Consent {
        /// The purpose.
        purpose: Purpose,
        /// The channel, if only one.
        channel: Option<ChannelId>,
        /// The category of data, if only one.
        category: Option<PropertyName>,
    },
    /// Being reached on a channel at all, whatever was agreed to.
    Channel(ChannelId),
    /// Being contacted at this time, on one channel or any.
    Rest(Option<ChannelId>),
    /// Being shown an action, a group of actions or a topic.
    Shown(Subject),
    /// Being treated like anybody else, by protected state.
    Unprotected(PropertyName),
}

/// The areas of matters, in the order in which matters sort, so that the stances of one area stand together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Area {
    Consent(Purpose),
    Channel,
    Rest,
    Shown,
    Unprotected,
}

impl Matter {
    pub(crate) fn area(&self) -> Area {
        match self {
            Self::Consent { purpose, .. } => Area::Consent(*purpose),
            Self::Channel(_) => Area::Channel,
            Self::Rest(_) => Area::Rest,
            Self::Shown(_) => Area::Shown,
            Self::Unprotected(_) => Area::Unprotected,
        }
    }
}

/// What a customer wants less of.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// One action.
    Action(PropertyName),
    /// A group of actions.
    Group(PropertyName),
    /// A topic.
    Topic(PropertyName),
}

impl std::fmt::Debug for Matter {
    /// The area, never the names a customer gave.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Consent { purpose: Purpose::Contact, .. } => "Consent(contact)",
            Self::Consent { purpose: Purpose::Personalise, .. } => "Consent(personalise)",
            Self::Consent { purpose: Purpose::Learn, .. } => "Consent(learn)",
            Self::Channel(_) => "Channel",
            Self::Rest(_) => "Rest",
            Self::Shown(_) => "Shown",
            Self::Unprotected(_) => "Unprotected",
        })
    }
}

impl std::fmt::Debug for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Subject")
    }
}

/// The legal ground of a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are those of article 6 of the GDPR")]
pub enum LegalBasis {
    Consent,
    Contract,
    LegalObligation,
    VitalInterest,
    PublicTask,
    LegitimateInterest,
}

impl LegalBasis {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "consent" => Self::Consent,
            "contract" => Self::Contract,
            "legal_obligation" => Self::LegalObligation,
            "vital_interest" => Self::VitalInterest,
            "public_task" => Self::PublicTask,
            "legitimate_interest" => Self::LegitimateInterest,
            _ => return None,
        })
    }
}

/// How a statement came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Manner {
    /// The customer agreed, or lifted a restriction.
    Granted,
    /// The customer was asked and said no.
    Denied,
    /// The customer had agreed and took it back.
    Withdrawn,
    /// The customer objected to direct marketing.
    Objected,
    /// A signal of the customer's browser, such as Global Privacy Control.
    Signalled,
    /// The customer, or staff on their behalf, set a preference or a protection.
    Set,
}

/// One statement, for or against.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// When it was made.
    pub at: Timestamp,
    /// When it reached the host.
    pub received_at: Timestamp,
    /// When it ends by itself.
    pub until: Option<Timestamp>,
    /// How it came about.
    pub manner: Manner,
    /// On which legal ground, for permissions.
    pub basis: Option<LegalBasis>,
    /// Where the proof lies.
    pub evidence: Option<String>,
    /// The event it came with: the number of the customer's receipt.
    pub receipt: u64,
}

impl std::fmt::Debug for Statement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Statement({:?} at {})", self.manner, self.at)
    }
}

impl Statement {
    /// Whether it has not ended at `now`.
    pub(crate) fn lives(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    fn end(&self) -> Timestamp {
        self.until.unwrap_or(Timestamp::MAX)
    }

    /// The older and shorter of two statements in favour, part by part.
    fn narrowed(self, other: &Self) -> Self {
        let until = Timestamp::min(self.end(), other.end());
        let at = self.at.min(other.at);
        let rest = if other.rest() < self.rest() { other.clone() } else { self };
        Self { at, until: (until != Timestamp::MAX).then_some(until), ..rest }
    }

    /// What breaks ties between statements that are otherwise alike.
    fn rest(&self) -> impl Ord + '_ {
        (self.received_at, self.manner, self.basis, &self.evidence, self.receipt)
    }
}

/// The statements about one matter.
///
/// Of those in favour only the latest counts. Of those against all that no later one outlasts are kept, so that a short
/// snooze cannot hide a lasting refusal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Stance {
    pub(crate) matter: Matter,
    pub(crate) favour: Option<Statement>,
    pub(crate) against: Vec<Statement>,
}

/// The most statements against one matter; beyond, the two oldest become one that lasts as long as either.
const MAX_AGAINST: usize = 8;

impl Stance {
    pub(crate) fn new(matter: Matter) -> Self {
        Self { matter, favour: None, against: Vec::new() }
    }

    /// Adds a statement in favour. Of two made at the same time the one that ends sooner stays.
    pub(crate) fn favour(&mut self, statement: Statement) {
        let stronger = self.favour.as_ref().is_none_or(|mine| {
            (mine.at, std::cmp::Reverse(mine.end()))
                .cmp(&(statement.at, std::cmp::Reverse(statement.end())))
                .then_with(|| mine.rest().cmp(&statement.rest()))
                .is_lt()
        });
        if stronger {
            self.favour = Some(statement);
        }
    }

    /// Adds a statement against; beyond [`MAX_AGAINST`] the oldest are folded, which can only narrow what is permitted.
    pub(crate) fn against(&mut self, statement: Statement) {
        self.add(statement);
        // INVARIANT: sorted by `at`, so ends fall: the first lasts longest and the second was made later.
        while MAX_AGAINST < self.against.len() {
            let first = self.against.remove(0);
            if let Some(second) = self.against.first_mut() {
                second.until = first.until;
            }
        }
    }

    /// Adds a statement against unless another outlasts it, and drops those that it outlasts.
    fn add(&mut self, statement: Statement) {
        let outlasted = |a: &Statement, b: &Statement| {
            a.at <= b.at && a.end() <= b.end() && ((a.at, a.end()) != (b.at, b.end()) || a.rest() <= b.rest())
        };
        if self.against.iter().any(|mine| outlasted(&statement, mine)) {
            return;
        }
        self.against.retain(|mine| !outlasted(mine, &statement));
        let at = self.against.partition_point(|mine| mine.at <= statement.at);
        self.against.insert(at, statement);
    }

    /// Joins two copies of one stance, and never widens it: what is in favour must be so in both copies and counts as the
    /// older and shorter of the two; everything against counts. Nothing is folded, so that the order of joins does not show.
    pub(crate) fn join(&mut self, other: &Self) {
        self.favour = match (self.favour.take(), &other.favour) {
            (Some(mine), Some(theirs)) => Some(mine.narrowed(theirs)),
            _ => None,
        };
        other.against.iter().for_each(|statement| self.add(statement.clone()));
    }
}
