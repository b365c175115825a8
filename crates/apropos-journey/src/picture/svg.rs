//! SVG without any tool installed, readable on light and on dark pages.
//!
//! Not here: what is in the picture; where it stands, see `layout`.

use std::fmt::Write;

use super::draw::{Picture, PictureArrow, PictureNode, Shape};
use super::layout::{Layout, NODE_HEIGHT, Route, Sizes, lay_out};

/// Colours: a light page, and a dark one for readers who prefer it. Goals are green, losses red, the path blue.
const STYLE: &str = "\
.journey .page{fill:#ffffff}.journey text{fill:#1f2328}.journey .quiet{fill:#59636e}\
.journey .name{font-weight:600;font-size:13px}.journey .title{font-weight:600;font-size:16px}\
.journey .box{stroke:#818b98;stroke-width:1.2}.journey .way{fill:none;stroke:#8c959f;stroke-linecap:round}\
.journey .tip{fill:#8c959f;stroke:none}.journey .label{stroke:#ffffff;stroke-width:4;stroke-linejoin:round;paint-order:stroke}\
.journey .passing{fill:#f6f8fa}.journey .resting{fill:#ddf4ff}.journey .offering{fill:#fff1cc}\
.journey .fork{fill:#f2e8fd}.journey .person{fill:#ffe6f1}.journey .goal{fill:#dafbe1;stroke:#1a7f37}.journey .end{fill:#eaeef2}\
.journey .loses .way{stroke:#cf222e}.journey .loses .tip{fill:#cf222e}.journey .loses .label{fill:#a40e26}\
.journey .path .way{stroke:#0969da}.journey .path .tip{fill:#0969da}.journey .path .label{fill:#0550ae;font-weight:600}\
.journey .path .box{stroke:#0969da;stroke-width:3}\
@media (prefers-color-scheme:dark){\
.journey .page{fill:#0d1117}.journey text{fill:#e6edf3}.journey .quiet{fill:#9198a1}\
.journey .box{stroke:#6e7681}.journey .way{stroke:#7d8590}.journey .tip{fill:#7d8590}.journey .label{stroke:#0d1117}\
.journey .passing{fill:#161b22}.journey .resting{fill:#0c2d4a}.journey .offering{fill:#3a2a06}\
.journey .fork{fill:#2a1b45}.journey .person{fill:#3f1a2b}.journey .goal{fill:#0f2f1b;stroke:#3fb950}.journey .end{fill:#21262d}\
.journey .loses .way{stroke:#f85149}.journey .loses .tip{fill:#f85149}.journey .loses .label{fill:#ff9b94}\
.journey .path .way{stroke:#58a6ff}.journey .path .tip{fill:#58a6ff}.journey .path .label{fill:#a5d0ff}\
.journey .path .box{stroke:#58a6ff}}";

/// The longest text that is shown whole.
const MAX_CHARS: usize = 28;
/// How far an arrow from a node to itself reaches out, and how far beyond it its label stands.
const LOOP: f64 = 30.0;
const LINE: f64 = 14.0;

impl Picture {
    /// The picture as an SVG document. Texts are escaped and, where they are longer than 28 characters, shortened;
    /// arrows to nodes that there are not are left out. O(arrows²).
    pub fn to_svg(&self) -> String {
        let ends = |arrow: &&PictureArrow| arrow.from.max(arrow.to) < self.nodes.len();
        if !self.arrows.iter().all(|arrow| ends(&arrow)) {
            let arrows = self.arrows.iter().filter(ends).cloned().collect();
            return Self { arrows, ..self.clone() }.to_svg();
        }
        let layout = lay_out(self, &sizes(self));
        let (width, height) =
            (layout.width.max(120.0 + 9.0 * self.title.chars().count() as f64), layout.height);
        let mut out = String::new();
        // Writing into a string cannot fail.
        let _ = writeln!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"journey\" viewBox=\"0 0 {width:.0} {height:.0}\" \
             width=\"{width:.0}\" height=\"{height:.0}\" font-family=\"system-ui, 'Segoe UI', Helvetica, Arial, sans-serif\" font-size=\"11\">\n\
             <title>{title}</title>\n<style>{STYLE}</style>\n<rect class=\"page\" width=\"100%\" height=\"100%\"/>\n\
             <text class=\"title\" x=\"36\" y=\"40\">{title}</text>",
            title = escaped(&self.title)
        );
        // What is highlighted lies on top.
        for highlighted in [false, true] {
            for (at, arrow) in
                self.arrows.iter().enumerate().filter(|(_, arrow)| arrow.highlighted == highlighted)
            {
                draw_arrow(&mut out, self, &layout, at, arrow);
            }
        }
        for (node, place) in self.nodes.iter().zip(&layout.nodes) {
            draw_node(&mut out, node, *place);
        }
        // Labels last, so that no arrow strikes one through.
        for (at, arrow) in self.arrows.iter().enumerate() {
            if let Some(route) = &layout.routes[at] {
                draw_label(&mut out, arrow, route.label, "middle");
            }
        }
        for at in 0..self.nodes.len() {
            label_loops(&mut out, self, &layout, at);
        }
        out.push_str("</svg>\n");
        out
    }

    /// The arrows from a node to itself.
    fn loops(&self, node: usize) -> impl Iterator<Item = (usize, &PictureArrow)> {
        self.arrows.iter().enumerate().filter(move |(_, arrow)| arrow.from == node && arrow.to == node)
    }
}

fn sizes(picture: &Picture) -> Sizes {
    let label = |arrow: &PictureArrow| lines(arrow).iter().map(|line| wide(line, 6.0)).fold(0.0, f64::max);
    Sizes {
        nodes: picture.nodes.iter().map(width).collect(),
        beside: (0..picture.nodes.len())
            .map(|node| {
                let widest = picture.loops(node).map(|(_, arrow)| label(arrow)).fold(0.0, f64::max);
                if picture.loops(node).next().is_none() { 0.0 } else { LOOP + 8.0 + widest }
            })
            .collect(),
        labels: picture.arrows.iter().map(|arrow| label(arrow) + 6.0).collect(),
    }
}

fn width(node: &PictureNode) -> f64 {
    (wide(&short(&node.name), 7.4).max(wide(&short(&node.note), 6.0)) + 34.0).max(96.0)
}

/// About how wide a text is: letters of wide scripts count twice.
fn wide(text: &str, letter: f64) -> f64 {
    text.chars().map(|c| if '\u{2e80}' <= c { 2.0 * letter } else { letter }).sum()
}

/// The two lines of a label: when the arrow is taken, and how often.
fn lines(arrow: &PictureArrow) -> Vec<String> {
    [arrow.label.clone(), arrow.figures()]
        .iter()
        .filter(|line| !line.is_empty())
        .map(|line| short(line))
        .collect()
}

fn draw_node(out: &mut String, node: &PictureNode, (x, y): (f64, f64)) {
    let class = match node.shape {
        Shape::Passing => "passing",
        Shape::Resting => "resting",
        Shape::Offering => "offering",
        Shape::Fork => "fork",
        Shape::Person => "person",
        Shape::Goal => "goal",
        Shape::End => "end",
    };
    let (half, high) = (width(node) / 2.0, NODE_HEIGHT / 2.0);
    let (left, right, top, bottom) = (x - half, x + half, y - high, y + high);
    let path = if node.highlighted { " class=\"path\"" } else { "" };
    let _ = writeln!(out, "<g{path}>");
    let _ = if node.shape == Shape::Fork {
        let (inner_left, inner_right) = (left + 12.0, right - 12.0);
        writeln!(
            out,
            "<path class=\"box {class}\" d=\"M{left:.1} {y:.1} L{inner_left:.1} {top:.1} L{inner_right:.1} {top:.1} \
             L{right:.1} {y:.1} L{inner_right:.1} {bottom:.1} L{inner_left:.1} {bottom:.1} Z\"/>"
        )
    } else {
        let round = match node.shape {
            Shape::Resting => 12.0,
            Shape::Goal | Shape::End => high,
            _ => 4.0,
        };
        writeln!(
            out,
            "<rect class=\"box {class}\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{NODE_HEIGHT}\" rx=\"{round}\"/>",
            2.0 * half
        )
    };
    let name_y = if node.note.is_empty() { y + 4.5 } else { y - 3.0 };
    let text = |out: &mut String, class: &str, y: f64, text: &str| {
        let text = escaped(&short(text));
        let _ = writeln!(
            out,
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">{text}</text>"
        );
    };
    text(out, "name", name_y, &node.name);
    if !node.note.is_empty() {
        text(out, "quiet", y + 13.5, &node.note);
    }
    out.push_str("</g>\n");
}

fn class(arrow: &PictureArrow) -> &'static str {
    match (arrow.highlighted, arrow.loses) {
        (true, _) => " class=\"path\"",
        (false, true) => " class=\"loses\"",
        _ => "",
    }
}

fn draw_arrow(out: &mut String, picture: &Picture, layout: &Layout, at: usize, arrow: &PictureArrow) {
    let thick = 1.2 + 3.3 * arrow.share.unwrap_or(0.0) + if arrow.highlighted { 1.5 } else { 0.0 };
    let (way, tip) = match &layout.routes[at] {
        Some(route) => along(route, thick),
        None => around(picture, layout, at, arrow.from, thick),
    };
    let faint = if arrow.count == Some(0) { " stroke-dasharray=\"2 5\"" } else { "" };
    let _ = writeln!(
        out,
        "<g{}><path class=\"way\" d=\"{way}\" stroke-width=\"{thick:.1}\"{faint}/><path class=\"tip\" d=\"{tip}\"/></g>",
        class(arrow)
    );
}

/// The line and the tip of an arrow between layers.
fn along(route: &Route, thick: f64) -> (String, String) {
    let mut points = route.points.clone();
    let length = 7.0 + thick;
    let mut tip = String::new();
    if let [.., before, last] = points.as_mut_slice() {
        let direction = if before.1 < last.1 { 1.0 } else { -1.0 };
        let (x, y) = *last;
        last.1 -= direction * (length - 1.0);
        let (half, base) = (3.2 + thick * 0.7, y - direction * length);
        tip = format!("M{x:.1} {y:.1} L{:.1} {base:.1} L{:.1} {base:.1} Z", x - half, x + half);
    }
    let mut way = String::new();
    for (at, (x, y)) in points.iter().enumerate() {
        let _ = match at.checked_sub(1).and_then(|before| points.get(before)) {
            None => write!(way, "M{x:.1} {y:.1}"),
            Some((before_x, _)) if before_x == x => write!(way, " L{x:.1} {y:.1}"),
            Some((before_x, before_y)) => {
                let middle = f64::midpoint(*before_y, *y);
                write!(way, " C{before_x:.1} {middle:.1} {x:.1} {middle:.1} {x:.1} {y:.1}")
            }
        };
    }
    (way, tip)
}

/// The line and the tip of an arrow from a node to itself, on its right; several lie round one another.
fn around(picture: &Picture, layout: &Layout, at: usize, node: usize, thick: f64) -> (String, String) {
    let nth = picture.loops(node).position(|(known, _)| known == at).unwrap_or(0) as f64;
    let (x, y) = layout.nodes[node];
    let edge = x + width(&picture.nodes[node]) / 2.0;
    let (half, reach) = ((8.0 + 3.0 * nth).min(18.0), edge + LOOP - 2.0);
    let base = edge + 6.0 + thick;
    let wing = 3.2 + thick * 0.7;
    let (top, bottom) = (y - half, y + half);
    let way = format!(
        "M{edge:.1} {top:.1} C{reach:.1} {:.1} {reach:.1} {:.1} {base:.1} {bottom:.1}",
        top - 8.0,
        bottom + 8.0
    );
    let tip =
        format!("M{edge:.1} {bottom:.1} L{base:.1} {:.1} L{base:.1} {:.1} Z", bottom - wing, bottom + wing);
    (way, tip)
}

fn label_loops(out: &mut String, picture: &Picture, layout: &Layout, node: usize) {
    let (x, y) = layout.nodes[node];
    let x = x + width(&picture.nodes[node]) / 2.0 + LOOP + 4.0;
    let all: Vec<&PictureArrow> = picture.loops(node).map(|(_, arrow)| arrow).collect();
    let heights: Vec<f64> = all.iter().map(|arrow| lines(arrow).len() as f64 * LINE).collect();
    let mut top = y - heights.iter().sum::<f64>() / 2.0;
    for (arrow, height) in all.iter().zip(heights) {
        draw_label(out, arrow, (x, top + height / 2.0), "start");
        top += height;
    }
}

/// The lines of a label, their middle at `place`.
fn draw_label(out: &mut String, arrow: &PictureArrow, (x, y): (f64, f64), anchor: &str) {
    let lines = lines(arrow);
    if lines.is_empty() {
        return;
    }
    let first = y + 4.0 - (lines.len() as f64 - 1.0) * LINE / 2.0;
    let _ = write!(out, "<g{}>", class(arrow));
    for (at, line) in lines.iter().enumerate() {
        let y = first + at as f64 * LINE;
        let _ = write!(
            out,
            "<text class=\"label\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>",
            escaped(line)
        );
    }
    out.push_str("</g>\n");
}

/// At most [`MAX_CHARS`] characters.
fn short(text: &str) -> String {
    if text.chars().count() <= MAX_CHARS {
        return text.to_owned();
    }
    let head: String = text.chars().take(MAX_CHARS - 1).collect();
    format!("{head}…")
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
