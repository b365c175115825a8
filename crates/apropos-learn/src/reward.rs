//! What is learned about one kind of reward: two tiers of weights, what actions share, and which tier is believed.
//!
//! Not here: features ([`crate::encoder`]), waiting for outcomes, choosing.
#![expect(clippy::inline_always, reason = "the caller's vector width must reach the loops")]

use pulp::{Simd, WithSimd};
use serde::{Deserialize, Serialize};

use crate::calibrate::Platt;
use crate::digest::Outline;
use crate::drift::Alarms;
use crate::encoder::{FeatureKind, Slot, Word};
use crate::explore::spread;
use crate::full::{Active, Full, FullLogits};
use crate::kernel;
use crate::rows::{LANES, Table, Weights};
use crate::tier::{Logits, Shared, is_whole};
use crate::{Features, InputKind, LearningDefinition, ModelDefinition, Outcome, Scores, math};

/// What is learned about one kind of reward.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Reward {
    /// One lane an action.
    pub(crate) table: Table,
    /// One table a tier. Lane 0: what all actions share; then one lane a group.
    pub(crate) upper: [Table; 2],
    pub(crate) full: Option<Full>,
    /// Whether hats have a place in the tier with full covariance.
    hats: bool,
    /// Whether more than the intercept is shared.
    shares: bool,
    /// 1 / prior variance of an action's weight, by row.
    precision: Vec<f32>,
    /// Decayed progressive loss of the two tiers.
    pub(crate) losses: [f64; 2],
    pub(crate) evidence: Vec<f32>,
    /// Mean and variance of the optimistic logit of what was chosen, for placing newcomers.
    usual: (f32, f32),
    /// The prior variance of a newcomer's logit, over the contexts seen.
    newcomer: f32,
    /// Standard deviations by which candidates are scored higher than their mean.
    optimism: f32,
    priors: Priors,
    pub(crate) calibration: Platt,
    pub(crate) alarms: Alarms,
    pub(crate) updates: u64,
    pub(crate) last_loss: f64,
    #[serde(skip)]
    scratch: Scratch,
}

/// How far one outcome moves weights: means by `g` · v x, variances by −`shrink` · (v x)².
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Step {
    pub(crate) g: f32,
    pub(crate) shrink: f32,
}

impl Step {
    /// The Laplace steps from each of some logits, given with their variances, towards `y`.
    ///
    /// The posterior mode lies at μ + s g with g = w (y − σ(μ + s g)); three Newton steps from g = 0 find it, the first of
    /// which is the extended Kalman filter's. Curvature is taken at the mode, so a step can neither overshoot nor, after
    /// a surprise, claim certainty. Steps wait long for their own results, so that two take no longer than one.
    fn towards<const N: usize>(y: f32, logits: [(f32, f32); N], weight: f32) -> [Self; N] {
        let (mut g, mut h) = ([0.0; N], [0.0; N]);
        for round in 0..4 {
            for at in 0..N {
                let (mu, s) = logits[at];
                let p = math::sigmoid(mu + s * g[at]);
                h[at] = weight * (p * (1.0 - p)).max(1e-3);
                if round < 3 {
                    g[at] -= (g[at] - weight * (y - p)) / (1.0 + h[at] * s);
                }
            }
        }
        std::array::from_fn(|at| Self { g: g[at], shrink: h[at] / (1.0 + h[at] * logits[at].1) })
    }
}

impl Reward {
    /// Nothing learned and no features yet.
    pub(crate) fn new(definition: &ModelDefinition, actions: usize, base_rate: f64) -> Self {
        let full = &definition.full;
        let fits = full.features.div_ceil(8) * 8 * full.features * 4 * actions <= full.bytes;
        let numbers = definition.inputs.iter().filter(|input| input.kind == InputKind::Number).count();
        let all = 1 + definition.inputs.len() + numbers * definition.encoder.knots;
        let priors = Priors::new(definition, base_rate);
        let spread = definition.inputs.len() as f32 * (priors.weight + 0.5 * priors.hat);
        let lanes = 1 + definition.groups.len();
        Self {
            table: Table::new(actions),
            upper: [Table::new(lanes), Table::new(lanes)],
            full: (0 < full.features && fits).then(|| Full::new(full.features, actions)),
            hats: all <= full.features,
            shares: 0.0 < definition.learning.shared_variance || !definition.groups.is_empty(),
            precision: Vec::new(),
            losses: [0.0; 2],
            evidence: vec![0.0; actions],
            usual: (priors.bias.0, 0.0),
            newcomer: priors.bias.1 + spread,
            optimism: optimism_among(definition, actions),
            priors,
            calibration: Platt::default(),
            alarms: Alarms::new(actions),
            last_loss: 0.0,
            scratch: Scratch::default(),
            updates: 0,
        }
    }

    /// Adds a feature with its prior.
    pub(crate) fn push(&mut self, slot: Slot, definition: &ModelDefinition) {
        let learning = &definition.learning;
        let bias = slot.kind == FeatureKind::Bias;
        let (mean, variance) = self.priors.of(slot.kind);
        self.table.push(mean, variance);
        self.precision.push(1.0 / variance);
        for upper in &mut self.upper {
            upper.push(0.0, if bias { learning.shared_bias_variance } else { learning.shared_variance });
            let row = upper.rows() as u32 - 1;
            for lane in 1..=definition.groups.len() {
                upper.set(row, lane, 0.0, learning.group_variance);
            }
        }
        if let Some(full) = &mut self.full {
            let hat = matches!(slot.kind, FeatureKind::Hat(_));
            full.push((!hat || self.hats).then_some((mean, variance)));
        }
    }

    /// Prior means and variances of an action's weights.
    pub(crate) fn priors(&self) -> Priors {
        self.priors
    }

    /// Whether the parts of a restored reward fit each other.
    pub(crate) fn is_consistent(&self, rows: usize, actions: usize, upper: usize) -> bool {
        self.table.fits(rows, actions)
            && self.upper.iter().all(|table| table.fits(rows, upper))
            && self.full.as_ref().is_none_or(|full| full.is_consistent(rows, actions))
            && self.evidence.len() == actions
            && self.precision.len() == rows
            && self.precision.iter().all(|number| number.is_finite())
            && self.alarms.len() == actions
            && self
                .evidence
                .iter()
                .chain([&self.usual.0, &self.usual.1, &self.newcomer, &self.optimism])
                .all(|number| number.is_finite())
            && self.losses.iter().all(|loss| loss.is_finite())
            && self.calibration.is_finite()
    }

    /// Outlines everything learned.
    pub(crate) fn outline(&self, outline: &mut Outline) {
        let Self { table, upper, full, hats, shares, precision, losses, evidence, .. } = self;
        let Self { usual, newcomer, optimism, priors, calibration, alarms, updates, last_loss, .. } = self;
        outline.part(&(hats, shares, losses, usual, newcomer, optimism, priors, calibration, alarms));
        outline.part(&(updates, last_loss, full.is_some()));
        outline.sequence(precision);
        outline.sequence(evidence);
        for table in upper.iter().chain([table]) {
            table.outline(outline);
        }
        if let Some(full) = full {
            full.outline(outline);
        }
    }

    /// The posterior mean of a weight in the tier that is believed.
    pub(crate) fn mean(&self, row: u32, action: u32, group: u16) -> f64 {
        let full = self.full();
        let own = match full {
            Some(full) => full.weight(row, action as usize).unwrap_or(0.0),
            None => self.table.weight(row, action as usize).0,
        };
        let upper = &self.upper[usize::from(full.is_some())];
        let shared = upper.weight(row, 0).0;
        let group = if group == 0 { 0.0 } else { upper.weight(row, usize::from(group)).0 };
        f64::from(own) + f64::from(shared) + f64::from(group)
    }

    /// The tier with full covariance, while it is believed.
    fn full(&self) -> Option<&Full> {
        self.full.as_ref().filter(|_| self.losses[1] <= self.losses[0])
    }

    /// Fills `scores` for `candidates`, each below the number of actions.
    ///
    /// The first tier scores all; when the second is believed it scores a short list of the best again, or all when they
    /// are few.
    pub(crate) fn score(
        &self,
        features: &Features,
        candidates: &[u32],
        group_of: &[u16],
        short_list: usize,
        scores: &mut Scores,
    ) {
        scores.reset(candidates.len());
        let full = self.full().filter(|_| 0 < short_list);
        let line = self.calibration.line();
        // Few are gathered as fast as they are compared.
        let whole = LANES <= candidates.len() && is_whole(candidates);
        if full.is_none() || short_list < candidates.len() {
            let Scores { p, mean, variance, sums, upper, .. } = scores;
            let logits = Logits {
                own: &self.table,
                shared: self.shared(0, group_of),
                features,
                candidates,
                whole,
                sums: [sums, upper],
                mean,
                variance,
                p: full.is_none().then_some((line, p)),
            };
            logits.sum();
        }
        if let Some(full) = full {
            scores.shorten(short_list);
            let Scores { p, mean, variance, upper, order, active, .. } = scores;
            kernel::wide(FullLogits {
                full,
                shared: self.shared(1, group_of),
                features,
                candidates,
                order,
                active,
                upper,
                mean,
                variance,
                p: (line, p),
            });
        }
        scores.evidence.clear();
        if whole {
            scores.evidence.extend_from_slice(&self.evidence[..candidates.len()]);
        } else {
            scores.evidence.extend(candidates.iter().map(|action| self.evidence[*action as usize]));
        }
    }

    /// What actions share in one tier.
    fn shared<'a>(&'a self, tier: usize, group_of: &'a [u16]) -> Shared<'a> {
        let touched = if self.shares { usize::MAX } else { 1 };
        Shared { table: &self.upper[tier], group_of, touched }
    }

    /// Learns one outcome of `action`, which is in `group` (0: in none). `slots` say what rows stand for. Returns what was
    /// left unexplained, and its variance.
    pub(crate) fn learn(
        &mut self,
        features: &Features,
        (action, group): (usize, usize),
        outcome: &Outcome,
        weight: f32,
        definition: &ModelDefinition,
        slots: &[Slot],
    ) -> (f32, f32) {
        let (y, offset) = (outcome.value as f32, outcome.offset as f32);
        let learning = &definition.learning;
        let all = 0.0 < learning.shared_variance;
        let rate = if 0.0 < learning.half_life { std::f32::consts::LN_2 / learning.half_life } else { 0.0 };
        let fade = Fade { rate, mean: 0.0, precision: 0.0 };
        let terms = features.terms();
        let Scratch { active, weights, precision } = &mut self.scratch;
        let (own, own_variance) = self.table.read_lane(terms, action, weights);
        let (m, v) = level(&self.upper[0], features, group, all);
        let first = (own + m, own_variance + v);
        let logit = |(mu, s): (f32, f32)| (mu + offset, s);
        let loss =
            |(mu, s): (f32, f32)| math::log_loss(f64::from(math::shrunk(mu + offset, s)), f64::from(y));
        let (mut mu, mut s) = first;
        self.last_loss = loss(first);
        let taken = if let Some(full) = &mut self.full {
            full.activate_all(terms, active);
            let (m, v) = level(&self.upper[1], features, group, all);
            let (mut second, mut taken) = (first, [Step::default(); 2]);
            full.learn(active, action, 1.0 - rate, |own, own_variance| {
                second = (own + m, own_variance + v);
                taken = Step::towards(y, [logit(first), logit(second)], weight);
                taken[1]
            });
            raise(&mut self.upper[1], features, group, taken[1], fade, learning);
            let losses = [self.last_loss, loss(second)];
            if self.losses[1] <= self.losses[0] {
                ((mu, s), self.last_loss) = (second, losses[1]);
            }
            for (kept, new) in self.losses.iter_mut().zip(losses) {
                *kept = 0.999 * *kept + new;
            }
            taken[0]
        } else {
            let [taken] = Step::towards(y, [logit(first)], weight);
            taken
        };
        precision.clear();
        precision
            .extend(terms.iter().map(|term| self.precision.get(term.row() as usize).copied().unwrap_or(0.0)));
        kernel::wide(Steps { weights, precision, bias: self.priors.bias.0, taken, rate });
        self.table.write_lane(terms, action, weights);
        raise(&mut self.upper[0], features, group, taken, fade, learning);
        self.calibration.learn(math::probit_logit(mu, s), offset, y, weight, rate);
        let p = math::shrunk(mu + offset, s);
        if self.alarms.residual(action, y - p, p * (1.0 - p)) && 0.0 < rate {
            self.widen(action, slots);
        }
        // Mean and variance of the logit of what was chosen, over about a thousand outcomes.
        let share = 1.0 / (self.updates as f32 + 1.0).min(1_000.0);
        let distance = mu + self.optimism * s.max(0.0).sqrt() - self.usual.0;
        self.usual.0 += share * distance;
        self.usual.1 += share * ((1.0 - share) * distance * distance - self.usual.1);
        if self.updates.is_multiple_of(16) {
            let of = |(row, x): (u32, f32)| x * x / self.precision.get(row as usize).copied().unwrap_or(1.0);
            let share = (16.0 * share).min(1.0);
            self.newcomer += share * (features.iter().map(of).sum::<f32>() - self.newcomer);
        }
        self.evidence[action] = self.evidence[action] * (1.0 - rate) + weight;
        self.updates += 1;
        (weight * (y - p), weight * weight * (p * (1.0 - p)))
    }

    /// After an alarm: what was learned about `action` counts a quarter.
    fn widen(&mut self, action: usize, slots: &[Slot]) {
        for (row, slot) in (0_u32..).zip(slots) {
            let (m, v) = self.table.weight(row, action);
            self.table.set(row, action, m, (4.0 * v).min(self.priors.of(slot.kind).1));
        }
        if let Some(full) = &mut self.full {
            full.widen(action, 4.0);
        }
    }

    /// Adds a lane for an action that has just come, at what is shared, but neither so low that it is never the best nor so
    /// high that it often is.
    pub(crate) fn add_action(&mut self, slots: &[Slot], group: usize, definition: &ModelDefinition) {
        let lane = self.evidence.len();
        self.optimism = optimism_among(definition, lane + 1);
        self.table.add_lane(lane, |row| self.priors.of(slots[row].kind));
        let prior = self.priors.of(FeatureKind::Bias);
        let shared = |upper: &Table| {
            let group = if group == 0 { 0.0 } else { upper.weight(0, group).0 };
            upper.weight(0, 0).0 + group
        };
        let mut total = prior.0 + shared(&self.upper[0]);
        if 100 <= self.updates {
            let usual = self.usual.0 - self.optimism * self.newcomer.max(0.0).sqrt();
            total = total.max(usual - NEWCOMER_Z * self.usual.1.sqrt()).min(usual);
        }
        self.table.set(0, lane, total - shared(&self.upper[0]), prior.1);
        let intercept = total - shared(&self.upper[1]);
        if let Some(full) = &mut self.full {
            full.add_action(intercept);
        }
        self.evidence.push(0.0);
        self.alarms.add_action();
    }
}

/// Standard deviations by which the optimistic logit of a newcomer stays below the usual one of what is chosen at the most:
/// it looks better in 15 of 100 contexts then.
const NEWCOMER_Z: f32 = 1.04;

/// Standard deviations by which each of so many candidates is scored higher than its mean.
fn optimism_among(definition: &ModelDefinition, actions: usize) -> f32 {
    (definition.exploration.policy.optimism() * spread(actions)) as f32
}

/// Prior means and variances of an action's weights by what their rows stand for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Priors {
    bias: (f32, f32),
    weight: f32,
    hat: f32,
}

impl Priors {
    fn new(definition: &ModelDefinition, base_rate: f64) -> Self {
        let learning = &definition.learning;
        // The more inputs, the less each says: what all together may say grows with their fourth root only.
        let inputs = definition.inputs.len().max(1) as f32 / 16.0;
        let weight = learning.weight_variance / (inputs * inputs * inputs).sqrt().sqrt();
        let bias = (math::logit(base_rate) as f32, learning.bias_variance);
        Self { bias, weight, hat: weight * learning.shape }
    }

    /// Prior mean and variance of a weight.
    pub(crate) fn of(&self, kind: FeatureKind) -> (f32, f32) {
        match kind {
            FeatureKind::Bias => self.bias,
            FeatureKind::Hat(_) => (0.0, self.hat),
            _ => (0.0, self.weight),
        }
    }
}

/// Room to work in; not part of what is learned.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch {
    active: Active,
    weights: Weights,
    precision: Vec<f32>,
}

impl PartialEq for Scratch {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// The features whose weights are shared: all, or only the first, the intercept.
fn touched(features: &Features, all: bool) -> &[Word] {
    let terms = features.terms();
    if all { terms } else { &terms[..terms.len().min(1)] }
}

/// Mean and variance that the shared levels add. Where only the intercept is shared, only it is looked at.
fn level(upper: &Table, features: &Features, group: usize, shared: bool) -> (f32, f32) {
    let terms = touched(features, shared || group != 0);
    let (m, v) = upper.lane(terms, 0);
    if group == 0 {
        return (m, v);
    }
    let (mg, vg) = upper.lane(terms, group);
    (m + mg, v + vg)
}

/// Moves the shared levels; without `shared` only the intercept, which is always first, is shared by all.
fn raise(
    upper: &mut Table,
    features: &Features,
    group: usize,
    taken: Step,
    fade: Fade,
    definition: &LearningDefinition,
) {
    let shared = 0.0 < definition.shared_variance;
    let terms = touched(features, shared || group != 0);
    upper.change_lane(terms, 0, |row, x, weight| {
        let variance = if row == 0 { definition.shared_bias_variance } else { definition.shared_variance };
        if 0.0 < variance { step(weight, x, taken, fade.towards(0.0, variance)) } else { weight }
    });
    if group != 0 && 0.0 < definition.group_variance {
        let fade = fade.towards(0.0, definition.group_variance);
        upper.change_lane(terms, group, |_, x, weight| step(weight, x, taken, fade));
    }
}

/// How much one outcome forgets, and towards which prior.
#[derive(Clone, Copy, Debug)]
struct Fade {
    rate: f32,
    mean: f32,
    /// 1 / prior variance.
    precision: f32,
}

impl Fade {
    fn towards(self, mean: f32, variance: f32) -> Self {
        Self { mean, precision: 1.0 / variance, ..self }
    }
}

/// Moves the weights of an action, of which the first is the intercept, the only one whose prior mean is not 0.
struct Steps<'a> {
    weights: &'a mut Weights,
    /// 1 / prior variances.
    precision: &'a [f32],
    /// The intercept's prior mean.
    bias: f32,
    taken: Step,
    rate: f32,
}

impl WithSimd for Steps<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { weights: Weights { value, mean, variance }, precision, bias, taken, rate } = self;
        let intercept = mean.first().copied().zip(variance.first().copied());
        let weights = mean.iter_mut().zip(variance.iter_mut());
        for (((m, v), &x), &precision) in weights.zip(&*value).zip(precision) {
            (*m, *v) = step((*m, *v), x, taken, Fade { rate, mean: 0.0, precision });
        }
        if let (Some(weight), [m, ..], [v, ..], [x, ..], [precision, ..]) =
            (intercept, &mut mean[..], &mut variance[..], &value[..], precision)
        {
            (*m, *v) = step(weight, *x, taken, Fade { rate, mean: bias, precision: *precision });
        }
    }
}

/// Moves one weight, after forgetting a little: to first order in the rate, precision and precision-weighted mean fade
/// towards the prior's.
#[inline(always)]
fn step((m, v): (f32, f32), x: f32, taken: Step, fade: Fade) -> (f32, f32) {
    let share = v * fade.precision;
    let m = m - fade.rate * share * (m - fade.mean);
    let v = v + fade.rate * v * (1.0 - share);
    let vx = v * x;
    ((m + vx * taken.g).clamp(-30.0, 30.0), (v - vx * vx * taken.shrink).max(1e-7))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_move_together_as_they_would_one_by_one() {
        let numbers = |from: u32| (from..from + 37).map(|at| (at * 7_919 % 101) as f32 / 50.0 - 1.0);
        let (value, precision) = (numbers(5).collect::<Vec<_>>(), vec![1.5; 37]);
        let (mean, variance) = (numbers(1).collect(), numbers(9).map(|v| v * v).collect());
        let start = Weights { value, mean, variance };
        let (taken, rate, bias) = (Step { g: 0.7, shrink: 0.2 }, 1e-3, -2.0);
        for machine in kernel::machines() {
            let mut weights = start.clone();
            machine.dispatch(Steps { weights: &mut weights, precision: &precision, bias, taken, rate });
            for (at, &precision) in precision.iter().enumerate() {
                let fade = Fade { rate, mean: if at == 0 { bias } else { 0.0 }, precision };
                let one = step((start.mean[at], start.variance[at]), start.value[at], taken, fade);
                assert_eq!(one, (weights.mean[at], weights.variance[at]));
            }
        }
    }

    #[test]
    fn steps_taken_together_are_those_taken_alone() {
        let logits = [(-3.0, 0.5), (1.2, 2.0)];
        let both = Step::towards(1.0, logits, 0.7);
        for (logit, together) in logits.into_iter().zip(both) {
            let [alone] = Step::towards(1.0, [logit], 0.7);
            assert_eq!((alone.g, alone.shrink), (together.g, together.shrink));
        }
    }
}
