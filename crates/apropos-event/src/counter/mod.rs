//! Exact windowed counters: how often, how much, when first and last, how many different, over a rolling or a
//! calendar window.
//!
//! They live here and not with the profile because a counter is only "what happened, seen through a window": it
//! knows instants, amounts and a zone, nothing of customers. Profiles count a customer's events with it; contact
//! policies and budgets can count with it too.
//!
//! A [`Series`] keeps the instants themselves, sorted, so a reading at any `now` equals a naive recount: there
//! is no bucket edge, no recount job, and late or disordered entries land where they belong. What that costs is
//! memory, so a series is bounded: beyond [`SeriesLimits`] the oldest entries are folded into a base that still knows
//! the lifetime totals, and a window that reaches behind the fold says so ([`Reading::exact`]).
//!
//! ```
//! use apropos_event::Timestamp;
//! use apropos_event::counter::{Entry, Series, SeriesLimits, Window};
//! use apropos_event::Zone;
//!
//! let at = |text: &str| text.parse::<Timestamp>();
//! let mut series = Series::default();
//! for (key, when) in [(2, at("2026-03-09T10:00:00Z")?), (1, at("2026-03-01T10:00:00Z")?)] {
//!     series.insert(Entry::new(when, key), &[]);
//! }
//! let now = at("2026-03-10T00:00:00Z")?;
//! let week = "7d".parse::<Window>()?.span(now, &Zone::utc());
//! assert_eq!(series.count(week).value, 1);
//! assert_eq!(series.count(Window::Ever.span(now, &Zone::utc())).value, 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Not here: which events are counted, and removing duplicates across series; that is their owner's work.

mod amount;
mod codec;
mod column;
mod folded;
mod join;
mod query;
mod rows;
mod series;
#[cfg(test)]
mod tests;
mod touch;
mod window;

pub use amount::Amount;
pub use column::{Cell, Column, ColumnKey, ColumnKind, Columns};
pub use query::{Past, Reading, Stretch};
pub use series::{Entry, Mark, Series, SeriesLimits};
pub use window::{CalendarUnit, ParseWindowError, Span, Window};
