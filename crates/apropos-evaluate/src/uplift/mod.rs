//! What an action changes: uplift over silence, who is moved, who had better be left alone.
//!
//! [`Metrics`] judges any score on a randomised trial; the learners make scores; [`SilenceModel`] puts them on the
//! engine's own online models, with silence as arm 0 and a doubly robust check on a uniform holdout.
//!
//! Not here: average effects of whole arms; those are `experiment`'s.

mod bootstrap;
mod curve;
mod engine;
mod learner;
mod logistic;
mod silence;

pub use bootstrap::{MAX_SAMPLES, MetricIntervals, bootstrap};
pub use curve::{Band, Metrics, Scored, qini_curve};
pub use engine::{Propensity, PropensityModel, TrainedPropensity};
pub use learner::{
    ClassTransform, DoublyRobust, Learner, Linear, LinearModel, Predict, SingleModel, Trial, TrialError,
    TwoModel,
};
pub use logistic::{Logistic, LogisticModel, Standardiser};
pub use silence::{SILENCE, SilenceCheck, SilenceModel, Verdict};
