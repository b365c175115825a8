//! Bringing identifiers into one spelling before they are hashed, and leaving out those that identify nobody.
//!
//! E-mail addresses and telephone numbers are normalised behind the features `email` and `phone`; without them, and for all
//! other kinds, space around the value is removed and nothing else.

use apropos_event::{Identifier, IdentifierKind};

use crate::IdentifierDefinition;

/// A normalised value.
#[derive(Clone, PartialEq, Eq)]
pub struct Normalised(pub(crate) String);

impl Normalised {
    /// The value: personal data.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Normalised {
    /// Never the value.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Normalised({} bytes)", self.0.len())
    }
}

/// The value identifies nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the value identifies nobody")]
pub struct BlockedValue;

/// Values that identify nobody in any kind, compared without case.
const BLOCKED: [&str; 14] = [
    "",
    "0",
    "-1",
    "null",
    "none",
    "nil",
    "undefined",
    "unknown",
    "anonymous",
    "guest",
    "n/a",
    "na",
    "test",
    "(not set)",
];

/// The one spelling of an identifier's value.
///
/// # Errors
/// When the value identifies nobody: empty, a placeholder such as `anonymous`, one character repeated (zeros, ones), or
/// one that `definition` blocks.
pub fn normalise(
    identifier: &Identifier,
    definition: Option<&IdentifierDefinition>,
) -> Result<Normalised, BlockedValue> {
    let raw = identifier.value.trim();
    let country = definition.and_then(|definition| definition.country.as_deref());
    let value = match identifier.kind {
        IdentifierKind::Email => email(raw),
        IdentifierKind::Phone => phone(raw, country),
        _ => raw.to_owned(),
    };
    let blocked_here = definition.is_some_and(|definition| {
        definition.blocked.iter().any(|blocked| blocked.trim() == value || blocked.trim() == raw)
    });
    let placeholder = BLOCKED.iter().any(|blocked| value.eq_ignore_ascii_case(blocked));
    if blocked_here || placeholder || is_one_character_repeated(&value) {
        return Err(BlockedValue);
    }
    Ok(Normalised(value))
}

/// `000-000`, `1111`, `xxxx`: at least two letters or digits, all the same.
fn is_one_character_repeated(value: &str) -> bool {
    let mut letters = value.chars().filter(|c| c.is_alphanumeric());
    let Some(first) = letters.next() else { return true };
    let mut more = 0;
    letters.all(|c| {
        more += 1;
        c == first
    }) && 0 < more
}

/// The address in lower case, with the domain in ASCII as far as case goes.
///
/// RFC 5321 lets a host tell upper from lower case before the `@`; hardly any does, and people do not. Dots and `+tags`
/// are kept: what they mean differs from host to host.
#[cfg(feature = "email")]
fn email(raw: &str) -> String {
    let bare = raw.strip_prefix("mailto:").unwrap_or(raw).trim_matches(['<', '>', ' ']);
    match bare.rsplit_once('@') {
        Some((local, domain)) => {
            format!("{}@{}", local.to_lowercase(), domain.trim_end_matches('.').to_lowercase())
        }
        None => bare.to_lowercase(),
    }
}

#[cfg(not(feature = "email"))]
fn email(raw: &str) -> String {
    raw.to_owned()
}

/// The number in E.164, such as `+4930123456`; digits only where it cannot be understood.
#[cfg(feature = "phone")]
fn phone(raw: &str, country: Option<&str>) -> String {
    let country = country.and_then(|code| code.parse::<phonenumber::country::Id>().ok());
    match phonenumber::parse(country, raw) {
        Ok(number) => number.format().mode(phonenumber::Mode::E164).to_string(),
        Err(_) => raw.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect(),
    }
}

#[cfg(not(feature = "phone"))]
fn phone(raw: &str, _country: Option<&str>) -> String {
    raw.to_owned()
}
