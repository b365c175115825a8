#![doc = include_str!("../README.md")]

mod analysis;
mod bindings;
pub mod care;
mod compile;
mod customer;
mod engine;
pub mod load;
pub mod log;
mod model;
mod playbook;
mod section;

pub use apropos_context::Moment;
pub use apropos_nba::{Choice, Decision, Explanation, Outcome, OutcomeKind};
pub use apropos_profile::Pepper;
pub use customer::Customer;
pub use engine::{Engine, HANDOFF_CLOSED, ObserveError, Observed, Workspace};
pub use model::Model;
pub use playbook::{FORMAT, Playbook};
pub use section::ModelSection;

pub use apropos_condition as condition;
pub use apropos_context as context;
pub use apropos_evaluate as evaluate;
pub use apropos_event as event;
pub use apropos_journey as journey;
pub use apropos_learn as learn;
pub use apropos_nba as nba;
pub use apropos_profile as profile;

/// The pages whose code is tested: the README and the guide.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../../README.md")]
    mod readme {}
    #[doc = include_str!("../../../docs/guide/01-start.md")]
    mod start {}
    #[doc = include_str!("../../../docs/guide/02-writing-a-playbook.md")]
    mod writing_a_playbook {}
    #[doc = include_str!("../../../docs/guide/03-embedding.md")]
    mod embedding {}
    #[doc = include_str!("../../../docs/guide/04-explaining-and-replaying.md")]
    mod explaining_and_replaying {}
    #[doc = include_str!("../../../docs/guide/05-learning.md")]
    mod learning {}
    #[doc = include_str!("../../../docs/guide/06-evaluating.md")]
    mod evaluating {}
}
