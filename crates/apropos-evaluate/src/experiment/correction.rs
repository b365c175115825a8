//! Several comparisons at once: adjusted p-values that keep the promise for all of them together.
//!
//! Not here: the comparisons.

/// Each p-value times their number (Bonferroni): holds for any dependence, and is the strictest.
pub fn bonferroni(p: &[f64]) -> Vec<f64> {
    let count = p.len() as f64;
    p.iter().map(|p| (p * count).min(1.0)).collect()
}

/// The step-down procedure of Holm (1979): as strict a promise as Bonferroni's, and never less powerful.
///
/// ```
/// use apropos_evaluate::experiment::holm;
/// assert_eq!(holm(&[0.01, 0.04, 0.03]), vec![0.03, 0.06, 0.06]);
/// ```
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut adjusted = vec![0.0; p.len()];
    let mut largest: f64 = 0.0;
    for (rank, at) in ascending(p).into_iter().enumerate() {
        largest = largest.max((p[at] * (p.len() - rank) as f64).min(1.0));
        adjusted[at] = largest;
    }
    adjusted
}

/// The step-up procedure of Benjamini and Hochberg (1995): bounds the expected share of false discoveries.
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    let mut adjusted = vec![0.0; p.len()];
    let mut smallest: f64 = 1.0;
    for (rank, at) in ascending(p).into_iter().enumerate().rev() {
        smallest = smallest.min(p[at] * p.len() as f64 / (rank + 1) as f64);
        adjusted[at] = smallest;
    }
    adjusted
}

/// The places of the p-values from the smallest to the largest, ties by place.
fn ascending(p: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]).then(a.cmp(b)));
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Holm's procedure is the closed test of Bonferroni's: a hypothesis is rejected when every set that holds it is.
        #[test]
        fn holm_is_the_closed_test(p in prop::collection::vec(0.0_f64..1.0, 1..7)) {
            let sets = 1_u32..(1_u32 << p.len());
            let closed = |i: usize| {
                let of = |set: u32| (0..p.len()).filter(move |j| set & (1_u32 << *j) != 0);
                let level = |set: u32| {
                    (of(set).count() as f64 * of(set).map(|j| p[j]).fold(1.0, f64::min)).min(1.0)
                };
                sets.clone().filter(|set| set & (1_u32 << i) != 0).map(level).fold(0.0, f64::max)
            };
            for (i, found) in holm(&p).into_iter().enumerate() {
                prop_assert!((found - closed(i)).abs() < 1e-12);
            }
        }

        /// Of the p-values up to the k-th smallest, all are rejected when that one is at most α k / n, for any k.
        #[test]
        fn benjamini_hochberg_is_the_step_up_test(p in prop::collection::vec(0.0_f64..1.0, 1..9), alpha in 0.0_f64..1.0) {
            let mut sorted = p.clone();
            sorted.sort_by(f64::total_cmp);
            let n = p.len() as f64;
            let cut = (1..=p.len()).rev().find(|k| sorted[k - 1] <= alpha * *k as f64 / n);
            for (p, adjusted) in p.iter().zip(benjamini_hochberg(&p)) {
                let rejected = cut.is_some_and(|k| *p <= sorted[k - 1]);
                prop_assert!(rejected == (adjusted <= alpha) || (adjusted - alpha).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn the_corrections_are_ordered_by_strictness() {
        let p = [0.001, 0.2, 0.013, 0.04];
        let (b, h, d) = (bonferroni(&p), holm(&p), benjamini_hochberg(&p));
        for i in 0..p.len() {
            assert!(p[i] <= d[i] && d[i] <= h[i] && h[i] <= b[i]);
        }
        assert_eq!(b[0], 0.004);
        assert!((d[2] - 0.026).abs() < 1e-12);
        assert!(holm(&[]).is_empty());
    }
}
