//! The event: one thing that happened to one customer.
//!
//! Not here: the wire formats, see `readers` and `writers`.

use serde::{Deserialize, Serialize};

use crate::{
    ChannelId, CustomerId, Duration, EventError, EventId, EventKind, Identifier, Properties, PropertyName,
    SourceId, Timestamp, Value,
};

/// One thing that happened to one customer.
///
/// Two events with the same source and id are the same event: applying it again changes nothing, and the same id
/// with other content is refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Unique within its source.
    pub id: EventId,
    /// The system it came from.
    pub source: SourceId,
    /// What happened, such as `purchase`.
    pub kind: EventKind,
    /// The host's key of the customer it happened to.
    pub customer: CustomerId,
    /// Other identifiers of the same customer that the event carries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identifiers: Vec<Identifier>,
    /// The channel it happened on, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<ChannelId>,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When it reached the host.
    pub received_at: Timestamp,
    /// What else is known about it.
    #[serde(default, skip_serializing_if = "Properties::is_empty")]
    pub properties: Properties,
}

/// How large an event may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of one event's text.
    pub text_bytes: usize,
    /// Values in one event, nested ones included.
    pub values: usize,
    /// Nesting of lists and maps.
    pub depth: usize,
    /// Bytes of one text value.
    pub value_bytes: usize,
    /// Identifiers beside the customer's key.
    pub identifiers: usize,
    /// How far in the future an event may claim to lie.
    pub ahead: Duration,
}

/// The limits that [`Event::check`] and the readers hold events to.
pub const LIMITS: Limits = Limits {
    text_bytes: 1 << 20,
    values: 4_096,
    depth: 16,
    value_bytes: 64 << 10,
    identifiers: 32,
    ahead: Duration::from_mins(5),
};

impl Event {
    /// An event without channel or properties that is received as it occurs.
    pub fn new(id: EventId, source: SourceId, kind: EventKind, customer: CustomerId, at: Timestamp) -> Self {
        Self {
            id,
            source,
            kind,
            customer,
            identifiers: Vec::new(),
            channel: None,
            occurred_at: at,
            received_at: at,
            properties: Properties::new(),
        }
    }

    /// The same event on a channel.
    #[must_use]
    pub fn on(mut self, channel: ChannelId) -> Self {
        self.channel = Some(channel);
        self
    }

    /// The same event with one more property.
    #[must_use]
    pub fn with(mut self, name: PropertyName, value: impl Into<Value>) -> Self {
        self.properties.insert(name, value.into());
        self
    }

    /// The property called `name`.
    pub fn property(&self, name: &str) -> Option<&Value> {
        self.properties.get(name)
    }

    /// How long the event took to arrive; negative when its clock ran ahead.
    pub fn lateness(&self) -> Duration {
        self.received_at.since(self.occurred_at)
    }

    /// Checks the event against [`LIMITS`].
    ///
    /// # Errors
    /// When the event lies too far in the future of its receipt, holds too many, too deep or too long values, or
    /// a number that is not finite.
    pub fn check(&self) -> Result<(), EventError> {
        let ahead = self.occurred_at.since(self.received_at);
        if LIMITS.ahead < ahead {
            return Err(EventError::InTheFuture { id: self.id.clone(), ahead });
        }
        if LIMITS.identifiers < self.identifiers.len() {
            return Err(EventError::TooLarge { what: "identifiers", limit: LIMITS.identifiers });
        }
        // Nearly always there are a few plain values.
        if self.properties.len() <= LIMITS.values && self.properties.values().all(is_plain_and_sound) {
            return Ok(());
        }
        let mut values = 0;
        self.properties.values().try_for_each(|value| check_value(value, 0, &mut values))
    }
}

fn is_plain_and_sound(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Int(_) => true,
        Value::Double(x) => x.is_finite(),
        Value::Text(text) => text.len() <= LIMITS.value_bytes,
        Value::List(_) | Value::Map(_) => false,
    }
}

fn check_value(value: &Value, depth: usize, values: &mut usize) -> Result<(), EventError> {
    *values += 1;
    if LIMITS.values < *values {
        return Err(EventError::TooLarge { what: "values", limit: LIMITS.values });
    }
    if LIMITS.depth < depth {
        return Err(EventError::TooLarge { what: "levels of nesting", limit: LIMITS.depth });
    }
    match value {
        Value::Text(text) if LIMITS.value_bytes < text.len() => {
            Err(EventError::TooLarge { what: "bytes in one text", limit: LIMITS.value_bytes })
        }
        Value::Double(x) if !x.is_finite() => Err(EventError::NotFinite),
        Value::List(list) => list.iter().try_for_each(|value| check_value(value, depth + 1, values)),
        Value::Map(map) => map.values().try_for_each(|value| check_value(value, depth + 1, values)),
        _ => Ok(()),
    }
}
