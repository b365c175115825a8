//! Two learners that started from the same model, put together.
//!
//! Gaussian posteriors multiply: precisions and precision-weighted means add up, less those of the common base, which
//! both contain. Where both learned nothing new the base stays. Rows that only one of them has are taken over with the
//! base at their prior. Quantiles and scales come from the learner that saw more; counts add up.
//!
//! Not here: scorecards, which add up exactly ([`crate::scorecard`]).

use crate::full::Full;
use crate::reward::Reward;
use crate::rows::Table;
use crate::{FeatureKind, Model, Slot};

/// Why two models cannot be merged. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError {
    /// The three have different definitions or actions.
    #[error("the models have different definitions or actions")]
    Different,
    /// One of them has forgotten a feature of the base.
    #[error("the models do not descend from the base")]
    Base,
}

impl Model {
    /// Adds what `other` learned since `base` to this model, which learned since `base` too.
    ///
    /// O(weights), and O(d³) an action in the tier with full covariance.
    ///
    /// # Errors
    /// When the three do not belong together.
    pub fn merge(&mut self, other: &Self, base: &Self) -> Result<(), MergeError> {
        let same = |model: &Self| model.definition == self.definition && model.actions == self.actions;
        if !same(other) || !same(base) {
            return Err(MergeError::Different);
        }
        if !self.slots().starts_with(base.slots()) || !other.slots().starts_with(base.slots()) {
            return Err(MergeError::Base);
        }
        self.changed();
        // Where each of the other's rows stands here; new ones are added.
        let crosses = self.encoder.adopt_crosses(&other.encoder);
        let here = |slot: &Slot| match slot.kind {
            FeatureKind::Cross(_) => {
                Slot { input: crosses.get(usize::from(slot.input)).copied().unwrap_or(slot.input), ..*slot }
            }
            _ => *slot,
        };
        let theirs: Vec<Slot> = other.slots().iter().map(here).collect();
        let fresh: Vec<Slot> = theirs.iter().filter(|slot| !self.slots().contains(slot)).copied().collect();
        self.encoder.adopt(&fresh, &other.encoder, &base.encoder);
        for slot in &fresh {
            for reward in &mut self.rewards {
                reward.push(*slot, &self.definition);
            }
        }
        let place =
            |slot: &Slot| self.encoder.slots().iter().position(|known| known == slot).unwrap_or(0) as u32;
        let rows: Vec<u32> = theirs.iter().map(place).collect();
        let slots = self.encoder.slots().to_vec();
        for ((ours, theirs), base) in self.rewards.iter_mut().zip(&other.rewards).zip(&base.rewards) {
            ours.merge(theirs, base, &rows, &slots);
        }
        self.refused += other.refused.saturating_sub(base.refused);
        Ok(())
    }
}

impl Reward {
    fn merge(&mut self, other: &Self, base: &Self, rows: &[u32], slots: &[Slot]) {
        let priors = self.priors();
        let prior = |row: u32| priors.of(slots[row as usize].kind);
        let lanes = self.evidence.len();
        merge_tables(&mut self.table, &other.table, &base.table, rows, lanes, &prior);
        let uppers = self.upper.iter_mut().zip(&other.upper).zip(&base.upper);
        for ((ours, theirs), base) in uppers {
            let prior = base.weight(0, 0);
            let lanes = base.blocks() * crate::rows::LANES;
            merge_tables(ours, theirs, base, rows, lanes, &|_| prior);
        }
        if let (Some(ours), Some(theirs), Some(base)) = (&mut self.full, &other.full, &base.full) {
            ours.merge(theirs, base, rows);
        }
        for ((ours, theirs), base) in self.evidence.iter_mut().zip(&other.evidence).zip(&base.evidence) {
            *ours = (*ours + theirs - base).max(0.0);
        }
        self.updates += other.updates.saturating_sub(base.updates);
    }
}

/// Adds the other's precisions less the base's, weight by weight.
fn merge_tables(
    ours: &mut Table,
    theirs: &Table,
    base: &Table,
    rows: &[u32],
    lanes: usize,
    prior: &dyn Fn(u32) -> (f32, f32),
) {
    for (at, &row) in (0_u32..).zip(rows) {
        for lane in 0..lanes {
            let start = if (at as usize) < base.rows() { base.weight(at, lane) } else { prior(row) };
            let (m, v) = combine(ours.weight(row, lane), theirs.weight(at, lane), start);
            ours.set(row, lane, m, v);
        }
    }
}

/// The product of two Gaussians over their common base.
fn combine(a: (f32, f32), b: (f32, f32), base: (f32, f32)) -> (f32, f32) {
    if b == base || b.1 <= 0.0 || base.1 <= 0.0 {
        return a;
    }
    if a == base || a.1 <= 0.0 {
        return b;
    }
    let precision = |v: f32| 1.0 / f64::from(v);
    let (ta, tb, t0) = (precision(a.1), precision(b.1), precision(base.1));
    // Forgetting can leave less precision than the base had; never less than half of the smaller.
    let t = (ta + tb - t0).max(0.5 * ta.min(tb));
    let weighted = ta * f64::from(a.0) + tb * f64::from(b.0) - t0 * f64::from(base.0);
    ((weighted / t).clamp(-30.0, 30.0) as f32, (1.0 / t) as f32)
}

impl Full {
    /// The same for matrices, action by action, over the features of both.
    fn merge(&mut self, other: &Self, base: &Self, rows: &[u32]) {
        let places = self.places_of(other, rows);
        for action in 0..self.len() {
            let Some(theirs) = other.dense(action, &places, self.width()) else { continue };
            let Some(ours) = self.dense(action, &[], self.width()) else {
                self.set_dense(action, theirs);
                continue;
            };
            let start = base.dense(action, &[], self.width());
            let start = start.unwrap_or_else(|| self.prior_dense());
            let merged = (|| {
                let (a, b, zero) = (natural(&ours)?, natural(&theirs)?, natural(&start)?);
                let sum = |at: usize| a.1[at] + b.1[at] - zero.1[at];
                let precision: Vec<f64> = (0..a.1.len()).map(sum).collect();
                let weighted: Vec<f64> = (0..a.0.len()).map(|at| a.0[at] + b.0[at] - zero.0[at]).collect();
                moments(&weighted, &precision)
            })();
            // A sum that is not a precision matrix (much forgetting) keeps the learner with more behind it.
            if let Some(merged) = merged {
                self.set_dense(action, merged);
            }
        }
    }
}

/// Mean vector and covariance matrix, row by row.
pub(crate) type Dense = (Vec<f64>, Vec<f64>);

/// Precision-weighted mean and precision matrix of a Gaussian.
fn natural((mean, covariance): &Dense) -> Option<Dense> {
    let d = mean.len();
    let precision = inverse(covariance, d)?;
    let weighted =
        precision.chunks_exact(d.max(1)).map(|row| row.iter().zip(mean).map(|(p, m)| p * m).sum()).collect();
    Some((weighted, precision))
}

/// The way back.
fn moments(weighted: &[f64], precision: &[f64]) -> Option<Dense> {
    let d = weighted.len();
    let covariance = inverse(precision, d)?;
    let mean = covariance
        .chunks_exact(d.max(1))
        .map(|row| row.iter().zip(weighted).map(|(p, w)| p * w).sum())
        .collect();
    Some((mean, covariance))
}

/// The inverse of a symmetric positive definite matrix by its Cholesky factor; `None` when it is not one. O(d³).
fn inverse(matrix: &[f64], d: usize) -> Option<Vec<f64>> {
    let mut factor = vec![0.0; d * d];
    for i in 0..d {
        for j in 0..=i {
            let dot: f64 = (0..j).map(|k| factor[i * d + k] * factor[j * d + k]).sum();
            let left = matrix[i * d + j] - dot;
            if i == j {
                if left <= 0.0 || !left.is_finite() {
                    return None;
                }
                factor[i * d + i] = left.sqrt();
            } else {
                factor[i * d + j] = left / factor[j * d + j];
            }
        }
    }
    let mut inverse = vec![0.0; d * d];
    for column in 0..d {
        let mut x = vec![0.0; d];
        for i in 0..d {
            let dot: f64 = (0..i).map(|k| factor[i * d + k] * x[k]).sum();
            x[i] = (f64::from(u8::from(i == column)) - dot) / factor[i * d + i];
        }
        for i in (0..d).rev() {
            let dot: f64 = (i + 1..d).map(|k| factor[k * d + i] * x[k]).sum();
            x[i] = (x[i] - dot) / factor[i * d + i];
        }
        for i in 0..d {
            inverse[i * d + column] = x[i];
        }
    }
    Some(inverse)
}
