//! What does one event cost the engine, from observing to the decision, for a customer who has bought for a year? Taken
//! apart: observing an event, a tick, a decision at the shop and one in the quiet, and decisions for many customers one after
//! another and side by side. Writing the record and learning from a reward stay outside.
//!
//! Caches are warm here; the retail replay finds them cold, see `examples/retail`.
//!
//! `cargo bench -p apropos-benches --bench spine`

use std::error::Error;

use apropos::event::{
    ChannelId, CustomerId, Duration, Event, EventId, EventKind, PropertyName, SourceId, Timestamp, Value,
};
use apropos::{Customer, Engine, Moment, Pepper, Workspace};
use criterion::{BatchSize, Criterion, Throughput};

type Failure = Box<dyn Error>;

/// How many customers are decided for at once.
const CROWD: usize = 96;

fn event(number: usize, kind: &str, at: Timestamp) -> Result<Event, Failure> {
    let (id, source) = (EventId::new(format!("invoice-{number}"))?, SourceId::new("shop")?);
    let mut event = Event::new(id, source, EventKind::new(kind)?, CustomerId::new("c-1")?, at);
    for (name, value) in [("amount", 19.9 * number as f64), ("units", 12.0), ("lines", 4.0)] {
        event.properties.insert(PropertyName::new(name)?, Value::double(value).ok_or("a number")?);
    }
    Ok(event)
}

/// A customer with a purchase every second week for a year, a return now and then, and what was done about it.
fn grown(engine: &Engine, workspace: &mut Workspace) -> Result<(Customer, Timestamp), Failure> {
    let mut customer = engine.customer(CustomerId::new("c-1")?);
    let mut now: Timestamp = "2025-01-07T10:20:30Z".parse()?;
    let model = engine.model();
    for number in 0..26 {
        now = now.plus(Duration::from_days(14));
        let kind = if number % 7 == 6 { "return" } else { "purchase" };
        let _ = engine.observe_in(workspace, &mut customer, &event(number, kind, now)?)?;
        let decision = engine.decide_in(workspace, &customer, &Moment::at(now), &model, 1);
        engine.accept(&mut customer, &decision);
    }
    Ok((customer, now))
}

fn main() -> Result<(), Failure> {
    let text = include_str!("../../examples/retail/playbook.toml");
    let engine = Engine::from_toml(text, Pepper::new([1; 32])).map_err(|problems| problems.to_string())?.0;
    let mut workspace = Workspace::new(&engine);
    let (customer, now) = grown(&engine, &mut workspace)?;
    let model = engine.model();
    let later = now.plus(Duration::from_hours(5));
    let purchase = event(1_000, "purchase", later)?;
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("spine");
    group.bench_function("observe", |bench| {
        bench.iter_batched_ref(
            || customer.clone(),
            |customer| engine.observe_in(&mut workspace, customer, &purchase).is_ok(),
            BatchSize::SmallInput,
        );
    });
    group.bench_function("tick", |bench| {
        bench.iter_batched_ref(
            || customer.clone(),
            |customer| engine.tick_in(&mut workspace, customer, later).new,
            BatchSize::SmallInput,
        );
    });
    let quiet = Moment::at(later);
    let shop = Moment::at(later).on_channel(ChannelId::new("shop")?);
    for (name, moment) in [("decide/at_the_shop", shop), ("decide/in_the_quiet", quiet)] {
        group.bench_function(name, |bench| {
            bench.iter(|| {
                let decision = engine.decide_in(&mut workspace, &customer, &moment, &model, 1);
                let silent = decision.look_again;
                workspace.recycle(decision);
                silent
            });
        });
    }
    // Many customers, one after another and side by side. More than the first caches hold, so that the order shows.
    let crowd = vec![(customer, Moment::at(later)); CROWD];
    let mut decisions = Vec::new();
    group.throughput(Throughput::Elements(CROWD as u64));
    group.bench_function("decide_for_many/one_by_one", |bench| {
        bench.iter(|| {
            for (customer, moment) in &crowd {
                decisions.push(engine.decide_in(&mut workspace, customer, moment, &model, 1));
            }
            decisions.drain(..).for_each(|decision| workspace.recycle(decision));
        });
    });
    group.bench_function("decide_for_many/abreast", |bench| {
        bench.iter(|| {
            let asking = crowd.iter().map(|(customer, moment)| (customer, moment));
            engine.decide_all(&mut workspace, asking, &model, 1, &mut decisions);
            decisions.drain(..).for_each(|decision| workspace.recycle(decision));
        });
    });
    group.finish();
    criterion.final_summary();
    Ok(())
}
