//! Uplift over silence on the engine's model: doing nothing is arm 0, and has to be beaten.
//!
//! The model is an S-learner: one model, the action as a feature. On the uniform share of decisions (where the arm was
//! drawn whatever the model thought) a doubly robust pseudo-outcome checks it, so that a wrong model is seen rather
//! than believed. Not here: arbitration; this says what an action changes, not whether it is taken.

use apropos_learn::{Features, LearnError, Model, Outcome, Scores};
use serde::{Deserialize, Serialize};

use crate::experiment::bucket;
use crate::numeric::Moments;
use crate::offpolicy::{Interval, normal};

/// The index of silence among the model's actions.
pub const SILENCE: u32 = 0;

/// A model of what every action changes, with its check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SilenceModel {
    model: Model,
    reward: u32,
    holdout_salt: String,
    holdout_buckets: u32,
    checks: Vec<SilenceCheck>,
    candidates: Vec<u32>,
}

/// What the uniform share of decisions says about one action against silence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SilenceCheck {
    /// Predicted uplift and pseudo-outcomes where the model predicts a gain.
    gains: (Moments, Moments),
    /// The same where it predicts none.
    losses: (Moments, Moments),
}

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// Decisions in the check.
    pub decisions: u64,
    /// The mean uplift that the model predicted.
    pub predicted: f64,
    /// The doubly robust estimate of the same.
    pub measured: f64,
    /// Its 95 % interval.
    pub measured_ci95: Interval,
    /// What was measured among those for whom a gain was predicted.
    pub measured_where_gain: f64,
    /// What was measured among those to be left alone.
    pub measured_where_none: f64,
    /// Whether the prediction lies in the interval.
    pub agrees: bool,
}

impl SilenceModel {
    /// Wraps a model whose first action is silence. `holdout_buckets` of 10,000 decisions (100 to 500 is usual) are
    /// drawn uniformly.
    pub fn new(model: Model, reward: u32, holdout_salt: impl Into<String>, holdout_buckets: u32) -> Self {
        let candidates: Vec<u32> = (0..model.actions().len() as u32).collect();
        Self {
            model,
            reward,
            holdout_salt: holdout_salt.into(),
            holdout_buckets,
            checks: vec![SilenceCheck::default(); candidates.len()],
            candidates,
        }
    }

    /// The model inside.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Whether a decision belongs to the uniform share, in which silence and every action are equally likely.
    pub fn is_uniform(&self, decision: &str) -> bool {
        bucket(&self.holdout_salt, decision) < self.holdout_buckets
    }

    /// Fills `uplift` with what each action changes against silence; 0 for silence itself. O(actions · features).
    ///
    /// # Errors
    /// When the features are not the model's.
    pub fn uplift(
        &self,
        features: &Features,
        scores: &mut Scores,
        uplift: &mut Vec<f64>,
    ) -> Result<(), LearnError> {
        self.model.score(features, &self.candidates, self.reward, scores)?;
        let p = scores.p();
        let base = p.first().copied().map_or(0.0, f64::from);
        uplift.clear();
        uplift.extend(p.iter().map(|p| f64::from(*p) - base));
        Ok(())
    }

    /// Learns from a decision and its outcome; `uniform` is the probability of the arm when it was drawn in the
    /// uniform share, and lets the decision take part in the check, predicted before it is learned.
    ///
    /// # Errors
    /// When the model refuses it.
    pub fn learn(
        &mut self,
        features: &Features,
        arm: u32,
        reward: f64,
        uniform: Option<f64>,
    ) -> Result<(), LearnError> {
        if let Some(probability) = uniform.filter(|p| 0.0 < *p) {
            let mut scores = Scores::new();
            self.model.score(features, &self.candidates, self.reward, &mut scores)?;
            let p = scores.p();
            let at = |arm: usize| p.get(arm).copied().map_or(0.0, f64::from);
            for (action, check) in self.checks.iter_mut().enumerate().skip(1) {
                check.push(at(action), at(0), arm as usize == action, arm == SILENCE, probability, reward);
            }
        }
        self.model.learn(features, arm, &Outcome::new(self.reward, reward), 1.0)
    }

    /// How the model's uplift of an action compares with what was measured; `None` for silence and before there are
    /// two decisions to compare.
    pub fn verdict(&self, action: u32) -> Option<Verdict> {
        if action == SILENCE {
            return None;
        }
        self.checks.get(action as usize).and_then(SilenceCheck::verdict)
    }
}

impl SilenceCheck {
    fn push(
        &mut self,
        one: f64,
        zero: f64,
        is_action: bool,
        is_silence: bool,
        probability: f64,
        reward: f64,
    ) {
        let predicted = one - zero;
        let correction = match (is_action, is_silence) {
            (true, _) => (reward - one) / probability,
            (_, true) => -(reward - zero) / probability,
            _ => 0.0,
        };
        let side = if 0.0 < predicted { &mut self.gains } else { &mut self.losses };
        side.0.push(predicted);
        side.1.push(predicted + correction);
    }

    fn verdict(&self) -> Option<Verdict> {
        let (mut predicted, mut measured) = self.gains;
        predicted.merge(&self.losses.0);
        measured.merge(&self.losses.1);
        if measured.count() < 2 {
            return None;
        }
        let interval = normal(measured.mean(), measured.standard_error(), 0.05);
        Some(Verdict {
            decisions: measured.count(),
            predicted: predicted.mean(),
            measured: measured.mean(),
            measured_ci95: interval,
            measured_where_gain: self.gains.1.mean(),
            measured_where_none: self.losses.1.mean(),
            agrees: interval.contains(predicted.mean()),
        })
    }
}
