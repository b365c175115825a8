//! One expression of the language, parsed and checked, of any type.
//!
//! Not here: conditions, which are expressions that are true or false; see [`crate::Condition`].

use std::sync::Arc;

use apropos_event::{Problem, Problems, Span, Zone};
use regex::Regex;

use crate::check::{Checked, Resolution, Type, check};
use crate::datum::Datum;
use crate::evaluate::{EvaluateError, Machine};
use crate::schema::Declarations;
use crate::text::{self, Ast, NodeId, Tree};
use crate::{AttributeId, Facts};

/// A parsed and checked expression. Cheap to clone: clones share one tree.
///
/// ```
/// use apropos_condition::{Expression, Facts, SchemaBuilder};
///
/// let mut builder = SchemaBuilder::new();
/// let (sum, _) = Expression::parse("[1, 2, 3].map(n, n * n)", &mut builder)?;
/// let facts = Facts::new(&builder.build());
/// assert_eq!(sum.evaluate(&facts)?.to_string(), "[1, 4, 9]");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Expression(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    text: Box<str>,
    ast: Ast,
    checked: Checked,
    kind: Type,
}

impl Expression {
    /// Reads `text` against what is declared.
    ///
    /// # Errors
    /// All problems at once, with spans, when one of them is an error. Warnings come beside the expression.
    pub fn parse(text: &str, names: impl Declarations) -> Result<(Self, Problems), Problems> {
        let ast = text::parse(text).map_err(|problem| Problems::from_iter([problem]))?;
        Self::check(text, ast, names)
    }

    /// Reads a tree against what is declared. Spans are places in the canonical text, see [`Self::text`].
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn from_tree(tree: &Tree, names: impl Declarations) -> Result<(Self, Problems), Problems> {
        let one = |problem: Problem| Problems::from_iter([problem]);
        let printed = text::from_tree(tree).map_err(one)?;
        Self::parse(&text::print(&printed, printed.root()), names)
    }

    fn check(text: &str, ast: Ast, names: impl Declarations) -> Result<(Self, Problems), Problems> {
        let mut problems = Problems::new();
        let (checked, kind) = check(&ast, names, &mut problems);
        let text = text.into();
        problems
            .into_result(())
            .map(|((), warnings)| (Self(Arc::new(Inner { text, ast, checked, kind })), warnings))
    }

    /// The value for `facts`, which must be of the schema the expression was read against.
    ///
    /// # Errors
    /// When the expression has no value for these facts.
    pub fn evaluate<'v>(&'v self, facts: &'v Facts) -> Result<Datum<'v>, EvaluateError> {
        Machine::new(self, facts).value(self.root())
    }

    /// The text it was read from.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// The one canonical spelling. Reading it again gives the same expression.
    pub fn canonical(&self) -> String {
        text::print(&self.0.ast, self.root())
    }

    /// The tree form.
    pub fn to_tree(&self) -> Tree {
        text::to_tree(&self.0.ast, self.root())
    }

    /// The attributes it reads, each once, ascending.
    pub fn attributes(&self) -> &[AttributeId] {
        &self.0.checked.attributes
    }

    /// The type of its value, for people.
    pub fn type_name(&self) -> String {
        self.0.kind.to_string()
    }

    pub(crate) fn cost(&self) -> u64 {
        self.0.checked.cost
    }

    /// The first leaf that may need more steps than it has.
    pub(crate) fn costly(&self) -> Option<NodeId> {
        self.0.checked.costly
    }

    pub(crate) fn kind(&self) -> &Type {
        &self.0.kind
    }

    pub(crate) fn root(&self) -> NodeId {
        self.0.ast.root()
    }

    pub(crate) fn ast(&self) -> &Ast {
        &self.0.ast
    }

    pub(crate) fn span(&self, id: NodeId) -> Span {
        self.0.ast.span(id)
    }

    pub(crate) fn resolution(&self, id: NodeId) -> Resolution {
        self.0.checked.resolved.get(id as usize).copied().unwrap_or(Resolution::Structure)
    }

    pub(crate) fn constant(&self, at: u32) -> &Datum<'static> {
        self.0.checked.constants.get(at as usize).unwrap_or(&Datum::Null)
    }

    pub(crate) fn pattern(&self, at: u32) -> Option<&Regex> {
        self.0.checked.patterns.get(at as usize)
    }

    pub(crate) fn zone(&self, at: u32) -> Option<&Zone> {
        self.0.checked.zones.get(at as usize)
    }
}
