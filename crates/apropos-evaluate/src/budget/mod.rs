//! Budgets, stock and call-centre hours: each has a shadow price, and none is ever overspent.
//!
//! [`Budgets`] prices what is scarce by dual descent (Balseiro, Lu, Mirrokni 2023) and reserves before anything is
//! promised; [`Forecast`] learns starting prices and a spending plan from a sample, such as last season. Not here: what
//! an action is worth.

mod forecast;
mod ledger;
mod prices;

pub use forecast::{Forecast, Sample, SampleOffer, dual_bound};
pub use ledger::{BudgetDefinition, Ledger, LedgerError, Reservation};
pub use prices::{Budgets, Offer};

/// The most budgets of one set.
pub const MAX_BUDGETS: usize = 256;
/// The most periods of a spending plan.
pub const MAX_PERIODS: usize = 100_000;
