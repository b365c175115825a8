//! **What happened?** Ids, instants, zones, money, values and events: the words every other room of
//! Apropos uses.
//!
//! ```
//! use apropos_event::{Event, Timestamp};
//!
//! let event = Event::from_cloudevents(
//!     br#"{"specversion":"1.0","id":"e-1","source":"/shop","type":"purchase","subject":"c-42",
//!          "time":"2026-03-01T10:00:00Z","data":{"amount":"19.90","channel":"web"}}"#,
//!     "2026-03-01T10:00:02Z".parse::<Timestamp>()?,
//! )?;
//! assert_eq!(event.kind.as_str(), "purchase");
//! assert_eq!(event.customer.as_str(), "c-42");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Start with [`Event`]; [`Timestamp`], [`Money`] and [`Value`] are what it is made of. [`Problem`] is how
//! every crate tells an author what is wrong with a definition.
//!
//! # What this crate does not do
//!
//! It knows nothing of customers beyond their id, of rules, or of models. It reads no clock: every instant is
//! an argument. It never parses text from an event as anything but data.

pub mod compact;
pub mod counter;
pub mod draw;
mod duration;
mod error;
mod event;
pub mod hex;
mod id;
mod identifier;
mod money;
mod offset;
mod problem;
mod purpose;
mod readers;
mod timestamp;
mod value;
pub mod writers;
mod zone;

pub use duration::{Duration, ParseDurationError};
pub use error::EventError;
pub use event::{Event, LIMITS, Limits};
pub use id::{
    ActionId, AttributeName, ChannelId, CustomerId, CycleId, DecisionId, EventId, EventKind, GroupId,
    IdError, JourneyId, NodeId, PlaceId, PromiseId, PropertyName, SignalId, SituationId, SourceId, StageId,
};
pub use identifier::{Identifier, IdentifierKind};
pub use money::{Currency, Money, MoneyError};
pub use problem::{Code, Path, Problem, Problems, Segment, Severity, Span, did_you_mean, nearest};
pub use purpose::{Purpose, Purposes};
pub use timestamp::{ParseTimestampError, Timestamp};
pub use value::{Properties, Value};
pub use zone::{CivilDate, CivilTime, LocalTime, ParseCivilError, UnknownZone, Weekday, Zone};
