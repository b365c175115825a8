//! The graph of distinct sub-expressions: tests of one attribute, their junctions, and what is evaluated as it stands.

use std::collections::BTreeMap;

use super::table::{Key, Test, ordered};
use crate::check::Resolution;
use crate::datum::Datum;
use crate::text::{BinaryOp, Node, NodeId, UnaryOp, print};
use crate::{AttributeId, AttributeType, Expression, Schema, Truth};

/// The place of a formula in the graph.
pub(crate) type FormulaId = u32;

/// A distinct sub-expression.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Formula {
    Constant(Truth),
    Test(AttributeId, Test),
    Not(FormulaId),
    /// Two or more, ascending, each once.
    And(Box<[FormulaId]>),
    /// Two or more, ascending, each once.
    Or(Box<[FormulaId]>),
    /// Evaluated node by node.
    Opaque(u32),
}

/// Which attributes a formula asks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Nothing,
    One(AttributeId),
    Many,
}

impl Scope {
    fn join(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nothing, scope) | (scope, Self::Nothing) => scope,
            (a, b) if a == b => a,
            _ => Self::Many,
        }
    }
}

/// The graph while it grows.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    ids: BTreeMap<Formula, FormulaId>,
    pub(crate) formulas: Vec<Formula>,
    pub(crate) scopes: Vec<Scope>,
    opaque_ids: BTreeMap<String, u32>,
    pub(crate) opaque: Vec<(Expression, NodeId)>,
}

impl Graph {
    fn add(&mut self, formula: Formula) -> FormulaId {
        if let Some(id) = self.ids.get(&formula) {
            return *id;
        }
        let scope = match &formula {
            Formula::Constant(_) => Scope::Nothing,
            Formula::Test(attribute, _) => Scope::One(*attribute),
            Formula::Not(inner) => self.scope(*inner),
            Formula::And(terms) | Formula::Or(terms) => {
                terms.iter().fold(Scope::Nothing, |scope, term| scope.join(self.scope(*term)))
            }
            Formula::Opaque(_) => Scope::Many,
        };
        let id = self.formulas.len() as FormulaId;
        self.formulas.push(formula.clone());
        self.scopes.push(scope);
        self.ids.insert(formula, id);
        id
    }

    pub(crate) fn scope(&self, id: FormulaId) -> Scope {
        self.scopes.get(id as usize).copied().unwrap_or(Scope::Many)
    }

    pub(crate) fn formula(&self, id: FormulaId) -> &Formula {
        self.formulas.get(id as usize).unwrap_or(&Formula::Constant(Truth::Unknown))
    }

    fn not(&mut self, inner: FormulaId) -> FormulaId {
        match *self.formula(inner) {
            Formula::Constant(truth) => self.add(Formula::Constant(!truth)),
            Formula::Not(inner) => inner,
            _ => self.add(Formula::Not(inner)),
        }
    }

    /// The formula of all terms, or of any.
    pub(crate) fn junction(&mut self, terms: Vec<FormulaId>, is_or: bool) -> FormulaId {
        let deciding = Truth::from(is_or);
        let mut kept = Vec::with_capacity(terms.len());
        for term in terms {
            match self.formula(term) {
                Formula::Constant(truth) if *truth == deciding => {
                    return self.add(Formula::Constant(deciding));
                }
                Formula::Constant(truth) if *truth == !deciding => {}
                Formula::And(inner) if !is_or => kept.extend_from_slice(inner),
                Formula::Or(inner) if is_or => kept.extend_from_slice(inner),
                _ => kept.push(term),
            }
        }
        kept.sort_unstable();
        kept.dedup();
        match kept.as_slice() {
            [] => self.add(Formula::Constant(!deciding)),
            [one] => *one,
            _ => self.add(if is_or { Formula::Or(kept.into()) } else { Formula::And(kept.into()) }),
        }
    }

    /// The formula of the node `id`. Recursion is bounded by the depth of the tree.
    pub(crate) fn lower(&mut self, expression: &Expression, schema: &Schema, id: NodeId) -> FormulaId {
        let lowered = match expression.resolution(id) {
            Resolution::Constant(at) => match expression.constant(at) {
                Datum::Bool(b) => Some(self.add(Formula::Constant((*b).into()))),
                _ => None,
            },
            Resolution::Attribute(attribute) => (schema.kind(attribute) == Some(&AttributeType::Bool))
                .then(|| self.add(Formula::Test(attribute, Test::IsTrue))),
            Resolution::HasAttribute(attribute) => Some(self.add(Formula::Test(attribute, Test::Known))),
            Resolution::Structure => self.structure(expression, schema, id),
            _ => None,
        };
        lowered.unwrap_or_else(|| self.opaque(expression, id))
    }

    fn opaque(&mut self, expression: &Expression, id: NodeId) -> FormulaId {
        let spelling = print(expression.ast(), id);
        let next = self.opaque.len() as u32;
        let at = *self.opaque_ids.entry(spelling).or_insert(next);
        if at == next {
            self.opaque.push((expression.clone(), id));
        }
        self.add(Formula::Opaque(at))
    }

    fn structure(&mut self, expression: &Expression, schema: &Schema, id: NodeId) -> Option<FormulaId> {
        match expression.ast().node(id) {
            Node::And(terms) | Node::Or(terms) => {
                let is_or = matches!(expression.ast().node(id), Node::Or(_));
                let lowered = terms.iter().map(|term| self.lower(expression, schema, *term)).collect();
                Some(self.junction(lowered, is_or))
            }
            Node::Unary { op: UnaryOp::Not, operand } => {
                let inner = self.lower(expression, schema, *operand);
                Some(self.not(inner))
            }
            Node::Binary { op: BinaryOp::In, left, right } => {
                self.membership(expression, schema, *left, *right)
            }
            Node::Binary { op, left, right } => {
                match (expression.resolution(*left), expression.resolution(*right)) {
                    (Resolution::Attribute(attribute), Resolution::Constant(at)) => {
                        self.comparison(schema, attribute, *op, expression.constant(at))
                    }
                    (Resolution::Constant(at), Resolution::Attribute(attribute)) => {
                        self.comparison(schema, attribute, op.mirrored()?, expression.constant(at))
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn comparison(
        &mut self,
        schema: &Schema,
        attribute: AttributeId,
        op: BinaryOp,
        literal: &Datum<'_>,
    ) -> Option<FormulaId> {
        let kind = schema.kind(attribute)?;
        if let (AttributeType::Bool, Datum::Bool(b)) = (kind, literal) {
            let is_true = self.add(Formula::Test(attribute, Test::IsTrue));
            return match op {
                BinaryOp::Equal => Some(if *b { is_true } else { self.not(is_true) }),
                BinaryOp::NotEqual => Some(if *b { self.not(is_true) } else { is_true }),
                _ => None,
            };
        }
        let key = key_of(kind, literal)?;
        let is_text = matches!(key, Key::Symbol(_));
        // Facts are never NaN, so that what is not below is at or above.
        let (test, negated) = match op {
            BinaryOp::Equal => (Test::Equal(key), false),
            BinaryOp::NotEqual => (Test::Equal(key), true),
            BinaryOp::Less if !is_text => (Test::Less(key), false),
            BinaryOp::AtMost if !is_text => (Test::AtMost(key), false),
            BinaryOp::Greater if !is_text => (Test::AtMost(key), true),
            BinaryOp::AtLeast if !is_text => (Test::Less(key), true),
            _ => return None,
        };
        let formula = self.add(Formula::Test(attribute, test));
        Some(if negated { self.not(formula) } else { formula })
    }

    /// An attribute in a list of literals is any of the equalities.
    fn membership(
        &mut self,
        expression: &Expression,
        schema: &Schema,
        left: NodeId,
        right: NodeId,
    ) -> Option<FormulaId> {
        let Resolution::Attribute(attribute) = expression.resolution(left) else { return None };
        let Node::List(items) = expression.ast().node(right) else { return None };
        if items.is_empty() {
            return None;
        }
        let kind = schema.kind(attribute)?;
        let mut keys = Vec::with_capacity(items.len());
        for item in items {
            let Resolution::Constant(at) = expression.resolution(*item) else { return None };
            keys.push(key_of(kind, expression.constant(at))?);
        }
        let tests = keys
            .into_iter()
            .map(|key| self.add(Formula::Test(attribute, Test::Equal(key))))
            .collect::<Vec<_>>();
        Some(self.junction(tests, true))
    }
}

/// The literal in the order of the attribute's values, if it has an exact place there.
fn key_of(kind: &AttributeType, literal: &Datum<'_>) -> Option<Key> {
    /// Below it every whole number is a double, and no greater one is rounded to it.
    const EXACT: i64 = 1 << 53;
    match (kind, literal) {
        (AttributeType::Int, Datum::Int(n)) => Some(Key::Number(*n)),
        (AttributeType::Int, Datum::UInt(n)) => i64::try_from(*n).ok().map(Key::Number),
        (AttributeType::Int, Datum::Double(x)) => {
            (*x == x.trunc() && x.abs() < EXACT as f64).then_some(Key::Number(*x as i64))
        }
        (AttributeType::Double, Datum::Double(x)) => x.is_finite().then(|| Key::Number(ordered(*x))),
        (AttributeType::Double, Datum::Int(n)) => {
            (-EXACT < *n && *n < EXACT).then(|| Key::Number(ordered(*n as f64)))
        }
        (AttributeType::Decimal, Datum::Decimal(d)) => Some(Key::Decimal(d.normalize())),
        (AttributeType::Timestamp, Datum::Timestamp(at)) => Some(Key::Number(at.as_micros())),
        (AttributeType::Duration, Datum::Duration(d)) => Some(Key::Number(d.as_micros())),
        (AttributeType::Text | AttributeType::Symbol, Datum::Text(text)) => text.symbol().map(Key::Symbol),
        _ => None,
    }
}
