//! A finite abstraction of facts: for every attribute that conditions read, one value for each case they can tell apart.
//!
//! Values are taken from the literals in the conditions: each number, and one below and above it; each text, and one
//! that is none of them. Two worlds in which all conditions come out the same are one.
//!
//! Not here: what is checked in these worlds.

use std::collections::BTreeSet;

use apropos_condition::{AttributeDefinition, AttributeId, AttributeType, Condition, Facts, Schema, Truth};
use apropos_event::{Duration, Timestamp, Value};

/// Facts that stand for all facts in which the conditions come out the same.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) facts: Facts,
    /// How every condition comes out.
    pub(crate) truths: Vec<Truth>,
    /// The values of the attributes that matter, for people.
    pub(crate) told: String,
}

/// All worlds that `conditions` can tell apart; `None` when there are more combinations than `limit`.
///
/// O(combinations × conditions).
pub(crate) fn worlds(
    schema: &Schema,
    conditions: &[&Condition],
    now: Timestamp,
    limit: usize,
) -> Option<Vec<World>> {
    let variables = variables(schema, conditions, now);
    let mut combinations = 1_usize;
    for (_, values) in &variables {
        combinations = combinations.checked_mul(values.len()).filter(|all| *all <= limit)?;
    }
    let mut found: Vec<World> = Vec::new();
    let mut seen: BTreeSet<Vec<u8>> = BTreeSet::new();
    for combination in 0..combinations {
        let mut facts = Facts::new(schema);
        facts.set_timestamp(AttributeId::NOW, now);
        let told = assign(schema, &variables, combination, &mut facts);
        let truths: Vec<Truth> = conditions.iter().map(|condition| condition.evaluate(&facts)).collect();
        let key = truths.iter().map(|truth| *truth as u8).collect();
        if seen.insert(key) {
            found.push(World { facts, truths, told });
        }
    }
    Some(found)
}

type Variable = (AttributeId, Vec<Option<Value>>);

fn assign(schema: &Schema, variables: &[Variable], combination: usize, facts: &mut Facts) -> String {
    let mut rest = combination;
    let mut told = Vec::with_capacity(variables.len());
    for (id, values) in variables {
        let value = &values[rest % values.len()];
        rest /= values.len();
        let name = schema.definition(*id).map_or("", |definition| definition.name.as_str());
        if let Some(value) = value {
            // A value that does not fit leaves the attribute as it is, which is a case too.
            let _ = facts.set_value(*id, value);
            told.push(format!("{name} = {}", shown(value)));
        } else {
            facts.set_missing(*id);
            told.push(format!("{name} unknown"));
        }
    }
    told.join(", ")
}

fn shown(value: &Value) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn variables(schema: &Schema, conditions: &[&Condition], now: Timestamp) -> Vec<Variable> {
    let mut ids: Vec<AttributeId> =
        conditions.iter().flat_map(|condition| condition.attributes()).copied().collect();
    ids.sort_unstable();
    ids.dedup();
    let literals = Literals::of(conditions);
    ids.into_iter()
        .filter(|id| *id != AttributeId::NOW)
        .filter_map(|id| schema.definition(id).map(|definition| (id, cases(definition, &literals, now))))
        .collect()
}

/// The cases of one attribute; an attribute without a default may also be unknown.
fn cases(definition: &AttributeDefinition, literals: &Literals, now: Timestamp) -> Vec<Option<Value>> {
    let mut cases = values(&definition.kind, &definition.values, literals, now);
    cases.dedup();
    let mut cases: Vec<Option<Value>> = cases.into_iter().map(Some).collect();
    if definition.default.is_none() || cases.is_empty() {
        cases.push(None);
    }
    cases
}

fn values(kind: &AttributeType, declared: &[String], literals: &Literals, now: Timestamp) -> Vec<Value> {
    let text = |text: &String| Value::Text(text.clone());
    match kind {
        AttributeType::Bool => vec![Value::Bool(false), Value::Bool(true)],
        AttributeType::Int | AttributeType::UInt => {
            literals.numbers.iter().map(|n| Value::Int(*n as i64)).collect()
        }
        AttributeType::Double => literals.numbers.iter().filter_map(|n| Value::double(*n)).collect(),
        AttributeType::Decimal => literals.numbers.iter().map(|n| Value::Text(n.to_string())).collect(),
        AttributeType::Symbol if !declared.is_empty() => {
            let named = declared.iter().filter(|value| literals.texts.contains(value));
            let other = declared.iter().find(|value| !literals.texts.contains(value));
            named.chain(other).map(text).collect()
        }
        AttributeType::Text | AttributeType::Symbol => {
            literals.texts.iter().map(text).chain([Value::from("\u{2026}")]).collect()
        }
        AttributeType::Timestamp => [-36_500, 0, 36_500]
            .map(|days| Value::Text(now.plus(Duration::from_days(days)).to_string()))
            .to_vec(),
        AttributeType::Duration => {
            [0, 1, 36_500].map(|days| Value::Text(Duration::from_days(days).to_string())).to_vec()
        }
        AttributeType::List(element) | AttributeType::Set(element) => {
            let elements = values(element, &[], literals, now);
            let single = elements.into_iter().map(|value| Value::List(vec![value]));
            [Value::List(Vec::new())].into_iter().chain(single).collect()
        }
        _ => Vec::new(),
    }
}

/// The numbers and texts that conditions name.
#[derive(Default)]
struct Literals {
    /// Each number, one below and one above; ascending.
    numbers: Vec<f64>,
    texts: Vec<String>,
}

impl Literals {
    fn of(conditions: &[&Condition]) -> Self {
        let mut found = Self::default();
        for condition in conditions {
            found.scan(condition.text());
        }
        found.numbers.push(0.0);
        found.numbers.sort_by(f64::total_cmp);
        found.numbers.dedup();
        found.texts.sort();
        found.texts.dedup();
        found
    }

    /// Reads literals off a text that was checked before; words and operators are passed over.
    fn scan(&mut self, text: &str) {
        let mut rest = text;
        let mut in_word = false;
        while let Some(first) = rest.chars().next() {
            if first == '"' || first == '\'' {
                let inner = &rest[1..];
                let (text, after) = inner.split_once(first).unwrap_or((inner, ""));
                self.texts.push(text.to_owned());
                rest = after;
                in_word = false;
            } else if first.is_ascii_digit() && !in_word {
                let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
                if let Ok(number) = rest[..end].parse::<f64>() {
                    self.numbers.extend([number - 1.0, number, number + 1.0, -number]);
                }
                rest = &rest[end..];
            } else {
                in_word = first.is_alphanumeric() || first == '_';
                rest = &rest[first.len_utf8()..];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_read_off_a_condition() {
        let mut literals = Literals::default();
        literals.scan("x1.y >= 18 && tier in ['gold', \"silver\"] || z < 2.5");
        assert_eq!(literals.texts, ["gold", "silver"]);
        assert!(
            literals.numbers.contains(&18.0)
                && literals.numbers.contains(&17.0)
                && literals.numbers.contains(&2.5)
        );
        assert!(!literals.numbers.contains(&1.0));
    }
}
