//! Decisions that wait for their outcomes: rewards join by decision id, within a window of their own.
//!
//! Nothing is learned when a decision is made. When a look is due, it is learned whether the outcome came since the last
//! one; an outcome after the window is counted only.
//!
//! Not here: what a decision or an outcome means to the host, and where this state is stored (it is plain data).

use std::collections::{BTreeMap, BTreeSet};

use apropos_event::{DecisionId, Duration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{DelayCurve, Features, LearnError, Model, Outcome, RewardDefinition};

/// The most decisions that wait at one time.
pub const MAX_WAITING: usize = 1_000_000;

/// One decision that waits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Waiting {
    features: Features,
    action: u32,
    at: Timestamp,
    weight: f64,
    subject: Option<u64>,
    /// By reward: looks already taken, and delay and value of the outcome when it has come.
    rewards: Vec<(u16, Option<(Duration, f64)>)>,
}

/// What a host says about a decision when it makes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Decided {
    /// The decision.
    pub id: DecisionId,
    /// What the model saw.
    pub features: Features,
    /// What was chosen.
    pub action: u32,
    /// When.
    pub at: Timestamp,
    /// How much it counts, in (0, 100]; 1 as a rule.
    pub weight: f64,
    /// A stable code of the subject, if influence is to be bounded.
    pub subject: Option<u64>,
}

/// What became of an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Joined {
    /// It counts, and is learned when the look is due in whose time it came. Learned at once, what came would run ahead
    /// of what did not, and every young stream would look too good.
    Noted,
    /// It came after its window and was counted only.
    Late,
    /// The same reward had come before for this decision.
    Again,
}

/// Why a decision or an outcome was refused. Nothing was changed, apart from counts.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum JoinError {
    /// The decision is waiting already.
    #[error("decision `{0}` is waiting already")]
    Duplicate(DecisionId),
    /// No such decision is waiting.
    #[error("no decision `{0}` is waiting")]
    Unknown(DecisionId),
    /// Too many decisions are waiting.
    #[error("{MAX_WAITING} decisions are waiting already")]
    Full,
    /// The outcome lies before its decision.
    #[error("the outcome lies before its decision")]
    Before,
    /// The model refused it.
    #[error(transparent)]
    Learn(#[from] LearnError),
}

/// Counts of what happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinCounts {
    /// Decisions taken in.
    pub decided: u64,
    /// Outcomes that came in time.
    pub noted: u64,
    /// Looks at which an outcome had not come.
    pub silent: u64,
    /// Outcomes after their window.
    pub late: u64,
    /// Outcomes that had come before.
    pub again: u64,
    /// Outcomes of decisions that were not waiting.
    pub unknown: u64,
    /// Decisions taken back because they never reached anyone.
    pub inactive: u64,
}

/// All decisions that wait.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Joiner {
    waiting: BTreeMap<DecisionId, Waiting>,
    /// When something of which decision is due.
    due: BTreeSet<(Timestamp, DecisionId, u32)>,
    curves: Vec<DelayCurve>,
    counts: JoinCounts,
}

/// The looks of a reward: those declared, and always one at the end of its window.
fn look(reward: &RewardDefinition, at: u16) -> Option<Duration> {
    let declared = reward.looks.get(usize::from(at)).copied();
    let ends = reward.looks.last().is_none_or(|last| *last < reward.window);
    declared.or_else(|| (ends && usize::from(at) == reward.looks.len()).then_some(reward.window))
}

impl Joiner {
    /// No decision waits. A reward's delay is assumed to be a quarter of its window on average.
    pub fn new(model: &Model) -> Self {
        let curve = |reward: &RewardDefinition| {
            DelayCurve::new(reward.window, Duration::from_micros(reward.window.as_micros() / 4))
        };
        let curves = model.definition().rewards.iter().map(curve).collect();
        Self { waiting: BTreeMap::new(), due: BTreeSet::new(), curves, counts: JoinCounts::default() }
    }

    /// The same with another assumed curve for the reward at `reward`.
    #[must_use]
    pub fn with_curve(mut self, reward: u32, curve: DelayCurve) -> Self {
        if let Some(known) = self.curves.get_mut(reward as usize) {
            *known = curve;
        }
        self
    }

    /// What happened so far.
    pub fn counts(&self) -> JoinCounts {
        self.counts
    }

    /// How many decisions wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// When [`Joiner::advance`] next has something to do.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.due.first().map(|(at, _, _)| *at)
    }

    /// Takes in a decision. O(log waiting).
    ///
    /// # Errors
    /// When it is waiting already, or too many are.
    pub fn decided(&mut self, model: &Model, decided: Decided) -> Result<(), JoinError> {
        let Decided { id, features, action, at, weight, subject } = decided;
        if self.waiting.contains_key(&id) {
            return Err(JoinError::Duplicate(id));
        }
        if MAX_WAITING <= self.waiting.len() {
            return Err(JoinError::Full);
        }
        model.check_outcome(&features, action, &Outcome::new(0, 0.0), weight)?;
        let rewards = &model.definition().rewards;
        for (kind, reward) in (0_u32..).zip(rewards) {
            if let Some(first) = look(reward, 0) {
                self.due.insert((at.plus(first), id.clone(), kind));
            }
        }
        let rewards = vec![(0, None); rewards.len()];
        self.waiting.insert(id, Waiting { features, action, at, weight, subject, rewards });
        self.counts.decided += 1;
        Ok(())
    }

    /// Takes a decision back that never reached anyone: nothing is learned from it.
    ///
    /// # Errors
    /// When it is not waiting.
    pub fn inactive(&mut self, id: &DecisionId) -> Result<(), JoinError> {
        self.waiting.remove(id).ok_or_else(|| JoinError::Unknown(id.clone()))?;
        self.due.retain(|(_, waiting, _)| waiting != id);
        self.counts.inactive += 1;
        Ok(())
    }

    /// An outcome has come. Looks that were due before it are taken first.
    ///
    /// # Errors
    /// When no such decision is waiting, the outcome is before it, or the model refuses it.
    pub fn outcome(
        &mut self,
        model: &mut Model,
        id: &DecisionId,
        reward: u32,
        value: f64,
        at: Timestamp,
    ) -> Result<Joined, JoinError> {
        self.advance(model, at);
        let Some(definition) = model.definition().rewards.get(reward as usize).cloned() else {
            return Err(LearnError::UnknownReward(reward).into());
        };
        let Some(waiting) = self.waiting.get_mut(id) else {
            self.counts.unknown += 1;
            return Err(JoinError::Unknown(id.clone()));
        };
        let delay = at.since(waiting.at);
        if delay < Duration::ZERO {
            return Err(JoinError::Before);
        }
        let Some(known) = waiting.rewards.get_mut(reward as usize) else {
            return Err(LearnError::UnknownReward(reward).into());
        };
        if known.1.is_some() {
            self.counts.again += 1;
            return Ok(Joined::Again);
        }
        if look(&definition, known.0).is_none() || definition.window < delay {
            self.counts.late += 1;
            return Ok(Joined::Late);
        }
        if !(0.0..=1.0).contains(&value) {
            return Err(LearnError::Outcome.into());
        }
        known.1 = Some((delay, value));
        self.counts.noted += 1;
        Ok(Joined::Noted)
    }

    /// Takes all looks that are due at `now`, in order of time. Returns how many.
    pub fn advance(&mut self, model: &mut Model, now: Timestamp) -> usize {
        let mut taken = 0;
        while self.due.first().is_some_and(|(at, _, _)| *at < now) {
            let Some((_, id, kind)) = self.due.pop_first() else { break };
            self.take(model, &id, kind);
            taken += 1;
        }
        taken
    }

    /// Takes one look.
    fn take(&mut self, model: &mut Model, id: &DecisionId, kind: u32) {
        let Some(definition) = model.definition().rewards.get(kind as usize).cloned() else { return };
        let Some(waiting) = self.waiting.get_mut(id) else { return };
        let Some(&(place, came)) = waiting.rewards.get(kind as usize) else { return };
        let Some(to) = look(&definition, place) else { return };
        let from = place.checked_sub(1).and_then(|at| look(&definition, at)).unwrap_or(Duration::ZERO);
        let value = match came {
            None => Some(definition.default),
            // What came before this look's time has been learned at an earlier look.
            Some((delay, value)) => (place == 0 || from < delay).then_some(value).filter(|_| delay <= to),
        };
        // What the model refuses here (a used-up influence) is counted by the model itself.
        let taught = value.map(|value| teach(model, waiting, &self.curves, kind, value, (from, to)));
        if came.is_none() && matches!(taught, Some(Ok(()))) {
            self.counts.silent += 1;
        }
        let next = place + 1;
        if let Some(known) = waiting.rewards.get_mut(kind as usize) {
            known.0 = next;
        }
        if let Some(later) = look(&definition, next) {
            self.due.insert((waiting.at.plus(later), id.clone(), kind));
            return;
        }
        if let Some((curve, delay)) = self.curves.get_mut(kind as usize).zip(came) {
            curve.observe(delay.0);
        }
        let rewards = &model.definition().rewards;
        if waiting.rewards.iter().zip(rewards).all(|((place, _), reward)| look(reward, *place).is_none()) {
            self.waiting.remove(id);
        }
    }
}

/// Learns what was seen of a decision between two looks.
fn teach(
    model: &mut Model,
    waiting: &Waiting,
    curves: &[DelayCurve],
    reward: u32,
    value: f64,
    (from, to): (Duration, Duration),
) -> Result<(), JoinError> {
    let mut scores = crate::Scores::new();
    let whole =
        curves.get(reward as usize).is_some_and(|curve| curve.share(from) <= 0.0 && 1.0 <= curve.share(to));
    let offset = if whole {
        0.0
    } else {
        model.score(&waiting.features, &[waiting.action], reward, &mut scores)?;
        let p = scores.p().first().copied().map_or(0.5, f64::from);
        curves.get(reward as usize).map_or(0.0, |curve| curve.offset(p, from, to))
    };
    let day = waiting.at.as_micros().div_euclid(86_400_000_000) as i32;
    let outcome = Outcome { reward, value, offset, subject: waiting.subject, day };
    Ok(model.learn(&waiting.features, waiting.action, &outcome, waiting.weight)?)
}
