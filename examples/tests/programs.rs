//! The two programs of the README, as other programs read them: the quickstart's records and the retail summary.
//!
//! The retail replay wants the real invoices: `APROPOS_DATA` names the folder that holds `retail/`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a program that cannot be run is a failing test")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// What a program printed; it must succeed.
fn printed(name: &str, arguments: &[&str]) -> String {
    let folder = std::env::current_exe().unwrap();
    let program = folder.parent().unwrap().parent().unwrap().join("examples").join(name);
    let output = Command::new(&program).args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} {arguments:?} failed: {said}");
    String::from_utf8(output.stdout).unwrap()
}

fn records() -> Vec<Value> {
    printed("quickstart", &["--json"]).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn of<'a>(records: &'a [Value], customer: &str) -> Vec<&'a Value> {
    records.iter().filter(|record| record["customer"] == customer).collect()
}

/// Where and why an action was dropped.
fn dropped<'a>(record: &'a Value, action: &str) -> (&'a str, &'a str) {
    let mut candidates = record["candidates"].as_array().unwrap().iter();
    let found = candidates.find(|candidate| candidate["action"] == action);
    let dropped = &found.unwrap_or_else(|| panic!("{action} is no candidate"))["dropped"];
    (dropped["stage"].as_str().unwrap_or(""), dropped["reason"].as_str().unwrap_or(""))
}

#[test]
fn every_record_of_the_quickstart_has_what_programs_read() {
    let records = records();
    assert!(!records.is_empty());
    for record in &records {
        for key in ["id", "at", "customer", "choice", "candidates", "playbook", "model", "seed"] {
            assert!(!record[key].is_null(), "a record lacks `{key}`: {record}");
        }
        for candidate in record["candidates"].as_array().unwrap() {
            for key in ["action", "priority", "probability"] {
                assert!(!candidate[key].is_null(), "a candidate lacks `{key}`: {candidate}");
            }
            let dropped = candidate.get("dropped").unwrap();
            let keys = ["stage", "component", "reason"];
            assert!(dropped.is_null() || keys.iter().all(|key| dropped[*key].is_string()), "{candidate}");
        }
        let probabilities = record["candidates"].as_array().unwrap().iter();
        let sum: f64 = probabilities.map(|candidate| candidate["probability"].as_f64().unwrap()).sum();
        assert!((sum - 1.0).abs() < 1e-9, "probabilities sum to {sum}: {record}");
    }
    let ids: BTreeSet<&str> = records.iter().map(|record| record["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), records.len(), "decisions share an id");
}

#[test]
fn the_quickstart_says_the_same_every_time() {
    assert_eq!(printed("quickstart", &["--json"]), printed("quickstart", &["--json"]));
    assert_eq!(printed("quickstart", &[]), printed("quickstart", &[]));
}

#[test]
fn a_broken_promise_is_made_good_before_anything_is_sold() {
    let records = records();
    let choices: Vec<&str> =
        of(&records, "ana").iter().map(|record| record["choice"].as_str().unwrap()).collect();
    let repair = choices.iter().position(|choice| *choice == "make_good").unwrap();
    assert_eq!(dropped(of(&records, "ana")[repair], "offer_rain_cover"), ("journey", "repair_open"));
    assert_eq!(dropped(of(&records, "ana")[repair + 1], "offer_rain_cover"), ("journey", "repair_open"));
}

#[test]
fn who_withdraws_consent_is_left_alone() {
    let records = records();
    let last = *of(&records, "ben").last().unwrap();
    assert_eq!(last["choice"], "silence");
    assert_eq!(dropped(last, "spring_catalogue"), ("consent", "no_consent"));
}

#[test]
fn who_asks_for_a_person_gets_one_and_nothing_else() {
    let records = records();
    let chloe = of(&records, "chloe");
    assert_eq!(chloe[0]["choice"], "hand_off");
    assert_eq!(chloe[1]["choice"], "silence");
    assert_eq!(dropped(chloe[1], "offer_rain_cover"), ("journey", "with_person"));
    assert_ne!(chloe[2]["choice"], "hand_off");
}

#[test]
fn nothing_personal_is_shown_on_a_kiosk_or_said_by_a_speaker() {
    let records = records();
    let dev = of(&records, "dev");
    assert_eq!(dropped(dev[0], "tell_where_the_parcel_is"), ("treatment", "shared_device"));
    assert_eq!(dropped(dev[1], "tell_where_the_parcel_is"), ("treatment", "shared_device"));
    assert_eq!(dev[2]["choice"], "tell_where_the_parcel_is");
}

#[test]
fn an_offer_that_is_waved_away_does_not_come_back() {
    let records = records();
    let emma = of(&records, "emma");
    assert_eq!(emma[0]["choice"], "thank_without_selling");
    assert_eq!(emma[1]["choice"], "offer_rain_cover");
    assert_eq!(dropped(emma[2], "offer_rain_cover"), ("contact_policy", "suppressed"));
}

#[test]
fn the_retail_replay_does_not_depend_on_threads() {
    #[expect(clippy::disallowed_methods, reason = "the folder of the data is told by the environment")]
    let folder = std::env::var("APROPOS_DATA");
    let Ok(folder) = folder else {
        println!("APROPOS_DATA is not set: the invoices are not replayed");
        return;
    };
    let path = format!("{folder}/retail/invoices.csv.gz");
    let run = |threads: &str| -> BTreeMap<String, Value> {
        let text = printed("retail", &[&path, "--threads", threads, "--json"]);
        serde_json::from_str(text.lines().last().unwrap()).unwrap()
    };
    let (one, eight) = (run("1"), run("8"));
    for (key, value) in &one {
        let measured = *key == "threads" || key.contains("_per_second");
        assert!(measured || *value == eight[key], "`{key}` depends on the number of threads");
    }
    assert!(10 <= one["by_action"].as_object().unwrap().len());
}
