//! Mermaid flowcharts.
//!
//! Not here: what is in the picture.

use std::fmt::Write;

use super::draw::{Picture, Shape};

impl Picture {
    /// The picture as a Mermaid flowchart. Names and labels are escaped, so that no text can end early.
    pub fn to_mermaid(&self) -> String {
        let mut out = format!("---\ntitle: {}\n---\nflowchart TD\n", escaped(&self.title));
        for (at, node) in self.nodes.iter().enumerate() {
            let (open, close) = match node.shape {
                Shape::Passing => ("[", "]"),
                Shape::Resting => ("([", "])"),
                Shape::Offering => ("[/", "/]"),
                Shape::Fork => ("{", "}"),
                Shape::Person => ("[[", "]]"),
                Shape::Goal => ("((", "))"),
                Shape::End => ("(", ")"),
            };
            let note =
                if node.note.is_empty() { String::new() } else { format!("<br/>{}", escaped(&node.note)) };
            // Writing into a string cannot fail.
            let _ = writeln!(out, "  n{at}{open}\"{}{note}\"{close}", escaped(&node.name));
            if node.highlighted {
                let _ = writeln!(out, "  style n{at} stroke:#1f6feb,stroke-width:3px");
            }
        }
        for (at, arrow) in self.arrows.iter().enumerate() {
            let text = arrow.text();
            let label = if text.is_empty() { String::new() } else { format!("|\"{}\"|", escaped(&text)) };
            let _ = writeln!(out, "  n{} -->{label} n{}", arrow.from, arrow.to);
            if arrow.highlighted {
                let _ = writeln!(out, "  linkStyle {at} stroke:#1f6feb,stroke-width:3px");
            } else if arrow.loses {
                let _ = writeln!(out, "  linkStyle {at} stroke:#d1242f");
            }
        }
        out
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '<' | '>' | '&' | '#' | '`' | '\\' => {
                let _ = write!(out, "#{};", c as u32);
            }
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
