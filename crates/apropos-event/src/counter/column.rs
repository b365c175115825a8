//! Columns of a series: what each entry carries besides its instant, as far as a counter asks for it.
//!
//! Amounts are kept as running totals, so that those of any stretch of entries add up in O(1). Not here: which stretch a
//! window means, see `query`.

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
/// INVARIANT: there is one cell per entry of the series.
#[derive(Clone, Debug)]
pub struct Column {
    pub(super) name: PropertyName,
    pub(super) kind: ColumnKind,
    /// The cells of a column of amounts.
    totals: Totals,
    /// The cells of a column of marks.
    pub(super) marks: VecDeque<Option<u64>>,
    /// The sum of folded amounts, in billionths.
    pub(super) folded_sum: i128,
    /// Hashes of folded values, sorted; at most [`Column::MAX_FOLDED_MARKS`].
    pub(super) folded_marks: Vec<u64>,
    /// Whether hashes were left out for want of room.
    pub(super) marks_full: bool,
}

/// Amounts as running totals in billionths.
///
/// Totals wrap around: only their differences count, and those fit, as 65,536 of the largest amounts do.
#[derive(Clone, Debug, Default)]
struct Totals {
    /// The total before the first step.
    before: i128,
    steps: VecDeque<Step>,
}

#[derive(Clone, Copy, Debug)]
struct Step {
    /// The total up to this entry, itself included.
    through: i128,
    /// Whether the entry has an amount.
    given: bool,
}

impl Column {
    /// How many different folded values are remembered; beyond, a lifetime `distinct` is a lower bound.
    pub const MAX_FOLDED_MARKS: usize = 1_024;

    pub(super) fn new(name: PropertyName, kind: ColumnKind, entries: usize) -> Self {
        let mut column = Self {
            name,
            kind,
            totals: Totals::default(),
            marks: VecDeque::new(),
            folded_sum: 0,
            folded_marks: Vec::new(),
            marks_full: false,
        };
        column.reserve(entries);
        (0..entries).for_each(|_| column.push(Cell::Absent));
        column
    }

    /// The property that the column holds.
    pub fn name(&self) -> &PropertyName {
        &self.name
    }

    /// What the column holds.
    pub fn kind(&self) -> ColumnKind {
        self.kind
    }

    /// How many cells there are.
    pub(super) fn len(&self) -> usize {
        match self.kind {
            ColumnKind::Amount => self.totals.steps.len(),
            ColumnKind::Mark => self.marks.len(),
        }
    }

    pub(super) fn reserve(&mut self, entries: usize) {
        match self.kind {
            ColumnKind::Amount => self.totals.steps.reserve_exact(entries),
            ColumnKind::Mark => self.marks.reserve_exact(entries),
        }
    }

    /// The cell of the entry at `index`.
    pub(super) fn cell(&self, index: usize) -> Cell {
        match self.kind {
            ColumnKind::Amount => self.totals.amount(index).map_or(Cell::Absent, Cell::Amount),
            ColumnKind::Mark => self.marks.get(index).copied().flatten().map_or(Cell::Absent, Cell::Mark),
        }
    }

    /// The cells, in the order of entries.
    pub(super) fn cells(&self) -> impl Iterator<Item = Cell> + '_ {
        (0..self.len()).map(|index| self.cell(index))
    }

    /// The sum of the amounts from the entry at `low` to just before the one at `high`, in billionths. O(1).
    pub(super) fn sum(&self, low: usize, high: usize) -> i128 {
        self.totals.up_to(high).wrapping_sub(self.totals.up_to(low))
    }

    /// Adds the cell of a new last entry. A cell of another kind than the column's counts as absent.
    pub(super) fn push(&mut self, cell: Cell) {
        match self.kind {
            ColumnKind::Amount => {
                let (amount, given) = amount_of(cell);
                let through = self.totals.up_to(self.totals.steps.len()).wrapping_add(amount);
                self.totals.steps.push_back(Step { through, given });
            }
            ColumnKind::Mark => self.marks.push_back(mark_of(cell)),
        }
    }

    /// Adds the cell of a new entry at `index`. O(entries behind it).
    pub(super) fn insert(&mut self, index: usize, cell: Cell) {
        match self.kind {
            ColumnKind::Amount => {
                let (amount, given) = amount_of(cell);
                let through = self.totals.up_to(index);
                self.totals.steps.insert(index, Step { through, given });
                self.totals.shift(index, amount);
            }
            ColumnKind::Mark => self.marks.insert(index, mark_of(cell)),
        }
    }

    /// Removes the cell of the entry at `index`.
    pub(super) fn remove(&mut self, index: usize) {
        match self.kind {
            ColumnKind::Amount => {
                let gone = self.sum(index, index + 1);
                self.totals.steps.remove(index);
                self.totals.shift(index, gone.wrapping_neg());
            }
            ColumnKind::Mark => {
                self.marks.remove(index);
            }
        }
    }

    /// Keeps the greater of the cell at `index` and `cell`.
    pub(super) fn settle(&mut self, index: usize, cell: Cell) {
        if self.cell(index) < cell && index < self.len() {
            self.remove(index);
            self.insert(index, cell);
        }
    }

    /// Drops the cell of the oldest entry without a trace.
    pub(super) fn drop_front(&mut self) {
        match self.kind {
            ColumnKind::Amount => {
                if let Some(step) = self.totals.steps.pop_front() {
                    self.totals.before = step.through;
                }
            }
            ColumnKind::Mark => {
                self.marks.pop_front();
            }
        }
    }

    /// Folds the cell of the oldest entry away.
    pub(super) fn fold_front(&mut self) {
        match self.cell(0) {
            Cell::Amount(amount) => self.folded_sum = self.folded_sum.saturating_add(amount.billionths()),
            Cell::Mark(mark) => self.fold_mark(mark),
            Cell::Absent => {}
        }
        self.drop_front();
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

/// Columns are equal when they hold the same; where their running totals began is nobody's business.
impl PartialEq for Column {
    fn eq(&self, other: &Self) -> bool {
        let whole = |column: &Self| (column.kind, column.folded_sum, column.marks_full, column.len());
        whole(self) == whole(other)
            && self.name == other.name
            && self.folded_marks == other.folded_marks
            && self.cells().eq(other.cells())
    }
}

impl Totals {
    /// The total of everything before the entry at `index`.
    fn up_to(&self, index: usize) -> i128 {
        match index.checked_sub(1).and_then(|last| self.steps.get(last)) {
            Some(step) => step.through,
            None => self.before,
        }
    }

    fn amount(&self, index: usize) -> Option<Amount> {
        let step = self.steps.get(index).filter(|step| step.given)?;
        Amount::from_billionths(step.through.wrapping_sub(self.up_to(index)))
    }

    /// Adds `amount` to the totals from the entry at `index` on.
    fn shift(&mut self, index: usize, amount: i128) {
        if amount != 0 {
            self.steps.range_mut(index..).for_each(|step| step.through = step.through.wrapping_add(amount));
        }
    }
}

fn amount_of(cell: Cell) -> (i128, bool) {
    match cell {
        Cell::Amount(amount) => (amount.billionths(), true),
        Cell::Absent | Cell::Mark(_) => (0, false),
    }
}

fn mark_of(cell: Cell) -> Option<u64> {
    match cell {
        Cell::Mark(mark) => Some(mark),
        Cell::Absent | Cell::Amount(_) => None,
    }
}
