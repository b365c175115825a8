//! The model: encode, score, learn.
//!
//! Not here: choosing ([`crate::explore`]), waiting for outcomes ([`crate::join`]).

use std::borrow::Borrow;

use apropos_event::{ActionId, Problems};
use serde::{Deserialize, Serialize};

use crate::digest::{Digest, Kept};
use crate::encoder::{Encoder, Slot};
use crate::guard::Influence;
use crate::reward::Reward;
use crate::{Features, Input, LearnError, ModelDefinition, SNAPSHOT_VERSION, Scores, check};

/// The most actions of a model.
pub const MAX_ACTIONS: usize = 65_536;
/// The most rewards of a model.
pub const MAX_REWARDS: usize = 16;

/// All learned state: encoder, weights, calibration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    pub(crate) definition: ModelDefinition,
    pub(crate) actions: Vec<ActionId>,
    /// The lane of each action's group in the upper table; 0 when it has none.
    pub(crate) group_of: Vec<u16>,
    pub(crate) encoder: Encoder,
    pub(crate) rewards: Vec<Reward>,
    pub(crate) influence: Influence,
    pub(crate) refused: u64,
    /// Of definition and actions, which seldom change.
    #[serde(skip)]
    head: Kept,
    /// Of everything.
    #[serde(skip)]
    digest: Kept,
}

/// One outcome of one decision.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// The place of the reward in the definition.
    pub reward: u32,
    /// How much of it came, in [0, 1].
    pub value: f64,
    /// Added to the logit, for outcomes seen before their window has passed; 0 as a rule.
    pub offset: f64,
    /// A stable code of the subject, so that no one learns into the model more than the definition allows.
    pub subject: Option<u64>,
    /// The day of the decision, any numbering.
    pub day: i32,
    /// Which look at the decision this is, from 0: all looks together are one say of the subject.
    pub look: u16,
}

impl Outcome {
    /// The outcome `value` of the reward at `reward`.
    pub fn new(reward: u32, value: f64) -> Self {
        Self { reward, value, offset: 0.0, subject: None, day: 0, look: 0 }
    }
}

impl Model {
    /// A model that has learned nothing.
    ///
    /// # Errors
    /// All problems of the definition at once.
    pub fn new(definition: &ModelDefinition, actions: &[ActionId]) -> Result<Self, Problems> {
        let mut problems = Problems::new();
        check::check(definition, actions, &mut problems);
        if problems.has_errors() {
            return Err(problems);
        }
        let group_of = actions
            .iter()
            .map(|action| {
                let at = definition.groups.iter().position(|group| group.actions.contains(action));
                at.map_or(0, |at| at as u16 + 1)
            })
            .collect();
        let encoder = Encoder::new(definition);
        let rewards = definition
            .rewards
            .iter()
            .map(|reward| {
                let mut state = Reward::new(definition, actions.len(), reward.base_rate);
                for slot in encoder.slots() {
                    state.push(*slot, definition);
                }
                state
            })
            .collect();
        let model = Self {
            definition: definition.clone(),
            actions: actions.to_vec(),
            group_of,
            encoder,
            rewards,
            influence: Influence::default(),
            refused: 0,
            head: Kept::default(),
            digest: Kept::default(),
        };
        Ok(model)
    }

    /// The actions, in the order of their dense indices.
    pub fn actions(&self) -> &[ActionId] {
        &self.actions
    }

    /// The definition the model was made from.
    pub fn definition(&self) -> &ModelDefinition {
        &self.definition
    }

    /// The place of the reward called `name`.
    pub fn reward(&self, name: &str) -> Option<u32> {
        self.definition.rewards.iter().position(|reward| reward.name == name).map(|at| at as u32)
    }

    /// What each row of the weight table stands for.
    pub fn slots(&self) -> &[Slot] {
        self.encoder.slots()
    }

    /// Pairs of inputs that matter together, by name: those declared, then those the model found.
    pub fn crosses(&self) -> impl Iterator<Item = (&str, &str)> {
        let name = |at: u16| self.definition.inputs.get(usize::from(at)).map(|input| input.name.as_str());
        self.encoder.crosses().filter_map(move |(left, right)| Some((name(left)?, name(right)?)))
    }

    /// How often something was refused.
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// Outcomes learned for the reward at `reward`.
    pub fn updates(&self, reward: u32) -> u64 {
        self.rewards.get(reward as usize).map_or(0, |reward| reward.updates)
    }

    /// Fills `features` with what is active for `inputs`, given in the order of the definition: a slice, or any iterator
    /// over inputs, so that a host need not collect them first. Without allocation once `features` is warm.
    ///
    /// # Errors
    /// When an input is of another kind than declared, not finite, or there are too many or too few.
    pub fn encode<'a, I>(&self, inputs: I, features: &mut Features) -> Result<(), LearnError>
    where
        I: IntoIterator,
        I::Item: Borrow<Input<'a>>,
    {
        self.encoder.encode(inputs, features)
    }

    /// Fills `scores` with an estimate for each of `candidates` (dense action indices, each below the number of
    /// actions). O(active features × candidates), without allocation once warm.
    ///
    /// # Errors
    /// When the reward, an action or the features are not this model's.
    pub fn score(
        &self,
        features: &Features,
        candidates: &[u32],
        reward: u32,
        scores: &mut Scores,
    ) -> Result<(), LearnError> {
        let state = self.rewards.get(reward as usize).ok_or(LearnError::UnknownReward(reward))?;
        self.check_features(features)?;
        let known = |action: &u32| (*action as usize) < self.actions.len();
        let highest = candidates.iter().copied().fold(0, u32::max);
        if !candidates.is_empty() && !known(&highest) {
            let action = candidates.iter().copied().find(|action| !known(action));
            return Err(LearnError::UnknownAction(action.unwrap_or(highest)));
        }
        let group_of = if self.definition.groups.is_empty() { &[] } else { self.group_of.as_slice() };
        state.score(features, candidates, group_of, self.definition.full.short_list, scores);
        Ok(())
    }

    /// Learns that `action` in the context of `features` had this `outcome`.
    ///
    /// # Errors
    /// When something is out of range; nothing is changed then, apart from [`Model::refused`].
    pub fn learn(
        &mut self,
        features: &Features,
        action: u32,
        outcome: &Outcome,
        weight: f64,
    ) -> Result<(), LearnError> {
        self.changed();
        if let Err(error) = self.check_outcome(features, action, outcome, weight) {
            self.refused += 1;
            return Err(error);
        }
        let first = outcome.look == 0;
        let said =
            outcome.subject.map(|subject| (Influence::key(subject, action, outcome.reward), outcome.day));
        let safety = &self.definition.safety;
        if said.is_some_and(|said| !self.influence.allows(safety, said, outcome.value, weight, first)) {
            self.refused += 1;
            return Err(LearnError::Influence);
        }
        let Some(state) = self.rewards.get_mut(outcome.reward as usize) else {
            return Err(LearnError::UnknownReward(outcome.reward));
        };
        let group = self.group_of.get(action as usize).copied().unwrap_or(0);
        let at = (action as usize, usize::from(group));
        let left_over =
            state.learn(features, at, outcome, weight as f32, &self.definition, self.encoder.slots());
        if let Some(said) = said {
            self.influence.note(said, weight, f64::from(left_over.0), first);
        }
        if outcome.reward == 0 {
            self.encoder.seek(features, action as usize, left_over);
            self.observe(features);
        }
        Ok(())
    }

    /// Adds an action that has just come and returns its dense index.
    ///
    /// Its intercept is what all actions and its group share, kept within bounds (a dynamic prior): it looks better than
    /// what is usually chosen in 15 to 50 of 100 contexts. So it is tried, but does not crowd out what works while its first
    /// outcomes are on their way.
    ///
    /// # Errors
    /// When the action is known already, or there are too many.
    pub fn add_action(&mut self, action: ActionId) -> Result<u32, LearnError> {
        let index = self.actions.len() as u32;
        if self.actions.contains(&action) || MAX_ACTIONS <= self.actions.len() {
            return Err(LearnError::UnknownAction(index));
        }
        let group = self.definition.groups.iter().position(|group| group.actions.contains(&action));
        let group = group.map_or(0, |at| at as u16 + 1);
        self.changed();
        self.head.forget();
        for state in &mut self.rewards {
            state.add_action(self.encoder.slots(), usize::from(group), &self.definition);
        }
        self.actions.push(action);
        self.group_of.push(group);
        Ok(index)
    }

    /// How often an action was found to work no longer as it did, for the reward at `reward`.
    pub fn alarms(&self, reward: u32) -> u64 {
        self.rewards.get(reward as usize).map_or(0, |reward| reward.alarms.rung())
    }

    /// The loss of the last outcome learned for the reward at `reward`, as predicted before it was learned.
    pub fn last_loss(&self, reward: u32) -> f64 {
        self.rewards.get(reward as usize).map_or(0.0, |reward| reward.last_loss)
    }

    /// Takes note of a context without an outcome: scaling, quantiles, common categories.
    pub fn observe(&mut self, features: &Features) {
        self.changed();
        let before = self.encoder.slots().len();
        self.encoder.observe(features);
        for at in before..self.encoder.slots().len() {
            let slot = self.encoder.slots()[at];
            for state in &mut self.rewards {
                state.push(slot, &self.definition);
            }
        }
    }

    /// A hash (BLAKE3) of everything learned: models with the same fingerprint decide the same, and those with the same
    /// content have the same fingerprint, wherever it comes from.
    ///
    /// Worked out when asked for, then kept until something changes; what has not changed since is not hashed again, so that
    /// it costs what outcomes touched and a little for each input, action and feature.
    pub fn fingerprint(&self) -> [u8; 32] {
        self.digest.of(|outline| {
            let Self { encoder, rewards, influence, refused, .. } = self;
            outline.digest_of(&self.head());
            encoder.outline(outline);
            outline.part(&(influence, refused, rewards.len()));
            for reward in rewards {
                reward.outline(outline);
            }
        })
    }

    fn head(&self) -> Digest {
        let Self { definition, actions, group_of, .. } = self;
        self.head.of(|outline| outline.part(&(SNAPSHOT_VERSION, definition, actions, group_of)))
    }

    /// To be called before anything changes: what the model is now, its digest is no longer.
    pub(crate) fn changed(&mut self) {
        self.digest.forget();
    }

    /// Whether the parts of a restored model fit each other.
    pub(crate) fn is_consistent(&self) -> bool {
        let rows = self.encoder.slots().len();
        self.group_of.len() == self.actions.len()
            && self.group_of.iter().all(|group| usize::from(*group) <= self.definition.groups.len())
            && self.rewards.len() == self.definition.rewards.len()
            && self.encoder.is_consistent(&self.definition)
            && self.rewards.iter().all(|reward| {
                reward.is_consistent(rows, self.actions.len(), 1 + self.definition.groups.len())
            })
    }

    fn check_features(&self, features: &Features) -> Result<(), LearnError> {
        let rows = self.encoder.slots().len() as u32;
        let known = features.terms().iter().all(|term| term.row() < rows);
        let ours = features.width() == self.encoder.width() && known;
        if ours { Ok(()) } else { Err(LearnError::Features) }
    }

    pub(crate) fn check_outcome(
        &self,
        features: &Features,
        action: u32,
        outcome: &Outcome,
        weight: f64,
    ) -> Result<(), LearnError> {
        self.check_features(features)?;
        if self.actions.len() <= action as usize {
            return Err(LearnError::UnknownAction(action));
        }
        if self.rewards.len() <= outcome.reward as usize {
            return Err(LearnError::UnknownReward(outcome.reward));
        }
        if !(0.0..=1.0).contains(&outcome.value) {
            return Err(LearnError::Outcome);
        }
        if !(0.0 < weight && weight <= 100.0) {
            return Err(LearnError::Weight);
        }
        if !(-30.0..=30.0).contains(&outcome.offset) {
            return Err(LearnError::Offset);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{InputDefinition, InputKind, RewardDefinition};

    fn model() -> Model {
        let inputs = [("x", InputKind::Number), ("c", InputKind::Category), ("f", InputKind::Flag)];
        let definition = ModelDefinition {
            inputs: inputs.map(|(name, kind)| InputDefinition { name: name.to_owned(), kind }).to_vec(),
            rewards: vec![RewardDefinition::new("click")],
            ..ModelDefinition::default()
        };
        let actions = ["a", "b", "c"].map(|id| ActionId::new(id).unwrap());
        Model::new(&definition, &actions).unwrap()
    }

    #[test]
    fn a_taught_preference_is_learned_explained_and_survives_a_snapshot() {
        let mut model = model();
        let (mut features, mut scores) = (Features::new(), Scores::new());
        for round in 0..400_u32 {
            let x = f64::from(round % 7) - 3.0;
            let name = if round % 2 == 0 { "even" } else { "odd" };
            let inputs = [Input::Number(x), Input::Category(name), Input::Flag(round % 3 == 0)];
            model.encode(&inputs, &mut features).unwrap();
            let action = round % 3;
            let hit = f64::from(u8::from((0.0 < x) == (action == 1)));
            model.learn(&features, action, &Outcome::new(0, hit), 1.0).unwrap();
        }
        model.encode(&[Input::Number(3.0), Input::Missing, Input::Flag(false)], &mut features).unwrap();
        model.score(&features, &[2, 1, 0], 0, &mut scores).unwrap();
        assert!(scores.p()[0] < 0.2 && 0.8 < scores.p()[1] && scores.p()[2] < 0.2, "{:?}", scores.p());
        let explained = model.explain(&features, 1, 0).unwrap();
        assert!((explained.sum() - explained.logit).abs() < 1e-5);
        let restored = Model::restore(&model.snapshot()).unwrap();
        assert_eq!(restored, model);
        assert_eq!(restored.fingerprint(), model.fingerprint());
    }

    #[test]
    fn hostile_numbers_are_refused_and_counted() {
        let mut model = model();
        let mut features = Features::new();
        let nan = [Input::Number(f64::NAN), Input::Missing, Input::Missing];
        assert_eq!(model.encode(&nan, &mut features), Err(LearnError::NotFinite { index: 0 }));
        model.encode(&[Input::Number(1.0), Input::Missing, Input::Missing], &mut features).unwrap();
        let before = model.clone();
        for (value, weight) in [(f64::NAN, 1.0), (1e300, 1.0), (0.5, 0.0), (0.5, f64::INFINITY)] {
            assert!(model.learn(&features, 0, &Outcome::new(0, value), weight).is_err());
        }
        assert_eq!(model.refused(), 4);
        model.refused = 0;
        assert_eq!(model, before);
    }
}
