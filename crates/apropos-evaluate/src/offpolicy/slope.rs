//! Choosing the parameter of an estimator from the log itself: SLOPE (Su et al. 2020; Tucker and Lee 2021).
//!
//! Not here: the candidates; any family of estimators that trades variance for bias will do.

/// One setting of a parameter: what it says and how sure it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// The estimate.
    pub value: f64,
    /// The half width of its interval.
    pub radius: f64,
}

/// Walks the candidates from the widest interval to the narrowest and stops before the first that contradicts an
/// earlier one: |v_i − v_j| > r_i + (√6 − 1) r_j. The last one standing has the least variance whose bias the log
/// cannot see. Returns its index; `None` without candidates. O(n²).
///
/// ```
/// use apropos_evaluate::offpolicy::{Candidate, slope};
///
/// let unbiased = Candidate { value: 1.0, radius: 0.50 };
/// let better = Candidate { value: 1.1, radius: 0.10 };
/// let biased = Candidate { value: 4.0, radius: 0.01 };
/// assert_eq!(slope(&[biased, unbiased, better]), Some(2));
/// ```
pub fn slope(candidates: &[Candidate]) -> Option<usize> {
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_by(|a, b| candidates[*b].radius.total_cmp(&candidates[*a].radius).then(a.cmp(b)));
    let margin = libm::sqrt(6.0) - 1.0;
    for (place, at) in order.iter().enumerate() {
        let this = candidates[*at];
        let contradicted = order[..place].iter().any(|before| {
            let that = candidates[*before];
            this.radius + margin * that.radius < (this.value - that.value).abs()
        });
        if contradicted {
            return order.get(place.wrapping_sub(1)).copied();
        }
    }
    order.last().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agreeing_candidates_give_the_narrowest() {
        let candidates: Vec<Candidate> = (1..=5)
            .map(|i| Candidate { value: 1.0 + 0.01 * f64::from(i), radius: 0.5 / f64::from(i) })
            .collect();
        assert_eq!(slope(&candidates), Some(4));
        assert_eq!(slope(&[]), None);
    }
}
