//! Learning from a log while walking through it: what each way of learning would have lost so far, progressively.
//!
//! Costs are predicted linearly from the features of customer and action and from their crosses, with steps that adapt
//! to each feature's scale (Duchi et al. 2011; Ross et al. 2013). At every decision the action of least predicted cost
//! is noted *before* learning, and its cost is estimated by inverse propensity. Not here: the engine's own learning,
//! which is `apropos-learn`'s; this is the field's yardstick for a log with features of actions.

use std::collections::BTreeMap;

use crate::logs::{DecisionRecord, Features};
use crate::numeric::Moments;

/// How a log is learned from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduction {
    /// Regress cost / probability of the logged action, 0 of the others.
    Ips,
    /// Regress the cost of the logged action.
    Dm,
    /// Regress predicted costs, the logged action's corrected by the surprise / probability.
    Dr,
    /// Regress the cost of the logged action with importance 1 / probability.
    Mtr,
}

impl Reduction {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Mtr, Self::Ips, Self::Dm, Self::Dr];

    /// Its name in the field.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ips => "ips",
            Self::Dm => "dm",
            Self::Dr => "dr",
            Self::Mtr => "mtr",
        }
    }
}

/// A learner that walks through a log.
#[derive(Clone, Debug)]
pub struct Progressive {
    reduction: Reduction,
    crosses: bool,
    names: BTreeMap<String, usize>,
    policy: Regression,
    /// The cost model of the doubly robust reduction.
    costs: Regression,
    losses: Moments,
}

/// The most features that are told apart.
pub const MAX_PROGRESSIVE_FEATURES: usize = 1 << 20;

impl Progressive {
    /// A learner that knows nothing; `crosses` adds each pair of a shared and an action's feature.
    pub fn new(reduction: Reduction, crosses: bool) -> Self {
        Self {
            reduction,
            crosses,
            names: BTreeMap::new(),
            policy: Regression::default(),
            costs: Regression::default(),
            losses: Moments::default(),
        }
    }

    /// The mean estimated cost of the actions it would have taken, each noted before it learned.
    pub fn loss(&self) -> f64 {
        self.losses.mean()
    }

    /// Walks over one decision; without a chosen action and a reward nothing is learned. Returns the action it would
    /// have taken.
    pub fn walk(&mut self, record: &DecisionRecord) -> Option<usize> {
        let rows: Vec<Vec<(usize, f64)>> = record
            .candidates
            .iter()
            .map(|candidate| self.features(&record.shared, &candidate.features))
            .collect();
        let predicted: Vec<f64> = rows.iter().map(|row| self.policy.predict(row)).collect();
        let best =
            (0..rows.len()).reduce(|best, at| if predicted[at] < predicted[best] { at } else { best })?;
        let (slot, reward) = record.first().and_then(|slot| Some((slot, slot.reward?)))?;
        let (cost, probability) = (0.0 - reward, slot.probability);
        self.losses.push(if best == slot.chosen { cost / probability } else { 0.0 });
        match self.reduction {
            Reduction::Dm => self.policy.learn(&rows[slot.chosen], cost, 1.0),
            Reduction::Mtr => {
                self.policy.learn(&rows[slot.chosen], cost, (1.0 / probability).min(MAX_IMPORTANCE));
            }
            Reduction::Ips => {
                for (at, row) in rows.iter().enumerate() {
                    self.policy.learn(row, if at == slot.chosen { cost / probability } else { 0.0 }, 1.0);
                }
            }
            Reduction::Dr => {
                let surprise = (cost - self.costs.predict(&rows[slot.chosen])) / probability;
                for (at, row) in rows.iter().enumerate() {
                    let estimate = self.costs.predict(row) + if at == slot.chosen { surprise } else { 0.0 };
                    self.policy.learn(row, estimate, 1.0);
                }
                self.costs.learn(&rows[slot.chosen], cost, 1.0);
            }
        }
        Some(best)
    }

    fn features(&mut self, shared: &Features, action: &Features) -> Vec<(usize, f64)> {
        let mut found = vec![(self.index("constant".to_owned()), 1.0)];
        let flat = |features: &Features| -> Vec<(String, f64)> {
            let names = features.iter().flat_map(|(space, members)| {
                members.iter().map(move |(name, value)| (format!("{space}^{name}"), *value))
            });
            names.filter(|(_, value)| *value != 0.0).collect()
        };
        let (shared, action) = (flat(shared), flat(action));
        if self.crosses {
            for (left, a) in &shared {
                for (right, b) in &action {
                    found.push((self.index(format!("{left}*{right}")), a * b));
                }
            }
        }
        for (name, value) in shared.into_iter().chain(action) {
            found.push((self.index(name), value));
        }
        found
    }

    /// The place of a feature; what comes after the limit shares the last place.
    fn index(&mut self, name: String) -> usize {
        let next = self.names.len().min(MAX_PROGRESSIVE_FEATURES);
        if next == MAX_PROGRESSIVE_FEATURES {
            return self.names.get(&name).copied().unwrap_or(next);
        }
        *self.names.entry(name).or_insert(next)
    }
}

/// The largest importance of one row.
const MAX_IMPORTANCE: f64 = 100.0;

/// Linear regression whose steps adapt to each feature's scale and history.
#[derive(Clone, Debug, Default)]
struct Regression {
    /// Weight, sum of squared gradients and largest value of each feature.
    cells: Vec<[f64; 3]>,
    steps: f64,
    norm: f64,
}

impl Regression {
    fn predict(&self, row: &[(usize, f64)]) -> f64 {
        row.iter().map(|(at, value)| self.cells.get(*at).map_or(0.0, |cell| cell[0] * value)).sum()
    }

    fn learn(&mut self, row: &[(usize, f64)], target: f64, importance: f64) {
        let largest = row.iter().map(|(at, _)| *at).max().unwrap_or(0);
        if self.cells.len() <= largest {
            self.cells.resize(largest + 1, [0.0; 3]);
        }
        for (at, value) in row {
            let cell = &mut self.cells[*at];
            if cell[2] < value.abs() {
                // A larger value than ever: the weight belongs to the old scale.
                if cell[2] != 0.0 {
                    cell[0] *= (cell[2] / value.abs()) * (cell[2] / value.abs());
                }
                cell[2] = value.abs();
            }
            if cell[2] != 0.0 {
                self.norm += (value / cell[2]) * (value / cell[2]);
            }
        }
        self.steps += 1.0;
        let error = self.predict(row) - target;
        let gradient = error * importance;
        // How far the prediction moves for a unit of step.
        let mut reach = 0.0;
        for (at, value) in row {
            let cell = &mut self.cells[*at];
            cell[1] += (gradient * value) * (gradient * value);
            if cell[1] != 0.0 {
                reach += value * value / (libm::sqrt(cell[1]) * cell[2].max(1e-12));
            }
        }
        if reach == 0.0 || error == 0.0 {
            return;
        }
        let rate = 0.5 * libm::sqrt(self.steps / self.norm.max(1e-12));
        // The exact flow of squared loss: an important row moves the prediction to its target, never beyond.
        let moved = error * (1.0 - libm::exp(-rate * importance * reach));
        for (at, value) in row {
            let cell = &mut self.cells[*at];
            if cell[1] != 0.0 {
                cell[0] -= moved / reach * value / (libm::sqrt(cell[1]) * cell[2].max(1e-12));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::{Candidate, Namespace, Slot};
    use apropos_event::draw::uniform;

    fn record(at: u64) -> DecisionRecord {
        let one = |space: &str, name: &str| {
            Features::from([(space.to_owned(), Namespace::from([(name.to_owned(), 1.0)]))])
        };
        let user = if uniform(1, "user", at) < 0.5 { "a" } else { "b" };
        let chosen = usize::from(uniform(1, "arm", at) < 0.5);
        let good = (user == "a") == (chosen == 0);
        let candidates = ["x", "y"]
            .map(|name| Candidate { features: one("Action", name), ..Candidate::default() })
            .to_vec();
        let slot = Slot { position: 0, chosen, probability: 0.5, reward: Some(f64::from(u8::from(good))) };
        DecisionRecord { shared: one("User", user), ..DecisionRecord::single(candidates, Some(slot)) }
    }

    #[test]
    fn every_reduction_learns_a_crossed_world() {
        for reduction in Reduction::ALL {
            let mut crossed = Progressive::new(reduction, true);
            let mut blind = Progressive::new(reduction, false);
            for at in 0..2_000 {
                crossed.walk(&record(at));
                blind.walk(&record(at));
            }
            assert!(crossed.loss() < -0.9, "{reduction:?}: {}", crossed.loss());
            assert!(-0.7 < blind.loss(), "{reduction:?}: {}", blind.loss());
        }
    }

    #[test]
    fn an_event_without_a_label_teaches_nothing() {
        let mut learner = Progressive::new(Reduction::Mtr, true);
        let mut open = record(1);
        open.slots.clear();
        assert_eq!(learner.walk(&open), None);
        assert_eq!(learner.loss(), 0.0);
    }
}
