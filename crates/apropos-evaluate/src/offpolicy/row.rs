//! One logged decision as an estimator sees it: a weight, a reward, perhaps a prediction.
//!
//! Not here: where rows come from; see `logs`.

use super::{MAX_REWARD, MAX_WEIGHT};

/// What a reward model says about one logged decision.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// Σ_a π_e(a|x) q(x, a): the reward that the new policy is predicted to get.
    pub expected: f64,
    /// q(x, a) of the action that was logged.
    pub logged: f64,
}

impl Prediction {
    /// The prediction of a model with value `q[a]` for each action, under `policy[a]`. O(actions).
    pub fn under(policy: &[f64], q: &[f64], logged: usize) -> Self {
        let mut parts = [0.0; 4];
        let (policy_blocks, policy_rest) = policy.as_chunks::<4>();
        let (q_blocks, q_rest) = q.as_chunks::<4>();
        for (p, v) in policy_blocks.iter().zip(q_blocks) {
            for lane in 0..4 {
                parts[lane] += p[lane] * v[lane];
            }
        }
        let rest: f64 = policy_rest.iter().zip(q_rest).map(|(p, v)| p * v).sum();
        let expected = (parts[0] + parts[1]) + (parts[2] + parts[3]) + rest;
        Self { expected, logged: q.get(logged).copied().unwrap_or(0.0) }
    }

    /// The prediction with which `dr_clipM` is continuous adaptive blending (CAB; Su et al. 2019), for `limit` = M:
    /// Σ_a π_e(a) (1 − min(1, M π_b(a) / π_e(a))) q(a), and nothing for the logged action. What clipping takes from an
    /// action's weight, the model gives back: M = 0 is `dm`, a large M is `ipw`. O(actions).
    ///
    /// ```
    /// use apropos_evaluate::offpolicy::Prediction;
    ///
    /// let (policy, logging, q) = ([0.9, 0.1], [0.1, 0.9], [0.5, 0.2]);
    /// let blended = Prediction::adaptive(&policy, &logging, &q, 5.0);
    /// // 0.5 of the first action's 0.9 is covered by five times 0.1; the second is covered in full.
    /// assert_eq!(blended, Prediction { expected: (0.9 - 5.0 * 0.1) * 0.5, logged: 0.0 });
    /// ```
    pub fn adaptive(policy: &[f64], logging: &[f64], q: &[f64], limit: f64) -> Self {
        let beyond = policy.iter().zip(logging).zip(q).map(|((e, b), q)| (e - limit * b).max(0.0) * q);
        Self { expected: beyond.sum(), logged: 0.0 }
    }
}

/// One logged decision seen from the policy to be evaluated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// π_e(a|x) / π_b(a|x) of the logged action.
    pub weight: f64,
    /// π_b(a|x) of the logged action, in (0, 1].
    pub propensity: f64,
    /// Whether the new policy would have taken the logged action for certain.
    pub matched: bool,
    /// The reward that was observed.
    pub reward: f64,
    /// What a reward model predicts, when there is one.
    pub prediction: Option<Prediction>,
}

impl Row {
    /// The row of a decision whose action has probability `policy` under the new and `propensity` under the logging
    /// policy.
    pub fn new(policy: f64, propensity: f64, reward: f64) -> Self {
        Self { weight: policy / propensity, propensity, matched: policy == 1.0, reward, prediction: None }
    }

    /// The same row with what a reward model predicts.
    #[must_use]
    pub fn with_prediction(self, prediction: Prediction) -> Self {
        Self { prediction: Some(prediction), ..self }
    }

    /// The same row of a log that threw decisions away: this one was kept with probability `kept`, one of the log with
    /// `average` in the mean, which is the number of kept rows over Σ 1/kept where nobody knows it better. Rows that
    /// were thrown away often count for more, and a constant share changes nothing.
    #[must_use]
    pub fn thinned(self, kept: f64, average: f64) -> Self {
        let share = average / kept;
        let prediction = self.prediction.map(|p| Prediction { expected: share * p.expected, ..p });
        Self { weight: share * self.weight, prediction, ..self }
    }

    /// Refuses what would poison a sum.
    ///
    /// # Errors
    /// When the propensity is not in (0, 1], or a number is not finite or too large.
    pub fn check(&self) -> Result<(), RowError> {
        if !(0.0 < self.propensity && self.propensity <= 1.0 + 1e-9) {
            return Err(RowError::Propensity(self.propensity));
        }
        if !(0.0..=MAX_WEIGHT).contains(&self.weight) {
            return Err(RowError::Weight(self.weight));
        }
        if !bounded(self.reward) {
            return Err(RowError::Reward(self.reward));
        }
        match self.prediction {
            Some(p) if !bounded(p.expected) || !bounded(p.logged) => {
                Err(RowError::Prediction(p.expected, p.logged))
            }
            _ => Ok(()),
        }
    }
}

/// Whether a reward is finite and not too large.
fn bounded(x: f64) -> bool {
    (-MAX_REWARD..=MAX_REWARD).contains(&x)
}

/// Why a row is not taken. A row that is not taken changes no figure.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RowError {
    /// The logged probability is not one.
    #[error("`{0}` is not a probability above 0")]
    Propensity(f64),
    /// The weight is negative, not a number or too large.
    #[error("`{0}` is not a weight between 0 and 1e12")]
    Weight(f64),
    /// The reward is not finite.
    #[error("`{0}` is not a reward of at most 1e12")]
    Reward(f64),
    /// The reward lies outside the declared range, on which intervals rest.
    #[error("reward `{reward}` lies outside the declared range `{low}` to `{high}`")]
    OutOfRange {
        /// The reward.
        reward: f64,
        /// The declared smallest reward.
        low: f64,
        /// The declared largest reward.
        high: f64,
    },
    /// The weight exceeds what the plan says can occur.
    #[error("weight `{weight}` exceeds `{limit}`, the most that the promised floor allows")]
    AboveFloor {
        /// The weight.
        weight: f64,
        /// The most that was promised.
        limit: f64,
    },
    /// A prediction is not finite.
    #[error("`{0}` and `{1}` are not predictions of at most 1e12")]
    Prediction(f64, f64),
    /// An estimator needs a reward model, and the row has no prediction.
    #[error("the estimator `{0}` needs a prediction, and the row has none")]
    NoPrediction(String),
    /// A slate has no slots, or too many.
    #[error("a slate has 1 to 64 slots, this one has {0}")]
    Slots(usize),
}
