//! Why a condition, or a part of one, has no value.

use crate::AttributeId;

/// Why an expression has no value for some facts. A condition without a value is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluateError {
    /// An attribute is missing.
    #[error("an attribute is missing")]
    Missing(AttributeId),
    /// A map has no such key.
    #[error("there is no such key")]
    NoSuchKey,
    /// A list has no element at this place.
    #[error("the index is out of range")]
    OutOfRange,
    /// A whole number was divided by zero.
    #[error("division by zero")]
    DivideByZero,
    /// A result does not fit its type.
    #[error("the result does not fit")]
    Overflow,
    /// An operator or function does not take values of these types.
    #[error("no such operation for values of these types")]
    WrongType,
    /// A value cannot be converted.
    #[error("the value cannot be converted")]
    Conversion,
    /// A map has the same key twice.
    #[error("a key stands twice in a map")]
    DuplicateKey,
    /// The evaluation took too many steps, or a value grew too large.
    #[error("the evaluation goes beyond its limits")]
    Limit,
}
