//! Public behaviour of profiles, topic by topic.
//!
//! `APROPOS_CASES` sets the number of cases of the laws; see `laws.rs`.
#![expect(clippy::unwrap_used, reason = "a failing test is the report")]

mod brief;
mod canary;
mod consent;
mod facts;
mod laws;
mod observe;
mod support;
