//! What is learned about one kind of reward: two tiers of weights, what actions share, and which tier is believed.
//!
//! Not here: features ([`crate::encoder`]), waiting for outcomes, choosing.

use serde::{Deserialize, Serialize};

use crate::calibrate::Platt;
use crate::drift::Alarms;
use crate::encoder::{FeatureKind, Slot};
use crate::explore::spread;
use crate::full::{Active, Full, FullLogits};
use crate::kernel;
use crate::rows::Table;
use crate::tier::{Logits, Shared};
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
    /// The Laplace step from the logit `mu` with variance `s` towards `y`.
    ///
    /// The posterior mode lies at μ + s g with g = w (y − σ(μ + s g)); three Newton steps from g = 0 find it, the first of
    /// which is the extended Kalman filter's. Curvature is taken at the mode, so a step can neither overshoot nor, after
    /// a surprise, claim certainty.
    fn towards(y: f32, mu: f32, s: f32, weight: f32) -> Self {
        let mut g = 0.0;
        let mut h = 0.0;
        for round in 0..4 {
            let p = math::sigmoid(mu + s * g);
            h = weight * (p * (1.0 - p)).max(1e-3);
            if round < 3 {
                g -= (g - weight * (y - p)) / (1.0 + h * s);
            }
        }
        Self { g, shrink: h / (1.0 + h * s) }
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
        if full.is_none() || short_list < candidates.len() {
            let Scores { p, mean, variance, sums, upper, .. } = scores;
            kernel::wide(Logits {
                own: &self.table,
                shared: self.shared(0, group_of),
                features,
                candidates,
                sums: [sums, upper],
                mean,
                variance,
                p: full.is_none().then_some((line, p)),
            });
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
        scores.evidence.extend(candidates.iter().map(|action| self.evidence[*action as usize]));
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
        let Features { rows, values, .. } = features;
        let (own, own_variance) = self.table.lane(rows, values, action);
        let (m, v) = level(&self.upper[0], features, group, all);
        let (mut mu, mut s) = (own + m, own_variance + v);
        let taken = Step::towards(y, mu + offset, s, weight);
        let (priors, precision) = (&self.priors, &self.precision);
        self.table.change_lane(rows, values, action, |row, x, weight| {
            let prior = precision.get(row as usize).copied().unwrap_or(0.0);
            step(weight, x, taken, Fade { mean: priors.mean(row), precision: prior, ..fade })
        });
        raise(&mut self.upper[0], features, group, taken, fade, learning);
        let loss = |mu: f32, s: f32| math::log_loss(f64::from(math::shrunk(mu + offset, s)), f64::from(y));
        self.last_loss = loss(mu, s);
        if let Some(full) = &mut self.full {
            let first = self.last_loss;
            let Scratch { active } = &mut self.scratch;
            full.activate_all(rows, values, active);
            let (m, v) = level(&self.upper[1], features, group, all);
            let mut taken = Step::default();
            let mut second = first;
            let believed = self.losses[1] <= self.losses[0];
            full.learn(active, action, 1.0 - rate, |own, own_variance| {
                let (full_mu, full_s) = (own + m, own_variance + v);
                second = loss(full_mu, full_s);
                if believed {
                    (mu, s) = (full_mu, full_s);
                }
                taken = Step::towards(y, full_mu + offset, full_s, weight);
                taken
            });
            raise(&mut self.upper[1], features, group, taken, fade, learning);
            for (kept, new) in self.losses.iter_mut().zip([first, second]) {
                *kept = 0.999 * *kept + new;
            }
            self.last_loss = if believed { second } else { first };
        }
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

    /// Adds a lane for an action that has just come. Its optimistic logit is placed `z` standard deviations below the
    /// usual logit of what is chosen: in few contexts it is the best, so that it is tried there.
    pub(crate) fn add_action(&mut self, slots: &[Slot], group: usize, z: f32, definition: &ModelDefinition) {
        let lane = self.evidence.len();
        self.optimism = optimism_among(definition, lane + 1);
        self.table.add_lane(lane, |row| self.priors.of(slots[row].kind));
        let prior = self.priors.of(FeatureKind::Bias);
        let shared = |upper: &Table| {
            let group = if group == 0 { 0.0 } else { upper.weight(0, group).0 };
            upper.weight(0, 0).0 + group
        };
        let total = if self.updates < 100 {
            prior.0 + shared(&self.upper[0])
        } else {
            self.usual.0 - z * self.usual.1.sqrt() - self.optimism * self.newcomer.max(0.0).sqrt()
        };
        self.table.set(0, lane, total - shared(&self.upper[0]), prior.1);
        let intercept = total - shared(&self.upper[1]);
        if let Some(full) = &mut self.full {
            full.add_action(intercept);
        }
        self.evidence.push(0.0);
        self.alarms.add_action();
    }
}

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

    /// Prior mean of the weight at `row`; the intercept, whose prior mean is not 0, is always first.
    fn mean(&self, row: u32) -> f32 {
        if row == 0 { self.bias.0 } else { 0.0 }
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
}

impl PartialEq for Scratch {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// Mean and variance that the shared levels add. Where only the intercept is shared, only it is looked at.
fn level(upper: &Table, features: &Features, group: usize, shared: bool) -> (f32, f32) {
    let touched = if shared || group != 0 { features.len() } else { features.len().min(1) };
    let (rows, values) = (&features.rows[..touched], &features.values[..touched]);
    let (m, v) = upper.lane(rows, values, 0);
    if group == 0 {
        return (m, v);
    }
    let (mg, vg) = upper.lane(rows, values, group);
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
    let touched = if shared || group != 0 { features.len() } else { features.len().min(1) };
    let (rows, values) = (&features.rows[..touched], &features.values[..touched]);
    upper.change_lane(rows, values, 0, |row, x, weight| {
        let variance = if row == 0 { definition.shared_bias_variance } else { definition.shared_variance };
        if 0.0 < variance { step(weight, x, taken, fade.towards(0.0, variance)) } else { weight }
    });
    if group != 0 && 0.0 < definition.group_variance {
        let fade = fade.towards(0.0, definition.group_variance);
        upper.change_lane(rows, values, group, |_, x, weight| step(weight, x, taken, fade));
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

/// Moves one weight, after forgetting a little: to first order in the rate, precision and precision-weighted mean fade
/// towards the prior's.
#[inline]
fn step((m, v): (f32, f32), x: f32, taken: Step, fade: Fade) -> (f32, f32) {
    let share = v * fade.precision;
    let m = m - fade.rate * share * (m - fade.mean);
    let v = v + fade.rate * v * (1.0 - share);
    let vx = v * x;
    ((m + vx * taken.g).clamp(-30.0, 30.0), (v - vx * vx * taken.shrink).max(1e-7))
}
