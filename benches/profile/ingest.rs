//! How fast do events become profiles, how large are profiles, and does history slow them down?
//!
//! `ingest/memory` parsed events into profiles with 12 active counters; `ingest/json_lines` from CloudEvents text;
//! `ingest/load` one profile of 50 traits, 200 events and 12 counters from its compact form; `ingest/history/N` one event
//! after N others; `ingest/late/N` the same, arriving out of order.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a fixture that cannot be made is a bug of the bench"
)]

use std::hint::black_box;

use apropos::event::{
    ChannelId, CustomerId, Duration, Event, EventId, EventKind, Problems, PropertyName, SourceId, Timestamp,
    Value,
};
use apropos::profile::{Pepper, Profile, ProfileDefinition, ProfileRules};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

const PROFILES: usize = 200;
const EVENTS: usize = 100_000;

/// Fifty traits and twelve counters over three kinds of events.
fn rules() -> ProfileRules {
    let traits: Vec<serde_json::Value> = (0..50)
        .map(|n| serde_json::json!({"name": format!("trait_{n:02}"), "type": if n % 2 == 0 { "text" } else { "int" }}))
        .collect();
    let counter = |name: &str, aggregate: &str, event: &str, property: Option<&str>, window: &str| serde_json::json!({"name": name, "aggregate": aggregate, "event": event, "property": property, "window": window});
    let definition: ProfileDefinition = serde_json::from_value(serde_json::json!({
        "traits": traits,
        "counters": [
            counter("p1", "count", "purchase", None, "1d"), counter("p7", "count", "purchase", None, "7d"),
            counter("p30", "count", "purchase", None, "30d"), counter("spent", "sum", "purchase", Some("amount"), "30d"),
            counter("spent_ever", "sum", "purchase", Some("amount"), "ever"),
            counter("last_purchase", "last", "purchase", None, "ever"),
            counter("v1", "count", "view", None, "1h"), counter("v7", "count", "view", None, "7d"),
            counter("products", "distinct", "view", Some("product"), "30d"),
            counter("first_view", "first", "view", None, "ever"),
            counter("clicks", "count", "click", None, "month"), counter("since", "days_since", "click", None, "ever"),
        ],
    }))
    .expect("the definition is well formed");
    let mut problems = Problems::new();
    let rules = ProfileRules::compile(&definition, Pepper::new([7; 32]), &mut problems);
    assert!(problems.is_empty(), "{problems}");
    rules
}

fn event(n: usize, customer: usize, at: Timestamp) -> Event {
    let kind = ["view", "click", "view", "purchase"][n % 4];
    let mut event = Event::new(
        EventId::new(format!("event-{n:08}")).unwrap(),
        SourceId::new("web").unwrap(),
        EventKind::new(kind).unwrap(),
        CustomerId::new(format!("customer-{customer:06}")).unwrap(),
        at,
    )
    .on(ChannelId::new(["web", "app", "store"][n % 3]).unwrap());
    let mut set = |name: &str, value: Value| event.properties.insert(PropertyName::new(name).unwrap(), value);
    match kind {
        "purchase" => set("amount", Value::from(format!("{}.{:02}", n % 200, n % 100))),
        _ => set("product", Value::from(format!("product-{}", n % 40))),
    };
    event
}

fn start() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

/// Events of all profiles in turn, each later than the one before.
fn stream() -> Vec<Event> {
    (0..EVENTS).map(|n| event(n, n % PROFILES, start().plus(Duration::from_secs(n as i64 * 7)))).collect()
}

fn memory(criterion: &mut Criterion) {
    let (rules, events) = (rules(), stream());
    let mut group = criterion.benchmark_group("ingest");
    group.throughput(Throughput::Elements(EVENTS as u64)).sample_size(20);
    group.bench_function("memory", |bencher| {
        bencher.iter_batched_ref(
            || vec![Profile::new(); PROFILES],
            |profiles| {
                for (n, event) in events.iter().enumerate() {
                    black_box(rules.observe(&mut profiles[n % PROFILES], event).unwrap());
                }
            },
            BatchSize::PerIteration,
        );
    });
    let lines: Vec<Vec<u8>> = events.iter().map(cloud_event).collect();
    group.bench_function("json_lines", |bencher| {
        bencher.iter_batched_ref(
            || vec![Profile::new(); PROFILES],
            |profiles| {
                for (n, line) in lines.iter().enumerate() {
                    let event =
                        Event::from_cloudevents(line, start().plus(Duration::from_days(400))).unwrap();
                    black_box(rules.observe(&mut profiles[n % PROFILES], &event).unwrap());
                }
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn cloud_event(event: &Event) -> Vec<u8> {
    let mut data = serde_json::to_value(&event.properties).unwrap();
    data["channel"] = event.channel.as_ref().unwrap().as_str().into();
    serde_json::to_vec(&serde_json::json!({
        "specversion": "1.0", "id": event.id, "source": event.source, "type": event.kind,
        "subject": event.customer, "time": event.occurred_at, "data": data,
    }))
    .unwrap()
}

/// A profile with 50 traits and 200 events.
fn full_profile(rules: &ProfileRules) -> Profile {
    let mut profile = Profile::new();
    // 150 events of the counted kinds, 50 that state traits: 200 in all.
    for n in 0..150 {
        rules.observe(&mut profile, &event(n, 0, start().plus(Duration::from_mins(n as i64 * 617)))).unwrap();
    }
    for n in 0..50_usize {
        let mut event = event(1_000 + n, 0, start().plus(Duration::from_mins(n as i64 * 1_801)));
        event.kind = EventKind::new("trait.set").unwrap();
        event.properties.clear();
        event.properties.insert(PropertyName::new("trait").unwrap(), Value::from(format!("trait_{n:02}")));
        let value = if n % 2 == 0 { Value::from(format!("value {n}")) } else { Value::Int(n as i64 * 37) };
        event.properties.insert(PropertyName::new("value").unwrap(), value);
        rules.observe(&mut profile, &event).unwrap();
    }
    assert_eq!(profile.events(), 200);
    profile
}

fn load(criterion: &mut Criterion) {
    let rules = rules();
    let profile = full_profile(&rules);
    let bytes = postcard::to_stdvec(&profile).unwrap();
    eprintln!("a profile with 50 traits, 200 events and 12 counters takes {} bytes", bytes.len());
    let mut group = criterion.benchmark_group("ingest");
    group.bench_function("load", |bencher| {
        bencher.iter_with_large_drop(|| postcard::from_bytes::<Profile>(black_box(&bytes)).unwrap());
    });
    group.bench_function("store", |bencher| {
        bencher.iter(|| postcard::to_stdvec(black_box(&profile)).unwrap());
    });
    group.finish();
}

fn history(criterion: &mut Criterion) {
    let rules = rules();
    let mut group = criterion.benchmark_group("ingest");
    group.throughput(Throughput::Elements(1_000));
    for length in [100_usize, 1_000, 10_000, 100_000] {
        let mut profile = Profile::new();
        for n in 0..length {
            rules
                .observe(&mut profile, &event(n, 0, start().plus(Duration::from_secs(n as i64 * 7))))
                .unwrap();
        }
        for (name, late) in [("history", 0), ("late", 300)] {
            let events: Vec<Event> = (length..length + 1_000)
                .map(|n| event(n, 0, start().plus(Duration::from_secs((n as i64 - late) * 7 + 3))))
                .collect();
            group.bench_with_input(BenchmarkId::new(name, length), &events, |bencher, events| {
                bencher.iter_batched_ref(
                    || profile.clone(),
                    |profile| {
                        for event in events {
                            black_box(rules.observe(profile, event).unwrap());
                        }
                    },
                    BatchSize::PerIteration,
                );
            });
        }
    }
    group.finish();
}

criterion_group!(benches, memory, load, history);
criterion_main!(benches);
