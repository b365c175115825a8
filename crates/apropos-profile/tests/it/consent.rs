//! Consent, restrictions, preferences and receipts.

use apropos_event::{ChannelId, PropertyName, Purpose, Zone};
use apropos_profile::{ConsentState, Profile, ProfileRules, Subject, Use, is_gpc_signal};
use serde_json::json;

use crate::support::{day, event, rules, seen};

fn contact(rules: &ProfileRules, profile: &Profile, channel: &str, at: i64) -> ConsentState {
    let channel = ChannelId::new(channel).unwrap();
    rules.permission(profile, Use::of(Purpose::Contact).on(&channel), day(at)).state
}

#[test]
fn silence_is_unknown_and_the_definition_says_what_that_means() {
    let (rules, profile) = (rules(), Profile::new());
    let contact = rules.permission(&profile, Use::of(Purpose::Contact), day(0));
    assert_eq!((contact.state, contact.allowed), (ConsentState::Unknown, false));
    let personalise = rules.permission(&profile, Use::of(Purpose::Personalise), day(0));
    assert_eq!((personalise.state, personalise.allowed), (ConsentState::Unknown, true));
}

#[test]
fn whoever_stated_nothing_is_neither_blocked_nor_resting_nor_protected_and_has_said_nothing_of_any_use() {
    let rules = rules();
    let silent =
        seen(&rules, &[event("1", "view", 1, json!({})), event("2", "purchase", 2, json!({"amount": "3"}))]);
    assert!(silent.is_silent());
    let email = ChannelId::new("email").unwrap();
    assert!(!rules.is_blocked(&silent, &email, day(3)));
    assert_eq!(rules.rests_until(&silent, Some(&email), day(3)), None);
    assert_eq!(
        rules.is_protected_at_all(&silent, day(3)),
        !rules.protected_states(&silent, day(3)).is_empty()
    );
    for purpose in Purpose::ALL {
        let state = rules.permission(&silent, Use::of(purpose).on(&email), day(3)).state;
        assert_eq!(state, ConsentState::Unknown);
    }
    let spoken = seen(&rules, &[event("3", "consent.denied", 1, json!({"purpose": "contact"}))]);
    assert!(!spoken.is_silent());
}

#[test]
fn the_later_statement_wins_whatever_the_order_of_arrival() {
    let rules = rules();
    let granted = event(
        "1",
        "consent.granted",
        1,
        json!({"purpose": "contact", "for_channel": "email", "basis": "consent"}),
    );
    let withdrawn = event("2", "consent.withdrawn", 2, json!({"purpose": "contact"}));
    let again = event(
        "3",
        "consent.granted",
        3,
        json!({"purpose": "contact", "for_channel": "email", "until": "2026-01-10T00:00:00Z"}),
    );
    let states = |events: &[&apropos_event::Event]| {
        let events: Vec<_> = events.iter().copied().cloned().collect();
        contact(&rules, &seen(&rules, &events), "email", 5)
    };
    assert_eq!(states(&[&granted]), ConsentState::Granted);
    assert_eq!(states(&[&granted, &withdrawn]), ConsentState::Denied);
    assert_eq!(states(&[&withdrawn, &granted]), ConsentState::Denied);
    assert_eq!(states(&[&again, &withdrawn, &granted]), ConsentState::Granted);
    let profile = seen(&rules, &[granted, withdrawn, again]);
    assert_eq!(contact(&rules, &profile, "sms", 5), ConsentState::Denied);
    assert_eq!(contact(&rules, &profile, "email", 9), ConsentState::Denied);
}

#[test]
fn an_objection_stops_marketing_and_nothing_else() {
    let rules = rules();
    let email = ChannelId::new("email").unwrap();
    let mut profile =
        seen(&rules, &[event("1", "consent.granted", 0, json!({"purposes": ["contact", "learn"]}))]);
    assert!(rules.may_market(&profile, &email, day(1)));
    rules.observe(&mut profile, &event("2", "objection.raised", 1, json!({}))).unwrap();
    assert!(!rules.may_market(&profile, &email, day(2)));
    let marketing = PropertyName::new("marketing").unwrap();
    for purpose in Purpose::ALL {
        assert!(!rules.permission(&profile, Use::of(purpose).category(&marketing), day(2)).allowed);
    }
    assert_eq!(contact(&rules, &profile, "email", 2), ConsentState::Granted);
}

#[test]
fn gpc_speaks_only_by_a_one() {
    for (header, speaks) in
        [(Some("1"), true), (Some(" 1 "), true), (Some("0"), false), (Some("true"), false), (None, false)]
    {
        assert_eq!(is_gpc_signal(header), speaks);
    }
    let rules = rules();
    let profile = seen(&rules, &[event("1", "signal.gpc", 0, json!({}))]);
    let sharing = PropertyName::new("sale_or_sharing").unwrap();
    let asked = Use::of(Purpose::Personalise);
    assert!(!rules.permission(&profile, asked.category(&sharing), day(1)).allowed);
    assert!(rules.permission(&profile, asked, day(1)).allowed);
}

#[test]
fn snoozes_end_and_blocks_do_not() {
    let rules = rules();
    let email = ChannelId::new("email").unwrap();
    let profile = seen(
        &rules,
        &[
            event("1", "snooze.started", 0, json!({"until": "2026-01-08T00:00:00Z"})),
            event("2", "snooze.started", 1, json!({"until": "2026-01-04T00:00:00Z"})),
            event("3", "channel.blocked", 0, json!({"for_channel": "sms"})),
        ],
    );
    assert_eq!(rules.rests_until(&profile, Some(&email), day(2)), Some(day(7)));
    assert_eq!(rules.rests_until(&profile, Some(&email), day(7)), None);
    assert!(rules.is_blocked(&profile, &ChannelId::new("sms").unwrap(), day(400)));
    assert!(!rules.is_blocked(&profile, &email, day(0)));
}

#[test]
fn a_short_wish_does_not_hide_a_lasting_one() {
    let rules = rules();
    let subject = Subject::Topic(PropertyName::new("loans").unwrap());
    let profile = seen(
        &rules,
        &[
            event("1", "less_like.set", 0, json!({"topic": "loans"})),
            event("2", "less_like.set", 1, json!({"topic": "loans", "until": "2026-01-04T00:00:00Z"})),
        ],
    );
    assert!(rules.wants_less(&profile, &subject, day(100)));
    assert_eq!(rules.wants_less_of(&profile, day(100)), [&subject]);
}

#[test]
fn protection_follows_statements_and_open_complaints() {
    let rules = rules();
    let mut profile = seen(
        &rules,
        &[
            event("1", "protected.set", 0, json!({"state": "bereaved", "until": "2026-03-01T00:00:00Z"})),
            event("2", "case.opened", 0, json!({"case": "77", "complaint": true})),
        ],
    );
    assert_eq!(rules.protected_states(&profile, day(1)), ["bereaved", "complaint_open"]);
    rules.observe(&mut profile, &event("3", "case.closed", 2, json!({"case": "77"}))).unwrap();
    assert_eq!(rules.protected_states(&profile, day(3)), ["bereaved"]);
    assert!(rules.protected_states(&profile, day(100)).is_empty());
    let mut careful = crate::support::definition();
    careful.protected.unknown_age_is_minor = true;
    let rules = crate::support::compile(&careful);
    assert_eq!(rules.protected_states(&profile, day(100)), ["minor"]);
}

#[test]
fn preferences_come_with_receipts() {
    let rules = rules();
    let profile = seen(
        &rules,
        &[
            event("1", "preference.set", 0, json!({"for_channel": "email", "contacts": 2, "per": "7d"})),
            event(
                "2",
                "preference.set",
                1,
                json!({"topic": "garden", "quiet_from": "21:00", "quiet_to": "08:00", "quiet_days": ["friday"]}),
            ),
            event("3", "preference.set", 2, json!({"topic": "cars", "interest": -1})),
            event("4", "consent.denied", 3, json!({"purpose": "learn", "evidence": "form 12"})),
        ],
    );
    assert_eq!(
        rules.preferred_channel(&profile, day(4)).map(apropos_event::ChannelId::as_str),
        Some("email")
    );
    let paces: Vec<_> = rules.paces(&profile).collect();
    assert_eq!(paces, [(2, apropos_event::Duration::from_days(7))]);
    let (likes, dislikes) = rules.topics(&profile);
    assert_eq!((likes[0].as_str(), dislikes[0].as_str()), ("garden", "cars"));
    let receipts = rules.receipts(&profile, day(4));
    assert_eq!(receipts.len(), 6);
    assert_eq!(
        (receipts[0].what.as_str(), receipts[0].permits, receipts[0].stands),
        ("consent to learn", Some(false), true)
    );
    // 2026-01-02 is a Friday: its night ends on Saturday morning.
    let quiet = |at: &str| rules.is_quiet(&profile, Zone::utc().local(at.parse().unwrap()));
    assert!(quiet("2026-01-02T21:00:00Z") && quiet("2026-01-03T07:59:00Z"));
    assert!(
        !quiet("2026-01-03T08:00:00Z") && !quiet("2026-01-03T21:00:00Z") && !quiet("2026-01-02T20:59:00Z")
    );
}
