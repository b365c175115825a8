//! The decision pipeline: from all actions to one answer, with a typed reason for everything that is dropped.
//!
//! Each action passes the stages of [`Stage`] in order until one drops it. Total: missing data is a reason, never an
//! error. Not here: how facts are gathered, see the facade; sentences, see `explain`.

use apropos_condition::{AttributeId, Datum, Facts, Scratch, Truth};
use apropos_context::{ContextRules, ContextState, Direction, Moment};
use apropos_event::{CustomerId, DecisionId, PropertyName, Purpose, Timestamp, Zone, draw};
use apropos_journey::Standing;
use apropos_learn::{Features, Model, Scores, explore};
use apropos_profile::{ConsentState, Profile, ProfileRules, Subject, Use};

use crate::catalogue::{APPLICABLE, Action, Catalogue, ELIGIBLE, SUITABLE, WEIGHTS};
use crate::decision::{Candidate, Choice, Decision, Packet, Tried};
use crate::ledger::Ledger;
use crate::policy;
use crate::score::{Factors, Score};
use crate::stage::{ConsentGap, Dropped, Reason, Stage, Treatment};
use crate::{Class, Fingerprint};

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

    /// Takes one action through the stages up to `treatment`; gives the treatment it would be carried out by.
    fn admit(&self, at: usize, action: &Action, scratch: &Scratch) -> Result<usize, Dropped> {
        self.available(action)?;
        let mut open = self.consented(action)?;
        self.conditions(at, action, scratch)?;
        self.journey(at, action)?;
        self.contact(action, &mut open)?;
        self.treat(action, open)
    }

    fn available(&self, action: &Action) -> Result<(), Dropped> {
        let definition = &action.definition;
        let dropped = |component: &str, reason| Err(drop_at(Stage::Availability, component, reason));
        match (definition.from, definition.until) {
            _ if !definition.enabled => dropped("enabled", Reason::SwitchedOff),
            (Some(from), _) if self.now < from => dropped("from", Reason::NotYet(from)),
            (_, Some(until)) if until <= self.now => dropped("until", Reason::NoLonger(until)),
            _ => Ok(()),
        }
    }

    /// Which treatments consent and preferences leave open, as bits.
    fn consented(&self, action: &Action) -> Result<u32, Dropped> {
        let definition = &action.definition;
        let all = u32::MAX >> (32 - definition.treatments.len().clamp(1, 32));
        if definition.class.is_owed() {
            return Ok(all);
        }
        let dropped = |component: &str, reason| Err(drop_at(Stage::Consent, component, reason));
        let less = self.less.iter().any(|subject| match subject {
            Subject::Action(name) => name.as_str() == definition.id.as_str(),
            Subject::Group(name) => {
                definition.group.as_ref().is_some_and(|group| group.as_str() == name.as_str())
            }
            Subject::Topic(name) => definition.topic.as_deref() == Some(name.as_str()),
        });
        if less {
            return dropped("preferences", Reason::LessLikeThis);
        }
        if definition.personal && !self.personalise {
            return dropped("personalise", Reason::NoConsent(ConsentGap::NotPersonalised));
        }
        // A treatment where the customer is not says nothing about consent or limits; when there is no other, the
        // stage `treatment` tells so.
        let there =
            |bit: &usize| definition.treatments.get(*bit).is_some_and(|one| self.elsewhere(&one.channel));
        let absent =
            (0..definition.treatments.len().min(32)).filter(there).fold(0, |bits, bit| bits | (1 << bit));
        let mut open = if absent == all { all } else { all & !absent };
        let mut first = None;
        for (bit, treatment) in definition.treatments.iter().enumerate() {
            if open & (1 << bit) == 0 {
                continue;
            }
            if let Some(reason) = self.refuses(definition.class, &treatment.channel) {
                open &= !(1 << bit);
                first.get_or_insert((treatment.channel.as_str(), reason));
            }
        }
        match first {
            Some((channel, reason)) if open == 0 => dropped(channel, reason),
            _ => Ok(open),
        }
    }

    /// Why the customer does not want to be reached on a channel. Answering on the channel they came by is fine.
    fn refuses(&self, class: Class, channel: &apropos_event::ChannelId) -> Option<Reason> {
        if self.here(channel) {
            return None;
        }
        let (rules, profile) = (self.q.profile_rules, self.q.profile);
        if rules.is_blocked(profile, channel, self.now) {
            return Some(Reason::NoConsent(ConsentGap::Denied));
        }
        if let Some(until) = rules.rests_until(profile, Some(channel), self.now) {
            return Some(Reason::Snoozed(until));
        }
        let needed = self.q.context_rules.channels().get(channel).is_some_and(|known| known.needs_consent);
        if !needed && !class.is_marketing() {
            return None;
        }
        let asked = Use::of(Purpose::Contact).on(channel);
        let asked =
            self.marketing.as_ref().filter(|_| class.is_marketing()).map_or(asked, |it| asked.category(it));
        let permission = rules.permission(profile, asked, self.now);
        if permission.allowed || (!needed && permission.state != ConsentState::Denied) {
            return None;
        }
        Some(Reason::NoConsent(match permission.state {
            ConsentState::Denied => ConsentGap::Denied,
            ConsentState::Lapsed => ConsentGap::Expired,
            _ => ConsentGap::Unknown,
        }))
    }

    fn conditions(&self, at: usize, action: &Action, scratch: &Scratch) -> Result<(), Dropped> {
        for (stage, ruleset, name) in [
            (Stage::Eligibility, ELIGIBLE, "eligible"),
            (Stage::Applicability, APPLICABLE, "applicable"),
            (Stage::Suitability, SUITABLE, "suitable"),
        ] {
            if !scratch.holding(ruleset).contains(at) {
                let failure = self.catalogue.index.first_failure(ruleset, at, scratch);
                let number = failure.as_ref().map_or(0, |failure| failure.condition);
                let unknown = failure.is_some_and(|failure| failure.truth == Truth::Unknown);
                let reason = if unknown { Reason::ConditionUnknown } else { Reason::ConditionFalse };
                return Err(drop_at(stage, format!("{name}[{number}]"), reason));
            }
        }
        if self.protected && action.definition.class.is_marketing() && !action.definition.for_protected {
            return Err(drop_at(Stage::Suitability, "protected", Reason::Protected));
        }
        Ok(())
    }

    fn journey(&self, at: usize, action: &Action) -> Result<(), Dropped> {
        let class = action.definition.class;
        let standing = self.q.standings.get(at).copied().unwrap_or_default();
        let dropped = |component: &str, reason| Err(drop_at(Stage::Journey, component, reason));
        if self.with_person && !class.is_owed() {
            return dropped("hand_off", Reason::WithPerson);
        }
        if self.q.repairing && class.is_marketing() && standing != Standing::Repairs {
            return dropped("repair", Reason::RepairOpen);
        }
        if !standing.allows() {
            return dropped("offers", Reason::NotOffered);
        }
        Ok(())
    }

    fn contact(&self, action: &Action, open: &mut u32) -> Result<(), Dropped> {
        if action.definition.class.is_owed() {
            return Ok(());
        }
        if let Some(dropped) = policy::rests(self.q.ledger, action, self.now) {
            return Err(dropped);
        }
        let mut first = None;
        for (bit, treatment) in action.definition.treatments.iter().enumerate() {
            if *open & (1 << bit) == 0 || self.here(&treatment.channel) {
                continue;
            }
            let (ledger, channel) = (self.q.ledger, &treatment.channel);
            if let Some(dropped) =
                policy::limited(self.catalogue, ledger, action, channel, self.now, self.q.zone)
            {
                *open &= !(1 << bit);
                first.get_or_insert(dropped);
            }
        }
        match first {
            Some(dropped) if *open == 0 => Err(dropped),
            _ => Ok(()),
        }
    }

    /// The best treatment that can be carried out now: the channel the customer chose or came by, then the one they
    /// like best, then the author's order.
    fn treat(&self, action: &Action, open: u32) -> Result<usize, Dropped> {
        let definition = &action.definition;
        let mut first = None;
        let mut best: Option<(u8, usize)> = None;
        for (bit, treatment) in definition.treatments.iter().enumerate() {
            if open & (1 << bit) == 0 {
                continue;
            }
            if let Some(reason) = self.unusable(action, &treatment.channel) {
                // What is wrong with the channel the customer is on says most.
                if first.is_none() || self.here(&treatment.channel) {
                    first = Some((treatment.channel.as_str(), reason));
                }
                continue;
            }
            let rank = if self.q.moment.chosen_channel.as_ref() == Some(&treatment.channel) {
                0
            } else if self.here(&treatment.channel) {
                1
            } else if self.preferred == Some(&treatment.channel) {
                2
            } else {
                3
            };
            if best.is_none_or(|(known, _)| rank < known) {
                best = Some((rank, bit));
            }
        }
        best.map(|(_, bit)| bit).ok_or_else(|| {
            let (component, reason) = first.unwrap_or(("treatments", Reason::NoChannel));
            drop_at(Stage::Treatment, component, reason)
        })
    }

    fn unusable(&self, action: &Action, channel: &apropos_event::ChannelId) -> Option<Reason> {
        let moment = self.q.moment;
        let Some(known) = self.q.context_rules.channels().get(channel) else {
            return Some(Reason::NoChannel);
        };
        if self.here(channel) {
            let capable =
                moment.device.as_ref().is_none_or(|device| known.needs.iter().all(|need| device.can(need)));
            return if !capable {
                Some(Reason::NoChannel)
            } else if action.definition.personal && (self.shared_device || known.public) {
                Some(Reason::SharedDevice)
            } else {
                None
            };
        }
        let reachable = moment.reachable.is_empty() || moment.reachable.contains(channel);
        if known.direction == Direction::Inbound || !reachable {
            return Some(Reason::NoChannel);
        }
        if action.definition.personal && known.public {
            return Some(Reason::SharedDevice);
        }
        if action.definition.class.is_owed() {
            return None;
        }
        let quiet = self.q.context_rules.quiet(self.q.context, moment, channel);
        let own = self.q.profile_rules.is_quiet(self.q.profile, self.q.zone.local(self.now));
        (quiet.quiet || own).then_some(Reason::Quiet(quiet.next_allowed.filter(|next| self.now < *next)))
    }

    /// Whether a channel works only where the customer is not now.
    fn elsewhere(&self, channel: &apropos_event::ChannelId) -> bool {
        let inbound = |known: &apropos_context::ChannelDefinition| known.direction == Direction::Inbound;
        !self.here(channel) && self.q.context_rules.channels().get(channel).is_some_and(inbound)
    }

    fn here(&self, channel: &apropos_event::ChannelId) -> bool {
        self.q.moment.channel.as_ref() == Some(channel)
            || self.q.moment.chosen_channel.as_ref() == Some(channel)
    }

    fn factors(&self, action: &Action, treatment: usize, scratch: &Scratch) -> Factors {
        let definition = &action.definition;
        let weights = scratch.holding(WEIGHTS);
        let context_weight = action
            .weights
            .iter()
            .filter(|(subject, _)| weights.contains(*subject))
            .fold(1.0, |all, (_, w)| all * w);
        let outbound =
            definition.treatments.get(treatment).filter(|treatment| !self.here(&treatment.channel));
        let channel = outbound.and_then(|treatment| self.q.context_rules.channels().get(&treatment.channel));
        let interruption = channel.map_or(0.0, |channel| {
            let price =
                if 0.0 < channel.interruption { channel.interruption } else { self.catalogue.interruption };
            price * (1.0 + self.pressure)
        });
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
    fn learned(&self, desk: &mut Desk) {
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

    fn action(&self, at: usize) -> Option<&'a Action> {
        self.catalogue.actions.get(at)
    }

    /// Drops what is too unlikely, does harm, has no resource left, or is below silence; then lets lower classes wait.
    fn arbitrate(&self, desk: &mut Desk, fates: &mut [Option<Dropped>]) {
        desk.live.retain(|live| {
            let fate = self.action(live.action).and_then(|action| self.unworthy(action, live));
            let alive = fate.is_none();
            if let Some(slot) = fates.get_mut(live.action).filter(|_| !alive) {
                *slot = fate;
            }
            alive
        });
        let class = |live: &Live| self.action(live.action).map(|action| action.definition.class);
        let Some(Some(top)) = desk.live.iter().map(class).min() else { return };
        desk.live.retain(|live| {
            let alive = class(live) == Some(top);
            if let Some(slot) = fates.get_mut(live.action).filter(|_| !alive) {
                *slot = Some(drop_at(Stage::Arbitration, "class", Reason::Waits(top)));
            }
            alive
        });
        // Total order: priority, then name. (The class is the same for all that are left.)
        desk.live.sort_by(|a, b| {
            let by_name = || self.catalogue.ids.get(a.action).cmp(&self.catalogue.ids.get(b.action));
            b.score.priority.total_cmp(&a.score.priority).then_with(by_name)
        });
    }

    fn unworthy(&self, action: &Action, live: &Live) -> Option<Dropped> {
        let (definition, policy) = (&action.definition, &self.catalogue.policy);
        let class = definition.class;
        let duty = class <= Class::Service;
        if !duty && live.score.propensity < policy.min_propensity {
            return Some(drop_at(Stage::Propensity, "min_propensity", Reason::Unlikely));
        }
        if !class.is_owed() && live.score.customer < 0.0 {
            return Some(drop_at(Stage::Arbitration, "benefit", Reason::HarmsCustomer));
        }
        if !duty && live.score.company < 0.0 {
            return Some(drop_at(Stage::Arbitration, "value", Reason::HarmsCompany));
        }
        if !duty && live.score.priority <= policy.silence {
            return Some(drop_at(Stage::Arbitration, "silence", Reason::BelowSilence));
        }
        let resource = definition.uses.as_deref()?;
        let said = self.q.resources.iter().find(|(_, name)| *name == resource);
        let said = said.and_then(|(id, _)| match self.q.facts.get(*id) {
            Some(Datum::Int(left)) => Some(left),
            _ => None,
        });
        let left = said.or_else(|| self.catalogue.resources.get(resource).map(|left| i64::from(*left)));
        (left.unwrap_or(0) <= 0).then(|| drop_at(Stage::Constraints, resource, Reason::NoneLeft))
    }

    /// Fills the probability of each live action and gives the place of the chosen one.
    fn choose(&self, desk: &mut Desk) -> Option<usize> {
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

    fn record(&self, desk: &Desk, mut fates: Vec<Option<Dropped>>, chosen: Option<usize>) -> Decision {
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
