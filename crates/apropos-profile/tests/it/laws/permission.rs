//! No merge, join, import, replay or late statement widens what a customer permits.

use apropos_event::{Duration, Event, PropertyName, Purpose, Value};
use apropos_profile::{Outcome, Profile, Use};
use serde_json::json;

use super::draws::{Asked, DAYS, Draws, cases, copy, event, life, lived};
use super::merging::{link, today};
use crate::support::{compile, day, definition, event_of, rules, seen};

#[test]
fn merging_never_widens() {
    let (rules, asked) = (rules(), Asked::new());
    for case in 0..cases() {
        let mut draws = Draws::new("merging widens", case);
        let (a, b) = (lived(&mut draws, &rules, "a", 8), lived(&mut draws, &rules, "b", 8));
        let mut merged = a.clone();
        rules.merge(&mut merged, &b, &link(&a, &b), today()).unwrap();
        for now in [today(), draws.instant(2 * DAYS)] {
            let permitted = |profile: &Profile| asked.permitted(&rules, profile, now);
            assert_eq!(permitted(&merged) & !(permitted(&a) & permitted(&b)), 0, "case {case} at {now}");
        }
    }
}

#[test]
fn joining_and_importing_never_widen() {
    let (rules, asked) = (rules(), Asked::of_statements());
    for case in 0..cases() {
        let mut draws = Draws::new("joining widens", case);
        let (mine, copy) = (copy(&mut draws, &rules, case), copy(&mut draws, &rules, case));
        let mut joined = mine.clone();
        rules.join(&mut joined, &copy);
        for now in [today(), draws.instant(2 * DAYS)] {
            let permitted = |profile: &Profile| asked.permitted(&rules, profile, now);
            assert_eq!(permitted(&joined) & !permitted(&mine), 0, "case {case} at {now}");
            assert_eq!(permitted(&joined) & !permitted(&copy), 0, "case {case} at {now}");
        }
        if draws.once_in(16) {
            let mut imported = mine.clone();
            rules.join(&mut imported, &rules.import(&rules.export(&copy).unwrap()).unwrap());
            assert_eq!(imported, joined, "case {case}");
        }
    }
}

#[test]
fn a_complaint_is_closed_for_all_copies_once_one_saw_it_closed() {
    let rules = rules();
    let case =
        |id: &str, kind: &str, at: i64| event_of("a", id, kind, at, json!({"case": "c1", "complaint": true}));
    let open = seen(&rules, &[case("1", "case.opened", 1)]);
    let closed = seen(&rules, &[case("2", "case.closed", 3)]);
    let protected = |profile: &Profile| rules.is_protected(profile, "complaint_open", day(9));
    assert!(protected(&open) && !protected(&closed));
    for (mine, copy) in [(&open, &closed), (&closed, &open)] {
        let mut joined = mine.clone();
        rules.join(&mut joined, copy);
        assert!(!protected(&joined));
    }
    let mut joined = open.clone();
    rules.join(&mut joined, &seen(&rules, &[case("3", "case.opened", 2)]));
    assert!(protected(&joined), "nobody saw it closed");
}

#[test]
fn a_late_grant_older_than_a_refusal_changes_nothing() {
    let (rules, asked) = (rules(), Asked::new());
    let all = || Value::List(Purpose::ALL.map(|purpose| Value::from(purpose.as_str())).to_vec());
    let purposes = PropertyName::new("purposes").unwrap();
    for case in 0..cases() {
        let mut draws = Draws::new("late grant", case);
        let mut profile = lived(&mut draws, &rules, "a", 6);
        let mut refusal = event(&mut draws, "a", 900, "consent.withdrawn");
        let mut grant = event(&mut draws, "a", 901, "consent.granted");
        for event in [&mut refusal, &mut grant] {
            event.properties.insert(purposes.clone(), all());
        }
        // Just before the refusal, long before it, or at the very instant.
        let before = [0, 1, draws.below(DAYS * 86_400_000_000)][draws.below(3) as usize];
        grant.occurred_at = refusal.occurred_at.minus(Duration::from_micros(before as i64));
        grant.received_at = today();
        rules.observe(&mut profile, &refusal).unwrap();
        let refused = profile.clone();
        rules.observe(&mut profile, &grant).unwrap();
        for now in [today(), draws.instant(2 * DAYS)] {
            let permitted = |profile: &Profile| asked.permitted(&rules, profile, now);
            assert_eq!(permitted(&profile) & !permitted(&refused), 0, "case {case} at {now}");
        }
    }
}

#[test]
fn replaying_what_was_said_changes_nothing() {
    let (rules, asked) = (rules(), Asked::new());
    for case in 0..cases() {
        let mut draws = Draws::new("replay", case);
        let mut events: Vec<Event> = life(&mut draws, "a", 1, 8);
        let mut profile = seen(&rules, &events);
        if draws.once_in(2) && !profile.is_empty() {
            let b = lived(&mut draws, &rules, "b", 4);
            let link = link(&profile, &b);
            rules.merge(&mut profile, &b, &link, today()).unwrap();
        }
        let before = profile.clone();
        // Any part of it, in any order, received at any later time.
        events = draws.shuffled(events);
        let kept = draws.below(events.len() as u64 + 1) as usize;
        for event in events.iter_mut().take(kept) {
            event.received_at = event.received_at.plus(Duration::from_hours(draws.below(999) as i64));
            assert_eq!(rules.observe(&mut profile, event).unwrap().outcome, Outcome::Repeated, "case {case}");
        }
        assert!(profile == before, "case {case}");
        let now = draws.instant(2 * DAYS);
        assert_eq!(asked.permitted(&rules, &profile, now), asked.permitted(&rules, &before, now));
    }
}

#[test]
fn who_is_protected_at_all_is_in_some_protected_state() {
    let mut definition = definition();
    let rules = [false, true].map(|minor| {
        definition.protected.unknown_age_is_minor = minor;
        compile(&definition)
    });
    let mut protected = 0;
    for case in 0..cases() {
        let mut draws = Draws::new("protected", case);
        let rules = &rules[draws.below(2) as usize];
        let profile = if draws.once_in(8) { Profile::new() } else { lived(&mut draws, rules, "a", 8) };
        let now = draws.instant(2 * DAYS);
        let states = rules.protected_states(&profile, now);
        assert_eq!(rules.is_protected_at_all(&profile, now), !states.is_empty(), "case {case}");
        protected += u64::from(!states.is_empty());
    }
    assert!(cases() / 4 < protected && protected < cases());
}

#[test]
fn a_grant_after_the_merge_counts_for_the_whole_person() {
    let rules = rules();
    let grant = |id: &str, at: i64| event_of("a", id, "consent.granted", at, json!({"purpose": "contact"}));
    let a = seen(&rules, &[grant("1", 0)]);
    let b = seen(&rules, &[event_of("b", "1", "view", 0, json!({}))]);
    let allowed = |profile: &Profile| rules.permission(profile, Use::of(Purpose::Contact), day(99)).allowed;
    let mut whole = a.clone();
    rules.merge(&mut whole, &b, &link(&a, &b), today()).unwrap();
    assert!(allowed(&a) && !allowed(&whole), "what one side agreed to before does not spread");
    rules.observe(&mut whole, &grant("2", 61)).unwrap();
    assert!(allowed(&whole));
}
