//! What is known of a customer, by whom, since when and how surely.
//!
//! A trait keeps the best claim of each source, so that sources can be weighed against each other. Not here: which traits there are,
//! see [`crate::TraitDefinition`], and reading them over several members, see [`crate::ProfileRules::known`].

mod codec;

use std::cmp::Ordering;

use apropos_condition::AttributeType;
use apropos_event::counter::Amount;
use apropos_event::{PropertyName, Purposes, SourceId, Timestamp, Value};
use serde::{Deserialize, Serialize};

use crate::TraitPolicy;
use crate::rare::Rare;

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

/// A claim and the trait it is about.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Held {
    pub(crate) name: PropertyName,
    pub(crate) claim: Claim,
}

/// The claims of one member: one flat list, so that a profile loads in few allocations.
///
/// Of a trait that unites its values each value is a claim of its own, so that each ages and is forgotten by itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Claims {
    /// By trait, source and, for united traits, value.
    held: Rare<Held>,
    /// Traits that were forgotten, by name, and when: an older claim that arrives late does not bring them back.
    forgotten: Rare<(PropertyName, Timestamp)>,
}

/// The most sources whose claims about one trait are kept; the weakest give way.
pub(crate) const MAX_CLAIMS: usize = 8;
/// The most values of a trait that unites them; those observed longest ago give way.
pub(crate) const MAX_UNION: usize = 256;

impl Claims {
    /// The claims about the trait `name`. O(log claims).
    pub(crate) fn about(&self, name: &PropertyName) -> &[Held] {
        let (from, to) = self.range(name);
        self.held.get(from..to).unwrap_or_default()
    }

    fn range(&self, name: &PropertyName) -> (usize, usize) {
        let from = self.held.partition_point(|held| held.name < *name);
        let claims = self.held.get(from..).unwrap_or_default().iter();
        (from, from + claims.take_while(|held| held.name == *name).count())
    }

    /// How many traits there are claims about.
    pub(crate) fn traits(&self) -> usize {
        self.held.chunk_by(|a, b| a.name == b.name).count()
    }

    /// How many claims there are.
    pub(crate) fn len(&self) -> usize {
        self.held.len()
    }

    /// Keeps the claims that `keep` picks.
    pub(crate) fn retain(&mut self, keep: impl Fn(&Held) -> bool) {
        self.held.retain(keep);
    }

    /// Forgets what was claimed about a trait up to `at`, and what will be claimed late.
    pub(crate) fn forget(&mut self, name: &PropertyName, at: Timestamp) {
        match self.forgotten.binary_search_by(|(known, _)| known.cmp(name)) {
            Ok(found) => {
                if let Some((_, known)) = self.forgotten.get_mut(found) {
                    *known = at.max(*known);
                }
            }
            Err(place) => self.forgotten.insert(place, (name.clone(), at)),
        }
        self.held.retain(|held| held.name != *name || at < held.claim.observed_at);
    }

    fn forgotten(&self, name: &PropertyName) -> Option<Timestamp> {
        let at = self.forgotten.binary_search_by(|(known, _)| known.cmp(name)).ok()?;
        self.forgotten.get(at).map(|(_, at)| *at)
    }

    /// Adds a claim: of one source the stronger stays, or of one source and value where values are united.
    pub(crate) fn put(&mut self, name: &PropertyName, claim: Claim, policy: TraitPolicy) {
        if self.forgotten(name).is_some_and(|at| claim.observed_at <= at) {
            return;
        }
        match claim.value {
            Value::List(values) if policy == TraitPolicy::Union && !values.is_empty() => {
                let rest = Claim { value: Value::Null, ..claim };
                for value in values {
                    self.put_one(name, Claim { value, ..rest.clone() }, policy);
                }
            }
            _ => self.put_one(name, claim, policy),
        }
    }

    fn put_one(&mut self, name: &PropertyName, claim: Claim, policy: TraitPolicy) {
        let (from, to) = self.range(name);
        let united = policy == TraitPolicy::Union;
        let mine = self.held.get_mut(from..to).unwrap_or_default();
        let place = |held: &Held| {
            let value = if united { compare(&held.claim.value, &claim.value) } else { Ordering::Equal };
            held.claim.source.cmp(&claim.source).then(value)
        };
        match mine.binary_search_by(place) {
            Ok(at) => {
                if let Some(Held { claim: mine, .. }) = mine.get_mut(at)
                    && order(mine, &claim, policy) == Ordering::Less
                {
                    *mine = claim;
                }
            }
            Err(at) => {
                self.held.insert(from + at, Held { name: name.clone(), claim });
                let most = if united { MAX_UNION } else { MAX_CLAIMS };
                if most <= to - from {
                    self.drop_weakest(from, to + 1, policy);
                }
            }
        }
    }

    fn drop_weakest(&mut self, from: usize, to: usize, policy: TraitPolicy) {
        let claims = self.held.get(from..to).unwrap_or_default().iter().enumerate();
        let weakest = claims.min_by(|(_, a), (_, b)| order(&a.claim, &b.claim, policy));
        if let Some(at) = weakest.map(|(at, _)| from + at) {
            self.held.remove(at);
        }
    }

    /// Takes over what a copy of the same member's claims has more.
    pub(crate) fn join(&mut self, other: &Self, policy: impl Fn(&PropertyName) -> TraitPolicy) {
        for (name, at) in &other.forgotten {
            self.forget(name, *at);
        }
        for Held { name, claim } in &other.held {
            self.put(name, claim.clone(), policy(name));
        }
    }

    /// What is wrong with claims that came from elsewhere, if anything is.
    pub(crate) fn flaw(&self) -> Option<&'static str> {
        let ordered = |a: &Held, b: &Held| (&a.name, &a.claim.source) <= (&b.name, &b.claim.source);
        if !self.held.is_sorted_by(ordered) || !self.forgotten.is_sorted_by(|a, b| a.0 < b.0) {
            return Some("claims are not in order");
        }
        let sure = |held: &Held| held.claim.confidence <= 100 && held.claim.trust <= 100;
        (!self.held.iter().all(sure)).then_some("a claim is surer than sure")
    }
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
        .then_with(|| a.trust.cmp(&b.trust))
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
