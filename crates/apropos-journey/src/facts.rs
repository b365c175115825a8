//! What conditions may know of journeys and promises: declared once, bound once, written densely for each decision.
//!
//! Not here: attributes of other rooms.

use std::collections::BTreeSet;

use apropos_condition::{AttributeDefinition, AttributeId, AttributeType, Facts, Schema, SymbolId};
use apropos_event::{AttributeName, JourneyId, PromiseId, Timestamp, draw};

use crate::compile::{HUMAN, JourneyRules, family};
use crate::definition::{ExpectationSource, JourneyDefinition, PromiseDefinition};
use crate::state::{JourneyState, PromiseStatus, Status};

const OWNER: &str = "apropos-journey";

/// The attributes that these journeys and promises supply. Declare them before compiling anything with conditions.
///
/// For a journey `j`: `journey.j.active`, `.node`, `.stage`, `.entered`, `.since`, `.entries`, `.outcome`, all of the
/// instance that was entered last. For a promise `p`: `promise.p.status`, `.due`, `.source`, `.repairing`, all of the
/// one made last. And `journey.handed_off`: a person has a case; `promise.repairing`: any repair is open.
pub fn attributes(
    journeys: &[JourneyDefinition],
    promises: &[PromiseDefinition],
) -> Vec<AttributeDefinition> {
    use AttributeType::{Bool, Int, Symbol, Timestamp};
    let mut all = Vec::new();
    let mut add =
        |name: String, kind: AttributeType, doc: &str, values: Vec<String>, default: Option<Fallback>| {
            let Ok(name) = AttributeName::new(name) else { return };
            let mut definition = AttributeDefinition::new(name, kind).with_doc(doc).with_source(OWNER);
            if !values.is_empty() {
                definition = definition.with_values(values);
            }
            all.push(match default {
                Some(Fallback::False) => definition.with_default(false),
                Some(Fallback::Zero) => definition.with_default(0_i64),
                Some(Fallback::None) => definition.with_default(NONE),
                None => definition,
            });
        };
    let no = Vec::new;
    add(
        "journey.handed_off".into(),
        Bool,
        "a person has a case of the customer",
        no(),
        Some(Fallback::False),
    );
    add("promise.repairing".into(), Bool, "a broken promise is under repair", no(), Some(Fallback::False));
    for (id, texts) in by_family(journeys) {
        let name = |part: &str| format!("journey.{id}.{part}");
        add(name("active"), Bool, "the customer is under way in it", no(), Some(Fallback::False));
        add(name("node"), Symbol, "the node where the customer stands", texts.nodes, None);
        if !texts.stages.is_empty() {
            add(name("stage"), Symbol, "the stage of that node", texts.stages, None);
        }
        add(name("entered"), Timestamp, "when the customer came in", no(), None);
        add(name("since"), Timestamp, "when the customer came to the node", no(), None);
        add(name("entries"), Int, "how often the customer came in", no(), Some(Fallback::Zero));
        add(name("outcome"), Symbol, "how the customer last left", texts.outcomes, None);
    }
    for promise in promises {
        let name = |part: &str| format!("promise.{}.{part}", promise.id);
        let status = PromiseStatus::ALL.iter().map(|status| status.as_str()).chain([NONE]);
        let status = status.map(str::to_owned).collect();
        add(name("status"), Symbol, "where the promise stands", status, Some(Fallback::None));
        add(name("due"), Timestamp, "when it must be kept", no(), None);
        let sources = SOURCES.iter().map(|source| source_name(*source).to_owned()).collect();
        add(name("source"), Symbol, "who set the deadline", sources, None);
        add(name("repairing"), Bool, "its repair is open", no(), Some(Fallback::False));
    }
    all
}

/// The status of a promise that was never made.
const NONE: &str = "none";

enum Fallback {
    False,
    Zero,
    None,
}

struct Texts {
    nodes: Vec<String>,
    stages: Vec<String>,
    outcomes: Vec<String>,
}

/// Everything nodes, stages and outcomes are called in any version.
fn by_family(journeys: &[JourneyDefinition]) -> Vec<(JourneyId, Texts)> {
    let ids: BTreeSet<&JourneyId> = journeys.iter().map(|journey| &journey.id).collect();
    let collect = |id: &JourneyId, of: &dyn Fn(&JourneyDefinition) -> Vec<String>| -> Vec<String> {
        let all: BTreeSet<String> =
            journeys.iter().filter(|journey| journey.id == *id).flat_map(of).collect();
        all.into_iter().collect()
    };
    ids.into_iter()
        .map(|id| {
            let texts = Texts {
                nodes: collect(id, &nodes_of),
                stages: collect(id, &|journey| journey.stages.clone()),
                outcomes: collect(id, &outcomes_of),
            };
            (id.clone(), texts)
        })
        .collect()
}

fn nodes_of(journey: &JourneyDefinition) -> Vec<String> {
    let human = journey.human.as_ref().filter(|human| human.node.is_none()).map(|_| HUMAN.to_owned());
    journey.nodes.keys().map(ToString::to_string).chain(human).collect()
}

fn outcomes_of(journey: &JourneyDefinition) -> Vec<String> {
    let exits = journey.exits.iter().map(|exit| exit.outcome.clone());
    let goals = journey.goals.iter().map(|goal| goal.id.clone());
    let nodes = journey.nodes.values().filter_map(|node| node.outcome.clone());
    let own = crate::compile::OWN_OUTCOMES.iter().map(|text| (*text).to_owned());
    exits.chain(goals).chain(nodes).chain(own).collect()
}

const SOURCES: [ExpectationSource; 3] =
    [ExpectationSource::Brand, ExpectationSource::Product, ExpectationSource::Law];

fn source_name(source: ExpectationSource) -> &'static str {
    match source {
        ExpectationSource::Brand => "brand",
        ExpectationSource::Product => "product",
        ExpectationSource::Law => "law",
    }
}

/// The places of this room's attributes in one schema.
#[derive(Clone, Debug, Default)]
pub struct JourneyBinding {
    handed_off: Option<AttributeId>,
    repairing: Option<AttributeId>,
    /// One for each family, in the order of the plans.
    families: Vec<FamilyBinding>,
    /// For each plan its family, and the symbols of its nodes and stages.
    plans: Vec<PlanBinding>,
    promises: Vec<PromiseBinding>,
}

#[derive(Clone, Debug)]
struct FamilyBinding {
    family: u64,
    active: Option<AttributeId>,
    node: Option<AttributeId>,
    stage: Option<AttributeId>,
    entered: Option<AttributeId>,
    since: Option<AttributeId>,
    entries: Option<AttributeId>,
    outcome: Option<AttributeId>,
    outcomes: Vec<(u64, Option<SymbolId>)>,
}

#[derive(Clone, Debug)]
struct PlanBinding {
    nodes: Vec<Option<SymbolId>>,
    stages: Vec<Option<SymbolId>>,
}

#[derive(Clone, Debug)]
struct PromiseBinding {
    promise: PromiseId,
    status: Option<AttributeId>,
    due: Option<AttributeId>,
    source: Option<AttributeId>,
    repairing: Option<AttributeId>,
    statuses: [Option<SymbolId>; 5],
    sources: [Option<SymbolId>; 3],
}

impl JourneyRules {
    /// The attributes that these rules supply, as [`attributes`] says.
    pub fn attributes(&self) -> Vec<AttributeDefinition> {
        let journeys: Vec<JourneyDefinition> =
            self.plans.iter().map(|plan| plan.definition.clone()).collect();
        let promises: Vec<PromiseDefinition> =
            self.promises.iter().map(|promise| promise.definition.clone()).collect();
        attributes(&journeys, &promises)
    }

    /// Finds the attributes in a schema, once for each engine.
    pub fn bind(&self, schema: &Schema) -> JourneyBinding {
        let mut families: Vec<FamilyBinding> = Vec::new();
        let mut plans = Vec::with_capacity(self.plans.len());
        for plan in &self.plans {
            if families.last().is_none_or(|last| last.family != plan.family) {
                families.push(self.bind_family(&plan.id, schema));
            }
            plans.push(PlanBinding {
                nodes: plan.names.iter().map(|name| schema.symbol(name.as_str())).collect(),
                stages: plan.stages.iter().map(|stage| schema.symbol(stage)).collect(),
            });
        }
        let promises = self.promises.iter().map(|promise| bind_promise(&promise.id, schema)).collect();
        let (handed_off, repairing) = (schema.id("journey.handed_off"), schema.id("promise.repairing"));
        JourneyBinding { handed_off, repairing, families, plans, promises }
    }

    fn bind_family(&self, id: &JourneyId, schema: &Schema) -> FamilyBinding {
        let attribute = |part: &str| schema.id(&format!("journey.{id}.{part}"));
        let outcomes: BTreeSet<&String> =
            self.plans.iter().filter(|plan| plan.id == *id).flat_map(|plan| &plan.outcomes).collect();
        let own = crate::compile::OWN_OUTCOMES.iter().copied();
        let texts = outcomes.into_iter().map(String::as_str).chain(own);
        FamilyBinding {
            family: family(id),
            active: attribute("active"),
            node: attribute("node"),
            stage: attribute("stage"),
            entered: attribute("entered"),
            since: attribute("since"),
            entries: attribute("entries"),
            outcome: attribute("outcome"),
            outcomes: texts.map(|text| (outcome_hash(text), schema.symbol(text))).collect(),
        }
    }

    /// Writes what conditions may know. No look-up by text, no allocation.
    /// O(families × (instances + memories) + promises²).
    pub fn write_facts(
        &self,
        state: &JourneyState,
        _now: Timestamp,
        binding: &JourneyBinding,
        facts: &mut Facts,
    ) {
        set_bool(facts, binding.handed_off, self.is_muted(state));
        set_bool(facts, binding.repairing, state.promises.iter().any(|owed| owed.repairing));
        for bound in &binding.families {
            self.write_family(state, bound, binding, facts);
        }
        for bound in &binding.promises {
            write_promise(state, bound, facts);
        }
    }

    fn write_family(
        &self,
        state: &JourneyState,
        bound: &FamilyBinding,
        binding: &JourneyBinding,
        facts: &mut Facts,
    ) {
        let last = state.instances.iter().rev().find_map(|instance| {
            let (at, plan) = self.plan_of(instance)?;
            (plan.family == bound.family).then_some((instance, at, plan))
        });
        set_bool(facts, bound.active, last.is_some());
        let symbols = last.and_then(|(instance, at, plan)| {
            let symbols = binding.plans.get(usize::from(at))?;
            let node = symbols.nodes.get(usize::from(instance.node)).copied().flatten();
            let stage = plan.node(instance.node).and_then(|node| node.stage);
            let stage = stage.and_then(|stage| symbols.stages.get(usize::from(stage)).copied().flatten());
            Some((node, stage))
        });
        set_symbol(facts, bound.node, symbols.and_then(|(node, _)| node));
        set_symbol(facts, bound.stage, symbols.and_then(|(_, stage)| stage));
        set_timestamp(facts, bound.entered, last.map(|(instance, ..)| instance.entered));
        set_timestamp(facts, bound.since, last.map(|(instance, ..)| instance.since));
        let (mut entries, mut left) = (0_i64, None);
        for memory in state.memories.iter().filter(|memory| memory.journey == bound.family) {
            entries += i64::from(memory.entries);
            left = left.max(memory.left.map(|at| (at, memory.outcome)));
        }
        if let Some(id) = bound.entries {
            facts.set_int(id, entries);
        }
        let outcome = left.and_then(|(_, hash)| {
            bound.outcomes.iter().find(|(known, _)| *known == hash).and_then(|(_, symbol)| *symbol)
        });
        set_symbol(facts, bound.outcome, outcome);
    }

    /// Whether a person has a case of this customer, so that automation is silent.
    pub fn is_muted(&self, state: &JourneyState) -> bool {
        state.instances.iter().any(|instance| instance.status == Status::HandedOff)
    }

    /// Whether a broken promise is under repair, so that selling waits.
    pub fn is_repairing(&self, state: &JourneyState) -> bool {
        state.promises.iter().any(|owed| owed.repairing)
    }
}

/// The hash under which an outcome is remembered.
pub(crate) fn outcome_hash(text: &str) -> u64 {
    draw::stable_hash(5, text.as_bytes())
}

fn bind_promise(id: &PromiseId, schema: &Schema) -> PromiseBinding {
    let attribute = |part: &str| schema.id(&format!("promise.{id}.{part}"));
    PromiseBinding {
        promise: id.clone(),
        status: attribute("status"),
        due: attribute("due"),
        source: attribute("source"),
        repairing: attribute("repairing"),
        statuses: PromiseStatus::ALL.map(|status| schema.symbol(status.as_str())),
        sources: SOURCES.map(|source| schema.symbol(source_name(source))),
    }
}

fn write_promise(state: &JourneyState, bound: &PromiseBinding, facts: &mut Facts) {
    let last = state.promises.iter().rev().find(|owed| owed.promise == bound.promise);
    let status = last.and_then(|owed| bound.statuses[owed.status as usize]);
    set_symbol(facts, bound.status, status);
    set_timestamp(facts, bound.due, last.map(|owed| owed.due));
    set_symbol(facts, bound.source, last.and_then(|owed| bound.sources[owed.source as usize]));
    let repairing = state.promises.iter().any(|owed| owed.repairing && owed.promise == bound.promise);
    set_bool(facts, bound.repairing, repairing);
}

fn set_bool(facts: &mut Facts, id: Option<AttributeId>, value: bool) {
    if let Some(id) = id {
        facts.set_bool(id, value);
    }
}

fn set_symbol(facts: &mut Facts, id: Option<AttributeId>, value: Option<SymbolId>) {
    match (id, value) {
        (Some(id), Some(symbol)) => facts.set_symbol_id(id, symbol),
        (Some(id), None) => facts.unset(id),
        _ => {}
    }
}

fn set_timestamp(facts: &mut Facts, id: Option<AttributeId>, value: Option<Timestamp>) {
    match (id, value) {
        (Some(id), Some(at)) => facts.set_timestamp(id, at),
        (Some(id), None) => facts.unset(id),
        _ => {}
    }
}
