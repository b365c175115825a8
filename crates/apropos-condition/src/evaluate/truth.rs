//! The truth of one condition: connectives by Kleene, plain comparisons straight from the row, the rest by the machine.
//!
//! What is not a connective is a leaf. Each leaf has a budget of steps of its own, here and in the index, so that both say
//! the same. Not here: values that are not true or false, see `machine`.

use std::cmp::Ordering;

use super::Machine;
use crate::check::Resolution;
use crate::datum::Datum;
use crate::expression::Expression;
use crate::facts::Slot;
use crate::text::{BinaryOp, Node, NodeId, UnaryOp};
use crate::{Facts, Truth};

/// The truth of the node `id`. Recursion is bounded by the depth of the tree.
pub(crate) fn truth(expression: &Expression, id: NodeId, facts: &Facts) -> Truth {
    counted(expression, id, facts, &mut 0)
}

/// The same, adding the steps that it took.
pub(crate) fn counted(expression: &Expression, id: NodeId, facts: &Facts, steps: &mut u64) -> Truth {
    *steps += 1;
    match expression.resolution(id) {
        Resolution::Attribute(attribute) => match facts.slot(attribute) {
            Slot::Bool(b) => b.into(),
            _ => Truth::Unknown,
        },
        Resolution::HasAttribute(attribute) => facts.is_known(attribute).into(),
        Resolution::Structure => connective(expression, id, facts, steps),
        _ => by_machine(expression, id, facts, steps),
    }
}

fn connective(expression: &Expression, id: NodeId, facts: &Facts, steps: &mut u64) -> Truth {
    match expression.ast().node(id) {
        Node::And(terms) => {
            let mut all = Truth::True;
            for term in terms {
                all = all.and(counted(expression, *term, facts, steps));
                if all == Truth::False {
                    break;
                }
            }
            all
        }
        Node::Or(terms) => {
            let mut any = Truth::False;
            for term in terms {
                any = any.or(counted(expression, *term, facts, steps));
                if any == Truth::True {
                    break;
                }
            }
            any
        }
        Node::Unary { op: UnaryOp::Not, operand } => !counted(expression, *operand, facts, steps),
        Node::Binary { op, left, right } => plain(expression, *op, *left, *right, facts)
            .unwrap_or_else(|| by_machine(expression, id, facts, steps)),
        _ => by_machine(expression, id, facts, steps),
    }
}

fn by_machine(expression: &Expression, id: NodeId, facts: &Facts, steps: &mut u64) -> Truth {
    let mut machine = Machine::new(expression, facts);
    let value = machine.value(id);
    *steps += u64::from(machine.taken());
    match value {
        Ok(Datum::Bool(b)) => b.into(),
        _ => Truth::Unknown,
    }
}

/// An attribute against a literal; `None` when it is not that, or not between two values of one simple type.
fn plain(expression: &Expression, op: BinaryOp, left: NodeId, right: NodeId, facts: &Facts) -> Option<Truth> {
    let (Resolution::Attribute(attribute), Resolution::Constant(at)) =
        (expression.resolution(left), expression.resolution(right))
    else {
        return None;
    };
    let order = match (facts.slot(attribute), expression.constant(at)) {
        (Slot::Unset, _) => return Some(Truth::Unknown),
        (Slot::Int(a), Datum::Int(b)) => a.cmp(b),
        (Slot::Decimal(a), Datum::Decimal(b)) => a.cmp(b),
        (Slot::Double(a), Datum::Double(b)) => a.partial_cmp(b)?,
        (Slot::Timestamp(a), Datum::Timestamp(b)) => a.cmp(b),
        (Slot::Duration(a), Datum::Duration(b)) => a.cmp(b),
        (Slot::Text(a), Datum::Text(b)) if matches!(op, BinaryOp::Equal | BinaryOp::NotEqual) => {
            // INVARIANT: one schema gave both symbols; two symbols are two texts. Their order is not asked for here.
            if a.symbol()? == b.symbol()? { Ordering::Equal } else { Ordering::Less }
        }
        _ => return None,
    };
    let holds = match op {
        BinaryOp::Equal => order.is_eq(),
        BinaryOp::NotEqual => order.is_ne(),
        BinaryOp::Less => order.is_lt(),
        BinaryOp::AtMost => order.is_le(),
        BinaryOp::Greater => order.is_gt(),
        BinaryOp::AtLeast => order.is_ge(),
        _ => return None,
    };
    Some(holds.into())
}
