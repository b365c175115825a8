//! What tells events apart: a fingerprint of source and id, and a digest of all that makes an event what it is.
//!
//! Fast seeded hashes, for one customer's events; not a secret. Not here: keys of identifiers, see `key`.

use apropos_event::draw::{mix, stable_hash};
use apropos_event::{Event, EventKind, Value};

use crate::error::Fingerprint;
use crate::rules::ProfileRules;

impl ProfileRules {
    /// The fingerprint of an event: a seeded hash of its source and id, never zero.
    pub fn fingerprint_of(&self, event: &Event) -> Fingerprint {
        Fingerprint(self.fingerprint(event))
    }

    pub(crate) fn fingerprint(&self, event: &Event) -> u64 {
        let source = stable_hash(self.seed, event.source.as_str().as_bytes());
        mix(source ^ stable_hash(!self.seed, event.id.as_str().as_bytes())).max(1)
    }

    /// The hash of a kind of event: the first part of its digest, and the key to its rule.
    pub(crate) fn kind_hash(&self, kind: &EventKind) -> KindHash {
        KindHash(stable_hash(self.seed, kind.as_str().as_bytes()))
    }

    /// A digest of everything that makes the event what it is; not when it was received.
    pub(crate) fn event_digest(&self, event: &Event, kind: KindHash) -> u32 {
        let mut digest = Digest(self.seed);
        digest.number(kind.0);
        digest.text(event.customer.as_str());
        digest.number(event.occurred_at.as_micros().cast_unsigned());
        digest.text(event.channel.as_ref().map_or("", |channel| channel.as_str()));
        for identifier in &event.identifiers {
            digest.text(identifier.kind.as_str());
            digest.text(&identifier.value);
        }
        for (name, value) in &event.properties {
            digest.text(name.as_str());
            digest.value(value);
        }
        (digest.0 >> 32) as u32
    }
}

/// The hash of a kind of event under the seed of some rules.
#[derive(Clone, Copy)]
pub(crate) struct KindHash(pub(crate) u64);

/// A running hash of the parts of an event.
pub(crate) struct Digest(pub(crate) u64);

impl Digest {
    fn number(&mut self, n: u64) {
        self.0 = mix(self.0 ^ n).wrapping_add(n);
    }

    fn text(&mut self, text: &str) {
        self.number(stable_hash(self.0, text.as_bytes()));
    }

    pub(crate) fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.number(1),
            Value::Bool(b) => self.number(2 + u64::from(*b)),
            Value::Int(n) => {
                self.number(4);
                self.number(n.cast_unsigned());
            }
            Value::Double(x) => {
                self.number(5);
                self.number(x.to_bits());
            }
            Value::Text(text) => {
                self.number(6);
                self.text(text);
            }
            Value::List(list) => {
                self.number(7 + 16 * list.len() as u64);
                for value in list {
                    self.value(value);
                }
            }
            Value::Map(map) => {
                self.number(8 + 16 * map.len() as u64);
                for (name, value) in map {
                    self.text(name);
                    self.value(value);
                }
            }
        }
    }
}
