//! What an author writes: journeys, nodes, promises, migrations and invariants as plain serde data.
//!
//! Not here: whether it makes sense. [`crate::JourneyRules::compile`] checks it and reports everything at once.

mod invariant;
mod journey;
mod node;
mod pattern;
mod promise;

pub use invariant::{InvariantDefinition, Situation};
pub use journey::{
    EntryDefinition, ExitDefinition, GoalDefinition, HumanDefinition, JourneyDefinition, MigrationDefinition,
    Reentry,
};
pub use node::{Arm, Branch, EventClock, NodeDefinition, NodeKind, OnEvent, TimerRestore};
pub use pattern::EventPattern;
pub use promise::{Expectation, ExpectationSource, PromiseDefinition, RepairDefinition};
