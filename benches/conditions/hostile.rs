//! How long does it take to refuse input made to hurt, and to read what is as heavy as may be? One line for each input of
//! the corpus of the tests: the slowest, and the whole.

#[path = "../../crates/apropos-condition/tests/corpus/mod.rs"]
mod corpus;

use std::hint::black_box;
use std::time::{Duration, Instant};

use apropos::condition::Condition;

/// The median of nine times.
#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
fn median(mut work: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..9)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    times.get(4).copied().unwrap_or_default()
}

fn report(what: &str, mut times: Vec<(Duration, String)>) {
    times.sort_unstable();
    let all: Duration = times.iter().map(|(time, _)| *time).sum();
    println!("{what}: {} inputs, {:.1} ms in all; the slowest:", times.len(), all.as_secs_f64() * 1e3);
    for (time, name) in times.iter().rev().take(5) {
        println!("{:>10.3} ms  {name}", time.as_secs_f64() * 1e3);
    }
}

fn main() {
    let parse = |text: &str| {
        let mut names = corpus::names();
        median(|| {
            let _ = black_box(Condition::parse(black_box(text), &mut names));
        })
    };
    report("refused", corpus::refused().into_iter().map(|(name, text)| (parse(&text), name)).collect());
    report("accepted", corpus::accepted().into_iter().map(|(name, text)| (parse(&text), name)).collect());
    let read = |json: &str| {
        let mut names = corpus::names();
        median(|| {
            let _ = black_box(Condition::from_json(black_box(json), &mut names));
        })
    };
    report(
        "JSON refused",
        corpus::refused_json().into_iter().map(|(name, json)| (read(&json), name)).collect(),
    );
    let decide = |text: &str| {
        let mut names = corpus::names();
        let Ok((condition, _)) = Condition::parse(text, &mut names) else { return Duration::ZERO };
        let facts = corpus::large(&names.build());
        median(|| {
            let _ = black_box(condition.evaluate(black_box(&facts)));
        })
    };
    report("evaluated", corpus::accepted().into_iter().map(|(name, text)| (decide(&text), name)).collect());
}
