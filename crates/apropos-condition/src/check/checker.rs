//! Resolves every name and checks every type, reporting all problems with their spans.
//!
//! Literals become values here. Not here: calls of functions, see `calls`.

use apropos_event::{Path, Problem, Problems, Zone, did_you_mean};
use regex::Regex;

use super::builtin::{self, Builtin};
use super::cost::cost;
use super::types::Type;
use crate::datum::{Datum, Text, decimal_of};
use crate::limits::{MAX_COST, MAX_MACRO_NESTING, MAX_PATTERNS};
use crate::schema::Declarations;
use crate::text::{Ast, BinaryOp, Literal, MacroKind, Node, NodeId, UnaryOp};
use crate::{AttributeId, AttributeType};

/// What a node stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Resolution {
    /// What its shape says.
    Structure,
    Constant(u32),
    Attribute(AttributeId),
    HasAttribute(AttributeId),
    /// A variable of a macro, by nesting.
    Local(u8),
    Builtin(Builtin),
    /// The pattern it is matched against.
    Matches(u32),
    /// A part of local time in a zone.
    LocalPart(builtin::Part, u32),
}

/// What checking found out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Checked {
    pub(crate) resolved: Vec<Resolution>,
    pub(crate) constants: Vec<Datum<'static>>,
    pub(crate) patterns: Vec<Regex>,
    pub(crate) zones: Vec<Zone>,
    /// The attributes it reads, each once, ascending.
    pub(crate) attributes: Vec<AttributeId>,
    /// The most steps one evaluation may take.
    pub(crate) cost: u64,
    /// The first leaf that may need more steps than it has.
    pub(crate) costly: Option<NodeId>,
}

/// Checks the whole tree; gives what was found out and the type of the root.
pub(crate) fn check<D: Declarations>(ast: &Ast, names: D, problems: &mut Problems) -> (Checked, Type) {
    let found = Checked { resolved: vec![Resolution::Structure; ast.len()], ..Checked::default() };
    let mut checker = Checker {
        ast,
        names,
        problems,
        found,
        locals: Vec::new(),
        suggestions: MAX_SUGGESTIONS,
        patterns: 0,
    };
    let kind = checker.node(ast.root());
    checker.bound();
    let mut found = checker.found;
    found.attributes.sort_unstable();
    found.attributes.dedup();
    (found, kind)
}

pub(super) struct Checker<'a, D> {
    pub(super) ast: &'a Ast,
    pub(super) names: D,
    problems: &'a mut Problems,
    pub(super) found: Checked,
    locals: Vec<(Box<str>, Type)>,
    /// How many more problems may come with a suggestion.
    suggestions: usize,
    /// How many patterns were met.
    patterns: usize,
}

/// Looking for a name like the one that is meant reads all names. A text of nothing but slips gets help for the first.
const MAX_SUGGESTIONS: usize = 16;

impl<D: Declarations> Checker<'_, D> {
    pub(super) fn error(&mut self, code: &'static str, id: NodeId, message: impl Into<String>) {
        self.error_with(code, id, message, None);
    }

    pub(super) fn error_with(
        &mut self,
        code: &'static str,
        id: NodeId,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        let mut problem = Problem::error(code, Path::root(), message).with_span(self.ast.span(id));
        problem.help = help;
        self.problems.push(problem);
    }

    /// Refuses what could take too long to evaluate.
    fn bound(&mut self) {
        (self.found.cost, self.found.costly) = cost(self.ast, &self.found, &self.names);
        if MAX_COST < self.found.cost {
            let message =
                format!("evaluating this may take {} steps; at most {MAX_COST} are allowed", self.found.cost);
            let help = "ask less often about long lists and texts".to_owned();
            self.error_with("condition/too-costly", self.ast.root(), message, Some(help));
        }
    }

    /// Whether one more pattern may be compiled; those that are refused cost as much.
    pub(super) fn may_compile(&mut self) -> bool {
        self.patterns += 1;
        self.patterns <= MAX_PATTERNS
    }

    /// Whether one more problem may come with a suggestion.
    pub(super) fn may_suggest(&mut self) -> bool {
        self.suggestions = self.suggestions.saturating_sub(1);
        self.suggestions != 0
    }

    pub(super) fn resolve(&mut self, id: NodeId, resolution: Resolution) {
        if let Some(place) = self.found.resolved.get_mut(id as usize) {
            *place = resolution;
        }
    }

    pub(super) fn constant(&mut self, id: NodeId, value: Datum<'static>) {
        let at = self.found.constants.len() as u32;
        self.found.constants.push(value);
        self.resolve(id, Resolution::Constant(at));
    }

    pub(super) fn constant_of(&self, id: NodeId) -> Option<&Datum<'static>> {
        match self.found.resolved.get(id as usize) {
            Some(Resolution::Constant(at)) => self.found.constants.get(*at as usize),
            _ => None,
        }
    }

    pub(super) fn text_of(&self, id: NodeId) -> Option<String> {
        match self.constant_of(id) {
            Some(Datum::Text(text)) => Some(text.as_str().to_owned()),
            _ => None,
        }
    }

    pub(super) fn node(&mut self, id: NodeId) -> Type {
        let ast = self.ast;
        match ast.node(id) {
            Node::Literal(literal) => self.literal(id, literal),
            Node::Name(name) => self.name(id, name),
            Node::Select { operand, field } => self.select(id, *operand, field),
            Node::Has { operand, field } => self.has(id, *operand, field),
            Node::Index { operand, index } => self.index(id, *operand, *index),
            Node::Unary { op, operand } => self.unary(id, *op, *operand),
            Node::Binary { op, left, right } => self.binary(id, *op, *left, *right),
            Node::And(terms) | Node::Or(terms) => {
                for term in terms {
                    self.expect_bool(*term);
                }
                Type::Bool
            }
            Node::Conditional { condition, yes, no } => {
                self.expect_bool(*condition);
                let yes = self.node(*yes);
                let no = self.node(*no);
                yes.join(&no)
            }
            Node::Call { function, target, arguments } => self.call(id, function, *target, arguments),
            Node::List(items) => {
                let element = self.join_all(items);
                Type::List(Box::new(element))
            }
            Node::Map(entries) => self.map(entries),
            Node::Macro { kind, range, variable, arguments } => {
                self.comprehension(id, *kind, *range, variable, arguments)
            }
        }
    }

    fn expect_bool(&mut self, id: NodeId) {
        let found = self.node(id);
        if !matches!(found, Type::Bool | Type::Dynamic) {
            self.error("condition/not-bool", id, format!("expected true or false here, this is a {found}"));
        }
    }

    fn literal(&mut self, id: NodeId, literal: &Literal) -> Type {
        let (value, kind) = match literal {
            Literal::Null => (Datum::Null, Type::Null),
            Literal::Bool(b) => (Datum::Bool(*b), Type::Bool),
            Literal::Int(n) => (Datum::Int(*n), Type::Int),
            Literal::UInt(n) => (Datum::UInt(*n), Type::UInt),
            Literal::Double(x) => (Datum::Double(*x), Type::Double),
            Literal::Text(text) => {
                let symbol = self.names.intern(text);
                (Datum::Text(Text::shared(text, symbol)), Type::Text)
            }
            Literal::Bytes(bytes) => (Datum::Bytes(bytes.to_vec().into()), Type::Bytes),
        };
        self.constant(id, value);
        kind
    }

    pub(super) fn attribute(&mut self, id: NodeId, attribute: AttributeId) -> Type {
        self.resolve(id, Resolution::Attribute(attribute));
        self.found.attributes.push(attribute);
        self.names.attribute(attribute).map_or(Type::Dynamic, |definition| Type::of(&definition.kind))
    }

    fn local(&self, name: &str) -> Option<(u8, Type)> {
        let at = self.locals.iter().rposition(|(known, _)| **known == *name)?;
        self.locals.get(at).map(|(_, kind)| (at as u8, kind.clone()))
    }

    fn name(&mut self, id: NodeId, name: &str) -> Type {
        if let Some((slot, kind)) = self.local(name) {
            self.resolve(id, Resolution::Local(slot));
            return kind;
        }
        let name = name.strip_prefix('.').unwrap_or(name);
        if let Some(attribute) = self.names.find(name) {
            return self.attribute(id, attribute);
        }
        if let Some(name) = builtin::type_value(name) {
            self.constant(id, Datum::Type(name));
            return Type::Kind;
        }
        self.unknown(id, name)
    }

    pub(super) fn unknown(&mut self, id: NodeId, name: &str) -> Type {
        let shown: String = name.chars().take(128).collect();
        let help = self
            .may_suggest()
            .then(|| did_you_mean(&shown, self.names.all_attributes().iter().map(|a| a.name.as_str())))
            .flatten();
        self.error_with("condition/unknown-attribute", id, format!("`{shown}` is not declared"), help);
        Type::Dynamic
    }

    /// The dotted name of a chain that does not begin with a variable.
    pub(super) fn free_name(&self, id: NodeId) -> Option<String> {
        let mut at = id;
        while let Node::Select { operand, .. } = self.ast.node(at) {
            at = *operand;
        }
        match self.ast.node(at) {
            Node::Name(name) if self.local(name).is_none() => self.ast.dotted(id),
            _ => None,
        }
    }

    fn select(&mut self, id: NodeId, operand: NodeId, field: &str) -> Type {
        let Some(name) = self.free_name(id) else {
            let kind = self.node(operand);
            return self.field(id, &kind, field);
        };
        if let Some((node, attribute)) = self.attribute_in(id) {
            return self.fields(id, node, attribute);
        }
        if let Some(name) = builtin::type_value(&name) {
            self.constant(id, Datum::Type(name));
            return Type::Kind;
        }
        self.unknown(id, &name)
    }

    /// The attribute that the longest beginning of a chain is, and the node where that beginning ends.
    pub(super) fn attribute_in(&self, id: NodeId) -> Option<(NodeId, AttributeId)> {
        let name = self.free_name(id)?;
        let (mut at, mut beginning) = (id, name.as_str());
        loop {
            if let Some(attribute) = self.names.find(beginning) {
                return Some((at, attribute));
            }
            let Node::Select { operand, field } = self.ast.node(at) else { return None };
            beginning = beginning.get(..beginning.len().checked_sub(field.len() + 1)?)?;
            at = *operand;
        }
    }

    /// The chain's end, as fields of the attribute that its beginning is.
    fn fields(&mut self, id: NodeId, beginning: NodeId, attribute: AttributeId) -> Type {
        let mut chain = Vec::new();
        let mut at = id;
        while at != beginning
            && let Node::Select { operand, field } = self.ast.node(at)
        {
            chain.push((at, field));
            at = *operand;
        }
        let mut kind = self.attribute(beginning, attribute);
        for (id, field) in chain.into_iter().rev() {
            kind = self.field(id, &kind, field);
        }
        kind
    }

    fn field(&mut self, id: NodeId, kind: &Type, field: &str) -> Type {
        match kind {
            Type::Dynamic => Type::Dynamic,
            Type::Map(key, value) if key.may_equal(&Type::Text) => (**value).clone(),
            _ => {
                let message = format!("a {kind} has no field `{field}`");
                self.error("condition/no-field", id, message);
                Type::Dynamic
            }
        }
    }

    fn has(&mut self, id: NodeId, operand: NodeId, field: &str) -> Type {
        if let Some(prefix) = self.free_name(operand) {
            let name = format!("{prefix}.{field}");
            if let Some(attribute) = self.names.find(&name) {
                self.resolve(id, Resolution::HasAttribute(attribute));
                self.found.attributes.push(attribute);
                return Type::Bool;
            }
            if self.attribute_in(operand).is_none() {
                self.unknown(id, &name);
                return Type::Bool;
            }
        }
        let kind = self.node(operand);
        self.field(id, &kind, field);
        Type::Bool
    }

    fn index(&mut self, id: NodeId, operand: NodeId, index: NodeId) -> Type {
        let kind = self.node(operand);
        let key = self.node(index);
        match kind {
            Type::Dynamic => Type::Dynamic,
            Type::List(element) if key.is_dynamic() || (key.is_number() && key != Type::Decimal) => *element,
            Type::Map(expected, value) if key.may_equal(&expected) => *value,
            kind => {
                self.error("condition/index", id, format!("a {kind} cannot be indexed by a {key}"));
                Type::Dynamic
            }
        }
    }

    fn unary(&mut self, id: NodeId, op: UnaryOp, operand: NodeId) -> Type {
        if op == UnaryOp::Not {
            self.expect_bool(operand);
            return Type::Bool;
        }
        let kind = self.node(operand);
        if !matches!(kind, Type::Dynamic | Type::Int | Type::Double | Type::Decimal | Type::Duration) {
            self.error("condition/operand-type", id, format!("`-` does not take a {kind}"));
            return Type::Dynamic;
        }
        kind
    }

    fn binary(&mut self, id: NodeId, op: BinaryOp, left: NodeId, right: NodeId) -> Type {
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
        let message = format!("`{}` does not take a {a} and a {b}", op.text());
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
            let message = format!("`in` does not take a {a} and a {b}");
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

    fn join_all(&mut self, nodes: &[NodeId]) -> Type {
        let mut joined: Option<Type> = None;
        for node in nodes {
            let kind = self.node(*node);
            joined = Some(match joined {
                None => kind,
                Some(before) => before.join(&kind),
            });
        }
        joined.unwrap_or(Type::Dynamic)
    }

    fn map(&mut self, entries: &[NodeId]) -> Type {
        let keys: Vec<NodeId> = entries.iter().copied().step_by(2).collect();
        let values: Vec<NodeId> = entries.iter().copied().skip(1).step_by(2).collect();
        for key in &keys {
            let kind = self.node(*key);
            if !matches!(kind, Type::Dynamic | Type::Bool | Type::Int | Type::UInt | Type::Text) {
                self.error("condition/map-key", *key, format!("a {kind} cannot be the key of a map"));
            }
        }
        let key = self.join_all(&keys);
        let value = self.join_all(&values);
        Type::Map(Box::new(key), Box::new(value))
    }

    fn comprehension(
        &mut self,
        id: NodeId,
        kind: MacroKind,
        range: NodeId,
        variable: &str,
        arguments: &[NodeId],
    ) -> Type {
        let over = self.node(range);
        let element = match over {
            Type::Dynamic => Type::Dynamic,
            Type::List(element) => *element,
            Type::Map(key, _) => *key,
            over => {
                let message = format!("`{}` goes over a list or a map, this is a {over}", kind.text());
                self.error("condition/macro-range", range, message);
                Type::Dynamic
            }
        };
        if MAX_MACRO_NESTING <= self.locals.len() {
            let message = format!("macros stand at most {MAX_MACRO_NESTING} deep in one another");
            self.error("condition/too-deep", id, message);
            return Type::Dynamic;
        }
        self.locals.push((variable.into(), element.clone()));
        let result = match (kind, arguments) {
            (MacroKind::Map, [body]) => Type::List(Box::new(self.node(*body))),
            (MacroKind::Map, [condition, body]) => {
                self.expect_bool(*condition);
                Type::List(Box::new(self.node(*body)))
            }
            (_, bodies) => {
                for body in bodies {
                    self.expect_bool(*body);
                }
                if kind == MacroKind::Filter { Type::List(Box::new(element)) } else { Type::Bool }
            }
        };
        self.locals.pop();
        result
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
