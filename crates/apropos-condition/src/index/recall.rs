//! What was found out for facts in the same regions before.
//!
//! Where every condition asks about regions only, the regions decide everything, and customers are more alike than their
//! numbers: a small memory of past decisions answers most new ones. Only for indexes whose answers are few bytes; large
//! ones are faster decided than remembered. Not here: how it is found out the first time, see `evaluate`.

use apropos_event::draw;

use super::evaluate::{Failure, Ruleset};
use crate::Truth;
use crate::bitset::{BitSet, words_for};

/// The most bytes that a memory takes.
const BUDGET: usize = 128 * 1024;
/// The most decisions that it holds.
const MOST: usize = 256;
/// Fewer than this are not worth it.
const LEAST: usize = 32;

/// The memory of one thread. Each decision has one place, which the regions tell; a later one may take it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recall {
    /// How many decisions there is room for: a power of two, or none.
    room: usize,
    /// The regions of each and one, `tables` numbers a decision: an empty place is like none.
    regions: Vec<u32>,
    tables: usize,
    /// The subjects that hold, all rulesets one after another, `words` a decision.
    holding: Vec<u64>,
    words: usize,
    /// Why each subject fails, as far as it was asked, `subjects` a decision.
    failures: Vec<u32>,
    subjects: usize,
    /// Where the failures of each ruleset begin.
    starts: Vec<usize>,
    /// When what is kept at each place came there: a number that rises with every decision kept.
    since: Vec<u64>,
    now: u64,
    /// Where the decision in hand is kept.
    current: Option<usize>,
}

/// Where a decision's answers are remembered: of two decisions with the same memory, the answers were the same, and so is
/// all that follows from them alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Remembered {
    /// Its place: a small number.
    pub place: usize,
    /// Which of the decisions it is that were remembered at this place one after another. Never zero.
    pub number: u64,
}

/// A failure as a number that is not zero; `None` when it is too large for one.
fn packed(failure: Failure) -> Option<u32> {
    let (condition, conjunct) =
        (u32::try_from(failure.condition).ok()?, u32::try_from(failure.conjunct).ok()?);
    let fits = condition < 1 << 15 && conjunct < 1 << 15;
    let unknown = u32::from(failure.truth == Truth::Unknown);
    fits.then_some(1 << 31 | unknown << 30 | condition << 15 | conjunct)
}

fn unpacked(packed: u32) -> Option<Failure> {
    (packed != 0).then_some(Failure {
        condition: (packed >> 15 & 0x7fff) as usize,
        conjunct: (packed & 0x7fff) as usize,
        truth: if packed >> 30 & 1 == 1 { Truth::Unknown } else { Truth::False },
    })
}

impl Recall {
    /// A memory for an index of so many tables and these rulesets, still without room: the first decision makes it, so
    /// that who asks once pays nothing.
    pub(crate) fn new(tables: usize, rulesets: &[Ruleset]) -> Self {
        let mut starts = Vec::with_capacity(rulesets.len());
        let (mut words, mut subjects) = (0, 0);
        for ruleset in rulesets {
            starts.push(subjects);
            words += words_for(ruleset.subjects);
            subjects += ruleset.subjects;
        }
        Self { tables, words, subjects, starts, ..Self::default() }
    }

    /// Looks for a decision in these regions. When there is one, `holding` becomes what it found; when not, it is to be
    /// kept with [`Self::keep`] once it is made.
    pub(crate) fn find(&mut self, regions: &[u32], holding: &mut [BitSet]) -> bool {
        self.current = None;
        if self.room == 0 {
            return false;
        }
        let hash = regions.iter().fold(0_u64, |hash, region| {
            (hash.rotate_left(5) ^ u64::from(*region)).wrapping_mul(0x517C_C1B7_2722_0A95)
        });
        let place = draw::mix(hash) as usize & (self.room - 1);
        self.current = Some(place);
        let known = self.regions.get(place * self.tables..(place + 1) * self.tables).unwrap_or_default();
        let same = known.iter().zip(regions).all(|(known, region)| *known == region + 1);
        if same {
            let mut words = self.holding.get(place * self.words..).unwrap_or_default().iter().copied();
            for set in holding {
                set.assign(&mut words);
            }
        }
        same
    }

    /// Keeps the decision that [`Self::find`] did not find.
    pub(crate) fn keep(&mut self, regions: &[u32], holding: &[BitSet]) {
        let Some(place) = self.current else { return self.make_room() };
        let known = self.regions.get_mut(place * self.tables..).unwrap_or_default();
        known.iter_mut().zip(regions).for_each(|(known, region)| *known = region + 1);
        let words = self.holding.get_mut(place * self.words..).unwrap_or_default();
        words.iter_mut().zip(holding.iter().flat_map(BitSet::words)).for_each(|(kept, word)| *kept = *word);
        let failures = self.failures.get_mut(place * self.subjects..(place + 1) * self.subjects);
        failures.unwrap_or_default().fill(0);
        self.now += 1;
        if let Some(since) = self.since.get_mut(place) {
            *since = self.now;
        }
    }

    /// Where the decision in hand is kept.
    pub(crate) fn remembered(&self) -> Option<Remembered> {
        let place = self.current?;
        Some(Remembered { place, number: *self.since.get(place)? })
    }

    fn make_room(&mut self) {
        let bytes = 4 * self.tables + 8 * self.words + 4 * self.subjects;
        let room = BUDGET / bytes.max(1);
        if self.tables == 0 || room < LEAST {
            return;
        }
        self.room = 1 << room.min(MOST).ilog2();
        self.regions.resize(self.room * self.tables, 0);
        self.holding.resize(self.room * self.words, 0);
        self.failures.resize(self.room * self.subjects, 0);
        self.since.resize(self.room, 0);
    }

    /// Forgets which decision is in hand: what comes is none of whole answers.
    pub(crate) fn pass(&mut self) {
        self.current = None;
    }

    fn place(&self, ruleset: usize, subject: usize) -> Option<usize> {
        Some(self.current? * self.subjects + self.starts.get(ruleset)? + subject)
    }

    /// Why a subject of the decision in hand fails, if that was asked before.
    pub(crate) fn failure(&self, ruleset: usize, subject: usize) -> Option<Failure> {
        unpacked(*self.failures.get(self.place(ruleset, subject)?)?)
    }

    /// Keeps why a subject of the decision in hand fails.
    pub(crate) fn keep_failure(&mut self, ruleset: usize, subject: usize, failure: Failure) {
        let place = self.place(ruleset, subject);
        if let Some((kept, packed)) = place.and_then(|at| self.failures.get_mut(at)).zip(packed(failure)) {
            *kept = packed;
        }
    }
}
