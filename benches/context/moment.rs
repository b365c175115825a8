//! What does the context of a decision cost?
//!
//! `moment/build_and_replay`: twenty events of the last twenty minutes are taken, a moment is built from what a request
//! carries, and all facts are written; the situation and the stakes are included. What is remembered of the customer
//! holds none of these events when the clock starts, but a visit of three hours before. `moment/first_visit` does the
//! same for a customer of whom nothing is remembered, `moment/long_ids` for events whose ids are as long as UUIDs.
//! `moment/build` is the cost at the time of a decision when events are taken as they happen. The parts follow alone.
//! Containment of points in areas and the reading of local time have groups of their own.

#![expect(clippy::unwrap_used, reason = "a fixture that does not build is a broken bench")]

use std::hint::black_box;

use apropos::condition::{Facts, SchemaBuilder};
use apropos::context::{
    Areas, ContextBinding, ContextDefinition, ContextRules, ContextState, Device, DeviceClass, Happening,
    Moment, Point, QuietHours,
};
use apropos::event::draw;
use apropos::event::{
    AttributeName, ChannelId, CivilTime, CustomerId, Duration, Event, EventId, EventKind, Problems,
    PropertyName, SourceId, Timestamp, Value, Zone,
};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};

/// A playbook of the usual things: two stores, quiet hours, a lifecycle, nine signals, thirteen situations.
const DEFINITION: &str = r#"{
    "time": { "quiet_hours": [{ "channels": ["sms"], "windows": [{ "start": "21:00", "end": "08:00" }] }],
              "holidays": [{ "name": "christmas", "on": { "yearly": { "month": 12, "day": 25 } } }] },
    "channels": [{ "id": "app" }, { "id": "email" }, { "id": "sms", "interruption": 0.6 }],
    "place": { "event": "position", "places": [
        { "id": "store_1", "kind": "store", "at": { "latitude": 48.85, "longitude": 2.35 } },
        { "id": "store_2", "kind": "store", "at": { "latitude": 48.87, "longitude": 2.30 } } ] },
    "cycles": [{ "id": "life", "stages": [
        { "id": "awareness", "enter_on": [{ "kind": "page_view" }] },
        { "id": "consideration", "enter_on": [{ "kind": "product_view" }], "normal": "21d" },
        { "id": "preference", "enter_on": [{ "kind": "cart_add" }], "normal": "14d" } ] }],
    "upcoming": [{ "kind": "store_arrival", "lead": "15m" }, { "kind": "trial_end", "lead": "3d" }],
    "stakes": { "half_value": 2000, "consequences": [
        { "when": "context.signal.nervousness > 0.5", "weight": 0.4 } ] }
}"#;

struct Fixture {
    rules: ContextRules,
    binding: ContextBinding,
    facts: Facts,
    state: ContextState,
    events: Vec<Event>,
    zone: Zone,
    channel: ChannelId,
    basket: AttributeName,
    now: Timestamp,
}

/// Rules, a customer of three hours ago, and twenty events whose ids begin with `ids`.
fn fixture(ids: &str) -> Fixture {
    let definition: ContextDefinition = serde_json::from_str(DEFINITION).unwrap();
    let mut builder = SchemaBuilder::new();
    let mut problems = Problems::new();
    let rules = ContextRules::compile(&definition, &mut builder, &mut problems);
    assert!(problems.is_empty(), "{problems}");
    let schema = builder.build();
    let now: Timestamp = "2026-11-20T17:40:00Z".parse().unwrap();
    let mut state = ContextState::new();
    let events = events(now, ids);
    for event in &events {
        let mut earlier = event.clone();
        earlier.occurred_at = event.occurred_at.minus(Duration::from_hours(3));
        earlier.received_at = earlier.occurred_at;
        rules.observe(&mut state, &earlier).unwrap();
    }
    Fixture {
        binding: rules.bind(&schema),
        facts: Facts::new(&schema),
        rules,
        state,
        events,
        zone: Zone::new("Europe/Paris").unwrap(),
        channel: ChannelId::new("app").unwrap(),
        basket: AttributeName::new("request.basket_value").unwrap(),
        now,
    }
}

/// Twenty events of the last twenty minutes: a shop visit with three positions in it.
fn events(now: Timestamp, ids: &str) -> Vec<Event> {
    const KINDS: [&str; 20] = [
        "page_view",
        "category_view",
        "product_view",
        "product_view",
        "position",
        "review_read",
        "product_view",
        "compare",
        "sort_by_price",
        "click",
        "click",
        "position",
        "cart_add",
        "cart_view",
        "return_policy_view",
        "coupon_apply",
        "faq_view",
        "position",
        "cart_view",
        "checkout_step",
    ];
    let event = |(kind, n): (&str, i64)| {
        let at = now.minus(Duration::from_mins(20 - n));
        let id = EventId::new(format!("{ids}-{n:02}")).unwrap();
        let (source, customer) = (SourceId::new("shop").unwrap(), CustomerId::new("c-42").unwrap());
        let mut event = Event::new(id, source, EventKind::new(kind).unwrap(), customer, at);
        let mut put =
            |name: &str, value: Value| event.properties.insert(PropertyName::new(name).unwrap(), value);
        if kind == "position" {
            put("latitude", Value::Double(48.84 + n as f64 * 0.0004));
            put("longitude", Value::Double(2.35));
        } else {
            put("page", Value::from("/phones/pixel"));
            put("category", Value::from("phones"));
        }
        event
    };
    KINDS.into_iter().zip(0..).map(event).collect()
}

impl Fixture {
    fn moment(&self) -> Moment {
        Moment::at(self.now)
            .in_zone(self.zone.clone())
            .on_channel(self.channel.clone())
            .on_device(Device::new(DeviceClass::Phone))
            .with_upcoming(Happening::new("store_arrival", self.now.plus(Duration::from_mins(10))))
            .with_value_at_stake(320.0)
            .with_attribute(self.basket.clone(), Value::Int(320))
    }
}

fn moment(c: &mut Criterion) {
    let mut f = fixture("e");
    let long = fixture("0190b0f2-7c5e-7d3a-9c1b-7f3e00000");
    let mut group = c.benchmark_group("moment");
    let mut facts = f.facts.clone();
    let nothing = ContextState::new();
    let cases =
        [("build_and_replay", &f, &f.state), ("first_visit", &f, &nothing), ("long_ids", &long, &long.state)];
    for (name, f, state) in cases {
        group.bench_function(name, |b| {
            b.iter_batched_ref(
                || state.clone(),
                |state| {
                    let moment = f.moment();
                    for event in &f.events {
                        black_box(f.rules.observe(state, event).is_ok());
                    }
                    facts.reset();
                    f.rules.write_facts(state, &moment, &f.binding, &mut facts);
                    black_box(&facts);
                },
                BatchSize::SmallInput,
            );
        });
    }
    group.bench_function("observe_twenty", |b| {
        b.iter_batched_ref(
            || f.state.clone(),
            |state| {
                for event in &f.events {
                    black_box(f.rules.observe(state, event).is_ok());
                }
            },
            BatchSize::SmallInput,
        );
    });
    for event in &f.events.clone() {
        f.rules.observe(&mut f.state, event).unwrap();
    }
    let moment = f.moment();
    group.bench_function("request", |b| b.iter(|| black_box(f.moment())));
    group.bench_function("write_facts", |b| {
        b.iter(|| {
            facts.reset();
            f.rules.write_facts(black_box(&f.state), &moment, &f.binding, &mut facts);
        });
    });
    group.bench_function("build", |b| {
        b.iter(|| {
            let moment = f.moment();
            facts.reset();
            f.rules.write_facts(black_box(&f.state), &moment, &f.binding, &mut facts);
        });
    });
    group.finish();
}

/// Fifty stars of a few hundred corners each, over the whole earth.
fn stars() -> String {
    let star = |n: u64| {
        let (x, y) = (draw::uniform(n, "x", 0) * 300.0 - 150.0, draw::uniform(n, "y", 0) * 120.0 - 60.0);
        let corner = |k: u64| {
            let angle = k as f64 / 300.0 * std::f64::consts::TAU;
            let radius = 10.0 * (0.5 + 0.5 * draw::uniform(n, "r", k));
            format!("[{},{}]", x + radius * angle.cos(), y + radius * angle.sin())
        };
        let ring = (0..300).map(corner).collect::<Vec<_>>().join(",");
        format!(
            r#"{{"type":"Feature","id":"{n}","properties":{{}},"geometry":{{"type":"Polygon","coordinates":[[{ring}]]}}}}"#
        )
    };
    let features = (0..50).map(star).collect::<Vec<_>>().join(",");
    format!(r#"{{"type":"FeatureCollection","features":[{features}]}}"#)
}

fn containment(c: &mut Criterion) {
    let areas = Areas::from_geojson(&stars()).unwrap();
    let points: Vec<Point> = (0..1_024)
        .map(|n| {
            let (lat, lon) =
                (draw::uniform(1, "lat", n) * 140.0 - 70.0, draw::uniform(1, "lon", n) * 340.0 - 170.0);
            Point::new(lat, lon).unwrap()
        })
        .collect();
    let mut next = 0;
    c.bench_function("containment/point_in_50_areas", |b| {
        b.iter(|| {
            next = (next + 1) % points.len();
            let mut held = 0;
            areas.visit(points[next], |_| held += 1);
            black_box(held)
        });
    });
}

fn time(c: &mut Criterion) {
    let zone = Zone::new("Europe/Paris").unwrap();
    let hours = QuietHours::daily(CivilTime::new(21, 0).unwrap(), CivilTime::new(8, 0).unwrap());
    let night: Timestamp = "2026-03-28T23:00:00Z".parse().unwrap();
    let mut group = c.benchmark_group("time");
    group.bench_function("local", |b| b.iter(|| zone.local(black_box(night))));
    group.bench_function("start_of_day", |b| b.iter(|| zone.start_of_day(zone.day(black_box(night)))));
    group.bench_function("next_allowed", |b| b.iter(|| hours.next_allowed(&zone, black_box(night))));
    group.finish();
}

criterion_group!(benches, moment, containment, time);
criterion_main!(benches);
