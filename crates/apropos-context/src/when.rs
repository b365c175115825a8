//! Conditions of a definition, evaluated over facts.

use apropos_condition::{Condition, Facts, Truth};

/// Whether a condition holds for certain: what is unknown does not.
pub(crate) fn holds(condition: &Condition, facts: &Facts) -> bool {
    condition.evaluate(facts) == Truth::True
}
