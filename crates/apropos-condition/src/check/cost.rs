//! How many steps evaluating a condition may take, whatever the facts: counted over the checked tree before the condition
//! is accepted.
//!
//! Mirrors what `evaluate::machine` spends, with the longest lists and texts that facts may hold in place of real ones.
//! Not here: the steps themselves.

use super::checked::{Checked, Resolution};
use crate::limits::{MAX_FACT_ITEMS, MAX_FACT_TEXT, MAX_STEPS, MAX_VALUE_SIZE};
use crate::schema::Declarations;
use crate::text::{Ast, BinaryOp, Literal, MacroKind, Node, NodeId, UnaryOp};
use crate::{AttributeType, check::Builtin};

/// The most steps that the condition under the root takes: its leaves together, each within its budget. And the first
/// leaf for which the budget may be too small.
pub(super) fn cost<D: Declarations>(ast: &Ast, found: &Checked, names: &D) -> (u64, Option<NodeId>) {
    let mut steps = 0;
    let mut costly = None;
    let mut pending = vec![ast.root()];
    while let Some(id) = pending.pop() {
        steps += 1;
        let is_structure = found.resolved.get(id as usize) == Some(&Resolution::Structure);
        match ast.node(id) {
            Node::And(terms) | Node::Or(terms) if is_structure => pending.extend(terms.iter().rev()),
            Node::Unary { op: UnaryOp::Not, operand } if is_structure => pending.push(*operand),
            _ => {
                let mut estimate = Estimate { ast, found, names, locals: Vec::new() };
                let leaf = estimate.node(id).0;
                steps += leaf.min(MAX_STEPS.into());
                if u64::from(MAX_STEPS) < leaf && costly.is_none() {
                    costly = Some(id);
                }
            }
        }
    }
    (steps, costly)
}

/// The largest value that a node may have.
#[derive(Clone, Debug)]
struct Shape {
    /// What it weighs without its elements.
    own: u64,
    /// How many elements it has; of a map, keys and values.
    len: u64,
    is_map: bool,
    /// The largest element. Without one, the elements may be anything, however deep.
    element: Option<Box<Shape>>,
}

const ONE: Shape = Shape { own: 1, len: 0, is_map: false, element: None };
const TEXT: u64 = 1 + MAX_FACT_TEXT as u64 / 64;
/// Beyond every budget, and far from overflowing.
const BEYOND: u64 = 1 << 40;

impl Shape {
    fn of(kind: &AttributeType) -> Self {
        let items = MAX_FACT_ITEMS as u64;
        match kind {
            AttributeType::Text | AttributeType::Symbol | AttributeType::Bytes => Self::text(),
            AttributeType::List(element) | AttributeType::Set(element) => {
                Self::list(items, Self::of(element))
            }
            AttributeType::Map(value) => Self::map(2 * items, Self::text().join(Self::of(value))),
            AttributeType::Dynamic => Self { len: 2 * items, ..Self::any() },
            _ => ONE,
        }
    }

    fn text() -> Self {
        Self { own: TEXT, ..ONE }
    }

    fn any() -> Self {
        Self { own: TEXT, len: 2 * MAX_VALUE_SIZE as u64, is_map: true, element: None }
    }

    fn list(len: u64, element: Self) -> Self {
        Self { own: 1, len, is_map: false, element: Some(Box::new(element)) }
    }

    fn map(len: u64, element: Self) -> Self {
        Self { is_map: true, ..Self::list(len, element) }
    }

    fn element(&self) -> Self {
        match &self.element {
            Some(element) => (**element).clone(),
            None if self.len == 0 => ONE,
            None => self.clone(),
        }
    }

    /// Large enough for either.
    fn join(self, other: Self) -> Self {
        let element = match (self.len, other.len) {
            (0, _) => other.element,
            (_, 0) => self.element,
            _ => self.element.zip(other.element).map(|(a, b)| Box::new(a.join(*b))),
        };
        Self {
            own: self.own.max(other.own),
            len: self.len.max(other.len),
            is_map: self.is_map || other.is_map,
            element,
        }
    }

    /// The steps that comparing it may take.
    fn effort(&self) -> u64 {
        let Some(element) = &self.element else {
            return if self.len == 0 { self.own } else { BEYOND };
        };
        let pairs = if self.is_map { (self.len / 2).saturating_mul(self.len / 2) / 8 } else { 0 };
        self.len.saturating_mul(element.effort()).saturating_add(pairs + self.own).min(BEYOND)
    }
}

/// Steps and the largest value.
type Bound = (u64, Shape);

struct Estimate<'a, D> {
    ast: &'a Ast,
    found: &'a Checked,
    names: &'a D,
    locals: Vec<Shape>,
}

impl<D: Declarations> Estimate<'_, D> {
    /// Recursion is bounded by the depth of the tree.
    fn node(&mut self, id: NodeId) -> Bound {
        let (steps, shape) = match self.found.resolved.get(id as usize).copied() {
            Some(Resolution::Constant(at)) => (0, self.constant(at)),
            Some(Resolution::Attribute(attribute)) => {
                (0, self.names.attribute(attribute).map_or_else(Shape::any, |known| Shape::of(&known.kind)))
            }
            Some(Resolution::HasAttribute(_)) => (0, ONE),
            Some(Resolution::Local(slot)) => {
                (0, self.locals.get(usize::from(slot)).cloned().unwrap_or_else(Shape::any))
            }
            Some(Resolution::Builtin(builtin)) => self.builtin(id, builtin),
            Some(Resolution::Matches(_) | Resolution::LocalPart(..)) => (self.call(id).0, ONE),
            Some(Resolution::Structure) | None => self.structure(id),
        };
        (steps.saturating_add(1).min(BEYOND), shape)
    }

    fn constant(&self, at: u32) -> Shape {
        use crate::datum::{Datum, Measure};
        let own = self
            .found
            .constants
            .get(at as usize)
            .map_or(1, |datum: &Datum<'_>| datum.measure(Measure::Size, MAX_VALUE_SIZE) as u64);
        Shape { own, ..ONE }
    }

    /// The steps of a call's arguments, and their shapes joined. Sixteen bytes of text cost a step: four a part.
    fn call(&mut self, id: NodeId) -> Bound {
        let Node::Call { target, arguments, .. } = self.ast.node(id) else { return (0, ONE) };
        let (mut steps, mut joined) = (0_u64, ONE);
        for argument in target.iter().chain(arguments) {
            let (cost, shape) = self.node(*argument);
            let read = 4 * shape.own + shape.len;
            steps = steps.saturating_add(cost).saturating_add(read).min(BEYOND);
            joined = joined.join(shape);
        }
        (steps, joined)
    }

    fn builtin(&mut self, id: NodeId, builtin: Builtin) -> Bound {
        let (steps, joined) = self.call(id);
        let shape = match builtin {
            Builtin::Dyn | Builtin::Min | Builtin::Max => joined,
            Builtin::LowerAscii
            | Builtin::UpperAscii
            | Builtin::Trim
            | Builtin::ToText
            | Builtin::ToBytes => Shape::text(),
            _ => ONE,
        };
        (steps, shape)
    }

    fn all(&mut self, nodes: &[NodeId]) -> Bound {
        let (mut steps, mut joined) = (0_u64, ONE);
        for node in nodes {
            let (cost, shape) = self.node(*node);
            steps = steps.saturating_add(cost);
            joined = joined.join(shape);
        }
        (steps, joined)
    }

    fn structure(&mut self, id: NodeId) -> Bound {
        match self.ast.node(id) {
            Node::And(terms) | Node::Or(terms) => (self.all(terms).0, ONE),
            Node::Unary { operand, .. } => self.node(*operand),
            Node::Binary { op, left, right } => {
                let ((a, left), (b, right)) = (self.node(*left), self.node(*right));
                let (own, shape) = combined(*op, left, right);
                (a.saturating_add(b).saturating_add(own), shape)
            }
            Node::Conditional { condition, yes, no } => {
                let condition = self.node(*condition).0;
                let ((a, yes), (b, no)) = (self.node(*yes), self.node(*no));
                (condition.saturating_add(a.max(b)), yes.join(no))
            }
            Node::Select { operand, .. } => {
                let (steps, shape) = self.node(*operand);
                (steps.saturating_add(shape.len / 8), shape.element())
            }
            Node::Has { operand, .. } => {
                let (steps, shape) = self.node(*operand);
                (steps.saturating_add(shape.len / 8), ONE)
            }
            Node::Index { operand, index } => {
                let ((a, shape), (b, index)) = (self.node(*operand), self.node(*index));
                let pairs = if shape.is_map { (shape.len / 2).saturating_mul(index.effort()) } else { 0 };
                (a.saturating_add(b).saturating_add(pairs), shape.element())
            }
            Node::List(items) => {
                let (steps, element) = self.all(items);
                grown(steps, Shape::list(items.len() as u64, element))
            }
            Node::Map(entries) => {
                let (steps, element) = self.all(entries);
                let len = entries.len() as u64;
                grown(steps.saturating_add(len * len / 64), Shape::map(len, element))
            }
            Node::Macro { kind, range, arguments, .. } => self.comprehension(*kind, *range, arguments),
            Node::Literal(Literal::Text(text)) => (0, Shape { own: 1 + text.len() as u64 / 64, ..ONE }),
            Node::Literal(_) | Node::Name(_) | Node::Call { .. } => (0, ONE),
        }
    }

    fn comprehension(&mut self, kind: MacroKind, range: NodeId, bodies: &[NodeId]) -> Bound {
        let (steps, over) = self.node(range);
        let turns = if over.is_map { over.len / 2 } else { over.len };
        self.locals.push(over.element());
        let mut each = 0_u64;
        let mut last = ONE;
        for body in bodies {
            let (cost, shape) = self.node(*body);
            each = each.saturating_add(cost);
            last = shape;
        }
        self.locals.pop();
        let steps = steps.saturating_add(turns.saturating_mul(each)).min(BEYOND);
        match kind {
            MacroKind::Filter => grown(steps, Shape::list(turns, over.element())),
            MacroKind::Map => grown(steps, Shape::list(turns, last)),
            _ => (steps, ONE),
        }
    }
}

/// A computed value is measured, and no larger than a value may grow.
fn grown(steps: u64, shape: Shape) -> Bound {
    let size = shape.effort().min(MAX_VALUE_SIZE as u64 + 1);
    (steps.saturating_add(size), Shape { len: shape.len.min(MAX_VALUE_SIZE as u64), ..shape })
}

/// What an operator costs beyond its sides, and what it gives.
fn combined(op: BinaryOp, left: Shape, right: Shape) -> Bound {
    match op {
        BinaryOp::In => {
            let (a, b) = (left.effort(), right.effort());
            (right.len.saturating_mul(a).min(if right.is_map { BEYOND } else { b }), ONE)
        }
        BinaryOp::Equal | BinaryOp::NotEqual => (left.effort().min(right.effort()), ONE),
        BinaryOp::Add => {
            let steps = left.own + right.own + (left.len.saturating_add(right.len)) / 4;
            let len = left.len.saturating_add(right.len);
            let own = (left.own + right.own).min(TEXT);
            let sum = Shape { own, len, ..left.join(right) };
            if len == 0 { (steps, sum) } else { grown(steps, sum) }
        }
        _ => (left.own + right.own + left.len.saturating_add(right.len) / 4, ONE),
    }
}
