//! Running shadow prices: what is scarce becomes dear, so that what is left goes to where it earns most.
//!
//! After each decision λ_j ← max(0, λ_j + η s_j (c_j − ρ_j) / ρ̄_j), where ρ_j is what may be spent per decision from
//! here on (the plan's, or what is left over the decisions that are left) and s_j a price of the right size. A budget
//! that runs ahead of its plan becomes dearer, one that lags becomes cheaper. Not here: the hard limit (`ledger`).

use serde::{Deserialize, Serialize};

use super::{Forecast, Ledger, LedgerError, Reservation};

/// The step of the prices, in units of 1/√decisions.
const STEP: f64 = 0.5;

/// One action as the budgets see it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Offer<'a> {
    /// What it is worth; silence is worth 0.
    pub value: f64,
    /// What it would take of each budget.
    pub costs: &'a [u64],
}

/// Budgets with their prices.
///
/// ```
/// use apropos_evaluate::budget::{BudgetDefinition, Budgets, Ledger, Offer};
///
/// let ledger = Ledger::new(vec![BudgetDefinition { name: "vouchers".to_owned(), units: 1 }])?;
/// let mut budgets = Budgets::new(ledger, 100.0);
/// let offers = [Offer { value: 2.0, costs: &[0] }, Offer { value: 3.0, costs: &[1] }];
/// let (chosen, reservation) = budgets.decide(&offers).unwrap();
/// assert_eq!(chosen, 1);
/// budgets.ledger_mut().settle(&reservation, &[1])?;
/// // The only voucher is gone: the same question has another answer now.
/// assert_eq!(budgets.decide(&offers).unwrap().0, 0);
/// # Ok::<(), apropos_evaluate::budget::LedgerError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Budgets {
    ledger: Ledger,
    prices: Vec<f64>,
    scales: Vec<f64>,
    plan: Vec<Vec<f64>>,
    period: usize,
    expected: f64,
    decisions: f64,
    period_decisions: f64,
    period_expected: f64,
    worth: f64,
    step: f64,
}

impl Budgets {
    /// Budgets that expect this many decisions until their end, without a forecast.
    pub fn new(ledger: Ledger, expected_decisions: f64) -> Self {
        let count = ledger.definitions().len();
        let expected = expected_decisions.max(1.0);
        Self {
            ledger,
            prices: vec![0.0; count],
            scales: vec![0.0; count],
            plan: Vec::new(),
            period: 0,
            expected,
            decisions: 0.0,
            period_decisions: 0.0,
            period_expected: expected,
            worth: 0.0,
            step: STEP / libm::sqrt(expected),
        }
    }

    /// Starts from a forecast: its prices, and its plan of when to spend.
    #[must_use]
    pub fn with_forecast(mut self, forecast: &Forecast) -> Self {
        for (budget, price) in forecast.prices.iter().enumerate().take(self.prices.len()) {
            self.prices[budget] = *price;
            self.scales[budget] = *price;
        }
        self.plan.clone_from(&forecast.plan);
        self
    }

    /// The price of a unit of each budget now, in the order of the ledger's definitions and the currency of values.
    pub fn prices(&self) -> &[f64] {
        &self.prices
    }

    /// The ledger.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The ledger, to settle and release reservations.
    pub fn ledger_mut(&mut self) -> &mut Ledger {
        &mut self.ledger
    }

    /// Begins a period of the plan, with the number of decisions expected in it.
    pub fn begin_period(&mut self, period: usize, expected_decisions: f64) {
        self.period = period;
        self.period_decisions = 0.0;
        self.period_expected = expected_decisions.max(1.0);
    }

    /// What an offer is worth after prices.
    pub fn net_value(&self, offer: &Offer<'_>) -> f64 {
        offer.value
            - offer.costs.iter().zip(&self.prices).map(|(cost, price)| *cost as f64 * price).sum::<f64>()
    }

    /// The offer with the greatest value after prices among those that can still be afforded; `None` when silence is
    /// better. Ties go to the first. O(offers · budgets).
    pub fn choose(&self, offers: &[Offer<'_>]) -> Option<usize> {
        let mut best: Option<(f64, usize)> = None;
        for (at, offer) in offers.iter().enumerate() {
            let net = self.net_value(offer);
            if best.map_or(0.0, |(value, _)| value) < net && self.ledger.affords(offer.costs) {
                best = Some((net, at));
            }
        }
        best.map(|(_, at)| at)
    }

    /// Chooses, reserves what the choice may cost, and moves the prices; `None` is silence.
    pub fn decide(&mut self, offers: &[Offer<'_>]) -> Option<(usize, Reservation)> {
        let chosen = self.choose(offers);
        let reserved = chosen.and_then(|at| Some((at, self.ledger.reserve(offers[at].costs).ok()?)));
        let zero = vec![0; self.prices.len()];
        let (value, costs) =
            reserved.as_ref().map_or((0.0, &zero[..]), |(at, _)| (offers[*at].value, offers[*at].costs));
        self.learn(value, costs);
        reserved
    }

    /// Reserves and moves the prices for a choice that was made elsewhere.
    ///
    /// # Errors
    /// When a budget has not enough left; nothing changes then.
    pub fn take(&mut self, offer: &Offer<'_>) -> Result<Reservation, LedgerError> {
        let reservation = self.ledger.reserve(offer.costs)?;
        self.learn(offer.value, offer.costs);
        Ok(reservation)
    }

    /// Moves the prices for a decision that was made elsewhere and takes nothing: silence, or a choice that could not be
    /// reserved. What stays unspent becomes cheaper.
    pub fn pass(&mut self) {
        let zero = vec![0; self.prices.len()];
        self.learn(0.0, &zero);
    }

    fn learn(&mut self, value: f64, costs: &[u64]) {
        self.decisions += 1.0;
        self.period_decisions += 1.0;
        self.worth += (value.max(0.0) - self.worth) / self.decisions;
        for (budget, cost) in costs.iter().enumerate() {
            let whole = self.ledger.definitions()[budget].units as f64;
            let mean_rate = whole / self.expected;
            if mean_rate <= 0.0 {
                continue;
            }
            let scale = if 0.0 < self.scales[budget] { self.scales[budget] } else { self.worth / mean_rate };
            let ahead = (*cost as f64 - self.rate(budget)) / mean_rate;
            self.prices[budget] = (self.prices[budget] + self.step * scale * ahead).max(0.0);
        }
    }

    /// What may be spent of a budget at one decision from here on.
    fn rate(&self, budget: usize) -> f64 {
        let left_decisions = (self.expected - self.decisions).max(1.0);
        let even = self.ledger.free(budget) as f64 / left_decisions;
        let Some(plan) = self.plan.get(budget) else { return even };
        let ahead: f64 = plan.iter().skip(self.period).sum();
        let Some(share) = plan.get(self.period).filter(|_| 0.0 < ahead) else { return even };
        let progress = (self.period_decisions / self.period_expected).min(1.0);
        // What is left goes where the rest of the plan lies; this decision is due its part of it.
        let rest = (ahead - share * progress).max(share / self.period_expected);
        if rest <= 0.0 {
            0.0
        } else {
            self.ledger.free(budget) as f64 * (share / self.period_expected) / rest
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::BudgetDefinition;

    #[test]
    fn scarcity_raises_the_price_and_plenty_lowers_it() {
        let ledger = |units| Ledger::new(vec![BudgetDefinition { name: "b".to_owned(), units }]).unwrap();
        let mut scarce = Budgets::new(ledger(100), 1_000.0);
        for _ in 0..200 {
            let offers = [Offer { value: 1.0, costs: &[1] }];
            let _ = scarce.decide(&offers);
        }
        assert!(0.5 < scarce.prices()[0], "{:?}", scarce.prices());
        let mut plenty = Budgets::new(ledger(10_000), 1_000.0);
        for _ in 0..200 {
            let _ = plenty.decide(&[Offer { value: 1.0, costs: &[1] }]);
        }
        assert_eq!(plenty.prices(), &[0.0]);
    }

    #[test]
    fn choosing_elsewhere_moves_prices_as_choosing_here_does() {
        let ledger = Ledger::new(vec![BudgetDefinition { name: "b".to_owned(), units: 40 }]).unwrap();
        let (mut here, mut there) = (Budgets::new(ledger.clone(), 100.0), Budgets::new(ledger, 100.0));
        for at in 0..100_u32 {
            let offer = Offer { value: f64::from(at % 7) - 1.0, costs: &[1] };
            let decided = here.decide(&[offer]);
            match there.choose(&[offer]) {
                Some(_) => assert_eq!(there.take(&offer).ok(), decided.map(|(_, reservation)| reservation)),
                None => there.pass(),
            }
            assert_eq!(here, there);
        }
        assert_ne!(here.prices(), &[0.0]);
    }

    #[test]
    fn silence_wins_when_nothing_is_worth_its_price() {
        let ledger = Ledger::new(vec![BudgetDefinition { name: "b".to_owned(), units: 5 }]).unwrap();
        let budgets = Budgets::new(ledger, 10.0);
        assert_eq!(budgets.choose(&[Offer { value: -1.0, costs: &[0] }]), None);
        assert_eq!(budgets.choose(&[Offer { value: 1.0, costs: &[6] }]), None);
        assert_eq!(budgets.choose(&[Offer { value: f64::NAN, costs: &[1] }]), None);
    }
}
