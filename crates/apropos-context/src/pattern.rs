//! Which events a rule listens to.

use std::collections::BTreeMap;

use apropos_event::{ChannelId, Event, EventKind, PropertyName, Value};
use serde::{Deserialize, Serialize};

/// A pattern over events: the kind, and what else must be so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventPattern {
    /// The kind of the event.
    pub kind: EventKind,
    /// The channel it must have happened on, if that matters.
    #[serde(default)]
    pub channel: Option<ChannelId>,
    /// Properties it must have, each with exactly this value.
    #[serde(default)]
    pub properties: BTreeMap<PropertyName, Value>,
}

impl EventPattern {
    /// Every event of a kind.
    pub fn new(kind: EventKind) -> Self {
        Self { kind, channel: None, properties: BTreeMap::new() }
    }

    /// Whether `event` fits. O(properties of the pattern).
    pub fn matches(&self, event: &Event) -> bool {
        self.kind == event.kind && self.matches_beyond_kind(event)
    }

    /// Whether an event whose kind is known to fit does so in all else.
    pub(crate) fn matches_beyond_kind(&self, event: &Event) -> bool {
        (self.channel.is_none() || self.channel == event.channel)
            && self.properties.iter().all(|(name, value)| event.properties.get(name) == Some(value))
    }
}

/// A table from kinds of events to the rules that listen to them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Listeners<T> {
    /// In order of the kinds; equal kinds in order of the definition.
    entries: Vec<(EventKind, T)>,
}

impl<T> Listeners<T> {
    pub(crate) fn new(mut entries: Vec<(EventKind, T)>) -> Self {
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        Self { entries }
    }

    /// The rules that listen to a kind. O(log n).
    pub(crate) fn of(&self, kind: &EventKind) -> impl Iterator<Item = &T> {
        let start = self.entries.partition_point(|(other, _)| other < kind);
        let rest = self.entries.get(start..).unwrap_or_default();
        rest.iter().take_while(move |(other, _)| other == kind).map(|(_, rule)| rule)
    }
}
