#![doc = include_str!("../README.md")]

mod check;
mod definition;
mod encoder;
mod error;
mod explain;
pub mod explore;
mod full;
mod math;
mod model;
mod rows;
mod scores;
mod snapshot;

pub use definition::{
    CrossDefinition, EncoderDefinition, ExplorationDefinition, FullDefinition, GroupDefinition,
    InputDefinition, InputKind, LearningDefinition, ModelDefinition, RewardDefinition, SafetyDefinition,
};
pub use encoder::{FeatureKind, Features, Input, MAX_INPUTS, MAX_NUMBER, Slot, category_code};
pub use error::LearnError;
pub use explain::{Contribution, Contributions};
pub use model::{MAX_ACTIONS, MAX_REWARDS, Model, Outcome};
pub use scores::{Estimate, Scores};
pub use snapshot::{SNAPSHOT_VERSION, SnapshotError};
