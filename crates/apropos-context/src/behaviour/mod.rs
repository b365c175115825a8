//! Behaviour: signals that declared detectors read from the stream of events.
//!
//! Not here: what the customer is after, see [`crate::Goal`].

mod definition;
mod detect;
mod usual;

pub use definition::{EvidenceDefinition, Repeat, SignalDefinition, Silence};
pub use detect::{Detectors, Evidence, SignalState};
pub use usual::usual_signals;

pub(crate) use detect::Clue;
