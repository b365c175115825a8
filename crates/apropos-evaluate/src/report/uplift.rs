//! The sections about uplift: the curves of the scores, and the best one's effect by tenth.
//!
//! Not here: how the metrics are computed; see `crate::uplift`.

use std::fmt::Write;

use crate::offpolicy::Interval;
use crate::uplift::{MetricIntervals, Metrics};

use super::charts::{self, Line};
use super::page::{Page, Tone, escape};
use super::svg::number;

/// A score and how it did.
#[derive(Clone, Debug, PartialEq)]
pub struct UpliftScore {
    /// Its name.
    pub name: String,
    /// Its Qini curve.
    pub curve: Vec<f64>,
    /// Its metrics.
    pub metrics: Metrics,
    /// Their intervals, if they were made.
    pub intervals: Option<MetricIntervals>,
}

impl Page {
    /// Uplift scores with their Qini curves; three at most are drawn.
    pub fn uplift(&mut self, scores: &[UpliftScore]) {
        self.verdict.extend(scores.iter().take(3).map(uplift_sentence));
        let curves: Vec<(String, Vec<f64>)> =
            scores.iter().take(3).map(|score| (score.name.clone(), score.curve.clone())).collect();
        let colours = ["var(--main)", "var(--warm)", "var(--soft)"];
        let mut key = String::new();
        for ((name, _), colour) in curves.iter().zip(colours) {
            let _ = write!(key, "<i style=\"background:{colour}\"></i>{}", escape(name));
        }
        let body = format!(
            "{}<p class=\"key\">{key}</p>{}",
            charts::curves(
                "Qini curves",
                ("share treated, best scores first", "incremental outcomes"),
                &curves
            ),
            uplift_table(scores)
        );
        self.section(
            "Uplift by share treated",
            "Incremental outcomes when the best-scored share is treated. The dashed line is treating at random: a \
             curve above it finds those who are moved.",
            &body,
        );
        if let Some(best) = scores.first() {
            let bands: Vec<Line> = best
                .metrics
                .deciles_best_first
                .iter()
                .enumerate()
                .filter_map(|(at, band)| {
                    let value = band.uplift()?;
                    let part =
                        |rate: Option<f64>, n: u64| rate.map_or(0.0, |p| p * (1.0 - p) / n.max(1) as f64);
                    let se = libm::sqrt((part(band.rate_t, band.n_t) + part(band.rate_c, band.n_c)).max(0.0));
                    let name = format!("tenth {}", at + 1);
                    Some(Line {
                        name,
                        value,
                        interval: Some(Interval::around(value, 1.96 * se)),
                        sequence: None,
                    })
                })
                .collect();
            self.section(
                &format!("Effect by tenth: {}", best.name),
                "Best-scored tenth first. Bars left of zero are sleeping dogs: contact does harm there.",
                &charts::intervals(
                    "Effect by tenth",
                    "effect on the outcome",
                    &bands,
                    Some(("no effect", 0.0)),
                ),
            );
        }
    }
}

fn uplift_table(scores: &[UpliftScore]) -> String {
    let mut rows = String::new();
    for score in scores {
        let metrics = &score.metrics;
        let area = score.intervals.map(|intervals| intervals.qini_area_minus_random_per_row);
        // Writing to a string cannot fail.
        let _ = write!(
            rows,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escape(&score.name),
            number(metrics.qini_area_minus_random_per_row),
            area.map_or("–".to_owned(), |i| format!("{} … {}", number(i.low), number(i.high))),
            metrics.uplift_at_30_overall.map_or("–".to_owned(), number),
            number(metrics.policy_value_top30_ipw)
        );
    }
    format!(
        "<div class=\"wide\"><table><tr><th>score</th><th>Qini area</th><th>95 % interval</th><th>uplift, best 30 %</th>\
         <th>value of treating them</th></tr>{rows}</table></div>"
    )
}

fn uplift_sentence(score: &UpliftScore) -> (Tone, String) {
    let area = score.metrics.qini_area_minus_random_per_row;
    let Some(intervals) = &score.intervals else {
        return (Tone::Open, format!("{}: Qini area over random targeting {}.", score.name, number(area)));
    };
    let interval = intervals.qini_area_minus_random_per_row;
    let head = format!(
        "{}: Qini area over random targeting {} ({} to {})",
        score.name,
        number(area),
        number(interval.low),
        number(interval.high)
    );
    if 0.0 < interval.low {
        (Tone::Good, format!("{head}; the score finds those who are moved."))
    } else if interval.high < 0.0 {
        (Tone::Bad, format!("{head}; the score is worse than chance."))
    } else {
        (Tone::Open, format!("{head}; this trial cannot tell the score from chance."))
    }
}
