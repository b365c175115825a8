//! What can be said of a journey without running it. Every problem has a code, a place and a help line.
//!
//! Not here: slips in single fields, which compiling reports; invariants, which model checking proves.

mod graph;

use apropos_event::{Path, Problems};

use crate::compile::Plan;

/// Checks one journey by itself. O(nodes + arrows).
pub(crate) fn check(plan: &Plan, path: &Path, problems: &mut Problems) {
    graph::check(plan, path, problems);
}
