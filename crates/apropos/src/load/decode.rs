//! The way from text to definition.
//!
//! Not here: how a mistake is taken out of the tree so that reading can go on (`peel`).

use serde::de::DeserializeOwned;

use super::mending::Mending;
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
/// O(length of the text) without mistakes; once more for every mistake, and for every shape, of a few hundred at most, that is
/// tried in the place of a wrong one.
pub fn decode<T: DeserializeOwned>(text: &str, format: Format) -> Result<(T, Source), Problems> {
    read(text, format).map_err(|broken| in_order(broken.problems))
}

/// A text that could not be read as it stands.
#[derive(Debug)]
pub(crate) struct Broken<T> {
    /// Everything wrong with its shape, with places in the text.
    pub(crate) problems: Problems,
    /// What could be read all the same.
    pub(crate) mended: Option<(T, Source, Mending)>,
}

/// Like [`decode`]; beside the problems it gives what is left when all mistakes are taken out, so that its meaning can be
/// looked at as well.
pub(crate) fn read<T: DeserializeOwned>(text: &str, format: Format) -> Result<(T, Source), Box<Broken<T>>> {
    let mut problems = Problems::new();
    if MAX_TEXT < text.len() {
        let message = format!("the text has {} bytes, {MAX_TEXT} are allowed", text.len());
        problems.push(Problem::error("playbook/too-long", Path::root(), message));
        return Err(Box::new(Broken { problems, mended: None }));
    }
    let read = match format {
        Format::Toml => toml::read(text, &mut problems),
        Format::Json => json::read(text, &mut problems),
    };
    let Some((tree, places)) = read else {
        return Err(Box::new(Broken { problems, mended: None }));
    };
    let source = Source::new(text, places);
    if !tree.is_object() {
        // A list would be taken for the fields in their order.
        problems.push(Problem::error("playbook/wrong-type", Path::root(), "expected a table of fields"));
        return Err(Box::new(Broken { problems, mended: None }));
    }
    let mut peeler = Peeler::new(tree, &source, problems);
    let decoded = peeler.decode();
    let (problems, mending) = peeler.finish();
    match decoded {
        Some(definition) if problems.is_empty() => Ok((definition, source)),
        decoded => {
            let mended = decoded.map(|definition| (definition, source, mending));
            Err(Box::new(Broken { problems, mended }))
        }
    }
}

/// The problems in the order of the text, those of the whole text first.
pub(crate) fn in_order(problems: Problems) -> Problems {
    let mut sorted: Vec<Problem> = problems.into_iter().collect();
    sorted.sort_by_key(|problem| problem.span.as_ref().map(|span| span.start));
    sorted.into_iter().collect()
}
