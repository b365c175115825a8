//! Logits from weight tables: the rows of the active features added up for the candidates, and on top of them what all
//! actions and those of a group share.
//!
//! Not here: the tables themselves ([`crate::rows`]), learning, and the tier with full covariance.
#![expect(clippy::inline_always, reason = "the caller's vector width must reach the loops")]

use pulp::{Simd, WithSimd};

use crate::Features;
use crate::encoder::Word;
use crate::kernel::{self, Shrink};
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

    /// Mean and variance that `action` gets from its levels, summed for it alone.
    fn alone(&self, terms: &[Word], action: u32) -> (f32, f32) {
        let terms = &terms[..self.touched.min(terms.len())];
        let (m, v) = self.table.lane(terms, 0);
        match self.group_of.get(action as usize) {
            None | Some(0) => (m, v),
            Some(&group) => {
                let (mg, vg) = self.table.lane(terms, usize::from(group));
                (m + mg, v + vg)
            }
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

impl Logits<'_> {
    /// Sums for all candidates together, or for one after the other where that is done before vectors are set up. A lane is
    /// summed alike either way.
    pub(crate) fn sum(self) {
        if self.candidates.len() * self.features.len() <= ALONE {
            self.one_by_one();
        } else {
            kernel::wide(self);
        }
    }

    fn one_by_one(self) {
        let Self { own, shared, features, candidates, mean, variance, p, .. } = self;
        let terms = features.terms();
        let (line, p) = p.unzip();
        let mut p = p.into_iter().flatten();
        for ((&action, mean), variance) in candidates.iter().zip(mean).zip(variance) {
            let ((m, v), (shared_m, shared_v)) =
                (own.lane(terms, action as usize), shared.alone(terms, action));
            (*mean, *variance) = (m + shared_m, v + shared_v);
            if let Some((p, line)) = p.next().zip(line) {
                *p = kernel::shrunk(*mean, *variance, line);
            }
        }
    }
}

/// So many features of candidates are summed one by one.
const ALONE: usize = 40;

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

#[cfg(test)]
mod tests {
    use apropos_event::draw::uniform;

    use super::*;

    fn table(rows: u32, lanes: usize, seed: u64) -> Table {
        let mut table = Table::new(lanes);
        for row in 0..rows {
            table.push(0.0, 1.0);
            for lane in 0..lanes {
                let u = |slot: u64| uniform(seed, "u", (u64::from(row) * 64 + lane as u64) * 2 + slot) as f32;
                table.set(row, lane, u(0) - 0.5, u(1));
            }
        }
        table
    }

    #[test]
    fn one_by_one_and_all_together_give_the_same_bits() {
        let (own, upper, line) = (table(40, 21, 1), table(40, 3, 2), (1.1, -0.2));
        let rows: Vec<u32> = (0..40).filter(|row| row % 3 != 1).collect();
        let values: Vec<f32> = rows.iter().map(|row| uniform(3, "x", u64::from(*row)) as f32 - 0.5).collect();
        let json = serde_json::json!({ "rows": rows, "values": values, "raw": [] });
        let features: Features = serde_json::from_value(json).unwrap();
        let groups: Vec<u16> = (0..21).map(|action| action % 3).collect();
        for count in 0..30 {
            for (touched, group_of) in [(1, &[][..]), (usize::MAX, &[]), (usize::MAX, &groups)] {
                let actions = (0..count).map(|at| (uniform(count, "action", at) * 21.0) as u32);
                let candidates: Vec<u32> = actions.collect();
                let shared = Shared { table: &upper, group_of, touched };
                let run = |run: &dyn Fn(Logits<'_>)| {
                    let mut all = [(); 3].map(|()| vec![f32::NAN; candidates.len()]);
                    let [mean, variance, p] = &mut all;
                    let (own, features, candidates) = (&own, &features, &candidates[..]);
                    let sums = [&mut Vec::new(), &mut Vec::new()];
                    let (whole, p) = (is_whole(candidates), Some((line, &mut p[..])));
                    run(Logits { own, shared, features, candidates, whole, sums, mean, variance, p });
                    all.map(|numbers| numbers.into_iter().map(f32::to_bits).collect::<Vec<u32>>())
                };
                let alone = run(&|logits| logits.one_by_one());
                assert_eq!(run(&|logits| logits.with_simd(pulp::Scalar::new())), alone);
                for machine in kernel::machines() {
                    assert_eq!(run(&|logits| machine.dispatch(logits)), alone);
                }
            }
        }
    }
}
