//! What the examples share: reading plain or gzip files with the line where they broke, and arguments.
//!
//! Not here: anything that one example alone needs.

pub mod args;
pub mod input;
