//! Consent strings of the IAB: the Transparency and Consent Framework (TCF 2) and the Global Privacy Platform (GPP).
//!
//! Decoding only, by the published formats; strings are data from outside, so every length is checked and no string can do
//! worse than be refused. What a string says becomes consent when the host observes an event that states it. Not here:
//! vendor lists, which decide what a purpose means for whom.

mod bits;
mod header;
mod tcf;
#[cfg(test)]
mod tests;

pub use header::{GppString, UsPrivacy};
pub use tcf::{PublisherRestriction, RestrictionType, TcString};

/// Why a consent string is refused. The string itself is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConsentStringError {
    /// A character is not of the URL-safe base 64 alphabet.
    #[error("the consent string is not written in URL-safe base 64")]
    Alphabet,
    /// The string ends before its content does.
    #[error("the consent string ends too early")]
    Short,
    /// The string is longer than any real one.
    #[error("the consent string has more than {0} bytes")]
    Long(usize),
    /// The version is not one that is read.
    #[error("version {0} of the consent string is not read")]
    Version(u8),
    /// A part says something that cannot be.
    #[error("the consent string contradicts its format: {0}")]
    Malformed(&'static str),
}

/// The longest string that is read.
pub const MAX_STRING_BYTES: usize = 64 << 10;
