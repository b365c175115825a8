//! Laws of merging, parting, replaying, forgetting and carrying away.
//!
//! `APROPOS_CASES` sets the number of cases of the cheap laws; the default is 100,000, and a million take less than a minute.

use apropos_event::counter::Window;
use apropos_event::draw::{mix, stable_hash};
use apropos_event::{ChannelId, Event, Identifier, PropertyName, Purpose, SourceId, Timestamp, Zone};
use apropos_profile::identity::{CaseReason, Link};
use apropos_profile::{Count, MergeError, Outcome, Profile, ProfileRules, Use};
use serde_json::json;

use crate::support::{day, event_of, on, rules, seen};

/// How many cases a cheap law is tried on.
fn cases() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "tests may be told how hard to try")]
    let asked = std::env::var("APROPOS_CASES");
    asked.ok().and_then(|text| text.parse().ok()).unwrap_or(100_000)
}

/// A stream of small draws, the same in every run.
struct Draws(u64);

impl Draws {
    fn new(law: &str, case: u64) -> Self {
        Self(stable_hash(case, law.as_bytes()))
    }

    fn below(&mut self, n: u64) -> u64 {
        self.0 = mix(self.0.wrapping_add(0x9E37_79B9_7F4A_7C15));
        self.0 % n
    }
}

/// A statement of consent, for or against, by `customer`, received by `latest` at the latest.
fn statement(draws: &mut Draws, customer: &str, id: u64, latest: u64) -> Event {
    let kind =
        ["consent.granted", "consent.granted", "consent.denied", "consent.withdrawn", "objection.raised"]
            [draws.below(5) as usize];
    let purpose = ["contact", "personalise"][draws.below(2) as usize];
    let mut data = json!({"purpose": purpose});
    if kind == "objection.raised" {
        data = json!({});
    } else if draws.below(2) == 0 {
        data["for_channel"] = ["email", "sms"][draws.below(2) as usize].into();
    }
    if kind == "consent.granted" && draws.below(4) == 0 {
        data["until"] = day(draws.below(40) as i64).to_string().into();
    }
    let received = draws.below(latest + 1);
    let mut event =
        event_of(customer, &format!("{customer}-{id}"), kind, draws.below(received + 1) as i64, data);
    event.received_at = day(received as i64);
    event
}

fn person(draws: &mut Draws, rules: &ProfileRules, customer: &str, latest: u64) -> Profile {
    let mut profile = seen(rules, &[event_of(customer, &format!("{customer}-first"), "view", 0, json!({}))]);
    for id in 0..draws.below(4) {
        rules.observe(&mut profile, &statement(draws, customer, id, latest)).unwrap();
    }
    profile
}

/// Everything a profile can be asked to permit.
fn permitted(rules: &ProfileRules, profile: &Profile, now: Timestamp) -> Vec<bool> {
    let channels = [None, Some(ChannelId::new("email").unwrap()), Some(ChannelId::new("sms").unwrap())];
    let marketing = PropertyName::new("marketing").unwrap();
    let mut all = Vec::new();
    for purpose in [Purpose::Contact, Purpose::Personalise] {
        for channel in &channels {
            for category in [None, Some(&marketing)] {
                let asked = Use { purpose, channel: channel.as_ref(), category };
                all.push(rules.permission(profile, asked, now).allowed);
            }
        }
    }
    all
}

#[track_caller]
fn not_wider(merged: &[bool], side: &[bool], case: u64) {
    assert!(merged.iter().zip(side).all(|(merged, side)| !*merged || *side), "case {case} widens");
}

fn link(a: &Profile, b: &Profile, at: Timestamp) -> Link {
    let ends = (a.keys().next().unwrap(), b.keys().next().unwrap());
    Link::new(ends, SourceId::new("crm").unwrap(), "same login", 90, at)
}

#[test]
fn permission_never_widens_by_merging_joining_or_importing() {
    let rules = rules();
    for case in 0..cases() {
        let mut draws = Draws::new("widen", case);
        let (a, b) = (person(&mut draws, &rules, "a", 20), person(&mut draws, &rules, "b", 20));
        let copy = person(&mut draws, &rules, "a", 20);
        let now = day(20 + draws.below(20) as i64);
        let before = permitted(&rules, &a, now);
        let mut merged = a.clone();
        rules.merge(&mut merged, &b, &link(&a, &b, day(20)), day(20)).unwrap();
        let after = permitted(&rules, &merged, now);
        not_wider(&after, &before, case);
        not_wider(&after, &permitted(&rules, &b, now), case);
        let mut joined = a.clone();
        rules.join(&mut joined, &copy);
        let after = permitted(&rules, &joined, now);
        not_wider(&after, &before, case);
        not_wider(&after, &permitted(&rules, &copy, now), case);
    }
}

#[test]
fn a_late_grant_older_than_a_refusal_changes_nothing() {
    let rules = rules();
    for case in 0..cases() {
        let mut draws = Draws::new("late", case);
        let mut profile = person(&mut draws, &rules, "a", 20);
        let refused = day(10 + draws.below(10) as i64);
        let mut refusal =
            event_of("a", "no", "consent.withdrawn", 0, json!({"purposes": ["contact", "personalise"]}));
        (refusal.occurred_at, refusal.received_at) = (refused, refused);
        rules.observe(&mut profile, &refusal).unwrap();
        let now = day(40);
        let before = permitted(&rules, &profile, now);
        let mut grant =
            event_of("a", "yes", "consent.granted", 0, json!({"purposes": ["contact", "personalise"]}));
        grant.occurred_at = refused.minus(apropos_event::Duration::from_hours(draws.below(200) as i64));
        grant.received_at = now;
        rules.observe(&mut profile, &grant).unwrap();
        not_wider(&permitted(&rules, &profile, now), &before, case);
        // Replaying everything that was said, in any order, changes nothing either.
        let replayed = profile.clone();
        for event in [&grant, &refusal] {
            assert_eq!(rules.observe(&mut profile, event).unwrap().outcome, Outcome::Repeated);
        }
        assert_eq!(profile, replayed);
    }
}

/// A purchase, a view, a trait, a preference, a goal: whatever `n` asks for.
fn happening(customer: &str, n: u64) -> Event {
    let id = format!("{customer}-{n}");
    let at = (n * 7 % 90) as i64;
    let channel = ["web", "app", "store"][(n % 3) as usize];
    match n % 6 {
        0 => on(channel, event_of(customer, &id, "purchase", at, json!({"amount": format!("{n}.50")}))),
        1 => on(channel, event_of(customer, &id, "view", at, json!({"product": format!("p{}", n % 5)}))),
        2 => event_of(customer, &id, "signup", at, json!({"age": n, "hobbies": [format!("h{}", n % 4)]})),
        3 => event_of(
            customer,
            &id,
            "preference.set",
            at,
            json!({"topic": format!("t{}", n % 3), "interest": (n % 3) as i64 - 1}),
        ),
        4 => event_of(customer, &id, "goal.declared", at, json!({"goal": format!("g{}", n % 2)})),
        _ => on(channel, event_of(customer, &id, "search", at, json!({"goal": "find"}))),
    }
}

fn lived(draws: &mut Draws, rules: &ProfileRules, customer: &str) -> Profile {
    let mut profile = Profile::new();
    for _ in 0..=draws.below(8) {
        rules.observe(&mut profile, &happening(customer, draws.below(60))).unwrap();
    }
    profile
}

fn joined(rules: &ProfileRules, a: &Profile, b: &Profile) -> Profile {
    let mut joined = a.clone();
    rules.join(&mut joined, b);
    joined
}

#[test]
fn joining_is_associative_commutative_and_idempotent() {
    let rules = rules();
    for case in 0..cases() / 10 {
        let mut draws = Draws::new("join", case);
        // Copies of two people, so that both members met and members not met occur.
        let mut copy = || {
            let customer = ["a", "b"][draws.below(2) as usize];
            let mut profile = lived(&mut draws, &rules, customer);
            for id in 0..draws.below(3) {
                let unique = id + 1_000 * draws.below(1_000_000);
                rules.observe(&mut profile, &statement(&mut draws, customer, unique, 20)).unwrap();
            }
            profile
        };
        let (a, b, c) = (copy(), copy(), copy());
        assert_eq!(joined(&rules, &a, &a), a, "case {case}");
        let (ab, ba) = (joined(&rules, &a, &b), joined(&rules, &b, &a));
        assert_eq!(ab, ba, "case {case}");
        assert_eq!(joined(&rules, &ab, &c), joined(&rules, &a, &joined(&rules, &b, &c)), "case {case}");
    }
}

#[test]
fn unmerging_gives_back_both_sides_and_what_they_lived_since() {
    let rules = rules();
    for case in 0..cases() / 10 {
        let mut draws = Draws::new("unmerge", case);
        let (a, b) = (lived(&mut draws, &rules, "a"), lived(&mut draws, &rules, "b"));
        let link = link(&a, &b, day(90));
        let mut whole = a.clone();
        rules.merge(&mut whole, &b, &link, day(90)).unwrap();
        let mut parted = whole.clone();
        let others = rules.unmerge(&mut parted, link.id).unwrap();
        let (mine, theirs) = if parted == a { (&parted, &others[0]) } else { (&others[0], &parted) };
        assert_eq!((mine, theirs), (&a, &b), "case {case}");
        // What each side lives while they are one goes to that side.
        let (later_a, later_b) = (happening("a", 100 + case % 7), happening("b", 200 + case % 7));
        for event in [&later_a, &later_b] {
            rules.observe(&mut whole, event).unwrap();
        }
        let (mut alone_a, mut alone_b) = (a.clone(), b.clone());
        rules.observe(&mut alone_a, &later_a).unwrap();
        rules.observe(&mut alone_b, &later_b).unwrap();
        let others = rules.unmerge(&mut whole, link.id).unwrap();
        let sides = [whole, others[0].clone()];
        assert!(sides.contains(&alone_a) && sides.contains(&alone_b), "case {case}");
    }
}

#[test]
fn merging_adds_counters_up_and_parting_takes_them_apart() {
    let rules = rules();
    let bought = |customer: &str, n: u64| {
        seen(&rules, &(0..n).map(|n| happening(customer, n * 6)).collect::<Vec<_>>())
    };
    let (a, b) = (bought("a", 3), bought("b", 4));
    let count = |profile: &Profile| rules.value(profile, day(100), &Zone::utc()).unwrap().purchases;
    let link = link(&a, &b, day(100));
    let mut whole = a.clone();
    rules.merge(&mut whole, &b, &link, day(100)).unwrap();
    assert_eq!((count(&a), count(&b), count(&whole)), (3, 4, 7));
    assert_eq!(rules.merge(&mut whole, &b, &link, day(100)), Err(MergeError::Known));
    let others = rules.unmerge(&mut whole, link.id).unwrap();
    let mut counts = [count(&whole), count(&others[0])];
    counts.sort_unstable();
    assert_eq!(counts, [3, 4]);
    assert_eq!(rules.unmerge(&mut whole, link.id), Err(MergeError::UnknownLink));
}

#[test]
fn verified_identifiers_that_contradict_raise_a_case_and_merge_nothing() {
    let rules = rules();
    let verified = |customer: &str, number: &str| {
        let mut event = event_of(customer, customer, "identity.verified", 0, json!({}));
        event.identifiers = vec![Identifier::new("customer_number", number)];
        seen(&rules, &[event])
    };
    let (a, b, c) = (verified("a", "100"), verified("b", "200"), verified("c", "100"));
    let mut whole = a.clone();
    match rules.merge(&mut whole, &b, &link(&a, &b, day(1)), day(1)) {
        Err(MergeError::Conflict(case)) => {
            assert_eq!((case.reason, case.keys.len()), (CaseReason::VerifiedConflict, 2));
        }
        other => panic!("expected a case, got {other:?}"),
    }
    assert_eq!(whole, a);
    rules.merge(&mut whole, &c, &link(&a, &c, day(1)), day(1)).unwrap();
}

#[test]
fn a_grant_after_the_merge_counts_for_the_whole_person() {
    let rules = rules();
    let grant = |id: &str, at: i64| event_of("a", id, "consent.granted", at, json!({"purpose": "contact"}));
    let a = seen(&rules, &[grant("1", 0)]);
    let b = seen(&rules, &[event_of("b", "1", "view", 0, json!({}))]);
    let allowed = |profile: &Profile| rules.permission(profile, Use::of(Purpose::Contact), day(9)).allowed;
    let mut whole = a.clone();
    rules.merge(&mut whole, &b, &link(&a, &b, day(5)), day(5)).unwrap();
    assert!(allowed(&a) && !allowed(&whole), "what one side agreed to before does not spread");
    rules.observe(&mut whole, &grant("2", 6)).unwrap();
    assert!(allowed(&whole));
}

#[test]
fn counters_equal_a_naive_recount_under_repeats_and_disorder() {
    let rules = rules();
    for case in 0..cases() / 50 {
        let mut draws = Draws::new("recount", case);
        let total = 1 + draws.below(60);
        let facts: Vec<(i64, i64)> =
            (0..total).map(|_| (draws.below(90 * 1_440) as i64, draws.below(10_000) as i64)).collect();
        let mut deliveries: Vec<(u64, usize)> = Vec::new();
        for at in 0..facts.len() {
            for _ in 0..=draws.below(5) {
                deliveries.push((draws.below(u64::MAX), at));
            }
        }
        deliveries.sort_unstable();
        let mut profile = Profile::new();
        for (_, at) in deliveries {
            let (minute, cents) = facts[at];
            let amount = format!("{}.{:02}", cents / 100, cents % 100);
            let mut event = event_of("a", &at.to_string(), "purchase", 0, json!({"amount": amount}));
            event.occurred_at = day(0).plus(apropos_event::Duration::from_mins(minute));
            event.received_at = day(100);
            rules.observe(&mut profile, &event).unwrap();
        }
        let now = day(draws.below(100) as i64);
        let zone = Zone::new(["UTC", "Europe/Paris", "America/New_York"][draws.below(3) as usize]).unwrap();
        let inside = |window: &str| {
            let span = window.parse::<Window>().unwrap().span(now, &zone);
            let at = |minute: i64| day(0).plus(apropos_event::Duration::from_mins(minute));
            let all =
                facts.iter().filter(move |(minute, _)| span.from <= at(*minute) && at(*minute) <= span.to);
            all.map(|(_, cents)| *cents).collect::<Vec<i64>>()
        };
        let read = |name: &str| rules.count(&profile, name, now, &zone).unwrap();
        assert_eq!(read("purchases_30d"), Count::Number(inside("30d").len() as u64), "case {case}");
        let cents: i64 = inside("month").iter().sum();
        assert_eq!(
            read("spent_month"),
            Count::Amount(format!("{}.{:02}", cents / 100, cents % 100).parse().unwrap())
        );
    }
}

#[test]
fn orders_of_delivery_give_the_same_state() {
    let rules = rules();
    for case in 0..cases() / 50 {
        let mut draws = Draws::new("order", case);
        let mut events: Vec<Event> = (0..=draws.below(30)).map(|n| happening("a", n)).collect();
        events.extend((0..draws.below(5)).map(|id| statement(&mut draws, "a", 500 + id, 20)));
        let straight = seen(&rules, &events);
        let mut shuffled: Vec<(u64, &Event)> =
            events.iter().map(|event| (draws.below(u64::MAX), event)).collect();
        shuffled.sort_by_key(|(draw, _)| *draw);
        let crooked = seen(&rules, &shuffled.into_iter().map(|(_, event)| event.clone()).collect::<Vec<_>>());
        assert_eq!(straight, crooked, "case {case}");
    }
}

#[test]
fn exporting_and_importing_is_the_identity() {
    let rules = rules();
    for case in 0..cases() / 50 {
        let mut draws = Draws::new("export", case);
        let (a, b) = (lived(&mut draws, &rules, "a"), lived(&mut draws, &rules, "b"));
        let mut whole = a.clone();
        rules.merge(&mut whole, &b, &link(&a, &b, day(90)), day(90)).unwrap();
        assert_eq!(rules.import(&rules.export(&whole).unwrap()).unwrap(), whole, "case {case}");
        let bytes = postcard::to_stdvec(&whole).unwrap();
        assert_eq!(postcard::from_bytes::<Profile>(&bytes).unwrap(), whole, "case {case}");
    }
}

#[test]
fn what_is_no_export_is_refused_without_being_repeated() {
    let rules = rules();
    for (text, says) in [
        ("secret words", "the document is not an exported profile (line 1, column 1)"),
        (
            r#"{"version": 9, "profile": {"members": [], "links": []}}"#,
            "version 9 of the export format is not read; 1 is",
        ),
    ] {
        assert_eq!(rules.import(text).unwrap_err().to_string(), says);
    }
    let two = seen(&rules, &[event_of("a", "1", "view", 0, json!({}))]);
    let mut json: serde_json::Value = serde_json::from_str(&rules.export(&two).unwrap()).unwrap();
    let member = json["profile"]["members"][0].clone();
    json["profile"]["members"].as_array_mut().unwrap().push(member);
    assert!(rules.import(&json.to_string()).is_err(), "the same member twice");
}

#[test]
fn retention_removes_at_the_tick() {
    let mut definition = crate::support::definition();
    definition.history.retention = Some(apropos_event::Duration::from_days(60));
    let rules = crate::support::compile(&definition);
    let micro = apropos_event::Duration::from_micros(1);
    for case in 0..cases() / 50 {
        let mut draws = Draws::new("retain", case);
        let events: Vec<Event> = (0..=draws.below(20)).map(|n| happening("a", n * 6)).collect();
        let mut profile = seen(&rules, &events);
        let now = day(draws.below(200) as i64).minus(if draws.below(2) == 0 {
            micro
        } else {
            apropos_event::Duration::ZERO
        });
        rules.retain(&mut profile, now);
        let kept = events
            .iter()
            .filter(|event| now < event.occurred_at.plus(apropos_event::Duration::from_days(60)));
        assert_eq!(profile.events(), kept.count(), "case {case}");
        // What was forgotten does not come back by being delivered again.
        for event in &events {
            let _ = rules.observe(&mut profile, event);
        }
        let kept = events
            .iter()
            .filter(|event| now < event.occurred_at.plus(apropos_event::Duration::from_days(60)));
        assert_eq!(profile.events(), kept.count(), "case {case}");
    }
    let city = event_of("a", "1", "signup", 0, json!({"city": "Ulm"}));
    let mut profile = seen(&rules, &[city]);
    assert_eq!(rules.retain(&mut profile, day(30).minus(micro)).claims, 0);
    assert_eq!(rules.retain(&mut profile, day(30)).claims, 1);
    assert!(!serde_json::to_string(&profile).unwrap().contains("Ulm"));
}
