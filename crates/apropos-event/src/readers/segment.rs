//! The Segment calls: identify, track, page, screen, group, alias.
//!
//! `track` takes its kind from the call's `event`, the others are their own kind. `userId` is the customer, or
//! else `anonymousId`; both are kept as identifiers, as is the `previousId` of an alias. `traits`,
//! `properties` and `context` become properties, the latter prefixed `context.`. A clock that runs wrong is
//! corrected as Segment does: occurrence = receipt − (`sentAt` − `originalTimestamp`).

use super::fields::{Fields, id};
use crate::{Event, EventError, Identifier, IdentifierKind, Properties, SourceId, Timestamp};

impl Event {
    /// Reads a call of the Segment specification from `source`, received at `received_at`.
    ///
    /// # Errors
    /// When the text is not JSON, the call is not one of the six, a required field (`type`, `messageId`,
    /// `userId` or `anonymousId`, and what the call demands) is missing, a field has the wrong shape, or a limit of
    /// [`crate::LIMITS`] is exceeded.
    pub fn from_segment(json: &[u8], source: SourceId, received_at: Timestamp) -> Result<Self, EventError> {
        let mut fields = Fields::read(json)?;
        let call = fields.required("type")?;
        let message = fields.required("messageId")?;
        let (user, anonymous) = (fields.text("userId")?, fields.text("anonymousId")?);
        let mut identifiers = Vec::new();
        let mut identify = |kind: IdentifierKind, value: &Option<String>| {
            identifiers
                .extend(value.iter().map(|value| Identifier { kind: kind.clone(), value: value.clone() }));
        };
        identify(IdentifierKind::UserId, &user);
        identify(IdentifierKind::AnonymousId, &anonymous);
        let kind = match call.as_str() {
            "track" => fields.required("event")?,
            "alias" => {
                identify(IdentifierKind::UserId, &Some(fields.required("previousId")?));
                call
            }
            "identify" | "page" | "screen" | "group" => call,
            other => return Err(EventError::UnknownCall(other.escape_debug().to_string())),
        };
        let customer = user.or(anonymous).ok_or(EventError::Missing("userId` or `anonymousId"))?;
        let mut event = Self {
            id: id("messageId", &message)?,
            source,
            kind: id("event", &kind)?,
            customer: id("userId", &customer)?,
            identifiers,
            channel: fields.text("channel")?.map(|text| id("channel", &text)).transpose()?,
            occurred_at: occurred_at(&mut fields, received_at)?,
            received_at,
            properties: Properties::new(),
        };
        for (name, prefix) in [("traits", ""), ("properties", ""), ("context", "context.")] {
            if let Some(object) = fields.object(name)? {
                object.into_properties(prefix, &mut event.properties)?;
            }
        }
        // What is left of the call itself: `name` and `category` of a page, `groupId`, `integrations`, `version`.
        fields.into_properties("call.", &mut event.properties)?;
        event.check()?;
        Ok(event)
    }
}

/// When the call happened, corrected for the sender's clock where both of its readings are known.
fn occurred_at(fields: &mut Fields, received_at: Timestamp) -> Result<Timestamp, EventError> {
    let original = fields.time("originalTimestamp")?;
    let sent = fields.time("sentAt")?;
    let corrected = fields.time("timestamp")?;
    fields.take("receivedAt");
    Ok(match (original, sent, corrected) {
        (Some(original), Some(sent), _) => received_at.minus(sent.since(original)),
        (_, Some(sent), Some(timestamp)) => received_at.minus(sent.since(timestamp)),
        (_, _, Some(timestamp)) => timestamp,
        (Some(original), None, None) => original,
        (None, _, None) => received_at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Event, EventError> {
        let source = SourceId::new("web").unwrap();
        Event::from_segment(json.as_bytes(), source, "2026-01-01T12:00:00Z".parse().unwrap())
    }

    #[test]
    fn every_call_is_read() {
        for (call, kind) in [
            (r#""type":"identify","traits":{"tier":"gold"}"#, "identify"),
            (r#""type":"track","event":"Order Completed","properties":{"total":3}"#, "Order Completed"),
            (r#""type":"page","name":"Home""#, "page"),
            (r#""type":"screen","name":"Home""#, "screen"),
            (r#""type":"group","groupId":"g""#, "group"),
            (r#""type":"alias","previousId":"old""#, "alias"),
        ] {
            let event =
                read(&format!(r#"{{{call},"messageId":"m","userId":"u","anonymousId":"a"}}"#)).unwrap();
            assert_eq!((event.kind.as_str(), event.customer.as_str()), (kind, "u"), "{call}");
            assert_eq!(event.identifiers.len(), if kind == "alias" { 3 } else { 2 });
        }
    }

    #[test]
    fn a_wrong_clock_is_corrected() {
        let event = read(
            r#"{"type":"page","messageId":"m","anonymousId":"a","originalTimestamp":"2030-05-05T00:00:00Z",
                "sentAt":"2030-05-05T00:00:10Z"}"#,
        )
        .unwrap();
        assert_eq!(event.occurred_at.to_string(), "2026-01-01T11:59:50Z");
    }

    #[test]
    fn what_cannot_be_understood_is_refused_by_name() {
        for (json, message) in [
            (
                r#"{"type":"fly","messageId":"m"}"#,
                "`fly` is not a call; the calls are identify, track, page, screen, group and alias",
            ),
            (r#"{"type":"page","messageId":"m"}"#, "the event has no `userId` or `anonymousId`"),
            (r#"{"type":"track","messageId":"m","userId":"u"}"#, "the event has no `event`"),
            (
                r#"{"type":"page","messageId":"m","userId":"u","context":3}"#,
                "`context` of the event should be an object",
            ),
        ] {
            assert_eq!(read(json).unwrap_err().to_string(), message);
        }
    }
}
