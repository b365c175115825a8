//! The weight table: for each feature a row over all actions, in blocks of eight, each block eight means followed by
//! eight variances (one cache line).
//!
//! Scoring adds up the active rows lane by lane, in the order of the features: no reduction across lanes, so scalar
//! and vector code give the same bits. A lane is one action.
//!
//! Not here: what rows and lanes stand for, and the rule by which weights move.
#![expect(clippy::inline_always, reason = "the caller's vector width must reach the loops")]

use pulp::Simd;
use serde::{Deserialize, Serialize};

use crate::kernel;

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

    /// Adds the lane `lane` (the one after the last), with means and variances by row.
    pub(crate) fn add_lane(&mut self, lane: usize, prior: impl Fn(usize) -> (f32, f32)) {
        let rows = self.rows();
        if self.blocks() * LANES <= lane {
            let old = std::mem::take(&mut self.data);
            let stride = self.stride();
            self.blocks += 1;
            self.data.reserve(rows * self.stride());
            for row in 0..rows {
                self.data.extend_from_slice(old.get(row * stride..(row + 1) * stride).unwrap_or(&[]));
                self.data.extend_from_slice(&[0.0; BLOCK]);
            }
        }
        for row in 0..rows {
            let (mean, variance) = prior(row);
            self.set(row as u32, lane, mean, variance);
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
    #[inline(always)]
    pub(crate) fn sum_all<S: Simd>(&self, simd: S, rows: &[u32], values: &[f32], sums: &mut [f32]) {
        if self.blocks() <= 2 {
            for (block, sum) in sums.as_chunks_mut::<BLOCK>().0.iter_mut().enumerate() {
                self.sum_block(simd, rows, values, block, sum);
            }
            return;
        }
        let stride = self.stride();
        let row = |at: u32| self.data.get(at as usize * stride..(at as usize + 1) * stride).unwrap_or(&[]);
        let (fours, rest) = rows.as_chunks::<4>();
        let (four_values, rest_values) = values.as_chunks::<4>();
        for (four, x) in fours.iter().zip(four_values) {
            add_four(simd, [row(four[0]), row(four[1]), row(four[2]), row(four[3])], *x, sums);
        }
        for (&at, &x) in rest.iter().zip(rest_values) {
            for (sum, row) in sums.as_chunks_mut::<BLOCK>().0.iter_mut().zip(row(at).as_chunks::<BLOCK>().0) {
                add(simd, sum, row, x);
            }
        }
    }

    /// The same for one block.
    #[inline(always)]
    pub(crate) fn sum_block<S: Simd>(
        &self,
        simd: S,
        rows: &[u32],
        values: &[f32],
        block: usize,
        sum: &mut [f32; BLOCK],
    ) {
        let stride = self.stride();
        let mut local = *sum;
        for (&row, &x) in rows.iter().zip(values) {
            let at = row as usize * stride + block * BLOCK;
            if let Some(row) = self.data.get(at..).and_then(<[f32]>::first_chunk::<BLOCK>) {
                add(simd, &mut local, row, x);
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
#[inline(always)]
fn add<S: Simd>(simd: S, sum: &mut [f32; BLOCK], row: &[f32; BLOCK], x: f32) {
    let (mean, variance) = sum.split_at_mut(LANES);
    kernel::add_scaled(simd, mean, &row[..LANES], x);
    kernel::add_scaled(simd, variance, &row[LANES..], x * x);
}

/// Adds four rows at a time; the order of additions in a lane is that of the features.
#[inline(always)]
fn add_four<S: Simd>(simd: S, rows: [&[f32]; 4], x: [f32; 4], sums: &mut [f32]) {
    let square = x.map(|x| x * x);
    let [a, b, c, d] = rows.map(|row| row.as_chunks::<BLOCK>().0);
    let sums = sums.as_chunks_mut::<BLOCK>().0;
    for ((((sum, a), b), c), d) in sums.iter_mut().zip(a).zip(b).zip(c).zip(d) {
        let (mean, variance) = sum.split_at_mut(LANES);
        kernel::add_four_scaled(simd, mean, [&a[..LANES], &b[..LANES], &c[..LANES], &d[..LANES]], x);
        kernel::add_four_scaled(simd, variance, [&a[LANES..], &b[LANES..], &c[LANES..], &d[LANES..]], square);
    }
}
