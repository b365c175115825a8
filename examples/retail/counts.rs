//! What is counted of the decisions, and the digest over their records.
//!
//! Not here: what is printed, see `summary`.

use std::collections::BTreeMap;

use apropos::nba::{Decision, NotWritten, SILENCE, Stage};
use sha2::{Digest, Sha256};

/// What is counted of one customer.
#[derive(Default)]
pub(crate) struct Tally {
    /// Over the records of their decisions.
    pub(crate) digest: Sha256,
    pub(crate) contacts: u64,
}

/// What is counted of all decisions.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) decisions: u64,
    pub(crate) candidates: u64,
    pub(crate) by_action: BTreeMap<String, u64>,
    pub(crate) by_class: BTreeMap<String, u64>,
    /// Candidates dropped at each stage, in order of the stages.
    pub(crate) drops: [u64; Stage::ALL.len()],
    /// The record that was written last.
    bytes: Vec<u8>,
}

impl Counts {
    /// Counts one decision of the customer whose tally it is.
    ///
    /// # Errors
    /// When its record cannot be written.
    pub(crate) fn count(&mut self, decision: &Decision, tally: &mut Tally) -> Result<(), NotWritten> {
        self.decisions += 1;
        self.bytes.clear();
        self.bytes = decision.write_to(std::mem::take(&mut self.bytes))?;
        tally.digest.update(&self.bytes);
        tally.contacts += u64::from(decision.choice.action().is_some());
        let class = decision.chosen().and_then(|candidate| candidate.class);
        let class = class.map_or(SILENCE, |class| class.as_str());
        *entry(&mut self.by_class, class) += 1;
        *entry(&mut self.by_action, decision.choice.action().map_or(SILENCE, |action| action.as_str())) += 1;
        self.candidates += decision.candidates.len() as u64;
        for dropped in decision.candidates.iter().filter_map(|candidate| candidate.dropped) {
            if let Some(count) = self.drops.get_mut(dropped.stage as usize) {
                *count += 1;
            }
        }
        Ok(())
    }

    /// Adds what another thread counted.
    pub(crate) fn add(&mut self, other: &Self) {
        self.decisions += other.decisions;
        self.candidates += other.candidates;
        for (mine, theirs) in [(&mut self.by_action, &other.by_action), (&mut self.by_class, &other.by_class)]
        {
            for (name, count) in theirs {
                *entry(mine, name) += count;
            }
        }
        for (mine, theirs) in self.drops.iter_mut().zip(other.drops) {
            *mine += theirs;
        }
    }
}

fn entry<'a>(counts: &'a mut BTreeMap<String, u64>, name: &str) -> &'a mut u64 {
    counts.entry(name.to_owned()).or_default()
}
