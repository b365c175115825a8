//! The tests that keep the house standing, one file a subject.
//!
//! A rule that was broken twice in review becomes a test here. Each failure lists every place at once and says what
//! to do about it.

#![expect(clippy::unwrap_used, reason = "a tree that cannot be read is a failing test")]

mod arrows;
mod documents;
mod examples;
mod files;
mod guide;
mod words;

use apropos_house::{Package, Source, Tree};

/// The project's files.
fn tree() -> Tree {
    Tree::read().unwrap()
}

/// The crates of the house: the members that may be published.
fn rooms() -> Vec<Package> {
    apropos_house::packages().unwrap().into_iter().filter(Package::is_room).collect()
}

/// The library sources of one crate, each with its path. Files that hold only tests are left out.
fn library(tree: &Tree, room: &str) -> Vec<(String, Source)> {
    let folder = format!("crates/{room}/src/");
    tree.ending(".rs")
        .filter(|file| file.path.starts_with(&folder))
        .filter(|file| !file.path.ends_with("tests.rs") && !file.path.contains("/tests/"))
        .map(|file| (file.path.clone(), Source::parse(file).unwrap()))
        .collect()
}

/// The lines of a fenced block of `text` that is marked with `mark`, such as ```` ```text arrows ````.
fn block<'a>(text: &'a str, mark: &str) -> Vec<&'a str> {
    let opening = format!("```{mark}");
    text.lines()
        .skip_while(|line| **line != opening)
        .skip(1)
        .take_while(|line| *line != "```")
        .filter(|line| !line.trim().is_empty())
        .collect()
}

/// One line of a block: a name, an arrow, and the names it leads to.
fn arrow(line: &str) -> (String, Vec<String>) {
    let (from, to) = line.split_once("->").unwrap_or((line, ""));
    let mut to: Vec<String> = to.split_whitespace().map(str::to_owned).collect();
    to.sort_unstable();
    (from.trim().to_owned(), to)
}

/// Fails with every finding and what to do about it.
#[track_caller]
fn none(findings: &[String], advice: &str) {
    assert!(findings.is_empty(), "{}\n\n{advice}", findings.join("\n"));
}
