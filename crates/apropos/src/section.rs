//! The section `[model]` of a playbook: what is learned, and from what.
//!
//! Not here: what counts as success, which `[[rewards]]` say and nothing else; the model itself, see `apropos-learn`.

use apropos_event::{Path, Problem, Problems, Segment};
use apropos_learn::{
    CrossDefinition, EncoderDefinition, ExplorationDefinition, FullDefinition, GroupDefinition,
    InputDefinition, LearningDefinition, ModelDefinition, RewardDefinition, SafetyDefinition,
};
use serde::{Deserialize, Serialize};

use crate::Playbook;

/// What is learned, and from what. The model predicts one thing: whether a decision succeeds, as `[[rewards]]` say it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelSection {
    /// What the model sees of a customer and a moment: names of attributes.
    pub inputs: Vec<InputDefinition>,
    /// Pairs of inputs that matter together.
    pub crosses: Vec<CrossDefinition>,
    /// Actions that resemble each other and share what is learned.
    pub groups: Vec<GroupDefinition>,
    /// What share of decisions succeeds before anything is known, in (0, 1).
    pub base_rate: f64,
    /// How actions are tried that do not look best.
    pub exploration: ExplorationDefinition,
    /// How inputs become features.
    pub encoder: EncoderDefinition,
    /// How fast and how far weights move.
    pub learning: LearningDefinition,
    /// The tier with full covariance.
    pub full: FullDefinition,
    /// What one customer and one bad day may do to the model.
    pub safety: SafetyDefinition,
    /// Seeds the encoder's sampling.
    pub seed: u64,
}

impl Default for ModelSection {
    fn default() -> Self {
        let ModelDefinition {
            inputs,
            crosses,
            groups,
            exploration,
            encoder,
            learning,
            full,
            safety,
            seed,
            ..
        } = ModelDefinition::default();
        let base_rate = RewardDefinition::new(SUCCESS).base_rate;
        Self { inputs, crosses, groups, base_rate, exploration, encoder, learning, full, safety, seed }
    }
}

/// The one thing that is predicted.
const SUCCESS: &str = "success";

/// The model of a playbook, in the words of the learner.
pub(crate) fn definition(playbook: &Playbook) -> ModelDefinition {
    let section = playbook.model.clone();
    let success = RewardDefinition::new(SUCCESS);
    // The longest of the windows: which of them closes a decision, its action knows.
    let window = playbook.rewards.iter().map(|rule| rule.within).max().filter(|window| window.is_positive());
    ModelDefinition {
        inputs: section.inputs,
        crosses: section.crosses,
        groups: section.groups,
        rewards: vec![RewardDefinition {
            window: window.unwrap_or(success.window),
            base_rate: section.base_rate,
            ..success
        }],
        exploration: section.exploration,
        encoder: section.encoder,
        learning: section.learning,
        full: section.full,
        safety: section.safety,
        seed: section.seed,
    }
}

/// What the learner says of its definition, at the places of the playbook.
pub(crate) fn at_their_places(found: Problems) -> Problems {
    let place = |problem: Problem| match problem.path.segments() {
        [Segment::Key(list), Segment::Index(_), Segment::Key(field)] if list == "rewards" => {
            Problem { path: Path::root().key(field.clone()), ..problem }
        }
        _ => problem,
    };
    // An action that is there twice was told where it stands.
    found.into_iter().filter(|problem| problem.code != "learn/duplicate-action").map(place).collect()
}
