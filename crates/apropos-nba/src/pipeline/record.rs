//! Writing down what was decided: the candidates in order of rank, the choice, and what a person is handed.
//!
//! Not here: the record's own type, see `decision`.

use apropos_event::Timestamp;
use apropos_learn::Features;

use super::memo::Memo;
use super::{Desk, Fate, Live, Part, View};
use crate::Component;
use crate::decision::{Candidate, Choice, Decision, Packet, Tried};
use crate::definition::HandOffDefinition;
use crate::stage::{Dropped, Reason, Stage, Treatment};

impl View<'_> {
    pub(super) fn record(&self, desk: &mut Desk, chosen: Option<usize>) -> Decision {
        let q = self.q;
        let (mut candidates, mut features) = desk.spare.pop().unwrap_or_default();
        candidates.reserve(self.catalogue.actions.len() + 1);
        for (place, live) in desk.live.iter().enumerate() {
            let Some(action) = self.action(live.action) else { continue };
            let probability = desk.probabilities.get(place).copied().unwrap_or(0.0);
            let outranked = probability == 0.0 && chosen != Some(place);
            candidates.push(Candidate {
                action: action.definition.id.clone(),
                class: Some(action.definition.class),
                treatment: self.treatment(live),
                score: Some(live.score),
                probability,
                dropped: outranked.then(outranked_by_another),
            });
        }
        candidates.push(Candidate {
            action: self.catalogue.silence.clone(),
            class: None,
            treatment: None,
            score: None,
            probability: desk.silence,
            dropped: chosen.filter(|_| desk.silence == 0.0).map(|_| outranked_by_another()),
        });
        let look_again = self.lost(desk, &mut candidates);
        // Also a silence teaches, where it took the place of what is learned.
        let teaches = chosen.is_some() || (!self.catalogue.arms.is_empty() && !desk.candidates.is_empty());
        match q.model.filter(|_| teaches) {
            Some((_, known)) => features.clone_from(known),
            None => features.clone_from(&Features::new()),
        }
        Decision {
            id: q.id.clone(),
            at: self.now,
            customer: q.customer.clone(),
            revision: q.revision,
            choice: self.choice(desk, chosen),
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
    fn lost(&self, desk: &mut Desk, candidates: &mut Vec<Candidate>) -> Option<Timestamp> {
        let layout = &self.catalogue.layout;
        let mut look_again: Option<Timestamp> = None;
        desk.lost.clear();
        for (at, fate) in desk.fates.iter().enumerate() {
            let Some(dropped) = fate else { continue };
            let before = (Stage::ALL.len() - dropped.stage as usize) as u64;
            desk.lost.push(before << 32 | layout.ranks.get(at).map_or(0, |rank| u64::from(*rank)));
            let ends = dropped.reason.ends().filter(|at| self.now < *at);
            look_again = [look_again, ends].into_iter().flatten().min();
        }
        desk.lost.sort_unstable();
        for key in &desk.lost {
            let at = layout.by_rank.get(*key as u32 as usize).map_or(0, |action| *action as usize);
            let (Some(action), Some(fate)) = (self.action(at), desk.fates.get(at)) else { continue };
            candidates.push(Candidate {
                action: action.definition.id.clone(),
                class: Some(action.definition.class),
                treatment: None,
                score: desk.fallen.iter().find(|(action, _)| *action == at).map(|(_, score)| *score),
                probability: 0.0,
                dropped: fate.map(|fate| self.dropped(at, fate)),
            });
        }
        look_again
    }

    fn dropped(&self, action: usize, fate: Fate) -> Dropped {
        let layout = &self.catalogue.layout;
        let component = match fate.part {
            Part::Fixed(name) => Component::fixed(name),
            Part::Condition { ruleset, number } => layout.condition(ruleset, number),
            Part::Limit(at) => layout.limit(at),
            Part::Channel(at) => layout.channel_name(at),
            Part::Resource => layout.resource_name(action),
            Part::Suppression(at) => self.q.ledger.rule_of(at),
        };
        Dropped { stage: fate.stage, component, reason: fate.reason }
    }

    fn treatment(&self, live: &Live) -> Option<Treatment> {
        self.catalogue.layout.ways(live.action).get(live.treatment).map(|way| way.treatment.clone())
    }

    fn choice(&self, desk: &mut Desk, chosen: Option<usize>) -> Choice {
        let live = chosen.and_then(|place| desk.live.get(place)).copied();
        let action = live.as_ref().and_then(|live| self.action(live.action));
        let (Some(live), Some(action)) = (live, action) else { return Choice::Silence };
        let Some(treatment) = self.treatment(&live) else { return Choice::Silence };
        let id = action.definition.id.clone();
        match &action.definition.hand_off {
            None => Choice::Act { action: id, treatment },
            Some(hand_off) => {
                let packet = self.packet(hand_off, &mut desk.memo);
                Choice::HandOff { action: id, treatment, packet }
            }
        }
    }

    fn packet(&self, hand_off: &HandOffDefinition, memo: &mut Memo) -> Packet {
        let q = self.q;
        let tried = self.q.ledger.contacts().iter().rev().take(5).map(|contact| Tried {
            action: contact.action.clone(),
            at: contact.at,
            outcome: contact.outcomes.last().map(|(kind, _)| *kind),
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

fn outranked_by_another() -> Dropped {
    Dropped { stage: Stage::Choice, component: Component::fixed("rank"), reason: Reason::Outranked }
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
