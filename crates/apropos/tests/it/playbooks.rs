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
