//! The weight table: for each feature a row over all actions, in blocks of eight, each block eight means followed by
//! eight variances (one cache line).
//!
//! Scoring adds up the active rows lane by lane, in the order of the features: no reduction across lanes, so scalar
//! and vector code give the same bits. A lane is one action.
//!
//! Not here: what rows and lanes stand for, and the rule by which weights move.

use serde::{Deserialize, Serialize};

/// Lanes of a block.
pub(crate) const LANES: usize = 8;
/// Numbers of a block: means, then variances.
pub(crate) const BLOCK: usize = 2 * LANES;

/// Means and variances by feature and lane.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Table {
    blocks: u32,
    data: Vec<f32>,
}

impl Table {
    /// A table without rows for `lanes` lanes.
    pub(crate) fn new(lanes: usize) -> Self {
        Self { blocks: lanes.div_ceil(LANES) as u32, data: Vec::new() }
    }

    /// Blocks of a row.
    pub(crate) fn blocks(&self) -> usize {
        self.blocks as usize
    }

    fn stride(&self) -> usize {
        self.blocks() * BLOCK
    }

    /// The number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.data.len().checked_div(self.stride()).unwrap_or(0)
    }

    /// Adds a row whose weights all have this mean and variance.
    pub(crate) fn push(&mut self, mean: f32, variance: f32) {
        let mut block = [mean; BLOCK];
        block[LANES..].fill(variance);
        for _ in 0..self.blocks() {
            self.data.extend_from_slice(&block);
        }
    }

    fn at(&self, row: u32, lane: usize) -> usize {
        row as usize * self.stride() + lane / LANES * BLOCK + lane % LANES
    }

    /// Mean and variance of one weight.
    pub(crate) fn weight(&self, row: u32, lane: usize) -> (f32, f32) {
        let at = self.at(row, lane);
        (self.data[at], self.data[at + LANES])
    }

    /// Sets mean and variance of one weight.
    pub(crate) fn set(&mut self, row: u32, lane: usize, mean: f32, variance: f32) {
        let at = self.at(row, lane);
        self.data[at] = mean;
        self.data[at + LANES] = variance;
    }

    /// Σ m x and Σ v x² of one lane, in the order of the features.
    pub(crate) fn lane(&self, features: impl Iterator<Item = (u32, f32)>, lane: usize) -> (f32, f32) {
        let (mut mean, mut variance) = (0.0, 0.0);
        for (row, x) in features {
            let (m, v) = self.weight(row, lane);
            mean += m * x;
            variance += v * (x * x);
        }
        (mean, variance)
    }

    /// Σ m x and Σ v x² of every lane of all blocks, added to `sums` (means and variances interleaved as in the table).
    pub(crate) fn sum_all(&self, rows: &[u32], values: &[f32], sums: &mut [f32]) {
        if self.blocks() <= 4 {
            for (block, sum) in sums.chunks_exact_mut(BLOCK).enumerate() {
                self.sum_block(rows, values, block, sum);
            }
            return;
        }
        let stride = self.stride();
        let row = |at: u32| self.data.get(at as usize * stride..(at as usize + 1) * stride).unwrap_or(&[]);
        let (fours, rest) = rows.as_chunks::<4>();
        let (four_values, rest_values) = values.as_chunks::<4>();
        for (four, x) in fours.iter().zip(four_values) {
            add_four([row(four[0]), row(four[1]), row(four[2]), row(four[3])], *x, sums);
        }
        for (&at, &x) in rest.iter().zip(rest_values) {
            let square = x * x;
            for (sum, row) in sums.as_chunks_mut::<BLOCK>().0.iter_mut().zip(row(at).as_chunks::<BLOCK>().0) {
                add(sum, row, x, square);
            }
        }
    }

    /// The same for one block.
    pub(crate) fn sum_block(&self, rows: &[u32], values: &[f32], block: usize, sum: &mut [f32]) {
        let stride = self.stride();
        let Some(sum) = sum.first_chunk_mut::<BLOCK>() else { return };
        let mut local = *sum;
        for (&row, &x) in rows.iter().zip(values) {
            let at = row as usize * stride + block * BLOCK;
            if let Some(row) = self.data.get(at..).and_then(<[f32]>::first_chunk::<BLOCK>) {
                add(&mut local, row, x, x * x);
            }
        }
        *sum = local;
    }

    /// Whether this is a table of finite numbers of that shape.
    pub(crate) fn fits(&self, rows: usize, lanes: usize) -> bool {
        self.blocks() == lanes.div_ceil(LANES)
            && self.data.len() == rows * self.stride()
            && self.data.iter().all(|number| number.is_finite())
    }
}

/// Adds one block of a row.
#[inline]
fn add(sum: &mut [f32; BLOCK], row: &[f32; BLOCK], x: f32, square: f32) {
    for lane in 0..LANES {
        sum[lane] += row[lane] * x;
        sum[lane + LANES] += row[lane + LANES] * square;
    }
}

/// Adds four rows at a time, so that sums are loaded and stored a quarter as often; the order of additions in a lane is
/// that of the features.
fn add_four(rows: [&[f32]; 4], x: [f32; 4], sums: &mut [f32]) {
    let square = x.map(|x| x * x);
    let [a, b, c, d] = rows.map(|row| row.as_chunks::<BLOCK>().0);
    let sums = sums.as_chunks_mut::<BLOCK>().0;
    for ((((sum, a), b), c), d) in sums.iter_mut().zip(a).zip(b).zip(c).zip(d) {
        add(sum, a, x[0], square[0]);
        add(sum, b, x[1], square[1]);
        add(sum, c, x[2], square[2]);
        add(sum, d, x[3], square[3]);
    }
}
