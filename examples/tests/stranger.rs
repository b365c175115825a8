//! Every example, called as a stranger calls it: with nothing, with an option that does not exist, with a file that
//! is not there. It may refuse; it may not panic, and it says what it needs.

#![expect(clippy::unwrap_used, clippy::panic, reason = "an example that cannot be run is a failing test")]

use std::path::PathBuf;
use std::process::{Command, Output};

/// The names of all examples, from the manifest that declares them.
fn examples() -> Vec<&'static str> {
    include_str!("../Cargo.toml")
        .split("[[example]]")
        .skip(1)
        .filter_map(|block| block.split("name = \"").nth(1)?.split('"').next())
        .collect()
}

/// Where cargo puts the examples: beside the folder of this test.
fn program(name: &str) -> PathBuf {
    let folder = std::env::current_exe().unwrap();
    folder.parent().unwrap().parent().unwrap().join("examples").join(name)
}

fn run(name: &str, arguments: &[&str]) -> Output {
    let program = program(name);
    Command::new(&program).args(arguments).output().unwrap_or_else(|error| {
        panic!("{}: {error}; `cargo test -p apropos-examples` builds it", program.display())
    })
}

/// Fails when a run panicked, or failed without a word.
#[track_caller]
fn check_refusal(name: &str, arguments: &[&str], output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!said.contains("panicked at"), "{name} {arguments:?} panicked: {said}");
    assert!(output.status.success() || !said.trim().is_empty(), "{name} {arguments:?} failed without a word");
    assert!(!said.contains("Error {"), "{name} {arguments:?} shows its fields, not a sentence: {said}");
    said
}

#[test]
fn an_example_without_arguments_runs_or_says_what_it_needs() {
    for name in examples() {
        check_refusal(name, &[], &run(name, &[]));
    }
}

#[test]
fn an_unknown_option_is_named_in_the_refusal() {
    for name in examples() {
        let output = run(name, &["--no-such-option"]);
        let said = check_refusal(name, &["--no-such-option"], &output);
        assert!(!output.status.success(), "{name} took an option that does not exist");
        assert!(said.contains("no-such-option"), "{name} does not name the option: {said}");
    }
}

#[test]
fn a_file_that_is_not_there_is_named_in_the_refusal() {
    let missing = ["no-such-file"; 3];
    for name in examples() {
        let output = run(name, &missing);
        let said = check_refusal(name, &missing, &output);
        if !output.status.success() {
            assert!(said.contains("no-such-file"), "{name} does not name the file: {said}");
        }
    }
}
