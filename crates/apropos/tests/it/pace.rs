//! The pace that customers choose: a limit of their own, beside those of the playbook and never instead of them.

use apropos::event::{CustomerId, Duration, Event, Timestamp};
use apropos::nba::{Reason, Stage};
use apropos::{Choice, Customer, Decision, Engine, Moment, Outcome, OutcomeKind};

use crate::world::{at, book, compiled, happened, with};

const LETTERS: &str = r#"
[profile.consent]
contact = "allow"

[[context.channels]]
id = "letter"
direction = "outbound"

[[context.channels]]
id = "phone"
direction = "both"

[policy]
interruption = 0
fatigue_half_life = "1h"

[[policy.limits]]
name = "three letters a week"
at_most = 3
within = "7d"
channel = "letter"

[[actions]]
id = "write"
class = "sell"
treatments = [{ channel = "letter" }]
value = 2
benefit = 2

[[actions]]
id = "answer"
class = "service"
applicable = ['history.count("person.requested") > history.count("handoff.closed")']
treatments = [{ channel = "phone" }]
benefit = 1
hand_off = { queue = "desk" }

[[actions]]
id = "recall"
class = "safety"
applicable = ['history.count("defect.found") > 0']
treatments = [{ channel = "letter" }]
benefit = 1
"#;

const DAYS: i64 = 70;

fn start() -> Timestamp {
    at("2026-03-02T12:00:00Z")
}

/// The wish for at most so many contacts in so much time.
fn wish(id: &str, contacts: i64, per: &str, when: Timestamp) -> Event {
    let wish = happened(&customer_id(), "preference.set", id, when);
    with(with(wish, "contacts", contacts), "per", per)
}

fn customer_id() -> CustomerId {
    CustomerId::from_number(1)
}

struct Host {
    engine: Engine,
    customer: Customer,
}

impl Host {
    fn new(wishes: &[(i64, &str)]) -> Self {
        let engine = compiled(&book("letters", LETTERS));
        let mut host = Self { customer: engine.customer(customer_id()), engine };
        for (number, (contacts, per)) in wishes.iter().enumerate() {
            host.take(&wish(&format!("w{number}"), *contacts, per, start()));
        }
        host
    }

    fn take(&mut self, event: &Event) {
        assert!(self.engine.observe(&mut self.customer, event).unwrap().new);
    }

    /// Decides, and carries out what was decided.
    fn ask(&mut self, moment: &Moment) -> Decision {
        let model = self.engine.model();
        let decision = self.engine.decide(&self.customer, moment, &model, 1);
        assert!(self.engine.replay(&decision, &self.customer, moment, &model));
        if decision.choice != Choice::Silence {
            assert!(self.engine.accept(&mut self.customer, &decision));
            let (decision, at) = (decision.id.clone(), moment.now);
            let outcome = Outcome { decision, kind: OutcomeKind::Delivered, at };
            self.engine.settle(&mut self.customer, &outcome).unwrap();
        }
        decision
    }

    /// When letters went out to somebody who was asked about every six hours.
    fn letters(&mut self) -> Vec<Timestamp> {
        let asked = (0..DAYS * 4).map(|turn| start().plus(Duration::from_hours(6 * turn)));
        asked.filter(|now| self.ask(&Moment::at(*now)).choice.as_str() == "write").collect()
    }
}

/// The most of these instants that lie in any stretch of this length.
fn densest(instants: &[Timestamp], stretch: Duration) -> usize {
    let inside =
        |from: &Timestamp| instants.iter().filter(|at| *from <= **at && at.since(*from) < stretch).count();
    instants.iter().map(inside).max().unwrap_or(0)
}

#[test]
fn who_asks_for_one_contact_a_week_gets_one_a_week() {
    let letters = Host::new(&[(1, "7d")]).letters();
    assert_eq!((letters.len(), densest(&letters, Duration::from_days(7))), (10, 1));
}

#[test]
fn who_asks_for_more_than_the_playbook_allows_gets_what_it_allows() {
    let usual = Host::new(&[]).letters();
    assert_eq!((usual.len(), densest(&usual, Duration::from_days(7))), (30, 3));
    for wish in [(50, "7d"), (65_535, "1d"), (3, "1d")] {
        assert_eq!(Host::new(&[wish]).letters(), usual, "{wish:?}");
    }
}

#[test]
fn a_new_wish_takes_the_place_of_the_old_one() {
    let mut host = Host::new(&[]);
    host.take(&wish("w1", 0, "1d", start()));
    assert!(host.letters().is_empty(), "none at all");
    let mut host = Host::new(&[]);
    host.take(&wish("w1", 0, "1d", start()));
    host.take(&wish("w2", 1, "14d", start().plus(Duration::from_mins(1))));
    assert_eq!(host.letters().len(), 5);
}

#[test]
fn the_decision_says_that_the_customer_asked_for_it_and_until_when() {
    let mut host = Host::new(&[(1, "7d")]);
    assert_eq!(host.ask(&Moment::at(start())).choice.as_str(), "write");
    let moment = Moment::at(start().plus(Duration::from_days(2)));
    let decision = host.ask(&moment);
    let dropped = decision.candidate("write").unwrap().dropped.unwrap();
    let room = start().plus(Duration::from_days(7));
    assert_eq!((dropped.stage, dropped.reason), (Stage::ContactPolicy, Reason::Paced(Some(room))));
    assert_eq!((dropped.component.as_str(), dropped.reason.code()), ("pace", "paced"));
    assert_eq!(decision.look_again, Some(room), "the host knows when to ask again");
    let explained = host.engine.explain(&decision, &host.customer, &moment, &host.engine.model());
    let line = explained.lines.iter().find(|line| line.action.as_str() == "write").unwrap();
    assert_eq!(
        line.sentence,
        "contact_policy: the customer asked for no more contacts until 2026-03-09T12:00:00Z [pace]"
    );
    assert_eq!(line.change.as_deref(), Some("from 2026-03-09T12:00:00Z"));
}

#[test]
fn answers_and_what_is_owed_wait_for_no_pace() {
    let mut host = Host::new(&[(0, "30d")]);
    host.take(&happened(&customer_id(), "person.requested", "r", start()));
    // Reaching out is not what they asked for; on the phone they are answered.
    assert_eq!(host.ask(&Moment::at(start())).choice, Choice::Silence);
    let calling = Moment::at(start()).on_channel("phone".parse().unwrap());
    assert!(matches!(host.ask(&calling).choice, Choice::HandOff { .. }));
    host.take(&happened(&customer_id(), "defect.found", "d", start().plus(Duration::from_mins(5))));
    let later = Moment::at(start().plus(Duration::from_mins(6)));
    assert_eq!(host.ask(&later).choice.as_str(), "recall");
}
