//! What data may be used for. Three purposes that customers tell apart, and sets of them.
//!
//! Not here: whether a customer agreed. Consent belongs to the profile.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a piece of data, or a decision, is used for.
///
/// The three are separate in consent: who agrees to be contacted has not agreed that we learn from the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To reach out to the customer.
    Contact,
    /// To fit what is said or shown to the customer.
    Personalise,
    /// To learn from what the customer does.
    Learn,
}

impl Purpose {
    /// All purposes, in order.
    pub const ALL: [Self; 3] = [Self::Contact, Self::Personalise, Self::Learn];

    /// The purpose's name, as it is written in definitions and data.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Personalise => "personalise",
            Self::Learn => "learn",
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A set of purposes, written as a list.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "Vec<Purpose>", into = "Vec<Purpose>")]
pub struct Purposes(u8);

impl Purposes {
    /// No purpose at all.
    pub const NONE: Self = Self(0);
    /// Every purpose.
    pub const ALL: Self = Self(0b111);

    /// Whether `purpose` is in the set.
    pub fn contains(self, purpose: Purpose) -> bool {
        self.0 & (1 << purpose as u8) != 0
    }

    /// The set with `purpose` added.
    #[must_use]
    pub const fn with(self, purpose: Purpose) -> Self {
        Self(self.0 | (1 << purpose as u8))
    }

    /// The purposes that are in both sets.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The members, in order.
    pub fn iter(self) -> impl Iterator<Item = Purpose> {
        Purpose::ALL.into_iter().filter(move |p| self.contains(*p))
    }
}

impl Default for Purposes {
    /// Every purpose: a definition narrows it.
    fn default() -> Self {
        Self::ALL
    }
}

impl From<Vec<Purpose>> for Purposes {
    fn from(list: Vec<Purpose>) -> Self {
        list.into_iter().collect()
    }
}

impl From<Purposes> for Vec<Purpose> {
    fn from(set: Purposes) -> Self {
        set.iter().collect()
    }
}

impl FromIterator<Purpose> for Purposes {
    fn from_iter<I: IntoIterator<Item = Purpose>>(iter: I) -> Self {
        iter.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Debug for Purposes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
