#![doc = include_str!("../README.md")]

// In reading order: what an author writes, what is checked, how a decision is reached, what is remembered, why.
mod candidates;
mod catalogue;
mod class;
mod component;
mod decision;
mod definition;
mod explain;
mod fingerprint;
mod layout;
mod ledger;
mod lesson;
mod names;
mod outcome;
mod pipeline;
mod policy;
mod review;
mod score;
mod silence;
mod stage;
mod touch;

pub use candidates::{Candidate, Candidates};
pub use catalogue::{Catalogue, Draft, MAX_ACTIONS, MAX_LIMIT, MAX_TREATMENTS};
pub use class::Class;
pub use component::Component;
pub use decision::{Choice, Decision, NotADecision, NotWritten, Packet, SILENCE, Tried};
pub use definition::{
    ActionDefinition, CalendarUnit, CatalogueDefinition, GroupDefinition, HandOffDefinition, LimitDefinition,
    MutualDefinition, PolicyDefinition, RewardDefinition, SuppressionDefinition, TreatmentDefinition,
    WeightDefinition,
};
pub use explain::{Explanation, Line};
pub use fingerprint::{Fingerprint, ParseFingerprintError};
pub use ledger::{Contact, Ledger, MAX_CONTACTS, OpenCase, Suppression};
pub use lesson::{Lesson, Reward};
pub use outcome::{Outcome, OutcomeKind, Outcomes, SettleError};
pub use pipeline::{Desk, Learned, Question};
pub use score::{Factors, Score, propensity_for};
pub use stage::{ConsentGap, Dropped, Reason, Stage, Treatment};
