#![doc = include_str!("../README.md")]

pub use apropos_condition as condition;
pub use apropos_context as context;
pub use apropos_evaluate as evaluate;
pub use apropos_event as event;
pub use apropos_journey as journey;
pub use apropos_learn as learn;
pub use apropos_nba as nba;
pub use apropos_profile as profile;
