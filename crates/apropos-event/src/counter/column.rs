//! Columns of a series: what each entry carries besides its instant, as far as a counter asks for it.
//!
//! Not here: where cells lie, see `rows`.

use std::sync::Arc;

use crate::PropertyName;

use super::Amount;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ColumnKind {
    /// Amounts to add up.
    Amount,
    /// Hashes of values to tell apart.
    Mark,
}

/// One cell: what one entry has in one column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cell {
    /// The entry has nothing there.
    Absent,
    /// An amount.
    Amount(Amount),
    /// The hash of a value; a hash of zero is kept as one.
    Mark(u64),
}

/// One column: the property that it holds, and as what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Column {
    name: PropertyName,
    kind: ColumnKind,
}

impl Column {
    /// How many different folded values are remembered; beyond, a lifetime `distinct` is a lower bound.
    pub const MAX_FOLDED_MARKS: usize = 1_024;

    /// The column of `kind` called `name`.
    pub fn new(name: PropertyName, kind: ColumnKind) -> Self {
        Self { name, kind }
    }

    /// The property that the column holds.
    pub fn name(&self) -> &PropertyName {
        &self.name
    }

    /// What the column holds.
    pub fn kind(&self) -> ColumnKind {
        self.kind
    }
}

/// Columns in their order, each once.
///
/// Many series have the same: copies share one list, so that they take no room and are told to be the same at a glance.
#[derive(Clone, Debug, Default)]
pub struct Columns(Option<Arc<[Column]>>);

impl Columns {
    /// No columns.
    pub const NONE: Self = Self(None);

    /// These columns; what comes twice is left out the second time.
    pub fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        let mut each: Vec<Column> = Vec::new();
        for column in columns {
            if !each.contains(&column) {
                each.push(column);
            }
        }
        Self((!each.is_empty()).then(|| each.into()))
    }

    /// Where the column of `kind` called `name` is.
    pub fn position(&self, name: &str, kind: ColumnKind) -> Option<usize> {
        self.iter().position(|column| column.kind == kind && column.name.as_str() == name)
    }

    /// Whether the other is a copy of this list, or of none as well.
    pub fn is(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(mine), Some(theirs)) => Arc::ptr_eq(mine, theirs),
            (None, None) => true,
            _ => false,
        }
    }
}

impl std::ops::Deref for Columns {
    type Target = [Column];

    fn deref(&self) -> &[Column] {
        self.0.as_deref().unwrap_or_default()
    }
}

impl PartialEq for Columns {
    fn eq(&self, other: &Self) -> bool {
        self.is(other) || **self == **other
    }
}

/// A column to look for, and where it stands in the series that usually have it.
#[derive(Clone, Debug)]
pub struct ColumnKey {
    column: Column,
    usual: Columns,
    at: Option<usize>,
}

impl ColumnKey {
    /// The key of the column of `kind` called `name`, which `usual` is likely to have.
    pub fn new(name: PropertyName, kind: ColumnKind, usual: &Columns) -> Self {
        let at = usual.position(name.as_str(), kind);
        Self { column: Column { name, kind }, usual: usual.clone(), at }
    }

    /// Where the column is among `columns`. O(1) when those are copies of the usual ones.
    #[inline]
    pub fn position(&self, columns: &Columns) -> Option<usize> {
        if columns.is(&self.usual) {
            return self.at;
        }
        columns.position(self.column.name.as_str(), self.column.kind)
    }
}

impl PartialEq for ColumnKey {
    fn eq(&self, other: &Self) -> bool {
        self.column == other.column
    }
}
