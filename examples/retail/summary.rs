//! What is printed at the end: for people, or one JSON object for programs.

use std::collections::BTreeMap;
use std::fmt::Write;

use apropos::nba::{Class, SILENCE, Stage};
use serde_json::{Map, Value, json};

use crate::replay::Outcome;

/// The summary as one JSON object.
pub(crate) fn json(outcome: &Outcome) -> Value {
    let drops: Map<String, Value> = Stage::ALL
        .iter()
        .zip(outcome.counts.drops)
        .map(|(stage, count)| (stage.as_str().to_owned(), count.into()))
        .collect();
    json!({
        "customers": outcome.customers,
        "events": outcome.events,
        "timers": outcome.timers,
        "decisions": outcome.counts.decisions,
        "lessons": outcome.lessons,
        "events_per_second": outcome.per_second(outcome.events as u64).round(),
        "decisions_per_second": outcome.per_second(outcome.counts.decisions).round(),
        "events_per_second_per_core": (outcome.per_second(outcome.events as u64) / outcome.threads as f64).round(),
        "threads": outcome.threads,
        "digest": outcome.digest,
        "by_action": outcome.counts.by_action,
        "by_class": outcome.counts.by_class,
        "drops": drops,
        "silence_share": silence(outcome),
        "contacts_per_customer": {
            "p50": outcome.contacts_at(0.5),
            "p99": outcome.contacts_at(0.99),
            "max": outcome.contacts_at(1.0),
        },
    })
}

/// The summary for people.
pub(crate) fn text(outcome: &Outcome) -> String {
    let mut text = String::new();
    head(&mut text, outcome);
    table(
        &mut text,
        "decisions by action",
        &largest_first(&outcome.counts.by_action),
        outcome.counts.decisions,
    );
    let ladder = Class::ALL.iter().map(|class| class.as_str()).chain([SILENCE]);
    let classes: Vec<(&str, u64)> =
        ladder.filter_map(|class| Some((class, *outcome.counts.by_class.get(class)?))).collect();
    table(&mut text, "decisions by class", &classes, outcome.counts.decisions);
    funnel(&mut text, outcome);
    let _ = writeln!(text, "\nwhat can be learned from five of the decisions");
    for explained in &outcome.explanations {
        let _ = writeln!(text, "\n  {}\n  {}", explained.kind.to_uppercase(), explained.heading);
        let _ = writeln!(text, "    {}", explained.sentence);
        for (sentence, change) in &explained.lines {
            let _ = writeln!(text, "    - {sentence}");
            if let Some(change) = change {
                let _ = writeln!(text, "        {change}");
            }
        }
    }
    let _ = writeln!(text, "\ndigest {}", outcome.digest);
    text
}

fn head(text: &mut String, outcome: &Outcome) {
    let events = outcome.per_second(outcome.events as u64);
    let _ = writeln!(
        text,
        "{} customers, {} events, {} timers, {} decisions, {} lessons\n\
         {:.3} s on {} threads: {events:.0} events a second ({:.0} per core), {:.0} decisions a second\n\
         silence {:.1} % of the time; contacts per customer: median {}, p99 {}, most {}",
        outcome.customers,
        outcome.events,
        outcome.timers,
        outcome.counts.decisions,
        outcome.lessons,
        outcome.elapsed.as_secs_f64(),
        outcome.threads,
        events / outcome.threads as f64,
        outcome.per_second(outcome.counts.decisions),
        100.0 * silence(outcome),
        outcome.contacts_at(0.5),
        outcome.contacts_at(0.99),
        outcome.contacts_at(1.0),
    );
}

fn silence(outcome: &Outcome) -> f64 {
    let silent = outcome.counts.by_action.get(SILENCE).copied().unwrap_or_default();
    silent as f64 / outcome.counts.decisions.max(1) as f64
}

fn table(text: &mut String, title: &str, rows: &[(&str, u64)], all: u64) {
    let _ = writeln!(text, "\n{title}");
    for (name, count) in rows {
        let _ =
            writeln!(text, "  {name:<26} {count:>8}  {:>5.1} %", 100.0 * *count as f64 / all.max(1) as f64);
    }
}

/// How many candidates were left after each stage.
fn funnel(text: &mut String, outcome: &Outcome) {
    let _ = writeln!(text, "\ncandidates dropped, stage by stage (of {})", outcome.counts.candidates);
    let mut left = outcome.counts.candidates;
    for (stage, count) in Stage::ALL.iter().zip(outcome.counts.drops) {
        left = left.saturating_sub(count);
        let _ = writeln!(text, "  {stage:<26} {count:>8}  {left:>8} left");
    }
}

fn largest_first(counts: &BTreeMap<String, u64>) -> Vec<(&str, u64)> {
    let mut rows: Vec<(&str, u64)> = counts.iter().map(|(name, count)| (name.as_str(), *count)).collect();
    rows.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    rows
}
