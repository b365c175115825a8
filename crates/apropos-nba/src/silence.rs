//! Silence as something that is learned: what comes about by itself, told from moments in which nothing was done.
//!
//! An action is worth what it adds to silence. What silence brings is declared at first (`baseline`), and learned where
//! the policy holds out a share of the moments. Actions that the same events answer share what is learned. Not here: the
//! score, see `score`; the draw, see `pipeline`.

use apropos_event::{ActionId, Duration, Event, Timestamp};

use crate::SILENCE;
use crate::candidates::Candidate;
use crate::decision::{Choice, Decision};
use crate::definition::{ActionDefinition, CatalogueDefinition};
use crate::ledger::Ledger;
use crate::lesson::{Lesson, Reward, Silence};
use crate::stage::{Reason, Stage};

/// The most silences of which the answer is still open; the oldest makes room.
pub(crate) const MAX_SILENCES: usize = 16;

/// What stands for silence in the model: one arm for all learned actions that the same rewards answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arms {
    arms: Vec<Arm>,
    /// For each action its arm.
    of: Vec<Option<usize>>,
}

#[derive(Clone, Debug)]
struct Arm {
    id: ActionId,
    /// The places of the rewards that answer it.
    rules: Vec<usize>,
    /// How long the answer may take.
    window: Duration,
}

/// Whether a name is kept for silence.
pub(crate) fn is_reserved(name: &str) -> bool {
    name == SILENCE || name.strip_prefix(SILENCE).is_some_and(|rest| rest.starts_with('/'))
}

impl Arms {
    pub(crate) fn new(definition: &CatalogueDefinition) -> Self {
        let mut arms = Self::default();
        for action in &definition.actions {
            let arm = if 0.0 < definition.policy.holdout { arms.add(action, definition) } else { None };
            arms.of.push(arm);
        }
        arms
    }

    fn add(&mut self, action: &ActionDefinition, definition: &CatalogueDefinition) -> Option<usize> {
        let rewards = definition.rewards.iter().enumerate();
        let rules: Vec<usize> =
            rewards.filter(|(_, rule)| action.learn && rule.concerns(&action.id)).map(|(at, _)| at).collect();
        let window =
            rules.iter().filter_map(|at| definition.rewards.get(*at)).map(|rule| rule.within).max()?;
        if let Some(known) = self.arms.iter().position(|arm| arm.rules == rules) {
            return Some(known);
        }
        let at = self.arms.len();
        let name = if at == 0 { SILENCE.to_owned() } else { format!("{SILENCE}/{}", at + 1) };
        self.arms.push(Arm { id: ActionId::new(name).ok()?, rules, window });
        Some(at)
    }

    /// The arms, in order.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &ActionId> {
        self.arms.iter().map(|arm| &arm.id)
    }

    /// The arm that stands for silence where an action could be taken.
    pub(crate) fn of(&self, action: usize) -> Option<usize> {
        self.of.get(action).copied().flatten()
    }

    /// Whether any silence is learned.
    pub(crate) fn is_empty(&self) -> bool {
        self.arms.is_empty()
    }

    fn get(&self, id: &ActionId) -> Option<&Arm> {
        self.arms.iter().find(|arm| arm.id == *id)
    }
}

/// Whether silence took the place of a candidate: it could have been chosen, or was weighed and found worth less.
fn gave_way(candidate: &Candidate<'_>) -> bool {
    match candidate.dropped {
        None => candidate.class.is_some(),
        Some(dropped) => {
            let weighed = Stage::Propensity <= dropped.stage && dropped.stage <= Stage::Arbitration;
            weighed && !matches!(dropped.reason, Reason::Waits(_))
        }
    }
}

impl crate::Catalogue {
    /// Opens the lessons of a silent decision: one for each arm of the actions that gave way.
    pub(crate) fn accept_silence(&self, ledger: &mut Ledger, decision: &Decision) -> bool {
        let silence = decision.candidates.iter().find(|one| one.class.is_none());
        let known = ledger.silences.iter().any(|silence| silence.decision == decision.id);
        let (Choice::Silence, Some(silence), false) = (&decision.choice, silence, known) else {
            return false;
        };
        let gave_way = decision.candidates.iter().filter(|candidate| gave_way(candidate));
        let mut arms: Vec<usize> =
            gave_way.filter_map(|candidate| self.arms.of(self.position(candidate.action)?)).collect();
        arms.sort_unstable();
        arms.dedup();
        for arm in arms.iter().filter_map(|at| self.arms.arms.get(*at)) {
            if MAX_SILENCES <= ledger.silences.len() {
                ledger.silences.remove(0);
            }
            let due = decision.at.plus(arm.window);
            let (features, probability) = (decision.features.clone(), silence.probability);
            ledger.silences.push(Silence {
                decision: decision.id.clone(),
                arm: arm.id.clone(),
                at: decision.at,
                lesson: Lesson { features, probability, due },
            });
        }
        !arms.is_empty()
    }

    /// Forgets the open silences that an action breaks: what comes now did not come by itself.
    pub(crate) fn break_silence(&self, ledger: &mut Ledger, action: usize) {
        if let Some(arm) = self.arms.of(action).and_then(|at| self.arms.arms.get(at)) {
            ledger.silences.retain(|silence| silence.arm != arm.id);
        }
    }

    /// Settles the open silences that an event answers with yes.
    pub(crate) fn answer_silence(&self, ledger: &mut Ledger, event: &Event) -> Vec<Reward> {
        let at = event.occurred_at;
        let answers = |silence: &Silence| {
            let rules = self.arms.get(&silence.arm).map_or(&[][..], |arm| &arm.rules);
            let mut rules = rules.iter().filter_map(|rule| self.rewards.get(*rule));
            let open = silence.at <= at && at < silence.lesson.due;
            open && rules.any(|rule| rule.event == event.kind && at <= silence.at.plus(rule.within))
        };
        let (yes, open) = std::mem::take(&mut ledger.silences).into_iter().partition(answers);
        ledger.silences = open;
        let yes: Vec<Silence> = yes;
        yes.into_iter().map(|silence| silence.settled(true, at)).collect()
    }
}

impl Ledger {
    /// Settles the open silences that are due with no.
    pub(crate) fn expire_silences(&mut self, now: Timestamp, rewards: &mut Vec<Reward>) {
        if self.silences.iter().all(|silence| now < silence.lesson.due) {
            return;
        }
        let (open, due): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.silences).into_iter().partition(|silence| now < silence.lesson.due);
        self.silences = open;
        rewards.extend(due.into_iter().map(|silence| {
            let due = silence.lesson.due;
            silence.settled(false, due)
        }));
    }
}

impl Silence {
    fn settled(self, success: bool, at: Timestamp) -> Reward {
        let Self { decision, arm: action, lesson: Lesson { features, probability, .. }, .. } = self;
        Reward { decision, action, features, probability, success, at }
    }
}
