//! Who will say yes? One pass over a table in file order: predict each row, then learn it.
//!
//! We will read the table, predict before learning, and report how good the predictions were.
//!
//! Run with `cargo run --release --example propensity -- DATA.csv.gz --label y [--json]`.

use std::error::Error;
use std::time::Instant;

use apropos::event::ActionId;
use apropos::learn::{Features, Model, ModelDefinition, Outcome, RewardDefinition, Scores};
use apropos_examples::args::Args;
use apropos_examples::failure::Failure;
use serde_json::{Value, json};
use table::{Cell, Table};

#[path = "table.rs"]
mod table;

fn main() -> Result<(), Failure> {
    let args = Args::from_env(&["json"], &["label", "definition"])?;
    let table = Table::read(args.path(0, "DATA")?, args.option("label").unwrap_or("y"), None)?;
    let definition = match args.option("definition") {
        Some(path) => serde_json::from_str(&apropos_examples::input::text(path)?)?,
        None => ModelDefinition::default(),
    };

    // 1. Predict, then learn, row by row.
    let (predictions, seconds) = predict(&table, &definition)?;

    // 2. Judge all of it, and its last 30 % beside models fitted on the first 70 %.
    let cut = table.len() * 7 / 10;
    let labels: Vec<bool> = table.labels.iter().map(|label| *label == 1).collect();
    let all = metrics(&predictions, &labels);
    let last = metrics(&predictions[cut..], &labels[cut..]);
    let speed = table.len() as f64 / seconds;
    if args.flag("json") {
        let report = json!({
            "rows": table.len(),
            "progressive_all": all,
            "progressive_last_30pct": last,
            "rows_per_second": speed,
        });
        println!("{report}");
    } else {
        println!("{} rows of {} columns, {speed:.0} rows a second", table.len(), table.columns.len());
        println!("all of it:     {all}");
        println!("its last 30 %: {last}");
    }
    Ok(())
}

/// The probability of each row before it was learned, and the seconds that encoding, scoring and learning took.
#[expect(clippy::disallowed_methods, reason = "an example measures how long it takes")]
fn predict(table: &Table, definition: &ModelDefinition) -> Result<(Vec<f64>, f64), Box<dyn Error>> {
    let definition = ModelDefinition {
        inputs: table.inputs(),
        rewards: vec![RewardDefinition::new("yes")],
        ..definition.clone()
    };
    let mut model = Model::new(&definition, &[ActionId::new("ask")?])?;
    let (mut features, mut scores, mut inputs) = (Features::new(), Scores::new(), Vec::new());
    let mut predictions = Vec::with_capacity(table.len());
    let start = Instant::now();
    for row in 0..table.len() {
        inputs.clear();
        inputs.extend(table.row(row).iter().map(Cell::input));
        model.encode(&inputs, &mut features)?;
        model.score(&features, &[0], 0, &mut scores)?;
        predictions.push(scores.p().first().copied().map_or(0.5, f64::from));
        let yes = f64::from(u8::from(table.labels[row] == 1));
        model.learn(&features, 0, &Outcome::new(0, yes), 1.0)?;
    }
    Ok((predictions, start.elapsed().as_secs_f64()))
}

/// How good predictions are.
fn metrics(predictions: &[f64], labels: &[bool]) -> Value {
    let n = labels.len().max(1) as f64;
    let hit = |at: usize| f64::from(u8::from(labels[at]));
    let positives: f64 = (0..labels.len()).map(hit).sum();
    let mut order: Vec<usize> = (0..labels.len()).collect();
    order.sort_by(|a, b| predictions[*b].total_cmp(&predictions[*a]).then(a.cmp(b)));
    let (mut auc, mut precision) = (0.0, 0.0);
    let (mut above, mut seen, mut from) = (0.0, 0.0, 0);
    // Rows with equal predictions are taken together, so that their order does not matter.
    while from < order.len() {
        let tied =
            order[from..].iter().take_while(|at| predictions[**at] == predictions[order[from]]).count();
        let hits: f64 = order[from..from + tied].iter().map(|at| hit(*at)).sum();
        let misses = tied as f64 - hits;
        auc += misses * (above + hits / 2.0);
        above += hits;
        seen += tied as f64;
        precision += hits * above / seen;
        from += tied;
    }
    let decile = (labels.len() / 10).max(1);
    let top: f64 = order.iter().take(decile).map(|at| hit(*at)).sum::<f64>() / decile as f64;
    let loss = |at: usize| {
        let p = predictions[at].clamp(1e-15, 1.0 - 1e-15);
        if labels[at] { -p.ln() } else { -(1.0 - p).ln() }
    };
    let mut bins = [[0.0_f64; 2]; 10];
    for (at, p) in predictions.iter().enumerate() {
        let bin = &mut bins[((p * 10.0) as usize).min(9)];
        bin[0] += p;
        bin[1] += hit(at);
    }
    json!({
        "auc": auc / (positives * (n - positives)),
        "average_precision": precision / positives,
        "log_loss": (0..labels.len()).map(loss).sum::<f64>() / n,
        "brier": (0..labels.len()).map(|at| (predictions[at] - hit(at)).powi(2)).sum::<f64>() / n,
        "ece_10_equal_width": bins.iter().map(|[p, y]| (p - y).abs()).sum::<f64>() / n,
        "top_decile_lift": top / (positives / n),
    })
}
