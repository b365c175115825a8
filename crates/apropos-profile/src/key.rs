//! Keys that stand for identifiers: keyed hashes, so that no state holds an identifier in plain text.
//!
//! Not here: which identifiers there are and how they are normalised first, see [`crate::identity`].

use std::fmt;

use apropos_event::hex;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The secret of one tenant that goes into every key.
///
/// Keys of two tenants cannot be compared, and without the pepper a key cannot be guessed from a list of addresses.
/// It is never part of a definition or a state, and [`fmt::Debug`] does not print it.
#[derive(Clone)]
pub struct Pepper([u8; 32]);

/// A keyed hash of 128 bits that stands for a customer or an identifier.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key([u8; 16]);

impl Pepper {
    /// The pepper of these bytes, which the host keeps with its other secrets.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The key of `value` in `domain` (a kind of identifier, or what else keys must not be confused with).
    ///
    /// BLAKE3 in keyed mode, cut to 128 bits: 10¹² keys collide with a probability of 10⁻¹⁵.
    pub fn key(&self, domain: &str, value: &str) -> Key {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(&(domain.len() as u64).to_le_bytes());
        hasher.update(domain.as_bytes());
        hasher.update(value.as_bytes());
        let mut bytes = [0; 16];
        hasher.finalize_xof().fill(&mut bytes);
        Key(bytes)
    }

    /// The seed of the fast hashes that only tell events of one customer apart.
    pub(crate) fn seed(&self) -> u64 {
        let Key(bytes) = self.key("apropos event seed", "");
        bytes.iter().take(8).fold(0, |seed, byte| (seed << 8) | u64::from(*byte))
    }

    /// A digest of `bytes`, for certificates.
    pub(crate) fn digest(&self, bytes: &[u8]) -> String {
        blake3::keyed_hash(&self.0, bytes).to_hex().to_string()
    }
}

impl std::str::FromStr for Pepper {
    type Err = PepperError;

    /// Reads 64 hexadecimal digits, the form in which secrets are handed to programs (`openssl rand -hex 32`).
    fn from_str(text: &str) -> Result<Self, PepperError> {
        blake3::Hash::from_hex(text.trim()).map(|hash| Self(*hash.as_bytes())).map_err(|_| PepperError)
    }
}

/// A text is not a pepper. It does not say which text: it may be a secret with a slip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a pepper is written as 64 hexadecimal digits")]
pub struct PepperError;

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pepper(secret)")
    }
}

impl std::str::FromStr for Key {
    type Err = KeyError;
    fn from_str(text: &str) -> Result<Self, KeyError> {
        hex::parse(text).map(Self).ok_or(KeyError)
    }
}

/// A text is not a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key is written as 32 hexadecimal digits")]
pub struct KeyError;

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::fmt(self.0, f)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({self})")
    }
}

impl Serialize for Key {
    /// Hexadecimal digits for people, bytes for machines.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        hex::serialize(self, self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        hex::deserialize(deserializer, Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_depend_on_pepper_domain_and_value() {
        let (a, b) = (Pepper::new([1; 32]), Pepper::new([2; 32]));
        assert_eq!(a.key("email", "x"), a.key("email", "x"));
        assert_ne!(a.key("email", "x"), b.key("email", "x"));
        assert_ne!(a.key("email", "x"), a.key("phone", "x"));
        assert_ne!(a.key("ab", "c"), a.key("a", "bc"));
        assert_eq!(format!("{a:?}"), "Pepper(secret)");
    }

    #[test]
    fn a_pepper_is_read_from_hexadecimal_digits_and_from_nothing_else() {
        let read: Pepper = format!("{}\n", "0a".repeat(32)).parse().unwrap();
        assert_eq!(read.key("email", "x"), Pepper::new([10; 32]).key("email", "x"));
        for wrong in ["", "0a", &"0g".repeat(32), &"0a".repeat(33), &"é".repeat(32)] {
            assert!(wrong.parse::<Pepper>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn keys_read_back() {
        let key = Pepper::new([3; 32]).key("email", "x");
        assert_eq!(key.to_string().parse(), Ok(key));
        assert!("zz".parse::<Key>().is_err());
        assert!("+f".repeat(16).parse::<Key>().is_err());
    }
}
