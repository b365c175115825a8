//! Words that a library must not use: hidden inputs, unordered iteration, arithmetic that differs by machine.
//!
//! clippy.toml forbids some of them as well; this list needs no types and therefore also sees what a lint was told to
//! overlook.

use apropos_house::Token;

use crate::{library, none, rooms, tree};

/// A run of tokens, and why a library does without it.
const FORBIDDEN: [(&[&str], &str); 23] = [
    (&["SystemTime"], "time is an argument"),
    (&["time", ":", ":", "Instant"], "time is an argument"),
    (&["Instant", ":", ":", "now"], "time is an argument"),
    (&["Utc", ":", ":", "now"], "time is an argument"),
    (&["Zoned", ":", ":", "now"], "time is an argument"),
    (&["HashMap"], "iteration order must not reach a decision"),
    (&["HashSet"], "iteration order must not reach a decision"),
    (&["RandomState"], "iteration order must not reach a decision"),
    (&["thread_rng"], "chance is drawn from a seed"),
    (&["getrandom"], "chance is drawn from a seed"),
    (&["thread_local"], "no state outside what the host holds"),
    (&["static", "mut"], "no state outside what the host holds"),
    (&["std", ":", ":", "env"], "the environment must not reach a decision"),
    (&["std", ":", ":", "fs"], "files are the host's"),
    (&["std", ":", ":", "net"], "sockets are the host's"),
    (&["std", ":", ":", "process"], "processes are the host's"),
    (&["std", ":", ":", "thread"], "threads are the host's"),
    (&["println", "!"], "a library has no terminal"),
    (&["eprintln", "!"], "a library has no terminal"),
    (&["print", "!"], "a library has no terminal"),
    (&["async", "fn"], "deciding never waits"),
    (&["unsafe"], "unsafe code is forbidden"),
    (&["mul_add"], "a fused operation differs from two"),
];

/// Methods of the standard floats whose last bit depends on the machine; `libm` has pinned twins.
const INEXACT: [&str; 24] = [
    "exp", "exp2", "exp_m1", "ln", "ln_1p", "log", "log2", "log10", "powf", "powi", "sin", "cos", "tan",
    "sin_cos", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "cbrt", "hypot", "gamma",
];

fn runs<'a>(tokens: &'a [Token], run: &'a [&str]) -> impl Iterator<Item = &'a Token> {
    tokens.windows(run.len()).filter_map(move |window| {
        let same = window.iter().zip(run).all(|(token, word)| token.text == *word);
        if same { window.first() } else { None }
    })
}

#[test]
fn libraries_have_no_hidden_inputs_and_no_hidden_order() {
    let tree = tree();
    let mut findings = Vec::new();
    for room in rooms() {
        for (path, source) in library(&tree, &room.name) {
            let tokens = source.tokens();
            for (run, reason) in FORBIDDEN {
                let text = run.concat();
                findings.extend(
                    runs(&tokens, run).map(|token| format!("{path}:{}: `{text}`: {reason}", token.line)),
                );
            }
        }
    }
    none(&findings, "A library is a pure function of its arguments; let the host pass in what is needed.");
}

#[test]
fn libraries_use_only_exact_arithmetic_or_pinned_functions() {
    let tree = tree();
    let mut findings = Vec::new();
    for room in rooms() {
        for (path, source) in library(&tree, &room.name) {
            let tokens = source.tokens();
            for name in INEXACT {
                findings.extend(
                    runs(&tokens, &[".", name, "("])
                        .map(|token| format!("{path}:{}: `.{name}()`", token.line)),
                );
            }
        }
    }
    none(&findings, "Call the function of the same name in `libm`: its bits are the same on every machine.");
}
