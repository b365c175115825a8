//! The engine's own propensity model as a reward model for off-policy estimates and as a learner of outcomes.
//!
//! Not here: the model; that is `apropos-learn`'s.

use apropos_event::ActionId;
use apropos_learn::{
    Features, Input, InputDefinition, InputKind, LearnError, Model, ModelDefinition, Outcome,
    RewardDefinition, Scores,
};

use crate::offpolicy::RewardModel;

use super::{Learner, Predict};

/// A propensity model asked for all its actions at once.
///
/// Predicts q for `dr` and its kin: predict a logged decision first and learn from it afterwards, and the model is
/// cross-fitted in time, as honest estimates need.
#[derive(Clone, Debug)]
pub struct PropensityModel {
    /// The model.
    pub model: Model,
    /// The reward, by its place.
    pub reward: u32,
    candidates: Vec<u32>,
}

impl PropensityModel {
    /// Wraps a model.
    pub fn new(model: Model, reward: u32) -> Self {
        let candidates = (0..model.actions().len() as u32).collect();
        Self { model, reward, candidates }
    }

    /// Learns from one logged decision.
    ///
    /// # Errors
    /// When the model refuses it.
    pub fn learn(&mut self, features: &Features, action: u32, reward: f64) -> Result<(), LearnError> {
        self.model.learn(features, action, &Outcome::new(self.reward, reward), 1.0)
    }
}

impl RewardModel<Features> for PropensityModel {
    /// Features that are not the model's give 0.
    fn predict(&self, features: &Features, q: &mut [f64]) {
        let mut scores = Scores::new();
        let scored = self.model.score(features, &self.candidates, self.reward, &mut scores).is_ok();
        for (at, q) in q.iter_mut().enumerate() {
            *q = if scored { scores.get(at).map_or(0.0, |estimate| f64::from(estimate.p)) } else { 0.0 };
        }
    }
}

/// The engine's model as a learner of one outcome from numbers: as many passes as stated over the rows, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Propensity {
    /// Passes over the rows; 1 is what the engine does online.
    pub passes: u32,
}

/// A trained engine model over one outcome.
#[derive(Clone, Debug)]
pub struct TrainedPropensity {
    model: Option<Model>,
}

impl Learner for Propensity {
    type Model = TrainedPropensity;

    fn fit(&self, x: &[Vec<f64>], y: &[f64], weight: &[f64]) -> TrainedPropensity {
        let width = x.first().map_or(0, Vec::len);
        let inputs = (0..width)
            .map(|at| InputDefinition { name: format!("x{at}"), kind: InputKind::Number })
            .collect();
        let definition = ModelDefinition {
            inputs,
            rewards: vec![RewardDefinition::new("outcome")],
            ..ModelDefinition::default()
        };
        let action = ActionId::new("outcome");
        let Some(mut model) = action.ok().and_then(|action| Model::new(&definition, &[action]).ok()) else {
            return TrainedPropensity { model: None };
        };
        let mut features = Features::new();
        for _ in 0..self.passes {
            for ((x, y), weight) in x.iter().zip(y).zip(weight) {
                let inputs: Vec<Input<'_>> = x.iter().map(|x| Input::Number(*x)).collect();
                // A row that the model refuses is counted by the model and changes nothing.
                if model.encode(&inputs, &mut features).is_ok() {
                    let _ = model.learn(&features, 0, &Outcome::new(0, y.clamp(0.0, 1.0)), *weight);
                }
            }
        }
        TrainedPropensity { model: Some(model) }
    }
}

impl Predict for TrainedPropensity {
    fn predict(&self, x: &[f64]) -> f64 {
        let Some(model) = &self.model else { return 0.0 };
        let (mut features, mut scores) = (Features::new(), Scores::new());
        let inputs: Vec<Input<'_>> = x.iter().map(|x| Input::Number(*x)).collect();
        let scored =
            model.encode(&inputs, &mut features).and_then(|()| model.score(&features, &[0], 0, &mut scores));
        scored.ok().and_then(|()| scores.get(0)).map_or(0.0, |estimate| f64::from(estimate.p))
    }
}
