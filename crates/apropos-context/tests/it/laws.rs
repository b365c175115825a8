//! Laws on random input: situations are total and ordered, confidence never grows, state survives storage.

use apropos_condition::{Condition, Truth};
use apropos_context::{
    ContextDefinition, ContextState, Device, DeviceClass, Happening, Location, Moment, Point, Reading,
    SituationDefinition, Source, usual_signals,
};
use apropos_event::{ChannelId, Duration, Event, SituationId, Timestamp, Value, Zone};
use proptest::prelude::*;

use crate::support::{Compiled, at, compile, definition, event};

pub(crate) fn cases() -> ProptestConfig {
    #[expect(clippy::disallowed_methods, reason = "how long a test runs is the tester's choice")]
    let cases = std::env::var("APROPOS_CASES").ok().and_then(|text| text.parse().ok());
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases.unwrap_or(256)) }
}

const START: &str = "2026-03-27T12:00:00Z";

fn all() -> ContextDefinition {
    definition(
        r#"{ "place": { "event": "position", "places": [
                { "id": "store", "kind": "store", "at": { "latitude": 0.0, "longitude": 0.0 }, "radius_m": 400 },
                { "id": "work", "kind": "work", "at": { "latitude": 0.01, "longitude": 0.01 }, "radius_m": 400 } ] },
             "channels": [{ "id": "app" }, { "id": "car" }], "zone_property": "zone", "zone_half_life": "1d",
             "upcoming": [{ "kind": "trip", "lead": "1d", "expect_on": { "kind": "booking" }, "due": "at" }],
             "cycles": [{ "id": "life", "per": "product", "stages": [
                { "id": "a", "enter_on": [{ "kind": "purchase" }] },
                { "id": "b", "enter_on": [{ "kind": "error" }], "leave_on": [{ "kind": "resolved" }] } ] }] }"#,
    )
}

prop_compose! {
    fn any_moment()(
        minutes in 0_i64..10_000,
        zone in prop::option::of(prop::sample::select(vec!["Europe/Paris", "Asia/Tokyo", "America/Santiago"])),
        channel in prop::option::of(prop::sample::select(vec!["app", "car", "fax"])),
        class in prop::option::of(prop::sample::select(DeviceClass::ALL.to_vec())),
        place in prop::option::of((-0.02..0.02_f64, -0.02..0.02_f64, 0.0..500.0_f64, 0_i64..60)),
        due in prop::option::of(-60_i64..3_000),
    ) -> Moment {
        let now = at(START).plus(Duration::from_mins(minutes));
        let mut moment = Moment::at(now);
        moment.zone = zone.map(|name| Zone::new(name).unwrap());
        moment.channel = channel.map(|name| ChannelId::new(name).unwrap());
        moment.device = class.map(Device::new);
        moment.location = place.map(|(latitude, longitude, accuracy, age)| {
            let location = Location::within(Point::new(latitude, longitude).unwrap(), accuracy);
            Reading::new(location, Source::Request, now.minus(Duration::from_mins(age))).fading(Duration::from_mins(10))
        });
        moment.upcoming.extend(due.map(|due| Happening::new("trip", now.plus(Duration::from_mins(due)))));
        moment
    }
}

fn any_events() -> impl Strategy<Value = Vec<Event>> {
    let kinds: Vec<String> = usual_signals()
        .iter()
        .flat_map(|signal| signal.evidence.iter().map(|evidence| evidence.on.kind.to_string()))
        .chain(["position", "booking", "goal_stated", "unheard_of"].map(str::to_owned))
        .collect();
    let one = (prop::sample::select(kinds), 0_i64..10_000, -0.02..0.02_f64, -0.02..0.02_f64, 0_usize..3);
    prop::collection::vec(one, 0..40).prop_map(|rows| {
        rows.into_iter()
            .map(|(kind, minutes, latitude, longitude, which)| {
                let when = at(START).plus(Duration::from_mins(minutes));
                let due = when.plus(Duration::from_hours(20)).to_string();
                let properties = [
                    ("latitude", Value::Double(latitude)),
                    ("longitude", Value::Double(longitude)),
                    ("product", Value::from(["phone", "case", "tv"][which])),
                    ("zone", Value::from(["Europe/Paris", "Asia/Tokyo", "UTC"][which])),
                    ("goal", Value::from(["buy", "fix", "fly"][which])),
                    ("at", Value::from(due)),
                ];
                event(&kind, when, &properties)
            })
            .collect()
    })
}

fn observed(compiled: &Compiled, events: &[Event]) -> ContextState {
    let mut state = ContextState::new();
    for event in events {
        compiled.rules.observe(&mut state, event).unwrap();
    }
    state
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn situations_are_total_and_ordered(moment in any_moment(), events in any_events()) {
        let compiled = compile(&all());
        let state = observed(&compiled, &events);
        let facts = compiled.facts(&state, &moment);
        let found = compiled.rules.situations().of(&facts).cloned();
        prop_assert!(found.is_some());
        // The twin: the first of the usual ones whose condition holds, read alone.
        let usual = apropos_context::usual_situations();
        let first = usual.iter().find(|situation| {
            let text = situation.when.as_deref().unwrap_or("true");
            let (condition, _) = Condition::parse(text, &compiled.schema).unwrap();
            condition.evaluate(&facts) == Truth::True
        });
        let expected = first.map_or(SituationId::new("unremarkable").unwrap(), |situation| situation.id.clone());
        prop_assert_eq!(found.as_ref(), Some(&expected));
        prop_assert_eq!(compiled.tell(&facts, "context.situation"), expected.to_string());
    }

    #[test]
    fn any_list_of_situations_matches_something(
        conditions in prop::collection::vec(prop::option::of(prop::sample::select(vec![
            "context.hour > 12", "context.weekend", "context.device.owned", "context.motion == \"riding\"",
        ])), 0..8),
        moment in any_moment(),
    ) {
        let mut definition = all();
        let list = conditions.iter().flatten().enumerate();
        definition.situations = list
            .map(|(n, when)| SituationDefinition {
                id: SituationId::new(format!("s{n}")).unwrap(),
                when: Some((*when).to_owned()),
                doc: String::new(),
            })
            .collect();
        let compiled = compile(&definition);
        let facts = compiled.facts(&ContextState::new(), &moment);
        prop_assert!(compiled.rules.situations().of(&facts).is_some());
        prop_assert_ne!(compiled.tell(&facts, "context.situation"), "?");
    }

    #[test]
    fn confidence_never_grows_with_age(
        moment in any_moment(),
        events in any_events(),
        by_request in any::<bool>(),
        late in 0_i64..40,
        wait in 0_i64..60,
    ) {
        let compiled = compile(&all());
        let state = observed(&compiled, &events);
        let explained = |moment: &Moment| {
            let facts = compiled.facts(&state, moment);
            compiled.rules.explain(&state, moment, &facts)
        };
        // Minutes after the request or the last event, so that positions, zones and goals are still believed.
        let seen = state.seen.filter(|_| !by_request).unwrap_or(moment.now);
        let early = Moment { now: seen.plus(Duration::from_mins(late)), ..moment.clone() };
        let late = Moment { now: early.now.plus(Duration::from_mins(wait)), ..early.clone() };
        let first = explained(&early);
        for fact in explained(&late) {
            prop_assert!((0.0..=1.0).contains(&fact.confidence), "{}", fact.name);
            // Only facts that rest on the same thing seen at the same time can be compared.
            let same = first.iter().find(|other| {
                other.name == fact.name && other.at == fact.at && other.source == fact.source && other.value == fact.value
            });
            if let Some(earlier) = same.filter(|_| fact.half_life.is_positive()) {
                prop_assert!(fact.confidence <= earlier.confidence, "{}", fact.name);
            }
        }
    }

    #[test]
    fn all_quiet_hours_that_cover_a_channel_hold_together(
        minutes in 0_i64..2_000_000,
        zone in prop::sample::select(vec!["Europe/Paris", "America/Havana", "Australia/Lord_Howe"]),
        channel in prop::sample::select(vec!["app", "car"]),
        known in any::<bool>(),
    ) {
        let mut definition = all();
        definition.time = serde_json::from_str(
            r#"{ "quiet_hours": [
                { "channels": ["car"], "windows": [{ "start": "21:30", "end": "06:00" }], "unknown_zone": "allow" },
                { "channels": ["car"], "windows": [{ "start": "05:00", "end": "08:00" }], "zone": "UTC" },
                { "windows": [{ "all_day": true, "days": ["sunday"] }], "unknown_zone": { "assume": "Asia/Tokyo" } } ] }"#,
        ).unwrap();
        let compiled = compile(&definition);
        let channel = ChannelId::new(channel).unwrap();
        let (own, utc, tokyo) = (Zone::new(zone).unwrap(), Zone::utc(), Zone::new("Asia/Tokyo").unwrap());
        let zone = known.then_some(&own);
        let quiet_at = |now: Timestamp| {
            let hour = |zone: &Zone| f64::from(zone.local(now).time.hour()) + f64::from(zone.local(now).time.minute()) / 60.0;
            let night = zone.is_some_and(|zone| 21.5 <= hour(zone) || hour(zone) < 6.0);
            let morning = (5.0..8.0).contains(&hour(&utc));
            let sunday = zone.unwrap_or(&tokyo).local(now).date.weekday() == apropos_event::Weekday::Sunday;
            sunday || (channel.as_str() == "car" && (night || morning))
        };
        // The plain twin: minute by minute until nothing is quiet.
        let now = at(START).plus(Duration::from_mins(minutes));
        let mut next = now;
        while quiet_at(next) {
            next = next.plus(Duration::from_mins(1));
        }
        let answer = compiled.rules.quiet_in(zone, now, &channel);
        prop_assert_eq!((answer.quiet, answer.next_allowed), (quiet_at(now), Some(next)));
    }

    #[test]
    fn state_survives_storage(moment in any_moment(), events in any_events()) {
        let compiled = compile(&all());
        let state = observed(&compiled, &events);
        let json = serde_json::to_string(&state).unwrap();
        prop_assert_eq!(&serde_json::from_str::<ContextState>(&json).unwrap(), &state);
        let bytes = postcard::to_allocvec(&state).unwrap();
        prop_assert_eq!(&postcard::from_bytes::<ContextState>(&bytes).unwrap(), &state);
        let bytes = postcard::to_allocvec(&moment).unwrap();
        prop_assert_eq!(&postcard::from_bytes::<Moment>(&bytes).unwrap(), &moment);
        // The same input gives the same facts, to the bit.
        let tell = |state: &ContextState| format!("{:?}", compiled.rules.explain(state, &moment, &compiled.facts(state, &moment)));
        prop_assert_eq!(tell(&state), tell(&serde_json::from_str(&json).unwrap()));
    }

    #[test]
    fn state_stays_within_its_limits(events in any_events()) {
        let compiled = compile(&all());
        let mut state = ContextState::new();
        for round in 0..6 {
            for event in &events {
                let mut again = event.clone();
                again.occurred_at = event.occurred_at.plus(Duration::from_days(round));
                again.received_at = again.occurred_at;
                compiled.rules.observe(&mut state, &again).unwrap();
            }
        }
        prop_assert!(state.track.fixes.len() <= 8 && state.upcoming.len() <= 32 && state.stages.len() <= 64);
        prop_assert!(state.goal.steps.len() <= 8 && state.signals.len() <= 9);
        prop_assert!(state.seen.is_none_or(|seen| Timestamp::EPOCH < seen));
    }
}
