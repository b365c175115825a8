//! Walks the nodes of one condition.
//!
//! Recursion is bounded by the depth of the tree, work by a budget of steps.

use apropos_event::Timestamp;

use super::{EvaluateError, functions, operators};
use crate::check::{Builtin, Resolution};
use crate::datum::{Datum, Entries, Items, Measure};
use crate::expression::Expression;
use crate::limits::{MAX_MACRO_NESTING, MAX_STEPS, MAX_VALUE_SIZE};
use crate::text::{BinaryOp, MacroKind, Node, NodeId, UnaryOp};
use crate::{AttributeId, Facts};

type Outcome<'v> = Result<Datum<'v>, EvaluateError>;

/// One evaluation of one expression for some facts.
pub(crate) struct Machine<'v> {
    expression: &'v Expression,
    facts: &'v Facts,
    locals: [Datum<'v>; MAX_MACRO_NESTING],
    depth: usize,
    steps: u32,
}

impl<'v> Machine<'v> {
    pub(crate) fn new(expression: &'v Expression, facts: &'v Facts) -> Self {
        Self {
            expression,
            facts,
            locals: [const { Datum::Null }; MAX_MACRO_NESTING],
            depth: 0,
            steps: MAX_STEPS,
        }
    }

    /// The steps taken so far.
    pub(crate) fn taken(&self) -> u32 {
        MAX_STEPS - self.steps
    }

    fn spend(&mut self, steps: usize) -> Result<(), EvaluateError> {
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        self.steps = self.steps.checked_sub(steps).ok_or(EvaluateError::Limit)?;
        Ok(())
    }

    /// The value of the node `id`.
    pub(crate) fn value(&mut self, id: NodeId) -> Outcome<'v> {
        self.spend(1)?;
        let expression = self.expression;
        match expression.resolution(id) {
            Resolution::Structure => self.structure(id),
            Resolution::Constant(at) => Ok(expression.constant(at).reborrowed()),
            Resolution::Attribute(attribute) => {
                self.facts.get(attribute).ok_or(EvaluateError::Missing(attribute))
            }
            Resolution::HasAttribute(attribute) => Ok(Datum::Bool(self.facts.is_known(attribute))),
            Resolution::Local(slot) => {
                self.locals.get(usize::from(slot)).cloned().ok_or(EvaluateError::Limit)
            }
            Resolution::Builtin(builtin) => {
                let Node::Call { target, arguments, .. } = expression.ast().node(id) else {
                    return Err(EvaluateError::WrongType);
                };
                self.call(builtin, *target, arguments)
            }
            Resolution::Matches(pattern) => {
                let subject = self.first_argument(id)?;
                let Datum::Text(text) = &subject else { return Err(EvaluateError::WrongType) };
                self.spend(length(&subject) / 16)?;
                Ok(Datum::Bool(
                    expression.pattern(pattern).is_some_and(|regex| regex.is_match(text.as_str())),
                ))
            }
            Resolution::LocalPart(part, zone) => {
                let subject = self.first_argument(id)?;
                let zone = expression.zone(zone).ok_or(EvaluateError::WrongType)?;
                functions::part_in_zone(part, &subject, zone)
            }
        }
    }

    fn first_argument(&mut self, id: NodeId) -> Outcome<'v> {
        let Node::Call { target, arguments, .. } = self.expression.ast().node(id) else {
            return Err(EvaluateError::WrongType);
        };
        let first = target.or(arguments.first().copied()).ok_or(EvaluateError::WrongType)?;
        self.value(first)
    }

    fn call(&mut self, builtin: Builtin, target: Option<NodeId>, arguments: &'v [NodeId]) -> Outcome<'v> {
        let given = target.iter().chain(arguments);
        let facts = self.facts;
        // Most functions take one or two values: no memory is asked for then.
        if arguments.len() + usize::from(target.is_some()) <= 2 {
            let mut few = [Datum::Null, Datum::Null];
            let mut count = 0;
            for (place, id) in few.iter_mut().zip(given) {
                *place = self.argument(*id)?;
                count += 1;
            }
            return functions::call(builtin, few.get(..count).unwrap_or_default(), || now(facts));
        }
        let many = given.map(|id| self.argument(*id)).collect::<Result<Vec<_>, _>>()?;
        functions::call(builtin, &many, || now(facts))
    }

    fn argument(&mut self, id: NodeId) -> Outcome<'v> {
        let value = self.value(id)?;
        self.spend(length(&value) / 16)?;
        Ok(value)
    }

    fn structure(&mut self, id: NodeId) -> Outcome<'v> {
        match self.expression.ast().node(id) {
            Node::And(terms) => self.junction(terms, false),
            Node::Or(terms) => self.junction(terms, true),
            Node::Unary { op, operand } => {
                let value = self.value(*operand)?;
                match (op, &value) {
                    (UnaryOp::Not, Datum::Bool(b)) => Ok(Datum::Bool(!b)),
                    (UnaryOp::Not, _) => Err(EvaluateError::WrongType),
                    (UnaryOp::Negate, _) => operators::negate(&value),
                }
            }
            Node::Binary { op, left, right } => {
                let left = self.value(*left)?;
                let right = self.value(*right)?;
                self.spend(self.effort(*op, &left, &right))?;
                let value = operators::binary(*op, &left, &right)?;
                if matches!(value, Datum::List(_)) { self.grown(value) } else { Ok(value) }
            }
            Node::Conditional { condition, yes, no } => match self.value(*condition)? {
                Datum::Bool(true) => self.value(*yes),
                Datum::Bool(false) => self.value(*no),
                _ => Err(EvaluateError::WrongType),
            },
            Node::Select { operand, field } => match self.value(*operand)? {
                Datum::Map(entries) => {
                    self.spend(entries.len() / 4)?;
                    entries.field(field).ok_or(EvaluateError::NoSuchKey)
                }
                _ => Err(EvaluateError::WrongType),
            },
            Node::Has { operand, field } => match self.value(*operand)? {
                Datum::Map(entries) => {
                    self.spend(entries.len() / 4)?;
                    Ok(Datum::Bool(entries.field(field).is_some()))
                }
                _ => Err(EvaluateError::WrongType),
            },
            Node::Index { operand, index } => {
                let operand = self.value(*operand)?;
                let index = self.value(*index)?;
                if let Datum::Map(entries) = &operand {
                    self.spend(entries.len().saturating_mul(self.measured(&index)))?;
                }
                operators::index(&operand, &index)
            }
            Node::List(items) => {
                let mut values = Vec::with_capacity(items.len());
                for item in items {
                    values.push(self.value(*item)?);
                }
                self.grown(Datum::List(Items::owned(values)))
            }
            Node::Map(entries) => self.map(entries),
            Node::Macro { kind, range, arguments, .. } => self.comprehension(*kind, *range, arguments),
            // What was not resolved was refused by the checker.
            Node::Literal(_) | Node::Name(_) | Node::Call { .. } => Err(EvaluateError::WrongType),
        }
    }

    /// `&&` and `||`.
    fn junction(&mut self, terms: &'v [NodeId], deciding: bool) -> Outcome<'v> {
        absorbed(terms.iter().map(|term| self.value(*term)), deciding)
    }

    fn map(&mut self, nodes: &'v [NodeId]) -> Outcome<'v> {
        let mut entries: Vec<(Datum<'v>, Datum<'v>)> = Vec::with_capacity(nodes.len() / 2);
        for pair in nodes.chunks_exact(2) {
            let (Some(key), Some(value)) = (pair.first(), pair.last()) else { continue };
            let (key, value) = (self.value(*key)?, self.value(*value)?);
            if !matches!(key, Datum::Bool(_) | Datum::Int(_) | Datum::UInt(_) | Datum::Text(_)) {
                return Err(EvaluateError::WrongType);
            }
            self.spend(entries.len() / 8)?;
            if entries.iter().any(|(known, _)| known.equals(&key)) {
                return Err(EvaluateError::DuplicateKey);
            }
            entries.push((key, value));
        }
        self.grown(Datum::Map(Entries::owned(entries)))
    }

    fn comprehension(&mut self, kind: MacroKind, range: NodeId, bodies: &'v [NodeId]) -> Outcome<'v> {
        let range = self.value(range)?;
        let len = match &range {
            Datum::List(items) => items.len(),
            Datum::Map(entries) => entries.len(),
            _ => return Err(EvaluateError::WrongType),
        };
        let element = |at: usize| match &range {
            Datum::List(items) => items.get(at),
            Datum::Map(entries) => entries.entry(at).map(|(key, _)| key),
            _ => None,
        };
        let slot = self.depth;
        self.depth += 1;
        let result = match kind {
            MacroKind::All => self.quantified(slot, len, element, bodies, false),
            MacroKind::Exists => self.quantified(slot, len, element, bodies, true),
            MacroKind::ExistsOne => self.exactly_one(slot, len, element, bodies),
            MacroKind::Filter | MacroKind::Map => self.collected(kind, slot, len, element, bodies),
        };
        self.depth = slot;
        result
    }

    /// The value of the last body for one element, and of the one before it if there are two.
    fn body(&mut self, slot: usize, element: Option<Datum<'v>>, body: Option<&NodeId>) -> Outcome<'v> {
        let (Some(element), Some(body)) = (element, body) else { return Err(EvaluateError::OutOfRange) };
        if let Some(place) = self.locals.get_mut(slot) {
            *place = element;
        }
        self.value(*body)
    }

    fn quantified(
        &mut self,
        slot: usize,
        len: usize,
        element: impl Fn(usize) -> Option<Datum<'v>>,
        bodies: &'v [NodeId],
        deciding: bool,
    ) -> Outcome<'v> {
        absorbed((0..len).map(|at| self.body(slot, element(at), bodies.first())), deciding)
    }

    fn exactly_one(
        &mut self,
        slot: usize,
        len: usize,
        element: impl Fn(usize) -> Option<Datum<'v>>,
        bodies: &'v [NodeId],
    ) -> Outcome<'v> {
        let mut found = 0_usize;
        for at in 0..len {
            match self.body(slot, element(at), bodies.first())? {
                Datum::Bool(true) => found += 1,
                Datum::Bool(false) => {}
                _ => return Err(EvaluateError::WrongType),
            }
        }
        Ok(Datum::Bool(found == 1))
    }

    fn collected(
        &mut self,
        kind: MacroKind,
        slot: usize,
        len: usize,
        element: impl Fn(usize) -> Option<Datum<'v>>,
        bodies: &'v [NodeId],
    ) -> Outcome<'v> {
        let (condition, body) = match (kind, bodies) {
            (MacroKind::Map, [body]) => (None, Some(body)),
            (MacroKind::Map, [condition, body]) => (Some(condition), Some(body)),
            (_, bodies) => (bodies.first(), None),
        };
        let mut kept = Vec::new();
        for at in 0..len {
            if let Some(condition) = condition {
                match self.body(slot, element(at), Some(condition))? {
                    Datum::Bool(true) => {}
                    Datum::Bool(false) => continue,
                    _ => return Err(EvaluateError::WrongType),
                }
            }
            kept.push(match body {
                Some(body) => self.body(slot, element(at), Some(body))?,
                None => element(at).ok_or(EvaluateError::OutOfRange)?,
            });
            if MAX_VALUE_SIZE < kept.len() {
                return Err(EvaluateError::Limit);
            }
        }
        self.grown(Datum::List(Items::owned(kept)))
    }

    /// Pays for a list or map that was computed. Its elements may be shared, and sharing can make a value that is
    /// exponentially larger than the steps that made it; so every value is bounded by what it would be written out.
    fn grown(&mut self, value: Datum<'v>) -> Outcome<'v> {
        let size = value.measure(Measure::Size, MAX_VALUE_SIZE + 1);
        self.spend(size)?;
        if MAX_VALUE_SIZE < size { Err(EvaluateError::Limit) } else { Ok(value) }
    }

    /// What comparing with a value costs at most, in steps; one more than there are when there are too few.
    fn measured(&self, value: &Datum<'_>) -> usize {
        value.measure(Measure::Effort, self.steps as usize + 1)
    }

    /// What an operator costs, in steps. Two values differ as soon as the smaller one ends.
    fn effort(&self, op: BinaryOp, a: &Datum<'_>, b: &Datum<'_>) -> usize {
        match (op, b) {
            (BinaryOp::In, Datum::List(items)) => {
                b.measure(Measure::Effort, items.len().saturating_mul(self.measured(a)))
            }
            (BinaryOp::In, Datum::Map(entries)) => entries.len().saturating_mul(self.measured(a)),
            (BinaryOp::Equal | BinaryOp::NotEqual, _) => b.measure(Measure::Effort, self.measured(a)),
            _ => (length(a) + length(b)) / 64,
        }
    }
}

/// One outcome that decides is enough, whatever the others are; without one, the first error is the outcome.
fn absorbed<'v>(outcomes: impl Iterator<Item = Outcome<'v>>, deciding: bool) -> Outcome<'v> {
    let mut error = None;
    for outcome in outcomes {
        match outcome {
            Ok(Datum::Bool(b)) if b == deciding => return Ok(Datum::Bool(deciding)),
            Ok(Datum::Bool(_)) => {}
            Ok(_) => error = error.or(Some(EvaluateError::WrongType)),
            Err(EvaluateError::Limit) => return Err(EvaluateError::Limit),
            Err(why) => error = error.or(Some(why)),
        }
    }
    error.map_or(Ok(Datum::Bool(!deciding)), Err)
}

/// Bytes of a text, elements of a list.
fn length(datum: &Datum<'_>) -> usize {
    match datum {
        Datum::Text(text) => text.as_str().len(),
        Datum::Bytes(bytes) => bytes.len(),
        Datum::List(items) => 16 * items.len(),
        _ => 0,
    }
}

fn now(facts: &Facts) -> Result<Timestamp, EvaluateError> {
    match facts.get(AttributeId::NOW) {
        Some(Datum::Timestamp(at)) => Ok(at),
        _ => Err(EvaluateError::Missing(AttributeId::NOW)),
    }
}
