//! Columns of a series: what each entry carries besides its instant, as far as a counter asks for it.

use std::collections::VecDeque;

use crate::PropertyName;

use super::Amount;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ColumnKind {
    /// Amounts to add up.
    Amount,
    /// Hashes of values to tell apart.
    Mark,
}

/// One cell: what one entry has in one column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cell {
    /// The entry has nothing there.
    Absent,
    /// An amount.
    Amount(Amount),
    /// The hash of a value.
    Mark(u64),
}

/// One column: a cell an entry, and what was folded away.
///
/// INVARIANT: `cells` has one item per entry of the series.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    pub(super) name: PropertyName,
    pub(super) kind: ColumnKind,
    pub(super) cells: VecDeque<Cell>,
    /// The sum of folded amounts, in billionths.
    pub(super) folded_sum: i128,
    /// Hashes of folded values, sorted; at most [`Column::MAX_FOLDED_MARKS`].
    pub(super) folded_marks: Vec<u64>,
    /// Whether hashes were left out for want of room.
    pub(super) marks_full: bool,
}

impl Column {
    /// How many different folded values are remembered; beyond, a lifetime `distinct` is a lower bound.
    pub const MAX_FOLDED_MARKS: usize = 1_024;

    pub(super) fn new(name: PropertyName, kind: ColumnKind, entries: usize) -> Self {
        let cells = std::iter::repeat_n(Cell::Absent, entries).collect();
        Self { name, kind, cells, folded_sum: 0, folded_marks: Vec::new(), marks_full: false }
    }

    /// The property that the column holds.
    pub fn name(&self) -> &PropertyName {
        &self.name
    }

    /// What the column holds.
    pub fn kind(&self) -> ColumnKind {
        self.kind
    }

    /// Folds the cell of the oldest entry away.
    pub(super) fn fold_front(&mut self) {
        match self.cells.pop_front() {
            Some(Cell::Amount(amount)) => {
                self.folded_sum = self.folded_sum.saturating_add(amount.billionths());
            }
            Some(Cell::Mark(mark)) => self.fold_mark(mark),
            Some(Cell::Absent) | None => {}
        }
    }

    fn fold_mark(&mut self, mark: u64) {
        if let Err(at) = self.folded_marks.binary_search(&mark) {
            if self.folded_marks.len() < Self::MAX_FOLDED_MARKS {
                self.folded_marks.insert(at, mark);
            } else {
                self.marks_full = true;
            }
        }
    }
}
