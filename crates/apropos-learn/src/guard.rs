//! What one subject and one bad day may do: bounded influence, and a way back after a spike of loss.
//!
//! Not here: deciding who is a subject; the host gives a stable code.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Features, LearnError, Model, Outcome};

/// Days for which influence is remembered; outcomes of decisions before that are refused.
const DAYS: i32 = 64;
/// The most subjects remembered for one day; further subjects are refused that day.
const MAX_SUBJECTS: usize = 1_000_000;

/// How much weight each subject has used up, by day, subject and action.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Influence {
    used: BTreeMap<(i32, u64), f64>,
    newest: i32,
}

impl Influence {
    /// Whether `subject` may still teach `weight` about `action` for that `day`.
    pub(crate) fn allows(&self, limit: f64, day: i32, subject: u64, key: u64, weight: f64) -> bool {
        let entry = (day, apropos_event::draw::mix(subject ^ apropos_event::draw::mix(key)));
        let used = self.used.get(&entry).copied();
        let room = used.is_some() || self.used.len() < MAX_SUBJECTS;
        let remembered = self.used.is_empty() || self.newest.saturating_sub(DAYS) < day;
        room && remembered && used.unwrap_or(0.0) + weight <= limit + 1e-9
    }

    /// Uses it up.
    pub(crate) fn spend(&mut self, day: i32, subject: u64, key: u64, weight: f64) {
        if self.used.is_empty() || self.newest < day {
            self.newest = day;
            let oldest = day.saturating_sub(DAYS);
            self.used = self.used.split_off(&(oldest, u64::MAX));
        }
        *self
            .used
            .entry((day, apropos_event::draw::mix(subject ^ apropos_event::draw::mix(key))))
            .or_default() += weight;
    }
}

/// Outcomes whose mean loss is compared.
const WINDOW: u32 = 1_000;
/// Windows from which the usual loss is taken.
const REMEMBERED: usize = 32;

/// A model with a way back: when the loss of a window of 1,000 outcomes is a stated multiple of the usual one (the median
/// of the last 32 windows), the model of before that window is restored.
#[derive(Clone, Debug)]
pub struct Guarded {
    model: Model,
    good: Model,
    sums: Vec<(f64, u32)>,
    usual: Vec<Vec<f64>>,
    rollbacks: u64,
}

impl Guarded {
    /// Guards `model`. Keeps a second copy of it.
    pub fn new(model: Model) -> Self {
        let rewards = model.definition().rewards.len();
        let good = model.clone();
        Self { model, good, sums: vec![(0.0, 0); rewards], usual: vec![Vec::new(); rewards], rollbacks: 0 }
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
    /// As [`Model::learn`].
    pub fn learn(
        &mut self,
        features: &Features,
        action: u32,
        outcome: &Outcome,
        weight: f64,
    ) -> Result<bool, LearnError> {
        self.model.learn(features, action, outcome, weight)?;
        let kind = outcome.reward as usize;
        let Some((sum, count)) = self.sums.get_mut(kind) else { return Ok(false) };
        *sum += self.model.last_loss(outcome.reward);
        *count += 1;
        if *count < WINDOW {
            return Ok(false);
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
}
