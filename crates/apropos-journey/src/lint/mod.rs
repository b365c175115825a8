//! What can be said of journeys without running them. Every problem has a code, a place and a help line.
//!
//! Not here: slips in single fields, which compiling reports; invariants, which model checking proves.

mod graph;
mod guards;
mod together;

use apropos_condition::Schema;
use apropos_event::Problems;

use crate::compile::plan::Plan;

/// Checks all journeys, those apart in which something is wrong already: what then looks odd follows from it. O(nodes + arrows), and the worlds that guards tell apart.
pub(crate) fn check(plans: &[Plan], schema: &Schema, problems: &mut Problems) {
    for plan in plans.iter().filter(|plan| plan.sound) {
        graph::check(plan, &plan.path, problems);
        guards::check(plan, schema, &plan.path, problems);
    }
    if plans.iter().all(|plan| plan.sound) {
        together::check(plans, problems);
    }
}
