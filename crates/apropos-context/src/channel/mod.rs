//! Channels: the inventory, continuity across channels, and what each is worth to customers.
//!
//! Not here: consent and preferences, which are the profile's, and delivery, which is the host's.

mod assessment;
mod continuity;
mod inventory;

pub use assessment::{
    AssessmentDefinition, ChannelAssessment, ChannelFigures, ExperiencePart, PRIOR, Recommendation,
    assess_channels,
};
pub use continuity::{Continuity, ContinuityError, ContinuityToken, Resumption, SealKey, Taken, Waiting};
pub use inventory::{ChannelDefinition, Channels, Direction};
