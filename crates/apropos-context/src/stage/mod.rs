//! Stages: where a customer is in each lifecycle, and for how long.
//!
//! Not here: journeys, which lead a customer through steps. A stage is only where somebody is.

mod cycle;
mod definition;
mod tally;

pub use cycle::{Cycles, StageState};
pub use definition::{CycleDefinition, StageDefinition, TallyDefinition, usual_cycle};
pub use tally::{SubjectState, Tally};

pub(crate) use cycle::{Aspect, Move};
