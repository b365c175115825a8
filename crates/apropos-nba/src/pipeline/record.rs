//! Writing down what was decided: the candidates in order of rank, the choice, and what a person is handed.
//!
//! Not here: the record's own type, see `decision`.

use apropos_event::Timestamp;

use super::{Desk, View, drop_at};
use crate::catalogue::Action;
use crate::decision::{Candidate, Choice, Decision, Packet, Tried};
use crate::stage::{Dropped, Reason, Stage, Treatment};

impl View<'_> {
    pub(super) fn record(
        &self,
        desk: &Desk,
        mut fates: Vec<Option<Dropped>>,
        chosen: Option<usize>,
    ) -> Decision {
        let q = self.q;
        let mut candidates = Vec::with_capacity(fates.len() + 1);
        for (place, live) in desk.live.iter().enumerate() {
            let Some(action) = self.action(live.action) else { continue };
            let probability = desk.probabilities.get(place).copied().unwrap_or(0.0);
            let outranked = probability == 0.0 && chosen != Some(place);
            candidates.push(Candidate {
                action: action.definition.id.clone(),
                class: Some(action.definition.class),
                treatment: Self::treatment(action, live.treatment),
                score: Some(live.score),
                probability,
                dropped: outranked.then(|| drop_at(Stage::Choice, "rank", Reason::Outranked)),
            });
        }
        let silence = Candidate {
            action: self.catalogue.silence.clone(),
            class: None,
            treatment: None,
            score: None,
            probability: if chosen.is_none() { 1.0 } else { 0.0 },
            dropped: chosen.map(|_| drop_at(Stage::Choice, "rank", Reason::Outranked)),
        };
        candidates.push(silence);
        let look_again = fates
            .iter()
            .flatten()
            .filter_map(|dropped| dropped.reason.ends())
            .filter(|at| self.now < *at)
            .min();
        let mut lost: Vec<(usize, Dropped)> = fates
            .iter_mut()
            .enumerate()
            .filter_map(|(at, fate)| fate.take().map(|fate| (at, fate)))
            .collect();
        lost.sort_by(|(a, x), (b, y)| {
            y.stage.cmp(&x.stage).then_with(|| self.catalogue.ids.get(*a).cmp(&self.catalogue.ids.get(*b)))
        });
        candidates.extend(lost.into_iter().filter_map(|(at, dropped)| {
            let action = self.action(at)?;
            Some(Candidate {
                action: action.definition.id.clone(),
                class: Some(action.definition.class),
                treatment: None,
                score: None,
                probability: 0.0,
                dropped: Some(dropped),
            })
        }));
        Decision {
            id: q.id.clone(),
            at: self.now,
            customer: q.customer.clone(),
            revision: q.revision,
            choice: self.choice(desk, chosen),
            candidates,
            look_again,
            features: q
                .model
                .map(|(_, features)| features.clone())
                .filter(|_| chosen.is_some())
                .unwrap_or_default(),
            playbook: q.playbook,
            model: q.learned,
            seed: q.seed,
        }
    }

    fn treatment(action: &Action, at: usize) -> Option<Treatment> {
        let known = action.definition.treatments.get(at)?;
        Some(Treatment { channel: known.channel.clone(), placement: known.placement.clone() })
    }

    fn choice(&self, desk: &Desk, chosen: Option<usize>) -> Choice {
        let live = chosen.and_then(|place| desk.live.get(place));
        let action = live.and_then(|live| self.action(live.action));
        let (Some(live), Some(action)) = (live, action) else { return Choice::Silence };
        let Some(treatment) = Self::treatment(action, live.treatment) else { return Choice::Silence };
        let id = action.definition.id.clone();
        match &action.definition.hand_off {
            None => Choice::Act { action: id, treatment },
            Some(hand_off) => {
                let packet = self.packet(hand_off);
                Choice::HandOff { action: id, treatment, packet }
            }
        }
    }

    fn packet(&self, hand_off: &crate::definition::HandOffDefinition) -> Packet {
        let tried = self.q.ledger.contacts().iter().rev().take(5).map(|contact| Tried {
            action: contact.action.clone(),
            at: contact.at,
            outcome: contact.outcomes.last().map(|(kind, _)| *kind),
        });
        let mut must_not = Vec::new();
        if self.protected {
            must_not.push("do not sell: the customer is protected".to_owned());
        }
        if self.q.repairing {
            must_not.push("do not sell: a broken promise is not made good yet".to_owned());
        }
        if !self.personalise {
            must_not.push("do not use personal data: the customer did not agree".to_owned());
        }
        Packet {
            queue: hand_off.queue.clone(),
            ask: hand_off.ask.clone(),
            goal: self.q.goal.map(str::to_owned),
            tried: tried.collect(),
            promises: self.q.promises.to_vec(),
            must_not,
        }
    }
}

impl Reason {
    /// When the reason runs out by itself, if it says so.
    pub fn ends(&self) -> Option<Timestamp> {
        match self {
            Self::NotYet(at) | Self::Snoozed(at) | Self::CoolingDown(at) | Self::Suppressed(at) => Some(*at),
            Self::LimitReached(at) | Self::Quiet(at) => *at,
            _ => None,
        }
    }
}
