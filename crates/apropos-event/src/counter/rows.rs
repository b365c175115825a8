//! The rows of a series: entries with their cells, one behind the other in one buffer, so that a short history takes a few
//! lines of memory.
//!
//! A row has the instant, the key, then check and labels in one word, then its cells. Amounts are kept as running totals,
//! so that those of any stretch of rows add up in O(1); whether there is an amount stands in the lowest bit. A total
//! takes one word as long as all of them fit, two from then on. Not here: what was folded away, see `folded`; the order of
//! entries, see `series`.

use crate::Timestamp;

use super::{Amount, Cell, Column, ColumnKind, Entry};

/// Rows, oldest first.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    /// What was dropped in front, and the rows.
    words: Vec<u64>,
    /// Where the first row begins.
    start: u32,
    len: u32,
    /// How many cells a row has.
    columns: u32,
    /// Whether a cell takes two words.
    wide: bool,
}

/// Words of a row before its cells.
const HEAD: usize = 3;
/// So many rows there is room for at first.
const FIRST: usize = 4;

impl Rows {
    /// No rows and no cells.
    pub(super) const EMPTY: Self = Self { words: Vec::new(), start: 0, len: 0, columns: 0, wide: false };

    /// No rows yet, of so many cells each.
    pub(super) fn new(columns: usize) -> Option<Self> {
        Some(Self { columns: u32::try_from(columns).ok()?, ..Self::EMPTY })
    }

    /// `entries`, which must come in order; their cells are still to be laid.
    pub(super) fn with_entries(
        columns: usize,
        entries: impl ExactSizeIterator<Item = Option<Entry>>,
    ) -> Option<Self> {
        let mut rows = Self::new(columns)?;
        let words = entries.len().checked_mul(rows.width())?;
        u32::try_from(words).ok()?;
        rows.words.reserve_exact(words);
        let cells = rows.width() - HEAD;
        for entry in entries {
            rows.words.extend_from_slice(&head(&entry?));
            rows.words.extend(std::iter::repeat_n(0, cells));
            rows.len += 1;
        }
        Some(rows)
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len as usize
    }

    /// Words of a row.
    #[inline]
    fn width(&self) -> usize {
        HEAD + ((self.columns as usize) << u32::from(self.wide))
    }

    /// Where the row at `index` begins.
    #[inline]
    fn place(&self, index: usize) -> usize {
        self.start as usize + index * self.width()
    }

    /// Where the cell of `column` is in its row.
    #[inline]
    fn offset(&self, column: usize) -> usize {
        HEAD + (column << u32::from(self.wide))
    }

    /// The instant of the row at `index`, in microseconds.
    #[inline]
    pub(super) fn micros(&self, index: usize) -> Option<i64> {
        if self.len() <= index {
            return None;
        }
        self.words.get(self.place(index)).map(|word| word.cast_signed())
    }

    pub(super) fn entry(&self, index: usize) -> Option<Entry> {
        // INVARIANT: nothing stands behind the last row.
        let place = self.place(index);
        self.words.get(place..place + HEAD).and_then(entry)
    }

    /// The entries, oldest first.
    pub(super) fn entries(
        &self,
        low: usize,
        high: usize,
    ) -> impl DoubleEndedIterator<Item = Entry> + ExactSizeIterator + '_ {
        let width = self.width();
        let words = self.words.get(self.place(low)..self.place(high.min(self.len()))).unwrap_or_default();
        // INVARIANT: a row has a head.
        words.chunks_exact(width).map(|row| entry(row).unwrap_or(NO_ENTRY))
    }

    /// The check of the entry with this key.
    pub(super) fn check_of(&self, key: u64) -> Option<u32> {
        let (width, mut place) = (self.width(), self.start as usize);
        while let Some(row) = self.words.get(place..place + HEAD) {
            if row.get(1) == Some(&key) {
                return entry(row).map(|entry| entry.check);
            }
            place += width;
        }
        None
    }

    /// How many rows are before the instant. O(log n).
    #[inline]
    pub(super) fn before(&self, micros: i64) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            match self.micros(middle) {
                Some(at) if at < micros => low = middle + 1,
                _ => high = middle,
            }
        }
        low
    }

    /// How many rows are before the entry, and whether there is one with its instant and key. O(log n).
    pub(super) fn find(&self, mark: (i64, u64)) -> (usize, bool) {
        let of = |index: usize| {
            let place = self.place(index);
            let row = self.words.get(place..place + HEAD).unwrap_or_default();
            row.first().zip(row.get(1)).map(|(at, key)| (at.cast_signed(), *key))
        };
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if of(middle).is_some_and(|other| other < mark) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        (low, low < self.len() && of(low) == Some(mark))
    }

    // --- cells ---------------------------------------------------------------------------------------

    /// The total of a column up to just before the row at `index`, where `before` is what it was before the first.
    #[inline]
    pub(super) fn total(&self, index: usize, column: usize, before: i128) -> i128 {
        match index.checked_sub(1) {
            Some(last) => self.step(last, column).0,
            None => before,
        }
    }

    /// What the rows from `low` to just before `high` add up to.
    #[inline]
    pub(super) fn sum(&self, column: usize, low: usize, high: usize, before: i128) -> i128 {
        if !self.wide && before == 0 {
            // INVARIANT: half of what a word holds at most, see [`is_narrow`].
            return i128::from(self.narrow(high, column).wrapping_sub(self.narrow(low, column)));
        }
        self.total(high, column, before).wrapping_sub(self.total(low, column, before))
    }

    /// The total of a narrow column up to just before the row at `index`, where it was nothing before the first.
    #[inline]
    fn narrow(&self, index: usize, column: usize) -> i64 {
        let Some(last) = index.checked_sub(1) else { return 0 };
        self.words.get(self.place(last) + HEAD + column).map_or(0, |word| word.cast_signed() >> 1)
    }

    /// The total up to and with the row at `index`, and whether the row has an amount.
    #[inline]
    fn step(&self, index: usize, column: usize) -> (i128, bool) {
        let at = self.place(index) + self.offset(column);
        let low = self.words.get(at).copied().unwrap_or_default();
        let high = if self.wide {
            self.words.get(at + 1).copied().unwrap_or_default().cast_signed()
        } else {
            low.cast_signed() >> 63
        };
        (((i128::from(high) << 64) | i128::from(low)) >> 1, low & 1 != 0)
    }

    fn set_step(&mut self, index: usize, column: usize, total: i128, given: bool) {
        if !self.wide && !is_narrow(total) {
            self.widen();
        }
        let at = self.place(index) + self.offset(column);
        let (low, high) = words_of(total, given);
        if let Some(word) = self.words.get_mut(at) {
            *word = low;
        }
        if self.wide
            && let Some(word) = self.words.get_mut(at + 1)
        {
            *word = high;
        }
    }

    pub(super) fn cell(&self, index: usize, column: usize, kind: ColumnKind, before: i128) -> Cell {
        if self.len() <= index || self.columns as usize <= column {
            return Cell::Absent;
        }
        match kind {
            ColumnKind::Amount => {
                let (through, given) = self.step(index, column);
                let amount = through.wrapping_sub(self.total(index, column, before));
                let amount = given.then(|| Amount::from_billionths(amount)).flatten();
                amount.map_or(Cell::Absent, Cell::Amount)
            }
            ColumnKind::Mark => self.mark(index, column).map_or(Cell::Absent, Cell::Mark),
        }
    }

    /// The mark of the row at `index`.
    #[inline]
    fn mark(&self, index: usize, column: usize) -> Option<u64> {
        self.words.get(self.place(index) + self.offset(column)).copied().filter(|mark| *mark != NO_MARK)
    }

    /// The marks of the rows from `low` to just before `high`.
    pub(super) fn marks(&self, column: usize, low: usize, high: usize) -> impl Iterator<Item = u64> + '_ {
        (low..high).filter_map(move |index| self.mark(index, column))
    }

    /// Sets the cell of the row at `index` and the totals behind it. A cell of another kind counts as absent. O(1) in the
    /// last row, O(rows behind it) elsewhere.
    pub(super) fn set(&mut self, index: usize, column: usize, kind: ColumnKind, cell: Cell, before: i128) {
        let more = self.lay(index, column, kind, cell, before);
        self.shift(index + 1, column, more);
    }

    /// Sets the cell of the row at `index` alone; gives by how much the totals behind it grow.
    pub(super) fn lay(
        &mut self,
        index: usize,
        column: usize,
        kind: ColumnKind,
        cell: Cell,
        before: i128,
    ) -> i128 {
        match kind {
            ColumnKind::Amount => {
                let old = self.step(index, column).0;
                let (amount, given) = amount_of(cell);
                let through = self.total(index, column, before).wrapping_add(amount);
                self.set_step(index, column, through, given);
                through.wrapping_sub(old)
            }
            ColumnKind::Mark => {
                let at = self.place(index) + self.offset(column);
                if let Some(word) = self.words.get_mut(at) {
                    *word = mark_of(cell);
                }
                0
            }
        }
    }

    /// Adds `amount` to the totals from the row at `index` on.
    fn shift(&mut self, index: usize, column: usize, amount: i128) {
        if amount == 0 {
            return;
        }
        for index in index..self.len() {
            let (total, given) = self.step(index, column);
            self.set_step(index, column, total.wrapping_add(amount), given);
        }
    }

    // --- rows ----------------------------------------------------------------------------------------

    /// Adds a row behind all others; missing cells count as absent. `before` has the totals before the first row. Says whether
    /// there was room.
    pub(super) fn push(
        &mut self,
        entry: &Entry,
        columns: &[Column],
        cells: &[Cell],
        before: impl Fn(usize) -> i128,
    ) -> bool {
        if !self.make_room() {
            return false;
        }
        let begins = self.words.len();
        self.words.extend_from_slice(&head(entry));
        for (at, column) in columns.iter().enumerate() {
            let cell = cells.get(at).copied().unwrap_or(Cell::Absent);
            let (low, high) = match column.kind() {
                ColumnKind::Amount => {
                    let (amount, given) = amount_of(cell);
                    let total = self.total(self.len(), at, before(at)).wrapping_add(amount);
                    if !self.wide && !is_narrow(total) {
                        self.words.truncate(begins);
                        self.widen();
                        return self.push(entry, columns, cells, before);
                    }
                    words_of(total, given)
                }
                ColumnKind::Mark => (mark_of(cell), 0),
            };
            self.words.push(low);
            if self.wide {
                self.words.push(high);
            }
        }
        self.len += 1;
        true
    }

    /// Makes a row for `entry` at `index`, before others, whose cells leave the totals as they are and marks out; `before` has
    /// the totals before the first row. Says whether there was room.
    pub(super) fn open(
        &mut self,
        index: usize,
        entry: &Entry,
        columns: &[Column],
        before: impl Fn(usize) -> i128,
    ) -> bool {
        if !self.make_room() {
            return false;
        }
        let (from, width, end) = (self.place(index), self.width(), self.words.len());
        self.words.resize(end + width, 0);
        self.words.copy_within(from..end, from + width);
        if let Some(row) = self.words.get_mut(from..from + width) {
            row.fill(0);
            row.iter_mut().zip(head(entry)).for_each(|(word, new)| *word = new);
        }
        self.len += 1;
        for (at, column) in columns.iter().enumerate() {
            if column.kind() == ColumnKind::Amount {
                let total = self.total(index, at, before(at));
                self.set_step(index, at, total, false);
            }
        }
        true
    }

    /// Makes room for one more row, if there can be one.
    fn make_room(&mut self) -> bool {
        let width = self.width();
        if self.words.capacity() - self.words.len() < width {
            // Room in front is used again once it is a part of the whole, so that rows move seldom.
            if self.words.len() <= self.start as usize * 4 {
                self.compact();
            }
            if self.words.capacity() == 0 {
                self.words.reserve_exact(FIRST * width);
            } else {
                self.words.reserve(width);
            }
        }
        u32::try_from(self.words.len() + width).is_ok()
    }

    /// Removes the row at `index`, whose amounts the totals no longer hold.
    pub(super) fn close(&mut self, index: usize) {
        let from = self.place(index);
        if self.len() <= index {
            return;
        }
        self.words.drain(from..from + self.width());
        self.len -= 1;
    }

    /// Drops the first row; the totals go on as if it were there.
    pub(super) fn drop_front(&mut self) {
        if self.len == 0 {
            return;
        }
        let next = self.place(1);
        self.len -= 1;
        if let Ok(start) = u32::try_from(next) {
            self.start = start;
        } else {
            self.words.drain(..next);
            self.start = 0;
        }
        if self.len == 0 {
            self.compact();
        }
    }

    /// Gives up the room of what was dropped in front.
    fn compact(&mut self) {
        self.words.drain(..self.start as usize);
        self.start = 0;
    }

    /// Changes what an entry is beside its instant and key.
    pub(super) fn rewrite(&mut self, index: usize, new: impl FnOnce(&mut Entry)) {
        let place = self.place(index);
        let Some(row) = self.words.get_mut(place..place + HEAD) else { return };
        if let Some(mut entry) = entry(row) {
            new(&mut entry);
            row.copy_from_slice(&head(&entry));
        }
    }

    /// The same rows with one more column, of which nothing is known.
    pub(super) fn add_column(&mut self) {
        let old = std::mem::replace(self, Self::EMPTY);
        self.columns = old.columns + 1;
        self.wide = old.wide;
        self.restride(&old);
    }

    /// The same rows with two words for each cell.
    fn widen(&mut self) {
        let old = std::mem::replace(self, Self::EMPTY);
        self.columns = old.columns;
        self.wide = true;
        self.restride(&old);
    }

    /// Copies `old` rows, each as wide as rows are now.
    fn restride(&mut self, old: &Self) {
        let width = self.width();
        self.words.reserve_exact((old.len() + 1) * width);
        for row in old.words.get(old.start as usize..).unwrap_or_default().chunks_exact(old.width()) {
            let begins = self.words.len();
            if self.wide == old.wide {
                self.words.extend_from_slice(row);
            } else {
                let (head, cells) = row.split_at_checked(HEAD).unwrap_or_default();
                self.words.extend_from_slice(head);
                // The upper half of a mark is of no account.
                self.words.extend(
                    cells.iter().flat_map(|word| [*word, (word.cast_signed() >> 63).cast_unsigned()]),
                );
            }
            self.words.resize(begins + width, 0);
        }
        self.len = old.len;
    }

    /// Reads the ends, where readings begin, so that they lie in the processor's cache.
    pub(super) fn touch(&self) -> usize {
        let first = self.words.get(self.start as usize).copied().unwrap_or_default();
        // The last rows, a cache line at a time.
        let last = self.words.iter().rev().step_by(8).take(8);
        last.fold(first, |read, word| read ^ *word) as usize
    }
}

/// A mark that is not there.
const NO_MARK: u64 = 0;
/// What no row holds.
const NO_ENTRY: Entry = Entry { at: Timestamp::EPOCH, key: 0, check: 0, labels: [0; 2] };

fn amount_of(cell: Cell) -> (i128, bool) {
    match cell {
        Cell::Amount(amount) => (amount.billionths(), true),
        Cell::Absent | Cell::Mark(_) => (0, false),
    }
}

fn mark_of(cell: Cell) -> u64 {
    match cell {
        Cell::Mark(mark) => mark.max(1),
        Cell::Absent | Cell::Amount(_) => NO_MARK,
    }
}

/// The words of a total and whether there is an amount; the upper one only tells something where cells are wide.
fn words_of(total: i128, given: bool) -> (u64, u64) {
    let step = (total << 1) | i128::from(given);
    (step as u64, (step >> 64) as u64)
}

/// Whether a total fits one word beside its bit.
fn is_narrow(total: i128) -> bool {
    let half = i128::from(i64::MAX) >> 1;
    (-half..=half).contains(&total)
}

fn head(entry: &Entry) -> [u64; HEAD] {
    let [first, second] = entry.labels.map(u64::from);
    let rest = u64::from(entry.check) | (first << 32) | (second << 48);
    [entry.at.as_micros().cast_unsigned(), entry.key, rest]
}

fn entry(row: &[u64]) -> Option<Entry> {
    let [at, key, rest, ..] = row else { return None };
    let labels = [(rest >> 32) as u16, (rest >> 48) as u16];
    Some(Entry { at: Timestamp::clamped(at.cast_signed()), key: *key, check: *rest as u32, labels })
}
