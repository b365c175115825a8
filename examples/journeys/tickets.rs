//! # A support journey over a real ticket log
//!
//! We will declare how incidents are handled (`tickets.toml`), drive every case of a ticket log through that journey
//! event by event, with the host's timer in between, and print what became of them: who is finished, which promises
//! were kept, how customers moved, and how long it takes from each node to each goal.
//!
//! ```text
//! cargo run --release --example tickets -- LOG.csv.gz [--reference REFERENCE.json] [--json] [--mermaid]
//! ```
//!
//! The log has the columns `case_id`, `activity`, `ts` (local time without zone), `made_sla`, `priority` and `opened`;
//! the rows of a case stand in order. `--reference` compares the transitions with the directly-follows graph `dfg` that
//! a process-mining tool counted. The last line with `--json` is one JSON object:
//!
//! - `cases`, `events`: what was read. `finished`: cases that left the journey by the time nothing is due any more;
//!   `in_flight`: cases that did not, but wait for something; `stuck`: cases that wait for nothing.
//! - `promises`: `kept` and `broken` as the engine judged, `at_risk` how many were flagged before their deadline,
//!   and beside them what the log's own `made_sla` says: `made_sla` and `agrees`.
//! - `transitions`: [from, to, count]; `outlook`: for every node the chance of each goal and the seconds until it.

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Instant;

use apropos::condition::{AttributeDefinition, AttributeId, AttributeType, Facts, Schema, SchemaBuilder};
use apropos::event::{
    CustomerId, Event, EventId, EventKind, JourneyId, NodeId, Path, Problems, SourceId, Timestamp,
};
use apropos::journey::{
    Advance, EffectKind, Input, JourneyBinding, JourneyCounts, JourneyDefinition, JourneyRules, JourneyState,
    OutlookOptions, PromiseDefinition, PromiseStatus, attributes,
};
use apropos_examples::args::Args;
use apropos_examples::input;
use serde::Deserialize;
use serde_json::json;

/// One row of the log.
#[derive(Deserialize)]
struct Row {
    case_id: String,
    activity: String,
    ts: String,
    made_sla: bool,
    priority: String,
    opened: String,
}

#[derive(Deserialize)]
struct Book {
    journeys: Vec<JourneyDefinition>,
    promises: Vec<PromiseDefinition>,
}

/// Everything that stays the same for all cases.
struct Desk {
    rules: JourneyRules,
    schema: Schema,
    binding: JourneyBinding,
    priority: AttributeId,
    source: SourceId,
}

/// What was counted over all cases.
#[derive(Default)]
struct Tally {
    events: u64,
    finished: u64,
    in_flight: u64,
    stuck: u64,
    kept: u64,
    broken: u64,
    at_risk: u64,
    made_sla: u64,
    agrees: u64,
    counts: JourneyCounts,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::from_env(&["json", "mermaid"], &["reference"])?;
    let rows: Vec<Row> = input::csv_rows(args.path(0, "LOG.csv.gz")?)?;
    let desk = Desk::open()?;
    let mut cases: Vec<Vec<Row>> = Vec::new();
    for row in rows {
        match cases.last_mut() {
            Some(case) if case[0].case_id == row.case_id => case.push(row),
            _ => cases.push(vec![row]),
        }
    }
    let end = cases
        .iter()
        .flatten()
        .map(|row| instant(&row.ts))
        .try_fold(Timestamp::MIN, |end, at| at.map(|at| end.max(at)))?;

    // The log is read and its texts are parsed; what is timed is the engine and the host's loop round it.
    let stories = cases.iter().map(|case| story(&desk, case)).collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    let mut tally = Tally::default();
    #[expect(clippy::disallowed_methods, reason = "an example measures itself")]
    let started = Instant::now();
    for (case, story) in cases.iter().zip(&stories) {
        drive(&desk, case, story, end, &mut tally);
    }
    let seconds = started.elapsed().as_secs_f64();
    report(&args, &desk, &tally, cases.len(), seconds)
}

impl Desk {
    fn open() -> Result<Self, Box<dyn Error>> {
        let book: Book = toml::from_str(include_str!("tickets.toml"))?;
        let (mut schema, mut problems) = (SchemaBuilder::new(), Problems::new());
        let priority = AttributeDefinition::new("ticket.priority".parse()?, AttributeType::Symbol)
            .with_values(["1 - Critical", "2 - High", "3 - Moderate", "4 - Low"]);
        schema.declare(&Path::root(), priority, &mut problems);
        for attribute in attributes(&book.journeys, &book.promises) {
            schema.declare(&Path::root(), attribute, &mut problems);
        }
        let rules = JourneyRules::compile(&book.journeys, &book.promises, &mut schema, &mut problems);
        let schema = schema.build();
        rules.verify_all(&schema, &mut problems);
        let ((), warnings) = problems.into_result(())?;
        for warning in &warnings {
            eprintln!("{warning}");
        }
        let binding = rules.bind(&schema);
        let priority = schema.id("ticket.priority").ok_or("it was declared above")?;
        Ok(Self { rules, schema, binding, priority, source: SourceId::new("log")? })
    }
}

/// The events of a case: it is opened, then its activities follow.
fn story(desk: &Desk, case: &[Row]) -> Result<Vec<Event>, Box<dyn Error>> {
    let customer = CustomerId::new(&case[0].case_id)?;
    let event = |id: usize, kind: &str, at: Timestamp| -> Result<Event, Box<dyn Error>> {
        Ok(Event::new(
            EventId::new(id.to_string())?,
            desk.source.clone(),
            EventKind::new(kind)?,
            customer.clone(),
            at,
        ))
    };
    // A few cases were written down before they were opened.
    let opened = instant(&case[0].opened)?.min(instant(&case[0].ts)?);
    let mut events = vec![event(0, "opened", opened)?];
    for (at, row) in case.iter().enumerate() {
        let kind = match row.activity.as_str() {
            "New" => "new",
            "Active" => "active",
            "Awaiting User Info" => "user",
            "Awaiting Problem" => "problem",
            "Awaiting Vendor" => "vendor",
            "Awaiting Evidence" => "evidence",
            "Resolved" => "resolved",
            "Closed" => "closed",
            other => return Err(format!("`{other}` is not an activity of this journey").into()),
        };
        events.push(event(at + 1, kind, instant(&row.ts)?)?);
    }
    Ok(events)
}

fn drive(desk: &Desk, case: &[Row], story: &[Event], end: Timestamp, tally: &mut Tally) {
    let mut state = JourneyState::new(&story[0].customer);
    let mut facts = Facts::new(&desk.schema);
    let mut advance = Advance::default();
    let mut flagged = false;
    let mut step = |state: &mut JourneyState, input: Input<'_>, now: Timestamp, tally: &mut Tally| {
        facts.reset();
        facts.set_symbol(desk.priority, &case[0].priority);
        desk.rules.write_facts(state, &desk.binding, &mut facts);
        desk.rules.advance_into(state, input, &facts, now, &mut advance);
        tally.counts.record(&desk.rules, &advance);
        flagged |=
            advance.effects.iter().any(|effect| matches!(effect.what, EffectKind::PromiseAtRisk { .. }));
        advance.effects.iter().any(|effect| matches!(effect.what, EffectKind::Left { .. }))
    };
    for event in story {
        // The host's timer: whatever is due before the event is taken first.
        while let Some(due) = desk.rules.next_due(&state).filter(|due| *due < event.occurred_at) {
            step(&mut state, Input::Tick, due, tally);
        }
        step(&mut state, Input::Event(event), event.occurred_at, tally);
    }
    tally.events += case.len() as u64;
    let mut finished = false;
    let mut counted = false;
    loop {
        let due = desk.rules.next_due(&state);
        if !counted && due.is_none_or(|due| end < due) {
            counted = true;
            tally.in_flight += u64::from(!state.instances().is_empty());
        }
        let Some(due) = due else { break };
        finished |= step(&mut state, Input::Tick, due, tally);
    }
    tally.finished += u64::from(finished);
    tally.stuck += u64::from(!state.instances().is_empty());
    judge(case, &state, flagged, tally);
}

/// What became of the promise, and what the log says.
fn judge(case: &[Row], state: &JourneyState, flagged: bool, tally: &mut Tally) {
    let made_sla = case.last().is_some_and(|row| row.made_sla);
    let kept = state.promises().iter().any(|owed| owed.status() == PromiseStatus::Kept);
    let broken = state.promises().iter().any(|owed| owed.status() == PromiseStatus::Broken);
    tally.kept += u64::from(kept);
    tally.broken += u64::from(broken);
    tally.at_risk += u64::from(flagged);
    tally.made_sla += u64::from(made_sla);
    tally.agrees += u64::from(kept == made_sla);
}

fn report(args: &Args, desk: &Desk, tally: &Tally, cases: usize, seconds: f64) -> Result<(), Box<dyn Error>> {
    let journey = JourneyId::new("ticket")?;
    let options = OutlookOptions { prior: 0.0, half_life: None };
    let mut goals: BTreeMap<String, Vec<serde_json::Value>> = BTreeMap::new();
    for goal in ["resolved", "closed", "settled"] {
        let reach = desk.rules.reaching(&tally.counts, &journey, 1, &NodeId::new(goal)?, &options);
        for one in reach.ok_or("the journey was compiled above")? {
            let entry = json!({ "goal": goal, "chance": one.chance, "seconds": one.seconds });
            goals.entry(one.node).or_default().push(entry);
        }
    }
    let outlook =
        desk.rules.outlook(&tally.counts, &journey, 1, &options).ok_or("the journey was compiled above")?;
    let transitions = tally.counts.transitions(&desk.rules);
    let mismatches = args.option("reference").map(|path| mismatches(path, &transitions)).transpose()?;
    if args.flag("mermaid") {
        let picture =
            desk.rules.picture_with(&journey, 1, &tally.counts).ok_or("the journey was compiled above")?;
        println!("{}", picture.to_mermaid());
    }
    if !args.flag("json") {
        println!(
            "{cases} cases, {} events: {} finished, {} stuck",
            tally.events, tally.finished, tally.stuck
        );
        println!(
            "promises: {} kept, {} at risk on the way, {} broken",
            tally.kept, tally.at_risk, tally.broken
        );
        println!("the log's own flag says {} kept; the two agree on {} cases", tally.made_sla, tally.agrees);
        for (from, to, count) in &transitions {
            println!("  {from} → {to}: {count}");
        }
        for drop in outlook.drop_offs {
            println!("lost at {}: {} of {}", drop.node, drop.lost, drop.of);
        }
        println!("{:.0} events a second", tally.events as f64 / seconds);
        return Ok(());
    }
    let outlook: Vec<serde_json::Value> = outlook
        .nodes
        .iter()
        .map(|node| {
            json!({
                "node": node.node,
                "departures": node.departures,
                "stay_seconds": node.stay_seconds,
                "goals": goals.get(&node.node),
                "next": node.next.first().filter(|_| 0 < node.departures).map(|next| &next.to),
            })
        })
        .collect();
    let answer = json!({
        "cases": cases,
        "events": tally.events,
        "finished": tally.finished,
        "in_flight": cases as u64 - tally.finished - tally.stuck,
        "in_flight_at_the_end_of_the_log": tally.in_flight,
        "stuck": tally.stuck,
        "promises": {
            "kept": tally.kept,
            "at_risk": tally.at_risk,
            "broken": tally.broken,
            "made_sla": tally.made_sla,
            "agrees": tally.agrees,
        },
        "transitions": transitions,
        "transitions_unlike_reference": mismatches,
        "outlook": outlook,
        "events_per_second": (tally.events as f64 / seconds).round(),
    });
    println!("{answer}");
    Ok(())
}

/// How many transitions differ from those that a process-mining tool counted in the same log.
fn mismatches(path: &str, transitions: &[(&str, &str, u64)]) -> Result<usize, Box<dyn Error>> {
    #[derive(Deserialize)]
    struct Reference {
        dfg: Vec<(String, String, u64)>,
    }
    let reference: Reference = serde_json::from_str(&input::text(path)?)?;
    let name = |activity: &str| activity.to_lowercase().replace(' ', "_");
    let theirs: BTreeMap<(String, String), u64> =
        reference.dfg.into_iter().map(|(from, to, count)| ((name(&from), name(&to)), count)).collect();
    let mine: BTreeMap<(String, String), u64> = transitions
        .iter()
        .filter(|(from, to, _)| *from != "opened" && *to != "settled" && *from != "settled")
        .map(|(from, to, count)| (((*from).to_owned(), (*to).to_owned()), *count))
        .collect();
    let differ = |pair: &&(String, String)| theirs.get(*pair) != mine.get(*pair);
    let union: std::collections::BTreeSet<&(String, String)> = theirs.keys().chain(mine.keys()).collect();
    Ok(union.into_iter().filter(differ).count())
}

/// Local time without a zone is read as if it were UTC: only differences matter here.
fn instant(text: &str) -> Result<Timestamp, Box<dyn Error>> {
    format!("{text}Z").parse().map_err(|error| format!("`{text}`: {error}").into())
}
