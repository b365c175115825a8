//! Plain sentences: what can be concluded, what cannot, and what would help.
//!
//! Not here: figures beyond those in the sentences.

use crate::offpolicy::{Estimate, Refusal, Report};

use super::page::Tone;
use super::svg::number;

/// What an off-policy report says, most important first.
pub(super) fn off_policy(report: &Report, logged: f64) -> Vec<(Tone, String)> {
    if let Some(refusal) = &report.refused {
        return vec![
            (Tone::Bad, format!("This log cannot answer the question: {refusal}.")),
            (Tone::Open, advice(refusal).to_owned()),
        ];
    }
    let mut sentences = Vec::new();
    if let Some(best) = primary(report) {
        sentences.push(comparison(best, logged));
    }
    if let Some(spread) = report.spread() {
        sentences.push((
            Tone::Open,
            format!(
                "The estimators range from {} to {}: none wins everywhere, so the spread is part of the answer.",
                number(spread.low),
                number(spread.high)
            ),
        ));
    }
    let found = &report.diagnostics;
    let share = found.ess / (found.rows.max(1) as f64);
    let tone = if share < 0.1 { Tone::Open } else { Tone::Good };
    sentences.push((
        tone,
        format!(
            "The {} rows count as much as {} rows of the new policy's own would ({} %); the largest weight is {}.",
            number(found.rows as f64),
            number(found.ess),
            number(libm::round(1000.0 * share) / 10.0),
            number(found.max_weight)
        ),
    ));
    sentences
}

/// The estimate to quote: doubly robust where there is a model, self-normalised where there is none.
pub(super) fn primary(report: &Report) -> Option<&Estimate> {
    let named = |name: &str| report.estimates.iter().find(|e| e.estimator.split('[').next() == Some(name));
    ["dr", "sndr", "snipw", "ipw"].into_iter().find_map(named).or(report.estimates.first())
}

fn comparison(best: &Estimate, logged: f64) -> (Tone, String) {
    let Some(interval) = best.ci95 else {
        return (
            Tone::Open,
            format!("{} gives {} per decision, without an interval.", best.estimator, number(best.value)),
        );
    };
    let head = format!(
        "The new policy is estimated to earn {} per decision ({} to {} with 95 % confidence, {}); the log earned {}.",
        number(best.value),
        number(interval.low),
        number(interval.high),
        best.estimator,
        number(logged)
    );
    let watched = best.confidence_sequence.unwrap_or(interval);
    if logged < watched.low {
        (Tone::Good, format!("{head} It is better, and that holds however often this page is looked at."))
    } else if logged < interval.low {
        (
            Tone::Good,
            format!(
                "{head} It is better if this was the one planned look; keep logging before looking again."
            ),
        )
    } else if interval.high < logged {
        (Tone::Bad, format!("{head} It is worse: do not release it."))
    } else {
        (Tone::Open, format!("{head} The log cannot tell the two apart."))
    }
}

fn advice(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::NoRows => "Log decisions with their probabilities first.",
        Refusal::NoOverlap { .. } | Refusal::NoSupport { .. } => {
            "Give every eligible action a small probability for a while: what is never tried cannot be judged."
        }
        Refusal::TooFewEffective { .. } => {
            "Collect more rows, raise the exploration floor, or evaluate a policy that is closer to the logged one."
        }
        Refusal::WeightsOff { .. } => {
            "Check that the logged probability is the one with which the action was really drawn, after every filter."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::offpolicy::{Evaluation, Plan, Row};

    fn report(rows: u64, reward: f64) -> Report {
        let mut evaluation = Evaluation::new(Plan::default());
        for i in 0..rows {
            let good = i % 2 == 0;
            let row = Row::new(if good { 0.9 } else { 0.1 }, 0.5, if good { reward } else { 0.1 });
            evaluation.push(&row).unwrap();
        }
        evaluation.report(None)
    }

    #[test]
    fn better_worse_and_unknown_are_told_apart() {
        let tone = |report: &Report, logged| off_policy(report, logged)[0].0;
        assert_eq!(tone(&report(4_000, 0.9), 0.5), Tone::Good);
        assert_eq!(tone(&report(4_000, 0.2), 0.5), Tone::Bad);
        assert_eq!(tone(&report(4_000, 0.9), 0.82), Tone::Open);
        let refused = off_policy(&report(0, 0.0), 0.0);
        assert_eq!(
            refused[0],
            (Tone::Bad, "This log cannot answer the question: the log has no rows.".to_owned())
        );
    }
}
