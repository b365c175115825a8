//! A thousand customers with a marker in every field; five hundred are erased; not one byte of their markers remains.

use apropos_event::{ChannelId, CustomerId, Event, EventId, EventKind, Identifier, Purpose, SourceId};
use apropos_profile::{KindredIndex, Profile, ProfileRules, Use};
use serde_json::json;

use crate::support::{compile, day, definition, event_of};

/// A text that occurs nowhere else.
fn marker(customer: usize, field: &str) -> String {
    format!("Canary{customer:04}{field}Yranac")
}

/// A life that puts a marker into every field a profile has.
fn life(customer: usize) -> Vec<Event> {
    let mark = |field: &str| marker(customer, field);
    let key = mark("customer");
    let other = marker((customer + 1) % 1_000, "customer");
    let all = [
        ("signup", json!({"city": mark("city"), "hobbies": [mark("hobby")]})),
        ("trait.set", json!({"trait": "suspicion", "value": mark("suspicion")})),
        (
            "consent.granted",
            json!({"purpose": "contact", "for_channel": mark("channel"), "category": mark("category"), "evidence": mark("evidence")}),
        ),
        (
            "consent.denied",
            json!({"purpose": "learn", "for_channel": mark("denied"), "category": mark("deniedcategory"), "evidence": mark("proof")}),
        ),
        ("channel.blocked", json!({"for_channel": mark("blocked")})),
        ("less_like.set", json!({"topic": mark("topic")})),
        ("less_like.set", json!({"action": mark("action")})),
        ("preference.set", json!({"for_channel": mark("preferred"), "topic": mark("liked")})),
        ("protected.set", json!({"state": mark("state")})),
        ("goal.declared", json!({"goal": mark("goal"), "words": mark("words")})),
        ("tie.formed", json!({"relation": "follows", "other": other})),
        ("case.opened", json!({"case": mark("case"), "about": mark("about")})),
        ("promise.made", json!({"promise": mark("promise"), "about": mark("promised")})),
        ("action.tried", json!({"action": mark("tried"), "outcome": mark("outcome")})),
        ("search", json!({"goal": mark("effort")})),
        ("purchase", json!({"amount": "1.5", "note": mark("note")})),
        ("view", json!({"product": mark("product")})),
    ];
    let mut events: Vec<Event> = Vec::new();
    for (n, (kind, data)) in all.into_iter().enumerate() {
        let mut event = event_of(&key, &mark(&format!("event{n}")), kind, n as i64, data);
        event.channel = ChannelId::new(mark("via")).ok();
        event.source = SourceId::new(mark("source")).unwrap();
        event.identifiers =
            vec![Identifier::new("email", mark("email")), Identifier::new("cookie", mark("cookie"))];
        events.push(event);
    }
    let mut odd = event_of(&key, &mark("odd"), "view", 20, json!({}));
    odd.kind = EventKind::new(mark("kind")).unwrap();
    events.push(odd);
    events
}

/// Refusals whose texts must not repeat what the customer's data says.
fn refused(rules: &ProfileRules, profile: &mut Profile, customer: usize, log: &mut Vec<String>) {
    let key = marker(customer, "customer");
    let mut try_event = |event: Event| {
        let error = rules.observe(profile, &event).unwrap_err();
        log.push(format!("{error} {error:?}"));
    };
    try_event(event_of(&key, &marker(customer, "bad"), "signup", 0, json!({"age": marker(customer, "age")})));
    try_event(event_of(
        &key,
        &marker(customer, "bad"),
        "trait.set",
        0,
        json!({"trait": marker(customer, "trait"), "value": 1}),
    ));
    try_event(event_of(
        &key,
        &marker(customer, "bad"),
        "consent.granted",
        0,
        json!({"purpose": marker(customer, "purpose")}),
    ));
    try_event(event_of(&marker(customer, "other"), &marker(customer, "bad"), "view", 0, json!({})));
    let mut conflict = life(customer).remove(0);
    conflict.properties.clear();
    try_event(conflict);
    let error = rules.import(&marker(customer, "import")).unwrap_err();
    log.push(format!("{error} {error:?}"));
}

/// The spellings in which a marker might hide.
fn spellings(text: &str) -> Vec<Vec<u8>> {
    let hex = |bytes: &[u8]| -> Vec<u8> {
        bytes.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect()
    };
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    vec![text.as_bytes().to_vec(), text.to_lowercase().into_bytes(), wide, hex(text.as_bytes())]
}

/// Every run of 24 bytes that could be the middle of a marker is looked up, so that one pass finds all markers.
fn find(haystack: &[u8], erased: impl Fn(usize) -> bool) -> Option<usize> {
    // Markers begin with `canary` and four digits in every spelling.
    for start in [&b"Canary"[..], b"canary"] {
        for spelled in spellings(std::str::from_utf8(start).unwrap()) {
            let step = spelled.len() / 6;
            for (at, window) in haystack.windows(spelled.len()).enumerate() {
                if window != spelled {
                    continue;
                }
                let digit = |n: usize| {
                    let at = at + (6 + n) * step;
                    let byte = *haystack.get(at)?;
                    let next = haystack.get(at + 1).copied().unwrap_or(0);
                    let value = if step == 2 && byte == b'3' && next != 0 { next } else { byte };
                    (value as char).to_digit(10)
                };
                let number = (0..4).try_fold(0, |sum, n| Some(sum * 10 + digit(n)?));
                if number.is_some_and(|number| erased(number as usize)) {
                    return Some(at);
                }
            }
        }
    }
    None
}

#[test]
fn the_search_finds_every_spelling() {
    for spelled in spellings(&marker(17, "x")) {
        let haystack = [b"before".to_vec(), spelled, b"after".to_vec()].concat();
        assert!(find(&haystack, |number| number == 17).is_some());
        assert!(find(&haystack, |number| number == 18).is_none());
    }
}

#[test]
fn nothing_of_an_erased_customer_remains() {
    let rules = compile(&definition());
    let mut log = Vec::new();
    let mut index = KindredIndex::new();
    let mut profiles: Vec<Profile> = Vec::new();
    for customer in 0..1_000 {
        let mut profile = Profile::new();
        for event in life(customer) {
            let changes = rules.observe(&mut profile, &event).unwrap();
            log.push(format!("{changes:?}"));
        }
        refused(&rules, &mut profile, customer, &mut log);
        index.set(profile.keys().next().unwrap(), rules.interests(&profile, day(30)));
        log.push(format!("{profile:?} {:?} {:?}", rules.brief(&profile, day(30)), rules.efforts(&profile)));
        profiles.push(profile);
    }
    let mut stored: Vec<u8> = Vec::new();
    let mut gone = Vec::new();
    for profile in profiles.iter_mut().step_by(2) {
        let key = profile.keys().next().unwrap();
        let (certificate, tombstone) = rules.erase(profile, day(31));
        assert!(profile.is_empty());
        assert!(18 <= certificate.events && certificate.traits == 3 && certificate.identifiers == 2);
        index.remove(key);
        log.push(format!("{certificate:?} {tombstone:?}"));
        stored.extend(serde_json::to_vec(&(&certificate, &tombstone)).unwrap());
        stored.extend(postcard::to_stdvec(&(&certificate, &tombstone)).unwrap());
        gone.push((key, tombstone));
    }
    let mut forgotten = 0;
    for profile in profiles.iter_mut().skip(1).step_by(2) {
        forgotten += gone.iter().map(|(key, _)| rules.forget_ties(profile, *key)).sum::<usize>();
    }
    assert_eq!(forgotten, 500, "every customer who was kept had followed one who was erased");
    for profile in &profiles {
        stored.extend(serde_json::to_vec(profile).unwrap());
        stored.extend(postcard::to_stdvec(profile).unwrap());
    }
    stored.extend(serde_json::to_vec(&index).unwrap());
    // The search itself works: what was kept is found.
    assert!(find(&stored, |number| number % 2 == 1).is_some());
    assert_eq!(find(&stored, |number| number % 2 == 0), None, "a marker is left in a stored state");
    // Logs, debug output and errors hold no marker of anybody.
    assert_eq!(find(log.join("\n").as_bytes(), |_| true), None, "a marker is left in a log");
    // Those who were kept can still be read in full.
    for (customer, profile) in profiles.iter().enumerate().skip(1).step_by(2) {
        let city = rules.known(profile, "city", day(10)).unwrap();
        assert_eq!(city.value.as_str(), Some(marker(customer, "city").as_str()));
    }
}

#[test]
fn an_erased_customer_who_comes_again_is_still_left_alone() {
    let rules = compile(&definition());
    let mut profile = Profile::new();
    for event in life(1) {
        rules.observe(&mut profile, &event).unwrap();
    }
    let (_, tombstone) = rules.erase(&mut profile, day(31));
    // The same cookie under another customer key.
    let mut again =
        event_of("somebody-new", "1", "consent.granted", 5, json!({"purposes": ["contact", "learn"]}));
    again.identifiers = vec![Identifier::new("cookie", marker(1, "cookie"))];
    rules.observe(&mut profile, &again).unwrap();
    assert!(rules.permission(&profile, Use::of(Purpose::Contact), day(40)).allowed);
    assert!(rules.remind(&mut profile, &tombstone));
    for purpose in [Purpose::Contact, Purpose::Learn] {
        assert!(!rules.permission(&profile, Use::of(purpose), day(40)).allowed, "{purpose}");
    }
    // What they agree to from now on counts.
    let later = event_of("somebody-new", "2", "consent.granted", 41, json!({"purpose": "contact"}));
    rules.observe(&mut profile, &later).unwrap();
    assert!(rules.permission(&profile, Use::of(Purpose::Contact), day(42)).allowed);
    let mut stranger = Profile::new();
    let event = Event::new(
        EventId::new("1").unwrap(),
        SourceId::new("crm").unwrap(),
        EventKind::new("view").unwrap(),
        CustomerId::new("stranger").unwrap(),
        day(40),
    );
    rules.observe(&mut stranger, &event).unwrap();
    assert!(!rules.remind(&mut stranger, &tombstone));
}
