//! Learning without acting: beside the host's own decisions (shadow), or from them (apprentice).
//!
//! A shadow scores what the host decides among, notes how often it would have chosen the same, and learns from the
//! rewards of the host's choices. An apprentice learns the host's choices themselves, until it can foretell them.
//!
//! Not here: comparing the two by value; that is off-policy evaluation, for which [`Seen`] gives the probabilities.

use serde::{Deserialize, Serialize};

use crate::explore::{Policy, probabilities};
use crate::{Features, LearnError, Model, Outcome, Scores};

/// What a shadow saw of one decision of the host.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    /// The probability with which the shadow would have chosen what the host chose.
    pub probability: f64,
    /// The place of the shadow's own best candidate.
    pub best: usize,
}

/// Beside the host: never acts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Shadow {
    decisions: u64,
    agreed: f64,
    #[serde(skip)]
    room: Room,
}

#[derive(Clone, Debug, Default)]
struct Room {
    scores: Scores,
    values: Vec<f64>,
    probabilities: Vec<f64>,
}

impl PartialEq for Room {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Shadow {
    /// A shadow that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Decisions seen.
    pub fn decisions(&self) -> u64 {
        self.decisions
    }

    /// The mean probability with which the shadow would have chosen as the host did; 0 before any decision.
    pub fn agreement(&self) -> f64 {
        if self.decisions == 0 { 0.0 } else { self.agreed / self.decisions as f64 }
    }

    /// The host chose `chosen`, a place among `candidates`.
    ///
    /// # Errors
    /// When the model refuses to score, or `chosen` is not a place among the candidates.
    pub fn decided(
        &mut self,
        model: &Model,
        features: &Features,
        candidates: &[u32],
        chosen: usize,
        reward: u32,
    ) -> Result<Seen, LearnError> {
        let Room { scores, values, probabilities: out } = &mut self.room;
        model.score(features, candidates, reward, scores)?;
        let exploration = &model.definition().exploration;
        scores.optimistic(exploration.policy.optimism(), values);
        probabilities(&exploration.policy, values, 1.0, self.decisions + 1, exploration.floor, out);
        let Some(&probability) = out.get(chosen) else {
            return Err(LearnError::UnknownAction(chosen as u32));
        };
        probabilities(&Policy::Greedy, values, 1.0, 1, 0.0, out);
        let best = out.iter().position(|p| *p == 1.0).unwrap_or(0);
        self.decisions += 1;
        self.agreed += probability;
        Ok(Seen { probability, best })
    }
}

/// Learns the host's choices: one reward of the model stands for "the host chose it".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Apprentice {
    /// The reward that stands for being chosen.
    pub reward: u32,
}

impl Apprentice {
    /// The host chose `chosen`, a place among `candidates`: that one is a hit, every other a miss, all together of the
    /// weight of two outcomes, so that large menus teach no more than small ones.
    ///
    /// # Errors
    /// When `chosen` is not a place among the candidates, or the model refuses; what came before stays learned.
    pub fn decided(
        &self,
        model: &mut Model,
        features: &Features,
        candidates: &[u32],
        chosen: usize,
    ) -> Result<(), LearnError> {
        let Some(&hit) = candidates.get(chosen) else {
            return Err(LearnError::UnknownAction(chosen as u32));
        };
        model.learn(features, hit, &Outcome::new(self.reward, 1.0), 1.0)?;
        let others = candidates.len().saturating_sub(1).max(1) as f64;
        for (place, &action) in candidates.iter().enumerate() {
            if place != chosen {
                model.learn(features, action, &Outcome::new(self.reward, 0.0), 1.0 / others)?;
            }
        }
        Ok(())
    }
}
