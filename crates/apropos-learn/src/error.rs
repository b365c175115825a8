//! Why an outcome was not learned.

/// Why the model refused something. Nothing was changed, apart from the count of refusals.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LearnError {
    /// The number of inputs is not the definition's.
    #[error("expected {expected} inputs, got {found}")]
    InputCount {
        /// Inputs in the definition.
        expected: usize,
        /// Inputs given.
        found: usize,
    },
    /// An input is not of its declared kind.
    #[error("input {index} is not of its declared kind")]
    InputKind {
        /// Its place.
        index: usize,
    },
    /// A number is not finite.
    #[error("input {index} is not a finite number")]
    NotFinite {
        /// Its place.
        index: usize,
    },
    /// A number is beyond ±1e15.
    #[error("input {index} is beyond 1e15")]
    OutOfRange {
        /// Its place.
        index: usize,
    },
    /// There is no such action.
    #[error("there is no action {0}")]
    UnknownAction(u32),
    /// There is no such reward.
    #[error("there is no reward {0}")]
    UnknownReward(u32),
    /// An outcome is not in [0, 1].
    #[error("an outcome must lie between 0 and 1")]
    Outcome,
    /// A weight is not in (0, 100].
    #[error("a weight must be above 0 and at most 100")]
    Weight,
    /// A selection probability is not in (0, 1].
    #[error("a selection probability must be above 0 and at most 1")]
    Probability,
    /// A logit offset is not in [-30, 30].
    #[error("a logit offset must lie between -30 and 30")]
    Offset,
    /// The features were encoded by a model with other features.
    #[error("the features are not of this model")]
    Features,
    /// This subject has had its say for this action today.
    #[error("the subject's influence on this action is used up")]
    Influence,
    /// The model is frozen after a non-finite value was found inside.
    #[error("the model is frozen at its last good state")]
    Frozen,
}
