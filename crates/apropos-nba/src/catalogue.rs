//! The checked catalogue: actions, policies and all their conditions in one index.
//!
//! Not here: deciding, see `pipeline`.

use std::collections::{BTreeMap, BTreeSet};

use apropos_condition::{AttributeId, Condition, Index, IndexBuilder, OnUnknown, Schema, SchemaBuilder};
use apropos_context::Channels;
use apropos_event::{ActionId, Duration, GroupId, Path, Problem, Problems, Timestamp, did_you_mean};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::Class;
use crate::definition::{
    ActionDefinition, CatalogueDefinition, LimitDefinition, PolicyDefinition, RewardDefinition,
};
use crate::layout::Layout;
use crate::silence::{self, Arms};

/// The most actions of one playbook.
pub const MAX_ACTIONS: usize = 16_384;
/// The most treatments of one action.
pub const MAX_TREATMENTS: usize = 32;
/// Longer windows than the ledger remembers cannot be counted: no limit may allow more than this.
pub const MAX_LIMIT: u32 = 48;

/// The rulesets of the index, in the order of their stages; the last holds the conditions of weights.
pub(crate) const ELIGIBLE: usize = 0;
pub(crate) const APPLICABLE: usize = 1;
pub(crate) const SUITABLE: usize = 2;
pub(crate) const WEIGHTS: usize = 3;

/// Amounts of one action, as the scorer uses them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Amounts {
    pub(crate) value: f64,
    pub(crate) cost: f64,
    pub(crate) benefit: f64,
    pub(crate) effort: f64,
}

/// One checked action: what every decision asks of it lies together, and the rest behind it.
#[derive(Clone, Debug)]
pub(crate) struct Action {
    pub(crate) class: Class,
    pub(crate) enabled: bool,
    pub(crate) personal: bool,
    pub(crate) for_protected: bool,
    pub(crate) learn: bool,
    pub(crate) from: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
    pub(crate) cooldown: Option<Duration>,
    pub(crate) propensity: f64,
    pub(crate) baseline: f64,
    pub(crate) lever: f64,
    pub(crate) amounts: Amounts,
    /// The weights that may apply: their subjects in the index, with the multiplier.
    pub(crate) weights: Vec<(usize, f64)>,
    /// How long an answer may take, by the reward that waits longest.
    pub(crate) window: Option<Duration>,
    pub(crate) definition: Box<ActionDefinition>,
}

/// Everything about actions, checked and compiled. Immutable; share it freely.
#[derive(Clone, Debug)]
pub struct Catalogue {
    pub(crate) actions: Vec<Action>,
    pub(crate) ids: Vec<ActionId>,
    pub(crate) policy: PolicyDefinition,
    pub(crate) rewards: Vec<RewardDefinition>,
    pub(crate) index: Index,
    pub(crate) layout: Layout,
    pub(crate) reads: BTreeSet<AttributeId>,
    pub(crate) arms: Arms,
    pub(crate) groups: Vec<GroupId>,
    pub(crate) resources: Vec<String>,
}

/// A catalogue whose conditions are read, before the schema is complete.
#[derive(Debug)]
pub struct Draft {
    definition: CatalogueDefinition,
    channels: Channels,
    conditions: Vec<(usize, usize, Condition, OnUnknown)>,
    weights: Vec<Vec<(usize, f64)>>,
}

impl Draft {
    /// Reads all conditions and checks everything that can be checked without the finished schema.
    ///
    /// Paths start at `actions`, `groups`, `policy`, `rewards` and `resources`. When a problem is an error the draft
    /// must not be finished.
    pub fn new(
        definition: &CatalogueDefinition,
        channels: &Channels,
        schema: &mut SchemaBuilder,
        problems: &mut Problems,
    ) -> Self {
        let mut reader =
            Reader { definition, schema, problems, conditions: Vec::new(), weights: Vec::new(), next: 0 };
        reader.names();
        let groups = reader.groups();
        for (at, action) in definition.actions.iter().enumerate() {
            reader.action(at, action, &groups, channels);
        }
        reader.policy(&groups, channels);
        let (conditions, weights) = (reader.conditions, reader.weights);
        Self { definition: definition.clone(), channels: channels.clone(), conditions, weights }
    }

    /// Compiles the index over the finished schema.
    pub fn finish(self, schema: &Schema) -> Catalogue {
        let mut builder = IndexBuilder::new(schema);
        let actions = self.definition.actions.len();
        for ruleset in [ELIGIBLE, APPLICABLE, SUITABLE] {
            builder.reserve(ruleset, actions);
        }
        builder.reserve(WEIGHTS, self.weights.iter().map(Vec::len).sum());
        for (ruleset, subject, condition, unknown) in &self.conditions {
            builder.add(*ruleset, *subject, condition, *unknown);
        }
        let conditions = self.conditions.iter().flat_map(|(_, _, condition, _)| condition.attributes());
        let mut reads: BTreeSet<AttributeId> = conditions.copied().collect();
        let interruption = float(self.definition.policy.interruption);
        let arms = Arms::new(&self.definition);
        let layout = Layout::new(&self.definition, &self.channels, interruption, schema);
        reads.extend(
            layout.uses.iter().flatten().flat_map(|resource| [resource.left, resource.price]).flatten(),
        );
        let ids: Vec<ActionId> = self.definition.actions.iter().map(|action| action.id.clone()).collect();
        let (actions, rewards) =
            (self.definition.actions.into_iter().zip(self.weights), self.definition.rewards);
        Catalogue {
            actions: actions
                .map(|(definition, weights)| Action::new(definition, weights, &rewards))
                .collect(),
            ids,
            arms,
            layout,
            reads,
            groups: self.definition.groups.into_iter().map(|group| group.id).collect(),
            resources: self.definition.resources.into_keys().collect(),
            policy: self.definition.policy,
            rewards,
            index: builder.build(),
        }
    }
}

pub(crate) fn float(amount: Decimal) -> f64 {
    amount.to_f64().unwrap_or(0.0)
}

impl Action {
    fn new(definition: ActionDefinition, weights: Vec<(usize, f64)>, rewards: &[RewardDefinition]) -> Self {
        let concerning = rewards.iter().filter(|rule| rule.concerns(&definition.id));
        Self {
            window: concerning.map(|rule| rule.within).max(),
            amounts: Amounts {
                value: float(definition.value),
                cost: float(definition.cost),
                benefit: float(definition.benefit),
                effort: float(definition.effort),
            },
            weights,
            class: definition.class,
            enabled: definition.enabled,
            personal: definition.personal,
            for_protected: definition.for_protected,
            learn: definition.learn,
            from: definition.from,
            until: definition.until,
            cooldown: definition.cooldown,
            propensity: definition.propensity,
            baseline: definition.baseline,
            lever: definition.lever,
            definition: Box::new(definition),
        }
    }

    /// Whether neither a switch nor a date can make it unavailable.
    pub(crate) fn is_always_available(&self) -> bool {
        self.enabled && self.from.is_none() && self.until.is_none()
    }
}

impl Catalogue {
    /// The actions, in the author's order.
    pub fn actions(&self) -> &[ActionId] {
        &self.ids
    }

    /// What is learned about: the actions, and behind them what stands for silence, if that is learned.
    pub fn learned(&self) -> Vec<ActionId> {
        self.ids.iter().chain(self.arms.ids()).cloned().collect()
    }

    /// The definition of an action.
    pub fn action(&self, id: &ActionId) -> Option<&ActionDefinition> {
        self.position(id).and_then(|at| self.actions.get(at)).map(|action| &*action.definition)
    }

    /// The index of all conditions.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// The attributes that decisions read: those of conditions, and of resources what is left and what it
    /// costs.
    pub fn reads(&self) -> &BTreeSet<AttributeId> {
        &self.reads
    }

    /// The contact policy.
    pub fn policy(&self) -> &PolicyDefinition {
        &self.policy
    }

    pub(crate) fn position(&self, id: &ActionId) -> Option<usize> {
        self.layout.position(id)
    }
}

/// The conditions of the groups, by their names: read once, and shared by all actions of a group.
type Groups<'a> = BTreeMap<&'a str, [Vec<Condition>; 3]>;

/// The lists of conditions that actions and groups have, each with the ruleset it goes to.
const LISTS: [(&str, usize); 3] =
    [("eligible", ELIGIBLE), ("applicable", APPLICABLE), ("suitable", SUITABLE)];

struct Reader<'a> {
    definition: &'a CatalogueDefinition,
    schema: &'a mut SchemaBuilder,
    problems: &'a mut Problems,
    conditions: Vec<(usize, usize, Condition, OnUnknown)>,
    weights: Vec<Vec<(usize, f64)>>,
    /// The next free subject among the weights.
    next: usize,
}

impl<'a> Reader<'a> {
    fn error(&mut self, code: &'static str, path: Path, message: String) {
        self.problems.push(Problem::error(code, path, message));
    }

    fn names(&mut self) {
        if MAX_ACTIONS < self.definition.actions.len() {
            let message = format!(
                "there are {} actions, at most {MAX_ACTIONS} are accepted",
                self.definition.actions.len()
            );
            self.error("nba/too-many", Path::root().key("actions"), message);
        }
        let mut seen = BTreeSet::new();
        for (at, action) in self.definition.actions.iter().enumerate() {
            let path = Path::root().key("actions").index(at).key("id");
            if silence::is_reserved(action.id.as_str()) || action.id.as_str() == "hand_off" {
                self.error("nba/reserved-name", path, format!("`{}` is a reserved name", action.id));
            } else if !seen.insert(&action.id) {
                self.error(
                    "nba/duplicate-action",
                    path,
                    format!("there are two actions named `{}`", action.id),
                );
            }
        }
        let mut seen = BTreeSet::new();
        for (at, group) in self.definition.groups.iter().enumerate() {
            if !seen.insert(&group.id) {
                let path = Path::root().key("groups").index(at).key("id");
                self.error("nba/duplicate-group", path, format!("there are two groups named `{}`", group.id));
            }
        }
    }

    fn groups(&mut self) -> Groups<'a> {
        let mut groups = Groups::new();
        for (at, group) in self.definition.groups.iter().enumerate() {
            let path = Path::root().key("groups").index(at);
            let lists = [&group.eligible, &group.applicable, &group.suitable];
            let read = lists.into_iter().zip(LISTS).map(|(texts, (key, _))| self.list(texts, &path.key(key)));
            let read: Vec<Vec<Condition>> = read.collect();
            groups.entry(group.id.as_str()).or_insert(read.try_into().unwrap_or_default());
        }
        groups
    }

    fn action(&mut self, at: usize, action: &ActionDefinition, groups: &Groups<'_>, channels: &Channels) {
        let path = Path::root().key("actions").index(at);
        let group = action.group.as_ref().and_then(|id| groups.get(id.as_str()));
        if let (Some(id), None) = (&action.group, group) {
            let known: Vec<&str> = groups.keys().copied().collect();
            self.unknown("nba/unknown-group", path.key("group"), "group", id.as_str(), &known);
        }
        let lists = [&action.eligible, &action.applicable, &action.suitable];
        for (number, (texts, (key, ruleset))) in lists.into_iter().zip(LISTS).enumerate() {
            // What the group says comes first.
            let shared = group.and_then(|lists| lists.get(number)).into_iter().flatten().cloned();
            let all: Vec<Condition> = shared.chain(self.list(texts, &path.key(key))).collect();
            let all = all.into_iter().map(|condition| (ruleset, at, condition, action.on_unknown));
            self.conditions.extend(all);
        }
        self.treatments(action, &path, channels);
        self.numbers(action, &path);
        let mut weights = Vec::new();
        for (number, weight) in action.weights.iter().enumerate() {
            let path = path.key("weights").index(number);
            self.within(weight.weight, 0.25, 4.0, path.key("weight"));
            if let Some(condition) = self.schema.condition(&weight.when, &path.key("when"), self.problems) {
                self.conditions.push((WEIGHTS, self.next, condition, OnUnknown::Fails));
                weights.push((self.next, weight.weight));
                self.next += 1;
            }
        }
        self.weights.push(weights);
    }

    fn list(&mut self, texts: &[String], path: &Path) -> Vec<Condition> {
        let texts = texts.iter().enumerate();
        texts.filter_map(|(at, text)| self.schema.condition(text, &path.index(at), self.problems)).collect()
    }

    fn treatments(&mut self, action: &ActionDefinition, path: &Path, channels: &Channels) {
        let path = path.key("treatments");
        if action.treatments.is_empty() || MAX_TREATMENTS < action.treatments.len() {
            let message = format!(
                "an action has 1 to {MAX_TREATMENTS} treatments, `{}` has {}",
                action.id,
                action.treatments.len()
            );
            self.error("nba/treatments", path.clone(), message);
        }
        for (number, treatment) in action.treatments.iter().enumerate() {
            if channels.get(&treatment.channel).is_none() {
                let known: Vec<&str> = channels.iter().map(|channel| channel.id.as_str()).collect();
                let path = path.index(number).key("channel");
                self.unknown("nba/unknown-channel", path, "channel", treatment.channel.as_str(), &known);
            }
            self.not_negative("cost", treatment.cost, &path.index(number));
        }
    }

    fn numbers(&mut self, action: &ActionDefinition, path: &Path) {
        self.within(action.propensity, 0.0, 1.0, path.key("propensity"));
        self.within(action.baseline, 0.0, 1.0, path.key("baseline"));
        self.within(action.lever, 0.5, 2.0, path.key("lever"));
        for (key, amount) in [
            ("cost", action.cost),
            ("effort", action.effort),
            ("value", action.value),
            ("benefit", action.benefit),
        ] {
            self.not_negative(key, amount, path);
        }
        if let (Some(from), Some(until)) = (action.from, action.until)
            && until <= from
        {
            self.error("nba/dates", path.key("until"), format!("`{}` ends before it starts", action.id));
        }
        if action.cooldown.is_some_and(|cooldown| !cooldown.is_positive()) {
            self.error(
                "nba/duration",
                path.key("cooldown"),
                "a cooldown must be longer than nothing".to_owned(),
            );
        }
        if let Some(resource) = &action.uses
            && !self.definition.resources.contains_key(resource)
        {
            let definition = self.definition;
            let known: Vec<&str> = definition.resources.keys().map(String::as_str).collect();
            self.unknown("nba/unknown-resource", path.key("uses"), "resource", resource, &known);
        }
    }

    fn not_negative(&mut self, key: &str, amount: Decimal, path: &Path) {
        if amount.is_sign_negative() && !amount.is_zero() {
            let message = format!("`{key}` must not be negative, it is {amount}");
            self.error("nba/negative", path.key(key), message);
        }
    }

    fn within(&mut self, x: f64, low: f64, high: f64, path: Path) {
        if !(low..=high).contains(&x) {
            self.error(
                "nba/out-of-range",
                path,
                format!("the number must lie between {low} and {high}, it is {x}"),
            );
        }
    }

    fn unknown(&mut self, code: &'static str, path: Path, what: &str, name: &str, known: &[&str]) {
        let problem = Problem::error(code, path, format!("there is no {what} named `{name}`"));
        let distinct = || known.iter().copied().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>();
        let help = did_you_mean(name, known.iter().copied())
            .or_else(|| (!known.is_empty()).then(|| format!("known: {}", distinct().join(", "))));
        self.problems.push(match help {
            Some(help) => problem.with_help(help),
            None => problem,
        });
    }

    fn policy(&mut self, groups: &Groups<'_>, channels: &Channels) {
        let root = Path::root();
        let policy = &self.definition.policy;
        let mut seen = BTreeSet::new();
        for (at, limit) in policy.limits.iter().enumerate() {
            let path = root.key("policy").key("limits").index(at);
            if !limit.name.is_empty() && !seen.insert(&limit.name) {
                let message = format!("there are two limits named `{}`", limit.name);
                self.problems.push(
                    Problem::warning("nba/duplicate-limit", path.key("name"), message)
                        .with_help("explanations tell limits by their names"),
                );
            }
            self.limit(limit, &path, groups, channels);
        }
        for (at, rule) in policy.suppressions.iter().enumerate() {
            let path = root.key("policy").key("suppressions").index(at);
            if !rule.pause.is_positive() || !rule.within.is_positive() || rule.count == 0 {
                let message =
                    format!("`count`, `within` and `pause` of `{}` must be more than nothing", rule.name);
                self.error("nba/duration", path, message);
            }
        }
        if !policy.fatigue_half_life.is_positive() || !policy.reservation.is_positive() {
            self.error(
                "nba/duration",
                root.key("policy"),
                "half-life and reservation must be longer than nothing".to_owned(),
            );
        }
        self.not_negative("interruption", policy.interruption, &root.key("policy"));
        self.within(policy.min_propensity, 0.0, 1.0, root.key("policy").key("min_propensity"));
        self.within(policy.silence, 0.0, 1e9, root.key("policy").key("silence"));
        self.within(policy.holdout, 0.0, 0.5, root.key("policy").key("holdout"));
        self.within(policy.baseline_weight, 0.0, 1e9, root.key("policy").key("baseline_weight"));
        for (at, reward) in self.definition.rewards.iter().enumerate() {
            let path = root.key("rewards").index(at);
            if !reward.within.is_positive() {
                self.error(
                    "nba/duration",
                    path.key("within"),
                    "a reward's window must be longer than nothing".to_owned(),
                );
            }
            for (number, action) in reward.actions.iter().enumerate() {
                if !self.definition.actions.iter().any(|known| known.id == *action) {
                    let actions = &self.definition.actions;
                    let known: Vec<&str> = actions.iter().map(|known| known.id.as_str()).collect();
                    let path = path.key("actions").index(number);
                    self.unknown("nba/unknown-action", path, "action", action.as_str(), &known);
                }
            }
        }
    }

    fn limit(&mut self, limit: &LimitDefinition, path: &Path, groups: &Groups<'_>, channels: &Channels) {
        if limit.within.is_some() == limit.per.is_some() {
            let message = format!("limit `{}` needs exactly one of `within` and `per`", limit.name);
            self.error("nba/limit-window", path.clone(), message);
        }
        if limit.within.is_some_and(|within| !within.is_positive()) {
            let message = format!("the window of limit `{}` must be longer than nothing", limit.name);
            self.error("nba/duration", path.key("within"), message);
        }
        if MAX_LIMIT < limit.at_most {
            let message =
                format!("a limit allows at most {MAX_LIMIT}, `{}` allows {}", limit.name, limit.at_most);
            self.error("nba/limit-size", path.key("at_most"), message);
        }
        if let Some(channel) = limit.channel.as_ref().filter(|channel| channels.get(channel).is_none()) {
            let known: Vec<&str> = channels.iter().map(|channel| channel.id.as_str()).collect();
            self.unknown("nba/unknown-channel", path.key("channel"), "channel", channel.as_str(), &known);
        }
        if let Some(group) = limit.group.as_ref().filter(|group| !groups.contains_key(group.as_str())) {
            let known: Vec<&str> = groups.keys().copied().collect();
            self.unknown("nba/unknown-group", path.key("group"), "group", group.as_str(), &known);
        }
    }
}
