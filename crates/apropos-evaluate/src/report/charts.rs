//! The charts: intervals side by side, histograms, paired bars, curves. Each says what its axes mean, and in which unit.
//!
//! Not here: the words around them.

use crate::offpolicy::{CalibrationBin, Interval};

use super::svg::{Axis, Drawing, number};

const WIDTH: f64 = 860.0;
/// Labels below an axis stand this far apart at least.
const LABEL: f64 = 44.0;

/// One line of an interval chart.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) value: f64,
    pub(super) interval: Option<Interval>,
    pub(super) sequence: Option<Interval>,
}

/// Estimates with their intervals side by side, in `unit`; `base` is a value to compare with, by its name.
pub(super) fn intervals(title: &str, unit: &str, lines: &[Line], base: Option<(&str, f64)>) -> String {
    let (row, left, right) = (30.0, 178.0, WIDTH - 92.0);
    let bottom = 26.0 + row * lines.len() as f64;
    let mut drawing = Drawing::new(WIDTH, bottom + 44.0, title);
    // Sequences of a thin log are far wider than its intervals: they may leave the picture, and an arrow says so.
    let near = |line: &Line| {
        let interval = line.interval.unwrap_or(Interval::around(line.value, 0.0));
        let watched = line.sequence.filter(|sequence| sequence.width() <= 2.5 * interval.width());
        let widest = watched.unwrap_or(interval);
        [line.value, interval.low.min(widest.low), interval.high.max(widest.high)]
    };
    let axis = Axis::holding(lines.iter().flat_map(near).chain(base.map(|base| base.1)), left, right);
    for tick in axis.ticks() {
        let x = axis.at(tick);
        drawing.line("grid", (x, 22.0), (x, bottom));
        drawing.text("soft", "middle", (x, bottom + 17.0), &number(tick));
    }
    drawing.text("soft", "middle", (0.5 * (left + right), bottom + 38.0), unit);
    if let Some((_, value)) = base {
        drawing.line("base", (axis.at(value), 18.0), (axis.at(value), bottom));
    }
    for (at, line) in lines.iter().enumerate() {
        interval_line(&mut drawing, &axis, 40.0 + row * at as f64, line);
    }
    if let Some((name, value)) = base {
        let text = if value == 0.0 { name.to_owned() } else { format!("{name} {}", number(value)) };
        drawing.text("basetext", "middle", (axis.at(value).clamp(left + 30.0, right), 12.0), &text);
    }
    drawing.finish()
}

fn interval_line(drawing: &mut Drawing, axis: &Axis, y: f64, line: &Line) {
    drawing.text("", "start", (0.0, y + 4.0), &line.name);
    if let Some(sequence) = line.sequence {
        let (low, high) = (axis.at(sequence.low), axis.at(sequence.high));
        drawing.line("cs", (low, y), (high, y));
        if sequence.low < axis.low {
            drawing.arrow("csend", (low - 6.0, y), (low, y));
        }
        if axis.high < sequence.high {
            drawing.arrow("csend", (high + 6.0, y), (high, y));
        }
    }
    if let Some(interval) = line.interval {
        drawing.line("ci", (axis.at(interval.low), y), (axis.at(interval.high), y));
    }
    let told = |interval: Interval| format!("{} to {}", number(interval.low), number(interval.high));
    let tip = match (line.interval, line.sequence) {
        (Some(once), Some(watched)) => {
            format!(
                "{}: {}, {} at one look, {} watched",
                line.name,
                number(line.value),
                told(once),
                told(watched)
            )
        }
        (Some(once), None) => format!("{}: {}, {}", line.name, number(line.value), told(once)),
        _ => format!("{}: {}", line.name, number(line.value)),
    };
    drawing.dot("dot", (axis.at(line.value), y), 5.0, &tip);
    drawing.text("end", "end", (WIDTH, y + 4.0), &number(line.value));
}

/// The frame of a chart with upright bars or curves: a grid for the values, and what both axes mean.
fn frame(drawing: &mut Drawing, y: &Axis, (left, right): (f64, f64), bottom: f64, captions: (&str, &str)) {
    for tick in y.ticks() {
        drawing.line("grid", (left, y.at(tick)), (right, y.at(tick)));
        drawing.text("soft", "end", (left - 8.0, y.at(tick) + 4.0), &number(tick));
    }
    drawing.text("soft", "start", (0.0, 12.0), captions.1);
    drawing.text("soft", "middle", (0.5 * (left + right), bottom + 40.0), captions.0);
}

/// How many names stand below an axis so that none touches the next.
fn every(step: f64) -> usize {
    (libm::ceil(LABEL / step) as usize).max(1)
}

/// Bars over named bins; `captions` say what stands below and what is counted.
pub(super) fn histogram(title: &str, captions: (&str, &str), bins: &[(String, f64)]) -> String {
    let (left, bottom) = (64.0, 210.0);
    let mut drawing = Drawing::new(WIDTH, bottom + 46.0, title);
    let most = bins.iter().map(|bin| bin.1).fold(0.0, f64::max);
    let axis = Axis::new(0.0, most * 1.08, bottom, 26.0);
    frame(&mut drawing, &axis, (left, WIDTH), bottom, captions);
    let step = (WIDTH - left) / bins.len().max(1) as f64;
    let width = (0.76 * step).min(72.0);
    for (at, (name, count)) in bins.iter().enumerate() {
        let middle = left + step * (at as f64 + 0.5);
        let top = axis.at(*count);
        let tip = format!("{name}: {} {}", number(*count), captions.1);
        drawing.bar("fill", (middle - 0.5 * width, top), (width, bottom - top), &tip);
        if at % every(step) == 0 {
            drawing.text("soft", "middle", (middle, bottom + 18.0), name);
        }
    }
    drawing.finish()
}

/// Two bars a name, such as what a policy does and what the log shows of it.
pub(super) fn pairs(title: &str, captions: (&str, &str), rows: &[(String, f64, f64)]) -> String {
    let (left, bottom) = (64.0, 224.0);
    let mut drawing = Drawing::new(WIDTH, bottom + 46.0, title);
    let most = rows.iter().map(|row| row.1.max(row.2)).fold(0.0, f64::max);
    let axis = Axis::new(0.0, most * 1.08, bottom, 26.0);
    frame(&mut drawing, &axis, (left, WIDTH), bottom, captions);
    let step = (WIDTH - left) / rows.len().max(1) as f64;
    let width = (0.40 * step).min(36.0);
    for (at, (name, first, second)) in rows.iter().enumerate() {
        let middle = left + step * (at as f64 + 0.5);
        let tip = format!("{name}: policy {}, log {}", number(*first), number(*second));
        let (one, two) = (axis.at(*first), axis.at(*second));
        drawing.bar("fill", (middle - width, one), (width, bottom - one), &tip);
        drawing.bar("fillwarm", (middle, two), (width, bottom - two), &tip);
        if at % every(step) == 0 {
            drawing.text("soft", "middle", (middle, bottom + 18.0), name);
        }
    }
    drawing.finish()
}

/// Curves over the share of units, each from (0, 0), with the chord of the first.
pub(super) fn curves(title: &str, captions: (&str, &str), curves: &[(String, Vec<f64>)]) -> String {
    let (left, right, bottom) = (70.0, WIDTH - 24.0, 290.0);
    let mut drawing = Drawing::new(WIDTH, bottom + 46.0, title);
    let values = || curves.iter().flat_map(|(_, curve)| curve.iter().copied()).chain([0.0]);
    let y = Axis::holding(values(), bottom, 26.0);
    let x = Axis::new(0.0, 1.0, left, right);
    frame(&mut drawing, &y, (left, right), bottom, captions);
    for tenth in (0..=10).step_by(2) {
        let share = f64::from(tenth) / 10.0;
        drawing.text("soft", "middle", (x.at(share), bottom + 18.0), &format!("{} %", tenth * 10));
    }
    drawing.line("zero", (left, y.at(0.0)), (right, y.at(0.0)));
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
pub(super) fn calibration(title: &str, captions: (&str, &str), bins: &[CalibrationBin]) -> String {
    let (left, right, bottom) = (70.0, WIDTH - 60.0, 320.0);
    let mut drawing = Drawing::new(WIDTH, bottom + 46.0, title);
    let largest = |value: &dyn Fn(&CalibrationBin) -> f64| bins.iter().map(value).fold(0.0, f64::max);
    let across = largest(&|bin| bin.predicted) * 1.12;
    let upward = largest(&|bin| bin.predicted.max(bin.observed + 1.96 * bin.observed_se)) * 1.05;
    let y = Axis::new(0.0, upward, bottom, 26.0);
    let x = Axis::new(0.0, across, left, right);
    frame(&mut drawing, &y, (left, right), bottom, captions);
    for tick in x.ticks() {
        drawing.text("soft", "middle", (x.at(tick), bottom + 18.0), &number(tick));
    }
    let end = x.high.min(y.high);
    drawing.line("chord", (x.at(0.0), y.at(0.0)), (x.at(end), y.at(end)));
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
