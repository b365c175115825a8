//! Stages: where a customer is in each lifecycle, and for how long.
//!
//! Not here: journeys, which lead a customer through steps. A stage is only where somebody is.

mod cycle;
mod definition;

pub use cycle::{Cycles, StageState};
pub use definition::{CycleDefinition, StageDefinition, usual_cycle};
