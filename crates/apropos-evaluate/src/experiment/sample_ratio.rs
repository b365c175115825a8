//! The first question to any experiment: did as many units arrive in each arm as should have?
//!
//! Not here: effects. An experiment that fails this check has none to show.

use crate::numeric::distribution::chi_square_tail;

/// The p-value of the counts against the planned shares (chi-square). 1 when there is nothing to compare.
///
/// ```
/// use apropos_evaluate::experiment::sample_ratio;
/// assert!(0.3 < sample_ratio(&[706, 672], &[0.5, 0.5]));
/// assert!(sample_ratio(&[10_000, 9_000], &[0.5, 0.5]) < 1e-9);
/// ```
pub fn sample_ratio(counts: &[u64], shares: &[f64]) -> f64 {
    let total: f64 = counts.iter().map(|n| *n as f64).sum();
    let weight: f64 = shares.iter().sum();
    if counts.len() != shares.len() || counts.len() < 2 || total == 0.0 || weight <= 0.0 {
        return 1.0;
    }
    let mut statistic = 0.0;
    for (count, share) in counts.iter().zip(shares) {
        let expected = total * share / weight;
        if expected <= 0.0 {
            if *count != 0 {
                return 0.0;
            }
            continue;
        }
        statistic += (*count as f64 - expected) * (*count as f64 - expected) / expected;
    }
    chi_square_tail(statistic, (counts.len() - 1) as f64)
}

/// The p-value of a two-by-two table of successes and failures (chi-square without correction).
pub fn chi_square_two_by_two(yes: (f64, f64), no: (f64, f64)) -> f64 {
    let ((a, b), (c, d)) = (yes, no);
    let n = a + b + c + d;
    let spread = (a + b) * (c + d) * (a + c) * (b + d);
    if spread == 0.0 {
        return 1.0;
    }
    let cross = a * d - b * c;
    chi_square_tail(n * cross * cross / spread, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_p_values_are_reproduced() {
        assert!((sample_ratio(&[706, 672], &[1.0, 1.0]) - 0.35971243371555517).abs() < 1e-12);
        let p = chi_square_two_by_two((46.0, 69.0), (9_954.0, 9_931.0));
        assert!((p - 0.03147983327589227).abs() < 1e-12);
    }

    #[test]
    fn units_in_an_arm_that_should_be_empty_are_a_mismatch() {
        assert_eq!(sample_ratio(&[10, 1], &[1.0, 0.0]), 0.0);
        assert_eq!(sample_ratio(&[], &[]), 1.0);
    }
}
