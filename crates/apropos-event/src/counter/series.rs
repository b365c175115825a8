//! The series: entries sorted by instant, bounded, with what was folded away.

use std::collections::VecDeque;

use crate::{PropertyName, Timestamp};

use super::{Cell, Column, ColumnKind};

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

/// What was folded away.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Base {
    /// The youngest entry that was folded: nothing at or before it is accepted any more.
    pub(super) until: Mark,
    /// How many were folded.
    pub(super) count: u64,
    /// The oldest of them.
    pub(super) first: Timestamp,
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
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    pub(super) entries: VecDeque<Entry>,
    pub(super) columns: Vec<Column>,
    pub(super) base: Option<Base>,
}

impl Series {
    /// An empty series with these columns, each once.
    pub fn with_columns(columns: &[(PropertyName, ColumnKind)]) -> Self {
        let mut series = Self { columns: Vec::with_capacity(columns.len()), ..Self::default() };
        for (name, kind) in columns {
            series.ensure_column(name, *kind);
        }
        series
    }

    /// How many entries are kept one by one.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing was ever inserted.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.base.is_none()
    }

    /// The entries, oldest first.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> + ExactSizeIterator {
        self.entries.iter()
    }

    /// The columns, in the order they were added.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The cell of the entry at `index` in the column at `column`.
    pub fn cell(&self, index: usize, column: usize) -> Cell {
        self.columns.get(column).map_or(Cell::Absent, |column| column.cell(index))
    }

    /// Where the column of `kind` called `name` is.
    pub fn column(&self, name: &str, kind: ColumnKind) -> Option<usize> {
        self.columns.iter().position(|column| column.kind == kind && column.name.as_str() == name)
    }

    /// Adds a column if there is none like it, and says where it is. Earlier entries have nothing in it.
    pub fn ensure_column(&mut self, name: &PropertyName, kind: ColumnKind) -> usize {
        self.column(name.as_str(), kind).unwrap_or_else(|| {
            self.columns.push(Column::new(name.clone(), kind, self.entries.len()));
            self.columns.len() - 1
        })
    }

    /// The youngest entry that was folded away, if any: nothing at or before it can be inserted.
    pub fn folded_until(&self) -> Option<Mark> {
        self.base.as_ref().map(|base| base.until)
    }

    /// How many entries were folded away.
    pub fn folded(&self) -> u64 {
        self.base.as_ref().map_or(0, |base| base.count)
    }

    /// Whether an entry at (`at`, `key`) would come too late to be told from what was folded.
    pub fn too_late(&self, at: Timestamp, key: u64) -> bool {
        self.folded_until().is_some_and(|until| Mark { at, key } <= until)
    }

    /// Inserts an entry where it belongs; `cells` has one item a column, missing ones count as absent.
    ///
    /// Says whether it was inserted: not when the same entry is there, nor when it comes too late.
    pub fn insert(&mut self, entry: Entry, cells: &[Cell]) -> bool {
        if self.too_late(entry.at, entry.key) {
            return false;
        }
        let at = match self.entries.back() {
            None => 0,
            Some(last) if last.mark() < entry.mark() => self.entries.len(),
            Some(_) => {
                let at = self.entries.partition_point(|other| other.mark() < entry.mark());
                if self.entries.get(at).is_some_and(|other| other.mark() == entry.mark()) {
                    return false;
                }
                at
            }
        };
        let cell = |column: usize| cells.get(column).copied().unwrap_or(Cell::Absent);
        if at == self.entries.len() {
            self.entries.push_back(entry);
            for (index, column) in self.columns.iter_mut().enumerate() {
                column.push(cell(index));
            }
        } else {
            self.entries.insert(at, entry);
            for (index, column) in self.columns.iter_mut().enumerate() {
                column.insert(at, cell(index));
            }
        }
        true
    }

    /// Folds what exceeds `limits`, oldest first, and tells `folded` each key. O(1) amortised an entry.
    pub fn fold(&mut self, limits: SeriesLimits, mut folded: impl FnMut(u64)) {
        while let Some(front) = self.entries.front() {
            if self.entries.len() <= limits.entries && limits.since <= front.at {
                break;
            }
            folded(front.key);
            self.fold_front();
        }
    }

    fn fold_front(&mut self) {
        let Some(entry) = self.entries.pop_front() else { return };
        let base = self.base.get_or_insert(Base { until: entry.mark(), count: 0, first: entry.at });
        base.until = entry.mark();
        base.count += 1;
        self.columns.iter_mut().for_each(Column::fold_front);
    }

    /// Removes, without a trace in the totals, every entry and every folded total before `since`.
    ///
    /// Folded totals cannot be split: the base goes as a whole when its oldest entry lies before `since`, because
    /// derived counts follow the shortest retention of their inputs. Tells `removed` each key.
    pub fn forget_before(&mut self, since: Timestamp, mut removed: impl FnMut(u64)) {
        if let Some(base) = &mut self.base
            && base.first < since
        {
            base.count = 0;
            base.first = base.until.at;
            for column in &mut self.columns {
                column.folded_sum = 0;
                column.folded_marks.clear();
                column.marks_full = false;
            }
        }
        while let Some(front) = self.entries.front().copied()
            && front.at < since
        {
            removed(front.key);
            self.entries.pop_front();
            self.columns.iter_mut().for_each(Column::drop_front);
            // What was forgotten must not come back by redelivery.
            // INVARIANT: totals folded before this entry began before `since`, so they are gone by now.
            self.base = Some(Base { until: front.mark(), count: 0, first: front.at });
        }
    }

    /// Moves the entries that `chosen` picks into `other`, which must share no entries with this series.
    pub fn move_to(&mut self, other: &mut Self, chosen: impl Fn(&Entry) -> bool) {
        let mut index = 0;
        while let Some(entry) = self.entries.get(index).copied() {
            if chosen(&entry) && other.insert(entry, &[]) {
                self.entries.remove(index);
                for column in &mut self.columns {
                    column.remove(index);
                }
            } else {
                index += 1;
            }
        }
    }

    /// Rewrites the label at `slot` of every entry.
    pub fn relabel(&mut self, slot: usize, new: impl Fn(u16) -> u16) {
        for entry in &mut self.entries {
            if let Some(label) = entry.labels.get_mut(slot) {
                *label = new(*label);
            }
        }
    }
}
