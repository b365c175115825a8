//! Checking a definition: all problems at once, then tables to look things up in.

use apropos_condition::{AttributeType, Schema};
use apropos_event::counter::{Column, ColumnKind, Columns, Window};
use apropos_event::{
    Duration, EventKind, IdentifierKind, Path, Problem, Problems, PropertyName, Value, did_you_mean,
};

use crate::Pepper;
use crate::definition::{Aggregate, ProfileDefinition, TraitPolicy};
use crate::history::{LaneRule, MAX_COLUMNS};
use crate::names::Index;
use crate::reading::{BUILT_IN, is_built_in};
use crate::rules::{CHANNEL, Counter, KindRule, ProfileRules, Target};

/// The most traits, sources, kinds and counters of one definition, each.
pub(super) const MAX_DEFINED: usize = 4_096;
/// The most events that can be kept one by one, of one kind or of all uncounted kinds.
pub(super) const MAX_KEPT: u32 = 65_536;
/// The protected states that are always there.
const STATES: [&str; 5] = ["bereaved", "complaint_open", "in_arrears", "minor", "vulnerable"];
/// Repeats are recognised at least this long.
const LEAST_HORIZON: Duration = Duration::from_days(7);

impl ProfileRules {
    /// Checks a definition and makes rules of it. All problems are reported; with errors, the rules leave out what is
    /// wrong and are not to be used.
    ///
    /// `pepper` is the tenant's secret: the same pepper must be used as long as the profiles live.
    pub fn compile(definition: &ProfileDefinition, pepper: Pepper, problems: &mut Problems) -> Self {
        let mut check = Check { definition, problems };
        check.sizes();
        check.traits();
        check.sources_and_identifiers();
        check.history();
        check.value();
        check.goals();
        let seed = pepper.seed();
        let mut traits = definition.traits.clone();
        traits.sort_by(|a, b| a.name.cmp(&b.name));
        traits.dedup_by(|a, b| a.name == b.name);
        let mut sources = definition.sources.clone();
        sources.sort_by(|a, b| a.source.cmp(&b.source));
        let mut identifiers = definition.identifiers.clone();
        identifiers.sort_by(|a, b| a.kind.cmp(&b.kind));
        let mut states: Vec<PropertyName> =
            STATES.iter().filter_map(|state| PropertyName::new(state).ok()).collect();
        states.extend(definition.protected.states.iter().cloned());
        states.sort();
        states.dedup();
        let mut rules = Self {
            definition: definition.clone(),
            pepper,
            seed,
            traits,
            sources,
            kinds: Vec::new(),
            numbers: Index::default(),
            counters: Vec::new(),
            windows: Vec::new(),
            identifiers,
            states,
        };
        rules.declared_counters(problems);
        rules.check_events(problems);
        rules.build_kinds();
        rules
    }

    /// Adds the counters that conditions named by calling `history.count` and its family, once the schema is built.
    ///
    /// Call it once for every schema; what an earlier schema derived is dropped. Problems stand at a path that begins
    /// with the canonical call.
    pub fn register(&mut self, schema: &Schema, problems: &mut Problems) {
        self.counters.retain(|counter| matches!(counter.target, Target::Named(_)));
        for derived in schema.derived() {
            let Some(aggregate) = aggregate(&derived.function) else { continue };
            // The attribute's name is the call: whoever reads conditions knows where it stands.
            let call =
                schema.definition(derived.id).map_or(derived.function.as_str(), |known| known.name.as_str());
            let path = Path::root().key(call);
            let mut texts = derived.arguments.iter().map(Value::as_str);
            let event = texts.next().flatten();
            let property = match aggregate {
                Aggregate::Sum | Aggregate::Distinct => texts.next().flatten(),
                _ => None,
            };
            let window = texts.next().flatten().unwrap_or("ever");
            let Some(Ok(kind)) = event.map(EventKind::new) else {
                problems.push(Problem::error("profile/event-kind", path, "the kind of event is not a name"));
                continue;
            };
            let window = match window.parse::<Window>() {
                Ok(window) => window,
                Err(error) => {
                    problems.push(Problem::error("profile/window", path, error.to_string()));
                    continue;
                }
            };
            let property = property.map(PropertyName::new).transpose().unwrap_or_else(|error| {
                problems.push(Problem::error("profile/property", path.clone(), error.to_string()));
                None
            });
            self.add_counter(
                aggregate,
                &kind,
                property,
                window,
                Target::Derived(derived.id),
                &path,
                problems,
            );
        }
        self.build_kinds();
    }

    fn declared_counters(&mut self, problems: &mut Problems) {
        let counters = self.definition.counters.clone();
        for (at, counter) in counters.iter().enumerate() {
            let path = Path::root().key("counters").index(at);
            if counters.iter().take(at).any(|other| other.name == counter.name) {
                let message = format!("the counter `{}` is declared twice", counter.name);
                problems.push(Problem::error("profile/duplicate", path.key("name"), message));
                continue;
            }
            let target = Target::Named(counter.name.clone());
            let property = counter.property.clone();
            self.add_counter(
                counter.aggregate,
                &counter.event,
                property,
                counter.window,
                target,
                &path,
                problems,
            );
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one counter, named at both call sites")]
    fn add_counter(
        &mut self,
        aggregate: Aggregate,
        event: &EventKind,
        property: Option<PropertyName>,
        window: Window,
        target: Target,
        path: &Path,
        problems: &mut Problems,
    ) {
        let needs = matches!(aggregate, Aggregate::Sum | Aggregate::Distinct);
        if needs != property.is_some() {
            let message = if needs {
                "a sum or distinct count needs a `property`"
            } else {
                "this counter takes no `property`"
            };
            problems.push(Problem::error("profile/counter-property", path.key("property"), message));
            return;
        }
        let any = event.as_str() == "*";
        if any && property.as_ref().is_some_and(|property| property.as_str() != CHANNEL) {
            let message = "a property can only be read from one kind of event, not from `*`";
            problems.push(Problem::error("profile/counter-any", path.key("event"), message));
            return;
        }
        if !any && !self.is_named(event) {
            let known = self.definition.events.iter().map(|event| event.kind.as_str()).chain(BUILT_IN);
            if let Some(help) = did_you_mean(event.as_str(), known) {
                let message = format!("no event of kind `{event}` is declared");
                problems.push(
                    Problem::warning("profile/unknown-event", path.key("event"), message).with_help(help),
                );
            }
        }
        let window = if let Some(at) = self.windows.iter().position(|known| *known == window) {
            at
        } else {
            self.windows.push(window);
            self.windows.len() - 1
        };
        let kind = (!any).then(|| event.clone());
        self.counters.push(Counter { aggregate, kind, number: None, property, window, target });
    }

    /// Whether the definition names this kind of event.
    fn is_named(&self, kind: &EventKind) -> bool {
        self.event(kind).is_some() || is_built_in(kind.as_str())
    }

    fn check_events(&self, problems: &mut Problems) {
        for (at, event) in self.definition.events.iter().enumerate() {
            let path = Path::root().key("events").index(at);
            if self.definition.events.iter().take(at).any(|other| other.kind == event.kind) {
                let message = format!("the kind `{}` is declared twice", event.kind);
                problems.push(Problem::error("profile/duplicate", path.key("kind"), message));
            }
            for name in event.traits.keys() {
                if self.find_trait(name.as_str()).is_none() {
                    let names = self.traits.iter().map(|known| known.name.as_str());
                    let path = path.key("traits").key(name.as_str());
                    let mut problem = Problem::error(
                        "profile/unknown-trait",
                        path,
                        format!("the trait `{name}` is not declared"),
                    );
                    problem.help = did_you_mean(name.as_str(), names);
                    problems.push(problem);
                }
            }
            if event.keep.is_some_and(|keep| keep == 0 || MAX_KEPT < keep) {
                problems.push(Problem::error("profile/limit", path.key("keep"), "`keep` is from 1 to 65536"));
            }
        }
    }

    /// Works out, for each kind that anything is said about, what becomes of its events.
    pub(super) fn build_kinds(&mut self) {
        let mut kinds: Vec<EventKind> =
            self.definition.events.iter().map(|event| event.kind.clone()).collect();
        kinds.extend(self.counters.iter().filter_map(|counter| counter.kind.clone()));
        kinds.extend(self.definition.advocacy.iter().map(|sign| sign.event.clone()));
        if let Some(value) = &self.definition.value {
            kinds.push(value.purchase.clone());
            kinds.extend(value.refund.clone());
        }
        kinds.extend(BUILT_IN.iter().filter_map(|kind| EventKind::new(kind).ok()));
        kinds.sort();
        kinds.dedup();
        for counter in &mut self.counters {
            counter.number = counter.kind.as_ref().and_then(|kind| kinds.binary_search(kind).ok());
        }
        self.numbers = Index::default();
        for (at, kind) in kinds.iter().enumerate() {
            self.numbers.insert(self.kind_hash(kind).0.max(1), at as u32);
        }
        self.kinds = kinds.into_iter().map(|kind| self.build_kind(kind)).collect();
    }

    fn build_kind(&self, kind: EventKind) -> KindRule {
        let event = self.event(&kind);
        let counters = || self.counters.iter().filter(|counter| counter.kind.as_ref() == Some(&kind));
        let mut columns: Vec<Column> = counters().filter_map(Counter::column).collect();
        let money = self
            .definition
            .value
            .as_ref()
            .filter(|value| value.purchase == kind || value.refund.as_ref() == Some(&kind));
        if let Some(value) = money {
            columns.push(Column::new(value.amount.clone(), ColumnKind::Amount));
            columns.extend(value.margin.clone().map(|margin| Column::new(margin, ColumnKind::Amount)));
        }
        let benefit = kind.as_str() == BENEFIT;
        if benefit {
            let sides = BENEFIT_SIDES.iter().filter_map(|side| PropertyName::new(side).ok());
            columns.extend(sides.map(|side| Column::new(side, ColumnKind::Amount)));
        }
        columns.sort();
        columns.dedup();
        columns.truncate(MAX_COLUMNS);
        let advocacy = self.definition.advocacy.iter().any(|sign| sign.event == kind);
        let keep = event.and_then(|event| event.keep);
        let counted = counters().next().is_some() || money.is_some() || benefit || advocacy || keep.is_some();
        let entries = keep.unwrap_or(self.definition.history.counted).min(MAX_KEPT) as usize;
        let reach = counters().filter_map(|counter| self.windows.get(counter.window)?.reach()).max();
        let horizon = self.definition.history.horizon.max(LEAST_HORIZON).max(reach.unwrap_or_default());
        let traits = event.map_or_else(Vec::new, |event| {
            let found = event.traits.iter().filter_map(|(name, property)| {
                self.find_trait(name.as_str()).map(|(at, _)| (at, property.clone()))
            });
            found.collect()
        });
        KindRule {
            lane: counted.then(|| LaneRule { columns: Columns::new(columns), entries }),
            traits,
            effort: event.is_some_and(|event| event.effort),
            built_in: is_built_in(kind.as_str()),
            money: money.is_some(),
            horizon: horizon.saturating_add(Duration::from_days(2)),
            kind,
        }
    }
}

/// The built-in kind of the benefit ledger, and its two sides.
pub(crate) const BENEFIT: &str = "benefit.recorded";
/// See [`BENEFIT`].
pub(crate) const BENEFIT_SIDES: [&str; 2] = ["company", "customer"];

/// The aggregate that a declared function stands for.
pub(crate) fn aggregate(function: &str) -> Option<Aggregate> {
    Some(match function {
        "history.count" => Aggregate::Count,
        "history.sum" => Aggregate::Sum,
        "history.last" => Aggregate::Last,
        "history.first" => Aggregate::First,
        "history.distinct" => Aggregate::Distinct,
        "history.days_since" => Aggregate::DaysSince,
        _ => return None,
    })
}

/// The checks of the parts that stand for themselves.
struct Check<'a> {
    definition: &'a ProfileDefinition,
    problems: &'a mut Problems,
}

impl Check<'_> {
    fn error(&mut self, code: &'static str, path: Path, message: impl Into<String>) {
        self.problems.push(Problem::error(code, path, message));
    }

    fn sizes(&mut self) {
        let sizes = [
            ("traits", self.definition.traits.len()),
            ("sources", self.definition.sources.len()),
            ("events", self.definition.events.len()),
            ("counters", self.definition.counters.len()),
            ("identifiers", self.definition.identifiers.len()),
        ];
        for (name, size) in sizes {
            if MAX_DEFINED < size {
                self.error(
                    "profile/limit",
                    Path::root().key(name),
                    format!("there are more than {MAX_DEFINED}"),
                );
            }
        }
    }

    fn traits(&mut self) {
        for (at, known) in self.definition.traits.iter().enumerate() {
            let path = Path::root().key("traits").index(at);
            if self.definition.traits.iter().take(at).any(|other| other.name == known.name) {
                self.error(
                    "profile/duplicate",
                    path.key("name"),
                    format!("the trait `{}` is declared twice", known.name),
                );
            }
            if RESERVED.contains(&known.name.as_str()) {
                let message = format!("`{}` is a name that profiles use themselves", known.name);
                self.error("profile/reserved", path.key("name"), message);
            }
            let several = matches!(known.kind, AttributeType::List(_) | AttributeType::Set(_));
            if known.policy == TraitPolicy::Union && !several {
                self.error("profile/union", path.key("policy"), "only lists and sets can be united");
            }
            if known.kind == AttributeType::Bytes {
                self.error(
                    "profile/trait-type",
                    path.key("type"),
                    "a trait cannot be bytes: no event can state them",
                );
            }
            if known.retention.is_some_and(|retention| !retention.is_positive()) {
                self.error("profile/retention", path.key("retention"), "a retention is longer than nothing");
            }
        }
    }

    fn sources_and_identifiers(&mut self) {
        for (at, source) in self.definition.sources.iter().enumerate() {
            let path = Path::root().key("sources").index(at);
            if self.definition.sources.iter().take(at).any(|other| other.source == source.source) {
                self.error(
                    "profile/duplicate",
                    path.key("source"),
                    format!("`{}` is declared twice", source.source),
                );
            }
            if 100 < source.trust || 100 < source.confidence {
                self.error("profile/percent", path, "trust and confidence are from 0 to 100");
            }
        }
        for (at, identifier) in self.definition.identifiers.iter().enumerate() {
            let path = Path::root().key("identifiers").index(at);
            if self.definition.identifiers.iter().take(at).any(|other| other.kind == identifier.kind) {
                self.error(
                    "profile/duplicate",
                    path.key("kind"),
                    format!("`{}` is declared twice", identifier.kind),
                );
            }
            if identifier.limit == 0 {
                self.error("profile/limit", path.key("limit"), "a customer can have at least one");
            }
            if identifier.country.is_some() && identifier.kind != IdentifierKind::Phone {
                self.error("profile/country", path.key("country"), "only telephone numbers have a country");
            }
        }
    }

    fn history(&mut self) {
        let history = self.definition.history;
        let path = Path::root().key("history");
        for (name, kept) in [("entries", history.entries), ("counted", history.counted)] {
            if kept == 0 || MAX_KEPT < kept {
                self.error("profile/limit", path.key(name), "from 1 to 65536 events can be kept");
            }
        }
        if history.horizon < LEAST_HORIZON {
            self.error("profile/horizon", path.key("horizon"), "repeats must be recognised for at least 7d");
        }
        if history.retention.is_some_and(|retention| !retention.is_positive()) {
            self.error("profile/retention", path.key("retention"), "a retention is longer than nothing");
        }
    }

    fn goals(&mut self) {
        for (at, goal) in self.definition.goals.iter().enumerate() {
            let path = Path::root().key("goals").index(at);
            if PropertyName::new(goal).is_err() {
                self.error(
                    "profile/goal",
                    path,
                    format!("`{}` cannot be the name of a goal", goal.escape_debug()),
                );
            } else if self.definition.goals.iter().take(at).any(|other| other == goal) {
                self.error("profile/duplicate", path, format!("the goal `{goal}` is listed twice"));
            }
        }
    }

    fn value(&mut self) {
        if let Some(value) = &self.definition.value
            && value.refund.as_ref() == Some(&value.purchase)
        {
            let path = Path::root().key("value").key("refund");
            self.error("profile/refund", path, "a refund is another kind of event than a purchase");
        }
    }
}

/// Names under `profile.` that are not traits.
const RESERVED: [&str; 9] = [
    "told",
    "members",
    "goals",
    "likes",
    "dislikes",
    "preferred_channel",
    "open_cases",
    "open_promises",
    "known",
];
