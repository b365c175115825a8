//! What one subject and one bad day may do: bounded influence, and a way back after a spike of loss.
//!
//! Not here: deciding who is a subject; the host gives a stable code.

use std::collections::BTreeMap;

use apropos_event::draw;
use serde::{Deserialize, Serialize};

use crate::{Features, LearnError, Model, Outcome, SafetyDefinition};

/// Days for which influence is remembered; outcomes of decisions before that are refused.
const DAYS: i32 = 64;
/// The most pairs of subject and action remembered; further ones are refused until days pass.
const MAX_PAIRS: usize = 1_000_000;

/// What each subject has taught about each action.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Influence {
    /// By the hash of subject, action and reward.
    said: BTreeMap<u64, Said>,
    newest: i32,
}

/// What one subject has taught about one action.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Said {
    /// The day last spoken for, and the weight used up on it.
    day: i32,
    used: f64,
    /// By how much outcomes were better than predicted, all in all; negative when they were worse.
    excess: f64,
}

impl Influence {
    /// The entry of a subject for an action and a reward.
    pub(crate) fn key(subject: u64, action: u32, reward: u32) -> u64 {
        draw::mix(subject ^ draw::mix(u64::from(action) << 32 | u64::from(reward)))
    }

    /// Whether an outcome `value` of a decision on `day` with this `weight` may still be learned. `first`: it is the first
    /// look at that decision, which uses up the day's weight.
    pub(crate) fn allows(
        &self,
        safety: &SafetyDefinition,
        (key, day): (u64, i32),
        value: f64,
        weight: f64,
        first: bool,
    ) -> bool {
        if !self.said.is_empty() && day <= self.newest.saturating_sub(DAYS) {
            return false;
        }
        let Some(said) = self.said.get(&key) else {
            return self.said.len() < MAX_PAIRS && weight <= limit(safety.subject_weight) + 1e-9;
        };
        let room = !first || said.used_on(day) + weight <= limit(safety.subject_weight) + 1e-9;
        let excess = limit(safety.subject_excess);
        let further = if value < 0.5 { -said.excess } else { said.excess };
        room && further < excess
    }

    /// Takes note of a learned outcome, which was better than predicted by `excess`.
    pub(crate) fn note(&mut self, (key, day): (u64, i32), weight: f64, excess: f64, first: bool) {
        if self.said.is_empty() || self.newest < day {
            self.newest = day;
            let oldest = day.saturating_sub(DAYS);
            self.said.retain(|_, said| oldest < said.day);
        }
        let said = self.said.entry(key).or_insert(Said { day, ..Said::default() });
        if first {
            (said.day, said.used) = (said.day.max(day), said.used_on(day) + weight);
        }
        said.excess += excess;
    }
}

impl Said {
    /// The weight used up on `day`. A word for a day that is over counts on the day last spoken for, so that nobody gets
    /// more by going back and forth.
    fn used_on(&self, day: i32) -> f64 {
        if self.day < day { 0.0 } else { self.used }
    }
}

/// A limit as a definition gives it: 0 is none.
fn limit(most: f64) -> f64 {
    if 0.0 < most { most } else { f64::INFINITY }
}

/// Outcomes whose mean loss is compared.
const WINDOW: u32 = 1_000;
/// Windows from which the usual loss is taken.
const REMEMBERED: usize = 32;

/// A model with a way back: when the loss of a window of 1,000 outcomes is a stated multiple of the usual one (the median
/// of the last 32 windows), the model of before that window is restored. A number that is not finite, which nothing that was
/// let in can cause, freezes the model at that state: it decides on, and learns no more.
#[derive(Clone, Debug)]
pub struct Guarded {
    model: Model,
    good: Model,
    sums: Vec<(f64, u32)>,
    usual: Vec<Vec<f64>>,
    rollbacks: u64,
    frozen: bool,
}

impl Guarded {
    /// Guards `model`. Keeps a second copy of it.
    pub fn new(model: Model) -> Self {
        let rewards = model.definition().rewards.len();
        let good = model.clone();
        Self {
            model,
            good,
            sums: vec![(0.0, 0); rewards],
            usual: vec![Vec::new(); rewards],
            rollbacks: 0,
            frozen: false,
        }
    }

    /// The model, for deciding.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// How often the model was restored.
    pub fn rollbacks(&self) -> u64 {
        self.rollbacks
    }

    /// Learns as [`Model::learn`] does; true when this outcome ended a window that made the model go back.
    ///
    /// # Errors
    /// As [`Model::learn`]; and when the model is frozen.
    pub fn learn(
        &mut self,
        features: &Features,
        action: u32,
        outcome: &Outcome,
        weight: f64,
    ) -> Result<bool, LearnError> {
        if self.frozen {
            return Err(LearnError::Frozen);
        }
        self.model.learn(features, action, outcome, weight)?;
        if !self.model.last_loss(outcome.reward).is_finite() {
            return Err(self.freeze());
        }
        let kind = outcome.reward as usize;
        let Some((sum, count)) = self.sums.get_mut(kind) else { return Ok(false) };
        *sum += self.model.last_loss(outcome.reward);
        *count += 1;
        if *count < WINDOW {
            return Ok(false);
        }
        if !self.model.is_consistent() {
            return Err(self.freeze());
        }
        let mean = *sum / f64::from(WINDOW);
        (*sum, *count) = (0.0, 0);
        let spike = self.model.definition().safety.spike;
        let Some(usual) = self.usual.get_mut(kind) else { return Ok(false) };
        let mut sorted = usual.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        if let Some(median) = sorted.get(sorted.len() / 2)
            && 0.0 < spike
            && spike * median < mean
        {
            self.model = self.good.clone();
            self.rollbacks += 1;
            return Ok(true);
        }
        if usual.len() == REMEMBERED {
            usual.remove(0);
        }
        usual.push(mean);
        self.good = self.model.clone();
        Ok(false)
    }

    /// Goes back to the last good state for good.
    fn freeze(&mut self) -> LearnError {
        self.model = self.good.clone();
        self.frozen = true;
        LearnError::Frozen
    }
}

#[cfg(test)]
mod tests {
    use apropos_event::ActionId;

    use super::*;
    use crate::{Input, InputDefinition, InputKind, ModelDefinition, RewardDefinition};

    #[test]
    fn a_number_inside_that_is_not_finite_freezes_the_last_good_model() {
        let definition = ModelDefinition {
            inputs: vec![InputDefinition { name: "x".to_owned(), kind: InputKind::Number }],
            rewards: vec![RewardDefinition::new("click")],
            full: crate::FullDefinition { features: 0, ..crate::FullDefinition::default() },
            ..ModelDefinition::default()
        };
        let actions = ["a", "b"].map(|id| ActionId::new(id).unwrap());
        let fresh = Model::new(&definition, &actions).unwrap();
        let mut features = Features::new();
        fresh.encode([Input::Number(1.0)], &mut features).unwrap();
        // A weight that the next outcome touches, and one that only the check at the end of a window finds.
        for (lane, last) in [(0, 1), (1, 1_000)] {
            let mut guarded = Guarded::new(fresh.clone());
            guarded.model.rewards[0].table.set(0, lane, f32::NAN, 1.0);
            let learned =
                (1..=1_000).find(|_| guarded.learn(&features, 0, &Outcome::new(0, 1.0), 1.0).is_err());
            assert_eq!(learned, Some(last));
            assert_eq!(*guarded.model(), fresh);
            assert_eq!(guarded.learn(&features, 1, &Outcome::new(0, 1.0), 1.0), Err(LearnError::Frozen));
        }
    }
}
