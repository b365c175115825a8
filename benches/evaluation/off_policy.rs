//! How many logged rows a second does an evaluation take? Weight-only estimators, and doubly robust over 50 actions.

use std::hint::black_box;

use apropos::evaluate::offpolicy::{Estimator, Evaluation, Plan, Prediction, Row};
use apropos::event::draw::uniform;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const ROWS: usize = 100_000;
const ACTIONS: usize = 50;

fn rows() -> Vec<Row> {
    (0..ROWS as u64)
        .map(|i| {
            let reward = f64::from(u8::from(uniform(1, "reward", i) < 0.05));
            Row::new(uniform(1, "policy", i), 0.05 + 0.9 * uniform(1, "logged", i), reward)
        })
        .collect()
}

fn evaluate(estimators: &[&str]) -> Evaluation {
    let estimators = estimators.iter().filter_map(|name| name.parse::<Estimator>().ok()).collect();
    Evaluation::new(Plan { estimators, ..Plan::default() })
}

fn weight_only(criterion: &mut Criterion) {
    let rows = rows();
    let mut group = criterion.benchmark_group("weight_only_rows");
    group.throughput(Throughput::Elements(ROWS as u64));
    for (name, estimators) in [
        ("ipw_snipw_cr", &["ipw", "snipw", "cr"][..]),
        ("all_seven", &["replay", "ipw", "ipw_clip5", "ipw_clip20", "snipw", "sgipw_l0.1", "cr"][..]),
    ] {
        let empty = evaluate(estimators);
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let mut evaluation = empty.clone();
                for row in &rows {
                    let _ = black_box(evaluation.push(row));
                }
                evaluation
            });
        });
    }
    group.finish();
}

fn doubly_robust(criterion: &mut Criterion) {
    let rows = rows();
    let policies: Vec<Vec<f64>> =
        (0..64).map(|at| (0..ACTIONS as u64).map(|a| uniform(at, "p", a) / 25.0).collect()).collect();
    let predictions: Vec<Vec<f64>> =
        (0..64).map(|at| (0..ACTIONS as u64).map(|a| uniform(at, "q", a)).collect()).collect();
    let mut group = criterion.benchmark_group("doubly_robust_rows_50_actions");
    group.throughput(Throughput::Elements(ROWS as u64));
    for (name, estimators) in [
        ("dr", &["dr"][..]),
        ("dm_dr_sndr_switch_dros_sgdr", &["dm", "dr", "sndr", "switch_dr_t5", "dros_l10", "sgdr_l0.1"][..]),
    ] {
        let empty = evaluate(estimators);
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let mut evaluation = empty.clone();
                for (at, row) in rows.iter().enumerate() {
                    let (policy, q) = (&policies[at % 64], &predictions[at % 64]);
                    let row = row.with_prediction(Prediction::under(policy, q, at % ACTIONS));
                    let _ = black_box(evaluation.push(&row));
                }
                evaluation
            });
        });
    }
    group.finish();
}

fn sequence(criterion: &mut Criterion) {
    let mut evaluation = evaluate(&["ipw"]);
    for row in rows() {
        let _ = evaluation.push(&row);
    }
    criterion.bench_function("confidence_sequence", |bencher| {
        bencher.iter(|| black_box(evaluation.sequence().interval()));
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(std::time::Duration::from_secs(4));
    targets = weight_only, doubly_robust, sequence
}
criterion_main!(benches);
