//! Writing down what was decided: the candidates in order of rank, the choice, and what a person is handed.
//!
//! Not here: the record's own type, see `decision`.

use std::cmp::Reverse;

use apropos_event::Timestamp;
use apropos_learn::Features;

use super::memo::Memo;
use super::sieve::Sifted;
use super::{Live, Sheet, View};
use crate::candidates::{Candidates, Fate, Merit};
use crate::decision::{Choice, Decision, Packet, Tried};
use crate::definition::HandOffDefinition;
use crate::names::Fixed;
use crate::stage::{Reason, Stage};

impl View<'_> {
    pub(super) fn record(&self, sheet: &mut Sheet, sifted: &Sifted, chosen: Option<usize>) -> Decision {
        let q = self.q;
        let (mut candidates, mut features) = sheet.spare.pop().unwrap_or_default();
        candidates.begin(&sheet.names);
        let outranked = Fate::new(Stage::Choice, Fixed::Rank, Reason::Outranked);
        let rule = |pause| self.q.ledger.rule_of(pause);
        for (place, live) in sheet.live.iter().enumerate() {
            let probability = sheet.probabilities.get(place).copied().unwrap_or(0.0);
            let lost = probability == 0.0 && chosen != Some(place);
            let merit = Merit { treatment: self.treatment(live), score: Some(live.score), probability };
            candidates.push(live.action, Some(merit), lost.then_some(outranked), rule);
        }
        let merit = Merit { treatment: None, score: None, probability: sheet.silence };
        let lost = chosen.is_some() && sheet.silence == 0.0;
        candidates.push(self.catalogue.actions.len(), Some(merit), lost.then_some(outranked), rule);
        let look_again = self.lost(sheet, sifted, &mut candidates);
        // Also a silence teaches, where it took the place of what is learned.
        let teaches = chosen.is_some() || (!self.catalogue.arms.is_empty() && !sheet.candidates.is_empty());
        match sheet.seen.by(q.model.filter(|_| teaches), q.facts) {
            // What the sheet is given for them is written over by the next decision.
            Some((_, known)) => std::mem::swap(&mut features, known),
            None => features.clone_from(&Features::new()),
        }
        Decision {
            id: q.id.clone(),
            at: self.now,
            customer: q.customer.clone(),
            revision: q.revision,
            choice: self.choice(sheet, chosen),
            candidates,
            look_again,
            features,
            playbook: q.playbook,
            model: q.learned,
            seed: q.seed,
        }
    }

    /// Appends what was dropped before the choice, latest stage first, then by name. Gives the first instant at which a
    /// reason runs out.
    fn lost(&self, sheet: &mut Sheet, sifted: &Sifted, candidates: &mut Candidates) -> Option<Timestamp> {
        let layout = &self.catalogue.layout;
        let mut look_again: Option<Timestamp> = None;
        let fate = |action: u32| sheet.fates.get(action as usize).copied().flatten();
        // How many each stage dropped, and then where those of each begin: the order without a comparison.
        let mut places = [0; Stage::ALL.len()];
        for dropped in sifted.open.iter().filter_map(|action| fate(*action)) {
            places[dropped.stage as usize] += 1;
            let ends = dropped.reason.ends().filter(|at| self.now < *at);
            look_again = [look_again, ends].into_iter().flatten().min();
        }
        let mut all = 0;
        for place in places.iter_mut().rev() {
            all += std::mem::replace(place, all);
        }
        sheet.lost.clear();
        sheet.lost.resize(all, 0);
        for action in &sifted.by_name {
            let Some(dropped) = fate(*action) else { continue };
            let place = &mut places[dropped.stage as usize];
            if let Some(slot) = sheet.lost.get_mut(*place) {
                *slot = *action;
            }
            *place += 1;
        }
        let mut shut = sifted.shut.iter().peekable();
        let order = |stage, action: u32| (Reverse(stage), layout.ranks.get(action as usize));
        for action in &sheet.lost {
            let Some(fate) = fate(*action) else { continue };
            let place = order(fate.stage, *action);
            while let Some(one) = shut.next_if(|one| order(one.stage, one.action) < place) {
                candidates.push_dropped(one.action, one.fate());
            }
            let fallen = sheet.fallen.iter().find(|(fallen, _)| *fallen == *action as usize);
            let merit =
                fallen.map(|(_, score)| Merit { treatment: None, score: Some(*score), probability: 0.0 });
            candidates.push(*action as usize, merit, Some(fate), |pause| self.q.ledger.rule_of(pause));
        }
        shut.for_each(|one| candidates.push_dropped(one.action, one.fate()));
        look_again
    }

    /// The place of the treatment among the names.
    fn treatment(&self, live: &Live) -> Option<u32> {
        self.catalogue.layout.ways(live.action).get(live.treatment).map(|way| way.treatment)
    }

    fn choice(&self, sheet: &mut Sheet, chosen: Option<usize>) -> Choice {
        let live = chosen.and_then(|place| sheet.live.get(place)).copied();
        let action = live.as_ref().and_then(|live| self.action(live.action));
        let (Some(live), Some(action)) = (live, action) else { return Choice::Silence };
        let treatment = self.treatment(&live);
        let treatment = treatment.and_then(|at| self.catalogue.layout.names.treatments.get(at as usize));
        let Some(treatment) = treatment.cloned() else { return Choice::Silence };
        let id = action.definition.id.clone();
        match &action.definition.hand_off {
            None => Choice::Act { action: id, treatment },
            Some(hand_off) => {
                let packet = Box::new(self.packet(hand_off, &mut sheet.memo));
                Choice::HandOff { action: id, treatment, packet }
            }
        }
    }

    fn packet(&self, hand_off: &HandOffDefinition, memo: &mut Memo) -> Packet {
        let q = self.q;
        let tried = self.q.ledger.contacts().iter().rev().take(5).map(|contact| Tried {
            action: contact.action.clone(),
            at: contact.at,
            outcome: contact.outcomes.last().map(|(kind, _)| kind),
        });
        let mut must_not = Vec::new();
        if self.protected(memo) {
            must_not.push("do not sell: the customer is protected".to_owned());
        }
        if self.q.repairing {
            must_not.push("do not sell: a broken promise is not made good yet".to_owned());
        }
        if !self.personalise(memo) {
            must_not.push("do not use personal data: the customer did not agree".to_owned());
        }
        let goals = q.context_rules.goals();
        let goal = goals.goal(&q.context.goal, q.moment.stated_goal, self.now).goal;
        let open = q.journeys.promises().iter();
        let open = open.filter(|promise| promise.status().is_pending() || promise.is_repairing());
        let promises = open.map(|promise| {
            format!("{}: {}, due {}", promise.promise(), promise.status().as_str(), promise.due())
        });
        Packet {
            queue: hand_off.queue.clone(),
            ask: hand_off.ask.clone(),
            goal: Some(goal.as_str().to_owned()),
            tried: tried.collect(),
            promises: promises.collect(),
            must_not,
        }
    }
}

impl Reason {
    /// When the reason runs out by itself, if it says so.
    pub fn ends(&self) -> Option<Timestamp> {
        match self {
            Self::NotYet(at) | Self::Snoozed(at) | Self::CoolingDown(at) | Self::Suppressed(at) => Some(*at),
            Self::LimitReached(at) | Self::Quiet(at) | Self::Paced(at) => *at,
            _ => None,
        }
    }
}
