//! The few shapes that charts are made of, and scales with round numbers.
//!
//! Not here: charts. Coordinates are rounded to a tenth, so that the same figures give the same bytes.

use std::fmt::Write;

use super::page::escape;

/// A linear scale from values to pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    pub(super) low: f64,
    pub(super) high: f64,
    start: f64,
    end: f64,
}

impl Axis {
    /// A scale that holds all `values` with a little room, between two pixels.
    pub(super) fn holding(values: impl Iterator<Item = f64>, start: f64, end: f64) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.filter(|value| value.is_finite()) {
            low = low.min(value);
            high = high.max(value);
        }
        if high < low {
            (low, high) = (0.0, 1.0);
        }
        let room = if low == high { low.abs().max(1e-9) * 0.5 } else { 0.06 * (high - low) };
        Self { low: low - room, high: high + room, start, end }
    }

    pub(super) fn new(low: f64, high: f64, start: f64, end: f64) -> Self {
        Self { low, high: if low < high { high } else { low + 1.0 }, start, end }
    }

    pub(super) fn at(&self, value: f64) -> f64 {
        let place = (value - self.low) / (self.high - self.low);
        self.start + place.clamp(-0.02, 1.02) * (self.end - self.start)
    }

    /// Three to seven round values inside the scale.
    pub(super) fn ticks(&self) -> Vec<f64> {
        let rough = (self.high - self.low) / 5.0;
        let power = libm::exp10(libm::floor(libm::log10(rough)));
        let step =
            [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|m| m * power).find(|s| rough <= *s).unwrap_or(rough);
        let first = libm::ceil(self.low / step - 1e-9);
        (0..12)
            .map(|i| (first + f64::from(i)) * step)
            .take_while(|tick| *tick <= self.high + 1e-9 * step)
            .collect()
    }
}

/// A drawing in progress.
#[derive(Debug)]
pub(super) struct Drawing {
    width: f64,
    height: f64,
    title: String,
    body: String,
}

impl Drawing {
    pub(super) fn new(width: f64, height: f64, title: &str) -> Self {
        Self { width, height, title: title.to_owned(), body: String::new() }
    }

    pub(super) fn line(&mut self, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        // Writing to a string cannot fail.
        let _ = write!(
            self.body,
            r#"<line class="{class}" x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}"/>"#
        );
    }

    /// A rectangle with a tip that shows on hovering.
    pub(super) fn bar(&mut self, class: &str, (x, y): (f64, f64), (width, height): (f64, f64), tip: &str) {
        let _ = write!(
            self.body,
            r#"<rect class="{class}" x="{x:.1}" y="{y:.1}" width="{:.1}" height="{:.1}" rx="2"><title>{}</title></rect>"#,
            width.max(0.0),
            height.max(0.0),
            escape(tip)
        );
    }

    pub(super) fn dot(&mut self, class: &str, (x, y): (f64, f64), radius: f64, tip: &str) {
        let _ = write!(
            self.body,
            r#"<circle class="{class}" cx="{x:.1}" cy="{y:.1}" r="{radius:.1}"><title>{}</title></circle>"#,
            escape(tip)
        );
    }

    /// A small triangle whose point is `tip` and whose base lies at `base`, for what goes on beyond the picture.
    pub(super) fn arrow(&mut self, class: &str, (tip, y): (f64, f64), (base, _): (f64, f64)) {
        let (above, below) = (y - 5.0, y + 5.0);
        let _ = write!(
            self.body,
            r#"<polygon class="{class}" points="{tip:.1},{y:.1} {base:.1},{above:.1} {base:.1},{below:.1}"/>"#
        );
    }

    pub(super) fn path(&mut self, class: &str, points: &[(f64, f64)]) {
        let text: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let _ = write!(self.body, r#"<polyline class="{class}" points="{}"/>"#, text.join(" "));
    }

    /// Text anchored at its `start`, `middle` or `end`.
    pub(super) fn text(&mut self, class: &str, anchor: &str, (x, y): (f64, f64), text: &str) {
        let _ = write!(
            self.body,
            r#"<text class="{class}" text-anchor="{anchor}" x="{x:.1}" y="{y:.1}">{}</text>"#,
            escape(text)
        );
    }

    pub(super) fn finish(self) -> String {
        format!(
            r#"<div class="wide"><svg viewBox="0 0 {:.0} {:.0}" role="img" aria-label="{}">{}</svg></div>"#,
            self.width,
            self.height,
            escape(&self.title),
            self.body
        )
    }
}

/// A number as people read it: four significant digits at most, no tail of zeros.
pub(super) fn number(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() {
        return "–".to_owned();
    }
    if size != 0.0 && !(1e-5..1e9).contains(&size) {
        return format!("{value:.2e}");
    }
    if 1000.0 <= size {
        return grouped(libm::round(value));
    }
    let text = format!("{value:.*}", decimals(size));
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    text.replacen('-', "−", 1)
}

/// The decimals that show four significant digits of a number of this size.
pub(super) fn decimals(size: f64) -> usize {
    if size == 0.0 { 0 } else { (3 - libm::floor(libm::log10(size)) as i32).clamp(0, 8) as usize }
}

/// A number of a column, all of which have the same decimals.
pub(super) fn fixed(value: f64, decimals: usize) -> String {
    if value.is_finite() { format!("{value:.decimals$}").replacen('-', "−", 1) } else { "–".to_owned() }
}

fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at != 0 && (digits.len() - at).is_multiple_of(3) {
            out.push('\u{2009}');
        }
        out.push(digit);
    }
    if value < 0.0 { format!("−{out}") } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(number(0.004_533_56), "0.004534");
        assert_eq!(number(12_345.6), "12\u{2009}346");
        assert_eq!(number(0.5), "0.5");
        assert_eq!(number(0.0), "0");
        assert_eq!(number(f64::NAN), "–");
        assert_eq!(number(250.0), "250");
        assert_eq!(number(-0.25), "−0.25");
        assert_eq!(fixed(-0.0047, decimals(0.0088)), "−0.004700");
    }

    #[test]
    fn ticks_are_round_and_inside() {
        let axis = Axis::new(0.0013, 0.0097, 0.0, 100.0);
        let ticks = axis.ticks();
        assert!((3..=7).contains(&ticks.len()), "{ticks:?}");
        assert!(ticks.iter().all(|tick| (0.0013..=0.0097).contains(tick)));
        assert!(!Axis::holding([3.0].into_iter(), 0.0, 1.0).ticks().is_empty());
        assert!(!Axis::holding(std::iter::empty(), 0.0, 1.0).ticks().is_empty());
    }
}
