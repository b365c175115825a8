//! Off-policy estimates agree with published ones, whatever the split of the log.

mod support;

use apropos_evaluate::offpolicy::{
    Estimator, Evaluation, Plan, Prediction, Refusal, RewardModel, RidgeModel, Row,
};
use support::obd::{ACTIONS, POLICIES, bts, evaluated, shown, table, top};
use support::{csv, data, json, near};

#[test]
fn every_table_estimate_of_the_published_reference_agrees() {
    let Some(folder) = data("off_policy") else { return };
    let reference = json(&folder.join("obd_men/reference.json"));
    let (random, bts_log) = (shown(&folder, "random"), shown(&folder, "bts"));
    let mut compared = 0;
    for (name, log, other) in [("random", &random, &bts_log), ("bts", &bts_log, &random)] {
        let q = table(log);
        let other_top = top(&table(other));
        let bts = bts(&folder);
        for policy_name in POLICIES {
            let plan =
                Plan { estimators: Estimator::standard(), model: "table".to_owned(), ..Plan::default() };
            let mut evaluation = Evaluation::new(plan);
            for row in log {
                let policy = evaluated(policy_name, row, &bts, &other_top);
                let q = &q[row.position * ACTIONS..(row.position + 1) * ACTIONS];
                let prediction = Prediction::under(&policy, q, row.item);
                let row = Row::new(policy[row.item], row.propensity, row.click).with_prediction(prediction);
                evaluation.push(&row).unwrap();
            }
            let found = evaluation.ungated();
            for expected in reference["estimates"].as_array().unwrap() {
                let estimator = expected["estimator"].as_str().unwrap();
                if expected["log"] != name
                    || expected["policy"] != policy_name
                    || estimator.contains("[logistic]")
                {
                    continue;
                }
                let what = format!("{name} {policy_name} {estimator}");
                let found = found
                    .iter()
                    .find(|found| found.estimator == estimator)
                    .expect("every estimator is there");
                let number = |key: &str| expected[key].as_f64().unwrap();
                near(&what, found.value, number("value"), 1e-9);
                near(&what, found.ess, number("ess"), 1e-9);
                near(&what, found.mean_weight, number("mean_weight"), 1e-9);
                near(&what, found.max_weight, number("max_weight"), 1e-9);
                if expected.get("se").is_some() {
                    near(&what, found.se.unwrap(), number("se"), 1e-9);
                    let ci95 = expected["ci95"].as_array().unwrap();
                    near(&what, found.ci95.unwrap().low, ci95[0].as_f64().unwrap(), 1e-6);
                    near(&what, found.ci95.unwrap().high, ci95[1].as_f64().unwrap(), 1e-6);
                }
                compared += 1;
            }
            let refused = evaluation.report(None).refused;
            let thin = (name, policy_name) == ("bts", "top_ctr_other");
            assert_eq!(
                matches!(refused, Some(Refusal::TooFewEffective { .. })),
                thin,
                "{name} {policy_name}"
            );
        }
    }
    assert_eq!(compared, 2 * 4 * 14);
}

#[test]
fn a_policy_of_full_information_is_estimated_from_a_bandit_log() {
    let Some(folder) = data("cb") else { return };
    for set in ["iris", "breast_cancer", "digits", "bank"] {
        let (_, rows) = csv(&folder.join(format!("cb/{set}.csv.gz")));
        let (_, log) = csv(&folder.join(format!("cb/{set}_log.csv.gz")));
        let (_, policy) = csv(&folder.join(format!("cb/{set}_policy.csv.gz")));
        let number = |text: &String| text.parse::<f64>().unwrap();
        let x: Vec<Vec<f64>> = rows.iter().map(|row| row[1..].iter().map(number).collect()).collect();
        let cut = rows.len() - policy.len();
        let mut ridge = RidgeModel::new(policy[0].len(), x[0].len(), 1.0);
        let logged = |row: usize| {
            (log[row][1].parse::<usize>().unwrap() - 1, number(&log[row][2]), 1.0 - number(&log[row][3]))
        };
        for (row, x) in x.iter().enumerate().take(cut) {
            let (action, _, reward) = logged(row);
            ridge.push(x, action, reward);
        }
        ridge.fit();
        let names = ["ipw", "snipw", "dm", "dr"];
        let estimators = names.iter().map(|name| name.parse().unwrap()).collect();
        let mut evaluation =
            Evaluation::new(Plan { estimators, model: "ridge".to_owned(), ..Plan::default() });
        let mut q = vec![0.0; policy[0].len()];
        for (at, policy) in policy.iter().enumerate() {
            let policy: Vec<f64> = policy.iter().map(number).collect();
            let (action, propensity, reward) = logged(cut + at);
            ridge.predict(&x[cut + at][..], &mut q);
            let row = Row::new(policy[action], propensity, reward);
            evaluation.push(&row.with_prediction(Prediction::under(&policy, &q, action))).unwrap();
        }
        let reference = json(&folder.join(format!("cb/{set}_reference.json")));
        let expected = &reference["P2_logged"]["ope_of_full_information_softmax"];
        for (found, key) in evaluation.ungated().iter().zip(["ips", "snips", "dm", "dr"]) {
            near(&format!("{set} {key}"), found.value, expected[key].as_f64().unwrap(), 1e-9);
        }
    }
}

#[test]
fn any_split_of_a_log_gives_the_same_figures() {
    let row = |i: u64| {
        let u = |slot| apropos_event::draw::uniform(5, "row", 4 * i + slot);
        let prediction = Prediction { expected: 0.3 * u(0), logged: 0.4 * u(1) };
        Row::new(u(2), 0.02 + 0.9 * u(3), f64::from(u8::from(u(1) < 0.2))).with_prediction(prediction)
    };
    let plan = || Plan { estimators: Estimator::standard(), ..Plan::default() };
    let mut whole = Evaluation::new(plan());
    (0..20_000).for_each(|i| whole.push(&row(i)).unwrap());
    for parts in [2_usize, 7, 64] {
        let mut shards = vec![Evaluation::new(plan()); parts];
        (0..20_000).for_each(|i| shards[(i * i % 61) as usize % parts].push(&row(i)).unwrap());
        let mut merged = Evaluation::new(plan());
        shards.iter().rev().for_each(|shard| merged.merge(shard).unwrap());
        // Shards travel between machines as text.
        let merged: Evaluation = serde_json::from_str(&serde_json::to_string(&merged).unwrap()).unwrap();
        for (a, b) in merged.ungated().iter().zip(whole.ungated()) {
            near(&a.estimator, a.value, b.value, 1e-12);
            near(&a.estimator, a.se.unwrap_or(0.0), b.se.unwrap_or(0.0), 1e-12);
            near(&a.estimator, a.ess, b.ess, 1e-12);
            assert_eq!(a.confidence_sequence.is_some(), b.confidence_sequence.is_some());
            if let (Some(found), Some(expected)) = (a.confidence_sequence, b.confidence_sequence) {
                near(&a.estimator, found.low, expected.low, 1e-12);
                near(&a.estimator, found.high, expected.high, 1e-12);
            }
        }
        assert_eq!(merged.histogram(), whole.histogram());
    }
}

#[test]
fn a_log_of_two_rows_worth_is_refused() {
    let mut evaluation = Evaluation::new(Plan::default());
    for i in 0..10_000 {
        let propensity = if i < 2 { 1e-4 } else { 0.9 };
        let policy = if i < 2 { 1.0 } else { 0.001 };
        evaluation.push(&Row::new(policy, propensity, 1.0)).unwrap();
    }
    let report = evaluation.report(None);
    assert!(report.estimates.is_empty());
    assert!(report.diagnostics.ess < 2.1);
    assert!(report.refused.unwrap().to_string().contains("effective sample size is 2.0"));
}
