//! The quiet times that customers set, beside the quiet hours of the playbook: both hold, and it is said until when.

use apropos::event::{CustomerId, Duration, Timestamp, Value, Weekday, Zone};
use apropos::nba::Reason;
use apropos::{Customer, Decision, Engine, Moment};
use proptest::prelude::*;

use crate::world::{at, book, compiled, happened, with};

const LETTERS: &str = r#"
[profile.consent]
contact = "allow"

[[context.channels]]
id = "letter"
direction = "outbound"

[[context.time.quiet_hours]]
windows = [{ start = "21:00", end = "08:00" }]

[[actions]]
id = "write"
class = "sell"
treatments = [{ channel = "letter" }]
value = 2
benefit = 2
"#;

/// It is quiet at night; of zones only the moment tells.
fn letters() -> Engine {
    compiled(&book("letters", LETTERS))
}

/// A customer who wants to be left alone from one time to another, on some days or on every one.
fn who_rests(engine: &Engine, from: &str, to: &str, days: &[Weekday]) -> Customer {
    let mut customer = engine.customer(CustomerId::from_number(1));
    let wish = happened(customer.id(), "preference.set", "p", at("1996-01-01T12:00:00Z"));
    let days = days.iter().map(|day| Value::from(day.as_str())).collect();
    let wish = with(with(with(wish, "quiet_from", from), "quiet_to", to), "quiet_days", Value::List(days));
    assert!(engine.observe(&mut customer, &wish).unwrap().new);
    customer
}

fn asked(engine: &Engine, customer: &Customer, moment: &Moment) -> (Decision, Option<Reason>) {
    let decision = engine.decide(customer, moment, &engine.model(), 1);
    let dropped = decision.candidate("write").unwrap().dropped.as_ref().map(|dropped| dropped.reason);
    (decision, dropped)
}

#[track_caller]
fn check(zone: &str, (from, to): (&str, &str), now: &str, next: &str) {
    let engine = letters();
    let customer = who_rests(&engine, from, to, &[]);
    let moment = Moment::at(at(now)).in_zone(Zone::new(zone).unwrap());
    let (decision, dropped) = asked(&engine, &customer, &moment);
    assert_eq!(dropped, Some(Reason::Quiet(Some(at(next)))));
    assert_eq!(decision.look_again, Some(at(next)), "asking again is worth it then, and not before");
    let explained = engine.explain(&decision, &customer, &moment, &engine.model());
    assert_eq!(explained.lines[0].change.as_deref(), Some(format!("from {next}").as_str()));
    let then = Moment { now: at(next), ..moment };
    assert_eq!(asked(&engine, &customer, &then).1, None);
}

#[test]
fn quiet_times_say_until_when_and_hand_over_to_quiet_hours() {
    let berlin = "Europe/Berlin";
    check(berlin, ("12:00", "14:30"), "2026-06-01T10:15:00Z", "2026-06-01T12:30:00Z");
    check(berlin, ("19:00", "22:00"), "2026-06-01T17:15:00Z", "2026-06-02T06:00:00Z");
    check(berlin, ("07:30", "09:15"), "2026-06-01T20:00:00Z", "2026-06-02T07:15:00Z");
    // The clocks go forward, and back, while it is quiet.
    check(berlin, ("20:00", "10:00"), "2026-03-28T19:30:00Z", "2026-03-29T08:00:00Z");
    check(berlin, ("20:00", "10:00"), "2026-10-24T18:30:00Z", "2026-10-25T09:00:00Z");
    check("America/Santiago", ("18:00", "08:30"), "2024-09-07T22:30:00Z", "2024-09-08T11:30:00Z");
}

#[test]
fn whoever_never_wants_to_hear_of_us_is_not_told_when() {
    let engine = letters();
    let customer = who_rests(&engine, "08:00", "21:00", &[]);
    let moment = Moment::at(at("2026-06-01T10:15:00Z")).in_zone(Zone::utc());
    let (decision, dropped) = asked(&engine, &customer, &moment);
    assert_eq!((dropped, decision.look_again), (Some(Reason::Quiet(None)), None));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn the_instant_given_is_the_first_at_which_neither_holds(
        zone in prop::sample::select(vec![
            "Europe/Paris", "America/Santiago", "Australia/Lord_Howe", "Pacific/Apia", "America/Havana", "Asia/Kathmandu",
        ]),
        quarter in 1_000_000_i64..2_000_000,
        from in 0_u32..1_440,
        to in 0_u32..1_440,
        days in prop::sample::subsequence(Weekday::ALL.to_vec(), 0..=7),
    ) {
        let clock = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
        let engine = letters();
        let customer = who_rests(&engine, &clock(from), &clock(to), &days);
        let zone = Zone::new(zone).unwrap();
        let now = Timestamp::from_secs_saturating(quarter * 900);
        // The plain twin reads the wall clock minute by minute, for nine days at most.
        let quiet = |at: Timestamp| {
            let local = zone.local(at);
            let minute = u32::from(local.time.hour()) * 60 + u32::from(local.time.minute());
            let night = !(8 * 60..21 * 60).contains(&minute);
            night || engine.profile().is_quiet(customer.profile(), local)
        };
        let next = (0..9 * 1_440).map(|minute| now.plus(Duration::from_mins(minute))).find(|at| !quiet(*at));
        let expected = if next == Some(now) { None } else { Some(Reason::Quiet(next)) };
        prop_assert_eq!(asked(&engine, &customer, &Moment::at(now).in_zone(zone.clone())).1, expected);
    }
}
