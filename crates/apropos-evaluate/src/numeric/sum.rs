//! Sums with about 32 correct digits, so that any split of a log merges to the same figure.
//!
//! Not here: moments, which are made of these sums.

use std::ops::{Add, Mul, Sub};

use serde::{Deserialize, Serialize};

/// A number as the unevaluated sum of two doubles (Dekker 1971): about 32 digits.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Wide {
    high: f64,
    low: f64,
}

impl Wide {
    /// The exact product of two doubles, as long as nothing overflows.
    pub fn product(a: f64, b: f64) -> Self {
        let (a_high, a_low) = split(a);
        let (b_high, b_low) = split(b);
        let high = a * b;
        let low = ((a_high * b_high - high) + a_high * b_low + a_low * b_high) + a_low * b_low;
        Self { high, low }
    }

    /// The nearest double.
    pub fn value(self) -> f64 {
        self.high + self.low
    }

    /// This number divided by a double.
    #[must_use]
    pub fn over(self, divisor: f64) -> Self {
        let first = self.high / divisor;
        let rest = self - Self::product(first, divisor);
        two_sum(first, rest.value() / divisor)
    }
}

impl From<f64> for Wide {
    fn from(value: f64) -> Self {
        Self { high: value, low: 0.0 }
    }
}

impl Add for Wide {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let sum = two_sum(self.high, other.high);
        two_sum(sum.high, sum.low + self.low + other.low)
    }
}

impl Sub for Wide {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + Self { high: -other.high, low: -other.low }
    }
}

impl Mul for Wide {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let product = Self::product(self.high, other.high);
        two_sum(product.high, product.low + self.high * other.low + self.low * other.high)
    }
}

/// The two halves of a double, each of at most 26 bits (Veltkamp).
fn split(a: f64) -> (f64, f64) {
    let scaled = a * 134_217_729.0;
    let high = scaled - (scaled - a);
    (high, a - high)
}

/// The sum of two doubles and its rounding error (Knuth).
fn two_sum(a: f64, b: f64) -> Wide {
    let sum = a + b;
    let b_part = sum - a;
    let low = (a - (sum - b_part)) + (b - b_part);
    Wide { high: sum, low }
}

/// A compensated running sum. Adding is O(1); merging is adding.
///
/// ```
/// use apropos_evaluate::numeric::Sum;
///
/// let mut sum = Sum::default();
/// for x in [1e16, 1.0, -1e16] {
///     sum.add(x);
/// }
/// assert_eq!(sum.value(), 1.0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sum {
    high: f64,
    low: f64,
}

impl Sum {
    /// Adds one double.
    #[inline]
    pub fn add(&mut self, x: f64) {
        let sum = two_sum(self.high, x);
        self.high = sum.high;
        self.low += sum.low;
    }

    /// Adds a product without rounding it first.
    #[inline]
    pub fn add_product(&mut self, a: f64, b: f64) {
        let product = Wide::product(a, b);
        self.add(product.high);
        self.low += product.low;
    }

    /// Adds all that `other` holds.
    pub fn merge(&mut self, other: &Self) {
        self.add(other.high);
        self.low += other.low;
    }

    /// The sum as a double.
    pub fn value(&self) -> f64 {
        self.high + self.low
    }

    /// The sum with all its digits.
    pub fn wide(&self) -> Wide {
        two_sum(self.high, self.low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_exact() {
        let x = 1.0 + f64::EPSILON;
        let square = Wide::product(x, x);
        assert_eq!(square.high, 1.0 + 2.0 * f64::EPSILON);
        assert_eq!(square.low, f64::EPSILON * f64::EPSILON);
    }

    #[test]
    fn division_undoes_multiplication() {
        let third = Wide::from(1.0).over(3.0);
        let back = third * Wide::from(3.0) - Wide::from(1.0);
        assert!(back.value().abs() < 1e-30, "{back:?}");
    }

    #[test]
    fn any_split_gives_the_same_sum() {
        let values: Vec<f64> =
            (0..10_000).map(|i| libm::sin(f64::from(i)) * libm::exp(f64::from(i % 40))).collect();
        let mut whole = Sum::default();
        for x in &values {
            whole.add(*x);
        }
        for cut in [1, 77, 5_000, 9_999] {
            let (mut left, mut right) = (Sum::default(), Sum::default());
            values[..cut].iter().for_each(|x| left.add(*x));
            values[cut..].iter().for_each(|x| right.add(*x));
            left.merge(&right);
            assert!((left.value() - whole.value()).abs() <= 1e-15 * whole.value().abs());
        }
    }
}
