//! How every crate tells an author what is wrong with a definition: all problems at once, as data first.
//!
//! Not here: rendering them with colours or source excerpts beyond one line; hosts do that.

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};

/// A stable code such as `condition/unknown-attribute`: area, slash, what is wrong.
pub type Code = &'static str;

/// A range of bytes in the text that was read.
pub type Span = Range<usize>;

/// How much a problem matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The definition is refused.
    Error,
    /// The definition is accepted, but its author should look.
    Warning,
}

/// One step of a [`Path`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Segment {
    /// The value under a key.
    Key(String),
    /// The value at a place in a list.
    Index(usize),
}

/// A place in a definition, such as `actions[3].eligible`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Path(Vec<Segment>);

impl Path {
    /// The whole definition.
    pub fn root() -> Self {
        Self::default()
    }

    /// The place under `key`.
    #[must_use]
    pub fn key(&self, key: impl Into<String>) -> Self {
        self.with(Segment::Key(key.into()))
    }

    /// The place at `index`.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.with(Segment::Index(index))
    }

    /// The steps from the root.
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// This place seen from inside `prefix`: the prefix first.
    #[must_use]
    pub fn inside(&self, prefix: &Self) -> Self {
        Self(prefix.0.iter().chain(&self.0).cloned().collect())
    }

    fn with(&self, segment: Segment) -> Self {
        let mut segments = self.0.clone();
        segments.push(segment);
        Self(segments)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Key(key) if at == 0 => f.write_str(key)?,
                Segment::Key(key) => write!(f, ".{key}")?,
                Segment::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// One thing wrong with a definition.
///
/// The message is lower case without a full stop, and the author's words stand in backticks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// What kind of problem this is; stable.
    pub code: Code,
    /// Whether the definition is refused.
    pub severity: Severity,
    /// Where in the definition.
    pub path: Path,
    /// Where in the text at `path` (for example inside a condition), or, once located, in the whole source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
    /// What is wrong.
    pub message: String,
    /// What would help.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

impl Problem {
    /// An error at `path`.
    pub fn error(code: Code, path: Path, message: impl Into<String>) -> Self {
        Self { code, severity: Severity::Error, path, span: None, message: message.into(), help: None }
    }

    /// A warning at `path`.
    pub fn warning(code: Code, path: Path, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, path, message) }
    }

    /// The same problem with a help line.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same problem with a span in the text at its path.
    #[must_use]
    pub fn with_span(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{severity}[{}]", self.code)?;
        if !self.path.segments().is_empty() {
            write!(f, " at {}", self.path)?;
        }
        if let Some(span) = &self.span {
            write!(f, " ({}..{})", span.start, span.end)?;
        }
        write!(f, ": {}", self.message)?;
        if let Some(help) = &self.help {
            write!(f, "; help: {help}")?;
        }
        Ok(())
    }
}

/// All problems found while checking a definition, in the order they were found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// No problems yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a problem.
    pub fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// Adds all of `others`, with `prefix` put before their paths.
    pub fn absorb(&mut self, prefix: &Path, others: Self) {
        self.0.extend(
            others.0.into_iter().map(|problem| Problem { path: problem.path.inside(prefix), ..problem }),
        );
    }

    /// Whether any problem is an error.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|problem| problem.severity == Severity::Error)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The problems in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.0.iter()
    }

    /// Lets `locate` move each problem to another span, for example from a place inside one value to a place in the
    /// whole source.
    pub fn relocate(&mut self, mut locate: impl FnMut(&Path, Option<&Span>) -> Option<Span>) {
        for problem in &mut self.0 {
            problem.span = locate(&problem.path, problem.span.as_ref());
        }
    }

    /// `value` and the warnings when there is no error, all problems otherwise.
    ///
    /// # Errors
    /// When at least one problem is an error.
    pub fn into_result<T>(self, value: T) -> Result<(T, Self), Self> {
        if self.has_errors() { Err(self) } else { Ok((value, self)) }
    }
}

impl Extend<Problem> for Problems {
    fn extend<I: IntoIterator<Item = Problem>>(&mut self, iter: I) {
        self.0.extend(iter);
    }
}

impl FromIterator<Problem> for Problems {
    fn from_iter<I: IntoIterator<Item = Problem>>(iter: I) -> Self {
        Self(iter.into_iter().collect())
    }
}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl fmt::Display for Problems {
    /// One problem a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.0.iter().enumerate() {
            if at != 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// A help line with the known name nearest to `word`, if one is near enough to be a slip.
///
/// Nearness is the optimal string alignment distance (Damerau 1964), at most a third of the word's length.
/// O(candidates × length²); only used while authoring.
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(word, known).map(|name| format!("did you mean `{name}`?"))
}

/// The known name that was probably meant by `word`, when one is near.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|name| (distance(word, name), name))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, name)| name)
}

/// Optimal string alignment distance: insertions, deletions, replacements and swaps of neighbours.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(128).collect(), b.chars().take(128).collect());
    let mut before = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replace = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replace.min(last[j] + 1).min(row[j - 1] + 1);
            if 1 < i && 1 < j && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_reads_as_one_line() {
        let path = Path::root().key("actions").index(3).key("eligible");
        let problem = Problem::error("condition/unknown-attribute", path, "`profile.tear` is not declared")
            .with_span(0..12)
            .with_help("did you mean `profile.tier`?");
        assert_eq!(
            problem.to_string(),
            "error[condition/unknown-attribute] at actions[3].eligible (0..12): `profile.tear` is not declared; \
             help: did you mean `profile.tier`?"
        );
    }

    #[test]
    fn slips_are_recognised_and_strangers_are_not() {
        let known = ["profile.tier", "context.daypart"];
        assert_eq!(did_you_mean("profile.teir", known), Some("did you mean `profile.tier`?".to_owned()));
        assert_eq!(did_you_mean("basket.value", known), None);
    }
}
