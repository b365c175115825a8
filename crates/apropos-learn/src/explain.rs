//! Why a candidate scored as it did: what each active feature adds to the logit.
//!
//! Not here: sentences; names of inputs are in the definition.

use crate::encoder::Slot;
use crate::{Features, LearnError, Model};

/// What one active feature adds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contribution {
    /// What the feature stands for.
    pub slot: Slot,
    /// Its value in this context.
    pub value: f32,
    /// What it adds to the logit.
    pub logit: f64,
}

/// An explained logit: the contributions sum to it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contributions {
    /// One entry an active feature, in the order of the inputs; the first is the bias.
    pub parts: Vec<Contribution>,
    /// The logit that scoring gives, before calibration.
    pub logit: f64,
}

impl Contributions {
    /// The sum of all parts. Differs from the logit by rounding only, less than 1e-5 of the larger of 1 and the sum of
    /// magnitudes.
    pub fn sum(&self) -> f64 {
        self.parts.iter().map(|part| part.logit).sum()
    }
}

impl Model {
    /// What each active feature adds to the logit of `action`.
    ///
    /// # Errors
    /// When the reward, the action or the features are not this model's.
    pub fn explain(
        &self,
        features: &Features,
        action: u32,
        reward: u32,
    ) -> Result<Contributions, LearnError> {
        let mut scores = crate::Scores::new();
        self.score(features, &[action], reward, &mut scores)?;
        let state = self.rewards.get(reward as usize).ok_or(LearnError::UnknownReward(reward))?;
        let group = self.group_of.get(action as usize).copied().unwrap_or(0);
        let weights = features.iter().map(|(row, x)| (row, x, state.mean(row, action, group)));
        let parts = weights
            .map(|(row, value, weight)| Contribution {
                slot: self.encoder.slots()[row as usize],
                value,
                logit: weight * f64::from(value),
            })
            .collect();
        Ok(Contributions { parts, logit: f64::from(scores.get(0).map_or(0.0, |estimate| estimate.mean)) })
    }
}
