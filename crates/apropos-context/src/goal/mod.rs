//! The goal that the customer is pursuing now.

mod kind;

pub use kind::Goal;
