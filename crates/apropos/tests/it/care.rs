//! One page about a customer, carrying everything along, being forgotten and coming again.

use apropos::event::{CustomerId, Duration};
use apropos::profile::Unsaid;
use apropos::{Choice, Customer, Engine, Outcome, OutcomeKind, care};

use crate::world::{ada, at, buyer, engine, event, till, with};

/// A buyer who was served, complained, and is looked after by a person.
fn served(engine: &Engine) -> Customer {
    let mut customer = buyer(engine);
    let complaint = with(event("case.opened", "k1", "2026-03-02T10:00:00Z"), "case", "77");
    let complaint = with(with(complaint, "about", "a broken cup"), "complaint", true);
    let less = with(event("less_like.set", "k2", "2026-03-02T10:05:00Z"), "topic", "cups");
    for event in [complaint, less, event("person.requested", "k3", "2026-03-02T10:10:00Z")] {
        assert!(engine.observe(&mut customer, &event).unwrap().new);
    }
    let model = engine.model();
    let decision = engine.decide(&customer, &till("2026-03-02T10:15:00Z"), &model, 1);
    assert!(matches!(decision.choice, Choice::HandOff { .. }));
    assert!(engine.accept(&mut customer, &decision));
    let seen = Outcome { decision: decision.id, kind: OutcomeKind::Seen, at: at("2026-03-02T10:20:00Z") };
    engine.settle(&mut customer, &seen).unwrap();
    customer
}

#[test]
fn the_page_says_what_is_open_what_was_tried_and_what_must_not_be_said() {
    let engine = engine();
    let page = engine.page(&served(&engine), at("2026-03-02T11:00:00Z"));
    assert_eq!(page.profile.open[0].about.as_deref(), Some("a broken cup"));
    assert!(page.profile.unsaid.contains(&Unsaid::Protected("complaint_open".to_owned())));
    assert!(page.profile.unsaid.iter().any(|unsaid| matches!(unsaid, Unsaid::Less(_))));
    assert_eq!((page.tried[0].action.as_str(), page.tried[0].outcome), ("person", Some(OutcomeKind::Seen)));
    assert_eq!(page.with_person.as_ref().map(|case| case.queue.as_str()), Some("care"));
    assert!(!format!("{page:?}").contains("cup"), "a page prints sizes only");
    let written = serde_json::to_string(&page).unwrap();
    assert_eq!(serde_json::from_str::<care::Page>(&written).unwrap(), page);
}

#[test]
fn a_customer_is_taken_along_whole() {
    let engine = engine();
    for customer in [ada(&engine), buyer(&engine), served(&engine)] {
        let imported = engine.import(&engine.export(&customer).unwrap()).unwrap();
        assert_eq!(imported, customer);
        let (now, model) = (till("2026-03-03T09:00:00Z"), engine.model());
        let decide = |customer: &Customer| engine.decide(customer, &now, &model, 3).to_bytes();
        assert_eq!(decide(&imported), decide(&customer), "the copy is served like the original");
    }
}

#[test]
fn what_is_no_export_is_refused_without_being_repeated() {
    let engine = engine();
    let error = engine.import("secret words").unwrap_err();
    assert_eq!(error.to_string(), "the document is not an exported customer (line 1, column 1)");
    let newer = engine.export(&buyer(&engine)).unwrap().replacen("\"version\": 1", "\"version\": 9", 1);
    assert_eq!(engine.import(&newer).unwrap_err(), care::ImportError::Version(9));
}

#[test]
fn erasing_leaves_proof_and_keeps_never_again() {
    let engine = engine();
    let mut customer = served(&engine);
    let refusal = with(event("consent.withdrawn", "w", "2026-03-03T09:00:00Z"), "purpose", "contact");
    assert!(engine.observe(&mut customer, &refusal).unwrap().new);
    let copy = customer.clone();
    let (certificate, tombstone) = engine.erase(customer, at("2026-03-04T09:00:00Z")).unwrap();
    assert_eq!((certificate.profile.events, certificate.contacts), (6, 1));
    let document = serde_json::to_vec(&copy).unwrap();
    assert_eq!(engine.profile().digest(&document), certificate.digest, "the proof fits the document");
    // The same person comes again and agrees to an old form.
    let mut again = ada(&engine);
    let old = with(event("consent.granted", "old", "2026-03-01T09:00:00Z"), "purpose", "contact");
    for event in [old, event("purchase", "p9", "2026-03-05T09:00:00Z")] {
        assert!(engine.observe(&mut again, &event).unwrap().new);
    }
    assert!(engine.remind(&mut again, &tombstone));
    let email = apropos::event::ChannelId::new("email").unwrap();
    assert!(!engine.profile().may_market(again.profile(), &email, at("2026-03-06T09:00:00Z")));
    let mut stranger = engine.customer(CustomerId::new("bob").unwrap());
    assert!(!engine.remind(&mut stranger, &tombstone));
}

#[test]
fn a_redacted_decision_keeps_what_was_done_and_nothing_of_whom() {
    let engine = engine();
    let customer = served(&engine);
    let mut decision = engine.decide(&customer, &till("2026-03-03T09:00:00Z"), &engine.model(), 5);
    let before = decision.clone();
    care::redact(&mut decision);
    assert_eq!(
        (decision.candidates.clone(), decision.choice.action()),
        (before.candidates, before.choice.action())
    );
    assert!(!serde_json::to_string(&decision).unwrap().contains("ada"));
    assert_ne!(decision.id, before.id);
}

#[test]
fn retention_reaches_through_the_whole_document() {
    let engine = engine();
    let mut customer = buyer(&engine);
    let revision = customer.revision();
    let late = at("2026-03-02T09:00:00Z").plus(Duration::from_days(9_000));
    // Nothing of this playbook is ever over.
    assert_eq!(engine.retain(&mut customer, late).events, 0);
    assert_eq!(customer.revision(), revision);
}
