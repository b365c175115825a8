//! Slips in invariants: what an invariant speaks of must be there, or it would hold for the wrong reason.
//!
//! Not here: whether it holds, see `check`.

use apropos_event::{ActionId, NodeId, Path, Problem, did_you_mean};

use super::context::Context;
use crate::definition::{InvariantDefinition, JourneyDefinition};

/// Checks the invariants of one journey.
pub(super) fn check(definition: &JourneyDefinition, path: &Path, context: &mut Context<'_>) {
    for (at, invariant) in definition.invariants.iter().enumerate() {
        let path = path.key("invariants").index(at);
        match invariant {
            InvariantDefinition::Never(situation) => {
                let path = path.key("never");
                context.optional(situation.holds.as_ref(), &path.key("while"));
                for (number, node) in situation.at.iter().enumerate() {
                    let names = definition.nodes.keys().map(NodeId::as_str);
                    if !definition.nodes.contains_key(node) {
                        let path = path.key("at").index(number);
                        context.unknown("journey/unknown-node", path, "node", node.as_str(), names);
                    }
                }
                offered(definition, &situation.offering, &path.key("offering"), context);
            }
            InvariantDefinition::AtMost { of, .. } => {
                offered(definition, of, &path.key("at_most").key("of"), context);
            }
            InvariantDefinition::HumanWithin { .. } => {}
        }
    }
}

/// Warns of actions that no node of the journey offers.
pub(super) fn offered(
    definition: &JourneyDefinition,
    actions: &[ActionId],
    path: &Path,
    context: &mut Context<'_>,
) {
    let known = || definition.nodes.values().flat_map(|node| &node.actions);
    for (at, action) in actions.iter().enumerate() {
        if known().all(|offered| offered != action) {
            let message = format!("no node of this journey offers `{action}`");
            let mut problem = Problem::warning("journey/never-offered", path.index(at), message);
            problem.help = did_you_mean(action.as_str(), known().map(ActionId::as_str));
            context.problems.push(problem);
        }
    }
}
