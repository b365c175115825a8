//! Blocks of a weight table in one sequence, with digests of many at a time, kept until one of them changes: an outcome
//! among a thousand actions touches few.
//!
//! Not here: which block belongs to which row.

use serde::de::Error as _;
use serde::ser::SerializeSeq as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::digest::{Kept, LARGE, Outline};
use crate::rows::{BLOCK, LANES};

/// Means of eight lanes, then their variances, in one cache line: vectors that cross two load at half the speed.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(align(64))]
pub(crate) struct Block(pub(crate) [f32; BLOCK]);

/// A sequence of blocks.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Blocks {
    all: Vec<Block>,
    /// One for each whole [`LEAF`] blocks.
    leaves: Vec<Kept>,
}

/// Blocks of one digest.
const LEAF: usize = LARGE / size_of::<Block>();

impl Block {
    /// Mean and variance of a lane.
    pub(crate) fn get(&self, lane: usize) -> (f32, f32) {
        (self.0[lane % LANES], self.0[lane % LANES + LANES])
    }
}

impl Blocks {
    /// The blocks in their order.
    pub(crate) fn all(&self) -> &[Block] {
        &self.all
    }

    /// How many blocks there is room for.
    pub(crate) fn capacity(&self) -> usize {
        self.all.capacity()
    }

    /// Makes room for exactly so many more.
    pub(crate) fn reserve_exact(&mut self, more: usize) {
        self.all.reserve_exact(more);
    }

    /// Adds blocks at the end.
    pub(crate) fn extend(&mut self, blocks: impl IntoIterator<Item = Block>) {
        self.all.extend(blocks);
        self.leaves.resize(self.all.len() / LEAF, Kept::default());
    }

    /// Sets mean and variance of a lane of the block at `at`.
    pub(crate) fn set(&mut self, at: usize, lane: usize, (mean, variance): (f32, f32)) {
        if let Some(leaf) = self.leaves.get_mut(at / LEAF) {
            leaf.forget();
        }
        let Block(numbers) = &mut self.all[at];
        (numbers[lane % LANES], numbers[lane % LANES + LANES]) = (mean, variance);
    }

    /// Outlines the blocks: many by their digests, the rest as they are.
    pub(crate) fn outline(&self, outline: &mut Outline) {
        outline.part(&self.all.len());
        let (many, rest) = self.all.as_chunks::<LEAF>();
        for (leaf, blocks) in self.leaves.iter().zip(many) {
            outline.digest_of(&leaf.of(|outline| draw(blocks, outline)));
        }
        draw(rest, outline);
    }
}

/// Outlines blocks as they are.
fn draw(blocks: &[Block], outline: &mut Outline) {
    for Block(numbers) in blocks {
        outline.numbers(numbers);
    }
}

/// Stored as one sequence of numbers.
impl Serialize for Blocks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut numbers = serializer.serialize_seq(Some(self.all.len() * BLOCK))?;
        for number in self.all.iter().flat_map(|block| &block.0) {
            numbers.serialize_element(number)?;
        }
        numbers.end()
    }
}

impl<'de> Deserialize<'de> for Blocks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let numbers = Vec::<f32>::deserialize(deserializer)?;
        let (chunks, []) = numbers.as_chunks() else {
            let message = format!("expected a multiple of {BLOCK} numbers, found {}", numbers.len());
            return Err(D::Error::custom(message));
        };
        let mut blocks = Self::default();
        blocks.extend(chunks.iter().copied().map(Block));
        Ok(blocks)
    }
}
