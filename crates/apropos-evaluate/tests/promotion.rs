//! Whether a better policy or treatment is promoted in time, and one that is no better almost never.
//!
//! `APROPOS_CASES` is the number of trials of each kind, 100 unless it is set. Everything is watched the whole time.

#![expect(clippy::unwrap_used, reason = "a row that is not taken is a failing test")]

use apropos_evaluate::experiment::{Arm, Comparison, Metric, Terms, compare, watched_sample_size};
use apropos_evaluate::offpolicy::{Evaluation, Plan, Promotion, Row, gain_rows};
use apropos_event::draw::{mix, unit};

#[expect(clippy::disallowed_methods, reason = "the size of the run is asked for by the environment")]
fn cases() -> u64 {
    std::env::var("APROPOS_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(100)
}

fn draws(kind: u64, trial: u64) -> impl FnMut() -> f64 {
    let base = mix(mix(kind) ^ trial);
    let mut slot = 0_u64;
    move || {
        slot += 1;
        unit(mix(base ^ slot.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
    }
}

/// The chance of a yes in the control arm.
const BASE: f64 = 0.3;

/// Watches an experiment until it is decided or `units` have come to each arm, looking every `every` units an arm.
fn watch(kind: u64, trial: u64, lift: f64, units: u64, every: u64) -> Promotion {
    let mut draw = draws(kind, trial);
    let mut arms = [Arm::default(); 2];
    let terms = Terms { metric: Metric::Proportion, tuning_units: 2.0 * units as f64, ..Terms::default() };
    for unit in 1..=units {
        for (arm, chance) in arms.iter_mut().zip([BASE, BASE * (1.0 + lift)]) {
            arm.push(f64::from(u8::from(draw() < chance)));
        }
        if unit % every == 0 || unit == units {
            let found =
                compare(&arms[0], &arms[1], &terms).as_ref().map_or(Promotion::Wait, Comparison::promotion);
            if found != Promotion::Wait {
                return found;
            }
        }
    }
    Promotion::Wait
}

#[test]
fn an_experiment_promotes_a_lift_of_five_percent_in_time_and_equals_almost_never() {
    let trials = cases();
    let units = watched_sample_size(BASE, BASE * 1.05, 0.05, 0.8) as u64;
    let count = |kind: u64, lift: f64, wanted: &dyn Fn(Promotion) -> bool| {
        (0..trials).filter(|trial| wanted(watch(kind, *trial, lift, units, 200))).count() as u64
    };
    let promoted_equals = count(1, 0.0, &|found| found == Promotion::Promote);
    let promoted = count(2, 0.05, &|found| found == Promotion::Promote);
    let rejected = count(2, 0.05, &|found| found == Promotion::Reject);
    println!(
        "experiment, {trials} trials of {units} units an arm, a look every 200: equals promoted {:.1} %, a lift of 5 % \
         promoted {:.1} %, rejected {rejected}",
        100.0 * promoted_equals as f64 / trials as f64,
        100.0 * promoted as f64 / trials as f64
    );
    assert!(promoted_equals * 20 <= trials, "{promoted_equals} of {trials}");
    assert!(trials * 80 <= promoted * 100, "{promoted} of {trials}");
    assert_eq!(rejected, 0);
}

/// Two actions, logged evenly; the rewards are yes or no.
struct World {
    chances: [f64; 2],
    policy: [f64; 2],
}

impl World {
    fn row(&self, draw: &mut impl FnMut() -> f64) -> Row {
        let action = usize::from(draw() < 0.5);
        let reward = f64::from(u8::from(draw() < self.chances[action]));
        Row::new(self.policy[action], 0.5, reward)
    }

    /// What the policy earns beyond the log, and the spread of (w − 1) r.
    fn gain(&self) -> (f64, f64) {
        let (mut mean, mut squares) = (0.0, 0.0);
        for (chance, policy) in self.chances.iter().zip(self.policy) {
            let more = policy / 0.5 - 1.0;
            mean += 0.5 * more * chance;
            squares += 0.5 * more * more * chance;
        }
        (mean, libm::sqrt(squares - mean * mean))
    }

    fn watch(&self, kind: u64, trial: u64, rows: u64) -> Promotion {
        let mut draw = draws(kind, trial);
        let plan = Plan { estimators: vec!["ipw".parse().unwrap()], ..Plan::default() };
        let mut evaluation = Evaluation::new(Plan { max_weight: Some(2.0), ..plan });
        for at in 1..=rows {
            evaluation.push(&self.row(&mut draw)).unwrap();
            if at % 100 == 0 || at == rows {
                let found = evaluation.gain().promotion();
                if found != Promotion::Wait {
                    return found;
                }
            }
        }
        Promotion::Wait
    }
}

#[test]
fn a_policy_is_promoted_from_a_log_in_time_and_an_equal_one_almost_never() {
    let trials = cases();
    // The better policy earns 5 % more than the log: 0.3 · 1.05.
    let better = World { chances: [0.25, 0.35], policy: [0.35, 0.65] };
    let equal = World { chances: [0.3, 0.3], policy: [0.35, 0.65] };
    let (gain, sd) = better.gain();
    assert!((gain / BASE - 0.05).abs() < 1e-12);
    let rows = gain_rows(gain, sd, 1.0, 0.05, 0.8) as u64;
    let count = |world: &World, kind: u64, wanted: Promotion| {
        (0..trials).filter(|trial| world.watch(kind, *trial, rows) == wanted).count() as u64
    };
    let promoted = count(&better, 3, Promotion::Promote);
    let rejected = count(&better, 3, Promotion::Reject);
    let equals = count(&equal, 4, Promotion::Promote);
    println!(
        "policy, {trials} logs of {rows} rows, a look every 100: equals promoted {:.1} %, 5 % more promoted {:.1} %, \
         rejected {rejected}",
        100.0 * equals as f64 / trials as f64,
        100.0 * promoted as f64 / trials as f64
    );
    assert!(equals * 20 <= trials, "{equals} of {trials}");
    assert!(trials * 80 <= promoted * 100, "{promoted} of {trials}");
    assert_eq!(rejected, 0);
}
