//! CloudEvents 1.0 in JSON: structured mode with `data` inline.
//!
//! `type` becomes the kind, `subject` the customer, `time` the occurrence; the fields of `data` become
//! properties, except `channel` and `identifiers`, which an event has places for. Extension attributes become
//! properties prefixed `ce.`. `data_base64` is refused: bytes are not properties.

use super::fields::{Fields, id};
use crate::{Event, EventError, Identifier, Properties, Timestamp, Value};

impl Event {
    /// Reads a CloudEvents 1.0 event in JSON, received at `received_at`.
    ///
    /// # Errors
    /// When the text is not JSON, a required attribute (`specversion`, `id`, `source`, `type`, and for us
    /// `subject`) is missing, an attribute has the wrong shape, or a limit of [`crate::LIMITS`] is exceeded.
    pub fn from_cloudevents(json: &[u8], received_at: Timestamp) -> Result<Self, EventError> {
        let mut fields = Fields::read(json)?;
        let version = fields.required("specversion")?;
        if version != "1.0" {
            return Err(EventError::Version(version.escape_debug().to_string()));
        }
        let mut event = Self {
            id: id("id", &fields.required("id")?)?,
            source: id("source", &fields.required("source")?)?,
            kind: id("type", &fields.required("type")?)?,
            customer: id("subject", &fields.required("subject")?)?,
            identifiers: Vec::new(),
            channel: None,
            occurred_at: fields.time("time")?.unwrap_or(received_at),
            received_at,
            properties: Properties::new(),
        };
        if fields.take("data_base64").is_some() {
            return Err(EventError::UnknownField("data_base64".to_owned()));
        }
        fields.take("datacontenttype");
        if let Some(mut data) = fields.object("data")? {
            event.channel = data.text("channel")?.map(|text| id("channel", &text)).transpose()?;
            event.identifiers = identifiers(&mut data)?;
            data.into_properties("", &mut event.properties)?;
        }
        fields.into_properties("ce.", &mut event.properties)?;
        event.check()?;
        Ok(event)
    }
}

/// `identifiers` of the data: an object from kind to value, or to a list of values.
fn identifiers(data: &mut Fields) -> Result<Vec<Identifier>, EventError> {
    let shape = |kind: &str| EventError::Shape {
        field: format!("identifiers.{kind}"),
        expected: "text or a list of texts",
    };
    let mut found = Vec::new();
    for (kind, value) in data.object("identifiers")?.map(Fields::rest).unwrap_or_default() {
        let values = match value {
            Value::List(list) => list,
            one => vec![one],
        };
        for value in values {
            let Value::Text(text) = value else { return Err(shape(&kind)) };
            found.push(Identifier::new(kind.as_str(), text));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Event, EventError> {
        Event::from_cloudevents(json.as_bytes(), "2026-01-01T12:00:00Z".parse().unwrap())
    }

    #[test]
    fn nothing_of_the_event_is_lost() {
        let event = read(
            r#"{"specversion":"1.0","id":"1","source":"s","type":"t","subject":"c","dataschema":"x:y",
                "data":{"channel":"app","n":1,"identifiers":{"email":["a@b.c","d@e.f"]}}}"#,
        )
        .unwrap();
        assert_eq!(event.channel.as_ref().map(AsRef::as_ref), Some("app"));
        assert_eq!(event.identifiers.len(), 2);
        assert_eq!(event.property("n"), Some(&Value::Int(1)));
        assert_eq!(event.property("ce.dataschema"), Some(&Value::from("x:y")));
        assert_eq!(event.occurred_at, event.received_at);
    }

    #[track_caller]
    fn refused(json: &str, message: &str) {
        assert_eq!(read(json).unwrap_err().to_string(), message);
    }

    #[test]
    fn what_cannot_be_understood_is_refused_by_name() {
        refused(r#"{"specversion":"0.3"}"#, "`0.3` is not a version of CloudEvents that is read; `1.0` is");
        refused(r#"{"specversion":"1.0","id":"1","source":"s","type":"t"}"#, "the event has no `subject`");
        refused(r#"{"specversion":"1.0","id":1}"#, "`id` of the event should be text");
        refused(r"[]", "`the event` of the event should be an object");
        refused(
            r#"{"specversion":"1.0","id":"1","source":"s","type":"t","subject":"c","time":"2026-01-02T12:00:00Z"}"#,
            "event `1` lies 1d ahead of its receipt, at most 5m are accepted",
        );
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in ".{0,200}") {
            let _ = read(&text);
        }
    }
}
