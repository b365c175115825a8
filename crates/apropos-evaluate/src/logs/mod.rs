//! Decision logs: our own lines, and the field's formats in and out.
//!
//! | format | in | out |
//! |---|---|---|
//! | our JSON lines ([`DecisionRecord`]) | yes | yes |
//! | plain JSON lines `{shared, actions, chosen, cost, prob}` | yes | |
//! | Vowpal Wabbit text, multi-line ([`vw`]) | yes | yes |
//! | DSJSON ([`dsjson`]) | yes | yes |
//! | Open Bandit CSV ([`open_bandit`]) | yes | |
//!
//! All readers take text that the caller has read; none opens a file. Foreign logs speak of costs; a record speaks
//! of rewards, and cost = −reward.

pub mod dsjson;
mod error;
pub mod open_bandit;
pub mod plain;
mod record;
pub mod vw;

pub use error::LogError;
pub use record::{Candidate, DecisionRecord, Features, Namespace, Slot};

/// The most candidates one record holds.
pub const MAX_CANDIDATES: usize = 10_000;
/// The most features one record holds, over all candidates.
pub const MAX_FEATURES: usize = 1_000_000;
/// The longest line that is read, in bytes.
pub const MAX_LINE: usize = 16 << 20;
