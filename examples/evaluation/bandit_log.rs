//! Reads a log of decisions in any format we know, and says what constant and uniform policies would have cost and
//! what learners would have, progressively.
//!
//! `bandit_log FILE [--json] [--write-vw FILE] [--write-dsjson FILE] [--write-log FILE]`
//!
//! Known are our own JSON lines, plain JSON lines `{shared, actions, chosen, cost, prob}`, DSJSON and Vowpal Wabbit's
//! text. Costs are negative rewards.

use std::error::Error;

use apropos::evaluate::logs::{DecisionRecord, LogError, dsjson, plain, vw};
use apropos::evaluate::numeric::Sum;
use apropos::evaluate::offpolicy::{Progressive, Reduction};
use apropos_examples::args::Args;
use apropos_examples::failure::Failure;
use apropos_examples::input;
use serde_json::{Map, Value, json};

fn main() -> Result<(), Failure> {
    let args = Args::from_env(&["json"], &["write-vw", "write-dsjson", "write-log"])?;
    let path = args.path(0, "FILE")?;
    let (format, records) = read(path)?;
    let found = summary(&records, format);
    print(&found);
    for (option, write) in WRITERS {
        if let Some(file) = args.option(option) {
            let text = records.iter().map(write).collect::<Result<String, LogError>>()?;
            std::fs::write(file, text)?;
            eprintln!("{} decisions are in {file}", records.len());
        }
    }
    if args.flag("json") {
        println!("{found}");
    }
    Ok(())
}

type Read = fn(&str) -> Result<DecisionRecord, LogError>;
type Write = fn(&DecisionRecord) -> Result<String, LogError>;

const WRITERS: [(&str, Write); 3] = [
    ("write-vw", vw::write),
    ("write-dsjson", |record| dsjson::write(record).map(|line| line + "\n")),
    ("write-log", |record| Ok(record.to_json() + "\n")),
];

fn read(path: &str) -> Result<(&'static str, Vec<DecisionRecord>), Box<dyn Error>> {
    let text = input::text(path)?;
    if !text.trim_start().starts_with('{') {
        let found = vw::read(&text).map_err(|(line, error)| format!("`{path}` line {line}: {error}"))?;
        return Ok(("vw", found.into_iter().map(|(_, record)| record).collect()));
    }
    let first: Value = serde_json::from_str(text.lines().next().unwrap_or(""))
        .map_err(|error| format!("`{path}` line 1: {error}"))?;
    let (format, parse): (&str, Read) = if first.get("candidates").is_some() {
        ("apropos", DecisionRecord::from_json)
    } else if first.get("c").is_some() {
        ("dsjson", dsjson::read)
    } else {
        ("plain", plain::read)
    };
    let mut records = Vec::new();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        records.push(parse(line).map_err(|error| format!("`{path}` line {number}: {error}"))?);
    }
    Ok((format, records))
}

/// What is known of a decision that was paid for.
struct Label {
    cost: f64,
    probability: f64,
    chosen: usize,
    actions: usize,
    /// How many decisions it stands for: itself, and those that were thrown away before logging.
    stands_for: f64,
}

fn labelled(record: &DecisionRecord) -> Option<Label> {
    let slot = record.first()?;
    Some(Label {
        cost: 0.0 - slot.reward?,
        probability: slot.probability,
        chosen: slot.chosen,
        actions: record.candidates.len(),
        stands_for: 1.0 / (1.0 - record.drop_rate),
    })
}

fn summary(records: &[DecisionRecord], format: &str) -> Value {
    let labels: Vec<_> = records.iter().filter_map(labelled).collect();
    let actions = labels.iter().map(|label| label.actions).max().unwrap_or(0);
    let mean = |cost: &dyn Fn(&Label) -> f64| {
        let (mut sum, mut count) = (Sum::default(), Sum::default());
        for label in &labels {
            sum.add(label.stands_for * cost(label));
            count.add(label.stands_for);
        }
        if labels.is_empty() { 0.0 } else { sum.value() / count.value() }
    };
    let inverse = |label: &Label| label.cost / label.probability;
    let constant: Vec<f64> = (0..actions.min(20))
        .map(|action| mean(&|label| if label.chosen == action { inverse(label) } else { 0.0 }))
        .collect();
    let mut losses = Map::new();
    for crosses in [false, true] {
        for reduction in Reduction::ALL {
            let mut learner = Progressive::new(reduction, crosses);
            for record in records {
                learner.walk(record);
            }
            let name = format!("{}{}", reduction.name(), if crosses { " with crosses" } else { "" });
            losses.insert(name, json!(learner.loss()));
        }
    }
    json!({
        "format": format, "events": records.len(), "labelled": labels.len(),
        "mean_logged_cost": mean(&|label| label.cost), "max_actions": actions, "constant_action_ips": constant,
        "uniform_policy_ips": mean(&|label| inverse(label) / label.actions as f64), "progressive_loss": losses,
    })
}

fn print(found: &Value) {
    println!(
        "{} decisions ({}), {} with a reward; mean cost {}, under a uniform policy {}",
        found["events"],
        found["format"],
        found["labelled"],
        found["mean_logged_cost"],
        found["uniform_policy_ips"]
    );
    for (action, cost) in found["constant_action_ips"].as_array().into_iter().flatten().enumerate() {
        println!("  always action {action}: {cost}");
    }
    for (name, loss) in found["progressive_loss"].as_object().into_iter().flatten() {
        println!("  progressive loss of {name}: {loss}");
    }
}
