//! What does a decision cost, and what does learning from it?
//!
//! Beside each of our figures stands a plain kernel of the same run: two row tables (means and variances), 50 active
//! features, a loop over rows, then the best optimistic candidate. `learn/score-choose/N` should stay within twice
//! `learn/plain-kernel/N`.
#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up has nothing to report")]

use std::hint::black_box;

use apropos::event::{ActionId, draw};
use apropos::learn::{
    Features, FullDefinition, Input, InputDefinition, InputKind, Model, ModelDefinition, Outcome,
    RewardDefinition, Scores, explore,
};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

/// Inputs of the wide model: 49 of its features and the bias are active in every context.
const ACTIVE: usize = 49;

fn input(at: usize, kind: InputKind) -> InputDefinition {
    InputDefinition { name: format!("i{at}"), kind }
}

fn actions(n: usize) -> Vec<ActionId> {
    (0..n).map(|at| ActionId::new(format!("a{at}")).unwrap()).collect()
}

/// A model over flags, of which the first 49 are set in the context encoded with it.
fn flags(n: usize, inputs: usize, full: usize) -> (Model, Features) {
    let definition = ModelDefinition {
        inputs: (0..inputs).map(|at| input(at, InputKind::Flag)).collect(),
        rewards: vec![RewardDefinition::new("click")],
        full: FullDefinition { features: full, ..FullDefinition::default() },
        ..ModelDefinition::default()
    };
    let mut model = Model::new(&definition, &actions(n)).unwrap();
    let mut features = Features::new();
    let mut values = vec![Input::Flag(false); inputs];
    for t in 0..200_u64 {
        for (at, value) in values.iter_mut().enumerate() {
            *value = Input::Flag(draw::uniform(1, "flag", t * inputs as u64 + at as u64) < 0.3);
        }
        model.encode(&values, &mut features).unwrap();
        let action = (draw::bits(2, "action", t) % n as u64) as u32;
        model.learn(&features, action, &Outcome::new(0, (t % 2) as f64), 1.0).unwrap();
    }
    // Spread over the whole table, so that rows are not neighbours.
    for (at, value) in values.iter_mut().enumerate() {
        *value = Input::Flag(at % (inputs / ACTIVE) == 0 && at / (inputs / ACTIVE) < ACTIVE);
    }
    model.encode(&values, &mut features).unwrap();
    (model, features)
}

/// The plain kernel: what the arithmetic alone costs.
fn plain(mean: &[f32], variance: &[f32], rows: &[usize], n: usize, sums: &mut [Vec<f32>; 2]) -> usize {
    let [m, v] = sums;
    m.fill(0.0);
    v.fill(0.0);
    for &row in rows {
        let x = black_box(1.0_f32);
        for (sum, weight) in m.iter_mut().zip(&mean[row * n..(row + 1) * n]) {
            *sum += weight * x;
        }
        for (sum, weight) in v.iter_mut().zip(&variance[row * n..(row + 1) * n]) {
            *sum += weight * (x * x);
        }
    }
    let (mut best, mut top) = (0, f32::NEG_INFINITY);
    for (at, (m, v)) in m.iter().zip(v.iter()).enumerate() {
        let score = m + 0.2 * v.sqrt();
        if top < score {
            (best, top) = (at, score);
        }
    }
    best
}

fn score(c: &mut Criterion) {
    let mut group = c.benchmark_group("learn");
    for n in [10, 100, 1_000, 10_000] {
        let inputs = 490;
        let (model, features) = flags(n, inputs, 0);
        let candidates: Vec<u32> = (0..n as u32).collect();
        let mut scores = Scores::new();
        let (mut values, mut probabilities) = (Vec::new(), Vec::new());
        let policy = model.definition().exploration.policy;
        let mut t = 0_u64;
        group.bench_function(BenchmarkId::new("score-choose", n), |b| {
            b.iter(|| {
                t += 1;
                model.score(&features, &candidates, 0, &mut scores).unwrap();
                scores.optimistic(policy.optimism(), &mut values);
                explore::probabilities(&policy, &values, 1.0, t, 0.001, &mut probabilities);
                explore::choose(&probabilities, draw::unit(draw::mix(t)))
            });
        });
        group.bench_function(BenchmarkId::new("score", n), |b| {
            b.iter(|| {
                model.score(&features, &candidates, 0, &mut scores).unwrap();
                scores.p().first().copied()
            });
        });
        let mut taught = model.clone();
        group.bench_function(BenchmarkId::new("loop", n), |b| {
            b.iter(|| {
                t += 1;
                taught.score(&features, &candidates, 0, &mut scores).unwrap();
                scores.optimistic(policy.optimism(), &mut values);
                explore::probabilities(&policy, &values, 1.0, t, 0.001, &mut probabilities);
                let choice = explore::choose(&probabilities, draw::unit(draw::mix(t))).unwrap();
                let outcome = Outcome::new(0, (t % 3 % 2) as f64);
                taught.learn(&features, choice.index as u32, &outcome, 1.0)
            });
        });
        drop(taught);
        let padded = n.div_ceil(8) * 8;
        let table: Vec<f32> = (0..padded * inputs * 2).map(|at| (at % 97) as f32 * 1e-3).collect();
        let (mean, variance) = table.split_at(padded * inputs);
        let rows: Vec<usize> = (0..=ACTIVE).map(|at| at * inputs / (ACTIVE + 1)).collect();
        let mut sums = [vec![0.0; padded], vec![0.0; padded]];
        group.bench_function(BenchmarkId::new("plain-kernel", n), |b| {
            b.iter(|| plain(mean, variance, &rows, padded, &mut sums));
        });
    }
    group.finish();
}

fn learn(c: &mut Criterion) {
    let mut group = c.benchmark_group("learn");
    let (mut model, features) = flags(16, 490, 0);
    let mut t = 0_u64;
    group.bench_function("outcome/50-active", |b| {
        b.iter(|| {
            t += 1;
            model.learn(&features, (t % 16) as u32, &Outcome::new(0, (t % 3 % 2) as f64), 1.0)
        });
    });
    // d = 128: 127 flags and the bias, of which 43 are set.
    let (model, features) = flags(26, 127, 128);
    let candidates: Vec<u32> = (0..26).collect();
    let mut scores = Scores::new();
    let mut taught = model.clone();
    for t in 0..2_600_u32 {
        taught.learn(&features, t % 26, &Outcome::new(0, f64::from(t % 3 % 2)), 1.0).unwrap();
    }
    group.bench_function("full-128/score-26", |b| {
        b.iter(|| taught.score(&features, &candidates, 0, &mut scores));
    });
    let mut t = 0_u32;
    group.bench_function("full-128/outcome", |b| {
        b.iter(|| {
            t += 1;
            taught.learn(&features, t % 26, &Outcome::new(0, f64::from(t % 3 % 2)), 1.0)
        });
    });
    let definition = ModelDefinition {
        inputs: (0..12)
            .map(|at| input(at, InputKind::Number))
            .chain((12..25).map(|at| input(at, InputKind::Category)))
            .collect(),
        rewards: vec![RewardDefinition::new("click")],
        ..ModelDefinition::default()
    };
    let model = Model::new(&definition, &actions(1)).unwrap();
    let values: Vec<Input<'_>> =
        (0..25).map(|at| if at < 12 { Input::Number(f64::from(at)) } else { Input::Category("x") }).collect();
    let mut features = Features::new();
    group.bench_function("encode/25-inputs", |b| b.iter(|| model.encode(&values, &mut features)));
    group.finish();
}

/// A small playbook: a handful of inputs, 13 actions, both tiers; after 5,000 outcomes.
fn small(c: &mut Criterion) {
    let kinds =
        [InputKind::Number, InputKind::Number, InputKind::Category, InputKind::Category, InputKind::Flag];
    let definition = ModelDefinition {
        inputs: kinds.iter().enumerate().map(|(at, kind)| input(at, *kind)).collect(),
        rewards: vec![RewardDefinition { base_rate: 0.05, ..RewardDefinition::new("click") }],
        ..ModelDefinition::default()
    };
    let mut model = Model::new(&definition, &actions(13)).unwrap();
    let context = |t: u64| {
        let u = |slot: u64| draw::unit(draw::mix(draw::mix(slot).wrapping_add(t)));
        [
            Input::Number(u(1)),
            Input::Number(u(2) * u(3)),
            Input::Code((u(4) * 6.0) as u64),
            Input::Code((u(5) * 12.0) as u64),
            Input::Flag(u(6) < 0.3),
        ]
    };
    let (mut features, mut scores) = (Features::new(), Scores::new());
    for t in 0..5_000_u64 {
        model.encode(context(t), &mut features).unwrap();
        let hit = f64::from(u8::from(draw::unit(draw::mix(!t)) < 0.05));
        model.learn(&features, (t % 13) as u32, &Outcome::new(0, hit), 1.0).unwrap();
    }
    let contexts: Vec<[Input<'_>; 5]> = (0..64).map(context).collect();
    let candidates: Vec<u32> = (0..13).collect();
    let mut t = 0;
    let mut group = c.benchmark_group("learn");
    group.bench_function("small/encode", |b| {
        b.iter(|| {
            t = (t + 1) % 64;
            model.encode(contexts[t].iter(), &mut features)
        });
    });
    group
        .bench_function("small/score-13", |b| b.iter(|| model.score(&features, &candidates, 0, &mut scores)));
    group.bench_function("small/outcome", |b| {
        b.iter(|| {
            t = (t + 1) % 64;
            model.learn(&features, (t % 13) as u32, &Outcome::new(0, f64::from(u8::from(t == 0))), 1.0)
        });
    });
    group.finish();
}

criterion_group!(benches, score, learn, small);
criterion_main!(benches);
