//! Minimal flips: the smallest sets of leaves whose change would make a condition true.
//!
//! Leaves are treated as independent, the way an explanation is read ("if the basket were 50 and consent were
//! there"). For a leaf that compares one attribute with a literal the nearest value that turns it is given too. Not
//! here: searching over facts.

use std::collections::BTreeSet;

use apropos_event::{AttributeName, Duration, Span, Timestamp, Value};
use rust_decimal::Decimal;
use serde::Serialize;

use crate::check::Resolution;
use crate::datum::Datum;
use crate::evaluate::Machine;
use crate::text::{BinaryOp, Node, NodeId, UnaryOp};
use crate::{AttributeId, AttributeType, Expression, Facts, Truth};

/// At most this many smallest sets are given.
pub const MAX_FLIP_SETS: usize = 16;
/// Sets with more leaves than this are not looked for.
pub const MAX_FLIP_SIZE: usize = 8;

/// A leaf that would have to change.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Flip {
    /// Where the leaf stands in the condition's text.
    pub span: Span,
    /// The leaf as it is written.
    pub text: String,
    /// What it would have to come to.
    pub wanted: Truth,
    /// The attribute it compares, if it compares one with a literal.
    pub attribute: Option<AttributeName>,
    /// The value of that attribute nearest to the present one for which the leaf comes to what is wanted.
    pub nearest: Option<Value>,
}

/// Leaves and what each would have to be.
type Set = BTreeSet<(NodeId, bool)>;

/// The smallest sets, fewest leaves first, then in the order they are written.
pub(crate) fn minimal_flips(expression: &Expression, facts: &Facts) -> Vec<Vec<Flip>> {
    let mut search = Search { expression, facts };
    if search.truth(expression.root()) == Truth::True {
        return Vec::new();
    }
    let sets = search.ways(expression.root(), true);
    sets.into_iter()
        .map(|set| set.into_iter().map(|(leaf, wanted)| flip(expression, facts, leaf, wanted)).collect())
        .filter(|set: &Vec<Flip>| is_borne_out(expression, facts, set))
        .collect()
}

/// Where every change names a value, the values are tried: leaves on one attribute are not independent, and a change
/// that spoils another leaf is no way out.
fn is_borne_out(expression: &Expression, facts: &Facts, set: &[Flip]) -> bool {
    let schema = facts.schema();
    let Some(values): Option<Vec<(AttributeId, &Value)>> = set
        .iter()
        .map(|flip| Some((schema.id(flip.attribute.as_ref()?.as_str())?, flip.nearest.as_ref()?)))
        .collect()
    else {
        return true;
    };
    let holds = |values: &[&(AttributeId, &Value)]| {
        let mut tried = facts.clone();
        values.iter().all(|(id, value)| tried.set_value(*id, value).is_ok())
            && Machine::new(expression, &tried).truth(expression.root()) == Truth::True
    };
    holds(&values.iter().collect::<Vec<_>>()) || holds(&values.iter().rev().collect::<Vec<_>>())
}

struct Search<'a> {
    expression: &'a Expression,
    facts: &'a Facts,
}

impl Search<'_> {
    fn truth(&self, id: NodeId) -> Truth {
        Machine::new(self.expression, self.facts).truth(id)
    }

    /// The minimal sets of leaves to change so that the node comes to `wanted`. One empty set when it does already.
    fn ways(&mut self, id: NodeId, wanted: bool) -> Vec<Set> {
        if self.truth(id) == Truth::from(wanted) {
            return vec![Set::new()];
        }
        if matches!(self.expression.resolution(id), Resolution::Constant(_)) {
            return Vec::new();
        }
        let is_structure = self.expression.resolution(id) == Resolution::Structure;
        match self.expression.ast().node(id) {
            Node::And(terms) if is_structure => self.junction(terms, wanted, wanted),
            Node::Or(terms) if is_structure => self.junction(terms, wanted, !wanted),
            Node::Unary { op: UnaryOp::Not, operand } if is_structure => self.ways(*operand, !wanted),
            _ => vec![Set::from([(id, wanted)])],
        }
    }

    /// Every term has to come to `wanted`, or one of them.
    fn junction(&mut self, terms: &[NodeId], wanted: bool, every: bool) -> Vec<Set> {
        if !every {
            let any = terms.iter().flat_map(|term| self.ways(*term, wanted)).collect();
            return smallest(any);
        }
        let mut together = vec![Set::new()];
        for term in terms {
            let ways = self.ways(*term, wanted);
            let mut next = Vec::with_capacity(together.len() * ways.len());
            for set in &together {
                for way in &ways {
                    let joined: Set = set.union(way).copied().collect();
                    // A leaf cannot be both.
                    let at_odds = joined.iter().any(|(leaf, wanted)| joined.contains(&(*leaf, !wanted)));
                    if !at_odds && joined.len() <= MAX_FLIP_SIZE {
                        next.push(joined);
                    }
                }
            }
            together = smallest(next);
        }
        together
    }
}

/// Sets that contain no other, fewest leaves first, at most [`MAX_FLIP_SETS`] of them.
fn smallest(mut sets: Vec<Set>) -> Vec<Set> {
    sets.sort_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
    sets.dedup();
    let mut kept: Vec<Set> = Vec::new();
    for set in sets {
        if MAX_FLIP_SETS <= kept.len() {
            break;
        }
        if !kept.iter().any(|smaller| smaller.is_subset(&set)) {
            kept.push(set);
        }
    }
    kept
}

fn flip(expression: &Expression, facts: &Facts, leaf: NodeId, wanted: bool) -> Flip {
    let span = expression.span(leaf);
    let text = expression.text().get(span.clone()).unwrap_or_default().to_owned();
    let compared = comparison(expression, leaf);
    let schema = facts.schema();
    let attribute = compared
        .as_ref()
        .and_then(|(id, _, _)| schema.definition(*id))
        .map(|definition| definition.name.clone());
    let nearest = compared.and_then(|(id, op, literal)| {
        let kind = schema.kind(id)?;
        let values = schema.definition(id).map_or(&[][..], |definition| &definition.values);
        nearest(kind, values, facts.get(id).as_ref(), op, &literal, wanted)
    });
    Flip { span, text, wanted: wanted.into(), attribute, nearest }
}

/// One attribute, the operator as seen from its side, and a literal.
fn comparison(expression: &Expression, leaf: NodeId) -> Option<(AttributeId, BinaryOp, Datum<'static>)> {
    if let Resolution::Attribute(attribute) = expression.resolution(leaf) {
        return Some((attribute, BinaryOp::Equal, Datum::Bool(true)));
    }
    let Node::Binary { op, left, right } = expression.ast().node(leaf) else { return None };
    match (expression.resolution(*left), expression.resolution(*right)) {
        (Resolution::Attribute(attribute), Resolution::Constant(at)) => {
            Some((attribute, *op, expression.constant(at).clone()))
        }
        (Resolution::Constant(at), Resolution::Attribute(attribute)) => {
            let op = match op {
                BinaryOp::Less => BinaryOp::Greater,
                BinaryOp::AtMost => BinaryOp::AtLeast,
                BinaryOp::Greater => BinaryOp::Less,
                BinaryOp::AtLeast => BinaryOp::AtMost,
                BinaryOp::Equal | BinaryOp::NotEqual => *op,
                _ => return None,
            };
            Some((attribute, op, expression.constant(at).clone()))
        }
        (Resolution::Attribute(attribute), Resolution::Structure) if *op == BinaryOp::In => {
            let Node::List(items) = expression.ast().node(*right) else { return None };
            let Resolution::Constant(at) = expression.resolution(*items.first()?) else { return None };
            Some((attribute, BinaryOp::In, expression.constant(at).clone()))
        }
        _ => None,
    }
}

/// The value nearest to the present one for which `value op literal` is `wanted`.
fn nearest(
    kind: &AttributeType,
    values: &[String],
    present: Option<&Datum<'_>>,
    op: BinaryOp,
    literal: &Datum<'_>,
    wanted: bool,
) -> Option<Value> {
    let op = if wanted { op } else { opposite(op)? };
    match op {
        BinaryOp::Equal | BinaryOp::AtMost | BinaryOp::AtLeast | BinaryOp::In => in_type(kind, literal),
        BinaryOp::Less => beside(kind, literal, false),
        BinaryOp::Greater => beside(kind, literal, true),
        // Any other value would do; when the attribute is missing nothing is nearer than the next one up.
        BinaryOp::NotEqual => match (kind, literal) {
            (AttributeType::Bool, Datum::Bool(b)) => Some(Value::Bool(!b)),
            (AttributeType::Symbol, Datum::Text(text)) => values
                .iter()
                .find(|value| value.as_str() != text.as_str())
                .map(|value| Value::from(value.as_str())),
            _ => beside(kind, literal, present.is_none_or(|_| true)),
        },
        _ => None,
    }
}

fn opposite(op: BinaryOp) -> Option<BinaryOp> {
    Some(match op {
        BinaryOp::Equal => BinaryOp::NotEqual,
        BinaryOp::NotEqual => BinaryOp::Equal,
        BinaryOp::Less => BinaryOp::AtLeast,
        BinaryOp::AtMost => BinaryOp::Greater,
        BinaryOp::Greater => BinaryOp::AtMost,
        BinaryOp::AtLeast => BinaryOp::Less,
        _ => return None,
    })
}

/// The literal itself, as a value of the attribute's type.
fn in_type(kind: &AttributeType, literal: &Datum<'_>) -> Option<Value> {
    match (kind, literal) {
        (AttributeType::Double, Datum::Int(n)) => Value::double(*n as f64),
        (AttributeType::Int, Datum::Double(x)) => (*x == x.trunc()).then_some(Value::Int(*x as i64)),
        _ => Some(literal.to_value()),
    }
}

/// The value of the attribute's type next to the literal, above it or below it.
fn beside(kind: &AttributeType, literal: &Datum<'_>, above: bool) -> Option<Value> {
    let step = if above { 1 } else { -1 };
    match (kind, literal) {
        (AttributeType::Int, Datum::Int(n)) => n.checked_add(step).map(Value::Int),
        (AttributeType::Int, Datum::Double(x)) => {
            let next = if above { x.floor() + 1.0 } else { x.ceil() - 1.0 };
            Some(Value::Int(next as i64))
        }
        (AttributeType::Double, Datum::Double(x)) => {
            Value::double(if above { x.next_up() } else { x.next_down() })
        }
        (AttributeType::Double, Datum::Int(n)) => {
            let x = *n as f64;
            Value::double(if above { x.next_up() } else { x.next_down() })
        }
        // The smallest step of money that the literal's own digits show, at least a hundredth.
        (AttributeType::Decimal, Datum::Decimal(d)) => {
            let unit = Decimal::try_new(step, d.scale().max(2)).ok()?;
            d.checked_add(unit).map(|d| Value::Text(d.to_string()))
        }
        (AttributeType::Timestamp, Datum::Timestamp(at)) => {
            let moved: Timestamp = at.plus(Duration::from_micros(step));
            Some(Value::Text(moved.to_string()))
        }
        (AttributeType::Duration, Datum::Duration(d)) => {
            d.checked_add(Duration::from_micros(step)).map(|d| Value::Text(d.to_string()))
        }
        _ => None,
    }
}
