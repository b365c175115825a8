//! Pairs of inputs that matter together: each common pair of values has a row of its own.

use apropos_event::draw::mix;
use serde::{Deserialize, Serialize};

use super::category::Categories;
use crate::ModelDefinition;

/// One pair of inputs with its cells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Cross {
    left: u16,
    right: u16,
    cells: Categories,
}

/// All pairs, the declared ones first, then those that were found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Crosses(Vec<Cross>);

impl Crosses {
    /// The declared pairs. Unknown names have been reported before.
    pub(super) fn new(definition: &ModelDefinition) -> Self {
        let place = |name: &str| definition.inputs.iter().position(|input| input.name == name);
        let pairs = definition.crosses.iter().filter_map(|cross| {
            let (left, right) = (place(&cross.left)?, place(&cross.right)?);
            Some(Cross { left: left as u16, right: right as u16, cells: Categories::default() })
        });
        Self(pairs.collect())
    }

    /// Whether restored state has the declared pairs first and names known rows and inputs.
    pub(super) fn is_consistent(&self, declared: &Self, rows: u32, inputs: usize) -> bool {
        declared.0.iter().zip(&self.0).all(|(a, b)| (a.left, a.right) == (b.left, b.right))
            && declared.len() <= self.len()
            && self.0.iter().all(|cross| {
                let known = usize::from(cross.left.max(cross.right)) < inputs;
                known && cross.cells.is_consistent(rows)
            })
    }

    /// The inputs of each pair.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (u16, u16)> + '_ {
        self.0.iter().map(|cross| (cross.left, cross.right))
    }

    /// Whether two inputs are crossed.
    pub(super) fn contains(&self, a: u16, b: u16) -> bool {
        self.pairs().any(|pair| pair == (a, b) || pair == (b, a))
    }

    /// Adds a pair, unless it is known, and gives its place.
    pub(super) fn add(&mut self, left: u16, right: u16) -> usize {
        if let Some(at) = self.pairs().position(|pair| pair == (left, right)) {
            return at;
        }
        self.0.push(Cross { left, right, cells: Categories::default() });
        self.0.len() - 1
    }

    /// Gives a cell of pair `at` the row `row`.
    pub(super) fn adopt(&mut self, at: usize, cell: u64, row: u32) {
        if let Some(cross) = self.0.get_mut(at) {
            cross.cells.adopt(cell, row);
        }
    }

    /// The number of pairs.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The code of the cell of pair `at`, given each input's own cell.
    pub(super) fn cell(&self, at: usize, bin: impl Fn(usize) -> u64) -> u64 {
        let Cross { left, right, .. } = self.0[at];
        mix(mix(bin(usize::from(left))) ^ bin(usize::from(right)).wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    /// The row of the cell of pair `at`, if it is common enough.
    pub(super) fn row(&self, at: usize, bin: impl Fn(usize) -> u64) -> Option<u32> {
        self.0[at].cells.row(self.cell(at, bin))
    }

    /// Takes note of a cell; true when it now gets the row `next_row`.
    pub(super) fn observe(
        &mut self,
        at: usize,
        cell: u64,
        rare_after: u32,
        most: u32,
        next_row: u32,
    ) -> bool {
        self.0[at].cells.observe(cell, rare_after, most, next_row)
    }
}
