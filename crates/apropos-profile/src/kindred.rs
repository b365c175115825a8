//! Community: who a customer is tied to, and who shares their interests.
//!
//! Interests are the topics a customer likes and the values of traits that the definition calls interests. They are kept as
//! seeded hashes, so an index of kindred customers holds no texts. Not here: what is done with kindred customers.

use std::collections::BTreeMap;

use apropos_event::{Purpose, Purposes, Timestamp, Value};
use serde::{Deserialize, Serialize};

use crate::known::resolve;
use crate::ledger::Relation;
use crate::rules::ProfileRules;
use crate::{Key, Profile};

/// The interests of one customer, as hashes in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Interests(Vec<u64>);

impl Interests {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How alike two customers' interests are: shared interests over all interests of both (Jaccard 1901), 0 to 1.
    /// O(interests).
    pub fn likeness(&self, other: &Self) -> f64 {
        let shared = self.0.iter().filter(|interest| other.0.binary_search(interest).is_ok()).count();
        let all = self.0.len() + other.0.len() - shared;
        if all == 0 { 0.0 } else { shared as f64 / all as f64 }
    }
}

/// An index of customers by interest, for finding those who share the most.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KindredIndex {
    interests: BTreeMap<Key, Interests>,
    customers: BTreeMap<u64, Vec<Key>>,
}

/// An interest shared by more customers than this tells little and is not followed.
const MAX_FOLLOWED: usize = 4_096;

impl KindredIndex {
    /// An index of nobody.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the interests of a customer; none removes them.
    pub fn set(&mut self, customer: Key, interests: Interests) {
        self.remove(customer);
        if interests.is_empty() {
            return;
        }
        for interest in &interests.0 {
            let customers = self.customers.entry(*interest).or_default();
            if let Err(at) = customers.binary_search(&customer) {
                customers.insert(at, customer);
            }
        }
        self.interests.insert(customer, interests);
    }

    /// Removes a customer, for erasure and withdrawn consent.
    pub fn remove(&mut self, customer: Key) {
        for interest in self.interests.remove(&customer).unwrap_or_default().0 {
            if let Some(customers) = self.customers.get_mut(&interest) {
                customers.retain(|known| *known != customer);
                if customers.is_empty() {
                    self.customers.remove(&interest);
                }
            }
        }
    }

    /// The `most` customers who are most alike `customer` in their interests, with their likeness, best first; ties by key.
    ///
    /// O(customers who share an interest that is not everybody's).
    pub fn kindred(&self, customer: Key, most: usize) -> Vec<(Key, f64)> {
        let Some(mine) = self.interests.get(&customer) else { return Vec::new() };
        let mut candidates: Vec<Key> = mine
            .0
            .iter()
            .filter_map(|interest| self.customers.get(interest))
            .filter(|customers| customers.len() <= MAX_FOLLOWED)
            .flatten()
            .copied()
            .filter(|key| *key != customer)
            .collect();
        candidates.sort_unstable();
        candidates.dedup();
        let alike =
            candidates.into_iter().filter_map(|key| Some((key, mine.likeness(self.interests.get(&key)?))));
        let mut alike: Vec<(Key, f64)> = alike.collect();
        alike.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        alike.truncate(most);
        alike
    }
}

impl ProfileRules {
    /// The interests of a customer at `now`: topics liked, and values of traits that are interests. None while
    /// personalisation is not permitted.
    pub fn interests(&self, profile: &Profile, now: Timestamp) -> Interests {
        let asked = crate::Use::of(Purpose::Personalise);
        if !self.permission(profile, asked, now).allowed {
            return Interests::default();
        }
        let hash = |text: &str| apropos_event::draw::stable_hash(self.seed, text.as_bytes());
        let mut all: Vec<u64> =
            self.topics(profile).0.into_iter().map(|topic| hash(topic.as_str())).collect();
        for definition in self.traits.iter().filter(|definition| definition.interests) {
            if let Some(known) = resolve(profile, definition, now, Purposes::NONE.with(Purpose::Personalise))
            {
                match known.value.as_ref() {
                    Value::List(list) => all.extend(list.iter().filter_map(Value::as_str).map(hash)),
                    Value::Text(text) => all.push(hash(text)),
                    _ => {}
                }
            }
        }
        all.sort_unstable();
        all.dedup();
        Interests(all)
    }

    /// The customers this one is tied to in this way, by key, in order.
    pub fn tied(&self, profile: &Profile, relation: Relation) -> Vec<Key> {
        let all = profile.members.iter().flat_map(|member| &member.ties);
        let mut keys: Vec<Key> =
            all.filter(|tie| tie.relation == relation && !tie.ended).map(|tie| tie.other).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}
