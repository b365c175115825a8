//! The active features of a context, in one piece of memory.
//!
//! Not here: how values become features.

use std::fmt;

use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Serialize, Serializer};

use super::MAX_NUMBER;
use super::input::Raw;
use crate::LearnError;

/// The active features of one context: rows of the weight table with their values.
///
/// Made and reused by [`crate::Model::encode`]; plain data, so that a host can keep it with the decision until the
/// outcome is known. All of it lies in one piece of memory, and none of it where nothing was encoded: most decisions
/// carry no features, and the others are cloned once or twice.
#[derive(Default, Deserialize)]
#[serde(try_from = "Stored")]
pub struct Features {
    /// Empty, or: the two counts; the values as they came; their kinds; the active features; room for more.
    words: Box<[Word]>,
}

/// Eight bytes of features. What they are is told by their place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Word {
    // Halves, so that rows and values are read from memory into the registers where they are needed.
    low: u32,
    high: u32,
}

impl Word {
    #[inline]
    fn of(bits: u64) -> Self {
        Self { low: bits as u32, high: (bits >> 32) as u32 }
    }

    #[inline]
    fn bits(self) -> u64 {
        u64::from(self.high) << 32 | u64::from(self.low)
    }

    /// An active feature.
    #[inline]
    pub(crate) fn term(row: u32, value: f32) -> Self {
        Self { low: value.to_bits(), high: row }
    }

    /// The row of an active feature.
    #[inline]
    pub(crate) fn row(self) -> u32 {
        self.high
    }

    /// The value of an active feature.
    #[inline]
    pub(crate) fn value(self) -> f32 {
        f32::from_bits(self.low)
    }
}

/// Kinds of values that share a word, two bits each.
pub(super) const KINDS: usize = 32;

impl Raw {
    /// The value as its kind and a word.
    #[inline]
    pub(super) fn split(self) -> (u64, Word) {
        match self {
            Self::Missing => (0, Word::default()),
            Self::Number(x) => (1, Word::of(x.to_bits())),
            Self::Code(code) => (2, Word::of(code)),
            Self::Flag(set) => (3, Word::of(u64::from(set))),
        }
    }

    /// The value of a kind and a word.
    #[inline]
    fn join(kind: u64, word: Word) -> Self {
        let bits = word.bits();
        match kind & 3 {
            0 => Self::Missing,
            1 => Self::Number(f64::from_bits(bits)),
            2 => Self::Code(bits),
            _ => Self::Flag(bits != 0),
        }
    }
}

impl Clone for Features {
    /// As long as it must be.
    fn clone(&self) -> Self {
        Self { words: self.used().into() }
    }

    /// Copies into the memory that is there already.
    fn clone_from(&mut self, other: &Self) {
        let used = other.used();
        if self.words.len() < used.len() {
            self.words = vec![Word::default(); other.words.len()].into();
        }
        if used.is_empty() {
            self.clear();
        } else {
            self.words[..used.len()].copy_from_slice(used);
        }
    }
}

impl PartialEq for Features {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter()) && self.raw().eq(other.raw())
    }
}

impl fmt::Debug for Features {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let raw: Vec<Raw> = self.raw().collect();
        f.debug_struct("Features")
            .field("active", &self.iter().collect::<Vec<_>>())
            .field("raw", &raw)
            .finish()
    }
}

/// Stored as three sequences.
impl Serialize for Features {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut stored = serializer.serialize_struct("Features", 3)?;
        stored.serialize_field("rows", &Sequence(self.terms().iter().map(|term| term.row())))?;
        stored.serialize_field("values", &Sequence(self.terms().iter().map(|term| term.value())))?;
        stored.serialize_field("raw", &Sequence(self.raw()))?;
        stored.end()
    }
}

/// What an iterator gives, as a sequence.
struct Sequence<I>(I);

impl<I: Iterator<Item: Serialize> + Clone> Serialize for Sequence<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.clone())
    }
}

/// Features as they were stored, not checked yet.
#[derive(Deserialize)]
#[serde(rename = "Features")]
struct Stored {
    rows: Vec<u32>,
    values: Vec<f32>,
    raw: Vec<Raw>,
}

impl TryFrom<Stored> for Features {
    type Error = LearnError;

    fn try_from(stored: Stored) -> Result<Self, LearnError> {
        let Stored { rows, values, raw } = stored;
        let number = |raw: &Raw| match raw {
            Raw::Number(x) => x.abs() <= MAX_NUMBER,
            _ => true,
        };
        let fine = rows.len() == values.len()
            && rows.first() == Some(&0)
            && values.iter().all(|x| x.abs() <= MAX_VALUE)
            && raw.iter().all(number)
            && u32::try_from(rows.len().max(raw.len())).is_ok();
        let mut features = Self::new();
        if fine {
            let mut page = features.page(raw.len(), rows.len());
            for (at, raw) in raw.into_iter().enumerate() {
                let (kind, word) = raw.split();
                page.values[at] = word;
                page.kinds[at / KINDS].add_kind(at, kind);
            }
            rows.into_iter().zip(values).for_each(|(row, value)| page.terms.add(Word::term(row, value)));
            page.end();
        } else if !(rows.is_empty() && values.is_empty() && raw.is_empty()) {
            // Nothing encoded yet is a value too.
            return Err(LearnError::Features);
        }
        Ok(features)
    }
}

/// The largest magnitude of a feature's value: where the clip of numbers ends.
const MAX_VALUE: f32 = 8.0;

impl Features {
    /// No features yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of active features, the bias included.
    pub fn len(&self) -> usize {
        self.counts().1
    }

    /// Whether nothing has been encoded yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The active rows with their values, in the order of the inputs.
    pub fn iter(&self) -> impl Iterator<Item = (u32, f32)> + '_ {
        self.terms().iter().map(|term| (term.row(), term.value()))
    }

    /// The active features.
    #[inline]
    pub(crate) fn terms(&self) -> &[Word] {
        let (inputs, active) = self.counts();
        let from = start(inputs);
        self.words.get(from..from + active).unwrap_or_default()
    }

    /// The number of inputs.
    #[inline]
    pub(crate) fn width(&self) -> usize {
        self.counts().0
    }

    /// The value of the input at `index` as it came.
    #[inline]
    pub(crate) fn raw_at(&self, index: usize) -> Option<Raw> {
        let inputs = self.width();
        let kinds = self.words.get(1 + inputs + index / KINDS).filter(|_| index < inputs)?;
        Some(Raw::join(kinds.bits() >> (index % KINDS * 2), *self.words.get(1 + index)?))
    }

    /// The values of all inputs as they came.
    fn raw(&self) -> impl ExactSizeIterator<Item = Raw> + Clone + '_ {
        (0..self.width()).map(|index| self.raw_at(index).unwrap_or(Raw::Missing))
    }

    /// How many inputs and active features there are.
    #[inline]
    fn counts(&self) -> (usize, usize) {
        self.words.first().map_or((0, 0), |counts| (counts.high as usize, counts.low as usize))
    }

    /// What is not room for more.
    fn used(&self) -> &[Word] {
        let (inputs, active) = self.counts();
        if active == 0 { &[] } else { &self.words[..start(inputs) + active] }
    }

    /// Forgets everything, and keeps the memory.
    pub(super) fn clear(&mut self) {
        if let Some(counts) = self.words.first_mut() {
            *counts = Word::default();
        }
    }

    /// An empty page for the values of so many inputs and at most so many active features. Nothing is encoded before
    /// [`Page::end`].
    pub(super) fn page(&mut self, inputs: usize, most: usize) -> Page<'_> {
        let from = start(inputs);
        if self.words.len() < from + most {
            self.words = vec![Word::default(); from + most].into();
        }
        let (counts, rest) = self.words.split_at_mut(1);
        let (values, rest) = rest.split_at_mut(inputs);
        let (kinds, terms) = rest.split_at_mut(from - 1 - inputs);
        counts.fill(Word::default());
        kinds.fill(Word::default());
        Page { counts, values, kinds, terms: Terms { all: terms, active: 0 } }
    }
}

/// Where active features begin.
#[inline]
fn start(inputs: usize) -> usize {
    1 + inputs + inputs.div_ceil(KINDS)
}

/// Features that are being written.
pub(super) struct Page<'a> {
    counts: &'a mut [Word],
    /// Room for each value as it came, see [`Raw::split`].
    pub(super) values: &'a mut [Word],
    /// Room for the kinds of the values, [`KINDS`] in a word.
    pub(super) kinds: &'a mut [Word],
    pub(super) terms: Terms<'a>,
}

/// Active features that are being written.
pub(super) struct Terms<'a> {
    all: &'a mut [Word],
    active: usize,
}

impl Word {
    /// Adds the kind of the value at `index` of those whose kinds this word holds; each is added once.
    #[inline]
    pub(super) fn add_kind(&mut self, index: usize, kind: u64) {
        *self = Self::of(self.bits() | kind << (index % KINDS * 2));
    }
}

impl Page<'_> {
    /// The value of the input at `index`, once it is kept.
    pub(super) fn raw_at(&self, index: usize) -> Raw {
        let kinds = self.kinds.get(index / KINDS).copied().unwrap_or_default();
        let word = self.values.get(index).copied().unwrap_or_default();
        Raw::join(kinds.bits() >> (index % KINDS * 2), word)
    }

    /// Ends the page: from now on it counts.
    pub(super) fn end(self) {
        if let Some(counts) = self.counts.first_mut() {
            *counts = Word { high: self.values.len() as u32, low: self.terms.active as u32 };
        }
    }
}

impl Terms<'_> {
    /// Activates a feature whose value is not zero.
    #[inline]
    pub(super) fn activate(&mut self, row: u32, value: f32) {
        // Written in any case and written over when it does not count: there is no branch to guess.
        if let Some(term) = self.all.get_mut(self.active) {
            *term = Word::term(row, value);
            self.active += usize::from(value != 0.0);
        }
    }

    /// Adds an active feature as it is.
    #[inline]
    pub(super) fn add(&mut self, term: Word) {
        if let Some(place) = self.all.get_mut(self.active) {
            *place = term;
            self.active += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same in three sequences.
    #[derive(Clone, Debug, Default, PartialEq, Serialize)]
    #[serde(rename = "Features")]
    struct Naive {
        rows: Vec<u32>,
        values: Vec<f32>,
        raw: Vec<Raw>,
    }

    impl Naive {
        fn features(&self) -> Features {
            let Self { rows, values, raw } = self.clone();
            Stored { rows, values, raw }.try_into().unwrap()
        }
    }

    fn naive() -> impl Strategy<Value = Naive> {
        let raw = prop_oneof![
            Just(Raw::Missing),
            prop_oneof![Just(0.0), Just(-0.0), -1e15..1e15_f64].prop_map(Raw::Number),
            any::<u64>().prop_map(Raw::Code),
            any::<bool>().prop_map(Raw::Flag),
        ];
        let term = (any::<u32>(), prop_oneof![Just(0.0), Just(-0.0), -8.0..8.0_f32]);
        let some = (prop::collection::vec(term, 0..20), prop::collection::vec(raw, 0..70));
        let some = some.prop_map(|(mut terms, raw)| {
            terms.insert(0, (0, 1.0));
            let (rows, values) = terms.into_iter().unzip();
            Naive { rows, values, raw }
        });
        prop_oneof![1 => Just(Naive::default()), 5 => some]
    }

    proptest! {
        #[test]
        fn one_piece_of_memory_holds_what_three_sequences_would(all in prop::collection::vec(naive(), 1..6)) {
            let mut reused = Features::new();
            for naive in &all {
                let features = naive.features();
                reused.clone_from(&features);
                let cloned = reused.clone();
                prop_assert!(cloned.words.len() <= start(naive.raw.len()) + naive.rows.len());
                prop_assert!(!naive.rows.is_empty() || cloned.words.is_empty());
                for features in [&features, &reused, &cloned] {
                    prop_assert!(features.raw().eq(naive.raw.iter().copied()));
                    prop_assert!(features.iter().eq(naive.rows.iter().copied().zip(naive.values.iter().copied())));
                    prop_assert_eq!((features.len(), features.width()), (naive.rows.len(), naive.raw.len()));
                    prop_assert_eq!(features.raw_at(naive.raw.len()), None);
                    let bytes = postcard::to_allocvec(features).unwrap();
                    prop_assert_eq!(&bytes, &postcard::to_allocvec(naive).unwrap());
                    prop_assert_eq!(&postcard::from_bytes::<Features>(&bytes).unwrap(), features);
                    let json = serde_json::to_string(features).unwrap();
                    prop_assert_eq!(&json, &serde_json::to_string(naive).unwrap());
                    for other in &all {
                        prop_assert_eq!(*features == other.features(), naive == other);
                    }
                }
            }
        }
    }
}
