//! The model: all learned state, with the fingerprint that decisions quote.
//!
//! Not here: how it learns, see `apropos-learn`.

use apropos_event::ActionId;
use apropos_learn::{Outcome, SnapshotError};
use apropos_nba::{Fingerprint, Reward};

/// All learned state.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    learned: apropos_learn::Model,
    /// The places of its actions, by name.
    by_name: Vec<u32>,
}

impl Model {
    pub(crate) fn new(learned: apropos_learn::Model) -> Self {
        let actions = learned.actions();
        let mut by_name: Vec<u32> = (0..actions.len() as u32).collect();
        by_name.sort_unstable_by_key(|at| &actions[*at as usize]);
        Self { learned, by_name }
    }

    /// The fingerprint: models with the same fingerprint decide the same. Worked out when first asked for after something
    /// was learned, at the cost of what has changed since it was asked for before; kept for all threads then.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of_digest(&self.learned.fingerprint())
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
        let refused = rewards.iter().map(|reward| usize::from(!self.learn_one(reward)));
        refused.sum()
    }

    /// Learns from one reward; `false` when it is refused. Learning takes note of the context too, once.
    fn learn_one(&mut self, reward: &Reward) -> bool {
        let outcome = Outcome::new(0, if reward.success { 1.0 } else { 0.0 });
        let action = self.place(&reward.action);
        action.is_some_and(|action| self.learned.learn(&reward.features, action, &outcome, 1.0).is_ok())
    }

    /// The place of an action. O(log actions).
    fn place(&self, action: &ActionId) -> Option<u32> {
        let actions = self.learned.actions();
        let at = self.by_name.binary_search_by(|at| actions[*at as usize].cmp(action)).ok()?;
        self.by_name.get(at).copied()
    }
}
