//! A thousand customers with a marker in every field; five hundred are erased; not one byte of their markers remains: not
//! in any state, log, debug output or error, in no spelling, and not as a digest that everybody can make.

mod search;

use apropos::event::{
    ChannelId, CustomerId, Event, EventId, EventKind, Identifier, PropertyName, SourceId, Value,
};
use apropos::profile::KindredIndex;
use apropos::{Customer, Engine, Model, Moment, Outcome, OutcomeKind, Pepper, Workspace, care};
use serde_json::json;

use crate::world::at;
use search::Search;

/// Of customers who are erased, and of those who are kept.
const ERASED: &str = "CanaryYranac";
const KEPT: &str = "HeronNoreh";
const CUSTOMERS: usize = 1_000;

/// A text that occurs nowhere else.
fn marker(customer: usize, field: &str) -> String {
    let word = if customer.is_multiple_of(2) { ERASED } else { KEPT };
    format!("{word}{customer:04}{field}")
}

const FIELDS: [&str; 49] = [
    "about",
    "action",
    "age",
    "badpurpose",
    "badtrait",
    "blocked",
    "case",
    "category",
    "channel",
    "city",
    "cookie",
    "customer",
    "denied",
    "deniedcategory",
    "device",
    "effort",
    "email",
    "evidence",
    "goal",
    "hobby",
    "import",
    "intent",
    "key",
    "kind",
    "liked",
    "note",
    "odd",
    "other",
    "outcome",
    "phone",
    "place",
    "preferred",
    "product",
    "promise",
    "promised",
    "proof",
    "query",
    "source",
    "state",
    "stranger",
    "suspicion",
    "topic",
    "tried",
    "trip",
    "unknown",
    "via",
    "wanted",
    "words",
    "zone",
];

fn engine() -> Engine {
    let playbook = include_str!("playbook.toml");
    Engine::from_toml(playbook, Pepper::new([9; 32])).unwrap().0
}

fn event(customer: usize, id: &str, kind: &str, day: usize, data: &serde_json::Value) -> Event {
    let mut event = Event::new(
        EventId::new(marker(customer, id)).unwrap(),
        SourceId::new(marker(customer, "source")).unwrap(),
        EventKind::new(kind).unwrap(),
        CustomerId::new(marker(customer, "customer")).unwrap(),
        at(&format!("2026-01-{:02}T12:00:00Z", day + 1)),
    );
    event.channel = ChannelId::new(marker(customer, "via")).ok();
    event.properties = serde_json::from_value(data.clone()).unwrap();
    for kind in ["email", "cookie", "phone", "device"] {
        let value = match kind {
            "email" => format!("{}@example.org", marker(customer, kind)),
            // Where numbers are read, a text that is none would be refused.
            "phone" if cfg!(feature = "phone") => format!("+4420794{customer:05}"),
            _ => marker(customer, kind),
        };
        event.identifiers.push(Identifier::new(kind, value));
    }
    event
}

/// A life that puts a marker into every field that any room keeps.
fn life(customer: usize) -> Vec<Event> {
    let mark = |field: &str| marker(customer, field);
    let other = marker((customer + 1) % CUSTOMERS, "customer");
    let all = [
        ("signup", json!({"city": mark("city"), "hobbies": [mark("hobby")]})),
        ("trait.set", json!({"trait": "suspicion", "value": mark("suspicion")})),
        ("consent.granted", json!({"purpose": "contact"})),
        (
            "consent.granted",
            json!({"purpose": "contact", "for_channel": mark("channel"), "category": mark("category"), "evidence": mark("evidence")}),
        ),
        (
            "consent.denied",
            json!({"purpose": "learn", "for_channel": mark("denied"), "category": mark("deniedcategory"), "evidence": mark("proof")}),
        ),
        ("channel.blocked", json!({"for_channel": mark("blocked")})),
        ("less_like.set", json!({"topic": mark("topic")})),
        ("less_like.set", json!({"action": mark("action")})),
        ("preference.set", json!({"for_channel": mark("preferred"), "topic": mark("liked")})),
        ("protected.set", json!({"state": mark("state")})),
        ("goal.declared", json!({"goal": mark("goal"), "words": mark("words")})),
        ("tie.formed", json!({"relation": "follows", "other": other})),
        ("case.opened", json!({"case": mark("case"), "about": mark("about")})),
        (
            "promise.made",
            json!({"promise": mark("promise"), "about": mark("promised"), "due": "2026-03-01T00:00:00Z"}),
        ),
        ("action.tried", json!({"action": mark("tried"), "outcome": mark("outcome")})),
        ("search", json!({"goal": mark("effort"), "query": mark("query"), "item": mark("product")})),
        ("purchase", json!({"amount": "1.5", "note": mark("note"), "order": mark("key")})),
        ("view", json!({"product": mark("product"), "item": mark("wanted"), "intent": mark("intent")})),
        ("trip.booked", json!({"trip": mark("trip"), "when": "2026-06-01T00:00:00Z"})),
    ];
    let mut events: Vec<Event> = all
        .into_iter()
        .enumerate()
        .map(|(n, (kind, data))| event(customer, &format!("event{n}"), kind, n, &data))
        .collect();
    events.push(event(customer, "odd", &mark("kind"), 20, &json!({})));
    events
}

/// Refusals, whose texts must not repeat what the customer's data says.
fn refusals(engine: &Engine, customer: &mut Customer, number: usize, log: &mut Vec<String>) {
    let mark = |field: &str| Value::from(marker(number, field));
    let bad = [
        ("signup", json!({"age": mark("age")})),
        ("trait.set", json!({"trait": mark("badtrait"), "value": 1})),
        ("consent.granted", json!({"purpose": mark("badpurpose")})),
    ];
    for (kind, data) in bad {
        let error = engine.observe(customer, &event(number, "unknown", kind, 0, &data)).unwrap_err();
        log.push(format!("{error} {error:?}"));
    }
    let mut conflict = life(number).remove(0);
    conflict.properties.insert(PropertyName::new("odd").unwrap(), mark("odd"));
    let error = engine.observe(customer, &conflict).unwrap_err();
    log.push(format!("{error} {error:?}"));
    let mut stranger = event(number, "other", "view", 0, &json!({}));
    stranger.customer = CustomerId::new(marker(number, "stranger")).unwrap();
    let error = engine.observe(customer, &stranger).unwrap_err();
    log.push(format!("{error} {error:?}"));
    let error = engine.import(&marker(number, "import")).unwrap_err();
    log.push(format!("{error} {error:?}"));
}

/// Everything that a host may write down, and what it logs on the way.
struct Host {
    engine: Engine,
    model: Model,
    index: KindredIndex,
    customers: Vec<Customer>,
    decisions: Vec<apropos::Decision>,
    log: Vec<String>,
    /// Certificates and tombstones.
    proofs: Vec<u8>,
}

fn both<T: serde::Serialize>(out: &mut Vec<u8>, state: &T) {
    out.extend(serde_json::to_vec(state).unwrap());
    out.extend(postcard::to_stdvec(state).unwrap());
}

impl Host {
    fn new() -> Self {
        let engine = engine();
        Self {
            model: engine.model(),
            engine,
            index: KindredIndex::new(),
            customers: Vec::new(),
            decisions: Vec::new(),
            log: Vec::new(),
            proofs: Vec::new(),
        }
    }

    fn live(&mut self) {
        let mut workspace = Workspace::new(&self.engine);
        let till = ChannelId::new("till").unwrap();
        for number in 0..CUSTOMERS {
            let mut customer = self.engine.customer(CustomerId::new(marker(number, "customer")).unwrap());
            for event in life(number) {
                let observed = self.engine.observe_in(&mut workspace, &mut customer, &event).unwrap();
                self.engine.learn(&mut self.model, &observed.rewards);
                self.log.push(format!("{observed:?}"));
            }
            refusals(&self.engine, &mut customer, number, &mut self.log);
            let now = at("2026-01-25T12:00:00Z");
            let moment = Moment::at(now).on_channel(till.clone());
            let decision = self.engine.decide_in(&mut workspace, &customer, &moment, &self.model, 7);
            assert!(decision.choice.action().is_some(), "something is done for everybody");
            self.engine.accept(&mut customer, &decision);
            let explanation = self.engine.explain(&decision, &customer, &moment, &self.model);
            self.log.push(format!("{decision:?} {customer:?} {:?}", self.engine.page(&customer, now)));
            self.log.push(format!("{explanation:?}"));
            let outcome = Outcome { decision: decision.id.clone(), kind: OutcomeKind::Converted, at: now };
            let rewards = self.engine.settle(&mut customer, &outcome).unwrap();
            self.engine.learn(&mut self.model, &rewards);
            self.log.push(format!("{rewards:?}"));
            let key = customer.profile().keys().next().unwrap();
            self.index.set(key, self.engine.profile().interests(customer.profile(), now));
            self.customers.push(customer);
            self.decisions.push(decision);
        }
    }

    /// Erases every other customer, everywhere.
    fn erase(&mut self) {
        let now = at("2026-01-31T12:00:00Z");
        let mut gone = Vec::new();
        let mut kept = Vec::new();
        for (number, customer) in std::mem::take(&mut self.customers).into_iter().enumerate() {
            if number % 2 == 1 {
                kept.push(customer);
                continue;
            }
            let key = customer.profile().keys().next().unwrap();
            let (certificate, tombstone) = self.engine.erase(customer, now).unwrap();
            assert!(18 <= certificate.profile.events && certificate.profile.traits == 3);
            assert!(
                certificate.profile.identifiers == 4
                    && 1 <= certificate.journeys
                    && 1 <= certificate.contacts
            );
            self.log.push(format!("{certificate:?} {tombstone:?}"));
            both(&mut self.proofs, &(&certificate, &tombstone));
            self.index.remove(key);
            care::redact(&mut self.decisions[number]);
            gone.push(key);
        }
        let ties: usize = kept
            .iter_mut()
            .map(|customer| gone.iter().map(|key| self.engine.forget_ties(customer, *key)).sum::<usize>())
            .sum();
        assert_eq!(ties, CUSTOMERS / 2, "everybody who was kept had followed somebody who was erased");
        self.customers = kept;
    }

    /// All that is stored.
    fn stored(&self) -> Vec<u8> {
        let mut stored = self.proofs.clone();
        self.customers.iter().for_each(|customer| both(&mut stored, customer));
        self.decisions.iter().for_each(|decision| both(&mut stored, decision));
        both(&mut stored, &self.index);
        stored.extend(self.model.snapshot());
        stored
    }
}

#[test]
fn nothing_of_an_erased_customer_remains() {
    let texts = |group: usize| {
        (group..CUSTOMERS)
            .step_by(2)
            .flat_map(|customer| FIELDS.iter().map(move |field| marker(customer, field)))
    };
    let (erased, kept) = (Search::new(ERASED, texts(0)), Search::new(KEPT, texts(1)));
    let mut host = Host::new();
    host.live();
    let before = host.stored();
    assert!(erased.find(&before).is_some(), "the search finds what is there");
    host.erase();
    let after = host.stored();
    assert_eq!(erased.find(&after), None, "a marker is left in a stored state");
    assert!(kept.find(&after).is_some(), "those who were kept are there");
    // Logs, debug output and errors hold no marker of anybody.
    let log = host.log.join("\n");
    for search in [&erased, &kept] {
        let found = search.find(log.as_bytes());
        assert_eq!(found, None, "a marker is left in a log");
    }
    // A leak would be found: one field of one erased customer, in one decision, in one page of the log.
    let mut leaky = host.decisions[0].clone();
    leaky.customer = CustomerId::new(marker(0, "customer")).unwrap();
    let mut stored = after.clone();
    both(&mut stored, &leaky);
    assert!(erased.find(&stored).is_some());
    let mut stored = after;
    stored.extend(blake3::hash(marker(998, "email").as_bytes()).as_bytes());
    assert_eq!(erased.find(&stored).as_deref(), Some("a digest"));
    // Those who were kept can still be read in full.
    let city = |customer: &Customer| {
        let known = host.engine.profile().known(customer.profile(), "city", at("2026-02-01T00:00:00Z"));
        known.and_then(|known| known.value.as_str().map(str::to_owned))
    };
    for (n, customer) in host.customers.iter().enumerate() {
        assert_eq!(city(customer), Some(marker(2 * n + 1, "city")));
    }
}
