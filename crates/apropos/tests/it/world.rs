//! A small playbook, others that begin like it, and what makes things happen in them.

use apropos::event::{
    ChannelId, CustomerId, Event, EventId, EventKind, PropertyName, SourceId, Timestamp, Value,
};
use apropos::{Customer, Engine, Moment, Pepper};

/// The secret of the shop.
pub(crate) const PEPPER: Pepper = Pepper::new([7; 32]);

/// Two channels, five actions, one limit.
pub(crate) const PLAYBOOK: &str = r#"
format = 1
name = "corner shop"
currency = "GBP"
zone = "Europe/London"

[profile.consent]
contact = "deny"
personalise = "allow"
learn = "allow"

[[context.channels]]
id = "email"
direction = "outbound"
needs_consent = true

[[context.channels]]
id = "till"
direction = "inbound"

[policy]
interruption = "0.01"

[[policy.limits]]
name = "one e-mail a week"
at_most = 1
within = "7d"
channel = "email"

[[actions]]
id = "thank"
class = "relationship"
applicable = ['history.count("purchase", "1d") > 0']
treatments = [{ channel = "email" }, { channel = "till" }]
value = "1"
benefit = "2"
propensity = 0.6

[[actions]]
id = "offer"
class = "sell"
applicable = ['history.count("purchase", "30d") > 0']
treatments = [{ channel = "email" }, { channel = "till" }]
value = "10"
benefit = "5"
propensity = 0.3

[[actions]]
id = "discount"
class = "sell"
applicable = ['history.count("purchase", "30d") > 1']
treatments = [{ channel = "till" }]
value = "4"
benefit = "5"
propensity = 0.3

[[actions]]
id = "nag"
class = "sell"
treatments = [{ channel = "email" }, { channel = "till" }]
value = "50"
benefit = "0.5"
effort = "1"
propensity = 0.9

[[actions]]
id = "person"
class = "service"
applicable = ['history.count("person.requested", "1d") > 0']
treatments = [{ channel = "till" }, { channel = "email" }]
benefit = "1"
hand_off = { queue = "care", ask = "call back" }
"#;

/// The text of a playbook: what every playbook begins with, and `rest`.
pub(crate) fn book(name: &str, rest: &str) -> String {
    format!("format = 1\nname = \"{name}\"\ncurrency = \"EUR\"\n{rest}")
}

/// The engine of a text without mistakes.
#[track_caller]
pub(crate) fn compiled(text: &str) -> Engine {
    match Engine::from_toml(text, PEPPER) {
        Ok((engine, _)) => engine,
        Err(problems) => panic!("{problems}"),
    }
}

pub(crate) fn engine() -> Engine {
    compiled(PLAYBOOK)
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Something that happened to a customer.
pub(crate) fn happened(customer: &CustomerId, kind: &str, id: &str, when: Timestamp) -> Event {
    let (id, source, kind) = (EventId::new(id), SourceId::new("shop"), EventKind::new(kind));
    Event::new(id.unwrap(), source.unwrap(), kind.unwrap(), customer.clone(), when)
}

/// Something that happened to Ada.
pub(crate) fn event(kind: &str, id: &str, when: &str) -> Event {
    happened(&CustomerId::new("ada").unwrap(), kind, id, at(when))
}

pub(crate) fn with(mut event: Event, name: &str, value: impl Into<Value>) -> Event {
    event.properties.insert(PropertyName::new(name).unwrap(), value.into());
    event
}

pub(crate) fn ada(engine: &Engine) -> Customer {
    engine.customer(CustomerId::new("ada").unwrap())
}

/// Ada, who agreed to e-mail and bought something on the second of March.
pub(crate) fn buyer(engine: &Engine) -> Customer {
    let mut customer = ada(engine);
    let consent = with(event("consent.granted", "c1", "2026-03-01T09:00:00Z"), "purpose", "contact");
    for event in [consent, event("purchase", "p1", "2026-03-02T09:00:00Z")] {
        assert!(engine.observe(&mut customer, &event).unwrap().new);
    }
    customer
}

pub(crate) fn till(when: &str) -> Moment {
    Moment::at(at(when)).on_channel(ChannelId::new("till").unwrap())
}
