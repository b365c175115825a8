//! Intervals for a number of rows that was fixed beforehand.
//!
//! Not here: intervals that may be watched while the log grows; see `sequence`.

use serde::{Deserialize, Serialize};

use crate::numeric::Moments;
use crate::numeric::distribution::{beta_quantile, normal_quantile, student_quantile};

/// A closed interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    /// The interval `radius` to both sides of `centre`.
    pub fn around(centre: f64, radius: f64) -> Self {
        Self { low: centre - radius, high: centre + radius }
    }

    /// Whether `x` lies inside.
    pub fn contains(&self, x: f64) -> bool {
        self.low <= x && x <= self.high
    }

    /// The part inside `low..=high`.
    #[must_use]
    pub fn clamp(self, low: f64, high: f64) -> Self {
        Self { low: self.low.clamp(low, high), high: self.high.clamp(low, high) }
    }

    /// Its length.
    pub fn width(&self) -> f64 {
        self.high - self.low
    }
}

/// The normal interval; at `alpha` = 0.05 with the customary factor 1.96.
pub fn normal(mean: f64, standard_error: f64, alpha: f64) -> Interval {
    let factor = if alpha == 0.05 { 1.96 } else { normal_quantile(1.0 - 0.5 * alpha) };
    Interval::around(mean, factor * standard_error)
}

/// The Student interval of a mean.
pub fn student(moments: &Moments, alpha: f64) -> Interval {
    let degrees = moments.count().saturating_sub(1).max(1) as f64;
    Interval::around(moments.mean(), student_quantile(1.0 - 0.5 * alpha, degrees) * moments.standard_error())
}

/// The interval of Hoeffding (1963) for values inside a range of length `range`: it holds for any distribution.
pub fn hoeffding(moments: &Moments, range: f64, alpha: f64) -> Interval {
    let n = moments.count().max(1) as f64;
    Interval::around(moments.mean(), range * libm::sqrt(libm::log(2.0 / alpha) / (2.0 * n)))
}

/// The empirical Bernstein interval (Maurer and Pontil 2009) for values inside a range of length `range`.
pub fn empirical_bernstein(moments: &Moments, range: f64, alpha: f64) -> Interval {
    let n = moments.count().max(2) as f64;
    let log = libm::log(4.0 / alpha);
    let radius = libm::sqrt(2.0 * moments.variance() * log / n) + 7.0 * range * log / (3.0 * (n - 1.0));
    Interval::around(moments.mean(), radius)
}

/// The interval of Clopper and Pearson (1934) for `successes` of `n`; fractions of a success are allowed, so that
/// Σ w r / w_max may stand for the successes.
pub fn clopper_pearson(successes: f64, n: f64, alpha: f64) -> Interval {
    let low = if successes <= 0.0 { 0.0 } else { beta_quantile(0.5 * alpha, successes, n - successes + 1.0) };
    let high =
        if n <= successes { 1.0 } else { beta_quantile(1.0 - 0.5 * alpha, successes + 1.0, n - successes) };
    Interval { low, high }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_those_of_their_papers() {
        let moments: Moments = (0..100).map(|i| f64::from(i % 2)).collect();
        assert!((normal(0.5, 0.1, 0.05).high - 0.696).abs() < 1e-12);
        assert!(
            (hoeffding(&moments, 1.0, 0.05).width() - 2.0 * libm::sqrt(libm::log(40.0) / 200.0)).abs()
                < 1e-12
        );
        let exact = clopper_pearson(10.0, 100.0, 0.05);
        assert!(
            (exact.low - 0.049_004_69).abs() < 1e-7 && (exact.high - 0.176_222_60).abs() < 1e-7,
            "{exact:?}"
        );
        assert_eq!(clopper_pearson(0.0, 10.0, 0.05).low, 0.0);
        assert!(normal(0.5, 0.05, 0.05).width() < student(&moments, 0.05).width() + 0.01);
        assert!(student(&moments, 0.05).width() < empirical_bernstein(&moments, 1.0, 0.05).width());
    }
}
