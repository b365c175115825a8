//! What conditions may know of journeys and promises: declared once, bound once, written densely for each decision.
//!
//! Not here: attributes of other rooms.

use std::collections::BTreeSet;

use apropos_condition::{AttributeDefinition, AttributeId, AttributeType, Datum, Facts, Schema, SymbolId};
use apropos_event::{AttributeName, JourneyId, NodeId, PromiseId, Timestamp, draw};

use crate::compile::plan::Node;
use crate::compile::{HUMAN, Plan, family};
use crate::definition::{ExpectationSource, JourneyDefinition, PromiseDefinition};
use crate::rules::JourneyRules;
use crate::state::{Instance, JourneyState, Memory, PromiseState, PromiseStatus, Status};

const OWNER: &str = "apropos-journey";

/// The attributes that these journeys and promises supply. Declare them before compiling anything with conditions.
///
/// For a journey `j`: `journey.j.active`, `.node`, `.stage`, `.entered` and `.since` of the instance that was entered
/// last; `.entries`, and `.left` and `.outcome` of the one that left last. For a promise `p`: `promise.p.status`, `.due`, `.source`, `.repairing`, all of the
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
        add(name("left"), Timestamp, "when the customer last left", no(), None);
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
    /// Sorted by the hash that names the family.
    families: Vec<FamilyBinding>,
    /// In the order of the plans.
    plans: Vec<PlanBinding>,
    /// In the order of the promises.
    promises: Vec<PromiseBinding>,
}

#[derive(Clone, Debug)]
struct FamilyBinding {
    family: u64,
    entries: Option<AttributeId>,
    left: Option<AttributeId>,
    outcome: Option<AttributeId>,
    /// Sorted by hash.
    outcomes: Vec<(u64, Option<SymbolId>)>,
}

#[derive(Clone, Debug)]
struct PlanBinding {
    active: Option<AttributeId>,
    node: Option<AttributeId>,
    stage: Option<AttributeId>,
    entered: Option<AttributeId>,
    since: Option<AttributeId>,
    /// The symbols of every node's name and stage.
    nodes: Vec<(Option<SymbolId>, Option<SymbolId>)>,
}

#[derive(Clone, Debug)]
struct PromiseBinding {
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
        for plan in &self.plans {
            if families.iter().all(|known| known.family != plan.family) {
                families.push(self.bind_family(&plan.id, schema));
            }
        }
        families.sort_by_key(|family| family.family);
        JourneyBinding {
            handed_off: schema.id("journey.handed_off"),
            repairing: schema.id("promise.repairing"),
            families,
            plans: self.plans.iter().map(|plan| bind_plan(plan, schema)).collect(),
            promises: self.promises.iter().map(|promise| bind_promise(&promise.id, schema)).collect(),
        }
    }

    fn bind_family(&self, id: &JourneyId, schema: &Schema) -> FamilyBinding {
        let attribute = |part: &str| schema.id(&format!("journey.{id}.{part}"));
        let texts = self.plans.iter().filter(|plan| plan.id == *id).flat_map(|plan| &plan.outcomes);
        let own = crate::compile::OWN_OUTCOMES.iter().copied();
        let texts: BTreeSet<&str> = texts.map(String::as_str).chain(own).collect();
        let mut outcomes: Vec<_> =
            texts.into_iter().map(|text| (outcome_hash(text), schema.symbol(text))).collect();
        outcomes.sort_by_key(|(hash, _)| *hash);
        FamilyBinding {
            family: family(id),
            entries: attribute("entries"),
            left: attribute("left"),
            outcome: attribute("outcome"),
            outcomes,
        }
    }

    /// Writes what conditions may know into facts that hold their defaults (see [`Facts::reset`]). Only what differs
    /// from the defaults is written: a playbook of many journeys costs no more than the few that the customer is in.
    /// No look-up by text, no allocation. O(instances + memories + promises), each × log of the rules.
    pub fn write_facts(&self, state: &JourneyState, binding: &JourneyBinding, facts: &mut Facts) {
        if self.is_muted(state) {
            set_bool(facts, binding.handed_off);
        }
        if self.is_repairing(state) {
            set_bool(facts, binding.repairing);
        }
        // In the order of entry, so that the last one stays.
        for instance in &state.instances {
            if let Some((at, _)) = self.plan_of(instance)
                && let Some(bound) = binding.plans.get(usize::from(at))
            {
                write_instance(instance, bound, facts);
            }
        }
        for memory in &state.memories {
            let family = binding.families.binary_search_by_key(&memory.journey, |bound| bound.family);
            if let Some(bound) = family.ok().and_then(|at| binding.families.get(at)) {
                write_memory(memory, bound, facts);
            }
        }
        for owed in &state.promises {
            if let Some((at, _)) = self.promise(&owed.promise)
                && let Some(bound) = binding.promises.get(usize::from(at))
            {
                write_promise(owed, bound, facts);
            }
        }
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

fn bind_plan(plan: &Plan, schema: &Schema) -> PlanBinding {
    let attribute = |part: &str| schema.id(&format!("journey.{}.{part}", plan.id));
    let stage = |at: u16| plan.stages.get(usize::from(at)).and_then(|stage| schema.symbol(stage));
    let node = |(name, node): (&NodeId, &Node)| (schema.symbol(name.as_str()), node.stage.and_then(stage));
    PlanBinding {
        active: attribute("active"),
        node: attribute("node"),
        stage: attribute("stage"),
        entered: attribute("entered"),
        since: attribute("since"),
        nodes: plan.names.iter().zip(&plan.nodes).map(node).collect(),
    }
}

fn bind_promise(id: &PromiseId, schema: &Schema) -> PromiseBinding {
    let attribute = |part: &str| schema.id(&format!("promise.{id}.{part}"));
    PromiseBinding {
        status: attribute("status"),
        due: attribute("due"),
        source: attribute("source"),
        repairing: attribute("repairing"),
        statuses: PromiseStatus::ALL.map(|status| schema.symbol(status.as_str())),
        sources: SOURCES.map(|source| schema.symbol(source_name(source))),
    }
}

fn write_instance(instance: &Instance, bound: &PlanBinding, facts: &mut Facts) {
    let (node, stage) = bound.nodes.get(usize::from(instance.node)).copied().unwrap_or_default();
    set_bool(facts, bound.active);
    set_symbol(facts, bound.node, node);
    set_symbol(facts, bound.stage, stage);
    set_timestamp(facts, bound.entered, instance.entered);
    set_timestamp(facts, bound.since, instance.since);
}

/// Adds up the entries under all keys; of the leavings the latest stays.
fn write_memory(memory: &Memory, bound: &FamilyBinding, facts: &mut Facts) {
    if let Some(id) = bound.entries {
        let before = match facts.get(id) {
            Some(Datum::Int(before)) => before,
            _ => 0,
        };
        facts.set_int(id, before.saturating_add(i64::from(memory.entries)));
    }
    let Some(left) = memory.left else { return };
    let later = |known: Datum<'_>| matches!(known, Datum::Timestamp(known) if left < known);
    if bound.left.and_then(|id| facts.get(id)).is_some_and(later) {
        return;
    }
    set_timestamp(facts, bound.left, left);
    let outcome = bound.outcomes.binary_search_by_key(&memory.outcome, |(hash, _)| *hash);
    set_symbol(facts, bound.outcome, outcome.ok().and_then(|at| bound.outcomes[at].1));
}

fn write_promise(owed: &PromiseState, bound: &PromiseBinding, facts: &mut Facts) {
    set_symbol(facts, bound.status, bound.statuses[owed.status as usize]);
    set_timestamp(facts, bound.due, owed.due);
    set_symbol(facts, bound.source, bound.sources[owed.source as usize]);
    if owed.repairing {
        set_bool(facts, bound.repairing);
    }
}

fn set_bool(facts: &mut Facts, id: Option<AttributeId>) {
    if let Some(id) = id {
        facts.set_bool(id, true);
    }
}

fn set_symbol(facts: &mut Facts, id: Option<AttributeId>, value: Option<SymbolId>) {
    match (id, value) {
        (Some(id), Some(symbol)) => facts.set_symbol_id(id, symbol),
        (Some(id), None) => facts.unset(id),
        _ => {}
    }
}

fn set_timestamp(facts: &mut Facts, id: Option<AttributeId>, value: Timestamp) {
    if let Some(id) = id {
        facts.set_timestamp(id, value);
    }
}
