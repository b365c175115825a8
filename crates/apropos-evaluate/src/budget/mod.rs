//! Budgets, stock and call-centre hours: each has a shadow price, and none is ever overspent.
//!
//! [`Budgets`] prices what is scarce by dual descent (Balseiro, Lu, Mirrokni 2023) and reserves before anything is
//! promised; [`Forecast`] learns starting prices and a spending plan from a sample, such as last season. Not here: what
//! an action is worth.
//!
//! An engine that chooses by itself needs four things of a budget: prices now, a hard reservation before the promise, and
//! settling or releasing it afterwards.
//!
//! ```
//! use apropos_evaluate::budget::{BudgetDefinition, Budgets, Ledger, Offer};
//!
//! /// What an engine does with prices: the greatest value after them, or silence.
//! fn choose(offers: &[Offer<'_>], prices: &[f64]) -> Option<usize> {
//!     let net = |offer: &Offer<'_>| {
//!         offer.value - offer.costs.iter().zip(prices).map(|(cost, price)| *cost as f64 * price).sum::<f64>()
//!     };
//!     let best = (0..offers.len()).max_by(|a, b| net(&offers[*a]).total_cmp(&net(&offers[*b])))?;
//!     (0.0 < net(&offers[best])).then_some(best)
//! }
//!
//! let define = |name: &str, units| BudgetDefinition { name: name.to_owned(), units };
//! let ledger = Ledger::new(vec![define("cents", 10_000), define("callbacks", 20)])?;
//! let mut budgets = Budgets::new(ledger, 1_000.0);
//! for customer in 0..1_000_u32 {
//!     // A coupon takes 50 cents, a call takes one of twenty callbacks.
//!     let wish = f64::from(customer * 7 % 10);
//!     let offers = [Offer { value: wish, costs: &[50, 0] }, Offer { value: 2.0 * wish, costs: &[0, 1] }];
//!     // 1. The engine weighs values against the prices of this moment, as plain numbers in the budgets' order.
//!     let Some(chosen) = choose(&offers, budgets.prices()) else {
//!         budgets.pass();
//!         continue;
//!     };
//!     // 2. Reserve before anything is promised; without a reservation nothing is said.
//!     let Ok(reservation) = budgets.take(&offers[chosen]) else {
//!         budgets.pass();
//!         continue;
//!     };
//!     // 3. Later the promise comes true, at what it really cost, or comes to nothing.
//!     if customer % 3 == 0 {
//!         budgets.ledger_mut().release(&reservation)?;
//!     } else {
//!         budgets.ledger_mut().settle(&reservation, offers[chosen].costs)?;
//!     }
//! }
//! let spent = budgets.ledger().spent();
//! assert!(spent[0] <= 10_000 && spent[1] <= 20);
//! // What is scarce has become dear.
//! assert!(0.0 < budgets.prices()[1]);
//! # Ok::<(), apropos_evaluate::budget::LedgerError>(())
//! ```

mod forecast;
mod ledger;
mod prices;

pub use forecast::{Forecast, Sample, SampleOffer, dual_bound};
pub use ledger::{BudgetDefinition, Ledger, LedgerError, Reservation};
pub use prices::{Budgets, Offer};

/// The most budgets of one set.
pub const MAX_BUDGETS: usize = 256;
/// The most reservations that may be open at once.
pub const MAX_OPEN_RESERVATIONS: usize = 1_000_000;
/// The most periods of a spending plan.
pub const MAX_PERIODS: usize = 100_000;
