//! How 128-bit digests are written: 32 hexadecimal digits for people, the bytes for machines.
//!
//! Not here: what a digest stands for. Each room wraps its own.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Writes the digits of `bytes`, lower case, with the padding that `f` asks for.
///
/// # Errors
/// When the formatter refuses.
pub fn fmt(bytes: [u8; 16], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.pad(&format!("{:032x}", u128::from_be_bytes(bytes)))
}

/// Reads 32 digits of either case; nothing else is accepted, no sign and no space.
pub fn parse(text: &str) -> Option<[u8; 16]> {
    let digits = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = u128::from_str_radix(text, 16).ok().filter(|_| digits)?;
    Some(number.to_be_bytes())
}

/// Writes `shown` as its text for people, as `bytes` for machines.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(
    shown: &impl fmt::Display,
    bytes: [u8; 16],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    if serializer.is_human_readable() { serializer.collect_str(shown) } else { bytes.serialize(serializer) }
}

/// Reads what [`serialize`] wrote: `wrap` makes the value of its bytes.
///
/// # Errors
/// Those of the deserializer, and of the text.
pub fn deserialize<'de, D: Deserializer<'de>, T: FromStr<Err: fmt::Display>>(
    deserializer: D,
    wrap: impl FnOnce([u8; 16]) -> T,
) -> Result<T, D::Error> {
    if deserializer.is_human_readable() {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    } else {
        <[u8; 16]>::deserialize(deserializer).map(wrap)
    }
}
