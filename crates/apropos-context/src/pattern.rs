//! Which events a rule listens to.

use std::collections::BTreeMap;

use apropos_event::{ChannelId, Event, EventKind, PropertyName, Value};
use serde::{Deserialize, Serialize};

/// A pattern over events: the kind, and what else must be so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventPattern {
    /// The kind of the event.
    pub kind: EventKind,
    /// The channel it must have happened on, if that matters.
    #[serde(default)]
    pub channel: Option<ChannelId>,
    /// Properties it must have, each with exactly this value.
    #[serde(default)]
    pub properties: BTreeMap<PropertyName, Value>,
}

impl EventPattern {
    /// Every event of a kind.
    pub fn new(kind: EventKind) -> Self {
        Self { kind, channel: None, properties: BTreeMap::new() }
    }

    /// Whether `event` fits. O(properties of the pattern).
    pub fn matches(&self, event: &Event) -> bool {
        self.kind == event.kind && self.matches_beyond_kind(event)
    }

    /// Whether an event whose kind is known to fit does so in all else.
    #[inline]
    pub(crate) fn matches_beyond_kind(&self, event: &Event) -> bool {
        let plain = self.channel.is_none() && self.properties.is_empty();
        plain || self.matches_channel_and_properties(event)
    }

    fn matches_channel_and_properties(&self, event: &Event) -> bool {
        (self.channel.is_none() || self.channel == event.channel)
            && self.properties.iter().all(|(name, value)| event.properties.get(name) == Some(value))
    }
}

/// A table from kinds of events to what listens to them: one probe as a rule, and no allocation.
///
/// Open addressing with at most half of the slots taken.
#[derive(Clone, Debug)]
pub(crate) struct Kinds<T> {
    entries: Vec<(Key, EventKind, T)>,
    /// For each slot the number of its entry and one more; zero where there is none. A power of two of them.
    slots: Vec<u32>,
}

impl<T> Kinds<T> {
    pub(crate) fn new(entries: BTreeMap<EventKind, T>) -> Self {
        let entries = entries.into_iter().map(|(kind, listener)| (Key::of(&kind), kind, listener));
        let entries: Vec<(Key, EventKind, T)> = entries.collect();
        let mut slots = vec![0; (entries.len() * 2).next_power_of_two()];
        let mask = slots.len() - 1;
        for ((key, ..), number) in entries.iter().zip(1..) {
            let mut at = key.hash() as usize & mask;
            while slots[at] != 0 {
                at = (at + 1) & mask;
            }
            slots[at] = number;
        }
        Self { entries, slots }
    }

    /// What listens to a kind. O(1) as a rule.
    pub(crate) fn of(&self, kind: &EventKind) -> Option<&T> {
        let key = Key::of(kind);
        let mask = self.slots.len() - 1;
        let mut at = key.hash() as usize & mask;
        loop {
            let number = self.slots.get(at).filter(|number| **number != 0)?;
            let (known, text, listener) = self.entries.get(*number as usize - 1)?;
            if *known == key && (key.is_whole() || text == kind) {
                return Some(listener);
            }
            at = (at + 1) & mask;
        }
    }
}

/// The length of a kind with its first and last eight bytes, which overlap in a short one: all of it as a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key {
    len: u64,
    first: u64,
    last: u64,
}

impl Key {
    fn of(kind: &EventKind) -> Self {
        let bytes = kind.as_str().as_bytes();
        let whole = |word: &[u8; 8]| u64::from_le_bytes(*word);
        let half = |word: &[u8; 4]| u64::from(u32::from_le_bytes(*word));
        let words = bytes.first_chunk().map(whole).zip(bytes.last_chunk().map(whole));
        let (first, last) = words
            .or_else(|| bytes.first_chunk().map(half).zip(bytes.last_chunk().map(half)))
            .unwrap_or_else(|| (bytes.iter().fold(0, |all, byte| all << 8 | u64::from(*byte)), 0));
        Self { len: bytes.len() as u64, first, last }
    }

    /// Whether two kinds with this key are the same.
    fn is_whole(self) -> bool {
        self.len <= 16
    }

    fn hash(self) -> u64 {
        // Odd constants from the fractions of the square roots of 2 and 3.
        let mixed = (self.first ^ self.len).wrapping_mul(0x6A09_E667_F3BC_C909)
            ^ self.last.wrapping_mul(0xBB67_AE85_84CA_A73B);
        mixed ^ mixed >> 32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn every_kind_finds_what_listens_to_it_and_no_other(
            kinds in proptest::collection::btree_set("(product_of_ours_|page)?[a-c]{1,3}(_in_a_view|_add)?", 0..40),
            wanted in "(product_of_ours_|page)?[a-c]{1,3}(_in_a_view|_add)?",
        ) {
            let kind = |text: &String| EventKind::new(text).unwrap();
            let table = Kinds::new(kinds.iter().map(kind).zip(0..).collect());
            let expected: Vec<Option<i32>> = (0..).map(Some).take(kinds.len()).collect();
            let found: Vec<Option<i32>> = kinds.iter().map(|text| table.of(&kind(text)).copied()).collect();
            proptest::prop_assert_eq!(found, expected);
            proptest::prop_assert_eq!(table.of(&kind(&wanted)).is_some(), kinds.contains(&wanted));
        }
    }
}
