//! What the generated conditions may ask about: attributes of every type, and facts for them.

use std::collections::BTreeMap;

use apropos_condition::{AttributeDefinition, AttributeType, SchemaBuilder};
use apropos_event::{Path, Problems, Value};
use rust_decimal::Decimal;

use super::Rng;
use crate::reference::{Facts, V};

pub(super) const INTS: [&str; 4] = ["p.age", "p.visits", "c.hour", "loose"];
pub(super) const DOUBLES: [&str; 2] = ["p.score", "c.load"];
pub(super) const DECIMALS: [&str; 2] = ["b.value", "b.fee"];
pub(super) const TEXTS: [&str; 2] = ["p.name", "p.city"];
pub(super) const TIERS: [&str; 3] = ["bronze", "silver", "gold"];
pub(super) const BOOLS: [&str; 2] = ["p.consent", "c.open"];
pub(super) const WORDS: [&str; 6] = ["ab", "a", "xaxb", "paris", "", "naïve"];
const DAY: i64 = 86_400_000_000;
const NOW: i64 = 1_780_000_000_000_000;

/// The schema of the generated conditions.
pub(crate) fn schema() -> SchemaBuilder {
    let mut builder = SchemaBuilder::new();
    let mut problems = Problems::new();
    let mut declare = |name: &str, kind: AttributeType| {
        let mut definition = AttributeDefinition::new(name.parse().unwrap(), kind);
        if name == "p.tier" {
            definition = definition.with_values(TIERS);
        }
        if name == "c.hour" {
            definition = definition.with_default(3_i64);
        }
        builder.declare(&Path::root(), definition, &mut problems);
    };
    let lists: [(&[&str], AttributeType); 5] = [
        (&INTS, AttributeType::Int),
        (&DOUBLES, AttributeType::Double),
        (&DECIMALS, AttributeType::Decimal),
        (&TEXTS, AttributeType::Text),
        (&BOOLS, AttributeType::Bool),
    ];
    for (names, kind) in lists {
        for name in names {
            declare(name, kind.clone());
        }
    }
    declare("p.tier", AttributeType::Symbol);
    declare("p.since", AttributeType::Timestamp);
    declare("c.wait", AttributeType::Duration);
    declare("p.marks", AttributeType::list(AttributeType::Int));
    declare("p.tags", AttributeType::set(AttributeType::Text));
    assert!(problems.is_empty(), "{problems}");
    builder
}

/// Facts, as the reference sees them and as plain data for the engine.
pub(crate) fn facts(rng: &mut Rng) -> (Facts, BTreeMap<String, Value>) {
    let mut seen = Facts::new();
    let mut given = BTreeMap::new();
    let mut put = |rng: &mut Rng, name: &str, v: V, value: Value| {
        // One in twenty is missing.
        if rng.below(20) != 0 {
            seen.insert(name.to_owned(), v);
            given.insert(name.to_owned(), value);
        }
    };
    for name in INTS {
        let n = rng.below(12) as i64 - 2;
        put(rng, name, V::Int(n), Value::Int(n));
    }
    for name in DOUBLES {
        let x = (rng.below(24) as f64 - 4.0) / 2.0;
        put(rng, name, V::Double(x), Value::Double(x));
    }
    for name in DECIMALS {
        let x = Decimal::new(rng.below(240) as i64 - 40, 1);
        put(rng, name, V::Decimal(x), Value::Text(x.to_string()));
    }
    for name in TEXTS {
        let text = rng.pick(&WORDS);
        put(rng, name, V::Text(text.to_owned()), Value::from(text));
    }
    for name in BOOLS {
        let b = rng.below(2) == 0;
        put(rng, name, V::Bool(b), Value::Bool(b));
    }
    let tier = rng.pick(&TIERS);
    put(rng, "p.tier", V::Text(tier.to_owned()), Value::from(tier));
    let at = NOW - rng.below(12) as i64 * DAY;
    put(rng, "p.since", V::Instant(at), Value::Text(micros_text(at)));
    let wait = rng.below(6) as i64;
    put(rng, "c.wait", V::Span(wait * DAY), Value::Text(format!("{wait}d")));
    put(rng, "now", V::Instant(NOW), Value::Text(micros_text(NOW)));
    let marks: Vec<i64> = (0..rng.below(4)).map(|_| rng.below(6) as i64).collect();
    put(
        rng,
        "p.marks",
        V::List(marks.iter().map(|n| V::Int(*n)).collect()),
        Value::List(marks.iter().map(|n| Value::Int(*n)).collect()),
    );
    let mut tags: Vec<&str> = (0..rng.below(4)).map(|_| rng.pick(&WORDS)).collect();
    tags.sort_unstable();
    tags.dedup();
    put(
        rng,
        "p.tags",
        V::List(tags.iter().map(|t| V::Text((*t).to_owned())).collect()),
        Value::List(tags.iter().map(|t| Value::from(*t)).collect()),
    );
    // The schema's default.
    seen.entry("c.hour".to_owned()).or_insert(V::Int(3));
    (seen, given)
}

fn micros_text(micros: i64) -> String {
    apropos_event::Timestamp::from_micros(micros).unwrap().to_string()
}
