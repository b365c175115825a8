//! The tier with full covariance: per action a mean vector and a covariance matrix over a bounded number of features.
//!
//! One outcome is one step of the online Laplace approximation (an extended Kalman filter): with Px = P x and s = xᵀPx,
//! m += g·Px and P −= h / (1 + h s) · Px Pxᵀ. Deciding costs O(active²) an action, learning O(d · active + d²) for the
//! chosen action only.
//!
//! Not here: which features take part (the model says so) and when this tier is believed.

use serde::{Deserialize, Serialize};

use crate::kernel::{self, Downdate, Product};
use crate::merge::Dense;
use crate::reward::Step;

/// Marks a feature that has no place in this tier.
const OUT: u32 = u32::MAX;

/// The posterior of one action.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Arm {
    mean: Vec<f32>,
    /// Row by row, `stride` numbers a row; symmetric.
    covariance: Vec<f32>,
    updates: u32,
}

/// The posteriors of all actions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Full {
    stride: u32,
    most: u32,
    /// The place of each row of the weight table.
    places: Vec<u32>,
    /// Prior mean and variance by place.
    prior: Vec<(f32, f32)>,
    arms: Vec<Option<Arm>>,
}

/// The active features of one context in this tier; reused.
#[derive(Clone, Debug, Default)]
pub(crate) struct Active {
    places: Vec<u32>,
    values: Vec<f32>,
    dense: Vec<f32>,
}

impl Full {
    /// A tier of at most `most` features for `actions` actions.
    pub(crate) fn new(most: usize, actions: usize) -> Self {
        let stride = most.div_ceil(8) * 8;
        Self {
            stride: stride as u32,
            most: most as u32,
            places: Vec::new(),
            prior: Vec::new(),
            arms: vec![None; actions],
        }
    }

    /// Adds a row of the weight table; `prior` is its mean and variance, or `None` to leave it out.
    pub(crate) fn push(&mut self, prior: Option<(f32, f32)>) {
        match prior {
            Some(prior) if self.prior.len() < self.most as usize => {
                self.places.push(self.prior.len() as u32);
                self.prior.push(prior);
            }
            _ => self.places.push(OUT),
        }
    }

    /// Fills `active` with those of the features that have a place here.
    pub(crate) fn activate(&self, rows: &[u32], values: &[f32], active: &mut Active) {
        active.places.clear();
        active.values.clear();
        active.dense.clear();
        for (&row, &x) in rows.iter().zip(values) {
            if let Some(&place) = self.places.get(row as usize).filter(|place| **place != OUT) {
                active.places.push(place);
                active.values.push(x);
            }
        }
        if self.prior.len() < active.places.len() * 4 {
            active.dense.resize(self.stride as usize, 0.0);
            for (&place, &x) in active.places.iter().zip(&active.values) {
                active.dense[place as usize] = x;
            }
        }
    }

    /// Mean and variance of the logit of `action`.
    pub(crate) fn score(&self, active: &Active, action: usize) -> (f32, f32) {
        let Some(arm) = self.arms.get(action).and_then(Option::as_ref) else {
            let (mut mean, mut variance) = (0.0, 0.0);
            for (&place, &x) in active.places.iter().zip(&active.values) {
                let (m, v) = self.prior[place as usize];
                mean += m * x;
                variance += v * (x * x);
            }
            return (mean, variance);
        };
        let (mut mean, mut variance) = (0.0, 0.0);
        for (at, (&place, &x)) in active.places.iter().zip(&active.values).enumerate() {
            let Some(&m) = arm.mean.get(place as usize) else {
                let (m, v) = self.prior[place as usize];
                mean += m * x;
                variance += v * (x * x);
                continue;
            };
            mean += m * x;
            let row = arm.row(place, self.stride);
            let product = if active.dense.is_empty() {
                let mut product = 0.5 * row[place as usize] * x;
                for (&other, &y) in active.places[..at].iter().zip(&active.values) {
                    product += row.get(other as usize).copied().unwrap_or(0.0) * y;
                }
                2.0 * product
            } else {
                kernel::dot(row, &active.dense)
            };
            variance += product * x;
        }
        (mean, variance.max(0.0))
    }

    /// One step for `action`: `step` gets mean and variance of its logit and says how far to go.
    pub(crate) fn learn(
        &mut self,
        active: &Active,
        action: usize,
        keep: f32,
        step: impl FnOnce(f32, f32) -> Step,
    ) {
        let Self { stride, prior, arms, .. } = self;
        let Some(slot) = arms.get_mut(action) else { return };
        let arm = slot.get_or_insert_with(|| Arm { mean: Vec::new(), covariance: Vec::new(), updates: 0 });
        arm.grow(prior, *stride);
        arm.learn(active, *stride, step);
        if keep < 1.0 && arm.updates.is_multiple_of(FORGET_EVERY) {
            arm.forget(*stride, prior, keep);
        }
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
    pub(crate) fn places_of(&self, other: &Self, rows: &[u32]) -> Vec<Option<usize>> {
        let mut places = vec![None; other.prior.len()];
        for (at, row) in rows.iter().enumerate() {
            let theirs = other.places.get(at).and_then(|place| places.get_mut(*place as usize));
            let ours = self.places.get(*row as usize).filter(|place| **place != OUT);
            if let Some(theirs) = theirs {
                *theirs = ours.map(|place| *place as usize);
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
        let place = |at: usize| if places.is_empty() { Some(at) } else { places.get(at).copied().flatten() };
        for from in 0..arm.mean.len() {
            let Some(row) = place(from) else { continue };
            mean[row] = f64::from(arm.mean[from]);
            for other in 0..arm.mean.len() {
                if let Some(column) = place(other) {
                    let at = from * self.stride as usize + other;
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
        let (width, stride) = (self.prior.len(), self.stride as usize);
        let mut rows = vec![0.0; width * stride];
        for (row, values) in rows.chunks_exact_mut(stride).zip(covariance.chunks_exact(width.max(1))) {
            for (to, from) in row.iter_mut().zip(values) {
                *to = *from as f32;
            }
        }
        if let Some(arm) = self.arms.get_mut(action) {
            let updates = arm.as_ref().map_or(1, |arm| arm.updates);
            let mean = mean.iter().map(|m| m.clamp(-30.0, 30.0) as f32).collect();
            *arm = Some(Arm { mean, covariance: rows, updates });
        }
    }

    /// After an alarm: widens the covariance of `action` by `factor`, each weight up to its prior.
    pub(crate) fn widen(&mut self, action: usize, factor: f32) {
        let Self { stride, prior, arms, .. } = self;
        if let Some(arm) = arms.get_mut(action).and_then(Option::as_mut) {
            arm.widen(*stride, prior, factor);
        }
    }

    /// Adds an action whose intercept has this prior mean.
    pub(crate) fn add_action(&mut self, intercept: f32) {
        let mut arm = Arm { mean: Vec::new(), covariance: Vec::new(), updates: 0 };
        arm.grow(&self.prior, self.stride);
        if let Some(bias) = arm.mean.first_mut() {
            *bias = intercept;
        }
        self.arms.push(Some(arm));
    }

    /// Whether the parts of a restored tier fit each other and hold finite numbers.
    pub(crate) fn is_consistent(&self, rows: usize, actions: usize) -> bool {
        let features = self.prior.len();
        self.stride as usize == (self.most as usize).div_ceil(8) * 8
            && self.most as usize <= MAX_FULL
            && features <= self.most as usize
            && self.places.len() == rows
            && self.places.iter().all(|place| *place == OUT || (*place as usize) < features)
            && self.arms.len() == actions
            && self.arms.iter().flatten().all(|arm| {
                arm.mean.len() <= features
                    && arm.covariance.len() == arm.mean.len() * self.stride as usize
                    && arm.mean.iter().chain(&arm.covariance).all(|number| number.is_finite())
            })
    }

    /// The posterior mean of a weight, if its feature has a place here.
    pub(crate) fn weight(&self, row: u32, action: usize) -> Option<f32> {
        let place = *self.places.get(row as usize).filter(|place| **place != OUT)? as usize;
        let arm = self.arms.get(action)?.as_ref();
        Some(arm.and_then(|arm| arm.mean.get(place).copied()).unwrap_or(self.prior[place].0))
    }
}

impl Arm {
    fn row(&self, place: u32, stride: u32) -> &[f32] {
        let from = place as usize * stride as usize;
        &self.covariance[from..from + stride as usize]
    }

    /// Gives features that have come since the last outcome their prior.
    fn grow(&mut self, prior: &[(f32, f32)], stride: u32) {
        for (place, &(mean, variance)) in prior.iter().enumerate().skip(self.mean.len()) {
            self.mean.push(mean);
            let from = self.covariance.len();
            self.covariance.resize(from + stride as usize, 0.0);
            self.covariance[from + place] = variance;
        }
    }

    fn learn(&mut self, active: &Active, stride: u32, step: impl FnOnce(f32, f32) -> Step) {
        let width = self.mean.len().div_ceil(8) * 8;
        let mut px = [0.0_f32; MAX_FULL];
        let px = &mut px[..width];
        kernel::wide(Product {
            matrix: &self.covariance,
            stride: stride as usize,
            places: &active.places,
            values: &active.values,
            result: &mut *px,
        });
        let (mut mu, mut s) = (0.0, 0.0);
        for (&place, &x) in active.places.iter().zip(&active.values) {
            mu += self.mean[place as usize] * x;
            s += px[place as usize] * x;
        }
        let Step { g, shrink } = step(mu, s.max(0.0));
        for (m, &step) in self.mean.iter_mut().zip(px.iter()) {
            *m = (*m + g * step).clamp(-30.0, 30.0);
        }
        kernel::wide(Downdate { matrix: &mut self.covariance, stride: stride as usize, product: px, shrink });
        self.updates += 1;
    }

    /// Forgets what `FORGET_EVERY` outcomes forget: wider covariance, means a little closer to the prior's.
    fn forget(&mut self, stride: u32, prior: &[(f32, f32)], keep: f32) {
        let mut widen = 1.0_f32;
        (0..FORGET_EVERY).for_each(|_| widen /= keep);
        for (place, (mean, &(m0, v0))) in self.mean.iter_mut().zip(prior).enumerate() {
            let v = self.covariance[place * stride as usize + place];
            *mean -= (1.0 - 1.0 / widen) * (v / v0).min(1.0) * (*mean - m0);
        }
        self.widen(stride, prior, widen);
    }

    /// Widens the covariance by `factor`, each weight up to its prior.
    fn widen(&mut self, stride: u32, prior: &[(f32, f32)], factor: f32) {
        // Scaling row and column by a square root keeps the matrix positive; what would pass the prior is scaled less.
        let scale: Vec<f32> = prior
            .iter()
            .enumerate()
            .take(self.mean.len())
            .map(|(place, &(_, v0))| {
                let v = self.covariance[place * stride as usize + place];
                (factor.min(v0 / v).max(1.0)).sqrt()
            })
            .collect();
        for (place, row) in self.covariance.chunks_exact_mut(stride as usize).enumerate() {
            for (p, &other) in row.iter_mut().zip(&scale) {
                *p *= scale[place] * other;
            }
        }
    }
}

/// The most features of an action in this tier.
pub(crate) const MAX_FULL: usize = 512;
/// Outcomes of an action between two steps of forgetting.
const FORGET_EVERY: u32 = 64;
