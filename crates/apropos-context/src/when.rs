//! Conditions of a definition: read while compiling, evaluated over facts.

use apropos_condition::{Condition, Facts, SchemaBuilder, Truth};
use apropos_event::{Path, Problems};

/// Reads a condition; what is wrong with it is reported, at `path`, and `None` given.
pub(crate) fn parse(
    text: &str,
    schema: &mut SchemaBuilder,
    path: &Path,
    problems: &mut Problems,
) -> Option<Condition> {
    match Condition::parse(text, schema) {
        Ok((condition, warnings)) => {
            problems.absorb(path, warnings);
            Some(condition)
        }
        Err(found) => {
            problems.absorb(path, found);
            None
        }
    }
}

/// Whether a condition holds for certain: what is unknown does not.
pub(crate) fn holds(condition: &Condition, facts: &Facts) -> bool {
    condition.evaluate(facts) == Truth::True
}
