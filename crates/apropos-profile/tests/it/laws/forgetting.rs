//! Retention removes at the tick, physically, and what was forgotten does not come back.

use std::collections::BTreeSet;

use apropos_event::{Duration, Event, Timestamp, Value, Zone};
use apropos_profile::{Profile, ProfileRules};
use serde_json::json;

use super::draws::{DAYS, Draws, cases, life};
use crate::support::{compile, day, definition, event_of, from, rules, seen};

const RETENTION: Duration = Duration::from_days(20);

fn forgetful() -> ProfileRules {
    let mut definition = definition();
    definition.history.retention = Some(RETENTION);
    for known in &mut definition.traits {
        if known.name.as_str() == "hobbies" {
            known.retention = Some(Duration::from_days(10));
        }
    }
    compile(&definition)
}

/// An instant that lies exactly when something drawn outlives its retention, just before, or anywhere.
fn tick(draws: &mut Draws, events: &[Event]) -> Timestamp {
    if events.is_empty() || draws.once_in(3) {
        return draws.instant(2 * DAYS);
    }
    let event = &events[draws.below(events.len() as u64) as usize];
    let lasts = draws.pick(&[RETENTION, Duration::from_days(10), Duration::from_days(30)]);
    let end = event.occurred_at.plus(lasts);
    if draws.once_in(2) { end } else { end.minus(Duration::from_micros(1)) }
}

#[test]
fn events_and_claims_go_at_the_tick_and_readings_do_not_change() {
    let rules = forgetful();
    let zone = Zone::utc();
    let (mut at_the_tick, mut removed_claims) = (0, 0);
    for case in 0..cases() {
        let mut draws = Draws::new("retain", case);
        let events = life(&mut draws, "a", 1, 14);
        let mut profile = seen(&rules, &events);
        let now = tick(&mut draws, &events);
        let known = |profile: &Profile| {
            ["city", "hobbies", "tier", "age"].map(|name| {
                rules.known(profile, name, now).map(|known| (known.value.into_owned(), known.observed_at))
            })
        };
        let (before, full) = (known(&profile), profile.events());
        let removed = rules.retain(&mut profile, now);
        assert_eq!(known(&profile), before, "case {case}: what was over did not count before either");
        let kept: Vec<&Event> =
            events.iter().filter(|event| now < event.occurred_at.plus(RETENTION)).collect();
        assert_eq!(
            (profile.events(), removed.events),
            (kept.len(), full - kept.len()),
            "case {case} at {now}"
        );
        at_the_tick += events.iter().filter(|event| event.occurred_at.plus(RETENTION) == now).count();
        removed_claims += removed.claims;
        // Totals hold nothing of what went.
        let bought =
            kept.iter().filter(|event| event.kind.as_str() == "purchase" && event.occurred_at <= now);
        assert_eq!(
            rules.value(&profile, now, &zone).unwrap().purchases,
            bought.count() as u64,
            "case {case}"
        );
        let again = profile.clone();
        assert_eq!(rules.retain(&mut profile, now), apropos_profile::Removed::default());
        assert!(profile == again, "case {case}: forgetting twice forgets no more");
        // What was forgotten does not come back by being delivered again.
        for event in &events {
            let _refused = rules.observe(&mut profile, event);
        }
        assert_eq!(profile.events(), kept.len(), "case {case}");
        assert_eq!(known(&profile), before, "case {case}");
    }
    assert!(cases() / 20 < at_the_tick as u64 && cases() / 20 < removed_claims as u64);
}

#[test]
fn a_value_of_a_united_trait_ages_by_itself() {
    let rules = forgetful();
    let hobby = |id: &str, at: i64, hobby: &str| event_of("a", id, "signup", at, json!({"hobbies": [hobby]}));
    let mut profile = seen(&rules, &[hobby("1", 0, "chess"), hobby("2", 9, "golf")]);
    let known = |profile: &Profile, at: i64| {
        rules.known(profile, "hobbies", day(at)).map(|known| known.value.into_owned())
    };
    let list = |all: &[&str]| Some(Value::List(all.iter().map(|text| Value::from(*text)).collect()));
    assert_eq!(known(&profile, 9), list(&["chess", "golf"]));
    assert_eq!(known(&profile, 10), list(&["golf"]));
    rules.retain(&mut profile, day(10));
    assert!(!serde_json::to_string(&profile).unwrap().contains("chess"));
    assert_eq!(known(&profile, 19), None);
}

#[test]
fn a_forgotten_trait_stays_forgotten_when_older_news_arrive_late() {
    let rules = rules();
    let city =
        |id: &str, at: i64, city: &str| from("form", event_of("a", id, "signup", at, json!({"city": city})));
    let forget = event_of("a", "f", "trait.forgotten", 5, json!({"trait": "city"}));
    let events = [city("1", 1, "Ulm"), forget, city("2", 3, "Brno")];
    // In every order of delivery.
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let mut profile = seen(&rules, &order.map(|at| events[at].clone()));
        assert!(rules.known(&profile, "city", day(6)).is_none(), "{order:?}");
        rules.observe(&mut profile, &city("3", 6, "Graz")).unwrap();
        assert_eq!(rules.known(&profile, "city", day(6)).unwrap().value.as_str(), Some("Graz"));
        let stored = serde_json::to_string(&profile).unwrap();
        assert!(!stored.contains("Ulm") && !stored.contains("Brno"), "{order:?}");
    }
}

#[test]
fn a_trait_outlives_its_retention_to_the_microsecond() {
    let rules = rules();
    let mut profile = seen(&rules, &[event_of("a", "1", "signup", 0, json!({"city": "Ulm"}))]);
    assert_eq!(rules.retain(&mut profile, day(30).minus(Duration::from_micros(1))).claims, 0);
    assert_eq!(rules.retain(&mut profile, day(30)).claims, 1);
    let written = serde_json::to_string(&profile).unwrap();
    let words: BTreeSet<&str> = written.split('"').collect();
    assert!(!words.contains("Ulm") && !words.contains("city"));
}
