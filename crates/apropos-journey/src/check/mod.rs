//! Bounded model checking: does what an author wants always to be true hold in every state a journey can get into?
//!
//! The checker runs the real step function, over a finite abstraction of facts and time. Not here: running customers.

mod explore;
mod verdict;
pub(crate) mod worlds;

pub use verdict::{TraceStep, Verdict};
