//! Stakes: how much context a decision deserves, from value and consequence.
//!
//! A room full of servers asks for the details of use, buying, payment and delivery; a phone order asks for ease.

use apropos_condition::{AttributeId, Condition, Facts, SchemaBuilder};
use apropos_event::{Path, Problem, Problems};
use serde::{Deserialize, Serialize};

use crate::when;

/// How stakes are told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StakesDefinition {
    /// The value at which half of the full score is reached, in the playbook's currency.
    pub half_value: f64,
    /// What else raises the stakes.
    pub consequences: Vec<Consequence>,
    /// The levels, lowest first; low, medium and high when the list is empty.
    pub levels: Vec<StakesLevel>,
}

impl Default for StakesDefinition {
    fn default() -> Self {
        Self { half_value: 1_000.0, consequences: Vec::new(), levels: Vec::new() }
    }
}

/// Something that raises the stakes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consequence {
    /// When it does.
    pub when: String,
    /// How much, 0 (nothing) to 1 (all by itself).
    pub weight: f64,
    /// Why, for people.
    #[serde(default)]
    pub reason: String,
}

/// A level of stakes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StakesLevel {
    /// Its name, such as `high`.
    pub name: String,
    /// The score from which it holds, 0 to 1; the lowest level holds from 0.
    pub from: f64,
    /// What a decision at this level should go into.
    #[serde(default)]
    pub details: Vec<String>,
}

/// What is at stake.
#[derive(Clone, Debug, PartialEq)]
pub struct Stakes<'a> {
    /// The score, 0 to 1.
    pub score: f64,
    /// The level.
    pub level: &'a StakesLevel,
    /// The reasons of the consequences that hold.
    pub reasons: Vec<&'a str>,
}

/// The checked stakes.
#[derive(Clone, Debug)]
pub(crate) struct StakesRules {
    half_value: f64,
    consequences: Vec<(Condition, f64, String)>,
    levels: Vec<StakesLevel>,
}

/// At most this many consequences.
pub(crate) const MAX_CONSEQUENCES: usize = 128;

/// Low asks for ease, medium for use and payment, high for everything.
pub fn usual_levels() -> Vec<StakesLevel> {
    let level = |name: &str, from, details: &[&str]| StakesLevel {
        name: name.to_owned(),
        from,
        details: details.iter().map(|detail| (*detail).to_owned()).collect(),
    };
    vec![
        level("low", 0.0, &["ease"]),
        level("medium", 0.33, &["use", "payment"]),
        level("high", 0.66, &["use", "buying", "payment", "delivery"]),
    ]
}

/// The levels of a definition as they are used.
pub(crate) fn levels(definition: &StakesDefinition) -> Vec<StakesLevel> {
    if definition.levels.is_empty() { usual_levels() } else { definition.levels.clone() }
}

impl StakesRules {
    /// Checks stakes; conditions are read against the builder.
    pub(crate) fn compile(
        definition: &StakesDefinition,
        schema: &mut SchemaBuilder,
        path: &Path,
        problems: &mut Problems,
    ) -> Self {
        if !(definition.half_value.is_finite() && 0.0 < definition.half_value) {
            let message = "`half_value` must be a number above 0";
            problems.push(Problem::error("context/range", path.key("half_value"), message));
        }
        if MAX_CONSEQUENCES < definition.consequences.len() {
            let message = format!("at most {MAX_CONSEQUENCES} consequences are accepted");
            problems.push(Problem::error("context/too-many", path.key("consequences"), message));
        }
        let mut consequences = Vec::new();
        for (at, consequence) in definition.consequences.iter().enumerate() {
            let path = path.key("consequences").index(at);
            if !(0.0..=1.0).contains(&consequence.weight) {
                problems.push(Problem::error(
                    "context/range",
                    path.key("weight"),
                    "a weight lies between 0 and 1",
                ));
            }
            let condition = schema.condition(&consequence.when, &path.key("when"), problems);
            consequences.extend(condition.map(|c| (c, consequence.weight, consequence.reason.clone())));
        }
        let levels = levels(definition);
        check_levels(&levels, &path.key("levels"), problems);
        Self { half_value: definition.half_value, consequences, levels }
    }

    /// The attributes that its conditions read.
    pub(crate) fn reads(&self) -> impl Iterator<Item = AttributeId> {
        self.consequences.iter().flat_map(|(condition, ..)| condition.attributes()).copied()
    }

    /// What is at stake: `1 − (1 − v/(v + h)) · Π (1 − w)` over the value and the consequences that hold.
    pub(crate) fn assess(&self, value: Option<f64>, facts: &Facts) -> Stakes<'_> {
        let holding = || self.consequences.iter().filter(|(condition, ..)| when::holds(condition, facts));
        let (at, score) = self.level(value, holding().map(|(_, weight, _)| *weight));
        let reasons = holding().map(|(.., reason)| reason.as_str()).collect();
        // INVARIANT: there is at least one level.
        Stakes { score, level: &self.levels[at], reasons }
    }

    /// The number of the level and the score.
    pub(crate) fn weigh(&self, value: Option<f64>, facts: &Facts) -> (usize, f64) {
        let holding = self.consequences.iter().filter(|(condition, ..)| when::holds(condition, facts));
        self.level(value, holding.map(|(_, weight, _)| *weight))
    }

    fn level(&self, value: Option<f64>, weights: impl Iterator<Item = f64>) -> (usize, f64) {
        let value = value.filter(|value| value.is_finite()).unwrap_or(0.0).max(0.0);
        let left =
            weights.fold(self.half_value / (value + self.half_value), |left, weight| left * (1.0 - weight));
        let score = (1.0 - left).clamp(0.0, 1.0);
        let at = self.levels.partition_point(|level| level.from <= score).saturating_sub(1);
        (at, score)
    }

    /// The levels, lowest first.
    pub(crate) fn levels(&self) -> &[StakesLevel] {
        &self.levels
    }
}

fn check_levels(levels: &[StakesLevel], path: &Path, problems: &mut Problems) {
    if levels.first().is_some_and(|lowest| lowest.from != 0.0) {
        problems.push(Problem::error(
            "context/levels",
            path.index(0).key("from"),
            "the lowest level holds from 0",
        ));
    }
    for (at, pair) in levels.windows(2).enumerate() {
        if let [lower, upper] = pair
            && !(lower.from < upper.from && upper.from <= 1.0)
        {
            let message =
                format!("`{}` must hold from more than `{}` does, and at most 1", upper.name, lower.name);
            problems.push(Problem::error("context/levels", path.index(at + 1).key("from"), message));
        }
    }
    for (at, level) in levels.iter().enumerate() {
        if levels.iter().take(at).any(|other| other.name == level.name) || level.name.is_empty() {
            let message = format!("the level name `{}` is empty or used twice", level.name);
            problems.push(Problem::error("context/duplicate", path.index(at).key("name"), message));
        }
    }
}
