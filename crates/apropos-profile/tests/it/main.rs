//! Public behaviour of profiles, topic by topic.
//!
//! `APROPOS_CASES` multiplies nothing but sets the number of cases of each law; the default is what the crate promises
//! within a minute.
#![expect(clippy::unwrap_used, reason = "a failing test is the report")]

mod brief;
mod canary;
mod consent;
mod facts;
mod laws;
mod observe;
mod support;
