//! Small tables that a profile keeps for its own use: names by number, and events by fingerprint.
//!
//! Not here: what the names and events mean.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::rare::Rare;

/// Names in order, numbered from 1; 0 means none.
///
/// Sorted, so that the numbers do not depend on the order in which names were met: a new name moves the
/// numbers behind it, and whoever stores numbers rewrites them with [`Names::insert`]'s answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Names<T>(Rare<T>);

/// What is beyond the table's room.
pub(crate) const OTHER: u16 = u16::MAX;
/// How many names one table holds.
const MAX_NAMES: usize = 255;

impl<T> Default for Names<T> {
    fn default() -> Self {
        Self(Rare::NONE)
    }
}

impl<T: Ord + Clone> Names<T> {
    /// The number of `name`, if it has one.
    pub(crate) fn find(&self, name: &T) -> Option<u16> {
        self.0.binary_search(name).ok().map(|at| at as u16 + 1)
    }

    /// The number of the name that `order` finds equal; it says how a name stands to the one that is looked for.
    pub(crate) fn find_by(&self, order: impl FnMut(&T) -> Ordering) -> Option<u16> {
        self.0.binary_search_by(order).ok().map(|at| at as u16 + 1)
    }

    /// The number of `name`, and whether the numbers from it on have moved up by one to make room.
    pub(crate) fn insert(&mut self, name: &T) -> (u16, bool) {
        match self.0.binary_search(name) {
            Ok(at) => (at as u16 + 1, false),
            Err(_) if MAX_NAMES <= self.0.len() => (OTHER, false),
            Err(at) => {
                self.0.insert(at, name.clone());
                (at as u16 + 1, true)
            }
        }
    }

    /// The name of `number`.
    pub(crate) fn get(&self, number: u16) -> Option<&T> {
        self.0.get(usize::from(number).checked_sub(1)?)
    }

    /// Whether the names are in order, each once.
    pub(crate) fn is_sorted(&self) -> bool {
        self.0.is_sorted_by(|a, b| a < b) && self.0.len() <= MAX_NAMES
    }

    /// The names in order.
    pub(crate) fn iter(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }
}

/// Something that can be worked out again: not written, and equal to any other.
#[derive(Clone)]
pub(crate) struct Memo<T>(pub(crate) Option<T>);

impl<T> Default for Memo<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> PartialEq for Memo<T> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<T> std::fmt::Debug for Memo<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Memo")
    }
}

/// A small number for each hash, in O(1): the content digest of each event that is known, by its fingerprint, or where
/// the rule of each kind stands.
///
/// Open addressing with linear probing, at most half full; removal closes the gap, so there are no tombstones and
/// the cost never depends on how many events came and went. Never iterated: its order cannot reach an output.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    slots: Vec<(u64, u32)>,
    len: usize,
}

/// INVARIANT: hashes are never zero.
const FREE: u64 = 0;

impl Index {
    /// The number of this hash.
    pub(crate) fn find(&self, key: u64) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        let mask = self.slots.len() - 1;
        let mut at = key as usize & mask;
        loop {
            let (found, check) = *self.slots.get(at)?;
            if found == key {
                return Some(check);
            }
            if found == FREE {
                return None;
            }
            at = (at + 1) & mask;
        }
    }

    /// Adds a hash and its number, unless it has one.
    pub(crate) fn insert(&mut self, key: u64, check: u32) {
        if self.slots.len() <= self.len * 2 {
            let size = (self.slots.len() * 2).max(16);
            let old = std::mem::replace(&mut self.slots, vec![(FREE, 0); size]);
            for (key, check) in old.into_iter().filter(|(key, _)| *key != FREE) {
                self.place(key, check);
            }
        }
        if self.place(key, check) {
            self.len += 1;
        }
    }

    fn place(&mut self, key: u64, check: u32) -> bool {
        let mask = self.slots.len() - 1;
        let mut at = key as usize & mask;
        while let Some(slot) = self.slots.get_mut(at) {
            if slot.0 == key {
                return false;
            }
            if slot.0 == FREE {
                *slot = (key, check);
                return true;
            }
            at = (at + 1) & mask;
        }
        false
    }

    /// Removes a hash.
    pub(crate) fn remove(&mut self, key: u64) {
        if self.slots.is_empty() {
            return;
        }
        let mask = self.slots.len() - 1;
        let mut hole = key as usize & mask;
        loop {
            match self.slots.get(hole) {
                Some((found, _)) if *found == key => break,
                Some((FREE, _)) | None => return,
                Some(_) => hole = (hole + 1) & mask,
            }
        }
        self.len -= 1;
        let mut at = hole;
        loop {
            at = (at + 1) & mask;
            let Some((found, check)) = self.slots.get(at).copied() else { break };
            if found == FREE {
                break;
            }
            // An entry may fill the hole unless its home lies between the hole and its place.
            let home = found as usize & mask;
            if (at.wrapping_sub(home) & mask) >= (at.wrapping_sub(hole) & mask) {
                if let Some(slot) = self.slots.get_mut(hole) {
                    *slot = (found, check);
                }
                hole = at;
            }
        }
        if let Some(slot) = self.slots.get_mut(hole) {
            *slot = (FREE, 0);
        }
    }

    /// How many events there are.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.len
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn numbers_do_not_depend_on_the_order_of_arrival() {
        let mut names = Names::default();
        assert_eq!(names.insert(&"web"), (1, true));
        assert_eq!(names.insert(&"app"), (1, true));
        assert_eq!(names.insert(&"web"), (2, false));
        assert_eq!((names.find(&"app"), names.get(2), names.get(0)), (Some(1), Some(&"web"), None));
    }

    proptest::proptest! {
        #[test]
        fn the_index_is_a_map(steps in proptest::collection::vec((1..40_u64, proptest::bool::ANY), 0..300)) {
            let (mut index, mut twin) = (Index::default(), BTreeMap::new());
            for (n, (key, add)) in steps.into_iter().enumerate() {
                let key = key * 16;
                if add {
                    index.insert(key, n as u32);
                    twin.entry(key).or_insert(n as u32);
                } else {
                    index.remove(key);
                    twin.remove(&key);
                }
                proptest::prop_assert_eq!(index.len(), twin.len());
                for key in (0..41).map(|n| n * 16).filter(|key| *key != 0) {
                    proptest::prop_assert_eq!(index.find(key), twin.get(&key).copied());
                }
            }
        }
    }
}
