//! All conditions of all actions at once.
//!
//! Conditions are split at their top-level `&&` and hash-consed into one graph of distinct sub-expressions. What asks
//! only about one attribute is not evaluated at all when deciding: the thresholds and literals of an attribute cut its
//! values into regions, and for each region the set of subjects that fail is known beforehand. A decision finds one
//! region an attribute and joins one row of bits an attribute. What asks about several attributes is evaluated at
//! most once a decision, and clears the subjects that need it.
//!
//! Not here: parsing, and explaining a whole condition, see [`crate::Trace`].

mod build;
mod evaluate;
mod formula;
mod recall;
mod regions;
mod rows;
mod table;

/// What the analysis of single conditions shares with the index.
pub(crate) mod analysis {
    pub(crate) use super::build::truth_in;
    pub(crate) use super::formula::{Formula, FormulaId, Graph, Scope};
    pub(crate) use super::table::{Cut, Table, Test};

    /// The regions that these tests cut an attribute into.
    pub(crate) fn table_for(attribute: crate::AttributeId, tests: &[Test]) -> Table {
        Table::new(attribute, tests)
    }
}

pub use build::IndexBuilder;
pub use evaluate::{Failure, Index, Scratch};
pub use recall::Remembered;
