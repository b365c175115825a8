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
///
/// Kinds are looked up by their first eight bytes as one integer, and compared as text only where those agree.
#[derive(Clone, Debug, Default)]
pub(crate) struct Listeners<T> {
    /// The first bytes of each entry's kind, ascending.
    heads: Vec<u64>,
    /// In order of the kinds; equal kinds in order of the definition.
    entries: Vec<(EventKind, T)>,
}

impl<T> Listeners<T> {
    pub(crate) fn new(mut entries: Vec<(EventKind, T)>) -> Self {
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        Self { heads: entries.iter().map(|(kind, _)| head(kind)).collect(), entries }
    }

    /// The rules that listen to a kind. O(log n + kinds that begin alike).
    pub(crate) fn of(&self, kind: &EventKind) -> impl Iterator<Item = &T> {
        let wanted = head(kind);
        let start = self.heads.partition_point(|head| *head < wanted);
        let alike =
            self.heads.get(start..).unwrap_or_default().iter().take_while(move |head| **head == wanted);
        let rest = self.entries.get(start..).unwrap_or_default();
        rest.iter().zip(alike).filter(move |((other, _), _)| other == kind).map(|((_, rule), _)| rule)
    }
}

/// The first eight bytes as an integer that sorts as the text does.
fn head(kind: &EventKind) -> u64 {
    let bytes = kind.as_str().as_bytes();
    let mut first = [0; 8];
    for (to, from) in first.iter_mut().zip(bytes) {
        *to = *from;
    }
    u64::from_be_bytes(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn every_listener_of_a_kind_is_found_in_order(
            kinds in proptest::collection::vec("(product_|page)?[a-c]{1,2}", 0..30),
            wanted in "(product_|page)?[a-c]{1,2}",
        ) {
            let kind = |text: &String| EventKind::new(text).unwrap();
            let listeners = Listeners::new(kinds.iter().map(kind).zip(0..).collect());
            let expected: Vec<i32> =
                kinds.iter().zip(0..).filter(|(kind, _)| **kind == wanted).map(|(_, at)| at).collect();
            let found: Vec<i32> = listeners.of(&kind(&wanted)).copied().collect();
            proptest::prop_assert_eq!(found, expected);
        }
    }
}
