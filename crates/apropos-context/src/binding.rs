//! Writing facts: where the context's facts go in one schema, and putting them there.
//!
//! Not here: what the facts are, see `emit`.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use apropos_condition::{AttributeId, Facts, Schema, SymbolId};
use apropos_event::{AttributeName, ChannelId, Duration, Timestamp};

use crate::emit::{self, Basis, Given, Sink, Telling};
use crate::moment::Moment;
use crate::parts::{Part, Parts};
use crate::reading::Source;
use crate::rules::ContextRules;
use crate::state::ContextState;
use crate::table::Fact;

/// Where the context's facts go in one schema.
#[derive(Clone, Debug)]
pub struct ContextBinding {
    /// For each fact of the table its attribute, and where its symbols begin.
    slots: Vec<(Option<AttributeId>, u32)>,
    /// The parts of which any fact has an attribute: the others are passed over.
    wanted: Parts,
    symbols: Vec<Option<SymbolId>>,
    /// Every other attribute of the schema, by name: what a request may carry.
    named: Vec<(AttributeName, AttributeId)>,
}

impl ContextRules {
    /// Finds where facts go in a schema that was built from the builder the rules were compiled against.
    pub fn bind(&self, schema: &Schema) -> ContextBinding {
        let mut slots = Vec::with_capacity(self.attributes.len());
        let mut symbols = Vec::new();
        for attribute in &self.attributes {
            slots.push((schema.id(attribute.name.as_str()), symbols.len() as u32));
            symbols.extend(attribute.values.iter().map(|value| schema.symbol(value)));
        }
        let own: Vec<AttributeId> = slots.iter().filter_map(|(id, _)| *id).collect();
        let named = schema.attributes().iter().filter_map(|attribute| {
            let id = schema.id(attribute.name.as_str())?;
            (!own.contains(&id)).then(|| (attribute.name.clone(), id))
        });
        let mut named: Vec<_> = named.collect();
        named.sort_by(|a, b| a.0.cmp(&b.0));
        ContextBinding { wanted: parts(self, &slots), slots, symbols, named }
    }

    /// Writes what is true at a moment into the facts: what the request carries, the six dimensions, what is at
    /// stake, and last the situation. Allocates nothing once the facts have grown.
    pub fn write_facts(
        &self,
        state: &ContextState,
        moment: &Moment,
        binding: &ContextBinding,
        facts: &mut Facts,
    ) {
        facts.set_timestamp(AttributeId::NOW, moment.now);
        for (name, value) in &moment.attributes {
            if let Ok(at) = binding.named.binary_search_by(|(known, _)| known.cmp(name))
                && let Some((_, id)) = binding.named.get(at)
                && facts.set_value(*id, value).is_err()
            {
                // A value of another type is as good as none: the attribute stays unknown.
                facts.set_missing(*id);
            }
        }
        let mut writer = Writer { binding, facts };
        Telling::new(self, state, moment, &mut writer).tell();
        self.conclude(moment, &mut writer);
    }

    /// What needs conditions over the facts: stakes first, then the situation.
    fn conclude(&self, moment: &Moment, writer: &mut Writer<'_>) {
        let basis =
            Basis { source: Source::Inferred, at: moment.now, half_life: Duration::ZERO, confidence: 1.0 };
        if writer.wanted().contains(Part::Stakes) {
            let (level, score) = self.stakes.weigh(moment.value_at_stake, writer.facts);
            writer.put(Fact::Stakes as usize, Given::Symbol(level), basis);
            writer.put(Fact::StakesScore as usize, Given::Double(score), basis);
            if let Some(level) = self.stakes.levels().get(level) {
                writer.put(Fact::StakesDetails as usize, Given::Texts(&level.details), basis);
            }
        }
        if writer.wanted().contains(Part::Situation) {
            let situation = self.situations.recognise(writer.facts);
            writer.put(Fact::Situation as usize, Given::Symbol(situation), basis);
        }
    }

    /// Lets conditions move the customer between stages, once facts are written; returns whether any stage changed.
    ///
    /// A cycle that is per product asks its conditions about one product after the other, with the facts of that cycle
    /// telling of that one; afterwards they tell of the one whose stage was entered last, as they did before. The facts
    /// of other stages are as they were: after a change, write them anew.
    pub fn refresh_stages(
        &self,
        state: &mut ContextState,
        binding: &ContextBinding,
        facts: &mut Facts,
        now: Timestamp,
    ) -> bool {
        self.cycles.refresh(&mut state.stages, &state.subjects, facts, now, |cycle, aspect, facts| {
            let places = self.cycle_starts.get(cycle).zip(self.cycle_starts.get(cycle + 1));
            let slots = places.and_then(|(start, end)| binding.slots.get(*start..*end));
            slots.into_iter().flatten().filter_map(|(id, _)| *id).for_each(|id| facts.unset(id));
            emit::tell_cycle(self, cycle, aspect, now, &mut Writer { binding, facts });
        })
    }
}

/// The parts of which any slot has an attribute.
fn parts(rules: &ContextRules, slots: &[(Option<AttributeId>, u32)]) -> Parts {
    Parts::wanted(rules, |facts| slots.get(facts).unwrap_or_default().iter().any(|(id, _)| id.is_some()))
}

impl ContextBinding {
    /// The same binding for readers of `wanted` only: every other fact is passed over, with the work of finding it out.
    ///
    /// Adds to `wanted` what the stakes and the situation are found out from, if they are wanted; so this room is asked
    /// before those that supply it.
    #[must_use]
    pub fn only(mut self, rules: &ContextRules, wanted: &mut BTreeSet<AttributeId>) -> Self {
        let wants = |facts: RangeInclusive<Fact>, wanted: &BTreeSet<AttributeId>| {
            let slots = self.slots.get(*facts.start() as usize..=*facts.end() as usize);
            slots.into_iter().flatten().any(|(id, _)| id.is_some_and(|id| wanted.contains(&id)))
        };
        if wants(Fact::Situation..=Fact::Situation, wanted) {
            wanted.extend(rules.situations.reads());
        }
        if wants(Fact::Stakes..=Fact::StakesDetails, wanted) {
            wanted.extend(rules.stakes.reads());
        }
        for (id, _) in &mut self.slots {
            *id = id.filter(|id| wanted.contains(id));
        }
        self.named.retain(|(_, id)| wanted.contains(id));
        self.wanted = parts(rules, &self.slots);
        self
    }
}

/// Writes into facts.
struct Writer<'a> {
    binding: &'a ContextBinding,
    facts: &'a mut Facts,
}

impl Sink for Writer<'_> {
    #[inline]
    fn wanted(&self) -> Parts {
        self.binding.wanted
    }

    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "every caller knows the kind of its value: one arm is left of the match, and the basis, which nobody reads \
                  here, is not even worked out"
    )]
    fn put(&mut self, at: usize, value: Given<'_>, _: Basis) {
        let Some((Some(id), symbols)) = self.binding.slots.get(at).copied() else { return };
        match value {
            Given::Bool(value) => self.facts.set_bool(id, value),
            Given::Int(value) => self.facts.set_int(id, value),
            Given::Double(value) => self.facts.set_double(id, value),
            Given::Text(value) => self.facts.set_text(id, value),
            Given::Span(value) => self.facts.set_duration(id, value),
            Given::Channels(values) => self.facts.set_texts(id, values.iter().map(ChannelId::as_str)),
            Given::Texts(values) => self.facts.set_texts(id, values.iter().map(String::as_str)),
            Given::Symbol(number) => {
                if let Some(Some(symbol)) = self.binding.symbols.get(symbols as usize + number) {
                    self.facts.set_symbol_id(id, *symbol);
                }
            }
        }
    }
}
