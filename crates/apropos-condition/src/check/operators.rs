//! Which operators take which types, and what is said where they do not.
//!
//! Not here: what operators do with values, see `evaluate::operators`.

use apropos_event::did_you_mean;

use super::checked::Resolution;
use super::checker::Checker;
use super::types::{Type, with_article};
use crate::AttributeType;
use crate::datum::{Datum, decimal_of};
use crate::schema::Declarations;
use crate::text::{BinaryOp, Node, NodeId, UnaryOp};

impl<D: Declarations> Checker<'_, D> {
    pub(super) fn unary(&mut self, id: NodeId, op: UnaryOp, operand: NodeId) -> Type {
        if op == UnaryOp::Not {
            self.expect_bool(operand);
            return Type::Bool;
        }
        let kind = self.node(operand);
        if !matches!(kind, Type::Dynamic | Type::Int | Type::Double | Type::Decimal | Type::Duration) {
            self.error("condition/operand-type", id, format!("`-` does not take {}", with_article(&kind)));
            return Type::Dynamic;
        }
        kind
    }

    pub(super) fn binary(&mut self, id: NodeId, op: BinaryOp, left: NodeId, right: NodeId) -> Type {
        let a = self.node(left);
        let b = self.node(right);
        let (a, b) = (self.coerce(left, a.clone(), &b), self.coerce(right, b, &a));
        match op {
            BinaryOp::Equal | BinaryOp::NotEqual => {
                if !a.may_equal(&b) {
                    self.mismatch(id, op, &a, &b);
                }
                self.check_symbol(left, right);
                self.check_symbol(right, left);
                Type::Bool
            }
            BinaryOp::Less | BinaryOp::AtMost | BinaryOp::Greater | BinaryOp::AtLeast => {
                if !a.may_compare(&b) {
                    self.mismatch(id, op, &a, &b);
                }
                Type::Bool
            }
            BinaryOp::In => self.membership(id, left, &a, right, &b),
            _ => self.arithmetic(id, op, &a, &b),
        }
    }

    /// A number literal beside a decimal is the decimal it spells.
    fn coerce(&mut self, id: NodeId, own: Type, other: &Type) -> Type {
        if *other != Type::Decimal {
            return own;
        }
        let decimal = match self.constant_of(id) {
            Some(Datum::Int(n)) => Some((*n).into()),
            Some(Datum::UInt(n)) => Some((*n).into()),
            Some(Datum::Double(x)) => decimal_of(*x),
            _ => None,
        };
        match decimal {
            Some(decimal) => {
                self.constant(id, Datum::Decimal(decimal));
                Type::Decimal
            }
            None => own,
        }
    }

    fn mismatch(&mut self, id: NodeId, op: BinaryOp, a: &Type, b: &Type) {
        let message = format!("`{}` does not take {} and {}", op.text(), with_article(a), with_article(b));
        let help = match (a, b) {
            (Type::Timestamp, Type::Text) | (Type::Text, Type::Timestamp) => {
                Some("write the instant as `timestamp(\"2026-03-01T10:00:00Z\")`".to_owned())
            }
            (Type::Duration, Type::Text) | (Type::Text, Type::Duration) => {
                Some("write the duration as `duration(\"30d\")`".to_owned())
            }
            (Type::Null, _) | (_, Type::Null) => {
                Some("ask whether an attribute is there with `has(…)`".to_owned())
            }
            _ if a.is_number() && b.is_number() => {
                Some(format!("convert one side, as in `{}`", conversion(a)))
            }
            _ => None,
        };
        self.error_with("condition/type-mismatch", id, message, help);
    }

    /// A symbol is only ever one of its values.
    fn check_symbol(&mut self, attribute: NodeId, literal: NodeId) {
        let Some(Resolution::Attribute(attribute)) = self.found.resolved.get(attribute as usize).copied()
        else {
            return;
        };
        let Some(text) = self.text_of(literal) else { return };
        let Some(definition) = self.names.attribute(attribute) else { return };
        if definition.kind != AttributeType::Symbol || definition.values.contains(&text) {
            return;
        }
        let message = format!("`{}` is never `{}`", definition.name, text.escape_debug());
        let help = did_you_mean(&text, definition.values.iter().map(String::as_str))
            .or_else(|| Some(format!("it is one of {}", definition.values.join(", "))));
        self.error_with("condition/unknown-symbol", literal, message, help);
    }

    fn membership(&mut self, id: NodeId, left: NodeId, a: &Type, right: NodeId, b: &Type) -> Type {
        if let Node::List(items) = self.ast.node(right) {
            for item in items {
                if *a == Type::Decimal {
                    self.coerce(*item, Type::Dynamic, a);
                }
                self.check_symbol(left, *item);
            }
        }
        let fits = match b {
            Type::Dynamic => true,
            Type::List(element) => a.may_equal(element),
            Type::Map(key, _) => a.may_equal(key),
            _ => false,
        };
        if !fits {
            let help = (*b == Type::Text).then(|| "text within text is `text.contains(…)`".to_owned());
            let message = format!("`in` does not take {} and {}", with_article(a), with_article(b));
            self.error_with("condition/type-mismatch", id, message, help);
        }
        Type::Bool
    }

    fn arithmetic(&mut self, id: NodeId, op: BinaryOp, a: &Type, b: &Type) -> Type {
        let result = match (op, a, b) {
            (_, Type::Dynamic, _) | (_, _, Type::Dynamic) => Some(Type::Dynamic),
            (BinaryOp::Add | BinaryOp::Subtract, Type::Timestamp, Type::Duration)
            | (BinaryOp::Add, Type::Duration, Type::Timestamp) => Some(Type::Timestamp),
            (BinaryOp::Subtract, Type::Timestamp, Type::Timestamp)
            | (BinaryOp::Add | BinaryOp::Subtract, Type::Duration, Type::Duration) => Some(Type::Duration),
            (BinaryOp::Add, Type::Text, Type::Text) => Some(Type::Text),
            (BinaryOp::Add, Type::Bytes, Type::Bytes) => Some(Type::Bytes),
            (BinaryOp::Add, Type::List(x), Type::List(y)) => {
                Some(Type::List(Box::new((**x).clone().join(y))))
            }
            (BinaryOp::Remainder, Type::Double | Type::Decimal, _) => None,
            _ if a == b && a.is_number() => Some(a.clone()),
            _ => None,
        };
        result.unwrap_or_else(|| {
            self.mismatch(id, op, a, b);
            Type::Dynamic
        })
    }
}

fn conversion(kind: &Type) -> &'static str {
    match kind {
        Type::Decimal => "decimal(…)",
        Type::Double => "double(…)",
        Type::UInt => "uint(…)",
        _ => "int(…)",
    }
}
