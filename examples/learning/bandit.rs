//! How good are decisions that learn as they go? A labelled table becomes a stream of choices with one outcome each.
//!
//! We will read a table whose column `label` holds 1..K; for each row pick one of K actions with a known probability, and
//! learn only whether that one was right. The figure is the mean cost, 0 for right and 1 for wrong.
//!
//! Run with `cargo run --release --example bandit -- DATA.csv.gz --meta META.json [--policy NAME] [--shuffles N]
//! [--seeds N] [--log FILE] [--json]`. Rows come in file order, once for each of ten seeds of the draws (three from
//! 2,000 rows on), unless `--shuffles` asks for that many random orders instead.

use std::error::Error;
use std::fmt::Write as _;

use apropos::learn::explore::Policy;
use apropos::learn::{InputKind, ModelDefinition};
use apropos_examples::{args::Args, input};
use protocol::{Table, order, run};
use serde_json::{Value, json};

#[path = "protocol.rs"]
mod protocol;

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::from_env(&["json"], &["meta", "policy", "shuffles", "seeds", "log", "definition"])?;

    // 1. The table, and what its columns are.
    let meta: Value = serde_json::from_str(&input::text(args.option("meta").ok_or("`--meta` is missing")?)?)?;
    let kinds = match meta.get("kinds") {
        Some(kinds) => Some(serde_json::from_value::<Vec<InputKind>>(kinds.clone())?),
        None => None,
    };
    let mut table = Table::read(args.path(0, "DATA")?, "label", kinds)?;
    table.actions =
        meta.get("classes").and_then(Value::as_array).ok_or("the meta file has no `classes`")?.len();
    for label in &mut table.labels {
        *label =
            label.checked_sub(1).filter(|label| *label < table.actions).ok_or("a label is not in 1..K")?;
    }

    // 2. The settings: the same for every table unless asked otherwise.
    let mut definition = match args.option("definition") {
        Some(path) => serde_json::from_str(&input::text(path)?)?,
        None => ModelDefinition::default(),
    };
    let name = args.option("policy").unwrap_or("inverse_gap");
    if let Some(policy) = args.option("policy") {
        definition.exploration.policy = policy_called(policy)?;
    }

    // 3. The runs.
    let shuffles: u64 = args.parsed("shuffles", 0)?;
    let seeds: u64 = args.parsed("seeds", if table.len() <= 2_000 { 10 } else { 3 })?;
    let (mut costs, mut seconds, mut log) =
        (Vec::new(), 0.0, String::from("run,row,action,probability,cost\n"));
    for seed in 1..=if 0 < shuffles { shuffles } else { seeds } {
        let rows = order(table.len(), if 0 < shuffles { seed } else { 0 });
        let done = run(&table, &rows, &definition, seed)?;
        costs.push(done.mean_cost);
        seconds += done.seconds;
        if args.option("log").is_some() {
            for (row, action, probability, cost) in done.log {
                writeln!(log, "{seed},{row},{action},{probability:?},{cost}")?;
            }
        }
    }
    if let Some(path) = args.option("log") {
        std::fs::write(path, log)?;
    }

    // 4. The figures.
    let mean = costs.iter().sum::<f64>() / costs.len() as f64;
    let speed = (table.len() * costs.len()) as f64 / seconds;
    let title = meta.get("name").and_then(Value::as_str).unwrap_or("table");
    if args.flag("json") {
        let report = json!({
            "name": title,
            "policy": name,
            "rows": table.len(),
            "actions": table.actions,
            "mean_cost": mean,
            "per_shuffle": costs,
            "decisions_per_second": speed,
        });
        println!("{report}");
    } else {
        println!("{title}: mean cost {mean:.4} over {} runs, {speed:.0} decisions a second", costs.len());
    }
    Ok(())
}

/// The policy of that name, with its usual settings.
fn policy_called(name: &str) -> Result<Policy, String> {
    Ok(match name {
        "inverse_gap" => Policy::default(),
        "epsilon_greedy" => Policy::EpsilonGreedy { epsilon: 0.05 },
        "softmax" => Policy::Softmax { temperature: 0.05 },
        "optimistic" => Policy::Optimistic { optimism: 0.5 },
        "greedy" => Policy::Greedy,
        _ => {
            let known = "`inverse_gap`, `epsilon_greedy`, `softmax`, `optimistic` or `greedy`";
            return Err(format!("`{name}` is not a policy; write {known}"));
        }
    })
}
