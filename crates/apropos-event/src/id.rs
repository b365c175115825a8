//! Names that cross a wall between rooms, one newtype each, so that a journey is never taken for a channel.
//!
//! Not here: what the names stand for. An id is 1 to 128 bytes of text without control characters; ids of up
//! to 24 bytes are stored inline.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// Why a text is not an id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdError {
    /// The text is empty.
    #[error("an id must not be empty")]
    Empty,
    /// The text is longer than 128 bytes.
    #[error("an id is at most 128 bytes long, this one has {0}")]
    TooLong(usize),
    /// The text holds a control character.
    #[error("an id must not hold control characters, `{0}` does")]
    Control(String),
}

/// The longest id, in bytes.
pub(crate) const MAX_ID_BYTES: usize = 128;

fn check(text: &str) -> Result<(), IdError> {
    if text.is_empty() {
        return Err(IdError::Empty);
    }
    if MAX_ID_BYTES < text.len() {
        return Err(IdError::TooLong(text.len()));
    }
    // Plain ASCII, nearly always, is told by its bytes.
    let plain = text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    if !plain && text.chars().any(char::is_control) {
        return Err(IdError::Control(text.escape_default().to_string()));
    }
    Ok(())
}

/// Sixteen hexadecimal digits.
fn hexadecimal(number: u64) -> CompactString {
    let mut digits = [0; 16];
    for (half, digit) in digits.iter_mut().rev().enumerate() {
        *digit = b"0123456789abcdef"[(number >> (4 * half) & 15) as usize];
    }
    // INVARIANT: digits are text.
    CompactString::new(std::str::from_utf8(&digits).unwrap_or_default())
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// Built by parsing; ordered, hashed and printed as its text.
        #[derive(PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "CompactString", into = "CompactString")]
        pub struct $name(CompactString);

        impl $name {
            /// Checks and wraps `text`.
            ///
            /// # Errors
            /// When the text is empty, longer than 128 bytes or holds a control character.
            pub fn new(text: impl AsRef<str>) -> Result<Self, IdError> {
                let text = text.as_ref();
                check(text)?;
                Ok(Self(CompactString::new(text)))
            }

            /// The id made of a number: its hexadecimal digits.
            pub fn from_number(number: u64) -> Self {
                Self(hexadecimal(number))
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<CompactString> for $name {
            type Error = IdError;
            fn try_from(text: CompactString) -> Result<Self, IdError> {
                check(&text)?;
                Ok(Self(text))
            }
        }

        impl From<$name> for CompactString {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl Clone for $name {
            fn clone(&self) -> Self {
                Self(self.0.clone())
            }

            // Not derived, so that writing over a long id keeps its memory.
            fn clone_from(&mut self, source: &Self) {
                self.0.clone_from(&source.0);
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({:?})", stringify!($name), self.as_str())
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    )*};
}

ids! {
    /// An action that may be taken for a customer, such as `welcome` or `call_back`.
    ActionId;
    /// A group of actions that share policies and limits.
    GroupId;
    /// A declared attribute, such as `profile.tier` or `context.daypart`.
    AttributeName;
    /// A channel, such as `email` or `kiosk`.
    ChannelId;
    /// The host's key of one customer.
    CustomerId;
    /// A lifecycle cycle, such as `ownership`.
    CycleId;
    /// One decision.
    DecisionId;
    /// One event; two events with the same id and source are the same event.
    EventId;
    /// The kind of an event, such as `purchase`.
    EventKind;
    /// A journey definition.
    JourneyId;
    /// A node of a journey.
    NodeId;
    /// A named place or area, such as `store_12` or `home`.
    PlaceId;
    /// A declared promise (moment of truth).
    PromiseId;
    /// The name of a property of an event.
    PropertyName;
    /// A signal of behaviour, such as `hesitation`.
    SignalId;
    /// A situation that people recognise, such as `walking_with_a_phone`.
    SituationId;
    /// The system an event came from.
    SourceId;
    /// A stage of a lifecycle cycle, such as `onboarding`.
    StageId;
}

impl PropertyName {
    /// The category of direct marketing, as consent and objections name it.
    pub const MARKETING: Self = Self(CompactString::const_new("marketing"));
    /// The category of selling and sharing data, which Global Privacy Control opts out of.
    pub const SALE_OR_SHARING: Self = Self(CompactString::const_new("sale_or_sharing"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_refuse_what_cannot_be_a_name() {
        assert_eq!(ActionId::new(""), Err(IdError::Empty));
        assert_eq!(ActionId::new("x".repeat(129)), Err(IdError::TooLong(129)));
        assert!(matches!(ActionId::new("a\r\nb"), Err(IdError::Control(_))));
        assert_eq!(ActionId::new("thank_you").map(|id| id.to_string()), Ok("thank_you".to_owned()));
    }

    #[test]
    fn an_id_that_is_written_over_is_the_other_one() {
        let ids =
            ["e-1", "e-2", &"long ".repeat(8), &"longer ".repeat(9)].map(|id| EventId::new(id).unwrap());
        for before in &ids {
            for after in &ids {
                let mut id = before.clone();
                id.clone_from(after);
                assert_eq!((&id, id.as_str()), (after, after.as_str()));
            }
        }
    }

    #[test]
    fn deserialising_cannot_bypass_the_check() {
        assert!(serde_json::from_str::<ActionId>(r#""""#).is_err());
        assert_eq!(serde_json::from_str::<ActionId>(r#""a""#).unwrap().as_str(), "a");
    }
}
