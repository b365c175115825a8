//! From definitions to rules: everything is checked, and all problems are reported at once.
//!
//! Not here: the checks that look at a graph as a whole, see `lint`.

mod context;
mod fields;
mod invariant;
mod journey;
mod names;
mod node;
pub(crate) mod plan;
mod promise;

use apropos_condition::SchemaBuilder;
use apropos_event::{Path, Problem, Problems};

pub(crate) use journey::family;
pub(crate) use names::{ABANDONED, HUMAN, LEFT, OWN_OUTCOMES};
pub(crate) use plan::{Plan, Promise, RETURN};

use self::context::Context;
use crate::definition::{JourneyDefinition, PromiseDefinition};
use crate::limits::{MAX_JOURNEYS, MAX_PROMISES};
use crate::lint;
use crate::rules::JourneyRules;

impl JourneyRules {
    /// Compiles journeys and promises.
    ///
    /// Conditions are parsed against `schema`, in which the attributes of [`crate::attributes`] and of all other
    /// rooms are declared already. Problems carry paths that start at `journeys` and `promises`; when one of them is
    /// an error the rules must not be used. O(journeys × (nodes + arrows)) plus the analysis of guards.
    pub fn compile(
        journeys: &[JourneyDefinition],
        promises: &[PromiseDefinition],
        schema: &mut SchemaBuilder,
        problems: &mut Problems,
    ) -> Self {
        let path = Path::root().key("journeys");
        if MAX_JOURNEYS < journeys.len() || MAX_PROMISES < promises.len() {
            problems.push(Problem::error(
                "journey/too-many",
                path.clone(),
                format!(
                    "at most {MAX_JOURNEYS} journeys and {MAX_PROMISES} promises can be compiled together"
                ),
            ));
        }
        let mut context = Context::new(journeys, promises, schema, problems);
        let promises = promise::compile_all(promises, &mut context);
        let mut order: Vec<usize> = (0..journeys.len().min(MAX_JOURNEYS)).collect();
        order.sort_by_key(|at| (&journeys[*at].id, journeys[*at].version));
        let mut plans: Vec<Plan> = Vec::with_capacity(order.len());
        for at in order {
            let path = path.index(at);
            let definition = &journeys[at];
            if plans.last().is_some_and(|last| last.id == definition.id && last.version == definition.version)
            {
                context.problems.push(Problem::error(
                    "journey/duplicate-version",
                    path.key("version"),
                    format!("journey `{}` has version {} twice", definition.id, definition.version),
                ));
                continue;
            }
            if let Some(plan) = journey::compile(definition, &path, &mut context) {
                plans.push(plan);
            }
        }
        mark_live(&mut plans);
        // The schema as far as it is known: every condition of this room was read against it.
        let known = context.schema.clone().build();
        lint::check(&plans, &known, context.problems);
        let Context { kinds, reads, .. } = context;
        Self { reads, ..Self::assemble(plans, promises, kinds) }
    }
}

fn mark_live(plans: &mut [Plan]) {
    for at in 0..plans.len() {
        plans[at].live = plans.get(at + 1).is_none_or(|next| next.id != plans[at].id);
    }
}
