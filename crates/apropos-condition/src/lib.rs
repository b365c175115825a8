#![doc = include_str!("../README.md")]

mod attribute;
mod check;
mod datum;
mod facts;
mod function;
pub mod limits;
mod schema;
mod symbol;
mod text;
mod truth;

pub use attribute::{AttributeDefinition, AttributeType, Sensitivity};
pub use datum::{Datum, Entries, Items, Text};
pub use facts::{FactError, Facts};
pub use function::{Derived, FunctionDefinition, Parameter, ParameterType};
pub use schema::{AttributeId, Declarations, Schema, SchemaBuilder};
pub use symbol::SymbolId;
pub use truth::{OnUnknown, Truth};
