//! The page for a person, kindred customers, and the size of a profile.

use apropos_event::Zone;
use apropos_profile::{KindredIndex, Relation, Unsaid};
use serde_json::json;

use crate::support::{day, event, event_of, from, on, rules, seen};

#[test]
fn a_brief_says_what_matters_and_what_must_not_be_said() {
    let rules = rules();
    let profile = seen(
        &rules,
        &[
            from("form", event("1", "signup", 0, json!({"tier": "gold"}))),
            event("2", "trait.set", 0, json!({"trait": "suspicion", "value": "fraud"})),
            on("email", event("3", "newsletter.opened", 1, json!({}))),
            on("phone", event("4", "call.made", 3, json!({}))),
            on("email", event("5", "newsletter.opened", 2, json!({}))),
            event("6", "case.opened", 2, json!({"case": "77", "about": "late parcel", "complaint": true})),
            event("7", "promise.made", 3, json!({"promise": "call back", "due": "2026-01-05T00:00:00Z"})),
            event("8", "action.tried", 2, json!({"action": "voucher", "outcome": "refused"})),
            event(
                "9",
                "goal.declared",
                1,
                json!({"goal": "return_item", "words": "I just want my money back"}),
            ),
            event("10", "less_like.set", 1, json!({"topic": "loans"})),
            event("11", "purchase", 1, json!({"amount": "12.00"})),
            event("12", "review.posted", 2, json!({})),
        ],
    );
    let brief = rules.brief(&profile, day(6));
    assert_eq!(brief.known.len(), 1, "the suspicion is not among what may be said");
    let last: Vec<_> = brief.last_on.iter().map(|contact| (contact.channel.as_str(), contact.at)).collect();
    assert_eq!(last, [("phone", day(3)), ("email", day(2))]);
    assert_eq!((brief.open[0].id.as_str(), brief.open[0].about.as_deref()), ("77", Some("late parcel")));
    assert!(brief.promised[0].overdue);
    assert_eq!(brief.tried[0].outcome.as_deref(), Some("refused"));
    assert_eq!(brief.goals[0].words.as_deref(), Some("I just want my money back"));
    assert_eq!(brief.spent.as_deref(), Some("12 EUR"));
    for unsaid in [
        Unsaid::Trait("suspicion".to_owned()),
        Unsaid::Ask("tier".to_owned()),
        Unsaid::Protected("complaint_open".to_owned()),
        Unsaid::Marketing,
    ] {
        assert!(brief.unsaid.contains(&unsaid));
    }
    let text = serde_json::to_string(&brief).unwrap();
    assert!(text.len() < 4_096 && !text.contains("fraud"));
}

#[test]
fn kindred_customers_share_interests() {
    let rules = rules();
    let person = |customer: &str, hobbies: &[&str]| {
        seen(&rules, &[event_of(customer, "1", "signup", 0, json!({"hobbies": hobbies}))])
    };
    let mut index = KindredIndex::new();
    let people = [
        person("a", &["chess", "go", "tea"]),
        person("b", &["chess", "go", "tea"]),
        person("c", &["tea", "cars"]),
        person("d", &["cars"]),
    ];
    let keys: Vec<_> = people.iter().map(|profile| profile.keys().next().unwrap()).collect();
    for (key, profile) in keys.iter().zip(&people) {
        index.set(*key, rules.interests(profile, day(1)));
    }
    let kindred = index.kindred(keys[0], 5);
    assert_eq!(kindred, [(keys[1], 1.0), (keys[2], 0.25)]);
    index.remove(keys[1]);
    assert_eq!(index.kindred(keys[0], 5), [(keys[2], 0.25)]);
    // Who no longer wants personalisation has no interests to us.
    let mut quiet = people[2].clone();
    rules.observe(&mut quiet, &event_of("c", "2", "personalisation.stopped", 1, json!({}))).unwrap();
    assert!(rules.interests(&quiet, day(2)).is_empty());
    let tied =
        seen(&rules, &[event_of("a", "2", "tie.formed", 0, json!({"relation": "helps", "other": "b"}))]);
    assert_eq!(rules.tied(&tied, Relation::Helps), [keys[1]]);
}

/// Cost does not depend on the length of history because what is kept does not: after any number of events a profile
/// holds at most what its definition says, and recognising a repeat probes a table of that size.
#[test]
fn history_is_bounded_however_long_it_gets() {
    let mut definition = crate::support::definition();
    (definition.history.entries, definition.history.counted) = (50, 100);
    let rules = crate::support::compile(&definition);
    let mut profile = apropos_profile::Profile::new();
    let mut sizes = Vec::new();
    for n in 0..3_000_i64 {
        let kind = ["purchase", "walk", "view"][(n % 3) as usize];
        let mut event = event(&n.to_string(), kind, 0, json!({"amount": 1, "product": n % 5}));
        event.occurred_at = day(0).plus(apropos_event::Duration::from_mins(n));
        event.received_at = event.occurred_at;
        rules.observe(&mut profile, &event).unwrap();
        if n % 1_000 == 999 {
            sizes.push((profile.events(), postcard::to_stdvec(&profile).unwrap().len()));
        }
    }
    assert_eq!(profile.events(), 250);
    assert!(sizes[2].1 - sizes[1].1 < 64, "{sizes:?}");
    assert_eq!(
        rules.value(&profile, day(9), &Zone::utc()).unwrap().purchases,
        1_000,
        "totals outlive what is kept one by one"
    );
    assert_eq!(rules.value(&profile, day(9), &Zone::utc()).unwrap().spent, Some("1000".parse().unwrap()));
}

#[test]
fn a_full_profile_is_small() {
    let traits: Vec<serde_json::Value> = (0..50)
        .map(|n| json!({"name": format!("trait_{n:02}"), "type": if n % 2 == 0 { "text" } else { "int" }}))
        .collect();
    let counter = |n: usize, kind: &str| json!({"name": format!("c{n}"), "aggregate": "count", "event": kind, "window": "30d"});
    let counters: Vec<_> = (0..12).map(|n| counter(n, ["view", "click", "purchase"][n % 3])).collect();
    let definition = serde_json::from_value(json!({"traits": traits, "counters": counters})).unwrap();
    let rules = crate::support::compile(&definition);
    let mut profile = apropos_profile::Profile::new();
    for n in 0..200_i64 {
        let (kind, data) = if n < 50 {
            let value = if n % 2 == 0 { json!(format!("value {n}")) } else { json!(n * 37) };
            ("trait.set", json!({"trait": format!("trait_{n:02}"), "value": value}))
        } else {
            (["view", "click", "purchase"][(n % 3) as usize], json!({}))
        };
        let mut event = on(["web", "app"][(n % 2) as usize], event(&n.to_string(), kind, 0, data));
        event.occurred_at = day(0).plus(apropos_event::Duration::from_mins(n * 617));
        event.received_at = event.occurred_at;
        rules.observe(&mut profile, &event).unwrap();
    }
    assert_eq!(profile.events(), 200);
    let size = postcard::to_stdvec(&profile).unwrap().len();
    assert!(size <= 6 * 1_024, "{size} bytes");
}
