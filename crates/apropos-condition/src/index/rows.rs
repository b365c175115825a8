//! For every region of an attribute, the subjects that fail there, as rows of bits.
//!
//! Rows are kept whole while they fit the budget; beyond it most are kept as the few bits in which they differ from
//! a row nearby, so that memory stays proportional to the conditions however many literals there are.

use super::table::Table;
use crate::bitset::words_for;

/// Whole rows may take this many bytes a subject.
const BUDGET: usize = 160;
/// No row: nobody fails.
const NONE: u32 = u32::MAX;

/// Where the row of a region is: a whole row, and the bits in which this one differs from it.
#[derive(Clone, Copy, Debug)]
struct Place {
    row: u32,
    start: u32,
    end: u32,
}

/// The rows of one attribute.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) table: u32,
    places: Vec<Place>,
}

/// The rows of all attributes of one ruleset.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows {
    words: usize,
    bits: Vec<u64>,
    flips: Vec<u32>,
    pub(crate) groups: Vec<Group>,
}

/// At which regions which subject begins or ceases to fail, seen from region 0 upwards (attributes with an order)
/// or from the region of all other texts.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// Who fails to begin with.
    pub(crate) base: Vec<u32>,
    /// Region and subject.
    pub(crate) flips: Vec<(u32, u32)>,
    /// Who fails when the attribute is missing.
    pub(crate) missing: Vec<u32>,
}

impl Rows {
    pub(crate) fn new(subjects: usize) -> Self {
        Self { words: words_for(subjects), ..Self::default() }
    }

    /// Adds the rows of one attribute. `whole` when all rows of the ruleset fit the budget.
    pub(crate) fn push(&mut self, table_id: u32, table: &Table, mut changes: Changes, whole: bool) {
        changes.flips.sort_unstable();
        let regions = table.regions();
        let mut row = vec![0_u64; self.words];
        flip_all(&mut row, changes.base.iter().copied());
        let base = Place { row: self.keep(&row), start: 0, end: 0 };
        let mut places = vec![base; regions];
        let mut at = 0;
        let mut since = self.flips.len() as u32;
        let mut last_whole = base.row;
        for region in 0..regions.saturating_sub(1) as u32 {
            let len =
                changes.flips.get(at..).unwrap_or_default().iter().take_while(|(r, _)| *r == region).count();
            let flips = changes.flips.get(at..at + len).unwrap_or_default();
            at += len;
            let subjects = flips.iter().map(|(_, subject)| *subject);
            let place = if table.is_ordered() {
                flip_all(&mut row, subjects.clone());
                if len != 0 {
                    self.flips.extend(subjects);
                    // A row is worth keeping whole once getting there costs more than joining it.
                    if whole || 2 * self.words < self.flips.len() - since as usize {
                        self.flips.truncate(if whole { since as usize } else { self.flips.len() });
                        since = self.flips.len() as u32;
                        last_whole = self.keep(&row);
                    }
                }
                Place { row: last_whole, start: since, end: self.flips.len() as u32 }
            } else if len == 0 {
                base
            } else if whole {
                flip_all(&mut row, subjects.clone());
                let kept = self.keep(&row);
                flip_all(&mut row, subjects);
                Place { row: kept, start: 0, end: 0 }
            } else {
                let start = self.flips.len() as u32;
                self.flips.extend(subjects);
                Place { row: base.row, start, end: self.flips.len() as u32 }
            };
            if let Some(slot) = places.get_mut(region as usize) {
                *slot = place;
            }
        }
        row.fill(0);
        flip_all(&mut row, changes.missing.iter().copied());
        let missing = Place { row: self.keep(&row), start: 0, end: 0 };
        if let Some(slot) = places.last_mut() {
            *slot = missing;
        }
        self.groups.push(Group { table: table_id, places });
    }

    /// Adds a whole row; gives [`NONE`] for an empty one.
    pub(crate) fn keep(&mut self, row: &[u64]) -> u32 {
        if row.iter().all(|word| *word == 0) {
            return NONE;
        }
        if self.words != 0 && self.bits.len() >= self.words && self.bits.ends_with(row) {
            return (self.bits.len() / self.words) as u32 - 1;
        }
        self.bits.extend_from_slice(row);
        (self.bits.len() / self.words.max(1)) as u32 - 1
    }

    fn row(&self, row: u32) -> &[u64] {
        let start = row as usize * self.words;
        self.bits.get(start..start + self.words).unwrap_or_default()
    }

    /// Adds to `failed` the subjects of a whole row.
    #[inline]
    pub(crate) fn join_row(&self, row: u32, failed: &mut [u64]) {
        if row != NONE {
            for (to, from) in failed.iter_mut().zip(self.row(row)) {
                *to |= from;
            }
        }
    }

    /// Adds to `failed` the subjects that fail in `region`. `spare` is a row to work on.
    #[inline]
    pub(crate) fn join(&self, group: &Group, region: u32, failed: &mut [u64], spare: &mut [u64]) {
        let Some(place) = group.places.get(region as usize) else { return };
        if place.start == place.end {
            self.join_row(place.row, failed);
            return;
        }
        if place.row == NONE {
            spare.fill(0);
        } else {
            spare.copy_from_slice(self.row(place.row));
        }
        let flips = self.flips.get(place.start as usize..place.end as usize).unwrap_or_default();
        flip_all(spare, flips.iter().copied());
        for (to, from) in failed.iter_mut().zip(spare.iter()) {
            *to |= from;
        }
    }

    /// The bytes it holds beyond itself.
    pub(crate) fn heap_bytes(&self) -> usize {
        let places: usize = self.groups.iter().map(|group| 12 * group.places.capacity()).sum();
        8 * self.bits.capacity() + 4 * self.flips.capacity() + 32 * self.groups.capacity() + places
    }

    pub(crate) fn shrink(&mut self) {
        self.bits.shrink_to_fit();
        self.flips.shrink_to_fit();
        self.groups.shrink_to_fit();
    }
}

/// Whether whole rows for so many regions fit the budget.
pub(crate) fn fits(regions: usize, subjects: usize) -> bool {
    regions * words_for(subjects) * 8 <= BUDGET * subjects
}

fn flip_all(row: &mut [u64], subjects: impl Iterator<Item = u32>) {
    for subject in subjects {
        if let Some(word) = row.get_mut(subject as usize / 64) {
            *word ^= 1 << (subject % 64);
        }
    }
}
