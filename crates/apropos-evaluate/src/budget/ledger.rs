//! What is left of each budget, exactly: whole units, reserved before they are promised.
//!
//! Not here: prices.

use serde::{Deserialize, Serialize};

use super::MAX_BUDGETS;

/// A budget as an author writes it: in the smallest unit that exists, such as cents, pieces or minutes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BudgetDefinition {
    /// Its name.
    pub name: String,
    /// How many units there are.
    pub units: u64,
}

/// Units set aside for a promise that has been made; give it back to [`Ledger::settle`] or [`Ledger::release`].
#[must_use = "a reservation that is dropped stays reserved"]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    costs: Vec<u64>,
}

impl Reservation {
    /// The units set aside, by budget.
    pub fn costs(&self) -> &[u64] {
        &self.costs
    }
}

/// Why units are not given. Nothing changes then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// Too many budgets.
    #[error("at most 256 budgets are accepted, these are {0}")]
    TooMany(usize),
    /// The costs are not one a budget.
    #[error("{found} costs for {budgets} budgets")]
    Shape {
        /// Costs given.
        found: usize,
        /// Budgets there are.
        budgets: usize,
    },
    /// Not enough is left.
    #[error("budget `{budget}` has {free} units left, {asked} were asked")]
    Short {
        /// The budget.
        budget: String,
        /// What is left.
        free: u64,
        /// What was asked.
        asked: u64,
    },
    /// More was spent than reserved.
    #[error("{actual} units of `{budget}` were spent and only {reserved} reserved")]
    OverReserved {
        /// The budget.
        budget: String,
        /// What was reserved.
        reserved: u64,
        /// What was spent.
        actual: u64,
    },
}

/// The state of all budgets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    definitions: Vec<BudgetDefinition>,
    spent: Vec<u64>,
    reserved: Vec<u64>,
}

impl Ledger {
    /// Untouched budgets.
    ///
    /// # Errors
    /// When there are too many.
    pub fn new(definitions: Vec<BudgetDefinition>) -> Result<Self, LedgerError> {
        if MAX_BUDGETS < definitions.len() {
            return Err(LedgerError::TooMany(definitions.len()));
        }
        let zero = vec![0; definitions.len()];
        Ok(Self { definitions, spent: zero.clone(), reserved: zero })
    }

    /// The budgets.
    pub fn definitions(&self) -> &[BudgetDefinition] {
        &self.definitions
    }

    /// What was spent of each.
    pub fn spent(&self) -> &[u64] {
        &self.spent
    }

    /// What is neither spent nor reserved of a budget.
    pub fn free(&self, budget: usize) -> u64 {
        let whole = self.definitions.get(budget).map_or(0, |definition| definition.units);
        let used = |list: &[u64]| list.get(budget).copied().unwrap_or(0);
        whole.saturating_sub(used(&self.spent)).saturating_sub(used(&self.reserved))
    }

    /// Whether all costs could be reserved.
    pub fn affords(&self, costs: &[u64]) -> bool {
        costs.len() == self.definitions.len()
            && costs.iter().enumerate().all(|(budget, cost)| *cost <= self.free(budget))
    }

    /// Sets units aside.
    ///
    /// # Errors
    /// When a budget has not enough left; nothing is set aside then.
    pub fn reserve(&mut self, costs: &[u64]) -> Result<Reservation, LedgerError> {
        if costs.len() != self.definitions.len() {
            return Err(LedgerError::Shape { found: costs.len(), budgets: self.definitions.len() });
        }
        for (budget, cost) in costs.iter().enumerate() {
            let free = self.free(budget);
            if free < *cost {
                let budget = self.definitions[budget].name.clone();
                return Err(LedgerError::Short { budget, free, asked: *cost });
            }
        }
        self.reserved.iter_mut().zip(costs).for_each(|(reserved, cost)| *reserved += cost);
        Ok(Reservation { costs: costs.to_vec() })
    }

    /// Spends what a promise really cost, at most what was reserved, and frees the rest.
    ///
    /// # Errors
    /// When more was spent than reserved; the reservation then stands and can be tried again.
    pub fn settle(&mut self, reservation: &Reservation, actual: &[u64]) -> Result<(), LedgerError> {
        if actual.len() != self.definitions.len() || reservation.costs.len() != actual.len() {
            return Err(LedgerError::Shape { found: actual.len(), budgets: self.definitions.len() });
        }
        for (budget, (reserved, actual)) in reservation.costs.iter().zip(actual).enumerate() {
            if reserved < actual {
                let budget = self.definitions[budget].name.clone();
                return Err(LedgerError::OverReserved { budget, reserved: *reserved, actual: *actual });
            }
        }
        self.release_costs(reservation);
        self.spent.iter_mut().zip(actual).for_each(|(spent, actual)| *spent += actual);
        Ok(())
    }

    /// Frees what a promise that came to nothing had reserved.
    pub fn release(&mut self, reservation: &Reservation) {
        self.release_costs(reservation);
    }

    fn release_costs(&mut self, reservation: &Reservation) {
        for (reserved, cost) in self.reserved.iter_mut().zip(&reservation.costs) {
            *reserved = reserved.saturating_sub(*cost);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ledger(units: u64) -> Ledger {
        Ledger::new(vec![BudgetDefinition { name: "cents".to_owned(), units }]).unwrap()
    }

    #[test]
    fn what_is_reserved_cannot_be_promised_twice() {
        let mut ledger = ledger(10);
        let first = ledger.reserve(&[7]).unwrap();
        assert_eq!(
            ledger.reserve(&[4]),
            Err(LedgerError::Short { budget: "cents".to_owned(), free: 3, asked: 4 })
        );
        assert!(ledger.settle(&first, &[8]).is_err());
        ledger.settle(&first, &[5]).unwrap();
        assert_eq!((ledger.free(0), ledger.spent()), (5, &[5][..]));
        let second = ledger.reserve(&[5]).unwrap();
        ledger.release(&second);
        assert_eq!(ledger.free(0), 5);
        assert!(ledger.reserve(&[1, 1]).is_err());
    }

    proptest! {
        #[test]
        fn no_order_of_promises_overspends(steps in prop::collection::vec((0_u64..40, 0_u64..50, any::<bool>()), 0..200)) {
            let mut ledger = ledger(500);
            let mut open: Vec<Reservation> = Vec::new();
            for (cost, actual, settle) in steps {
                open.extend(ledger.reserve(&[cost]));
                if settle && !open.is_empty() {
                    let reservation = open.remove(0);
                    if ledger.settle(&reservation, &[actual]).is_err() {
                        ledger.release(&reservation);
                    }
                }
                let reserved: u64 = open.iter().map(|r| r.costs()[0]).sum();
                prop_assert!(ledger.spent()[0] + reserved <= 500);
                prop_assert_eq!(ledger.free(0), 500 - ledger.spent()[0] - reserved);
            }
        }
    }
}
