//! Required literals: for a regular expression a set of texts of which at least one must occur in whatever it matches.
//!
//! One pass of an automaton over a User-Agent then rules out nearly all of the thousands of expressions. Letters count
//! without case, so that the set holds for expressions that ignore case, too.

use regex_syntax::hir::{Class, Hir, HirKind};

/// Texts in lower case, at least one of which must occur; `None` when nothing is known to be required.
pub(super) type Atoms = Option<Vec<String>>;

/// More texts than this require too little to be of use.
const MAX_ATOMS: usize = 64;
/// Shorter texts occur nearly everywhere.
const MIN_LEN: usize = 2;

/// The required literals of an expression.
pub(super) fn required(hir: &Hir) -> Atoms {
    of(hir).requires().filter(|atoms| atoms.iter().all(|atom| MIN_LEN <= atom.len()))
}

/// What is known about a part of an expression.
struct Known {
    /// The only texts it matches, if they are few.
    exact: Option<Vec<String>>,
    /// Texts of which one must occur in what it matches.
    best: Atoms,
}

impl Known {
    fn nothing() -> Self {
        Self { exact: None, best: None }
    }

    fn exactly(texts: Vec<String>) -> Self {
        Self { exact: Some(texts), best: None }
    }

    /// The better of what must occur: its own exact texts, or something inside it.
    fn requires(self) -> Atoms {
        better(self.exact.filter(|texts| texts.iter().all(|text| !text.is_empty())), self.best)
    }
}

fn of(hir: &Hir) -> Known {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Known::exactly(vec![String::new()]),
        HirKind::Literal(literal) => std::str::from_utf8(&literal.0)
            .map_or_else(|_| Known::nothing(), |text| Known::exactly(vec![text.to_ascii_lowercase()])),
        HirKind::Class(class) => class_texts(class).map_or_else(Known::nothing, Known::exactly),
        HirKind::Capture(capture) => of(&capture.sub),
        HirKind::Repetition(repetition) if 1 <= repetition.min => {
            let known = of(&repetition.sub);
            if repetition.min == 1 && repetition.max == Some(1) {
                return known;
            }
            Known { exact: None, best: known.requires() }
        }
        HirKind::Repetition(repetition) if repetition.max == Some(1) => {
            let exact = of(&repetition.sub).exact.map(|mut texts| {
                texts.push(String::new());
                texts
            });
            Known { exact, best: None }
        }
        HirKind::Repetition(_) => Known::nothing(),
        HirKind::Concat(parts) => concat(parts),
        HirKind::Alternation(parts) => alternation(parts),
    }
}

/// The few letters of a class, in lower case.
fn class_texts(class: &Class) -> Option<Vec<String>> {
    let mut texts: Vec<String> = Vec::new();
    let mut add = |c: char| {
        let text = c.to_ascii_lowercase().to_string();
        if !texts.contains(&text) {
            texts.push(text);
        }
        texts.len() <= 4
    };
    let few = match class {
        Class::Bytes(bytes) => bytes
            .ranges()
            .iter()
            .flat_map(|range| range.start()..=range.end())
            .take(9)
            .all(|byte| byte.is_ascii() && add(char::from(byte))),
        Class::Unicode(chars) => chars
            .ranges()
            .iter()
            .flat_map(|range| range.start()..=range.end())
            .take(9)
            .all(|c| c.is_ascii() && add(c)),
    };
    (few && !texts.is_empty()).then_some(texts)
}

/// Runs of parts whose texts are known are joined; the best of the runs and of what the others require wins.
fn concat(parts: &[Hir]) -> Known {
    let mut run: Option<Vec<String>> = Some(vec![String::new()]);
    let mut whole = true;
    let mut best: Atoms = None;
    for part in parts {
        let known = of(part);
        let joined = run.as_ref().zip(known.exact.as_ref()).and_then(|(run, exact)| product(run, exact));
        if let Some(joined) = joined {
            run = Some(joined);
            continue;
        }
        whole = false;
        best = better(best, filled(run.take()));
        run = Some(known.exact.clone().unwrap_or_else(|| vec![String::new()]));
        best = better(best, known.requires());
    }
    if whole {
        return Known { exact: run, best: None };
    }
    Known { exact: None, best: better(best, filled(run)) }
}

fn filled(run: Option<Vec<String>>) -> Atoms {
    run.filter(|texts| texts.iter().all(|text| !text.is_empty()))
}

fn alternation(parts: &[Hir]) -> Known {
    let mut exact: Option<Vec<String>> = Some(Vec::new());
    let mut best: Atoms = Some(Vec::new());
    for part in parts {
        let known = of(part);
        exact = exact.take().zip(known.exact.clone()).map(|(mut all, more)| {
            all.extend(more);
            all
        });
        best = best.take().zip(known.requires()).map(|(mut all, more)| {
            all.extend(more);
            all
        });
    }
    let few = |texts: &Vec<String>| texts.len() <= MAX_ATOMS;
    Known { exact: exact.filter(few), best: best.filter(|texts| few(texts) && !texts.is_empty()) }
}

/// Every text of `a` followed by every text of `b`, if they are few.
fn product(a: &[String], b: &[String]) -> Option<Vec<String>> {
    if MAX_ATOMS < a.len() * b.len() {
        return None;
    }
    Some(a.iter().flat_map(|a| b.iter().map(move |b| format!("{a}{b}"))).collect())
}

/// The set that requires more: the one whose shortest text is longer, then the smaller one.
fn better(a: Atoms, b: Atoms) -> Atoms {
    let rank = |atoms: &Vec<String>| {
        let shortest = atoms.iter().map(String::len).min().unwrap_or(0);
        (shortest.min(6), usize::MAX - atoms.len())
    };
    match (a, b) {
        (Some(a), Some(b)) => Some(if rank(&a) < rank(&b) { b } else { a }),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, expected: Option<&[&str]>) {
        let hir =
            regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern).unwrap();
        let found = required(&hir);
        let expected = expected.map(|atoms| atoms.iter().map(|atom| (*atom).to_owned()).collect::<Vec<_>>());
        assert_eq!(found, expected, "{pattern}");
    }

    #[test]
    fn what_must_occur_is_found() {
        check(r"(GeoEvent Server) (\d+)(?:\.(\d+)|)", Some(&["geoevent server "]));
        check(r"(?i)opera/\d+", Some(&["opera/"]));
        check(r"(?:Fire|Water)fox/(\d+)", Some(&["firefox/", "waterfox/"]));
        check(r"^.{0,200}-iPhone/\d", Some(&["-iphone/"]));
        check(r"\d+(x|y)?", None);
        check(r"a|bc", None);
        check(r"(foo)?bar+", Some(&["fooba", "ba"]));
        check(r"; *(SM-[A-Z]\d+)", Some(&["sm-"]));
        check(r"^curl", Some(&["curl"]));
    }
}
