//! A journey with its conditions made switches and its draws made choices: what is checked depends on which conditions
//! hold and on the lot that the customer drew, and on nothing else.
//!
//! Not here: which conditions can hold together, see `worlds`.

use std::collections::BTreeMap;

use apropos_condition::{AttributeDefinition, AttributeType, Condition, Facts, Schema, SchemaBuilder};
use apropos_event::{AttributeName, Path, Problems};

use super::worlds::{World, worlds};
use crate::compile::Plan;
use crate::compile::plan::{Act, Role};
use crate::rules::JourneyRules;

/// Combinations of facts that are looked at.
const MAX_WORLDS: usize = 4_096;
/// Combinations of arms that are looked at.
const MAX_LOTS: usize = 256;

/// The rules of one journey and of those that run inside it, over switches, for every lot that a customer may draw.
pub(super) struct Abstraction {
    pub(super) by_lot: Vec<JourneyRules>,
    /// Every way in which the conditions can come out, and the switches set accordingly.
    pub(super) worlds: Vec<(World, Facts)>,
    /// The place of the condition that the invariant asks about.
    pub(super) asked: Option<usize>,
}

impl Abstraction {
    /// Makes switches of all conditions of `plan`, of the journeys inside it, and of the one that is asked about. The
    /// reason why not, when that takes too many worlds.
    pub(super) fn of(
        rules: &JourneyRules,
        plan: &Plan,
        asked: Option<&Condition>,
        schema: &Schema,
    ) -> Result<Self, String> {
        let mut plans = with_inner(rules, plan);
        let mut switches = Switches::default();
        for plan in &mut plans {
            plan.each_condition(&mut |condition| {
                switches.number(condition);
            });
        }
        let asked = asked.map(|condition| switches.number(condition));
        let conditions: Vec<&Condition> = switches.conditions.iter().collect();
        let worlds = worlds(schema, &conditions, MAX_WORLDS).ok_or_else(|| {
            format!("its conditions tell more than {MAX_WORLDS} combinations of facts apart")
        })?;
        let (schema, conditions) = switches.build().ok_or("its conditions are too many")?;
        for plan in &mut plans {
            plan.each_condition(&mut |condition| {
                let number = switches.number(condition);
                condition.clone_from(&conditions[number]);
            });
        }
        let ids: Vec<_> = conditions.iter().filter_map(|condition| condition.attributes().first()).collect();
        let set = |world: World| {
            let mut facts = Facts::new(&schema);
            ids.iter().zip(&world.holds).for_each(|(id, holds)| facts.set_bool(**id, *holds));
            (world, facts)
        };
        let worlds = worlds.into_iter().map(set).collect();
        let lots =
            lots(&plans).ok_or_else(|| format!("it draws more than {MAX_LOTS} combinations of arms"))?;
        let drawn = |lot: Vec<(u64, f64)>| {
            let mut plans = plans.clone();
            plans.iter_mut().flat_map(|plan| &mut plan.nodes).for_each(|node| decide(&mut node.act, &lot));
            // What is promised moves no instance, so that promises are left out.
            JourneyRules::assemble(plans, Vec::new(), rules.kinds.clone())
        };
        Ok(Self { by_lot: lots.into_iter().map(drawn).collect(), worlds, asked })
    }
}

/// The live versions of a journey and of all that run inside it.
fn with_inner(rules: &JourneyRules, plan: &Plan) -> Vec<Plan> {
    let mut wanted = vec![plan.id.clone()];
    let mut at = 0;
    while let Some(live) = wanted.get(at).and_then(|id| rules.live(id)).and_then(|at| rules.plan(at)) {
        for node in 0..live.nodes.len() {
            if let Some(Role::Sub { journey }) = live.wait(node as u16).map(|wait| &wait.role)
                && !wanted.contains(journey)
            {
                wanted.push(journey.clone());
            }
        }
        at += 1;
    }
    rules.plans.iter().filter(|plan| plan.live && wanted.contains(&plan.id)).cloned().collect()
}

/// For every way in which draws can come out together: for each seed a place between 0 and 1. Draws under one seed
/// come out by one place, as they do for customers. `None` when there are too many ways.
fn lots(plans: &[Plan]) -> Option<Vec<Vec<(u64, f64)>>> {
    let mut cuts: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for node in plans.iter().flat_map(|plan| &plan.nodes) {
        if let Act::Draw { seed, arms, total, .. } = &node.act {
            let ends = arms.iter().map(|arm| arm.upto as f64 / (*total).max(1) as f64);
            cuts.entry(*seed).or_insert_with(|| vec![0.0]).extend(ends);
        }
    }
    let mut lots: Vec<Vec<(u64, f64)>> = vec![Vec::new()];
    for (seed, mut cuts) in cuts {
        cuts.sort_by(f64::total_cmp);
        cuts.dedup();
        let places: Vec<f64> = cuts.windows(2).map(|pair| f64::midpoint(pair[0], pair[1])).collect();
        if MAX_LOTS < lots.len() * places.len() {
            return None;
        }
        let with = |lot: Vec<(u64, f64)>| {
            places.iter().map(move |place| [lot.clone(), vec![(seed, *place)]].concat()).collect::<Vec<_>>()
        };
        lots = lots.into_iter().flat_map(with).collect();
    }
    Some(lots)
}

/// Makes a draw lead where the lot says.
fn decide(act: &mut Act, lot: &[(u64, f64)]) {
    let Act::Draw { seed, arms, total, .. } = act else { return };
    let place = lot.iter().find(|(known, _)| known == seed).map_or(0.0, |(_, place)| *place);
    let arm = arms.iter().find(|arm| place * *total as f64 <= arm.upto as f64 && 0 < arm.upto);
    let otherwise = arm.or(arms.last()).map_or(0, |arm| arm.to);
    *act = Act::Choose { branches: Vec::new(), otherwise };
}

/// The distinct conditions, by their canonical text.
#[derive(Default)]
struct Switches {
    conditions: Vec<Condition>,
    numbers: BTreeMap<String, usize>,
}

impl Switches {
    fn number(&mut self, condition: &Condition) -> usize {
        *self.numbers.entry(condition.canonical()).or_insert_with(|| {
            self.conditions.push(condition.clone());
            self.conditions.len() - 1
        })
    }

    /// A schema with one truth value for each condition, and the conditions that read them.
    fn build(&self) -> Option<(Schema, Vec<Condition>)> {
        let (mut schema, mut problems) = (SchemaBuilder::new(), Problems::new());
        let names: Vec<String> = (0..self.conditions.len()).map(|at| format!("check.c{at}")).collect();
        for name in &names {
            let switch = AttributeDefinition::new(AttributeName::new(name).ok()?, AttributeType::Bool);
            schema.declare(&Path::root(), switch.with_default(false), &mut problems);
        }
        let schema = schema.build();
        let read = |name: &String| Condition::parse(name, &schema).ok().map(|(condition, _)| condition);
        let conditions = names.iter().map(read).collect::<Option<Vec<_>>>()?;
        Some((schema, conditions))
    }
}
