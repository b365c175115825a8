//! Whose device it is. An un-owned device is one that the customer does not keep: a kiosk, a shop's tablet.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Whose device it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ownership {
    /// The customer's own.
    Owned,
    /// Shared by people who know one another, such as a television at home.
    Shared,
    /// Not the customer's: a kiosk, a rental car, a terminal in a shop.
    Unowned,
    /// Not known.
    #[default]
    Unknown,
}

impl Ownership {
    /// All answers, in order.
    pub const ALL: [Self; 4] = [Self::Owned, Self::Shared, Self::Unowned, Self::Unknown];

    /// The name, as it is written in definitions and data.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owned => "owned",
            Self::Shared => "shared",
            Self::Unowned => "unowned",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Ownership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
