//! From tokens to the tree, by precedence climbing.
//!
//! Recursion and size are bounded while parsing: what is too deep or too long is refused where the bound is met.

use apropos_event::{Path, Problem, Span};

use super::ast::TooLarge;
use super::lexer::{Lexer, Token};
use super::{Ast, BinaryOp, Literal, MacroKind, Node, NodeId, UnaryOp, is_reserved};
use crate::limits::{MAX_DEPTH, MAX_LIST, MAX_NODES, MAX_TEXT_BYTES};

/// The tree that `text` spells.
///
/// The one function through which text becomes a condition.
pub(crate) fn parse(text: &str) -> Result<Ast, Problem> {
    let mut parser = Parser::new(text);
    parser.all(text.len())?;
    Ok(parser.ast)
}

/// How many words and signs are read, and how many nodes made, until `text` is parsed or refused.
#[cfg(test)]
pub(super) fn work(text: &str) -> (usize, usize) {
    let mut parser = Parser::new(text);
    let _ = parser.all(text.len());
    (parser.lexer.tokens(), parser.ast.len())
}

struct Parser<'t> {
    lexer: Lexer<'t>,
    token: Token<'t>,
    span: Span,
    /// Where the token before ended.
    last: usize,
    depth: usize,
    ast: Ast,
}

type Parsed<T> = Result<T, Problem>;

fn problem(code: &'static str, span: Span, message: impl Into<String>) -> Problem {
    Problem::error(code, Path::root(), message).with_span(span)
}

fn outside(span: Span, what: &str) -> Problem {
    problem("condition/outside-subset", span, format!("{what} are not part of the condition language"))
}

impl<'t> Parser<'t> {
    fn new(text: &'t str) -> Self {
        let ast = Ast::default();
        Self { lexer: Lexer::new(text), token: Token::End, span: 0..0, last: 0, depth: 0, ast }
    }

    fn all(&mut self, len: usize) -> Parsed<()> {
        if MAX_TEXT_BYTES < len {
            let message = format!("a condition is at most {MAX_TEXT_BYTES} bytes long, this one has {len}");
            return Err(problem("condition/too-long", 0..0, message));
        }
        self.advance()?;
        // INVARIANT: the root is the node that was made last; parentheses make none.
        self.expression()?;
        if self.token == Token::End { Ok(()) } else { self.unexpected("the end") }
    }

    fn advance(&mut self) -> Parsed<Token<'t>> {
        let (token, span) =
            self.lexer.next().map_err(|error| problem(error.code, error.span, error.message))?;
        self.last = self.span.end;
        self.span = span;
        Ok(std::mem::replace(&mut self.token, token))
    }

    fn is(&self, sign: &str) -> bool {
        matches!(self.token, Token::Sign(found) if found == sign)
    }

    fn eat(&mut self, sign: &str) -> Parsed<bool> {
        let found = self.is(sign);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn expect(&mut self, sign: &str) -> Parsed<()> {
        if self.eat(sign)? { Ok(()) } else { self.unexpected(&format!("`{sign}`")) }
    }

    fn unexpected<T>(&self, expected: &str) -> Parsed<T> {
        let found = match &self.token {
            Token::End => "the end".to_owned(),
            Token::Word(word) => format!("`{}`", short(word)),
            Token::Sign(sign) => format!("`{sign}`"),
            Token::Quoted(_) => "a quoted name".to_owned(),
            Token::Int(_) | Token::UInt(_) | Token::Double(_) => "a number".to_owned(),
            Token::Text(_) => "a text".to_owned(),
            Token::Bytes(_) => "bytes".to_owned(),
        };
        let error =
            problem("condition/syntax", self.span.clone(), format!("expected {expected}, found {found}"));
        Err(match &self.token {
            Token::Word("and" | "AND") => error.with_help("and is written `&&`"),
            Token::Word("or" | "OR") => error.with_help("or is written `||`"),
            Token::Word("not" | "NOT") => error.with_help("not is written `!`"),
            _ => error,
        })
    }

    fn push(&mut self, node: Node, start: usize) -> Parsed<NodeId> {
        let span = start..self.last;
        self.ast.push(node, span.clone()).map_err(|why| match why {
            TooLarge::Nodes => {
                problem("condition/too-large", span, format!("a condition has at most {MAX_NODES} nodes"))
            }
            TooLarge::Depth => too_deep(span),
        })
    }

    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if MAX_DEPTH <= self.depth {
            return Err(too_deep(self.span.clone()));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    fn expression(&mut self) -> Parsed<NodeId> {
        self.deeper(|this| {
            let start = this.span.start;
            let condition = this.any_of()?;
            if !this.eat("?")? {
                return Ok(condition);
            }
            let yes = this.any_of()?;
            this.expect(":")?;
            let no = this.expression()?;
            this.push(Node::Conditional { condition, yes, no }, start)
        })
    }

    fn any_of(&mut self) -> Parsed<NodeId> {
        self.chain("||", Self::all_of, Node::Or)
    }

    fn all_of(&mut self) -> Parsed<NodeId> {
        self.chain("&&", |this| this.binary(3), Node::And)
    }

    fn chain(
        &mut self,
        sign: &str,
        term: impl Fn(&mut Self) -> Parsed<NodeId>,
        node: impl FnOnce(Box<[NodeId]>) -> Node,
    ) -> Parsed<NodeId> {
        let start = self.span.start;
        let first = term(self)?;
        if !self.is(sign) {
            return Ok(first);
        }
        let mut terms = vec![first];
        while self.eat(sign)? {
            terms.push(term(self)?);
        }
        self.push(node(terms.into()), start)
    }

    fn binary(&mut self, level: u8) -> Parsed<NodeId> {
        let start = self.span.start;
        let mut left = self.unary()?;
        while let Some(op) = self.operator().filter(|op| level <= op.level()) {
            self.advance()?;
            let right = self.binary(op.level() + 1)?;
            left = self.push(Node::Binary { op, left, right }, start)?;
        }
        Ok(left)
    }

    fn operator(&self) -> Option<BinaryOp> {
        Some(match self.token {
            Token::Word("in") => BinaryOp::In,
            Token::Sign(sign) => match sign {
                "==" => BinaryOp::Equal,
                "!=" => BinaryOp::NotEqual,
                "<" => BinaryOp::Less,
                "<=" => BinaryOp::AtMost,
                ">" => BinaryOp::Greater,
                ">=" => BinaryOp::AtLeast,
                "+" => BinaryOp::Add,
                "-" => BinaryOp::Subtract,
                "*" => BinaryOp::Multiply,
                "/" => BinaryOp::Divide,
                "%" => BinaryOp::Remainder,
                _ => return None,
            },
            _ => return None,
        })
    }

    fn unary(&mut self) -> Parsed<NodeId> {
        let start = self.span.start;
        if self.eat("!")? {
            let operand = self.deeper(Self::unary)?;
            return self.push(Node::Unary { op: UnaryOp::Not, operand }, start);
        }
        if self.eat("-")? {
            // A minus before a number belongs to the number, so that the least int can be written.
            if matches!(self.token, Token::Int(_) | Token::Double(_)) {
                let literal = self.number(true)?;
                let literal = self.push(Node::Literal(literal), start)?;
                return self.postfix(literal, start);
            }
            let operand = self.deeper(Self::unary)?;
            return self.push(Node::Unary { op: UnaryOp::Negate, operand }, start);
        }
        let primary = self.primary()?;
        self.postfix(primary, start)
    }

    fn number(&mut self, negative: bool) -> Parsed<Literal> {
        let span = self.span.clone();
        Ok(match self.advance()? {
            Token::Int(n) => {
                let n = if negative { 0_i64.checked_sub_unsigned(n) } else { i64::try_from(n).ok() };
                let too_large = || problem("condition/syntax", span, "this number does not fit 64 bits");
                Literal::Int(n.ok_or_else(too_large)?)
            }
            Token::Double(x) => Literal::Double(if negative { -x } else { x }),
            _ => Literal::Null,
        })
    }

    fn postfix(&mut self, mut operand: NodeId, start: usize) -> Parsed<NodeId> {
        loop {
            if self.eat(".")? {
                operand = self.member(operand, start)?;
            } else if self.eat("[")? {
                if self.is("?") {
                    return Err(outside(self.span.clone(), "optional values"));
                }
                let index = self.expression()?;
                self.expect("]")?;
                operand = self.push(Node::Index { operand, index }, start)?;
            } else if self.is("{") {
                return Err(outside(self.span.clone(), "messages"));
            } else {
                return Ok(operand);
            }
        }
    }

    fn member(&mut self, operand: NodeId, start: usize) -> Parsed<NodeId> {
        if self.is("?") {
            return Err(outside(self.span.clone(), "optional values"));
        }
        let name_span = self.span.clone();
        let quoted = matches!(self.token, Token::Quoted(_));
        let (Token::Word(name) | Token::Quoted(name)) = self.token.clone() else {
            return self.unexpected("a name");
        };
        if !quoted && matches!(name, "in" | "true" | "false" | "null") {
            return Err(problem(
                "condition/syntax",
                name_span,
                format!("`{name}` cannot be the name of a field"),
            ));
        }
        self.advance()?;
        if quoted || !self.is("(") {
            return self.push(Node::Select { operand, field: name.into() }, start);
        }
        self.advance()?;
        let arguments = self.arguments(")")?;
        if let Some(kind) = macro_kind(name, arguments.len()) {
            return self.comprehension(kind, operand, &arguments, start);
        }
        self.push(
            Node::Call { function: name.into(), target: Some(operand), arguments: arguments.into() },
            start,
        )
    }

    fn comprehension(
        &mut self,
        kind: MacroKind,
        range: NodeId,
        arguments: &[NodeId],
        start: usize,
    ) -> Parsed<NodeId> {
        let Some((variable, bodies)) = arguments.split_first() else { return self.unexpected("a variable") };
        let Node::Name(name) = self.ast.node(*variable).clone() else {
            let span = self.ast.span(*variable);
            let message = format!("the first argument of `{}` is the name of its variable", kind.text());
            return Err(problem("condition/macro-variable", span, message));
        };
        if name.starts_with('.') || name.starts_with("__") {
            let span = self.ast.span(*variable);
            return Err(problem("condition/macro-variable", span, "a variable is a plain name"));
        }
        self.push(Node::Macro { kind, range, variable: name, arguments: bodies.into() }, start)
    }

    fn primary(&mut self) -> Parsed<NodeId> {
        let start = self.span.start;
        match self.token.clone() {
            Token::Int(_) | Token::Double(_) => {
                let literal = self.number(false)?;
                self.push(Node::Literal(literal), start)
            }
            Token::UInt(n) => self.literal(Literal::UInt(n), start),
            Token::Text(text) => self.literal(Literal::Text(text.into()), start),
            Token::Bytes(bytes) => self.literal(Literal::Bytes(bytes.into()), start),
            Token::Word("true") => self.literal(Literal::Bool(true), start),
            Token::Word("false") => self.literal(Literal::Bool(false), start),
            Token::Word("null") => self.literal(Literal::Null, start),
            Token::Word("in") => self.unexpected("a value"),
            Token::Word(word) => self.name(word, false, start),
            Token::Sign(".") => {
                self.advance()?;
                match self.token.clone() {
                    Token::Word(word) => self.name(word, true, start),
                    _ => self.unexpected("a name"),
                }
            }
            Token::Sign("(") => {
                self.advance()?;
                let inner = self.expression()?;
                self.expect(")")?;
                self.ast.widen(inner, &(start..self.last));
                Ok(inner)
            }
            Token::Sign("[") => {
                self.advance()?;
                if self.is("?") {
                    return Err(outside(self.span.clone(), "optional values"));
                }
                let items = self.arguments("]")?;
                self.push(Node::List(items.into()), start)
            }
            Token::Sign("{") => self.map(start),
            _ => self.unexpected("a value"),
        }
    }

    fn literal(&mut self, literal: Literal, start: usize) -> Parsed<NodeId> {
        self.advance()?;
        self.push(Node::Literal(literal), start)
    }

    fn name(&mut self, word: &'t str, absolute: bool, start: usize) -> Parsed<NodeId> {
        if is_reserved(word) {
            let message = format!("`{word}` is a word the language keeps for itself");
            return Err(problem("condition/syntax", self.span.clone(), message));
        }
        self.advance()?;
        if !self.eat("(")? {
            let name = if absolute { format!(".{word}").into() } else { word.into() };
            return self.push(Node::Name(name), start);
        }
        let arguments = self.arguments(")")?;
        if word == "has" && arguments.len() == 1 {
            return self.has(&arguments, start);
        }
        self.push(Node::Call { function: word.into(), target: None, arguments: arguments.into() }, start)
    }

    fn has(&mut self, arguments: &[NodeId], start: usize) -> Parsed<NodeId> {
        let argument = arguments.first().copied().unwrap_or_default();
        match self.ast.node(argument).clone() {
            Node::Select { operand, field } => self.push(Node::Has { operand, field }, start),
            // Ours: a name without a dot may be an attribute too.
            Node::Name(_) => self.push(
                Node::Call { function: "has".into(), target: None, arguments: arguments.into() },
                start,
            ),
            _ => {
                let span = self.ast.span(argument);
                Err(problem("condition/has", span, "`has` asks for a field, as in `has(profile.tier)`"))
            }
        }
    }

    /// Comma-separated expressions up to `close`, which is taken. A list may end in a comma.
    fn arguments(&mut self, close: &str) -> Parsed<Vec<NodeId>> {
        let mut found = Vec::new();
        let start = self.last;
        while !self.is(close) {
            if self.is("?") {
                return Err(outside(self.span.clone(), "optional values"));
            }
            found.push(self.expression()?);
            self.bounded(found.len(), start)?;
            if !self.eat(",")? {
                break;
            }
            if close == ")" && self.is(")") {
                return self.unexpected("a value");
            }
        }
        self.expect(close)?;
        Ok(found)
    }

    fn map(&mut self, start: usize) -> Parsed<NodeId> {
        self.advance()?;
        let mut found = Vec::new();
        while !self.is("}") {
            if self.is("?") {
                return Err(outside(self.span.clone(), "optional values"));
            }
            found.push(self.expression()?);
            self.expect(":")?;
            found.push(self.expression()?);
            self.bounded(found.len() / 2, start)?;
            if !self.eat(",")? {
                break;
            }
        }
        self.expect("}")?;
        self.push(Node::Map(found.into()), start)
    }

    fn bounded(&self, items: usize, start: usize) -> Parsed<()> {
        if items <= MAX_LIST {
            return Ok(());
        }
        let message = format!("a list or map has at most {MAX_LIST} elements");
        Err(problem("condition/too-large", start..self.last, message))
    }
}

fn too_deep(span: Span) -> Problem {
    problem("condition/too-deep", span, format!("a condition nests at most {MAX_DEPTH} deep"))
}

fn macro_kind(name: &str, arguments: usize) -> Option<MacroKind> {
    Some(match (name, arguments) {
        ("all", 2) => MacroKind::All,
        ("exists", 2) => MacroKind::Exists,
        ("exists_one" | "existsOne", 2) => MacroKind::ExistsOne,
        ("filter", 2) => MacroKind::Filter,
        ("map", 2 | 3) => MacroKind::Map,
        _ => return None,
    })
}

fn short(word: &str) -> String {
    word.chars().take(64).collect()
}
