//! What the operators do with values.
//!
//! Whole numbers and decimals never wrap: what does not fit is an error. Doubles follow IEEE 754.

use std::cmp::Ordering;
use std::sync::Arc;

use apropos_event::{Duration, Timestamp};

use super::EvaluateError;
use crate::datum::{Datum, Items, Text};
use crate::limits::{MAX_DURATION_MICROS, MAX_VALUE_SIZE};
use crate::text::BinaryOp;

type Outcome<'a> = Result<Datum<'a>, EvaluateError>;

/// `a op b` for every operator with two sides but `&&` and `||`.
pub(crate) fn binary<'a>(op: BinaryOp, a: &Datum<'a>, b: &Datum<'a>) -> Outcome<'a> {
    match op {
        BinaryOp::Equal => Ok(Datum::Bool(a.equals(b))),
        BinaryOp::NotEqual => Ok(Datum::Bool(!a.equals(b))),
        BinaryOp::Less => compare(a, b, Ordering::is_lt),
        BinaryOp::AtMost => compare(a, b, Ordering::is_le),
        BinaryOp::Greater => compare(a, b, Ordering::is_gt),
        BinaryOp::AtLeast => compare(a, b, Ordering::is_ge),
        BinaryOp::In => contains(a, b),
        BinaryOp::Add => add(a, b),
        BinaryOp::Subtract => subtract(a, b),
        BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Remainder => product(op, a, b),
    }
}

fn compare<'a>(a: &Datum<'_>, b: &Datum<'_>, holds: impl Fn(Ordering) -> bool) -> Outcome<'a> {
    match a.compare(b) {
        Some(order) => Ok(Datum::Bool(holds(order))),
        // Not a number has no order, which is an answer; other pairs have no comparison, which is none.
        None if a.is_number() && b.is_number() => Ok(Datum::Bool(false)),
        None => Err(EvaluateError::WrongType),
    }
}

fn contains<'a>(a: &Datum<'_>, b: &Datum<'_>) -> Outcome<'a> {
    match b {
        Datum::List(items) => Ok(Datum::Bool(items.iter().any(|item| item.equals(a)))),
        Datum::Map(entries) => Ok(Datum::Bool(entries.get(a).is_some())),
        _ => Err(EvaluateError::WrongType),
    }
}

fn fit<T>(value: Option<T>) -> Result<T, EvaluateError> {
    value.ok_or(EvaluateError::Overflow)
}

fn bounded(len: usize) -> Result<(), EvaluateError> {
    if len <= MAX_VALUE_SIZE { Ok(()) } else { Err(EvaluateError::Limit) }
}

fn add<'a>(a: &Datum<'a>, b: &Datum<'a>) -> Outcome<'a> {
    Ok(match (a, b) {
        (Datum::Int(a), Datum::Int(b)) => Datum::Int(fit(a.checked_add(*b))?),
        (Datum::UInt(a), Datum::UInt(b)) => Datum::UInt(fit(a.checked_add(*b))?),
        (Datum::Double(a), Datum::Double(b)) => Datum::Double(a + b),
        (Datum::Decimal(a), Datum::Decimal(b)) => Datum::Decimal(fit(a.checked_add(*b))?),
        (Datum::Text(a), Datum::Text(b)) => {
            bounded(a.as_str().len() + b.as_str().len())?;
            Datum::Text(Text::owned(&[a.as_str(), b.as_str()].concat()))
        }
        (Datum::Bytes(a), Datum::Bytes(b)) => {
            bounded(a.len() + b.len())?;
            Datum::Bytes(Arc::from([&**a, &**b].concat()))
        }
        (Datum::List(a), Datum::List(b)) => {
            bounded(a.len() + b.len())?;
            Datum::List(Items::owned(a.iter().chain(b.iter()).collect()))
        }
        (Datum::Timestamp(at), Datum::Duration(by)) | (Datum::Duration(by), Datum::Timestamp(at)) => {
            Datum::Timestamp(moved(*at, by.as_micros().into())?)
        }
        (Datum::Duration(a), Datum::Duration(b)) => elapsed(a.as_micros().checked_add(b.as_micros()))?,
        _ => return Err(EvaluateError::WrongType),
    })
}

fn subtract<'a>(a: &Datum<'a>, b: &Datum<'a>) -> Outcome<'a> {
    Ok(match (a, b) {
        (Datum::Int(a), Datum::Int(b)) => Datum::Int(fit(a.checked_sub(*b))?),
        (Datum::UInt(a), Datum::UInt(b)) => Datum::UInt(fit(a.checked_sub(*b))?),
        (Datum::Double(a), Datum::Double(b)) => Datum::Double(a - b),
        (Datum::Decimal(a), Datum::Decimal(b)) => Datum::Decimal(fit(a.checked_sub(*b))?),
        (Datum::Timestamp(a), Datum::Timestamp(b)) => Datum::Duration(a.since(*b)),
        (Datum::Timestamp(at), Datum::Duration(by)) => {
            Datum::Timestamp(moved(*at, -i128::from(by.as_micros()))?)
        }
        (Datum::Duration(a), Datum::Duration(b)) => elapsed(a.as_micros().checked_sub(b.as_micros()))?,
        _ => return Err(EvaluateError::WrongType),
    })
}

/// An elapsed time that CEL can write: at most some ten thousand years either way.
fn elapsed<'a>(micros: Option<i64>) -> Outcome<'a> {
    micros
        .filter(|n| n.unsigned_abs() <= MAX_DURATION_MICROS)
        .map(|n| Datum::Duration(Duration::from_micros(n)))
        .ok_or(EvaluateError::Overflow)
}

fn moved(at: Timestamp, by: i128) -> Result<Timestamp, EvaluateError> {
    let micros = i64::try_from(i128::from(at.as_micros()) + by).map_err(|_| EvaluateError::Overflow)?;
    Timestamp::from_micros(micros).map_err(|_| EvaluateError::Overflow)
}

fn product<'a>(op: BinaryOp, a: &Datum<'a>, b: &Datum<'a>) -> Outcome<'a> {
    let is_zero = match b {
        Datum::Int(n) => *n == 0,
        Datum::UInt(n) => *n == 0,
        Datum::Decimal(n) => n.is_zero(),
        _ => false,
    };
    if is_zero && op != BinaryOp::Multiply && a.type_name() == b.type_name() {
        return Err(EvaluateError::DivideByZero);
    }
    Ok(match (op, a, b) {
        (BinaryOp::Multiply, Datum::Int(a), Datum::Int(b)) => Datum::Int(fit(a.checked_mul(*b))?),
        (BinaryOp::Divide, Datum::Int(a), Datum::Int(b)) => Datum::Int(fit(a.checked_div(*b))?),
        (BinaryOp::Remainder, Datum::Int(a), Datum::Int(b)) => Datum::Int(fit(a.checked_rem(*b))?),
        (BinaryOp::Multiply, Datum::UInt(a), Datum::UInt(b)) => Datum::UInt(fit(a.checked_mul(*b))?),
        (BinaryOp::Divide, Datum::UInt(a), Datum::UInt(b)) => Datum::UInt(fit(a.checked_div(*b))?),
        (BinaryOp::Remainder, Datum::UInt(a), Datum::UInt(b)) => Datum::UInt(fit(a.checked_rem(*b))?),
        (BinaryOp::Multiply, Datum::Double(a), Datum::Double(b)) => Datum::Double(a * b),
        (BinaryOp::Divide, Datum::Double(a), Datum::Double(b)) => Datum::Double(a / b),
        (BinaryOp::Multiply, Datum::Decimal(a), Datum::Decimal(b)) => Datum::Decimal(fit(a.checked_mul(*b))?),
        (BinaryOp::Divide, Datum::Decimal(a), Datum::Decimal(b)) => Datum::Decimal(fit(a.checked_div(*b))?),
        _ => return Err(EvaluateError::WrongType),
    })
}

/// `-a`.
pub(crate) fn negate<'a>(a: &Datum<'a>) -> Outcome<'a> {
    Ok(match a {
        Datum::Int(n) => Datum::Int(fit(n.checked_neg())?),
        Datum::Double(x) => Datum::Double(-x),
        Datum::Decimal(x) => Datum::Decimal(-*x),
        Datum::Duration(d) => Datum::Duration(Duration::from_micros(fit(d.as_micros().checked_neg())?)),
        _ => return Err(EvaluateError::WrongType),
    })
}

/// `a[b]`.
pub(crate) fn index<'a>(a: &Datum<'a>, b: &Datum<'_>) -> Outcome<'a> {
    match a {
        Datum::Map(entries) => entries.get(b).ok_or(EvaluateError::NoSuchKey),
        Datum::List(items) => {
            let place = match b {
                Datum::Int(n) => usize::try_from(*n).ok(),
                Datum::UInt(n) => usize::try_from(*n).ok(),
                Datum::Double(x) if *x == x.trunc() && 0.0 <= *x && *x < 1e15 => Some(*x as usize),
                Datum::Double(_) => None,
                _ => return Err(EvaluateError::WrongType),
            };
            place.and_then(|place| items.get(place)).ok_or(EvaluateError::OutOfRange)
        }
        _ => Err(EvaluateError::WrongType),
    }
}
