//! One list of rules: expressions, the literals they require, and templates for the answer.

use aho_corasick::{AhoCorasick, MatchKind};
use regex::bytes::{Captures, Regex, RegexBuilder};

use super::atoms;
use super::yaml::{Entry, UserAgentError};

/// A list of rules, first match first.
#[derive(Clone, Debug)]
pub(super) struct RuleList<const FIELDS: usize> {
    rules: Vec<Rule<FIELDS>>,
    /// Finds the literals; each with the numbers of the rules that need one of it and others.
    finder: Option<AhoCorasick>,
    needed_by: Vec<Vec<u32>>,
    /// The rules that must always be tried.
    always: Vec<u32>,
}

#[derive(Clone, Debug)]
struct Rule<const FIELDS: usize> {
    regex: Regex,
    templates: [Template; FIELDS],
}

/// How a field of the answer is made.
#[derive(Clone, Debug)]
enum Template {
    /// Nothing.
    Nothing,
    /// A group of the match, by number.
    Group(usize),
    /// Text in which `$1` to `$9` stand for groups.
    Text(Vec<Piece>),
}

#[derive(Clone, Debug)]
enum Piece {
    Literal(String),
    Group(usize),
}

/// The largest compiled expression, in bytes.
const MAX_PROGRAM: usize = 4 << 20;

impl<const FIELDS: usize> RuleList<FIELDS> {
    /// Compiles a list. For each field: the key of its replacement, and the group that is taken without one.
    pub(super) fn new(
        entries: &[Entry],
        fields: [(&str, Option<usize>); FIELDS],
    ) -> Result<Self, UserAgentError> {
        let mut rules = Vec::with_capacity(entries.len());
        let mut literals: Vec<String> = Vec::new();
        let mut needed_by: Vec<Vec<u32>> = Vec::new();
        let mut always = Vec::new();
        let mut places = std::collections::BTreeMap::new();
        for (entry, number) in entries.iter().zip(0_u32..) {
            let (regex, required) = compile(entry)?;
            match required {
                None => always.push(number),
                Some(atoms) => {
                    for atom in atoms {
                        let place = *places.entry(atom.clone()).or_insert_with(|| {
                            literals.push(atom);
                            needed_by.push(Vec::new());
                            literals.len() - 1
                        });
                        if let Some(rules) = needed_by.get_mut(place) {
                            rules.push(number);
                        }
                    }
                }
            }
            let templates = fields.map(|(key, group)| Template::new(entry.get(key), group, &regex));
            rules.push(Rule { regex, templates });
        }
        let finder = AhoCorasick::builder().match_kind(MatchKind::Standard).build(&literals).ok();
        let finder = finder.filter(|_| !literals.is_empty());
        if finder.is_none() {
            always = (0..rules.len() as u32).collect();
        }
        Ok(Self { rules, finder, needed_by, always })
    }

    /// How many rules there are.
    pub(super) fn len(&self) -> usize {
        self.rules.len()
    }

    /// The fields that the first matching rule makes of `agent`; `lower` is the same in lower case.
    ///
    /// O(length + candidates), where the candidates are those rules of which a required literal occurs.
    pub(super) fn first(&self, agent: &str, lower: &str) -> Option<[Option<String>; FIELDS]> {
        let mut candidates = vec![0_u64; self.rules.len().div_ceil(64)];
        let mut mark = |number: &u32| {
            if let Some(word) = candidates.get_mut(*number as usize / 64) {
                *word |= 1 << (number % 64);
            }
        };
        self.always.iter().for_each(&mut mark);
        if let Some(finder) = &self.finder {
            for found in finder.find_overlapping_iter(lower) {
                if let Some(rules) = self.needed_by.get(found.pattern().as_usize()) {
                    rules.iter().for_each(&mut mark);
                }
            }
        }
        ones(&candidates).find_map(|number| {
            let rule = self.rules.get(number)?;
            let captures = rule.regex.captures(agent.as_bytes())?;
            Some(rule.templates.each_ref().map(|template| template.fill(&captures)))
        })
    }

    /// The same, by trying every rule in turn: the plain twin for tests.
    #[cfg(test)]
    pub(super) fn first_by_trying_all(&self, agent: &str) -> Option<[Option<String>; FIELDS]> {
        self.rules.iter().find_map(|rule| {
            let captures = rule.regex.captures(agent.as_bytes())?;
            Some(rule.templates.each_ref().map(|template| template.fill(&captures)))
        })
    }

    /// The share of rules that a literal must lead to.
    #[cfg(test)]
    pub(super) fn guarded(&self) -> f64 {
        1.0 - self.always.len() as f64 / self.rules.len() as f64
    }
}

/// The numbers of the set bits, in order.
fn ones(words: &[u64]) -> impl Iterator<Item = usize> {
    words.iter().enumerate().flat_map(|(at, word)| {
        let mut left = *word;
        std::iter::from_fn(move || {
            let bit = left.trailing_zeros();
            left &= left.wrapping_sub(1);
            (bit < 64).then(|| at * 64 + bit as usize)
        })
    })
}

fn compile(entry: &Entry) -> Result<(Regex, atoms::Atoms), UserAgentError> {
    let line = entry.line;
    let pattern = entry.get("regex").ok_or(UserAgentError::Line { line, expected: "a key `regex`" })?;
    let ignore_case = entry.get("regex_flag").is_some_and(|flags| flags.contains('i'));
    let fail = |reason: String| UserAgentError::Regex { line, reason };
    let regex = RegexBuilder::new(pattern)
        .case_insensitive(ignore_case)
        .unicode(false)
        .size_limit(MAX_PROGRAM)
        .build()
        .map_err(|error| fail(error.to_string()))?;
    let hir = regex_syntax::ParserBuilder::new()
        .case_insensitive(ignore_case)
        .unicode(false)
        .utf8(false)
        .build()
        .parse(pattern)
        .map_err(|error| fail(error.to_string()))?;
    Ok((regex, atoms::required(&hir)))
}

impl Template {
    fn new(replacement: Option<&str>, group: Option<usize>, regex: &Regex) -> Self {
        let group = group.filter(|group| *group < regex.captures_len());
        match replacement {
            None => group.map_or(Self::Nothing, Self::Group),
            Some(text) => Self::Text(pieces(text)),
        }
    }

    /// The field; surrounding blanks are cut, and nothing left is nothing.
    fn fill(&self, captures: &Captures<'_>) -> Option<String> {
        let group = |at: usize| captures.get(at).map(|found| String::from_utf8_lossy(found.as_bytes()));
        let text = match self {
            Self::Nothing => return None,
            Self::Group(at) => group(*at)?.into_owned(),
            Self::Text(pieces) => pieces.iter().fold(String::new(), |mut text, piece| {
                match piece {
                    Piece::Literal(literal) => text.push_str(literal),
                    Piece::Group(at) => text.push_str(&group(*at).unwrap_or_default()),
                }
                text
            }),
        };
        let trimmed = text.trim();
        (!trimmed.is_empty()).then(|| trimmed.to_owned())
    }
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut found = Vec::new();
    let mut literal = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let digit = chars.peek().filter(|_| c == '$').and_then(|next| next.to_digit(10)).filter(|n| 0 < *n);
        if let Some(digit) = digit {
            chars.next();
            if !literal.is_empty() {
                found.push(Piece::Literal(std::mem::take(&mut literal)));
            }
            found.push(Piece::Group(digit as usize));
        } else {
            literal.push(c);
        }
    }
    if !literal.is_empty() {
        found.push(Piece::Literal(literal));
    }
    found
}
