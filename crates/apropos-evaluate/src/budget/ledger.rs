//! What is left of each budget, exactly: whole units, reserved before they are promised.
//!
//! Not here: prices.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{MAX_BUDGETS, MAX_OPEN_RESERVATIONS};

/// A budget as an author writes it: in the smallest unit that exists, such as cents, pieces or minutes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BudgetDefinition {
    /// Its name.
    pub name: String,
    /// How many units there are.
    pub units: u64,
}

/// Units set aside for a promise that has been made; give it back to [`Ledger::settle`] or [`Ledger::release`]. It is plain
/// data, so that a promise may be kept days later; a ledger takes each back only once.
#[must_use = "a reservation that is dropped stays reserved"]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reservation {
    id: u64,
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
    /// Too many promises are open.
    #[error("at most 1000000 reservations may be open; settle or release some")]
    TooManyOpen,
    /// The reservation is not open: it was settled or released before, or belongs to another ledger.
    #[error("this reservation is not open: it was settled or released before, or belongs to another ledger")]
    NotOpen,
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
    /// The costs of all open reservations, by their id.
    open: BTreeMap<u64, Vec<u64>>,
    next: u64,
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
        Ok(Self { definitions, spent: zero.clone(), reserved: zero, open: BTreeMap::new(), next: 0 })
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

    /// Sets units aside. O(budgets + log of the open reservations).
    ///
    /// # Errors
    /// When a budget has not enough left, or too many promises are open; nothing is set aside then.
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
        if MAX_OPEN_RESERVATIONS <= self.open.len() {
            return Err(LedgerError::TooManyOpen);
        }
        let id = self.next;
        self.next = id.checked_add(1).ok_or(LedgerError::TooManyOpen)?;
        self.reserved.iter_mut().zip(costs).for_each(|(reserved, cost)| *reserved += cost);
        self.open.insert(id, costs.to_vec());
        Ok(Reservation { id, costs: costs.to_vec() })
    }

    /// Spends what a promise really cost, at most what was reserved, and frees the rest.
    ///
    /// # Errors
    /// When more was spent than reserved: the reservation then stands and can be tried again. When the reservation is not
    /// open, as when a message arrives twice: nothing changes then.
    pub fn settle(&mut self, reservation: &Reservation, actual: &[u64]) -> Result<(), LedgerError> {
        if actual.len() != self.definitions.len() {
            return Err(LedgerError::Shape { found: actual.len(), budgets: self.definitions.len() });
        }
        for (budget, (reserved, actual)) in self.costs_of(reservation)?.iter().zip(actual).enumerate() {
            if reserved < actual {
                let budget = self.definitions[budget].name.clone();
                return Err(LedgerError::OverReserved { budget, reserved: *reserved, actual: *actual });
            }
        }
        self.release(reservation)?;
        self.spent.iter_mut().zip(actual).for_each(|(spent, actual)| *spent = spent.saturating_add(*actual));
        Ok(())
    }

    /// Frees what a promise that came to nothing had reserved.
    ///
    /// # Errors
    /// When the reservation is not open; nothing changes then.
    pub fn release(&mut self, reservation: &Reservation) -> Result<(), LedgerError> {
        self.costs_of(reservation)?;
        let costs = self.open.remove(&reservation.id).unwrap_or_default();
        self.reserved
            .iter_mut()
            .zip(&costs)
            .for_each(|(reserved, cost)| *reserved = reserved.saturating_sub(*cost));
        Ok(())
    }

    /// What is set aside for an open reservation.
    fn costs_of(&self, reservation: &Reservation) -> Result<&[u64], LedgerError> {
        let open = self.open.get(&reservation.id).filter(|costs| **costs == reservation.costs);
        open.map(Vec::as_slice).ok_or(LedgerError::NotOpen)
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
        ledger.release(&second).unwrap();
        assert_eq!(ledger.free(0), 5);
        assert!(ledger.reserve(&[1, 1]).is_err());
    }

    #[test]
    fn a_message_that_arrives_twice_counts_once() {
        let mut ledger = ledger(10);
        let all = ledger.reserve(&[10]).unwrap();
        ledger.settle(&all, &[10]).unwrap();
        let before = ledger.clone();
        assert_eq!(ledger.settle(&all, &[10]), Err(LedgerError::NotOpen));
        assert_eq!(ledger.release(&all), Err(LedgerError::NotOpen));
        assert_eq!(ledger, before);
        let stored: Ledger = serde_json::from_str(&serde_json::to_string(&ledger).unwrap()).unwrap();
        assert_eq!(stored, ledger);
    }

    proptest! {
        #[test]
        fn no_order_of_promises_overspends(steps in prop::collection::vec((0_u64..40, 0_u64..50, 0_u8..4), 0..200)) {
            // The naive twin keeps a list of open promises and adds up.
            let mut ledger = ledger(500);
            let (mut all, mut open, mut spent) = (Vec::new(), Vec::new(), 0);
            for (cost, actual, what) in steps {
                match what {
                    0 | 1 => if let Ok(reservation) = ledger.reserve(&[cost]) {
                        open.push(all.len());
                        all.push(reservation);
                    },
                    // Any promise that was ever made, open or not.
                    _ if !all.is_empty() => {
                        let which = (cost * 7 + actual) as usize % all.len();
                        let reserved = all[which].costs()[0];
                        let is_open = open.contains(&which);
                        let done = if what == 2 {
                            ledger.settle(&all[which], &[actual]).is_ok()
                        } else {
                            ledger.release(&all[which]).is_ok()
                        };
                        prop_assert_eq!(done, is_open && (what == 3 || actual <= reserved));
                        if done {
                            open.retain(|at| *at != which);
                            spent += if what == 2 { actual } else { 0 };
                        }
                    }
                    _ => {}
                }
                let reserved: u64 = open.iter().map(|at| all[*at].costs()[0]).sum();
                prop_assert!(spent + reserved <= 500);
                prop_assert_eq!(ledger.spent(), &[spent][..]);
                prop_assert_eq!(ledger.free(0), 500 - spent - reserved);
            }
        }
    }
}
