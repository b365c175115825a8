//! Whether predicted rewards come true: predictions in bins beside what happened.
//!
//! Not here: correcting predictions; that is `apropos-learn`'s.

use serde::{Deserialize, Serialize};

use crate::numeric::PairMoments;

/// Predictions and outcomes by half powers of two of the prediction. Mergeable, O(1) memory.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    bins: Vec<PairMoments>,
}

/// One bin that holds anything.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CalibrationBin {
    /// Decisions in it.
    pub count: u64,
    /// The mean prediction.
    pub predicted: f64,
    /// The mean outcome.
    pub observed: f64,
    /// The standard error of the mean outcome.
    pub observed_se: f64,
}

const BINS: usize = 33;

impl Calibration {
    /// Takes one prediction of a probability and what happened.
    pub fn push(&mut self, predicted: f64, observed: f64) {
        if self.bins.is_empty() {
            self.bins = vec![PairMoments::default(); BINS];
        }
        let place = if predicted <= 0.0 {
            0
        } else {
            BINS as i32 - 1 + libm::floor(2.0 * libm::log2(predicted)) as i32
        };
        self.bins[place.clamp(0, BINS as i32 - 1) as usize].push(predicted, observed);
    }

    /// Adds all that `other` has seen.
    pub fn merge(&mut self, other: &Self) {
        self.bins.resize(self.bins.len().max(other.bins.len()), PairMoments::default());
        self.bins.iter_mut().zip(&other.bins).for_each(|(mine, theirs)| mine.merge(theirs));
    }

    /// The bins, from the smallest predictions to the largest.
    pub fn bins(&self) -> Vec<CalibrationBin> {
        let filled = self.bins.iter().filter(|bin| bin.x().count() != 0);
        filled
            .map(|bin| CalibrationBin {
                count: bin.x().count(),
                predicted: bin.x().mean(),
                observed: bin.y().mean(),
                observed_se: bin.y().standard_error(),
            })
            .collect()
    }

    /// The expected calibration error: the mean distance of prediction and outcome over the bins, by their counts.
    pub fn error(&self) -> f64 {
        let bins = self.bins();
        let count: f64 = bins.iter().map(|bin| bin.count as f64).sum();
        let off: f64 = bins.iter().map(|bin| bin.count as f64 * (bin.predicted - bin.observed).abs()).sum();
        if count == 0.0 { 0.0 } else { off / count }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_calibrated_prediction_has_no_error() {
        let mut calibration = Calibration::default();
        (0..100).for_each(|i| calibration.push(0.25, f64::from(u8::from(i % 4 == 0))));
        (0..100).for_each(|i| calibration.push(0.5, f64::from(i % 2)));
        assert_eq!(calibration.error(), 0.0);
        assert_eq!(calibration.bins().len(), 2);
        calibration.push(1.0, 0.0);
        assert!(0.0 < calibration.error());
        calibration.push(0.0, 0.0);
        assert_eq!(calibration.bins().len(), 4);
    }
}
