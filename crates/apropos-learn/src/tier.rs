//! Logits from weight tables: the rows of the active features added up for the candidates, and on top of them what all
//! actions and those of a group share.
//!
//! Not here: the tables themselves ([`crate::rows`]), learning, and the tier with full covariance.
#![expect(clippy::inline_always, reason = "the caller's vector width must reach the loops")]

use pulp::{Simd, WithSimd};

use crate::Features;
use crate::kernel::Shrink;
use crate::rows::{BLOCK, LANES, Table};

/// What actions share. Lane 0 is common to all; then one lane a group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shared<'a> {
    pub(crate) table: &'a Table,
    /// The lane of each action's group; 0 when it has none. Empty when there are no groups.
    pub(crate) group_of: &'a [u16],
    /// How many of the active features are shared: all, or only the first, the intercept.
    pub(crate) touched: usize,
}

impl Shared<'_> {
    /// Sums of every lane, into `sums`.
    #[inline(always)]
    pub(crate) fn sum<S: Simd>(&self, simd: S, features: &Features, sums: &mut Vec<f32>) {
        sums.resize(self.table.blocks() * BLOCK, 0.0);
        let terms = features.terms();
        let touched = self.touched.min(terms.len());
        self.table.sum_all(simd, &terms[..touched], sums);
    }

    /// Adds to each candidate what it gets from the `sums` of its levels.
    #[inline(always)]
    fn add(&self, sums: &[f32], candidates: &[u32], mean: &mut [f32], variance: &mut [f32]) {
        if self.group_of.is_empty() {
            let (m, v) = lane(sums, 0);
            for (mean, variance) in mean.iter_mut().zip(variance) {
                (*mean, *variance) = (*mean + m, *variance + v);
            }
            return;
        }
        for ((mean, variance), &action) in mean.iter_mut().zip(variance).zip(candidates) {
            let (m, v) = self.of(sums, action);
            *mean += m;
            *variance += v;
        }
    }

    /// Mean and variance that `action` gets from the `sums` of its levels.
    #[inline(always)]
    pub(crate) fn of(&self, sums: &[f32], action: u32) -> (f32, f32) {
        let (m, v) = lane(sums, 0);
        match self.group_of.get(action as usize) {
            None | Some(0) => (m, v),
            Some(&group) => {
                let (mg, vg) = lane(sums, usize::from(group));
                (m + mg, v + vg)
            }
        }
    }
}

/// Mean and variance of the logit of every candidate in the first tier.
pub(crate) struct Logits<'a> {
    pub(crate) own: &'a Table,
    pub(crate) shared: Shared<'a>,
    pub(crate) features: &'a Features,
    pub(crate) candidates: &'a [u32],
    /// Whether these are the first actions, in their order.
    pub(crate) whole: bool,
    /// Room for the sums of lanes: own and shared.
    pub(crate) sums: [&'a mut Vec<f32>; 2],
    pub(crate) mean: &'a mut [f32],
    pub(crate) variance: &'a mut [f32],
    /// Calibration and place of the probabilities; none while the logits are not final.
    pub(crate) p: Option<((f32, f32), &'a mut [f32])>,
}

impl WithSimd for Logits<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { own, shared, features, candidates, whole, sums: [sums, upper], mean, variance, p } = self;
        if candidates.len() < own.blocks() {
            few(simd, own, features, candidates, mean, variance);
        } else {
            sums.resize(own.blocks() * BLOCK, 0.0);
            own.sum_all(simd, features.terms(), sums);
            if whole {
                unzip(sums, mean, variance);
            } else {
                gather(sums, candidates, mean, variance);
            }
        }
        shared.sum(simd, features, upper);
        shared.add(upper, candidates, mean, variance);
        if let Some((line, p)) = p {
            Shrink { mean, variance, line, p }.with_simd(simd);
        }
    }
}

/// Few candidates among many actions: only the blocks that hold one.
#[inline(always)]
fn few<S: Simd>(
    simd: S,
    own: &Table,
    features: &Features,
    candidates: &[u32],
    mean: &mut [f32],
    variance: &mut [f32],
) {
    let mut sums = [0.0; BLOCK];
    let mut summed = usize::MAX;
    for (at, &action) in candidates.iter().enumerate() {
        let block = action as usize / LANES;
        if block != summed {
            own.sum_blocks(simd, features.terms(), block, &mut sums);
            summed = block;
        }
        (mean[at], variance[at]) = lane(&sums, action as usize % LANES);
    }
}

/// Picks the candidates' lanes out of the sums of all.
#[inline(always)]
fn gather(sums: &[f32], candidates: &[u32], mean: &mut [f32], variance: &mut [f32]) {
    for ((mean, variance), &action) in mean.iter_mut().zip(variance).zip(candidates) {
        (*mean, *variance) = lane(sums, action as usize);
    }
}

/// The sums of the first actions in their order, whole blocks at a time.
#[inline(always)]
fn unzip(sums: &[f32], mean: &mut [f32], variance: &mut [f32]) {
    let blocks = sums.as_chunks::<BLOCK>().0;
    for ((mean, variance), block) in mean.chunks_mut(LANES).zip(variance.chunks_mut(LANES)).zip(blocks) {
        mean.copy_from_slice(&block[..mean.len()]);
        variance.copy_from_slice(&block[LANES..LANES + variance.len()]);
    }
}

/// Whether `candidates` are 0, 1, 2 and so on.
pub(crate) fn is_whole(candidates: &[u32]) -> bool {
    (0..candidates.len() as u32).zip(candidates).fold(0, |differs, (at, action)| differs | (at ^ action)) == 0
}

/// Mean and variance of one lane of interleaved sums.
#[inline(always)]
fn lane(sums: &[f32], lane: usize) -> (f32, f32) {
    let at = lane / LANES * BLOCK + lane % LANES;
    (sums[at], sums[at + LANES])
}
