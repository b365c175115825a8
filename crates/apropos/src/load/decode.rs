//! The way from text to definition.
//!
//! Not here: how a mistake is taken out of the tree so that reading can go on (`peel`).

use serde::de::DeserializeOwned;

use super::peel::Peeler;
use super::source::Source;
use super::{json, toml};
use crate::event::{Path, Problem, Problems};

/// How a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// TOML: what people write.
    Toml,
    /// JSON: what programs write.
    Json,
}

/// Bytes of a text at most.
pub const MAX_TEXT: usize = 8 << 20;
/// How many problems are reported at most; behind that many, a text is better begun anew.
pub const MAX_PROBLEMS: usize = 256;
/// How often a text with mistakes is read again at most.
pub const MAX_ROUNDS: usize = 4096;

/// Reads a definition from `text`, together with the places of its values.
///
/// Instants and dates of TOML arrive as texts. Decimals may be written as numbers or in quotes; a number without quotes
/// keeps the fifteen digits that a float keeps.
///
/// # Errors
/// All problems of structure at once, in the order of the text, each with its span in `text`:
/// `playbook/syntax`, `playbook/duplicate-key`, `playbook/unknown-field`, `playbook/missing-field`,
/// `playbook/wrong-type`, `playbook/unknown-value`, `playbook/invalid-value`, `playbook/too-long` and
/// `playbook/too-many-problems`. A text whose syntax is broken is not looked at further, since everything said about
/// its fields could be false. Where a value is no table or list at all, its inside cannot be checked; and a rule over
/// several fields of one value is only asked when each of them could be read.
///
/// O(length of the text) without mistakes; once more for every mistake.
pub fn decode<T: DeserializeOwned>(text: &str, format: Format) -> Result<(T, Source), Problems> {
    let mut problems = Problems::new();
    if MAX_TEXT < text.len() {
        let message = format!("the text has {} bytes, {MAX_TEXT} are allowed", text.len());
        problems.push(Problem::error("playbook/too-long", Path::root(), message));
        return Err(problems);
    }
    let read = match format {
        Format::Toml => Some(toml::read(text, &mut problems)),
        Format::Json => json::read(text, &mut problems),
    };
    let broken = problems.iter().any(|problem| problem.code == "playbook/syntax");
    let Some((tree, places)) = read.filter(|_| !broken) else {
        return Err(in_order(problems));
    };
    let source = Source::new(text, places);
    let mut peeler = Peeler::new(tree, problems);
    let decoded = peeler.decode();
    let problems = peeler.into_problems(&source);
    match decoded {
        Some(definition) if problems.is_empty() => Ok((definition, source)),
        _ => Err(in_order(problems)),
    }
}

/// The problems in the order of the text, those of the whole text first.
fn in_order(problems: Problems) -> Problems {
    let mut sorted: Vec<Problem> = problems.into_iter().collect();
    sorted.sort_by_key(|problem| problem.span.as_ref().map(|span| span.start));
    sorted.into_iter().collect()
}
