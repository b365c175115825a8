//! The offset of a zone as it was last looked up, with the hours in which it holds.
//!
//! Customers are asked about in order of time, so that the next look-up nearly always falls between the same two clock
//! changes. What is remembered follows from the zone and the instant alone: it can save work, never change an answer. Not
//! here: looking it up, see `zone`.

use std::sync::atomic::{AtomicU64, Ordering};

/// What is remembered: offset, first hour and number of hours in one word; or, while there are no hours, how often was
/// asked.
#[derive(Debug, Default)]
pub(crate) struct Remembered(AtomicU64);

/// Between two clock changes: the offset from the first hour on, and for how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    /// Hours since 1970.
    pub(crate) first: i64,
    pub(crate) hours: i64,
    pub(crate) offset_seconds: i32,
}

/// Whoever asks less often is not worth finding the clock changes for.
const PATIENCE: u64 = 8;
const BITS: u32 = 23;
const MASK: u64 = (1 << BITS) - 1;
/// The earliest hour that can be remembered, counted from 1970: some 478 years before.
const EARLIEST: i64 = -(1 << (BITS - 1));
/// Added to an offset, so that it is never negative.
const EAST: i64 = 1 << 17;

impl Remembered {
    /// The offset in the hour, in hours since 1970, if it is remembered.
    pub(crate) fn offset(&self, hour: i64) -> Option<i32> {
        self.offset_through(hour, hour)
    }

    /// The offset in all hours from one to another, both included, if it is remembered to be the same in all of them.
    pub(crate) fn offset_through(&self, from: i64, to: i64) -> Option<i32> {
        let word = self.0.load(Ordering::Relaxed);
        let first = (word >> BITS & MASK) as i64 + EARLIEST;
        let inside = |hour: i64| (hour.wrapping_sub(first) as u64) < (word & MASK);
        (inside(from) && inside(to)).then_some(((word >> (2 * BITS)) as i64 - EAST) as i32)
    }

    /// Takes note of a look-up that was not remembered; from the first few on, of what `find` gives.
    pub(crate) fn missed(&self, find: impl FnOnce() -> Option<Stretch>) {
        let word = self.0.load(Ordering::Relaxed);
        let asked = word >> BITS;
        if word & MASK == 0 && asked < PATIENCE {
            self.0.store((asked + 1) << BITS, Ordering::Relaxed);
        } else if let Some(word) = find().and_then(pack) {
            self.0.store(word, Ordering::Relaxed);
        }
    }
}

fn pack(stretch: Stretch) -> Option<u64> {
    let first = stretch.first.max(EARLIEST);
    let hours = (stretch.first.saturating_add(stretch.hours) - first).min(MASK as i64);
    let offset =
        u64::try_from(i64::from(stretch.offset_seconds) + EAST).ok().filter(|east| *east < 1 << 18)?;
    let first = u64::try_from(first - EARLIEST).ok().filter(|first| *first <= MASK)?;
    (0 < hours).then_some(offset << (2 * BITS) | first << BITS | hours as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn what_is_remembered_is_what_was_found(
            first in -3_000_000_i64..3_000_000,
            hours in 1_i64..9_000,
            offset_seconds in -93_599_i32..93_600,
            hour in -3_000_100_i64..3_010_000,
        ) {
            let remembered = Remembered::default();
            let stretch = Stretch { first, hours, offset_seconds };
            (0..=PATIENCE).for_each(|_| remembered.missed(|| Some(stretch)));
            for hour in [hour, first - 1, first, first + hours - 1, first + hours] {
                let inside = (first..first + hours).contains(&hour);
                proptest::prop_assert_eq!(remembered.offset(hour), inside.then_some(offset_seconds));
            }
        }
    }

    #[test]
    fn few_questions_remember_nothing() {
        let remembered = Remembered::default();
        for _ in 0..PATIENCE {
            remembered.missed(|| Some(Stretch { first: 0, hours: 10, offset_seconds: 3_600 }));
            assert_eq!((0..10).find_map(|hour| remembered.offset(hour)), None);
        }
    }
}
