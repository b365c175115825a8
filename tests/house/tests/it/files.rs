//! What every file must be: opened by a line that says what lives there, and short enough to read.

use apropos_house::Source;

use crate::{none, tree};

/// Lines of code, without comments and tests, that no file may pass.
const LONGEST: usize = 600;

/// Files that were longer than [`LONGEST`] when the rule came. A number here may only fall.
const STILL_LONG: [(&str, usize); 0] = [];

#[test]
fn every_rust_file_opens_by_saying_what_lives_there() {
    let findings: Vec<String> = tree()
        .ending(".rs")
        .filter(|file| {
            let first = file.text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
            !first.starts_with("//! ") && !first.starts_with("#![doc = include_str!(")
        })
        .map(|file| file.path.clone())
        .collect();
    none(&findings, "These files need a first line `//! …` that says what lives there and what does not.");
}

#[test]
fn no_file_is_longer_than_a_reader_can_hold() {
    let tree = tree();
    let mut findings = Vec::new();
    for file in tree.ending(".rs") {
        let lines = Source::parse(file).unwrap().code_lines();
        let limit =
            STILL_LONG.iter().find(|(path, _)| *path == file.path).map_or(LONGEST, |(_, limit)| *limit);
        if limit < lines {
            findings.push(format!("{}: {lines} lines of code, at most {limit}", file.path));
        }
    }
    for (path, limit) in STILL_LONG {
        let lines = tree.ending(path).next().map_or(0, |file| Source::parse(file).unwrap().code_lines());
        if lines < limit {
            findings.push(format!("{path}: now {lines} lines of code, the ratchet still says {limit}"));
        }
    }
    none(&findings, "Look for a seam and split the file; when one became shorter, tighten the ratchet.");
}

#[test]
fn no_file_names_the_machine_it_was_written_on() {
    // Written in halves, so that this file does not find itself.
    let unwanted: Vec<String> =
        [("/ho", "me/"), ("/wo", "rk/"), ("/ro", "ot/"), ("/Us", "ers/"), ("/tm", "p/"), ("/mn", "t/")]
            .into_iter()
            .chain([("index.crates", ".io"), ("static.crates", ".io"), ("pypi", ".org/simple")])
            .map(|(head, tail)| format!("{head}{tail}"))
            .collect();
    let mut findings = Vec::new();
    for file in tree().all() {
        for (number, line) in file.lines() {
            let hits = unwanted.iter().filter(|text| stands_alone(line, text));
            findings.extend(hits.map(|text| format!("{}:{number}: `{text}`", file.path)));
        }
    }
    none(&findings, "Paths and hosts come in as arguments; a file in the tree names neither.");
}

/// Whether `text` occurs in `line` other than as the tail of a longer path or word.
fn stands_alone(line: &str, text: &str) -> bool {
    line.match_indices(text).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '/' | '}' | '$' | '~'))
    })
}
