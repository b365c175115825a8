//! What checking found out: what each node stands for, and all that evaluating will need.
//!
//! Not here: finding it out, see `checker`, `names`, `calls` and `operators`.

use apropos_event::Zone;
use regex::Regex;

use super::builtin::{self, Builtin};
use crate::AttributeId;
use crate::datum::Datum;
use crate::text::NodeId;

/// What a node stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Resolution {
    /// What its shape says.
    Structure,
    Constant(u32),
    Attribute(AttributeId),
    HasAttribute(AttributeId),
    /// A variable of a macro, by nesting.
    Local(u8),
    Builtin(Builtin),
    /// The pattern it is matched against.
    Matches(u32),
    /// A part of local time in a zone.
    LocalPart(builtin::Part, u32),
}

/// What checking found out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Checked {
    pub(crate) resolved: Vec<Resolution>,
    pub(crate) constants: Vec<Datum<'static>>,
    pub(crate) patterns: Vec<Regex>,
    pub(crate) zones: Vec<Zone>,
    /// The attributes it reads, each once, ascending.
    pub(crate) attributes: Vec<AttributeId>,
    /// The most steps one evaluation may take.
    pub(crate) cost: u64,
    /// The first leaf that may need more steps than it has.
    pub(crate) costly: Option<NodeId>,
}
