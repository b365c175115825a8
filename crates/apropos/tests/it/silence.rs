//! Silence as something that is learned: what would have come anyway is nobody's merit.

use apropos::event::{CustomerId, Duration, draw};
use apropos::nba::{Reason, SILENCE};
use apropos::{Choice, Decision, Engine, Model, Moment};

use crate::world::{at, book, compiled, happened};

const REMINDERS: &str = r#"
[profile.consent]
contact = "allow"
learn = "allow"

[[context.channels]]
id = "mail"
direction = "outbound"

[policy]
interruption = 0
holdout = 0.2
baseline_weight = 30

[[actions]]
id = "remind"
class = "sell"
treatments = [{ channel = "mail" }]
value = 10
cost = 1
benefit = 10
effort = 1
propensity = 0.5
baseline = 0.1
learn = true

[[rewards]]
event = "bought"
actions = ["remind"]
within = "7d"

[model]
seed = 3
"#;

/// What became of the customers of one stream.
struct Stream {
    decisions: Vec<Decision>,
    model: Model,
    engine: Engine,
}

/// Asks about one customer after the other. Whoever is reminded buys with one probability, whoever is not with another.
fn stream(reminded: f64, silent: f64) -> Stream {
    let engine = compiled(&book("reminders", REMINDERS));
    let mut model = engine.model();
    let mut decisions = Vec::new();
    for number in 0..1_500_u64 {
        let id = CustomerId::from_number(number);
        let mut customer = engine.customer(id.clone());
        let now = at("2026-03-02T12:00:00Z").plus(Duration::from_hours(number as i64));
        let moment = Moment::at(now);
        let decision = engine.decide(&customer, &moment, &model, 5);
        assert!(engine.replay(&decision, &customer, &moment, &model));
        engine.accept(&mut customer, &decision);
        let chance = if decision.choice == Choice::Silence { silent } else { reminded };
        if draw::uniform(9, id.as_str(), 0) < chance {
            let event = happened(&id, "bought", "b", now.plus(Duration::from_days(2)));
            engine.learn(&mut model, &engine.observe(&mut customer, &event).unwrap().rewards);
        }
        while let Some(due) = engine.next_due(&customer) {
            engine.learn(&mut model, &engine.tick(&mut customer, due).rewards);
        }
        decisions.push(decision);
    }
    Stream { decisions, model, engine }
}

impl Stream {
    /// The share of the last customers who were reminded.
    fn reminded_at_last(&self) -> f64 {
        let last = &self.decisions[1_200..];
        last.iter().filter(|decision| decision.choice != Choice::Silence).count() as f64 / last.len() as f64
    }

    fn reason_at_last(&self) -> Reason {
        let last = self.decisions.last().unwrap().candidate("remind").unwrap();
        last.dropped.as_ref().unwrap().reason
    }
}

#[test]
fn what_helps_goes_on_but_for_the_share_that_is_held_out() {
    let stream = stream(0.7, 0.1);
    assert!((0.7..0.9).contains(&stream.reminded_at_last()), "{}", stream.reminded_at_last());
    let held: Vec<&Decision> =
        stream.decisions.iter().filter(|decision| decision.choice == Choice::Silence).collect();
    assert!((200..400).contains(&held.len()), "{}", held.len());
    for decision in held {
        let silence = decision.chosen().unwrap();
        assert_eq!((silence.action.as_str(), silence.probability), (SILENCE, 0.2));
        assert_eq!(decision.candidate("remind").unwrap().dropped, None);
    }
}

#[test]
fn what_would_have_come_anyway_is_silenced() {
    let stream = stream(0.6, 0.6);
    assert!(stream.reminded_at_last() < 0.05, "{}", stream.reminded_at_last());
    assert_eq!(stream.reason_at_last(), Reason::HarmsCustomer);
}

#[test]
fn sleeping_dogs_are_left_alone() {
    let stream = stream(0.2, 0.5);
    assert!(stream.reminded_at_last() < 0.05, "{}", stream.reminded_at_last());
    let score = stream.decisions.last().unwrap().candidate("remind").unwrap().score.unwrap();
    assert!(score.uplift < 0.0, "{score:?}");
}

#[test]
fn the_explanation_says_what_silence_would_have_brought_and_who_says_so() {
    let Stream { engine, model, .. } = stream(0.6, 0.6);
    let customer = engine.customer(CustomerId::from_number(7_000));
    let moment = Moment::at(at("2026-08-02T12:00:00Z"));
    let decision = engine.decide(&customer, &moment, &model, 5);
    let explained = engine.explain(&decision, &customer, &moment, &model);
    let line = explained.lines.iter().find(|line| line.action.as_str() == "remind").unwrap();
    assert!(line.sentence.contains("% in silence, as "), "{}", line.sentence);
    assert!(line.sentence.contains("silences taught"), "{}", line.sentence);
}

#[test]
fn without_a_holdout_the_declared_baseline_stands_and_nothing_is_learned_of_silence() {
    let engine = compiled(&book("reminders", &REMINDERS.replace("holdout = 0.2", "holdout = 0")));
    assert_eq!(engine.model().learned().actions().len(), 1);
    let customer = engine.customer(CustomerId::from_number(1));
    let decision = engine.decide(&customer, &Moment::at(at("2026-03-02T12:00:00Z")), &engine.model(), 5);
    let score = decision.candidate("remind").unwrap().score.unwrap();
    assert!((score.propensity - score.uplift - 0.1).abs() < 1e-12, "{score:?}");
}

#[test]
fn an_action_breaks_the_silence_before_it() {
    let engine = compiled(&book("reminders", REMINDERS));
    let model = engine.model();
    let start = at("2026-03-02T12:00:00Z");
    let mut broken = 0;
    for number in 0..60 {
        let id = CustomerId::from_number(number);
        let mut customer = engine.customer(id.clone());
        let mut choices = Vec::new();
        for day in 0..2 {
            let decision =
                engine.decide(&customer, &Moment::at(start.plus(Duration::from_days(day))), &model, 5);
            engine.accept(&mut customer, &decision);
            choices.push(decision.choice);
        }
        if choices[0] != Choice::Silence || choices[1] == Choice::Silence {
            continue;
        }
        broken += 1;
        let event = happened(&id, "bought", "b", start.plus(Duration::from_days(2)));
        let rewards = engine.observe(&mut customer, &event).unwrap().rewards;
        let actions: Vec<&str> = rewards.iter().map(|reward| reward.action.as_str()).collect();
        assert_eq!(actions, ["remind"]);
    }
    assert!(0 < broken);
}
