//! Evaluating one checked condition, plainly: node by node, as CEL says.
//!
//! Not here: deciding many conditions at once, see `index`.

mod error;
pub(crate) mod functions;
mod machine;
pub(crate) mod operators;
mod truth;

pub use error::EvaluateError;
pub(crate) use machine::Machine;
pub(crate) use truth::{counted, truth};
