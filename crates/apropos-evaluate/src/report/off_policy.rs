//! The sections about an off-policy evaluation: figures, estimates, weights, support, calibration.
//!
//! Not here: the verdict's words; see `sentences`.

use std::fmt::Write;

use crate::numeric::Moments;
use crate::offpolicy::{Calibration, Estimate, Evaluation, Interval, Report, Support};

use super::charts::{self, Line};
use super::page::{Page, escape};
use super::sentences;
use super::svg::{decimals, fixed, number};

/// How an action is covered: what the policy does and what the log shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Coverage {
    /// The action's name.
    pub action: String,
    /// Its share under the new policy.
    pub policy: f64,
    /// Its share in the log.
    pub logged: f64,
}

impl Page {
    /// An off-policy evaluation: verdict, figures, estimates side by side, weights.
    pub fn off_policy(&mut self, report: &Report, evaluation: &Evaluation) {
        let logged = evaluation.sums().reward();
        self.led = self.verdict.is_empty();
        self.verdict.extend(sentences::off_policy(report, logged.mean(), evaluation.plan()));
        self.figures(report, logged);
        if report.refused.is_none() {
            self.estimates(report, logged.mean());
        }
        let mut bins: Vec<(String, f64)> = Vec::new();
        if evaluation.histogram().zeros() != 0 {
            bins.push(("0".to_owned(), evaluation.histogram().zeros() as f64));
        }
        let edge = |low: f64| if low < 1.0 { format!("1/{}", number(1.0 / low)) } else { number(low) };
        bins.extend(evaluation.histogram().bins().into_iter().map(|(low, n)| (edge(low), n as f64)));
        let captions = ("weight of a row: from this value up to the next", "rows");
        self.section(
            "Weights",
            "How much each row counts for the new policy. A long tail to the right means that a few rows decide.",
            &charts::histogram("Histogram of importance weights", captions, &bins),
        );
    }

    fn figures(&mut self, report: &Report, logged: &Moments) {
        let found = &report.diagnostics;
        let mut tiles = vec![
            (number(found.rows as f64), "logged decisions".to_owned()),
            (
                number(logged.mean()),
                format!("mean reward of the log, ± {}", number(1.96 * logged.standard_error())),
            ),
            (number(found.ess), "effective sample".to_owned()),
            (
                number(found.mean_weight),
                format!("mean weight, ± {}; 1 is right", number(1.96 * found.mean_weight_se)),
            ),
            (number(found.max_weight), "largest weight".to_owned()),
            (number(found.min_propensity), "smallest logged probability".to_owned()),
        ];
        tiles.extend(report.support.as_ref().map(|support: &Support| {
            (number(100.0 * support.uncovered_mass()), "% of the policy that was never logged".to_owned())
        }));
        let mut body = String::new();
        for (figure, label) in &tiles {
            // Writing to a string cannot fail.
            let _ = write!(
                body,
                "<div class=\"tile\"><b>{}</b><span>{}</span></div>",
                escape(figure),
                escape(label)
            );
        }
        self.section(
            "Can this log answer?",
            "An estimate is given only when the effective sample is large enough, weights average to 1, and the log \
             covers what the policy does.",
            &format!("<div class=\"tiles\">{body}</div>"),
        );
    }

    fn estimates(&mut self, report: &Report, logged: f64) {
        let told = |e: &&Estimate| e.estimator != "replay" || report.diagnostics.matched_rows != 0;
        let lines: Vec<Line> = report
            .estimates
            .iter()
            .filter(told)
            .map(|estimate| Line {
                name: estimate.estimator.clone(),
                value: estimate.value,
                interval: estimate.ci95,
                sequence: estimate.confidence_sequence,
            })
            .collect();
        let body = format!(
            "{}{}<p class=\"key\">* holds for large logs; the others hold for any. `dm` and the clipped and shrunk forms are \
             biased, and no interval knows by how much: theirs are narrow, not sure.</p>",
            charts::intervals(
                "Estimates with intervals",
                "reward per decision",
                &lines,
                Some(("log", logged))
            ),
            estimate_table(&report.estimates.iter().filter(told).collect::<Vec<_>>())
        );
        self.section(
            "What the new policy would have earned",
            "Each line is one estimator, from the same log. The dashed line is what the log itself earned.",
            &body,
        );
    }

    /// The support of the log, action by action.
    pub fn coverage(&mut self, actions: &[Coverage]) {
        let rows: Vec<(String, f64, f64)> =
            actions.iter().map(|action| (action.action.clone(), action.policy, action.logged)).collect();
        let unseen: f64 = actions.iter().filter(|a| a.logged == 0.0).map(|a| a.policy).sum();
        let lead = if unseen == 0.0 {
            "Every action that the policy takes occurs in the log.".to_owned()
        } else {
            format!("{} % of the policy lies on actions that never occur in the log.", number(100.0 * unseen))
        };
        let captions = ("action", "share of decisions");
        let key = "<p class=\"key\"><i style=\"background:var(--main)\"></i>new policy<i \
                   style=\"background:var(--warmpale)\"></i>log</p>";
        self.section(
            "Support",
            &lead,
            &format!("{}{key}", charts::pairs("Share of each action in policy and log", captions, &rows)),
        );
    }

    /// Whether the reward model's predictions come true.
    pub fn calibration(&mut self, calibration: &Calibration) {
        let lead = format!(
            "On the dashed line predictions come true. Larger dots stand for more decisions, whiskers for 95 % intervals. \
             The mean distance is {}. A model that was fitted on this very log looks better here than it is.",
            number(calibration.error())
        );
        let captions = ("predicted reward", "observed reward");
        let chart = charts::calibration("Predicted against observed rewards", captions, &calibration.bins());
        self.section("Calibration of the reward model", &lead, &chart);
    }
}

/// The estimates in figures, each column with the same decimals.
fn estimate_table(estimates: &[&Estimate]) -> String {
    let ends = |e: &&Estimate| e.ci95.map_or(e.value.abs(), |i| i.high.abs().max(i.low.abs()));
    let decimals = decimals(estimates.iter().map(ends).fold(0.0, f64::max));
    let figure = |value: f64| fixed(value, decimals);
    let pair = |interval: Option<Interval>| {
        interval.map_or("–".to_owned(), |i| format!("{} … {}", figure(i.low), figure(i.high)))
    };
    let mut rows = String::new();
    for e in estimates {
        // Writing to a string cannot fail.
        let _ = write!(
            rows,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}{}</td></tr>",
            escape(&e.estimator),
            figure(e.value),
            e.se.map_or("–".to_owned(), figure),
            pair(e.ci95),
            pair(e.confidence_sequence),
            if e.sequence_is_exact { "" } else { " *" }
        );
    }
    format!(
        "<div class=\"wide\"><table><tr><th>estimator</th><th>value</th><th>error</th><th>95 % interval</th>\
         <th>confidence sequence</th></tr>{rows}</table></div>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::offpolicy::{Plan, Row};

    #[test]
    fn a_page_has_everything_in_it_and_fetches_nothing() {
        let mut evaluation = Evaluation::new(Plan::default());
        (0..2_000).for_each(|i| evaluation.push(&Row::new(0.5, 0.5, f64::from(i % 2))).unwrap());
        let mut page = Page::new("T", "S");
        page.off_policy(&evaluation.report(None), &evaluation);
        page.coverage(&[Coverage { action: "<a>".to_owned(), policy: 0.5, logged: 0.0 }]);
        let mut calibration = Calibration::default();
        calibration.push(0.3, 1.0);
        page.calibration(&calibration);
        let html = page.render();
        assert_eq!(html.matches("<svg").count(), 4);
        assert!(html.contains("50 % of the policy lies on actions that never occur"));
        for foreign in ["http", "src=", "@import", "<script", "<a>"] {
            assert!(!html.contains(foreign), "{foreign}");
        }
        assert!(!html.contains("NaN") && !html.contains("inf"));
    }
}
