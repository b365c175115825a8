//! The series: entries sorted by instant, bounded, with what was folded away.

use crate::{PropertyName, Timestamp};

use super::folded::{Base, Folded, FoldedColumn};
use super::rows::Rows;
use super::{Cell, Column, ColumnKind, Columns};

/// One entry: when, which, and two small labels whose meaning is the owner's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When it happened.
    pub at: Timestamp,
    /// Which it is: two entries with the same instant and key are the same entry.
    pub key: u64,
    /// A digest of its content, so that an owner can tell a repeat from a conflict.
    pub check: u32,
    /// Two labels, such as the kind and the channel.
    pub labels: [u16; 2],
}

impl Entry {
    /// An entry without content digest and labels.
    pub fn new(at: Timestamp, key: u64) -> Self {
        Self { at, key, check: 0, labels: [0; 2] }
    }

    pub(super) fn mark(&self) -> Mark {
        Mark { at: self.at, key: self.key }
    }
}

/// A place in the order of a series: by instant, then by key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// The instant.
    pub at: Timestamp,
    /// The key.
    pub key: u64,
}

/// How much a series may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeriesLimits {
    /// Entries; the oldest beyond it are folded.
    pub entries: usize,
    /// Entries before this instant are folded.
    pub since: Timestamp,
}

/// Entries sorted by instant, with columns, and a base of what was folded away.
///
/// Reading a count or a sum costs O(log n), distinct values O(entries in the window). Inserting at the end
/// costs O(columns), elsewhere O(n) moves of a bounded n.
#[derive(Clone, Debug)]
pub struct Series {
    pub(super) rows: Rows,
    pub(super) columns: Columns,
    pub(super) folded: Option<Box<Folded>>,
}

impl Series {
    /// A series without entries and columns.
    pub const EMPTY: Self = Self { rows: Rows::EMPTY, columns: Columns::NONE, folded: None };

    /// An empty series with these columns.
    pub fn with_columns(columns: &Columns) -> Self {
        // INVARIANT: no list of columns has 2³² of them.
        let rows = Rows::new(columns.len()).unwrap_or(Rows::EMPTY);
        Self { rows, columns: columns.clone(), folded: None }
    }

    /// How many entries are kept one by one.
    #[inline]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether nothing was ever inserted.
    pub fn is_empty(&self) -> bool {
        self.len() == 0 && self.folded.is_none()
    }

    /// The entries, oldest first.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = Entry> + ExactSizeIterator + '_ {
        self.rows.entries(0, self.len())
    }

    /// The check of the first entry with this key. O(n).
    pub fn check_of(&self, key: u64) -> Option<u32> {
        self.rows.check_of(key)
    }

    /// The columns, in the order they were added.
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// The cell of the entry at `index` in the column at `column`.
    pub fn cell(&self, index: usize, column: usize) -> Cell {
        let Some(kind) = self.columns.get(column).map(Column::kind) else { return Cell::Absent };
        self.rows.cell(index, column, kind, self.before(column))
    }

    /// Where the column of `kind` called `name` is.
    pub fn column(&self, name: &str, kind: ColumnKind) -> Option<usize> {
        self.columns.position(name, kind)
    }

    /// Adds a column if there is none like it, and says where it is. Earlier entries have nothing in it. O(n) for a new one.
    pub fn ensure_column(&mut self, name: &PropertyName, kind: ColumnKind) -> usize {
        self.column(name.as_str(), kind).unwrap_or_else(|| {
            let new = Column::new(name.clone(), kind);
            self.columns = Columns::new(self.columns.iter().cloned().chain([new]));
            self.rows.add_column();
            if let Some(folded) = &mut self.folded {
                folded.columns.push(FoldedColumn::default());
            }
            self.columns.len() - 1
        })
    }

    /// Shares `columns` from now on if they are the same as its own; says whether they are. O(1) when they are shared already.
    pub fn share_columns(&mut self, columns: &Columns) -> bool {
        if self.columns.is(columns) {
            return true;
        }
        let same = self.columns == *columns;
        if same {
            self.columns = columns.clone();
        }
        same
    }

    /// The youngest entry that was folded away, if any: nothing at or before it can be inserted.
    #[inline]
    pub fn folded_until(&self) -> Option<Mark> {
        self.folded.as_ref().map(|folded| folded.base.until)
    }

    /// How many entries were folded away.
    pub fn folded(&self) -> u64 {
        self.folded.as_ref().map_or(0, |folded| folded.base.count)
    }

    /// Whether an entry at (`at`, `key`) would come too late to be told from what was folded.
    #[inline]
    pub fn too_late(&self, at: Timestamp, key: u64) -> bool {
        self.folded_until().is_some_and(|until| Mark { at, key } <= until)
    }

    /// Inserts an entry where it belongs; `cells` has one item a column, missing ones count as absent.
    ///
    /// Says whether it was inserted: not when the same entry is there, when it comes too late, or when there is no room for
    /// 2³² words.
    pub fn insert(&mut self, entry: Entry, cells: &[Cell]) -> bool {
        if self.too_late(entry.at, entry.key) {
            return false;
        }
        let at = match self.len().checked_sub(1) {
            None => 0,
            Some(last) if self.rows.micros(last).is_some_and(|last| last < entry.at.as_micros()) => last + 1,
            Some(_) => match self.rows.find((entry.at.as_micros(), entry.key)) {
                (_, true) => return false,
                (at, false) => at,
            },
        };
        let Self { rows, columns, folded } = self;
        let before = |column: usize| before(folded.as_deref(), column);
        if at == rows.len() {
            return rows.push(&entry, columns, cells, before);
        }
        if !rows.open(at, &entry, columns, before) {
            return false;
        }
        for ((index, column), cell) in columns.iter().enumerate().zip(cells) {
            if *cell != Cell::Absent {
                rows.set(at, index, column.kind(), *cell, before(index));
            }
        }
        true
    }

    /// The total of the column before the first row.
    #[inline]
    pub(super) fn before(&self, column: usize) -> i128 {
        before(self.folded.as_deref(), column)
    }

    /// What was folded of a column of amounts, in billionths.
    pub(super) fn folded_sum(&self, column: usize) -> i128 {
        let folded = self.folded.as_ref().and_then(|folded| folded.columns.get(column));
        folded.map_or(0, |column| column.sum)
    }

    /// Folds what exceeds `limits`, oldest first, and tells `folded` each key. O(1) amortised an entry.
    #[inline]
    pub fn fold(&mut self, limits: SeriesLimits, mut folded: impl FnMut(u64)) {
        while let Some(front) = self.rows.micros(0) {
            if self.len() <= limits.entries && limits.since.as_micros() <= front {
                break;
            }
            if let Some(entry) = self.fold_front() {
                folded(entry.key);
            }
        }
    }

    fn fold_front(&mut self) -> Option<Entry> {
        let entry = self.pop_front(FoldedColumn::fold)?;
        if let Some(folded) = &mut self.folded {
            folded.base.until = entry.mark();
            folded.base.count += 1;
        }
        Some(entry)
    }

    /// Takes the oldest entry away, telling of its cells; nothing at or before it is accepted any more, at least if nothing
    /// was folded before.
    pub(super) fn pop_front(&mut self, mut tell: impl FnMut(&mut FoldedColumn, Cell)) -> Option<Entry> {
        let Self { rows, columns, folded } = self;
        let entry = rows.entry(0)?;
        let folded = folded.get_or_insert_with(|| {
            let base = Base { until: entry.mark(), count: 0, first: entry.at };
            Box::new(Folded::new(base, columns.len()))
        });
        for ((index, column), gone) in columns.iter().enumerate().zip(&mut folded.columns) {
            let cell = rows.cell(0, index, column.kind(), gone.before);
            tell(gone, cell);
            if column.kind() == ColumnKind::Amount {
                gone.before = rows.total(1, index, gone.before);
            }
        }
        rows.drop_front();
        Some(entry)
    }

    /// Removes, without a trace in the totals, every entry and every folded total before `since`.
    ///
    /// Folded totals cannot be split: the base goes as a whole when its oldest entry lies before `since`, because
    /// derived counts follow the shortest retention of their inputs. Tells `removed` each key.
    pub fn forget_before(&mut self, since: Timestamp, mut removed: impl FnMut(u64)) {
        if let Some(folded) = &mut self.folded
            && folded.base.first < since
        {
            folded.base.count = 0;
            folded.base.first = folded.base.until.at;
            folded.columns.iter_mut().for_each(FoldedColumn::forget);
        }
        while self.rows.micros(0).is_some_and(|front| front < since.as_micros())
            && let Some(front) = self.pop_front(|_, _| {})
        {
            removed(front.key);
            // What was forgotten must not come back by redelivery.
            // INVARIANT: totals folded before this entry began before `since`, so they are gone by now.
            if let Some(folded) = &mut self.folded {
                folded.base = Base { until: front.mark(), count: 0, first: front.at };
            }
        }
    }

    /// Moves the entries that `chosen` picks into `other`, which must share no entries with this series.
    pub fn move_to(&mut self, other: &mut Self, chosen: impl Fn(&Entry) -> bool) {
        let mut index = 0;
        while let Some(entry) = self.rows.entry(index) {
            if chosen(&entry) && other.insert(entry, &[]) {
                self.remove(index);
            } else {
                index += 1;
            }
        }
    }

    fn remove(&mut self, index: usize) {
        let Self { rows, columns, folded } = self;
        for (at, column) in columns.iter().enumerate() {
            rows.set(index, at, column.kind(), Cell::Absent, before(folded.as_deref(), at));
        }
        rows.close(index);
    }

    /// Rewrites the label at `slot` of every entry.
    pub fn relabel(&mut self, slot: usize, new: impl Fn(u16) -> u16) {
        for index in 0..self.len() {
            self.rows.rewrite(index, |entry| {
                if let Some(label) = entry.labels.get_mut(slot) {
                    *label = new(*label);
                }
            });
        }
    }
}

impl Default for Series {
    fn default() -> Self {
        Self::EMPTY
    }
}

/// Series are equal when they hold the same, whatever memory that takes.
impl PartialEq for Series {
    fn eq(&self, other: &Self) -> bool {
        let cells = |series: &Self, column: usize| -> Vec<Cell> {
            (0..series.len()).map(|index| series.cell(index, column)).collect()
        };
        self.columns == other.columns
            && self.folded == other.folded
            && self.entries().eq(other.entries())
            && (0..self.columns.len()).all(|column| cells(self, column) == cells(other, column))
    }
}

fn before(folded: Option<&Folded>, column: usize) -> i128 {
    folded.and_then(|folded| folded.columns.get(column)).map_or(0, |column| column.before)
}
