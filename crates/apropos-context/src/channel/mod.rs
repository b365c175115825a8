//! Channels: the inventory, continuity across channels, and what each is worth to customers.
//!
//! Not here: consent and preferences, which are the profile's, and delivery, which is the host's.

mod inventory;

pub use inventory::{ChannelDefinition, Channels, Direction};
