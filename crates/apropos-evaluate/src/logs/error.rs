//! Why a line of a log is refused.

/// Why a line of a log is refused. The caller knows the number of the line.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The line is not JSON of the expected shape.
    #[error("not a line of this format: {0}")]
    Json(String),
    /// A column or field that must be there is not.
    #[error("`{0}` is missing")]
    Missing(String),
    /// A field holds what it cannot.
    #[error("`{field}` holds `{value}`, which is not {expected}")]
    Field {
        /// The field.
        field: String,
        /// What it holds.
        value: String,
        /// What was expected.
        expected: &'static str,
    },
    /// The chosen action is not among the candidates.
    #[error("action {chosen} was chosen from {candidates} candidates")]
    Chosen {
        /// The index that was chosen.
        chosen: usize,
        /// How many candidates there are.
        candidates: usize,
    },
    /// Probabilities that do not sum to 1.
    #[error("the probabilities of the candidates sum to {0}, not 1")]
    Probabilities(f64),
    /// The record is of a version that is not read.
    #[error("version `{0}` of the decision log is not read; version 1 is")]
    Version(u32),
    /// A limit is exceeded.
    #[error("more than {limit} {what}")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How much is accepted.
        limit: usize,
    },
    /// The format has no place for what the record holds.
    #[error("this format cannot hold {0}")]
    CannotHold(&'static str),
}

impl LogError {
    pub(super) fn field(field: impl Into<String>, value: impl Into<String>, expected: &'static str) -> Self {
        Self::Field { field: field.into(), value: value.into(), expected }
    }
}
