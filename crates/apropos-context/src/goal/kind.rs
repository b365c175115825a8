//! What a customer may be after.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a customer is after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// Looking around.
    Browse,
    /// Weighing one thing against another.
    Compare,
    /// Acquiring something.
    Buy,
    /// Using what they have.
    Use,
    /// Getting something to work again.
    Fix,
    /// Giving something back.
    Return,
    /// Understanding something.
    Learn,
    /// Speaking with a person.
    Talk,
}

impl Goal {
    /// All goals, in order.
    pub const ALL: [Self; 8] =
        [Self::Browse, Self::Compare, Self::Buy, Self::Use, Self::Fix, Self::Return, Self::Learn, Self::Talk];

    /// The goal's name, as it is written in definitions and data.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Browse => "browse",
            Self::Compare => "compare",
            Self::Buy => "buy",
            Self::Use => "use",
            Self::Fix => "fix",
            Self::Return => "return",
            Self::Learn => "learn",
            Self::Talk => "talk",
        }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
