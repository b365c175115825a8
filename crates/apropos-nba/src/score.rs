//! What an action is worth, to the company and to the customer, and the one number that follows.
//!
//! ```text
//! uplift    Δ = p − p₀                            p₀: the chance that the same good comes about in silence
//! company   V = Δ · value − cost
//! customer  B = Δ · benefit − effort − interruption · (1 + fatigue)
//! priority    = mutual(V, B) · context weight · lever − price of the scarce resource it uses
//! ```
//! `mutual` is the geometric mean √(V·B) (a Nash product: nothing when either side gains nothing), or the field's
//! product P·C·V·L. Whoever scores explains: every factor is kept.
//!
//! Not here: who wins. That is arbitration.

use serde::{Deserialize, Serialize};

use crate::definition::MutualDefinition;

/// What goes into a score. Amounts are in the playbook's currency.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Factors {
    /// The chance of success, 0 to 1.
    pub propensity: f64,
    /// The chance that the same good comes about in silence, 0 to 1.
    pub baseline: f64,
    /// What success is worth to the company.
    pub value: f64,
    /// What the attempt costs the company.
    pub cost: f64,
    /// What success is worth to the customer.
    pub benefit: f64,
    /// What the attempt asks of the customer.
    pub effort: f64,
    /// What the interruption costs the customer, fatigue included.
    pub interruption: f64,
    /// The product of the context weights that hold.
    pub context_weight: f64,
    /// The lever.
    pub lever: f64,
}

/// A score with every factor that led to it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// The chance of success.
    pub propensity: f64,
    /// The chance over that of silence.
    pub uplift: f64,
    /// What the company gains.
    pub company: f64,
    /// What the customer gains.
    pub customer: f64,
    /// What the interruption costs the customer; already taken off [`Score::customer`].
    pub interruption: f64,
    /// Context weight times lever.
    pub weight: f64,
    /// What the scarce resource that it uses is worth elsewhere; already taken off [`Score::priority`].
    pub price: f64,
    /// The number that ranks; zero or more.
    pub priority: f64,
}

impl Score {
    /// Scores `factors`. O(1); only IEEE-exact operations, so the same on every machine.
    pub fn of(factors: &Factors, mutual: MutualDefinition) -> Self {
        let uplift = factors.propensity - factors.baseline;
        let company = uplift * factors.value - factors.cost;
        let customer = uplift * factors.benefit - factors.effort - factors.interruption;
        let weight = factors.context_weight * factors.lever;
        let joint = match mutual {
            MutualDefinition::Nash => (company.max(0.0) * customer.max(0.0)).sqrt(),
            MutualDefinition::Pcvl => factors.propensity * factors.value.max(0.0),
        };
        Self {
            propensity: factors.propensity,
            uplift,
            company,
            customer,
            interruption: factors.interruption,
            weight,
            price: 0.0,
            priority: joint * weight,
        }
    }
}

/// The least propensity at which `factors` reach `priority`, if any up to 1 does.
///
/// Found by bisection on the score itself, to 1e-9; the score grows with propensity where value and benefit are
/// not negative.
pub fn propensity_for(factors: &Factors, mutual: MutualDefinition, priority: f64) -> Option<f64> {
    let at = |propensity: f64| Score::of(&Factors { propensity, ..*factors }, mutual).priority;
    if at(1.0) < priority {
        return None;
    }
    let (mut low, mut high) = (0.0, 1.0);
    while 1e-9 < high - low {
        let middle = f64::midpoint(low, high);
        if at(middle) < priority { low = middle } else { high = middle }
    }
    Some(high)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn factors() -> impl Strategy<Value = Factors> {
        (0.0..=1.0, 0.0..=0.5, 0.0..100.0, 0.0..10.0, 0.0..100.0, 0.0..10.0, 0.0..5.0).prop_map(
            |(propensity, baseline, value, cost, benefit, effort, interruption)| Factors {
                propensity,
                baseline,
                value,
                cost,
                benefit,
                effort,
                interruption,
                context_weight: 1.0,
                lever: 1.0,
            },
        )
    }

    proptest! {
        #[test]
        fn a_side_that_gains_nothing_makes_the_priority_zero(f in factors()) {
            let score = Score::of(&f, MutualDefinition::Nash);
            prop_assert!(score.priority.is_finite());
            prop_assert_eq!(score.priority == 0.0, score.company <= 0.0 || score.customer <= 0.0);
        }

        #[test]
        fn priority_grows_with_propensity(f in factors(), more in 0.0..0.5_f64) {
            let better = Factors { propensity: (f.propensity + more).min(1.0), ..f };
            let (low, high) = (Score::of(&f, MutualDefinition::Nash), Score::of(&better, MutualDefinition::Nash));
            prop_assert!(low.priority <= high.priority);
        }

        #[test]
        fn the_propensity_for_a_priority_reaches_it(f in factors(), wanted in 0.01..50.0_f64) {
            let at = |p: f64| Score::of(&Factors { propensity: p, ..f }, MutualDefinition::Nash).priority;
            match propensity_for(&f, MutualDefinition::Nash, wanted) {
                Some(p) => prop_assert!(wanted <= at(p)),
                None => prop_assert!(at(1.0) < wanted),
            }
        }
    }
}
