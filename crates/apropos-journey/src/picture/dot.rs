//! Graphviz DOT.
//!
//! Not here: what is in the picture.

use std::fmt::Write;

use super::draw::{Picture, Shape};

impl Picture {
    /// The picture as a DOT digraph. Arrows with counts are as thick as their share.
    pub fn to_dot(&self) -> String {
        let mut out = format!("digraph {} {{\n  node [fontname=\"sans-serif\"];\n", quoted(&self.title));
        for (at, node) in self.nodes.iter().enumerate() {
            let shape = match node.shape {
                Shape::Passing => "box",
                Shape::Resting => "ellipse",
                Shape::Offering => "parallelogram",
                Shape::Fork => "diamond",
                Shape::Person => "component",
                Shape::Goal => "doublecircle",
                Shape::End => "oval",
            };
            let label = if node.note.is_empty() {
                node.name.clone()
            } else {
                format!("{}\n{}", node.name, node.note)
            };
            let colour = if node.highlighted { ", color=\"#1f6feb\", penwidth=3" } else { "" };
            // Writing into a string cannot fail.
            let _ = writeln!(out, "  n{at} [label={}, shape={shape}{colour}];", quoted(&label));
        }
        for arrow in &self.arrows {
            let colour = match (arrow.highlighted, arrow.loses) {
                (true, _) => ", color=\"#1f6feb\"",
                (false, true) => ", color=\"#d1242f\"",
                _ => "",
            };
            let width = 1.0 + 4.0 * arrow.share.unwrap_or(0.0);
            let text = quoted(&arrow.text());
            let _ = writeln!(
                out,
                "  n{} -> n{} [label={text}, penwidth={width:.1}{colour}];",
                arrow.from, arrow.to
            );
        }
        out.push_str("}\n");
        out
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
