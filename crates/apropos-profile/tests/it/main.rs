//! Public behaviour of profiles, topic by topic.
//!
//! `APROPOS_CASES` sets the number of cases of the laws; see `laws`.
#![expect(clippy::unwrap_used, reason = "a failing test is the report")]

mod brief;
mod consent;
mod erasure;
mod facts;
mod laws;
mod observe;
mod support;
