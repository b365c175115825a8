//! What is decided, and what is not.

use apropos::nba::{Class, ConsentGap, Reason, Stage};
use apropos::{Choice, Moment, Outcome, OutcomeKind};

use crate::world::{self, PLAYBOOK, ada, at, buyer, engine, event, till, with};

#[track_caller]
fn check(customer: &apropos::Customer, moment: &Moment, choice: &str) -> apropos::Decision {
    let engine = engine();
    let decision = engine.decide(customer, moment, &engine.model(), 7);
    assert_eq!(decision.choice.as_str(), choice, "{:#?}", decision.candidates);
    let total: f64 = decision.candidates.iter().map(|candidate| candidate.probability).sum();
    assert!((total - 1.0).abs() < 1e-9);
    decision
}

#[track_caller]
fn dropped(decision: &apropos::Decision, action: &str) -> (Stage, Reason) {
    let candidate = decision.candidate(action).unwrap();
    let dropped = candidate.dropped.unwrap();
    (dropped.stage, dropped.reason)
}

#[test]
fn a_stranger_is_left_in_peace() {
    let decision = check(&ada(&engine()), &Moment::at(at("2026-03-02T10:00:00Z")), "silence");
    assert_eq!(dropped(&decision, "thank"), (Stage::Consent, Reason::NoConsent(ConsentGap::Unknown)));
}

#[test]
fn a_purchase_is_thanked_for_before_anything_is_sold() {
    let decision = check(&buyer(&engine()), &Moment::at(at("2026-03-02T10:00:00Z")), "thank");
    assert_eq!(dropped(&decision, "offer"), (Stage::Arbitration, Reason::Waits(Class::Relationship)));
}

#[test]
fn what_harms_the_customer_is_never_chosen_whatever_it_earns() {
    let decision = check(&buyer(&engine()), &till("2026-03-20T10:00:00Z"), "offer");
    assert_eq!(dropped(&decision, "nag"), (Stage::Arbitration, Reason::HarmsCustomer));
    assert_eq!(dropped(&decision, "discount"), (Stage::Applicability, Reason::ConditionFalse));
}

#[test]
fn an_accepted_contact_uses_up_the_limit_and_a_failed_one_frees_it() {
    let engine = engine();
    let mut customer = buyer(&engine);
    let moment = Moment::at(at("2026-03-02T10:00:00Z"));
    let decision = engine.decide(&customer, &moment, &engine.model(), 7);
    assert!(engine.accept(&mut customer, &decision));
    assert!(!engine.accept(&mut customer, &decision), "accepting twice has one effect");
    let later = Moment::at(at("2026-03-02T11:00:00Z"));
    let second = check(&customer, &later, "silence");
    let freed = at("2026-03-09T10:00:00Z");
    assert_eq!(dropped(&second, "thank"), (Stage::ContactPolicy, Reason::LimitReached(Some(freed))));
    assert_eq!(second.look_again, Some(freed));
    let failed = Outcome { decision: decision.id, kind: OutcomeKind::Failed, at: at("2026-03-02T10:30:00Z") };
    engine.settle(&mut customer, &failed).unwrap();
    check(&customer, &later, "thank");
}

#[test]
fn a_reservation_that_is_never_confirmed_runs_out() {
    let engine = engine();
    let mut customer = buyer(&engine);
    let decision = engine.decide(&customer, &Moment::at(at("2026-03-02T10:00:00Z")), &engine.model(), 7);
    engine.accept(&mut customer, &decision);
    check(&customer, &Moment::at(at("2026-03-03T11:00:00Z")), "offer");
}

#[test]
fn a_withdrawn_consent_stops_the_next_message() {
    let engine = engine();
    let mut customer = buyer(&engine);
    let no = with(event("consent.withdrawn", "c2", "2026-03-02T09:30:00Z"), "purpose", "contact");
    assert!(engine.observe(&mut customer, &no).unwrap().new);
    let decision = check(&customer, &Moment::at(at("2026-03-02T10:00:00Z")), "silence");
    assert!(matches!(dropped(&decision, "thank"), (Stage::Consent, Reason::NoConsent(_))));
    // Answering where the customer stands is not reaching out.
    check(&customer, &till("2026-03-02T10:00:00Z"), "thank");
}

#[test]
fn a_person_takes_over_and_automation_is_silent_until_the_case_is_closed() {
    let engine = engine();
    let mut customer = buyer(&engine);
    assert!(
        engine.observe(&mut customer, &event("person.requested", "r1", "2026-03-02T09:30:00Z")).unwrap().new
    );
    let decision = check(&customer, &till("2026-03-02T10:00:00Z"), "hand_off");
    let Choice::HandOff { packet, .. } = &decision.choice else { panic!("no hand-off") };
    assert_eq!((packet.queue.as_str(), packet.ask.as_str()), ("care", "call back"));
    engine.accept(&mut customer, &decision);
    let muted = check(&customer, &till("2026-03-02T10:05:00Z"), "silence");
    assert_eq!(dropped(&muted, "thank"), (Stage::Journey, Reason::WithPerson));
    assert!(
        engine.observe(&mut customer, &event("handoff.closed", "h1", "2026-03-04T09:00:00Z")).unwrap().new
    );
    check(&customer, &till("2026-03-04T10:00:00Z"), "offer");
}

#[test]
fn every_action_and_silence_stand_in_every_decision_once() {
    let decision = check(&buyer(&engine()), &till("2026-03-20T10:00:00Z"), "offer");
    let mut names: Vec<&str> =
        decision.candidates.iter().map(|candidate| candidate.action.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["discount", "nag", "offer", "person", "silence", "thank"]);
}

#[test]
fn an_explanation_names_the_condition_and_what_would_change_it() {
    let engine = engine();
    let (customer, moment, model) = (buyer(&engine), till("2026-03-20T10:00:00Z"), engine.model());
    let decision = engine.decide(&customer, &moment, &model, 7);
    let explanation = engine.explain(&decision, &customer, &moment, &model);
    let line = explanation.lines.iter().find(|line| line.action.as_str() == "discount").unwrap();
    assert!(line.sentence.contains(r#"history.count("purchase", "30d") > 1"#), "{}", line.sentence);
    assert!(line.change.as_deref().is_some_and(|change| change.contains('2')), "{:?}", line.change);
}

#[test]
fn a_statement_about_something_else_changes_no_candidate() {
    let free = world::PLAYBOOK.replace("needs_consent = true", "needs_consent = false");
    let engine = world::compiled(&free);
    for purchases in 0..3 {
        let (mut silent, mut spoken) = (ada(&engine), ada(&engine));
        for customer in [&mut silent, &mut spoken] {
            for number in 0..purchases {
                let event = event("purchase", &format!("p{number}"), "2026-03-02T09:00:00Z");
                assert!(engine.observe(customer, &event).unwrap().new);
            }
        }
        let statement = with(event("consent.granted", "c1", "2026-03-01T09:00:00Z"), "purpose", "learn");
        assert!(engine.observe(&mut spoken, &statement).unwrap().new);
        assert!(silent.profile().is_silent() && !spoken.profile().is_silent());
        for moment in [till("2026-03-02T10:00:00Z"), Moment::at(at("2026-03-02T10:00:00Z"))] {
            let both =
                [&silent, &spoken].map(|one| engine.decide(one, &moment, &engine.model(), 7).candidates);
            assert_eq!(both[0], both[1]);
        }
    }
}

#[test]
fn a_pause_names_its_rule_and_the_record_keeps_the_name() {
    let rule = r#"
[[policy.suppressions]]
name = "waved away"
outcome = "dismissed"
count = 1
within = "7d"
pause = "30d"

"#;
    let engine = world::compiled(&PLAYBOOK.replacen("[[actions]]", &format!("{rule}[[actions]]"), 1));
    let mut customer = buyer(&engine);
    let moment = Moment::at(at("2026-03-02T10:00:00Z"));
    let decision = engine.decide(&customer, &moment, &engine.model(), 7);
    assert!(engine.accept(&mut customer, &decision));
    let when = at("2026-03-02T11:00:00Z");
    let waved = Outcome { decision: decision.id, kind: OutcomeKind::Dismissed, at: when };
    engine.settle(&mut customer, &waved).unwrap();
    let later = Moment::at(at("2026-03-02T12:00:00Z"));
    let second = engine.decide(&customer, &later, &engine.model(), 7);
    let until = when.plus(apropos::event::Duration::from_days(30));
    assert_eq!(dropped(&second, "thank"), (Stage::ContactPolicy, Reason::Suppressed(until)));
    let read = apropos::Decision::from_bytes(&second.to_bytes().unwrap()).unwrap();
    assert_eq!(read, second);
    assert_eq!(read.candidate("thank").unwrap().dropped.unwrap().component, "waved away");
}

#[test]
fn reading_a_customer_ahead_changes_nothing() {
    let engine = engine();
    for customer in [ada(&engine), buyer(&engine)] {
        let before = customer.clone();
        (0..2 * apropos::Customer::LAYERS).for_each(|layer| customer.touch(layer));
        assert_eq!(customer, before);
    }
}
