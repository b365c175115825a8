//! Rules as a whole: what is written about a moment, and what events change.

use apropos_context::{
    ContextDefinition, ContextState, Device, DeviceClass, Goal, Happening, Location, Moment, Ownership,
    PlaceDefinition, PlaceKind, Point, Reading, Source,
};
use apropos_event::{AttributeName, ChannelId, Duration, PlaceId, Value, Zone};

use crate::support::{at, compile, definition, event, problems};

const NOW: &str = "2026-11-20T18:30:00Z";

fn paris() -> Zone {
    Zone::new("Europe/Paris").unwrap()
}

fn located(latitude: f64, longitude: f64, accuracy: f64) -> Location {
    Location::within(Point::new(latitude, longitude).unwrap(), accuracy)
}

#[test]
fn local_time_is_told_in_the_customers_zone() {
    let compiled = compile(&ContextDefinition::default());
    let facts = compiled.facts(&ContextState::new(), &Moment::at(at(NOW)).in_zone(paris()));
    let tell = |name: &str| compiled.tell(&facts, name);
    assert_eq!(tell("context.hour"), "19");
    assert_eq!(tell("context.weekday"), "friday");
    assert_eq!(tell("context.daypart"), "evening");
    assert_eq!(tell("context.season"), "autumn");
    assert_eq!(tell("context.weekend"), "false");
    assert_eq!(tell("context.zone_known"), "true");
    assert_eq!(tell("context.situation"), "unremarkable");
}

#[test]
fn an_unknown_zone_leaves_local_time_unknown_unless_one_is_assumed() {
    let compiled = compile(&ContextDefinition::default());
    let facts = compiled.facts(&ContextState::new(), &Moment::at(at(NOW)));
    assert_eq!(compiled.tell(&facts, "context.hour"), "?");
    assert_eq!(compiled.tell(&facts, "context.zone_known"), "false");
    let compiled = compile(&definition(r#"{ "time": { "assumed_zone": "Asia/Tokyo" } }"#));
    let facts = compiled.facts(&ContextState::new(), &Moment::at(at(NOW)));
    assert_eq!(compiled.tell(&facts, "context.hour"), "3");
    assert_eq!(compiled.tell(&facts, "context.zone_known"), "false");
}

#[test]
fn quiet_hours_of_a_channel_hold_and_say_when_they_end() {
    let compiled = compile(&definition(
        r#"{ "channels": [{ "id": "sms" }, { "id": "email" }],
             "time": { "quiet_hours": [
                { "channels": ["sms"], "windows": [{ "start": "19:00", "end": "08:00" }] },
                { "windows": [{ "all_day": true, "days": ["sunday"] }] } ] } }"#,
    ));
    let (sms, email) = (ChannelId::new("sms").unwrap(), ChannelId::new("email").unwrap());
    let state = ContextState::new();
    let moment = Moment::at(at(NOW)).in_zone(paris());
    let answer = compiled.rules.quiet(&state, &moment, &sms);
    assert_eq!((answer.quiet, answer.next_allowed), (true, Some(at("2026-11-21T07:00:00Z"))));
    assert!(!compiled.rules.quiet(&state, &moment, &email).quiet);
    // Saturday night runs into the quiet Sunday, and that into Monday morning.
    let saturday = Moment::at(at("2026-11-21T20:00:00Z")).in_zone(paris());
    let answer = compiled.rules.quiet(&state, &saturday, &sms);
    assert_eq!(answer.next_allowed, Some(at("2026-11-23T07:00:00Z")));
    let facts = compiled.facts(&state, &moment.clone().on_channel(sms.clone()));
    assert_eq!(compiled.tell(&facts, "context.quiet"), "true");
    let facts = compiled.facts(&state, &moment.on_channel(email));
    assert_eq!(compiled.tell(&facts, "context.quiet"), "false");
    // Without a zone the careful policy holds: quiet, and nobody knows until when.
    let answer = compiled.rules.quiet(&state, &Moment::at(at(NOW)), &sms);
    assert_eq!((answer.quiet, answer.next_allowed), (true, None));
}

#[test]
fn a_stale_position_does_not_fire() {
    let store = PlaceDefinition::new(
        PlaceId::new("store_12").unwrap(),
        PlaceKind::Store,
        Point::new(48.85, 2.35).unwrap(),
    );
    let mut all = ContextDefinition::default();
    all.place.places = vec![store];
    let compiled = compile(&all);
    let seen = |minutes: i64| {
        let taken = at(NOW).minus(Duration::from_mins(minutes));
        let reading =
            Reading::new(located(48.85, 2.35, 10.0), Source::Request, taken).fading(Duration::from_mins(10));
        let facts = compiled.facts(&ContextState::new(), &Moment::at(at(NOW)).located(reading));
        (compiled.tell(&facts, "context.place"), compiled.tell(&facts, "context.situation"))
    };
    assert_eq!(seen(0), ("store_12".to_owned(), "in_the_store".to_owned()));
    assert_eq!(seen(19), ("store_12".to_owned(), "in_the_store".to_owned()));
    assert_eq!(seen(21), ("?".to_owned(), "unremarkable".to_owned()));
}

#[test]
fn events_with_positions_tell_dwell_motion_and_approach() {
    let compiled = compile(&definition(
        r#"{ "upcoming": [{ "kind": "store_arrival", "lead": "15m", "on_approach": "store" }],
             "place": { "event": "position", "places": [
            { "id": "store", "kind": "store", "at": { "latitude": 0.0, "longitude": 0.01 }, "radius_m": 100,
              "zone": "UTC", "open": [{ "start": "08:00", "end": "20:00" }] } ] } }"#,
    ));
    let mut state = ContextState::new();
    for (minute, longitude) in [(0, 0.0), (1, 0.0008), (2, 0.0016)] {
        let when = at(NOW).plus(Duration::from_mins(minute));
        let properties = [("latitude", Value::Double(0.0)), ("longitude", Value::Double(longitude))];
        let changes = compiled.rules.observe(&mut state, &event("position", when, &properties)).unwrap();
        assert!(changes.place);
    }
    let moment = Moment::at(at("2026-11-20T18:32:30Z")).on_device(Device::new(DeviceClass::Phone));
    let facts = compiled.facts(&state, &moment);
    let tell = |name: &str| compiled.tell(&facts, name);
    assert_eq!(tell("context.motion"), "walking");
    assert_eq!(tell("context.approaching"), "store");
    assert_eq!(tell("context.approaching.open"), "true");
    assert_eq!(tell("context.next"), "store_arrival");
    assert_eq!(tell("context.upcoming.store_arrival"), tell("context.approaching.arrival"));
    assert_eq!(tell("context.nearest"), "store");
    assert_eq!(tell("context.situation"), "walking_to_the_store");
    let bad = event("position", at(NOW), &[("latitude", Value::Double(91.0)), ("longitude", Value::Int(0))]);
    let before = state.clone();
    assert!(compiled.rules.observe(&mut state, &bad).is_err());
    assert_eq!(state, before);
    let there = [("latitude", Value::Double(0.0)), ("longitude", Value::Double(0.01))];
    for minute in [10, 25] {
        let when = at(NOW).plus(Duration::from_mins(minute));
        compiled.rules.observe(&mut state, &event("position", when, &there)).unwrap();
    }
    let facts = compiled.facts(&state, &Moment::at(at("2026-11-20T18:56:00Z")));
    assert_eq!(compiled.tell(&facts, "context.place.dwell"), "16m");
    assert_eq!(compiled.tell(&facts, "context.place.open"), "true");
}

#[test]
fn an_unowned_device_shows_nothing_personal() {
    let compiled = compile(&definition(r#"{ "channels": [{ "id": "lobby", "public": true }] }"#));
    let tell =
        |moment: &Moment, name: &str| compiled.tell(&compiled.facts(&ContextState::new(), moment), name);
    let kiosk = Moment::at(at(NOW)).on_device(Device::new(DeviceClass::Kiosk));
    assert_eq!(tell(&kiosk, "context.device.owned"), "false");
    assert_eq!(tell(&kiosk, "context.personal"), "false");
    assert_eq!(tell(&kiosk, "context.keep"), "false");
    assert_eq!(tell(&kiosk, "context.forget_after"), "2m");
    assert_eq!(tell(&kiosk, "context.situation"), "at_a_kiosk");
    let phone = Moment::at(at(NOW)).on_device(Device::new(DeviceClass::Phone));
    assert_eq!(tell(&phone, "context.personal"), "true");
    assert_eq!(tell(&phone, "context.forget_after"), "?");
    let aloud = phone.on_channel(ChannelId::new("lobby").unwrap());
    assert_eq!(tell(&aloud, "context.personal"), "false");
    assert_eq!(
        (tell(&aloud, "context.channel.cost"), tell(&aloud, "context.channel.reach")),
        ("0".into(), "1".into())
    );
    let unknown = Moment::at(at(NOW)).on_device(Device::new(DeviceClass::Desktop));
    assert_eq!(tell(&unknown, "context.device.owned"), "?");
    let own = Device::new(DeviceClass::Desktop).with_ownership(Ownership::Owned);
    assert_eq!(tell(&Moment::at(at(NOW)).on_device(own), "context.device.owned"), "true");
}

#[test]
fn stages_move_by_events_and_by_conditions() {
    let compiled = compile(&definition(
        r#"{ "cycles": [{ "id": "ownership", "stages": [
            { "id": "purchase", "enter_on": [{ "kind": "purchase" }], "normal": "2d" },
            { "id": "support", "enter_when": "context.signal.frustration > 0.6",
              "leave_when": "context.signal.frustration < 0.1" } ] }] }"#,
    ));
    let mut state = ContextState::new();
    assert!(compiled.rules.observe(&mut state, &event("purchase", at(NOW), &[])).unwrap().stage);
    let later = at(NOW).plus(Duration::from_days(3));
    let facts = compiled.facts(&state, &Moment::at(later));
    assert_eq!(compiled.tell(&facts, "context.stage.ownership"), "purchase");
    assert_eq!(compiled.tell(&facts, "context.stage.ownership.time"), "3d");
    assert_eq!(compiled.tell(&facts, "context.stage.ownership.overdue"), "true");
    compiled.rules.observe(&mut state, &event("complaint", later, &[])).unwrap();
    let refresh = |state: &mut ContextState, now| {
        let mut facts = compiled.facts(state, &Moment::at(now));
        compiled.rules.refresh_stages(state, &compiled.binding, &mut facts, now)
    };
    assert!(refresh(&mut state, later));
    assert!(!refresh(&mut state, later));
    assert_eq!(state.stages[0].stage.as_str(), "support");
    let calm = later.plus(Duration::from_days(1));
    assert!(refresh(&mut state, calm));
    assert!(state.stages.is_empty());
}

/// Conditions of a cycle that is per product, over what was counted for each product.
const OWNERSHIP: &str = r#"{ "cycles": [
    { "id": "own", "per": "product",
      "tallies": [{ "id": "uses", "on": [{ "kind": "feature_used" }] }],
      "stages": [
        { "id": "onboarding", "enter_on": [{ "kind": "purchase" }], "normal": "14d" },
        { "id": "consumption", "enter_when": "context.stage.own.count.uses >= 3 && context.stage.own.age.uses <= duration('240h')" },
        { "id": "dormant", "enter_when": "context.stage.own.age.uses > duration('240h')",
          "leave_when": "context.stage.own.subject == \"case\"" } ] },
    { "id": "trial", "per": "product", "stages": [
        { "id": "trying", "enter_on": [{ "kind": "trial_start" }] },
        { "id": "over", "enter_when": "context.stage.trial == \"trying\" && context.stage.trial.time > duration('168h')" } ] } ] }"#;

#[test]
fn each_product_is_moved_by_conditions_of_its_own() {
    let compiled = compile(&definition(OWNERSHIP));
    let mut state = ContextState::new();
    let day = |n: i64| at(NOW).plus(Duration::from_days(n));
    let observe = |state: &mut ContextState, kind: &str, product: &str, n: i64| {
        let properties = [("product", Value::from(product))];
        compiled.rules.observe(state, &event(kind, day(n), &properties)).unwrap();
    };
    let refresh = |state: &mut ContextState, n: i64| {
        let mut facts = compiled.facts(state, &Moment::at(day(n)));
        let before = facts.clone();
        let changed = compiled.rules.refresh_stages(state, &compiled.binding, &mut facts, day(n));
        if !changed {
            // Asking about other products leaves no trace.
            for attribute in compiled.schema.attributes() {
                let name = attribute.name.as_str();
                assert_eq!(compiled.tell(&facts, name), compiled.tell(&before, name), "{name}");
            }
        }
        changed
    };
    let stages = |state: &ContextState| -> Vec<String> {
        let mut all: Vec<String> = state
            .stages
            .iter()
            .map(|s| format!("{} {} {}", s.cycle, s.subject.as_deref().unwrap_or("-"), s.stage))
            .collect();
        all.sort();
        all
    };
    observe(&mut state, "purchase", "phone", 0);
    observe(&mut state, "purchase", "tv", 0);
    observe(&mut state, "trial_start", "tv", 0);
    assert!(!refresh(&mut state, 0));
    for n in 1..4 {
        observe(&mut state, "feature_used", "phone", n);
    }
    observe(&mut state, "feature_used", "case", 3);
    // Only the phone was used often enough; the case is in no stage, and the television stays where it was.
    assert!(refresh(&mut state, 4));
    assert!(!refresh(&mut state, 4));
    assert_eq!(stages(&state), ["own phone consumption", "own tv onboarding", "trial tv trying"]);
    let facts = compiled.facts(&state, &Moment::at(day(5)));
    assert_eq!(compiled.tell(&facts, "context.stage.own.subject"), "phone");
    assert_eq!(compiled.tell(&facts, "context.stage.own.count.uses"), "3");
    assert_eq!(compiled.tell(&facts, "context.stage.own.age.uses"), "2d");
    assert_eq!(compiled.tell(&facts, "context.stage.own.time"), "1d");
    // A trial runs out by time alone, in a cycle of its own, while the product is owned in another.
    assert!(refresh(&mut state, 8));
    assert_eq!(stages(&state), ["own phone consumption", "own tv onboarding", "trial tv over"]);
    // What is not used any more is dormant: the case, which no event ever brought into a stage, too.
    assert!(refresh(&mut state, 20));
    assert_eq!(
        stages(&state),
        ["own case dormant", "own phone dormant", "own tv onboarding", "trial tv over"]
    );
    observe(&mut state, "feature_used", "phone", 21);
    assert!(refresh(&mut state, 21));
    observe(&mut state, "feature_used", "case", 21);
    // The case was used again: it is no longer dormant, and what is left of its cycle ends.
    assert!(refresh(&mut state, 21));
    assert_eq!(stages(&state), ["own phone consumption", "own tv onboarding", "trial tv over"]);
}

#[test]
fn tallies_are_only_for_cycles_that_are_per_product() {
    let told = problems(&definition(
        r#"{ "cycles": [
            { "id": "a", "tallies": [{ "id": "uses", "on": [{ "kind": "use" }] }],
              "stages": [{ "id": "s", "enter_on": [{ "kind": "use" }] }] },
            { "id": "b", "per": "product", "tallies": [{ "id": "x", "on": [] }, { "id": "x", "on": [] }],
              "stages": [{ "id": "s", "enter_on": [{ "kind": "use" }] }] } ] }"#,
    ));
    for part in
        ["cycle `a` counts for each product but is not", "tally `x` is declared twice", "nothing is counted"]
    {
        assert!(told.contains(part), "{part} is missing in:\n{told}");
    }
}

#[test]
fn the_stated_goal_wins_over_the_inferred_one() {
    let compiled = compile(&ContextDefinition::default());
    let mut state = ContextState::new();
    for minute in 0..3 {
        let when = at(NOW).plus(Duration::from_mins(minute));
        compiled.rules.observe(&mut state, &event("checkout_step", when, &[])).unwrap();
    }
    let now = at(NOW).plus(Duration::from_mins(3));
    let facts = compiled.facts(&state, &Moment::at(now));
    assert_eq!(compiled.tell(&facts, "context.goal"), "buy");
    assert_eq!(compiled.tell(&facts, "context.goal.stated"), "false");
    let facts = compiled.facts(&state, &Moment::at(now).with_stated_goal(Goal::Talk));
    assert_eq!(compiled.tell(&facts, "context.goal"), "talk");
    assert_eq!(compiled.tell(&facts, "context.goal.stated"), "true");
}

#[test]
fn help_can_come_before_the_need() {
    let compiled = compile(&definition(
        r#"{ "upcoming": [
            { "kind": "trial_end", "lead": "3d", "expect_on": { "kind": "trial_start" }, "due": "ends_at",
              "cancel_on": { "kind": "trial_converted" } },
            { "kind": "store_arrival", "lead": "15m" } ] }"#,
    ));
    let mut state = ContextState::new();
    let starts = event("trial_start", at(NOW), &[("ends_at", Value::from("2026-12-04T18:30:00Z"))]);
    assert!(compiled.rules.observe(&mut state, &starts).unwrap().upcoming);
    let facts = compiled.facts(&state, &Moment::at(at("2026-11-25T00:00:00Z")));
    assert_eq!(compiled.tell(&facts, "context.upcoming.trial_end"), "?");
    let close = at("2026-12-03T18:30:00Z");
    let moment = Moment::at(close);
    assert_eq!(compiled.tell(&compiled.facts(&state, &moment), "context.upcoming.trial_end"), "1d");
    let arriving = moment.with_upcoming(Happening::new("store_arrival", close.plus(Duration::from_mins(10))));
    let facts = compiled.facts(&state, &arriving);
    assert_eq!(compiled.tell(&facts, "context.next"), "store_arrival");
    assert_eq!(compiled.tell(&facts, "context.next.due"), "10m");
    assert!(compiled.rules.observe(&mut state, &event("trial_converted", close, &[])).unwrap().upcoming);
    assert_eq!(compiled.tell(&compiled.facts(&state, &arriving), "context.upcoming.trial_end"), "?");
}

#[test]
fn a_room_of_servers_asks_for_details_and_a_phone_order_for_ease() {
    let compiled = compile(&definition(
        r#"{ "stakes": { "half_value": 2000, "consequences": [
            { "when": "context.signal.nervousness > 0.5", "weight": 0.4, "reason": "afraid of a wrong choice" } ] } }"#,
    ));
    let state = ContextState::new();
    let of = |value: f64| {
        let moment = Moment::at(at(NOW)).with_value_at_stake(value);
        let facts = compiled.facts(&state, &moment);
        let stakes = compiled.rules.stakes(&moment, &facts);
        (compiled.tell(&facts, "context.stakes"), stakes.level.details.join(" "))
    };
    assert_eq!(of(300.0), ("low".to_owned(), "ease".to_owned()));
    assert_eq!(of(250_000.0), ("high".to_owned(), "use buying payment delivery".to_owned()));
    let mut nervous = ContextState::new();
    for (kind, second) in [("return_policy_view", 0), ("warranty_view", 1)] {
        let when = at(NOW).plus(Duration::from_secs(second));
        compiled.rules.observe(&mut nervous, &event(kind, when, &[])).unwrap();
    }
    let moment = Moment::at(at(NOW).plus(Duration::from_secs(2))).with_value_at_stake(300.0);
    let facts = compiled.facts(&nervous, &moment);
    let stakes = compiled.rules.stakes(&moment, &facts);
    assert_eq!((stakes.level.name.as_str(), stakes.reasons), ("medium", vec!["afraid of a wrong choice"]));
}

#[test]
fn a_request_may_carry_declared_attributes() {
    use apropos_condition::{AttributeDefinition, AttributeType, Facts, SchemaBuilder};
    let mut builder = SchemaBuilder::new();
    let mut problems = apropos_event::Problems::new();
    let name = AttributeName::new("request.basket_value").unwrap();
    let basket = AttributeDefinition::new(name.clone(), AttributeType::Double);
    builder.declare(&apropos_event::Path::root(), basket, &mut problems);
    let all =
        definition(r#"{ "situations": [{ "id": "big_basket", "when": "request.basket_value > 100.0" }] }"#);
    let rules = apropos_context::ContextRules::compile(&all, &mut builder, &mut problems);
    assert!(problems.is_empty(), "{problems}");
    let schema = builder.build();
    let binding = rules.bind(&schema);
    let mut facts = Facts::new(&schema);
    let situation = |facts: &mut Facts, value: Value| {
        facts.reset();
        let moment = Moment::at(at(NOW)).with_attribute(name.clone(), value);
        rules.write_facts(&ContextState::new(), &moment, &binding, facts);
        rules.situations().of(facts).map(ToString::to_string)
    };
    assert_eq!(situation(&mut facts, Value::Double(140.0)).as_deref(), Some("big_basket"));
    assert_eq!(situation(&mut facts, Value::Int(140)).as_deref(), Some("big_basket"));
    assert_eq!(situation(&mut facts, Value::from("lots")).as_deref(), Some("unremarkable"));
    // The context's own facts cannot be forged by a request.
    let forged = Moment::at(at(NOW))
        .with_attribute(AttributeName::new("context.personal").unwrap(), Value::Bool(true));
    facts.reset();
    rules.write_facts(&ContextState::new(), &forged, &binding, &mut facts);
    assert!(!facts.is_known(schema.id("context.personal").unwrap()));
}

#[test]
fn everything_wrong_with_a_definition_is_told_at_once() {
    let told = problems(&definition(
        r#"{ "channels": [{ "id": "sms" }],
             "time": { "quiet_hours": [{ "channels": ["smss"], "windows": [{ "start": "20:00", "end": "08:00" }] }] },
             "place": { "enough": 2.0, "cell_resolution": 99 },
             "cycles": [{ "id": "o", "stages": [{ "id": "a", "enter_when": "context.hoor > 3" }] }],
             "situations": [{ "id": "always" }, { "id": "never", "when": "true" }],
             "goal": { "prior": { "buy": -1.0 } },
             "upcoming": [{ "kind": "trial_end", "lead": "0s" }] }"#,
    ));
    for part in [
        "did you mean `sms`?",
        "place.enough",
        "place.cell_resolution",
        "did you mean `context.hour`?",
        "nothing after it is ever recognised",
        "goal.prior.buy",
        "the lead of `trial_end`",
    ] {
        assert!(told.contains(part), "{part} is missing in:\n{told}");
    }
}

#[test]
fn facts_come_with_their_pedigree() {
    let compiled = compile(&ContextDefinition::default());
    let mut state = ContextState::new();
    compiled.rules.observe(&mut state, &event("checkout_step", at(NOW), &[])).unwrap();
    let moment = Moment::at(at(NOW).plus(Duration::from_mins(1))).in_zone(paris());
    let facts = compiled.facts(&state, &moment);
    let explained = compiled.rules.explain(&state, &moment, &facts);
    let goal = explained.iter().find(|fact| fact.name.as_str() == "context.goal").unwrap();
    assert_eq!((goal.source, goal.at), (Source::Inferred, at(NOW)));
    assert!(0.4 < goal.confidence && goal.confidence < 1.0);
    let hour = explained.iter().find(|fact| fact.name.as_str() == "context.hour").unwrap();
    assert_eq!((hour.source, hour.confidence), (Source::Request, 1.0));
    // What is explained is what was written.
    for fact in &explained {
        let id = compiled.schema.id(fact.name.as_str()).unwrap();
        assert!(facts.is_known(id), "{}", fact.name);
    }
}
