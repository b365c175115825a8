//! What can be said of journeys without running them. Every problem has a code, a place and a help line.
//!
//! Not here: slips in single fields, which compiling reports; invariants, which model checking proves.

mod graph;
mod guards;
mod together;

use apropos_condition::Schema;
use apropos_event::{Path, Problems};

use crate::compile::Plan;

/// Checks all journeys; `paths` has the place of each plan. O(nodes + arrows), and the worlds that guards tell apart.
pub(crate) fn check(plans: &[Plan], paths: &[Path], schema: &Schema, problems: &mut Problems) {
    for (plan, path) in plans.iter().zip(paths) {
        graph::check(plan, path, problems);
        guards::check(plan, schema, path, problems);
    }
    together::check(plans, paths, problems);
}
