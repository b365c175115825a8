//! What do journeys cost in one whole decision? A customer with three instances and four promises, in a playbook of 40
//! journeys and 8 promises: facts written, what may be offered, the next deadline, one event, one tick.
//!
//! `cargo bench --bench journey_share`

use std::error::Error;

use apropos::condition::{Facts, Schema, SchemaBuilder};
use apropos::event::{
    ActionId, CustomerId, Duration, Event, EventId, EventKind, Path, Problems, SourceId, Timestamp,
};
use apropos::journey::{
    Advance, Input, JourneyDefinition, JourneyRules, JourneyState, PromiseDefinition, attributes,
};
use criterion::Criterion;

type Failure = Box<dyn Error>;

fn journey(at: usize) -> Result<JourneyDefinition, Failure> {
    let text = format!(
        "id = 'journey_{at:02}'\nstart = 'offer'\nhuman.queue = 'desk'\nstages = ['early', 'late']\n\
         entry.on = [{{ event = 'begin_{at:02}' }}]\nowns = ['action_{at:02}']\n\
         exits = [{{ outcome = 'gone', on = [{{ event = 'gone' }}] }}]\n\
         [nodes.offer]\nkind = 'offer'\nstage = 'early'\nactions = ['action_{at:02}']\n\
         on = [{{ event = 'seen_{at:02}', to = 'rest' }}]\nwithin = '9d'\non_timeout = 'rest'\n\
         [nodes.rest]\nkind = 'wait_event'\nstage = 'late'\non = [{{ event = 'again_{at:02}', to = 'offer' }}]\n\
         within = '30d'\non_timeout = 'exit'"
    );
    Ok(toml::from_str(&text)?)
}

fn promise(at: usize) -> Result<PromiseDefinition, Failure> {
    let text = format!(
        "id = 'promise_{at}'\nwhat = 'an answer'\non = [{{ event = 'asked_{at}' }}]\n\
         kept_by = [{{ event = 'answered_{at}' }}]\nexpectations = [{{ source = 'brand', within = '2d' }}]\n\
         raises = ['action_{at:02}']"
    );
    Ok(toml::from_str(&text)?)
}

fn rules() -> Result<(JourneyRules, Schema), Failure> {
    let journeys = (0..40).map(journey).collect::<Result<Vec<_>, _>>()?;
    let promises = (0..8).map(promise).collect::<Result<Vec<_>, _>>()?;
    let (mut schema, mut problems) = (SchemaBuilder::new(), Problems::new());
    for attribute in attributes(&journeys, &promises) {
        schema.declare(&Path::root(), attribute, &mut problems);
    }
    let rules = JourneyRules::compile(&journeys, &promises, &mut schema, &mut problems);
    let (rules, _) = problems.into_result(rules)?;
    Ok((rules, schema.build()))
}

fn event(id: usize, kind: &str, at: Timestamp) -> Result<Event, Failure> {
    let (id, source) = (EventId::new(format!("event-{id}"))?, SourceId::new("bench")?);
    Ok(Event::new(id, source, EventKind::new(kind)?, CustomerId::new("c-1")?, at))
}

fn main() -> Result<(), Failure> {
    let (rules, schema) = rules()?;
    let start: Timestamp = "2026-03-01T10:00:00Z".parse()?;
    let mut facts = Facts::new(&schema);
    let mut state = JourneyState::new(&CustomerId::new("c-1")?);
    let mut advance = Advance::default();
    let kinds = [
        "begin_03",
        "begin_17",
        "begin_31",
        "asked_0",
        "asked_2",
        "asked_5",
        "asked_7",
        "answered_5",
        "seen_17",
    ];
    for (id, kind) in kinds.iter().enumerate() {
        rules.advance_into(&mut state, Input::Event(&event(id, kind, start)?), &facts, start, &mut advance);
    }
    let now = start.plus(Duration::from_hours(40));
    rules.advance_into(&mut state, Input::Tick, &facts, now, &mut advance);
    if (state.instances().len(), state.promises().len(), advance.effects.len()) != (3, 4, 3) {
        return Err("the customer is not where the bench wants them".into());
    }
    let actions =
        (0..60).map(|at| ActionId::new(format!("action_{at:02}"))).collect::<Result<Vec<_>, _>>()?;
    let (facts_binding, actions_binding) = (rules.bind(&schema), rules.bind_actions(&actions));
    let mut standings = Vec::new();
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("journey/share");
    group.bench_function("write_facts", |bench| {
        bench.iter(|| {
            facts.reset();
            rules.write_facts(&state, &facts_binding, &mut facts);
        });
    });
    group.bench_function("standings", |bench| {
        bench.iter(|| {
            rules.standings(&state, &actions_binding, &mut standings);
            standings.len()
        });
    });
    group.bench_function("next_due", |bench| bench.iter(|| rules.next_due(&state)));
    group.bench_function("tick", |bench| {
        bench.iter(|| {
            rules.advance_into(&mut state, Input::Tick, &facts, now, &mut advance);
            advance.stops.len()
        });
    });
    // Each id is new as far back as duplicates are looked for.
    let events = (0..512).map(|at| event(100 + at, "again_05", now)).collect::<Result<Vec<_>, _>>()?;
    let mut at = 0;
    group.bench_function("event", |bench| {
        bench.iter(|| {
            rules.advance_into(&mut state, Input::Event(&events[at]), &facts, now, &mut advance);
            at = (at + 1) % events.len();
            advance.stops.len()
        });
    });
    group.finish();
    criterion.final_summary();
    Ok(())
}
