#![doc = include_str!("../README.md")]

mod attribute;
mod check;
mod condition;
mod datum;
mod evaluate;
mod expression;
mod facts;
mod function;
pub mod limits;
mod schema;
mod symbol;
mod text;
mod truth;

pub use attribute::{AttributeDefinition, AttributeType, Sensitivity};
pub use condition::Condition;
pub use datum::{Datum, Entries, Items, Text};
pub use evaluate::EvaluateError;
pub use expression::Expression;
pub use facts::{FactError, Facts};
pub use function::{Derived, FunctionDefinition, Parameter, ParameterType};
pub use schema::{AttributeId, Declarations, Schema, SchemaBuilder};
pub use symbol::SymbolId;
pub use text::{MacroTree, Tree};
pub use truth::{OnUnknown, Truth};
