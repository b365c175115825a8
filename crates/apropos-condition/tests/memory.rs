//! How much memory hostile input may take: 16 MiB for each, whether it is refused or accepted.
//!
//! A program of its own with one test, because it counts everything that the program allocates.

mod corpus;

use apropos_condition::{Condition, IndexBuilder, OnUnknown, Scratch};
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const LIMIT: usize = 16 * 1024 * 1024;

/// The most that `work` held at one time.
fn peak(work: impl FnOnce()) -> usize {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    work();
    MEMORY.peak_usage().saturating_sub(before)
}

#[test]
fn no_input_takes_more_than_sixteen_mebibytes() {
    let mut most = (0, String::new());
    let mut check = |name: &str, bytes: usize| {
        assert!(bytes <= LIMIT, "{name}: {bytes} bytes");
        if most.0 < bytes {
            most = (bytes, name.to_owned());
        }
    };
    for (name, text) in corpus::refused() {
        let mut names = corpus::names();
        check(&name, peak(|| assert!(Condition::parse(&text, &mut names).is_err(), "{name}")));
    }
    for (name, json) in corpus::refused_json() {
        let mut names = corpus::names();
        check(&name, peak(|| assert!(Condition::from_json(&json, &mut names).is_err(), "{name}")));
    }
    for (name, text) in corpus::accepted() {
        let mut names = corpus::names();
        let mut read = None;
        check(&name, peak(|| read = Condition::parse(&text, &mut names).ok()));
        let (condition, _) = read.unwrap_or_else(|| panic!("{name} is refused"));
        let schema = names.build();
        let facts = corpus::large(&schema);
        check(&name, peak(|| assert!(condition.evaluate_counted(&facts).1 <= condition.cost())));
        check(&name, peak(|| assert!(!condition.canonical().is_empty())));
        check(&name, peak(|| assert!(!condition.to_json().is_empty())));
        check(&name, peak(|| drop(condition.analyse(&schema))));
        check(&name, peak(|| drop(condition.trace(&facts))));
        check(
            &name,
            peak(|| {
                let mut builder = IndexBuilder::new(&schema);
                builder.add(0, 0, &condition, OnUnknown::Fails);
                let index = builder.build();
                index.evaluate(&facts, &mut Scratch::new(&index));
            }),
        );
    }
    println!("at most {} kB: {}", most.0 / 1024, most.1);
}
