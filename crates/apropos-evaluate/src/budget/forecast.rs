//! What a sample of decisions, such as last season's, says about prices and about when money is spent.
//!
//! Not here: the running prices; see `prices`.

use serde::{Deserialize, Serialize};

use super::MAX_PERIODS;

/// One action of a sampled decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleOffer {
    /// What it was worth.
    pub value: f64,
    /// What it took of each budget.
    pub costs: Vec<u64>,
}

/// One sampled decision: its period (a day, an hour) and what could have been done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// The period, from 0.
    pub period: usize,
    /// The actions; silence, worth and costing nothing, is always possible.
    pub offers: Vec<SampleOffer>,
}

/// Starting prices and a spending plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forecast {
    /// The price of a unit of each budget.
    pub prices: Vec<f64>,
    /// Per budget, the share of its spend in each period; each sums to 1 unless the budget was never touched.
    pub plan: Vec<Vec<f64>>,
}

impl Forecast {
    /// Finds the prices under which the sample just uses up `units` of each budget, and when it would spend them.
    ///
    /// `scale` is how many decisions are expected for one in the sample. Subgradient descent on the convex dual.
    /// O(rounds · decisions · actions · budgets).
    pub fn learn(sample: &[Sample], units: &[u64], scale: f64) -> Self {
        let scaled: Vec<f64> = units.iter().map(|units| *units as f64 / scale).collect();
        let prices = solve(sample, &scaled).0;
        let periods = sample.iter().map(|decision| decision.period + 1).max().unwrap_or(1).min(MAX_PERIODS);
        let mut plan = vec![vec![0.0; periods]; units.len()];
        for decision in sample {
            if let Some(offer) = best(&decision.offers, &prices) {
                for (budget, cost) in offer.costs.iter().enumerate().take(plan.len()) {
                    plan[budget][decision.period.min(periods - 1)] += *cost as f64;
                }
            }
        }
        for shares in &mut plan {
            let sum: f64 = shares.iter().sum();
            if 0.0 < sum {
                for share in shares {
                    *share /= sum;
                }
            }
        }
        Self { prices, plan }
    }
}

/// An upper bound on what *any* plan, even a clairvoyant one, can earn from these decisions with these budgets: the
/// least value of the dual that was found. By weak duality it is never below the optimum.
pub fn dual_bound(decisions: &[Sample], units: &[u64]) -> f64 {
    let units: Vec<f64> = units.iter().map(|units| *units as f64).collect();
    solve(decisions, &units).1
}

/// The offer with the greatest value after prices, if it beats silence.
fn best<'a>(offers: &'a [SampleOffer], prices: &[f64]) -> Option<&'a SampleOffer> {
    let worth = |offer: &SampleOffer| -> f64 {
        offer.value - offer.costs.iter().zip(prices).map(|(cost, price)| *cost as f64 * price).sum::<f64>()
    };
    let scored = offers.iter().map(|offer| (worth(offer), offer)).filter(|(worth, _)| 0.0 < *worth);
    scored.reduce(|best, next| if best.0 < next.0 { next } else { best }).map(|(_, offer)| offer)
}

/// Prices with a small dual, and the least dual seen: subgradient steps that shrink.
fn solve(decisions: &[Sample], units: &[f64]) -> (Vec<f64>, f64) {
    let worth: f64 = decisions
        .iter()
        .map(|decision| decision.offers.iter().map(|offer| offer.value).fold(0.0, f64::max))
        .sum();
    // A price of this size would spend the whole value of the season on one budget.
    let scales: Vec<f64> =
        units.iter().map(|units| if 0.0 < *units { worth / units } else { worth }).collect();
    let mut prices = vec![0.0; units.len()];
    let (mut found, mut least) = (prices.clone(), f64::INFINITY);
    for round in 0..ROUNDS {
        let mut spend = vec![0.0; units.len()];
        let mut dual: f64 = prices.iter().zip(units).map(|(price, units)| price * units).sum();
        for decision in decisions {
            if let Some(offer) = best(&decision.offers, &prices) {
                dual += offer.value;
                for ((spend, cost), price) in spend.iter_mut().zip(&offer.costs).zip(&prices) {
                    *spend += *cost as f64;
                    dual -= price * *cost as f64;
                }
            }
        }
        if dual < least {
            least = dual;
            found.clone_from(&prices);
        }
        let step = 0.5 / (1.0 + f64::from(round));
        for (budget, price) in prices.iter_mut().enumerate() {
            let off = if 0.0 < units[budget] {
                (spend[budget] / units[budget] - 1.0).clamp(-1.0, 2.0)
            } else {
                spend[budget].min(1.0)
            };
            *price = (*price + step * scales[budget] * off).max(0.0);
        }
    }
    (found, least)
}

const ROUNDS: u32 = 400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_knapsack_has_the_price_of_its_marginal_item() {
        // Values 1, 2, …, 100 at one unit each, and 30 units: the price is between 70 and 71.
        let decisions: Vec<Sample> = (1..=100)
            .map(|value| Sample {
                period: value / 51,
                offers: vec![SampleOffer { value: value as f64, costs: vec![1] }],
            })
            .collect();
        let forecast = Forecast::learn(&decisions, &[30], 1.0);
        assert!((69.5..=71.5).contains(&forecast.prices[0]), "{:?}", forecast.prices);
        let optimum: f64 = (71..=100).map(f64::from).sum();
        let bound = dual_bound(&decisions, &[30]);
        assert!((optimum * (1.0 - 1e-12)..optimum * 1.005).contains(&bound), "{bound} for {optimum}");
        assert!(0.99 < forecast.plan[0][1]);
    }

    #[test]
    fn a_budget_that_is_never_short_costs_nothing() {
        let decisions =
            vec![Sample { period: 0, offers: vec![SampleOffer { value: 5.0, costs: vec![1] }] }; 10];
        assert_eq!(Forecast::learn(&decisions, &[1_000], 1.0).prices, vec![0.0]);
    }
}
