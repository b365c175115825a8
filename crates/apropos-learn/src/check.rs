//! Everything that can be wrong with a model's definition, found at once.

use std::collections::BTreeSet;

use apropos_event::{ActionId, Duration, Path, Problem, Problems, did_you_mean};

use crate::encoder::{MAX_CROSSES, MAX_INPUTS};
use crate::explore::Policy;
use crate::full::MAX_FULL;
use crate::{MAX_ACTIONS, MAX_REWARDS, ModelDefinition};

/// Reports all problems of `definition` for these actions.
pub(crate) fn check(definition: &ModelDefinition, actions: &[ActionId], problems: &mut Problems) {
    let root = Path::root();
    inputs(definition, &root, problems);
    groups(definition, actions, &root, problems);
    rewards(definition, &root, problems);
    settings(definition, &root, problems);
    let distinct: BTreeSet<_> = actions.iter().collect();
    if distinct.len() != actions.len() {
        problems.push(Problem::error("learn/duplicate-action", root.clone(), "an action is listed twice"));
    }
    if MAX_ACTIONS < actions.len() {
        let message = format!("{} actions are more than the {MAX_ACTIONS} a model takes", actions.len());
        problems.push(Problem::error("learn/too-many-actions", root, message));
    }
}

fn unique<'a>(
    names: impl Iterator<Item = &'a str>,
    what: &str,
    path: &Path,
    problems: &mut Problems,
) -> Vec<&'a str> {
    let mut seen = Vec::new();
    for (at, name) in names.enumerate() {
        if name.is_empty() {
            problems.push(Problem::error(
                "learn/empty-name",
                path.index(at),
                format!("the {what} has no name"),
            ));
        }
        if seen.contains(&name) {
            let message = format!("`{name}` is declared twice");
            problems.push(Problem::error("learn/duplicate-name", path.index(at), message));
        }
        seen.push(name);
    }
    seen
}

fn inputs(definition: &ModelDefinition, root: &Path, problems: &mut Problems) {
    let path = root.key("inputs");
    let names = unique(definition.inputs.iter().map(|input| input.name.as_str()), "input", &path, problems);
    if MAX_INPUTS < names.len() {
        let message = format!("{} inputs are more than the {MAX_INPUTS} a model takes", names.len());
        problems.push(Problem::error("learn/too-many-inputs", path, message));
    }
    if MAX_CROSSES / 2 < definition.crosses.len() {
        let message = format!(
            "{} crosses are more than the {} a model takes",
            definition.crosses.len(),
            MAX_CROSSES / 2
        );
        problems.push(Problem::error("learn/too-many-crosses", root.key("crosses"), message));
    }
    for (at, cross) in definition.crosses.iter().enumerate() {
        let path = root.key("crosses").index(at);
        for name in [&cross.left, &cross.right] {
            if !names.contains(&name.as_str()) {
                let mut problem =
                    Problem::error("learn/unknown-input", path.clone(), format!("`{name}` is not an input"));
                problem.help = did_you_mean(name, names.iter().copied());
                problems.push(problem);
            }
        }
        if cross.left == cross.right {
            let message = format!("`{}` is crossed with itself", cross.left);
            problems.push(Problem::error("learn/self-cross", path, message));
        }
    }
}

fn groups(definition: &ModelDefinition, actions: &[ActionId], root: &Path, problems: &mut Problems) {
    let path = root.key("groups");
    unique(definition.groups.iter().map(|group| group.name.as_str()), "group", &path, problems);
    let mut seen = BTreeSet::new();
    for (at, group) in definition.groups.iter().enumerate() {
        for (place, action) in group.actions.iter().enumerate() {
            let path = path.index(at).key("actions").index(place);
            if !actions.contains(action) {
                let mut problem = Problem::error(
                    "learn/unknown-action",
                    path.clone(),
                    format!("`{action}` is not an action"),
                );
                problem.help = did_you_mean(action.as_str(), actions.iter().map(ActionId::as_str));
                problems.push(problem);
            }
            if !seen.insert(action) {
                let message = format!("`{action}` is in more than one group");
                problems.push(Problem::error("learn/two-groups", path, message));
            }
        }
    }
}

fn rewards(definition: &ModelDefinition, root: &Path, problems: &mut Problems) {
    let path = root.key("rewards");
    let names =
        unique(definition.rewards.iter().map(|reward| reward.name.as_str()), "reward", &path, problems);
    if names.is_empty() {
        problems.push(
            Problem::error("learn/no-reward", path.clone(), "a model needs at least one reward")
                .with_help("name what counts as success, such as `click`"),
        );
    }
    if MAX_REWARDS < names.len() {
        let message = format!("{} rewards are more than the {MAX_REWARDS} a model takes", names.len());
        problems.push(Problem::error("learn/too-many-rewards", path.clone(), message));
    }
    for (at, reward) in definition.rewards.iter().enumerate() {
        let path = path.index(at);
        let mut range = |name: &str, value: f64, ok: bool, expected: &str| {
            if !ok {
                let message = format!("{value} is not {expected}");
                problems.push(Problem::error("learn/out-of-range", path.key(name), message));
            }
        };
        range("default", reward.default, (0.0..=1.0).contains(&reward.default), "between 0 and 1");
        let inside = 0.0 < reward.base_rate && reward.base_rate < 1.0;
        range("base_rate", reward.base_rate, inside, "above 0 and below 1");
        if !reward.window.is_positive() {
            problems.push(Problem::error("learn/window", path.key("window"), "a window must be positive"));
        }
        let mut before = Duration::ZERO;
        for (place, &look) in reward.looks.iter().enumerate() {
            if look <= before || reward.window < look {
                let message = format!("`{look}` must come after `{before}` and within `{}`", reward.window);
                problems.push(Problem::error("learn/looks", path.key("looks").index(place), message));
            }
            before = look;
        }
    }
}

fn settings(definition: &ModelDefinition, root: &Path, problems: &mut Problems) {
    let mut range = |section: &str, name: &str, value: f64, low: f64, high: f64| {
        if !(low..=high).contains(&value) {
            let message = format!("{value} is not between {low} and {high}");
            problems.push(Problem::error("learn/out-of-range", root.key(section).key(name), message));
        }
    };
    let encoder = &definition.encoder;
    range("encoder", "knots", encoder.knots as f64, 2.0, 16.0);
    range("encoder", "reservoir", encoder.reservoir as f64, 16.0, 65_536.0);
    range("encoder", "rare_after", f64::from(encoder.rare_after), 1.0, 1e6);
    range("encoder", "categories", encoder.categories as f64, 1.0, 65_536.0);
    range("encoder", "clip", encoder.clip, 1.0, 8.0);
    range("encoder", "learned_crosses", encoder.learned_crosses as f64, 0.0, 64.0);
    let learning = &definition.learning;
    range("learning", "bias_variance", f64::from(learning.bias_variance), 1e-6, 100.0);
    range("learning", "weight_variance", f64::from(learning.weight_variance), 1e-6, 100.0);
    range("learning", "shape", f64::from(learning.shape), 1e-6, 100.0);
    let shared = f64::from(learning.shared_bias_variance);
    range("learning", "shared_bias_variance", shared, 0.0, 100.0);
    range("learning", "shared_variance", f64::from(learning.shared_variance), 0.0, 100.0);
    range("learning", "group_variance", f64::from(learning.group_variance), 0.0, 100.0);
    range("learning", "half_life", f64::from(learning.half_life), 0.0, 1e9);
    range("full", "features", definition.full.features as f64, 0.0, MAX_FULL as f64);
    range("exploration", "floor", definition.exploration.floor, 0.0, 1.0);
    range("safety", "subject_weight", definition.safety.subject_weight, 0.0, 1e6);
    range("safety", "subject_excess", definition.safety.subject_excess, 0.0, 1e6);
    range("safety", "spike", definition.safety.spike, 0.0, 1e6);
    let mut policy = |name: &str, value: f64, low: f64, high: f64| {
        range("exploration", name, value, low, high);
    };
    match definition.exploration.policy {
        Policy::InverseGap { gamma, exponent, optimism } => {
            policy("gamma", gamma, 0.0, 1e12);
            policy("exponent", exponent, 0.0, 2.0);
            policy("optimism", optimism, 0.0, 10.0);
        }
        Policy::EpsilonGreedy { epsilon } => policy("epsilon", epsilon, 0.0, 1.0),
        Policy::Softmax { temperature } => policy("temperature", temperature, 1e-9, 1e9),
        Policy::Optimistic { optimism } => policy("optimism", optimism, 0.0, 10.0),
        Policy::Greedy => {}
    }
}
