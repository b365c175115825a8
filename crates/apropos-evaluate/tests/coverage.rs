//! Intervals cover as often as they say: 1,000 synthetic logs with a known truth.
//!
//! `APROPOS_CASES` sets the number of logs, 1,000 unless it is set.

use apropos_evaluate::offpolicy::{Estimator, Evaluation, Plan, PlugInSequence, Prediction, Row};
use apropos_event::draw::{mix, unit};

const ROWS: u64 = 5_000;
const ACTIONS: usize = 5;
/// The logging policy, the new one, and the chance of a reward for each action.
const LOGGING: [f64; ACTIONS] = [0.5, 0.2, 0.15, 0.1, 0.05];
const POLICY: [f64; ACTIONS] = [0.1, 0.1, 0.2, 0.3, 0.3];
const CHANCE: [f64; ACTIONS] = [0.05, 0.10, 0.12, 0.20, 0.30];

#[expect(clippy::disallowed_methods, reason = "the size of the run is asked for by the environment")]
fn cases() -> u64 {
    std::env::var("APROPOS_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(1_000)
}

fn truth() -> f64 {
    POLICY.iter().zip(CHANCE).map(|(p, c)| p * c).sum()
}

fn row(log: u64, at: u64) -> Row {
    let base = mix(log.wrapping_mul(0x9E37_79B9).wrapping_add(at) ^ mix(log));
    let (mut u, mut action) = (unit(mix(base ^ 1)), ACTIONS - 1);
    for (index, p) in LOGGING.iter().enumerate() {
        if u < *p {
            action = index;
            break;
        }
        u -= p;
    }
    let reward = f64::from(u8::from(unit(mix(base ^ 2)) < CHANCE[action]));
    // A reward model that is wrong on purpose.
    let q = [0.10, 0.10, 0.10, 0.15, 0.15];
    Row::new(POLICY[action], LOGGING[action], reward).with_prediction(Prediction::under(&POLICY, &q, action))
}

#[test]
fn sequences_never_miss_too_often_and_fixed_intervals_cover() {
    let names = ["ipw", "snipw", "dr", "sndr", "cr"];
    let estimators: Vec<Estimator> = names.iter().map(|name| name.parse().unwrap()).collect();
    let (logs, truth) = (cases(), truth());
    let mut ever_missed = [0_u64; 2];
    let mut covered = [0_u64; 5];
    for log in 0..logs {
        let mut evaluation = Evaluation::new(Plan { estimators: estimators.clone(), ..Plan::default() });
        let mut plug_in = PlugInSequence::new((0.0, 1.0), 0.05);
        let mut missed = [false; 2];
        for at in 0..ROWS {
            let row = row(log, at);
            evaluation.push(&row).unwrap();
            plug_in.push(&row);
            if at < 100 || at % 25 == 0 {
                missed[0] |= evaluation.sequence().excludes(truth);
                missed[1] |= !plug_in.interval().contains(truth);
            }
        }
        ever_missed.iter_mut().zip(missed).for_each(|(count, missed)| *count += u64::from(missed));
        for (count, estimate) in covered.iter_mut().zip(evaluation.ungated()) {
            *count += u64::from(estimate.ci95.unwrap().contains(truth));
        }
    }
    println!("any-time misses of {logs} logs: mixture {}, plug-in {}", ever_missed[0], ever_missed[1]);
    for (name, count) in names.iter().zip(covered) {
        println!("fixed-n coverage of {name}: {:.1} %", 100.0 * count as f64 / logs as f64);
    }
    assert!(ever_missed.iter().all(|count| *count * 20 <= logs), "{ever_missed:?}");
    for (name, count) in names.iter().zip(covered) {
        assert!((930 * logs..=970 * logs).contains(&(1_000 * count)), "{name}: {count} of {logs}");
    }
}
