//! Truth with three values, and what the two connectives of CEL make of them.
//!
//! Not here: what unknown means for a decision. Each policy says that with [`OnUnknown`].

use std::fmt;

use serde::{Deserialize, Serialize};

/// True, false, or not known because an attribute is missing or an operation failed.
///
/// `and`, `or` and `!` are those of Kleene, which is how CEL's `&&` and `||` absorb errors: the side that
/// decides wins, whatever the other side is.
///
/// ```
/// use apropos_condition::Truth;
///
/// assert_eq!(Truth::Unknown.and(Truth::False), Truth::False);
/// assert_eq!(Truth::Unknown.or(Truth::True), Truth::True);
/// assert_eq!(!Truth::Unknown, Truth::Unknown);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Truth {
    /// It does not hold.
    False,
    /// It cannot be told.
    Unknown,
    /// It holds.
    True,
}

/// What an unknown condition means to whoever asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnUnknown {
    /// Unknown is as good as false: the careful reading, and the default.
    #[default]
    Fails,
    /// Unknown is as good as true.
    Holds,
}

impl Truth {
    /// False when either is, else unknown when either is. The smaller of the two.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.min(other)
    }

    /// True when either is, else unknown when either is. The larger of the two.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.max(other)
    }

    /// Whether it counts as holding when unknown means `unknown`.
    pub fn holds(self, unknown: OnUnknown) -> bool {
        match self {
            Self::True => true,
            Self::False => false,
            Self::Unknown => unknown == OnUnknown::Holds,
        }
    }

    /// Whether it is true.
    pub fn is_true(self) -> bool {
        self == Self::True
    }
}

impl std::ops::Not for Truth {
    type Output = Self;
    fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::Unknown => Self::Unknown,
            Self::False => Self::True,
        }
    }
}

impl From<bool> for Truth {
    fn from(b: bool) -> Self {
        if b { Self::True } else { Self::False }
    }
}

impl fmt::Display for Truth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::True => "true",
            Self::False => "false",
            Self::Unknown => "unknown",
        })
    }
}
