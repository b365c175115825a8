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
use std::time::Instant;

use apropos::event::{ActionId, draw};
use apropos::learn::explore::{self, Policy};
use apropos::learn::{Features, InputKind, Model, ModelDefinition, Outcome, RewardDefinition, Scores};
use apropos_examples::failure::Failure;
use apropos_examples::{args::Args, input};
use serde_json::{Value, json};
use table::{Cell, Table};

#[path = "table.rs"]
mod table;

fn main() -> Result<(), Failure> {
    let args = Args::from_env(&["json"], &["meta", "policy", "shuffles", "seeds", "log", "definition"])?;

    // 1. The table, and what its columns are.
    let path = args.path(0, "DATA")?;
    drop(input::open(path)?); // a table that is not there is said before anything else is asked for
    let meta: Value = serde_json::from_str(&input::text(args.option("meta").ok_or("`--meta` is missing")?)?)?;
    let kinds = match meta.get("kinds") {
        Some(kinds) => Some(serde_json::from_value::<Vec<InputKind>>(kinds.clone())?),
        None => None,
    };
    let mut table = Table::read(path, "label", kinds)?;
    let actions =
        meta.get("classes").and_then(Value::as_array).ok_or("the meta file has no `classes`")?.len();
    for label in &mut table.labels {
        *label = label.checked_sub(1).filter(|label| *label < actions).ok_or("a label is not in 1..K")?;
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
        let done = run(&table, actions, &rows, &definition, seed)?;
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
            "actions": actions,
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

/// One run of the protocol.
#[derive(Debug)]
struct Run {
    /// Mean cost over all rows.
    mean_cost: f64,
    /// Seconds that encoding, scoring, choosing and learning took.
    seconds: f64,
    /// The row, the action taken, its exact probability and its cost, in order.
    log: Vec<(usize, usize, f64, f64)>,
}

/// Runs the protocol once over the rows in `order`.
#[expect(clippy::disallowed_methods, reason = "an example measures how long it takes")]
fn run(
    table: &Table,
    actions: usize,
    order: &[usize],
    definition: &ModelDefinition,
    seed: u64,
) -> Result<Run, Box<dyn Error>> {
    let definition = ModelDefinition {
        inputs: table.inputs(),
        rewards: vec![RewardDefinition::new("right")],
        seed,
        ..definition.clone()
    };
    let names: Vec<ActionId> =
        (1..=actions).map(|k| ActionId::new(k.to_string())).collect::<Result<_, _>>()?;
    let candidates: Vec<u32> = (0..actions as u32).collect();
    let mut model = Model::new(&definition, &names)?;
    let (mut features, mut scores) = (Features::new(), Scores::new());
    let (mut values, mut probabilities, mut inputs) = (Vec::new(), Vec::new(), Vec::new());
    let policy = definition.exploration.policy;
    let floor = definition.exploration.floor;
    let mut log = Vec::with_capacity(order.len());
    let mut cost = 0.0;
    let start = Instant::now();
    for (t, &row) in (1_u64..).zip(order) {
        inputs.clear();
        inputs.extend(table.row(row).iter().map(Cell::input));
        model.encode(&inputs, &mut features)?;
        model.score(&features, &candidates, 0, &mut scores)?;
        scores.optimistic(policy.optimism(), &mut values);
        explore::probabilities(&policy, &values, 1.0, t, floor, &mut probabilities);
        let draw = draw::unit(draw::mix(draw::mix(seed).wrapping_add(t)));
        let choice = explore::choose(&probabilities, draw).ok_or("there are no actions")?;
        let hit = choice.index == table.labels[row];
        model.learn(&features, choice.index as u32, &Outcome::new(0, f64::from(u8::from(hit))), 1.0)?;
        let paid = f64::from(u8::from(!hit));
        cost += paid;
        log.push((row, choice.index + 1, choice.probability, paid));
    }
    let seconds = start.elapsed().as_secs_f64();
    Ok(Run { mean_cost: cost / order.len().max(1) as f64, seconds, log })
}

/// The rows in the order of shuffle `seed`; shuffle 0 is the file's own order.
fn order(rows: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rows).collect();
    if seed != 0 {
        order.sort_by_key(|row| (draw::mix(draw::mix(seed).wrapping_add(*row as u64)), *row));
    }
    order
}
