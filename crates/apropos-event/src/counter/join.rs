//! Joining two copies of one series: associative, commutative and idempotent.

use super::series::Base;
use super::{Cell, Column, Series};

impl Series {
    /// Takes over what `other`, a copy of the same series that saw other entries, has more.
    ///
    /// The base that reaches further wins (of two that reach as far, the larger), entries at or before it are
    /// covered by it, and younger entries are united. Nothing is folded here, so that the result does not
    /// depend on the order of joins; the next [`Series::fold`] restores the bounds. O(n log n).
    pub fn join(&mut self, other: &Self) {
        let theirs_wins = base_rank(self) < base_rank(other);
        let mut columns: Vec<usize> = Vec::with_capacity(other.columns.len());
        for column in &other.columns {
            let at = self.ensure_column(&column.name, column.kind);
            columns.push(at);
        }
        if theirs_wins {
            self.base.clone_from(&other.base);
            for column in &mut self.columns {
                let theirs = other.column(column.name.as_str(), column.kind);
                let theirs = theirs.and_then(|at| other.columns.get(at));
                column.folded_sum = theirs.map_or(0, |theirs| theirs.folded_sum);
                column.folded_marks = theirs.map_or_else(Vec::new, |theirs| theirs.folded_marks.clone());
                column.marks_full = theirs.is_some_and(|theirs| theirs.marks_full);
            }
            self.drop_covered();
        }
        let mut cells = vec![Cell::Absent; self.columns.len()];
        for (index, entry) in other.entries.iter().enumerate() {
            for (from, to) in columns.iter().enumerate() {
                if let Some(cell) = cells.get_mut(*to) {
                    *cell = other.cell(index, from);
                }
            }
            if !self.insert(*entry, &cells) {
                self.settle(entry.mark(), *entry, &cells);
            }
        }
        // Columns sort by name, so that the order in which they were met does not show.
        self.columns.sort_by(|a, b| (&a.name, a.kind).cmp(&(&b.name, b.kind)));
    }

    /// Of two entries with the same mark but other content, keeps the greater of each part.
    fn settle(&mut self, mark: super::Mark, entry: super::Entry, cells: &[Cell]) {
        let at = self.entries.partition_point(|other| other.mark() < mark);
        let Some(mine) = self.entries.get_mut(at).filter(|mine| mine.mark() == mark) else { return };
        mine.check = mine.check.max(entry.check);
        mine.labels = mine.labels.max(entry.labels);
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            column.settle(at, *cell);
        }
    }

    fn drop_covered(&mut self) {
        while let Some(front) = self.entries.front()
            && self.too_late(front.at, front.key)
        {
            self.entries.pop_front();
            self.columns.iter_mut().for_each(Column::drop_front);
        }
    }
}

/// A total order of bases: by how far they reach, then by all they hold.
fn base_rank(series: &Series) -> Option<(&Base, Vec<FoldedColumn<'_>>)> {
    let base = series.base.as_ref()?;
    let mut columns: Vec<FoldedColumn<'_>> = series
        .columns
        .iter()
        .filter(|column| column.folded_sum != 0 || !column.folded_marks.is_empty())
        .map(|column| (&column.name, column.kind, column.folded_sum, &column.folded_marks, column.marks_full))
        .collect();
    columns.sort_unstable();
    Some((base, columns))
}

/// What one column has folded.
type FoldedColumn<'a> = (&'a crate::PropertyName, super::ColumnKind, i128, &'a Vec<u64>, bool);
