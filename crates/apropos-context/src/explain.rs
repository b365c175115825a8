//! Facts with their pedigree, for people and logs.

use apropos_condition::Facts;
use apropos_event::{AttributeName, ChannelId, Duration, Timestamp, Value};
use serde::{Deserialize, Serialize};

use crate::emit::{Basis, Given, Sink, Telling};
use crate::moment::Moment;
use crate::parts::Parts;
use crate::reading::Source;
use crate::rules::ContextRules;
use crate::state::ContextState;
use crate::table::Fact;

/// One fact of a moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContextFact {
    /// The attribute.
    pub name: AttributeName,
    /// What is believed. Durations are written as text, sets as lists.
    pub value: Value,
    /// Where it comes from.
    pub source: Source,
    /// When it was true.
    pub at: Timestamp,
    /// After this long its confidence has halved; zero means that it does not fade.
    pub half_life: Duration,
    /// How sure it is now, 0 to 1.
    pub confidence: f64,
}

impl ContextRules {
    /// Every fact of a moment with source, time, half-life and confidence, for people and logs, in the order in which
    /// they were worked out. `facts` must have been written for the same moment.
    pub fn explain(&self, state: &ContextState, moment: &Moment, facts: &Facts) -> Vec<ContextFact> {
        let mut collector = Collector { rules: self, facts: Vec::new() };
        Telling::new(self, state, moment, &mut collector).tell();
        let basis =
            Basis { source: Source::Inferred, at: moment.now, half_life: Duration::ZERO, confidence: 1.0 };
        let (level, score) = self.stakes.weigh(moment.value_at_stake, facts);
        collector.put(Fact::Stakes as usize, Given::Symbol(level), basis);
        collector.put(Fact::StakesScore as usize, Given::Double(score), basis);
        if let Some(level) = self.stakes.levels().get(level) {
            collector.put(Fact::StakesDetails as usize, Given::Texts(&level.details), basis);
        }
        collector.put(Fact::Situation as usize, Given::Symbol(self.situations.recognise(facts)), basis);
        collector.facts
    }
}

/// Collects facts.
struct Collector<'a> {
    rules: &'a ContextRules,
    facts: Vec<ContextFact>,
}

impl Sink for Collector<'_> {
    fn wanted(&self) -> Parts {
        Parts::ALL
    }

    fn put(&mut self, at: usize, value: Given<'_>, basis: Basis) {
        let Some(attribute) = self.rules.attributes.get(at) else { return };
        let texts = |texts: Vec<&str>| Value::List(texts.into_iter().map(Value::from).collect());
        let value = match value {
            Given::Bool(value) => Value::Bool(value),
            Given::Int(value) => Value::Int(value),
            Given::Double(value) => Value::double(value).unwrap_or_default(),
            Given::Text(value) => Value::from(value),
            Given::Span(value) => Value::from(value.to_string()),
            Given::Channels(values) => texts(values.iter().map(ChannelId::as_str).collect()),
            Given::Texts(values) => texts(values.iter().map(String::as_str).collect()),
            Given::Symbol(number) => {
                attribute.values.get(number).map_or(Value::Null, |value| Value::from(value.as_str()))
            }
        };
        self.facts.push(ContextFact {
            name: attribute.name.clone(),
            value,
            source: basis.source,
            at: basis.at,
            half_life: basis.half_life,
            confidence: basis.confidence,
        });
    }
}
