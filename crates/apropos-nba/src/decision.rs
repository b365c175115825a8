//! The decision: the answer, every candidate with what became of it, and all that is needed to replay it.
//!
//! Not here: how it was reached, see `pipeline`; sentences about it, see `explain`.

use apropos_event::{ActionId, CustomerId, DecisionId, Timestamp};
use apropos_learn::Features;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};

use crate::candidates::{Candidate, Candidates};
use crate::{Class, Fingerprint, Score, Treatment};

/// The name under which silence stands among the candidates.
pub const SILENCE: &str = "silence";

/// What to do.
///
/// Deliberately exhaustive: a host that forgets to handle silence or hand-off should not compile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Choice {
    /// Nothing.
    Silence,
    /// Carry out this action this way.
    Act {
        /// The action.
        action: ActionId,
        /// Where and how.
        treatment: Treatment,
    },
    /// Hand over to a person.
    HandOff {
        /// The action that hands over.
        action: ActionId,
        /// Where and how.
        treatment: Treatment,
        /// What the person needs to know.
        packet: Box<Packet>,
    },
}

impl Choice {
    /// The action id, `silence` or `hand_off`.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Silence => SILENCE,
            Self::Act { action, .. } => action.as_str(),
            Self::HandOff { .. } => "hand_off",
        }
    }

    /// The action that is taken, if one is.
    pub fn action(&self) -> Option<&ActionId> {
        match self {
            Self::Silence => None,
            Self::Act { action, .. } | Self::HandOff { action, .. } => Some(action),
        }
    }

    /// How it is carried out, if an action is taken.
    pub fn treatment(&self) -> Option<&Treatment> {
        match self {
            Self::Silence => None,
            Self::Act { treatment, .. } | Self::HandOff { treatment, .. } => Some(treatment),
        }
    }
}

/// What a person needs to know who takes over.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packet {
    /// The queue or team.
    pub queue: String,
    /// What is asked of the person.
    pub ask: String,
    /// What the customer is trying to do, as far as it is known.
    pub goal: Option<String>,
    /// What was tried lately, newest first: action, when, and what came of it.
    pub tried: Vec<Tried>,
    /// What is promised and not yet kept.
    pub promises: Vec<String>,
    /// What must not be said or done.
    pub must_not: Vec<String>,
}

/// Something that was tried before a person took over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    /// The action.
    pub action: ActionId,
    /// When.
    pub at: Timestamp,
    /// The last that came of it.
    pub outcome: Option<crate::OutcomeKind>,
}

/// Bytes are not those of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are not those of a decision")]
pub struct NotADecision;

/// A decision cannot be written as bytes. No decision that an engine made is known to be one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the decision cannot be written as bytes: {0}")]
pub struct NotWritten(String);

/// The answer to one question: what to do for this customer at this moment.
#[derive(Clone, PartialEq, Deserialize)]
pub struct Decision {
    /// The decision's id.
    pub id: DecisionId,
    /// The instant it was made for.
    pub at: Timestamp,
    /// The customer.
    pub customer: CustomerId,
    /// How often the customer's document had changed; the snapshot that replays.
    pub revision: u64,
    /// What to do.
    pub choice: Choice,
    /// Every action of the playbook, and silence.
    pub candidates: Candidates,
    /// The next instant at which a reason for dropping something runs out.
    pub look_again: Option<Timestamp>,
    /// The customer's features, for learning.
    pub features: Features,
    /// The playbook.
    pub playbook: Fingerprint,
    /// The model.
    pub model: Fingerprint,
    /// The seed.
    pub seed: u64,
}

impl std::fmt::Debug for Decision {
    /// What was decided, never for whom.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decision")
            .field("id", &self.id)
            .field("at", &self.at)
            .field("choice", &self.choice)
            .field("candidates", &self.candidates)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Packet {
    /// Where it goes, never what it says of the customer.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Packet(to {})", self.queue)
    }
}

impl Decision {
    /// The candidate for `action`, if the playbook has it.
    pub fn candidate(&self, action: &str) -> Option<Candidate<'_>> {
        self.candidates.iter().find(|candidate| candidate.action.as_str() == action)
    }

    /// The canonical bytes: equal decisions, and only those, have equal bytes. For digests and compact logs.
    ///
    /// # Errors
    /// When a part of it cannot be written.
    pub fn to_bytes(&self) -> Result<Vec<u8>, NotWritten> {
        self.write_to(Vec::new())
    }

    /// Appends the canonical bytes to `bytes`, so that their memory can be used again.
    ///
    /// # Errors
    /// When a part of it cannot be written.
    pub fn write_to(&self, bytes: Vec<u8>) -> Result<Vec<u8>, NotWritten> {
        postcard::to_extend(self, bytes).map_err(|error| NotWritten(error.to_string()))
    }

    /// Reads canonical bytes.
    ///
    /// # Errors
    /// When the bytes are not those of a decision.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotADecision> {
        postcard::from_bytes(bytes).map_err(|_| NotADecision)
    }

    /// The candidate that was chosen.
    pub fn chosen(&self) -> Option<Candidate<'_>> {
        let name = self.choice.action().map_or(SILENCE, ActionId::as_str);
        self.candidate(name)
    }
}

/// For people a record with plain fields, `choice` as a word; for machines the whole value in order.
impl Serialize for Decision {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let human = serializer.is_human_readable();
        let mut record = serializer.serialize_struct("Decision", if human { 13 } else { 11 })?;
        record.serialize_field("id", &self.id)?;
        record.serialize_field("at", &self.at)?;
        record.serialize_field("customer", &self.customer)?;
        record.serialize_field("revision", &self.revision)?;
        if human {
            record.serialize_field("choice", self.choice.as_str())?;
            record.serialize_field("detail", &self.choice)?;
            record.serialize_field("candidates", &Plain(&self.candidates))?;
        } else {
            record.serialize_field("choice", &self.choice)?;
            record.serialize_field("candidates", &self.candidates)?;
        }
        record.serialize_field("look_again", &self.look_again)?;
        record.serialize_field("features", &self.features)?;
        record.serialize_field("playbook", &self.playbook)?;
        record.serialize_field("model", &self.model)?;
        record.serialize_field("seed", &self.seed)?;
        record.end()
    }
}

/// Candidates with their priority beside them, and reasons in words.
struct Plain<'a>(&'a Candidates);

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Line<'a> {
            action: &'a ActionId,
            class: Option<Class>,
            priority: f64,
            probability: f64,
            treatment: Option<&'a Treatment>,
            score: Option<Score>,
            dropped: Option<Why<'a>>,
        }
        #[derive(Serialize)]
        struct Why<'a> {
            stage: crate::Stage,
            component: &'a str,
            reason: &'static str,
            detail: String,
        }
        serializer.collect_seq(self.0.iter().map(|candidate| Line {
            action: candidate.action,
            class: candidate.class,
            priority: candidate.priority(),
            probability: candidate.probability,
            treatment: candidate.treatment,
            score: candidate.score,
            dropped: candidate.dropped.map(|dropped| Why {
                stage: dropped.stage,
                component: dropped.component,
                reason: dropped.reason.code(),
                detail: dropped.reason.to_string(),
            }),
        }))
    }
}
