//! Bounded model checking: does what an author wants always to be true hold in every state?
//!
//! Not here: lint, which looks at the graph and at single conditions.

mod abstraction;
mod clocks;
mod explore;
mod inputs;
mod leaves;
mod verdict;
pub(crate) mod worlds;

pub use verdict::{TraceStep, Verdict};
