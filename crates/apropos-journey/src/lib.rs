#![doc = include_str!("../README.md")]

// In reading order.
mod definition;

mod compile;
mod lint;
mod rules;

mod effect;
mod state;
mod step;
mod touch;
mod trail;

mod facts;
mod migrate;
mod offers;
mod view;

mod ahead;
mod check;
mod picture;

pub mod limits;

pub use ahead::{
    Choice, DecisionProcess, DropOff, JourneyCounts, Lateness, NodeOutlook, NodeReach, Onward, Outlook,
    OutlookOptions, ProcessError, ReachOutlook, Solution, Transition,
};
pub use check::{TraceStep, Verdict};
pub use definition::{
    Arm, Branch, EntryDefinition, EventClock, EventPattern, ExitDefinition, Expectation, ExpectationSource,
    GoalDefinition, HumanDefinition, InvariantDefinition, JourneyDefinition, MigrationDefinition,
    NodeDefinition, NodeKind, OnEvent, PromiseDefinition, Reentry, RepairDefinition, Situation, TimerRestore,
};
pub use effect::{Advance, Effect, EffectKey, EffectKind, Move, Stop, StopReason};
pub use facts::{JourneyBinding, attributes};
pub use migrate::{Migration, MigrationReport};
pub use offers::{ActionBinding, Offer, OfferSource, Standing};
pub use picture::{Picture, PictureArrow, PictureNode, Shape};
pub use rules::JourneyRules;
pub use state::{Instance, JourneyState, PromiseState, PromiseStatus, Status};
pub use step::{Command, Input};
pub use view::InstanceView;
