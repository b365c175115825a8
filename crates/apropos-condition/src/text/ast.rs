//! The tree of one condition as it was written: an arena of nodes with spans.
//!
//! Not here: types. The checker puts those beside the nodes.

use apropos_event::Span;

use crate::limits::{MAX_DEPTH, MAX_NODES};

/// The place of a node in its arena.
pub(crate) type NodeId = u32;

/// A value that stands in the text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Literal {
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Double(f64),
    Text(Box<str>),
    Bytes(Box<[u8]>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum UnaryOp {
    Not,
    Negate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum BinaryOp {
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
    In,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl BinaryOp {
    /// How the operator is written.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
            Self::In => "in",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        }
    }

    /// The operator with its sides changed: what `a < b` is for `b`. `None` when it has no such operator.
    pub(crate) fn mirrored(self) -> Option<Self> {
        Some(match self {
            Self::Equal | Self::NotEqual => self,
            Self::Less => Self::Greater,
            Self::AtMost => Self::AtLeast,
            Self::Greater => Self::Less,
            Self::AtLeast => Self::AtMost,
            _ => return None,
        })
    }

    /// How tightly it binds: relations 3, sums 4, products 5.
    pub(crate) fn level(self) -> u8 {
        match self {
            Self::Add | Self::Subtract => 4,
            Self::Multiply | Self::Divide | Self::Remainder => 5,
            _ => 3,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum MacroKind {
    All,
    Exists,
    ExistsOne,
    Filter,
    Map,
}

impl MacroKind {
    /// How the macro is written.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Exists => "exists",
            Self::ExistsOne => "exists_one",
            Self::Filter => "filter",
            Self::Map => "map",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    Literal(Literal),
    /// A name; one that begins with a dot is never a variable of a macro.
    Name(Box<str>),
    Select {
        operand: NodeId,
        field: Box<str>,
    },
    Has {
        operand: NodeId,
        field: Box<str>,
    },
    Index {
        operand: NodeId,
        index: NodeId,
    },
    Unary {
        op: UnaryOp,
        operand: NodeId,
    },
    Binary {
        op: BinaryOp,
        left: NodeId,
        right: NodeId,
    },
    /// Two or more terms.
    And(Box<[NodeId]>),
    /// Two or more terms.
    Or(Box<[NodeId]>),
    Conditional {
        condition: NodeId,
        yes: NodeId,
        no: NodeId,
    },
    Call {
        function: Box<str>,
        target: Option<NodeId>,
        arguments: Box<[NodeId]>,
    },
    List(Box<[NodeId]>),
    /// Keys and values alternate.
    Map(Box<[NodeId]>),
    /// One body, or for `map` a condition and a body.
    Macro {
        kind: MacroKind,
        range: NodeId,
        variable: Box<str>,
        arguments: Box<[NodeId]>,
    },
}

impl Node {
    /// The node's children, in the order they are written.
    pub(crate) fn children(&self, mut each: impl FnMut(NodeId)) {
        match self {
            Self::Literal(_) | Self::Name(_) => {}
            Self::Select { operand, .. } | Self::Has { operand, .. } | Self::Unary { operand, .. } => {
                each(*operand);
            }
            Self::Index { operand, index } => {
                each(*operand);
                each(*index);
            }
            Self::Binary { left, right, .. } => {
                each(*left);
                each(*right);
            }
            Self::And(nodes) | Self::Or(nodes) | Self::List(nodes) | Self::Map(nodes) => {
                nodes.iter().copied().for_each(each);
            }
            Self::Conditional { condition, yes, no } => {
                each(*condition);
                each(*yes);
                each(*no);
            }
            Self::Call { target, arguments, .. } => {
                target.iter().chain(arguments.iter()).copied().for_each(each);
            }
            Self::Macro { range, arguments, .. } => {
                each(*range);
                arguments.iter().copied().for_each(each);
            }
        }
    }
}

/// The arena. The root is the last node; children come before their parents.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ast {
    nodes: Vec<Node>,
    spans: Vec<(u32, u32)>,
    heights: Vec<u16>,
}

/// Why a node cannot be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TooLarge {
    Nodes,
    Depth,
}

const LITERAL_NULL: Node = Node::Literal(Literal::Null);

impl Ast {
    /// Adds a node whose children are there already.
    pub(crate) fn push(&mut self, node: Node, span: Span) -> Result<NodeId, TooLarge> {
        if MAX_NODES <= self.nodes.len() {
            return Err(TooLarge::Nodes);
        }
        let mut height = 0;
        node.children(|child| height = height.max(self.heights.get(child as usize).copied().unwrap_or(0)));
        if MAX_DEPTH <= usize::from(height) {
            return Err(TooLarge::Depth);
        }
        self.nodes.push(node);
        self.spans.push((span.start as u32, span.end as u32));
        self.heights.push(height + 1);
        Ok(self.nodes.len() as NodeId - 1)
    }

    /// The root.
    pub(crate) fn root(&self) -> NodeId {
        (self.nodes.len() as NodeId).saturating_sub(1)
    }

    /// How many nodes there are.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The node `id`.
    pub(crate) fn node(&self, id: NodeId) -> &Node {
        self.nodes.get(id as usize).unwrap_or(&LITERAL_NULL)
    }

    /// Where the node `id` stands in the text.
    pub(crate) fn span(&self, id: NodeId) -> Span {
        self.spans.get(id as usize).map_or(0..0, |(start, end)| *start as usize..*end as usize)
    }

    /// Lets the node's span include parentheses around it.
    pub(crate) fn widen(&mut self, id: NodeId, span: &Span) {
        if let Some(place) = self.spans.get_mut(id as usize) {
            *place = (span.start as u32, span.end as u32);
        }
    }

    /// The dotted name that a chain of names and selections spells, such as `profile.tier`.
    pub(crate) fn dotted(&self, id: NodeId) -> Option<String> {
        let name = self.spelled(self.node(id))?;
        Some(name.strip_prefix('.').map(str::to_owned).unwrap_or(name))
    }

    /// The same with the dot that it may begin with. A field in backquotes that holds a dot is no part of a name.
    pub(crate) fn spelled(&self, node: &Node) -> Option<String> {
        match node {
            Node::Name(name) => Some(name.to_string()),
            Node::Select { operand, field } if !field.contains('.') => {
                let mut name = self.spelled(self.node(*operand))?;
                name.push('.');
                name.push_str(field);
                Some(name)
            }
            _ => None,
        }
    }
}

impl PartialEq for Ast {
    /// The same tree, wherever it was written.
    fn eq(&self, other: &Self) -> bool {
        self.nodes == other.nodes
    }
}
