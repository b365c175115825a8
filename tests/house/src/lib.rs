//! The project's own tree as data, for the tests that hold it to its documents.
//!
//! Start with [`Tree`]; [`Source`] reads one Rust file, [`Package`] is one member of the workspace. Nothing here judges:
//! the rules stand in `tests/it`, one file a subject, and each says what to do when it fails.

mod source;
mod tree;
mod workspace;

pub use source::{Source, Token};
pub use tree::{File, Tree};
pub use workspace::{Dependency, Package, Target, packages};

/// Why the tree could not be read.
pub type Error = Box<dyn std::error::Error>;
