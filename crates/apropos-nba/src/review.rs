//! What an author should look at in a catalogue that is sound: actions that can never be chosen, and what nobody uses.
//!
//! Not here: mistakes, which `catalogue` refuses, and conditions, which are looked at where all rooms meet.

use apropos_context::{Channels, Direction};
use apropos_event::{ActionId, Path, Problem, Problems, did_you_mean};

use crate::definition::{ActionDefinition, TreatmentDefinition};
use crate::layout::concerns;
use crate::{Catalogue, LimitDefinition};

impl Catalogue {
    /// Warns of actions that can never be chosen, and of groups and resources that no action uses.
    ///
    /// O(actions × limits + groups + resources).
    pub fn review(&self, channels: &Channels, problems: &mut Problems) {
        let root = Path::root();
        for (at, action) in self.actions.iter().enumerate() {
            let path = root.key("actions").index(at);
            let definition = &action.definition;
            if definition.benefit.is_zero() && !definition.class.is_owed() {
                let message =
                    format!("`{}` is never chosen: it is of no benefit to the customer", definition.id);
                problems.push(
                    Problem::warning("nba/no-benefit", path.key("id"), message)
                        .with_help("say with `benefit` what it is worth to them, or leave the action out"),
                );
            }
            if let Some(why) = self.forbidden(definition, channels) {
                let message = format!("`{}` is never chosen: {why}", definition.id);
                problems.push(
                    Problem::warning("nba/never-allowed", path.key("treatments"), message)
                        .with_help("allow one of its treatments, or leave the action out"),
                );
            }
        }
        for (at, group) in self.groups.iter().enumerate() {
            if self.actions.iter().all(|action| action.definition.group.as_ref() != Some(group)) {
                let message = format!("no action is in group `{group}`");
                problems.push(Problem::warning("nba/unused-group", root.key("groups").index(at), message));
            }
        }
        for name in &self.resources {
            if self.actions.iter().all(|action| action.definition.uses.as_ref() != Some(name)) {
                let message = format!("no action uses `{name}`");
                let path = root.key("resources").key(name.as_str());
                problems.push(Problem::warning("nba/unused-resource", path, message));
            }
        }
    }

    /// Why the catalogue and its contact policy never let an action through, if they never do. An action that is
    /// switched off for now is not among them: the switch is for emergencies.
    pub fn never_allows(&self, action: &ActionId, channels: &Channels) -> Option<String> {
        if let Some(definition) = self.action(action) {
            return self.forbidden(definition, channels);
        }
        let known = self.ids.iter().map(ActionId::as_str);
        let help = did_you_mean(action.as_str(), known).map(|help| format!("; {help}"));
        Some(format!("there is no such action{}", help.unwrap_or_default()))
    }

    fn forbidden(&self, action: &ActionDefinition, channels: &Channels) -> Option<String> {
        let mut first = None;
        for treatment in &action.treatments {
            let why = self.blocked(action, treatment, channels)?;
            first.get_or_insert(why);
        }
        first
    }

    /// Why a treatment is never open: a limit of none, or a public channel for something personal.
    fn blocked(
        &self,
        action: &ActionDefinition,
        treatment: &TreatmentDefinition,
        channels: &Channels,
    ) -> Option<String> {
        let channel = channels.get(&treatment.channel)?;
        if action.personal && channel.public {
            return Some(format!("it is personal, and `{}` is public", channel.id));
        }
        // Where the customer comes by themselves, limits do not count.
        if action.class.is_owed() || channel.direction != Direction::Outbound {
            return None;
        }
        let closes = |limit: &&LimitDefinition| limit.at_most == 0 && concerns(limit, action, &channel.id);
        let limit = self.policy.limits.iter().find(closes)?;
        Some(format!("limit `{}` allows none on `{}`", limit.name, channel.id))
    }
}
