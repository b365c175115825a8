//! Intervals cover as often as they say, on synthetic logs of many shapes with a known truth.
//!
//! `APROPOS_CASES` is the number of logs of each shape, each of twenty times as many rows: 150 logs of 3,000 rows unless
//! it is set, 1,000 logs of 20,000 rows in the longer suite. Sequences are asked after every single row.

#![expect(clippy::unwrap_used, reason = "a row that is not taken is a failing test")]

use apropos_evaluate::offpolicy::{
    Estimate, Estimator, Evaluation, Interval, Plan, PlugInSequence, Prediction, Row,
};
use apropos_event::draw::{mix, unit};

const ACTIONS: usize = 5;
const NAMES: [&str; 5] = ["ipw", "snipw", "dr", "sndr", "cr"];

#[expect(clippy::disallowed_methods, reason = "the size of the run is asked for by the environment")]
fn cases() -> u64 {
    std::env::var("APROPOS_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(150)
}

/// A kind of log. Everything may depend on how far the log has come, from 0 to 1.
struct Shape {
    name: &'static str,
    /// The probabilities of the logging policy, now.
    logging: fn(f64) -> [f64; ACTIONS],
    policy: [f64; ACTIONS],
    /// The chance of a reward for each action, now.
    chance: fn(f64) -> [f64; ACTIONS],
    /// The least probability that the logging policy promises.
    floor: f64,
}

const LADDER: [f64; ACTIONS] = [0.05, 0.10, 0.12, 0.20, 0.30];

const SHAPES: [Shape; 5] = [
    Shape {
        name: "light weights",
        logging: |_| [0.2; ACTIONS],
        policy: [0.1, 0.15, 0.2, 0.25, 0.3],
        chance: |_| LADDER,
        floor: 0.2,
    },
    Shape {
        name: "heavy weights",
        logging: |_| [0.60, 0.25, 0.10, 0.04, 0.01],
        policy: [0.10, 0.15, 0.30, 0.25, 0.20],
        chance: |_| LADDER,
        floor: 0.01,
    },
    Shape {
        name: "drifting logging policy",
        // A learner that moves from the first action to the last while it logs.
        logging: |t| {
            let p = |a: f64, b: f64| a + (b - a) * t;
            [p(0.60, 0.05), p(0.20, 0.05), p(0.10, 0.10), p(0.05, 0.20), p(0.05, 0.60)]
        },
        policy: [0.1, 0.1, 0.2, 0.3, 0.3],
        chance: |_| LADDER,
        floor: 0.05,
    },
    Shape {
        name: "drifting rewards",
        // Tastes change by half; what is estimated is the mean over the log so far.
        logging: |_| [0.5, 0.2, 0.15, 0.1, 0.05],
        policy: [0.1, 0.1, 0.2, 0.3, 0.3],
        chance: |t| LADDER.map(|p| p * (1.0 - 0.5 * t)),
        floor: 0.05,
    },
    Shape {
        name: "rare rewards",
        logging: |_| [0.3, 0.3, 0.2, 0.1, 0.1],
        policy: [0.1, 0.2, 0.2, 0.2, 0.3],
        chance: |_| [0.002, 0.004, 0.006, 0.008, 0.012],
        floor: 0.1,
    },
];

impl Shape {
    fn value(&self, t: f64) -> f64 {
        self.policy.iter().zip((self.chance)(t)).map(|(p, c)| p * c).sum()
    }

    fn row(&self, log: u64, at: u64, t: f64) -> Row {
        let base = mix(log.wrapping_mul(0x9E37_79B9).wrapping_add(at) ^ mix(log));
        let logging = (self.logging)(t);
        let (mut u, mut action) = (unit(mix(base ^ 1)), ACTIONS - 1);
        for (index, p) in logging.iter().enumerate() {
            if u < *p {
                action = index;
                break;
            }
            u -= p;
        }
        let reward = f64::from(u8::from(unit(mix(base ^ 2)) < (self.chance)(t)[action]));
        // A reward model that is wrong on purpose.
        let start = (self.chance)(0.0);
        let q = [start[1], start[1], start[1], start[2], start[2]];
        let prediction = Prediction::under(&self.policy, &q, action);
        Row::new(self.policy[action], logging[action], reward).with_prediction(prediction)
    }

    /// The largest weight that the promised floor allows.
    fn max_weight(&self) -> f64 {
        self.policy.iter().copied().fold(0.0, f64::max) / self.floor
    }
}

/// What came of all logs of one shape.
#[derive(Default)]
struct Tally {
    /// Logs in which a sequence missed at any row: mixture, mixture told of the floor, plug-in.
    ever_missed: [u64; 3],
    /// Logs whose interval for this number of rows holds the truth, by estimator.
    covered: [u64; NAMES.len()],
    /// Sums of widths: the three sequences, and the interval of `ipw` for this number of rows.
    widths: [f64; 4],
}

impl Tally {
    fn take(&mut self, shape: &Shape, log: u64, rows: u64) {
        let estimators = NAMES.iter().map(|name| name.parse::<Estimator>().unwrap()).collect();
        let plan = Plan { estimators, tuning_rows: rows as f64, ..Plan::default() };
        let mut evaluation = Evaluation::new(plan);
        let mut plug_in = PlugInSequence::new((0.0, 1.0), 0.05);
        let (mut missed, mut sum) = ([false; 3], 0.0);
        for at in 0..rows {
            let t = at as f64 / rows as f64;
            let row = shape.row(log, at, t);
            evaluation.push(&row).unwrap();
            plug_in.push(&row);
            sum += shape.value(t);
            let truth = sum / (at + 1) as f64;
            let mixture = evaluation.sequence();
            missed[0] |= mixture.excludes(truth);
            missed[1] |= mixture.with_max_weight(shape.max_weight()).excludes(truth);
            missed[2] |= !plug_in.interval().contains(truth);
        }
        let truth = sum / rows as f64;
        self.ever_missed.iter_mut().zip(missed).for_each(|(count, missed)| *count += u64::from(missed));
        let estimates: Vec<Estimate> = evaluation.ungated();
        let fixed: Vec<Interval> = estimates.iter().map(|estimate| estimate.ci95.unwrap()).collect();
        for (count, interval) in self.covered.iter_mut().zip(&fixed) {
            *count += u64::from(interval.contains(truth));
        }
        let mixture = evaluation.sequence();
        let told = mixture.with_max_weight(shape.max_weight());
        let widths = [mixture.interval(), told.interval(), plug_in.interval(), fixed[0]];
        self.widths.iter_mut().zip(widths).for_each(|(sum, interval)| *sum += interval.width());
    }
}

#[test]
fn sequences_never_miss_too_often_and_fixed_intervals_cover() {
    let logs = cases();
    let rows = 20 * logs;
    // Six standard errors of a count at 95 %, and the pass line of the longer suite where that is tighter.
    let slack = (6.0 * libm::sqrt(0.05 * 0.95 / logs as f64)).max(0.02);
    for shape in &SHAPES {
        let mut tally = Tally::default();
        (0..logs).for_each(|log| tally.take(shape, log, rows));
        let percent = |count: u64| 100.0 * count as f64 / logs as f64;
        let wider = |at: usize| tally.widths[at] / tally.widths[3];
        println!("{}: {logs} logs of {rows} rows", shape.name);
        for (at, name) in ["mixture", "mixture with floor", "plug-in"].iter().enumerate() {
            println!(
                "  {name}: {:.1} % ever missed, {:.2} times as wide as the interval for one look",
                percent(tally.ever_missed[at]),
                wider(at)
            );
            assert!(tally.ever_missed[at] * 20 <= logs, "{}: {name}", shape.name);
        }
        assert!(wider(1) < 4.0, "{}: a sequence this wide says nothing", shape.name);
        let line: Vec<String> =
            NAMES.iter().zip(tally.covered).map(|(name, n)| format!("{name} {:.1} %", percent(n))).collect();
        println!("  covered at the end: {}", line.join(", "));
        for (name, count) in NAMES.iter().zip(tally.covered) {
            let off = (count as f64 / logs as f64 - 0.95).abs();
            assert!(off <= slack, "{}: {name} covers {count} of {logs}", shape.name);
        }
    }
}
