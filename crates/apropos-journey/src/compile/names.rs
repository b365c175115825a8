//! The names and outcomes of the journey that is being compiled, by number.
//!
//! Not here: who asks for them, see `journey` and `node`.

use std::collections::BTreeMap;

use apropos_event::{NodeId, Path};

use super::context::Context;
use super::plan::Target;

/// The outcome of an instance whose time was up.
pub(crate) const TIMED_OUT: &str = "timed_out";
/// The outcome of an instance ended by command without another outcome.
pub(crate) const LEFT: &str = "left";
/// The outcome of an inner journey whose outer journey went on without it.
pub(crate) const ABANDONED: &str = "abandoned";
/// The outcomes that every journey has.
pub(crate) const OWN_OUTCOMES: [&str; 3] = [TIMED_OUT, LEFT, ABANDONED];
/// The node made by `human.queue`.
pub(crate) const HUMAN: &str = "human";

/// The names and outcomes of the journey being compiled.
pub(super) struct Names {
    pub(super) family: u64,
    pub(super) nodes: BTreeMap<NodeId, u16>,
    pub(super) goals: Vec<String>,
    pub(super) stages: Vec<String>,
    pub(super) outcomes: Vec<String>,
    pub(super) has_zone: bool,
}

impl Names {
    /// The number of a node; an unknown one is reported.
    pub(super) fn node(&self, id: &NodeId, path: Path, context: &mut Context<'_>) -> u16 {
        self.nodes.get(id).copied().unwrap_or_else(|| {
            let known = self.nodes.keys().map(NodeId::as_str);
            context.unknown("journey/unknown-node", path, "node", id.as_str(), known);
            0
        })
    }

    /// The number of an outcome, which is added when it is new.
    pub(super) fn outcome(&mut self, text: &str) -> u16 {
        let at = self.outcomes.iter().position(|known| known == text).unwrap_or_else(|| {
            self.outcomes.push(text.to_owned());
            self.outcomes.len() - 1
        });
        at as u16
    }

    /// What `on_timeout` says.
    pub(super) fn target(
        &mut self,
        text: &str,
        next: Option<u16>,
        path: &Path,
        context: &mut Context<'_>,
    ) -> Target {
        match (text, next) {
            ("exit", _) => Target::Exit(self.outcome(TIMED_OUT)),
            ("continue", Some(next)) => Target::Node(next),
            ("continue", None) => {
                context.error("journey/missing-field", path.clone(), "`continue` needs a `next` to go on to");
                Target::Exit(self.outcome(TIMED_OUT))
            }
            (id, _) => match id.parse::<NodeId>() {
                Ok(id) => Target::Node(self.node(&id, path.clone(), context)),
                Err(error) => {
                    context.error("journey/unknown-node", path.clone(), error.to_string());
                    Target::Exit(self.outcome(TIMED_OUT))
                }
            },
        }
    }
}
