//! What an event states, by its kind and by the traits that the definition reads from it: changes, before any is made.
//!
//! Not here: what built-in kinds say by themselves, see `reading`; making the changes, see `observe`.

use apropos_event::{Event, PropertyName, Value};

use crate::error::Fingerprint;
use crate::ledger::Goal;
use crate::reading::{Change, Reader};
use crate::rules::{KindRule, ProfileRules};
use crate::traits::fits;
use crate::{Claim, ObserveError};

impl ProfileRules {
    /// Reads the changes that an event asks for.
    pub(crate) fn read(
        &self,
        rule: &KindRule,
        event: &Event,
        print: u64,
        out: &mut Vec<Change>,
    ) -> Result<(), ObserveError> {
        if rule.built_in {
            let reader = Reader { event, receipt: print, pepper: &self.pepper };
            reader.read(out)?;
            self.check_goals(&reader, out)?;
            match event.kind.as_str() {
                "trait.set" => self.read_trait(&reader, out)?,
                "trait.forgotten" => {
                    let (_, known) = self.named_trait(&reader)?;
                    out.push(Change::ForgetTrait(known, event.occurred_at));
                }
                _ => {}
            }
        }
        for (at, property) in &rule.traits {
            match event.properties.get(property) {
                None | Some(Value::Null) => {}
                Some(value) => {
                    let claim = self.claim(*at, event, value, print)?;
                    out.push(Change::Claim(*at, claim));
                }
            }
        }
        Ok(())
    }

    /// A goal is one of the list that the definition offers, if it offers any, or told in the customer's own words.
    fn check_goals(&self, reader: &Reader<'_>, read: &[Change]) -> Result<(), ObserveError> {
        let offered = &self.definition.goals;
        let strange = read.iter().any(|change| match change {
            Change::Goal(Goal { goal, declared: Some(declared), .. }) => {
                declared.words.is_none() && !offered.iter().any(|known| known == goal.as_str())
            }
            _ => false,
        });
        if strange && !offered.is_empty() {
            return Err(reader.wrong("goal", "a goal of the list, or the customer's `words` for it"));
        }
        Ok(())
    }

    fn named_trait(&self, reader: &Reader<'_>) -> Result<(usize, PropertyName), ObserveError> {
        let name = reader.name("trait")?;
        let unknown = ObserveError::UnknownTrait { event: Fingerprint(reader.receipt) };
        self.find_trait(name.as_str()).map(|(at, _)| (at, name)).ok_or(unknown)
    }

    fn read_trait(&self, reader: &Reader<'_>, out: &mut Vec<Change>) -> Result<(), ObserveError> {
        let (at, _) = self.named_trait(reader)?;
        let value =
            reader.event.property("value").ok_or_else(|| reader.wrong("value", "the trait's value"))?;
        let mut claim = self.claim(at, reader.event, value, reader.receipt)?;
        claim.until = reader.instant("until")?;
        if ["purpose", "purposes"].iter().any(|name| reader.event.property(name).is_some()) {
            claim.purposes = Some(reader.purposes()?.into_iter().collect());
        }
        if let Some(confidence) = reader.event.property("confidence") {
            let percent = confidence.as_int().filter(|n| (0..=100).contains(n));
            claim.confidence =
                percent.ok_or_else(|| reader.wrong("confidence", "a whole number from 0 to 100"))? as u8;
        }
        out.push(Change::Claim(at, claim));
        Ok(())
    }

    fn claim(&self, at: usize, event: &Event, value: &Value, print: u64) -> Result<Claim, ObserveError> {
        let known = self.traits.get(at);
        let fitting = known.is_some_and(|known| fits(value, &known.kind, &known.values) && fits_in(value));
        if !fitting {
            return Err(ObserveError::TraitType {
                event: Fingerprint(print),
                name: known.map_or_else(String::new, |known| known.name.to_string()),
                expected: known.map_or_else(String::new, |known| known.kind.to_string()),
            });
        }
        let source = self.source(&event.source);
        Ok(Claim {
            value: value.clone(),
            source: event.source.clone(),
            observed_at: event.occurred_at,
            confidence: source.map_or(100, |source| source.confidence),
            trust: source.map_or(50, |source| source.trust),
            told: source.is_some_and(|source| source.told),
            purposes: None,
            until: None,
        })
    }
}

/// Whether a value is small enough to be kept as a trait.
fn fits_in(value: &Value) -> bool {
    match value {
        Value::Text(text) => text.len() <= crate::reading::MAX_TEXT,
        Value::List(list) => list.len() <= crate::traits::MAX_UNION && list.iter().all(fits_in),
        Value::Map(map) => map.len() <= crate::traits::MAX_UNION && map.values().all(fits_in),
        _ => true,
    }
}
