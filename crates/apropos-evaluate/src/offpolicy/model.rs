//! Reward models for the direct and the doubly robust estimators.
//!
//! Two simple ones that can be checked by hand stand here; the engine's own propensity models implement
//! [`RewardModel`] as well (see `uplift::Propensity`). Not here: online learning.

use crate::numeric::Sum;
use crate::numeric::linear::{Symmetric, dot};

use super::MergeError;

/// Something that predicts the reward of each action for a decision of kind `X`.
pub trait RewardModel<X: ?Sized> {
    /// Writes the predicted reward of every action into `q`.
    fn predict(&self, x: &X, q: &mut [f64]);
}

/// A smoothed mean per action and cell: q = (Σ ω r + s g) / (Σ ω + s), with prior strength s and prior mean g.
///
/// A cell is whatever the caller keeps apart: a position, a segment, a time of day. Mergeable.
#[derive(Clone, Debug, PartialEq)]
pub struct TableModel {
    actions: usize,
    strength: f64,
    reward: Sum,
    rows: u64,
    cells: Vec<(Sum, Sum)>,
    prior: Option<f64>,
}

impl TableModel {
    /// An empty table; the prior mean is the mean reward of all rows unless [`Self::with_prior`] fixes it.
    pub fn new(actions: usize, cells: usize, strength: f64) -> Self {
        let cells = vec![(Sum::default(), Sum::default()); actions * cells];
        Self { actions, strength, reward: Sum::default(), rows: 0, cells, prior: None }
    }

    /// The same table with a fixed prior mean.
    #[must_use]
    pub fn with_prior(self, prior: f64) -> Self {
        Self { prior: Some(prior), ..self }
    }

    /// Takes one logged reward; what lies outside the table is ignored. `weight` is 1 for a plain mean and
    /// [`mrdr_weight`] for the more robust doubly robust estimator.
    pub fn push(&mut self, action: usize, cell: usize, reward: f64, weight: f64) {
        self.reward.add(reward);
        self.rows += 1;
        if self.actions <= action {
            return;
        }
        if let Some((weights, rewards)) = self.cells.get_mut(cell * self.actions + action) {
            weights.add(weight);
            rewards.add_product(weight, reward);
        }
    }

    /// Adds all that `other` has seen.
    ///
    /// # Errors
    /// When the tables differ in shape, strength or prior. Nothing changes then.
    pub fn merge(&mut self, other: &Self) -> Result<(), MergeError> {
        let kind = |table: &Self| (table.actions, table.cells.len(), table.strength, table.prior);
        if kind(self) != kind(other) {
            return Err(MergeError);
        }
        self.reward.merge(&other.reward);
        self.rows += other.rows;
        for (mine, theirs) in self.cells.iter_mut().zip(&other.cells) {
            mine.0.merge(&theirs.0);
            mine.1.merge(&theirs.1);
        }
        Ok(())
    }

    /// The predicted rewards of all actions in all cells, cell by cell.
    pub fn predictions(&self) -> Vec<f64> {
        let mean = if self.rows == 0 { 0.0 } else { self.reward.value() / self.rows as f64 };
        let prior = self.prior.unwrap_or(mean);
        let value = |(weights, rewards): &(Sum, Sum)| {
            let weight = weights.value() + self.strength;
            if weight == 0.0 { prior } else { (rewards.value() + self.strength * prior) / weight }
        };
        self.cells.iter().map(value).collect()
    }

    /// The weight that was collected for each action in each cell, cell by cell: how well the log covers it.
    pub fn weights(&self) -> Vec<f64> {
        self.cells.iter().map(|(weights, _)| weights.value()).collect()
    }
}

impl RewardModel<usize> for TableModel {
    /// The decision is its cell.
    fn predict(&self, cell: &usize, q: &mut [f64]) {
        let all = self.predictions();
        let row = all.chunks(self.actions.max(1)).nth(*cell).unwrap_or(&[]);
        q.iter_mut().enumerate().for_each(|(action, q)| *q = row.get(action).copied().unwrap_or(0.0));
    }
}

/// The weight with which a row enters the fit of the more robust doubly robust estimator (Farajtabar et al. 2018):
/// π_e (1 − π_b) / π_b², which minimises the variance of what comes out rather than the error of the fit.
pub fn mrdr_weight(policy: f64, propensity: f64) -> f64 {
    policy * (1.0 - propensity) / (propensity * propensity)
}

/// Ridge regression of the reward, one per action, on dense features with a constant appended.
#[derive(Clone, Debug)]
pub struct RidgeModel {
    parts: Vec<(Symmetric, Vec<f64>)>,
    weights: Vec<Vec<f64>>,
}

impl RidgeModel {
    /// No rows yet; `penalty` also applies to the constant.
    pub fn new(actions: usize, features: usize, penalty: f64) -> Self {
        let part = (Symmetric::diagonal(features + 1, penalty), vec![0.0; features + 1]);
        Self { parts: vec![part; actions], weights: vec![vec![0.0; features + 1]; actions] }
    }

    /// Takes one logged reward. O(features²).
    pub fn push(&mut self, x: &[f64], action: usize, reward: f64) {
        if let Some((matrix, vector)) = self.parts.get_mut(action) {
            let extended: Vec<f64> = x.iter().copied().chain([1.0]).collect();
            matrix.add_outer(&extended, 1.0);
            vector.iter_mut().zip(&extended).for_each(|(v, x)| *v += reward * x);
        }
    }

    /// Solves for the weights; until then the model predicts 0. O(actions · features³).
    pub fn fit(&mut self) {
        for ((matrix, vector), weights) in self.parts.iter().zip(&mut self.weights) {
            if let Some(solved) = matrix.solve(vector) {
                *weights = solved;
            }
        }
    }
}

impl RewardModel<[f64]> for RidgeModel {
    fn predict(&self, x: &[f64], q: &mut [f64]) {
        for (q, weights) in q.iter_mut().zip(&self.weights) {
            *q = dot(x, weights) + weights.last().copied().unwrap_or(0.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_shrinks_to_the_mean_of_all() {
        let mut table = TableModel::new(2, 1, 2.0);
        table.push(0, 0, 1.0, 1.0);
        table.push(0, 0, 0.0, 1.0);
        let mut q = [0.0; 2];
        table.predict(&0, &mut q);
        assert_eq!(q, [0.5, 0.5]);
        let fixed = table.with_prior(0.0);
        assert_eq!(fixed.predictions(), vec![0.25, 0.0]);
    }

    #[test]
    fn ridge_recovers_a_line() {
        let mut ridge = RidgeModel::new(1, 1, 1e-9);
        (0..20).for_each(|i| ridge.push(&[f64::from(i)], 0, 3.0 * f64::from(i) - 1.0));
        ridge.fit();
        let mut q = [0.0];
        ridge.predict(&[100.0], &mut q);
        assert!((q[0] - 299.0).abs() < 1e-5);
    }

    #[test]
    fn mrdr_weighs_rare_actions_more() {
        assert!(mrdr_weight(0.5, 0.5) < mrdr_weight(0.5, 0.1));
        assert_eq!(mrdr_weight(0.5, 1.0), 0.0);
    }
}
