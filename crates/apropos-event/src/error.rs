//! Why an event is refused.

use crate::{Duration, EventId, IdError, ParseTimestampError};

/// Why an event is refused. A refused event changes nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EventError {
    /// The text is not JSON.
    #[error("the event is not JSON: {0}")]
    Json(#[source] serde_json::Error),
    /// A field that must be there is not.
    #[error("the event has no `{0}`")]
    Missing(&'static str),
    /// A field has the wrong shape.
    #[error("`{field}` of the event should be {expected}")]
    Shape {
        /// The field.
        field: String,
        /// What was expected.
        expected: &'static str,
    },
    /// A field that would change the meaning of the event, and that we do not know.
    #[error("`{0}` is not a field of this kind of event")]
    UnknownField(String),
    /// A version of the format that is not read.
    #[error("`{0}` is not a version of CloudEvents that is read; `1.0` is")]
    Version(String),
    /// A Segment call that does not exist.
    #[error("`{0}` is not a call; the calls are identify, track, page, screen, group and alias")]
    UnknownCall(String),
    /// An id that cannot be one.
    #[error("`{field}` of the event: {source}")]
    Id {
        /// The field.
        field: &'static str,
        /// Why it is not an id.
        source: IdError,
    },
    /// A time that cannot be one.
    #[error("`{field}` of the event: {source}")]
    Time {
        /// The field.
        field: &'static str,
        /// Why it is not an instant.
        source: ParseTimestampError,
    },
    /// The event claims to lie in the future.
    #[error("event `{id}` lies {ahead} ahead of its receipt, at most 5m are accepted")]
    InTheFuture {
        /// The event.
        id: EventId,
        /// How far ahead.
        ahead: Duration,
    },
    /// The event exceeds a limit.
    #[error("the event has more than {limit} {what}")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How much is accepted.
        limit: usize,
    },
    /// A number is infinite or not a number.
    #[error("the event holds a number that is not finite")]
    NotFinite,
}
