//! What would another policy have earned? Estimates from an Open Bandit log, or a refusal.
//!
//! `off_policy LOG.csv.gz --policy POLICY.csv|uniform [--reference-model table] [--json] [--report PAGE.html]
//! [--estimators ipw,dr,…] [--min-ess 200] [--floor P]`
//!
//! The policy table has the columns `item_id` and one a position. The reference model `table` is the smoothed click
//! rate of each item at each position in the very log. `--floor` is the least probability that the logging policy promises
//! for any item; it sharpens the exact confidence sequence. The page holds the same figures for people.

use std::error::Error;

use apropos::evaluate::logs::open_bandit::{Columns, Shown};
use apropos::evaluate::offpolicy::{
    Calibration, Estimate, Estimator, Evaluation, Gate, Interval, Plan, PolicyTable, Prediction, Report, Row,
    Shrinkage, TableModel,
};
use apropos::evaluate::report::{Coverage, Page};
use apropos_examples::args::Args;
use apropos_examples::failure::Failure;
use apropos_examples::input;
use serde_json::{Value, json};

fn main() -> Result<(), Failure> {
    let args = Args::from_env(
        &["json"],
        &["policy", "reference-model", "report", "estimators", "min-ess", "floor"],
    )?;
    let path = args.path(0, "LOG")?;
    let rows = read_log(path)?;
    let policy =
        read_policy(args.option("policy").ok_or("`--policy` is missing: `uniform` or a table")?, &rows)?;
    let model = match args.option("reference-model") {
        None => None,
        Some("table") => Some(table(&rows, &policy)),
        Some(other) => return Err(format!("`{other}` is not a reference model; `table` is").into()),
    };
    let estimators = match args.option("estimators") {
        Some(names) => names.split(',').map(str::parse).collect::<Result<Vec<Estimator>, _>>()?,
        None if model.is_some() => Estimator::standard(),
        None => Estimator::weight_only(),
    };
    let gate = Gate { min_effective_sample: args.parsed("min-ess", 200.0)?, ..Gate::default() };
    let largest = (0..policy.positions())
        .filter_map(|position| policy.at(position))
        .flatten()
        .copied()
        .fold(0.0, f64::max);
    let floor: f64 = args.parsed("floor", 0.0)?;
    let max_weight = (0.0 < floor).then(|| largest / floor);
    let plan = Plan { estimators, model: "table".to_owned(), gate, max_weight, ..Plan::default() };
    let mut evaluation = Evaluation::new(plan);
    let mut calibration = Calibration::default();
    for (number, shown) in &rows {
        let probabilities = policy.at(shown.position).unwrap_or(&[]);
        let mut row = Row::new(policy.probability(shown.item, shown.position), shown.propensity, shown.click);
        if let Some(q) = &model {
            let q = &q[shown.position * policy.actions()..(shown.position + 1) * policy.actions()];
            let prediction = Prediction::under(probabilities, q, shown.item);
            calibration.push(prediction.logged, shown.click);
            row = row.with_prediction(prediction);
        }
        evaluation.push(&row).map_err(|error| format!("`{path}` line {number}: {error}"))?;
    }
    let report = evaluation.report(None);
    print_report(&report, &evaluation);
    if let Some(file) = args.option("report") {
        let mut page =
            Page::new("Would the new policy have worked?", format!("{} rows of {path}", rows.len()));
        page.off_policy(&report, &evaluation);
        page.coverage(&coverage(&rows, &policy));
        if model.is_some() {
            page.calibration(&calibration);
        }
        std::fs::write(file, page.render())?;
        eprintln!("the page is in {file}");
    }
    if args.flag("json") {
        println!("{}", to_json(&report, &evaluation));
    }
    Ok(())
}

fn read_log(path: &str) -> Result<Vec<(u64, Shown)>, Box<dyn Error>> {
    let mut lines = input::lines(path)?.into_iter();
    let (_, header) = lines.next().ok_or_else(|| format!("`{path}` is empty"))?;
    let columns = Columns::find(&header).map_err(|error| format!("`{path}`: {error}"))?;
    lines
        .map(|(number, line)| {
            let row = columns.read(&line).map_err(|error| format!("`{path}` line {number}: {error}"))?;
            Ok((number, row))
        })
        .collect()
}

fn read_policy(name: &str, rows: &[(u64, Shown)]) -> Result<PolicyTable, Box<dyn Error>> {
    if name == "uniform" {
        let items = rows.iter().map(|(_, row)| row.item + 1).max().unwrap_or(1);
        let positions = rows.iter().map(|(_, row)| row.position + 1).max().unwrap_or(1);
        return Ok(PolicyTable::uniform(items, positions));
    }
    let mut reader = csv::Reader::from_reader(input::open(name)?);
    let positions = reader.headers()?.len().saturating_sub(1);
    let mut table: Vec<Vec<f64>> = vec![Vec::new(); positions];
    for (item, record) in reader.records().enumerate() {
        let record = record?;
        if record.get(0).and_then(|id| id.parse().ok()) != Some(item) {
            return Err(format!(
                "`{name}`: items are expected in order, and row {} is not item {item}",
                item + 1
            )
            .into());
        }
        for (position, row) in table.iter_mut().enumerate() {
            let field = record.get(position + 1).unwrap_or("");
            row.push(field.parse().map_err(|_| format!("`{name}`: `{field}` is not a number"))?);
        }
    }
    Ok(PolicyTable::new(table).map_err(|error| format!("`{name}`: {error}"))?)
}

fn table(rows: &[(u64, Shown)], policy: &PolicyTable) -> Vec<f64> {
    let mut table = TableModel::new(policy.actions(), policy.positions(), 100.0);
    for (_, row) in rows {
        table.push(row.item, row.position, row.click, 1.0);
    }
    table.predictions()
}

fn coverage(rows: &[(u64, Shown)], policy: &PolicyTable) -> Vec<Coverage> {
    let mut logged = vec![0.0; policy.actions()];
    let mut planned = vec![0.0; policy.actions()];
    for (_, row) in rows {
        if let Some(count) = logged.get_mut(row.item) {
            *count += 1.0 / rows.len() as f64;
        }
        for (planned, p) in planned.iter_mut().zip(policy.at(row.position).unwrap_or(&[])) {
            *planned += p / rows.len() as f64;
        }
    }
    let both = planned.into_iter().zip(logged).enumerate();
    both.map(|(item, (policy, logged))| Coverage { action: item.to_string(), policy, logged }).collect()
}

fn print_report(report: &Report, evaluation: &Evaluation) {
    let found = &report.diagnostics;
    println!(
        "{} rows, {} clicks; effective sample {:.1}, mean weight {:.4}, largest {:.2}",
        found.rows, found.reward_sum, found.ess, found.mean_weight, found.max_weight
    );
    if let Some(refusal) = &report.refused {
        println!("refused: {refusal}");
        return;
    }
    let ends = |interval: Option<Interval>| {
        interval.map_or("-".to_owned(), |i| format!("{:.6} … {:.6}", i.low, i.high))
    };
    println!(
        "{:<22}{:>12}{:>12}   {:<24}confidence sequence",
        "estimator", "value", "error", "95 % interval"
    );
    for estimate in &report.estimates {
        println!(
            "{:<22}{:>12.6}{:>12}   {:<24}{}",
            estimate.estimator,
            estimate.value,
            estimate.se.map_or("-".to_owned(), |se| format!("{se:.6}")),
            ends(estimate.ci95),
            ends(estimate.confidence_sequence)
        );
    }
    if let Some(gain) = &report.gain {
        println!(
            "gain over the log {:.6} ({}), watched {}: {:?}",
            gain.value,
            ends(Some(gain.ci95)),
            ends(Some(gain.confidence_sequence)),
            gain.promotion()
        );
    }
    for (family, chosen) in tuned(evaluation) {
        println!("SLOPE picks {chosen} among {family}");
    }
}

/// Whether an estimator belongs to a family.
type Belongs = fn(&Estimator) -> bool;

/// What SLOPE picks in each family of the plan that has a parameter.
fn tuned(evaluation: &Evaluation) -> Vec<(&'static str, String)> {
    let families: [(&str, Belongs); 3] = [
        ("ipw_clip", |e| matches!(e, Estimator::Ips(Shrinkage::Clip(_) | Shrinkage::Plain))),
        ("switch_dr", |e| matches!(e, Estimator::DoublyRobust(Shrinkage::Switch(_) | Shrinkage::Plain))),
        ("dros", |e| matches!(e, Estimator::DoublyRobust(Shrinkage::Optimistic(_) | Shrinkage::Plain))),
    ];
    let plan = evaluation.plan();
    let pick = |(name, belongs): (&'static str, Belongs)| {
        let members: Vec<Estimator> = plan.estimators.iter().copied().filter(&belongs).collect();
        let chosen = (1 < members.len()).then(|| evaluation.tuned(&members)).flatten()?;
        Some((name, chosen.name(&plan.model)))
    };
    families.into_iter().filter_map(pick).collect()
}

fn to_json(report: &Report, evaluation: &Evaluation) -> Value {
    let pair = |interval: Option<Interval>| interval.map(|i| json!([i.low, i.high]));
    let estimate = |e: &Estimate| {
        json!({
            "estimator": e.estimator, "value": e.value, "se": e.se, "ci95": pair(e.ci95),
            "confidence_sequence": pair(e.confidence_sequence), "sequence_is_exact": e.sequence_is_exact,
            "ess": e.ess, "mean_weight": e.mean_weight, "max_weight": e.max_weight,
        })
    };
    let found = &report.diagnostics;
    let slope: serde_json::Map<String, Value> = if report.refused.is_none() {
        tuned(evaluation).into_iter().map(|(family, chosen)| (family.to_owned(), json!(chosen))).collect()
    } else {
        serde_json::Map::new()
    };
    json!({
        "rows": found.rows, "clicks": found.reward_sum as u64, "ess": found.ess, "mean_weight": found.mean_weight,
        "mean_weight_se": found.mean_weight_se, "max_weight": found.max_weight,
        "min_propensity": found.min_propensity, "matched_rows": found.matched_rows,
        "refused": report.refused.as_ref().map(ToString::to_string),
        "gain": report.gain.map(|gain| json!({
            "value": gain.value, "se": gain.se, "ci95": pair(Some(gain.ci95)),
            "confidence_sequence": pair(Some(gain.confidence_sequence)), "promotion": gain.promotion(),
        })),
        "estimates": report.estimates.iter().map(estimate).collect::<Vec<_>>(), "slope": slope,
    })
}
