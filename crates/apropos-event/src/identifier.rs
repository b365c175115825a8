//! Typed identifiers that an event carries about its customer: raw values as the source sent them.
//!
//! Not here: normalising, hashing or linking them. That is the profile's work.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The kind of an identifier: the well-known ones, or the host's own by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
#[non_exhaustive]
pub enum IdentifierKind {
    /// The company's own customer number.
    CustomerNumber,
    /// The id a signed-in user has with the source (`userId` of the Segment calls).
    UserId,
    /// The id of a visitor who is not signed in (`anonymousId` of the Segment calls).
    AnonymousId,
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// A device id.
    Device,
    /// A browser cookie.
    Cookie,
    /// A loyalty card.
    LoyaltyCard,
    /// A person recognised by a member of staff.
    AgentKnown,
    /// Any other kind, by name.
    Other(String),
}

impl IdentifierKind {
    /// The kind's name, as it is written in definitions and data.
    pub fn as_str(&self) -> &str {
        match self {
            Self::CustomerNumber => "customer_number",
            Self::UserId => "user_id",
            Self::AnonymousId => "anonymous_id",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Device => "device",
            Self::Cookie => "cookie",
            Self::LoyaltyCard => "loyalty_card",
            Self::AgentKnown => "agent_known",
            Self::Other(name) => name,
        }
    }
}

impl From<&str> for IdentifierKind {
    fn from(name: &str) -> Self {
        match name {
            "customer_number" => Self::CustomerNumber,
            "user_id" => Self::UserId,
            "anonymous_id" => Self::AnonymousId,
            "email" => Self::Email,
            "phone" => Self::Phone,
            "device" => Self::Device,
            "cookie" => Self::Cookie,
            "loyalty_card" => Self::LoyaltyCard,
            "agent_known" => Self::AgentKnown,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl From<String> for IdentifierKind {
    fn from(name: String) -> Self {
        Self::from(name.as_str())
    }
}

impl From<IdentifierKind> for String {
    fn from(kind: IdentifierKind) -> Self {
        kind.as_str().to_owned()
    }
}

impl fmt::Display for IdentifierKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One identifier: what kind it is, and its raw value.
///
/// The value is personal data, so [`fmt::Debug`] never prints it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Identifier {
    /// What kind of identifier this is.
    pub kind: IdentifierKind,
    /// The value as the source sent it.
    pub value: String,
}

impl Identifier {
    /// An identifier of `kind` with the raw `value`.
    pub fn new(kind: impl Into<IdentifierKind>, value: impl Into<String>) -> Self {
        Self { kind: kind.into(), value: value.into() }
    }
}

impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identifier({}: {} bytes)", self.kind, self.value.len())
    }
}
