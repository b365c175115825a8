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

/// Lanes of a block.
pub(crate) const LANES: usize = 8;
/// Numbers of a block: means, then variances.
pub(crate) const BLOCK: usize = 2 * LANES;
/// 0 where a block holds means, 1 where it holds variances.
const HALVES: [f32; BLOCK] = [0., 0., 0., 0., 0., 0., 0., 0., 1., 1., 1., 1., 1., 1., 1., 1.];

/// Means and variances by feature and lane.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Table {
    blocks: u32,
    data: Vec<f32>,
}

/// Weights of one lane, beside each other; reused.
#[derive(Clone, Debug, Default)]
pub(crate) struct Weights {
    pub(crate) mean: Vec<f32>,
    pub(crate) variance: Vec<f32>,
}

impl Weights {
    fn resize(&mut self, count: usize) {
        self.mean.resize(count, 0.0);
        self.variance.resize(count, 0.0);
    }
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
        if self.data.capacity() < self.data.len() + self.stride() {
            // Tables are large: they grow by an eighth, not to twice their size.
            self.data.reserve_exact((self.data.len() / 8).max(16 * self.stride()));
        }
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
    pub(crate) fn lane(&self, rows: &[u32], values: &[f32], lane: usize) -> (f32, f32) {
        let (stride, offset) = (self.stride(), lane / LANES * BLOCK + lane % LANES);
        let (mut mean, mut variance) = (0.0, 0.0);
        for (&row, &x) in rows.iter().zip(values) {
            let at = row as usize * stride + offset;
            if let Some(weight) = self.data.get(at..at + LANES + 1) {
                mean += weight[0] * x;
                variance += weight[LANES] * (x * x);
            }
        }
        (mean, variance)
    }

    /// The same, with a copy of means and variances in `weights`.
    pub(crate) fn read_lane(
        &self,
        rows: &[u32],
        values: &[f32],
        lane: usize,
        weights: &mut Weights,
    ) -> (f32, f32) {
        let (stride, offset) = (self.stride(), lane / LANES * BLOCK + lane % LANES);
        let (mut mean, mut variance) = (0.0, 0.0);
        weights.resize(rows.len());
        let copies = weights.mean.iter_mut().zip(&mut weights.variance);
        for ((&row, &x), (m, v)) in rows.iter().zip(values).zip(copies) {
            let at = row as usize * stride + offset;
            if let (Some(from), Some(to)) = (self.data.get(at), self.data.get(at + LANES)) {
                (*m, *v) = (*from, *to);
                mean += *m * x;
                variance += *v * (x * x);
            }
        }
        (mean, variance)
    }

    /// Writes `weights` back.
    pub(crate) fn write_lane(&mut self, rows: &[u32], lane: usize, weights: &Weights) {
        let (stride, offset) = (self.stride(), lane / LANES * BLOCK + lane % LANES);
        for ((&row, &m), &v) in rows.iter().zip(&weights.mean).zip(&weights.variance) {
            let at = row as usize * stride + offset;
            if let Some(weight) = self.data.get_mut(at..at + LANES + 1) {
                (weight[0], weight[LANES]) = (m, v);
            }
        }
    }

    /// Replaces mean and variance of `lane` in each of `rows` by what `change` makes of them and of row and value.
    pub(crate) fn change_lane(
        &mut self,
        rows: &[u32],
        values: &[f32],
        lane: usize,
        change: impl Fn(u32, f32, (f32, f32)) -> (f32, f32),
    ) {
        let (stride, offset) = (self.stride(), lane / LANES * BLOCK + lane % LANES);
        for (&row, &x) in rows.iter().zip(values) {
            let at = row as usize * stride + offset;
            if let Some(weight) = self.data.get_mut(at..at + LANES + 1) {
                (weight[0], weight[LANES]) = change(row, x, (weight[0], weight[LANES]));
            }
        }
    }

    /// Σ m x and Σ v x² of every lane, in the order of the features, into `sums` (interleaved as in the table).
    ///
    /// Sums stay in registers while their rows stream by. A lane is summed alike however many there are.
    #[inline(always)]
    pub(crate) fn sum_all<S: Simd>(&self, simd: S, rows: &[u32], values: &[f32], sums: &mut [f32]) {
        self.sum_blocks(simd, rows, values, 0, sums);
    }

    /// The same for the blocks from `first` on, as many as `sums` holds.
    #[inline(always)]
    pub(crate) fn sum_blocks<S: Simd>(
        &self,
        simd: S,
        rows: &[u32],
        values: &[f32],
        first: usize,
        sums: &mut [f32],
    ) {
        let features = (rows, values);
        let mut at = first * BLOCK;
        // Whole blocks at a time, first as many as fit the registers.
        match S::F32_LANES {
            16 => {
                let rest = self.sum_vectors::<S, 8>(simd, features, &mut at, sums);
                let rest = self.sum_vectors::<S, 4>(simd, features, &mut at, rest);
                let rest = self.sum_vectors::<S, 2>(simd, features, &mut at, rest);
                self.sum_vectors::<S, 1>(simd, features, &mut at, rest);
            }
            8 => {
                let rest = self.sum_vectors::<S, 8>(simd, features, &mut at, sums);
                let rest = self.sum_vectors::<S, 4>(simd, features, &mut at, rest);
                self.sum_vectors::<S, 2>(simd, features, &mut at, rest);
            }
            4 => {
                let rest = self.sum_vectors::<S, 8>(simd, features, &mut at, sums);
                self.sum_vectors::<S, 4>(simd, features, &mut at, rest);
            }
            _ => {
                self.sum_vectors::<pulp::Scalar, BLOCK>(pulp::Scalar::new(), features, &mut at, sums);
            }
        }
    }

    /// The same for the numbers from `at` on, N vectors at a time while so many are left. Moves `at` and returns what is
    /// left of `sums`.
    #[inline(always)]
    fn sum_vectors<'a, S: Simd, const N: usize>(
        &self,
        simd: S,
        (rows, values): (&[u32], &[f32]),
        at: &mut usize,
        sums: &'a mut [f32],
    ) -> &'a mut [f32] {
        let (stride, width) = (self.stride(), N * S::F32_LANES);
        // A vector as wide as a block holds means in its lower half.
        let halves = S::as_simd_f32s(&HALVES).0.first().copied().unwrap_or(simd.splat_f32s(0.0));
        let means = simd.less_than_f32s(halves, simd.splat_f32s(0.5));
        let mut parts = sums.chunks_exact_mut(width);
        for part in &mut parts {
            let mut local = [simd.splat_f32s(0.0); N];
            for (&row, &x) in rows.iter().zip(values) {
                let from = row as usize * stride + *at;
                let Some(row) = self.data.get(from..from + width) else { continue };
                let Some(row) = S::as_simd_f32s(row).0.first_chunk::<N>() else { continue };
                let (line, square) = (simd.splat_f32s(x), simd.splat_f32s(x * x));
                let both = simd.select_f32s(means, line, square);
                for place in 0..N {
                    let factor = match place * S::F32_LANES % BLOCK {
                        _ if S::F32_LANES == BLOCK => both,
                        0..LANES => line,
                        _ => square,
                    };
                    local[place] = simd.add_f32s(local[place], simd.mul_f32s(row[place], factor));
                }
            }
            for (sum, local) in S::as_mut_simd_f32s(part).0.iter_mut().zip(local) {
                *sum = local;
            }
            *at += width;
        }
        parts.into_remainder()
    }

    /// Whether this is a table of finite numbers of that shape.
    pub(crate) fn fits(&self, rows: usize, lanes: usize) -> bool {
        self.blocks() == lanes.div_ceil(LANES)
            && self.data.len() == rows * self.stride()
            && self.data.iter().all(|number| number.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use pulp::WithSimd;

    use super::*;
    use crate::kernel;

    struct Sums<'a>(&'a Table, &'a [u32], &'a [f32], &'a mut [f32]);

    impl WithSimd for Sums<'_> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            self.0.sum_all(simd, self.1, self.2, self.3);
        }
    }

    #[test]
    fn a_thousand_actions_of_4096_weights_fit_32_mebibytes() {
        let mut table = Table::new(1_000);
        for _ in 0..4_096 {
            table.push(0.0, 1.0);
        }
        assert!(table.data.len() * size_of::<f32>() <= 32 << 20, "{}", table.data.len());
        // What was reserved beyond is at most an eighth.
        assert!(table.data.capacity() <= table.data.len() / 8 * 9 + 16 * table.stride());
    }

    #[test]
    fn lanes_add_up_alike_alone_in_blocks_and_together() {
        let (lanes, mut table) = (101, Table::new(101));
        let value = |at: usize| (at.wrapping_mul(2_654_435_761) % 1_000) as f32 / 1_000.0 - 0.5;
        for row in 0..40 {
            table.push(0.0, 1.0);
            (0..lanes).for_each(|lane| table.set(row, lane, value(row as usize * 31 + lane), 0.3));
        }
        let rows: Vec<u32> = (0..40).filter(|row| row % 3 != 1).collect();
        let values: Vec<f32> = rows.iter().map(|row| value(*row as usize + 7)).collect();
        let mut all = vec![f32::NAN; table.blocks() * BLOCK];
        table.sum_all(pulp::Scalar::new(), &rows, &values, &mut all);
        for machine in kernel::machines() {
            let mut wide = vec![f32::NAN; all.len()];
            machine.dispatch(Sums(&table, &rows, &values, &mut wide));
            assert_eq!(all, wide);
        }
        let mut weights = Weights::default();
        for lane in 0..lanes {
            let mut block = [f32::NAN; BLOCK];
            table.sum_blocks(pulp::Scalar::new(), &rows, &values, lane / LANES, &mut block);
            let at = lane / LANES * BLOCK + lane % LANES;
            assert_eq!((all[at], all[at + LANES]), (block[lane % LANES], block[lane % LANES + LANES]));
            assert_eq!((all[at], all[at + LANES]), table.lane(&rows, &values, lane));
            let before = table.clone();
            assert_eq!((all[at], all[at + LANES]), table.read_lane(&rows, &values, lane, &mut weights));
            table.write_lane(&rows, lane, &weights);
            assert_eq!(before, table);
            weights.mean.iter_mut().for_each(|mean| *mean += 1.0);
            table.write_lane(&rows, lane, &weights);
            assert!(rows.iter().all(|row| table.weight(*row, lane).0 == before.weight(*row, lane).0 + 1.0));
            table = before;
        }
    }
}
