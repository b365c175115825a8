//! Texts that definitions name, as small integers, so that comparing a fact with a literal compares integers.
//!
//! Not here: texts of facts that no definition names; those stay text.

use std::collections::BTreeMap;

/// The number of a text that some definition names. Dense from zero, valid for one schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SymbolId(pub(crate) u32);

/// The texts while they are collected.
#[derive(Clone, Debug, Default)]
pub(crate) struct SymbolSet {
    ids: BTreeMap<Box<str>, u32>,
    texts: Vec<Box<str>>,
}

impl SymbolSet {
    /// The id of `text`, given one if it had none. `None` when the table is full.
    pub(crate) fn intern(&mut self, text: &str) -> Option<SymbolId> {
        if let Some(id) = self.ids.get(text) {
            return Some(SymbolId(*id));
        }
        if crate::limits::MAX_SYMBOLS <= self.texts.len() {
            return None;
        }
        let id = self.texts.len() as u32;
        self.ids.insert(text.into(), id);
        self.texts.push(text.into());
        Some(SymbolId(id))
    }

    /// The frozen table: one probe a look-up, no comparison of more than one or two texts.
    pub(crate) fn freeze(self) -> Symbols {
        let size = (self.texts.len() * 2).next_power_of_two().max(8);
        let mut buckets = vec![EMPTY; size];
        for (id, text) in self.texts.iter().enumerate() {
            let mut at = hash(text) as usize & (size - 1);
            while buckets.get(at).is_some_and(|slot| *slot != EMPTY) {
                at = (at + 1) & (size - 1);
            }
            if let Some(slot) = buckets.get_mut(at) {
                *slot = id as u32;
            }
        }
        Symbols { texts: self.texts, buckets }
    }
}

const EMPTY: u32 = u32::MAX;

/// The texts once every definition is read.
#[derive(Clone, Debug)]
pub(crate) struct Symbols {
    texts: Vec<Box<str>>,
    /// Open addressing, at most half full, linear probing.
    buckets: Vec<u32>,
}

impl Symbols {
    /// The id of `text`, if a definition names it. Expected O(length).
    pub(crate) fn find(&self, text: &str) -> Option<SymbolId> {
        let mask = self.buckets.len() - 1;
        let mut at = hash(text) as usize & mask;
        loop {
            let id = *self.buckets.get(at)?;
            if id == EMPTY {
                return None;
            }
            if self.texts.get(id as usize).is_some_and(|known| **known == *text) {
                return Some(SymbolId(id));
            }
            at = (at + 1) & mask;
        }
    }

    /// The text of a symbol.
    pub(crate) fn text(&self, id: SymbolId) -> &str {
        self.texts.get(id.0 as usize).map_or("", |text| text)
    }
}

/// A multiply-and-fold hash over eight bytes at a time. The texts in the table are the author's own, so nobody
/// who sends facts can choose them to collide.
fn hash(text: &str) -> u64 {
    const K: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |h: u64, word: u64| {
        let wide = u128::from(h ^ word) * u128::from(K);
        (wide as u64) ^ ((wide >> 64) as u64)
    };
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    let mut h = words.iter().fold(text.len() as u64 ^ K, |h, word| mix(h, u64::from_le_bytes(*word)));
    if !rest.is_empty() {
        h = mix(h, rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)));
    }
    h ^ (h >> 29)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_found_again_and_no_other() {
        let mut set = SymbolSet::default();
        let words: Vec<String> = (0..500).map(|n| format!("word-{n}")).collect();
        let ids: Vec<SymbolId> = words.iter().map(|w| set.intern(w).unwrap()).collect();
        assert_eq!(set.intern("word-7"), Some(ids[7]));
        let table = set.freeze();
        for (word, id) in words.iter().zip(&ids) {
            assert_eq!(table.find(word), Some(*id));
            assert_eq!(table.text(*id), word);
        }
        assert_eq!(table.find("word-500"), None);
        assert_eq!(table.find(""), None);
        assert_eq!(SymbolSet::default().freeze().find("x"), None);
    }
}
