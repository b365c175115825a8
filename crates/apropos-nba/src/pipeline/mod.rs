//! The decision pipeline: from all actions to one answer, with a typed reason for everything that is dropped.
//!
//! Each action passes the stages of [`Stage`] in order until one drops it. Total: missing data is a reason, never an
//! error. Not here: how facts are gathered, see the facade; sentences, see `explain`.

mod arbitration;
mod gates;
mod record;

use apropos_condition::{AttributeId, Facts, Scratch};
use apropos_context::{ContextRules, ContextState, Moment};
use apropos_event::{CustomerId, DecisionId, PropertyName, Purpose, Timestamp, Zone};
use apropos_journey::Standing;
use apropos_learn::{Features, Model, Scores};
use apropos_profile::{Profile, ProfileRules, Subject, Use};

use crate::Fingerprint;
use crate::catalogue::{Action, Catalogue};
use crate::decision::Decision;
use crate::ledger::Ledger;
use crate::score::{Factors, Score};
use crate::stage::{Dropped, Reason, Stage};

#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The decision's id.
    pub id: &'a DecisionId,
    /// The customer.
    pub customer: &'a CustomerId,
    /// How often the customer's document had changed.
    pub revision: u64,
    /// The moment.
    pub moment: &'a Moment,
    /// The customer's zone.
    pub zone: &'a Zone,
    /// What is known, as conditions see it.
    pub facts: &'a Facts,
    /// The rules of the profile.
    pub profile_rules: &'a ProfileRules,
    /// The profile.
    pub profile: &'a Profile,
    /// The rules of the context.
    pub context_rules: &'a ContextRules,
    /// What is remembered of the context.
    pub context: &'a ContextState,
    /// What the journeys say about each action, in the catalogue's order.
    pub standings: &'a [Standing],
    /// Whether a journey is with a person.
    pub muted: bool,
    /// Whether a broken promise is being made good.
    pub repairing: bool,
    /// What was done and is still open.
    pub ledger: &'a Ledger,
    /// The learned model and the customer's features, when anything is learned and may be used.
    pub model: Option<(&'a Model, &'a Features)>,
    /// Units left of each resource, where the moment says so.
    pub resources: &'a [(AttributeId, &'a str)],
    /// The customer's goal, if one is believed.
    pub goal: Option<&'a str>,
    /// What is promised and not yet kept.
    pub promises: &'a [String],
    /// The playbook's fingerprint.
    pub playbook: Fingerprint,
    /// The model's fingerprint.
    pub learned: Fingerprint,
    /// The seed.
    pub seed: u64,
}

/// Memory that decisions use again. One for each thread.
#[derive(Debug)]
pub struct Desk {
    scratch: Scratch,
    candidates: Vec<u32>,
    scores: Scores,
    live: Vec<Live>,
    values: Vec<f64>,
    probabilities: Vec<f64>,
}

/// An action that is still in the running.
#[derive(Clone, Copy, Debug)]
struct Live {
    action: usize,
    treatment: usize,
    factors: Factors,
    score: Score,
}

impl Desk {
    /// Memory for decisions over `catalogue`.
    pub fn new(catalogue: &Catalogue) -> Self {
        Self {
            scratch: Scratch::new(&catalogue.index),
            candidates: Vec::new(),
            scores: Scores::new(),
            live: Vec::new(),
            values: Vec::new(),
            probabilities: Vec::new(),
        }
    }
}

fn drop_at(stage: Stage, component: impl Into<String>, reason: Reason) -> Dropped {
    Dropped { stage, component: component.into(), reason }
}

impl Catalogue {
    /// Decides. Total and pure: the same question gives the same decision, to the bit.
    ///
    /// O(conditions + actions × treatments + contacts remembered).
    pub fn decide(&self, question: &Question<'_>, desk: &mut Desk) -> Decision {
        let view = View::new(self, question);
        self.index.evaluate(question.facts, &mut desk.scratch);
        let mut fates: Vec<Option<Dropped>> = Vec::with_capacity(self.actions.len());
        desk.live.clear();
        for (at, action) in self.actions.iter().enumerate() {
            match view.admit(at, action, &desk.scratch) {
                Ok(treatment) => {
                    let factors = view.factors(action, treatment, &desk.scratch);
                    desk.live.push(Live {
                        action: at,
                        treatment,
                        factors,
                        score: Score::of(&factors, self.policy.mutual),
                    });
                    fates.push(None);
                }
                Err(dropped) => fates.push(Some(dropped)),
            }
        }
        view.learned(desk);
        view.arbitrate(desk, &mut fates);
        let chosen = view.choose(desk);
        view.record(desk, fates, chosen)
    }
}

/// What does not change from action to action.
struct View<'a> {
    catalogue: &'a Catalogue,
    q: &'a Question<'a>,
    now: Timestamp,
    with_person: bool,
    protected: bool,
    personalise: bool,
    shared_device: bool,
    /// The customer's wish for less of something, if there is any.
    less: Vec<&'a Subject>,
    pressure: f64,
    marketing: Option<PropertyName>,
    preferred: Option<&'a apropos_event::ChannelId>,
}

impl<'a> View<'a> {
    fn new(catalogue: &'a Catalogue, q: &'a Question<'a>) -> Self {
        let now = q.moment.now;
        let consent = q.profile_rules.permission(q.profile, Use::of(Purpose::Personalise), now);
        let device = q.moment.device.as_ref();
        Self {
            catalogue,
            q,
            now,
            with_person: q.muted || q.ledger.case().is_some(),
            protected: !q.profile_rules.protected_states(q.profile, now).is_empty(),
            personalise: consent.allowed,
            shared_device: device
                .is_some_and(|device| !q.context_rules.devices().consequences(device).personal),
            less: q.profile_rules.wants_less_of(q.profile, now),
            pressure: q.ledger.pressure.at(now, catalogue.policy.fatigue_half_life),
            marketing: PropertyName::new("marketing").ok(),
            preferred: q.profile_rules.preferred_channel(q.profile, now),
        }
    }

    fn action(&self, at: usize) -> Option<&'a Action> {
        self.catalogue.actions.get(at)
    }

    /// Whether the customer is on the channel now, or has chosen it.
    fn here(&self, channel: &apropos_event::ChannelId) -> bool {
        self.q.moment.channel.as_ref() == Some(channel)
            || self.q.moment.chosen_channel.as_ref() == Some(channel)
    }
}
