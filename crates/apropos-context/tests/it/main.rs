//! The public behaviour of the context: facts of a moment, situations, stages, stakes, places and what is upcoming.
//!
//! `APROPOS_CASES` sets how many random cases the laws are tried on; the default is proptest's 256.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a failing test is the report")]

mod laws;
mod rules;
mod support;
mod twin;
