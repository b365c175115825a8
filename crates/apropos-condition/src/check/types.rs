//! The types of the checker.
//!
//! Not here: which operators take which types, see `checker` and `builtin`.

use std::fmt;

use crate::AttributeType;

/// The type of an expression. `Dynamic` is a type nothing is known of; every check lets it pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Dynamic,
    Null,
    Bool,
    Int,
    UInt,
    Double,
    Decimal,
    Text,
    Bytes,
    Timestamp,
    Duration,
    List(Box<Type>),
    Map(Box<Type>, Box<Type>),
    /// The name of a type.
    Kind,
}

impl Type {
    /// The type of an attribute's value.
    pub(crate) fn of(kind: &AttributeType) -> Self {
        match kind {
            AttributeType::Bool => Self::Bool,
            AttributeType::Int => Self::Int,
            AttributeType::UInt => Self::UInt,
            AttributeType::Double => Self::Double,
            AttributeType::Decimal => Self::Decimal,
            AttributeType::Text | AttributeType::Symbol => Self::Text,
            AttributeType::Bytes => Self::Bytes,
            AttributeType::Timestamp => Self::Timestamp,
            AttributeType::Duration => Self::Duration,
            AttributeType::List(element) | AttributeType::Set(element) => {
                Self::List(Box::new(Self::of(element)))
            }
            // Keys are text in plain data, but a foreign map may have others.
            AttributeType::Map(value) => Self::Map(Box::new(Self::Dynamic), Box::new(Self::of(value))),
            AttributeType::Dynamic => Self::Dynamic,
        }
    }

    pub(crate) fn is_dynamic(&self) -> bool {
        *self == Self::Dynamic
    }

    pub(crate) fn is_number(&self) -> bool {
        matches!(self, Self::Int | Self::UInt | Self::Double | Self::Decimal)
    }

    /// Whether a value of this type might equal one of the other.
    pub(crate) fn may_equal(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Dynamic, _) | (_, Self::Dynamic) => true,
            (Self::List(a), Self::List(b)) => a.may_equal(b),
            (Self::Map(a, x), Self::Map(b, y)) => a.may_equal(b) && x.may_equal(y),
            _ => self == other || (self.is_number() && other.is_number()),
        }
    }

    /// Whether two values of these types have an order.
    pub(crate) fn may_compare(&self, other: &Self) -> bool {
        let ordered =
            |t: &Self| matches!(t, Self::Bool | Self::Text | Self::Bytes | Self::Timestamp | Self::Duration);
        match (self, other) {
            (Self::Dynamic, t) | (t, Self::Dynamic) => t.is_dynamic() || t.is_number() || ordered(t),
            _ => (self.is_number() && other.is_number()) || (self == other && ordered(self)),
        }
    }

    /// The type of a place that holds either.
    pub(crate) fn join(self, other: &Self) -> Self {
        if self == *other { self } else { Self::Dynamic }
    }
}

/// The name of a type in a sentence: `an int`, `a text`.
pub(crate) fn with_article(name: &impl fmt::Display) -> String {
    let name = name.to_string();
    let article = if name.starts_with('i') { "an" } else { "a" };
    format!("{article} {name}")
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dynamic => f.write_str("dynamic"),
            Self::Null => f.write_str("null"),
            Self::Bool => f.write_str("bool"),
            Self::Int => f.write_str("int"),
            Self::UInt => f.write_str("uint"),
            Self::Double => f.write_str("double"),
            Self::Decimal => f.write_str("decimal"),
            Self::Text => f.write_str("text"),
            Self::Bytes => f.write_str("bytes"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::Duration => f.write_str("duration"),
            Self::List(element) => write!(f, "list({element})"),
            Self::Map(key, value) => write!(f, "map({key}, {value})"),
            Self::Kind => f.write_str("type"),
        }
    }
}
