//! Finding the region that each attribute's fact lies in: what the tables know, laid out for one pass over all of them.
//!
//! Not here: what the regions mean, see `table`.

use super::table::{Cut, Table, number, search};
use crate::facts::Slot;

/// How to find the regions of all tables.
#[derive(Clone, Debug, Default)]
pub(crate) struct Regions {
    /// One a table, in order.
    steps: Vec<Step>,
    /// The literals of all tables of numbers, one table after another.
    numbers: Vec<i64>,
}

/// How to find the region of one attribute.
#[derive(Clone, Copy, Debug)]
struct Step {
    attribute: u32,
    missing: u32,
    /// Where the literals lie.
    start: u32,
    end: u32,
    kind: Kind,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Numbers,
    Bools,
    Presence,
    /// The table knows.
    Other,
}

impl Regions {
    pub(crate) fn new(tables: &[Table]) -> Self {
        let mut all = Self::default();
        for table in tables {
            let start = all.numbers.len() as u32;
            let kind = match &table.cut {
                Cut::Numbers(keys) => {
                    all.numbers.extend_from_slice(keys);
                    Kind::Numbers
                }
                Cut::Bools => Kind::Bools,
                Cut::Presence => Kind::Presence,
                Cut::Decimals(_) | Cut::Symbols(_) => Kind::Other,
            };
            all.steps.push(Step {
                attribute: table.attribute.index() as u32,
                missing: table.missing(),
                start,
                end: all.numbers.len() as u32,
                kind,
            });
        }
        all
    }

    /// Writes the region of every table. O(tables × log literals).
    pub(crate) fn find(&self, tables: &[Table], slots: &[Slot], regions: &mut [u32]) {
        for ((region, step), table) in regions.iter_mut().zip(&self.steps).zip(tables) {
            let slot = slots.get(step.attribute as usize).unwrap_or(&Slot::Unset);
            *region = match (step.kind, slot) {
                (_, Slot::Unset) => step.missing,
                (Kind::Numbers, slot) => number(*slot).map_or(step.missing, |n| self.among(step, n)),
                (Kind::Bools, Slot::Bool(set)) => u32::from(*set),
                (Kind::Presence, _) => 0,
                (_, slot) => table.region(*slot),
            };
        }
    }

    #[inline]
    fn among(&self, step: &Step, value: i64) -> u32 {
        let keys = self.numbers.get(step.start as usize..step.end as usize).unwrap_or_default();
        search(keys, |key| key.cmp(&value))
    }

    /// The bytes it holds beyond itself.
    pub(crate) fn heap_bytes(&self) -> usize {
        size_of::<Step>() * self.steps.capacity() + 8 * self.numbers.capacity()
    }
}
