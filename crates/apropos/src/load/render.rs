//! One problem as people read it in a terminal: what, where, the line, a mark, what would help.
//!
//! Not here: colours; those are the host's.

use super::source::Source;
use crate::event::{Problem, Severity};

/// How many characters of a line are shown at most.
const WIDTH: usize = 100;

/// Appends `problem` to `out`, with a line break at its end.
pub(super) fn problem(source: &Source, problem: &Problem, out: &mut String) {
    let severity = match problem.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let at = if problem.path.segments().is_empty() { String::new() } else { format!("at {}", problem.path) };
    let mut lines = vec![format!("{severity}[{}]: {}", problem.code, problem.message)];
    let mut gutter = 1;
    if let Some(span) = &problem.span {
        let (line, column) = source.line_column(span.start);
        let (shown, before, marked) = excerpt(source, line, column, span.end);
        gutter = line.to_string().len();
        let blank = " ".repeat(gutter);
        lines.push(format!("{blank}--> {line}:{column} {at}"));
        lines.push(format!("{blank} |"));
        lines.push(format!("{line} | {shown}"));
        lines.push(format!("{blank} | {}{}", " ".repeat(before), "^".repeat(marked)));
    } else if !at.is_empty() {
        lines.push(format!(" --> {at}"));
    }
    if let Some(help) = &problem.help {
        lines.push(format!("{} = help: {help}", " ".repeat(gutter)));
    }
    for line in lines {
        out.extend(line.trim_end().chars().map(printable));
        out.push('\n');
    }
}

/// The part of a line around `column`, how many characters stand before the mark, and how long the mark is.
fn excerpt(source: &Source, line: usize, column: usize, end: usize) -> (String, usize, usize) {
    let (start, text) = source.line(line);
    let column = column - 1;
    let last = source.floor(end).saturating_sub(start).min(text.len());
    let marked = text.get(..last).map_or(0, |before| before.chars().count()).saturating_sub(column).max(1);
    let first = (column + 1).saturating_sub(WIDTH * 3 / 4);
    let shown = text.chars().skip(first).take(WIDTH).collect();
    let before = column - first;
    (shown, before, marked.min(WIDTH - before))
}

/// A text may hold anything; a terminal must not obey it.
fn printable(letter: char) -> char {
    match letter {
        '\t' => ' ',
        letter if letter.is_control() => '\u{fffd}',
        letter => letter,
    }
}
