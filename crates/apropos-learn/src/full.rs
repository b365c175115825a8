//! The tier with full covariance: per action a mean vector and a covariance matrix over a bounded number of features.
//!
//! One outcome is one step of the online Laplace approximation (an extended Kalman filter): with Px = P x and s = xᵀPx,
//! m += g·Px and P −= h / (1 + h s) · Px Pxᵀ. What eight outcomes take from P is kept as eight vectors u = √(h / (1 + h s))
//! · Px and taken off in one pass over the matrix, which is bound by memory; meanwhile P x is that of the matrix less
//! Σ u (u·x). Deciding costs O(active · d) an action, learning O(active · d + d²) for the chosen action only.
//!
//! A matrix is as wide as the features that its action has met, and is laid out anew when there are more: a model takes the
//! memory, and its snapshot the bytes, of what was learned and not of what could be.
//!
//! Not here: which features take part (the model says so) and when this tier is believed.
#![expect(clippy::inline_always, reason = "the caller's vector width must reach the loops")]

use pulp::{Simd, WithSimd};
use serde::{Deserialize, Serialize};

use crate::Features;
use crate::digest::{Digest, Kept, LARGE, Outline};
use crate::encoder::Word;
use crate::kernel::{self, Downdate, Product, Shrink};
use crate::merge::Dense;
use crate::reward::Step;
use crate::rows::LANES;
use crate::tier::Shared;

/// Marks a feature that has no place in this tier.
const OUT: u32 = u32::MAX;
/// Marks a feature that gets a place when it is first learned from, if there is room: most never are.
const NEW: u32 = u32::MAX - 1;

/// The posterior of one action.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Arm {
    /// Numbers of a row of the matrix.
    stride: u32,
    mean: Vec<f32>,
    /// Row by row, `stride` numbers a row; symmetric. Zero beyond its width.
    covariance: Vec<f32>,
    /// Vectors whose squares are still to be taken off, `stride` numbers each.
    pending: Vec<f32>,
    updates: u32,
    /// Of the covariance alone, which seldom changes while vectors are pending.
    #[serde(skip)]
    settled: Kept,
    /// Of everything.
    #[serde(skip)]
    digest: Kept,
}

/// The posteriors of all actions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Full {
    most: u32,
    /// The place of each row of the weight table.
    places: Vec<u32>,
    /// Prior variance of each row; means are 0 but for the intercept's.
    variances: Vec<f32>,
    /// Prior mean and variance by place. The intercept's is the first.
    prior: Vec<(f32, f32)>,
    arms: Vec<Option<Arm>>,
}

/// The active features of one context in this tier; reused.
#[derive(Clone, Debug, Default)]
pub(crate) struct Active {
    places: Vec<u32>,
    values: Vec<f32>,
    dense: Vec<f32>,
    /// Room for P x.
    product: Vec<f32>,
    /// Variance of the logit that features without a place yet add.
    unplaced: f32,
}

impl Full {
    /// A tier of at most `most` features for `actions` actions.
    pub(crate) fn new(most: usize, actions: usize) -> Self {
        Self {
            most: most as u32,
            places: Vec::new(),
            variances: Vec::new(),
            prior: Vec::new(),
            arms: vec![None; actions],
        }
    }

    /// Adds a row of the weight table; `prior` is its mean and variance, or `None` to leave it out. The first is the
    /// intercept.
    pub(crate) fn push(&mut self, prior: Option<(f32, f32)>) {
        let first = self.places.is_empty();
        self.places.push(if prior.is_some() { NEW } else { OUT });
        self.variances.push(prior.map_or(0.0, |(_, variance)| variance));
        if let Some((mean, _)) = prior.filter(|_| first) {
            self.place(0);
            if let Some(prior) = self.prior.first_mut() {
                prior.0 = mean;
            }
        }
    }

    /// Gives `row` a place, if it wants one and there is room.
    fn place(&mut self, row: u32) {
        let room = self.prior.len() < self.most as usize;
        if let (Some(place), Some(&variance)) =
            (self.places.get_mut(row as usize), self.variances.get(row as usize))
            && room
            && *place == NEW
        {
            *place = self.prior.len() as u32;
            self.prior.push((0.0, variance));
        }
    }

    /// Fills `active` with those of the features that have a place here, giving places to new ones.
    pub(crate) fn activate_all(&mut self, terms: &[Word], active: &mut Active) {
        if self.prior.len() < self.most as usize {
            for term in terms {
                self.place(term.row());
            }
        }
        self.gather(terms, active);
    }

    /// Fills `active` with those of the features that have a place here.
    fn activate(&self, terms: &[Word], active: &mut Active) {
        self.gather(terms, active);
        active.dense.clear();
        // Few features in a large matrix are summed pair by pair, many row by row.
        if self.prior.len() < active.places.len() * 8 {
            active.dense.resize(self.stride(self.prior.len()), 0.0);
            for (&place, &x) in active.places.iter().zip(&active.values) {
                active.dense[place as usize] = x;
            }
        }
    }

    /// The same without what only scoring needs.
    fn gather(&self, terms: &[Word], active: &mut Active) {
        active.places.clear();
        active.values.clear();
        active.unplaced = 0.0;
        let room = self.prior.len() < self.most as usize;
        for (row, x) in terms.iter().map(|term| (term.row(), term.value())) {
            match self.places.get(row as usize) {
                Some(&NEW) if room => active.unplaced += self.variances[row as usize] * (x * x),
                None | Some(&(OUT | NEW)) => {}
                Some(&place) => {
                    active.places.push(place);
                    active.values.push(x);
                }
            }
        }
    }

    /// Mean and variance of the logit of `action`.
    #[inline(always)]
    fn logit<S: Simd>(&self, simd: S, active: &Active, action: usize) -> (f32, f32) {
        let Some(arm) = self.arms.get(action).and_then(Option::as_ref) else {
            return self.unlearned(active, 0);
        };
        let (stride, width) = (arm.stride(), arm.mean.len());
        // Features that came after the action's last outcome are at their prior still.
        let (mut mean, mut variance) =
            if width < self.prior.len() { self.unlearned(active, width) } else { (0.0, active.unplaced) };
        for (&place, &x) in active.places.iter().zip(&active.values) {
            mean += arm.mean.get(place as usize).copied().unwrap_or(0.0) * x;
        }
        variance += if active.dense.is_empty() {
            arm.pairs(active)
        } else {
            // The tier is at least as wide as the arm.
            let dense = &active.dense[..stride];
            kernel::quadratic(simd, &arm.covariance, stride, &active.places, &active.values, dense)
        };
        if !arm.pending.is_empty() {
            for along in kernel::along(&arm.pending, stride, &active.places, &active.values) {
                variance -= along * along;
            }
        }
        (mean, variance.max(0.0))
    }

    /// Mean and variance of the logit that features at their prior give: those from place `from` on, and the unplaced.
    fn unlearned(&self, active: &Active, from: usize) -> (f32, f32) {
        let (mut mean, mut variance) = (0.0, active.unplaced);
        for (&place, &x) in active.places.iter().zip(&active.values) {
            if let Some((m, v)) = self.prior.get(place as usize).filter(|_| from <= place as usize) {
                mean += m * x;
                variance += v * (x * x);
            }
        }
        (mean, variance)
    }

    /// One step for `action`: `step` gets mean and variance of its logit and says how far to go.
    pub(crate) fn learn(
        &mut self,
        active: &mut Active,
        action: usize,
        keep: f32,
        step: impl FnOnce(f32, f32) -> Step,
    ) {
        let stride = self.stride(self.prior.len());
        let Self { prior, arms, .. } = self;
        let Some(slot) = arms.get_mut(action) else { return };
        let arm = slot.get_or_insert_default();
        arm.digest.forget();
        arm.grow(prior, stride);
        arm.learn(active, step);
        if keep < 1.0 && arm.updates.is_multiple_of(FORGET_EVERY) {
            arm.forget(prior, keep);
        }
    }

    /// Numbers of a row of a matrix over so many features: whole vectors, as far as the room for all features goes.
    fn stride(&self, width: usize) -> usize {
        let room = (self.most as usize).div_ceil(LANES).max(1) * LANES;
        (width.div_ceil(WHOLE).max(1) * WHOLE).min(room)
    }

    /// The number of actions.
    pub(crate) fn len(&self) -> usize {
        self.arms.len()
    }

    /// The number of features with a place here.
    pub(crate) fn width(&self) -> usize {
        self.prior.len()
    }

    /// Where each of the other tier's features stands here, given where its rows do.
    pub(crate) fn places_of(&mut self, other: &Self, rows: &[u32]) -> Vec<Option<usize>> {
        let mut places = vec![None; other.prior.len()];
        for (at, row) in rows.iter().enumerate() {
            let theirs = other.places.get(at).and_then(|place| places.get_mut(*place as usize));
            if let Some(theirs) = theirs {
                self.place(*row);
                *theirs = self.place_of(*row);
            }
        }
        places
    }

    /// The posterior of an action over `width` features in double precision, its features moved to `places` (empty: where
    /// they are); the rest at the prior. `None` when nothing was learned.
    pub(crate) fn dense(&self, action: usize, places: &[Option<usize>], width: usize) -> Option<Dense> {
        let arm = self.arms.get(action)?.as_ref()?;
        let mut mean = vec![0.0; width];
        let mut covariance = vec![0.0; width * width];
        for at in 0..width {
            covariance[at * width + at] = self.prior.get(at).map_or(1.0, |(_, v)| f64::from(*v));
            mean[at] = self.prior.get(at).map_or(0.0, |(m, _)| f64::from(*m));
        }
        let mut arm = arm.clone();
        arm.settle();
        let place = |at: usize| if places.is_empty() { Some(at) } else { places.get(at).copied().flatten() };
        for from in 0..arm.mean.len() {
            let Some(row) = place(from) else { continue };
            mean[row] = f64::from(arm.mean[from]);
            for other in 0..arm.mean.len() {
                if let Some(column) = place(other) {
                    let at = from * arm.stride() + other;
                    covariance[row * width + column] = f64::from(arm.covariance[at]);
                }
            }
        }
        Some((mean, covariance))
    }

    /// The prior of an action.
    pub(crate) fn prior_dense(&self) -> Dense {
        let width = self.prior.len();
        let mut covariance = vec![0.0; width * width];
        for (at, (_, v)) in self.prior.iter().enumerate() {
            covariance[at * width + at] = f64::from(*v);
        }
        (self.prior.iter().map(|(m, _)| f64::from(*m)).collect(), covariance)
    }

    /// Sets the posterior of an action over all features.
    pub(crate) fn set_dense(&mut self, action: usize, (mean, covariance): Dense) {
        let (width, stride) = (self.prior.len(), self.stride(self.prior.len()));
        let mut rows = vec![0.0; width * stride];
        for (row, values) in rows.chunks_exact_mut(stride).zip(covariance.chunks_exact(width.max(1))) {
            for (to, from) in row.iter_mut().zip(values) {
                *to = *from as f32;
            }
        }
        if let Some(arm) = self.arms.get_mut(action) {
            let updates = arm.as_ref().map_or(1, |arm| arm.updates);
            let mean = mean.iter().map(|m| m.clamp(-30.0, 30.0) as f32).collect();
            *arm = Some(Arm { stride: stride as u32, mean, covariance: rows, updates, ..Arm::default() });
        }
    }

    /// After an alarm: widens the covariance of `action` by `factor`, each weight up to its prior.
    pub(crate) fn widen(&mut self, action: usize, factor: f32) {
        let Self { prior, arms, .. } = self;
        if let Some(arm) = arms.get_mut(action).and_then(Option::as_mut) {
            arm.digest.forget();
            arm.widen(prior, factor);
        }
    }

    /// Adds an action whose intercept has this prior mean.
    pub(crate) fn add_action(&mut self, intercept: f32) {
        let mut arm = Arm::default();
        arm.grow(&self.prior, self.stride(self.prior.len()));
        if let Some(bias) = arm.mean.first_mut() {
            *bias = intercept;
        }
        self.arms.push(Some(arm));
    }

    /// Whether the parts of a restored tier fit each other and hold finite numbers.
    pub(crate) fn is_consistent(&self, rows: usize, actions: usize) -> bool {
        let features = self.prior.len();
        self.most as usize <= MAX_FULL
            && features <= self.most as usize
            && self.places.len() == rows
            && self.places.iter().all(|place| NEW <= *place || (*place as usize) < features)
            && self.variances.len() == rows
            && self.variances.iter().all(|number| number.is_finite())
            && self.arms.len() == actions
            && self.arms.iter().flatten().all(|arm| {
                arm.mean.len() <= features
                    && arm.stride() == self.stride(arm.mean.len())
                    && arm.covariance.len() == arm.mean.len() * arm.stride()
                    && arm.pending.len().is_multiple_of(arm.stride())
                    && arm.pending.len() < PENDING * arm.stride()
                    && arm
                        .mean
                        .iter()
                        .chain(&arm.covariance)
                        .chain(&arm.pending)
                        .all(|number| number.is_finite())
            })
    }

    /// Outlines all posteriors, each action's by its digest.
    pub(crate) fn outline(&self, outline: &mut Outline) {
        let Self { most, places, variances, prior, arms } = self;
        outline.part(&(most, places, prior, arms.len()));
        outline.sequence(variances);
        for arm in arms {
            outline.part(&arm.is_some());
            if let Some(arm) = arm {
                outline.digest_of(&arm.digest());
            }
        }
    }

    /// Where `row` stands in the matrices.
    fn place_of(&self, row: u32) -> Option<usize> {
        self.places.get(row as usize).filter(|place| **place < NEW).map(|place| *place as usize)
    }

    /// The posterior mean of a weight, if its feature has a place here.
    pub(crate) fn weight(&self, row: u32, action: usize) -> Option<f32> {
        let place = self.place_of(row)?;
        let arm = self.arms.get(action)?.as_ref();
        Some(arm.and_then(|arm| arm.mean.get(place).copied()).unwrap_or(self.prior[place].0))
    }
}

/// Mean and variance of the logits of the candidates at `order`, to which what they share is added.
pub(crate) struct FullLogits<'a> {
    pub(crate) full: &'a Full,
    pub(crate) shared: Shared<'a>,
    pub(crate) features: &'a Features,
    pub(crate) candidates: &'a [u32],
    /// Places among the candidates.
    pub(crate) order: &'a [u32],
    pub(crate) active: &'a mut Active,
    /// Room for the sums of what is shared.
    pub(crate) upper: &'a mut Vec<f32>,
    pub(crate) mean: &'a mut [f32],
    pub(crate) variance: &'a mut [f32],
    /// Calibration and place of the probabilities.
    pub(crate) p: ((f32, f32), &'a mut [f32]),
}

impl WithSimd for FullLogits<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { full, shared, features, candidates, order, active, upper, mean, variance, p: (line, p) } =
            self;
        full.activate(features.terms(), active);
        shared.sum(simd, features, upper);
        for &at in order {
            let Some(&action) = candidates.get(at as usize) else { continue };
            let (m, v) = full.logit(simd, active, action as usize);
            let (common, common_variance) = shared.of(upper, action);
            mean[at as usize] = m + common;
            variance[at as usize] = v + common_variance;
        }
        Shrink { mean, variance, line, p }.with_simd(simd);
    }
}

impl Arm {
    fn stride(&self) -> usize {
        self.stride as usize
    }

    fn row(&self, place: u32) -> &[f32] {
        let from = place as usize * self.stride();
        &self.covariance[from..from + self.stride()]
    }

    fn digest(&self) -> Digest {
        let Self { stride, mean, covariance, pending, updates, settled, digest } = self;
        digest.of(|outline| {
            outline.part(&(stride, updates));
            outline.sequence(mean);
            outline.sequence(pending);
            if LARGE <= size_of_val(&covariance[..]) {
                outline.digest_of(&settled.of(|outline| outline.numbers(covariance)));
            } else {
                outline.numbers(covariance);
            }
        })
    }

    /// Gives features that have come since the last outcome their prior, in rows of `stride` numbers.
    fn grow(&mut self, prior: &[(f32, f32)], stride: usize) {
        if self.stride() < stride {
            self.covariance = widened(&self.covariance, self.stride(), stride);
            self.pending = widened(&self.pending, self.stride(), stride);
            self.stride = stride as u32;
        }
        if self.mean.len() < prior.len() {
            self.settled.forget();
        }
        for (place, &(mean, variance)) in prior.iter().enumerate().skip(self.mean.len()) {
            self.mean.push(mean);
            let from = self.covariance.len();
            self.covariance.resize(from + stride, 0.0);
            self.covariance[from + place] = variance;
        }
    }

    /// xᵀPx over the features that have a place in the matrix, pair by pair; what is pending is not taken off.
    fn pairs(&self, active: &Active) -> f32 {
        let width = self.mean.len() as u32;
        let mut sum = 0.0;
        for (at, (&place, &x)) in active.places.iter().zip(&active.values).enumerate() {
            if width <= place {
                continue;
            }
            let row = self.row(place);
            let mut product = 0.5 * row[place as usize] * x;
            for (&other, &y) in active.places[..at].iter().zip(&active.values) {
                product += row.get(other as usize).copied().unwrap_or(0.0) * y;
            }
            sum += 2.0 * product * x;
        }
        sum
    }

    fn learn(&mut self, active: &mut Active, step: impl FnOnce(f32, f32) -> Step) {
        let stride = self.stride();
        let Active { places, values, product: px, .. } = active;
        px.resize(stride, 0.0);
        kernel::wide(Product {
            matrix: &self.covariance,
            pending: &self.pending,
            stride,
            places,
            values,
            result: &mut *px,
        });
        let (mut mu, mut s) = (0.0, 0.0);
        for (&place, &x) in places.iter().zip(&*values) {
            mu += self.mean[place as usize] * x;
            s += px[place as usize] * x;
        }
        let Step { g, shrink } = step(mu, s.max(0.0));
        for (m, &step) in self.mean.iter_mut().zip(px.iter()) {
            *m = (*m + g * step).clamp(-30.0, 30.0);
        }
        let scale = shrink.sqrt();
        self.pending.extend(px.iter().map(|p| scale * p));
        self.updates += 1;
        // A small matrix is in the cache anyway.
        if self.mean.len() <= SMALL || PENDING * stride <= self.pending.len() {
            self.settle();
        }
    }

    /// Takes off what is pending.
    fn settle(&mut self) {
        let stride = self.stride();
        if stride < self.pending.len() {
            self.pending.resize(PENDING * stride, 0.0);
        }
        if !self.pending.is_empty() {
            self.settled.forget();
            kernel::wide(Downdate { matrix: &mut self.covariance, stride, taken: &self.pending });
        }
        self.pending.clear();
    }

    /// Forgets what `FORGET_EVERY` outcomes forget: wider covariance, means a little closer to the prior's.
    fn forget(&mut self, prior: &[(f32, f32)], keep: f32) {
        self.settle();
        let stride = self.stride();
        let mut widen = 1.0_f32;
        (0..FORGET_EVERY).for_each(|_| widen /= keep);
        for (place, (mean, &(m0, v0))) in self.mean.iter_mut().zip(prior).enumerate() {
            let v = self.covariance[place * stride + place];
            *mean -= (1.0 - 1.0 / widen) * (v / v0).min(1.0) * (*mean - m0);
        }
        self.widen(prior, widen);
    }

    /// Widens the covariance by `factor`, each weight up to its prior.
    fn widen(&mut self, prior: &[(f32, f32)], factor: f32) {
        self.settle();
        self.settled.forget();
        let stride = self.stride();
        // Scaling row and column by a square root keeps the matrix positive; what would pass the prior is scaled less.
        let scale: Vec<f32> = prior
            .iter()
            .enumerate()
            .take(self.mean.len())
            .map(|(place, &(_, v0))| {
                let v = self.covariance[place * stride + place];
                (factor.min(v0 / v).max(1.0)).sqrt()
            })
            .collect();
        for (place, row) in self.covariance.chunks_exact_mut(stride).enumerate() {
            for (p, &other) in row.iter_mut().zip(&scale) {
                *p *= scale[place] * other;
            }
        }
    }
}

/// Rows of `before` numbers as rows of `stride`, zero where they are longer.
fn widened(rows: &[f32], before: usize, stride: usize) -> Vec<f32> {
    let mut wide = vec![0.0; rows.len().checked_div(before).unwrap_or(0) * stride];
    for (to, from) in wide.chunks_exact_mut(stride).zip(rows.chunks_exact(before.max(1))) {
        to[..before].copy_from_slice(from);
    }
    wide
}

/// The most features of an action in this tier.
pub(crate) const MAX_FULL: usize = 512;
/// Columns of a matrix are multiplied so many at a time, where vectors are widest.
const WHOLE: usize = 2 * LANES;
/// Outcomes after which what they take from the covariance is taken off in one pass.
pub(crate) const PENDING: usize = 8;
/// Up to so many features nothing is kept pending.
const SMALL: usize = 64;
/// Outcomes of an action between two steps of forgetting.
const FORGET_EVERY: u32 = 64;

#[cfg(test)]
mod tests {
    use super::*;

    /// A tier of so many features in which one more comes up every other outcome, beyond those that had places from the start.
    fn taught(features: u32, placed: u32) -> Full {
        let mut full = Full::new(features as usize, 1);
        (0..features).for_each(|_| full.push(Some((0.0, 0.3))));
        (0..placed).for_each(|row| full.place(row));
        let mut active = Active::default();
        for t in 0..2 * features + 99 {
            let newest = (t / 2).min(features - 1);
            let rows = (0..=newest).filter(|row| *row == newest || row % 3 == t % 3);
            let term = |row: u32| Word::term(row, ((row * 7 + t) % 11) as f32 / 5.0 - 1.0);
            full.activate_all(&rows.map(term).collect::<Vec<_>>(), &mut active);
            full.learn(&mut active, 0, 0.999, |mean, variance| Step {
                g: if t.is_multiple_of(2) { 0.2 } else { -0.3 } - 0.1 * mean,
                shrink: 0.2 / (1.0 + 0.2 * variance),
            });
        }
        full
    }

    #[test]
    fn a_matrix_that_was_laid_out_anew_is_one_that_was_wide_from_the_start() {
        // Up to 64 features nothing is kept pending, beyond them a little is while the matrix grows.
        for (features, placed) in [(60, 1), (60, 9), (60, 33), (90, 66), (90, 73)] {
            assert!(taught(features, placed).arms == taught(features, features).arms, "{features} {placed}");
        }
    }
}
