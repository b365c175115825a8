//! # A support journey over a real ticket log
//!
//! We will declare how incidents are handled (`tickets.toml`), drive every case of a ticket log through that journey
//! event by event, with the host's timer in between, and print what became of them: who is finished, which promises
//! were kept, how customers moved, and how long it takes from each node to each goal.
//!
//! ```text
//! cargo run --release --example tickets -- LOG.csv.gz [--reference REFERENCE.json] [--json] [--mermaid]
//!                                          [--svg PICTURE.svg [--case CASE] [--whole]]
//! ```
//!
//! The log has the columns `case_id`, `activity` and `ts` (local time without zone), and where it tells more, `made_sla`,
//! `priority` and `opened`; the rows of a case stand in order. `--reference` compares the transitions with the directly-follows graph `dfg` that
//! a process-mining tool counted. `--svg` draws the journey with its counts, times and losses, and with `--case` the
//! path of one case; ways that hardly anybody took are left out unless `--whole` is given. The last line with `--json` is one JSON object:
//!
//! - `cases`, `events`: what was read. `finished`: cases that left the journey by the time nothing is due any more;
//!   `in_flight`: cases that did not, but wait for something; `stuck`: cases that wait for nothing.
//! - `promises`: `kept` and `broken` as the engine judged, `at_risk` how many were flagged before their deadline,
//!   and beside them what the log's own `made_sla` says: `made_sla` and `agrees`, null where it says nothing.
//! - `held_out`: the same comparison where it is fair, see below; null as well.
//! - `transitions`: [from, to, count]; `outlook`: for every node the chance of each goal and the seconds until it.
//!
//! The deadlines in `tickets.toml` were written with this log in view, so `promises.agrees` says how well one fixed time
//! for each priority can describe `made_sla`, not how well it predicts. `held_out` says that: cases are parted by the
//! instant at which they were opened; deadlines are chosen on the earlier half alone, and judged on the later half,
//! beside the declared deadlines and beside calling every promise kept.

mod desk;
mod held_out;
mod log;

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Instant;

use apropos::event::{JourneyId, NodeId};
use apropos::journey::OutlookOptions;
use apropos_examples::args::Args;
use apropos_examples::failure::Failure;
use apropos_examples::input;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::desk::{Desk, Tally};
use crate::log::Case;

/// The least share of a node's departures that a way must carry to be drawn.
const SHOWN: f64 = 0.01;

fn main() -> Result<(), Failure> {
    let args = Args::from_env(&["json", "mermaid", "whole"], &["reference", "svg", "case"])?;
    let cases = log::read(args.path(0, "LOG.csv.gz")?)?;
    let end = cases.iter().map(Case::last).max().ok_or("the log is empty")?;
    let desk = Desk::open(None)?;
    // The log is read and its texts are parsed; what is timed is the engine and the host's loop round it.
    let mut tally = Tally::default();
    #[expect(clippy::disallowed_methods, reason = "an example measures itself")]
    let started = Instant::now();
    for case in &cases {
        desk.drive(case, end, &mut tally);
    }
    let seconds = started.elapsed().as_secs_f64();
    let held_out = held_out::judge(&cases, end)?;
    draw(&args, &desk, &cases, &tally)?;
    Ok(report(&args, &desk, &tally, held_out.as_ref(), seconds)?)
}

fn draw(args: &Args, desk: &Desk, cases: &[Case], tally: &Tally) -> Result<(), Box<dyn Error>> {
    let journey = JourneyId::new("ticket")?;
    let whole =
        desk.rules.picture_with(&journey, 1, &tally.counts).ok_or("the journey was compiled above")?;
    if args.flag("mermaid") {
        println!("{}", whole.to_mermaid());
    }
    let Some(path) = args.option("svg") else { return Ok(()) };
    let picture = match args.option("case") {
        None => whole,
        Some(id) => {
            let case = cases.iter().find(|case| case.id == id).ok_or("the log has no such case")?;
            let state = desk.story(case);
            let instance = state.instances().first().ok_or("the case has left the journey")?;
            desk.rules.picture_of(instance, Some(&tally.counts)).ok_or("the journey was compiled above")?
        }
    };
    // Most ways that the log could take it hardly ever takes.
    let picture = if args.flag("whole") { picture } else { picture.abridged(SHOWN) };
    Ok(std::fs::write(path, picture.to_svg())?)
}

fn report(
    args: &Args,
    desk: &Desk,
    tally: &Tally,
    held_out: Option<&held_out::HeldOut>,
    seconds: f64,
) -> Result<(), Box<dyn Error>> {
    let transitions = tally.counts.transitions(&desk.rules);
    let mismatches = args.option("reference").map(|path| mismatches(path, &transitions)).transpose()?;
    let per_second = (tally.events as f64 / seconds).round();
    let told = |count: u64| (0 < tally.told).then_some(count);
    if args.flag("json") {
        let answer = json!({
            "cases": tally.cases,
            "events": tally.events,
            "finished": tally.finished,
            "in_flight": tally.cases - tally.finished - tally.stuck,
            "in_flight_at_the_end_of_the_log": tally.in_flight,
            "stuck": tally.stuck,
            "promises": {
                "kept": tally.kept,
                "at_risk": tally.at_risk,
                "broken": tally.broken,
                "made_sla": told(tally.made_sla),
                "agrees": told(tally.agrees),
            },
            "held_out": held_out,
            "transitions": transitions,
            "transitions_unlike_reference": mismatches,
            "outlook": outlook(desk, tally)?,
            "events_per_second": per_second,
        });
        println!("{answer}");
        return Ok(());
    }
    let (cases, events) = (tally.cases, tally.events);
    println!("{cases} cases, {events} events: {} finished, {} stuck", tally.finished, tally.stuck);
    println!("promises: {} kept, {} at risk on the way, {} broken", tally.kept, tally.at_risk, tally.broken);
    if 0 < tally.told {
        let (kept, agrees, told) = (tally.made_sla, tally.agrees, tally.told);
        println!("the log's own flag says {kept} kept; the two agree on {agrees} of {told} cases");
    }
    if let Some(held_out) = held_out {
        println!("{held_out}");
    }
    for (from, to, count) in &transitions {
        println!("  {from} → {to}: {count}");
    }
    println!("{per_second:.0} events a second");
    Ok(())
}

/// For every node what usually happens next, and the chance and time of each goal.
fn outlook(desk: &Desk, tally: &Tally) -> Result<Vec<Value>, Box<dyn Error>> {
    let journey = JourneyId::new("ticket")?;
    let options = OutlookOptions { prior: 0.0, half_life: None };
    let unknown = "the journey was compiled above";
    let mut goals: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for goal in ["resolved", "closed", "settled"] {
        let reach = desk.rules.reaching(&tally.counts, &journey, 1, &NodeId::new(goal)?, &options);
        for one in reach.ok_or(unknown)? {
            let entry = json!({ "goal": goal, "chance": one.chance, "seconds": one.seconds });
            goals.entry(one.node).or_default().push(entry);
        }
    }
    let outlook = desk.rules.outlook(&tally.counts, &journey, 1, &options).ok_or(unknown)?;
    let node = |node: &apropos::journey::NodeOutlook| {
        json!({
            "node": node.node,
            "departures": node.departures,
            "stay_seconds": node.stay_seconds,
            "goals": goals.get(&node.node),
            "next": node.next.first().filter(|_| 0 < node.departures).map(|next| &next.to),
        })
    };
    Ok(outlook.nodes.iter().map(node).collect())
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
