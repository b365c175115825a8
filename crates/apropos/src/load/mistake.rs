//! What a failed reading means, in an author's words.
//!
//! Not here: where it happened, and going on afterwards (`peel`).
//!
//! The reader of definitions (serde) hands over a sentence in Rust's terms; its few forms are taken apart here.

use serde_json::Value;

use super::strict::{NO_NAME, NO_TABLE};
use crate::event::{Path, Segment, did_you_mean, nearest};

/// One reason why a definition could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mistake {
    UnknownField {
        name: String,
        known: Vec<String>,
    },
    MissingField {
        name: String,
    },
    UnknownValue {
        name: String,
        known: Vec<String>,
    },
    WrongType {
        expected: String,
        /// The fields of the table that was expected.
        fields: Vec<String>,
    },
    /// Said by the type itself, in the style of the house already.
    Invalid {
        message: String,
    },
}

impl Mistake {
    /// Takes a sentence of the reader apart.
    pub(super) fn read(message: &str) -> Self {
        if let Some((name, known)) = named(message, "unknown field `") {
            return Self::UnknownField { name, known };
        }
        if let Some((name, known)) = named(message, "unknown variant `") {
            return Self::UnknownValue { name, known };
        }
        if let Some(name) = message.strip_prefix("missing field `") {
            return Self::MissingField { name: name.trim_end_matches('`').to_owned() };
        }
        if let Some(listed) = message.strip_prefix(NO_TABLE) {
            return Self::WrongType { expected: TABLE.to_owned(), fields: names(listed) };
        }
        if let Some(listed) = message.strip_prefix(NO_NAME) {
            return Self::WrongType { expected: list("one of", &names(listed)), fields: Vec::new() };
        }
        let typed = ["invalid type: ", "invalid value: ", "invalid length "];
        if typed.iter().any(|start| message.starts_with(start))
            && let Some((_, expected)) = message.rsplit_once(", expected ")
        {
            return Self::WrongType { expected: plain(expected), fields: Vec::new() };
        }
        Self::Invalid { message: message.to_owned() }
    }

    /// The stable code.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::UnknownField { .. } => "playbook/unknown-field",
            Self::MissingField { .. } => "playbook/missing-field",
            Self::UnknownValue { .. } => "playbook/unknown-value",
            Self::WrongType { .. } => "playbook/wrong-type",
            Self::Invalid { .. } => "playbook/invalid-value",
        }
    }

    /// What is wrong, given the value that stands there.
    pub(super) fn message(&self, found: &Value) -> String {
        match self {
            Self::UnknownField { name, .. } => format!("`{}` is not a field here", short(name)),
            Self::MissingField { name } => format!("`{}` is missing", short(name)),
            Self::UnknownValue { name, .. } => {
                format!("`{}` is not one of the names known here", short(name))
            }
            Self::WrongType { expected, .. } => format!("expected {expected}, found {}", described(found)),
            Self::Invalid { message } => message.clone(),
        }
    }

    /// What helps at this place of a playbook alone: how it begins, and where to find today what once stood there.
    pub(super) fn at(&self, path: &Path) -> Option<String> {
        let help = match (self, path.segments()) {
            (Self::MissingField { .. }, [Segment::Key(format)]) if format == "format" => {
                "a playbook begins with `format = 1`, its `name` and the `currency` of its amounts, such as `\"EUR\"`"
            }
            (Self::UnknownField { .. }, [Segment::Key(model), Segment::Key(rewards)])
                if model == "model" && rewards == "rewards" =>
            {
                "`[[rewards]]` say what counts as success and for how long, and `model.base_rate` how often it is \
                 expected before anything is learned"
            }
            _ => return None,
        };
        Some(help.to_owned())
    }

    /// The field that was probably meant by one that is not known.
    pub(super) fn meant(&self) -> Option<&str> {
        let Self::UnknownField { name, known } = self else { return None };
        nearest(name, known.iter().map(String::as_str))
    }

    /// What would help.
    pub(super) fn help(&self, found: &Value) -> Option<String> {
        match self {
            Self::UnknownField { name, known } => suggestion(name, known, "the fields here are"),
            Self::UnknownValue { name, known } => suggestion(name, known, "the names known here are"),
            Self::WrongType { expected, fields } => match found {
                Value::String(_) | Value::Number(_) if expected == DECIMAL => Some(
                    "digits with a point, 28 of them at most, without an exponent or a currency".to_owned(),
                ),
                Value::String(text) if expected.contains("number") && text.parse::<f64>().is_ok() => {
                    Some(format!("write it without quotes: `{}`", short(text)))
                }
                Value::String(text) if expected == TRUTH && (text == "true" || text == "false") => {
                    Some(format!("write it without quotes: `{text}`"))
                }
                Value::String(text) if expected.contains("number") => {
                    let percent: f64 = text.strip_suffix('%')?.trim_end().parse().ok()?;
                    Some(format!("write it as a share of one: `{}`", percent / 100.0))
                }
                _ if expected == LIST => {
                    Some("write it in square brackets, even when there is only one".to_owned())
                }
                Value::Array(_) if expected == TABLE && fields.is_empty() => Some(
                    "every entry has a name of its own: `NAME = …` in the table, or a header that ends in `.NAME]`"
                        .to_owned(),
                ),
                _ if !fields.is_empty() => Some(list("a table has fields, here", fields)),
                _ => None,
            },
            Self::MissingField { .. } | Self::Invalid { .. } => None,
        }
    }
}

/// The name after `start` and the names listed after it.
fn named(message: &str, start: &str) -> Option<(String, Vec<String>)> {
    let rest = message.strip_prefix(start)?;
    let (name, listed) = rest
        .rsplit_once("`, expected ")
        .or_else(|| rest.rsplit_once("`, there are no "))
        .unwrap_or((rest.trim_end_matches('`'), ""));
    Some((name.to_owned(), names(listed)))
}

/// The names between backticks: every second piece.
fn names(listed: &str) -> Vec<String> {
    listed.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn suggestion(name: &str, known: &[String], introduction: &str) -> Option<String> {
    if known.is_empty() {
        return None;
    }
    did_you_mean(name, known.iter().map(String::as_str)).or_else(|| Some(list(introduction, known)))
}

fn list(introduction: &str, known: &[String]) -> String {
    let names: Vec<String> = known.iter().take(LISTED).map(|name| format!("`{name}`")).collect();
    let more = if LISTED < known.len() { ", …" } else { "" };
    format!("{introduction} {}{more}", names.join(", "))
}

/// An expectation without the names of Rust's types.
fn plain(expected: &str) -> String {
    let expected = expected.trim();
    let word = match expected {
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "u128" | "usize" => "a whole number of at least 0",
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => TRUTH,
        "a string" | "a borrowed string" | "a character" => TEXT,
        "a sequence" => LIST,
        "a map" => TABLE,
        "unit" | "null" => "nothing",
        "a Decimal type representing a fixed-point number" => DECIMAL,
        "string or map" | "variant identifier" | "map with a single key" => "a name, or a table with one key",
        other if other.starts_with("a nonzero ") => "a whole number other than 0",
        other if other.starts_with("struct variant") || other.starts_with("struct ") => TABLE,
        other if other.starts_with("enum ") => "a name, or a table with one key",
        other
            if ["tuple", "a tuple", "an array", "fewer", "more"]
                .iter()
                .any(|start| other.starts_with(start)) =>
        {
            "a list of another length"
        }
        other if other.contains("::") || other.ends_with(" variant") => "another kind of value",
        other => other,
    };
    word.to_owned()
}

/// The value as an author would name it.
fn described(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(truth) => format!("`{truth}`"),
        Value::Number(number) => format!("the number `{number}`"),
        Value::String(text) => format!("the text `{}`", short(text)),
        Value::Array(list) if list.is_empty() => "an empty list".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(table) if table.is_empty() => "an empty table".to_owned(),
        Value::Object(_) => "a table".to_owned(),
    }
}

/// The beginning of a text that may be long.
fn short(text: &str) -> String {
    let mut short: String = text.chars().take(QUOTED).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

pub(super) const TEXT: &str = "a text in quotes";
const DECIMAL: &str = "a decimal number such as `\"0.50\"`";
const TRUTH: &str = "`true` or `false`";
pub(super) const LIST: &str = "a list";
pub(super) const TABLE: &str = "a table";
/// How many names a help line lists at most.
const LISTED: usize = 12;
/// How many characters of an author's text a message repeats at most.
const QUOTED: usize = 60;
