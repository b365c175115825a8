//! The values a host gives, and the active features they become.

use serde::{Deserialize, Serialize};

use super::{MAX_NUMBER, State};
use crate::LearnError;

/// One value of a context.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Input<'a> {
    /// Not known.
    Missing,
    /// A quantity: finite, at most 1e15 in magnitude.
    Number(f64),
    /// A name.
    Category(&'a str),
    /// A name by its stable code, for hosts that have interned it; see [`category_code`].
    Code(u64),
    /// Yes or no.
    Flag(bool),
}

/// The code of a category: its stable hash.
pub fn category_code(name: &str) -> u64 {
    // The lowest codes are kept for cells of crosses.
    apropos_event::draw::stable_hash(0, name.as_bytes()) | (1 << 63)
}

/// A value as the encoder keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Raw {
    Missing,
    Number(f64),
    Code(u64),
    Flag(bool),
}

impl Raw {
    /// Checks `input` against the kind of the input at `index`.
    pub(super) fn of(index: usize, input: &Input<'_>, state: &State) -> Result<Self, LearnError> {
        match (*input, state) {
            (Input::Missing, _) => Ok(Self::Missing),
            (Input::Number(x), State::Number(_)) if !x.is_finite() => Err(LearnError::NotFinite { index }),
            (Input::Number(x), State::Number(_)) if MAX_NUMBER < x.abs() => {
                Err(LearnError::OutOfRange { index })
            }
            (Input::Number(x), State::Number(_)) => Ok(Self::Number(x)),
            (Input::Category(name), State::Category(_)) => Ok(Self::Code(category_code(name))),
            (Input::Code(code), State::Category(_)) => Ok(Self::Code(code | (1 << 63))),
            (Input::Flag(set), State::Flag) => Ok(Self::Flag(set)),
            _ => Err(LearnError::InputKind { index }),
        }
    }
}

/// The active features of one context: rows of the weight table with their values.
///
/// Made and reused by [`crate::Model::encode`]; plain data, so that a host can keep it with the decision until the
/// outcome is known.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored")]
pub struct Features {
    pub(crate) rows: Vec<u32>,
    pub(crate) values: Vec<f32>,
    pub(crate) raw: Vec<Raw>,
}

impl Clone for Features {
    fn clone(&self) -> Self {
        Self { rows: self.rows.clone(), values: self.values.clone(), raw: self.raw.clone() }
    }

    /// Copies into the memory that is there already.
    fn clone_from(&mut self, other: &Self) {
        self.rows.clone_from(&other.rows);
        self.values.clone_from(&other.values);
        self.raw.clone_from(&other.raw);
    }
}

/// Features as they were stored, not checked yet.
#[derive(Deserialize)]
#[serde(rename = "Features")]
struct Stored {
    rows: Vec<u32>,
    values: Vec<f32>,
    raw: Vec<Raw>,
}

impl TryFrom<Stored> for Features {
    type Error = LearnError;

    fn try_from(stored: Stored) -> Result<Self, LearnError> {
        let Stored { rows, values, raw } = stored;
        let number = |raw: &Raw| match raw {
            Raw::Number(x) => x.abs() <= MAX_NUMBER,
            _ => true,
        };
        let fine = rows.len() == values.len()
            && rows.first() == Some(&0)
            && values.iter().all(|x| x.abs() <= MAX_VALUE)
            && raw.iter().all(number);
        // Nothing encoded yet is a value too.
        if fine || (rows.is_empty() && values.is_empty() && raw.is_empty()) {
            Ok(Self { rows, values, raw })
        } else {
            Err(LearnError::Features)
        }
    }
}

/// The largest magnitude of a feature's value: where the clip of numbers ends.
const MAX_VALUE: f32 = 8.0;

impl Features {
    /// No features yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of active features, the bias included.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether nothing has been encoded yet.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The active rows with their values, in the order of the inputs.
    pub fn iter(&self) -> impl Iterator<Item = (u32, f32)> + '_ {
        self.rows.iter().copied().zip(self.values.iter().copied())
    }

    pub(super) fn clear(&mut self) {
        self.rows.clear();
        self.values.clear();
        self.raw.clear();
    }

    pub(super) fn activate(&mut self, row: u32, value: f32) {
        if value != 0.0 {
            self.rows.push(row);
            self.values.push(value);
        }
    }
}
