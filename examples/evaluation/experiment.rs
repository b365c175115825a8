//! Reads experiments: sample ratio first, then effects with intervals for one look and for many.
//!
//! `experiment SPEC.json [--json] [--report PAGE.html]`
//!
//! The spec is a list of `{name, csv, arm, control, treatment, metric, kind, covariate, shares}`: `csv` is a file or a
//! list of files, looked for from here, from the spec's folder and from the folder above it; the arm `_file` is a
//! file's name without its endings; `kind` is `proportion` or `mean`; `shares` are the planned shares, and without them
//! the sample ratio is told but refuses nothing.

use std::error::Error;
use std::path::Path;

use apropos::evaluate::experiment::{
    Arm, Comparison, Metric, Prior, Readout, ReadoutDefinition, Scale, Terms, beats_probability, believe,
    chi_square_two_by_two, compare, cuped_theta, sample_ratio, wilson,
};
use apropos::evaluate::report::{ExperimentArm, Page};
use apropos_examples::args::Args;
use apropos_examples::failure::Failure;
use apropos_examples::input;
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
struct Spec {
    name: String,
    csv: Files,
    arm: String,
    control: Value,
    treatment: Value,
    metric: String,
    kind: Metric,
    #[serde(default)]
    covariate: Option<String>,
    #[serde(default)]
    shares: Option<[f64; 2]>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Files {
    One(String),
    Many(Vec<String>),
}

fn main() -> Result<(), Failure> {
    let args = Args::from_env(&["json"], &["report"])?;
    let path = args.path(0, "SPEC")?;
    let specs: Vec<Spec> =
        serde_json::from_str(&input::text(path)?).map_err(|error| format!("`{path}`: {error}"))?;
    let mut page = Page::new("What the experiments show", path);
    let mut comparisons = Vec::new();
    for spec in &specs {
        let arms = read_arms(spec, path)?;
        let definition = ReadoutDefinition {
            metric: spec.kind,
            shares: spec.shares.map(Vec::from).unwrap_or_default(),
            // Without planned shares there is nothing to refuse by.
            mismatch_below: if spec.shares.is_some() { 0.001 } else { 0.0 },
            ..ReadoutDefinition::default()
        };
        let readout = Readout::of(&arms, &definition);
        print_readout(spec, &readout);
        let ratio = sample_ratio(&counts(&arms), &spec.shares.unwrap_or([0.5, 0.5]));
        match &readout {
            Ok(readout) => {
                let found: Vec<ExperimentArm> = readout
                    .treatments
                    .iter()
                    .map(|t| ExperimentArm {
                        name: "treatment".to_owned(),
                        effect: t.absolute,
                        adjusted_p: t.adjusted_p,
                    })
                    .collect();
                page.experiment(&spec.name, Ok(&found), spec.shares.map(|_| ratio));
            }
            Err(refusal) => page.experiment(&spec.name, Err(refusal.to_string()), spec.shares.map(|_| ratio)),
        }
        comparisons.push(to_json(spec, &arms, readout.err().map(|refusal| refusal.to_string()).as_deref()));
    }
    if let Some(file) = args.option("report") {
        std::fs::write(file, page.render())?;
        eprintln!("the page is in {file}");
    }
    if args.flag("json") {
        println!("{}", json!({ "comparisons": comparisons }));
    }
    Ok(())
}

fn read_arms(spec: &Spec, spec_path: &str) -> Result<[Arm; 2], Box<dyn Error>> {
    let files: Vec<&String> = match &spec.csv {
        Files::One(file) => vec![file],
        Files::Many(files) => files.iter().collect(),
    };
    let mut arms = [Arm::default(); 2];
    for file in files {
        let path = find(file, spec_path);
        let mut reader = csv::Reader::from_reader(input::open(&path)?);
        let header = reader.headers()?.clone();
        let column = |name: &str| {
            header
                .iter()
                .position(|column| column == name)
                .ok_or_else(|| format!("`{path}` has no column `{name}`"))
        };
        let metric = column(&spec.metric)?;
        let covariate = spec.covariate.as_deref().map(column).transpose()?;
        let stem = file.rsplit('/').next().unwrap_or(file).split('.').next().unwrap_or("").to_owned();
        let arm = if spec.arm == "_file" { None } else { Some(column(&spec.arm)?) };
        for (number, record) in (2..).zip(reader.records()) {
            let record = record.map_err(|error| format!("`{path}` line {number}: {error}"))?;
            let field = |at: usize| record.get(at).unwrap_or("");
            let value = arm.map_or(stem.as_str(), field);
            let at = if is(value, &spec.control) {
                0
            } else if is(value, &spec.treatment) {
                1
            } else {
                continue;
            };
            let parse = |at: usize| {
                let text = field(at);
                text.parse::<f64>().map_err(|_| format!("`{path}` line {number}: `{text}` is not a number"))
            };
            arms[at].push_with(parse(metric)?, covariate.map_or(Ok(0.0), parse)?);
        }
    }
    Ok(arms)
}

fn find(file: &str, spec_path: &str) -> String {
    let folder = Path::new(spec_path).parent().unwrap_or(Path::new("."));
    let places = [Path::new(file).to_path_buf(), folder.join(file), folder.join("..").join(file)];
    let found = places.iter().find(|place| place.exists()).unwrap_or(&places[0]);
    found.to_string_lossy().into_owned()
}

/// Whether a field is the value that the spec names, a number or a text.
fn is(field: &str, value: &Value) -> bool {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    text == field
}

fn counts(arms: &[Arm; 2]) -> [u64; 2] {
    [arms[0].count(), arms[1].count()]
}

fn print_readout(spec: &Spec, readout: &Result<Readout, impl std::fmt::Display>) {
    match readout {
        Err(refusal) => println!("{}: refused: {refusal}", spec.name),
        Ok(readout) => {
            for treatment in &readout.treatments {
                let found = &treatment.absolute;
                println!(
                    "{}: effect {:.6} ({:.6} … {:.6}, p {:.4}); watched: {:.6} … {:.6}; sample ratio p {:.4}{}",
                    spec.name,
                    found.effect,
                    found.ci95.low,
                    found.ci95.high,
                    treatment.adjusted_p,
                    found.sequential_ci95.low,
                    found.sequential_ci95.high,
                    readout.sample_ratio_p,
                    if spec.shares.is_some() { "" } else { " (no shares planned)" }
                );
            }
        }
    }
}

fn to_json(spec: &Spec, arms: &[Arm; 2], refused: Option<&str>) -> Value {
    let mut found = Map::new();
    found.insert("name".to_owned(), json!(spec.name));
    found.insert("metric".to_owned(), json!(spec.metric));
    found.insert("kind".to_owned(), json!(spec.kind));
    found.insert("sample_ratio_planned".to_owned(), json!(spec.shares.is_some()));
    found.insert(
        "sample_ratio_mismatch_p".to_owned(),
        json!(sample_ratio(&counts(arms), &spec.shares.unwrap_or([0.5, 0.5]))),
    );
    let sums = arms.each_ref().map(|arm| arm_json(arm, spec));
    found.insert("arms".to_owned(), json!({ "control": sums[0], "treatment": sums[1] }));
    let is_refused = refused.is_some();
    found.insert("refused".to_owned(), json!(refused));
    if is_refused {
        return Value::Object(found);
    }
    let mut results = Map::new();
    let mut thetas = vec![("", 0.0)];
    if spec.covariate.is_some() {
        let theta = cuped_theta(&[&arms[0], &arms[1]]);
        found.insert("cuped_theta".to_owned(), json!(theta));
        thetas.push(("cuped_", theta));
    }
    for (prefix, theta) in thetas {
        for (suffix, scale) in [("absolute", Scale::Absolute), ("relative", Scale::Relative)] {
            let terms = Terms { metric: spec.kind, scale, theta, ..Terms::default() };
            if let Some(comparison) = compare(&arms[0], &arms[1], &terms) {
                let size = if scale == Scale::Absolute { arms[0].mean() } else { 1.0 };
                results.insert(format!("{prefix}{suffix}"), comparison_json(&comparison, size));
            }
        }
    }
    found.insert("results".to_owned(), Value::Object(results));
    if spec.kind == Metric::Proportion {
        let [a, b] =
            arms.each_ref().map(|arm| (arm.units.x().sum(), arm.count() as f64 - arm.units.x().sum()));
        let whole = |(yes, no): (f64, f64)| (yes as u64, no as u64);
        found.insert(
            "beta_binomial".to_owned(),
            json!({ "p_treatment_better": beats_probability(whole(a), whole(b)) }),
        );
        found.insert("chi2_no_correction_p".to_owned(), json!(chi_square_two_by_two((a.0, b.0), (a.1, b.1))));
    }
    Value::Object(found)
}

fn arm_json(arm: &Arm, spec: &Spec) -> Value {
    let metric = arm.units.x();
    let mut found = json!({ "n": arm.count(), "sum": metric.sum(), "sum_squares": metric.sum_of_squares() });
    if let Value::Object(found) = &mut found {
        if spec.kind == Metric::Proportion {
            let interval = wilson(metric);
            found.insert("wilson95".to_owned(), json!([interval.low, interval.high]));
        }
        if spec.covariate.is_some() {
            found.insert("cov_sum".to_owned(), json!(arm.units.y().sum()));
            found.insert("cov_sum_squares".to_owned(), json!(arm.units.y().sum_of_squares()));
            found.insert("cross".to_owned(), json!(arm.units.cross()));
        }
    }
    found
}

/// `size` scales the prior, which is on the relative effect: N(0, 0.3²).
fn comparison_json(found: &Comparison, size: f64) -> Value {
    let flat = believe(found.effect, found.se, None);
    let prior = Prior { mean: 0.0, variance: 0.09 * size * size };
    let shrunk = believe(found.effect, found.se, Some(prior));
    json!({
        "effect": found.effect, "se": found.se, "ci95": [found.ci95.low, found.ci95.high], "p": found.p,
        "sequential_ci95": [found.sequential_ci95.low, found.sequential_ci95.high], "sequential_p": found.sequential_p,
        "chance_to_win": flat.chance_to_win, "risk": [flat.risk.0, flat.risk.1],
        "with_prior": {
            "effect": shrunk.effect, "ci95": [shrunk.ci95.low, shrunk.ci95.high], "chance_to_win": shrunk.chance_to_win,
        },
    })
}
