//! How far estimates lie from the truth, in the two studies that the field repeats: a classification set turned into a
//! bandit log, and a synthetic log of thirty actions. Mean relative errors over thirty runs, beside the published ones.
//!
//! Policies and reward models are our own (ridge, nearest neighbour), the sizes and mixtures those of the Open Bandit
//! Pipeline's examples: so the figures can be compared in size, not to the digit.

mod support;

use apropos_evaluate::offpolicy::{Evaluation, Plan, Prediction, RewardModel, RidgeModel, Row};
use apropos_event::draw::{mix, unit};
use support::{csv, data};

const RUNS: u64 = 30;
const NAMES: [&str; 7] = ["dm", "ipw", "snipw", "dr", "sndr", "switch_dr_t5", "dros_l500"];

/// A decision whose expected reward is known for each action.
struct Round {
    x: Vec<f64>,
    logging: Vec<f64>,
    policy: Vec<f64>,
    truth: Vec<f64>,
}

/// Random numbers of one run, one after the other.
fn draws(run: u64) -> impl FnMut() -> f64 {
    let base = mix(run ^ 0x5EED);
    let mut slot = 0_u64;
    move || {
        slot += 1;
        unit(mix(base ^ slot.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn best(values: &[f64]) -> usize {
    (0..values.len()).fold(0, |best, at| if values[best] < values[at] { at } else { best })
}

/// Logs the rounds, fits a ridge of the reward in three folds, and gives the relative error of each estimator.
fn errors(rounds: &[Round], penalty: f64, draw: &mut impl FnMut() -> f64) -> Vec<f64> {
    let actions = rounds[0].policy.len();
    let log: Vec<(usize, f64)> = rounds
        .iter()
        .map(|round| {
            let (mut u, mut action) = (draw(), actions - 1);
            for (at, p) in round.logging.iter().enumerate() {
                if u < *p {
                    action = at;
                    break;
                }
                u -= p;
            }
            (action, f64::from(u8::from(draw() < round.truth[action])))
        })
        .collect();
    let models: Vec<RidgeModel> = (0..3)
        .map(|held_out| {
            let mut model = RidgeModel::new(actions, rounds[0].x.len(), penalty);
            for (at, (round, (action, reward))) in rounds.iter().zip(&log).enumerate() {
                if at % 3 != held_out {
                    model.push(&round.x, *action, *reward);
                }
            }
            model.fit();
            model
        })
        .collect();
    let estimators = NAMES.iter().filter_map(|name| name.parse().ok()).collect();
    let mut evaluation = Evaluation::new(Plan { estimators, ..Plan::default() });
    let (mut q, mut truth) = (vec![0.0; actions], 0.0);
    for (at, (round, (action, reward))) in rounds.iter().zip(&log).enumerate() {
        models[at % 3].predict(&round.x[..], &mut q);
        let row = Row::new(round.policy[*action], round.logging[*action], *reward);
        let taken = evaluation.push(&row.with_prediction(Prediction::under(&round.policy, &q, *action)));
        assert_eq!(taken, Ok(()));
        truth += dot(&round.policy, &round.truth) / rounds.len() as f64;
    }
    evaluation.ungated().iter().map(|estimate| (estimate.value / truth - 1.0).abs()).collect()
}

/// Mean errors over all runs, told beside what was published.
fn study(name: &str, published: [f64; NAMES.len()], run: impl Fn(u64) -> Vec<f64>) {
    let mut mean = vec![0.0; NAMES.len()];
    for at in 0..RUNS {
        mean.iter_mut().zip(run(at)).for_each(|(mean, error)| *mean += error / RUNS as f64);
    }
    for ((estimator, mean), published) in NAMES.iter().zip(&mean).zip(published) {
        println!("{name}: {estimator:<14} relative error {mean:.4}, published {published:.4}");
    }
    assert!(mean[3] < mean[1], "{name}: a reward model should help");
    assert!(mean[3] <= 2.0 * published[3], "{name}: the error of dr is {}", mean[3]);
}

#[test]
fn digits_as_a_bandit_log() {
    let Some(folder) = data("digits") else { return };
    let (_, rows) = csv(&folder.join("cb/digits.csv.gz"));
    let rows: Vec<Vec<f64>> =
        rows.iter().map(|row| row.iter().filter_map(|field| field.parse().ok()).collect()).collect();
    let run = |run: u64| {
        let mut draw = draws(run);
        // Three tenths to learn the two policies from, the rest to log and to judge.
        let (learn, judge): (Vec<_>, Vec<_>) = rows.iter().partition(|_| draw() < 0.3);
        let label = |row: &Vec<f64>| row[0] as usize - 1;
        let mut ridge = RidgeModel::new(10, rows[0].len() - 1, 10.0);
        for row in &learn {
            (0..10).for_each(|k| ridge.push(&row[1..], k, f64::from(u8::from(k == label(row)))));
        }
        ridge.fit();
        let mixture = |greedy: usize, share: f64| -> Vec<f64> {
            (0..10).map(|k| (1.0 - share) / 10.0 + if k == greedy { share } else { 0.0 }).collect()
        };
        let rounds: Vec<Round> = judge
            .iter()
            .map(|row| {
                let mut scores = vec![0.0; 10];
                ridge.predict(&row[1..], &mut scores);
                let far = |other: &&&Vec<f64>| -> f64 {
                    row[1..].iter().zip(&other[1..]).map(|(a, b)| (a - b) * (a - b)).sum()
                };
                let nearest =
                    learn.iter().min_by(|a, b| far(a).total_cmp(&far(b))).map_or(0, |near| label(near));
                Round {
                    x: row[1..].to_vec(),
                    logging: mixture(best(&scores), 0.8),
                    policy: mixture(nearest, 0.9),
                    truth: (0..10).map(|k| f64::from(u8::from(k == label(row)))).collect(),
                }
            })
            .collect();
        errors(&rounds, 10.0, &mut draw)
    };
    study("digits", [0.437, 0.0303, 0.0228, 0.0162, 0.0221, 0.0347, 0.0159], run);
}

#[test]
fn thirty_actions_on_ten_thousand_rows() {
    let run = |run: u64| {
        let mut draw = draws(1_000 + run);
        let mut table = |scale: f64| -> Vec<Vec<f64>> {
            (0..30).map(|_| (0..6).map(|_| scale * (2.0 * draw() - 1.0)).collect()).collect()
        };
        let (reward, logging, policy) = (table(1.0), table(0.7), table(0.7));
        let softmax = |table: &[Vec<f64>], x: &[f64]| -> Vec<f64> {
            let raw: Vec<f64> = table.iter().map(|row| libm::exp(dot(row, x))).collect();
            let sum: f64 = raw.iter().sum();
            raw.iter().map(|p| p / sum).collect()
        };
        let rounds: Vec<Round> = (0..10_000)
            .map(|_| {
                let x: Vec<f64> = (0..5).map(|_| 2.0 * draw() - 1.0).chain([1.0]).collect();
                let truth = reward.iter().map(|row| 1.0 / (1.0 + libm::exp(-dot(row, &x)))).collect();
                Round { logging: softmax(&logging, &x), policy: softmax(&policy, &x), truth, x }
            })
            .collect();
        errors(&rounds, 1.0, &mut draw)
    };
    study("synthetic", [0.0744, 0.0095, 0.0067, 0.0062, 0.0061, 0.0062, 0.0220], run);
}
