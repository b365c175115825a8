//! The ladder of classes: what kind of thing an action is, and who waits for whom.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What kind of thing an action is. Earlier classes outrank later ones whatever the scores say.
///
/// A lower class waits while an action of a higher one is open: nobody is sold to while their parcel is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// The law demands it.
    Legal,
    /// Someone could come to harm.
    Safety,
    /// A promise was broken and is made good.
    Repair,
    /// Something the customer has asked for or bought.
    Service,
    /// Something that helps the customer reach a goal.
    Help,
    /// Something for the relationship, without selling.
    Relationship,
    /// An offer.
    Sell,
}

impl Class {
    /// All classes, highest first.
    pub const ALL: [Self; 7] =
        [Self::Legal, Self::Safety, Self::Repair, Self::Service, Self::Help, Self::Relationship, Self::Sell];

    /// The class's name, as it is written in definitions and data.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Legal => "legal",
            Self::Safety => "safety",
            Self::Repair => "repair",
            Self::Service => "service",
            Self::Help => "help",
            Self::Relationship => "relationship",
            Self::Sell => "sell",
        }
    }

    /// Whether actions of this class are owed to the customer: they go out whatever limits, quiet hours or marketing
    /// consent say, and are never left to chance.
    pub fn is_owed(self) -> bool {
        self <= Self::Safety
    }

    /// Whether actions of this class are marketing in the sense of an objection to direct marketing.
    pub fn is_marketing(self) -> bool {
        Self::Relationship <= self
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
