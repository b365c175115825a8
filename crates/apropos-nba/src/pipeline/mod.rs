//! The decision pipeline: from all actions to one answer, with a typed reason for everything that is dropped.
//!
//! Each action passes the stages of [`Stage`] in order until one drops it. Total: missing data is a reason, never an
//! error. Not here: how facts are gathered, see the facade; sentences, see `explain`.

mod arbitration;
mod gates;
mod learned;
mod memo;
mod record;
mod sieve;

use std::sync::Arc;

use apropos_condition::{Facts, Scratch};
use apropos_context::{ContextRules, ContextState, Moment};
use apropos_event::{ChannelId, CustomerId, DecisionId, Timestamp, Zone};
use apropos_journey::{JourneyState, Standing};
use apropos_learn::{Features, Scores};
use apropos_profile::{Profile, ProfileRules, Subject};

pub use self::learned::Learned;
use self::learned::Seen;
use self::memo::Memo;
use self::sieve::Sieve;
use crate::Fingerprint;
use crate::candidates::{Candidates, Fate};
use crate::catalogue::{Action, Catalogue};
use crate::decision::Decision;
use crate::ledger::Ledger;
use crate::names::Names;
use crate::score::{Factors, Score};

/// Everything that one decision is made from.
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
    /// The journeys and promises.
    pub journeys: &'a JourneyState,
    /// What the journeys say about each action, in the catalogue's order.
    pub standings: &'a [Standing],
    /// Whether a journey is with a person.
    pub muted: bool,
    /// Whether a broken promise is being made good.
    pub repairing: bool,
    /// What was done and is still open.
    pub ledger: &'a Ledger,
    /// What is learned, when anything is and may be used.
    pub model: Option<Learned<'a>>,
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
    sieve: Sieve,
    sheet: Sheet,
}

/// What one decision is worked out on.
#[derive(Debug)]
struct Sheet {
    scratch: Scratch,
    memo: Memo,
    seen: Seen,
    /// For each action why it was dropped, if it was.
    fates: Vec<Option<Fate>>,
    /// What was dropped, in order of rank.
    lost: Vec<u32>,
    candidates: Vec<u32>,
    scores: Scores,
    live: Vec<Live>,
    values: Vec<f64>,
    probabilities: Vec<f64>,
    /// The probability of silence.
    silence: f64,
    /// The scores of what was weighed and lost.
    fallen: Vec<(usize, Score)>,
    spare: Vec<(Candidates, Features)>,
    /// A copy of the catalogue's: threads that decide side by side share no count of its readers.
    names: Arc<Names>,
}

/// How many decisions' memory a desk keeps to use again.
const MAX_SPARE: usize = 4_096;

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
        let sheet = Sheet {
            scratch: Scratch::new(&catalogue.index),
            memo: Memo::default(),
            seen: Seen::new(),
            fates: Vec::new(),
            lost: Vec::new(),
            candidates: Vec::new(),
            scores: Scores::new(),
            live: Vec::new(),
            values: Vec::new(),
            probabilities: Vec::new(),
            silence: 0.0,
            fallen: Vec::new(),
            spare: Vec::new(),
            names: Arc::new(Names::clone(&catalogue.layout.names)),
        };
        Self { sieve: Sieve::new(catalogue), sheet }
    }

    /// Takes back the memory of a decision that is no longer needed; the next decision is written into it.
    pub fn recycle(&mut self, decision: Decision) {
        let spare = &mut self.sheet.spare;
        if spare.len() < MAX_SPARE {
            let Decision { candidates, features, .. } = decision;
            spare.push((candidates, features));
        }
    }
}

impl Catalogue {
    /// Decides. Total and pure: the same question gives the same decision, to the bit.
    ///
    /// O(conditions + actions × treatments + contacts remembered).
    pub fn decide(&self, question: &Question<'_>, desk: &mut Desk) -> Decision {
        let view = View::new(self, question);
        let Desk { sieve, sheet } = desk;
        self.index.evaluate(question.facts, &mut sheet.scratch);
        sheet.memo.begin(self, question.moment);
        sheet.seen.begin();
        sheet.live.clear();
        sheet.fallen.clear();
        sheet.fates.clear();
        sheet.fates.resize(self.actions.len(), None);
        let Sheet { scratch, memo, fates, live, .. } = &mut *sheet;
        let sifted = sieve.sift(self, scratch, !view.unbound);
        for at in sifted.open.iter().map(|at| *at as usize) {
            let Some((action, fate)) = self.actions.get(at).zip(fates.get_mut(at)) else { continue };
            match view.admit(at, action, scratch, memo) {
                Ok(treatment) => {
                    let factors = view.factors(at, action, treatment, scratch, memo);
                    let score = Score::of(&factors, self.policy.mutual);
                    live.push(Live { action: at, treatment, factors, score });
                }
                Err(why) => *fate = Some(why),
            }
        }
        view.learned(sheet);
        view.arbitrate(sheet);
        let chosen = view.choose(sheet);
        view.record(sheet, sifted, chosen)
    }
}

/// What does not change from action to action.
struct View<'a> {
    catalogue: &'a Catalogue,
    q: &'a Question<'a>,
    now: Timestamp,
    with_person: bool,
    /// Whether the customer never stated anything.
    silent: bool,
    /// Whether consent and preferences refuse nothing: nothing was stated, and nothing needs a statement.
    unbound: bool,
    /// The customer's wish for less of something, if there is any.
    less: Vec<&'a Subject>,
    preferred: Option<&'a ChannelId>,
}

impl<'a> View<'a> {
    fn new(catalogue: &'a Catalogue, q: &'a Question<'a>) -> Self {
        let now = q.moment.now;
        let silent = q.profile.is_silent();
        Self {
            catalogue,
            q,
            now,
            with_person: q.muted || q.ledger.case().is_some(),
            silent,
            unbound: silent && !catalogue.layout.needs_consent,
            less: q.profile_rules.wants_less_of(q.profile, now),
            preferred: q.profile_rules.preferred_channel(q.profile, now),
        }
    }

    fn action(&self, at: usize) -> Option<&'a Action> {
        self.catalogue.actions.get(at)
    }
}
