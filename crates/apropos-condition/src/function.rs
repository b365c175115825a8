//! Declared functions: calls with constant arguments that stand for an attribute somebody must keep.
//!
//! `history.count("purchase", "30d")` is resolved while a condition is read: it becomes the attribute of that
//! name, registered once however often it is written. Not here: functions that compute from values, which are part
//! of the language.

use apropos_event::{Duration, Purposes, Value};
use serde::{Deserialize, Serialize};

use crate::{AttributeId, AttributeType, Sensitivity};

/// What one argument of a declared function must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ParameterType {
    /// A text.
    Text,
    /// A duration, written as text: `"30d"`. Its canonical spelling is kept.
    Duration,
    /// A whole number.
    Int,
    /// A number.
    Double,
    /// True or false.
    Bool,
}

/// One parameter of a declared function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// What it is called. For people.
    pub name: String,
    /// What it must be.
    #[serde(rename = "type")]
    pub kind: ParameterType,
    /// Whether it may be left out; only at the end of the list.
    #[serde(default)]
    pub optional: bool,
}

/// The declaration of a function that stands for a family of attributes.
///
/// ```
/// use apropos_condition::{AttributeType, FunctionDefinition, ParameterType};
///
/// let count = FunctionDefinition::new("history.count", AttributeType::Int)
///     .with_parameter("event", ParameterType::Text)
///     .with_optional("window", ParameterType::Duration)
///     .with_default(0_i64);
/// assert_eq!(count.parameters.len(), 2);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FunctionDefinition {
    /// The name, dotted words as conditions write them.
    pub name: String,
    /// The parameters in order.
    #[serde(default)]
    pub parameters: Vec<Parameter>,
    /// The type of every attribute it stands for.
    pub result: AttributeType,
    /// The value when none is known.
    #[serde(default)]
    pub default: Option<Value>,
    /// The unit of the result. For people.
    #[serde(default)]
    pub unit: Option<String>,
    /// What the result may be used for.
    #[serde(default)]
    pub purposes: Purposes,
    /// How careful the host must be with the result.
    #[serde(default)]
    pub sensitivity: Sensitivity,
    /// Who keeps the attributes. For people.
    #[serde(default)]
    pub source: Option<String>,
    /// What it means. For people.
    #[serde(default)]
    pub doc: Option<String>,
}

impl FunctionDefinition {
    /// A function `name` without parameters whose result is a `result`.
    pub fn new(name: impl Into<String>, result: AttributeType) -> Self {
        Self {
            name: name.into(),
            parameters: Vec::new(),
            result,
            default: None,
            unit: None,
            purposes: Purposes::ALL,
            sensitivity: Sensitivity::default(),
            source: None,
            doc: None,
        }
    }

    /// The same with one more parameter.
    #[must_use]
    pub fn with_parameter(mut self, name: impl Into<String>, kind: ParameterType) -> Self {
        self.parameters.push(Parameter { name: name.into(), kind, optional: false });
        self
    }

    /// The same with one more parameter that may be left out.
    #[must_use]
    pub fn with_optional(mut self, name: impl Into<String>, kind: ParameterType) -> Self {
        self.parameters.push(Parameter { name: name.into(), kind, optional: true });
        self
    }

    /// The same with a default.
    #[must_use]
    pub fn with_default(mut self, default: impl Into<Value>) -> Self {
        self.default = Some(default.into());
        self
    }

    /// The same with purposes.
    #[must_use]
    pub fn with_purposes(mut self, purposes: Purposes) -> Self {
        self.purposes = purposes;
        self
    }

    /// The same with what it means.
    #[must_use]
    pub fn with_doc(mut self, doc: impl Into<String>) -> Self {
        self.doc = Some(doc.into());
        self
    }

    /// The signature, for people: `history.count(text, [duration]) -> int`.
    pub(crate) fn signature(&self) -> String {
        let parameters: Vec<String> = self
            .parameters
            .iter()
            .map(|p| if p.optional { format!("[{}]", p.kind.as_str()) } else { p.kind.as_str().to_owned() })
            .collect();
        format!("{}({}) -> {}", self.name, parameters.join(", "), self.result)
    }
}

impl ParameterType {
    /// The type's name, for people.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Duration => "duration",
            Self::Int => "int",
            Self::Double => "double",
            Self::Bool => "bool",
        }
    }

    /// `value` in the spelling that is kept, or `None` when it is not of this type.
    pub(crate) fn accept(self, value: &Value) -> Option<Value> {
        match (self, value) {
            (Self::Text, Value::Text(_))
            | (Self::Int, Value::Int(_))
            | (Self::Double, Value::Double(_))
            | (Self::Bool, Value::Bool(_)) => Some(value.clone()),
            (Self::Double, Value::Int(n)) => Value::double(*n as f64),
            (Self::Duration, Value::Text(text)) => {
                text.parse::<Duration>().ok().map(|duration| Value::Text(duration.to_string()))
            }
            _ => None,
        }
    }
}

/// One attribute that a condition asked for by calling a declared function.
///
/// Whoever declared the function registers what is needed to keep it, and writes the value under `id`.
#[derive(Clone, Debug, PartialEq)]
pub struct Derived {
    /// The attribute.
    pub id: AttributeId,
    /// The function's name.
    pub function: String,
    /// The arguments, one for each given, of the parameters' types; durations in canonical text (`30d`).
    pub arguments: Vec<Value>,
}
