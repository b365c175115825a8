//! A JSON text as a tree of values and a tree of places.
//!
//! Not here: JSON itself. A crate reads the values and refuses what is not JSON, or too deep; only then does the
//! small scanner below walk the same text for the places, so it may trust the grammar but never its own arithmetic.

use std::collections::BTreeMap;

use serde_json::Value;

use super::place::{Inside, Place, content_of};
use crate::event::{Path, Problem, Problems, Span};

/// Reads `text`, or reports where it stops being JSON.
pub(super) fn read(text: &str, problems: &mut Problems) -> Option<(Value, Place)> {
    match serde_json::from_str(text) {
        Ok(value) => {
            let mut scanner = Scanner { text, at: 0, problems };
            let place = scanner.value(&Path::root());
            Some((value, place))
        }
        Err(error) => {
            let whole = error.to_string();
            let message = whole.rsplit_once(" at line ").map_or(whole.as_str(), |(message, _)| message);
            let message = message.replace("EOF while parsing", "the text ends inside");
            let at = offset(text, error.line(), error.column());
            let problem = Problem::error("playbook/syntax", Path::root(), message).with_span(at);
            let foreign = !text.trim_start().is_empty() && !text.trim_start().starts_with(['{', '[']);
            problems.push(if foreign {
                problem.with_help("this is read as JSON; is it TOML?")
            } else {
                problem
            });
            None
        }
    }
}

/// The one byte the reader of JSON stopped at; it counts lines from 1 and columns in bytes.
fn offset(text: &str, line: usize, column: usize) -> Span {
    let before = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum::<usize>();
    let at = (before + column.saturating_sub(1)).min(text.len());
    at..(at + 1).min(text.len())
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    problems: &'a mut Problems,
}

impl Scanner<'_> {
    fn value(&mut self, path: &Path) -> Place {
        self.space();
        let start = self.at;
        match self.peek() {
            Some(b'{') => self.table(path, start),
            Some(b'[') => self.list(path, start),
            Some(b'"') => {
                let (span, value) = self.string();
                Place { content: content_of(self.text, &span, &value), ..Place::leaf(span) }
            }
            _ => {
                while self.peek().is_some_and(|byte| !b",]} \t\r\n".contains(&byte)) {
                    self.at += 1;
                }
                Place::leaf(start..self.at)
            }
        }
    }

    fn table(&mut self, path: &Path, start: usize) -> Place {
        let mut places = BTreeMap::new();
        self.at += 1;
        while self.more(b'}') {
            let (key, name) = self.string();
            self.space();
            self.at += 1; // the colon
            let inside = path.key(name.clone());
            let mut place = self.value(&inside);
            place.key = Some(key.clone());
            if places.insert(name.clone(), place).is_some() {
                let message = format!("`{name}` is given twice");
                self.problems.push(Problem::error("playbook/duplicate-key", inside, message).with_span(key));
            }
        }
        Place { inside: Inside::Table(places), ..Place::leaf(start..self.at) }
    }

    fn list(&mut self, path: &Path, start: usize) -> Place {
        let mut places = Vec::new();
        self.at += 1;
        while self.more(b']') {
            let place = self.value(&path.index(places.len()));
            places.push(place);
        }
        Place { inside: Inside::List(places), ..Place::leaf(start..self.at) }
    }

    /// Steps over a comma or past the end, and says whether another item follows.
    fn more(&mut self, end: u8) -> bool {
        self.space();
        if self.peek() == Some(b',') {
            self.at += 1;
            self.space();
        }
        match self.peek() {
            None => false,
            Some(byte) if byte == end => {
                self.at += 1;
                false
            }
            Some(_) => true,
        }
    }

    /// The text literal here: its span with the quotes, and what it says.
    fn string(&mut self) -> (Span, String) {
        let start = self.at;
        self.at += 1;
        while let Some(byte) = self.peek() {
            self.at += if byte == b'\\' { 2 } else { 1 };
            if byte == b'"' {
                break;
            }
        }
        let span = start..self.at.min(self.text.len());
        let value = self.text.get(span.clone()).and_then(|literal| serde_json::from_str(literal).ok());
        (span, value.unwrap_or_default())
    }

    fn space(&mut self) {
        while self.peek().is_some_and(|byte| b" \t\r\n".contains(&byte)) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}
