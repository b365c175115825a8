//! A list that is empty for most customers: one word then, so that a document whose owner said little is short.
//!
//! Not here: what is in it.

use std::ops::{Deref, DerefMut};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A list that is usually empty. To change it makes room for it.
#[derive(Clone, Debug)]
#[expect(clippy::box_collection, reason = "of a dozen lists most are empty, and a word is a third of a list")]
pub(crate) struct Rare<T>(Option<Box<Vec<T>>>);

impl<T> Rare<T> {
    /// An empty list.
    pub(crate) const NONE: Self = Self(None);

    /// The items, to be changed.
    pub(crate) fn iter_mut(&mut self) -> std::slice::IterMut<'_, T> {
        self.0.as_deref_mut().map_or(&mut [][..], Vec::as_mut_slice).iter_mut()
    }

    /// Leaves the items that `keep` picks.
    pub(crate) fn retain(&mut self, keep: impl FnMut(&T) -> bool) {
        if let Some(list) = &mut self.0 {
            list.retain(keep);
        }
    }
}

impl<T> Default for Rare<T> {
    fn default() -> Self {
        Self::NONE
    }
}

impl<T> Deref for Rare<T> {
    type Target = Vec<T>;

    #[inline]
    fn deref(&self) -> &Vec<T> {
        match &self.0 {
            Some(list) => list,
            None => const { &Vec::new() },
        }
    }
}

impl<T> DerefMut for Rare<T> {
    fn deref_mut(&mut self) -> &mut Vec<T> {
        self.0.get_or_insert_default()
    }
}

impl<T> IntoIterator for Rare<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.map(|list| *list).unwrap_or_default().into_iter()
    }
}

impl<'a, T> IntoIterator for &'a Rare<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a, T> IntoIterator for &'a mut Rare<T> {
    type Item = &'a mut T;
    type IntoIter = std::slice::IterMut<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

impl<T> From<Vec<T>> for Rare<T> {
    fn from(list: Vec<T>) -> Self {
        Self((!list.is_empty()).then(|| Box::new(list)))
    }
}

impl<T: PartialEq> PartialEq for Rare<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Serialize> Serialize for Rare<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Rare<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rare_list_is_a_list() {
        let (mut rare, mut list) = (Rare::NONE, Vec::new());
        for n in 0..3 {
            assert_eq!((&*rare, rare == Rare::from(list.clone())), (&list, true));
            let json = serde_json::to_string(&rare).unwrap();
            assert_eq!(json, serde_json::to_string(&list).unwrap());
            assert!(serde_json::from_str::<Rare<i32>>(&json).unwrap() == rare);
            rare.push(n);
            list.push(n);
        }
        rare.clear();
        assert!(rare == Rare::NONE);
    }
}
