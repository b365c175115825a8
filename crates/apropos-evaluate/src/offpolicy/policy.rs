//! A policy as a table: the probability of each action at each position.
//!
//! Not here: policies that look at the customer; compute their probabilities and build a [`super::Row`].

use serde::{Deserialize, Serialize};

/// Probabilities by action and position; each position sums to 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Vec<f64>>", into = "Vec<Vec<f64>>")]
pub struct PolicyTable {
    /// One row a position.
    positions: Vec<Vec<f64>>,
}

/// Why a table is not a policy.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyTableError {
    /// No position, or no action.
    #[error("a policy has at least one action at one position")]
    Empty,
    /// Positions with different numbers of actions.
    #[error("position {position} has {found} actions, the first has {expected}")]
    Ragged {
        /// The position, from 0.
        position: usize,
        /// Its actions.
        found: usize,
        /// The actions of the first.
        expected: usize,
    },
    /// A number that is no probability.
    #[error("`{value}` at position {position} is not a probability")]
    NotAProbability {
        /// The position, from 0.
        position: usize,
        /// The number.
        value: f64,
    },
    /// Probabilities that do not sum to 1.
    #[error("the probabilities at position {position} sum to {sum}, not 1")]
    Sum {
        /// The position, from 0.
        position: usize,
        /// Their sum.
        sum: f64,
    },
}

impl PolicyTable {
    /// Checks a table with one row of probabilities a position. Sums may be off by 1e-6.
    ///
    /// # Errors
    /// When it is not a policy.
    pub fn new(positions: Vec<Vec<f64>>) -> Result<Self, PolicyTableError> {
        let expected = positions.first().map_or(0, Vec::len);
        if expected == 0 {
            return Err(PolicyTableError::Empty);
        }
        for (position, row) in positions.iter().enumerate() {
            if row.len() != expected {
                return Err(PolicyTableError::Ragged { position, found: row.len(), expected });
            }
            if let Some(value) = row.iter().find(|p| !(0.0..=1.0 + 1e-9).contains(*p)) {
                return Err(PolicyTableError::NotAProbability { position, value: *value });
            }
            let sum: f64 = row.iter().sum();
            if 1e-6 < (sum - 1.0).abs() {
                return Err(PolicyTableError::Sum { position, sum });
            }
        }
        Ok(Self { positions })
    }

    /// The policy that takes each of `actions` with equal probability. At least one action and position.
    pub fn uniform(actions: usize, positions: usize) -> Self {
        let actions = actions.max(1);
        Self { positions: vec![vec![1.0 / actions as f64; actions]; positions.max(1)] }
    }

    /// The probabilities at a position, by action.
    pub fn at(&self, position: usize) -> Option<&[f64]> {
        self.positions.get(position).map(Vec::as_slice)
    }

    /// The probability of one action at a position; 0 outside the table.
    pub fn probability(&self, action: usize, position: usize) -> f64 {
        self.at(position).and_then(|row| row.get(action)).copied().unwrap_or(0.0)
    }

    /// How many actions.
    pub fn actions(&self) -> usize {
        self.positions.first().map_or(0, Vec::len)
    }

    /// How many positions.
    pub fn positions(&self) -> usize {
        self.positions.len()
    }
}

impl TryFrom<Vec<Vec<f64>>> for PolicyTable {
    type Error = PolicyTableError;
    fn try_from(positions: Vec<Vec<f64>>) -> Result<Self, Self::Error> {
        Self::new(positions)
    }
}

impl From<PolicyTable> for Vec<Vec<f64>> {
    fn from(table: PolicyTable) -> Self {
        table.positions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_policies_are_taken() {
        assert!(PolicyTable::new(vec![vec![0.5, 0.5], vec![0.0, 1.0]]).is_ok());
        assert_eq!(PolicyTable::new(vec![]), Err(PolicyTableError::Empty));
        assert!(matches!(PolicyTable::new(vec![vec![0.5, 0.6]]), Err(PolicyTableError::Sum { .. })));
        assert!(matches!(
            PolicyTable::new(vec![vec![f64::NAN]]),
            Err(PolicyTableError::NotAProbability { .. })
        ));
        assert!(matches!(
            PolicyTable::new(vec![vec![1.0], vec![0.5, 0.5]]),
            Err(PolicyTableError::Ragged { .. })
        ));
        assert_eq!(PolicyTable::uniform(4, 2).probability(3, 1), 0.25);
    }
}
