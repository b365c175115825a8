//! How fast does a customer move? One input into a journey of 20 nodes with one guard, which every input evaluates; and
//! how fast is a playbook of 200 journeys with 50 nodes each compiled, all analysis included?
//!
//! `cargo bench --bench journey_step`

use std::error::Error;
use std::fmt::Write;

use apropos::condition::{AttributeDefinition, AttributeType, Facts, Schema, SchemaBuilder};
use apropos::event::{CustomerId, Event, EventId, EventKind, Path, Problems, SourceId, Timestamp};
use apropos::journey::{Advance, Input, JourneyDefinition, JourneyRules, JourneyState, attributes};
use criterion::{BatchSize, Criterion, Throughput};

type Failure = Box<dyn Error>;

/// A ring of resting nodes, each of which waits for an event of its own, and one guard that ends it all.
fn ring(id: &str, nodes: usize) -> Result<JourneyDefinition, Failure> {
    let mut text = format!(
        "id = '{id}'\nstart = 'n00'\nhuman.queue = 'desk'\nentry.on = [{{ event = 'begin' }}]\n\
         exits = [{{ outcome = 'opted_out', when = 'profile.opted_out' }}]\n"
    );
    // One of the nodes is the way to a person.
    for at in 0..nodes - 1 {
        let next = (at + 1) % (nodes - 1);
        writeln!(
            text,
            "[nodes.n{at:02}]\nkind = 'wait_event'\non = [{{ event = 'go_{at:02}', to = 'n{next:02}' }}]\n\
             within = '30d'\non_timeout = 'exit'"
        )?;
    }
    Ok(toml::from_str(&text)?)
}

/// A journey as an author would write it: waits, splits with guards, offers.
fn usual(id: &str, nodes: usize) -> Result<JourneyDefinition, Failure> {
    let mut text = format!(
        "id = '{id}'\nstart = 'n00'\nhuman.queue = 'desk'\nentry.on = [{{ event = 'begin' }}]\n\
         exits = [{{ outcome = 'opted_out', when = 'profile.opted_out' }}]\ngoals = [{{ id = 'won', on = [{{ event = 'buy' }}] }}]\n"
    );
    for at in 0..nodes - 2 {
        let (next, over) = ((at + 1).min(nodes - 3), (at + 7).min(nodes - 3));
        let node = match at % 4 {
            _ if at == nodes - 3 => "kind = 'wait_time'\nfor = '1d'\nnext = 'end'".to_owned(),
            0 => format!(
                "kind = 'wait_event'\non = [{{ event = 'go_{at:02}', to = 'n{next:02}' }}]\nwithin = '3d'\non_timeout = 'n{over:02}'"
            ),
            1 => format!(
                "kind = 'split'\nbranches = [{{ when = 'profile.visits > {at} && profile.vip', to = 'n{over:02}' }}, \
                 {{ when = 'profile.visits <= {at}', to = 'n{next:02}' }}]\notherwise = 'n{next:02}'"
            ),
            2 => format!(
                "kind = 'offer'\nactions = ['a{at}']\non = [{{ event = 'read', to = 'n{next:02}' }}]\nwithin = '2d'\non_timeout = 'n{over:02}'"
            ),
            _ => format!("kind = 'wait_time'\nfor = '1d'\nnext = 'n{next:02}'"),
        };
        writeln!(text, "[nodes.n{at:02}]\n{node}")?;
    }
    text.push_str("[nodes.end]\nkind = 'exit'\noutcome = 'over'\n");
    Ok(toml::from_str(&text)?)
}

fn schema(journeys: &[JourneyDefinition]) -> Result<SchemaBuilder, Failure> {
    let (mut schema, mut problems) = (SchemaBuilder::new(), Problems::new());
    for (name, kind) in
        [("opted_out", AttributeType::Bool), ("vip", AttributeType::Bool), ("visits", AttributeType::Int)]
    {
        let attribute = AttributeDefinition::new(format!("profile.{name}").parse()?, kind);
        schema.declare(&Path::root(), attribute, &mut problems);
    }
    for attribute in attributes(journeys, &[]) {
        schema.declare(&Path::root(), attribute, &mut problems);
    }
    problems.into_result(schema).map(|(schema, _)| schema).map_err(Into::into)
}

fn compile(
    journeys: &[JourneyDefinition],
    mut schema: SchemaBuilder,
) -> Result<(JourneyRules, Schema), Failure> {
    let mut problems = Problems::new();
    let rules = JourneyRules::compile(journeys, &[], &mut schema, &mut problems);
    let (rules, _) = problems.into_result(rules)?;
    Ok((rules, schema.build()))
}

fn event(id: usize, kind: &str, at: Timestamp) -> Result<Event, Failure> {
    let customer = CustomerId::new("c-1")?;
    Ok(Event::new(
        EventId::new(format!("event-{id}"))?,
        SourceId::new("bench")?,
        EventKind::new(kind)?,
        customer,
        at,
    ))
}

fn step(criterion: &mut Criterion) -> Result<(), Failure> {
    let journeys = [ring("ring", 20)?];
    let (rules, schema) = compile(&journeys, schema(&journeys)?)?;
    let mut facts = Facts::new(&schema);
    let id = |name: &str| schema.id(name).ok_or_else(|| format!("`{name}` was declared"));
    facts.set_bool(id("profile.opted_out")?, false);
    let now: Timestamp = "2026-03-01T10:00:00Z".parse()?;
    let mut state = JourneyState::new(&CustomerId::new("c-1")?);
    let mut advance = Advance::default();
    rules.advance_into(&mut state, Input::Event(&event(0, "begin", now)?), &facts, now, &mut advance);
    // Every event has an id of its own as far back as duplicates are looked for, and moves the customer one node on.
    let events = (0..19 * 64)
        .map(|at| event(at + 1, &format!("go_{:02}", at % 19), now))
        .collect::<Result<Vec<_>, _>>()?;
    let mut group = criterion.benchmark_group("journey");
    group.throughput(Throughput::Elements(1));
    let mut at = 0;
    group.bench_function("step/20-nodes-one-guard", |bench| {
        bench.iter(|| {
            rules.advance_into(&mut state, Input::Event(&events[at]), &facts, now, &mut advance);
            at = (at + 1) % events.len();
            advance.moves.len()
        });
    });
    if advance.moves.len() != 1 {
        return Err("the customer did not move".into());
    }
    group.bench_function("step/tick", |bench| {
        bench.iter(|| {
            rules.advance_into(&mut state, Input::Tick, &facts, now, &mut advance);
            advance.stops.len()
        });
    });
    group.finish();
    Ok(())
}

fn compiling(criterion: &mut Criterion) -> Result<(), Failure> {
    let journeys =
        (0..200).map(|at| usual(&format!("journey_{at:03}"), 50)).collect::<Result<Vec<_>, _>>()?;
    let schema = schema(&journeys)?;
    let (rules, _) = compile(&journeys, schema.clone())?;
    if rules.versions().count() != 200 {
        return Err("not every journey was compiled".into());
    }
    let mut group = criterion.benchmark_group("journey");
    group.sample_size(10);
    group.bench_function("compile/200-journeys-50-nodes", |bench| {
        bench.iter_batched(
            || schema.clone(),
            |schema| compile(&journeys, schema).is_ok(),
            BatchSize::PerIteration,
        );
    });
    group.finish();
    Ok(())
}

fn main() -> Result<(), Failure> {
    let mut criterion = Criterion::default().configure_from_args();
    step(&mut criterion)?;
    compiling(&mut criterion)?;
    criterion.final_summary();
    Ok(())
}
