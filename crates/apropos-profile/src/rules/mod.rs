//! The compiled definition: what the other modules of this crate look things up in.
//!
//! Not here: what is done with events (`observe`), facts (`facts`) and consent (`consent`).

mod compile;

pub(crate) use compile::{BENEFIT, BENEFIT_SIDES};

use apropos_condition::AttributeId;
use apropos_event::counter::{Column, ColumnKind, Window};
use apropos_event::{Duration, EventKind, IdentifierKind, PropertyName, SourceId};

use crate::definition::{
    Aggregate, EventDefinition, IdentifierDefinition, ProfileDefinition, SourceDefinition, TraitDefinition,
};
use crate::fingerprint::KindHash;
use crate::history::LaneRule;
use crate::names::Index;
use crate::{Key, Pepper};

/// The domain of customers' keys.
pub(crate) const CUSTOMER: &str = "customer";

/// A checked profile definition: immutable, to be shared.
///
/// Made by [`ProfileRules::compile`]; when conditions name counters, [`ProfileRules::register`] adds them once the schema
/// is built.
#[derive(Clone, Debug)]
pub struct ProfileRules {
    pub(crate) definition: ProfileDefinition,
    pub(crate) pepper: Pepper,
    pub(crate) seed: u64,
    /// By name.
    pub(crate) traits: Vec<TraitDefinition>,
    /// By source.
    pub(crate) sources: Vec<SourceDefinition>,
    /// By kind.
    pub(crate) kinds: Vec<KindRule>,
    /// Where the rule of each kind stands, by the hash of its name.
    pub(crate) numbers: Index,
    /// In the order they were declared or derived.
    pub(crate) counters: Vec<Counter>,
    /// Each once.
    pub(crate) windows: Vec<Window>,
    /// By kind.
    pub(crate) identifiers: Vec<IdentifierDefinition>,
    /// All protected states, in order.
    pub(crate) states: Vec<PropertyName>,
}

/// What becomes of events of one kind.
#[derive(Clone, Debug)]
pub(crate) struct KindRule {
    pub(crate) kind: EventKind,
    pub(crate) lane: Option<LaneRule>,
    /// Trait and property.
    pub(crate) traits: Vec<(usize, PropertyName)>,
    pub(crate) effort: bool,
    pub(crate) built_in: bool,
    /// Whether amounts must be in the declared currency.
    pub(crate) money: bool,
    /// How long after the newest event one is kept, room permitting.
    pub(crate) horizon: Duration,
}

/// One counter that is read for facts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Counter {
    pub(crate) aggregate: Aggregate,
    /// `None` for all kinds.
    pub(crate) kind: Option<EventKind>,
    pub(crate) property: Option<PropertyName>,
    /// The number of the kind: counters of one kind have the same, those of all kinds none.
    pub(crate) number: Option<usize>,
    /// Where in the list of windows.
    pub(crate) window: usize,
    /// What it is written under.
    pub(crate) target: Target,
}

/// Where the reading of a counter goes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Target {
    /// The attribute `history.<name>`.
    Named(PropertyName),
    /// An attribute that a condition derived.
    Derived(AttributeId),
}

impl Counter {
    /// The column that the counter needs in the lane of its kind.
    pub(crate) fn column(&self) -> Option<Column> {
        let property = self.property.as_ref()?;
        let column = |kind: ColumnKind| Some(Column::new(property.clone(), kind));
        match self.aggregate {
            Aggregate::Sum => column(ColumnKind::Amount),
            Aggregate::Distinct if property.as_str() != CHANNEL => column(ColumnKind::Mark),
            _ => None,
        }
    }
}

/// The property that every event has in its own place.
pub(crate) const CHANNEL: &str = "channel";

impl ProfileRules {
    /// The rule of a kind of event, by its hash: one look nearly always.
    pub(crate) fn kind(&self, kind: &EventKind, hash: KindHash) -> Option<&KindRule> {
        let rule = self.kinds.get(self.numbers.find(hash.0.max(1))? as usize)?;
        if rule.kind == *kind {
            return Some(rule);
        }
        // Two kinds with one hash.
        let at = self.kinds.binary_search_by(|rule| rule.kind.cmp(kind)).ok()?;
        self.kinds.get(at)
    }

    /// The trait called `name` and where it stands.
    pub(crate) fn find_trait(&self, name: &str) -> Option<(usize, &TraitDefinition)> {
        let at = self.traits.binary_search_by(|known| known.name.as_str().cmp(name)).ok()?;
        self.traits.get(at).map(|found| (at, found))
    }

    /// How the claims of a trait compete.
    pub(crate) fn policy(&self, name: &PropertyName) -> crate::TraitPolicy {
        self.find_trait(name.as_str()).map(|(_, known)| known.policy).unwrap_or_default()
    }

    pub(crate) fn source(&self, source: &SourceId) -> Option<&SourceDefinition> {
        let at = self.sources.binary_search_by(|known| known.source.cmp(source)).ok()?;
        self.sources.get(at)
    }

    pub(crate) fn identifier(&self, kind: &IdentifierKind) -> Option<&IdentifierDefinition> {
        let at = self.identifiers.binary_search_by(|known| known.kind.cmp(kind)).ok()?;
        self.identifiers.get(at)
    }

    /// The definition these rules were made of.
    pub fn definition(&self) -> &ProfileDefinition {
        &self.definition
    }

    /// The key of a customer, as profiles and links name it.
    pub fn customer_key(&self, customer: &apropos_event::CustomerId) -> Key {
        self.pepper.key(CUSTOMER, customer.as_str())
    }

    /// The key of an identifier; `None` when its value identifies nobody.
    pub fn identifier_key(&self, identifier: &apropos_event::Identifier) -> Option<Key> {
        let definition = self.identifier(&identifier.kind);
        let value = crate::identity::normalise(identifier, definition).ok()?;
        Some(self.pepper.key(identifier.kind.as_str(), value.as_str()))
    }

    /// What the author says of a kind of event.
    pub(crate) fn event(&self, kind: &EventKind) -> Option<&EventDefinition> {
        self.definition.events.iter().find(|event| event.kind == *kind)
    }
}
