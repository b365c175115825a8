//! The text form of conditions, CEL: from text to a tree with spans and back.
//!
//! One function, [`parse`], stands between the language and the rest of the crate. The parser is our own: it gives
//! every node its span, it refuses hostile input before it recurses or allocates for it, and its tree lies in one
//! arena, so that dropping it does not recurse either. Not here: what names and types mean, see `check`.

mod ast;
mod lexer;
mod literal;
mod parser;
mod print;
#[cfg(test)]
mod tests;
mod tree;

pub(crate) use ast::{Ast, BinaryOp, Literal, MacroKind, Node, NodeId, UnaryOp};
pub(crate) use parser::parse;
#[cfg(test)]
use parser::work;
pub(crate) use print::{print, quote};
pub use tree::{MacroTree, Tree};
pub(crate) use tree::{from_tree, to_tree};

/// Whether CEL keeps `word` for itself, so that no name may begin with it.
pub(crate) fn is_reserved(word: &str) -> bool {
    matches!(
        word,
        "as" | "break"
            | "const"
            | "continue"
            | "else"
            | "false"
            | "for"
            | "function"
            | "if"
            | "import"
            | "in"
            | "let"
            | "loop"
            | "null"
            | "namespace"
            | "package"
            | "return"
            | "true"
            | "var"
            | "void"
            | "while"
    )
}
