//! The identity graph of one tenant: keys as nodes, links as facts, clusters computed.
//!
//! A cluster is a function of the links that stand, never of the order in which they came: whenever a link is added or
//! retracted, the affected component alone is folded again, strongest links first. A link that would break a guard rail is
//! held back with a case. Not here: profiles; the host merges and parts them as clusters change.

use std::collections::{BTreeMap, BTreeSet};

use apropos_event::IdentifierKind;
use serde::{Deserialize, Serialize};

use super::{Case, CaseReason, Link};
use crate::{IdentifierDefinition, Key};

/// What a key stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// The kind of identifier.
    pub kind: IdentifierKind,
    /// Whether somebody proved to hold it.
    pub verified: bool,
}

/// The graph: plain data beside the definitions it is read with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityGraph {
    nodes: BTreeMap<Key, Node>,
    links: BTreeMap<Key, Link>,
    /// Links at each key.
    at: BTreeMap<Key, BTreeSet<Key>>,
    /// The smallest key of each key's cluster; keys that stand alone are left out.
    cluster: BTreeMap<Key, Key>,
    /// Links that are held back, with the case.
    held: BTreeMap<Key, Case>,
    /// Links that were retracted: told again, they do not come back.
    retracted: BTreeSet<Key>,
}

/// Which clusters a change touched: each as it is now, its keys in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// The clusters that are not what they were.
    pub clusters: Vec<Vec<Key>>,
    /// Cases that were raised by this change.
    pub cases: Vec<Case>,
}

/// Why a link is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// The link was retracted before.
    #[error("the link was retracted and does not come back")]
    Retracted,
    /// There is no such link.
    #[error("there is no such link")]
    Unknown,
    /// Both ends are the same key.
    #[error("a link joins two different keys")]
    Loop,
    /// So many links hang together that the key in their middle identifies nobody.
    #[error("more than {0} links would hang together: a key in their middle identifies nobody")]
    TooLarge(usize),
}

/// The most links that may hang together.
const MAX_COMPONENT: usize = 1_024;
/// How many identifiers of an undeclared kind one person can have.
const DEFAULT_LIMIT: u16 = 5;

impl IdentityGraph {
    /// A graph without nodes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says what a key stands for; verified stays verified. The cluster it is in is folded again.
    pub fn declare(&mut self, key: Key, node: Node, definitions: &[IdentifierDefinition]) -> Changed {
        let verified = self.nodes.get(&key).is_some_and(|known| known.verified) || node.verified;
        let node = Node { verified, ..node };
        if self.nodes.get(&key) == Some(&node) {
            return Changed::default();
        }
        self.nodes.insert(key, node);
        self.fold(&[key], definitions)
    }

    /// Adds a link. The same link told again changes nothing. O(component).
    ///
    /// # Errors
    /// When the link was retracted before, joins a key with itself, or would join too many links.
    pub fn link(
        &mut self,
        link: Link,
        definitions: &[IdentifierDefinition],
    ) -> Result<Changed, IdentityError> {
        if self.retracted.contains(&link.id) {
            return Err(IdentityError::Retracted);
        }
        if link.a == link.b {
            return Err(IdentityError::Loop);
        }
        if self.links.contains_key(&link.id) {
            return Ok(Changed::default());
        }
        let (mut keys, mut links) = (BTreeSet::new(), BTreeSet::new());
        for end in [link.a, link.b] {
            self.reach(end, &mut keys, &mut links);
        }
        if MAX_COMPONENT <= links.len() {
            return Err(IdentityError::TooLarge(MAX_COMPONENT));
        }
        for end in [link.a, link.b] {
            self.at.entry(end).or_default().insert(link.id);
        }
        let ends = [link.a, link.b];
        self.links.insert(link.id, link);
        Ok(self.fold(&ends, definitions))
    }

    /// Takes a link back, for good. O(component).
    ///
    /// # Errors
    /// When there is no such link.
    pub fn retract(
        &mut self,
        link: Key,
        definitions: &[IdentifierDefinition],
    ) -> Result<Changed, IdentityError> {
        let gone = self.links.remove(&link).ok_or(IdentityError::Unknown)?;
        self.retracted.insert(link);
        self.held.remove(&link);
        for end in [gone.a, gone.b] {
            if let Some(links) = self.at.get_mut(&end) {
                links.remove(&link);
            }
        }
        Ok(self.fold(&[gone.a, gone.b], definitions))
    }

    /// The keys that belong to the same person as `key`, itself included, in order.
    pub fn cluster(&self, key: Key) -> Vec<Key> {
        let Some(root) = self.cluster.get(&key) else { return vec![key] };
        let (mut keys, mut links) = (BTreeSet::new(), BTreeSet::new());
        self.reach(key, &mut keys, &mut links);
        keys.into_iter().filter(|key| self.cluster.get(key) == Some(root)).collect()
    }

    /// Whether two keys belong to the same person.
    pub fn same(&self, a: Key, b: Key) -> bool {
        a == b || matches!((self.cluster.get(&a), self.cluster.get(&b)), (Some(x), Some(y)) if x == y)
    }

    /// What a person must decide, by link.
    pub fn cases(&self) -> impl Iterator<Item = &Case> {
        self.held.values()
    }

    /// The links that stand, held ones included, by id.
    pub fn links(&self) -> impl Iterator<Item = &Link> {
        self.links.values()
    }

    /// Forgets a key for good, with every link at it. For erasure.
    pub fn forget(&mut self, key: Key, definitions: &[IdentifierDefinition]) -> Changed {
        let mut touched = Vec::new();
        for id in self.at.remove(&key).unwrap_or_default() {
            self.held.remove(&id);
            if let Some(link) = self.links.remove(&id) {
                let other = link.other(key);
                if let Some(links) = self.at.get_mut(&other) {
                    links.remove(&id);
                }
                touched.push(other);
            }
        }
        self.nodes.remove(&key);
        self.cluster.remove(&key);
        self.fold(&touched, definitions)
    }

    /// Everything that hangs together with `start`, held links included.
    fn reach(&self, start: Key, keys: &mut BTreeSet<Key>, links: &mut BTreeSet<Key>) {
        let mut open = vec![start];
        while let Some(key) = open.pop() {
            if !keys.insert(key) {
                continue;
            }
            for id in self.at.get(&key).into_iter().flatten() {
                if links.insert(*id)
                    && let Some(link) = self.links.get(id)
                {
                    open.push(link.other(key));
                }
            }
        }
    }

    /// Computes the clusters of everything that hangs together with `starts` again.
    fn fold(&mut self, starts: &[Key], definitions: &[IdentifierDefinition]) -> Changed {
        let (mut keys, mut ids) = (BTreeSet::new(), BTreeSet::new());
        for start in starts {
            self.reach(*start, &mut keys, &mut ids);
        }
        let mut links: Vec<&Link> = ids.iter().filter_map(|id| self.links.get(id)).collect();
        let priority = |key: &Key| {
            let kind = self.nodes.get(key).map(|node| &node.kind);
            definitions.iter().find(|known| Some(&known.kind) == kind).map_or(0, |known| known.priority)
        };
        // Strongest first: surer, then between weightier kinds, then older.
        links.sort_by_key(|link| {
            let weight = priority(&link.a).max(priority(&link.b));
            (std::cmp::Reverse((link.confidence, weight)), link.at, link.id)
        });
        let mut sets: Vec<BTreeSet<Key>> = keys.iter().map(|key| BTreeSet::from([*key])).collect();
        let mut held = Vec::new();
        for link in links {
            let find = |key: &Key| sets.iter().position(|set| set.contains(key));
            let (Some(a), Some(b)) = (find(&link.a), find(&link.b)) else { continue };
            if a == b {
                continue;
            }
            let (Some(left), Some(right)) = (sets.get(a), sets.get(b)) else { continue };
            if let Some(case) = self.conflict(left, right, link.id, definitions) {
                held.push((link.id, case));
            } else {
                let gone = sets.swap_remove(a.max(b));
                if let Some(kept) = sets.get_mut(a.min(b)) {
                    kept.extend(gone);
                }
            }
        }
        let mut changed = Changed::default();
        let before: BTreeSet<BTreeSet<Key>> = self.clusters_among(&keys);
        for set in &sets {
            if !before.contains(set) {
                changed.clusters.push(set.iter().copied().collect());
            }
        }
        for set in sets {
            let root = if set.len() < 2 { None } else { set.first().copied() };
            for key in &set {
                match root {
                    Some(root) => self.cluster.insert(*key, root),
                    None => self.cluster.remove(key),
                };
            }
        }
        for id in &ids {
            if !held.iter().any(|(held, _)| held == id) {
                self.held.remove(id);
            }
        }
        for (id, case) in held {
            if self.held.get(&id) != Some(&case) {
                changed.cases.push(case.clone());
                self.held.insert(id, case);
            }
        }
        changed.clusters.sort();
        changed
    }

    /// The clusters of `keys` as they stand.
    fn clusters_among(&self, keys: &BTreeSet<Key>) -> BTreeSet<BTreeSet<Key>> {
        let mut clusters: BTreeMap<Key, BTreeSet<Key>> = BTreeMap::new();
        for key in keys {
            clusters.entry(self.cluster.get(key).copied().unwrap_or(*key)).or_default().insert(*key);
        }
        clusters.into_values().collect()
    }

    /// Why two sets of keys must not become one, if there is a reason.
    fn conflict(
        &self,
        left: &BTreeSet<Key>,
        right: &BTreeSet<Key>,
        link: Key,
        definitions: &[IdentifierDefinition],
    ) -> Option<Case> {
        let nodes = |set: &BTreeSet<Key>| -> Vec<(IdentifierKind, Key, bool)> {
            let known = set.iter().filter_map(|key| self.nodes.get(key).map(|node| (key, node)));
            known.map(|(key, node)| (node.kind.clone(), *key, node.verified)).collect()
        };
        let mut all = [nodes(left), nodes(right)].concat();
        all.sort();
        for group in all.chunk_by(|a, b| a.0 == b.0) {
            let Some((kind, ..)) = group.first() else { continue };
            let limit = definitions
                .iter()
                .find(|known| known.kind == *kind)
                .map_or(DEFAULT_LIMIT, |known| known.limit);
            let verified: Vec<Key> =
                group.iter().filter(|(.., verified)| *verified).map(|(_, key, _)| *key).collect();
            let case = |reason, keys| Some(Case { reason, kind: kind.clone(), link: Some(link), keys });
            if limit == 1 && 1 < verified.len() {
                return case(CaseReason::VerifiedConflict, verified);
            }
            if usize::from(limit) < group.len() {
                return case(CaseReason::TooMany, group.iter().map(|(_, key, _)| *key).collect());
            }
        }
        None
    }
}
