//! What an author is told about a playbook whose shape is wrong.

use apropos::Engine;
use apropos::load::Source;

use crate::world::{PEPPER, PLAYBOOK};

#[test]
fn mistakes_of_shape_and_of_meaning_stand_at_their_lines() {
    let shape = PLAYBOOK
        .replacen("propensity = 0.9", "propensity = \"high\"", 1)
        .replacen("effort = ", "efort = ", 1)
        .replacen("format = 1", "format = \"one\"", 1);
    let meaning =
        PLAYBOOK.replace("history.count(\"person.requested\"", "history.cuont(\"person.requested\"");
    for (text, words) in [
        (&shape, vec!["\"high\"", "efort", "\"one\""]),
        (&meaning, vec!["history.cuont(\"person.requested\""]),
    ] {
        let problems = Engine::from_toml(text, PEPPER).unwrap_err();
        let drawn = Source::unread(text).render(&problems);
        for word in &words {
            let at = text.find(word).unwrap();
            let here = |start: usize| (at..at + word.len()).contains(&start);
            let told =
                problems.iter().any(|problem| problem.span.as_ref().is_some_and(|span| here(span.start)));
            assert!(told, "{word} in\n{drawn}");
        }
        assert_eq!(problems.len(), words.len(), "{drawn}");
    }
}

#[test]
fn what_is_no_playbook_is_refused_with_a_word() {
    let long = format!("# {}", "x".repeat(9 << 20));
    let deep = format!("x = {}{}", "[".repeat(100_000), "]".repeat(100_000));
    for (text, code) in [
        ("", "playbook/missing-field"),
        ("\0\u{1}\u{fffd}", "playbook/syntax"),
        (long.as_str(), "playbook/too-long"),
        (deep.as_str(), "playbook/syntax"),
    ] {
        let problems = Engine::from_toml(text, PEPPER).unwrap_err();
        assert!(problems.iter().any(|problem| problem.code == code), "{problems}");
        assert!(!Source::unread(text).render(&problems).is_empty());
    }
    let deep = format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
    for (text, code) in [
        ("", "playbook/syntax"),
        ("null", "playbook/wrong-type"),
        ("[1, \"shop\"]", "playbook/wrong-type"),
        (deep.as_str(), "playbook/syntax"),
    ] {
        let problems = Engine::from_json(text, PEPPER).unwrap_err();
        assert_eq!(problems.iter().map(|problem| problem.code).collect::<Vec<_>>(), [code], "{problems}");
    }
}

#[test]
fn amounts_that_are_none_are_told_what_they_should_be() {
    for amount in ["\"1,50\"", "\"1e400\"", "1e30", "\"99999999999999999999999999999999\"", "nan"] {
        let text = PLAYBOOK.replacen("value = \"10\"", &format!("value = {amount}"), 1);
        let problems = Engine::from_toml(&text, PEPPER).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems}");
        let problem = problems.iter().next().unwrap();
        assert_eq!(&text[problem.span.clone().unwrap()], amount, "{problems}");
        assert!(problem.help.is_some(), "{problems}");
    }
}

#[test]
fn rewards_of_the_model_are_shown_to_their_place() {
    let text = format!("{PLAYBOOK}\n[model]\nrewards = [{{ name = \"sale\", base_rate = 0.1 }}]\n");
    let problems = Engine::from_toml(&text, PEPPER).unwrap_err();
    let found: Vec<_> =
        problems.iter().map(|one| (one.code, &text[one.span.clone().unwrap_or_default()])).collect();
    assert_eq!(found, [("playbook/unknown-field", "rewards")], "{problems}");
    let help = problems.iter().next().and_then(|one| one.help.clone()).unwrap();
    assert!(help.contains("`[[rewards]]`") && help.contains("`model.base_rate`"), "{help}");
}

#[test]
fn one_pair_of_brackets_where_two_belong_is_told_once_and_with_the_way_out() {
    let text = PLAYBOOK.replacen("[[actions]]\nid = \"offer\"", "[actions]\nid = \"offer\"", 1);
    let problems = Engine::from_toml(&text, PEPPER).unwrap_err();
    let twice: Vec<_> = problems.iter().filter(|one| one.code == "playbook/duplicate-key").collect();
    assert_eq!(twice.len(), 1, "{problems}");
    let first = twice[0].span.clone().unwrap();
    assert!(text[..first.end].ends_with("[actions"), "{problems}");
    assert!(twice[0].help.as_ref().unwrap().contains("`[[actions]]`"), "{problems}");
}
