//! Where each value of a text stands: the shape of the tree with spans instead of values.
//!
//! Not here: the values themselves, and who asks.

use std::collections::BTreeMap;

use crate::event::{Path, Segment, Span};

/// Where one value stands in the text.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The key before the value, when it stands in a table.
    pub(super) key: Option<Span>,
    /// The value; for a table with a header, the header.
    pub(super) value: Span,
    /// Where the content of a text begins when its literal holds no escapes, so that byte `n` of the content is byte
    /// `content + n` of the source.
    pub(super) content: Option<usize>,
    /// What is inside.
    pub(super) inside: Inside,
}

/// What is inside a value.
#[derive(Clone, Debug)]
pub(super) enum Inside {
    Nothing,
    Table(BTreeMap<String, Place>),
    List(Vec<Place>),
}

impl Place {
    /// A value with nothing inside.
    pub(super) fn leaf(value: Span) -> Self {
        Self { key: None, value, content: None, inside: Inside::Nothing }
    }

    /// The place at `path`, or the nearest one on the way there, and whether the way was walked to its end.
    pub(super) fn find(&self, path: &Path) -> (&Self, bool) {
        let mut place = self;
        for segment in path.segments() {
            let next = match (segment, &place.inside) {
                (Segment::Key(key), Inside::Table(table)) => table.get(key),
                (Segment::Index(index), Inside::List(list)) => list.get(*index),
                _ => None,
            };
            match next {
                Some(next) => place = next,
                None => return (place, false),
            }
        }
        (place, true)
    }
}

/// Where the content of the text literal at `span` begins, if it stands there letter by letter as `value`.
pub(super) fn content_of(source: &str, span: &Span, value: &str) -> Option<usize> {
    let literal = source.get(span.clone())?;
    let quote = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| literal.starts_with(quote))?;
    let body = literal.get(quote.len()..)?;
    // A line break straight after an opening of three quotes is not part of the text.
    let skipped = if quote.len() == 3 {
        ["\r\n", "\n"].into_iter().find(|end| body.starts_with(end)).map_or(0, str::len)
    } else {
        0
    };
    let body = body.get(skipped..)?;
    body.strip_prefix(value)?.starts_with(quote).then_some(span.start + quote.len() + skipped)
}
