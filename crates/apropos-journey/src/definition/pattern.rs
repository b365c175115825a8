//! Which events something is about: a kind, properties that must be equal, a condition that must hold.
//!
//! Not here: matching, which the compiled form does.

use apropos_event::{EventKind, Properties};
use serde::{Deserialize, Serialize};

/// An event of one kind whose properties and circumstances fit.
///
/// ```
/// let pattern: apropos_journey::EventPattern =
///     serde_json::from_str(r#"{ "event": "order_cancelled", "with": { "channel": "web" } }"#)?;
/// assert_eq!(pattern.event.as_str(), "order_cancelled");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventPattern {
    /// The kind of the event.
    pub event: EventKind,
    /// Properties that the event must carry with exactly these values.
    #[serde(default, skip_serializing_if = "Properties::is_empty")]
    pub with: Properties,
    /// A condition over the facts at the moment the event is handled. Unknown counts as not holding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
}

impl EventPattern {
    /// Any event of this kind.
    pub fn of(event: EventKind) -> Self {
        Self { event, with: Properties::new(), when: None }
    }
}
