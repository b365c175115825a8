//! Playbooks that are wrong in every room, with the codes of the problems of a line after `#!`.

use std::collections::BTreeMap;

use apropos::Engine;
use apropos::load::Source;

use crate::world::PEPPER;

/// The codes of each line, in order.
type Lines = BTreeMap<usize, Vec<String>>;

fn marked(text: &str) -> Lines {
    let marks = (1..).zip(text.lines()).filter_map(|(line, text)| Some((line, text.split_once("#!")?.1)));
    marks.map(|(line, codes)| (line, codes.split_whitespace().map(str::to_owned).collect())).collect()
}

#[track_caller]
fn check(text: &str) {
    let problems = Engine::from_toml(text, PEPPER).unwrap_err();
    let source = Source::unread(text);
    let mut found = Lines::new();
    for problem in &problems {
        let line = problem.span.as_ref().map_or(0, |span| source.line_column(span.start).0);
        found.entry(line).or_default().push(problem.code.to_owned());
    }
    let mut expected = marked(text);
    if cfg!(feature = "business-hours") {
        // What the feature reads is no mistake with it.
        for codes in expected.values_mut() {
            codes.retain(|code| code != "context/feature");
        }
        expected.retain(|_, codes| !codes.is_empty());
    }
    found.values_mut().chain(expected.values_mut()).for_each(|codes| codes.sort());
    let line = |line: &usize| text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let differ: Vec<String> = (0..=text.lines().count())
        .filter(|at| found.get(at) != expected.get(at))
        .map(|at| format!("{at}: found {:?}: {}", found.get(&at).cloned().unwrap_or_default(), line(&at)))
        .collect();
    assert!(differ.is_empty(), "{}", differ.join("\n"));
    assert!(20 < problems.len());
}

#[test]
fn mistakes_of_meaning_in_every_room_are_told_at_once_and_at_their_lines() {
    check(include_str!("slips/meaning.toml"));
}

#[test]
fn mistakes_of_shape_do_not_hide_mistakes_of_meaning() {
    check(include_str!("slips/mixed.toml"));
}
