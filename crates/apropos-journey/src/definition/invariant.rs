//! What an author wants always to be true of a journey, for bounded model checking.
//!
//! Not here: the checking itself.

use apropos_event::{ActionId, Duration, NodeId};
use serde::{Deserialize, Serialize};

/// Something that must hold in every state that the journey can get into.
///
/// ```
/// let never: apropos_journey::InvariantDefinition =
///     toml::from_str("never = { offering = ['upgrade'], while = 'service.complaint_open' }")?;
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum InvariantDefinition {
    /// The situation never arises.
    Never(Situation),
    /// From wherever the instance rests, a person is at most this many inputs away.
    HumanWithin {
        /// How many inputs.
        steps: u32,
    },
    /// In no stretch of time of this length are more offers made than this.
    AtMost {
        /// How many.
        contacts: u32,
        /// In how long.
        per: Duration,
        /// Which actions count; none means all.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        of: Vec<ActionId>,
    },
}

/// A situation: all that is said must be true at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Situation {
    /// One of these actions is offered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offering: Vec<ActionId>,
    /// The instance rests at one of these nodes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub at: Vec<NodeId>,
    /// The condition holds.
    #[serde(default, rename = "while", skip_serializing_if = "Option::is_none")]
    pub holds: Option<String>,
}
