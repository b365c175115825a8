//! A small playbook and short ways to make events.

use apropos_event::{ChannelId, CustomerId, Duration, Event, EventId, EventKind, SourceId, Timestamp, Value};
use apropos_profile::{Pepper, Profile, ProfileDefinition, ProfileRules};

/// The playbook that most tests use.
pub(crate) fn definition() -> ProfileDefinition {
    serde_json::from_value(serde_json::json!({
        "traits": [
            {"name": "tier", "type": "symbol", "values": ["bronze", "silver", "gold"]},
            {"name": "age", "type": "int", "policy": "most_trusted"},
            {"name": "score", "type": "double", "policy": "highest"},
            {"name": "hobbies", "type": {"set": "text"}, "policy": "union", "interests": true},
            {"name": "city", "type": "text", "retention": "30d"},
            {"name": "suspicion", "type": "text", "unspoken": true, "sensitivity": "special"}
        ],
        "sources": [
            {"source": "crm", "trust": 90},
            {"source": "form", "trust": 60, "told": true},
            {"source": "web", "trust": 20, "confidence": 50}
        ],
        "events": [
            {"kind": "signup", "traits": {"tier": "tier", "age": "age", "city": "city", "score": "score", "hobbies": "hobbies"}},
            {"kind": "search", "effort": true}
        ],
        "counters": [
            {"name": "purchases_30d", "aggregate": "count", "event": "purchase", "window": "30d"},
            {"name": "spent_month", "aggregate": "sum", "event": "purchase", "property": "amount", "window": "month"},
            {"name": "channels_week", "aggregate": "distinct", "event": "*", "property": "channel", "window": "7d"},
            {"name": "products", "aggregate": "distinct", "event": "view", "property": "product"}
        ],
        "identifiers": [{"kind": "customer_number", "limit": 1}, {"kind": "cookie", "limit": 2}],
        "consent": {"personalise": "allow", "channels": ["email", "sms"]},
        "value": {"purchase": "purchase", "amount": "amount", "margin": "margin", "refund": "refund", "currency": "EUR"},
        "advocacy": [{"signal": "reviewed", "event": "review.posted"}]
    }))
    .unwrap()
}

/// The compiled playbook.
pub(crate) fn rules() -> ProfileRules {
    compile(&definition())
}

/// Compiles what must be free of problems.
pub(crate) fn compile(definition: &ProfileDefinition) -> ProfileRules {
    let mut problems = apropos_event::Problems::new();
    let rules = ProfileRules::compile(definition, Pepper::new([9; 32]), &mut problems);
    assert!(problems.is_empty(), "{problems}");
    rules
}

/// An instant `days` days into 2026.
pub(crate) fn day(days: i64) -> Timestamp {
    "2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap().plus(Duration::from_days(days))
}

/// An event of customer `c-1` at `day(at)`.
pub(crate) fn event(id: &str, kind: &str, at: i64, properties: serde_json::Value) -> Event {
    event_of("c-1", id, kind, at, properties)
}

/// An event of `customer` at `day(at)`.
pub(crate) fn event_of(
    customer: &str,
    id: &str,
    kind: &str,
    at: i64,
    properties: serde_json::Value,
) -> Event {
    let mut event = Event::new(
        EventId::new(id).unwrap(),
        SourceId::new("crm").unwrap(),
        EventKind::new(kind).unwrap(),
        CustomerId::new(customer).unwrap(),
        day(at),
    );
    event.properties = serde_json::from_value(properties).unwrap();
    event
}

/// The same event from another source.
pub(crate) fn from(source: &str, event: Event) -> Event {
    Event { source: SourceId::new(source).unwrap(), ..event }
}

/// The same event on a channel.
pub(crate) fn on(channel: &str, event: Event) -> Event {
    event.on(ChannelId::new(channel).unwrap())
}

/// A profile that has seen `events`.
pub(crate) fn seen(rules: &ProfileRules, events: &[Event]) -> Profile {
    let mut profile = Profile::new();
    for event in events {
        rules.observe(&mut profile, event).unwrap();
    }
    profile
}

/// A text value.
pub(crate) fn text(text: &str) -> Value {
    Value::from(text)
}
