//! The values a host gives, and as they are kept.
//!
//! Not here: what they become.

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
