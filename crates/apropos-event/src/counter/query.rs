//! Readings of a series through a span of instants.

use rust_decimal::Decimal;

use crate::Timestamp;

use super::amount::decimal;
use super::{ColumnKind, Entry, Series, Span};

/// A value read from a series, and whether it is exact.
///
/// It is not when the span reaches behind what was folded away without holding all of it: then a count, a
/// number of distinct values, or a sum of positive amounts is a lower bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading<T> {
    /// The value.
    pub value: T,
    /// Whether a naive recount over every entry ever inserted gives the same.
    pub exact: bool,
}

impl Series {
    /// How many entries lie in `span`. O(log n).
    pub fn count(&self, span: Span) -> Reading<u64> {
        let (low, high) = self.range(span);
        let folded = self.fold_in(span);
        let base = if folded == Fold::Inside { self.folded() } else { 0 };
        Reading { value: (high - low) as u64 + base, exact: folded != Fold::Across }
    }

    /// How many entries in `span` satisfy `test`. O(entries in the span). Folded entries cannot be tested.
    pub fn count_where(&self, span: Span, test: impl Fn(&Entry) -> bool) -> Reading<u64> {
        let (low, high) = self.range(span);
        let value = self.entries.range(low..high).filter(|entry| test(entry)).count() as u64;
        Reading { value, exact: self.fold_in(span) == Fold::Outside }
    }

    /// The sum of the amounts of `column` in `span`. O(log n).
    pub fn sum(&self, column: usize, span: Span) -> Reading<Decimal> {
        let (low, high) = self.range(span);
        let folded = self.fold_in(span);
        let Some(column) = self.columns.get(column) else {
            return Reading { value: Decimal::ZERO, exact: true };
        };
        let base = if folded == Fold::Inside { column.folded_sum } else { 0 };
        let sum = base.saturating_add(column.sum(low, high));
        Reading { value: decimal(sum), exact: folded != Fold::Across }
    }

    /// Adds the distinct marks of `column` in `span` to `seen`, which stays sorted. Says whether that is exact.
    ///
    /// O(m log m) in the entries of the span. Several series can be read into one `seen`.
    pub fn distinct_into(&self, column: usize, span: Span, seen: &mut Vec<u64>) -> bool {
        let (low, high) = self.range(span);
        let folded = self.fold_in(span);
        let Some(column) = self.columns.get(column) else { return true };
        if folded == Fold::Inside {
            seen.extend_from_slice(&column.folded_marks);
        }
        if column.kind == ColumnKind::Mark {
            seen.extend(column.marks.range(low..high).flatten());
        }
        seen.sort_unstable();
        seen.dedup();
        folded == Fold::Outside || (folded == Fold::Inside && !column.marks_full)
    }

    /// The last entry in `span`. O(log n).
    pub fn last(&self, span: Span) -> Option<Timestamp> {
        let (low, high) = self.range(span);
        if low < high {
            return self.entries.get(high - 1).map(|entry| entry.at);
        }
        let until = self.base.as_ref().filter(|base| 0 < base.count)?.until.at;
        (span.from <= until && until <= span.to).then_some(until)
    }

    /// The first entry in `span`. O(log n).
    ///
    /// Not exact when the span starts between the first and the last entry that were folded.
    pub fn first(&self, span: Span) -> Reading<Option<Timestamp>> {
        let (low, high) = self.range(span);
        let kept = (low < high).then(|| self.entries.get(low).map(|entry| entry.at)).flatten();
        match self.fold_in(span) {
            Fold::Outside => Reading { value: kept, exact: true },
            Fold::Inside => Reading { value: self.base.as_ref().map(|base| base.first), exact: true },
            Fold::Across => Reading { value: kept, exact: false },
        }
    }

    /// The entries in `span`, oldest first.
    pub fn within(&self, span: Span) -> impl DoubleEndedIterator<Item = &Entry> {
        let (low, high) = self.range(span);
        self.entries.range(low..high)
    }

    /// The indices of the entries in `span`.
    fn range(&self, span: Span) -> (usize, usize) {
        let low = match self.entries.front() {
            Some(front) if span.from <= front.at => 0,
            _ => self.entries.partition_point(|entry| entry.at < span.from),
        };
        let high = match self.entries.back() {
            Some(back) if back.at <= span.to => self.entries.len(),
            _ => self.entries.partition_point(|entry| entry.at <= span.to),
        };
        (low, high.max(low))
    }

    fn fold_in(&self, span: Span) -> Fold {
        match &self.base {
            Some(base) if 0 < base.count => {
                if base.until.at < span.from || span.to < base.first {
                    Fold::Outside
                } else if span.from <= base.first && base.until.at <= span.to {
                    Fold::Inside
                } else {
                    Fold::Across
                }
            }
            _ => Fold::Outside,
        }
    }
}

/// Where the folded entries lie, seen from a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fold {
    /// None of them is in the span.
    Outside,
    /// All of them are.
    Inside,
    /// The span cuts through them.
    Across,
}
