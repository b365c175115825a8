//! The model: encode, score, learn.
//!
//! Not here: choosing ([`crate::explore`]), waiting for outcomes ([`crate::join`]).

use apropos_event::{ActionId, Problems};
use serde::{Deserialize, Serialize};

use crate::encoder::{Encoder, FeatureKind, Slot};
use crate::full::{Active, Full};
use crate::rows::{BLOCK, LANES, Table};
use crate::{Features, Input, LearnError, LearningDefinition, ModelDefinition, Scores, check, math};

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
    pub(crate) refused: u64,
}

/// What is learned about one kind of reward.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Reward {
    /// One lane an action.
    pub(crate) table: Table,
    /// Lane 0: what all actions share; then one lane a group.
    pub(crate) upper: Table,
    pub(crate) full: Option<Full>,
    /// Decayed progressive loss of the two tiers.
    pub(crate) losses: [f64; 2],
    pub(crate) evidence: Vec<f32>,
    pub(crate) updates: u64,
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
}

impl Outcome {
    /// The outcome `value` of the reward at `reward`.
    pub fn new(reward: u32, value: f64) -> Self {
        Self { reward, value, offset: 0.0, subject: None, day: 0 }
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
                let mut state = Reward::new(definition, actions.len());
                for slot in encoder.slots() {
                    state.push(*slot, definition, reward.base_rate);
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
            refused: 0,
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

    /// How often something was refused.
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// Outcomes learned for the reward at `reward`.
    pub fn updates(&self, reward: u32) -> u64 {
        self.rewards.get(reward as usize).map_or(0, |reward| reward.updates)
    }

    /// Fills `features` with what is active for `inputs`, given in the order of the definition.
    ///
    /// # Errors
    /// When an input is of another kind than declared, not finite, or there are too many or too few.
    pub fn encode(&self, inputs: &[Input<'_>], features: &mut Features) -> Result<(), LearnError> {
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
        if let Some(&action) = candidates.iter().find(|action| self.actions.len() <= **action as usize) {
            return Err(LearnError::UnknownAction(action));
        }
        state.score(features, candidates, &self.group_of, &self.definition, scores);
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
        if let Err(error) = self.check_outcome(features, action, outcome, weight) {
            self.refused += 1;
            return Err(error);
        }
        let Some(state) = self.rewards.get_mut(outcome.reward as usize) else {
            return Err(LearnError::UnknownReward(outcome.reward));
        };
        let group = self.group_of.get(action as usize).copied().unwrap_or(0);
        state.learn(
            features,
            action as usize,
            usize::from(group),
            outcome,
            weight as f32,
            &self.definition.learning,
        );
        if outcome.reward == 0 {
            self.observe(features);
        }
        Ok(())
    }

    /// Takes note of a context without an outcome: scaling, quantiles, common categories.
    pub fn observe(&mut self, features: &Features) {
        let before = self.encoder.slots().len();
        self.encoder.observe(features);
        for at in before..self.encoder.slots().len() {
            let slot = self.encoder.slots()[at];
            for (state, reward) in self.rewards.iter_mut().zip(&self.definition.rewards) {
                state.push(slot, &self.definition, reward.base_rate);
            }
        }
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
        let ours = features.raw.len() == self.encoder.width() && features.rows.iter().all(|row| *row < rows);
        if ours { Ok(()) } else { Err(LearnError::Features) }
    }

    fn check_outcome(
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

/// Prior variance of an action's weight on a row.
fn prior_variance(kind: FeatureKind, learning: &LearningDefinition) -> f32 {
    match kind {
        FeatureKind::Bias => learning.bias_variance,
        FeatureKind::Hat(_) => learning.weight_variance * learning.shape,
        _ => learning.weight_variance,
    }
}

impl Reward {
    fn new(definition: &ModelDefinition, actions: usize) -> Self {
        let full = &definition.full;
        let fits = full.features.div_ceil(8) * 8 * full.features * 4 * actions <= full.bytes;
        let full = (0 < full.features && fits).then(|| Full::new(full.features, actions));
        Self {
            table: Table::new(actions),
            upper: Table::new(1 + definition.groups.len()),
            full,
            losses: [0.0; 2],
            evidence: vec![0.0; actions],
            updates: 0,
        }
    }

    fn push(&mut self, slot: Slot, definition: &ModelDefinition, base_rate: f64) {
        let learning = &definition.learning;
        let variance = prior_variance(slot.kind, learning);
        let mean = if slot.kind == FeatureKind::Bias { math::logit(base_rate) as f32 } else { 0.0 };
        self.table.push(mean, variance);
        self.upper.push(0.0, learning.shared_variance);
        let row = self.upper.rows() as u32 - 1;
        for lane in 1..=definition.groups.len() {
            self.upper.set(row, lane, 0.0, learning.group_variance);
        }
        if let Some(full) = &mut self.full {
            let hat = matches!(slot.kind, FeatureKind::Hat(_));
            full.push((!hat).then_some((mean, variance)));
        }
    }

    fn is_consistent(&self, rows: usize, actions: usize, upper: usize) -> bool {
        self.table.fits(rows, actions)
            && self.upper.fits(rows, upper)
            && self.full.as_ref().is_none_or(|full| full.is_consistent(rows, actions))
            && self.evidence.len() == actions
    }

    /// The posterior mean of a weight in the tier that is believed.
    pub(crate) fn mean(&self, row: u32, action: u32, group: u16) -> f64 {
        if let Some(full) = self.full() {
            return f64::from(full.weight(row, action as usize).unwrap_or(0.0));
        }
        let own = self.table.weight(row, action as usize).0;
        let shared = self.upper.weight(row, 0).0;
        let group = if group == 0 { 0.0 } else { self.upper.weight(row, usize::from(group)).0 };
        f64::from(own) + f64::from(shared) + f64::from(group)
    }

    /// Whether the tier with full covariance is believed.
    fn full(&self) -> Option<&Full> {
        self.full.as_ref().filter(|_| self.losses[1] <= self.losses[0])
    }

    fn score(
        &self,
        features: &Features,
        candidates: &[u32],
        group_of: &[u16],
        definition: &ModelDefinition,
        scores: &mut Scores,
    ) {
        let Features { rows, values, .. } = features;
        let Scores { p, mean, variance, evidence, sums, upper, order, active } = scores;
        mean.clear();
        variance.clear();
        evidence.clear();
        let full = self.full();
        let _ = &order;
        if let Some(full) = full.filter(|_| candidates.len() <= definition.full.short_list) {
            full.activate(rows, values, active);
            for &action in candidates {
                let (m, v) = full.score(active, action as usize);
                mean.push(m);
                variance.push(v);
                evidence.push(self.evidence[action as usize]);
            }
        } else {
            sums.clear();
            sums.resize(self.table.blocks() * BLOCK, 0.0);
            upper.clear();
            upper.resize(self.upper.blocks() * BLOCK, 0.0);
            self.table.sum_all(rows, values, sums);
            self.upper.sum_all(rows, values, upper);
            for &action in candidates {
                let at = action as usize;
                let place = at / LANES * BLOCK + at % LANES;
                let (mut m, mut v) = (sums[place] + upper[0], sums[place + LANES] + upper[LANES]);
                let group = usize::from(group_of[at]);
                if group != 0 {
                    let place = group / LANES * BLOCK + group % LANES;
                    m += upper[place];
                    v += upper[place + LANES];
                }
                mean.push(m);
                variance.push(v);
                evidence.push(self.evidence[at]);
            }
        }
        p.clear();
        p.extend(mean.iter().zip(variance.iter()).map(|(&m, &v)| shrunk(m, v)));
    }

    fn learn(
        &mut self,
        features: &Features,
        action: usize,
        group: usize,
        outcome: &Outcome,
        weight: f32,
        learning: &LearningDefinition,
    ) {
        let (y, offset) = (outcome.value as f32, outcome.offset as f32);
        let keep = if 0.0 < learning.half_life { libm::exp2f(-1.0 / learning.half_life) } else { 1.0 };
        let (mut mu, mut s) = self.table.lane(features.iter(), action);
        let (m, v) = self.upper.lane(features.iter(), 0);
        mu += m;
        s += v;
        if group != 0 {
            let (m, v) = self.upper.lane(features.iter(), group);
            mu += m;
            s += v;
        }
        if let Some(full) = &mut self.full {
            let mut active = Active::default();
            full.activate(&features.rows, &features.values, &mut active);
            let (m, v) = full.score(&active, action);
            let loss = |mu: f32, s: f32| math::log_loss(f64::from(shrunk(mu + offset, s)), f64::from(y));
            for (kept, new) in self.losses.iter_mut().zip([loss(mu, s), loss(m, v)]) {
                *kept = 0.999 * *kept + new;
            }
            full.learn(&active, action, y, offset, weight, keep);
        }
        let p = math::sigmoid(mu + offset);
        let h = weight * (p * (1.0 - p)).max(1e-3);
        let g = weight * (y - p) / (1.0 + h * s);
        let shrink = h / (1.0 + h * s);
        for (row, x) in features.iter() {
            step(&mut self.table, row, action, x, g, shrink);
            if 0.0 < learning.shared_variance {
                step(&mut self.upper, row, 0, x, g, shrink);
            }
            if group != 0 {
                step(&mut self.upper, row, group, x, g, shrink);
            }
        }
        self.evidence[action] = self.evidence[action] * keep + weight;
        self.updates += 1;
    }
}

/// Moves one weight.
fn step(table: &mut Table, row: u32, lane: usize, x: f32, g: f32, shrink: f32) {
    let (m, v) = table.weight(row, lane);
    let vx = v * x;
    table.set(row, lane, (m + vx * g).clamp(-30.0, 30.0), (v - vx * vx * shrink).max(1e-7));
}

/// The posterior mean of the probability, approximately: σ(μ / √(1 + π s / 8)).
#[inline]
fn shrunk(mean: f32, variance: f32) -> f32 {
    math::sigmoid(mean / (1.0 + variance.max(0.0) * std::f32::consts::FRAC_PI_8).sqrt())
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
