//! Reading a playbook from text.

use apropos_event::{Path, Problem, Problems};
use serde::de::DeserializeOwned;

/// The format of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// TOML.
    Toml,
    /// JSON.
    Json,
}

/// The text that was read.
#[derive(Clone, Debug, Default)]
pub struct Source {}

impl Source {
    /// Moves problems to their places in the text.
    pub fn relocate(&self, _problems: &mut Problems) {}
}

/// Reads `text`.
///
/// # Errors
/// When the text is malformed.
pub fn decode<T: DeserializeOwned>(text: &str, format: Format) -> Result<(T, Source), Problems> {
    let value = match format {
        Format::Toml => toml::from_str(text).map_err(|error| error.to_string()),
        Format::Json => serde_json::from_str(text).map_err(|error| error.to_string()),
    };
    match value {
        Ok(value) => Ok((value, Source::default())),
        Err(error) => Err([Problem::error("playbook/syntax", Path::root(), error)].into_iter().collect()),
    }
}
