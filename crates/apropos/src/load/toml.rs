//! A TOML text as a tree of values and a tree of places.
//!
//! Not here: TOML itself (a crate reads it), and what the values should be.

use std::collections::BTreeSet;

use serde_json::{Map, Number, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::place::{Inside, Place, content_of};
use crate::event::{Path, Problem, Problems, Span};

/// How many lines with broken syntax are told; what follows is mostly their doing.
const MAX_BROKEN: usize = 3;

/// Reads `text`. Of each line with broken syntax the first mistake is reported, and then there is no tree.
pub(super) fn read(text: &str, problems: &mut Problems) -> Option<(Value, Place)> {
    let (table, errors) = DeTable::parse_recoverable(text);
    let (mut broken, mut headers) = (BTreeSet::new(), BTreeSet::new());
    for error in errors {
        let span = error.span().unwrap_or_default();
        let problem = if error.message().trim().starts_with("duplicate key") {
            let header = header(text, &span);
            // Told at the first of them.
            if !header.is_none_or(|header| headers.insert(header)) {
                continue;
            }
            let key = header.or_else(|| text.get(span.clone())).unwrap_or("this key");
            let message = format!("`{key}` is given twice");
            Problem {
                help: header.map(once),
                ..Problem::error("playbook/duplicate-key", Path::root(), message)
            }
        } else {
            let line = text.get(..span.start).map_or(0, |before| before.matches('\n').count());
            if !broken.insert(line) || MAX_BROKEN < broken.len() {
                continue;
            }
            let message = error.message().trim().replace('\n', ", ");
            let help =
                text.trim_start().starts_with('{').then(|| "this is read as TOML; is it JSON?".to_owned());
            Problem { help, ..Problem::error("playbook/syntax", Path::root(), message) }
        };
        problems.push(problem.with_span(span));
    }
    let mut reader = Reader { text, problems };
    broken.is_empty().then(|| reader.table(table.get_ref(), 0..text.len(), &Path::root()))
}

/// What stands between the brackets when the key at `span` is in the header of a table.
fn header<'a>(text: &'a str, span: &Span) -> Option<&'a str> {
    let line = text.get(..span.start)?.rfind('\n').map_or(0, |end| end + 1);
    let line = text.get(line..)?.trim_start().strip_prefix('[')?;
    line.trim_start_matches('[').split(']').next().map(str::trim)
}

fn once(header: &str) -> String {
    format!("the items of a list all begin with `[[{header}]]`; a table `[{header}]` is there once")
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
