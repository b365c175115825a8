//! The replay: a host in small. It reads events, keeps the customers, rings the timers and asks for decisions.
//!
//! Not here: how a decision is printed.

use std::collections::BTreeMap;
use std::error::Error;

use apropos::context::{Device, Moment};
use apropos::event::{CustomerId, DecisionId, Event, Timestamp, Value, Zone};
use apropos::journey::Effect;
use apropos::nba::{Choice, Decision, Outcome};
use apropos::{Customer, Engine, Explanation, Model, Observed, Pepper};

/// The shop's secret. A host reads its own from where it keeps its secrets, as `text.parse::<Pepper>()`.
const PEPPER: Pepper = Pepper::new(*b"the secret of a shop of examples");

/// Something to tell about.
pub(crate) enum News<'a> {
    /// An event was taken in.
    Happened { event: &'a Event },
    /// A journey moved, or a promise was made, kept or broken.
    Noted { customer: &'a CustomerId, effect: &'a Effect },
    /// A decision was made.
    Decided { decision: &'a Decision, moment: &'a Moment, explanation: &'a Explanation },
}

/// What may go wrong: everything, with a message for people.
type Fallible = Result<(), Box<dyn Error>>;

/// What the host keeps of one customer.
struct Guest {
    customer: Customer,
    last: Option<DecisionId>,
}

struct Shop {
    engine: Engine,
    model: Model,
    guests: BTreeMap<CustomerId, Guest>,
}

/// Runs `events` (one a line, in order of time) through `playbook` and tells the news.
pub(crate) fn replay(playbook: &str, events: &str, mut tell: impl FnMut(&News<'_>) -> Fallible) -> Fallible {
    let (engine, warnings) = Engine::from_toml(playbook, PEPPER).map_err(|problems| problems.to_string())?;
    if !warnings.is_empty() {
        eprintln!("{warnings}");
    }
    let model = engine.model();
    let mut shop = Shop { engine, model, guests: BTreeMap::new() };
    for (number, line) in (1..).zip(events.lines()) {
        // Read with the latest receipt there can be, and then received as it occurred.
        let mut event = Event::from_cloudevents(line.as_bytes(), Timestamp::MAX)
            .map_err(|error| format!("line {number} of the events: {error}"))?;
        event.received_at = event.occurred_at;
        shop.ring_timers(event.occurred_at, &mut tell)?;
        shop.take(&event, &mut tell).map_err(|error| format!("line {number} of the events: {error}"))?;
    }
    Ok(())
}

impl Shop {
    /// Everything that falls due before `now`, each at its own time.
    fn ring_timers(&mut self, now: Timestamp, tell: &mut impl FnMut(&News<'_>) -> Fallible) -> Fallible {
        let customers: Vec<CustomerId> = self.guests.keys().cloned().collect();
        for id in customers {
            let mut rung = Timestamp::MIN;
            while let Some(guest) = self.guests.get_mut(&id) {
                // A timer rings once.
                let Some(due) =
                    self.engine.next_due(&guest.customer).filter(|due| *due <= now && rung < *due)
                else {
                    break;
                };
                rung = due;
                let observed = self.engine.tick(&mut guest.customer, due);
                self.digest(&id, &observed, tell)?;
            }
        }
        Ok(())
    }

    fn take(&mut self, event: &Event, tell: &mut impl FnMut(&News<'_>) -> Fallible) -> Fallible {
        if !self.guests.contains_key(&event.customer) {
            let customer = self.engine.customer(event.customer.clone());
            self.guests.insert(event.customer.clone(), Guest { customer, last: None });
        }
        match event.kind.as_str() {
            "decide" => return self.decide(event, tell),
            "outcome" => return self.settle(event, tell),
            _ => {}
        }
        tell(&News::Happened { event })?;
        let guest = self.guests.get_mut(&event.customer).ok_or("the customer is known by now")?;
        let observed = self.engine.observe(&mut guest.customer, event)?;
        self.digest(&event.customer, &observed, tell)
    }

    /// What an input brought about: notes for people, and answers for the model.
    fn digest(
        &mut self,
        customer: &CustomerId,
        observed: &Observed,
        tell: &mut impl FnMut(&News<'_>) -> Fallible,
    ) -> Fallible {
        for effect in &observed.effects {
            tell(&News::Noted { customer, effect })?;
        }
        self.engine.learn(&mut self.model, &observed.rewards);
        Ok(())
    }

    fn decide(&mut self, question: &Event, tell: &mut impl FnMut(&News<'_>) -> Fallible) -> Fallible {
        let moment = moment(question)?;
        let guest = self.guests.get_mut(&question.customer).ok_or("the customer is known by now")?;
        let decision = self.engine.decide(&guest.customer, &moment, &self.model, 1);
        let explanation = self.engine.explain(&decision, &guest.customer, &moment, &self.model);
        tell(&News::Decided { decision: &decision, moment: &moment, explanation: &explanation })?;
        if decision.choice != Choice::Silence {
            self.engine.accept(&mut guest.customer, &decision);
            guest.last = Some(decision.id);
        }
        Ok(())
    }

    fn settle(&mut self, event: &Event, tell: &mut impl FnMut(&News<'_>) -> Fallible) -> Fallible {
        tell(&News::Happened { event })?;
        let guest = self.guests.get_mut(&event.customer).ok_or("the customer is known by now")?;
        // What came of nothing needs no telling.
        let Some(decision) = guest.last.clone() else { return Ok(()) };
        let kind = event.property("kind").and_then(Value::as_str).ok_or("an outcome needs a `kind`")?;
        let kind = serde_json::from_value(kind.into())?;
        let outcome = Outcome { decision, kind, at: event.occurred_at };
        let rewards = self.engine.settle(&mut guest.customer, &outcome)?;
        self.engine.learn(&mut self.model, &rewards);
        Ok(())
    }
}

/// What the host knows about a question: instant, channel, device and zone.
fn moment(question: &Event) -> Result<Moment, Box<dyn Error>> {
    let mut moment = Moment::at(question.occurred_at);
    moment.channel.clone_from(&question.channel);
    if let Some(class) = question.property("device").and_then(Value::as_str) {
        moment.device = Some(Device::new(serde_json::from_value(class.into())?));
    }
    if let Some(zone) = question.property("zone").and_then(Value::as_str) {
        moment.zone = Some(Zone::new(zone)?);
    }
    Ok(moment)
}
