//! The public behaviour of conditions.
//!
//! `APROPOS_CASES` sets how many random conditions the agreement test takes; 200,000 unless it is set.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a failing test is the report, also in its helpers")]

mod agreement;
mod analysis;
#[path = "../corpus/mod.rs"]
mod corpus;
#[path = "../../../../fuzz/src/conditions.rs"]
mod fuzzed;
mod generator;
mod hostile;
mod mutations;
mod problems;
mod recall;
mod reference;
mod traces;
