//! The model: all learned state, with the fingerprint that decisions quote.
//!
//! Not here: how it learns, see `apropos-learn`.

use apropos_learn::{Outcome, SnapshotError};
use apropos_nba::{Fingerprint, Reward};

/// All learned state.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    learned: apropos_learn::Model,
    fingerprint: Fingerprint,
}

impl Model {
    pub(crate) fn new(learned: apropos_learn::Model) -> Self {
        let fingerprint = Fingerprint::of_digest(&learned.fingerprint());
        Self { learned, fingerprint }
    }

    /// The fingerprint: models with the same fingerprint decide the same.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// What was learned.
    pub fn learned(&self) -> &apropos_learn::Model {
        &self.learned
    }

    /// The model as bytes.
    pub fn snapshot(&self) -> Vec<u8> {
        self.learned.snapshot()
    }

    /// The model of these bytes.
    ///
    /// # Errors
    /// When the bytes are not a snapshot, or of a version that is not read.
    pub fn restore(bytes: &[u8]) -> Result<Self, SnapshotError> {
        apropos_learn::Model::restore(bytes).map(Self::new)
    }

    /// Learns from rewards, in their order. Gives how many were refused: of actions the model does not know, or with
    /// features that are not its own.
    pub fn learn(&mut self, rewards: &[Reward]) -> usize {
        let mut refused = 0;
        for reward in rewards {
            let action = self.learned.actions().iter().position(|known| *known == reward.action);
            let outcome = Outcome::new(0, if reward.success { 1.0 } else { 0.0 });
            // Learning takes note of the context too, once.
            let learned = action.is_some_and(|action| {
                self.learned.learn(&reward.features, action as u32, &outcome, 1.0).is_ok()
            });
            refused += usize::from(!learned);
        }
        if !rewards.is_empty() {
            self.fingerprint = Fingerprint::of_digest(&self.learned.fingerprint());
        }
        refused
    }
}
