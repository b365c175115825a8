//! What an author is told about a playbook that is sound in every part and still says something it cannot mean.

use apropos::Engine;
use apropos::event::{Problems, Severity};

use crate::world::{PEPPER, book};

/// A playbook about which there is nothing to say; each test changes one thing.
const BAKERY: &str = r#"
attributes = [
    { name = "visit.minutes", type = "int", min = 0, max = 600 },
    { name = "visit.mood", type = "symbol", values = ["merry", "glum"], purposes = ["personalise"] },
]

[resources]
loaves = 3

[profile.consent]
contact = "deny"
personalise = "allow"
learn = "allow"

[[context.channels]]
id = "letter"
direction = "outbound"

[[context.channels]]
id = "counter"
direction = "inbound"

[[context.channels]]
id = "window"
direction = "outbound"
public = true

[[journeys]]
id = "tasting"
start = "taste"
entry.on = [{ event = "visit" }]
human.queue = "baker"
owns = ["tart"]
invariants = [
    { never = { offering = ["tart"], while = "promise.cake.repairing" } },
    { human_within = { steps = 1 } },
]
exits = [{ outcome = "sorry", when = "promise.cake.repairing" }]

[journeys.nodes.taste]
kind = "offer"
actions = ["tart"]
on = [{ event = "tart.eaten", to = "done" }]
within = "7d"
on_timeout = "exit"

[journeys.nodes.done]
kind = "exit"
outcome = "tasted"

[[promises]]
id = "cake"
what = "the cake is ready on the day"
on = [{ event = "cake.ordered" }]
expectations = [{ source = "brand", within = "2d" }]
kept_by = [{ event = "cake.ready" }]
raises = ["apology"]
repair = { actions = ["apology"], closed_by = [{ event = "cake.forgiven" }] }

[[groups]]
id = "sweet"
applicable = ["visit.minutes < 60"]

[[actions]]
id = "tart"
class = "help"
group = "sweet"
applicable = ['visit.mood == "merry"', 'history.count("visit", "30d") > 1']
treatments = [{ channel = "counter" }]
value = "2"
benefit = "1"
uses = "loaves"

[[actions]]
id = "apology"
class = "repair"
treatments = [{ channel = "letter" }, { channel = "counter" }]
value = "2"
benefit = "3"
"#;

fn bakery() -> String {
    book("bakery", BAKERY)
}

fn look(text: &str) -> (Problems, bool) {
    match Engine::from_toml(text, PEPPER) {
        Ok((_, warnings)) => (warnings, true),
        Err(problems) => (problems, false),
    }
}

/// Replaces `old`, which must be there, and expects exactly these codes, each with the text at its place.
#[track_caller]
fn check(old: &str, new: &str, expected: &[(&str, &str)]) {
    assert!(BAKERY.contains(old), "`{old}` is not in the playbook");
    let text = bakery().replacen(old, new, 1);
    let (problems, accepted) = look(&text);
    let found: Vec<(&str, &str)> = problems
        .iter()
        .map(|problem| (problem.code, &text[problem.span.clone().unwrap_or_default()]))
        .collect();
    assert_eq!(found, expected, "{problems}");
    let refused = problems.iter().any(|problem| problem.severity == Severity::Error);
    assert_ne!(accepted, refused, "{problems}");
}

#[test]
fn a_sound_playbook_is_left_alone() {
    assert_eq!(look(&bakery()).0.to_string(), "");
}

#[test]
fn a_condition_that_says_nothing_is_pointed_at() {
    let mood = r#"'visit.mood == "merry"'"#;
    check(
        mood,
        "'visit.minutes <= 600 && visit.mood == \"merry\"'",
        &[("condition/outside-range", "visit.minutes <= 600")],
    );
    check(mood, "'visit.mood == \"merry\"', '1 < 2'", &[("condition/always-true", "1 < 2")]);
    check(mood, "'visit.mood == \"merry\"', '2 < 1'", &[("condition/always-false", "2 < 1")]);
}

#[test]
fn siblings_are_compared_across_the_lists_of_an_action_and_its_group() {
    let mood = r#"'visit.mood == "merry"'"#;
    check(
        mood,
        "'visit.mood == \"merry\"', '90 < visit.minutes'",
        &[("condition/contradiction", "90 < visit.minutes")],
    );
    check(
        mood,
        "'visit.mood == \"merry\"', 'visit.minutes < 90'",
        &[("condition/subsumed", "visit.minutes < 90")],
    );
    // What is wrong with the group alone is told once, at the group.
    check(
        r#"applicable = ["visit.minutes < 60"]"#,
        r#"applicable = ["visit.minutes < 60", "visit.minutes > 90 // long"]"#,
        &[("condition/contradiction", "visit.minutes > 90")],
    );
}

#[test]
fn an_attribute_nobody_asks_about_is_named() {
    check(
        "attributes = [",
        "attributes = [\n    { name = \"visit.rain\", type = \"bool\" },",
        &[("playbook/unused-attribute", "\"visit.rain\"")],
    );
    // A model's input is a use.
    let text = bakery().replacen(
        "attributes = [",
        "attributes = [\n    { name = \"visit.rain\", type = \"bool\" },",
        1,
    );
    let text = format!("{text}\n[model]\ninputs = [{{ name = \"visit.rain\", kind = \"flag\" }}]\n");
    assert_eq!(look(&text).0.to_string(), "");
}

#[test]
fn a_condition_may_only_use_what_its_action_may_use() {
    // The counter answers, so that personalising is enough; a letter reaches out.
    check(
        r#"treatments = [{ channel = "counter" }]"#,
        r#"treatments = [{ channel = "counter" }, { channel = "letter" }]"#,
        &[("playbook/purpose", "visit.mood")],
    );
    check(r#"purposes = ["personalise"]"#, r#"purposes = ["learn"]"#, &[("playbook/purpose", "visit.mood")]);
    check(
        r#"purposes = ["personalise"]"#,
        r#"purposes = ["contact"]"#,
        &[("playbook/purpose", "visit.mood")],
    );
    // A journey neither reaches out nor shows: it may use what may be used for either, and nothing that may only teach.
    let entry = "entry.on = [{ event = \"visit\" }]";
    let guarded = "entry.on = [{ event = \"visit\", when = 'visit.mood == \"merry\"' }]";
    check(entry, guarded, &[]);
    let text = bakery().replacen(entry, guarded, 1).replacen(
        r#"purposes = ["personalise"]"#,
        r#"purposes = ["learn"]"#,
        1,
    );
    assert_eq!(look(&text).0.iter().filter(|problem| problem.code == "playbook/purpose").count(), 2);
}

#[test]
fn an_action_that_can_never_be_chosen_is_named() {
    check("benefit = \"3\"\n", "", &[("nba/no-benefit", "\"apology\"")]);
    let closed = "[[policy.limits]]\nname = \"no letters\"\nat_most = 0\nwithin = \"1d\"\nchannel = \"letter\"\n\n[[groups]]";
    // The counter stays open.
    check("[[groups]]", closed, &[]);
    let only = bakery().replacen(
        "[{ channel = \"letter\" }, { channel = \"counter\" }]",
        "[{ channel = \"letter\" }]",
        1,
    );
    let (problems, accepted) = look(&only.replacen("[[groups]]", closed, 1));
    assert!(!accepted, "a promise raises what can never be");
    let found: Vec<(&str, String)> = problems.iter().map(|one| (one.code, one.path.to_string())).collect();
    assert_eq!(
        found,
        [
            ("journey/action-never-allowed", "promises[0].raises[0]".to_owned()),
            ("journey/action-never-allowed", "promises[0].repair.actions[0]".to_owned()),
        ]
    );
    let poster = "[[actions]]\nid = \"poster\"\nclass = \"help\"\ntreatments = [{ channel = \"window\" }]\n\
                  personal = true\nvalue = 1\nbenefit = 1\n";
    let (problems, accepted) = look(&format!("{}\n{poster}", bakery()));
    assert!(accepted);
    let found: Vec<(&str, String)> = problems.iter().map(|one| (one.code, one.path.to_string())).collect();
    assert_eq!(found, [("nba/never-allowed", "actions[2].treatments".to_owned())]);
}

#[test]
fn an_action_that_is_switched_off_for_now_is_no_mistake() {
    check("id = \"apology\"\n", "id = \"apology\"\nenabled = false\n", &[]);
}

#[test]
fn a_journey_offers_only_actions_that_exist() {
    check(
        "actions = [\"tart\"]",
        "actions = [\"trat\"]",
        &[
            ("journey/never-offered", "\"tart\""),
            ("journey/never-offered", "\"tart\""),
            ("journey/action-never-allowed", "\"trat\""),
        ],
    );
}

#[test]
fn groups_and_resources_that_nobody_uses_are_named() {
    check("[[groups]]", "[[groups]]\nid = \"salty\"\n\n[[groups]]", &[("nba/unused-group", "[[groups]]")]);
    check("loaves = 3", "loaves = 3\nrolls = 9", &[("nba/unused-resource", "9")]);
}

#[test]
fn a_promise_nobody_can_keep_is_refused() {
    check("kept_by = [{ event = \"cake.ready\" }]", "kept_by = []", &[("promise/cannot-be-kept", "[]")]);
}

#[test]
fn an_invariant_that_fails_is_refused_with_the_way_there() {
    let exit = "exits = [{ outcome = \"sorry\", when = \"promise.cake.repairing\" }]";
    let (problems, accepted) = look(&bakery().replacen(exit, "", 1));
    assert!(!accepted);
    let failed: Vec<_> = problems.iter().filter(|one| one.code == "journey/invariant-fails").collect();
    assert_eq!(failed.len(), 1, "{problems}");
    assert_eq!(failed[0].path.to_string(), "journeys[0].invariants[0]");
    assert!(failed[0].message.contains("→ taste"), "{problems}");
    let slip = "while = \"promise.cake.repairing\"";
    check(
        slip,
        "while = \"promise.cake.repairign\"",
        &[("condition/unknown-attribute", "promise.cake.repairign")],
    );
}

#[test]
fn a_list_where_a_table_belongs_is_told_at_the_list() {
    check(
        "entry.on = [{ event = \"visit\" }]",
        "entry = [{ event = \"visit\" }]",
        &[("playbook/wrong-type", "[{ event = \"visit\" }]")],
    );
}

#[test]
fn what_a_journey_owns_and_never_offers_is_named() {
    check("owns = [\"tart\"]", "owns = [\"tart\", \"cake\"]", &[("journey/never-offered", "\"cake\"")]);
}

#[test]
fn an_input_of_another_kind_than_its_attribute_is_named() {
    let inputs = |kind: &str| {
        format!("{}\n[model]\ninputs = [{{ name = \"visit.minutes\", kind = \"{kind}\" }}]\n", bakery())
    };
    assert_eq!(look(&inputs("number")).0.to_string(), "");
    let (problems, accepted) = look(&inputs("category"));
    assert!(accepted && problems.iter().all(|one| one.code == "playbook/input-kind"), "{problems}");
    assert!(problems.to_string().contains("its kind is `number`"), "{problems}");
}

#[test]
fn limits_of_one_name_are_told_apart() {
    let limit = "[[policy.limits]]\nname = \"letters\"\nat_most = 9\nwithin = \"1d\"\n\n";
    check("[[groups]]", &format!("{limit}{limit}[[groups]]"), &[("nba/duplicate-limit", "\"letters\"")]);
}

#[test]
fn a_part_whose_name_is_misspelt_is_told_once() {
    check("[resources]", "[resource]", &[("playbook/unknown-field", "resource")]);
}

#[test]
fn a_channel_of_consent_that_nobody_can_be_met_on_is_named() {
    check(
        "contact = \"deny\"\n",
        "contact = \"deny\"\nchannels = [\"letter\", \"leter\"]\n",
        &[("playbook/unknown-channel", "\"leter\"")],
    );
}

#[test]
fn an_input_that_is_half_a_name_is_completed() {
    let text = format!("{}\n[model]\ninputs = [{{ name = \"visit\", kind = \"number\" }}]\n", bakery());
    let (problems, _) = look(&text);
    assert_eq!(problems.iter().map(|one| one.code).collect::<Vec<_>>(), ["playbook/unknown-input"]);
    assert!(problems.to_string().contains("did you mean `visit.minutes`?"), "{problems}");
}
