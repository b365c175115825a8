//! The part of a playbook that dropped a candidate, by its name.
//!
//! Not here: why it did, see `stage`.

use std::fmt;
use std::ops::Deref;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// The part of a playbook that dropped a candidate, such as `eligible[0]` or the name of a limit.
///
/// Read and written as text. Every decision names one for each loser, so that short names lie inline.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Component(CompactString);

impl Component {
    /// The component of this name.
    pub fn new(name: &str) -> Self {
        Self(CompactString::new(name))
    }

    /// A component that is known when this is compiled.
    pub(crate) const fn fixed(name: &'static str) -> Self {
        Self(CompactString::const_new(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for Component {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Component {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl PartialEq<str> for Component {
    fn eq(&self, name: &str) -> bool {
        self.as_str() == name
    }
}

impl PartialEq<&str> for Component {
    fn eq(&self, name: &&str) -> bool {
        self.as_str() == *name
    }
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}
