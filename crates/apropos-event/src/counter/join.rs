//! Joining two copies of one series: associative, commutative and idempotent.

use super::folded::{Base, Folded, FoldedColumn};
use super::{Cell, Column, Columns, Entry, Series};

impl Series {
    /// Takes over what `other`, a copy of the same series that saw other entries, has more.
    ///
    /// The base that reaches further wins (of two that reach as far, the larger), entries at or before it are
    /// covered by it, and younger entries are united. Nothing is folded here, so that the result does not
    /// depend on the order of joins; the next [`Series::fold`] restores the bounds. O(n log n).
    pub fn join(&mut self, other: &Self) {
        let theirs_wins = base_rank(self) < base_rank(other);
        let mut columns: Vec<usize> = Vec::with_capacity(other.columns.len());
        for column in other.columns.iter() {
            columns.push(self.ensure_column(column.name(), column.kind()));
        }
        if theirs_wins {
            self.drop_covered(other);
            self.take_folded(other);
        }
        let mut cells = vec![Cell::Absent; self.columns.len()];
        for (index, entry) in other.entries().enumerate() {
            for (from, to) in columns.iter().enumerate() {
                if let Some(cell) = cells.get_mut(*to) {
                    *cell = other.cell(index, from);
                }
            }
            if !self.insert(entry, &cells) {
                self.settle(entry, &cells);
            }
        }
        self.sort_columns();
    }

    /// Of two entries with the same mark but other content, keeps the greater of each part.
    fn settle(&mut self, entry: Entry, cells: &[Cell]) {
        let (at, true) = self.rows.find((entry.at.as_micros(), entry.key)) else { return };
        self.rows.rewrite(at, |mine| {
            mine.check = mine.check.max(entry.check);
            mine.labels = mine.labels.max(entry.labels);
        });
        for (column, cell) in cells.iter().enumerate() {
            if self.cell(at, column) < *cell
                && let Some(kind) = self.columns.get(column).map(Column::kind)
            {
                self.rows.set(at, column, kind, *cell, self.before(column));
            }
        }
    }

    /// Drops the entries that the base of `other` covers.
    fn drop_covered(&mut self, other: &Self) {
        while let Some(front) = self.rows.entry(0)
            && other.too_late(front.at, front.key)
        {
            self.pop_front(|_, _| {});
        }
    }

    /// Has folded what `other` has, instead of its own.
    fn take_folded(&mut self, other: &Self) {
        let Some(theirs) = &other.folded else { return };
        let column = |(mine, column): (usize, &Column)| {
            let at = other.columns.position(column.name().as_str(), column.kind());
            let theirs = at.and_then(|at| theirs.columns.get(at)).cloned().unwrap_or_default();
            FoldedColumn { before: self.before(mine), ..theirs }
        };
        let columns = self.columns.iter().enumerate().map(column).collect();
        self.folded = Some(Box::new(Folded { base: theirs.base.clone(), columns }));
    }

    /// Columns sort by name, so that the order in which they were met does not show.
    fn sort_columns(&mut self) {
        if self.columns.is_sorted() {
            return;
        }
        let mut order: Vec<usize> = (0..self.columns.len()).collect();
        order.sort_by_key(|at| self.columns.get(*at));
        let columns = Columns::new(order.iter().filter_map(|at| self.columns.get(*at)).cloned());
        let mut sorted = Self::with_columns(&columns);
        for (index, entry) in self.entries().enumerate() {
            let cells: Vec<Cell> = order.iter().map(|at| self.cell(index, *at)).collect();
            sorted.insert(entry, &cells);
        }
        sorted.folded = self.folded.take();
        if let Some(folded) = &mut sorted.folded {
            let column = |at: &usize| folded.columns.get(*at).cloned().unwrap_or_default();
            let columns = order.iter().map(column).map(|column| FoldedColumn { before: 0, ..column });
            folded.columns = columns.collect();
        }
        *self = sorted;
    }
}

/// A total order of bases: by how far they reach, then by all they hold.
fn base_rank(series: &Series) -> Option<(&Base, Vec<RankedColumn<'_>>)> {
    let folded = series.folded.as_ref()?;
    let columns = series.columns.iter().zip(&folded.columns);
    let columns = columns.filter(|(_, folded)| folded.sum != 0 || !folded.marks.is_empty());
    let mut columns: Vec<RankedColumn<'_>> =
        columns.map(|(column, folded)| (column, folded.sum, &folded.marks, folded.full)).collect();
    columns.sort_unstable();
    Some((&folded.base, columns))
}

/// What one column has folded.
type RankedColumn<'a> = (&'a Column, i128, &'a Vec<u64>, bool);
