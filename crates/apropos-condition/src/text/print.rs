//! From the tree back to text: one canonical spelling, with as few parentheses as the tree allows.
//!
//! Parsing what was printed gives the same tree.

use std::fmt::Write as _;

use super::{Ast, Literal, Node, NodeId, UnaryOp};

/// How tightly what is written binds.
const TERNARY: u8 = 0;
const OR: u8 = 1;
const AND: u8 = 2;
const UNARY: u8 = 6;
const POSTFIX: u8 = 7;

/// The canonical text of the tree under `id`. Recursion is bounded by the depth of the tree.
pub(crate) fn print(ast: &Ast, id: NodeId) -> String {
    let mut out = String::new();
    write(ast, id, TERNARY, &mut out);
    out
}

fn level(node: &Node) -> u8 {
    match node {
        Node::Conditional { .. } => TERNARY,
        Node::Or(_) => OR,
        Node::And(_) => AND,
        Node::Binary { op, .. } => op.level(),
        Node::Unary { .. } => UNARY,
        // A number with a minus reads as one word everywhere but before a dot.
        Node::Literal(Literal::Int(n)) if *n < 0 => UNARY,
        Node::Literal(Literal::Double(x)) if x.is_sign_negative() => UNARY,
        _ => POSTFIX,
    }
}

fn write(ast: &Ast, id: NodeId, around: u8, out: &mut String) {
    let node = ast.node(id);
    if level(node) < around {
        out.push('(');
        write_bare(ast, node, out);
        out.push(')');
    } else {
        write_bare(ast, node, out);
    }
}

fn write_bare(ast: &Ast, node: &Node, out: &mut String) {
    match node {
        Node::Literal(literal) => write_literal(literal, out),
        Node::Name(name) => out.push_str(name),
        Node::Select { operand, field } => {
            write(ast, *operand, POSTFIX, out);
            write_field(field, out);
        }
        Node::Has { operand, field } => {
            out.push_str("has(");
            write(ast, *operand, POSTFIX, out);
            write_field(field, out);
            out.push(')');
        }
        Node::Index { operand, index } => {
            write(ast, *operand, POSTFIX, out);
            out.push('[');
            write(ast, *index, TERNARY, out);
            out.push(']');
        }
        Node::Unary { op, operand } => {
            out.push(if *op == UnaryOp::Not { '!' } else { '-' });
            let number = matches!(ast.node(*operand), Node::Literal(Literal::Int(_) | Literal::Double(_)));
            // `-5` is a number, `-(5)` is a minus before one.
            let around = if *op == UnaryOp::Negate && number { POSTFIX + 1 } else { UNARY };
            write(ast, *operand, around, out);
        }
        Node::Binary { op, left, right } => {
            write(ast, *left, op.level(), out);
            let _ = write!(out, " {} ", op.text());
            write(ast, *right, op.level() + 1, out);
        }
        Node::And(terms) => write_joined(ast, terms, " && ", AND + 1, out),
        Node::Or(terms) => write_joined(ast, terms, " || ", OR + 1, out),
        Node::Conditional { condition, yes, no } => {
            write(ast, *condition, OR, out);
            out.push_str(" ? ");
            write(ast, *yes, OR, out);
            out.push_str(" : ");
            write(ast, *no, TERNARY, out);
        }
        Node::Call { function, target, arguments } => {
            if let Some(target) = target {
                write(ast, *target, POSTFIX, out);
                out.push('.');
            }
            out.push_str(function);
            out.push('(');
            write_joined(ast, arguments, ", ", TERNARY, out);
            out.push(')');
        }
        Node::List(items) => {
            out.push('[');
            write_joined(ast, items, ", ", TERNARY, out);
            out.push(']');
        }
        Node::Map(entries) => {
            out.push('{');
            for (at, entry) in entries.chunks(2).enumerate() {
                out.push_str(if at == 0 { "" } else { ", " });
                write_joined(ast, entry, ": ", TERNARY, out);
            }
            out.push('}');
        }
        Node::Macro { kind, range, variable, arguments } => {
            write(ast, *range, POSTFIX, out);
            let _ = write!(out, ".{}({variable}, ", kind.text());
            write_joined(ast, arguments, ", ", TERNARY, out);
            out.push(')');
        }
    }
}

fn write_joined(ast: &Ast, nodes: &[NodeId], between: &str, around: u8, out: &mut String) {
    for (at, node) in nodes.iter().enumerate() {
        if at != 0 {
            out.push_str(between);
        }
        write(ast, *node, around, out);
    }
}

fn write_field(field: &str, out: &mut String) {
    let plain = field.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && field.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !matches!(field, "in" | "true" | "false" | "null");
    if plain {
        out.push('.');
        out.push_str(field);
    } else {
        let _ = write!(out, ".`{field}`");
    }
}

fn write_literal(literal: &Literal, out: &mut String) {
    let _ = match literal {
        Literal::Null => out.write_str("null"),
        Literal::Bool(b) => write!(out, "{b}"),
        Literal::Int(n) => write!(out, "{n}"),
        Literal::UInt(n) => write!(out, "{n}u"),
        Literal::Double(x) => write!(out, "{x:?}"),
        Literal::Text(text) => out.write_str(&quote(text)),
        Literal::Bytes(bytes) => {
            out.push_str("b\"");
            for byte in bytes {
                let _ = match byte {
                    b'"' | b'\\' => write!(out, "\\{}", char::from(*byte)),
                    b' '..=b'~' => write!(out, "{}", char::from(*byte)),
                    _ => write!(out, "\\x{byte:02x}"),
                };
            }
            out.write_str("\"")
        }
    };
}

/// `text` as a literal in double quotes.
pub(crate) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
