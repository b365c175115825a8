//! What the tests share: compiled rules with a schema, and events.

use apropos_condition::{Datum, Facts, Schema, SchemaBuilder};
use apropos_context::{ContextBinding, ContextDefinition, ContextRules, ContextState, Moment};
use apropos_event::{
    CustomerId, Event, EventId, EventKind, Problems, PropertyName, SourceId, Timestamp, Value,
};

pub(crate) struct Compiled {
    pub(crate) rules: ContextRules,
    pub(crate) schema: Schema,
    pub(crate) binding: ContextBinding,
}

/// Rules, their schema and where facts go.
#[track_caller]
pub(crate) fn compile(definition: &ContextDefinition) -> Compiled {
    let mut builder = SchemaBuilder::new();
    let mut problems = Problems::new();
    let rules = ContextRules::compile(definition, &mut builder, &mut problems);
    assert!(problems.is_empty(), "{problems}");
    let schema = builder.build();
    let binding = rules.bind(&schema);
    Compiled { rules, schema, binding }
}

/// The problems of a definition, one a line.
pub(crate) fn problems(definition: &ContextDefinition) -> String {
    let mut problems = Problems::new();
    let _ = ContextRules::compile(definition, &mut SchemaBuilder::new(), &mut problems);
    problems.to_string()
}

impl Compiled {
    pub(crate) fn facts(&self, state: &ContextState, moment: &Moment) -> Facts {
        let mut facts = Facts::new(&self.schema);
        self.rules.write_facts(state, moment, &self.binding, &mut facts);
        facts
    }

    /// A fact as text; `?` when it is not known.
    pub(crate) fn tell(&self, facts: &Facts, name: &str) -> String {
        let id = self.schema.id(name).unwrap_or_else(|| panic!("{name} is declared"));
        match facts.get(id) {
            None => "?".to_owned(),
            Some(Datum::Text(text)) => text.as_str().to_owned(),
            Some(Datum::Bool(value)) => value.to_string(),
            Some(Datum::Int(value)) => value.to_string(),
            Some(Datum::Double(value)) => value.to_string(),
            Some(Datum::Duration(value)) => value.to_string(),
            Some(other) => format!("{other:?}"),
        }
    }
}

pub(crate) fn definition(json: &str) -> ContextDefinition {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) fn event(kind: &str, when: Timestamp, properties: &[(&str, Value)]) -> Event {
    let name = |text: &str| PropertyName::new(text).unwrap_or_else(|error| panic!("{error}"));
    let id = EventId::new(format!("{kind}-{}", when.as_micros())).unwrap_or_else(|error| panic!("{error}"));
    let (source, kind, customer) = (SourceId::new("test"), EventKind::new(kind), CustomerId::new("c"));
    let (Ok(source), Ok(kind), Ok(customer)) = (source, kind, customer) else { panic!("constant ids") };
    let mut event = Event::new(id, source, kind, customer, when);
    event.properties = properties.iter().map(|(key, value)| (name(key), value.clone())).collect();
    event
}
