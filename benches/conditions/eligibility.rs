//! How long does it take to decide the conditions of all actions? From facts that are set, for 1,000 and 10,000 actions
//! of three to five predicates over 20 attributes; how long does compiling them take, and how much memory do they need?

use std::hint::black_box;

use apropos::condition::{
    AttributeDefinition, AttributeType, Condition, Facts, Index, IndexBuilder, OnUnknown, Schema,
    SchemaBuilder, Scratch,
};
use apropos::event::{Path, Problems};
use apropos_benches::eligibility::{Given, Workload};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};

fn names(workload: &Workload) -> SchemaBuilder {
    let mut names = SchemaBuilder::new();
    let given = workload.customers.first().into_iter().flatten();
    for (name, given) in workload.attributes.iter().zip(given) {
        let kind = match given {
            Given::Bool(_) => AttributeType::Bool,
            Given::Int(_) => AttributeType::Int,
            Given::Text(_) => AttributeType::Text,
        };
        if let Ok(name) = name.parse() {
            names.declare(&Path::root(), AttributeDefinition::new(name, kind), &mut Problems::new());
        }
    }
    names
}

fn compile(workload: &Workload, texts: &[String]) -> (Schema, Index) {
    let mut names = names(workload);
    let conditions: Vec<Condition> =
        texts.iter().filter_map(|text| Condition::parse(text, &mut names).ok()).map(|(c, _)| c).collect();
    let schema = names.build();
    let mut builder = IndexBuilder::new(&schema);
    for (subject, condition) in conditions.iter().enumerate() {
        builder.add(0, subject, condition, OnUnknown::Fails);
    }
    (schema, builder.build())
}

fn fill(facts: &mut Facts, schema: &Schema, customer: &[Given]) {
    facts.reset();
    // The first attribute is `now`.
    let ids = schema.attributes().iter().skip(1).filter_map(|attribute| schema.id(attribute.name.as_str()));
    for (id, given) in ids.zip(customer) {
        match given {
            Given::Bool(b) => facts.set_bool(id, *b),
            Given::Int(n) => facts.set_int(id, *n),
            Given::Text(text) => facts.set_text(id, text),
        }
    }
}

fn eligibility(criterion: &mut Criterion) {
    for (actions, leaves) in [(1_000, 200), (10_000, 200), (10_000, 512)] {
        let workload = Workload::new(actions, leaves);
        let texts: Vec<String> = (0..actions).map(|action| workload.cel(action)).collect();
        let (schema, index) = compile(&workload, &texts);
        let rows: Vec<Facts> = workload
            .customers
            .iter()
            .map(|customer| {
                let mut facts = Facts::new(&schema);
                fill(&mut facts, &schema, customer);
                facts
            })
            .collect();
        let mut scratch = Scratch::new(&index);
        let mut holding = 0;
        for (at, facts) in rows.iter().enumerate() {
            index.evaluate(facts, &mut scratch);
            assert_eq!(scratch.holding(0).count(), workload.eligible(at), "the plain way says otherwise");
            holding += scratch.holding(0).count();
        }
        println!(
            "{actions} actions, {leaves} leaves: {} bytes an action, {:.1} % eligible, {} distinct sub-expressions",
            index.heap_bytes() / actions,
            100.0 * holding as f64 / (actions * rows.len()) as f64,
            index.distinct(),
        );
        let name = format!("{actions}x{leaves}");
        let mut group = criterion.benchmark_group("eligibility");
        let mut at = 0;
        group.bench_function(format!("decide/{name}"), |bencher| {
            bencher.iter(|| {
                at = (at + 1) % rows.len();
                if let Some(facts) = rows.get(at) {
                    index.evaluate(black_box(facts), &mut scratch);
                }
                scratch.holding(0).words().first().copied()
            });
        });
        group.bench_function(format!("fill-and-decide/{name}"), |bencher| {
            let mut facts = Facts::new(&schema);
            bencher.iter(|| {
                at = (at + 1) % rows.len();
                if let Some(customer) = workload.customers.get(at) {
                    fill(&mut facts, &schema, customer);
                }
                index.evaluate(black_box(&facts), &mut scratch);
                scratch.holding(0).words().first().copied()
            });
        });
        group.bench_function(format!("why-not/{name}"), |bencher| {
            bencher.iter(|| {
                at = (at + 1) % actions;
                index.first_failure(0, black_box(at), &mut scratch)
            });
        });
        if leaves == 200 {
            group.sample_size(10);
            group.bench_function(format!("compile/{name}"), |bencher| {
                bencher.iter_batched(|| (), |()| compile(&workload, &texts), BatchSize::PerIteration);
            });
        }
        group.finish();
    }
}

criterion_group!(benches, eligibility);
criterion_main!(benches);
