//! Where facts go, for those who read them: what nobody reads is not worked out.
//!
//! A playbook can name hundreds of facts and most read a dozen. Not here: the facts, which the rooms supply.

use std::collections::BTreeSet;

use apropos_condition::{AttributeId, Facts, Schema};
use apropos_context::{ContextBinding, ContextRules, Moment};
use apropos_event::Zone;
use apropos_journey::{JourneyBinding, JourneyRules};
use apropos_profile::{ProfileBinding, ProfileRules};

use crate::Customer;

/// The rooms that supply facts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rooms<'a> {
    pub(crate) profile: &'a ProfileRules,
    pub(crate) context: &'a ContextRules,
    pub(crate) journeys: &'a JourneyRules,
}

/// Where facts go, for one kind of reader.
#[derive(Debug)]
pub(crate) struct Bindings {
    profile: ProfileBinding,
    context: ContextBinding,
    journeys: Option<JourneyBinding>,
    /// Whether nobody reads anything.
    idle: bool,
}

impl Bindings {
    /// Bindings for readers of `wanted`.
    pub(crate) fn new(rooms: Rooms<'_>, schema: &Schema, mut wanted: BTreeSet<AttributeId>) -> Self {
        // The context comes first: it may want more of the others.
        let context = rooms.context.bind(schema).only(rooms.context, &mut wanted);
        let own = rooms.journeys.attributes();
        let mut own = own.iter().filter_map(|attribute| schema.id(attribute.name.as_str()));
        Self {
            idle: wanted.is_empty(),
            profile: rooms.profile.bind(schema).only(&wanted),
            context,
            journeys: own.any(|id| wanted.contains(&id)).then(|| rooms.journeys.bind(schema)),
        }
    }

    /// Where the facts of the context go.
    pub(crate) fn context(&self) -> &ContextBinding {
        &self.context
    }

    /// Writes what is read of a customer at a moment.
    pub(crate) fn write(
        &self,
        rooms: Rooms<'_>,
        customer: &Customer,
        moment: &Moment,
        zone: &Zone,
        facts: &mut Facts,
    ) {
        if self.idle {
            return;
        }
        facts.reset();
        rooms.profile.write_facts(&customer.profile, moment.now, zone, &self.profile, facts);
        if let Some(binding) = &self.journeys {
            rooms.journeys.write_facts(&customer.journeys, binding, facts);
        }
        rooms.context.write_facts(&customer.context, moment, &self.context, facts);
    }
}

#[cfg(test)]
mod tests {
    use apropos_event::{ChannelId, CustomerId, Event, EventId, EventKind, SourceId, Timestamp};
    use proptest::prelude::*;

    use super::*;
    use crate::{Engine, Pepper};

    const PLAYBOOK: &str = r#"
format = 1
name = "all rooms"
currency = "EUR"
zone = "Europe/Paris"

[profile]
value = { purchase = "bought", amount = "amount", currency = "EUR" }

[profile.consent]
contact = "allow"
channels = ["mail"]

[[context.channels]]
id = "mail"
direction = "outbound"

[[context.channels]]
id = "door"
direction = "inbound"

[[journeys]]
id = "care"
version = 1
start = "rest"
entry.on = [{ event = "bought" }]
reentry = { after_exit = {} }
owns = ["look"]
human.queue = "care"

[journeys.nodes.rest]
kind = "offer"
actions = ["look"]
on = [{ event = "gone", to = "rest" }]
within = "9d"
on_timeout = "exit"

[[actions]]
id = "look"
class = "help"
applicable = ['ONE', 'TWO']
treatments = [{ channel = "mail" }, { channel = "door" }]
value = 5
benefit = 5
"#;

    const CONDITIONS: [&str; 12] = [
        "journey.care.active",
        "journey.care.entries > 1",
        "history.count(\"bought\", \"3d\") > 1",
        "profile.value.frequency > 2",
        "consent.contact.mail",
        "context.weekend",
        "context.season == \"winter\"",
        "context.quiet",
        "context.channel == \"door\"",
        "context.goal == \"buy\"",
        "context.stakes == \"low\"",
        "context.situation != \"unremarkable\"",
    ];

    fn story(engine: &Engine, steps: &[(u8, u16)]) -> (Customer, Timestamp) {
        let ada = CustomerId::new("ada").unwrap();
        let mut customer = engine.customer(ada.clone());
        let mut now: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        for (number, (kind, hours)) in steps.iter().enumerate() {
            now = now.plus(apropos_event::Duration::from_hours(i64::from(*hours)));
            let kind = ["bought", "gone", "viewed"][usize::from(*kind)];
            let id = EventId::new(number.to_string()).unwrap();
            let (source, kind) = (SourceId::new("shop").unwrap(), EventKind::new(kind).unwrap());
            let event = Event::new(id, source, kind, ada.clone(), now);
            assert!(engine.observe(&mut customer, &event).unwrap().new);
        }
        (customer, now)
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_would_be_written_for_all(
            one in 0..CONDITIONS.len(),
            two in 0..CONDITIONS.len(),
            steps in proptest::collection::vec((0_u8..3, 0_u16..200), 1..12),
            later in 0_i64..400,
            door: bool,
        ) {
            let text = PLAYBOOK.replace("ONE", CONDITIONS[one]).replace("TWO", CONDITIONS[two]);
            let engine = Engine::from_toml(&text, Pepper::new([3; 32])).unwrap().0;
            let (customer, last) = story(&engine, &steps);
            let mut moment = Moment::at(last.plus(apropos_event::Duration::from_hours(later)));
            moment.channel = door.then(|| ChannelId::new("door").unwrap());
            let rooms = Rooms {
                profile: engine.profile(),
                context: engine.context(),
                journeys: engine.journeys(),
            };
            let schema = engine.schema();
            let every = schema.attributes().iter().filter_map(|one| schema.id(one.name.as_str())).collect();
            let (mut few, mut all) = (Facts::new(schema), Facts::new(schema));
            let zone = Zone::new("Europe/Paris").unwrap();
            engine.deciding.write(rooms, &customer, &moment, &zone, &mut few);
            Bindings::new(rooms, schema, every).write(rooms, &customer, &moment, &zone, &mut all);
            for id in engine.catalogue().reads() {
                let read = [&few, &all].map(|facts| format!("{:?}", facts.get(*id)));
                prop_assert_eq!(&read[0], &read[1], "{:?}", schema.definition(*id).map(|one| &one.name));
            }
        }
    }
}
