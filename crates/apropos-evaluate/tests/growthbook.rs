//! Bucketing as GrowthBook's published cases have it: every case but those of its condition language alone.
//!
//! A feature's rules, targeting conditions and prerequisites are the host's. A small host stands here, with the five
//! operators that the bucketing cases use, so that each case can be asked as a whole.

#![expect(clippy::unwrap_used, reason = "a case that cannot be read is a failing test")]

mod support;

use std::collections::BTreeMap;

use apropos_evaluate::experiment::growthbook::{
    Experiment, Filter, Namespace, Placed, Rollout, Source, StickyBuckets, StickyTerms, bucket,
    bucket_ranges, choose_variation, equal_weights,
};
use serde_json::{Map, Value, json};
use support::{data, text};

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn pairs(value: &Value) -> Vec<(f64, f64)> {
    value.as_array().unwrap().iter().map(|pair| (number(&pair[0]), number(&pair[1]))).collect()
}

fn version(of: &Value, default: u32) -> u32 {
    of["hashVersion"].as_u64().map_or(default, |version| version as u32)
}

/// The least host that can ask whole cases: attributes, conditions, prerequisites and the walk over rules.
struct Host<'a> {
    context: &'a Value,
    sticky: Option<StickyBuckets>,
}

/// The answer of a feature, as far as the cases tell it.
#[derive(Default)]
struct Answer {
    value: Value,
    source: &'static str,
    placed: Option<Placed>,
    leaf: Option<Value>,
}

impl Host<'_> {
    fn attribute(&self, name: &str) -> String {
        match &self.context["attributes"][name] {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        }
    }

    fn holds(&self, condition: &Value, facts: &Value) -> bool {
        let Some(parts) = condition.as_object() else { return true };
        parts.iter().all(|(name, wanted)| {
            let found = &facts[name];
            let Some(operators) = wanted.as_object() else { return found == wanted };
            operators.iter().all(|(operator, operand)| match operator.as_str() {
                "$in" => operand.as_array().unwrap().contains(found),
                "$inGroup" => {
                    let group = &self.context["savedGroups"][operand.as_str().unwrap()];
                    group.as_array().unwrap().contains(found)
                }
                "$ne" => found != operand,
                "$gte" => found.as_f64().is_some_and(|found| number(operand) <= found),
                "$lt" => found.as_f64().is_some_and(|found| found < number(operand)),
                other => unimplemented_operator(other),
            })
        })
    }

    fn filters(&self, rule: &Value) -> Vec<Filter> {
        let all = rule["filters"].as_array().into_iter().flatten();
        all.map(|filter| Filter {
            seed: filter["seed"].as_str().unwrap().to_owned(),
            unit: self.attribute(filter["attribute"].as_str().unwrap_or("id")),
            ranges: pairs(&filter["ranges"]),
            version: version(filter, 2),
        })
        .collect()
    }

    /// An experiment of the host's files as one of ours.
    fn experiment(&mut self, rule: &Value, default_key: &str, eligible: bool) -> Experiment {
        let variations = rule.get("contextualVariations").unwrap_or(&rule["variations"]);
        let key = rule["key"].as_str().unwrap_or(default_key);
        let override_ = self.context["forcedVariations"][key].as_u64();
        let namespace = rule["namespace"].as_array().map(|space| Namespace {
            name: space[0].as_str().unwrap().to_owned(),
            range: (number(&space[1]), number(&space[2])),
        });
        Experiment {
            seed: rule["seed"].as_str().map(str::to_owned),
            version: version(rule, 1),
            weights: rule.get("weights").filter(|weights| weights.is_array()).map(numbers),
            coverage: rule["coverage"].as_f64().unwrap_or(1.0),
            ranges: rule.get("ranges").filter(|ranges| ranges.is_array()).map(pairs),
            namespace,
            filters: self.filters(rule),
            eligible,
            force: rule["force"].as_i64(),
            overridden: override_.map(|variation| variation as usize),
            review: self.context["qaMode"] == true,
            active: rule["active"].as_bool().unwrap_or(true),
            ..Experiment::new(key, variations.as_array().unwrap().len())
        }
    }

    fn place(&mut self, rule: &Value, experiment: &Experiment) -> Option<Placed> {
        let attribute = rule["hashAttribute"].as_str().unwrap_or("id");
        let unit = self.attribute(attribute);
        let fallback = rule["fallbackAttribute"].as_str().map(|name| (name, self.attribute(name)));
        let Some(buckets) = &mut self.sticky else { return experiment.placed(&unit) };
        let meta = rule["meta"].as_array().into_iter().flatten();
        let terms = StickyTerms {
            version: rule["bucketVersion"].as_u64().unwrap_or(0) as u32,
            min_version: rule["minBucketVersion"].as_u64().unwrap_or(0) as u32,
            ..StickyTerms::new(meta.map(|meta| meta["key"].as_str().unwrap()))
        };
        let fallback = fallback.as_ref().map(|(name, value)| (*name, value.as_str()));
        experiment.placed_stickily(&terms, buckets, (attribute, &unit), fallback)
    }

    /// The prerequisites of a rule: whether they hold, or the answer that they end the walk with.
    fn prerequisites(&mut self, rule: &Value, seen: &[&str]) -> Result<bool, &'static str> {
        for parent in rule["parentConditions"].as_array().into_iter().flatten() {
            let id = parent["id"].as_str().unwrap();
            if seen.contains(&id) {
                return Err("cyclicPrerequisite");
            }
            let answer = self.feature(id, seen);
            if answer.source == "cyclicPrerequisite" {
                return Err("cyclicPrerequisite");
            }
            if !self.holds(&parent["condition"], &json!({ "value": answer.value })) {
                if parent["gate"] == true {
                    return Err("prerequisite");
                }
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The leaf of a contextual bandit: its weights and id, or those of the rule when there is none.
    fn leaf(&self, rule: &Value) -> Option<(Option<Vec<f64>>, Value)> {
        let bandit = self.context["contextualBandits"].get(rule["contextualBanditRef"].as_str()?)?;
        let mut leaves = bandit["contexts"].as_array().into_iter().flatten();
        let leaf = leaves.find(|leaf| self.holds(&leaf["condition"], &self.context["attributes"]));
        Some(match leaf {
            Some(leaf) => (Some(numbers(&leaf["weights"])), leaf["leafId"].clone()),
            None => (None, json!(-1)),
        })
    }

    fn feature(&mut self, key: &str, seen: &[&str]) -> Answer {
        let Some(feature) = self.context["features"].get(key) else {
            return Answer { source: "unknownFeature", ..Answer::default() };
        };
        let seen: Vec<&str> = seen.iter().copied().chain([key]).collect();
        for rule in feature["rules"].as_array().into_iter().flatten() {
            match self.prerequisites(rule, &seen) {
                Err(source) => return Answer { source, ..Answer::default() },
                Ok(false) => continue,
                Ok(true) => {}
            }
            let eligible = self.holds(&rule["condition"], &self.context["attributes"]);
            if rule.get("variations").is_none() && rule.get("contextualVariations").is_none() {
                if eligible && let Some(value) = rule.get("force").filter(|_| self.rolled_out(rule, key)) {
                    return Answer { value: value.clone(), source: "force", ..Answer::default() };
                }
                continue;
            }
            let mut experiment = self.experiment(rule, key, eligible);
            let leaf = self.leaf(rule);
            if let Some((Some(weights), _)) = &leaf {
                experiment.weights = Some(weights.clone());
            }
            let Some(placed) = self.place(rule, &experiment) else { continue };
            if rule["meta"][placed.variation]["passthrough"] == true {
                continue;
            }
            let values = rule.get("contextualVariations").unwrap_or(&rule["variations"]);
            let value = values[placed.variation].clone();
            return Answer {
                value,
                source: "experiment",
                placed: Some(placed),
                leaf: leaf.map(|leaf| leaf.1),
            };
        }
        let value = feature.get("defaultValue").cloned().unwrap_or(Value::Null);
        Answer { value, source: "defaultValue", ..Answer::default() }
    }

    fn rolled_out(&self, rule: &Value, key: &str) -> bool {
        let rollout = Rollout {
            version: version(rule, 1),
            coverage: rule["coverage"].as_f64(),
            range: rule.get("range").map(|range| (number(&range[0]), number(&range[1]))),
            filters: self.filters(rule),
            ..Rollout::new(rule["seed"].as_str().unwrap_or(key))
        };
        rollout.includes(&self.attribute(rule["hashAttribute"].as_str().unwrap_or("id")))
    }
}

#[expect(clippy::panic, reason = "an operator that no case used when this was written is a failing test")]
fn unimplemented_operator(operator: &str) -> bool {
    panic!("the host of these tests does not know `{operator}`")
}

/// What a case expects of a placed unit: variation, bucket, whether it was hashed and whether it was remembered.
fn check_placed(case: &Value, placed: Option<&Placed>, expected: &Value) {
    if expected.is_null() {
        return;
    }
    let placed = placed.unwrap();
    assert_eq!(json!(placed.variation), expected["variationId"], "{case}");
    let hashed = matches!(placed.source, Source::Bucket | Source::Sticky);
    assert_eq!(json!(hashed), expected["hashUsed"], "{case}");
    assert_eq!(json!(placed.source == Source::Sticky), expected["stickyBucketUsed"], "{case}");
    if let (true, Some(bucket)) = (hashed, expected["bucket"].as_f64()) {
        assert_eq!(placed.bucket, Some(bucket), "{case}");
    }
}

fn check_feature(case: &Value) {
    let mut host = Host { context: &case[1], sticky: None };
    let (answer, expected) = (host.feature(case[2].as_str().unwrap(), &[]), &case[3]);
    assert_eq!(answer.value, expected["value"], "{case}");
    assert_eq!(answer.source, expected["source"], "{case}");
    check_placed(case, answer.placed.as_ref(), &expected["experimentResult"]);
    if let Some(leaf) = expected["experimentResult"].get("leafId") {
        assert_eq!(answer.leaf.as_ref(), Some(leaf), "{case}");
    }
}

fn check_run(case: &Value) {
    let mut host = Host { context: &case[1], sticky: None };
    let rule = &case[2];
    let eligible = host.holds(&rule["condition"], &host.context["attributes"])
        && host.prerequisites(rule, &[]) == Ok(true);
    let experiment = host.experiment(rule, "", eligible);
    let found = host.place(rule, &experiment);
    assert_eq!(found.is_some(), case[4].as_bool().unwrap(), "{case}");
    assert_eq!(rule["variations"][found.map_or(0, |placed| placed.variation)], case[3], "{case}");
    let hashed = found.is_some_and(|placed| matches!(placed.source, Source::Bucket | Source::Sticky));
    assert_eq!(hashed, case[5].as_bool().unwrap(), "{case}");
}

fn check_sticky(case: &Value) {
    let mut sticky = StickyBuckets::default();
    let own = &case[1]["attributes"];
    for document in case[2].as_array().unwrap() {
        let (attribute, value) =
            (document["attributeName"].as_str().unwrap(), document["attributeValue"].as_str().unwrap());
        let assignments: BTreeMap<String, String> =
            serde_json::from_value(document["assignments"].clone()).unwrap();
        // A host loads what belongs to the unit at hand.
        if own[attribute] == value {
            sticky.insert(attribute, value, assignments);
        }
    }
    let mut host = Host { context: &case[1], sticky: Some(sticky) };
    let answer = host.feature(case[3].as_str().unwrap(), &[]);
    assert_eq!(answer.value, case[4]["value"], "{case}");
    check_placed(case, answer.placed.as_ref(), &case[4]);
    let stored: Map<String, Value> = host
        .sticky
        .unwrap()
        .documents()
        .map(|(attribute, value, assignments)| {
            let document =
                json!({ "assignments": assignments, "attributeName": attribute, "attributeValue": value });
            (format!("{attribute}||{value}"), document)
        })
        .collect();
    assert_eq!(Value::Object(stored), case[5], "{case}");
}

#[test]
fn every_published_bucketing_case_agrees() {
    let Some(folder) = data("growthbook") else { return };
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for line in text(&folder.join("assignment/growthbook.jsonl")).lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let (kind, case) = (line["kind"].as_str().unwrap(), &line["case"]);
        match kind {
            "hash" => {
                let (seed, unit) = (case[0].as_str().unwrap(), case[1].as_str().unwrap());
                assert_eq!(bucket(seed, unit, case[2].as_u64().unwrap() as u32), case[3].as_f64(), "{case}");
            }
            "getBucketRange" => {
                let weights = Some(&case[1][2]).filter(|weights| weights.is_array()).map(numbers);
                let arms = case[1][0].as_u64().unwrap() as usize;
                let found = bucket_ranges(arms, number(&case[1][1]), weights.as_deref());
                let expected = pairs(&case[2]);
                assert_eq!(found.len(), expected.len(), "{case}");
                for (found, expected) in found.iter().zip(expected) {
                    assert!((found.0 - expected.0).abs() < 1e-12, "{case}");
                    assert!((found.1 - expected.1).abs() < 1e-12, "{case}");
                }
            }
            "chooseVariation" => {
                let found = choose_variation(number(&case[1]), &pairs(&case[2]));
                assert_eq!(found.map_or(-1, |at| at as i64), case[3].as_i64().unwrap(), "{case}");
            }
            "inNamespace" => {
                let range = (number(&case[2][1]), number(&case[2][2]));
                let namespace = Namespace { name: case[2][0].as_str().unwrap().to_owned(), range };
                assert_eq!(namespace.holds(case[1].as_str().unwrap()), case[3].as_bool().unwrap(), "{case}");
            }
            "getEqualWeights" => {
                let n = usize::try_from(case[0].as_i64().unwrap()).unwrap_or(0);
                let (found, expected) = (equal_weights(n), numbers(&case[1]));
                assert_eq!(found.len(), expected.len(), "{case}");
                assert!(
                    found.iter().zip(expected).all(|(found, wanted)| (found - wanted).abs() < 1e-8),
                    "{case}"
                );
            }
            "run" => check_run(case),
            "feature" | "contextualBandit" => check_feature(case),
            "stickyBucket" => check_sticky(case),
            // The language of its conditions is not ours.
            _ => continue,
        }
        *counts.entry(kind.to_owned()).or_default() += 1;
    }
    println!("growthbook: {counts:?}");
    let expected = [
        ("chooseVariation", 3),
        ("contextualBandit", 16),
        ("feature", 29),
        ("getBucketRange", 4),
        ("getEqualWeights", 3),
        ("hash", 6),
        ("inNamespace", 9),
        ("run", 45),
        ("stickyBucket", 6),
    ];
    let expected: BTreeMap<String, u32> = expected.map(|(kind, n)| (kind.to_owned(), n)).into();
    assert_eq!(counts, expected);
}
