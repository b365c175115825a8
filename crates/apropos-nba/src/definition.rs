//! What an author writes about actions and policies: plain data, checked elsewhere.
//!
//! Not here: the compiled catalogue, see `catalogue`.

use std::collections::BTreeMap;

use apropos_condition::OnUnknown;
use apropos_event::{ActionId, ChannelId, Duration, EventKind, GroupId, Timestamp};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::Class;

/// One action that may be taken for a customer.
///
/// Amounts are in the playbook's currency. Conditions are CEL; all of a list must hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionDefinition {
    /// The action's name, unique in the playbook.
    pub id: ActionId,
    /// What people call it.
    #[serde(default)]
    pub title: String,
    /// The group whose conditions and limits it shares.
    #[serde(default)]
    pub group: Option<GroupId>,
    /// What kind of thing it is.
    pub class: Class,
    /// Whether it may be taken at all; `false` is the emergency stop.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// The first instant at which it may be taken.
    #[serde(default)]
    pub from: Option<Timestamp>,
    /// The instant from which it may no longer be taken.
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// May the customer ever have it? (age, region, product held, law)
    #[serde(default)]
    pub eligible: Vec<String>,
    /// Is it relevant now? (not owned yet, nothing in transit)
    #[serde(default)]
    pub applicable: Vec<String>,
    /// Is it right for them? (affordable, not a burden)
    #[serde(default)]
    pub suitable: Vec<String>,
    /// What an unknown answer to a condition means.
    #[serde(default)]
    pub on_unknown: OnUnknown,
    /// The topic it is about, for preferences and consent.
    #[serde(default)]
    pub topic: Option<String>,
    /// The goals of the customer that it serves, such as `buy` or `fix`.
    #[serde(default)]
    pub goals: Vec<String>,
    /// The ways to carry it out, best first.
    pub treatments: Vec<TreatmentDefinition>,
    /// What success is worth to the company.
    #[serde(default)]
    pub value: Decimal,
    /// What taking it costs the company.
    #[serde(default)]
    pub cost: Decimal,
    /// What success is worth to the customer.
    #[serde(default)]
    pub benefit: Decimal,
    /// What it asks of the customer: time, thought, data.
    #[serde(default)]
    pub effort: Decimal,
    /// The chance of success where nothing has been learned, 0 to 1.
    #[serde(default = "even")]
    pub propensity: f64,
    /// The chance that the same good comes about in silence, 0 to 1, until `policy.holdout` has taught better.
    #[serde(default)]
    pub baseline: f64,
    /// Whether the chance of success is learned.
    #[serde(default)]
    pub learn: bool,
    /// A bounded multiplier, 0.5 to 2, for what the business wants for a time.
    #[serde(default = "one")]
    pub lever: f64,
    /// Multipliers that apply while a condition holds.
    #[serde(default)]
    pub weights: Vec<WeightDefinition>,
    /// How long after it was taken it may be taken again.
    #[serde(default)]
    pub cooldown: Option<Duration>,
    /// Whether its content is personal: it is then never shown on a device that is not the customer's own.
    #[serde(default)]
    pub personal: bool,
    /// Whether protected customers (minors, the bereaved, people in arrears, …) may get it.
    #[serde(default)]
    pub for_protected: bool,
    /// The scarce resource that it uses one of, such as `care_calls`.
    #[serde(default)]
    pub uses: Option<String>,
    /// It hands the customer over to people.
    #[serde(default)]
    pub hand_off: Option<HandOffDefinition>,
}

/// A way to carry out an action.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TreatmentDefinition {
    /// The channel.
    pub channel: ChannelId,
    /// Where on it.
    #[serde(default)]
    pub placement: Option<String>,
    /// What it costs on top of the action.
    #[serde(default)]
    pub cost: Decimal,
}

/// A multiplier that applies while a condition holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightDefinition {
    /// The condition.
    pub when: String,
    /// The multiplier, 0.25 to 4.
    pub weight: f64,
}

/// Who takes over, and with what question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandOffDefinition {
    /// The queue or team.
    pub queue: String,
    /// What is asked of the person.
    #[serde(default)]
    pub ask: String,
}

/// A group of actions: conditions and limits they share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupDefinition {
    /// The group's name.
    pub id: GroupId,
    /// Conditions that all its actions inherit.
    #[serde(default)]
    pub eligible: Vec<String>,
    /// Conditions that all its actions inherit.
    #[serde(default)]
    pub applicable: Vec<String>,
    /// Conditions that all its actions inherit.
    #[serde(default)]
    pub suitable: Vec<String>,
}

/// How much contact is too much, and what is never done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PolicyDefinition {
    /// At most so many contacts in a window.
    pub limits: Vec<LimitDefinition>,
    /// So many outcomes in a window pause an action or its group.
    pub suppressions: Vec<SuppressionDefinition>,
    /// What one interruption costs the customer when nothing else has been sent.
    pub interruption: Decimal,
    /// How fast the memory of a contact fades: half of it is gone after this time.
    pub fatigue_half_life: Duration,
    /// The least priority that beats silence.
    pub silence: f64,
    /// The least chance of success that is worth an attempt.
    pub min_propensity: f64,
    /// How the two sides are weighed.
    pub mutual: MutualDefinition,
    /// How long a contact that was accepted, but never confirmed, holds its place in the limits.
    pub reservation: Duration,
    /// The share of the moments at which learned actions are open in which nothing is done on purpose, 0 to 0.5: only so
    /// can be learned what comes about by itself. At 0 nothing is learned of silence, and what actions declare as
    /// `baseline` stands.
    pub holdout: f64,
    /// How many silences the declared `baseline` of an action weighs as much as.
    pub baseline_weight: f64,
}

impl Default for PolicyDefinition {
    fn default() -> Self {
        Self {
            limits: Vec::new(),
            suppressions: Vec::new(),
            interruption: Decimal::new(5, 2),
            fatigue_half_life: Duration::from_days(7),
            silence: 0.0,
            min_propensity: 0.0,
            mutual: MutualDefinition::default(),
            reservation: Duration::from_days(1),
            holdout: 0.0,
            baseline_weight: 50.0,
        }
    }
}

/// How the benefit of the company and that of the customer become one number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MutualDefinition {
    /// The geometric mean: nothing when either side gains nothing.
    #[default]
    Nash,
    /// Propensity × context × value × lever: the field's usual product. The customer's benefit is still a floor.
    Pcvl,
}

/// At most so many contacts in a window. Actions of the owed classes neither count nor wait.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitDefinition {
    /// The limit's name, as explanations quote it.
    pub name: String,
    /// At most so many.
    pub at_most: u32,
    /// In any window of this length; exactly one of `within` and `per` is given.
    #[serde(default)]
    pub within: Option<Duration>,
    /// In a calendar unit of the customer's own zone.
    #[serde(default)]
    pub per: Option<CalendarUnit>,
    /// On this channel only.
    #[serde(default)]
    pub channel: Option<ChannelId>,
    /// For this group only.
    #[serde(default)]
    pub group: Option<GroupId>,
    /// For this class only.
    #[serde(default)]
    pub class: Option<Class>,
}

/// A unit of the wall calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CalendarUnit {
    /// From local midnight.
    Day,
    /// From local midnight on Monday.
    Week,
    /// From local midnight on the first.
    Month,
}

/// So many outcomes in a window pause an action, or its whole group, for a time that cannot be zero or endless.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuppressionDefinition {
    /// The rule's name, as explanations quote it.
    pub name: String,
    /// The outcomes that count.
    pub outcome: crate::OutcomeKind,
    /// So many of them.
    pub count: u32,
    /// In any window of this length.
    pub within: Duration,
    /// The pause that follows.
    pub pause: Duration,
    /// Whether the whole group pauses.
    #[serde(default)]
    pub group: bool,
}

/// Which event counts as success of which actions, and for how long.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RewardDefinition {
    /// The event that counts as success.
    pub event: EventKind,
    /// For these actions; all that learn when empty.
    #[serde(default)]
    pub actions: Vec<ActionId>,
    /// How long after the decision it counts.
    pub within: Duration,
}

impl RewardDefinition {
    pub(crate) fn concerns(&self, action: &ActionId) -> bool {
        self.actions.is_empty() || self.actions.contains(action)
    }
}

/// Everything about actions in one value, as the playbook holds it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CatalogueDefinition {
    /// The actions.
    pub actions: Vec<ActionDefinition>,
    /// Their groups.
    pub groups: Vec<GroupDefinition>,
    /// The contact policy.
    pub policy: PolicyDefinition,
    /// What counts as success.
    pub rewards: Vec<RewardDefinition>,
    /// Resources that are scarce, with how many are left when the moment does not say.
    pub resources: BTreeMap<String, u32>,
}

fn yes() -> bool {
    true
}

fn even() -> f64 {
    0.5
}

fn one() -> f64 {
    1.0
}
