//! A promise (moment of truth) as an author writes it: what was promised, by when, what keeps it, what if not.
//!
//! Not here: how promises are tracked.

use apropos_event::{ActionId, Duration, PromiseId, PropertyName};
use serde::{Deserialize, Serialize};

use super::EventPattern;

/// Something that was promised to the customer, with a deadline.
///
/// Opened by an event in `on`, or by a journey's moment-of-truth node that names it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromiseDefinition {
    /// The promise's name: a lower-case identifier, since conditions speak of `promise.<id>.status`.
    pub id: PromiseId,
    /// What was promised, in words.
    pub what: String,
    /// To whom, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Events that make the promise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on: Vec<EventPattern>,
    /// The property that tells several such promises apart, such as `order_id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<PropertyName>,
    /// By when, from whom, for which segment. Of those that apply the earliest deadline counts.
    pub expectations: Vec<Expectation>,
    /// Events that keep the promise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept_by: Vec<EventPattern>,
    /// Events that make it void, such as a cancellation by the customer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub void_by: Vec<EventPattern>,
    /// The share of the time after which the promise is at risk, from 0 to 1, unless lateness was learned.
    #[serde(default = "default_at_risk")]
    pub at_risk: f64,
    /// Actions raised as candidates while the promise is at risk, before it breaks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub raises: Vec<ActionId>,
    /// What happens when it is broken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repair: Option<RepairDefinition>,
}

fn default_at_risk() -> f64 {
    0.75
}

/// A deadline that somebody expects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// Who set it.
    pub source: ExpectationSource,
    /// For whom; everybody when not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// How long after the promise was made.
    pub within: Duration,
}

/// Who set an expectation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpectationSource {
    /// The brand promised it.
    Brand,
    /// The product or contract promises it.
    Product,
    /// The law demands it.
    Law,
}

/// What a broken promise opens: selling waits until the repair is closed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepairDefinition {
    /// Actions that repair, raised as candidates while the repair is open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<ActionId>,
    /// Events that close the repair. Without any, late evidence closes it; a command always can.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub closed_by: Vec<EventPattern>,
}
