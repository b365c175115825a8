//! The way of an instance: the last nodes that it entered.
//!
//! Not here: what is learned from ways; see the moves of [`crate::Advance`].

use std::fmt;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::limits::MAX_TRAIL;

/// The last nodes, oldest first. They lie in the instance itself: every step adds one, and whoever loads the instance has
/// them.
#[derive(Clone, Copy)]
pub(crate) struct Trail {
    nodes: [u16; MAX_TRAIL],
    len: u8,
}

impl Trail {
    /// Adds a node; the oldest makes room.
    pub(crate) fn push(&mut self, node: u16) {
        let mut len = usize::from(self.len).min(MAX_TRAIL);
        if len == MAX_TRAIL {
            self.nodes.copy_within(1.., 0);
            len -= 1;
        }
        self.nodes[len] = node;
        self.len = len as u8 + 1;
    }

    /// Forgets the way.
    pub(crate) fn clear(&mut self) {
        self.len = 0;
    }

    /// The nodes, oldest first.
    pub(crate) fn nodes(&self) -> &[u16] {
        self.nodes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

impl Default for Trail {
    fn default() -> Self {
        Self { nodes: [0; MAX_TRAIL], len: 0 }
    }
}

impl PartialEq for Trail {
    fn eq(&self, other: &Self) -> bool {
        self.nodes() == other.nodes()
    }
}

impl fmt::Debug for Trail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.nodes().fmt(f)
    }
}

/// Stored as a sequence.
impl Serialize for Trail {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.nodes().serialize(serializer)
    }
}

/// Of a longer way the last nodes are kept.
impl<'de> Deserialize<'de> for Trail {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Nodes;

        impl<'de> Visitor<'de> for Nodes {
            type Value = Trail;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a sequence of nodes")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut nodes: A) -> Result<Trail, A::Error> {
                let mut trail = Trail::default();
                while let Some(node) = nodes.next_element()? {
                    trail.push(node);
                }
                Ok(trail)
            }
        }

        deserializer.deserialize_seq(Nodes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_last_nodes_are_kept_as_a_sequence_would_keep_them(
            steps in prop::collection::vec(prop::option::weighted(0.97, any::<u16>()), 0..150),
        ) {
            let (mut trail, mut naive) = (Trail::default(), Vec::new());
            for step in steps {
                match step {
                    None => {
                        trail.clear();
                        naive.clear();
                    }
                    Some(node) => {
                        trail.push(node);
                        naive.push(node);
                        if MAX_TRAIL < naive.len() {
                            naive.remove(0);
                        }
                    }
                }
                prop_assert_eq!(trail.nodes(), &naive[..]);
            }
            let bytes = postcard::to_allocvec(&trail).unwrap();
            prop_assert_eq!(&bytes, &postcard::to_allocvec(&naive).unwrap());
            prop_assert_eq!(postcard::from_bytes::<Trail>(&bytes).unwrap(), trail);
            let json = serde_json::to_string(&trail).unwrap();
            prop_assert_eq!(&json, &serde_json::to_string(&naive).unwrap());
            prop_assert_eq!(serde_json::from_str::<Trail>(&json).unwrap(), trail);
        }
    }

    #[test]
    fn of_a_longer_way_the_end_is_kept() {
        let long: Vec<u16> = (0..100).collect();
        let trail: Trail = serde_json::from_str(&serde_json::to_string(&long).unwrap()).unwrap();
        assert_eq!(trail.nodes(), &long[100 - MAX_TRAIL..]);
    }
}
