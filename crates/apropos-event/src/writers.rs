//! Writing our own events as CloudEvents 1.0, so that any bus can carry them.
//!
//! Two kinds leave the engine: a decision that was made, and an outcome that was recorded.

use serde::Serialize;

use crate::{CustomerId, DecisionId, Event, SourceId, Timestamp};

/// The type of the event that says a decision was made.
pub const DECISION_MADE: &str = "apropos.decision.made.v1";
/// The type of the event that says an outcome was recorded.
pub const OUTCOME_RECORDED: &str = "apropos.outcome.recorded.v1";

#[derive(Serialize)]
struct Envelope<'a, T> {
    specversion: &'static str,
    id: &'a str,
    source: &'a str,
    r#type: &'a str,
    subject: &'a str,
    time: Timestamp,
    datacontenttype: &'static str,
    data: &'a T,
}

/// One of our own events as a CloudEvents 1.0 JSON object.
///
/// `kind` is [`DECISION_MADE`] or [`OUTCOME_RECORDED`]; `id` makes the event idempotent, so it is derived from the
/// decision. `data` is any serialisable record.
///
/// # Errors
/// When `data` cannot be written as JSON (a map whose keys are not text).
pub fn to_cloudevent<T: Serialize>(
    kind: &str,
    id: &str,
    source: &SourceId,
    customer: &CustomerId,
    at: Timestamp,
    data: &T,
) -> Result<String, serde_json::Error> {
    serde_json::to_string(&Envelope {
        specversion: "1.0",
        id,
        source: source.as_str(),
        r#type: kind,
        subject: customer.as_str(),
        time: at,
        datacontenttype: "application/json",
        data,
    })
}

/// The id of the event that reports `decision`.
pub fn decision_event_id(decision: &DecisionId) -> String {
    format!("{decision}/made")
}

impl Event {
    /// This event as a CloudEvents 1.0 JSON object, such that reading it back gives the same event.
    ///
    /// # Errors
    /// Never for an event that passed [`Event::check`].
    pub fn to_cloudevents(&self) -> Result<String, serde_json::Error> {
        let mut data = serde_json::Map::new();
        let mut envelope = serde_json::Map::new();
        for (name, value) in &self.properties {
            let value = serde_json::to_value(value)?;
            match name.as_str().strip_prefix("ce.") {
                Some(attribute) => envelope.insert(attribute.to_owned(), value),
                None => data.insert(name.as_str().to_owned(), value),
            };
        }
        if let Some(channel) = &self.channel {
            data.insert("channel".to_owned(), channel.as_str().into());
        }
        if !self.identifiers.is_empty() {
            let mut map = serde_json::Map::new();
            for identifier in &self.identifiers {
                let list = map
                    .entry(identifier.kind.as_str())
                    .or_insert_with(|| serde_json::Value::Array(Vec::new()));
                if let serde_json::Value::Array(list) = list {
                    list.push(identifier.value.clone().into());
                }
            }
            data.insert("identifiers".to_owned(), map.into());
        }
        for (name, text) in [
            ("specversion", "1.0"),
            ("id", self.id.as_str()),
            ("source", self.source.as_str()),
            ("type", self.kind.as_str()),
            ("subject", self.customer.as_str()),
            ("datacontenttype", "application/json"),
        ] {
            envelope.insert(name.to_owned(), text.into());
        }
        envelope.insert("time".to_owned(), self.occurred_at.to_string().into());
        envelope.insert("data".to_owned(), data.into());
        serde_json::to_string(&envelope)
    }
}
