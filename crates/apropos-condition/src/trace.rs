//! Why a condition is true, false or unknown for some facts: a tree with spans and the values seen, and the smallest
//! changes that would make it true.
//!
//! Not here: sentences for people. A trace is data.

use apropos_event::{AttributeName, Span, Value};
use serde::Serialize;

use crate::check::Resolution;
use crate::datum::Datum;
use crate::evaluate::{EvaluateError, Machine, truth};
use crate::flips::{Flip, minimal_flips};
use crate::text::{Node, NodeId, UnaryOp};
use crate::{Condition, Expression, Facts, Truth};

/// What a node of a trace is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TraceKind {
    /// All children must hold.
    All,
    /// One child must hold.
    Any,
    /// The child must not hold.
    Not,
    /// A leaf: a comparison, a call, an attribute.
    Leaf,
}

/// What a leaf saw of one attribute.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Seen {
    /// The attribute.
    pub attribute: AttributeName,
    /// Its value, or `None` when it is missing. A long one is cut: texts to 1,024 bytes, lists and maps to 64 elements.
    pub value: Option<Value>,
}

/// One node of the explanation.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TraceNode {
    /// What the node is.
    pub kind: TraceKind,
    /// What it came to.
    pub truth: Truth,
    /// Where it stands in the condition's text.
    pub span: Span,
    /// The text there.
    pub text: String,
    /// Why a leaf is unknown.
    pub why: Option<String>,
    /// The attributes a leaf read.
    pub seen: Vec<Seen>,
    /// The nodes under it.
    pub children: Vec<TraceNode>,
}

/// The explanation of one condition for some facts.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Trace {
    /// What the condition came to.
    pub truth: Truth,
    /// The tree.
    pub root: TraceNode,
    /// The attributes whose absence made leaves unknown, each once.
    pub missing: Vec<AttributeName>,
    /// The smallest sets of leaves whose change would make the condition true, fewest changes first. Empty when it is
    /// true, or when no change of leaves can make it so.
    pub flips: Vec<Vec<Flip>>,
    /// Whether the search for flips stopped at its limits, [`crate::MAX_FLIP_SETS`] and [`crate::MAX_FLIP_SIZE`], so that
    /// there may be more.
    pub more_flips: bool,
}

impl Condition {
    /// Explains the condition for some facts. Not for the hot path: allocates, and grows with the condition.
    pub fn trace(&self, facts: &Facts) -> Trace {
        let expression = self.expression();
        let mut missing = Vec::new();
        let root = node(expression, expression.root(), facts, &mut missing);
        missing.sort_unstable();
        missing.dedup();
        let (flips, more_flips) = minimal_flips(expression, facts);
        Trace { truth: root.truth, root, missing, flips, more_flips }
    }
}

fn node(expression: &Expression, id: NodeId, facts: &Facts, missing: &mut Vec<AttributeName>) -> TraceNode {
    let ast_node = expression.ast().node(id);
    let (kind, children): (_, &[NodeId]) = match (expression.resolution(id), ast_node) {
        (Resolution::Structure, Node::And(terms)) => (TraceKind::All, terms),
        (Resolution::Structure, Node::Or(terms)) => (TraceKind::Any, terms),
        (Resolution::Structure, Node::Unary { op: UnaryOp::Not, operand }) => {
            (TraceKind::Not, std::slice::from_ref(operand))
        }
        _ => (TraceKind::Leaf, &[]),
    };
    let span = expression.span(id);
    let text = expression.text().get(span.clone()).unwrap_or_default().to_owned();
    let children: Vec<TraceNode> =
        children.iter().map(|child| node(expression, *child, facts, missing)).collect();
    let mut truths = children.iter().map(|child| child.truth);
    let mut why = None;
    let mut seen = Vec::new();
    let truth = match kind {
        TraceKind::All => truths.fold(Truth::True, Truth::and),
        TraceKind::Any => truths.fold(Truth::False, Truth::or),
        TraceKind::Not => truths.next().map_or(Truth::Unknown, |truth| !truth),
        TraceKind::Leaf => {
            seen = reads(expression, id, facts);
            why = Machine::new(expression, facts).value(id).err();
            truth(expression, id, facts)
        }
    };
    if let Some(EvaluateError::Missing(attribute)) = why {
        missing.extend(facts.schema().definition(attribute).map(|definition| definition.name.clone()));
    }
    let why = why.map(|why| why.to_string());
    TraceNode { kind, truth, span, text, why, seen, children }
}

/// The attributes that the nodes under `id` read, each once, with their values.
fn reads(expression: &Expression, id: NodeId, facts: &Facts) -> Vec<Seen> {
    let mut found = Vec::new();
    let mut pending = vec![id];
    while let Some(id) = pending.pop() {
        match expression.resolution(id) {
            Resolution::Attribute(attribute) | Resolution::HasAttribute(attribute) => found.push(attribute),
            Resolution::Constant(_) => {}
            _ => expression.ast().node(id).children(|child| pending.push(child)),
        }
    }
    found.sort_unstable();
    found.dedup();
    let schema = facts.schema();
    found
        .into_iter()
        .filter_map(|attribute| {
            let definition = schema.definition(attribute)?;
            let value = facts.get(attribute).map(|datum| shown(&datum));
            Some(Seen { attribute: definition.name.clone(), value })
        })
        .collect()
}

const SHOWN_BYTES: usize = 1024;
const SHOWN_ITEMS: usize = 64;

/// The value, cut where it is long: a condition may read a long text a thousand times. Recursion is bounded by the depth of
/// facts.
fn shown(datum: &Datum<'_>) -> Value {
    match datum {
        Datum::Text(text) => {
            let text = text.as_str();
            Value::Text(text.get(..text.floor_char_boundary(SHOWN_BYTES)).unwrap_or_default().to_owned())
        }
        Datum::List(items) => Value::List(items.iter().take(SHOWN_ITEMS).map(|item| shown(&item)).collect()),
        Datum::Map(entries) => {
            let entries = entries.iter().take(SHOWN_ITEMS);
            Value::Map(entries.map(|(key, value)| (key.to_string(), shown(&value))).collect())
        }
        other => other.to_value(),
    }
}
