//! How long do uplift metrics and their bootstrap take, and how fast are budgets and bucketing?

use std::hint::black_box;

use apropos::evaluate::budget::{BudgetDefinition, Budgets, Ledger, Offer};
use apropos::evaluate::experiment::Assignment;
use apropos::evaluate::uplift::{Metrics, Scored};
use apropos::event::draw::uniform;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn units(n: u64) -> Vec<Scored> {
    (0..n)
        .map(|i| Scored {
            score: uniform(1, "score", i),
            treated: uniform(1, "arm", i) < 0.5,
            outcome: f64::from(u8::from(uniform(1, "outcome", i) < 0.2)),
        })
        .collect()
}

fn metrics(criterion: &mut Criterion) {
    let units = units(10_000);
    let mut group = criterion.benchmark_group("uplift_metrics_rows");
    group.throughput(Throughput::Elements(units.len() as u64));
    group.bench_function("10000", |bencher| bencher.iter(|| black_box(Metrics::of(&units))));
    group.finish();
}

fn assignment(criterion: &mut Criterion) {
    let grown = Assignment::new("salt", &["control", "treatment"])
        .grown("control", 5_000)
        .and_then(|assignment| assignment.grown("treatment", 5_000));
    let Ok(assignment) = grown else { return };
    criterion.bench_function("assignment", |bencher| {
        bencher.iter(|| black_box(assignment.place(black_box("customer-0123456789"))));
    });
}

fn budgets(criterion: &mut Criterion) {
    let definitions = ["cents", "vouchers", "minutes"]
        .map(|name| BudgetDefinition { name: name.to_owned(), units: 1 << 40 });
    let Ok(ledger) = Ledger::new(definitions.to_vec()) else { return };
    let costs: Vec<[u64; 3]> = (0..50).map(|a| [a * 10, a % 2, a % 3]).collect();
    let offers: Vec<Offer<'_>> =
        costs.iter().enumerate().map(|(a, costs)| Offer { value: a as f64, costs }).collect();
    let mut budgets = Budgets::new(ledger, 1e9);
    criterion.bench_function("budget_decision_50_offers", |bencher| {
        bencher.iter(|| {
            let decided = budgets.decide(black_box(&offers));
            if let Some((_, reservation)) = &decided {
                let _ = black_box(budgets.ledger_mut().release(reservation));
            }
        });
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(std::time::Duration::from_secs(2));
    targets = metrics, assignment, budgets
}
criterion_main!(benches);
