//! A finite abstraction of facts: every way in which a set of conditions can come out together.
//!
//! Sound: whatever the facts, the conditions come out as in one of the worlds. Exact, with facts behind every world,
//! as long as all leaves are plain, see `leaves`. Worlds in which the same conditions hold are one.
//!
//! Not here: what is checked in these worlds.

use std::collections::{BTreeMap, BTreeSet};

use apropos_condition::{Condition, Schema, Truth};

use super::leaves::{Leaves, Shape, Variable};

/// One way in which the conditions come out.
#[derive(Clone, Debug)]
pub(crate) struct World {
    /// Which conditions hold.
    pub(crate) holds: Vec<bool>,
    /// The facts behind it, for people.
    pub(crate) told: String,
    /// Whether there are such facts for sure.
    pub(crate) certain: bool,
}

/// All worlds that `conditions` can tell apart; `None` when more than `limit` combinations would have to be looked at.
///
/// Conditions that share nothing are looked at by themselves and then combined. O(combinations × conditions).
pub(crate) fn worlds(schema: &Schema, conditions: &[&Condition], limit: usize) -> Option<Vec<World>> {
    let mut leaves = Leaves::default();
    let shapes: Vec<Shape> = conditions.iter().map(|condition| leaves.shape(&condition.to_tree())).collect();
    let variables = leaves.variables(schema);
    let mut found = vec![World { holds: vec![false; conditions.len()], told: String::new(), certain: true }];
    for (shapes, variables) in parts(&shapes, &variables, leaves.len()) {
        let part = combine(&shapes, &variables, leaves.len(), limit)?;
        if limit < found.len().checked_mul(part.len())? {
            return None;
        }
        let both = |world: &World| part.iter().map(|more| world.with(&shapes, more)).collect::<Vec<World>>();
        found = found.iter().flat_map(both).collect();
    }
    Some(found)
}

impl World {
    /// This world, and what one part of the conditions says in addition.
    fn with(&self, shapes: &[(usize, &Shape)], part: &Self) -> Self {
        let mut holds = self.holds.clone();
        shapes.iter().zip(&part.holds).for_each(|((at, _), held)| holds[*at] = *held);
        let told = [self.told.as_str(), part.told.as_str()];
        let told: Vec<&str> = told.into_iter().filter(|told| !told.is_empty()).collect();
        Self { holds, told: told.join(", "), certain: self.certain && part.certain }
    }
}

type Part<'a> = (Vec<(usize, &'a Shape)>, Vec<&'a Variable>);

/// Conditions together with the variables that decide them, those that share nothing apart.
fn parts<'a>(shapes: &'a [Shape], variables: &'a [Variable], leaves: usize) -> Vec<Part<'a>> {
    let mut of_leaf = vec![0; leaves];
    for (at, variable) in variables.iter().enumerate() {
        variable.leaves.iter().for_each(|leaf| of_leaf[*leaf] = at);
    }
    // Every variable belongs to the part with the smallest variable that some condition joins it with.
    let mut part: Vec<usize> = (0..variables.len()).collect();
    let mut used = vec![Vec::new(); shapes.len()];
    for (at, shape) in shapes.iter().enumerate() {
        shape.leaves(&mut |leaf| used[at].push(of_leaf[leaf]));
        let joined: Vec<usize> = used[at].iter().map(|variable| part[*variable]).collect();
        if let Some(smallest) = joined.iter().min() {
            part.iter_mut().filter(|known| joined.contains(known)).for_each(|known| *known = *smallest);
        }
    }
    let mut parts: BTreeMap<usize, Part<'a>> = BTreeMap::new();
    for (at, shape) in shapes.iter().enumerate() {
        // A constant condition belongs to any part: it gets one of its own.
        let own = used[at].first().map_or(variables.len() + at, |variable| part[*variable]);
        parts.entry(own).or_default().0.push((at, shape));
    }
    for (at, variable) in variables.iter().enumerate() {
        parts.entry(part[at]).or_default().1.push(variable);
    }
    parts.into_values().collect()
}

/// The ways in which the conditions of one part come out.
fn combine(
    shapes: &[(usize, &Shape)],
    variables: &[&Variable],
    leaves: usize,
    limit: usize,
) -> Option<Vec<World>> {
    let mut combinations = 1_usize;
    for variable in variables {
        combinations = combinations.checked_mul(variable.ways.len()).filter(|all| *all <= limit)?;
    }
    let certain = variables.iter().all(|variable| variable.certain);
    let mut found: Vec<World> = Vec::new();
    let mut seen: BTreeSet<Vec<bool>> = BTreeSet::new();
    let mut truths = vec![Truth::Unknown; leaves];
    for combination in 0..combinations {
        let mut rest = combination;
        let mut told: Vec<&str> = Vec::with_capacity(variables.len());
        for variable in variables {
            let (way, text) = &variable.ways[rest % variable.ways.len()];
            rest /= variable.ways.len();
            variable.leaves.iter().zip(way).for_each(|(leaf, truth)| truths[*leaf] = *truth);
            if !text.is_empty() {
                told.push(text);
            }
        }
        let holds: Vec<bool> = shapes.iter().map(|(_, shape)| shape.truth(&truths).is_true()).collect();
        if seen.insert(holds.clone()) {
            found.push(World { holds, told: told.join(", "), certain });
        }
    }
    Some(found)
}
