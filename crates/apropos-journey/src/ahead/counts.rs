//! Learned counts of moves between nodes: additive, so that they merge in any order.
//!
//! Not here: what follows from them.

use apropos_event::{ActionId, JourneyId};
use serde::{Deserialize, Serialize};

use crate::compile::Plan;
use crate::effect::Advance;
use crate::rules::JourneyRules;

/// How often customers went from one node to another, how long they had stayed, and under which action.
///
/// Counts belong to one version of a journey: a version is immutable, so its counts never mix. Merging is addition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JourneyCounts {
    /// Sorted by journey and version.
    versions: Vec<VersionCounts>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VersionCounts {
    journey: JourneyId,
    version: u32,
    fingerprint: u64,
    /// Sorted by where from, where to, under which action.
    pub(crate) cells: Vec<Cell>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cell {
    pub(crate) from: u16,
    pub(crate) to: u16,
    /// The action that was taken at `from`, if one was.
    pub(crate) action: Option<ActionId>,
    pub(crate) count: u64,
    /// The sum of the times stayed at `from`, in microseconds.
    pub(crate) stayed: u64,
}

impl JourneyCounts {
    /// Nothing learned yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Learns the moves of one step. O(moves × log cells).
    pub fn record(&mut self, rules: &JourneyRules, advance: &Advance) {
        self.record_under(rules, advance, None);
    }

    /// Learns the moves of one step at nodes where `action` had been taken.
    pub fn record_under(&mut self, rules: &JourneyRules, advance: &Advance, action: Option<&ActionId>) {
        for step in &advance.moves {
            let Some(plan) = rules.plan(step.plan) else { continue };
            let rests = plan.wait(step.from).is_some_and(|wait| !wait.actions.is_empty());
            let action = action.filter(|_| rests).cloned();
            let cell = Cell {
                from: step.from,
                to: step.to,
                action,
                count: 1,
                stayed: u64::try_from(step.stayed).unwrap_or(0),
            };
            self.of_plan(plan).add(cell);
        }
    }

    fn of_plan(&mut self, plan: &Plan) -> &mut VersionCounts {
        self.slot(VersionCounts {
            journey: plan.id.clone(),
            version: plan.version,
            fingerprint: plan.fingerprint,
            cells: Vec::new(),
        })
    }

    /// The counts with the same names as `like`, made from it when there are none.
    fn slot(&mut self, like: VersionCounts) -> &mut VersionCounts {
        let found = self.versions.binary_search_by(|known| {
            (known.journey.as_str(), known.version, known.fingerprint).cmp(&(
                like.journey.as_str(),
                like.version,
                like.fingerprint,
            ))
        });
        let at = found.unwrap_or_else(|at| {
            self.versions.insert(at, like);
            at
        });
        &mut self.versions[at]
    }

    /// Adds everything that `other` learned. Order does not matter.
    pub fn merge(&mut self, other: &Self) {
        for theirs in &other.versions {
            let mine = self.slot(VersionCounts { cells: Vec::new(), ..theirs.clone() });
            theirs.cells.iter().for_each(|cell| mine.add(cell.clone()));
        }
    }

    /// Every arrow that was taken: where from, where to (a node, or the outcome of leaving), how often.
    pub fn transitions<'a>(&'a self, rules: &'a JourneyRules) -> Vec<(&'a str, &'a str, u64)> {
        let mut all: Vec<(&str, &str, u64)> = Vec::new();
        for counts in &self.versions {
            let plan = rules.find(&counts.journey, counts.version).and_then(|at| rules.plan(at));
            let Some(plan) = plan.filter(|plan| plan.fingerprint == counts.fingerprint) else { continue };
            for cell in &counts.cells {
                let (from, to) = (plan.place_name(cell.from), plan.place_name(cell.to));
                match all.last_mut() {
                    Some(last) if last.0 == from && last.1 == to => last.2 += cell.count,
                    _ => all.push((from, to, cell.count)),
                }
            }
        }
        all
    }

    pub(crate) fn cells(&self, plan: &Plan) -> &[Cell] {
        let found = self.versions.iter().find(|known| {
            known.journey == plan.id && known.version == plan.version && known.fingerprint == plan.fingerprint
        });
        found.map(|counts| counts.cells.as_slice()).unwrap_or_default()
    }
}

impl VersionCounts {
    fn add(&mut self, cell: Cell) {
        let key = |cell: &Cell| (cell.from, cell.to);
        let found = self.cells.binary_search_by(|known| {
            key(known).cmp(&key(&cell)).then_with(|| known.action.cmp(&cell.action))
        });
        match found {
            Ok(at) => {
                let known = &mut self.cells[at];
                known.count = known.count.saturating_add(cell.count);
                known.stayed = known.stayed.saturating_add(cell.stayed);
            }
            Err(at) => self.cells.insert(at, cell),
        }
    }
}
