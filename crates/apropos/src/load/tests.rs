//! What the loader promises: every mistake once, at its place, in one call; and no panic on anything.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use proptest::prelude::*;
use rust_decimal::Decimal;
use serde::Deserialize;

use super::{Format, Source, decode};
use crate::event::{Duration, Path, Problem, Problems, Timestamp};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Book {
    format: u32,
    name: String,
    #[serde(default)]
    offers: Vec<Offer>,
    #[serde(default)]
    limits: BTreeMap<String, u8>,
    #[serde(default)]
    policy: Policy,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Offer {
    id: String,
    kind: Kind,
    value: Decimal,
    #[serde(default)]
    when: String,
    #[serde(default)]
    from: Option<Timestamp>,
    #[serde(default)]
    pause: Option<Duration>,
    #[serde(default)]
    topics: Vec<String>,
    #[serde(default)]
    open: bool,
    #[serde(default)]
    retry: Option<Retry>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Sell,
    Serve,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Retry {
    Never,
    Every { wait: Duration, times: u32 },
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Policy {
    explore: f64,
    weights: Vec<f64>,
}

const TWENTY: &str = r#"format = "one"
nmae = "spring"
colour = "red"

[limits]
calls = 300
mails = "5"

[policy]
explore = "much"
weights = [1.0, "two", 3.0, true]

[[offers]]
id = 7
kind = "sel"
value = "cheap"
pause = "soon"

[[offers]]
kind = "serve"
value = 0.5
from = "tomorrow"
topics = "travel"
open = "true"

[[offers]]
id = "third"
retry = { every = { wiat = "1d", times = -1 } }

[[offers]]
id = "fourth"
kind = "sell"
value = "0.50"
topics = ["a", 5]
"#;

/// Code, path and line of every mistake in [`TWENTY`]: a field that is misspelt is not missing as well.
const EXPECTED: [(&str, &str, usize); 21] = [
    ("playbook/wrong-type", "format", 1),
    ("playbook/unknown-field", "nmae", 2),
    ("playbook/unknown-field", "colour", 3),
    ("playbook/wrong-type", "limits.calls", 6),
    ("playbook/wrong-type", "limits.mails", 7),
    ("playbook/wrong-type", "policy.explore", 10),
    ("playbook/wrong-type", "policy.weights[1]", 11),
    ("playbook/wrong-type", "policy.weights[3]", 11),
    ("playbook/wrong-type", "offers[0].id", 14),
    ("playbook/unknown-value", "offers[0].kind", 15),
    ("playbook/wrong-type", "offers[0].value", 16),
    ("playbook/invalid-value", "offers[0].pause", 17),
    ("playbook/missing-field", "offers[1].id", 19),
    ("playbook/invalid-value", "offers[1].from", 22),
    ("playbook/wrong-type", "offers[1].topics", 23),
    ("playbook/wrong-type", "offers[1].open", 24),
    ("playbook/missing-field", "offers[2].kind", 26),
    ("playbook/missing-field", "offers[2].value", 26),
    ("playbook/wrong-type", "offers[2].retry.every.times", 28),
    ("playbook/unknown-field", "offers[2].retry.every.wiat", 28),
    ("playbook/wrong-type", "offers[3].topics[1]", 34),
];

fn found(text: &str, problems: &Problems) -> Vec<(String, String, usize)> {
    let source = Source::unread(text);
    let line = |problem: &Problem| problem.span.as_ref().map_or(0, |span| source.line_column(span.start).0);
    let mut found: Vec<_> = problems
        .iter()
        .map(|problem| (problem.code.to_owned(), problem.path.to_string(), line(problem)))
        .collect();
    found.sort();
    found
}

fn expected() -> Vec<(String, String, usize)> {
    let mut all: Vec<_> =
        EXPECTED.iter().map(|(code, path, line)| ((*code).to_owned(), (*path).to_owned(), *line)).collect();
    all.sort();
    all
}

#[test]
fn every_mistake_of_a_text_is_reported_once_and_at_its_line() {
    let problems = decode::<Book>(TWENTY, Format::Toml).unwrap_err();
    assert_eq!(found(TWENTY, &problems), expected(), "{problems}");
}

#[test]
fn the_same_mistakes_are_found_in_json() {
    let tree: serde_json::Value = toml::from_str(TWENTY).unwrap();
    let text = serde_json::to_string_pretty(&tree).unwrap();
    let problems = decode::<Book>(&text, Format::Json).unwrap_err();
    let without_lines = |all: Vec<(String, String, usize)>| -> Vec<(String, String)> {
        all.into_iter().map(|(code, path, _)| (code, path)).collect()
    };
    assert_eq!(without_lines(found(&text, &problems)), without_lines(expected()), "{problems}");
    for problem in problems.iter().filter(|problem| problem.code == "playbook/unknown-field") {
        let written = &text[problem.span.clone().unwrap()];
        assert!(problem.path.to_string().ends_with(written.trim_matches('"')), "{written} {problem}");
    }
}

#[test]
fn messages_speak_the_language_of_authors() {
    let problems = decode::<Book>(TWENTY, Format::Toml).unwrap_err();
    let said = |path: &str| {
        let problem = problems.iter().find(|problem| problem.path.to_string() == path).unwrap();
        format!("{} ({})", problem.message, problem.help.as_deref().unwrap_or_default())
    };
    assert_eq!(said("nmae"), "`nmae` is not a field here (did you mean `name`?)");
    assert_eq!(said("offers[0].kind"), "`sel` is not one of the names known here (did you mean `sell`?)");
    assert_eq!(said("offers[0].id"), "expected a text in quotes, found the number `7` (write `id = \"7\"`)");
    assert_eq!(
        said("limits.mails"),
        "expected a whole number from 0 to 255, found the text `5` (write it without quotes: `5`)"
    );
    assert_eq!(said("offers[1].id"), "`id` is missing ()");
    assert_eq!(said("offers[2].kind"), "`kind` is missing (the names known here are `sell`, `serve`)");
}

/// What helps with the one mistake of a book that goes on with `rest`.
#[track_caller]
fn check_help(rest: &str, message: &str, help: &str) {
    let (text, format) = match rest.strip_prefix('{') {
        Some(rest) => (format!("{{ \"format\": 1, \"name\": \"x\", {rest}"), Format::Json),
        None => (format!("format = 1\nname = 'x'\n{rest}"), Format::Toml),
    };
    let problems = decode::<Book>(&text, format).unwrap_err();
    let said: Vec<_> =
        problems.iter().map(|one| (one.message.as_str(), one.help.as_deref().unwrap_or_default())).collect();
    assert_eq!(said, [(message, help)]);
}

#[test]
fn a_value_of_the_wrong_shape_is_told_with_the_right_one() {
    let (list, table) = ("expected a list, found a table", "expected a table, found a list");
    let brackets = "write `[[offers]]`: a list has two pairs of brackets, at every item";
    check_help("[offers]\nid = 'a'\nkind = 'sell'\nvalue = 1", list, brackets);
    let once = |name: &str| format!("write `[{name}]`: a table that is there once has one pair of brackets");
    check_help("[[policy]]\nexplore = 0.1", table, &once("policy"));
    check_help("[[limits]]\ncalls = 3", table, &once("limits"));
    check_help("policy = [{ explore = 0.1 }]", table, "write `policy = { explore = 0.1 }`");
    check_help("policy = [0.1, 2]", table, "write `policy = { weights = [0.1, 2] }`");
    check_help("policy = ['a', 'b']", table, "a table has fields, here `explore`, `weights`");
    check_help("{ \"policy\": [0.1] }", table, "write `\"policy\": { \"weights\": [0.1] }`");
    check_help("{ \"policy\": [] }", "expected a table, found an empty list", "write `\"policy\": {}`");
    let named =
        "every entry has a name of its own: `NAME = …` in the table, or a header that ends in `.NAME]`";
    check_help("limits = [3, 4]", table, named);
    let offer = |rest: &str| format!("[[offers]]\nid = 'a'\nkind = 'sell'\nvalue = 1\n{rest}");
    let text = "expected a list, found the text `travel`";
    check_help(&offer("topics = 'travel'"), text, "write `topics = [\"travel\"]`");
    let duration = "`2` is not a duration; write parts such as `30d`, `1h30m` or `PT36H`";
    check_help(&offer("pause = 2"), "expected a text in quotes, found the number `2`", duration);
    check_help(&offer("retry = true"), "expected one of `never`, `every`, found `true`", "");
    let share = "write it as a share of one: `0.1`";
    check_help("policy.explore = '10 %'", "expected a number, found the text `10 %`", share);
}

#[test]
fn of_broken_syntax_the_beginning_is_told_and_nothing_that_follows_from_it() {
    let text = "format = 1\nname = 'x'\n[policy]\nweights = [1\nexplore = 2\n[[offers]]\nid = 'a'\nkind = 'sell'\nvalue = 3\n";
    let problems = decode::<Book>(text, Format::Toml).unwrap_err();
    let lines: Vec<usize> = found(text, &problems).into_iter().map(|(_, _, line)| line).collect();
    assert_eq!(lines, [5, 6, 7], "{problems}");
    assert!(problems.iter().all(|problem| problem.code == "playbook/syntax"), "{problems}");
    for (text, format, help) in [
        ("{ \"format\": 1 }", Format::Toml, "this is read as TOML; is it JSON?"),
        ("format = 1", Format::Json, "this is read as JSON; is it TOML?"),
    ] {
        let problems = decode::<Book>(text, format).unwrap_err();
        assert_eq!(problems.iter().next().unwrap().help.as_deref(), Some(help), "{problems}");
    }
}

#[test]
fn a_table_that_is_there_twice_is_named_in_full() {
    let text = "format = 1\nname = 'x'\n[a.b]\n[a.b]\n";
    let problems = decode::<Book>(text, Format::Toml).unwrap_err();
    assert!(problems.to_string().contains("`a.b` is given twice"), "{problems}");
}

#[test]
fn a_right_text_is_read_and_its_values_are_found_again() {
    let text = "format = 1\nname = 'x'\n[[offers]]\nid = 'a'\nkind = 'sell'\nvalue = 0.50\nfrom = 2026-01-02T03:04:05Z\n\
                pause = '1d'\nwhen = 'profile.tear > 1'\nretry = { every = { wait = '1h', times = 2 } }\n\
                [[offers]]\nid = 'b'\nkind = 'serve'\nvalue = '0.50'\nwhen = \"\"\"\n\u{e9} && b\"\"\"\nretry = 'never'\n\
                [[offers]]\nid = 'c'\nkind = 'sell'\nvalue = 3\nwhen = \"a\\tb\"\n";
    let (book, source) = decode::<Book>(text, Format::Toml).unwrap();
    assert_eq!((book.format, book.name.as_str(), book.limits.len()), (1, "x", 0));
    assert_eq!((book.policy.explore, book.policy.weights.len()), (0.0, 0));
    assert_eq!(book.offers[0].value, book.offers[1].value);
    assert!(book.offers[0].from.is_some() && book.offers[0].pause.is_some() && !book.offers[0].open);
    assert!(
        matches!(book.offers[0].retry, Some(Retry::Every { times: 2, wait }) if wait.to_string() == "1h")
    );
    assert!(matches!(book.offers[1].kind, Kind::Serve) && matches!(book.offers[1].retry, Some(Retry::Never)));
    assert!(book.offers[1].topics.is_empty() && book.offers[2].id == "c");

    let when = |offer: usize| Path::root().key("offers").index(offer).key("when");
    let at = |offer, inner| &text[source.locate(&when(offer), inner).unwrap()];
    assert_eq!(book.offers[0].when, "profile.tear > 1");
    assert_eq!(at(0, Some(&(8..12))), "tear");
    assert_eq!(at(1, Some(&(6..7))), "b");
    assert_eq!(at(2, Some(&(0..1))), "\"a\\tb\"", "a text with escapes is shown whole");
    assert_eq!(at(0, Some(&(8..900))), "'profile.tear > 1'", "a span outside the text is not believed");
    let nowhere = Path::root().key("offers").index(1).key("nothing");
    assert_eq!(source.line_column(source.locate(&nowhere, None).unwrap().start).0, 11);
    assert_eq!(source.locate(&Path::root().key("nothing"), None), None);
}

#[test]
fn a_condition_in_json_is_located_to_the_letter() {
    let text =
        r#"{ "format": 1, "name": "y", "offers": [ {"id":"a","kind":"sell","value":1,"when":"a == b"} ] }"#;
    let (_, source) = decode::<Book>(text, Format::Json).unwrap();
    let when = Path::root().key("offers").index(0).key("when");
    assert_eq!(&text[source.locate(&when, Some(&(5..6))).unwrap()], "b");
}

#[test]
fn broken_syntax_is_reported_where_it_breaks() {
    for (text, format, line) in [
        ("format = 1\nname = \n", Format::Toml, 2),
        ("{\"format\": 1,\n\"name\" 3}", Format::Json, 2),
        ("", Format::Json, 1),
    ] {
        let problems = decode::<Book>(text, format).unwrap_err();
        let first = found(text, &problems).remove(0);
        assert_eq!((first.0.as_str(), first.2), ("playbook/syntax", line), "{problems}");
    }
}

#[test]
fn a_key_given_twice_does_not_hide_the_rest() {
    let codes = |text, format| -> Vec<&str> {
        decode::<Book>(text, format).unwrap_err().iter().map(|problem| problem.code).collect()
    };
    let both = ["playbook/duplicate-key", "playbook/unknown-field"];
    assert_eq!(codes("format = 1\nname = 'x'\nname = 'y'\nodd = 2", Format::Toml), both);
    assert_eq!(codes(r#"{"format": 1, "name": "x", "name": "y", "odd": 2}"#, Format::Json), both);
}

#[test]
fn numbers_that_cannot_be_kept_are_said_once() {
    let text = "format = 1\nname = 'x'\n[policy]\nexplore = nan\nweights = [inf, 1e999]";
    let problems = decode::<Book>(text, Format::Toml).unwrap_err();
    assert_eq!(problems.len(), 3, "{problems}");
}

#[test]
fn problems_are_drawn_below_their_lines() {
    let text = "format = 1\nname = \"x\"\n\tnmae = \"y\"\n";
    let problems = decode::<Book>(text, Format::Toml).unwrap_err();
    assert_eq!(
        Source::unread(text).render(&problems),
        "error[playbook/unknown-field]: `nmae` is not a field here\n --> 3:2 at nmae\n  |\n3 |  nmae = \"y\"\n  |  ^^^^\n  \
         = help: did you mean `name`?\n"
    );
}

#[test]
fn hundreds_of_mistakes_end_in_a_list_of_bounded_length() {
    let mut text = "format = 1\nname = 'x'\n".to_owned();
    for at in 0..400 {
        writeln!(text, "odd{at} = 1").unwrap();
    }
    let problems = decode::<Book>(&text, Format::Toml).unwrap_err();
    assert_eq!(problems.len(), super::MAX_PROBLEMS + 1);
    assert!(problems.iter().any(|problem| problem.code == "playbook/too-many-problems"));
}

/// Reads hostile text and draws whatever was wrong with it.
fn survive(text: &str) {
    for format in [Format::Toml, Format::Json] {
        if let Err(problems) = decode::<Book>(text, format) {
            assert!(!problems.is_empty());
            let drawn = Source::unread(text).render(&problems);
            assert!(!drawn.is_empty());
        }
    }
}

#[test]
fn depth_is_refused_without_a_panic() {
    for depth in [10, 79, 127, 5_000] {
        survive(&format!("name = {}{}", "[".repeat(depth), "]".repeat(depth)));
        survive(&format!("{}{}", "{\"name\":".repeat(depth), "}".repeat(depth)));
        survive(&"[".repeat(depth));
        survive(&format!("{}x = 1", "a.".repeat(depth)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_loader_panic(text in ".{0,200}") {
        survive(&text);
    }

    #[test]
    fn no_damage_to_a_text_makes_the_loader_panic(
        at in 0..TWENTY.len(), length in 0usize..40, with in "[\\[\\]{}\"'=.,\\\\ a1\n\u{e9}]{0,6}",
    ) {
        let mut text = TWENTY.to_owned();
        text.replace_range(at..(at + length).min(TWENTY.len()), &with);
        survive(&text);
    }
}
