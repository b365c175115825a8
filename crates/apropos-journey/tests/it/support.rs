//! A small world for the tests: rules from TOML, facts of a few flags, a clock in hours, dice.

use std::collections::BTreeMap;

use apropos_condition::{AttributeDefinition, AttributeType, Facts, Schema, SchemaBuilder};
use apropos_event::{
    AttributeName, CustomerId, Duration, Event, EventId, EventKind, Path, Problems, PropertyName, SourceId,
    Timestamp, Value, draw,
};
use apropos_journey::{
    Advance, Command, EffectKind, Input, JourneyDefinition, JourneyRules, JourneyState, PromiseDefinition,
    attributes,
};
use serde::Deserialize;

/// What a test writes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Book {
    #[serde(default)]
    pub(crate) journeys: Vec<JourneyDefinition>,
    #[serde(default)]
    pub(crate) promises: Vec<PromiseDefinition>,
}

pub(crate) const FLAGS: [&str; 5] = ["flag.a", "flag.b", "flag.c", "flag.complaint", "flag.vip"];

/// Compiles a book; the problems come along.
pub(crate) fn compile(text: &str) -> (JourneyRules, Schema, Problems) {
    let book: Book = toml::from_str(text).unwrap_or_else(|error| panic!("{error}"));
    compile_book(&book)
}

pub(crate) fn compile_book(book: &Book) -> (JourneyRules, Schema, Problems) {
    let mut problems = Problems::new();
    let mut schema = SchemaBuilder::new();
    for flag in FLAGS {
        let name = AttributeName::new(flag).unwrap();
        let flag = AttributeDefinition::new(name, AttributeType::Bool).with_default(false);
        schema.declare(&Path::root(), flag, &mut problems);
    }
    let number = AttributeDefinition::new(AttributeName::new("num.x").unwrap(), AttributeType::Int);
    schema.declare(&Path::root(), number.with_default(0_i64), &mut problems);
    for (name, kind) in [("num.d", AttributeType::Double), ("word.s", AttributeType::Text)] {
        let unknown = AttributeDefinition::new(AttributeName::new(name).unwrap(), kind);
        schema.declare(&Path::root(), unknown, &mut problems);
    }
    for attribute in attributes(&book.journeys, &book.promises) {
        schema.declare(&Path::root(), attribute, &mut problems);
    }
    let rules = JourneyRules::compile(&book.journeys, &book.promises, &mut schema, &mut problems);
    (rules, schema.build(), problems)
}

/// The codes of all problems of a book.
pub(crate) fn codes(text: &str) -> Vec<&'static str> {
    compile(text).2.iter().map(|problem| problem.code).collect()
}

/// An hour of the tests' calendar.
pub(crate) fn hour(n: i64) -> Timestamp {
    "2026-03-02T00:00:00Z".parse::<Timestamp>().unwrap().plus(Duration::from_hours(n))
}

pub(crate) fn event(id: &str, kind: &str, at: Timestamp) -> Event {
    Event::new(
        EventId::new(id).unwrap(),
        SourceId::new("test").unwrap(),
        EventKind::new(kind).unwrap(),
        CustomerId::new("c-1").unwrap(),
        at,
    )
}

pub(crate) fn with(mut event: Event, name: &str, value: &str) -> Event {
    event.properties.insert(PropertyName::new(name).unwrap(), Value::from(value));
    event
}

/// One customer in a world of rules.
pub(crate) struct World {
    pub(crate) rules: JourneyRules,
    pub(crate) schema: Schema,
    pub(crate) facts: Facts,
    pub(crate) state: JourneyState,
    pub(crate) now: Timestamp,
    pub(crate) events: u32,
    pub(crate) told: Vec<String>,
    pub(crate) keys: BTreeMap<String, String>,
}

impl World {
    pub(crate) fn new(text: &str) -> Self {
        let (rules, schema, problems) = compile(text);
        assert!(!problems.has_errors(), "{problems}");
        let facts = Facts::new(&schema);
        let state = JourneyState::new(&CustomerId::new("c-1").unwrap());
        let (told, keys) = (Vec::new(), BTreeMap::new());
        Self { rules, schema, facts, state, now: hour(0), events: 0, told, keys }
    }

    /// A customer whom the event `in` let into a book's journey, of which nothing was told yet.
    pub(crate) fn inside(text: &str) -> Self {
        let mut world = Self::new(text);
        let _ = world.event("in");
        world.told();
        world
    }

    pub(crate) fn flag(&mut self, name: &str, value: bool) -> &mut Self {
        self.facts.set_bool(self.schema.id(name).unwrap(), value);
        self
    }

    pub(crate) fn at(&mut self, hours: i64) -> &mut Self {
        self.now = hour(hours);
        self
    }

    pub(crate) fn event(&mut self, kind: &str) -> Advance {
        let event = self.fresh(kind);
        self.take(&event)
    }

    pub(crate) fn fresh(&mut self, kind: &str) -> Event {
        self.events += 1;
        event(&format!("e-{}", self.events), kind, self.now)
    }

    pub(crate) fn take(&mut self, event: &Event) -> Advance {
        self.input(Input::Event(event))
    }

    pub(crate) fn tick(&mut self) -> Advance {
        self.input(Input::Tick)
    }

    pub(crate) fn command(&mut self, command: &Command) -> Advance {
        self.input(Input::Command(command))
    }

    pub(crate) fn input(&mut self, input: Input<'_>) -> Advance {
        let advance = self.rules.advance(&mut self.state, input, &self.facts, self.now);
        for effect in &advance.effects {
            self.told.push(short(&effect.what));
            let text = format!("{:?}", effect.what);
            let before = self.keys.insert(effect.key.to_string(), text.clone());
            assert!(before.is_none(), "the key {} was used twice: {before:?} and {text}", effect.key);
        }
        advance
    }

    /// Lets the host's timer fire until nothing is due by `hours`.
    pub(crate) fn run_to(&mut self, hours: i64) -> &mut Self {
        while let Some(due) = self.rules.next_due(&self.state).filter(|due| *due <= hour(hours)) {
            self.now = self.now.max(due);
            let _ = self.tick();
            assert!(self.rules.next_due(&self.state).is_none_or(|next| due < next), "time does not move on");
        }
        self.at(hours)
    }

    pub(crate) fn nodes(&self) -> Vec<String> {
        self.rules
            .view(&self.state)
            .iter()
            .map(|view| view.node.map(ToString::to_string).unwrap_or_default())
            .collect()
    }

    pub(crate) fn node(&self) -> String {
        self.nodes().join(",")
    }

    /// What was told since the last call.
    pub(crate) fn told(&mut self) -> Vec<String> {
        std::mem::take(&mut self.told)
    }
}

/// Random choices that are the same for the same seed.
pub(crate) struct Dice {
    pub(crate) seed: u64,
    purpose: &'static str,
    slot: u64,
}

impl Dice {
    /// Dice for one purpose: others of the same seed roll independently.
    pub(crate) fn new(seed: u64, purpose: &'static str) -> Self {
        Self { seed, purpose, slot: 0 }
    }

    /// The next roll, from 0 up to but not including `upto`.
    pub(crate) fn roll(&mut self, upto: u64) -> u64 {
        self.slot += 1;
        draw::bits(self.seed, self.purpose, self.slot) % upto
    }

    /// One of these.
    pub(crate) fn pick<'t, T>(&mut self, of: &'t [T]) -> &'t T {
        &of[self.roll(of.len() as u64) as usize]
    }

    /// Mostly this, sometimes nothing.
    pub(crate) fn some<T>(&mut self, value: T) -> Option<T> {
        (self.roll(8) != 0).then_some(value)
    }
}

/// An effect in a few letters.
pub(crate) fn short(what: &EffectKind) -> String {
    match what {
        EffectKind::Entered { journey, .. } => format!("in {journey}"),
        EffectKind::Reached { node, .. } => format!("at {node}"),
        EffectKind::Offered { actions, .. } => {
            format!("offer {}", actions.iter().map(ToString::to_string).collect::<Vec<_>>().join("+"))
        }
        EffectKind::Assigned { experiment, arm, .. } => format!("arm {experiment}={arm}"),
        EffectKind::HandedOff { queue, .. } => format!("person {queue}"),
        EffectKind::HandedBack { outcome, .. } => format!("back {}", outcome.as_deref().unwrap_or("-")),
        EffectKind::GoalReached { goal, .. } => format!("goal {goal}"),
        EffectKind::Left { journey, outcome, .. } => format!("out {journey} {outcome}"),
        EffectKind::Migrated { version, .. } => format!("version {version}"),
        EffectKind::PromiseMade { promise, .. } => format!("made {promise}"),
        EffectKind::PromiseAtRisk { promise, .. } => format!("risk {promise}"),
        EffectKind::PromiseKept { promise } => format!("kept {promise}"),
        EffectKind::PromiseBroken { promise, .. } => format!("broken {promise}"),
        EffectKind::PromiseVoid { promise } => format!("void {promise}"),
        EffectKind::Repaired { promise } => format!("repaired {promise}"),
        other => format!("{other:?}"),
    }
}
