//! Reading the rules file: the small part of YAML that it is written in, strictly.
//!
//! Three top-level keys, each a list of maps from plain keys to one scalar: plain, 'single' or "double" quoted. Comments
//! and blank lines are left out. Anything else is an error that names its line.

/// Why a text is not a set of rules.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UserAgentError {
    /// The text is too long.
    #[error("the rules are at most {MAX_BYTES} bytes long")]
    TooLong,
    /// A line is not understood.
    #[error("line {line} of the rules is not understood: expected {expected}")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What was expected there.
        expected: &'static str,
    },
    /// A regular expression is not one.
    #[error("the regular expression of line {line} is refused: {reason}")]
    Regex {
        /// The line, from 1.
        line: usize,
        /// Why.
        reason: String,
    },
    /// There are no rules.
    #[error("there is not one rule in the text")]
    Empty,
}

/// The longest text that is read, in bytes.
pub(super) const MAX_BYTES: usize = 8 << 20;

/// One entry of a list: its keys with their values, and the line it began on.
#[derive(Clone, Debug, Default)]
pub(super) struct Entry {
    pub(super) line: usize,
    pub(super) pairs: Vec<(String, String)>,
}

impl Entry {
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }
}

/// Reads the lists, each with its name.
pub(super) fn read(text: &str) -> Result<Vec<(String, Vec<Entry>)>, UserAgentError> {
    if MAX_BYTES < text.len() {
        return Err(UserAgentError::TooLong);
    }
    let mut lists: Vec<(String, Vec<Entry>)> = Vec::new();
    for (line, raw) in (1..).zip(text.lines()) {
        let content = raw.trim_start();
        if content.is_empty() || content.starts_with('#') || content == "---" {
            continue;
        }
        let fail = |expected| UserAgentError::Line { line, expected };
        if content.len() == raw.len() {
            let name = raw.trim_end().strip_suffix(':').ok_or(fail("the name of a list and a colon"))?;
            lists.push((name.to_owned(), Vec::new()));
            continue;
        }
        let (_, entries) = lists.last_mut().ok_or(fail("the name of a list first"))?;
        let pair = match content.strip_prefix("- ") {
            Some(pair) => {
                entries.push(Entry { line, pairs: Vec::new() });
                pair.trim_start()
            }
            None => content,
        };
        let entry = entries.last_mut().ok_or(fail("an entry that begins with `- `"))?;
        let (key, value) = pair.split_once(':').ok_or(fail("a key, a colon and a value"))?;
        let value = scalar(value.trim()).ok_or(fail("a plain or quoted text on one line"))?;
        entry.pairs.push((key.trim().to_owned(), value));
    }
    Ok(lists)
}

/// A scalar: quoted, or plain up to a comment.
fn scalar(text: &str) -> Option<String> {
    match text.chars().next() {
        Some('\'') => single(text.get(1..)?),
        Some('"') => double(text.get(1..)?),
        Some('[' | '{' | '|' | '>' | '&' | '*' | '!' | '%' | '@' | '`') => None,
        _ => Some(text.split(" #").next().unwrap_or(text).trim_end().to_owned()),
    }
}

/// What follows a single quote: two of them stand for one, one ends the text.
fn single(text: &str) -> Option<String> {
    let mut found = String::with_capacity(text.len());
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c != '\'' {
            found.push(c);
        } else if chars.next_if(|(_, next)| *next == '\'').is_some() {
            found.push('\'');
        } else {
            return ends(text.get(at + 1..)?).then_some(found);
        }
    }
    None
}

/// What follows a double quote, with the usual escapes.
fn double(text: &str) -> Option<String> {
    let mut found = String::with_capacity(text.len());
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return ends(text.get(at + 1..)?).then_some(found),
            '\\' => found.push(match chars.next()?.1 {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                c @ ('\\' | '"' | '/' | '\'') => c,
                _ => return None,
            }),
            c => found.push(c),
        }
    }
    None
}

/// Whether nothing but a comment follows.
fn ends(rest: &str) -> bool {
    let rest = rest.trim();
    rest.is_empty() || rest.starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_ways_of_quoting_are_read() {
        let text = "a_parsers:\n  # comment\n  - regex: 'it''s \\d'  # why\n    name: \"x\\\\y\"\n\n  - regex: plain\n";
        let lists = read(text).unwrap();
        assert_eq!(lists[0].0, "a_parsers");
        assert_eq!(lists[0].1[0].get("regex"), Some("it's \\d"));
        assert_eq!(lists[0].1[0].get("name"), Some("x\\y"));
        assert_eq!((lists[0].1[1].get("regex"), lists[0].1[1].line), (Some("plain"), 6));
    }

    #[test]
    fn what_is_not_understood_names_its_line() {
        let line = |text: &str| match read(text) {
            Err(UserAgentError::Line { line, .. }) => line,
            other => panic!("{other:?}"),
        };
        assert_eq!(line("  - regex: a"), 1);
        assert_eq!(line("a:\n  regex: a"), 2);
        assert_eq!(line("a:\n  - regex: 'a"), 2);
        assert_eq!(line("a:\n  - regex: [1, 2]"), 2);
        assert_eq!(line("a:\n\n  - nothing"), 3);
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "(a:\n)?( {0,4}[-a-z:'\"\\\\# ]{0,12}\n){0,6}") {
            let _ = read(&text);
        }
    }
}
