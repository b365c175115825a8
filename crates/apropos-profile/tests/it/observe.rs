//! Events into profiles: once each, all or nothing.

use apropos_event::{Identifier, Purpose, Zone};
use apropos_profile::{AdvocacySignal, Capture, Count, ObserveError, Outcome, Profile, TraitPolicy};
use serde_json::json;

use crate::support::{compile, day, definition, event, event_of, from, on, rules, seen, text};

#[test]
fn a_repeat_changes_nothing_even_when_it_is_received_later() {
    let rules = rules();
    let purchase = event("1", "purchase", 0, json!({"amount": "19.90"}));
    let mut profile = seen(&rules, std::slice::from_ref(&purchase));
    let before = profile.clone();
    let mut again = purchase.clone();
    again.received_at = day(3);
    assert_eq!(rules.observe(&mut profile, &again).unwrap().outcome, Outcome::Repeated);
    assert_eq!(profile, before);
}

#[test]
fn the_same_id_with_other_content_is_refused() {
    let rules = rules();
    let mut profile = seen(&rules, &[event("1", "purchase", 0, json!({"amount": "19.90"}))]);
    let before = profile.clone();
    for other in [
        event("1", "purchase", 0, json!({"amount": "19.91"})),
        event("1", "purchase", 1, json!({"amount": "19.90"})),
        event("1", "view", 0, json!({"amount": "19.90"})),
        on("web", event("1", "purchase", 0, json!({"amount": "19.90"}))),
    ] {
        assert!(matches!(rules.observe(&mut profile, &other), Err(ObserveError::Conflict { .. })));
        assert_eq!(profile, before);
    }
    let elsewhere = from("web", event("1", "purchase", 0, json!({"amount": "19.91"})));
    assert_eq!(rules.observe(&mut profile, &elsewhere).unwrap().outcome, Outcome::Applied);
}

#[test]
fn a_refused_event_changes_nothing() {
    let rules = rules();
    let mut profile = seen(&rules, &[event("1", "view", 0, json!({}))]);
    let before = profile.clone();
    for bad in [
        event_of("c-2", "2", "view", 0, json!({})),
        event("2", "signup", 0, json!({"tier": "platinum"})),
        event("2", "signup", 0, json!({"tier": "gold", "age": "old"})),
        event("2", "consent.granted", 0, json!({})),
        event("2", "consent.granted", 0, json!({"purpose": "everything"})),
        event("2", "snooze.started", 0, json!({})),
        event("2", "preference.set", 0, json!({"quiet_from": "21:00"})),
        event("2", "trait.set", 0, json!({"trait": "unheard", "value": 1})),
        event("2", "tie.formed", 0, json!({"relation": "envies", "other": "c-9"})),
    ] {
        assert!(rules.observe(&mut profile, &bad).is_err(), "{}", bad.kind);
        assert_eq!(profile, before);
    }
}

#[test]
fn counters_read_windows_and_calendars() {
    let rules = rules();
    let profile = seen(
        &rules,
        &[
            on("web", event("1", "purchase", 0, json!({"amount": "10.05", "margin": "2"}))),
            on("app", event("2", "purchase", 31, json!({"amount": "20", "margin": "3"}))),
            on("app", event("3", "purchase", 40, json!({"amount": 5.5}))),
            event("4", "purchase", 40, json!({"amount": "7 GBP"})),
            event("5", "refund", 41, json!({"amount": "0.05 EUR"})),
            event("6", "view", 41, json!({"product": "a"})),
            event("7", "view", 41, json!({"product": "b"})),
            event("8", "view", 42, json!({"product": "a"})),
            event("9", "review.posted", 42, json!({})),
        ],
    );
    let read = |name: &str| rules.count(&profile, name, day(42), &Zone::utc()).unwrap();
    assert_eq!(read("purchases_30d"), Count::Number(3));
    assert_eq!(read("spent_month"), Count::Amount("25.5".parse().unwrap()));
    assert_eq!(read("channels_week"), Count::Number(1));
    assert_eq!(read("products"), Count::Number(2));
    let value = rules.value(&profile, day(42), &Zone::utc()).unwrap();
    assert_eq!(value.spent, Some("35.50".parse().unwrap()));
    assert_eq!(value.margin, Some("5".parse().unwrap()));
    assert_eq!((value.purchases, value.recency_days), (4, Some(2.0)));
    assert_eq!(rules.advocacy(&profile, AdvocacySignal::Reviewed, day(42)), 1);
}

#[test]
fn a_kind_that_is_counted_later_keeps_what_was_remembered() {
    let mut plain = crate::support::definition();
    plain.counters.clear();
    let profile = seen(&crate::support::compile(&plain), &[event("1", "view", 0, json!({"product": "a"}))]);
    let rules = rules();
    let mut profile = profile;
    rules.observe(&mut profile, &event("2", "view", 1, json!({"product": "b"}))).unwrap();
    assert_eq!(profile.events(), 2);
    assert_eq!(
        rules.observe(&mut profile, &event("1", "view", 0, json!({"product": "a"}))).unwrap().outcome,
        Outcome::Repeated
    );
}

#[test]
fn policies_decide_between_sources() {
    let rules = rules();
    let profile = seen(
        &rules,
        &[
            from(
                "crm",
                event("1", "signup", 0, json!({"tier": "gold", "age": 41, "score": 2, "hobbies": ["chess"]})),
            ),
            from(
                "web",
                event(
                    "2",
                    "signup",
                    1,
                    json!({"tier": "bronze", "age": 30, "score": 1.5, "hobbies": ["go", "chess"]}),
                ),
            ),
            from("form", event("3", "signup", 2, json!({"city": "Ulm"}))),
        ],
    );
    let known = |name: &str| rules.known(&profile, name, day(3)).unwrap();
    assert_eq!(*known("tier").value, text("bronze"));
    assert_eq!((known("age").value.as_int(), known("age").source.as_str()), (Some(41), "crm"));
    assert_eq!(known("score").value.as_f64(), Some(2.0));
    assert_eq!(rules.definition().traits[3].policy, TraitPolicy::Union);
    assert_eq!(*known("hobbies").value, apropos_event::Value::List(vec![text("chess"), text("go")]));
    assert!(matches!(rules.capture(&profile, "city", day(3)), Capture::Told(_)));
    assert!(matches!(rules.capture(&profile, "tier", day(3)), Capture::Confirm(_)));
    assert!(matches!(rules.capture(&profile, "suspicion", day(3)), Capture::Ask));
    // Retention ends at the tick: the value is gone at that very instant, and not a microsecond before.
    let end = day(32);
    assert!(rules.known(&profile, "city", end.minus(apropos_event::Duration::from_micros(1))).is_some());
    assert_eq!(rules.known(&profile, "city", end), None);
}

#[test]
fn identifiers_are_hashed_and_limited() {
    let rules = rules();
    let mut profile = Profile::new();
    for n in 0..4 {
        let mut event = event(&n.to_string(), "view", n, json!({}));
        event.identifiers =
            vec![Identifier::new("cookie", format!("secret-cookie-{n}")), Identifier::new("cookie", "null")];
        let changes = rules.observe(&mut profile, &event).unwrap();
        assert!(changes.identity);
        assert_eq!(changes.identifier_dropped, 2 <= n);
    }
    let kept: Vec<_> = profile.identifiers().map(|fact| fact.first).collect();
    assert_eq!(kept.len(), 2);
    assert!(kept.contains(&day(3)) && kept.contains(&day(2)));
    let written = serde_json::to_string(&profile).unwrap() + &format!("{profile:?}");
    assert!(!written.contains("secret-cookie"));
}

#[test]
fn effort_is_counted_by_goal() {
    let rules = rules();
    let step = |id: &str, channel: &str, at: i64| {
        on(channel, event(id, "search", at, json!({"goal": "return_item", "waited_seconds": 30})))
    };
    let profile = seen(&rules, &[step("2", "phone", 1), step("1", "web", 0), step("3", "web", 2)]);
    let efforts = rules.efforts(&profile);
    assert_eq!((efforts[0].steps, efforts[0].repeats, efforts[0].channel_switches), (3, 2, 2));
    assert_eq!(efforts[0].waited_seconds, "90".parse().unwrap());
}

#[test]
fn proved_numbers_that_contradict_stay_both_and_raise_a_case() {
    let rules = rules();
    let proved = |id: &str, number: &str| {
        let mut event = event(id, "identity.verified", 1, json!({}));
        event.identifiers = vec![Identifier::new("customer_number", number)];
        event
    };
    let mut profile = seen(&rules, &[proved("1", "100"), proved("2", "100")]);
    assert!(rules.cases(&profile).is_empty());
    // A number that nobody proved gives way at once.
    let mut hearsay = event("3", "view", 9, json!({}));
    hearsay.identifiers = vec![Identifier::new("customer_number", "300")];
    let changes = rules.observe(&mut profile, &hearsay).unwrap();
    assert!(changes.identifier_dropped && !changes.identity_conflict);
    assert_eq!(profile.identifiers().count(), 1);
    let changes = rules.observe(&mut profile, &proved("4", "200")).unwrap();
    assert!(changes.identity_conflict && !changes.identifier_dropped);
    let cases = rules.cases(&profile);
    assert_eq!((cases.len(), cases[0].keys.len(), profile.identifiers().count()), (1, 2, 2));
}

#[test]
fn a_claim_for_some_purposes_is_used_for_no_others() {
    let rules = rules();
    let claim = json!({"trait": "city", "value": "Ulm", "purpose": "contact"});
    let profile = seen(&rules, &[event("1", "trait.set", 1, claim)]);
    let known = |purpose| rules.known_for(&profile, "city", purpose, day(2)).is_some();
    assert_eq!(Purpose::ALL.map(known), [true, false, false]);
    assert!(rules.known(&profile, "city", day(2)).is_some());
    let wrong = json!({"trait": "city", "value": "Ulm", "purpose": "fun"});
    assert!(rules.observe(&mut profile.clone(), &event("2", "trait.set", 1, wrong)).is_err());
}

#[test]
fn a_goal_is_of_the_list_or_in_the_customers_words() {
    let mut definition = definition();
    definition.goals = vec!["move".to_owned(), "save".to_owned()];
    let rules = compile(&definition);
    let declare = |data| rules.observe(&mut Profile::new(), &event("1", "goal.declared", 1, data));
    assert!(declare(json!({"goal": "move"})).is_ok());
    assert!(declare(json!({"goal": "fly", "words": "I want to learn to fly"})).is_ok());
    let error = declare(json!({"goal": "fly"})).unwrap_err().to_string();
    assert!(
        error.ends_with("needs the property `goal`: a goal of the list, or the customer's `words` for it"),
        "{error}"
    );
    assert!(!error.contains("fly"));
}
