//! Readings of a series through a span of instants.

use rust_decimal::Decimal;

use crate::Timestamp;

use super::amount::decimal;
use super::folded::Base;
use super::{Column, ColumnKind, Entry, Series, Span};

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
    /// Finds the entries that lie in `span`, for any number of readings. O(log n).
    #[inline]
    pub fn stretch(&self, span: Span) -> Stretch<'_> {
        self.up_to(span.to).since(span.from)
    }

    /// Finds the entries that are not after `to`, for any number of stretches of them. O(log n).
    #[inline]
    pub fn up_to(&self, to: Timestamp) -> Past<'_> {
        let ends = self.rows.micros(0).zip(self.rows.micros(self.len().wrapping_sub(1)));
        let (front, back) = ends.unwrap_or((i64::MAX, i64::MAX));
        // Most windows end after everything: nothing to search.
        let high = if back <= to.as_micros() { self.len() } else { self.rows.before(to.as_micros() + 1) };
        Past { series: self, front, back, to, high }
    }

    /// How many entries lie in `span`. O(log n).
    pub fn count(&self, span: Span) -> Reading<u64> {
        self.stretch(span).count()
    }

    /// The sum of the amounts of `column` in `span`. O(log n).
    pub fn sum(&self, column: usize, span: Span) -> Reading<Decimal> {
        self.stretch(span).sum(column)
    }

    /// Adds the distinct marks of `column` in `span` to `seen`, which stays sorted. Says whether that is exact.
    ///
    /// O(m log m) in the entries of the span. Several series can be read into one `seen`.
    pub fn distinct_into(&self, column: usize, span: Span, seen: &mut Vec<u64>) -> bool {
        self.stretch(span).distinct_into(column, seen)
    }

    /// The last entry in `span`. O(log n).
    pub fn last(&self, span: Span) -> Option<Timestamp> {
        self.stretch(span).last()
    }

    /// The first entry in `span`. O(log n).
    ///
    /// Not exact when the span starts between the first and the last entry that were folded.
    pub fn first(&self, span: Span) -> Reading<Option<Timestamp>> {
        self.stretch(span).first()
    }

    /// The entries in `span`, oldest first.
    pub fn within(&self, span: Span) -> impl DoubleEndedIterator<Item = Entry> {
        self.stretch(span).entries()
    }
}

/// The entries of a series up to an instant, found once for any number of stretches.
#[derive(Clone, Copy, Debug)]
pub struct Past<'a> {
    series: &'a Series,
    /// The first and the last instant of the series, in microseconds.
    front: i64,
    back: i64,
    to: Timestamp,
    high: usize,
}

impl<'a> Past<'a> {
    /// Those of them that are not before `from`. O(log n).
    #[inline]
    pub fn since(&self, from: Timestamp) -> Stretch<'a> {
        let Self { series, front, back, to, high } = *self;
        // Most windows begin before everything or after everything.
        let low = match from.as_micros() {
            from if from <= front => 0,
            from if back < from => high,
            from => series.rows.before(from).min(high),
        };
        let folded = match &series.folded {
            Some(folded) => folded.base.seen_from(Span { from, to }),
            None => Fold::Outside,
        };
        Stretch { series, low, high, folded }
    }
}

impl Base {
    /// Where what was folded lies, seen from a span.
    fn seen_from(&self, span: Span) -> Fold {
        if self.count == 0 || self.until.at < span.from || span.to < self.first {
            Fold::Outside
        } else if span.from <= self.first && self.until.at <= span.to {
            Fold::Inside
        } else {
            Fold::Across { last: span.from <= self.until.at && self.until.at <= span.to }
        }
    }
}

/// The entries of a series that lie in a span, found once for any number of readings.
#[derive(Clone, Copy, Debug)]
pub struct Stretch<'a> {
    series: &'a Series,
    low: usize,
    high: usize,
    folded: Fold,
}

impl<'a> Stretch<'a> {
    /// The series that it is of.
    pub fn series(&self) -> &'a Series {
        self.series
    }

    /// How many entries there are. O(1).
    #[inline]
    pub fn count(&self) -> Reading<u64> {
        let base = if self.folded == Fold::Inside { self.series.folded() } else { 0 };
        Reading { value: (self.high - self.low) as u64 + base, exact: !self.is_cut() }
    }

    /// The sum of the amounts of `column`. O(1).
    pub fn sum(&self, column: usize) -> Reading<Decimal> {
        let Self { series, low, high, .. } = *self;
        if series.columns.get(column).is_none_or(|column| column.kind() != ColumnKind::Amount) {
            return Reading { value: Decimal::ZERO, exact: true };
        }
        let sum = match &series.folded {
            _ if high <= low => 0,
            None => series.rows.sum(column, low, high, 0),
            Some(_) => series.rows.sum(column, low, high, series.before(column)),
        };
        let base = if self.folded == Fold::Inside { series.folded_sum(column) } else { 0 };
        Reading { value: decimal(base.saturating_add(sum)), exact: !self.is_cut() }
    }

    /// Adds the distinct marks of `column` to `seen`, which stays sorted. Says whether that is exact. O(m log m) in the
    /// entries.
    pub fn distinct_into(&self, column: usize, seen: &mut Vec<u64>) -> bool {
        let Some(kind) = self.series.columns.get(column).map(Column::kind) else { return true };
        let gone = self.series.folded.as_ref().and_then(|folded| folded.columns.get(column));
        let gone = gone.filter(|_| self.folded == Fold::Inside);
        if let Some(gone) = gone {
            seen.extend_from_slice(&gone.marks);
        }
        if kind == ColumnKind::Mark {
            seen.extend(self.series.rows.marks(column, self.low, self.high));
        }
        seen.sort_unstable();
        seen.dedup();
        self.folded == Fold::Outside || gone.is_some_and(|gone| !gone.full)
    }

    /// The instant of the last entry. O(1).
    #[inline]
    pub fn last(&self) -> Option<Timestamp> {
        if self.low < self.high {
            return self.series.rows.micros(self.high - 1).map(Timestamp::clamped);
        }
        match self.folded {
            Fold::Inside | Fold::Across { last: true } => self.series.folded_until().map(|until| until.at),
            Fold::Outside | Fold::Across { last: false } => None,
        }
    }

    /// The instant of the first entry. O(1).
    ///
    /// Not exact when the span starts between the first and the last entry that were folded.
    pub fn first(&self) -> Reading<Option<Timestamp>> {
        let kept = (self.low < self.high).then(|| self.series.rows.micros(self.low)).flatten();
        let kept = kept.map(Timestamp::clamped);
        match self.folded {
            Fold::Outside => Reading { value: kept, exact: true },
            Fold::Inside => {
                Reading { value: self.series.folded.as_ref().map(|folded| folded.base.first), exact: true }
            }
            Fold::Across { .. } => Reading { value: kept, exact: false },
        }
    }

    /// Whether it begins or ends among what was folded away.
    fn is_cut(&self) -> bool {
        matches!(self.folded, Fold::Across { .. })
    }

    /// The entries, oldest first.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = Entry> + use<'a> {
        self.series.rows.entries(self.low, self.high)
    }
}

/// Where the folded entries lie, seen from a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fold {
    /// None of them is in the span.
    Outside,
    /// All of them are.
    Inside,
    /// The span cuts through them; it may hold the last.
    Across { last: bool },
}
