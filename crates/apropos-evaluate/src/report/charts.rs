//! The charts: intervals side by side, histograms, paired bars, curves.
//!
//! Not here: the words around them.

use crate::offpolicy::{CalibrationBin, Interval};

use super::svg::{Axis, Drawing, number};

const WIDTH: f64 = 860.0;

/// One line of an interval chart.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) value: f64,
    pub(super) interval: Option<Interval>,
    pub(super) sequence: Option<Interval>,
}

/// Estimates with their intervals side by side; `base` is a value to compare with, by its name.
pub(super) fn intervals(title: &str, lines: &[Line], base: Option<(&str, f64)>) -> String {
    let row = 30.0;
    let height = 44.0 + row * lines.len() as f64;
    let mut drawing = Drawing::new(WIDTH, height, title);
    // Sequences of a thin log are far wider than its intervals: they may leave the picture.
    let near = |line: &Line| {
        let interval = line.interval.unwrap_or(Interval::around(line.value, 0.0));
        [line.value, interval.low, interval.high]
    };
    let axis =
        Axis::holding(lines.iter().flat_map(near).chain(base.map(|base| base.1)), 200.0, WIDTH - 120.0);
    for tick in axis.ticks() {
        let x = axis.at(tick);
        drawing.line("grid", (x, 22.0), (x, height - 22.0));
        drawing.text("soft", "middle", (x, height - 6.0), &number(tick));
    }
    for (at, line) in lines.iter().enumerate() {
        let y = 38.0 + row * at as f64;
        drawing.text("", "start", (0.0, y + 4.0), &line.name);
        if let Some(sequence) = line.sequence {
            drawing.line("cs", (axis.at(sequence.low), y), (axis.at(sequence.high), y));
        }
        if let Some(interval) = line.interval {
            drawing.line("ci", (axis.at(interval.low), y), (axis.at(interval.high), y));
        }
        let tip = match line.interval {
            Some(i) => {
                format!("{}: {} ({} to {})", line.name, number(line.value), number(i.low), number(i.high))
            }
            None => format!("{}: {}", line.name, number(line.value)),
        };
        drawing.dot("dot", (axis.at(line.value), y), 5.0, &tip);
        drawing.text("end", "end", (WIDTH, y + 4.0), &number(line.value));
    }
    if let Some((name, value)) = base {
        let x = axis.at(value);
        drawing.line("base", (x, 18.0), (x, height - 22.0));
        drawing.text("basetext", "middle", (x, 12.0), &format!("{name} {}", number(value)));
    }
    drawing.finish()
}

/// Bars over named bins.
pub(super) fn histogram(title: &str, bins: &[(String, f64)], tip: &str) -> String {
    let (height, left, bottom) = (230.0, 60.0, 196.0);
    let mut drawing = Drawing::new(WIDTH, height, title);
    let most = bins.iter().map(|bin| bin.1).fold(0.0, f64::max);
    let axis = Axis::new(0.0, most * 1.08, bottom, 12.0);
    for tick in axis.ticks() {
        drawing.line("grid", (left, axis.at(tick)), (WIDTH, axis.at(tick)));
        drawing.text("soft", "end", (left - 8.0, axis.at(tick) + 4.0), &number(tick));
    }
    let step = (WIDTH - left) / bins.len().max(1) as f64;
    for (at, (name, count)) in bins.iter().enumerate() {
        let x = left + step * at as f64;
        let top = axis.at(*count);
        drawing.bar(
            "fill",
            (x + 0.12 * step, top),
            (0.76 * step, bottom - top),
            &format!("{name}: {} {tip}", number(*count)),
        );
        drawing.text("soft", "middle", (x + 0.5 * step, bottom + 18.0), name);
    }
    drawing.finish()
}

/// Two bars a name, such as what a policy does and what the log shows of it.
pub(super) fn pairs(title: &str, rows: &[(String, f64, f64)]) -> String {
    let (height, left, bottom) = (250.0, 60.0, 214.0);
    let mut drawing = Drawing::new(WIDTH, height, title);
    let most = rows.iter().map(|row| row.1.max(row.2)).fold(0.0, f64::max);
    let axis = Axis::new(0.0, most * 1.08, bottom, 12.0);
    for tick in axis.ticks() {
        drawing.line("grid", (left, axis.at(tick)), (WIDTH, axis.at(tick)));
        drawing.text("soft", "end", (left - 8.0, axis.at(tick) + 4.0), &number(tick));
    }
    let step = (WIDTH - left) / rows.len().max(1) as f64;
    let every = rows.len().div_ceil(24).max(1);
    for (at, (name, first, second)) in rows.iter().enumerate() {
        let x = left + step * at as f64;
        let tip = format!("{name}: policy {}, log {}", number(*first), number(*second));
        let (one, two) = (axis.at(*first), axis.at(*second));
        drawing.bar("fill", (x + 0.10 * step, one), (0.38 * step, bottom - one), &tip);
        drawing.bar("fillwarm", (x + 0.52 * step, two), (0.38 * step, bottom - two), &tip);
        if at % every == 0 {
            drawing.text("soft", "middle", (x + 0.5 * step, bottom + 18.0), name);
        }
    }
    drawing.finish()
}

/// Curves over the share of units, each from (0, 0), with the chord of the first.
pub(super) fn curves(title: &str, curves: &[(String, Vec<f64>)]) -> String {
    let (height, left, bottom) = (320.0, 70.0, 280.0);
    let mut drawing = Drawing::new(WIDTH, height, title);
    let values = || curves.iter().flat_map(|(_, curve)| curve.iter().copied()).chain([0.0]);
    let y = Axis::holding(values(), bottom, 14.0);
    let x = Axis::new(0.0, 1.0, left, WIDTH - 10.0);
    for tick in y.ticks() {
        drawing.line("grid", (left, y.at(tick)), (WIDTH - 10.0, y.at(tick)));
        drawing.text("soft", "end", (left - 8.0, y.at(tick) + 4.0), &number(tick));
    }
    for tenth in (0..=10).step_by(2) {
        let share = f64::from(tenth) / 10.0;
        drawing.text("soft", "middle", (x.at(share), bottom + 20.0), &format!("{} %", tenth * 10));
    }
    if let Some(end) = curves.first().and_then(|(_, curve)| curve.last()) {
        drawing.line("chord", (x.at(0.0), y.at(0.0)), (x.at(1.0), y.at(*end)));
    }
    for (at, (_, curve)) in curves.iter().enumerate() {
        let class = ["curve", "curve second", "curve third"][at.min(2)];
        // A thousand points are more than a screen shows.
        let every = curve.len().div_ceil(1_000).max(1);
        let last = curve.len();
        let points = curve.iter().enumerate().filter(|(i, _)| (i + 1) % every == 0 || i + 1 == last);
        let points = points.map(|(i, value)| (x.at((i + 1) as f64 / last as f64), y.at(*value)));
        let all: Vec<(f64, f64)> = std::iter::once((x.at(0.0), y.at(0.0))).chain(points).collect();
        drawing.path(class, &all);
    }
    drawing.finish()
}

/// Predictions against what happened, on the diagonal when they come true.
pub(super) fn calibration(title: &str, bins: &[CalibrationBin]) -> String {
    let (side, left, bottom) = (360.0, 70.0, 320.0);
    let mut drawing = Drawing::new(WIDTH, side, title);
    let most =
        bins.iter().map(|bin| bin.predicted.max(bin.observed + 1.96 * bin.observed_se)).fold(0.0, f64::max);
    let y = Axis::new(0.0, most * 1.05, bottom, 14.0);
    let x = Axis::new(0.0, most * 1.05, left, WIDTH - 60.0);
    for tick in y.ticks() {
        drawing.line("grid", (left, y.at(tick)), (WIDTH - 60.0, y.at(tick)));
        drawing.text("soft", "end", (left - 8.0, y.at(tick) + 4.0), &number(tick));
        drawing.text("soft", "middle", (x.at(tick), bottom + 20.0), &number(tick));
    }
    drawing.line("chord", (x.at(0.0), y.at(0.0)), (x.at(most), y.at(most)));
    let total: f64 = bins.iter().map(|bin| bin.count as f64).sum();
    for bin in bins {
        let (px, half) = (x.at(bin.predicted), 1.96 * bin.observed_se);
        drawing.line("whisker", (px, y.at((bin.observed - half).max(0.0))), (px, y.at(bin.observed + half)));
        let radius = 4.0 + 10.0 * libm::sqrt(bin.count as f64 / total.max(1.0));
        let tip = format!(
            "{} decisions: predicted {}, observed {}",
            bin.count,
            number(bin.predicted),
            number(bin.observed)
        );
        drawing.dot("dot", (px, y.at(bin.observed)), radius, &tip);
    }
    drawing.finish()
}
