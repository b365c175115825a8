//! What an author writes about a model: its inputs, rewards, exploration and the few numbers behind them.
//!
//! Plain data; nothing is checked here. [`crate::Model::new`] checks all of it and reports all problems at once.

use apropos_event::{ActionId, Duration};
use serde::{Deserialize, Serialize};

use crate::explore::Policy;

/// A model as its author writes it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelDefinition {
    /// What the model sees of a context, in the order in which inputs are given to [`crate::Model::encode`].
    pub inputs: Vec<InputDefinition>,
    /// Pairs of inputs that matter together.
    pub crosses: Vec<CrossDefinition>,
    /// Actions that resemble each other and share what is learned.
    pub groups: Vec<GroupDefinition>,
    /// The rewards the model predicts, each on its own. At least one.
    pub rewards: Vec<RewardDefinition>,
    /// How actions are tried that do not look best.
    pub exploration: ExplorationDefinition,
    /// How inputs become features.
    pub encoder: EncoderDefinition,
    /// How fast and how far weights move.
    pub learning: LearningDefinition,
    /// The tier with full covariance.
    pub full: FullDefinition,
    /// What one subject and one bad day may do to the model.
    pub safety: SafetyDefinition,
    /// Seeds the encoder's sampling; two models with the same seed and the same updates are the same to the bit.
    pub seed: u64,
}

/// One input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputDefinition {
    /// Its name, unique in the model.
    pub name: String,
    /// What its values are.
    pub kind: InputKind,
}

/// What the values of an input are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum InputKind {
    /// A quantity with an order.
    Number,
    /// One of many names without an order.
    Category,
    /// Yes or no.
    Flag,
}

/// Two inputs that matter together, such as hour and channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrossDefinition {
    /// One input, by name.
    pub left: String,
    /// The other.
    pub right: String,
}

/// Actions that share what is learned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupDefinition {
    /// The group's name, unique in the model.
    pub name: String,
    /// Its actions. An action is in one group at most.
    pub actions: Vec<ActionId>,
}

/// One kind of reward, such as a click or a purchase.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RewardDefinition {
    /// Its name, unique in the model.
    pub name: String,
    /// How long after the decision an outcome still counts.
    #[serde(default = "RewardDefinition::default_window")]
    pub window: Duration,
    /// When what has not happened yet is looked at: rising, each within the window. Empty: once, at its end.
    #[serde(default)]
    pub looks: Vec<Duration>,
    /// The reward of a decision whose window passed without any outcome, in [0, 1].
    #[serde(default)]
    pub default: f64,
    /// What share of decisions is rewarded before anything is known, in (0, 1).
    #[serde(default = "RewardDefinition::default_base_rate")]
    pub base_rate: f64,
}

impl RewardDefinition {
    /// A reward called `name` with the usual settings.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            window: Self::default_window(),
            looks: Vec::new(),
            default: 0.0,
            base_rate: Self::default_base_rate(),
        }
    }

    fn default_window() -> Duration {
        Duration::from_days(7)
    }

    fn default_base_rate() -> f64 {
        0.5
    }
}

/// How actions are tried that do not look best.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExplorationDefinition {
    /// The family.
    pub policy: Policy,
    /// The least probability of an eligible action, times their number; 0 to 1.
    pub floor: f64,
}

impl Default for ExplorationDefinition {
    fn default() -> Self {
        Self { policy: Policy::default(), floor: 0.001 }
    }
}

/// How inputs become features.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EncoderDefinition {
    /// Knots of the hat basis of a number, 2 to 16.
    pub knots: usize,
    /// Values of a number kept for its quantiles, 16 to 65,536.
    pub reservoir: usize,
    /// How often a category must have been seen before it gets a weight of its own; the first 16 of an input need be seen
    /// only twice.
    pub rare_after: u32,
    /// The most categories of one input with a weight of their own, 1 to 65,536.
    pub categories: usize,
    /// A number's distance from its mean is cut at this many standard deviations.
    pub clip: f64,
    /// How many pairs of inputs that matter together the model may find by itself, 0 to 64.
    pub learned_crosses: usize,
}

impl Default for EncoderDefinition {
    fn default() -> Self {
        Self { knots: 8, reservoir: 1_024, rare_after: 20, categories: 256, clip: 4.0, learned_crosses: 8 }
    }
}

/// How fast and how far weights move.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LearningDefinition {
    /// Prior variance of an action's intercept.
    pub bias_variance: f32,
    /// Prior variance of an action's weights with 16 inputs; with n it is (16 / n)^¾ times that.
    pub weight_variance: f32,
    /// The share of that prior variance that hat features have beside the straight line.
    pub shape: f32,
    /// Prior variance of the intercept that all actions share.
    pub shared_bias_variance: f32,
    /// Prior variance of the other weights that all actions share, 0 to share none of them.
    pub shared_variance: f32,
    /// Prior variance of the weights that a group shares.
    pub group_variance: f32,
    /// Outcomes after which what was learned counts half; 0: nothing is forgotten.
    pub half_life: f32,
}

impl Default for LearningDefinition {
    fn default() -> Self {
        Self {
            bias_variance: 0.2,
            weight_variance: 0.3,
            shape: 0.5,
            shared_bias_variance: 1.0,
            shared_variance: 0.0,
            group_variance: 0.1,
            half_life: 5_000.0,
        }
    }
}

/// The tier that keeps how weights vary together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FullDefinition {
    /// The most features of an action in this tier, 0 to 512; 0 leaves the tier out.
    pub features: usize,
    /// The most memory this tier may take, in bytes; with more actions than fit the tier is left out.
    pub bytes: usize,
    /// Whether hats take part when they all fit.
    pub hats: bool,
    /// Only this many of the best candidates of the first tier are scored again.
    pub short_list: usize,
}

impl Default for FullDefinition {
    fn default() -> Self {
        Self { features: 384, bytes: 16 << 20, hats: true, short_list: 32 }
    }
}

/// What one subject and one bad day may do to the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SafetyDefinition {
    /// The largest sum of weights of one subject's outcomes for one action a day; 0: not bounded.
    pub subject_weight: f64,
    /// The most by which one subject's outcomes for one action may be better, or worse, than was predicted while they are
    /// remembered (64 days), in sure rewards; what goes further that way is not learned. 0: not bounded.
    pub subject_excess: f64,
    /// Roll back when the loss of the last 1,000 outcomes exceeds the usual one this many times; 0: never.
    pub spike: f64,
}

impl Default for SafetyDefinition {
    fn default() -> Self {
        Self { subject_weight: 1.0, subject_excess: 2.5, spike: 3.0 }
    }
}
