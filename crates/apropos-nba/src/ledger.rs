//! The ledger: what was done for one customer, what came of it, and what is still open.
//!
//! Limits count from here, fatigue is remembered here, rewards are joined here. Bounded: the oldest answer makes room
//! for the newest contact, so that limits, which count interruptions, forget none of them for it. Not here: the rules that
//! read it, see `policy` and `pipeline`.

use apropos_event::{ActionId, ChannelId, DecisionId, Duration, GroupId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::lesson::{Lesson, Reward, Silence};
use crate::outcome::{Outcome, OutcomeKind, Outcomes, SettleError};
use crate::{Class, Component};

/// The most contacts that are remembered.
pub const MAX_CONTACTS: usize = 64;

/// One thing that was done for the customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contact {
    /// The decision it carries out.
    pub decision: DecisionId,
    /// The action.
    pub action: ActionId,
    /// Its group.
    pub group: Option<GroupId>,
    /// Its class.
    pub class: Class,
    /// The channel.
    pub channel: ChannelId,
    /// When it was decided.
    pub at: Timestamp,
    /// Whether it interrupted the customer.
    pub interrupts: bool,
    /// Whether it is known to have reached the customer.
    pub confirmed: bool,
    /// What came of it, each kind at most once, in order of arrival.
    pub outcomes: Outcomes,
    /// What is still to be learned from it.
    pub lesson: Option<Lesson>,
}

impl Contact {
    /// Whether it counts against limits at `now`: confirmed, or reserved a short while ago, and not failed.
    pub fn counts(&self, now: Timestamp, reservation: Duration) -> bool {
        let failed = self.has(OutcomeKind::Failed);
        !failed && (self.confirmed || now.since(self.at) <= reservation)
    }

    /// Whether this outcome is known.
    pub fn has(&self, kind: OutcomeKind) -> bool {
        self.outcomes.iter().any(|(known, _)| known == kind)
    }
}

/// A pause that outcomes brought about. It always ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppression {
    /// The action that pauses, when it is only that one.
    pub action: Option<ActionId>,
    /// The group that pauses.
    pub group: Option<GroupId>,
    /// The rule that says so.
    pub rule: String,
    /// When the pause ends.
    pub until: Timestamp,
}

/// That a person has taken over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenCase {
    /// The decision that handed over.
    pub decision: DecisionId,
    /// To whom.
    pub queue: String,
    /// Since when.
    pub since: Timestamp,
}

/// What was done for one customer, and what is still open.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    pub(crate) contacts: Vec<Contact>,
    pub(crate) suppressions: Vec<Suppression>,
    pub(crate) pressure: Pressure,
    pub(crate) case: Option<OpenCase>,
    /// Silences of which the answer is open, oldest first.
    #[serde(default)]
    pub(crate) silences: Vec<Silence>,
}

/// How much contact the customer still feels: each interruption counts one and fades by half in a set time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Pressure {
    value: f64,
    at_micros: i64,
}

impl Pressure {
    /// The pressure at `now`. The same for any order of arrival, up to rounding.
    pub(crate) fn at(self, now: Timestamp, half_life: Duration) -> f64 {
        if self.value == 0.0 {
            return 0.0;
        }
        self.value * decay(now.as_micros().saturating_sub(self.at_micros), half_life)
    }

    fn add(&mut self, at: Timestamp, half_life: Duration) {
        if self.value == 0.0 || self.at_micros <= at.as_micros() {
            *self = Self { value: self.at(at, half_life) + 1.0, at_micros: at.as_micros() };
        } else {
            self.value += decay(self.at_micros.saturating_sub(at.as_micros()), half_life);
        }
    }
}

fn decay(micros: i64, half_life: Duration) -> f64 {
    libm::exp2(-(micros.max(0) as f64) / half_life.as_micros().max(1) as f64)
}

impl Ledger {
    /// The contacts, oldest first.
    pub fn contacts(&self) -> &[Contact] {
        &self.contacts
    }

    /// The pauses that have not ended by `now`.
    pub fn suppressions(&self, now: Timestamp) -> impl Iterator<Item = &Suppression> {
        self.suppressions.iter().filter(move |pause| now < pause.until)
    }

    /// The name of the rule that brought about a pause.
    pub(crate) fn rule_of(&self, pause: usize) -> Component {
        self.suppressions
            .get(pause)
            .map_or(Component::fixed("suppressions"), |pause| Component::new(&pause.rule))
    }

    /// The case that is with a person, if one is.
    pub fn case(&self) -> Option<&OpenCase> {
        self.case.as_ref()
    }

    /// Closes the case that is with a person. Gives the case, or nothing when none was open.
    pub fn close_case(&mut self) -> Option<OpenCase> {
        self.case.take()
    }

    /// The earliest instant at which an open lesson is due.
    pub fn next_due(&self) -> Option<Timestamp> {
        let contacts = self.contacts.iter().filter_map(|contact| contact.lesson.as_ref());
        contacts.chain(self.silences.iter().map(|silence| &silence.lesson)).map(|lesson| lesson.due).min()
    }

    /// Adds a contact; a second one for the same decision changes nothing and gives `false`.
    pub(crate) fn add(&mut self, contact: Contact, fatigue_half_life: Duration) -> bool {
        // Contacts stand in order of time.
        let mut later = self.contacts.iter().rev().take_while(|known| contact.at <= known.at);
        if later.any(|known| known.decision == contact.decision) {
            return false;
        }
        if MAX_CONTACTS <= self.contacts.len() {
            let answer = self.contacts.iter().position(|known| !known.interrupts);
            self.contacts.remove(answer.unwrap_or(0));
        }
        if contact.interrupts {
            self.pressure.add(contact.at, fatigue_half_life);
        }
        if self.contacts.is_empty() {
            // Most customers hear of us once or twice: the room grows with them.
            self.contacts.reserve_exact(2);
        }
        let after = self.contacts.partition_point(|known| known.at <= contact.at);
        self.contacts.insert(after, contact);
        true
    }

    /// Records an outcome. Gives the reward it settles, if it does, and whether it was new.
    pub(crate) fn record(&mut self, outcome: &Outcome) -> Result<(Option<Reward>, bool), SettleError> {
        let unknown = || SettleError::UnknownDecision(outcome.decision.clone());
        let at = self.find(&outcome.decision).ok_or_else(unknown)?;
        let contact = self.contacts.get_mut(at).ok_or_else(unknown)?;
        if outcome.at < contact.at {
            return Err(SettleError::BeforeDecision(outcome.decision.clone()));
        }
        if contact.has(outcome.kind) {
            return Ok((None, false));
        }
        contact.outcomes.push(outcome.kind, outcome.at);
        contact.confirmed |= outcome.kind != OutcomeKind::Failed;
        let reward = match outcome.kind {
            OutcomeKind::Converted => contact.take_reward(true, outcome.at),
            // What never reached the customer teaches nothing.
            OutcomeKind::Failed => {
                contact.lesson = None;
                None
            }
            OutcomeKind::Dismissed | OutcomeKind::Complained | OutcomeKind::Ignored => {
                contact.take_reward(false, outcome.at)
            }
            _ => None,
        };
        Ok((reward, true))
    }

    /// Settles every open lesson that `wins` says this instant answers with yes.
    pub(crate) fn convert(&mut self, at: Timestamp, mut wins: impl FnMut(&Contact) -> bool) -> Vec<Reward> {
        let mut rewards = Vec::new();
        for contact in &mut self.contacts {
            let open = contact.lesson.as_ref().is_some_and(|lesson| contact.at <= at && at < lesson.due);
            if open && wins(contact) {
                contact.outcomes.push(OutcomeKind::Converted, at);
                contact.confirmed = true;
                rewards.extend(contact.take_reward(true, at));
            }
        }
        rewards
    }

    /// Settles every open lesson that is due with no.
    pub(crate) fn expire(&mut self, now: Timestamp) -> Vec<Reward> {
        let mut rewards = Vec::new();
        for contact in &mut self.contacts {
            if let Some(due) = contact.lesson.as_ref().map(|lesson| lesson.due).filter(|due| *due <= now) {
                contact.outcomes.push(OutcomeKind::Ignored, due);
                rewards.extend(contact.take_reward(false, due));
            }
        }
        self.expire_silences(now, &mut rewards);
        self.suppressions.retain(|pause| now < pause.until);
        rewards
    }

    fn find(&self, decision: &DecisionId) -> Option<usize> {
        self.contacts.iter().rposition(|contact| contact.decision == *decision)
    }
}

impl Contact {
    fn take_reward(&mut self, success: bool, at: Timestamp) -> Option<Reward> {
        self.lesson.take().map(|lesson| {
            let (decision, action) = (self.decision.clone(), self.action.clone());
            let Lesson { features, probability, .. } = lesson;
            Reward { decision, action, features, probability, success, at }
        })
    }
}
