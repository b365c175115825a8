//! The public behaviour of the journey room, one topic a file.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a failing test is the report, in helpers too")]

mod ahead;
mod defects;
mod exits;
mod facts;
mod lint;
mod migration;
mod model;
mod nodes;
mod nurture;
mod people;
mod pictures;
mod promises;
mod random;
mod reentry;
mod size;
mod sound;
mod support;
mod verify;
