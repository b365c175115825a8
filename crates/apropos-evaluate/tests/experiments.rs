//! Experiment statistics, uplift metrics and bucketing agree with published ones.

#![expect(clippy::unwrap_used, reason = "a figure that cannot be compared is a failing test")]

mod support;

use apropos_evaluate::experiment::{
    Arm, Metric, Prior, Scale, Terms, beats_probability, believe, chi_square_two_by_two, compare,
    cuped_theta, sample_ratio, unleash, wilson,
};
use apropos_evaluate::uplift::{
    ClassTransform, DoublyRobust, Linear, Logistic, Metrics, Predict, Scored, SingleModel, Standardiser,
    Trial, TwoModel,
};
use serde_json::Value;
use support::{column, csv, data, json, near, text};

fn arms(folder: &std::path::Path, spec: &Value) -> [Arm; 2] {
    let mut arms = [Arm::default(); 2];
    let files: Vec<&str> = match &spec["csv"] {
        Value::Array(files) => files.iter().map(|file| file.as_str().unwrap()).collect(),
        file => vec![file.as_str().unwrap()],
    };
    for file in files {
        let (header, rows) = csv(&folder.join(file));
        let stem = file.rsplit('/').next().unwrap().split('.').next().unwrap().to_owned();
        let metric = column(&header, spec["metric"].as_str().unwrap());
        let covariate = spec["covariate"].as_str().map(|name| column(&header, name));
        let arm = spec["arm"].as_str().unwrap();
        let text = |value: &Value| value.as_str().map_or(value.to_string(), str::to_owned);
        for row in rows {
            let value = if arm == "_file" { stem.clone() } else { row[column(&header, arm)].clone() };
            let at = usize::from(value != text(&spec["control"]));
            assert!(at == 0 || value == text(&spec["treatment"]));
            let covariate = covariate.map_or(0.0, |at| row[at].parse().unwrap());
            arms[at].push_with(row[metric].parse().unwrap(), covariate);
        }
    }
    arms
}

#[test]
fn every_published_comparison_agrees() {
    let Some(folder) = data("experiments") else { return };
    let specs = json(&folder.join("experiments/spec.json"));
    let reference = json(&folder.join("experiments/reference.json"));
    for (spec, expected) in specs.as_array().unwrap().iter().zip(reference["comparisons"].as_array().unwrap())
    {
        let name = spec["name"].as_str().unwrap();
        let [control, treatment] = arms(&folder, spec);
        let metric = if spec["kind"] == "proportion" { Metric::Proportion } else { Metric::Mean };
        for (prefix, theta) in [("", 0.0), ("cuped_", cuped_theta(&[&control, &treatment]))] {
            if expected["results"].get(format!("{prefix}absolute")).is_none() {
                continue;
            }
            for (suffix, scale) in [("absolute", Scale::Absolute), ("relative", Scale::Relative)] {
                let expected = &expected["results"][format!("{prefix}{suffix}")];
                let terms = Terms { metric, scale, theta, ..Terms::default() };
                let found = compare(&control, &treatment, &terms).unwrap();
                let what = |key: &str| format!("{name} {prefix}{suffix} {key}");
                let pair = |value: &Value, at: usize| value[at].as_f64().unwrap();
                near(&what("effect"), found.effect, expected["effect"].as_f64().unwrap(), 1e-9);
                near(&what("se"), found.se, expected["se"].as_f64().unwrap(), 1e-9);
                near(&what("p"), found.p, expected["p"].as_f64().unwrap(), 1e-9);
                near(&what("low"), found.ci95.low, pair(&expected["ci95"], 0), 1e-8);
                near(&what("high"), found.ci95.high, pair(&expected["ci95"], 1), 1e-8);
                near(&what("seq"), found.sequential_ci95.low, pair(&expected["sequential_ci95"], 0), 1e-9);
                near(&what("seq p"), found.sequential_p, expected["sequential_p"].as_f64().unwrap(), 1e-9);
                let flat = believe(found.effect, found.se, None);
                near(&what("win"), flat.chance_to_win, expected["chance_to_win"].as_f64().unwrap(), 1e-9);
                near(&what("risk 0"), flat.risk.0, pair(&expected["risk"], 0), 1e-8);
                near(&what("risk 1"), flat.risk.1, pair(&expected["risk"], 1), 1e-8);
                let scale = if suffix == "absolute" { control.adjusted_mean(0.0) } else { 1.0 };
                let prior = Prior { mean: 0.0, variance: 0.09 * scale * scale };
                let shrunk = believe(found.effect, found.se, Some(prior));
                let expected = &expected["with_prior"];
                near(&what("prior effect"), shrunk.effect, expected["effect"].as_f64().unwrap(), 1e-9);
                near(&what("prior low"), shrunk.ci95.low, pair(&expected["ci95"], 0), 1e-8);
                near(
                    &what("prior win"),
                    shrunk.chance_to_win,
                    expected["chance_to_win"].as_f64().unwrap(),
                    1e-9,
                );
            }
        }
        if let Some(theta) = expected["cuped_theta"].as_f64() {
            near(name, cuped_theta(&[&control, &treatment]), theta, 1e-9);
        }
        if metric == Metric::Proportion {
            let yes = |arm: &Arm| arm.units.x().sum();
            let no = |arm: &Arm| arm.count() as f64 - yes(arm);
            let interval = wilson(control.units.x());
            near(name, interval.low, expected["arms"]["control"]["wilson95"][0].as_f64().unwrap(), 1e-9);
            near(name, interval.high, expected["arms"]["control"]["wilson95"][1].as_f64().unwrap(), 1e-9);
            let whole = |arm: &Arm| (yes(arm) as u64, no(arm) as u64);
            let better = expected["beta_binomial"]["p_treatment_better"].as_f64().unwrap();
            near(name, beats_probability(whole(&control), whole(&treatment)), better, 1e-9);
            let p = chi_square_two_by_two((yes(&control), yes(&treatment)), (no(&control), no(&treatment)));
            near(name, p, expected["chi2_no_correction_p"].as_f64().unwrap(), 1e-9);
            let p = sample_ratio(&[control.count(), treatment.count()], &[0.5, 0.5]);
            near(name, p, expected["sample_ratio_mismatch_p"].as_f64().unwrap(), 1e-9);
        }
    }
}

#[test]
fn uplift_metrics_of_published_scores_agree() {
    let Some(folder) = data("uplift") else { return };
    for set in ["insurance_session", "job_training"] {
        let reference = json(&folder.join(format!("uplift/{set}_reference.json")));
        let (header, rows) = csv(&folder.join(format!("uplift/{set}_predictions.csv.gz")));
        for (learner, expected) in reference["learners"].as_object().unwrap() {
            let at = column(&header, learner);
            let units: Vec<Scored> = rows
                .iter()
                .map(|row| Scored {
                    score: row[at].parse().unwrap(),
                    treated: row[0] == "1",
                    outcome: row[1].parse().unwrap(),
                })
                .collect();
            let found = Metrics::of(&units);
            let check = |key: &str, found: f64| {
                near(&format!("{set} {learner} {key}"), found, expected[key].as_f64().unwrap(), 1e-9);
            };
            check("qini_curve_end", found.qini_curve_end);
            check("qini_area_minus_random_per_row", found.qini_area_minus_random_per_row);
            check("auuc_area_per_row", found.auuc_area_per_row);
            check("auuc_minus_random_per_row", found.auuc_minus_random_per_row);
            check("policy_value_top30_ipw", found.policy_value_top30_ipw);
            check("sklift_qini_auc", found.normalised_qini);
            check("sklift_uplift_auc", found.normalised_auuc);
            check("sklift_uplift_at_30_overall", found.uplift_at_30_overall.unwrap());
            check("sklift_uplift_at_30_by_group", found.uplift_at_30_by_group.unwrap());
            check("sklift_weighted_average_uplift", found.weighted_average_uplift.unwrap());
            check("mean_predicted", found.mean_predicted);
            for (tenth, value) in found.qini_curve_deciles.iter().enumerate() {
                near(learner, *value, expected["qini_curve_deciles"][tenth].as_f64().unwrap(), 1e-9);
            }
            let bands: Value = serde_json::to_value(&found.deciles_best_first).unwrap();
            for (found, expected) in
                bands.as_array().unwrap().iter().zip(expected["deciles_best_first"].as_array().unwrap())
            {
                assert_eq!(found["n_t"], expected["n_t"]);
                near(learner, found["rate_c"].as_f64().unwrap(), expected["rate_c"].as_f64().unwrap(), 1e-9);
            }
        }
    }
}

#[test]
fn learners_give_the_published_scores() {
    let Some(folder) = data("uplift learners") else { return };
    for set in ["insurance_session", "job_training"] {
        let (header, rows) = csv(&folder.join(format!("uplift/{set}.csv.gz")));
        let numbers: Vec<Vec<f64>> =
            rows.iter().map(|row| row.iter().map(|field| field.parse().unwrap()).collect()).collect();
        let (split, t, y) =
            (column(&header, "split"), column(&header, "treatment"), column(&header, "outcome"));
        let part = |which: f64| numbers.iter().filter(move |row| row[split] == which);
        let features = |row: &Vec<f64>| row[3..].to_vec();
        let scale = Standardiser::fit(&part(0.0).map(features).collect::<Vec<_>>());
        let trial = Trial::new(
            part(0.0).map(|row| scale.apply(&row[3..])).collect(),
            part(0.0).map(|row| row[t] == 1.0).collect(),
            part(0.0).map(|row| row[y]).collect(),
        )
        .unwrap();
        let logistic = Logistic::default();
        let learners: [(&str, Box<dyn Predict>); 3] = [
            ("two_model", Box::new(TwoModel::fit(&logistic, &trial))),
            ("s_learner", Box::new(SingleModel::fit(&logistic, &trial))),
            ("class_transform", Box::new(ClassTransform::fit(&logistic, &trial))),
        ];
        let (names, published) = csv(&folder.join(format!("uplift/{set}_predictions.csv.gz")));
        for (name, model) in &learners {
            let at = column(&names, name);
            for (row, published) in part(1.0).zip(&published) {
                let found = model.predict(&scale.apply(&row[3..]));
                assert!((found - published[at].parse::<f64>().unwrap()).abs() < 1e-3, "{set} {name}");
            }
        }
        let robust = DoublyRobust::fit(&logistic, &trial, trial.treated_share(), &Linear { penalty: 1.0 });
        assert!(robust.average_effect_se < 0.1);
    }
}

#[test]
fn unleash_bucketing_agrees() {
    let Some(folder) = data("unleash") else { return };
    let (mut rollouts, mut variants) = (0, 0);
    for line in text(&folder.join("assignment/unleash.jsonl")).lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let features = line["state"]["features"].as_array().unwrap();
        let feature = |name: &Value| features.iter().find(|feature| feature["name"] == *name);
        for test in line["tests"].as_array().unwrap() {
            let Some(strategies) = feature(&test["toggleName"]).and_then(|f| f["strategies"].as_array())
            else {
                continue;
            };
            let [strategy] = &strategies[..] else { continue };
            let parameters = &strategy["parameters"];
            let constrained = strategy["constraints"].as_array().is_some_and(|c| !c.is_empty())
                || strategy.get("segments").is_some();
            let (unit, percentage) = match strategy["name"].as_str().unwrap() {
                "flexibleRollout" => (
                    sticky(&test["context"], parameters["stickiness"].as_str().unwrap_or("default")),
                    "rollout",
                ),
                "gradualRolloutUserId" => (sticky(&test["context"], "userId"), "percentage"),
                "gradualRolloutSessionId" => (sticky(&test["context"], "sessionId"), "percentage"),
                _ => continue,
            };
            let enabled = feature(&test["toggleName"]).unwrap()["enabled"] == true;
            if constrained || !enabled || feature(&test["toggleName"]).unwrap().get("dependencies").is_some()
            {
                continue;
            }
            let percentage: u32 = parameters[percentage].as_str().unwrap().parse().unwrap();
            let group = parameters["groupId"].as_str().unwrap_or("");
            let found = unit.is_some_and(|unit| unleash::rolled_out(&unit, group, percentage));
            assert_eq!(found, test["expectedResult"].as_bool().unwrap(), "{}", test["description"]);
            rollouts += 1;
        }
        for test in line["variantTests"].as_array().unwrap() {
            let feature = feature(&test["toggleName"]).unwrap();
            let strategy = &feature["strategies"][0];
            let own = strategy["variants"].as_array().filter(|variants| !variants.is_empty());
            let list = own.or(feature["variants"].as_array()).filter(|variants| !variants.is_empty());
            let Some(list) = list else { continue };
            let plain = list.iter().all(|v| v.get("overrides").is_none());
            let simple = feature.get("dependencies").is_none()
                && strategy["constraints"].as_array().is_none_or(Vec::is_empty)
                && strategy.get("segments").is_none();
            if !plain || !simple || feature["enabled"] != true || test["expectedResult"]["enabled"] != true {
                continue;
            }
            let stickiness = list[0]["stickiness"].as_str().unwrap_or("default");
            let Some(unit) = sticky(&test["context"], stickiness) else { continue };
            let group = if own.is_some() { &strategy["parameters"]["groupId"] } else { &feature["name"] };
            let weights: Vec<u32> = list.iter().map(|v| v["weight"].as_u64().unwrap() as u32).collect();
            let found = unleash::variant(&unit, group.as_str().unwrap(), &weights).unwrap();
            assert_eq!(list[found]["name"], test["expectedResult"]["name"], "{}", test["description"]);
            variants += 1;
        }
    }
    println!("unleash: {rollouts} roll-outs, {variants} variants");
    assert!(rollouts >= 12 && variants >= 6, "{rollouts} {variants}");
}

fn sticky(context: &Value, stickiness: &str) -> Option<String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match stickiness {
        "default" => text(&context["userId"]).or_else(|| text(&context["sessionId"])),
        name => text(&context[name]).or_else(|| text(&context["properties"][name])),
    }
}
