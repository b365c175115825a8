//! What units got before, so that they keep it.
//!
//! Not here: where the documents are stored; they are plain data that the host reads and writes.

use std::collections::BTreeMap;

/// The memory of all units at hand: for each attribute and value, variations by experiment and version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StickyBuckets {
    documents: BTreeMap<(String, String), BTreeMap<String, String>>,
}

impl StickyBuckets {
    /// Adds what is stored of one unit, under names such as `experiment__0`.
    pub fn insert(&mut self, attribute: &str, value: &str, assignments: BTreeMap<String, String>) {
        self.documents.insert((attribute.to_owned(), value.to_owned()), assignments);
    }

    /// What to store: attribute, value and assignments of each unit.
    pub fn documents(&self) -> impl Iterator<Item = (&str, &str, &BTreeMap<String, String>)> {
        self.documents.iter().map(|((attribute, value), all)| (attribute.as_str(), value.as_str(), all))
    }

    fn of(&self, (attribute, value): (&str, &str), name: &str) -> Option<&str> {
        self.documents.get(&(attribute.to_owned(), value.to_owned()))?.get(name).map(String::as_str)
    }
}

/// How an experiment remembers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StickyTerms {
    /// The version under which it remembers now: a new one forgets.
    pub version: u32,
    /// The oldest version that may take part: who was placed under an older one is left out.
    pub min_version: u32,
    /// The stored names of the variations, in their order.
    pub variations: Vec<String>,
}

/// What is remembered of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recalled {
    Nothing,
    Blocked,
    Variation(usize),
}

impl StickyTerms {
    /// The first version, for variations with these names.
    pub fn new<'a>(variations: impl IntoIterator<Item = &'a str>) -> Self {
        Self { version: 0, min_version: 0, variations: variations.into_iter().map(str::to_owned).collect() }
    }

    pub(super) fn recall(
        &self,
        experiment: &str,
        buckets: &StickyBuckets,
        unit: (&str, &str),
        fallback: Option<(&str, &str)>,
    ) -> Recalled {
        let find = |version: u32| {
            let name = format!("{experiment}__{version}");
            buckets.of(unit, &name).or_else(|| buckets.of(fallback?, &name))
        };
        if (0..self.min_version).any(|version| find(version).is_some()) {
            return Recalled::Blocked;
        }
        let place =
            find(self.version).and_then(|name| self.variations.iter().position(|known| known == name));
        place.map_or(Recalled::Nothing, Recalled::Variation)
    }

    pub(super) fn remember(
        &self,
        experiment: &str,
        buckets: &mut StickyBuckets,
        (attribute, value): (&str, &str),
        variation: usize,
    ) {
        let Some(name) = self.variations.get(variation) else { return };
        let document = buckets.documents.entry((attribute.to_owned(), value.to_owned())).or_default();
        document.insert(format!("{experiment}__{}", self.version), name.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_placed_too_long_ago_is_left_out() {
        let mut buckets = StickyBuckets::default();
        let first = StickyTerms::new(["a", "b"]);
        first.remember("e", &mut buckets, ("id", "1"), 1);
        let recall = |terms: &StickyTerms, unit| terms.recall("e", &buckets, unit, Some(("device", "d")));
        assert_eq!(recall(&first, ("id", "1")), Recalled::Variation(1));
        assert_eq!(recall(&first, ("id", "2")), Recalled::Nothing);
        let next = StickyTerms { version: 2, min_version: 0, ..first.clone() };
        assert_eq!(recall(&next, ("id", "1")), Recalled::Nothing);
        let strict = StickyTerms { version: 2, min_version: 1, ..first };
        assert_eq!(recall(&strict, ("id", "1")), Recalled::Blocked);
        assert_eq!(buckets.documents().count(), 1);
    }
}
