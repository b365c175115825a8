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

use crate::blocks::{Block, Blocks};
use crate::digest::Outline;
use crate::encoder::Word;

/// Lanes of a block.
pub(crate) const LANES: usize = 8;
/// Numbers of a block: means, then variances.
pub(crate) const BLOCK: usize = 2 * LANES;

/// Means and variances by feature and lane.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Table {
    /// Blocks of a row.
    blocks: u32,
    data: Blocks,
}

/// Weights of one lane, each kind of number beside its like; reused.
#[derive(Clone, Debug, Default)]
pub(crate) struct Weights {
    /// What the features are worth that they weigh.
    pub(crate) value: Vec<f32>,
    pub(crate) mean: Vec<f32>,
    pub(crate) variance: Vec<f32>,
}

impl Weights {
    fn resize(&mut self, count: usize) {
        self.value.resize(count, 0.0);
        self.mean.resize(count, 0.0);
        self.variance.resize(count, 0.0);
    }
}

impl Table {
    /// A table without rows for `lanes` lanes.
    pub(crate) fn new(lanes: usize) -> Self {
        Self { blocks: lanes.div_ceil(LANES) as u32, data: Blocks::default() }
    }

    /// Blocks of a row.
    pub(crate) fn blocks(&self) -> usize {
        self.blocks as usize
    }

    /// The number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.data.all().len().checked_div(self.blocks()).unwrap_or(0)
    }

    /// Adds a row whose weights all have this mean and variance.
    pub(crate) fn push(&mut self, mean: f32, variance: f32) {
        let mut block = [mean; BLOCK];
        block[LANES..].fill(variance);
        let count = self.data.all().len();
        if self.data.capacity() < count + self.blocks() {
            // Tables are large: they grow by an eighth, not to twice their size.
            self.data.reserve_exact((count / 8).max(16 * self.blocks()));
        }
        self.data.extend(std::iter::repeat_n(Block(block), self.blocks()));
    }

    /// Adds the lane `lane` (the one after the last), with means and variances by row.
    pub(crate) fn add_lane(&mut self, lane: usize, prior: impl Fn(usize) -> (f32, f32)) {
        let rows = self.rows();
        if self.blocks() * LANES <= lane {
            let old = std::mem::take(&mut self.data);
            let before = self.blocks();
            self.blocks += 1;
            self.data.reserve_exact(rows * self.blocks());
            self.data.extend((0..rows).flat_map(|row| {
                let old = old.all()[row * before..(row + 1) * before].iter().copied();
                old.chain([Block([0.0; BLOCK])])
            }));
        }
        for row in 0..rows {
            let (mean, variance) = prior(row);
            self.set(row as u32, lane, mean, variance);
        }
    }

    /// The place of the block that holds `lane` of `row`.
    fn at(&self, row: u32, lane: usize) -> usize {
        row as usize * self.blocks() + lane / LANES
    }

    /// Mean and variance of one weight.
    pub(crate) fn weight(&self, row: u32, lane: usize) -> (f32, f32) {
        self.data.all()[self.at(row, lane)].get(lane)
    }

    /// Sets mean and variance of one weight.
    pub(crate) fn set(&mut self, row: u32, lane: usize, mean: f32, variance: f32) {
        let at = self.at(row, lane);
        self.data.set(at, lane, (mean, variance));
    }

    /// Σ m x and Σ v x² of one lane, in the order of the features.
    pub(crate) fn lane(&self, terms: &[Word], lane: usize) -> (f32, f32) {
        let (mut mean, mut variance) = (0.0, 0.0);
        for term in terms {
            let ((m, v), x) = (self.weight(term.row(), lane), term.value());
            mean += m * x;
            variance += v * (x * x);
        }
        (mean, variance)
    }

    /// The same, with a copy of the features' values, of means and of variances in `weights`.
    pub(crate) fn read_lane(&self, terms: &[Word], lane: usize, weights: &mut Weights) -> (f32, f32) {
        let (mut mean, mut variance) = (0.0, 0.0);
        weights.resize(terms.len());
        let Weights { value, mean: means, variance: variances } = weights;
        let copies = value.iter_mut().zip(means).zip(variances);
        for (term, ((x, m), v)) in terms.iter().zip(copies) {
            *x = term.value();
            (*m, *v) = self.weight(term.row(), lane);
            mean += *m * *x;
            variance += *v * (*x * *x);
        }
        (mean, variance)
    }

    /// Writes `weights` back.
    pub(crate) fn write_lane(&mut self, terms: &[Word], lane: usize, weights: &Weights) {
        for ((term, &mean), &variance) in terms.iter().zip(&weights.mean).zip(&weights.variance) {
            self.set(term.row(), lane, mean, variance);
        }
    }

    /// Replaces mean and variance of `lane` in the row of each feature by what `change` makes of them and of row and value.
    pub(crate) fn change_lane(
        &mut self,
        terms: &[Word],
        lane: usize,
        change: impl Fn(u32, f32, (f32, f32)) -> (f32, f32),
    ) {
        for term in terms {
            let row = term.row();
            let (mean, variance) = change(row, term.value(), self.weight(row, lane));
            self.set(row, lane, mean, variance);
        }
    }

    /// Σ m x and Σ v x² of every lane, in the order of the features, into `sums` (interleaved as in the table).
    ///
    /// Sums stay in registers while their rows stream by. A lane is summed alike however many there are.
    #[inline(always)]
    pub(crate) fn sum_all<S: Simd>(&self, simd: S, terms: &[Word], sums: &mut [f32]) {
        self.sum_blocks(simd, terms, 0, sums);
    }

    /// The same for the blocks from `first` on, as many as `sums` holds.
    #[inline(always)]
    pub(crate) fn sum_blocks<S: Simd>(&self, simd: S, terms: &[Word], first: usize, sums: &mut [f32]) {
        let (mut at, sums) = (first, sums.as_chunks_mut().0);
        // As many blocks at a time as fit the registers.
        match S::F32_LANES {
            16 => {
                let rest = self.sum_some::<S, 8, 1>(simd, terms, &mut at, sums);
                let rest = self.sum_some::<S, 4, 1>(simd, terms, &mut at, rest);
                let rest = self.sum_some::<S, 2, 1>(simd, terms, &mut at, rest);
                self.sum_some::<S, 1, 1>(simd, terms, &mut at, rest);
            }
            8 => {
                let rest = self.sum_some::<S, 4, 2>(simd, terms, &mut at, sums);
                let rest = self.sum_some::<S, 2, 2>(simd, terms, &mut at, rest);
                self.sum_some::<S, 1, 2>(simd, terms, &mut at, rest);
            }
            4 => {
                let rest = self.sum_some::<S, 2, 4>(simd, terms, &mut at, sums);
                self.sum_some::<S, 1, 4>(simd, terms, &mut at, rest);
            }
            _ => {
                let simd = pulp::Scalar::new();
                self.sum_some::<pulp::Scalar, 1, BLOCK>(simd, terms, &mut at, sums);
            }
        }
    }

    /// The same for the blocks from `at` on, N blocks of V vectors at a time while so many are left. Moves `at` and returns
    /// what is left of `sums`.
    #[inline(always)]
    fn sum_some<'a, S: Simd, const N: usize, const V: usize>(
        &self,
        simd: S,
        terms: &[Word],
        at: &mut usize,
        sums: &'a mut [[f32; BLOCK]],
    ) -> &'a mut [[f32; BLOCK]] {
        // A vector as wide as a block holds means in its lower half.
        let mut halves = [0.0; BLOCK];
        halves[LANES..].fill(1.0);
        let halves = S::as_simd_f32s(&halves).0.first().copied().unwrap_or(simd.splat_f32s(0.0));
        let means = simd.less_than_f32s(halves, simd.splat_f32s(0.5));
        let data = self.data.all();
        let (parts, rest) = sums.as_chunks_mut::<N>();
        for part in parts {
            let mut local = [[simd.splat_f32s(0.0); V]; N];
            for term in terms {
                let (from, x) = (term.row() as usize * self.blocks() + *at, term.value());
                let Some(blocks) = data.get(from..).and_then(|blocks| blocks.first_chunk::<N>()) else {
                    continue;
                };
                let (line, square) = (simd.splat_f32s(x), simd.splat_f32s(x * x));
                let both = simd.select_f32s(means, line, square);
                for block in 0..N {
                    let Some(weights) = S::as_simd_f32s(&blocks[block].0).0.first_chunk::<V>() else {
                        continue;
                    };
                    for vector in 0..V {
                        let factor = match vector * 2 / V {
                            _ if V == 1 => both,
                            0 => line,
                            _ => square,
                        };
                        let sum = local[block][vector];
                        local[block][vector] = simd.add_f32s(sum, simd.mul_f32s(weights[vector], factor));
                    }
                }
            }
            for (sums, local) in part.iter_mut().zip(local) {
                for (sum, local) in S::as_mut_simd_f32s(sums).0.iter_mut().zip(local) {
                    *sum = local;
                }
            }
            *at += N;
        }
        rest
    }

    /// Outlines all weights.
    pub(crate) fn outline(&self, outline: &mut Outline) {
        outline.part(&self.blocks);
        self.data.outline(outline);
    }

    /// Whether this is a table of finite numbers of that shape.
    pub(crate) fn fits(&self, rows: usize, lanes: usize) -> bool {
        self.blocks() == lanes.div_ceil(LANES)
            && self.data.all().len() == rows * self.blocks()
            && self.data.all().iter().flat_map(|block| block.0).all(f32::is_finite)
    }
}

#[cfg(test)]
mod tests {
    use pulp::WithSimd;

    use super::*;
    use crate::kernel;

    struct Sums<'a>(&'a Table, &'a [Word], &'a mut [f32]);

    impl WithSimd for Sums<'_> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            self.0.sum_all(simd, self.1, self.2);
        }
    }

    #[test]
    fn a_thousand_actions_of_4096_weights_fit_32_mebibytes() {
        let mut table = Table::new(1_000);
        for _ in 0..4_096 {
            table.push(0.0, 1.0);
        }
        assert!(size_of_val(table.data.all()) <= 32 << 20, "{}", table.data.all().len());
        // What was reserved beyond is at most an eighth.
        assert!(table.data.capacity() <= table.data.all().len() / 8 * 9 + 16 * table.blocks());
    }

    #[test]
    fn lanes_add_up_alike_alone_in_blocks_and_together() {
        let (lanes, mut table) = (101, Table::new(101));
        let value = |at: usize| (at.wrapping_mul(2_654_435_761) % 1_000) as f32 / 1_000.0 - 0.5;
        for row in 0..40 {
            table.push(0.0, 1.0);
            (0..lanes).for_each(|lane| table.set(row, lane, value(row as usize * 31 + lane), 0.3));
        }
        let rows = (0..40).filter(|row| row % 3 != 1);
        let terms: Vec<Word> = rows.map(|row| Word::term(row, value(row as usize + 7))).collect();
        let mut all = vec![f32::NAN; table.blocks() * BLOCK];
        table.sum_all(pulp::Scalar::new(), &terms, &mut all);
        for machine in kernel::machines() {
            let mut wide = vec![f32::NAN; all.len()];
            machine.dispatch(Sums(&table, &terms, &mut wide));
            assert_eq!(all, wide);
        }
        let mut weights = Weights::default();
        for lane in 0..lanes {
            let mut block = [f32::NAN; BLOCK];
            table.sum_blocks(pulp::Scalar::new(), &terms, lane / LANES, &mut block);
            let at = lane / LANES * BLOCK + lane % LANES;
            assert_eq!((all[at], all[at + LANES]), (block[lane % LANES], block[lane % LANES + LANES]));
            assert_eq!((all[at], all[at + LANES]), table.lane(&terms, lane));
            let before = table.clone();
            assert_eq!((all[at], all[at + LANES]), table.read_lane(&terms, lane, &mut weights));
            table.write_lane(&terms, lane, &weights);
            assert_eq!(before, table);
            weights.mean.iter_mut().for_each(|mean| *mean += 1.0);
            table.write_lane(&terms, lane, &weights);
            let mean = |table: &Table, term: &Word| table.weight(term.row(), lane).0;
            assert!(terms.iter().all(|term| mean(&table, term) == mean(&before, term) + 1.0));
            table = before;
        }
    }
}
