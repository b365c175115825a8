//! The goal that the customer is pursuing now: stated by them, or inferred from what they do.

mod definition;
mod filter;
mod kind;

pub use definition::{GoalDefinition, GoalEvidence};
pub use filter::{GoalBelief, GoalFilter, GoalState, GoalStep};
pub use kind::Goal;

pub(crate) use filter::Says;
