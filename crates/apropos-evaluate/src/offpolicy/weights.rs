//! What estimators do to a weight before they use it.
//!
//! Not here: where the weight stands in an estimate; see `estimator`.

use serde::{Deserialize, Serialize};

/// A transformation of the importance weight that trades variance for bias.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shrinkage {
    /// w.
    Plain,
    /// min(w, λ).
    Clip(f64),
    /// w where w ≤ λ, else 0 (Wang et al. 2017).
    Switch(f64),
    /// λw / (w² + λ) (Su et al. 2020).
    Optimistic(f64),
    /// w / (1 − λ + λw) (Metelli et al. 2021).
    SubGaussian(f64),
}

impl Shrinkage {
    /// The weight to use in place of `w`.
    #[inline]
    pub fn apply(self, w: f64) -> f64 {
        match self {
            Self::Plain => w,
            Self::Clip(limit) => w.min(limit),
            Self::Switch(limit) => {
                if w <= limit {
                    w
                } else {
                    0.0
                }
            }
            Self::Optimistic(lambda) => {
                if lambda == 0.0 {
                    0.0
                } else {
                    lambda * w / (w * w + lambda)
                }
            }
            Self::SubGaussian(lambda) => {
                if w == 0.0 {
                    0.0
                } else {
                    w / (1.0 - lambda + lambda * w)
                }
            }
        }
    }

    /// The parameter λ, if there is one.
    pub fn lambda(self) -> Option<f64> {
        match self {
            Self::Plain => None,
            Self::Clip(l) | Self::Switch(l) | Self::Optimistic(l) | Self::SubGaussian(l) => Some(l),
        }
    }
}

/// The weight of the logged action's *group* (MIPS, Saito and Joachims 2022): p_e(g|x) / p_b(g|x), where a group
/// collects the actions that share what matters for the reward. Far smaller than the weight of the action itself when
/// there are many actions; unbiased when the action matters only through its group.
///
/// `groups[a]` names the group of each action. 0 when the logged group has no mass. O(actions).
///
/// ```
/// use apropos_evaluate::offpolicy::marginal_weight;
///
/// let (policy, logging) = ([0.8, 0.0, 0.2], [0.25, 0.25, 0.5]);
/// assert_eq!(marginal_weight(&policy, &logging, &[0, 0, 1], 1), 0.8 / 0.5);
/// ```
pub fn marginal_weight(policy: &[f64], logging: &[f64], groups: &[u32], logged: usize) -> f64 {
    let Some(group) = groups.get(logged) else { return 0.0 };
    let mass = |p: &[f64]| -> f64 { p.iter().zip(groups).filter(|(_, g)| *g == group).map(|(p, _)| p).sum() };
    let below = mass(logging);
    if below <= 0.0 { 0.0 } else { mass(policy) / below }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limits_of_each_shrinkage_are_those_of_its_paper() {
        assert_eq!(Shrinkage::Optimistic(0.0).apply(3.0), 0.0);
        assert!((Shrinkage::Optimistic(1e15).apply(3.0) - 3.0).abs() < 1e-12);
        assert_eq!(Shrinkage::SubGaussian(0.0).apply(3.0), 3.0);
        assert_eq!(Shrinkage::SubGaussian(1.0).apply(3.0), 1.0);
        assert_eq!(Shrinkage::Clip(2.0).apply(3.0), 2.0);
        assert_eq!(Shrinkage::Switch(2.0).apply(3.0), 0.0);
        assert_eq!(Shrinkage::Switch(3.0).apply(3.0), 3.0);
    }

    #[test]
    fn groups_of_one_give_the_plain_weight() {
        let (policy, logging) = ([0.7, 0.3], [0.1, 0.9]);
        assert_eq!(marginal_weight(&policy, &logging, &[0, 1], 0), 0.7 / 0.1);
        assert_eq!(marginal_weight(&policy, &[0.0, 1.0], &[0, 1], 0), 0.0);
    }
}
