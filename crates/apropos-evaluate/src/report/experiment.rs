//! The section about an experiment: its effects, or why there are none to show.
//!
//! Not here: the order of checks; see `crate::experiment::Readout`.

use crate::experiment::Comparison;

use super::charts::{self, Line};
use super::page::{Page, Tone};
use super::svg::number;

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
            &charts::intervals(
                "Effects against control",
                "difference to the control",
                &lines,
                Some(("no effect", 0.0)),
            ),
        );
    }
}
