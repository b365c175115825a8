//! What the examples share: reading plain or gzip files with the line where they broke, arguments, and how they fail.
//!
//! Not here: anything that one example alone needs.

pub mod args;
pub mod failure;
pub mod input;
