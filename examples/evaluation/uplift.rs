//! Who is moved by a treatment? Uplift learners on a randomised trial, or the metrics of scores that are given.
//!
//! `uplift DATA.csv.gz [--scores FILE] [--json] [--samples 500] [--report PAGE.html]`
//!
//! The data has the columns `split` (0 to learn, 1 to judge), `treatment`, `outcome` and features. A file of scores has
//! `treatment`, `outcome` and one column a score, for the rows to judge in their order.

use std::error::Error;

use apropos::evaluate::experiment::{Arm, Metric, Terms, compare};
use apropos::evaluate::report::{Page, UpliftScore};
use apropos::evaluate::uplift::{
    ClassTransform, DoublyRobust, Learner, Linear, Logistic, LogisticModel, Metrics, Predict, Propensity,
    Scored, SingleModel, Standardiser, Trial, TwoModel, bootstrap, qini_curve,
};
use apropos_examples::args::Args;
use apropos_examples::failure::Failure;
use apropos_examples::input;
use serde_json::{Map, Value, json};

/// A table of numbers with a header.
struct Table {
    header: Vec<String>,
    rows: Vec<Vec<f64>>,
}

impl Table {
    fn read(path: &str) -> Result<Self, Box<dyn Error>> {
        let mut reader = csv::Reader::from_reader(input::open(path)?);
        let header: Vec<String> = reader.headers()?.iter().map(str::to_owned).collect();
        let mut rows = Vec::new();
        for (number, record) in (2..).zip(reader.records()) {
            let record = record.map_err(|error| format!("`{path}` line {number}: {error}"))?;
            let parse = |text: &str| {
                text.parse::<f64>().map_err(|_| format!("`{path}` line {number}: `{text}` is not a number"))
            };
            rows.push(record.iter().map(parse).collect::<Result<Vec<f64>, String>>()?);
        }
        Ok(Self { header, rows })
    }

    fn column(&self, name: &str, path: &str) -> Result<usize, String> {
        self.header.iter().position(|h| h == name).ok_or_else(|| format!("`{path}` has no column `{name}`"))
    }
}

/// A trial split into rows to learn from and rows to judge on.
struct Split {
    features: Vec<String>,
    scale: Standardiser,
    trial: Trial,
    rows: Vec<(Vec<f64>, bool, f64)>,
    fit_rows: usize,
}

fn main() -> Result<(), Failure> {
    let args = Args::from_env(&["json"], &["scores", "samples", "report"])?;
    let path = args.path(0, "DATA")?;
    let samples: u32 = args.parsed("samples", 500)?;
    let data = split(&Table::read(path)?, path)?;
    let (scores, mut found) = match args.option("scores") {
        Some(file) => (given_scores(file)?, Map::new()),
        None => learned_scores(&data),
    };
    describe(&data, &mut found);
    let mut learners = Map::new();
    let mut page_scores = Vec::new();
    for (name, units) in &scores {
        let metrics = Metrics::of(units);
        let intervals = bootstrap(units, samples, 7);
        println!(
            "{name:<18} Qini area {:>10.6}{}  uplift of the best 30 %: {}",
            metrics.qini_area_minus_random_per_row,
            intervals.map_or(String::new(), |i| {
                let i = i.qini_area_minus_random_per_row;
                format!(" ({:.6} … {:.6})", i.low, i.high)
            }),
            metrics.uplift_at_30_overall.map_or("-".to_owned(), |u| format!("{u:.4}"))
        );
        let mut entry = metrics_json(&metrics);
        entry.insert("bootstrap_ci95".to_owned(), json!(intervals));
        learners.insert(name.clone(), Value::Object(entry));
        page_scores.push(UpliftScore { name: name.clone(), curve: qini_curve(units), metrics, intervals });
    }
    found.insert("learners".to_owned(), Value::Object(learners));
    if let Some(file) = args.option("report") {
        let mut page = Page::new("Who is moved?", format!("{} rows to judge of {path}", data.rows.len()));
        page.uplift(&page_scores);
        std::fs::write(file, page.render())?;
        eprintln!("the page is in {file}");
    }
    if args.flag("json") {
        println!("{}", Value::Object(found));
    }
    Ok(())
}

fn split(table: &Table, path: &str) -> Result<Split, Box<dyn Error>> {
    let (part, t, y) =
        (table.column("split", path)?, table.column("treatment", path)?, table.column("outcome", path)?);
    let places: Vec<usize> = (0..table.header.len()).filter(|at| ![part, t, y].contains(at)).collect();
    let features = |row: &Vec<f64>| places.iter().map(|at| row[*at]).collect::<Vec<f64>>();
    let fit: Vec<&Vec<f64>> = table.rows.iter().filter(|row| row[part] == 0.0).collect();
    let scale = Standardiser::fit(&fit.iter().map(|row| features(row)).collect::<Vec<_>>());
    let trial = Trial::new(
        fit.iter().map(|row| scale.apply(&features(row))).collect(),
        fit.iter().map(|row| row[t] == 1.0).collect(),
        fit.iter().map(|row| row[y]).collect(),
    )
    .map_err(|error| format!("`{path}`: {error}"))?;
    let judged = table.rows.iter().filter(|row| row[part] == 1.0);
    let rows = judged.map(|row| (scale.apply(&features(row)), row[t] == 1.0, row[y])).collect();
    let features = places.iter().map(|at| table.header[*at].clone()).collect();
    Ok(Split { features, scale, trial, rows, fit_rows: fit.len() })
}

type Scores = Vec<(String, Vec<Scored>)>;

fn given_scores(path: &str) -> Result<Scores, Box<dyn Error>> {
    let table = Table::read(path)?;
    let (t, y) = (table.column("treatment", path)?, table.column("outcome", path)?);
    let columns = (0..table.header.len()).filter(|at| ![t, y].contains(at));
    Ok(columns
        .map(|at| {
            let unit = |row: &Vec<f64>| Scored { score: row[at], treated: row[t] == 1.0, outcome: row[y] };
            (table.header[at].clone(), table.rows.iter().map(unit).collect())
        })
        .collect())
}

fn learned_scores(data: &Split) -> (Scores, Map<String, Value>) {
    let logistic = Logistic::default();
    let two = TwoModel::fit(&logistic, &data.trial);
    let coefficients = |model: &LogisticModel| {
        std::iter::once(model.constant).chain(model.weights.iter().copied()).collect::<Vec<f64>>()
    };
    let mut found = Map::new();
    found.insert(
        "coefficients_two_model".to_owned(),
        json!({
            "treated": coefficients(&two.treated), "control": coefficients(&two.control),
            "mean": data.scale.mean, "sd": data.scale.deviation,
        }),
    );
    let share = data.trial.treated_share();
    let robust = DoublyRobust::fit(&logistic, &data.trial, share, &Linear { penalty: 1.0 });
    found.insert("doubly_robust_ate".to_owned(), json!([robust.average_effect, robust.average_effect_se]));
    // The engine's own online model, two passes over the rows.
    let engine = Propensity { passes: 2 };
    let models: Vec<(&str, Box<dyn Predict>)> = vec![
        ("s_learner", Box::new(SingleModel::fit(&logistic, &data.trial))),
        ("two_model", Box::new(two)),
        ("class_transform", Box::new(ClassTransform::fit(&logistic, &data.trial))),
        ("doubly_robust", Box::new(robust)),
        ("response_only", Box::new(response(logistic, &data.trial))),
        ("engine_two_model", Box::new(TwoModel::fit(&engine, &data.trial))),
        ("engine_s_learner", Box::new(SingleModel::fit(&engine, &data.trial))),
    ];
    let score = |model: &dyn Predict| -> Vec<Scored> {
        let round = |score: f64| (score * 1e9).round() / 1e9;
        let unit = |(x, treated, outcome): &(Vec<f64>, bool, f64)| Scored {
            score: round(model.predict(x)),
            treated: *treated,
            outcome: *outcome,
        };
        data.rows.iter().map(unit).collect()
    };
    (models.iter().map(|(name, model)| ((*name).to_owned(), score(model.as_ref()))).collect(), found)
}

/// A model of the outcome that knows nothing of the treatment: what uplift is to be better than.
fn response(logistic: Logistic, trial: &Trial) -> LogisticModel {
    logistic.fit(trial.features(), trial.outcomes(), &vec![1.0; trial.outcomes().len()])
}

fn describe(data: &Split, found: &mut Map<String, Value>) {
    let (mut treated, mut control) = (Arm::default(), Arm::default());
    for (_, is_treated, outcome) in &data.rows {
        if *is_treated { treated.push(*outcome) } else { control.push(*outcome) }
    }
    let effect = compare(&control, &treated, &Terms { metric: Metric::Mean, ..Terms::default() });
    found.insert("features".to_owned(), json!(data.features));
    found.insert("fit_rows".to_owned(), json!(data.fit_rows));
    found.insert("test_rows".to_owned(), json!(data.rows.len()));
    found.insert("test_treated".to_owned(), json!(treated.count()));
    found.insert("rate_treated".to_owned(), json!(treated.mean()));
    found.insert("rate_control".to_owned(), json!(control.mean()));
    found.insert("ate_test".to_owned(), json!(effect.map(|effect| effect.effect)));
    found.insert("ate_se".to_owned(), json!(effect.map(|effect| effect.se)));
}

fn metrics_json(metrics: &Metrics) -> Map<String, Value> {
    let Ok(Value::Object(mut found)) = serde_json::to_value(metrics) else { return Map::new() };
    // The names under which the published tables have the normalised metrics.
    for (ours, theirs) in [
        ("normalised_qini", "sklift_qini_auc"),
        ("normalised_auuc", "sklift_uplift_auc"),
        ("uplift_at_30_overall", "sklift_uplift_at_30_overall"),
        ("uplift_at_30_by_group", "sklift_uplift_at_30_by_group"),
        ("weighted_average_uplift", "sklift_weighted_average_uplift"),
    ] {
        if let Some(value) = found.remove(ours) {
            found.insert(theirs.to_owned(), value);
        }
    }
    found
}
