//! Plain sentences: what can be concluded, what cannot, and what would help.
//!
//! Not here: figures beyond those in the sentences.

use crate::offpolicy::{Estimate, Gain, Interval, Plan, Promotion, Refusal, Report, gain_rows};

use super::page::Tone;
use super::svg::number;

/// What an off-policy report says, most important first.
pub(super) fn off_policy(report: &Report, logged: f64, plan: &Plan) -> Vec<(Tone, String)> {
    if let Some(refusal) = &report.refused {
        return vec![
            (Tone::Bad, format!("This log cannot answer the question: {refusal}.")),
            (Tone::Open, advice(refusal).to_owned()),
        ];
    }
    let mut sentences = Vec::new();
    sentences.extend(report.gain.as_ref().map(verdict));
    sentences.extend(primary(report).map(|best| (Tone::Open, estimate(best, logged))));
    if let Some(gain) = report.gain.filter(|gain| gain.promotion() == Promotion::Wait) {
        sentences.extend(patience(&gain, report.diagnostics.rows as f64, logged, plan));
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
            "The {} rows count as much as {} rows of the new policy's own would ({}\u{a0}%); the largest weight is {}.",
            number(found.rows as f64),
            number(libm::round(found.ess)),
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

fn estimate(best: &Estimate, logged: f64) -> String {
    let range = best.ci95.map_or("without an interval".to_owned(), |interval| {
        format!("{} to {} with 95\u{a0}% confidence", number(interval.low), number(interval.high))
    });
    format!(
        "The new policy is estimated to earn {} per decision ({range}, {}); the log itself earned {}.",
        number(best.value),
        best.estimator,
        number(logged)
    )
}

/// What the difference to the log allows to do.
fn verdict(gain: &Gain) -> (Tone, String) {
    let told = |interval: Interval| {
        let size = number(gain.value.abs());
        let more = if gain.value < 0.0 { "less" } else { "more" };
        format!(
            "{size} {more} per decision than the log, {} to {}",
            number(interval.low),
            number(interval.high)
        )
    };
    let (once, watched) = (gain.ci95, gain.confidence_sequence);
    match gain.promotion() {
        Promotion::Promote => (
            Tone::Good,
            format!("The new policy is better ({}), however often this page is looked at.", told(watched)),
        ),
        Promotion::Reject => {
            (Tone::Bad, format!("The new policy is worse ({}): do not release it.", told(watched)))
        }
        Promotion::Wait if !once.contains(0.0) => (
            Tone::Open,
            format!(
                "This log alone does not settle it. The new policy earns {}, which counts only if this was the one planned \
                 look; watched, it may still be nothing.",
                told(once)
            ),
        ),
        Promotion::Wait => (
            Tone::Open,
            format!(
                "This log cannot tell the new policy from the old: the difference is {} per decision, {} to {}.",
                number(gain.value),
                number(once.low),
                number(once.high)
            ),
        ),
    }
}

/// How long to wait for a gain of a twentieth, when waiting is the verdict.
fn patience(gain: &Gain, rows: f64, logged: f64, plan: &Plan) -> Option<(Tone, String)> {
    let (low, high) = plan.reward_range;
    let sd = gain.se * libm::sqrt(rows);
    let needed = gain_rows(0.05 * logged.abs(), sd, high - low, plan.alpha, 0.8);
    // Two digits are all that such a figure is good for.
    let unit = libm::exp10(libm::floor(libm::log10(needed)) - 1.0);
    let told = libm::ceil(needed / unit) * unit;
    (rows < told && told < 1e12).then(|| {
        let words = format!(
            "A policy that earns 5\u{a0}% more than the log would show in about {} rows like these, four times of five.",
            number(told)
        );
        (Tone::Open, words)
    })
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
    use crate::offpolicy::{Evaluation, Row};

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
        let first = |report: &Report| off_policy(report, 0.5, &Plan::default()).remove(0);
        let (tone, words) = first(&report(4_000, 0.9));
        assert!(tone == Tone::Good && words.contains("more per decision") && words.contains("is better"));
        let (tone, words) = first(&report(20_000, 0.01));
        assert!(tone == Tone::Bad && words.contains("less per decision") && words.contains("do not release"));
        let open = off_policy(&report(4_000, 0.1), 0.1, &Plan::default());
        assert!(open[0].0 == Tone::Open && open[0].1.contains("cannot tell"), "{open:?}");
        let refused = off_policy(&report(0, 0.0), 0.0, &Plan::default());
        assert_eq!(
            refused[0],
            (Tone::Bad, "This log cannot answer the question: the log has no rows.".to_owned())
        );
    }

    #[test]
    fn who_waits_is_told_how_long() {
        let open = off_policy(&report(400, 0.11), 0.105, &Plan::default());
        assert!(open.iter().any(|(_, words)| words.contains("more than the log would show")), "{open:?}");
    }
}
