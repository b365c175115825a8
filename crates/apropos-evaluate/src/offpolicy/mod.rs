//! What would another policy have earned? Estimates from logged decisions, with intervals and refusals.
//!
//! Read in this order: [`Row`] is one logged decision seen from the new policy; [`Evaluation`] takes rows as a
//! stream and merges; [`Report`] is what it answers, [`Refusal`] why it does not.
//!
//! Notation: w = π_e(a|x) / π_b(a|x), r the reward, q the prediction of a reward model. Formulas follow Saito et al.
//! (Open Bandit Pipeline, 2021) and Karampatziakis et al. (2021).

mod calibration;
mod cressie_read;
mod diagnostics;
mod estimator;
mod evaluation;
mod gain;
mod interval;
mod model;
mod plan;
mod plug_in;
mod policy;
mod progressive;
mod refusal;
mod report;
mod row;
mod sequence;
mod slate;
mod slope;
mod terms;
mod weights;

pub use calibration::{Calibration, CalibrationBin};
pub use cressie_read::CressieRead;
pub use diagnostics::{Diagnostics, Support, WeightHistogram, WeightSums};
pub use estimator::{Estimator, ParseEstimatorError};
pub use evaluation::Evaluation;
pub use gain::{Gain, Promotion, gain_rows, watched_rows};
pub use interval::{Interval, clopper_pearson, empirical_bernstein, hoeffding, normal, student};
pub use model::{RewardModel, RidgeModel, TableModel, mrdr_weight};
pub use plan::{MergeError, Plan};
pub use plug_in::PlugInSequence;
pub use policy::{PolicyTable, PolicyTableError};
pub use progressive::{MAX_PROGRESSIVE_FEATURES, Progressive, Reduction};
pub use refusal::{Gate, Refusal};
pub use report::{Estimate, Report};
pub use row::{Prediction, Row, RowError};
pub use sequence::{Sequence, asymptotic_radius, asymptotic_scale};
pub use slate::{Slate, SlateEstimator, SlateEvaluation, SlateSlot};
pub use slope::{Candidate, slope};
pub use weights::{Shrinkage, marginal_weight};

/// The largest weight a row may carry.
pub const MAX_WEIGHT: f64 = 1e12;
/// The largest reward, in absolute value, that a row may carry.
pub const MAX_REWARD: f64 = 1e12;
/// The most estimators one evaluation carries.
pub const MAX_ESTIMATORS: usize = 256;
/// The most slots one slate holds.
pub const MAX_SLOTS: usize = 64;
