//! Beliefs about an effect: normal posterior, chance to win, and what a wrong choice would cost.
//!
//! Not here: where effect and error come from; see `comparison`.

use serde::{Deserialize, Serialize};

use crate::numeric::distribution::{ln_beta, normal_cdf, normal_pdf};
use crate::offpolicy::Interval;

/// A normal belief about the effect before the experiment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prior {
    /// Its mean.
    pub mean: f64,
    /// Its variance.
    pub variance: f64,
}

/// A belief about the effect after the experiment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Belief {
    /// The posterior mean.
    pub effect: f64,
    /// The central 95 %.
    pub ci95: Interval,
    /// The probability that the treatment is better.
    pub chance_to_win: f64,
    /// The expected loss of keeping the control, and of taking the treatment.
    pub risk: (f64, f64),
}

/// The posterior of an effect with this standard error; without a prior, the effect itself. At 95 % the interval has the
/// exact normal quantile.
pub fn believe(effect: f64, standard_error: f64, prior: Option<Prior>) -> Belief {
    let data = standard_error * standard_error;
    let (mean, variance) = match prior {
        None => (effect, data),
        Some(prior) => {
            let precision = 1.0 / data + 1.0 / prior.variance;
            ((effect / data + prior.mean / prior.variance) / precision, 1.0 / precision)
        }
    };
    let sd = libm::sqrt(variance);
    let gain = mean * normal_cdf(mean / sd) + sd * normal_pdf(mean / sd);
    Belief {
        effect: mean,
        ci95: Interval::around(mean, 1.959_963_984_540_054 * sd),
        chance_to_win: normal_cdf(mean / sd),
        risk: (gain, gain - mean),
    }
}

/// The probability that a proportion with (`a_yes`, `a_no`) successes and failures is below one with (`b_yes`,
/// `b_no`), both with a uniform prior. A finite sum; O(`b_yes`).
pub fn beats_probability((a_yes, a_no): (u64, u64), (b_yes, b_no): (u64, u64)) -> f64 {
    let (alpha_a, beta_a) = (a_yes as f64 + 1.0, a_no as f64 + 1.0);
    let beta_b = b_no as f64 + 1.0;
    let base = ln_beta(alpha_a, beta_a);
    let mut total = crate::numeric::Sum::default();
    for i in 0..=b_yes {
        let i = i as f64;
        let term =
            ln_beta(alpha_a + i, beta_a + beta_b) - libm::log(beta_b + i) - ln_beta(1.0 + i, beta_b) - base;
        total.add(libm::exp(term));
    }
    total.value().clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_published_belief_is_reproduced() {
        let se = 0.0010691693037119987;
        let near = |a: f64, b: f64| assert!((a - b).abs() <= 1e-9 * b.abs(), "{a} is not {b}");
        let flat = believe(0.0023, se, None);
        near(flat.chance_to_win, 0.9842699019376322);
        near(flat.risk.1, 5.997223989977089e-06);
        let prior = Prior { mean: 0.0, variance: 0.09 * 0.0046 * 0.0046 };
        let shrunk = believe(0.0023, se, Some(prior));
        near(shrunk.effect, 0.0014372721715307808);
        near(shrunk.ci95.low, -0.00021926109923922567);
        near(beats_probability((46, 9_954), (69, 9_931)), 0.9841128014841969);
    }

    #[test]
    fn equal_arms_win_half_the_time() {
        assert!((beats_probability((5, 5), (5, 5)) - 0.5).abs() < 1e-12);
        assert!((beats_probability((0, 0), (0, 0)) - 0.5).abs() < 1e-12);
    }
}
