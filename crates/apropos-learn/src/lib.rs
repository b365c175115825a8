#![doc = include_str!("../README.md")]

mod blocks;
mod calibrate;
mod check;
mod definition;
mod delay;
mod digest;
mod drift;
mod encoder;
mod error;
mod explain;
pub mod explore;
mod full;
mod guard;
pub mod join;
mod kernel;
mod math;
mod merge;
mod model;
mod reward;
mod rows;
pub mod scorecard;
mod scores;
mod shadow;
mod snapshot;
mod tier;

pub use calibrate::Isotonic;
pub use definition::{
    CrossDefinition, EncoderDefinition, ExplorationDefinition, FullDefinition, GroupDefinition,
    InputDefinition, InputKind, LearningDefinition, ModelDefinition, RewardDefinition, SafetyDefinition,
};
pub use delay::DelayCurve;
pub use encoder::{FeatureKind, Features, Input, MAX_INPUTS, MAX_NUMBER, Slot, category_code};
pub use error::LearnError;
pub use explain::{Contribution, Contributions};
pub use guard::Guarded;
pub use merge::MergeError;
pub use model::{MAX_ACTIONS, MAX_REWARDS, Model, Outcome};
pub use scores::{Estimate, Scores};
pub use shadow::{Apprentice, Seen, Shadow};
pub use snapshot::{SNAPSHOT_VERSION, SnapshotError};
