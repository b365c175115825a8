//! Experiments: who gets what, and what came of it.
//!
//! [`Assignment`] puts units into arms by a stable hash with ranges that only grow. [`Readout`] checks the sample
//! ratio first and only then speaks of effects. [`growthbook`] and [`unleash`] put units where those tools would.
//!
//! Not here: exposure logging, which is the host's; an effect is only as good as the log of who was exposed.

mod arm;
mod assignment;
mod bayes;
mod comparison;
mod correction;
pub mod growthbook;
pub mod hash;
mod impact;
mod readout;
mod sample_ratio;
pub mod unleash;

pub use arm::{Arm, Metric, cuped_theta, wilson};
pub use assignment::{
    ArmDefinition, Assignment, AssignmentDefinition, AssignmentError, BUCKETS, MAX_ARMS, MAX_RANGES,
    Placement, bucket,
};
pub use bayes::{Belief, Prior, beats_probability, believe};
pub use comparison::{Comparison, Scale, Terms, compare, sample_size, watched_sample_size};
pub use correction::{benjamini_hochberg, bonferroni, holm};
pub use impact::{ImpactArm, ImpactComparison, impact_comparisons, required_sample};
pub use readout::{ArmReadout, Correction, Readout, ReadoutDefinition, ReadoutRefusal};
pub use sample_ratio::{chi_square_two_by_two, sample_ratio};
