//! SVG without any tool installed: layers as in Sugiyama, Tagawa and Toda (1981), made small.
//!
//! Arrows that lead back are found by depth-first search and turned for layering; layers are longest paths; within a
//! layer nodes are ordered by the mean place of their neighbours, a few times up and down.
//!
//! Not here: what is in the picture.

use std::fmt::Write;

use super::draw::{Picture, PictureArrow, PictureNode, Shape};

const WIDTH: f64 = 168.0;
const HEIGHT: f64 = 46.0;
const GAP_X: f64 = 56.0;
const GAP_Y: f64 = 92.0;
const MARGIN: f64 = 40.0;
const SWEEPS: usize = 8;

impl Picture {
    /// The picture as an SVG document. O(sweeps × arrows × nodes).
    pub fn to_svg(&self) -> String {
        let layers = layers(self);
        let places = places(&layers, self.nodes.len());
        let widest = layers.iter().map(Vec::len).max().unwrap_or(0) as f64;
        let (width, height) =
            (2.0 * MARGIN + widest * (WIDTH + GAP_X), 2.0 * MARGIN + layers.len() as f64 * (HEIGHT + GAP_Y));
        let mut out = String::new();
        // Writing into a string cannot fail.
        let _ = writeln!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" font-family=\"sans-serif\" font-size=\"12\">\n\
             <title>{}</title>\n\
             <defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\">\
             <path d=\"M0 0 L8 4 L0 8 z\" fill=\"context-stroke\"/></marker></defs>",
            escaped(&self.title)
        );
        for arrow in &self.arrows {
            draw_arrow(&mut out, arrow, places[arrow.from], places[arrow.to]);
        }
        for (node, place) in self.nodes.iter().zip(&places) {
            draw_node(&mut out, node, *place);
        }
        out.push_str("</svg>\n");
        out
    }
}

/// The nodes of each layer, in order.
fn layers(picture: &Picture) -> Vec<Vec<usize>> {
    let n = picture.nodes.len();
    let forward = forward(picture);
    let mut layer = vec![0_usize; n];
    // Longest paths; without circles n rounds are enough.
    for _ in 0..n {
        let mut changed = false;
        for (from, to) in &forward {
            if layer[*to] <= layer[*from] {
                layer[*to] = layer[*from] + 1;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    let mut layers = vec![Vec::new(); layer.iter().max().map_or(0, |last| last + 1)];
    (0..n).for_each(|node| layers[layer[node]].push(node));
    for sweep in 0..SWEEPS {
        order(&mut layers, &forward, n, sweep % 2 == 0);
    }
    layers
}

/// The arrows with those that lead back turned round, and those from a node to itself left out.
fn forward(picture: &Picture) -> Vec<(usize, usize)> {
    let n = picture.nodes.len();
    let mut next = vec![Vec::new(); n];
    for arrow in picture.arrows.iter().filter(|arrow| arrow.from != arrow.to) {
        next[arrow.from].push(arrow.to);
    }
    // 0: not seen, 1: on the way, 2: done.
    let mut seen = vec![0_u8; n];
    let mut arrows = Vec::with_capacity(picture.arrows.len());
    for root in 0..n {
        if seen[root] != 0 {
            continue;
        }
        let mut stack = vec![(root, 0)];
        seen[root] = 1;
        while let Some((node, at)) = stack.pop() {
            let Some(to) = next[node].get(at).copied() else {
                seen[node] = 2;
                continue;
            };
            stack.push((node, at + 1));
            if seen[to] == 1 {
                arrows.push((to, node));
                continue;
            }
            arrows.push((node, to));
            if seen[to] == 0 {
                seen[to] = 1;
                stack.push((to, 0));
            }
        }
    }
    arrows
}

/// Orders every layer by the mean place of its neighbours in the layer before (or after).
fn order(layers: &mut [Vec<usize>], forward: &[(usize, usize)], n: usize, down: bool) {
    let mut place = vec![0.0_f64; n];
    let write = |layer: &[usize], place: &mut [f64]| {
        for (at, node) in layer.iter().enumerate() {
            place[*node] = at as f64 - layer.len() as f64 / 2.0;
        }
    };
    for layer in layers.iter() {
        write(layer, &mut place);
    }
    let count = layers.len();
    for step in 0..count {
        let at = if down { step } else { count - 1 - step };
        let mean = |node: usize| {
            let near = forward.iter().filter_map(|(from, to)| match (down, *from == node, *to == node) {
                (true, _, true) => Some(place[*from]),
                (false, true, _) => Some(place[*to]),
                _ => None,
            });
            let (sum, n) = near.fold((0.0, 0.0), |(sum, n), x| (sum + x, n + 1.0));
            if n == 0.0 { place[node] } else { sum / n }
        };
        let mut keyed: Vec<(f64, usize)> = layers[at].iter().map(|node| (mean(*node), *node)).collect();
        keyed.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        layers[at] = keyed.into_iter().map(|(_, node)| node).collect();
        write(&layers[at], &mut place);
    }
}

/// The middle of every node.
fn places(layers: &[Vec<usize>], n: usize) -> Vec<(f64, f64)> {
    let widest = layers.iter().map(Vec::len).max().unwrap_or(0) as f64;
    let mut places = vec![(0.0, 0.0); n];
    for (row, layer) in layers.iter().enumerate() {
        let indent = (widest - layer.len() as f64) / 2.0;
        for (column, node) in layer.iter().enumerate() {
            let x = MARGIN + (indent + column as f64 + 0.5) * (WIDTH + GAP_X);
            let y = MARGIN + HEIGHT / 2.0 + row as f64 * (HEIGHT + GAP_Y);
            places[*node] = (x, y);
        }
    }
    places
}

fn draw_node(out: &mut String, node: &PictureNode, (x, y): (f64, f64)) {
    let (fill, round) = match node.shape {
        Shape::Passing => ("#f6f8fa", 2.0),
        Shape::Resting => ("#eef6ff", 23.0),
        Shape::Offering => ("#fff8e5", 8.0),
        Shape::Fork => ("#f3eefc", 8.0),
        Shape::Person => ("#fdeef4", 2.0),
        Shape::Goal => ("#e9f7ec", 23.0),
        Shape::End => ("#eeeeee", 23.0),
    };
    let (stroke, thick) = if node.highlighted { ("#1f6feb", 3) } else { ("#57606a", 1) };
    let (left, top) = (x - WIDTH / 2.0, y - HEIGHT / 2.0);
    let _ = writeln!(
        out,
        "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"{round}\" fill=\"{fill}\" stroke=\"{stroke}\" stroke-width=\"{thick}\"/>"
    );
    let name_y = if node.note.is_empty() { y + 4.0 } else { y - 3.0 };
    let _ = writeln!(
        out,
        "<text x=\"{x:.1}\" y=\"{name_y:.1}\" text-anchor=\"middle\">{}</text>",
        short(&node.name)
    );
    if !node.note.is_empty() {
        let note_y = y + 13.0;
        let _ = writeln!(
            out,
            "<text x=\"{x:.1}\" y=\"{note_y:.1}\" text-anchor=\"middle\" font-size=\"10\" fill=\"#57606a\">{}</text>",
            short(&node.note)
        );
    }
}

fn draw_arrow(out: &mut String, arrow: &PictureArrow, from: (f64, f64), to: (f64, f64)) {
    let stroke = match (arrow.highlighted, arrow.loses) {
        (true, _) => "#1f6feb",
        (false, true) => "#d1242f",
        _ => "#57606a",
    };
    let thick = 1.0 + 4.0 * arrow.share.unwrap_or(0.0) + if arrow.highlighted { 1.5 } else { 0.0 };
    let (path, label) = route(from, to);
    let _ = writeln!(
        out,
        "<path d=\"{path}\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"{thick:.1}\" marker-end=\"url(#tip)\"/>"
    );
    let text = arrow.text();
    if !text.is_empty() {
        let _ = writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\" font-size=\"10\" fill=\"{stroke}\" stroke=\"white\" stroke-width=\"3\" paint-order=\"stroke\">{}</text>",
            label.0,
            label.1,
            short(&text)
        );
    }
}

/// A curve from one node to another, and where its label stands. Arrows that lead back swing round the side.
fn route(from: (f64, f64), to: (f64, f64)) -> (String, (f64, f64)) {
    let half = HEIGHT / 2.0;
    if from.1 < to.1 {
        let (y1, y2) = (from.1 + half, to.1 - half);
        let bend = (y2 - y1) / 2.0;
        let path = format!(
            "M{:.1} {y1:.1} C{:.1} {:.1} {:.1} {:.1} {:.1} {y2:.1}",
            from.0,
            from.0,
            y1 + bend,
            to.0,
            y2 - bend,
            to.0
        );
        // Nearer to the arrow's beginning, where labels of one node part.
        return (path, (from.0 * 0.55 + to.0 * 0.45, y1 + (y2 - y1) * 0.45));
    }
    let side = from.0.max(to.0) + WIDTH / 2.0 + GAP_X * 0.8;
    let (x1, x2) = (from.0 + WIDTH / 2.0, to.0 + WIDTH / 2.0);
    let lift = if from == to { half * 0.6 } else { 0.0 };
    let path = format!(
        "M{x1:.1} {:.1} C{side:.1} {:.1} {side:.1} {:.1} {x2:.1} {:.1}",
        from.1 + lift,
        from.1 + lift,
        to.1 - lift,
        to.1 - lift
    );
    (path, (side - GAP_X * 0.3, f64::midpoint(from.1, to.1)))
}

/// At most thirty characters, escaped.
fn short(text: &str) -> String {
    if text.chars().count() <= 30 {
        return escaped(text);
    }
    let head: String = text.chars().take(29).collect();
    format!("{}…", escaped(&head))
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
