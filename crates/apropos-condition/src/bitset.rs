//! Sets of small numbers, one bit each.
//!
//! Not here: compressed sets; actions are dense numbers, so a word holds sixty-four of them.

/// A set of numbers below [`BitSet::capacity`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BitSet {
    words: Vec<u64>,
    capacity: usize,
}

impl BitSet {
    /// An empty set of numbers below `capacity`.
    pub fn new(capacity: usize) -> Self {
        Self { words: vec![0; words_for(capacity)], capacity }
    }

    /// The numbers in it are below this.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Whether `number` is in the set.
    pub fn contains(&self, number: usize) -> bool {
        self.words.get(number / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// Adds `number`; beyond the capacity nothing happens.
    pub fn insert(&mut self, number: usize) {
        if number < self.capacity
            && let Some(word) = self.words.get_mut(number / 64)
        {
            *word |= 1 << (number % 64);
        }
    }

    /// Takes `number` out.
    pub fn remove(&mut self, number: usize) {
        if let Some(word) = self.words.get_mut(number / 64) {
            *word &= !(1 << (number % 64));
        }
    }

    /// How many numbers are in the set. O(capacity / 64).
    pub fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// The numbers in the set, ascending.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().enumerate().flat_map(|(at, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                if rest == 0 {
                    return None;
                }
                let bit = rest.trailing_zeros() as usize;
                rest &= rest - 1;
                Some(at * 64 + bit)
            })
        })
    }

    /// Keeps only what is in `other` too.
    pub fn intersect(&mut self, other: &Self) {
        for (mine, theirs) in self.words.iter_mut().zip(&other.words) {
            *mine &= theirs;
        }
    }

    /// The words, lowest numbers first; bits at and beyond the capacity are zero.
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// Makes it the set whose words come next.
    pub(crate) fn assign(&mut self, words: &mut impl Iterator<Item = u64>) {
        self.words.iter_mut().zip(words).for_each(|(mine, theirs)| *mine = theirs);
    }

    /// Makes it the set of all numbers below the capacity that are not in `excluded`.
    pub(crate) fn assign_complement(&mut self, excluded: &[u64]) {
        for (mine, theirs) in self.words.iter_mut().zip(excluded) {
            *mine = !theirs;
        }
        let tail = self.capacity % 64;
        if tail != 0
            && let Some(last) = self.words.last_mut()
        {
            *last &= (1 << tail) - 1;
        }
    }
}

/// How many words hold `capacity` bits.
pub(crate) fn words_for(capacity: usize) -> usize {
    capacity.div_ceil(64)
}
