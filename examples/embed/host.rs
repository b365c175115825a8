//! A host in small: it owns the clock, the store and the log; the engine computes.
//!
//! Not here: explaining, see `reasons`; judging the log, see `judge`.

use std::collections::BTreeMap;
use std::error::Error;

use apropos::event::{CustomerId, Event, Timestamp};
use apropos::journey::Effect;
use apropos::load::Source;
use apropos::nba::Fingerprint;
use apropos::profile::Tombstone;
use apropos::{Choice, Customer, Decision, Engine, Model, Moment, Observed, Outcome, OutcomeKind, Pepper};

/// Everything that may go wrong, with a message for people.
pub(crate) type Fallible<T = ()> = Result<T, Box<dyn Error>>;

/// One question that was answered, with what is needed to repeat it.
pub(crate) struct Logged {
    /// The answer.
    pub(crate) decision: Decision,
    /// The customer as they were, as stored.
    pub(crate) customer: String,
    /// The situation it was asked in.
    pub(crate) moment: Moment,
    /// What it led to, once that is known: 1 for success, 0 for none.
    pub(crate) reward: Option<f64>,
}

/// The shop's own side: a store of documents, a log of decisions, the effects it has carried out.
pub(crate) struct Host {
    pub(crate) engine: Engine,
    pub(crate) model: Model,
    pub(crate) log: Vec<Logged>,
    /// Every model that a decision was made with, as bytes, by its fingerprint.
    pub(crate) models: BTreeMap<Fingerprint, Vec<u8>>,
    store: BTreeMap<CustomerId, String>,
    tombstones: Vec<Tombstone>,
    done: Vec<Effect>,
}

impl Host {
    /// Compiles the playbook. What is wrong with it is printed with its place, all at once.
    pub(crate) fn open(playbook: &str, pepper: Pepper) -> Fallible<Self> {
        let source = Source::unread(playbook);
        let (engine, warnings) =
            Engine::from_toml(playbook, pepper).map_err(|problems| source.render(&problems))?;
        eprint!("{}", source.render(&warnings));
        let model = engine.model();
        let (log, models, store) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        Ok(Self { engine, model, log, models, store, tombstones: Vec::new(), done: Vec::new() })
    }

    /// The customer as stored, or one of whom nothing is known.
    pub(crate) fn load(&self, id: &CustomerId) -> Fallible<Customer> {
        Ok(match self.store.get(id) {
            Some(document) => serde_json::from_str(document)?,
            None => self.engine.customer(id.clone()),
        })
    }

    /// Stores a customer, unless somebody else has done so since it was loaded: then begin again.
    fn store(&mut self, customer: &Customer) -> Fallible {
        if let Some(document) = self.store.get(customer.id()) {
            let stored: Customer = serde_json::from_str(document)?;
            if customer.revision() <= stored.revision() {
                return Err("somebody else was faster: load again, call again, store again".into());
            }
        }
        self.store.insert(customer.id().clone(), serde_json::to_string(customer)?);
        Ok(())
    }

    /// Takes an event: load, observe, store, carry out.
    pub(crate) fn take(&mut self, event: &Event) -> Fallible {
        self.ring(event.received_at)?;
        let mut customer = self.load(&event.customer)?;
        let new_here = !self.store.contains_key(customer.id());
        let observed = self.engine.observe(&mut customer, event)?;
        if !observed.new {
            return Ok(());
        }
        if new_here {
            // Somebody who was erased may have come again: what they refused stays refused.
            for tombstone in &self.tombstones {
                self.engine.remind(&mut customer, tombstone);
            }
        }
        self.store(&customer)?;
        self.carry_out(observed);
        Ok(())
    }

    /// Lets every timer ring that is due by `now`, each at its own time.
    pub(crate) fn ring(&mut self, now: Timestamp) -> Fallible {
        for id in self.store.keys().cloned().collect::<Vec<_>>() {
            let mut customer = self.load(&id)?;
            while let Some(due) = self.engine.next_due(&customer).filter(|due| *due <= now) {
                let observed = self.engine.tick(&mut customer, due);
                self.store(&customer)?;
                self.carry_out(observed);
            }
        }
        Ok(())
    }

    /// Effects after the store, each once; rewards to the log and to the model.
    fn carry_out(&mut self, observed: Observed) {
        for effect in observed.effects {
            if self.done.iter().all(|known| known.key != effect.key) {
                self.done.push(effect);
            }
        }
        for reward in &observed.rewards {
            let success = if reward.success { 1.0 } else { 0.0 };
            let logged = self.log.iter_mut().filter(|logged| logged.decision.id == reward.decision);
            logged.for_each(|logged| logged.reward = Some(success));
        }
        self.engine.learn(&mut self.model, &observed.rewards);
    }

    /// Answers a question, logs the answer and acts on it.
    pub(crate) fn ask(&mut self, id: &CustomerId, moment: Moment, seed: u64) -> Fallible<Decision> {
        self.ring(moment.now)?;
        let mut customer = self.load(id)?;
        let before = serde_json::to_string(&customer)?;
        let decision = self.engine.decide(&customer, &moment, &self.model, seed);
        self.models.entry(decision.model).or_insert_with(|| self.model.snapshot());
        self.log.push(Logged { decision: decision.clone(), customer: before, moment, reward: None });
        if self.engine.accept(&mut customer, &decision) {
            self.store(&customer)?;
            match &decision.choice {
                Choice::Silence => {}
                Choice::Act { action, treatment } => println!("  send `{action}` by {}", treatment.channel),
                Choice::HandOff { packet, .. } => println!("  to `{}`: {}", packet.queue, packet.ask),
            }
        }
        Ok(decision)
    }

    /// Tells what came of a decision.
    pub(crate) fn settle(
        &mut self,
        id: &CustomerId,
        decision: &Decision,
        kind: OutcomeKind,
        at: Timestamp,
    ) -> Fallible {
        let mut customer = self.load(id)?;
        let outcome = Outcome { decision: decision.id.clone(), kind, at };
        let rewards = self.engine.settle(&mut customer, &outcome)?;
        self.store(&customer)?;
        self.carry_out(Observed { new: true, effects: Vec::new(), rewards });
        Ok(())
    }

    /// The customer and the model as they were when a question was answered.
    pub(crate) fn as_it_was(&self, logged: &Logged) -> Fallible<(Customer, Model)> {
        let model = self.models.get(&logged.decision.model).ok_or("the model was not kept")?;
        Ok((serde_json::from_str(&logged.customer)?, Model::restore(model)?))
    }

    /// Forgets a customer. What they refused is kept, without them.
    pub(crate) fn erase(&mut self, id: &CustomerId, now: Timestamp) -> Fallible<u64> {
        let customer = self.load(id)?;
        let (certificate, tombstone) = self.engine.erase(customer, now)?;
        self.store.remove(id);
        self.log.retain(|logged| logged.decision.customer != *id);
        self.tombstones.push(tombstone);
        Ok(certificate.profile.events)
    }
}
