//! The text a definition was read from, and where in it each value stands.
//!
//! Not here: how problems are printed over it (`render`).

use super::place::{Inside, Place};
use crate::event::{Path, Problem, Problems, Span};

/// A text that was read, and where in it each value stands.
#[derive(Clone, Debug)]
pub struct Source {
    text: String,
    /// Where each line begins.
    lines: Vec<usize>,
    places: Place,
}

impl Source {
    pub(super) fn new(text: &str, places: Place) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { text: text.to_owned(), lines: std::iter::once(0).chain(breaks).collect(), places }
    }

    /// A text of which nothing but its lines is known, for drawing the problems of a text that could not be read.
    pub fn unread(text: &str) -> Self {
        Self::new(text, Place::leaf(0..text.len()))
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The bytes of the value at `path`; when the path leads nowhere, those of the nearest value around it (for a
    /// table with a header, the header), and nothing when that is the whole text.
    ///
    /// `inner` is a span inside the text at `path`, such as a word of a condition: it is moved to where that word
    /// stands. When the text was written with escapes, the whole value is the answer.
    ///
    /// O(length of the path × log(width of a table)).
    pub fn locate(&self, path: &Path, inner: Option<&Span>) -> Option<Span> {
        let (place, found) = self.places.find(path);
        if std::ptr::eq(place, &raw const self.places) {
            return None;
        }
        let shifted = match (inner, place.content, found) {
            (Some(inner), Some(content), true) => Some(content + inner.start..content + inner.end),
            _ => None,
        };
        let within = |span: &Span| span.start <= span.end && span.end <= place.value.end;
        Some(shifted.filter(within).unwrap_or_else(|| place.value.clone()))
    }

    /// The bytes of the key at `path`, when it stands in a table of the text.
    pub fn locate_key(&self, path: &Path) -> Option<Span> {
        let (place, found) = self.places.find(path);
        place.key.clone().filter(|_| found)
    }

    /// What stands between the brackets of the header of the table or list at `path`, if it is written with one.
    pub(super) fn header(&self, path: &Path) -> Option<&str> {
        let (place, found) = self.places.find(path);
        let headed = match &place.inside {
            Inside::Table(_) => true,
            // The items of a list in brackets stand inside it.
            Inside::List(items) => items.first().is_some_and(|item| item.value == place.value),
            Inside::Nothing => false,
        };
        let written = self.text.get(place.value.clone()).filter(|_| found && headed)?;
        written.starts_with('[').then(|| written.trim_start_matches('[').trim_end_matches(']').trim())
    }

    /// Whether the text is JSON.
    pub(super) fn is_json(&self) -> bool {
        self.text.trim_start().starts_with('{')
    }

    /// Moves every problem from a place in a definition to a place in this text.
    pub fn relocate(&self, problems: &mut Problems) {
        problems.relocate(|path, inner| self.locate(path, inner));
    }

    /// The same problems, moved.
    pub(crate) fn relocated(&self, mut problems: Problems) -> Problems {
        self.relocate(&mut problems);
        problems
    }

    /// Line and column of a byte, both from 1, the column in characters. Behind the end is the end.
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let offset = self.floor(offset);
        let line = self.lines.partition_point(|start| *start <= offset).max(1);
        let start = self.lines.get(line - 1).copied().unwrap_or_default();
        let column = self.text.get(start..offset).map_or(0, |before| before.chars().count());
        (line, column + 1)
    }

    /// Each problem with its place, the line it stands on and a mark below; pleasant to read in a terminal.
    ///
    /// The problems' spans are taken as places in this text: [`Source::relocate`] comes first, unless [`decode`]
    /// made them, which has done so.
    ///
    /// [`decode`]: super::decode
    pub fn render(&self, problems: &Problems) -> String {
        let mut out = String::new();
        for problem in problems {
            self.render_one(problem, &mut out);
        }
        out
    }

    fn render_one(&self, problem: &Problem, out: &mut String) {
        if !out.is_empty() {
            out.push('\n');
        }
        super::render::problem(self, problem, out);
    }

    /// The byte at which `line`, counted from 1, begins, and what it says without its end.
    pub(super) fn line(&self, line: usize) -> (usize, &str) {
        let start = self.lines.get(line.saturating_sub(1)).copied().unwrap_or(self.text.len());
        let text = self.text.get(start..).and_then(|rest| rest.split('\n').next()).unwrap_or_default();
        (start, text.strip_suffix('\r').unwrap_or(text))
    }

    /// The nearest border of a character at or before `offset`.
    pub(super) fn floor(&self, offset: usize) -> usize {
        let offset = offset.min(self.text.len());
        (0..=offset).rev().find(|at| self.text.is_char_boundary(*at)).unwrap_or_default()
    }
}
