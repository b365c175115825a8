//! A simulated world of marketing: 15 actions, 12 sparse flags, a base rate of about two in a hundred.

use apropos_event::{ActionId, draw};
use apropos_learn::{
    Features, Input, InputDefinition, InputKind, Model, ModelDefinition, Outcome, RewardDefinition, Scores,
    explore,
};

pub(crate) const FLAGS: usize = 12;

/// The truth about actions.
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) intercepts: Vec<f64>,
    pub(crate) weights: Vec<[f64; FLAGS]>,
}

/// A standard normal for (`seed`, `slot`): the sum of twelve uniforms less six.
pub(crate) fn normal(seed: u64, slot: u64) -> f64 {
    (0..12).map(|at| draw::uniform(seed, "normal", slot * 12 + at)).sum::<f64>() - 6.0
}

impl World {
    pub(crate) fn new(seed: u64, actions: usize) -> Self {
        let mut world = Self { seed, intercepts: Vec::new(), weights: Vec::new() };
        for action in 0..actions {
            world.intercepts.push(0.0);
            world.weights.push([0.0; FLAGS]);
            world.redraw(action, 0);
        }
        world
    }

    /// Draws an action anew.
    pub(crate) fn redraw(&mut self, action: usize, era: u64) {
        let slot = (era * 1_000 + action as u64) * 100;
        self.intercepts[action] = -4.2 + 0.5 * normal(self.seed, slot);
        for flag in 0..FLAGS {
            self.weights[action][flag] = 0.7 * normal(self.seed, slot + 1 + flag as u64);
        }
    }

    pub(crate) fn context(&self, t: u64) -> [bool; FLAGS] {
        let bits = draw::bits(self.seed, "context", t);
        // Each flag is set one time in four.
        std::array::from_fn(|flag| (bits >> (2 * flag)).trailing_zeros() >= 2)
    }

    pub(crate) fn rate(&self, action: usize, context: &[bool; FLAGS]) -> f64 {
        let logit: f64 =
            self.weights[action].iter().zip(context).filter(|(_, set)| **set).map(|(w, _)| w).sum();
        1.0 / (1.0 + (-(self.intercepts[action] + logit)).exp())
    }

    pub(crate) fn hit(&self, action: usize, context: &[bool; FLAGS], t: u64) -> f64 {
        f64::from(u8::from(draw::uniform(self.seed, "hit", t) < self.rate(action, context)))
    }
}

pub(crate) fn definition(seed: u64) -> ModelDefinition {
    let input = |at: usize| InputDefinition { name: format!("f{at}"), kind: InputKind::Flag };
    ModelDefinition {
        inputs: (0..FLAGS).map(input).collect(),
        rewards: vec![RewardDefinition { base_rate: 0.02, ..RewardDefinition::new("click") }],
        seed,
        ..ModelDefinition::default()
    }
}

pub(crate) fn action(at: usize) -> ActionId {
    ActionId::new(format!("a{at}")).unwrap()
}

pub(crate) fn inputs(context: &[bool; FLAGS]) -> [Input<'static>; FLAGS] {
    context.map(Input::Flag)
}

/// Room to decide in.
#[derive(Default)]
pub(crate) struct Decider {
    pub(crate) features: Features,
    pub(crate) scores: Scores,
    values: Vec<f64>,
    probabilities: Vec<f64>,
}

impl Decider {
    /// The optimistic scores of the last choice.
    pub(crate) fn values(&self) -> &[f64] {
        &self.values
    }

    /// Chooses among `candidates`.
    pub(crate) fn choose(
        &mut self,
        model: &Model,
        context: &[bool; FLAGS],
        candidates: &[u32],
        t: u64,
    ) -> usize {
        model.encode(&inputs(context), &mut self.features).unwrap();
        model.score(&self.features, candidates, 0, &mut self.scores).unwrap();
        let exploration = &model.definition().exploration;
        self.scores.optimistic(exploration.policy.optimism(), &mut self.values);
        let (policy, floor) = (&exploration.policy, exploration.floor);
        explore::probabilities(policy, &self.values, 1.0, t + 1, floor, &mut self.probabilities);
        let draw = draw::uniform(model.definition().seed, "choose", t);
        candidates[explore::choose(&self.probabilities, draw).unwrap().index] as usize
    }
}

/// Clicks lost to the best possible choices over `steps`, when `change` may alter the world before each.
pub(crate) fn lost(
    definition: &ModelDefinition,
    world: &mut World,
    steps: u64,
    change: impl Fn(&mut World, u64),
) -> f64 {
    let actions: Vec<ActionId> = (0..world.intercepts.len()).map(action).collect();
    let candidates: Vec<u32> = (0..actions.len() as u32).collect();
    let mut model = Model::new(definition, &actions).unwrap();
    let mut decider = Decider::default();
    let mut lost = 0.0;
    for t in 0..steps {
        change(world, t);
        let context = world.context(t);
        let chosen = decider.choose(&model, &context, &candidates, t);
        let best = (0..actions.len()).map(|a| world.rate(a, &context)).fold(0.0, f64::max);
        lost += best - world.rate(chosen, &context);
        let outcome = Outcome::new(0, world.hit(chosen, &context, t));
        model.learn(&decider.features, chosen as u32, &outcome, 1.0).unwrap();
    }
    lost
}
