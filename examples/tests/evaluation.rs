//! The programs that judge logs, as other programs read them: every published figure, by the programs themselves.
//!
//! `APROPOS_DATA` names the folder with the data and what other tools computed from it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a program that cannot be run is a failing test")]

use std::process::Command;

use serde_json::Value;

/// The folder with the data, or a line that says what is left out.
#[expect(clippy::disallowed_methods, reason = "the folder of the data is told by the environment")]
fn data(test: &str) -> Option<String> {
    let folder = std::env::var("APROPOS_DATA").ok();
    if folder.is_none() {
        println!("{test}: APROPOS_DATA is not set, the comparison with published results is left out");
    }
    folder
}

/// The JSON object that a program prints last.
fn printed(name: &str, arguments: &[&str]) -> Value {
    let folder = std::env::current_exe().unwrap();
    let program = folder.parent().unwrap().parent().unwrap().join("examples").join(name);
    let output = Command::new(&program).args(arguments).arg("--json").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} {arguments:?} failed: {said}");
    serde_json::from_slice(output.stdout.split(|byte| *byte == b'\n').rev().nth(1).unwrap()).unwrap()
}

fn reference(path: &str) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Whether all that is expected was found, numbers to a relative tolerance; what was found beyond is welcome.
fn agree(place: &str, found: &Value, expected: &Value, tolerance: f64) -> usize {
    match expected {
        Value::Object(members) => members
            .iter()
            .map(|(key, expected)| agree(&format!("{place}.{key}"), &found[key], expected, tolerance))
            .sum(),
        Value::Array(items) => {
            assert_eq!(found.as_array().map(Vec::len), Some(items.len()), "{place}");
            let both = found.as_array().unwrap().iter().zip(items).enumerate();
            both.map(|(at, (found, expected))| agree(&format!("{place}[{at}]"), found, expected, tolerance))
                .sum()
        }
        Value::Number(expected) => {
            let expected = expected.as_f64().unwrap();
            let found = found.as_f64().unwrap_or_else(|| panic!("{place}: {found} is not {expected}"));
            let scale = expected.abs().max(1e-6);
            assert!((found - expected).abs() <= tolerance * scale, "{place}: {found} is not {expected}");
            1
        }
        _ => {
            assert_eq!(found, expected, "{place}");
            0
        }
    }
}

#[test]
fn off_policy_prints_the_published_estimates() {
    let Some(data) = data("off_policy") else { return };
    let published = reference(&format!("{data}/obd_men/reference.json"));
    let table = format!("{data}/obd_men/policy_bts.csv");
    let mut compared = 0;
    for log in ["random", "bts"] {
        for (policy, path) in [("uniform", "uniform"), ("bts", table.as_str())] {
            let file = format!("{data}/obd_men/{log}.csv.gz");
            let found = printed("off_policy", &[&file, "--policy", path, "--reference-model", "table"]);
            assert_eq!(found["rows"], 10_000);
            assert_eq!(found["refused"], Value::Null, "{log} {policy}");
            for expected in published["estimates"].as_array().unwrap() {
                let name = expected["estimator"].as_str().unwrap();
                if expected["log"] != log || expected["policy"] != policy || name.contains("[logistic]") {
                    continue;
                }
                let mut all = found["estimates"].as_array().unwrap().iter();
                let found = all.find(|found| found["estimator"] == name).unwrap();
                for key in ["value", "se", "ess", "mean_weight", "max_weight", "ci95"] {
                    let tolerance = if key == "ci95" { 1e-6 } else { 1e-9 };
                    let expected = expected.get(key).unwrap_or(&Value::Null);
                    if !expected.is_null() {
                        compared +=
                            agree(&format!("{log} {policy} {name} {key}"), &found[key], expected, tolerance);
                    }
                }
            }
        }
    }
    println!("off_policy: {compared} figures agree");
    assert!(300 < compared, "{compared}");
}

#[test]
fn off_policy_refuses_a_log_whose_effective_sample_is_two() {
    // Two rows of an action that was logged once in ten thousand times carry the weight of all others.
    let folder = std::env::temp_dir().join(format!("apropos-off-policy-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let row = |item: usize, p: f64| format!("{item},1,0,{p},0,0,0,0,\n");
    let header = "item_id,position,click,propensity_score,user_feature_0,user_feature_1,user_feature_2,\
                  user_feature_3,user_item_affinity\n";
    let rows = (0..2_000).map(|at| if at < 2 { row(1, 0.0001) } else { row(0, 0.9999) });
    let text = std::iter::once(header.to_owned()).chain(rows).collect::<String>();
    let (log, policy) = (folder.join("log.csv"), folder.join("policy.csv"));
    std::fs::write(&log, text).unwrap();
    std::fs::write(&policy, "item_id,pos1\n0,0.01\n1,0.99\n").unwrap();
    let found = printed("off_policy", &[log.to_str().unwrap(), "--policy", policy.to_str().unwrap()]);
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(found["ess"].as_f64().unwrap() < 2.1, "{found}");
    assert!(found["refused"].as_str().unwrap().contains("effective sample size is 2.0"), "{found}");
    assert_eq!(found["estimates"].as_array().map(Vec::len), Some(0));
}

#[test]
fn uplift_prints_the_published_metrics() {
    let Some(data) = data("uplift") else { return };
    for set in ["insurance_session", "job_training"] {
        let published = reference(&format!("{data}/uplift/{set}_reference.json"));
        let file = format!("{data}/uplift/{set}.csv.gz");
        let scores = format!("{data}/uplift/{set}_predictions.csv.gz");
        let found = printed("uplift", &[&file, "--scores", &scores, "--samples", "20"]);
        let mut compared = agree(set, &found["learners"], &published["learners"], 1e-9);
        for key in
            ["fit_rows", "test_rows", "test_treated", "ate_test", "ate_se", "rate_treated", "rate_control"]
        {
            compared += agree(&format!("{set}.{key}"), &found[key], &published[key], 1e-9);
        }
        println!("uplift {set}: {compared} figures agree");
        let learned = printed("uplift", &[&file, "--samples", "20"]);
        let coefficients = &published["coefficients_two_model"];
        agree(set, &learned["coefficients_two_model"], coefficients, 1e-3);
    }
}

#[test]
fn experiment_prints_the_published_comparisons() {
    let Some(data) = data("experiment") else { return };
    let published = reference(&format!("{data}/experiments/reference.json"));
    let found = printed("experiment", &[&format!("{data}/experiments/spec.json")]);
    let compared = agree("comparisons", &found["comparisons"], &published["comparisons"], 1e-8);
    println!("experiment: {compared} figures agree");
    assert!(200 < compared, "{compared}");
}

#[test]
fn bandit_log_prints_the_published_policy_values() {
    let Some(data) = data("bandit_log") else { return };
    for set in ["cb_load", "explore_eval_egreedy"] {
        let mut published = reference(&format!("{data}/vw_cb/{set}_reference.json"));
        let theirs = published["progressive_loss"].take();
        let members = published.as_object_mut().unwrap();
        for key in ["file", "vowpalwabbit", "progressive_loss"] {
            members.remove(key);
        }
        let found = printed("bandit_log", &[&format!("{data}/vw_cb/{set}.jsonl.gz")]);
        let compared = agree(set, &found, &published, 1e-9);
        println!("bandit_log {set}: {compared} figures agree");
        assert!(10 < compared, "{compared}");
        // Another learner on fifty rows: no figure to the digit, but no worse than theirs where it matters.
        let best = |losses: &Value| -> f64 {
            losses.as_object().unwrap().values().map(|loss| loss.as_f64().unwrap()).fold(f64::MAX, f64::min)
        };
        let (ours, theirs) = (best(&found["progressive_loss"]), best(&theirs));
        println!("bandit_log {set}: best progressive loss {ours:.4}, Vowpal Wabbit's {theirs:.4}");
        assert!(ours < found["mean_logged_cost"].as_f64().unwrap().max(theirs + 0.1), "{ours} {theirs}");
    }
}
