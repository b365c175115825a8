//! The same question has the same answer, to the byte; events are applied once.

use apropos::event::{ChannelId, CustomerId, Duration, Event};
use apropos::nba::SILENCE;
use apropos::{Customer, Decision, Engine, Moment, ObserveError, Outcome, OutcomeKind, Workspace};
use proptest::prelude::*;

use crate::world::{PEPPER, PLAYBOOK, at, book, buyer, compiled, engine, event, happened, till, with};

#[test]
fn a_decision_replays_to_the_same_bytes_and_notices_a_change() {
    let engine = engine();
    let (mut customer, moment, model) = (buyer(&engine), till("2026-03-20T10:00:00Z"), engine.model());
    let decision = engine.decide(&customer, &moment, &model, 7);
    assert!(engine.replay(&decision, &customer, &moment, &model));
    assert_eq!(Decision::from_bytes(&decision.to_bytes().unwrap()).unwrap(), decision);
    assert!(engine.observe(&mut customer, &event("purchase", "p2", "2026-03-19T10:00:00Z")).unwrap().new);
    assert!(!engine.replay(&decision, &customer, &moment, &model));
}

#[test]
fn memory_that_is_used_again_does_not_show() {
    let engine = engine();
    let (mut customer, model) = (buyer(&engine), engine.model());
    let mut workspace = Workspace::new(&engine);
    for day in 3..28 {
        let moment = till(&format!("2026-03-{day:02}T10:00:00Z"));
        let again = engine.decide_in(&mut workspace, &customer, &moment, &model, 7);
        assert_eq!(again, engine.decide(&customer, &moment, &model, 7));
        assert_eq!(
            again.to_bytes().unwrap(),
            engine.decide(&customer, &moment, &model, 7).to_bytes().unwrap()
        );
        if day % 5 == 0 {
            engine.accept(&mut customer, &again);
        }
        workspace.recycle(again);
    }
}

/// Conditions that stop at every stage, dates, a switch, a protected state, and nothing that needs consent by itself.
const SIEVE: &str = r#"
[profile.consent]
contact = "allow"
personalise = "allow"

[[context.channels]]
id = "mail"
direction = "outbound"

[[context.channels]]
id = "till"
direction = "inbound"

[policy]
interruption = "0.01"
limits = [{ name = "twice a week", at_most = 2, within = "7d" }]

[[actions]]
id = "zeal"
class = "sell"
eligible = ['history.count("purchase", "30d") > 0']
applicable = ['history.count("purchase", "5d") > 1']
suitable = ['history.count("complaint", "9d") == 0']
treatments = [{ channel = "mail" }, { channel = "till" }]
value = 9
benefit = 2
propensity = 0.4

[[actions]]
id = "dated"
class = "help"
from = "2026-03-09T00:00:00Z"
until = "2026-03-20T00:00:00Z"
eligible = ['history.count("purchase", "20d") > 1']
treatments = [{ channel = "till" }, { channel = "mail" }]
benefit = 3

[[actions]]
id = "asleep"
class = "sell"
enabled = false
eligible = ['history.count("complaint", "90d") > 0']
treatments = [{ channel = "mail" }]
value = 4

[[actions]]
id = "mend"
class = "service"
applicable = ['history.count("complaint", "6d") > 0']
treatments = [{ channel = "mail" }]
benefit = 8

[[actions]]
id = "card"
class = "relationship"
suitable = ['history.count("purchase", "2d") == 1', 'history.count("complaint", "12d") < 2']
treatments = [{ channel = "mail" }]
benefit = 1
cooldown = "3d"

[[actions]]
id = "any"
class = "sell"
treatments = [{ channel = "mail" }, { channel = "till" }]
value = 2
benefit = 1
propensity = 0.2
"#;

proptest! {
    /// Customers are told apart by their conditions only; what one of them was told must not be another's answer.
    #[test]
    fn memory_shared_by_many_customers_does_not_show(
        steps in proptest::collection::vec((0_usize..4, 0_usize..4, 0_i64..60, any::<bool>()), 20..60),
    ) {
        let engine = compiled(&book("sieve", SIEVE));
        let model = engine.model();
        let mut customers: Vec<Customer> = ["ada", "ben", "cleo", "dan"]
            .map(|name| engine.customer(CustomerId::new(name).unwrap()))
            .into();
        let (mut workspace, mut now) = (Workspace::new(&engine), at("2026-03-01T08:00:00Z"));
        for (number, (who, what, hours, inside)) in steps.into_iter().enumerate() {
            now = now.plus(Duration::from_hours(hours));
            let customer = &mut customers[who];
            // A statement, after which consent is asked before the conditions.
            let kind = ["purchase", "complaint", "viewed", "consent.withdrawn"][what];
            let event = with(happened(customer.id(), kind, &number.to_string(), now), "purpose", "contact");
            assert!(engine.observe_in(&mut workspace, customer, &event).unwrap().new);
            let mut moment = Moment::at(now);
            moment.channel = inside.then(|| ChannelId::new("till").unwrap());
            let decision = engine.decide_in(&mut workspace, customer, &moment, &model, 7);
            let fresh = engine.decide(customer, &moment, &model, 7);
            prop_assert_eq!(decision.to_bytes().unwrap(), fresh.to_bytes().unwrap());
            engine.accept(customer, &decision);
            workspace.recycle(decision);
        }
    }

    /// More than are decided for side by side, as many, fewer, and none.
    #[test]
    fn many_are_decided_for_as_each_alone(
        purchases in proptest::collection::vec((0_i64..40, any::<bool>()), 0..80),
    ) {
        let engine = compiled(&book("sieve", SIEVE));
        let (model, now) = (engine.model(), at("2026-03-10T12:00:00Z"));
        let asking = purchases.into_iter().enumerate().map(|(number, (days, twice))| {
            let mut customer = engine.customer(CustomerId::new(format!("c-{number}")).unwrap());
            for id in ["a", "b"].into_iter().take(1 + usize::from(twice)) {
                let when = now.minus(Duration::from_days(days));
                let bought = happened(customer.id(), "purchase", id, when);
                assert!(engine.observe(&mut customer, &bought).unwrap().new);
            }
            (customer, Moment::at(now.plus(Duration::from_hours(number as i64))))
        });
        let asking: Vec<(Customer, Moment)> = asking.collect();
        let mut decisions = Vec::new();
        let questions = asking.iter().map(|(customer, moment)| (customer, moment));
        engine.decide_all(&mut Workspace::new(&engine), questions, &model, 7, &mut decisions);
        let alone = asking.iter().map(|(customer, moment)| engine.decide(customer, moment, &model, 7));
        prop_assert!(decisions.iter().map(Decision::to_bytes).eq(alone.map(|decision| decision.to_bytes())));
    }
}

#[test]
fn a_stored_customer_decides_as_the_living_one() {
    let engine = engine();
    let (customer, moment, model) = (buyer(&engine), till("2026-03-20T10:00:00Z"), engine.model());
    let stored: Customer = serde_json::from_str(&serde_json::to_string(&customer).unwrap()).unwrap();
    assert_eq!(stored, customer);
    let both =
        [&customer, &stored].map(|customer| engine.decide(customer, &moment, &model, 7).to_bytes().unwrap());
    assert_eq!(both[0], both[1]);
}

#[test]
fn a_repeated_event_changes_nothing_and_another_content_is_refused() {
    let engine = engine();
    let mut customer = buyer(&engine);
    let before = customer.clone();
    let again = engine.observe(&mut customer, &event("purchase", "p1", "2026-03-02T09:00:00Z")).unwrap();
    assert!(!again.new);
    let other = with(event("purchase", "p1", "2026-03-02T09:00:00Z"), "amount", 3);
    assert!(engine.observe(&mut customer, &other).is_err());
    let future =
        Event { occurred_at: at("2027-01-01T00:00:00Z"), ..event("purchase", "p3", "2026-03-02T09:00:00Z") };
    assert!(engine.observe(&mut customer, &future).is_err());
    let stranger = Event {
        customer: CustomerId::new("bob").unwrap(),
        ..event("purchase", "p4", "2026-03-02T09:00:00Z")
    };
    assert!(matches!(engine.observe(&mut customer, &stranger), Err(ObserveError::OtherCustomer)));
    assert_eq!(customer, before, "what is refused changes nothing");
}

#[test]
fn an_outcome_of_an_unknown_decision_is_refused() {
    let engine = engine();
    let mut customer = buyer(&engine);
    let id = engine.decide(&customer, &till("2026-03-20T10:00:00Z"), &engine.model(), 7).id;
    let outcome = Outcome { decision: id, kind: OutcomeKind::Converted, at: at("2026-03-20T11:00:00Z") };
    let error = engine.settle(&mut customer, &outcome).unwrap_err().to_string();
    assert!(error.ends_with("is not in the customer's ledger"), "{error}");
}

#[test]
fn an_engine_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Engine>();
    shared::<Customer>();
}

/// The choice and the priorities, by action.
fn essence(decision: &Decision) -> Vec<(String, u64)> {
    let mut all: Vec<_> = decision
        .candidates
        .iter()
        .map(|candidate| (candidate.action.to_string(), candidate.priority().to_bits()))
        .collect();
    all.sort();
    all.push((decision.choice.as_str().to_owned(), 0));
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_order_in_which_actions_are_written_decides_nothing(order in Just((0..5).collect::<Vec<usize>>()).prop_shuffle(), day in 2_u8..29) {
        let (head, actions) = PLAYBOOK.split_at(PLAYBOOK.find("[[actions]]").unwrap());
        let blocks: Vec<&str> = actions.split("[[actions]]").skip(1).collect();
        let shuffled: Vec<&str> = order.iter().map(|at| blocks[*at]).collect();
        let shuffled = format!("[[actions]]{}", shuffled.join("[[actions]]"));
        let other = Engine::from_toml(&format!("{head}{shuffled}"), PEPPER).unwrap().0;
        let engine = engine();
        let moment = till(&format!("2026-03-{day:02}T10:00:00Z"));
        let one = engine.decide(&buyer(&engine), &moment, &engine.model(), 7);
        let two = other.decide(&buyer(&other), &moment, &other.model(), 7);
        prop_assert_eq!(essence(&one), essence(&two));
        let ranks = |decision: &Decision| -> Vec<String> {
            decision.candidates.iter().map(|candidate| candidate.action.to_string()).take_while(|name| name != SILENCE).collect()
        };
        prop_assert_eq!(ranks(&one), ranks(&two));
    }

    #[test]
    fn deciding_is_total_and_changes_nothing(seed in any::<u64>(), micros in 0_i64..4_102_444_800_000_000) {
        let engine = engine();
        let customer = buyer(&engine);
        let moment = Moment::at(apropos::event::Timestamp::from_micros(micros).unwrap());
        let decision = engine.decide(&customer, &moment, &engine.model(), seed);
        prop_assert!(engine.replay(&decision, &customer, &moment, &engine.model()));
    }
}
