//! The stages that weigh what passed the gates against one another and against silence: propensity to choice.
//!
//! Not here: the formula, see `score`.

use apropos_condition::{Datum, Scratch};
use apropos_event::draw;
use apropos_learn::explore;

use super::memo::Memo;
use super::{Desk, Fate, Live, Part, View};
use crate::Class;
use crate::catalogue::{Action, WEIGHTS};
use crate::layout::Resource;
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
        let definition = &action.definition;
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
            propensity: definition.propensity,
            baseline: definition.baseline,
            value: action.amounts.value,
            cost: action.amounts.cost + action.treatment_costs.get(treatment).copied().unwrap_or(0.0),
            benefit: action.amounts.benefit,
            effort: action.amounts.effort,
            interruption,
            context_weight,
            lever: definition.lever,
        }
    }

    /// Replaces stated propensities by learned ones.
    pub(super) fn learned(&self, desk: &mut Desk) {
        let Some((model, features)) = self.q.model else { return };
        desk.candidates.clear();
        desk.candidates.extend(
            desk.live
                .iter()
                .filter(|live| self.action(live.action).is_some_and(|action| action.definition.learn))
                .map(|live| live.action as u32),
        );
        if desk.candidates.is_empty() || model.score(features, &desk.candidates, 0, &mut desk.scores).is_err()
        {
            return;
        }
        let mut estimates = desk.scores.iter();
        for live in &mut desk.live {
            if desk.candidates.binary_search(&(live.action as u32)).is_ok()
                && let Some(estimate) = estimates.next()
            {
                live.factors.propensity = f64::from(estimate.p).clamp(0.0, 1.0);
                live.score = Score::of(&live.factors, self.catalogue.policy.mutual);
            }
        }
    }

    /// Drops what is too unlikely, does harm, is below silence, or needs a resource that is gone or worth more elsewhere;
    /// then lets lower classes wait.
    pub(super) fn arbitrate(&self, desk: &mut Desk) {
        let Desk { live: lives, fates, .. } = desk;
        lives.retain_mut(|live| {
            let fate = self.action(live.action).and_then(|action| self.unworthy(action, live));
            let alive = fate.is_none();
            if let Some(slot) = fates.get_mut(live.action).filter(|_| !alive) {
                *slot = fate;
            }
            alive
        });
        let class = |live: &Live| self.action(live.action).map(|action| action.definition.class);
        let Some(Some(top)) = lives.iter().map(class).min() else { return };
        lives.retain(|live| {
            let alive = class(live) == Some(top);
            if let Some(slot) = fates.get_mut(live.action).filter(|_| !alive) {
                *slot = Some(Fate::fixed(Stage::Arbitration, "class", Reason::Waits(top)));
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
        let class = action.definition.class;
        let duty = class <= Class::Service;
        let fixed = |stage, part, reason| Some(Fate::fixed(stage, part, reason));
        if !duty && live.score.propensity < policy.min_propensity {
            return fixed(Stage::Propensity, "min_propensity", Reason::Unlikely);
        }
        if !class.is_owed() && live.score.customer < 0.0 {
            return fixed(Stage::Arbitration, "benefit", Reason::HarmsCustomer);
        }
        if !duty && live.score.company < 0.0 {
            return fixed(Stage::Arbitration, "value", Reason::HarmsCompany);
        }
        if !duty && live.score.priority <= policy.silence {
            return fixed(Stage::Arbitration, "silence", Reason::BelowSilence);
        }
        let resource = self.catalogue.layout.uses.get(live.action)?.as_ref()?;
        let (stage, part) = (Stage::Constraints, Part::Resource);
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

    /// Fills the probability of each live action and gives the place of the chosen one.
    pub(super) fn choose(&self, desk: &mut Desk) -> Option<usize> {
        desk.probabilities.clear();
        let count = desk.live.len();
        if count == 0 {
            return None;
        }
        let learns = desk
            .live
            .iter()
            .all(|live| self.action(live.action).is_some_and(|action| action.definition.learn));
        if let (Some((model, _)), true, true) = (self.q.model, learns, 1 < count) {
            desk.values.clear();
            desk.values.extend(desk.live.iter().map(|live| live.score.priority));
            let sure = desk.live.iter().map(|live| {
                Score::of(&Factors { propensity: 1.0, ..live.factors }, self.catalogue.policy.mutual).priority
            });
            let scale = sure.fold(0.0, f64::max);
            let exploration = &model.definition().exploration;
            let t = model.updates(0) + 1;
            let (policy, floor) = (&exploration.policy, exploration.floor);
            explore::probabilities(policy, &desk.values, scale, t, floor, &mut desk.probabilities);
            let draw = draw::uniform(self.q.seed, self.q.id.as_str(), 0);
            if let Some(choice) = explore::choose(&desk.probabilities, draw) {
                return Some(choice.index);
            }
        }
        desk.probabilities.clear();
        desk.probabilities.resize(count, 0.0);
        if let Some(first) = desk.probabilities.first_mut() {
            *first = 1.0;
        }
        Some(0)
    }
}
