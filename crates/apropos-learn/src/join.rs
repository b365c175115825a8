//! Decisions that wait for their outcomes: rewards join by decision id, within a window of their own.
//!
//! Nothing is learned when a decision is made. When a look is due, it is learned whether the outcome came since the last
//! one; an outcome after the window is counted only.
//!
//! Not here: what a decision or an outcome means to the host, and where this state is stored (it is plain data).

use std::collections::{BTreeMap, BTreeSet};

use apropos_event::{DecisionId, Duration, Timestamp, draw};
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
    rewards: Vec<Progress>,
}

/// How far one reward of a decision is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Progress {
    /// Looks already taken.
    looks: u16,
    /// The share of its window's outcomes that those looks have learned.
    learned: f64,
    /// Delay and value of the outcome, when it has come.
    came: Option<(Duration, f64)>,
    /// The subject had had its say: nothing of this is learned.
    refused: bool,
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
    open: Vec<Open>,
    counts: JoinCounts,
}

/// Outcomes of one reward whose windows are open, to fit the curve to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Open {
    /// Hash of the decision's id, its time and the delay.
    outcomes: Vec<(u64, Timestamp, Duration)>,
    /// Only every 2^`thinned`-th decision is kept, by its hash: whichever is kept does not depend on its delay.
    thinned: u32,
    /// Outcomes since the curve was fitted.
    fresh: usize,
}

/// The most outcomes kept for fitting.
const MAX_OPEN: usize = 2_048;

impl Open {
    /// Takes note of an outcome; the curve is fitted anew when a sixteenth of what is known is new.
    fn note(
        &mut self,
        curve: &mut DelayCurve,
        window: Duration,
        id: &DecisionId,
        (at, delay): (Timestamp, Duration),
    ) {
        let hash = draw::stable_hash(0, id.as_str().as_bytes());
        if hash.trailing_zeros() < self.thinned {
            return;
        }
        self.outcomes.push((hash, at, delay));
        self.fresh += 1;
        if self.fresh < 8 || self.fresh * 16 < self.outcomes.len() {
            return;
        }
        let now = at.plus(delay);
        self.fresh = 0;
        self.outcomes.retain(|(_, at, _)| now.since(*at) < window);
        if MAX_OPEN <= self.outcomes.len() {
            self.thinned += 1;
            self.outcomes.retain(|(hash, _, _)| self.thinned <= hash.trailing_zeros());
        }
        let seconds =
            |(_, at, delay): &(u64, Timestamp, Duration)| (delay.as_secs_f64(), now.since(*at).as_secs_f64());
        curve.fit(&self.outcomes.iter().map(seconds).collect::<Vec<_>>());
    }
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
        let curves: Vec<_> = model.definition().rewards.iter().map(curve).collect();
        let open = vec![Open::default(); curves.len()];
        Self { waiting: BTreeMap::new(), due: BTreeSet::new(), curves, open, counts: JoinCounts::default() }
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
        let rewards = vec![Progress::default(); rewards.len()];
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
        if known.came.is_some() {
            self.counts.again += 1;
            return Ok(Joined::Again);
        }
        if look(&definition, known.looks).is_none() || definition.window < delay {
            self.counts.late += 1;
            return Ok(Joined::Late);
        }
        if !(0.0..=1.0).contains(&value) {
            return Err(LearnError::Outcome.into());
        }
        known.came = Some((delay, value));
        self.counts.noted += 1;
        let made = waiting.at;
        let kind = reward as usize;
        if let (Some(open), Some(curve)) = (self.open.get_mut(kind), self.curves.get_mut(kind)) {
            open.note(curve, definition.window, id, (made, delay));
        }
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
        let Some(progress) = waiting.rewards.get(kind as usize).copied() else { return };
        let Some(to) = look(&definition, progress.looks) else { return };
        let before = progress.looks.checked_sub(1).and_then(|at| look(&definition, at));
        let value = match progress.came {
            None => Some(definition.default),
            // What came before this look's time has been learned at an earlier look.
            Some((delay, value)) => (before.is_none_or(|from| from < delay) && delay <= to).then_some(value),
        };
        let mut next = Progress { looks: progress.looks + 1, ..progress };
        if let (Some(value), Some(curve), false) = (value, self.curves.get(kind as usize), progress.refused) {
            // What the model refuses here (a used-up influence) is counted by the model itself.
            let taught = teach(model, waiting, curve, (kind, value), &progress, to);
            next.refused = taught.is_err();
            next.learned = progress.learned.max(curve.share(to));
            self.counts.silent += u64::from(progress.came.is_none() && taught.is_ok());
        }
        if let Some(known) = waiting.rewards.get_mut(kind as usize) {
            *known = next;
        }
        if let Some(later) = look(&definition, next.looks) {
            self.due.insert((waiting.at.plus(later), id.clone(), kind));
            return;
        }
        if let Some((curve, delay)) = self.curves.get_mut(kind as usize).zip(progress.came) {
            curve.observe(delay.0);
        }
        let rewards = &model.definition().rewards;
        if waiting.rewards.iter().zip(rewards).all(|(one, reward)| look(reward, one.looks).is_none()) {
            self.waiting.remove(id);
        }
    }
}

/// Learns what was seen of a decision since its last look.
fn teach(
    model: &mut Model,
    waiting: &Waiting,
    curve: &DelayCurve,
    (reward, value): (u32, f64),
    progress: &Progress,
    to: Duration,
) -> Result<(), LearnError> {
    let whole = progress.learned <= 0.0 && 1.0 <= curve.share(to);
    let offset = if whole {
        0.0
    } else {
        let mut scores = crate::Scores::new();
        model.score(&waiting.features, &[waiting.action], reward, &mut scores)?;
        let p = scores.p().first().copied().map_or(0.5, f64::from);
        curve.offset(p, progress.learned, to)
    };
    let day = waiting.at.as_micros().div_euclid(86_400_000_000) as i32;
    let outcome = Outcome { reward, value, offset, subject: waiting.subject, day, look: progress.looks };
    model.learn(&waiting.features, waiting.action, &outcome, waiting.weight)
}
