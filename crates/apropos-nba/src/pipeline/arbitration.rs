//! The stages that weigh what passed the gates against one another and against silence: propensity to choice.
//!
//! Not here: the formula, see `score`.

use apropos_condition::{Datum, Scratch};
use apropos_event::draw;
use apropos_learn::explore;

use super::learned::Learned;
use super::memo::Memo;
use super::{Live, Sheet, View};
use crate::Class;
use crate::candidates::Fate;
use crate::catalogue::{Action, WEIGHTS};
use crate::layout::Resource;
use crate::names::Fixed;
use crate::score::{Factors, Score};
use crate::stage::{Reason, Stage};

impl View<'_> {
    pub(super) fn factors(
        &self,
        at: usize,
        action: &Action,
        treatment: usize,
        scratch: &Scratch,
        memo: &mut Memo,
    ) -> Factors {
        let weights = scratch.holding(WEIGHTS);
        let context_weight = action
            .weights
            .iter()
            .filter(|(subject, _)| weights.contains(*subject))
            .fold(1.0, |all, (_, w)| all * w);
        let way = self.catalogue.layout.ways(at).get(treatment);
        let price = way.and_then(|way| self.place(way.channel, memo)).map_or(0.0, |(channel, place)| {
            if place.here || channel.known.is_none() { 0.0 } else { channel.price }
        });
        let interruption = if price == 0.0 { 0.0 } else { price * (1.0 + self.pressure(memo)) };
        Factors {
            propensity: action.propensity,
            baseline: action.baseline,
            value: action.amounts.value,
            cost: action.amounts.cost + way.map_or(0.0, |way| way.cost),
            benefit: action.amounts.benefit,
            effort: action.amounts.effort,
            interruption,
            context_weight,
            lever: action.lever,
        }
    }

    /// Replaces stated propensities by learned ones, and stated baselines by what silence was learned to bring.
    pub(super) fn learned(&self, sheet: &mut Sheet) {
        sheet.candidates.clear();
        let learns = |live: &&Live| self.action(live.action).is_some_and(|action| action.learn);
        sheet.candidates.extend(sheet.live.iter().filter(learns).map(|live| live.action as u32));
        let actions = sheet.candidates.len();
        if !self.catalogue.arms.is_empty() {
            let arms = sheet.live.iter().filter_map(|live| self.arm(live.action));
            sheet.candidates.extend(arms);
            if let Some(arms) = sheet.candidates.get_mut(actions..) {
                arms.sort_unstable();
            }
            sheet.candidates.dedup();
        }
        let model = if actions == 0 { None } else { sheet.seen.by(self.q.model, self.q.facts) };
        let scored = model.is_some_and(|(model, features)| {
            model.score(features, &sheet.candidates, 0, &mut sheet.scores).is_ok()
        });
        if !scored {
            sheet.candidates.clear();
            return;
        }
        let weight = self.catalogue.policy.baseline_weight;
        for live in &mut sheet.live {
            let Ok(at) = sheet.candidates.binary_search(&(live.action as u32)) else { continue };
            if let Some(estimate) = sheet.scores.get(at) {
                live.factors.propensity = f64::from(estimate.p).clamp(0.0, 1.0);
            }
            let arm = self.arm(live.action).and_then(|arm| sheet.candidates.binary_search(&arm).ok());
            if let Some(silence) = arm.and_then(|at| sheet.scores.get(at)) {
                let (learned, evidence) = (f64::from(silence.p), f64::from(silence.evidence));
                live.factors.baseline = blend(live.factors.baseline, weight, learned, evidence);
            }
            live.score = Score::of(&live.factors, self.catalogue.policy.mutual);
        }
    }

    /// The place in the model of what stands for silence where an action could be taken.
    fn arm(&self, action: usize) -> Option<u32> {
        let arm = self.catalogue.arms.of(action)?;
        Some((self.catalogue.actions.len() + arm) as u32)
    }

    /// Drops what is too unlikely, does harm, is below silence, or needs a resource that is gone or worth more elsewhere;
    /// then lets lower classes wait.
    pub(super) fn arbitrate(&self, sheet: &mut Sheet) {
        let Sheet { live: lives, fates, fallen, .. } = sheet;
        lives.retain_mut(|live| {
            let fate = self.action(live.action).and_then(|action| self.unworthy(action, live));
            let alive = fate.is_none();
            if let Some(slot) = fates.get_mut(live.action).filter(|_| !alive) {
                *slot = fate;
                fallen.push((live.action, live.score));
            }
            alive
        });
        let class = |live: &Live| self.action(live.action).map(|action| action.class);
        let Some(Some(top)) = lives.iter().map(class).min() else { return };
        lives.retain(|live| {
            let alive = class(live) == Some(top);
            if let Some(slot) = fates.get_mut(live.action).filter(|_| !alive) {
                *slot = Some(Fate::new(Stage::Arbitration, Fixed::Class, Reason::Waits(top)));
                fallen.push((live.action, live.score));
            }
            alive
        });
        // Total order: priority, then name. (The class is the same for all that are left.)
        let rank = |live: &Live| self.catalogue.layout.ranks.get(live.action);
        lives.sort_unstable_by(|a, b| {
            b.score.priority.total_cmp(&a.score.priority).then_with(|| rank(a).cmp(&rank(b)))
        });
    }

    fn unworthy(&self, action: &Action, live: &mut Live) -> Option<Fate> {
        let policy = &self.catalogue.policy;
        let class = action.class;
        let duty = class <= Class::Service;
        let fixed = |stage, part, reason| Some(Fate::new(stage, part, reason));
        if !duty && live.score.propensity < policy.min_propensity {
            return fixed(Stage::Propensity, Fixed::MinPropensity, Reason::Unlikely);
        }
        if !class.is_owed() && live.score.customer < 0.0 {
            return fixed(Stage::Arbitration, Fixed::Benefit, Reason::HarmsCustomer);
        }
        if !duty && live.score.company < 0.0 {
            return fixed(Stage::Arbitration, Fixed::Value, Reason::HarmsCompany);
        }
        if !duty && live.score.priority <= policy.silence {
            return fixed(Stage::Arbitration, Fixed::Silence, Reason::BelowSilence);
        }
        let resource = self.catalogue.layout.uses.get(live.action)?.as_ref()?;
        let (stage, part) = (Stage::Constraints, resource.part);
        if self.left(resource) <= 0 {
            return Some(Fate { stage, part, reason: Reason::NoneLeft });
        }
        // What is a duty is done whatever a unit would earn elsewhere.
        let price = if duty { 0.0 } else { self.price(resource) };
        if 0.0 < price && live.score.priority - price <= policy.silence {
            return Some(Fate { stage, part, reason: Reason::TooDear });
        }
        live.score.price = price;
        live.score.priority -= price;
        None
    }

    /// How many units are left, as the moment says or else the playbook.
    fn left(&self, resource: &Resource) -> i64 {
        match resource.left.and_then(|id| self.q.facts.get(id)) {
            Some(Datum::Int(left)) => left,
            _ => resource.declared,
        }
    }

    /// What a unit is worth elsewhere, as the moment says; nothing when it does not.
    fn price(&self, resource: &Resource) -> f64 {
        match resource.price.and_then(|id| self.q.facts.get(id)) {
            Some(Datum::Double(price)) => price.max(0.0),
            _ => 0.0,
        }
    }

    /// Fills the probability of each live action and of silence, and gives the place of the chosen one.
    pub(super) fn choose(&self, sheet: &mut Sheet) -> Option<usize> {
        sheet.probabilities.clear();
        sheet.silence = 1.0;
        if sheet.live.is_empty() {
            return None;
        }
        let learns = |live: &Live| self.action(live.action).is_some_and(|action| action.learn);
        let learns = sheet.live.iter().all(learns) && sheet.seen.by(self.q.model, self.q.facts).is_some();
        let chosen = if learns { self.explore(sheet) } else { None };
        if chosen.is_none() {
            sheet.probabilities.clear();
            sheet.probabilities.resize(sheet.live.len(), 0.0);
            if let Some(first) = sheet.probabilities.first_mut() {
                *first = 1.0;
            }
        }
        // Only where all that is open is learned may silence be kept on purpose: nothing that is due is held back.
        sheet.silence =
            if learns && !self.catalogue.arms.is_empty() { self.catalogue.policy.holdout } else { 0.0 };
        if sheet.silence == 0.0 {
            return Some(chosen.unwrap_or(0));
        }
        sheet.probabilities.iter_mut().for_each(|probability| *probability *= 1.0 - sheet.silence);
        let silent = draw::uniform(self.q.seed, self.q.id.as_str(), 1) < sheet.silence;
        (!silent).then_some(chosen.unwrap_or(0))
    }

    /// Draws among the live actions, where there is something to draw.
    fn explore(&self, sheet: &mut Sheet) -> Option<usize> {
        let Learned { model, .. } = self.q.model.filter(|_| 1 < sheet.live.len())?;
        sheet.values.clear();
        sheet.values.extend(sheet.live.iter().map(|live| live.score.priority));
        let sure = sheet.live.iter().map(|live| {
            Score::of(&Factors { propensity: 1.0, ..live.factors }, self.catalogue.policy.mutual).priority
        });
        let scale = sure.fold(0.0, f64::max);
        let exploration = &model.definition().exploration;
        let t = model.updates(0) + 1;
        let (policy, floor) = (&exploration.policy, exploration.floor);
        explore::probabilities(policy, &sheet.values, scale, t, floor, &mut sheet.probabilities);
        let draw = draw::uniform(self.q.seed, self.q.id.as_str(), 0);
        explore::choose(&sheet.probabilities, draw).map(|choice| choice.index)
    }
}

/// What silence brings: what was declared counts as `weight` silences, what was learned as those it was learned from.
fn blend(declared: f64, weight: f64, learned: f64, evidence: f64) -> f64 {
    let all = weight + evidence;
    if 0.0 < all { ((weight * declared + evidence * learned) / all).clamp(0.0, 1.0) } else { declared }
}
