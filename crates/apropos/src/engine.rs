//! The engine: a checked, compiled playbook. Immutable, `Send + Sync`; share it freely.
//!
//! Here the rooms are composed: events go to profile, context, journeys and ledger in one order, and every decision sees
//! one row of facts. How a playbook becomes an engine is in `compile`. Not here: anything a host owns, such as files, sockets, clocks.

use apropos_condition::{AttributeId, Facts, Schema};
use apropos_context::{ContextError, ContextRules, Moment};
use apropos_event::{CustomerId, DecisionId, Event, PromiseId, Purpose, Timestamp, Zone, draw};
use apropos_journey::{
    ActionBinding, Advance, Command, Effect, Input, JourneyRules, Lateness, Standing, Status,
};
use apropos_learn::InputKind;
use apropos_nba::{
    Catalogue, Decision, Desk, Explanation, Fingerprint, Learned, Outcome, Question, Reward, SettleError,
};
use apropos_profile::{ProfileRules, Use};

use crate::bindings::{Bindings, Rooms};
use crate::{Customer, Model};

/// The event that says a person has closed the case they had taken over.
pub const HANDOFF_CLOSED: &str = "handoff.closed";

/// A checked, compiled playbook.
#[derive(Debug)]
pub struct Engine {
    pub(crate) fingerprint: Fingerprint,
    pub(crate) utc: Zone,
    pub(crate) schema: Schema,
    pub(crate) profile: ProfileRules,
    pub(crate) context: ContextRules,
    pub(crate) journeys: JourneyRules,
    /// What moves customers reads these facts.
    pub(crate) moving: Bindings,
    /// What decides for them reads these.
    pub(crate) deciding: Bindings,
    pub(crate) actions: ActionBinding,
    pub(crate) catalogue: Catalogue,
    pub(crate) model: apropos_learn::Model,
    pub(crate) inputs: Vec<(AttributeId, InputKind)>,
    pub(crate) learns: bool,
}

/// What observing an event or a tick led to.
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct Observed {
    /// Whether it was new; a repeated event changes nothing.
    pub new: bool,
    /// What the host shall do or note, each with an idempotency key.
    pub effects: Vec<Effect>,
    /// What can be learned.
    pub rewards: Vec<Reward>,
}

/// Why an event is refused. A refused event changes nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ObserveError {
    /// The event is another customer's. Neither is named: a customer's key is personal data.
    #[error("the event is about another customer")]
    OtherCustomer,
    /// The profile refuses it.
    #[error(transparent)]
    Profile(#[from] apropos_profile::ObserveError),
    /// The context refuses it.
    #[error(transparent)]
    Context(#[from] ContextError),
}

/// Memory that observing and deciding use again. One for each thread.
#[derive(Debug)]
pub struct Workspace {
    picture: Picture,
    /// More of them, for customers who are decided for side by side.
    others: Vec<Picture>,
    desk: Desk,
    advance: Advance,
}

/// How many customers are decided for side by side: what is known of them fits the cache beside them.
const ABREAST: usize = 32;

/// What is known of one customer at one moment.
#[derive(Debug)]
struct Picture {
    facts: Facts,
    standings: Vec<Standing>,
}

impl Picture {
    fn new(engine: &Engine) -> Self {
        Self { facts: Facts::new(&engine.schema), standings: Vec::new() }
    }
}

impl Workspace {
    /// Memory for `engine`.
    pub fn new(engine: &Engine) -> Self {
        Self {
            picture: Picture::new(engine),
            others: Vec::new(),
            desk: Desk::new(&engine.catalogue),
            advance: Advance::default(),
        }
    }

    /// Takes back the memory of a decision that is no longer needed; the next decision is written into it.
    pub fn recycle(&mut self, decision: Decision) {
        self.desk.recycle(decision);
    }
}

impl Engine {
    /// The playbook's fingerprint.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// The attributes that conditions see.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The actions and policies.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The rules of the profile.
    pub fn profile(&self) -> &ProfileRules {
        &self.profile
    }

    /// The rules of the context.
    pub fn context(&self) -> &ContextRules {
        &self.context
    }

    /// The journeys.
    pub fn journeys(&self) -> &JourneyRules {
        &self.journeys
    }

    /// The same engine with learned lateness for one promise: [`Engine::observe`] and [`Engine::tick`] then see it at risk
    /// by how long such promises usually take, instead of by the share of time that its definition names.
    #[must_use]
    pub fn with_lateness(mut self, promise: &PromiseId, lateness: Lateness) -> Self {
        self.journeys = self.journeys.with_lateness(promise, lateness);
        self
    }

    /// A customer of whom nothing is known.
    pub fn customer(&self, id: CustomerId) -> Customer {
        Customer::new(id)
    }

    /// A model that has learned nothing yet.
    pub fn model(&self) -> Model {
        Model::new(self.model.clone())
    }

    /// Takes an event.
    ///
    /// # Errors
    /// When the event is another customer's, exceeds a limit, has the id of another event, or lacks what its kind needs.
    /// Then nothing changed.
    pub fn observe(&self, customer: &mut Customer, event: &Event) -> Result<Observed, ObserveError> {
        self.observe_in(&mut Workspace::new(self), customer, event)
    }

    /// Like [`Engine::observe`], with memory that is used again.
    ///
    /// # Errors
    /// As there.
    pub fn observe_in(
        &self,
        workspace: &mut Workspace,
        customer: &mut Customer,
        event: &Event,
    ) -> Result<Observed, ObserveError> {
        if event.customer != customer.id {
            return Err(ObserveError::OtherCustomer);
        }
        let perceived = self.context.check(event)?;
        let changes = self.profile.observe(&mut customer.profile, event)?;
        if changes.outcome == apropos_profile::Outcome::Repeated {
            return Ok(Observed::default());
        }
        customer.revision += 1;
        self.context.take(&mut customer.context, perceived);
        let mut moment = Moment::at(event.received_at);
        moment.channel.clone_from(&event.channel);
        let Workspace { picture: Picture { facts, .. }, advance, .. } = workspace;
        self.write_facts(&self.moving, facts, customer, &moment);
        self.refresh_stages(facts, customer, &moment);
        self.tell_zone(customer, &moment);
        self.journeys.advance_into(&mut customer.journeys, Input::Event(event), facts, moment.now, advance);
        let mut effects = std::mem::take(&mut advance.effects);
        if event.kind.as_str() == HANDOFF_CLOSED {
            self.close(customer, event, facts, &mut effects);
        }
        let rewards = self.catalogue.settle_event(&mut customer.ledger, event);
        Ok(Observed { new: true, effects, rewards: self.permitted(customer, rewards, moment.now) })
    }

    /// Closes what a person had taken over: the case, and every journey that waits for them.
    fn close(&self, customer: &mut Customer, event: &Event, facts: &Facts, effects: &mut Vec<Effect>) {
        customer.ledger.close_case();
        let outcome = event.property("outcome").and_then(|value| value.as_str()).map(str::to_owned);
        let open =
            customer.journeys.instances().iter().filter(|instance| instance.status() == Status::HandedOff);
        let open: Vec<u64> = open.map(apropos_journey::Instance::id).collect();
        for instance in open {
            let command = Command::Close { instance, outcome: outcome.clone() };
            let input = Input::Command(&command);
            let advance = self.journeys.advance(&mut customer.journeys, input, facts, event.received_at);
            effects.extend(advance.effects);
        }
    }

    /// Lets time pass: deadlines of journeys and promises, rewards that did not come.
    pub fn tick(&self, customer: &mut Customer, now: Timestamp) -> Observed {
        self.tick_in(&mut Workspace::new(self), customer, now)
    }

    /// Like [`Engine::tick`], with memory that is used again.
    pub fn tick_in(&self, workspace: &mut Workspace, customer: &mut Customer, now: Timestamp) -> Observed {
        customer.revision += 1;
        let moment = Moment::at(now);
        let Workspace { picture: Picture { facts, .. }, advance, .. } = workspace;
        self.write_facts(&self.moving, facts, customer, &moment);
        self.refresh_stages(facts, customer, &moment);
        self.tell_zone(customer, &moment);
        self.journeys.advance_into(&mut customer.journeys, Input::Tick, facts, now, advance);
        let effects = std::mem::take(&mut advance.effects);
        let rewards = self.catalogue.settle_due(&mut customer.ledger, now);
        Observed { new: true, effects, rewards: self.permitted(customer, rewards, now) }
    }

    /// When [`Engine::tick`] must be called at the latest; nothing when nothing waits for time.
    pub fn next_due(&self, customer: &Customer) -> Option<Timestamp> {
        let journeys = self.journeys.next_due(&customer.journeys);
        journeys.into_iter().chain(customer.ledger.next_due()).min()
    }

    /// Decides what to do for a customer at a moment. Total and pure.
    pub fn decide(&self, customer: &Customer, moment: &Moment, model: &Model, seed: u64) -> Decision {
        self.decide_in(&mut Workspace::new(self), customer, moment, model, seed)
    }

    /// Like [`Engine::decide`], with memory that is used again.
    pub fn decide_in(
        &self,
        workspace: &mut Workspace,
        customer: &Customer,
        moment: &Moment,
        model: &Model,
        seed: u64,
    ) -> Decision {
        let Workspace { picture, desk, .. } = workspace;
        self.depict(picture, customer, moment);
        self.answer(picture, desk, customer, moment, model, seed)
    }

    /// Decides for many customers side by side, as [`Engine::decide_in`] would for each of them; the decisions come behind
    /// those in `decisions`, in the order of the questions.
    ///
    /// Cheaper than one after another: each stage is done for some dozens of customers before the next begins, so that its
    /// code and what it reads of the playbook stay at hand. Customers who come from far away are best brought near first,
    /// see [`Customer::touch`].
    pub fn decide_all<'a>(
        &self,
        workspace: &mut Workspace,
        questions: impl IntoIterator<Item = (&'a Customer, &'a Moment), IntoIter: Clone>,
        model: &Model,
        seed: u64,
        decisions: &mut Vec<Decision>,
    ) {
        let Workspace { others, desk, .. } = workspace;
        others.resize_with(ABREAST, || Picture::new(self));
        let mut rest = questions.into_iter();
        loop {
            let abreast = others.iter_mut().zip(rest.clone());
            abreast.for_each(|(picture, (customer, moment))| self.depict(picture, customer, moment));
            let before = decisions.len();
            let abreast = others.iter().zip(rest.by_ref());
            decisions.extend(abreast.map(|(picture, (customer, moment))| {
                self.answer(picture, desk, customer, moment, model, seed)
            }));
            if decisions.len() - before < ABREAST {
                return;
            }
        }
    }

    /// Explains a decision that was made for this customer, moment and model.
    pub fn explain(
        &self,
        decision: &Decision,
        customer: &Customer,
        moment: &Moment,
        model: &Model,
    ) -> Explanation {
        let mut picture = Picture::new(self);
        self.depict(&mut picture, customer, moment);
        let question = self.question(&picture, &decision.id, customer, moment, model, decision.seed);
        self.catalogue.explain(decision, &question)
    }

    /// Whether deciding again gives the same bytes: same playbook, customer, moment, model and seed.
    pub fn replay(&self, decision: &Decision, customer: &Customer, moment: &Moment, model: &Model) -> bool {
        let again = self.decide(customer, moment, model, decision.seed).to_bytes();
        again.is_ok_and(|again| decision.to_bytes().is_ok_and(|bytes| bytes == again))
    }

    /// Enters a decision into the customer's ledger because the host carries it out. Gives `false` when there is nothing
    /// to carry out or it was accepted before.
    pub fn accept(&self, customer: &mut Customer, decision: &Decision) -> bool {
        let learns = self.may_learn(customer, decision.at);
        let accepted = self.catalogue.accept(&mut customer.ledger, decision, learns);
        customer.revision += u64::from(accepted);
        accepted
    }

    /// Records what came of a decision. Gives what can be learned.
    ///
    /// # Errors
    /// When the decision was not accepted, or the outcome lies before it. Then nothing changed.
    pub fn settle(&self, customer: &mut Customer, outcome: &Outcome) -> Result<Vec<Reward>, SettleError> {
        let rewards = self.catalogue.settle(&mut customer.ledger, outcome)?;
        customer.revision += 1;
        Ok(self.permitted(customer, rewards, outcome.at))
    }

    /// Learns from rewards, in their order; gives how many were refused.
    pub fn learn(&self, model: &mut Model, rewards: &[Reward]) -> usize {
        model.learn(rewards)
    }

    fn may_learn(&self, customer: &Customer, now: Timestamp) -> bool {
        self.profile.permission(&customer.profile, Use::of(Purpose::Learn), now).allowed
    }

    /// Rewards of a customer who does not want to be learned from are dropped.
    fn permitted(&self, customer: &Customer, rewards: Vec<Reward>, now: Timestamp) -> Vec<Reward> {
        if rewards.is_empty() || self.may_learn(customer, now) { rewards } else { Vec::new() }
    }

    /// Lets conditions move the customer between stages, and tells of the new ones.
    fn refresh_stages(&self, facts: &mut Facts, customer: &mut Customer, moment: &Moment) {
        let binding = self.moving.context();
        if self.context.refresh_stages(&mut customer.context, binding, facts, moment.now) {
            self.write_facts(&self.moving, facts, customer, moment);
        }
    }

    /// Tells the journeys in which zone their customer's clock runs; where that is not known, a journey has one of its own.
    fn tell_zone(&self, customer: &mut Customer, moment: &Moment) {
        let Customer { journeys, context, .. } = customer;
        journeys.set_zone(self.context.known_zone(context, moment).cloned());
    }

    fn write_facts(&self, bindings: &Bindings, facts: &mut Facts, customer: &Customer, moment: &Moment) {
        let rooms = Rooms { profile: &self.profile, context: &self.context, journeys: &self.journeys };
        bindings.write(rooms, customer, moment, self.zone(customer, moment), facts);
    }

    /// The zone whose clock counts for facts, limits and quiet times: the customer's own where it is known, or else the
    /// playbook's; UTC where that says none.
    fn zone<'a>(&'a self, customer: &'a Customer, moment: &'a Moment) -> &'a Zone {
        self.context.clock_zone(&customer.context, moment).unwrap_or(&self.utc)
    }

    /// Gathers what is known of a customer at a moment.
    fn depict(&self, picture: &mut Picture, customer: &Customer, moment: &Moment) {
        let Picture { facts, standings } = picture;
        self.write_facts(&self.deciding, facts, customer, moment);
        self.journeys.standings(&customer.journeys, &self.actions, standings);
    }

    fn answer(
        &self,
        picture: &Picture,
        desk: &mut Desk,
        customer: &Customer,
        moment: &Moment,
        model: &Model,
        seed: u64,
    ) -> Decision {
        let id = decision_id(customer, moment, seed);
        self.catalogue.decide(&self.question(picture, &id, customer, moment, model, seed), desk)
    }

    fn question<'a>(
        &'a self,
        picture: &'a Picture,
        id: &'a DecisionId,
        customer: &'a Customer,
        moment: &'a Moment,
        model: &'a Model,
        seed: u64,
    ) -> Question<'a> {
        Question {
            id,
            customer: &customer.id,
            revision: customer.revision,
            moment,
            zone: self.zone(customer, moment),
            facts: &picture.facts,
            profile_rules: &self.profile,
            profile: &customer.profile,
            context_rules: &self.context,
            context: &customer.context,
            standings: &picture.standings,
            muted: self.journeys.is_muted(&customer.journeys),
            repairing: self.journeys.is_repairing(&customer.journeys),
            ledger: &customer.ledger,
            model: self.learns.then(|| Learned { model: model.learned(), inputs: &self.inputs }),
            journeys: &customer.journeys,
            playbook: self.fingerprint,
            learned: model.fingerprint(),
            seed,
        }
    }
}

/// The id of the decision that this question leads to: the same question has the same id.
fn decision_id(customer: &Customer, moment: &Moment, seed: u64) -> DecisionId {
    let who = draw::stable_hash(seed, customer.id.as_str().as_bytes());
    let when = draw::mix(moment.now.as_micros() as u64);
    DecisionId::from_number(draw::mix(who ^ draw::mix(when ^ customer.revision.rotate_left(32))))
}
