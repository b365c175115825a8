//! Public behaviour of `apropos-learn`, topic by topic. `APROPOS_CASES` says on how many random cases laws are tried
//! (default 256), and multiplies the seeds of the simulated streams (default 1, at most 10, which gives the full runs quoted
//! in the documents): in release a million takes a few minutes.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failing test is the report")]

mod attack;
mod found;
mod golden;
mod laws;
mod safety;
mod snapshot;
mod streams;
mod world;

use proptest::test_runner::Config as ProptestConfig;

/// What `APROPOS_CASES` says; 1 without it.
#[expect(clippy::disallowed_methods, reason = "a test may be told to run longer")]
fn cases() -> u64 {
    std::env::var("APROPOS_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// How many times the usual number of seeds.
fn times() -> u64 {
    cases().min(10)
}

/// A law is tried on so many random cases, and on no fewer than `least`.
fn tries(least: u32) -> ProptestConfig {
    ProptestConfig::with_cases(u32::try_from(cases()).unwrap_or(u32::MAX).max(least))
}
