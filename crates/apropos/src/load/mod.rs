//! Reading what an author wrote: text to definition, with every structural mistake reported at once and located.
//!
//! Not here: what the definitions mean (each room checks its own), and files (hosts read those).
//!
//! A reader that stops at the first mistake makes authors play a guessing game. This one notes a mistake, takes it
//! out of its own copy of the tree, and reads again, until what is left can be read; what an author gets is the
//! whole list, each with its line.
//!
//! ```
//! use apropos::load::{Format, decode};
//!
//! #[derive(Debug, serde::Deserialize)]
//! #[serde(deny_unknown_fields)]
//! struct Offer {
//!     name: String,
//!     price: f64,
//! }
//!
//! let problems = decode::<Offer>("nmae = 'spring'\nprice = 'low'", Format::Toml).unwrap_err();
//! let codes: Vec<&str> = problems.iter().map(|problem| problem.code).collect();
//! // That the field `name` is missing is not told beside the slip that took it.
//! assert_eq!(codes, ["playbook/unknown-field", "playbook/wrong-type"]);
//! ```

mod decode;
mod json;
mod mending;
mod mistake;
mod peel;
mod place;
mod render;
mod shape;
mod source;
mod strict;
#[cfg(test)]
mod tests;
mod toml;

pub use decode::{Format, MAX_PROBLEMS, MAX_ROUNDS, MAX_TEXT, decode};
pub(crate) use decode::{in_order, read};
pub use source::Source;
