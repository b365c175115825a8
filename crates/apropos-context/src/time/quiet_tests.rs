//! Quiet hours against a naive twin that reads the wall clock minute by minute.

use apropos_event::{CivilDate, Weekday};
use proptest::prelude::*;

use super::*;
use crate::time::{DayKind, HolidayDefinition, HolidayRule};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn zones() -> [Zone; 6] {
    [
        "Europe/Paris",
        "America/Santiago",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "America/Havana",
        "Asia/Kathmandu",
    ]
    .map(|name| Zone::new(name).unwrap())
}

fn clock(minute: u32) -> CivilTime {
    CivilTime::new((minute / 60) as u8, (minute % 60) as u8).unwrap()
}

proptest! {
    #[test]
    fn next_allowed_is_the_first_minute_that_is_not_quiet(
        which in 0_usize..6,
        hours in 350_640_u32..526_000,
        start in 0_u32..1_440,
        end in 0_u32..1_440,
    ) {
        let zone = &zones()[which];
        let now = Timestamp::from_secs_saturating(i64::from(hours) * 3_600);
        let quiet = QuietHours::daily(clock(start), clock(end));
        let naive = |at: Timestamp| {
            let local = zone.local(at).time;
            let minute = u32::from(local.hour()) * 60 + u32::from(local.minute());
            if start <= end { start <= minute && minute < end } else { start <= minute || minute < end }
        };
        let mut expected = now;
        while naive(expected) {
            expected = expected.plus(Duration::from_mins(1));
        }
        prop_assert_eq!(quiet.next_allowed(zone, now), Some(expected));
        prop_assert_eq!(quiet.is_quiet(zone, now), expected != now);
    }

    #[test]
    fn a_day_has_23_to_25_hours_and_quiet_hours_hold_on_it(which in 0_usize..6, day in 14_600_i64..21_900) {
        let zone = &zones()[which];
        let date = CivilDate::from_days_saturating(day);
        // The one day that Samoa left out when it changed sides of the date line.
        prop_assume!(date.to_string() != "2011-12-30");
        let length = zone.day_length(date);
        prop_assert!(Duration::from_hours(23) <= length && length <= Duration::from_hours(25), "{length}");
        let quiet = QuietHours::daily(clock(22 * 60), clock(7 * 60));
        let start = zone.start_of_day(date);
        let mut allowed = 0;
        for minute in 0..length.as_micros() / 60_000_000 {
            let now = start.plus(Duration::from_mins(minute));
            let hour = zone.local(now).time.hour();
            prop_assert_eq!(quiet.is_quiet(zone, now), !(7..22).contains(&hour));
            allowed += u32::from((7..22).contains(&hour));
        }
        // Clocks change at night, outside the fifteen hours in which sending is allowed.
        prop_assert_eq!(allowed, 15 * 60);
    }
}

#[test]
fn a_window_across_midnight_belongs_to_its_first_day() {
    let window =
        WeeklyWindow { days: vec![DayKind::Friday], ..WeeklyWindow::daily(clock(22 * 60), clock(6 * 60)) };
    let definition = QuietHoursDefinition { windows: vec![window], ..QuietHoursDefinition::default() };
    let mut problems = Problems::new();
    let quiet = QuietHours::compile(&definition, &Holidays::default(), None, &Path::root(), &mut problems);
    assert!(problems.is_empty());
    let utc = Zone::utc();
    // 2026-11-20 is a Friday.
    assert!(!quiet.is_quiet(&utc, at("2026-11-20T05:00:00Z")));
    assert!(quiet.is_quiet(&utc, at("2026-11-20T23:00:00Z")));
    assert!(quiet.is_quiet(&utc, at("2026-11-21T05:59:59Z")));
    assert!(!quiet.is_quiet(&utc, at("2026-11-21T23:00:00Z")));
}

#[test]
fn whole_days_and_holidays_can_be_quiet() {
    let christmas =
        HolidayDefinition { name: "christmas".to_owned(), on: HolidayRule::Yearly { month: 12, day: 25 } };
    let mut problems = Problems::new();
    let holidays = Holidays::compile(&[christmas], &Path::root(), &mut problems);
    let window = WeeklyWindow {
        all_day: true,
        days: vec![DayKind::Sunday, DayKind::Holiday],
        ..WeeklyWindow::default()
    };
    let definition = QuietHoursDefinition { windows: vec![window], ..QuietHoursDefinition::default() };
    let quiet = QuietHours::compile(&definition, &holidays, None, &Path::root(), &mut problems);
    let utc = Zone::utc();
    let friday = at("2026-12-25T10:00:00Z");
    assert_eq!(utc.day(friday).weekday(), Weekday::Friday);
    assert_eq!(quiet.next_allowed(&utc, friday), Some(at("2026-12-26T00:00:00Z")));
    assert_eq!(quiet.next_allowed(&utc, at("2026-12-27T10:00:00Z")), Some(at("2026-12-28T00:00:00Z")));
}

#[test]
fn it_may_be_quiet_for_ever() {
    let window = WeeklyWindow { all_day: true, ..WeeklyWindow::default() };
    let definition = QuietHoursDefinition { windows: vec![window], ..QuietHoursDefinition::default() };
    let mut problems = Problems::new();
    let quiet = QuietHours::compile(&definition, &Holidays::default(), None, &Path::root(), &mut problems);
    assert_eq!(quiet.next_allowed(&Zone::utc(), Timestamp::EPOCH), None);
    assert_eq!(quiet.answer(Some(&Zone::utc()), Timestamp::EPOCH).next_allowed, None);
}

#[test]
fn an_unknown_zone_has_a_policy() {
    let zone = |name: &str| Zone::new(name).unwrap();
    let ask = |unknown_zone: Option<UnknownZonePolicy>, assumed: Option<Zone>| {
        let definition = QuietHoursDefinition {
            windows: vec![WeeklyWindow::daily(clock(21 * 60), clock(8 * 60))],
            unknown_zone,
            ..QuietHoursDefinition::default()
        };
        let mut problems = Problems::new();
        let (holidays, root) = (Holidays::default(), Path::root());
        let quiet = QuietHours::compile(&definition, &holidays, assumed.as_ref(), &root, &mut problems);
        assert!(problems.is_empty(), "{problems}");
        quiet.answer(None, at("2026-11-20T12:00:00Z"))
    };
    let answer = |policy: UnknownZonePolicy| {
        let answer = ask(Some(policy.clone()), None);
        // What is said of quiet hours outdoes what is assumed for everything.
        assert_eq!(ask(Some(policy), Some(zone("Asia/Tokyo"))), answer);
        answer
    };
    assert!(ask(None, None).quiet, "strict where nothing is said");
    let paris = ask(None, Some(zone("Europe/Paris")));
    assert_eq!(paris, answer(UnknownZonePolicy::Assume(zone("Europe/Paris"))));
    assert_eq!(answer(UnknownZonePolicy::Quiet).next_allowed, None);
    assert!(answer(UnknownZonePolicy::Quiet).quiet);
    assert!(!answer(UnknownZonePolicy::Allow).quiet);
    assert!(!answer(UnknownZonePolicy::Assume(zone("Europe/Paris"))).quiet);
    // At noon in Greenwich it is 04:00 in Los Angeles, and 08:00 there is 16:00 here.
    let both = UnknownZonePolicy::Strictest(vec![zone("Europe/Paris"), zone("America/Los_Angeles")]);
    let both = answer(both);
    assert_eq!((both.quiet, both.next_allowed), (true, Some(at("2026-11-20T16:00:00Z"))));
    // When it is day nowhere at the same time, there is no such instant.
    let never = UnknownZonePolicy::Strictest(vec![
        zone("Pacific/Kiritimati"),
        zone("Europe/Paris"),
        zone("America/New_York"),
    ]);
    assert_eq!(answer(never).reason, QuietReason::AssumedZone);
}
