//! Impact arms: what each part of the decision machinery earns or costs, measured by switching it off for some.
//!
//! Not here: how an arm decides; the engine does that. This names the arms and the comparisons that mean something.

use serde::{Deserialize, Serialize};

use crate::offpolicy::Interval;

use super::{Arm, Comparison, Metric, Scale, Terms, compare, sample_size};

/// How decisions are taken for the units of an arm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ImpactArm {
    /// Everything on.
    Full,
    /// A random action among the eligible ones.
    RandomEligible,
    /// The most likely action, whatever it is worth.
    PropensityOnly,
    /// Everything but the levers of the business.
    NoLevers,
    /// Nothing at all: the holdout.
    Silence,
}

impl ImpactArm {
    /// The question that comparing this arm with the full one answers.
    pub fn question(self) -> &'static str {
        match self {
            Self::Full => "the same as itself",
            Self::RandomEligible => "what does choosing well earn over choosing at random?",
            Self::PropensityOnly => "what does weighing value earn over likelihood alone?",
            Self::NoLevers => "what do the levers of the business cost or earn?",
            Self::Silence => "what does speaking at all earn over silence?",
        }
    }
}

/// The full arm against another.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImpactComparison {
    /// The arm in which something is switched off.
    pub against: ImpactArm,
    /// The absolute effect of having it on.
    pub absolute: Comparison,
    /// The lift (full − other) / other; `None` when the other mean is 0.
    pub lift: Option<f64>,
    /// The 95 % interval of the lift.
    pub lift_ci95: Option<Interval>,
    /// Whether the lift's interval excludes 0.
    pub significant: bool,
}

/// Compares the full arm with each other arm that is there. Without a full arm there is nothing to compare.
pub fn impact_comparisons(arms: &[(ImpactArm, Arm)], metric: Metric) -> Vec<ImpactComparison> {
    let Some((_, full)) = arms.iter().find(|(kind, _)| *kind == ImpactArm::Full) else { return Vec::new() };
    let one = |(against, other): &(ImpactArm, Arm)| {
        let terms = Terms { metric, ..Terms::default() };
        let absolute = compare(other, full, &terms)?;
        let relative = compare(other, full, &Terms { scale: Scale::Relative, ..terms });
        let lift_ci95 = relative.map(|found| Interval::around(found.effect, 1.96 * found.se));
        Some(ImpactComparison {
            against: *against,
            absolute,
            lift: relative.map(|found| found.effect),
            lift_ci95,
            significant: lift_ci95.is_some_and(|interval| !interval.contains(0.0)),
        })
    };
    arms.iter().filter(|(kind, _)| *kind != ImpactArm::Full).filter_map(one).collect()
}

/// How many units each of two arms needs before a lift of this size over `base` shows, at 5 % and 80 % power.
pub fn required_sample(base: f64, lift: f64) -> f64 {
    sample_size(base, base * (1.0 + lift), 0.05, 0.8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_full_arm_is_compared_with_each_other() {
        let arm = |n: u64, yes: u64| {
            let mut arm = Arm::default();
            (0..n).for_each(|i| arm.push(f64::from(u8::from(i < yes))));
            arm
        };
        let arms = [
            (ImpactArm::Full, arm(20_000, 1_200)),
            (ImpactArm::RandomEligible, arm(20_000, 800)),
            (ImpactArm::NoLevers, arm(20_000, 1_210)),
        ];
        let found = impact_comparisons(&arms, Metric::Proportion);
        assert_eq!(found.len(), 2);
        assert!((found[0].lift.unwrap() - 0.5).abs() < 1e-12 && found[0].significant);
        assert!(!found[1].significant);
        assert!(impact_comparisons(&arms[1..], Metric::Proportion).is_empty());
        assert!(required_sample(0.05, 0.10) > 20_000.0);
    }
}
