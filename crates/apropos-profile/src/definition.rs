//! What an author writes about profiles: plain serde data with defaults.
//!
//! Not here: checking it, see [`crate::ProfileRules::compile`].

use std::collections::BTreeMap;

use apropos_condition::{AttributeType, Sensitivity};
use apropos_event::counter::Window;
use apropos_event::{
    ChannelId, Currency, Duration, EventKind, IdentifierKind, PropertyName, Purposes, SourceId, Value,
};
use serde::{Deserialize, Serialize};

/// Everything an author can say about profiles. Every part may be left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProfileDefinition {
    /// What can be known of a customer.
    pub traits: Vec<TraitDefinition>,
    /// Where knowledge comes from, and how far it is trusted.
    pub sources: Vec<SourceDefinition>,
    /// What becomes of events, by kind.
    pub events: Vec<EventDefinition>,
    /// Counters to keep beside those that conditions name.
    pub counters: Vec<CounterDefinition>,
    /// How much history is kept.
    pub history: HistoryDefinition,
    /// Identifiers, by kind.
    pub identifiers: Vec<IdentifierDefinition>,
    /// Consent.
    pub consent: ConsentDefinition,
    /// Subjects to be careful with.
    pub protected: ProtectedDefinition,
    /// What a purchase is.
    pub value: Option<ValueDefinition>,
    /// Which events are signs of advocacy.
    pub advocacy: Vec<AdvocacyDefinition>,
    /// Goals a customer can choose from; others are told in the customer's own words.
    pub goals: Vec<String>,
}

/// One trait. It becomes the attribute `profile.<name>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TraitDefinition {
    /// The name, without `profile.`.
    pub name: PropertyName,
    /// The type of its value.
    #[serde(rename = "type")]
    pub kind: AttributeType,
    /// The unit of a number. For people.
    #[serde(default)]
    pub unit: Option<String>,
    /// The value when none is known.
    #[serde(default)]
    pub default: Option<Value>,
    /// The texts a symbol may be.
    #[serde(default)]
    pub values: Vec<String>,
    /// Who wins when sources disagree.
    #[serde(default)]
    pub policy: TraitPolicy,
    /// What it may be used for.
    #[serde(default)]
    pub purposes: Purposes,
    /// How careful the host must be with it.
    #[serde(default = "personal")]
    pub sensitivity: Sensitivity,
    /// How long after it was observed it is kept; for ever if left out.
    #[serde(default)]
    pub retention: Option<Duration>,
    /// Whether it must never be said to the customer, such as a suspicion.
    #[serde(default)]
    pub unspoken: bool,
    /// Whether its values are interests, for finding kindred customers.
    #[serde(default)]
    pub interests: bool,
    /// What it means. For people.
    #[serde(default)]
    pub doc: Option<String>,
}

fn personal() -> Sensitivity {
    Sensitivity::Personal
}

impl TraitDefinition {
    /// A personal trait for every purpose, the most recent claim of which counts.
    pub fn new(name: PropertyName, kind: AttributeType) -> Self {
        Self {
            name,
            kind,
            unit: None,
            default: None,
            values: Vec::new(),
            policy: TraitPolicy::default(),
            purposes: Purposes::ALL,
            sensitivity: Sensitivity::Personal,
            retention: None,
            unspoken: false,
            interests: false,
            doc: None,
        }
    }
}

/// Which of several claims about one trait counts. Ties go to the more recent, then to the more trusted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TraitPolicy {
    /// The claim observed last.
    #[default]
    MostRecent,
    /// The claim of the most trusted source, weighed with its confidence.
    MostTrusted,
    /// The highest value.
    Highest,
    /// All values together; for lists and sets.
    Union,
}

/// One source of knowledge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceDefinition {
    /// The source, as events name it.
    pub source: SourceId,
    /// How far it is trusted, 0 to 100.
    #[serde(default = "half")]
    pub trust: u8,
    /// Whether what it says was told by the customer in person.
    #[serde(default)]
    pub told: bool,
    /// How sure its claims are when they do not say so, in percent.
    #[serde(default = "hundred")]
    pub confidence: u8,
}

fn half() -> u8 {
    50
}

fn hundred() -> u8 {
    100
}

/// What becomes of events of one kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventDefinition {
    /// The kind.
    pub kind: EventKind,
    /// Traits that its properties state: trait to property.
    #[serde(default)]
    pub traits: BTreeMap<PropertyName, PropertyName>,
    /// Whether it is a step of the customer towards the goal that its property `goal` names.
    #[serde(default)]
    pub effort: bool,
    /// How many of its events are kept one by one, if not as many as the history allows.
    #[serde(default)]
    pub keep: Option<u32>,
}

/// What a counter reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Aggregate {
    /// How many events.
    Count,
    /// The sum of a property.
    Sum,
    /// When last.
    Last,
    /// When first.
    First,
    /// How many different values of a property, or of `channel`.
    Distinct,
    /// Days of 24 hours since the last.
    DaysSince,
}

/// A counter that becomes the attribute `history.<name>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CounterDefinition {
    /// The name, without `history.`.
    pub name: PropertyName,
    /// What it reads.
    pub aggregate: Aggregate,
    /// The kind of events, `*` for all.
    pub event: EventKind,
    /// The property, for sums and distinct values.
    #[serde(default)]
    pub property: Option<PropertyName>,
    /// The window; everything if left out.
    #[serde(default = "ever")]
    pub window: Window,
}

fn ever() -> Window {
    Window::Ever
}

/// How much history is kept.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HistoryDefinition {
    /// Events kept one by one of all kinds that no counter names, together.
    pub entries: u32,
    /// Events kept one by one of each kind that a counter names.
    pub counted: u32,
    /// How long after the newest event one is kept one by one at least, room permitting. Repeats are recognised that
    /// long.
    pub horizon: Duration,
    /// How old an event may become before it is removed for good, totals included.
    pub retention: Option<Duration>,
}

impl Default for HistoryDefinition {
    fn default() -> Self {
        Self { entries: 256, counted: 4_096, horizon: Duration::from_days(400), retention: None }
    }
}

/// Identifiers of one kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentifierDefinition {
    /// The kind.
    pub kind: IdentifierKind,
    /// How many of them one customer can have; the ones seen longest ago give way.
    #[serde(default = "five")]
    pub limit: u16,
    /// Which kinds weigh more when links compete: higher wins.
    #[serde(default)]
    pub priority: u8,
    /// Values that identify nobody, such as `anonymous`; compared after normalising.
    #[serde(default)]
    pub blocked: Vec<String>,
    /// The country whose numbers are written without a country code, such as `DE`. For phones.
    #[serde(default)]
    pub country: Option<String>,
}

fn five() -> u16 {
    5
}

impl IdentifierDefinition {
    /// At most five identifiers of `kind`, none blocked.
    pub fn new(kind: IdentifierKind) -> Self {
        Self { kind, limit: five(), priority: 0, blocked: Vec::new(), country: None }
    }
}

/// What silence means for one purpose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenUnknown {
    /// Who has not said anything has not agreed.
    #[default]
    Deny,
    /// Who has not said anything is taken to accept, on a basis other than consent.
    Allow,
}

/// Consent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConsentDefinition {
    /// What silence means for being contacted.
    pub contact: WhenUnknown,
    /// What silence means for personalisation.
    pub personalise: WhenUnknown,
    /// What silence means for learning.
    pub learn: WhenUnknown,
    /// Channels that consent can name; each gives attributes such as `consent.contact.email`.
    pub channels: Vec<ChannelId>,
    /// Categories of data that consent can name, beside `marketing` and `sale_or_sharing`.
    pub categories: Vec<PropertyName>,
}

/// Subjects to be careful with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProtectedDefinition {
    /// States beside `minor`, `vulnerable`, `bereaved`, `in_arrears` and `complaint_open`.
    pub states: Vec<PropertyName>,
    /// Whether a customer of unknown age is treated as a minor.
    pub unknown_age_is_minor: bool,
}

/// What a purchase is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValueDefinition {
    /// The kind of event that is a purchase.
    pub purchase: EventKind,
    /// Its property that holds the amount.
    pub amount: PropertyName,
    /// Its property that holds the margin.
    #[serde(default)]
    pub margin: Option<PropertyName>,
    /// The kind of event that takes money back, with the same properties.
    #[serde(default)]
    pub refund: Option<EventKind>,
    /// The currency. Amounts that state another one are not added.
    pub currency: Currency,
    /// The window of frequency and monetary value.
    #[serde(default = "ever")]
    pub window: Window,
}

/// One sign of advocacy: what a customer says and does for others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdvocacyDefinition {
    /// What it is a sign of.
    pub signal: AdvocacySignal,
    /// The kind of event.
    pub event: EventKind,
}

/// The signs of advocacy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AdvocacySignal {
    /// Wrote a review.
    Reviewed,
    /// Brought somebody.
    Referred,
    /// Helped another customer.
    Helped,
}
