//! The JSON form of conditions: a tree that tools can build without writing CEL.
//!
//! `{"all": [{"at_least": [{"attribute": "profile.age"}, {"int": 18}]}, …]}`. The tree and the text say the same:
//! a tree is printed as canonical text and read back, so there is one grammar and one set of limits.

use apropos_event::{Path, Problem, Problems};
use serde::{Deserialize, Serialize};

use super::{Ast, BinaryOp, Literal, MacroKind, Node, NodeId, UnaryOp, is_reserved};
use crate::limits::{MAX_DEPTH, MAX_LIST, MAX_NODES};

/// A condition, or a part of one, as data.
///
/// Pairs are the left and the right side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
#[expect(missing_docs, reason = "each variant is the operator of that name")]
pub enum Tree {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(String),
    Bytes(Vec<u8>),
    /// A name: an attribute such as `profile.tier`, or the variable of a macro.
    Attribute(String),
    /// A field of a map.
    Field(Box<Tree>, String),
    /// Whether an attribute or a field of a map is there.
    Has(Box<Tree>),
    Index(Box<Tree>, Box<Tree>),
    Not(Box<Tree>),
    Negate(Box<Tree>),
    All(Vec<Tree>),
    Any(Vec<Tree>),
    Equal(Box<Tree>, Box<Tree>),
    NotEqual(Box<Tree>, Box<Tree>),
    Less(Box<Tree>, Box<Tree>),
    AtMost(Box<Tree>, Box<Tree>),
    Greater(Box<Tree>, Box<Tree>),
    AtLeast(Box<Tree>, Box<Tree>),
    In(Box<Tree>, Box<Tree>),
    Add(Box<Tree>, Box<Tree>),
    Subtract(Box<Tree>, Box<Tree>),
    Multiply(Box<Tree>, Box<Tree>),
    Divide(Box<Tree>, Box<Tree>),
    Remainder(Box<Tree>, Box<Tree>),
    /// Condition, then, else.
    If(Box<Tree>, Box<Tree>, Box<Tree>),
    /// A function and its arguments: `["history.count", [{"text": "purchase"}]]`.
    Call(String, Vec<Tree>),
    /// A function called on its first argument.
    CallOn(Box<Tree>, String, Vec<Tree>),
    List(Vec<Tree>),
    Map(Vec<(Tree, Tree)>),
    Every(Box<MacroTree>),
    Exists(Box<MacroTree>),
    ExistsOne(Box<MacroTree>),
    Filter(Box<MacroTree>),
    Transform(Box<MacroTree>),
}

/// A macro over a list or a map.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MacroTree {
    /// What it goes over.
    pub range: Tree,
    /// The name of the element.
    pub variable: String,
    /// Which elements are transformed; only for `transform`.
    #[serde(default)]
    pub condition: Option<Tree>,
    /// What is asked of, or made of, each element.
    pub body: Tree,
}

impl Tree {
    /// The tree that `text` spells, whatever its names may mean.
    ///
    /// ```
    /// use apropos_condition::Tree;
    ///
    /// let tree = Tree::parse("cart.value >= 50")?;
    /// assert_eq!(
    ///     serde_json::to_string(&tree)?,
    ///     r#"{"at_least":[{"attribute":"cart.value"},{"int":50}]}"#
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The first place where the text is not of the language.
    pub fn parse(text: &str) -> Result<Self, Problems> {
        let read = super::parse(text).map_err(|problem| Problems::from_iter([problem]));
        read.map(|ast| to_tree(&ast, ast.root()))
    }
}

/// The tree of a syntax tree.
pub(crate) fn to_tree(ast: &Ast, id: NodeId) -> Tree {
    let sub = |id: &NodeId| Box::new(to_tree(ast, *id));
    let all = |ids: &[NodeId]| ids.iter().map(|id| to_tree(ast, *id)).collect::<Vec<_>>();
    match ast.node(id) {
        Node::Literal(literal) => match literal {
            Literal::Null => Tree::Null,
            Literal::Bool(b) => Tree::Bool(*b),
            Literal::Int(n) => Tree::Int(*n),
            Literal::UInt(n) => Tree::Uint(*n),
            Literal::Double(x) => Tree::Double(*x),
            Literal::Text(text) => Tree::Text(text.to_string()),
            Literal::Bytes(bytes) => Tree::Bytes(bytes.to_vec()),
        },
        Node::Name(name) => Tree::Attribute(name.to_string()),
        node @ Node::Select { operand, field } => match dotted(ast, node) {
            Some(name) => Tree::Attribute(name),
            None => Tree::Field(sub(operand), field.to_string()),
        },
        Node::Has { operand, field } => {
            let select = Node::Select { operand: *operand, field: field.clone() };
            Tree::Has(Box::new(match dotted(ast, &select) {
                Some(name) => Tree::Attribute(name),
                None => Tree::Field(sub(operand), field.to_string()),
            }))
        }
        Node::Index { operand, index } => Tree::Index(sub(operand), sub(index)),
        Node::Unary { op: UnaryOp::Not, operand } => Tree::Not(sub(operand)),
        Node::Unary { op: UnaryOp::Negate, operand } => Tree::Negate(sub(operand)),
        Node::Binary { op, left, right } => binary_tree(*op)(sub(left), sub(right)),
        Node::And(terms) => Tree::All(all(terms)),
        Node::Or(terms) => Tree::Any(all(terms)),
        Node::Conditional { condition, yes, no } => Tree::If(sub(condition), sub(yes), sub(no)),
        Node::Call { function, target: None, arguments } => match (&**function, &**arguments) {
            ("has", [argument]) => Tree::Has(sub(argument)),
            _ => Tree::Call(function.to_string(), all(arguments)),
        },
        Node::Call { function, target: Some(target), arguments } => match dotted(ast, ast.node(*target)) {
            Some(prefix) => Tree::Call(format!("{prefix}.{function}"), all(arguments)),
            None => Tree::CallOn(sub(target), function.to_string(), all(arguments)),
        },
        Node::List(items) => Tree::List(all(items)),
        Node::Map(entries) => Tree::Map(
            entries
                .chunks_exact(2)
                .filter_map(|pair| Some((to_tree(ast, *pair.first()?), to_tree(ast, *pair.last()?))))
                .collect(),
        ),
        Node::Macro { kind, range, variable, arguments } => {
            let body = arguments.last().map_or(Tree::Null, |id| to_tree(ast, *id));
            let condition =
                (arguments.len() == 2).then(|| arguments.first().map(|id| to_tree(ast, *id))).flatten();
            let inner = Box::new(MacroTree {
                range: to_tree(ast, *range),
                variable: variable.to_string(),
                condition,
                body,
            });
            match kind {
                MacroKind::All => Tree::Every(inner),
                MacroKind::Exists => Tree::Exists(inner),
                MacroKind::ExistsOne => Tree::ExistsOne(inner),
                MacroKind::Filter => Tree::Filter(inner),
                MacroKind::Map => Tree::Transform(inner),
            }
        }
    }
}

fn binary_tree(op: BinaryOp) -> fn(Box<Tree>, Box<Tree>) -> Tree {
    match op {
        BinaryOp::Equal => Tree::Equal,
        BinaryOp::NotEqual => Tree::NotEqual,
        BinaryOp::Less => Tree::Less,
        BinaryOp::AtMost => Tree::AtMost,
        BinaryOp::Greater => Tree::Greater,
        BinaryOp::AtLeast => Tree::AtLeast,
        BinaryOp::In => Tree::In,
        BinaryOp::Add => Tree::Add,
        BinaryOp::Subtract => Tree::Subtract,
        BinaryOp::Multiply => Tree::Multiply,
        BinaryOp::Divide => Tree::Divide,
        BinaryOp::Remainder => Tree::Remainder,
    }
}

/// The dotted name of a name or a chain of selections whose every part is a plain word, with the dot it may begin with.
fn dotted(ast: &Ast, node: &Node) -> Option<String> {
    ast.spelled(node).filter(|name| is_plain_dotted(name))
}

fn is_word(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !matches!(word, "in" | "true" | "false" | "null")
}

fn is_plain_dotted(name: &str) -> bool {
    let name = name.strip_prefix('.').unwrap_or(name);
    name.split('.').all(is_word) && name.split('.').next().is_some_and(|word| !is_reserved(word))
}

/// The syntax tree of a tree; its spans are empty until it is printed and read back.
pub(crate) fn from_tree(tree: &Tree) -> Result<Ast, Problem> {
    let mut reader = Reader { ast: Ast::default() };
    reader.read(tree, 0)?;
    Ok(reader.ast)
}

struct Reader {
    ast: Ast,
}

type Read<T> = Result<T, Problem>;

fn refused(code: &'static str, message: impl Into<String>) -> Problem {
    Problem::error(code, Path::root(), message)
}

impl Reader {
    fn push(&mut self, node: Node) -> Read<NodeId> {
        self.ast.push(node, 0..0).map_err(|why| match why {
            super::ast::TooLarge::Nodes => {
                refused("condition/too-large", format!("a condition has at most {MAX_NODES} nodes"))
            }
            super::ast::TooLarge::Depth => {
                refused("condition/too-deep", format!("a condition nests at most {MAX_DEPTH} deep"))
            }
        })
    }

    fn literal(&mut self, literal: Literal) -> Read<NodeId> {
        self.push(Node::Literal(literal))
    }

    fn read(&mut self, tree: &Tree, depth: usize) -> Read<NodeId> {
        if MAX_DEPTH <= depth {
            return Err(refused("condition/too-deep", format!("a condition nests at most {MAX_DEPTH} deep")));
        }
        let depth = depth + 1;
        match tree {
            Tree::Null => self.literal(Literal::Null),
            Tree::Bool(b) => self.literal(Literal::Bool(*b)),
            Tree::Int(n) => self.literal(Literal::Int(*n)),
            Tree::Uint(n) => self.literal(Literal::UInt(*n)),
            Tree::Double(x) if x.is_finite() => self.literal(Literal::Double(*x)),
            Tree::Double(_) => Err(refused("condition/syntax", "a number must be finite")),
            Tree::Text(text) => self.literal(Literal::Text(text.as_str().into())),
            Tree::Bytes(bytes) => self.literal(Literal::Bytes(bytes.as_slice().into())),
            Tree::Attribute(name) => self.name(name),
            Tree::Field(operand, field) => {
                let operand = self.read(operand, depth)?;
                let field = checked_field(field)?;
                self.push(Node::Select { operand, field })
            }
            Tree::Has(inner) => self.has(inner, depth),
            Tree::Index(operand, index) => {
                let (operand, index) = (self.read(operand, depth)?, self.read(index, depth)?);
                self.push(Node::Index { operand, index })
            }
            Tree::Not(inner) => self.unary(UnaryOp::Not, inner, depth),
            Tree::Negate(inner) => self.unary(UnaryOp::Negate, inner, depth),
            Tree::All(terms) => self.joined(terms, true, depth),
            Tree::Any(terms) => self.joined(terms, false, depth),
            Tree::Equal(a, b) => self.binary(BinaryOp::Equal, a, b, depth),
            Tree::NotEqual(a, b) => self.binary(BinaryOp::NotEqual, a, b, depth),
            Tree::Less(a, b) => self.binary(BinaryOp::Less, a, b, depth),
            Tree::AtMost(a, b) => self.binary(BinaryOp::AtMost, a, b, depth),
            Tree::Greater(a, b) => self.binary(BinaryOp::Greater, a, b, depth),
            Tree::AtLeast(a, b) => self.binary(BinaryOp::AtLeast, a, b, depth),
            Tree::In(a, b) => self.binary(BinaryOp::In, a, b, depth),
            Tree::Add(a, b) => self.binary(BinaryOp::Add, a, b, depth),
            Tree::Subtract(a, b) => self.binary(BinaryOp::Subtract, a, b, depth),
            Tree::Multiply(a, b) => self.binary(BinaryOp::Multiply, a, b, depth),
            Tree::Divide(a, b) => self.binary(BinaryOp::Divide, a, b, depth),
            Tree::Remainder(a, b) => self.binary(BinaryOp::Remainder, a, b, depth),
            Tree::If(condition, yes, no) => {
                let condition = self.read(condition, depth)?;
                let (yes, no) = (self.read(yes, depth)?, self.read(no, depth)?);
                self.push(Node::Conditional { condition, yes, no })
            }
            Tree::Call(function, arguments) => self.call(function, arguments, depth),
            Tree::CallOn(target, function, arguments) => {
                let target = Some(self.read(target, depth)?);
                let function = checked_word(function)?;
                let arguments = self.several(arguments, depth)?;
                self.push(Node::Call { function, target, arguments })
            }
            Tree::List(items) => {
                let items = self.several(items, depth)?;
                self.push(Node::List(items))
            }
            Tree::Map(entries) => {
                let mut nodes = Vec::with_capacity(2 * entries.len().min(MAX_LIST));
                for (key, value) in entries {
                    nodes.push(self.read(key, depth)?);
                    nodes.push(self.read(value, depth)?);
                }
                self.push(Node::Map(nodes.into()))
            }
            Tree::Every(inner) => self.comprehension(MacroKind::All, inner, depth),
            Tree::Exists(inner) => self.comprehension(MacroKind::Exists, inner, depth),
            Tree::ExistsOne(inner) => self.comprehension(MacroKind::ExistsOne, inner, depth),
            Tree::Filter(inner) => self.comprehension(MacroKind::Filter, inner, depth),
            Tree::Transform(inner) => self.comprehension(MacroKind::Map, inner, depth),
        }
    }

    fn several(&mut self, trees: &[Tree], depth: usize) -> Read<Box<[NodeId]>> {
        trees.iter().map(|tree| self.read(tree, depth)).collect()
    }

    fn unary(&mut self, op: UnaryOp, inner: &Tree, depth: usize) -> Read<NodeId> {
        let operand = self.read(inner, depth)?;
        self.push(Node::Unary { op, operand })
    }

    fn binary(&mut self, op: BinaryOp, a: &Tree, b: &Tree, depth: usize) -> Read<NodeId> {
        let (left, right) = (self.read(a, depth)?, self.read(b, depth)?);
        self.push(Node::Binary { op, left, right })
    }

    /// All of no terms is true, any of no terms is false, and one term stands for itself.
    fn joined(&mut self, terms: &[Tree], all: bool, depth: usize) -> Read<NodeId> {
        match terms {
            [] => self.literal(Literal::Bool(all)),
            [one] => self.read(one, depth),
            _ => {
                let terms = self.several(terms, depth)?;
                self.push(if all { Node::And(terms) } else { Node::Or(terms) })
            }
        }
    }

    fn name(&mut self, name: &str) -> Read<NodeId> {
        if !is_plain_dotted(name) {
            return Err(bad_name(name));
        }
        let absolute = name.starts_with('.');
        let mut words = name.strip_prefix('.').unwrap_or(name).split('.');
        let first = words.next().unwrap_or_default();
        let mut at =
            self.push(Node::Name(if absolute { format!(".{first}").into() } else { first.into() }))?;
        for word in words {
            at = self.push(Node::Select { operand: at, field: word.into() })?;
        }
        Ok(at)
    }

    fn has(&mut self, inner: &Tree, depth: usize) -> Read<NodeId> {
        let (operand, field) = match inner {
            Tree::Attribute(name) => match name.rsplit_once('.') {
                Some((prefix, field)) if !prefix.is_empty() => (self.name(prefix)?, checked_field(field)?),
                _ => {
                    let argument = self.name(name)?;
                    let arguments = Box::new([argument]);
                    return self.push(Node::Call { function: "has".into(), target: None, arguments });
                }
            },
            Tree::Field(operand, field) => (self.read(operand, depth)?, checked_field(field)?),
            _ => return Err(refused("condition/has", "`has` asks for an attribute or a field")),
        };
        self.push(Node::Has { operand, field })
    }

    fn call(&mut self, function: &str, arguments: &[Tree], depth: usize) -> Read<NodeId> {
        let (prefix, name) = function.rsplit_once('.').map_or((None, function), |(p, name)| (Some(p), name));
        if prefix.is_none() && is_reserved(name) {
            return Err(bad_name(name));
        }
        let target = prefix.map(|prefix| self.name(prefix)).transpose()?;
        let function = checked_word(name)?;
        let arguments = self.several(arguments, depth)?;
        self.push(Node::Call { function, target, arguments })
    }

    fn comprehension(&mut self, kind: MacroKind, inner: &MacroTree, depth: usize) -> Read<NodeId> {
        let range = self.read(&inner.range, depth)?;
        if !is_word(&inner.variable) || is_reserved(&inner.variable) {
            return Err(bad_name(&inner.variable));
        }
        // The parser makes a node of the variable's name; so that both trees are one, so does this.
        self.push(Node::Name(inner.variable.as_str().into()))?;
        let condition = match &inner.condition {
            Some(condition) if kind == MacroKind::Map => Some(self.read(condition, depth)?),
            Some(_) => {
                return Err(refused(
                    "condition/syntax",
                    "only `transform` takes a condition besides its body",
                ));
            }
            None => None,
        };
        let body = self.read(&inner.body, depth)?;
        let arguments = condition.into_iter().chain([body]).collect();
        self.push(Node::Macro { kind, range, variable: inner.variable.as_str().into(), arguments })
    }
}

fn bad_name(name: &str) -> Problem {
    let name: String = name.chars().take(128).collect();
    refused("condition/syntax", format!("`{}` is not a name", name.escape_debug()))
}

fn checked_word(word: &str) -> Read<Box<str>> {
    if is_word(word) { Ok(word.into()) } else { Err(bad_name(word)) }
}

fn checked_field(field: &str) -> Read<Box<str>> {
    let quotable = !field.is_empty()
        && field.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b'/' | b' '));
    if quotable { Ok(field.into()) } else { Err(bad_name(field)) }
}
