//! Public behaviour of `apropos-learn`, topic by topic. `APROPOS_CASES` multiplies the seeds of the simulated streams
//! (default 1; 10 gives the full runs quoted in the documents).
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failing test is the report")]

mod attack;
mod found;
mod golden;
mod laws;
mod safety;
mod snapshot;
mod streams;
mod world;

/// How many times the usual number of seeds.
#[expect(clippy::disallowed_methods, reason = "a test may be told to run longer")]
fn cases() -> u64 {
    std::env::var("APROPOS_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}
