//! What is known of a customer, by whom, since when and how surely.
//!
//! A trait keeps the best claim of each source, so that a source can be taken back. Not here: which traits there are,
//! see [`crate::TraitDefinition`], and reading them over several members, see [`crate::ProfileRules::known`].

use std::cmp::{Ordering, Reverse};

use apropos_condition::AttributeType;
use apropos_event::counter::Amount;
use apropos_event::{PropertyName, Purposes, SourceId, Timestamp, Value};
use serde::{Deserialize, Serialize};

use crate::TraitPolicy;

/// What one source says about one trait.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The value.
    pub value: Value,
    /// Who says so.
    pub source: SourceId,
    /// When it was observed.
    pub observed_at: Timestamp,
    /// How sure it is, in percent.
    pub confidence: u8,
    /// How far its source was trusted when it was made, 0 to 100.
    pub trust: u8,
    /// Whether the customer told it in person.
    pub told: bool,
    /// What it may be used for, if less than the trait.
    pub purposes: Option<Purposes>,
    /// When it ends, if earlier than the trait's retention.
    pub until: Option<Timestamp>,
}

impl std::fmt::Debug for Claim {
    /// Never the value.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Claim({} at {})", self.value.kind(), self.observed_at)
    }
}

/// The claims about one trait, by source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Trait {
    pub(crate) name: PropertyName,
    pub(crate) claims: Vec<Claim>,
}

/// The most sources whose claims about one trait are kept; the weakest give way.
pub(crate) const MAX_CLAIMS: usize = 8;
/// The most values of a trait that unites them.
pub(crate) const MAX_UNION: usize = 256;

impl Trait {
    /// Adds a claim: of one source, the stronger stays.
    pub(crate) fn claim(&mut self, claim: Claim, policy: TraitPolicy) {
        match self.claims.binary_search_by(|mine| mine.source.cmp(&claim.source)) {
            Ok(at) => {
                if let Some(mine) = self.claims.get_mut(at) {
                    if policy == TraitPolicy::Union {
                        unite(mine, claim);
                    } else if order(mine, &claim, policy) == Ordering::Less {
                        *mine = claim;
                    }
                }
            }
            Err(at) => self.claims.insert(at, claim),
        }
        while MAX_CLAIMS < self.claims.len() {
            let weakest =
                (0..self.claims.len()).min_by(|a, b| match (self.claims.get(*a), self.claims.get(*b)) {
                    (Some(a), Some(b)) => order(a, b, policy),
                    _ => Ordering::Equal,
                });
            if let Some(at) = weakest {
                self.claims.remove(at);
            }
        }
    }
}

/// Unites the values of two claims of one source; the rest is of the more recent.
fn unite(mine: &mut Claim, other: Claim) {
    let value = union([&mine.value, &other.value]);
    let rank = |claim: &Claim| {
        let weight = u32::from(claim.trust) * u32::from(claim.confidence);
        (claim.observed_at, weight, claim.told, Reverse(claim.purposes), Reverse(claim.until), claim.trust)
    };
    if rank(mine) < rank(&other) {
        *mine = other;
    }
    mine.value = value;
}

/// All values of lists (or single values), each once, in order; the first [`MAX_UNION`].
pub(crate) fn union<'a>(values: impl IntoIterator<Item = &'a Value>) -> Value {
    let mut all: Vec<Value> = Vec::new();
    for value in values {
        match value {
            Value::List(list) => all.extend(list.iter().cloned()),
            one => all.push(one.clone()),
        }
    }
    all.sort_by(compare);
    all.dedup();
    all.truncate(MAX_UNION);
    Value::List(all)
}

/// Which of two claims is weaker under a policy: a total order, so that no order of arrival shows.
pub(crate) fn order(a: &Claim, b: &Claim, policy: TraitPolicy) -> Ordering {
    let weight = |claim: &Claim| u32::from(claim.trust) * u32::from(claim.confidence);
    let recent = a.observed_at.cmp(&b.observed_at).then(weight(a).cmp(&weight(b)));
    let first = match policy {
        TraitPolicy::MostRecent | TraitPolicy::Union => Ordering::Equal,
        TraitPolicy::MostTrusted => weight(a).cmp(&weight(b)),
        TraitPolicy::Highest => compare(&a.value, &b.value),
    };
    first
        .then(recent)
        .then_with(|| a.source.cmp(&b.source))
        .then_with(|| compare(&a.value, &b.value))
        .then_with(|| a.told.cmp(&b.told))
        .then_with(|| b.purposes.cmp(&a.purposes))
        .then_with(|| b.until.cmp(&a.until))
        .then_with(|| a.confidence.cmp(&b.confidence))
}

/// A total order of values: by kind, then by size. Numbers compare with numbers.
pub(crate) fn compare(a: &Value, b: &Value) -> Ordering {
    let rank = |value: &Value| match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Int(_) | Value::Double(_) => 2,
        Value::Text(_) => 3,
        Value::List(_) => 4,
        Value::Map(_) => 5,
    };
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Int(_) | Value::Double(_), Value::Int(_) | Value::Double(_)) => {
            let number = |value: &Value| value.as_f64().unwrap_or(0.0);
            number(a)
                .total_cmp(&number(b))
                .then(matches!(a, Value::Double(_)).cmp(&matches!(b, Value::Double(_))))
        }
        (Value::Text(a), Value::Text(b)) => {
            match (Amount::from_value(&a.as_str().into()), Amount::from_value(&b.as_str().into())) {
                // Decimals travel as text.
                (Some(x), Some(y)) => x.cmp(&y).then_with(|| a.cmp(b)),
                (x, y) => x.is_some().cmp(&y.is_some()).then_with(|| a.cmp(b)),
            }
        }
        (Value::List(a), Value::List(b)) => lexicographic(a.iter(), b.iter(), compare),
        (Value::Map(a), Value::Map(b)) => {
            lexicographic(a.iter(), b.iter(), |(ka, a), (kb, b)| ka.cmp(kb).then_with(|| compare(a, b)))
        }
        _ => rank(a).cmp(&rank(b)),
    }
}

fn lexicographic<T>(
    mut a: impl Iterator<Item = T>,
    mut b: impl Iterator<Item = T>,
    compare: impl Fn(T, T) -> Ordering,
) -> Ordering {
    loop {
        match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(x), Some(y)) => match compare(x, y) {
                Ordering::Equal => {}
                other => return other,
            },
        }
    }
}

/// Whether `value` is one of `kind` (and, for symbols, one of `values`).
pub(crate) fn fits(value: &Value, kind: &AttributeType, values: &[String]) -> bool {
    match (kind, value) {
        (AttributeType::Bool, Value::Bool(_))
        | (AttributeType::Double, Value::Double(_))
        | (AttributeType::Int | AttributeType::Double | AttributeType::Decimal, Value::Int(_))
        | (AttributeType::Text, Value::Text(_))
        | (AttributeType::Dynamic, _) => true,
        (AttributeType::UInt, Value::Int(n)) => 0 <= *n,
        (AttributeType::Decimal, Value::Text(text)) => text.parse::<rust_decimal::Decimal>().is_ok(),
        (AttributeType::Symbol, Value::Text(text)) => values.is_empty() || values.contains(text),
        (AttributeType::Timestamp, Value::Text(text)) => text.parse::<Timestamp>().is_ok(),
        (AttributeType::Duration, Value::Text(text)) => text.parse::<apropos_event::Duration>().is_ok(),
        (AttributeType::List(inner) | AttributeType::Set(inner), Value::List(list)) => {
            list.iter().all(|value| fits(value, inner, values))
        }
        (AttributeType::Map(inner), Value::Map(map)) => map.values().all(|value| fits(value, inner, values)),
        _ => false,
    }
}
