//! One category: which codes have a row of their own, and how often the others were seen.

use serde::{Deserialize, Serialize};

/// So many codes of an input get a row when they are seen again; further ones only once they are common.
const FEW: usize = 16;
/// The most codes that are counted before they have a row.
const MAX_PENDING: usize = 4_096;

/// What is known about the codes of one category, in rising order of code.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Categories {
    /// Codes with their row.
    own: Vec<(u64, u32)>,
    /// Codes without a row, with their count.
    pending: Vec<(u64, u32)>,
    /// Observations of codes that were not even counted.
    uncounted: u64,
}

impl Categories {
    /// The row of `code`, if it has one. O(log n).
    pub(super) fn row(&self, code: u64) -> Option<u32> {
        let at = self.own.binary_search_by_key(&code, |(known, _)| *known).ok()?;
        self.own.get(at).map(|(_, row)| *row)
    }

    /// Gives `code` the row `row`, if it has none.
    pub(super) fn adopt(&mut self, code: u64, row: u32) {
        if let Err(place) = self.own.binary_search_by_key(&code, |(known, _)| *known) {
            self.pending.retain(|(known, _)| *known != code);
            self.own.insert(place, (code, row));
        }
    }

    /// Whether restored state is in order and names rows below `rows`.
    pub(super) fn is_consistent(&self, rows: u32) -> bool {
        let rising = |codes: &[(u64, u32)]| codes.windows(2).all(|pair| pair[0].0 < pair[1].0);
        rising(&self.own) && rising(&self.pending) && self.own.iter().all(|(_, row)| *row < rows)
    }

    /// Takes note of `code`; true when it now gets the row `next_row`.
    pub(super) fn observe(&mut self, code: u64, rare_after: u32, most: u32, next_row: u32) -> bool {
        let Err(place) = self.own.binary_search_by_key(&code, |(known, _)| *known) else { return false };
        if most as usize <= self.own.len() {
            return false;
        }
        let pending = self.pending.binary_search_by_key(&code, |(known, _)| *known);
        let count = match pending {
            Ok(at) => {
                self.pending[at].1 += 1;
                self.pending[at].1
            }
            Err(_) if MAX_PENDING <= self.pending.len() => {
                self.uncounted += 1;
                return false;
            }
            Err(at) => {
                self.pending.insert(at, (code, 1));
                1
            }
        };
        let needed = if self.own.len() < FEW { rare_after.min(2) } else { rare_after };
        if count < needed {
            return false;
        }
        self.pending.retain(|(known, _)| *known != code);
        self.own.insert(place, (code, next_row));
        true
    }
}
