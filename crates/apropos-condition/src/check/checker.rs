//! Resolves every name and checks every type, reporting all problems with their spans.
//!
//! Literals become values here. Not here: what names stand for, see `names`; which operators take which types, see
//! `operators`; calls of functions, see `calls`.

use apropos_event::{Path, Problem, Problems};

use super::checked::{Checked, Resolution};
use super::cost::cost;
use super::types::{Type, with_article};
use crate::datum::{Datum, Text};
use crate::limits::{MAX_COST, MAX_MACRO_NESTING, MAX_PATTERNS};
use crate::schema::Declarations;
use crate::text::{Ast, Literal, MacroKind, Node, NodeId};

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
    pub(super) locals: Vec<(Box<str>, Type)>,
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

    /// A pattern that was refused took more than one that was not.
    pub(super) fn refused_pattern(&mut self) {
        self.patterns += 1;
    }

    /// Whether one more pattern may be compiled.
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

    pub(super) fn expect_bool(&mut self, id: NodeId) {
        let found = self.node(id);
        if !matches!(found, Type::Bool | Type::Dynamic) {
            self.error(
                "condition/not-bool",
                id,
                format!("expected true or false here, this is {}", with_article(&found)),
            );
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

    fn index(&mut self, id: NodeId, operand: NodeId, index: NodeId) -> Type {
        let kind = self.node(operand);
        let key = self.node(index);
        match kind {
            Type::Dynamic => Type::Dynamic,
            Type::List(element) if key.is_dynamic() || (key.is_number() && key != Type::Decimal) => *element,
            Type::Map(expected, value) if key.may_equal(&expected) => *value,
            kind => {
                self.error(
                    "condition/index",
                    id,
                    format!("{} cannot be indexed by {}", with_article(&kind), with_article(&key)),
                );
                Type::Dynamic
            }
        }
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
                self.error(
                    "condition/map-key",
                    *key,
                    format!("{} cannot be the key of a map", with_article(&kind)),
                );
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
                let message =
                    format!("`{}` goes over a list or a map, this is {}", kind.text(), with_article(&over));
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
