//! What came of checking an invariant.
//!
//! Not here: how it was found.

use std::fmt;

use serde::Serialize;

/// Whether an invariant holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// It holds in every state within the abstraction.
    Holds {
        /// How many states there are.
        states: usize,
    },
    /// It does not hold: this is how a customer gets there.
    Fails {
        /// The inputs, one by one.
        trace: Vec<TraceStep>,
    },
    /// Nothing was found up to the bound, and there is more beyond it.
    Bounded {
        /// How many states were looked at.
        states: usize,
    },
    /// It could not be checked.
    Unchecked {
        /// Why.
        reason: String,
    },
}

/// One step of a counterexample.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TraceStep {
    /// What happened.
    pub input: String,
    /// In what circumstances.
    pub facts: String,
    /// Where the customer then stands.
    pub at: String,
    /// The time since the beginning, in seconds.
    pub seconds: f64,
}

impl Verdict {
    /// What this and another verdict on the same invariant come to: the worse of the two.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Holds { states: a }, Self::Holds { states: b }) => Self::Holds { states: a + b },
            (
                Self::Holds { states: a } | Self::Bounded { states: a },
                Self::Holds { states: b } | Self::Bounded { states: b },
            ) => Self::Bounded { states: a + b },
            (worse @ (Self::Fails { .. } | Self::Unchecked { .. }), _) | (_, worse) => worse,
        }
    }

    /// Whether no violation was found.
    pub fn passes(&self) -> bool {
        matches!(self, Self::Holds { .. } | Self::Bounded { .. })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Holds { states } => write!(f, "holds in all {states} states"),
            Self::Bounded { states } => write!(f, "holds in the first {states} states"),
            Self::Unchecked { reason } => write!(f, "could not be checked: {reason}"),
            Self::Fails { trace } => {
                write!(f, "fails:")?;
                for step in trace {
                    write!(f, " {}", step.input)?;
                    if !step.facts.is_empty() {
                        write!(f, " [{}]", step.facts)?;
                    }
                    write!(f, " → {};", step.at)?;
                }
                Ok(())
            }
        }
    }
}
