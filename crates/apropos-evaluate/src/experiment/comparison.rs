//! The effect of a treatment against a control, with intervals for one look and for any number of looks.
//!
//! Student's test with the degrees of freedom of Welch and Satterthwaite; relative effects by the delta method; the
//! asymptotic confidence sequence of Waudby-Smith et al. (2023) for watching. Not here: beliefs (`bayes`), the order of
//! checks (`readout`).

use serde::{Deserialize, Serialize};

use crate::numeric::distribution::{normal_quantile, student_quantile, student_two_sided};
use crate::offpolicy::{Interval, Promotion, asymptotic_radius, asymptotic_scale, watched_rows};

use super::{Arm, Metric};

/// Whether an effect is a difference, or a difference over the control's mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// treatment − control.
    Absolute,
    /// (treatment − control) / control.
    Relative,
}

/// How arms are compared.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Terms {
    /// What kind of number the metric is.
    pub metric: Metric,
    /// On which scale.
    pub scale: Scale,
    /// θ of the regression adjustment, 0 for none; see [`super::cuped_theta`].
    pub theta: f64,
    /// 1 − confidence.
    pub alpha: f64,
    /// The number of units at which the sequential interval is tightest.
    pub tuning_units: f64,
}

impl Default for Terms {
    fn default() -> Self {
        Self { metric: Metric::Mean, scale: Scale::Absolute, theta: 0.0, alpha: 0.05, tuning_units: 5_000.0 }
    }
}

/// An effect and how sure it is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// The effect.
    pub effect: f64,
    /// Its standard error.
    pub se: f64,
    /// The interval for one look at a planned number of units.
    pub ci95: Interval,
    /// The p-value for one look.
    pub p: f64,
    /// The interval that may be looked at after every unit.
    pub sequential_ci95: Interval,
    /// The p-value that may be looked at after every unit.
    pub sequential_p: f64,
}

impl Comparison {
    /// Whether to promote the treatment, however often this is asked: with a metric of which more is better, at most α
    /// of all treatments that are no better are ever promoted.
    pub fn promotion(&self) -> Promotion {
        Promotion::of(self.sequential_ci95)
    }
}

/// Compares a treatment with a control; `None` when an arm has fewer than two units or nothing varies.
pub fn compare(control: &Arm, treatment: &Arm, terms: &Terms) -> Option<Comparison> {
    let (n_c, n_t) = (control.count() as f64, treatment.count() as f64);
    if n_c < 2.0 || n_t < 2.0 {
        return None;
    }
    let (mean_c, mean_t) = (control.adjusted_mean(terms.theta), treatment.adjusted_mean(terms.theta));
    let part_c = control.adjusted_variance(terms.metric, terms.theta) / n_c;
    let part_t = treatment.adjusted_variance(terms.metric, terms.theta) / n_t;
    let base = control.mean();
    let (effect, variance) = match terms.scale {
        Scale::Absolute => (mean_t - mean_c, part_c + part_t),
        Scale::Relative if base == 0.0 => return None,
        Scale::Relative => {
            let ratio = treatment.mean() / base;
            ((mean_t - mean_c) / base, (part_t + part_c * ratio * ratio) / (base * base))
        }
    };
    if variance <= 0.0 {
        return None;
    }
    let se = libm::sqrt(variance);
    let degrees = (part_c + part_t) * (part_c + part_t)
        / (part_c * part_c / (n_c - 1.0) + part_t * part_t / (n_t - 1.0));
    let factor = student_quantile(1.0 - 0.5 * terms.alpha, degrees);
    let n = n_c + n_t;
    Some(Comparison {
        effect,
        se,
        ci95: Interval::around(effect, factor * se),
        p: student_two_sided(effect / se, degrees),
        sequential_ci95: Interval::around(effect, asymptotic_radius(se, n, terms.alpha, terms.tuning_units)),
        sequential_p: sequential_p(effect / se, n, terms),
    })
}

/// The p-value of the asymptotic sequence: 1 over its e-value, at most 1.
fn sequential_p(t: f64, n: f64, terms: &Terms) -> f64 {
    let rho = asymptotic_scale(terms.alpha, terms.tuning_units);
    let grown = n * rho * rho;
    let log_e = grown * t * t / (2.0 * (grown + 1.0)) - 0.5 * libm::log(grown + 1.0);
    libm::exp(-log_e).min(1.0)
}

/// How many units each arm needs to see a difference between two proportions, at level `alpha` and power `power`.
pub fn sample_size(p1: f64, p2: f64, alpha: f64, power: f64) -> f64 {
    let z = normal_quantile(1.0 - 0.5 * alpha) + normal_quantile(power);
    let difference = p2 - p1;
    libm::ceil(z * z * (p1 * (1.0 - p1) + p2 * (1.0 - p2)) / (difference * difference))
}

/// How many units each of two arms needs when the experiment is watched after every unit and stopped when it is decided:
/// an upper bound, since most end earlier. The sequence is taken to be tuned to that number, so this is the number to
/// give to [`Terms::tuning_units`], twice.
pub fn watched_sample_size(p1: f64, p2: f64, alpha: f64, power: f64) -> f64 {
    // Both arms together hold n units, half of them each: the variance of the difference is 2 (v1 + v2) / n.
    let sd = libm::sqrt(2.0 * (p1 * (1.0 - p1) + p2 * (1.0 - p2)));
    let mut n = 2.0 * sample_size(p1, p2, alpha, power);
    // Tuning to more rows asks for somewhat more rows: a few rounds settle it.
    for _ in 0..20 {
        n = watched_rows(p2 - p1, sd, alpha, power, n);
    }
    libm::ceil(0.5 * n)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arm(n: u64, successes: u64) -> Arm {
        let mut arm = Arm::default();
        (0..n).for_each(|i| arm.push(f64::from(u8::from(i < successes))));
        arm
    }

    #[test]
    fn a_published_comparison_is_reproduced() {
        let terms = Terms { metric: Metric::Proportion, ..Terms::default() };
        let found = compare(&arm(10_000, 46), &arm(10_000, 69), &terms).unwrap();
        let near = |a: f64, b: f64| assert!((a - b).abs() <= 1e-9 * b.abs(), "{a} is not {b}");
        near(found.effect, 0.0023);
        near(found.se, 0.0010691693037119987);
        near(found.ci95.low, 0.0002043348154941063);
        near(found.p, 0.031472609382853234);
        near(found.sequential_ci95.high, 0.005643414451634831);
        near(found.sequential_p, 0.6072563124986023);
        let relative =
            compare(&arm(10_000, 46), &arm(10_000, 69), &Terms { scale: Scale::Relative, ..terms }).unwrap();
        near(relative.se, 0.2847309943269871);
    }

    #[test]
    fn what_cannot_be_compared_is_not() {
        assert!(compare(&arm(1, 0), &arm(10, 5), &Terms::default()).is_none());
        assert!(compare(&arm(10, 0), &arm(10, 0), &Terms::default()).is_none());
        assert!(
            compare(&arm(10, 0), &arm(10, 5), &Terms { scale: Scale::Relative, ..Terms::default() })
                .is_none()
        );
    }

    #[test]
    fn watching_costs_width() {
        let found = compare(&arm(5_000, 500), &arm(5_000, 520), &Terms::default()).unwrap();
        assert!(found.ci95.width() < found.sequential_ci95.width());
    }

    #[test]
    fn sample_sizes_grow_as_effects_shrink() {
        let n = sample_size(0.10, 0.12, 0.05, 0.8);
        assert!((3_830.0..3_850.0).contains(&n), "{n}");
        assert!(n < sample_size(0.10, 0.11, 0.05, 0.8));
        let watched = watched_sample_size(0.10, 0.12, 0.05, 0.8);
        assert!(n < watched && watched < 3.0 * n, "{watched}");
        assert_eq!(watched_sample_size(0.1, 0.1, 0.05, 0.8), f64::INFINITY);
    }
}
