//! A report for people: one self-contained HTML page with charts, and sentences that say what can be concluded.
//!
//! No script, no font, no image is fetched: the page can be mailed and archived. Not here: the figures.

mod charts;
mod page;
mod sections;
mod sentences;
mod svg;

pub use page::Page;
pub use sections::{Coverage, ExperimentArm, UpliftScore};
