//! A journey as an author writes it: entry, re-entry, exits, goals, limits and nodes.
//!
//! Not here: single nodes, see the node module; promises, see the promise module.

use std::collections::BTreeMap;

use apropos_event::{ActionId, Duration, JourneyId, NodeId, PropertyName, Zone};
use serde::{Deserialize, Serialize};

use super::{EventPattern, InvariantDefinition, NodeDefinition};

/// A journey, defined once and the same on every channel.
///
/// A version, once published, is never changed: instances are pinned to the version they entered, and move to a
/// later one only by a [`MigrationDefinition`]. Of several versions with one id the highest takes new entries.
///
/// ```
/// let journey: apropos_journey::JourneyDefinition = toml::from_str(r#"
///     id = "onboarding"
///     version = 1
///     start = "first_login"
///     entry.on = [{ event = "account_opened" }]
///     reentry = "never"
///     exits = [{ outcome = "closed", on = [{ event = "account_closed" }] }]
///     human.queue = "service"
///
///     [nodes.first_login]
///     kind = "offer"
///     actions = ["show_tour"]
///     on = [{ event = "login", to = "done" }]
///     within = "7d"
///     on_timeout = "exit"
///
///     [nodes.done]
///     kind = "exit"
///     outcome = "settled"
/// "#)?;
/// assert_eq!(journey.nodes.len(), 2);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JourneyDefinition {
    /// The journey's name: a lower-case identifier, since conditions speak of `journey.<id>.node`.
    pub id: JourneyId,
    /// The version.
    #[serde(default = "first_version")]
    pub version: u32,
    /// What an author says about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    /// The first node.
    pub start: NodeId,
    /// How customers come in.
    #[serde(default)]
    pub entry: EntryDefinition,
    /// Whether they may come in again.
    #[serde(default)]
    pub reentry: Reentry,
    /// What ends the journey at once, wherever the instance stands.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exits: Vec<ExitDefinition>,
    /// What the journey is for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub goals: Vec<GoalDefinition>,
    /// The longest an instance lives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Duration>,
    /// What happens then: `"exit"` or a node. `"exit"` when not said; the outcome is `timed_out`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_timeout: Option<String>,
    /// The way to a person from every node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub human: Option<HumanDefinition>,
    /// The zone for local times of customers whose zone is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<Zone>,
    /// The stages in order; nodes name theirs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<String>,
    /// Actions that may be offered only where this journey offers them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owns: Vec<ActionId>,
    /// What must always be true of this journey; see [`crate::JourneyRules::verify`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub invariants: Vec<InvariantDefinition>,
    /// The nodes by name.
    pub nodes: BTreeMap<NodeId, NodeDefinition>,
}

fn first_version() -> u32 {
    1
}

/// How customers come in: by an event, by a condition that becomes true, by a command, or as part of another journey.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryDefinition {
    /// Events that let the customer in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on: Vec<EventPattern>,
    /// With `on`: what must hold as well. Alone: the customer comes in when it becomes true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// The property of the entering event that tells instances apart, such as `cart_id`. Later events that carry
    /// the property reach only the instance with the same value; events without it reach all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<PropertyName>,
    /// Events that occurred longer ago than this let nobody in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<Duration>,
}

/// Whether a customer (with keyed entry: the same key) may come in again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Reentry {
    /// Never again, however long ago it was. A hashed tombstone keeps this true even after erasure.
    Never,
    /// Once at a time: again after the exit, when `cooldown` has passed.
    AfterExit {
        /// How long after the exit.
        #[serde(default)]
        cooldown: Duration,
    },
    /// Several at once, at most `max`; one at most for each key when the entry is keyed.
    Concurrent {
        /// How many at once.
        max: u16,
    },
}

impl Default for Reentry {
    /// After the exit, at once.
    fn default() -> Self {
        Self::AfterExit { cooldown: Duration::ZERO }
    }
}

/// What ends an instance at once, pre-empting any wait.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExitDefinition {
    /// What the journey then ended with.
    pub outcome: String,
    /// Events that end it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on: Vec<EventPattern>,
    /// With `on`: what must hold as well. Alone: what ends it as soon as an input finds it true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
}

/// What the journey is for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoalDefinition {
    /// The goal's name.
    pub id: String,
    /// Events that reach it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on: Vec<EventPattern>,
    /// With `on`: what must hold as well. Alone: what reaches it as soon as an input finds it true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// Whether reaching it ends the journey.
    #[serde(default = "yes")]
    pub ends: bool,
    /// What reaching it is worth, for looking ahead.
    #[serde(default)]
    pub value: f64,
}

fn yes() -> bool {
    true
}

/// The way to a person.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HumanDefinition {
    /// The queue of people. Makes a hand-off node named `human`, reached by command from everywhere, that returns to
    /// where the customer was when the person has closed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// A hand-off node of the journey instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<NodeId>,
    /// Events by which the customer asks for a person, pre-empting any wait.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on: Vec<EventPattern>,
    /// Events by which the person closes the case, for the node made by `queue`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub closed_by: Vec<EventPattern>,
}

/// How the instances of one version move to another: every node says where to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MigrationDefinition {
    /// The journey.
    pub journey: JourneyId,
    /// The version to move from.
    pub from: u32,
    /// The version to move to.
    pub to: u32,
    /// For every node of the old version that an instance can stand at: a node of the new one, or `exit`.
    pub nodes: BTreeMap<NodeId, NodeId>,
}
