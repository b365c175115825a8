//! For a leaf that compares one attribute with literals: the value nearest to the present one that turns it.
//!
//! Not here: which leaves have to turn, see `flips`.

use apropos_event::{Duration, Value};
use rust_decimal::Decimal;

use crate::check::Resolution;
use crate::datum::Datum;
use crate::text::{BinaryOp, Node, NodeId};
use crate::{AttributeDefinition, AttributeId, AttributeType, Expression, Facts};

/// An attribute, the operator as seen from its side, and the literals: one, or those of a list.
pub(crate) struct Comparison {
    pub(crate) attribute: AttributeId,
    op: BinaryOp,
    literals: Vec<Datum<'static>>,
}

/// The comparison that a leaf is, if it is one.
pub(crate) fn comparison(expression: &Expression, leaf: NodeId) -> Option<Comparison> {
    if let Resolution::Attribute(attribute) = expression.resolution(leaf) {
        return Some(Comparison { attribute, op: BinaryOp::Equal, literals: vec![Datum::Bool(true)] });
    }
    let Node::Binary { op, left, right } = expression.ast().node(leaf) else { return None };
    let literal = |at: u32| vec![expression.constant(at).clone()];
    match (expression.resolution(*left), expression.resolution(*right)) {
        (Resolution::Attribute(attribute), Resolution::Constant(at)) => {
            Some(Comparison { attribute, op: *op, literals: literal(at) })
        }
        (Resolution::Constant(at), Resolution::Attribute(attribute)) => {
            Some(Comparison { attribute, op: op.mirrored()?, literals: literal(at) })
        }
        (Resolution::Attribute(attribute), Resolution::Structure) if *op == BinaryOp::In => {
            let Node::List(items) = expression.ast().node(*right) else { return None };
            let literals = items.iter().map(|item| match expression.resolution(*item) {
                Resolution::Constant(at) => Some(expression.constant(at).clone()),
                _ => None,
            });
            Some(Comparison { attribute, op: BinaryOp::In, literals: literals.collect::<Option<_>>()? })
        }
        _ => None,
    }
}

/// The value nearest to the present one for which the comparison is `wanted`.
pub(crate) fn nearest(
    definition: &AttributeDefinition,
    facts: &Facts,
    compared: &Comparison,
    wanted: bool,
) -> Option<Value> {
    let kind = &definition.kind;
    let present = facts.get(compared.attribute);
    let literal = compared.literals.first()?;
    match if wanted { compared.op } else { opposite(compared.op)? } {
        BinaryOp::In => in_type(kind, closest(present.as_ref(), &compared.literals)?),
        BinaryOp::Equal => in_type(kind, literal),
        BinaryOp::AtMost => rounded(kind, literal, false).or_else(|| in_type(kind, literal)),
        BinaryOp::AtLeast => rounded(kind, literal, true).or_else(|| in_type(kind, literal)),
        BinaryOp::Less => beside(kind, literal, false),
        BinaryOp::Greater => beside(kind, literal, true),
        BinaryOp::NotEqual => match (kind, literal) {
            (AttributeType::Bool, Datum::Bool(b)) => Some(Value::Bool(!b)),
            (AttributeType::Symbol, Datum::Text(text)) => definition
                .values
                .iter()
                .find(|value| value.as_str() != text.as_str())
                .map(|value| Value::from(value.as_str())),
            // Any other value would do; the attribute has this one or none, so the next one up is as near as any.
            _ => beside(kind, literal, true),
        },
        _ => None,
    }
}

/// The literal at the least distance from the present value; the first where there is no distance.
fn closest<'l>(present: Option<&Datum<'_>>, literals: &'l [Datum<'static>]) -> Option<&'l Datum<'static>> {
    let distance = |literal: &Datum<'_>| Some((place(present?)? - place(literal)?).abs());
    literals.iter().min_by(|a, b| distance(a).unwrap_or(f64::MAX).total_cmp(&distance(b).unwrap_or(f64::MAX)))
}

/// Where a value lies on the line of its type.
fn place(datum: &Datum<'_>) -> Option<f64> {
    use rust_decimal::prelude::ToPrimitive;
    match datum {
        Datum::Int(n) => Some(*n as f64),
        Datum::UInt(n) => Some(*n as f64),
        Datum::Double(x) => Some(*x),
        Datum::Decimal(d) => d.to_f64(),
        Datum::Timestamp(at) => Some(at.as_micros() as f64),
        Datum::Duration(d) => Some(d.as_micros() as f64),
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
        (AttributeType::Int | AttributeType::UInt, Datum::Double(x)) => {
            (*x == x.trunc()).then_some(Value::Int(*x as i64))
        }
        _ => Some(literal.to_value()),
    }
}

/// The whole number next to a double, for an attribute that is whole.
fn rounded(kind: &AttributeType, literal: &Datum<'_>, up: bool) -> Option<Value> {
    match (kind, literal) {
        (AttributeType::Int | AttributeType::UInt, Datum::Double(x)) => {
            Some(Value::Int(if up { x.ceil() } else { x.floor() } as i64))
        }
        _ => None,
    }
}

/// The value of the attribute's type next to the literal, above it or below it.
fn beside(kind: &AttributeType, literal: &Datum<'_>, above: bool) -> Option<Value> {
    let step = if above { 1 } else { -1 };
    match (kind, literal) {
        (AttributeType::Int, Datum::Int(n)) => n.checked_add(step).map(Value::Int),
        (AttributeType::UInt, Datum::UInt(n)) => {
            i64::try_from(*n).ok()?.checked_add(step).filter(|n| 0 <= *n).map(Value::Int)
        }
        (AttributeType::Int | AttributeType::UInt, Datum::Double(x)) => {
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
            Some(Value::Text(at.plus(Duration::from_micros(step)).to_string()))
        }
        (AttributeType::Duration, Datum::Duration(d)) => {
            d.checked_add(Duration::from_micros(step)).map(|d| Value::Text(d.to_string()))
        }
        _ => None,
    }
}
