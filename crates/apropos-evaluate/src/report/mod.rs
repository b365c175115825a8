//! A report for people: one self-contained HTML page with charts, and sentences that say what can be concluded.
//!
//! No script, no font, no image is fetched: the page can be mailed and archived. Not here: the figures.

mod charts;
mod experiment;
mod off_policy;
mod page;
mod sentences;
mod svg;
mod uplift;

pub use experiment::ExperimentArm;
pub use off_policy::Coverage;
pub use page::Page;
pub use uplift::UpliftScore;
