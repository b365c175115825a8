//! Counts, means and variances of one series or of two beside each other, mergeable.
//!
//! Not here: intervals; those need to know what the series means.

use serde::{Deserialize, Serialize};

use super::{Sum, Wide};

/// Count, sum and sum of squares of a series, kept to about 32 digits.
///
/// ```
/// use apropos_evaluate::numeric::Moments;
///
/// let moments: Moments = [1.0, 2.0, 4.0].into_iter().collect();
/// assert_eq!(moments.mean(), 7.0 / 3.0);
/// assert!((moments.variance() - 7.0 / 3.0).abs() < 1e-15);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moments {
    count: u64,
    sum: Sum,
    squares: Sum,
}

impl Moments {
    /// Adds one value.
    #[inline]
    pub fn push(&mut self, x: f64) {
        self.count += 1;
        self.sum.add(x);
        self.squares.add_product(x, x);
    }

    /// Adds all that `other` has seen.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum.merge(&other.sum);
        self.squares.merge(&other.squares);
    }

    /// The moments of a series of which only the sums are known.
    pub fn from_sums(count: u64, sum: f64, squares: f64) -> Self {
        let mut moments = Self { count, ..Self::default() };
        moments.sum.add(sum);
        moments.squares.add(squares);
        moments
    }

    /// How many values.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their sum.
    pub fn sum(&self) -> f64 {
        self.sum.value()
    }

    /// The sum of their squares.
    pub fn sum_of_squares(&self) -> f64 {
        self.squares.value()
    }

    /// Their mean; 0 when there are none.
    pub fn mean(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.sum.wide().over(self.count as f64).value() }
    }

    /// The sample variance (divided by n − 1); 0 with fewer than two values.
    pub fn variance(&self) -> f64 {
        if self.count < 2 {
            return 0.0;
        }
        centred(self.squares.wide(), self.sum.wide(), self.sum.wide(), self.count).max(0.0)
            / (self.count - 1) as f64
    }

    /// The standard error of the mean.
    pub fn standard_error(&self) -> f64 {
        if self.count == 0 { 0.0 } else { libm::sqrt(self.variance() / self.count as f64) }
    }
}

impl FromIterator<f64> for Moments {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let mut moments = Self::default();
        values.into_iter().for_each(|x| moments.push(x));
        moments
    }
}

/// Moments of two series beside each other, with their covariance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairMoments {
    x: Moments,
    y: Moments,
    cross: Sum,
}

impl PairMoments {
    /// Adds one pair.
    #[inline]
    pub fn push(&mut self, x: f64, y: f64) {
        self.x.push(x);
        self.y.push(y);
        self.cross.add_product(x, y);
    }

    /// Adds all that `other` has seen.
    pub fn merge(&mut self, other: &Self) {
        self.x.merge(&other.x);
        self.y.merge(&other.y);
        self.cross.merge(&other.cross);
    }

    /// The first series.
    pub fn x(&self) -> &Moments {
        &self.x
    }

    /// The second series.
    pub fn y(&self) -> &Moments {
        &self.y
    }

    /// The sum of the products.
    pub fn cross(&self) -> f64 {
        self.cross.value()
    }

    /// The sample covariance; 0 with fewer than two pairs.
    pub fn covariance(&self) -> f64 {
        if self.x.count < 2 {
            return 0.0;
        }
        centred(self.cross.wide(), self.x.sum.wide(), self.y.sum.wide(), self.x.count)
            / (self.x.count - 1) as f64
    }
}

/// Σxy − ΣxΣy/n without cancellation.
fn centred(cross: Wide, x: Wide, y: Wide, count: u64) -> f64 {
    (cross - (x * y).over(count as f64)).value()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_mean_does_not_hide_a_small_variance() {
        let moments: Moments = (0..1_000).map(|i| 1e9 + f64::from(i % 2)).collect();
        assert!((moments.variance() - 0.25 * 1_000.0 / 999.0).abs() < 1e-9);
    }

    #[test]
    fn covariance_of_a_series_with_itself_is_its_variance() {
        let mut pair = PairMoments::default();
        for i in 0..50 {
            let x = libm::cos(f64::from(i));
            pair.push(x, x);
        }
        assert!((pair.covariance() - pair.x().variance()).abs() < 1e-15);
    }

    #[test]
    fn merging_is_the_same_as_having_seen_it_all() {
        let values: Vec<f64> = (0..999).map(|i| libm::exp(libm::sin(f64::from(i)) * 9.0)).collect();
        let whole: Moments = values.iter().copied().collect();
        let mut parts = Moments::default();
        for chunk in values.chunks(37) {
            parts.merge(&chunk.iter().copied().collect());
        }
        assert_eq!(parts.count(), whole.count());
        assert!((parts.mean() / whole.mean() - 1.0).abs() < 1e-15);
        assert!((parts.variance() / whole.variance() - 1.0).abs() < 1e-14);
    }
}
