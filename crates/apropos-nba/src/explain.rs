//! Why: for every candidate what became of it, and the smallest change that would have made it otherwise.
//!
//! Made on demand, from the same question as the decision. Data first, plain sentences second; the same facts give
//! the same text. Not here: tracing conditions, see `apropos-condition`.

use apropos_event::ActionId;
use apropos_learn::{Features, Scores};
use serde::Serialize;

use crate::candidates::Candidate;
use crate::catalogue::{APPLICABLE, Catalogue, ELIGIBLE, SUITABLE};
use crate::decision::{Choice, Decision};
use crate::pipeline::Question;
use crate::score::{Factors, Score, propensity_for};
use crate::stage::{Reason, Stage};

/// A decision in plain sentences.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// What was decided and why.
    pub sentence: String,
    /// What became of every other candidate.
    pub lines: Vec<Line>,
}

/// What became of one candidate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The candidate.
    pub action: ActionId,
    /// What became of it.
    pub sentence: String,
    /// The smallest change that would have made it otherwise, where one is known.
    pub change: Option<String>,
}

impl Catalogue {
    /// Explains `decision`, which was made from `question`. O(conditions of the dropped actions).
    pub fn explain(&self, decision: &Decision, question: &Question<'_>) -> Explanation {
        let winner = decision.chosen();
        let lines = decision
            .candidates
            .iter()
            .filter(|candidate| winner.is_none_or(|winner| winner.action != candidate.action))
            .map(|candidate| self.line(&candidate, winner.as_ref(), question))
            .collect();
        Explanation { sentence: self.sentence(decision, winner.as_ref()), lines }
    }

    fn sentence(&self, decision: &Decision, winner: Option<&Candidate<'_>>) -> String {
        let title = |action: &ActionId| {
            let title = self.action(action).map(|known| known.title.as_str()).unwrap_or_default();
            if title.is_empty() { format!("`{action}`") } else { format!("`{action}` ({title})") }
        };
        match &decision.choice {
            Choice::Silence if held_out(decision) => format!(
                "silence, kept on purpose with probability {:.3}, to learn what comes about by itself",
                winner.map_or(0.0, |silence| silence.probability)
            ),
            Choice::Silence => match decision.look_again {
                Some(at) => format!("silence: nothing is better for both sides now; look again at {at}"),
                None => "silence: nothing is better for both sides now".to_owned(),
            },
            Choice::HandOff { action, treatment, packet } => {
                format!(
                    "a person takes over: {} by {}, queue `{}`",
                    title(action),
                    treatment.channel,
                    packet.queue
                )
            }
            Choice::Act { action, treatment } => {
                let worth = winner.and_then(|winner| Some((winner.class?, winner.score?)));
                let why = worth.map_or_else(String::new, |(class, score)| {
                    format!(
                        ": class {class}, {:.0} % likely{}, worth {:.2} to the company and {:.2} to the customer",
                        score.propensity * 100.0,
                        by_itself(&score),
                        score.company,
                        score.customer
                    )
                });
                format!("{} by {}{why}", title(action), treatment.channel)
            }
        }
    }

    fn line(
        &self,
        candidate: &Candidate<'_>,
        winner: Option<&Candidate<'_>>,
        question: &Question<'_>,
    ) -> Line {
        let Some(dropped) = candidate.dropped else {
            let sentence = format!("could have been chosen, with probability {:.3}", candidate.probability);
            return Line { action: candidate.action.clone(), sentence, change: None };
        };
        let mut sentence = format!("{}: {}", dropped.stage, dropped.reason);
        if matches!(dropped.reason, Reason::ConditionFalse | Reason::ConditionUnknown)
            && let Some(text) = self.condition(candidate, dropped)
        {
            sentence = format!("{sentence}: `{text}`");
        } else if !matches!(dropped.reason, Reason::Outranked | Reason::Waits(_)) {
            sentence = format!("{sentence} [{}]", dropped.component);
        }
        if let Some(score) = candidate.score.filter(|_| dropped.stage == Stage::Arbitration) {
            let (likely, silence) = (score.propensity * 100.0, by_itself(&score));
            sentence = format!("{sentence}; {likely:.0} % likely{silence}");
            if let Some(silences) = self.evidence_of_silence(candidate.action, question) {
                sentence = format!("{sentence}, as {silences:.0} silences taught");
            }
        }
        let change = match &dropped.reason {
            Reason::ConditionFalse | Reason::ConditionUnknown => {
                self.flip(candidate, dropped.stage, question)
            }
            Reason::Outranked => winner.and_then(|winner| self.overtake(candidate, winner)),
            Reason::Waits(class) => Some(format!("if nothing of class {class} were open")),
            reason => {
                reason.ends().map(|at| format!("from {at}")).or_else(|| remedy(reason).map(str::to_owned))
            }
        };
        Line { action: candidate.action.clone(), sentence, change }
    }

    /// How many silences taught what comes about where this action is not taken; nothing when none did.
    fn evidence_of_silence(&self, action: &ActionId, question: &Question<'_>) -> Option<f64> {
        let arm = self.actions.len() + self.arms.of(self.position(action)?)?;
        let learned = question.model?;
        let mut features = Features::new();
        learned.encode(question.facts, &mut features)?;
        let mut scores = Scores::new();
        learned.model.score(&features, &[arm as u32], 0, &mut scores).ok()?;
        scores.get(0).map(|silence| f64::from(silence.evidence)).filter(|evidence| 0.0 < *evidence)
    }

    fn place(&self, candidate: &Candidate<'_>, stage: Stage) -> Option<(usize, usize)> {
        let ruleset = match stage {
            Stage::Eligibility => ELIGIBLE,
            Stage::Applicability => APPLICABLE,
            Stage::Suitability => SUITABLE,
            _ => return None,
        };
        Some((ruleset, self.position(candidate.action)?))
    }

    fn condition(&self, candidate: &Candidate<'_>, dropped: crate::Dropped<'_>) -> Option<String> {
        let (ruleset, subject) = self.place(candidate, dropped.stage)?;
        let number = dropped.component.split(['[', ']']).nth(1)?.parse::<usize>().ok()?;
        self.index().texts(ruleset, subject).get(number).map(|text| (*text).to_owned())
    }

    /// The smallest sets of changes that would make all conditions of the stage hold.
    fn flip(&self, candidate: &Candidate<'_>, stage: Stage, question: &Question<'_>) -> Option<String> {
        let (ruleset, subject) = self.place(candidate, stage)?;
        let mut wishes = Vec::new();
        for trace in self.index().trace(ruleset, subject, question.facts) {
            for flip in trace.flips.first().into_iter().flatten() {
                wishes.push(match (&flip.attribute, &flip.nearest) {
                    (Some(attribute), Some(nearest)) => {
                        let nearest = serde_json::to_string(nearest).unwrap_or_default();
                        format!("`{attribute}` were {nearest}")
                    }
                    _ if flip.wanted.is_true() => format!("`{}` held", flip.text),
                    _ => format!("`{}` did not hold", flip.text),
                });
            }
        }
        (!wishes.is_empty()).then(|| format!("if {}", wishes.join(" and ")))
    }

    /// The least propensity at which an outranked action would have won.
    fn overtake(&self, candidate: &Candidate<'_>, winner: &Candidate<'_>) -> Option<String> {
        let score = candidate.score?;
        let at = self.position(candidate.action)?;
        let amounts = self.actions.get(at)?.amounts;
        let factors = Factors {
            propensity: score.propensity,
            baseline: score.propensity - score.uplift,
            value: amounts.value,
            cost: score.uplift * amounts.value - score.company,
            benefit: amounts.benefit,
            effort: amounts.effort,
            interruption: score.interruption,
            context_weight: score.weight,
            lever: 1.0,
        };
        let needed = propensity_for(&factors, self.policy().mutual, winner.priority() + score.price);
        Some(match needed {
            Some(p) => format!(
                "if its chance of success were {:.1} % instead of {:.1} %",
                p * 100.0,
                score.propensity * 100.0
            ),
            None => format!("not by its chance of success alone: `{}` is worth more", winner.action),
        })
    }
}

/// Whether silence was kept although something could have been done.
fn held_out(decision: &Decision) -> bool {
    decision.candidates.iter().any(|candidate| candidate.class.is_some() && candidate.dropped.is_none())
}

/// What comes about without the action, where that is anything.
fn by_itself(score: &Score) -> String {
    let baseline = score.propensity - score.uplift;
    if baseline <= 0.0 { String::new() } else { format!(" instead of {:.0} % in silence", baseline * 100.0) }
}

fn remedy(reason: &Reason) -> Option<&'static str> {
    Some(match reason {
        Reason::SwitchedOff => "if it were switched on",
        Reason::NoConsent(_) => "if the customer agreed",
        Reason::Paced(_) => "if the customer asked for more",
        Reason::LessLikeThis => "if the customer asked for it again",
        Reason::Protected => "if the customer were no longer protected",
        Reason::NotOffered => "if a journey offered it",
        Reason::WithPerson => "if the person had closed the case",
        Reason::RepairOpen => "if the broken promise were made good",
        Reason::SharedDevice => "on a device of the customer's own",
        Reason::NoChannel => "on a channel that can be used now",
        Reason::Unlikely => "if it were more likely to work",
        Reason::HarmsCustomer => "if the customer gained by it",
        Reason::HarmsCompany => "if the company gained by it",
        Reason::BelowSilence => "if it were worth more to both sides",
        Reason::NoneLeft => "if one unit were left",
        Reason::TooDear => "if a unit of the resource cost less",
        _ => return None,
    })
}
