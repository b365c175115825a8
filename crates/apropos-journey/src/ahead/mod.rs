//! Looking ahead: what usually happens next, how long it takes, what a state is worth.
//!
//! [`JourneyCounts`] are learned from [`crate::Advance::moves`] and merged by addition; an [`Outlook`] is computed
//! from them, on publishing or every ten thousand events.
//!
//! Not here: anything that moves a customer.

mod answer;
mod chain;
mod counts;
mod lateness;
mod linear;
mod outlook;
mod process;

pub use answer::{DropOff, NodeOutlook, NodeReach, Onward, Outlook, OutlookOptions, ReachOutlook};
pub use counts::JourneyCounts;
pub use lateness::Lateness;
pub use process::{Choice, DecisionProcess, ProcessError, Solution, Transition};
