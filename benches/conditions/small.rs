//! How long does deciding take where there is little to decide? Thirteen actions with a condition or two each over thirty
//! attributes of every type: what a shop has. Filling the row of facts, deciding, saying why not, and one condition by
//! itself are asked apart, so that a change shows where it helped.

use std::hint::black_box;

use apropos::condition::{
    AttributeDefinition, AttributeId, AttributeType, Condition, Facts, Index, IndexBuilder, OnUnknown,
    Schema, SchemaBuilder, Scratch,
};
use apropos::event::{Duration, Path, Problems, Timestamp};
use criterion::{Criterion, criterion_group, criterion_main};
use rust_decimal::Decimal;

/// Three rulesets, as the stages of a decision have: eligible, applicable, suitable.
const CONDITIONS: [(usize, usize, &str); 19] = [
    (1, 0, "n0 == 0"),
    (1, 1, "n1 == 1"),
    (1, 2, "n2 >= 3"),
    (1, 2, "n0 == 0"),
    (0, 3, "n3 >= 6"),
    (2, 3, "m0 > 1500"),
    (0, 4, "n2 >= 2"),
    (2, 4, "n4 == 0"),
    (0, 5, "n5 >= 2 && (consent || s0 == \"gold\")"),
    (1, 6, "n0 >= 1"),
    (1, 7, "n0 >= 1"),
    (2, 7, "n6 >= 4 || m1 > 400"),
    (0, 8, "n1 >= 1"),
    (1, 8, "n7 >= 9 && n7 <= 11"),
    (0, 9, "n1 >= 2 && \"toys\" in likes"),
    (0, 10, "m2 > 1500.0"),
    (2, 11, "s1 in [\"new\", \"back\"] && !asleep"),
    (1, 12, "within(last, \"30d\") && t0 != \"none\""),
    (2, 12, "x0 < 0.25"),
];

/// What a decision knows, in the order it is written.
struct Ids {
    numbers: Vec<AttributeId>,
    money: Vec<AttributeId>,
    shares: Vec<AttributeId>,
    symbols: Vec<AttributeId>,
    texts: Vec<AttributeId>,
    flags: Vec<AttributeId>,
    lists: Vec<AttributeId>,
    last: AttributeId,
    wait: AttributeId,
}

fn schema() -> (SchemaBuilder, Ids) {
    let mut names = SchemaBuilder::new();
    let mut declare = |name: &str, kind: AttributeType| {
        let mut definition = AttributeDefinition::new(name.parse().ok()?, kind);
        if definition.kind == AttributeType::Symbol {
            definition = definition.with_values(["bronze", "silver", "gold", "new", "back"]);
        }
        names.declare(&Path::root(), definition, &mut Problems::new())
    };
    let mut several = |prefix: &str, count: usize, kind: AttributeType| -> Vec<AttributeId> {
        (0..count).filter_map(|at| declare(&format!("{prefix}{at}"), kind.clone())).collect()
    };
    let (numbers, money, shares, symbols, texts) = (
        several("n", 10, AttributeType::Int),
        several("m", 4, AttributeType::Decimal),
        several("x", 2, AttributeType::Double),
        several("s", 4, AttributeType::Symbol),
        several("t", 2, AttributeType::Text),
    );
    let texts_of = || AttributeType::set(AttributeType::Text);
    let flags = ["consent", "asleep", "resting"].iter().filter_map(|n| declare(n, AttributeType::Bool));
    let flags = flags.collect();
    let lists = ["likes", "goals", "known"].iter().filter_map(|n| declare(n, texts_of())).collect();
    let last = declare("last", AttributeType::Timestamp).unwrap_or(AttributeId::NOW);
    let wait = declare("wait", AttributeType::Duration).unwrap_or(AttributeId::NOW);
    (names, Ids { numbers, money, shares, symbols, texts, flags, lists, last, wait })
}

fn compile() -> (Schema, Ids, Index, Vec<Condition>) {
    let (mut names, ids) = schema();
    let conditions: Vec<Condition> = CONDITIONS
        .iter()
        .filter_map(|(_, _, text)| Condition::parse(text, &mut names).ok())
        .map(|(condition, _)| condition)
        .collect();
    assert_eq!(conditions.len(), CONDITIONS.len(), "a condition of the bench was refused");
    let schema = names.build();
    let mut builder = IndexBuilder::new(&schema);
    for ((ruleset, subject, _), condition) in CONDITIONS.iter().zip(&conditions) {
        builder.reserve(*ruleset, 13);
        builder.add(*ruleset, *subject, condition, OnUnknown::Fails);
    }
    (schema, ids, builder.build(), conditions)
}

const TIERS: [&str; 5] = ["bronze", "silver", "gold", "new", "back"];
const NOW: i64 = 1_790_000_000_000_000;

fn fill(facts: &mut Facts, ids: &Ids, turn: usize) {
    facts.reset();
    for (at, id) in ids.numbers.iter().enumerate() {
        facts.set_int(*id, ((turn * 7 + at * 3) % 12) as i64);
    }
    for (at, id) in ids.money.iter().enumerate() {
        facts.set_decimal(*id, Decimal::new(((turn * 31 + at * 17) % 400_000) as i64, 2));
    }
    for id in &ids.shares {
        facts.set_double(*id, (turn % 8) as f64 / 8.0);
    }
    for (at, id) in ids.symbols.iter().enumerate() {
        facts.set_symbol(*id, TIERS.get((turn + at) % 5).copied().unwrap_or_default());
    }
    for id in &ids.texts {
        facts.set_text(*id, "autumn-newsletter");
    }
    for (at, id) in ids.flags.iter().enumerate() {
        facts.set_bool(*id, (turn + at).is_multiple_of(2));
    }
    for id in &ids.lists {
        facts.set_texts(*id, ["toys", "garden", "kitchen", "toys", "candles"]);
    }
    let now = Timestamp::from_micros(NOW).unwrap_or(Timestamp::EPOCH);
    facts.set_timestamp(AttributeId::NOW, now);
    facts.set_timestamp(ids.last, now.minus(Duration::from_days((turn % 60) as i64)));
    facts.set_duration(ids.wait, Duration::from_days((turn % 9) as i64));
}

fn small(criterion: &mut Criterion) {
    let (schema, ids, index, conditions) = compile();
    let rows: Vec<Facts> = (0..64)
        .map(|turn| {
            let mut facts = Facts::new(&schema);
            fill(&mut facts, &ids, turn);
            facts
        })
        .collect();
    let mut scratch = Scratch::new(&index);
    let mut group = criterion.benchmark_group("small");
    let mut turn = 0;
    group.bench_function("fill", |bencher| {
        let mut facts = Facts::new(&schema);
        bencher.iter(|| {
            turn += 1;
            fill(&mut facts, &ids, black_box(turn));
        });
    });
    group.bench_function("decide", |bencher| {
        bencher.iter(|| {
            turn += 1;
            if let Some(facts) = rows.get(turn % rows.len()) {
                index.evaluate(black_box(facts), &mut scratch);
            }
        });
    });
    group.bench_function("why-not-all", |bencher| {
        bencher.iter(|| {
            let mut failing = 0;
            for subject in 0..13 {
                for ruleset in 0..3 {
                    if let Some(failure) = index.first_failure(ruleset, black_box(subject), &mut scratch) {
                        failing += failure.condition;
                    }
                }
            }
            failing
        });
    });
    group.bench_function("one-by-one", |bencher| {
        bencher.iter(|| {
            turn += 1;
            let Some(facts) = rows.get(turn % rows.len()) else { return 0 };
            conditions.iter().filter(|condition| condition.evaluate(black_box(facts)).is_true()).count()
        });
    });
    group.finish();
}

criterion_group!(benches, small);
criterion_main!(benches);
