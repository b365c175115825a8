//! Why an event, a merge or a document is refused. A refusal changes nothing.
//!
//! No error repeats what a customer's data says: events are named by fingerprint, values by their type.

use apropos_event::{EventError, Timestamp};

use crate::identity::Case;

/// Why an event is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ObserveError {
    /// The event exceeds a limit that holds for all events.
    #[error("the event is not acceptable: {}", event_reason(.0))]
    Event(EventError),
    /// The event is another customer's.
    #[error("event {event} belongs to a customer that this profile does not hold")]
    OtherCustomer {
        /// The event's fingerprint.
        event: Fingerprint,
    },
    /// An event with the same source and id but other content is already known.
    #[error("event {event} was already observed with other content")]
    Conflict {
        /// The event's fingerprint.
        event: Fingerprint,
    },
    /// The event is older than what is remembered one by one, so that a repeat could not be told.
    #[error("event {event} lies before {horizon}, where the memory of this kind of event ends")]
    TooLate {
        /// The event's fingerprint.
        event: Fingerprint,
        /// The instant of the youngest event that was folded.
        horizon: Timestamp,
    },
    /// A property that this kind of event needs is missing.
    #[error("event {event} needs the property `{property}`: {expected}")]
    Property {
        /// The event's fingerprint.
        event: Fingerprint,
        /// The property.
        property: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// A value does not fit the trait it is for.
    #[error("event {event} does not give a {expected} for the trait `{name}`")]
    TraitType {
        /// The event's fingerprint.
        event: Fingerprint,
        /// The trait's declared name.
        name: String,
        /// The trait's type.
        expected: String,
    },
    /// The event names a trait that is not declared.
    #[error("event {event} names a trait that is not declared")]
    UnknownTrait {
        /// The event's fingerprint.
        event: Fingerprint,
    },
    /// A list of the profile is full.
    #[error("the profile has no room for more than {limit} {what}")]
    Full {
        /// What there is too much of.
        what: &'static str,
        /// How much there may be.
        limit: usize,
    },
}

/// The reason without the event's own id and texts.
fn event_reason(error: &EventError) -> String {
    match error {
        EventError::InTheFuture { ahead, .. } => {
            format!("it lies {ahead} ahead of its receipt, at most 5m are accepted")
        }
        EventError::TooLarge { what, limit } => format!("it has more than {limit} {what}"),
        EventError::NotFinite => "it holds a number that is not finite".to_owned(),
        _ => "it is malformed".to_owned(),
    }
}

/// The fingerprint of an event: enough to find it in the host's log, nothing about the customer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub(crate) u64);

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "#{:016x}", self.0)
    }
}

impl std::fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// Why two profiles are not merged, or not parted.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError {
    /// Two verified identifiers contradict each other. A person must look.
    #[error("the profiles hold verified identifiers that contradict each other: {0}")]
    Conflict(Box<Case>),
    /// A link with this id already holds the profile together.
    #[error("the link is already there")]
    Known,
    /// No link with this id holds the profile together.
    #[error("no such link holds the profile together")]
    UnknownLink,
    /// A profile without members cannot be merged.
    #[error("a profile that holds nobody cannot be merged")]
    Empty,
    /// The ends of the link are not one member of each profile.
    #[error("the link does not join a member of one profile with a member of the other")]
    WrongEnds,
    /// Both profiles hold the same member: they are copies, not two sides.
    #[error("both profiles hold the same member; copies are joined, not merged")]
    Overlap,
    /// The result would have too many members.
    #[error("a profile holds at most {0} members")]
    TooMany(usize),
}

/// Why a document is not taken in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The text is not JSON of the expected shape. What the text says is not repeated.
    #[error("the document is not an exported profile (line {line}, column {column})")]
    Malformed {
        /// The line.
        line: usize,
        /// The column.
        column: usize,
    },
    /// The document is of a version that is not read.
    #[error("version {0} of the export format is not read; 1 is")]
    Version(u16),
    /// The document breaks a rule that every profile keeps.
    #[error("the document breaks a rule of profiles: {0}")]
    Unsound(&'static str),
}
