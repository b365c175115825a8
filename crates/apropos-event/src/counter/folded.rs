//! What a series folded away: how much there was, when, and what each column had.
//!
//! Not here: when anything is folded, see `series`.

use super::{Cell, Column, Mark};
use crate::Timestamp;

/// What was folded away.
#[derive(Clone, Debug)]
pub(super) struct Folded {
    pub(super) base: Base,
    /// One for each column of the series.
    pub(super) columns: Vec<FoldedColumn>,
}

/// Which entries were folded away.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Base {
    /// The youngest entry that was folded: nothing at or before it is accepted any more.
    pub(super) until: Mark,
    /// How many were folded.
    pub(super) count: u64,
    /// The oldest of them.
    pub(super) first: Timestamp,
}

/// What they had in one column.
#[derive(Clone, Debug, Default)]
pub(super) struct FoldedColumn {
    /// The running total before the first row.
    pub(super) before: i128,
    /// The sum of folded amounts, in billionths.
    pub(super) sum: i128,
    /// Hashes of folded values, sorted; at most [`Column::MAX_FOLDED_MARKS`].
    pub(super) marks: Vec<u64>,
    /// Whether hashes were left out for want of room.
    pub(super) full: bool,
}

impl Folded {
    pub(super) fn new(base: Base, columns: usize) -> Self {
        Self { base, columns: vec![FoldedColumn::default(); columns] }
    }
}

impl FoldedColumn {
    /// Takes in the cell of an entry that is folded.
    pub(super) fn fold(&mut self, cell: Cell) {
        match cell {
            Cell::Amount(amount) => self.sum = self.sum.saturating_add(amount.billionths()),
            Cell::Mark(mark) => self.fold_mark(mark),
            Cell::Absent => {}
        }
    }

    fn fold_mark(&mut self, mark: u64) {
        if let Err(at) = self.marks.binary_search(&mark) {
            if self.marks.len() < Column::MAX_FOLDED_MARKS {
                self.marks.insert(at, mark);
            } else {
                self.full = true;
            }
        }
    }

    /// Forgets what was folded; running totals go on.
    pub(super) fn forget(&mut self) {
        *self = Self { before: self.before, ..Self::default() };
    }

    /// Whether nothing was folded.
    pub(super) fn is_empty(&self) -> bool {
        self.sum == 0 && self.marks.is_empty() && !self.full
    }
}

/// They are equal when they hold the same; where running totals began is nobody's business.
impl PartialEq for FoldedColumn {
    fn eq(&self, other: &Self) -> bool {
        (self.sum, self.full) == (other.sum, other.full) && self.marks == other.marks
    }
}

impl PartialEq for Folded {
    fn eq(&self, other: &Self) -> bool {
        self.base == other.base && self.columns == other.columns
    }
}
