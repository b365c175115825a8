//! Keys, under which one customer is in a journey several times: made of a property, compared with one, remembered.
//!
//! Not here: who is let in under which key, see `entry`.

use apropos_event::{Value, draw};

use crate::limits::MAX_KEY_BYTES;

/// A property as a key: text, whole numbers and truth values can be one.
pub(super) fn key_of(value: &Value) -> Option<String> {
    let key = match value {
        Value::Text(text) => text.clone(),
        Value::Int(n) => n.to_string(),
        Value::Bool(b) => b.to_string(),
        _ => return None,
    };
    (key.len() <= MAX_KEY_BYTES).then_some(key)
}

/// Whether a property is this key, without allocating.
pub(super) fn is_key(value: &Value, key: &str) -> bool {
    match value {
        Value::Text(text) => text == key,
        Value::Int(n) => key.parse() == Ok(*n),
        Value::Bool(b) => key.parse() == Ok(*b),
        _ => false,
    }
}

/// The hash under which a key is remembered.
pub(super) fn key_hash(key: &str) -> u64 {
    draw::stable_hash(4, key.as_bytes())
}
