//! What each estimator adds up per row, beyond the sums that all of them share.
//!
//! Not here: the shared sums (`diagnostics`) and what is made of them (`evaluation`).

use serde::{Deserialize, Serialize};

use crate::numeric::{Moments, PairMoments};

use super::{Estimator, Prediction, Row, Shrinkage};

/// What one estimator adds up beyond the shared sums.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Terms {
    /// Nothing: the shared sums say it all.
    Shared,
    /// A mean of one figure a row.
    Mean(Moments),
    /// dm, w (r − q) and w beside one another: (dm, wd), (dm, w), (wd, w).
    Ratio(Box<[PairMoments; 3]>),
}

impl Terms {
    pub(super) fn of(estimator: Estimator) -> Self {
        match estimator {
            Estimator::Replay
            | Estimator::SelfNormalised
            | Estimator::CressieRead
            | Estimator::Ips(Shrinkage::Plain) => Self::Shared,
            Estimator::SelfNormalisedDoublyRobust => Self::Ratio(Box::default()),
            Estimator::Ips(_) | Estimator::Direct | Estimator::DoublyRobust(_) => {
                Self::Mean(Moments::default())
            }
        }
    }

    #[inline]
    pub(super) fn push(&mut self, estimator: Estimator, row: &Row) {
        let Prediction { expected, logged } =
            row.prediction.unwrap_or(Prediction { expected: 0.0, logged: 0.0 });
        match self {
            Self::Shared => {}
            Self::Mean(moments) => moments.push(match estimator {
                Estimator::Ips(shrinkage) => shrinkage.apply(row.weight) * row.reward,
                Estimator::DoublyRobust(shrinkage) => {
                    expected + shrinkage.apply(row.weight) * (row.reward - logged)
                }
                _ => expected,
            }),
            Self::Ratio(pairs) => {
                let surprise = row.weight * (row.reward - logged);
                pairs[0].push(expected, surprise);
                pairs[1].push(expected, row.weight);
                pairs[2].push(surprise, row.weight);
            }
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        match (self, other) {
            (Self::Mean(mine), Self::Mean(theirs)) => mine.merge(theirs),
            (Self::Ratio(mine), Self::Ratio(theirs)) => {
                mine.iter_mut().zip(theirs.iter()).for_each(|(mine, theirs)| mine.merge(theirs));
            }
            _ => {}
        }
    }
}

/// mean(dm) + Σ w d / Σ w and its standard error by the delta method.
pub(super) fn ratio(pairs: &[PairMoments; 3]) -> (f64, Option<f64>) {
    let [both, direct_weight, surprise_weight] = pairs;
    let (direct, surprise, weight) = (both.x(), both.y(), direct_weight.y());
    if weight.sum() == 0.0 || weight.count() < 2 {
        return (direct.mean(), None);
    }
    let (mean, slope) = (weight.mean(), surprise.sum() / weight.sum());
    let variance = direct.variance()
        + (surprise.variance() - 2.0 * slope * surprise_weight.covariance()
            + slope * slope * weight.variance())
            / (mean * mean)
        + 2.0 * (both.covariance() - slope * direct_weight.covariance()) / mean;
    (direct.mean() + slope, Some(libm::sqrt(variance.max(0.0) / weight.count() as f64)))
}
