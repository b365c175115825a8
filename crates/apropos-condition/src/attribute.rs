//! What can be known of a customer and a moment: the declaration of one attribute.
//!
//! Not here: values, see [`crate::Facts`], and the table of all attributes, see [`crate::Schema`].

use std::fmt;

use apropos_event::{AttributeName, Purposes, Value};
use serde::{Deserialize, Serialize};

/// The type of an attribute, of an element of one, or of the result of a function.
///
/// In definitions: `"int"`, `{ "list": "text" }`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AttributeType {
    /// True or false.
    Bool,
    /// A whole number of 64 bits.
    Int,
    /// A whole number of 64 bits without a sign. Conditions write such numbers as `5u`.
    UInt,
    /// A number in binary floating point.
    Double,
    /// An exact decimal number, for money. The currency is the attribute's unit.
    Decimal,
    /// Free text.
    Text,
    /// One of a declared list of texts.
    Symbol,
    /// Bytes.
    Bytes,
    /// An instant.
    Timestamp,
    /// Elapsed time.
    Duration,
    /// Several values of one type, in order.
    List(Box<AttributeType>),
    /// Several distinct values of one type; their order has no meaning.
    Set(Box<AttributeType>),
    /// Named values of one type; the names are text.
    Map(Box<AttributeType>),
    /// A value of any type, for data whose shape is not declared, such as the properties of an event.
    Dynamic,
}

impl AttributeType {
    /// A list of `element`s.
    pub fn list(element: Self) -> Self {
        Self::List(Box::new(element))
    }

    /// A set of `element`s.
    pub fn set(element: Self) -> Self {
        Self::Set(Box::new(element))
    }

    /// A map from names to `value`s.
    pub fn map(value: Self) -> Self {
        Self::Map(Box::new(value))
    }

    /// How deep lists and maps nest in it.
    pub(crate) fn depth(&self) -> usize {
        let mut depth = 0;
        let mut at = self;
        while let Self::List(inner) | Self::Set(inner) | Self::Map(inner) = at {
            depth += 1;
            at = inner;
        }
        depth
    }
}

impl fmt::Display for AttributeType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("bool"),
            Self::Int => f.write_str("int"),
            Self::UInt => f.write_str("uint"),
            Self::Double => f.write_str("double"),
            Self::Decimal => f.write_str("decimal"),
            Self::Text => f.write_str("text"),
            Self::Symbol => f.write_str("symbol"),
            Self::Bytes => f.write_str("bytes"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::Duration => f.write_str("duration"),
            Self::List(inner) => write!(f, "list({inner})"),
            Self::Set(inner) => write!(f, "set({inner})"),
            Self::Map(inner) => write!(f, "map(text, {inner})"),
            Self::Dynamic => f.write_str("dynamic"),
        }
    }
}

/// How careful the host must be with an attribute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sensitivity {
    /// Anyone may know it, such as the time of day.
    Public,
    /// It says nothing about one person, or only inside the company.
    #[default]
    Internal,
    /// It is personal data.
    Personal,
    /// It is personal data of a kind that law protects specially, such as health.
    Special,
}

/// The declaration of one attribute. Plain data; [`crate::SchemaBuilder::declare`] checks it.
///
/// ```
/// use apropos_condition::{AttributeDefinition, AttributeType};
///
/// let tier = AttributeDefinition::new("profile.tier".parse()?, AttributeType::Symbol)
///     .with_values(["bronze", "silver", "gold"])
///     .with_default("bronze");
/// assert_eq!(tier.values.len(), 3);
/// # Ok::<(), apropos_event::IdError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttributeDefinition {
    /// The name, dotted words as conditions write them: `profile.tier`.
    pub name: AttributeName,
    /// The type of its value.
    #[serde(rename = "type")]
    pub kind: AttributeType,
    /// The unit of a number, such as `EUR` or `days`. For people.
    #[serde(default)]
    pub unit: Option<String>,
    /// The value when none is known. Without one the attribute is then missing, and conditions on it unknown.
    #[serde(default)]
    pub default: Option<Value>,
    /// The texts a symbol may be.
    #[serde(default)]
    pub values: Vec<String>,
    /// The least value a number ever has; a comparison outside is reported to its author.
    #[serde(default)]
    pub min: Option<f64>,
    /// The greatest value a number ever has.
    #[serde(default)]
    pub max: Option<f64>,
    /// What the attribute may be used for.
    #[serde(default)]
    pub purposes: Purposes,
    /// How careful the host must be with it.
    #[serde(default)]
    pub sensitivity: Sensitivity,
    /// Where it comes from. For people.
    #[serde(default)]
    pub source: Option<String>,
    /// What it means. For people.
    #[serde(default)]
    pub doc: Option<String>,
}

impl AttributeDefinition {
    /// An attribute `name` of type `kind`, without a default, for every purpose.
    pub fn new(name: AttributeName, kind: AttributeType) -> Self {
        Self {
            name,
            kind,
            unit: None,
            default: None,
            values: Vec::new(),
            min: None,
            max: None,
            purposes: Purposes::ALL,
            sensitivity: Sensitivity::default(),
            source: None,
            doc: None,
        }
    }

    /// The same with a unit.
    #[must_use]
    pub fn with_unit(mut self, unit: impl Into<String>) -> Self {
        self.unit = Some(unit.into());
        self
    }

    /// The same with a default.
    #[must_use]
    pub fn with_default(mut self, default: impl Into<Value>) -> Self {
        self.default = Some(default.into());
        self
    }

    /// The same with the texts a symbol may be.
    #[must_use]
    pub fn with_values<T: Into<String>>(mut self, values: impl IntoIterator<Item = T>) -> Self {
        self.values = values.into_iter().map(Into::into).collect();
        self
    }

    /// The same with the range its numbers lie in, both ends included.
    #[must_use]
    pub fn with_range(mut self, min: f64, max: f64) -> Self {
        self.min = Some(min);
        self.max = Some(max);
        self
    }

    /// The same for these purposes only.
    #[must_use]
    pub fn with_purposes(mut self, purposes: Purposes) -> Self {
        self.purposes = purposes;
        self
    }

    /// The same with a sensitivity.
    #[must_use]
    pub fn with_sensitivity(mut self, sensitivity: Sensitivity) -> Self {
        self.sensitivity = sensitivity;
        self
    }

    /// The same with the place it comes from.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<String>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The same with what it means.
    #[must_use]
    pub fn with_doc(mut self, doc: impl Into<String>) -> Self {
        self.doc = Some(doc.into());
        self
    }
}
