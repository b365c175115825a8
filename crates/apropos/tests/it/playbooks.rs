//! What an author is told about a playbook that is wrong.

use apropos::Engine;

use crate::world::{PEPPER, PLAYBOOK};

#[test]
fn the_example_is_without_a_warning() {
    let (_, warnings) = Engine::from_toml(PLAYBOOK, PEPPER).unwrap();
    assert!(warnings.is_empty(), "{warnings}");
}

#[test]
fn all_mistakes_of_meaning_are_told_at_once_with_place_and_help() {
    let text = PLAYBOOK
        .replace(r#"channel = "till" }]"#, r#"channel = "tilt" }]"#)
        .replace("propensity = 0.9", "propensity = 1.9")
        .replace(r#"id = "nag""#, r#"id = "offer""#)
        .replace(r#"effort = "1""#, r#"effort = "-1""#)
        .replace("history.count(\"person.requested\"", "history.cuont(\"person.requested\"");
    let problems = Engine::from_toml(&text, PEPPER).unwrap_err();
    let found: Vec<(&str, String)> =
        problems.iter().map(|problem| (problem.code, problem.path.to_string())).collect();
    for (code, path) in [
        ("nba/unknown-channel", "actions[0].treatments[1].channel"),
        ("nba/unknown-channel", "actions[1].treatments[1].channel"),
        ("nba/unknown-channel", "actions[2].treatments[0].channel"),
        ("nba/duplicate-action", "actions[3].id"),
        ("nba/out-of-range", "actions[3].propensity"),
        ("nba/negative", "actions[3].effort"),
    ] {
        assert!(
            found.iter().any(|(c, p)| (*c, p.as_str()) == (code, path)),
            "{code} at {path} in {found:#?}"
        );
    }
    assert!(
        found.iter().any(
            |(code, path)| code.starts_with("condition/") && path.starts_with("actions[4].applicable[0]")
        )
    );
    let channel = problems.iter().find(|problem| problem.code == "nba/unknown-channel").unwrap();
    assert_eq!(channel.help.as_deref(), Some("did you mean `till`?"));
}

/// The example with a journey that offers `action` and must never do so while the customer is known to have bought.
fn with_journey(action: &str) -> String {
    let journey = format!(
        r#"
[[journeys]]
id = "care"
start = "ask"
entry.on = [{{ event = "purchase" }}]
human.queue = "desk"
invariants = [{{ never = {{ offering = ["{action}"], while = 'history.count("purchase", "1d") > 3' }} }}]

[journeys.nodes.ask]
kind = "offer"
actions = ["{action}"]
within = "7d"
on_timeout = "exit"
"#
    );
    format!("{PLAYBOOK}{journey}")
}

#[test]
fn a_journey_offers_only_actions_that_there_are() {
    let problems = Engine::from_toml(&with_journey("thnak"), PEPPER).unwrap_err();
    let problem = problems.iter().find(|problem| problem.code == "journey/action-never-allowed").unwrap();
    assert!(problem.message.contains("did you mean `thank`"), "{problem:?}");
}

#[test]
fn invariants_are_checked_before_an_engine_stands() {
    let problems = Engine::from_toml(&with_journey("thank"), PEPPER).unwrap_err();
    let codes: Vec<&str> = problems.iter().map(|problem| problem.code).collect();
    assert_eq!(codes, ["journey/invariant-fails"]);
    let kept = with_journey("thank").replace(
        "invariants = ",
        "exits = [{ outcome = \"bought\", when = 'history.count(\"purchase\", \"1d\") > 3' }]\ninvariants = ",
    );
    assert!(Engine::from_toml(&kept, PEPPER).is_ok());
}
