//! Estimates with a logistic reward model agree with published ones, as far as an optimiser's stopping rule allows.
//!
//! The published model is fitted by another optimiser, which stops where the gradient is below 1e-4; ours goes on to the
//! optimum. Features, folds and penalty are the same: one-hot codes of the user and four columns of the item, one model a
//! position, three folds in the order that NumPy's generator shuffles them into.

mod support;

use std::collections::BTreeSet;

use apropos_evaluate::logs::open_bandit::Shown;
use apropos_evaluate::offpolicy::{Estimator, Evaluation, Plan, Prediction, Row};
use apropos_evaluate::uplift::{Learner, Logistic, Predict};
use support::obd::{ACTIONS, POLICIES, POSITIONS, bts, evaluated, shown, table, top};
use support::{csv, data, json};

/// The Mersenne twister (Matsumoto and Nishimura 1998) with the seed of the published folds.
struct Twister {
    state: [u32; 624],
    at: usize,
}

impl Twister {
    fn new(seed: u32) -> Self {
        let mut state = [seed; 624];
        for i in 1..624 {
            let before = state[i - 1];
            state[i] = 1_812_433_253_u32.wrapping_mul(before ^ (before >> 30)).wrapping_add(i as u32);
        }
        Self { state, at: 624 }
    }

    fn next(&mut self) -> u32 {
        if self.at == 624 {
            for i in 0..624 {
                let y = (self.state[i] & 0x8000_0000) | (self.state[(i + 1) % 624] & 0x7fff_ffff);
                let odd = if y & 1 == 1 { 0x9908_b0df } else { 0 };
                self.state[i] = self.state[(i + 397) % 624] ^ (y >> 1) ^ odd;
            }
            self.at = 0;
        }
        let mut y = self.state[self.at];
        self.at += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    /// The numbers below `n`, shuffled as NumPy's legacy generator does.
    fn shuffled(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for i in (1..n).rev() {
            let mask = u32::MAX >> (i as u32).leading_zeros();
            let j = loop {
                let drawn = (self.next() & mask) as usize;
                if drawn <= i {
                    break drawn;
                }
            };
            order.swap(i, j);
        }
        order
    }
}

/// The fold of each row: three shares of a shuffled log.
fn folds(rows: usize) -> Vec<usize> {
    let order = Twister::new(12_345).shuffled(rows);
    let mut fold = vec![0; rows];
    let first = rows.div_ceil(3);
    let second = first + (rows - first).div_ceil(2);
    for (place, row) in order.into_iter().enumerate() {
        fold[row] = usize::from(first <= place) + usize::from(second <= place);
    }
    fold
}

/// The codes of each user feature as ones and zeros, the smallest code left out.
fn one_hot(rows: &[Shown]) -> Vec<Vec<f64>> {
    let mut codes: Vec<BTreeSet<&str>> = vec![BTreeSet::new(); 4];
    for row in rows {
        for (codes, code) in codes.iter_mut().zip(&row.user_features) {
            codes.insert(code);
        }
    }
    let columns = |row: &Shown| -> Vec<f64> {
        let of = |(codes, code): (&BTreeSet<&str>, &String)| -> Vec<f64> {
            codes.iter().skip(1).map(|known| f64::from(u8::from(known == code))).collect()
        };
        codes.iter().zip(&row.user_features).flat_map(of).collect()
    };
    rows.iter().map(columns).collect()
}

/// The predicted click rate of every item for every row, by models that have not seen the row.
fn predictions(rows: &[Shown], items: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let (users, fold) = (one_hot(rows), folds(rows.len()));
    let both =
        |row: usize, item: usize| -> Vec<f64> { users[row].iter().chain(&items[item]).copied().collect() };
    let mut q = vec![Vec::new(); rows.len()];
    for held_out in 0..3 {
        for position in 0..POSITIONS {
            let there = |row: &usize| rows[*row].position == position;
            let train: Vec<usize> =
                (0..rows.len()).filter(there).filter(|row| fold[*row] != held_out).collect();
            let x: Vec<Vec<f64>> = train.iter().map(|row| both(*row, rows[*row].item)).collect();
            let y: Vec<f64> = train.iter().map(|row| rows[*row].click).collect();
            let model = Logistic { c: 100.0 }.fit(&x, &y, &vec![1.0; y.len()]);
            for row in (0..rows.len()).filter(there).filter(|row| fold[*row] == held_out) {
                q[row] = (0..ACTIONS).map(|item| model.predict(&both(row, item))).collect();
            }
        }
    }
    q
}

#[test]
fn estimates_with_a_logistic_model_agree() {
    let Some(folder) = data("reward models") else { return };
    let reference = json(&folder.join("obd_men/reference.json"));
    let (_, context) = csv(&folder.join("obd_men/item_context.csv"));
    let items: Vec<Vec<f64>> =
        context.iter().map(|row| row[1..].iter().map(|field| field.parse().unwrap()).collect()).collect();
    let (random, bts_log) = (shown(&folder, "random"), shown(&folder, "bts"));
    let bts = bts(&folder);
    let (mut compared, mut furthest) = (0, 0.0_f64);
    for (name, log, other) in [("random", &random, &bts_log), ("bts", &bts_log, &random)] {
        let q = predictions(log, &items);
        let other_top = top(&table(other));
        for policy_name in POLICIES {
            let estimators = Estimator::standard().into_iter().filter(|e| e.needs_model()).collect();
            let mut evaluation =
                Evaluation::new(Plan { estimators, model: "logistic".to_owned(), ..Plan::default() });
            for (row, q) in log.iter().zip(&q) {
                let policy = evaluated(policy_name, row, &bts, &other_top);
                let prediction = Prediction::under(&policy, q, row.item);
                let row = Row::new(policy[row.item], row.propensity, row.click).with_prediction(prediction);
                evaluation.push(&row).unwrap();
            }
            for found in evaluation.ungated() {
                let expected = reference["estimates"].as_array().unwrap().iter().find(|expected| {
                    expected["log"] == name
                        && expected["policy"] == policy_name
                        && expected["estimator"] == found.estimator.as_str()
                });
                let expected = expected.unwrap();
                // A value near 0 is known no better than its error.
                let number = |key: &str| expected[key].as_f64();
                let scale = number("value").unwrap().abs().max(number("se").unwrap_or(1e-3));
                let mut off = (found.value - number("value").unwrap()).abs() / scale;
                if let Some(se) = number("se") {
                    off = off.max((found.se.unwrap() / se - 1.0).abs());
                }
                assert!(off < 2e-3, "{name} {policy_name} {}: off by {off:.1e}", found.estimator);
                furthest = furthest.max(off);
                compared += 1;
            }
        }
    }
    println!("{compared} estimates with a logistic model agree, the furthest to {furthest:.1e}");
    assert_eq!(compared, 2 * 4 * 8);
}
