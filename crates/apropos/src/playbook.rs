//! The playbook: everything an author writes, as one plain value.
//!
//! Not here: checking it, see `engine`; reading it from text, see `load`.

use std::collections::BTreeMap;

use apropos_condition::AttributeDefinition;
use apropos_context::ContextDefinition;
use apropos_event::{Currency, Problems, Zone};
use apropos_journey::{JourneyDefinition, PromiseDefinition};
use apropos_nba::{
    ActionDefinition, CatalogueDefinition, Fingerprint, GroupDefinition, PolicyDefinition, RewardDefinition,
};
use apropos_profile::ProfileDefinition;
use serde::{Deserialize, Serialize};

use crate::ModelSection;
use crate::load::{self, Format};

/// The version of the playbook format that is read.
pub const FORMAT: u32 = 1;

/// Everything an author writes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Playbook {
    /// The version of the format: 1.
    pub format: u32,
    /// The playbook's name.
    pub name: String,
    /// The author's version of it.
    #[serde(default)]
    pub version: String,
    /// The currency of all amounts.
    pub currency: Currency,
    /// The zone in which customers are taken to live whose own is not known: for facts, counts, limits, quiet hours and
    /// journeys alike. Without one, local facts are unknown for them and it is quiet; counts and limits go by UTC.
    #[serde(default)]
    pub zone: Option<Zone>,
    /// Attributes that requests carry, beside those that the rooms supply.
    #[serde(default)]
    pub attributes: Vec<AttributeDefinition>,
    /// Who the customer is.
    #[serde(default)]
    pub profile: ProfileDefinition,
    /// What is true right now.
    #[serde(default)]
    pub context: ContextDefinition,
    /// Where customers are going.
    #[serde(default)]
    pub journeys: Vec<JourneyDefinition>,
    /// What was promised.
    #[serde(default)]
    pub promises: Vec<PromiseDefinition>,
    /// Groups of actions.
    #[serde(default)]
    pub groups: Vec<GroupDefinition>,
    /// The actions.
    #[serde(default)]
    pub actions: Vec<ActionDefinition>,
    /// The contact policy.
    #[serde(default)]
    pub policy: PolicyDefinition,
    /// What counts as success.
    #[serde(default)]
    pub rewards: Vec<RewardDefinition>,
    /// Scarce resources, with how many units are left when the moment does not say. The moment says it by the attribute
    /// `resource.NAME`, and by `resource.NAME.price` what a unit is worth elsewhere, in the unit of priorities.
    #[serde(default)]
    pub resources: BTreeMap<String, u32>,
    /// What is learned, and from what.
    #[serde(default)]
    pub model: ModelSection,
}

impl Playbook {
    /// Reads a playbook from TOML.
    ///
    /// # Errors
    /// All structural mistakes at once, each with its place in the text.
    pub fn from_toml(text: &str) -> Result<Self, Problems> {
        load::decode(text, Format::Toml).map(|(playbook, _)| playbook)
    }

    /// Reads a playbook from JSON.
    ///
    /// # Errors
    /// All structural mistakes at once, each with its place in the text.
    pub fn from_json(text: &str) -> Result<Self, Problems> {
        load::decode(text, Format::Json).map(|(playbook, _)| playbook)
    }

    /// The fingerprint: playbooks with the same fingerprint decide the same.
    ///
    /// # Errors
    /// When the playbook cannot be written as JSON, of which the fingerprint is taken.
    pub fn fingerprint(&self) -> Result<Fingerprint, serde_json::Error> {
        let text = serde_json::to_vec(self)?;
        Ok(Fingerprint::of_digest(blake3::hash(&text).as_bytes()))
    }

    pub(crate) fn catalogue(&self) -> CatalogueDefinition {
        CatalogueDefinition {
            actions: self.actions.clone(),
            groups: self.groups.clone(),
            policy: self.policy.clone(),
            rewards: self.rewards.clone(),
            resources: self.resources.clone(),
        }
    }
}
