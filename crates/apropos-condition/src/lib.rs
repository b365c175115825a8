#![doc = include_str!("../README.md")]

mod analysis;
mod attribute;
mod bitset;
mod check;
mod condition;
mod datum;
mod evaluate;
mod expression;
mod facts;
mod flips;
mod function;
mod index;
pub mod limits;
mod nearest;
mod schema;
mod symbol;
mod text;
mod trace;
mod truth;

pub use attribute::{AttributeDefinition, AttributeType, Sensitivity};
pub use bitset::BitSet;
pub use condition::Condition;
pub use datum::{Datum, Entries, Items, Text};
pub use evaluate::EvaluateError;
pub use expression::Expression;
pub use facts::{FactError, Facts};
pub use flips::{Flip, MAX_FLIP_SETS, MAX_FLIP_SIZE};
pub use function::{Derived, FunctionDefinition, Parameter, ParameterType};
pub use index::{Failure, Index, IndexBuilder, Remembered, Scratch};
pub use schema::{AttributeId, Declarations, Schema, SchemaBuilder};
pub use symbol::SymbolId;
pub use text::{MacroTree, Tree};
pub use trace::{Seen, Trace, TraceKind, TraceNode};
pub use truth::{OnUnknown, Truth};
