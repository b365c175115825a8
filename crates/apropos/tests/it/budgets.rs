//! Scarce resources: counted by the host, priced by its budgets, never spent twice.

use apropos::evaluate::budget::{BudgetDefinition, Budgets, Ledger, Offer};
use apropos::event::{AttributeName, CustomerId, Value};
use apropos::nba::{Reason, Stage};
use apropos::{Decision, Engine, Moment};

use crate::world::{at, book, compiled, happened};

const CALLS: &str = r#"
[profile.consent]
contact = "allow"

[resources]
calls = 1000

[[context.channels]]
id = "phone"
direction = "both"

[policy]
interruption = 0

[[actions]]
id = "small_call"
class = "help"
treatments = [{ channel = "phone" }]
value = 4
benefit = 4
propensity = 0.5
uses = "calls"

[[actions]]
id = "large_call"
class = "help"
applicable = ['history.count("asked") > 0']
treatments = [{ channel = "phone" }]
value = 20
benefit = 20
propensity = 0.5
uses = "calls"
"#;

fn name(text: &str) -> AttributeName {
    AttributeName::new(text).unwrap()
}

fn ask(engine: &Engine, number: u64, asked: bool, left: u64, price: f64) -> Decision {
    let id = CustomerId::from_number(number);
    let mut customer = engine.customer(id.clone());
    if asked {
        let event = happened(&id, "asked", "1", at("2026-03-01T09:00:00Z"));
        assert!(engine.observe(&mut customer, &event).unwrap().new);
    }
    let mut moment = Moment::at(at("2026-03-02T12:00:00Z"));
    moment.attributes.insert(name("resource.calls"), Value::from(left as i64));
    moment.attributes.insert(name("resource.calls.price"), Value::double(price).unwrap());
    engine.decide(&customer, &moment, &engine.model(), 1)
}

#[test]
fn a_price_is_taken_off_and_drops_what_it_exceeds() {
    let engine = compiled(&book("calls", CALLS));
    let free = ask(&engine, 1, false, 9, 0.0);
    assert_eq!(free.choice.as_str(), "small_call");
    let worth = free.chosen().unwrap().priority();
    let cheap = ask(&engine, 1, false, 9, worth / 2.0);
    let score = cheap.chosen().unwrap().score.unwrap();
    assert_eq!((score.price, score.priority), (worth / 2.0, worth - worth / 2.0));
    let dear = ask(&engine, 1, false, 9, worth);
    assert_eq!(dear.choice.as_str(), "silence");
    let dropped = dear.candidate("small_call").unwrap().dropped.unwrap();
    assert_eq!((dropped.stage, dropped.reason), (Stage::Constraints, Reason::TooDear));
    assert_eq!(dropped.component, "calls");
    // A price below nothing is none.
    assert_eq!(ask(&engine, 1, false, 9, -5.0).chosen().unwrap().score, free.chosen().unwrap().score);
}

#[test]
fn prices_keep_units_for_those_who_need_them_and_the_budget_is_never_overspent() {
    let engine = compiled(&book("calls", CALLS));
    let run = |priced: bool| {
        let units = vec![BudgetDefinition { name: "calls".to_owned(), units: 40 }];
        let mut budgets = Budgets::new(Ledger::new(units).unwrap(), 400.0);
        let (mut worth, mut large) = (0.0, 0);
        for number in 0..400 {
            // Every tenth customer has a question; the others would be glad of a call too.
            let price = if priced { budgets.prices()[0] } else { 0.0 };
            let decision = ask(&engine, number, number % 10 == 9, budgets.ledger().free(0), price);
            let (value, cost) = match decision.chosen().and_then(|chosen| chosen.score) {
                Some(score) => (score.priority + score.price, 1),
                None => (0.0, 0),
            };
            let reservation = budgets.take(&Offer { value, costs: &[cost] }).unwrap();
            budgets.ledger_mut().settle(&reservation, &[cost]).unwrap();
            worth += value;
            large += u32::from(decision.choice.as_str() == "large_call");
        }
        assert!(budgets.ledger().spent()[0] <= 40, "{:?}", budgets.ledger().spent());
        (worth, large)
    };
    let (counted, _) = run(false);
    let (priced, large) = run(true);
    assert!(counted < priced, "{counted} < {priced}");
    assert!(20 <= large, "{large}");
}
