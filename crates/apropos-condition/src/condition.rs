//! A condition: an expression that is true, false or unknown.
//!
//! Not here: many conditions at once, see [`crate::IndexBuilder`].

use std::fmt;

use apropos_event::{Path, Problem, Problems};

use crate::check::{Type, with_article};
use crate::evaluate::{counted, truth};
use crate::limits::MAX_TEXT_BYTES;
use crate::schema::Declarations;
use crate::text::Tree;
use crate::{AttributeId, Expression, Facts, Truth};

/// A parsed and checked condition. Cheap to clone.
///
/// ```
/// use apropos_condition::{AttributeDefinition, AttributeType, Condition, Facts, SchemaBuilder, Truth};
/// use apropos_event::{Path, Problems};
///
/// let mut builder = SchemaBuilder::new();
/// let age = AttributeDefinition::new("profile.age".parse()?, AttributeType::Int);
/// builder.declare(&Path::root(), age, &mut Problems::new());
/// let (adult, _warnings) = Condition::parse("profile.age >= 18", &mut builder)?;
///
/// // Every problem comes with its place and, where there is one, a way out.
/// let problems = Condition::parse("profile.aeg >= 18", &mut builder).unwrap_err();
/// assert!(problems.to_string().contains("did you mean `profile.age`?"));
///
/// let schema = builder.build();
/// let mut facts = Facts::new(&schema);
/// assert_eq!(adult.evaluate(&facts), Truth::Unknown);
/// facts.set_int(schema.id("profile.age").ok_or("declared above")?, 42);
/// assert_eq!(adult.evaluate(&facts), Truth::True);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Condition(Expression);

impl Condition {
    /// Reads `text` against what is declared: a `&mut SchemaBuilder` or a `&Schema`.
    ///
    /// # Errors
    /// All problems at once, with spans in `text`, when one of them is an error. Warnings come beside the
    /// condition.
    pub fn parse(text: &str, names: impl Declarations) -> Result<(Self, Problems), Problems> {
        Self::of(Expression::parse(text, names)?)
    }

    /// Reads a tree against what is declared. Spans are places in [`Self::text`], the canonical text.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn from_tree(tree: &Tree, names: impl Declarations) -> Result<(Self, Problems), Problems> {
        Self::of(Expression::from_tree(tree, names)?)
    }

    /// Reads a tree written in JSON.
    ///
    /// # Errors
    /// When the JSON is not a tree, or as [`Self::parse`].
    pub fn from_json(json: &str, names: impl Declarations) -> Result<(Self, Problems), Problems> {
        let refused =
            |code, message: String| Problems::from_iter([Problem::error(code, Path::root(), message)]);
        if 8 * MAX_TEXT_BYTES < json.len() {
            let message = format!("the tree of a condition is at most {} bytes long", 8 * MAX_TEXT_BYTES);
            return Err(refused("condition/too-long", message));
        }
        let tree: Tree =
            serde_json::from_str(json).map_err(|error| refused("condition/json", error.to_string()))?;
        Self::from_tree(&tree, names)
    }

    fn of((expression, warnings): (Expression, Problems)) -> Result<(Self, Problems), Problems> {
        if matches!(expression.kind(), Type::Bool | Type::Dynamic) {
            return Ok((Self(expression), warnings));
        }
        let message =
            format!("a condition is true or false, this is {}", with_article(&expression.type_name()));
        let problem =
            Problem::error("condition/not-bool", Path::root(), message).with_span(0..expression.text().len());
        Err(warnings.into_iter().chain([problem]).collect())
    }

    /// Whether it holds for `facts`, which must be of the schema the condition was read against.
    ///
    /// Unknown when an attribute that matters is missing or an operation failed. O(nodes).
    pub fn evaluate(&self, facts: &Facts) -> Truth {
        truth(&self.0, self.0.root(), facts)
    }

    /// The same, with the steps it took: never more than [`Self::cost`].
    pub fn evaluate_counted(&self, facts: &Facts) -> (Truth, u64) {
        let mut steps = 0;
        (counted(&self.0, self.0.root(), facts, &mut steps), steps)
    }

    /// The most steps one evaluation may take, whatever the facts: known when the condition is read, and at most
    /// [`crate::limits::MAX_COST`].
    pub fn cost(&self) -> u64 {
        self.0.cost()
    }

    /// The condition as an expression.
    pub fn expression(&self) -> &Expression {
        &self.0
    }

    /// The text it was read from, to which spans refer.
    pub fn text(&self) -> &str {
        self.0.text()
    }

    /// The one canonical spelling. Reading it again gives the same condition.
    pub fn canonical(&self) -> String {
        self.0.canonical()
    }

    /// The tree form.
    pub fn to_tree(&self) -> Tree {
        self.0.to_tree()
    }

    /// The tree form in JSON.
    pub fn to_json(&self) -> String {
        // INVARIANT: a tree holds no map with keys other than text, so that it can always be written.
        serde_json::to_string(&self.to_tree()).unwrap_or_default()
    }

    /// The attributes it reads, each once, ascending.
    pub fn attributes(&self) -> &[AttributeId] {
        self.0.attributes()
    }
}

impl fmt::Display for Condition {
    /// The canonical text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.canonical())
    }
}
