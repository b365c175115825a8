//! What an author may have meant by a value of the wrong shape, and how that is written.
//!
//! Not here: trying whether it can be read, see `peel`.

use serde_json::{Value, json};

use super::mistake::{LIST, Mistake, TABLE, TEXT};
use super::source::Source;
use crate::event::{Path, Segment};

/// The shapes near `value`, simplest first: an item without its list, a value as a field of a table, a value in a list.
///
/// `needed` is the one field that an empty table would lack. Of lists any field may be meant, since few hold lists.
pub(super) fn near(value: &Value, mistake: &Mistake, needed: Option<&str>) -> Vec<Value> {
    let Mistake::WrongType { expected, fields } = mistake else { return Vec::new() };
    match (expected.as_str(), value) {
        (LIST, _) => vec![json!([value])],
        (TEXT, Value::Number(number)) => vec![json!(number.to_string())],
        (TABLE, Value::Array(list)) => {
            let only = match list.as_slice() {
                [] => Some(json!({})),
                [only] => Some(only.clone()),
                _ => None,
            };
            only.into_iter().chain(fields.iter().map(|field| json!({ field: value }))).collect()
        }
        (TABLE, _) => needed.map(|field| json!({ field: value })).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// How to write `meant` where `found` stands.
pub(super) fn help(source: &Source, path: &Path, found: &Value, meant: &Value) -> String {
    if let Some(name) = source.header(path) {
        match (found, meant) {
            (Value::Object(_), Value::Array(_)) => {
                return format!("write `[[{name}]]`: a list has two pairs of brackets, at every item");
            }
            (Value::Array(list), Value::Object(_)) if list.first() == Some(meant) => {
                return format!("write `[{name}]`: a table that is there once has one pair of brackets");
            }
            (Value::Array(_), Value::Object(table)) => {
                if let Some(field) = table.keys().next() {
                    return format!("write `[[{name}.{field}]]`: the list is a field of `{name}`");
                }
            }
            _ => {}
        }
    }
    let style = if source.is_json() { JSON } else { TOML };
    let written = (1..=DEPTH).rev().map(|depth| style.write(meant, depth));
    let written =
        written.reduce(|longer, shorter| if WIDTH < longer.chars().count() { shorter } else { longer });
    let value = written.unwrap_or_default();
    match path.segments().last() {
        Some(Segment::Key(key)) => format!("write `{}{}{value}`", style.key(key), style.is),
        _ => format!("write `{value}`"),
    }
}

/// How a format writes tables on one line.
#[derive(Clone, Copy)]
struct Style {
    is: &'static str,
    bare: bool,
}

const TOML: Style = Style { is: " = ", bare: true };
const JSON: Style = Style { is: ": ", bare: false };

impl Style {
    fn key(self, key: &str) -> String {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
        if self.bare && !key.is_empty() && key.chars().all(plain) {
            key.to_owned()
        } else {
            json!(key).to_string()
        }
    }

    /// The value; what nests deeper than `depth` is left out.
    fn write(self, value: &Value, depth: usize) -> String {
        let inner = |value: &Value| self.write(value, depth.saturating_sub(1));
        match value {
            Value::Array(list) if list.is_empty() => "[]".to_owned(),
            Value::Array(_) if depth == 0 => "[…]".to_owned(),
            Value::Array(list) => format!("[{}]", list.iter().map(inner).collect::<Vec<_>>().join(", ")),
            Value::Object(table) if table.is_empty() => "{}".to_owned(),
            Value::Object(_) if depth == 0 => "{ … }".to_owned(),
            Value::Object(table) => {
                let field =
                    |(key, value): (&String, _)| format!("{}{}{}", self.key(key), self.is, inner(value));
                format!("{{ {} }}", table.iter().map(field).collect::<Vec<_>>().join(", "))
            }
            scalar => scalar.to_string(),
        }
    }
}

/// How many tables and lists inside one another are written out at most.
const DEPTH: usize = 4;
/// How many characters long a form may be before less of it is written out.
const WIDTH: usize = 72;
