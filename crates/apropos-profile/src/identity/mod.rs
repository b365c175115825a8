//! Who is who: links between keys, the clusters they make, and the cases that a person must decide.
//!
//! A link is a fact with source, evidence, confidence and time, and it can be retracted; a cluster is computed from the
//! links that stand. Not here: what is known of the members of a cluster, see [`crate::Profile`].

mod graph;
mod link;
mod normalise;
#[cfg(test)]
mod tests;

pub use graph::{Changed, IdentityError, IdentityGraph, Node};
pub use link::{Case, CaseReason, Link};
pub use normalise::{BlockedValue, Normalised, normalise};
