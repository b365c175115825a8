//! The sections a page can have, one method each.
//!
//! Not here: how charts are drawn (`charts`) or verdicts worded (`sentences`).

use std::fmt::Write;

use crate::experiment::Comparison;
use crate::numeric::Moments;
use crate::offpolicy::{Calibration, Estimate, Evaluation, Interval, Report, Support};
use crate::uplift::{MetricIntervals, Metrics};

use super::charts::{self, Line};
use super::page::{Page, Tone, escape};
use super::sentences;
use super::svg::number;

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

/// One treatment of an experiment.
#[derive(Clone, Debug, PartialEq)]
pub struct ExperimentArm {
    /// Its name.
    pub name: String,
    /// Its effect against the control.
    pub effect: Comparison,
    /// Its p-value after correction.
    pub adjusted_p: f64,
}

impl Page {
    /// An off-policy evaluation: verdict, figures, estimates side by side, weights.
    pub fn off_policy(&mut self, report: &Report, evaluation: &Evaluation) {
        let logged = evaluation.sums().reward();
        self.verdict.extend(sentences::off_policy(report, logged.mean()));
        self.figures(report, logged);
        if report.refused.is_none() {
            self.estimates(report, logged.mean());
        }
        let mut bins: Vec<(String, f64)> = Vec::new();
        if evaluation.histogram().zeros() != 0 {
            bins.push(("0".to_owned(), evaluation.histogram().zeros() as f64));
        }
        let edge = |low: f64| {
            if low < 1.0 { format!("≥ 1/{}", number(1.0 / low)) } else { format!("≥ {}", number(low)) }
        };
        bins.extend(evaluation.histogram().bins().into_iter().map(|(low, n)| (edge(low), n as f64)));
        self.section(
            "Weights",
            "How much each row counts for the new policy. A long tail to the right means that a few rows decide.",
            &charts::histogram("Histogram of importance weights", &bins, "rows"),
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
        let pair = |interval: Option<Interval>| {
            interval.map_or("–".to_owned(), |i| format!("{} … {}", number(i.low), number(i.high)))
        };
        let mut rows = String::new();
        for e in report.estimates.iter().filter(told) {
            let _ = write!(
                rows,
                "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}{}</td></tr>",
                escape(&e.estimator),
                number(e.value),
                e.se.map_or("–".to_owned(), number),
                pair(e.ci95),
                pair(e.confidence_sequence),
                if e.sequence_is_exact { "" } else { " *" }
            );
        }
        let body = format!(
            "{}<div class=\"wide\"><table><tr><th>estimator</th><th>value</th><th>error</th><th>95 % interval</th>\
             <th>confidence sequence</th></tr>{rows}</table></div><p class=\"key\">* holds for large logs; the others \
             hold for any.</p>",
            charts::intervals("Estimates with intervals", &lines, Some(("log", logged)))
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
        let key = "<p class=\"key\"><i style=\"background:var(--main)\"></i>new policy<i \
                   style=\"background:var(--warmpale)\"></i>log</p>";
        self.section(
            "Support",
            &lead,
            &format!("{}{key}", charts::pairs("Share of each action in policy and log", &rows)),
        );
    }

    /// Whether the reward model's predictions come true.
    pub fn calibration(&mut self, calibration: &Calibration) {
        let lead = format!(
            "Predictions from left to right, what happened from bottom to top; on the dashed line they come true. The \
             mean distance is {}.",
            number(calibration.error())
        );
        let chart = charts::calibration("Predicted against observed rewards", &calibration.bins());
        self.section("Calibration of the reward model", &lead, &chart);
    }

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
            charts::curves("Qini curves", &curves),
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
                &charts::intervals("Effect by tenth", &bands, Some(("no effect", 0.0))),
            );
        }
    }

    /// An experiment: every treatment against the control, or why there is nothing to show. `sample_ratio_p` is the
    /// p-value against the planned shares, `None` when none were planned.
    pub fn experiment(
        &mut self,
        name: &str,
        result: Result<&[ExperimentArm], String>,
        sample_ratio_p: Option<f64>,
    ) {
        let arms = match result {
            Ok(arms) => arms,
            Err(reason) => {
                self.verdict
                    .push((Tone::Bad, format!("{name} shows no effect that could be believed: {reason}.")));
                return;
            }
        };
        let lines: Vec<Line> = arms
            .iter()
            .map(|arm| Line {
                name: arm.name.clone(),
                value: arm.effect.effect,
                interval: Some(arm.effect.ci95),
                sequence: Some(arm.effect.sequential_ci95),
            })
            .collect();
        for arm in arms {
            let words = |better: &str| {
                format!(
                    "{name}, {}: the effect is {} ({} to {}), {better}.",
                    arm.name,
                    number(arm.effect.effect),
                    number(arm.effect.ci95.low),
                    number(arm.effect.ci95.high)
                )
            };
            let sentence = if arm.effect.sequential_ci95.contains(0.0) && 0.05 <= arm.adjusted_p {
                (Tone::Open, words("which may be nothing"))
            } else if arm.effect.sequential_ci95.contains(0.0) {
                (Tone::Open, words("which is something only if this was the one planned look"))
            } else if 0.0 < arm.effect.effect {
                (Tone::Good, words("a gain however often it was looked at"))
            } else {
                (Tone::Bad, words("a loss however often it was looked at"))
            };
            self.verdict.push(sentence);
        }
        let lead = sample_ratio_p.map_or_else(
            || "No shares were planned, so nobody can tell whether units were lost on the way.".to_owned(),
            |p| format!("Units arrived as planned (sample ratio p = {}).", number(p)),
        );
        self.section(
            name,
            &lead,
            &charts::intervals("Effects against control", &lines, Some(("no effect", 0.0))),
        );
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
