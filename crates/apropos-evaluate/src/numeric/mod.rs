//! Arithmetic that every figure rests on: sums that do not depend on the order, moments, distributions.
//!
//! Not here: estimators. Nothing in this folder knows what a reward is.

pub mod distribution;
pub mod linear;
mod moments;
mod sum;

pub use moments::{Moments, PairMoments};
pub use sum::{Sum, Wide};
