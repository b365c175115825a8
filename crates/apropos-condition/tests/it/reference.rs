//! A naive interpreter of the tree form: no checker, no index, no sharing, nothing but the rules.
//!
//! Written against the language's description, not against the engine.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use apropos_condition::Tree;
use rust_decimal::Decimal;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum V {
    Bool(bool),
    Int(i64),
    Double(f64),
    Decimal(Decimal),
    Text(String),
    /// Microseconds since 1970.
    Instant(i64),
    /// Microseconds.
    Span(i64),
    List(Vec<V>),
}

/// There is no value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Failed;

pub(crate) type Facts = BTreeMap<String, V>;
type Outcome = Result<V, Failed>;

/// What the tree comes to.
pub(crate) fn evaluate(tree: &Tree, facts: &Facts, locals: &mut Vec<(String, V)>) -> Outcome {
    let mut sub = |tree: &Tree| evaluate(tree, facts, locals);
    match tree {
        Tree::Bool(b) => Ok(V::Bool(*b)),
        Tree::Int(n) => Ok(V::Int(*n)),
        Tree::Double(x) => Ok(V::Double(*x)),
        Tree::Text(text) => Ok(V::Text(text.clone())),
        Tree::Attribute(name) => {
            if let Some((_, value)) = locals.iter().rev().find(|(local, _)| local == name) {
                return Ok(value.clone());
            }
            facts.get(name).cloned().ok_or(Failed)
        }
        Tree::Has(inner) => match &**inner {
            Tree::Attribute(name) => Ok(V::Bool(facts.contains_key(name))),
            _ => Err(Failed),
        },
        Tree::Not(inner) => Ok(V::Bool(!bool_of(&sub(inner)?)?)),
        Tree::Negate(inner) => match sub(inner)? {
            V::Int(n) => n.checked_neg().map(V::Int).ok_or(Failed),
            V::Double(x) => Ok(V::Double(-x)),
            V::Decimal(x) => Ok(V::Decimal(-x)),
            V::Span(n) => n.checked_neg().map(V::Span).ok_or(Failed),
            _ => Err(Failed),
        },
        Tree::All(terms) => joined(terms.iter().map(sub), false),
        Tree::Any(terms) => joined(terms.iter().map(sub), true),
        Tree::Equal(a, b) => Ok(V::Bool(equal(&sub(a)?, &sub(b)?))),
        Tree::NotEqual(a, b) => Ok(V::Bool(!equal(&sub(a)?, &sub(b)?))),
        Tree::Less(a, b) => ordered(&sub(a)?, &sub(b)?, |o| o == Ordering::Less),
        Tree::AtMost(a, b) => ordered(&sub(a)?, &sub(b)?, |o| o != Ordering::Greater),
        Tree::Greater(a, b) => ordered(&sub(a)?, &sub(b)?, |o| o == Ordering::Greater),
        Tree::AtLeast(a, b) => ordered(&sub(a)?, &sub(b)?, |o| o != Ordering::Less),
        Tree::In(a, b) => {
            let (a, b) = (sub(a)?, sub(b)?);
            match b {
                V::List(items) => Ok(V::Bool(items.iter().any(|item| equal(item, &a)))),
                _ => Err(Failed),
            }
        }
        Tree::Add(a, b) => add(sub(a)?, sub(b)?),
        Tree::Subtract(a, b) => subtract(sub(a)?, sub(b)?),
        Tree::Multiply(a, b) => match numbers(sub(a)?, sub(b)?) {
            (V::Int(a), V::Int(b)) => a.checked_mul(b).map(V::Int).ok_or(Failed),
            (V::Double(a), V::Double(b)) => Ok(V::Double(a * b)),
            (V::Decimal(a), V::Decimal(b)) => a.checked_mul(b).map(V::Decimal).ok_or(Failed),
            _ => Err(Failed),
        },
        Tree::Divide(a, b) => match numbers(sub(a)?, sub(b)?) {
            (V::Int(a), V::Int(b)) => a.checked_div(b).map(V::Int).ok_or(Failed),
            (V::Double(a), V::Double(b)) => Ok(V::Double(a / b)),
            (V::Decimal(a), V::Decimal(b)) => a.checked_div(b).map(V::Decimal).ok_or(Failed),
            _ => Err(Failed),
        },
        Tree::Remainder(a, b) => match (sub(a)?, sub(b)?) {
            (V::Int(a), V::Int(b)) => a.checked_rem(b).map(V::Int).ok_or(Failed),
            _ => Err(Failed),
        },
        Tree::If(condition, yes, no) => {
            let yes_wanted = bool_of(&sub(condition)?)?;
            if yes_wanted { sub(yes) } else { sub(no) }
        }
        Tree::Index(operand, index) => match (sub(operand)?, sub(index)?) {
            (V::List(items), V::Int(n)) => {
                usize::try_from(n).ok().and_then(|n| items.get(n).cloned()).ok_or(Failed)
            }
            _ => Err(Failed),
        },
        Tree::List(items) => items.iter().map(sub).collect::<Result<_, _>>().map(V::List),
        Tree::Call(name, arguments) => {
            let arguments = arguments.iter().map(sub).collect::<Result<Vec<_>, _>>()?;
            call(name, &arguments, facts)
        }
        Tree::CallOn(target, name, arguments) => {
            let mut values = vec![sub(target)?];
            for argument in arguments {
                values.push(sub(argument)?);
            }
            call(name, &values, facts)
        }
        Tree::Every(inner) => joined(each(inner, facts, locals)?.into_iter(), false),
        Tree::Exists(inner) => joined(each(inner, facts, locals)?.into_iter(), true),
        Tree::ExistsOne(inner) => {
            let found = each(inner, facts, locals)?.into_iter().collect::<Result<Vec<_>, _>>()?;
            Ok(V::Bool(found.iter().filter(|value| **value == V::Bool(true)).count() == 1))
        }
        Tree::Filter(inner) => {
            let V::List(items) = evaluate(&inner.range, facts, locals)? else { return Err(Failed) };
            let keep = each(inner, facts, locals)?.into_iter().collect::<Result<Vec<_>, _>>()?;
            Ok(V::List(
                items.into_iter().zip(keep).filter(|(_, k)| *k == V::Bool(true)).map(|(v, _)| v).collect(),
            ))
        }
        Tree::Transform(inner) => {
            each(inner, facts, locals)?.into_iter().collect::<Result<_, _>>().map(V::List)
        }
        _ => Err(Failed),
    }
}

/// What the body comes to for each element.
fn each(
    inner: &apropos_condition::MacroTree,
    facts: &Facts,
    locals: &mut Vec<(String, V)>,
) -> Result<Vec<Outcome>, Failed> {
    let V::List(items) = evaluate(&inner.range, facts, locals)? else { return Err(Failed) };
    let mut found = Vec::new();
    for item in items {
        locals.push((inner.variable.clone(), item));
        found.push(evaluate(&inner.body, facts, locals));
        locals.pop();
    }
    Ok(found)
}

fn bool_of(value: &V) -> Result<bool, Failed> {
    if let V::Bool(b) = value { Ok(*b) } else { Err(Failed) }
}

/// One side that decides is enough; without one, any failure fails the whole.
fn joined(values: impl Iterator<Item = Outcome>, deciding: bool) -> Outcome {
    let all: Vec<Outcome> = values.collect();
    if all.contains(&Ok(V::Bool(deciding))) {
        return Ok(V::Bool(deciding));
    }
    if all.iter().all(|value| *value == Ok(V::Bool(!deciding))) {
        Ok(V::Bool(!deciding))
    } else {
        Err(Failed)
    }
}

/// A number literal beside a decimal is a decimal.
fn numbers(a: V, b: V) -> (V, V) {
    match (&a, &b) {
        (V::Decimal(_), V::Int(n)) => (a, V::Decimal((*n).into())),
        (V::Int(n), V::Decimal(_)) => (V::Decimal((*n).into()), b),
        (V::Decimal(_), V::Double(x)) => (a, V::Decimal(x.to_string().parse().unwrap())),
        (V::Double(x), V::Decimal(_)) => (V::Decimal(x.to_string().parse().unwrap()), b),
        _ => (a, b),
    }
}

fn compare(a: &V, b: &V) -> Option<Ordering> {
    match (a, b) {
        (V::Bool(a), V::Bool(b)) => Some(a.cmp(b)),
        (V::Text(a), V::Text(b)) => Some(a.cmp(b)),
        (V::Instant(a), V::Instant(b)) | (V::Span(a), V::Span(b)) | (V::Int(a), V::Int(b)) => Some(a.cmp(b)),
        (V::Double(a), V::Double(b)) => a.partial_cmp(b),
        // The generator keeps whole numbers that meet doubles small enough to be doubles.
        (V::Int(a), V::Double(b)) => (*a as f64).partial_cmp(b),
        (V::Double(a), V::Int(b)) => a.partial_cmp(&(*b as f64)),
        _ => match numbers(a.clone(), b.clone()) {
            (V::Decimal(a), V::Decimal(b)) => Some(a.cmp(&b)),
            _ => None,
        },
    }
}

fn equal(a: &V, b: &V) -> bool {
    match (a, b) {
        (V::List(a), V::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        _ => compare(a, b) == Some(Ordering::Equal),
    }
}

fn ordered(a: &V, b: &V, holds: impl Fn(Ordering) -> bool) -> Outcome {
    match compare(a, b) {
        Some(order) => Ok(V::Bool(holds(order))),
        None if matches!((a, b), (V::Double(_) | V::Int(_), V::Double(_) | V::Int(_))) => Ok(V::Bool(false)),
        None => Err(Failed),
    }
}

fn instant(micros: i128) -> Outcome {
    let range = -62_135_596_800_000_000..=253_402_300_799_999_999;
    if range.contains(&micros) { Ok(V::Instant(micros as i64)) } else { Err(Failed) }
}

fn add(a: V, b: V) -> Outcome {
    match numbers(a, b) {
        (V::Int(a), V::Int(b)) => a.checked_add(b).map(V::Int).ok_or(Failed),
        (V::Double(a), V::Double(b)) => Ok(V::Double(a + b)),
        (V::Decimal(a), V::Decimal(b)) => a.checked_add(b).map(V::Decimal).ok_or(Failed),
        (V::Text(a), V::Text(b)) => Ok(V::Text(a + &b)),
        (V::List(a), V::List(b)) => Ok(V::List([a, b].concat())),
        (V::Instant(at), V::Span(by)) | (V::Span(by), V::Instant(at)) => {
            instant(i128::from(at) + i128::from(by))
        }
        (V::Span(a), V::Span(b)) => a.checked_add(b).map(V::Span).ok_or(Failed),
        _ => Err(Failed),
    }
}

fn subtract(a: V, b: V) -> Outcome {
    match numbers(a, b) {
        (V::Int(a), V::Int(b)) => a.checked_sub(b).map(V::Int).ok_or(Failed),
        (V::Double(a), V::Double(b)) => Ok(V::Double(a - b)),
        (V::Decimal(a), V::Decimal(b)) => a.checked_sub(b).map(V::Decimal).ok_or(Failed),
        (V::Instant(a), V::Instant(b)) | (V::Span(a), V::Span(b)) => {
            a.checked_sub(b).map(V::Span).ok_or(Failed)
        }
        (V::Instant(at), V::Span(by)) => instant(i128::from(at) - i128::from(by)),
        _ => Err(Failed),
    }
}

fn call(name: &str, arguments: &[V], facts: &Facts) -> Outcome {
    let now = || if let Some(V::Instant(now)) = facts.get("now") { Ok(*now) } else { Err(Failed) };
    match (name, arguments) {
        ("size", [V::Text(text)]) => Ok(V::Int(text.chars().count() as i64)),
        ("size", [V::List(items)]) => Ok(V::Int(items.len() as i64)),
        ("contains", [V::Text(a), V::Text(b)]) => Ok(V::Bool(a.contains(b.as_str()))),
        ("startsWith", [V::Text(a), V::Text(b)]) => Ok(V::Bool(a.starts_with(b.as_str()))),
        ("endsWith", [V::Text(a), V::Text(b)]) => Ok(V::Bool(a.ends_with(b.as_str()))),
        // The generator's only pattern: an `a`, then perhaps anything, then a `b`.
        ("matches", [V::Text(a), V::Text(_)]) => {
            Ok(V::Bool(a.find('a').is_some_and(|at| a[at..].contains('b'))))
        }
        ("int", [V::Double(x)]) => {
            if x.abs() < 9.2e18 {
                Ok(V::Int(x.trunc() as i64))
            } else {
                Err(Failed)
            }
        }
        ("double", [V::Int(n)]) => Ok(V::Double(*n as f64)),
        ("string", [V::Int(n)]) => Ok(V::Text(n.to_string())),
        ("abs", [V::Int(n)]) => n.checked_abs().map(V::Int).ok_or(Failed),
        ("max", [V::Int(a), V::Int(b)]) => Ok(V::Int(*a.max(b))),
        ("min", [V::Int(a), V::Int(b)]) => Ok(V::Int(*a.min(b))),
        ("duration", [V::Text(text)]) => {
            Ok(V::Span(text.trim_end_matches('d').parse::<i64>().map_err(|_| Failed)? * 86_400_000_000))
        }
        ("within", [V::Instant(at), V::Span(span)]) => {
            let now = now()?;
            Ok(V::Bool(*at <= now && now - at <= *span))
        }
        ("days_since", [V::Instant(at)]) => Ok(V::Int((now()? - at).div_euclid(86_400_000_000))),
        _ => Err(Failed),
    }
}
