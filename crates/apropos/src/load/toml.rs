//! A TOML text as a tree of values and a tree of places.
//!
//! Not here: TOML itself (a crate reads it), and what the values should be.

use std::collections::BTreeSet;

use serde_json::{Map, Number, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::place::{Inside, Place, content_of};
use crate::event::{Path, Problem, Problems, Span};

/// Reads `text`. Every mistake in the syntax is reported; the tree is whatever could be saved.
pub(super) fn read(text: &str, problems: &mut Problems) -> (Value, Place) {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut headers = BTreeSet::new();
    for error in errors {
        let message = error.message().trim().replace('\n', ", ");
        let (code, message) = if message.starts_with("duplicate key") {
            let key = error.span().and_then(|span| text.get(span)).unwrap_or("this key");
            ("playbook/duplicate-key", format!("`{key}` is given twice"))
        } else {
            ("playbook/syntax", message)
        };
        let mut problem = Problem::error(code, Path::root(), message);
        problem.span = error.span();
        if let Some(key) =
            problem.span.clone().filter(|span| code == "playbook/duplicate-key" && heads(text, span))
        {
            let key = text.get(key).unwrap_or_default();
            // Told at the first of them.
            if !headers.insert(key) {
                continue;
            }
            problem.help = Some(format!(
                "the items of a list all begin with `[[{key}]]`; a table `[{key}]` is there once"
            ));
        }
        problems.push(problem);
    }
    let mut reader = Reader { text, problems };
    reader.table(table.get_ref(), 0..text.len(), &Path::root())
}

/// Whether the key at `span` stands in the header of a table.
fn heads(text: &str, span: &Span) -> bool {
    let line = text.get(..span.start).and_then(|before| before.rsplit('\n').next());
    line.is_some_and(|line| line.trim_start().starts_with('['))
}

struct Reader<'a> {
    text: &'a str,
    problems: &'a mut Problems,
}

impl Reader<'_> {
    fn table(&mut self, table: &DeTable<'_>, span: Span, path: &Path) -> (Value, Place) {
        let mut values = Map::new();
        let mut places = std::collections::BTreeMap::new();
        for (key, value) in table {
            let name = key.get_ref().as_ref().to_owned();
            let (value, mut place) = self.value(value, &path.key(name.clone()));
            place.key = Some(key.span());
            values.insert(name.clone(), value);
            places.insert(name, place);
        }
        let place = Place { inside: Inside::Table(places), ..Place::leaf(span) };
        (Value::Object(values), place)
    }

    fn value(&mut self, value: &Spanned<DeValue<'_>>, path: &Path) -> (Value, Place) {
        let span = value.span();
        let scalar = match value.get_ref() {
            DeValue::Table(table) => return self.table(table, span, path),
            DeValue::Array(list) => {
                let both = list.iter().enumerate().map(|(at, item)| self.value(item, &path.index(at)));
                let (values, places) = both.unzip();
                return (Value::Array(values), Place { inside: Inside::List(places), ..Place::leaf(span) });
            }
            DeValue::String(string) => {
                let content = content_of(self.text, &span, string);
                return (Value::String(string.as_ref().to_owned()), Place { content, ..Place::leaf(span) });
            }
            DeValue::Boolean(truth) => Value::Bool(*truth),
            // An instant travels as text: that is how our own types read it.
            DeValue::Datetime(instant) => Value::String(instant.to_string()),
            DeValue::Integer(number) => self.number(integer(number.as_str(), number.radix()), &span, path),
            DeValue::Float(number) => self.number(float(number.as_str()), &span, path),
        };
        (scalar, Place::leaf(span))
    }

    /// The number, or a problem and `null`.
    fn number(&mut self, number: Option<Number>, span: &Span, path: &Path) -> Value {
        number.map_or_else(
            || {
                let written = self.text.get(span.clone()).unwrap_or_default();
                let message = format!("`{written}` is not a number that can be kept");
                let help = "numbers are finite, and whole numbers have at most 64 bits";
                self.problems
                    .push(Problem::error("playbook/invalid-value", path.clone(), message).with_help(help));
                Value::Null
            },
            Value::Number,
        )
    }
}

fn integer(digits: &str, radix: u32) -> Option<Number> {
    let signed = i64::from_str_radix(digits, radix).ok().map(Number::from);
    signed.or_else(|| u64::from_str_radix(digits, radix).ok().map(Number::from))
}

fn float(digits: &str) -> Option<Number> {
    digits.parse().ok().and_then(Number::from_f64)
}
