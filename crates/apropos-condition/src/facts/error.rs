//! Why a value is refused as a fact.

use apropos_event::Value;

use crate::AttributeType;
use crate::check::with_article;
use crate::datum::Datum;

/// Why a value is not one of an attribute.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FactError {
    /// The attribute is not one of this schema.
    #[error("the attribute is not one of this schema")]
    UnknownAttribute,
    /// The value has another type.
    #[error("expected {}, got {}", with_article(expected), with_article(got))]
    WrongType {
        /// The attribute's type.
        expected: String,
        /// What the value is.
        got: &'static str,
    },
    /// The text cannot be read as a value of the type.
    #[error("`{text}` is not {}", with_article(expected))]
    Malformed {
        /// The attribute's type.
        expected: String,
        /// The text, shortened.
        text: String,
    },
    /// A list or map is too long or nests too deeply, or a text is too long.
    #[error("the value is too large: at most 4096 elements, 16 deep, texts of at most 65536 bytes")]
    TooLarge,
}

impl FactError {
    pub(super) fn wrong(kind: &AttributeType, value: &Value) -> Self {
        Self::WrongType { expected: kind.to_string(), got: value.kind() }
    }

    pub(super) fn wrong_datum(kind: &AttributeType, value: &Datum<'_>) -> Self {
        Self::WrongType { expected: kind.to_string(), got: value.type_name() }
    }

    pub(super) fn malformed(kind: &AttributeType, text: &str) -> Self {
        let text = text.chars().take(64).collect::<String>().escape_debug().to_string();
        Self::Malformed { expected: kind.to_string(), text }
    }
}
