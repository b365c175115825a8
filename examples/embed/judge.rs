//! What another playbook would have earned, from the log of this one.
//!
//! Not here: keeping the log, see `host`.

use apropos::Engine;
use apropos::evaluate::offpolicy::{Evaluation, Plan, Report, Row};

use crate::host::{Fallible, Host};

/// Asks `other` every question of the log that has a reward, and weighs what came of the answer by how likely each of the
/// two was to give it.
pub(crate) fn judge(host: &Host, other: &Engine) -> Fallible<Report> {
    let mut evaluation = Evaluation::new(Plan::default());
    for logged in &host.log {
        let (Some(chosen), Some(reward)) = (logged.decision.chosen(), logged.reward) else { continue };
        let (customer, model) = host.as_it_was(logged)?;
        let decision = other.decide(&customer, &logged.moment, &model, logged.decision.seed);
        let target = decision.candidate(chosen.action.as_str()).map_or(0.0, |same| same.probability);
        evaluation.push(&Row::new(target, chosen.probability, reward))?;
    }
    Ok(evaluation.report(None))
}

/// The log as lines that `apropos::evaluate` and other programs read.
pub(crate) fn lines(host: &Host) -> Vec<String> {
    host.log.iter().map(|logged| apropos::log::record(&logged.decision, logged.reward).to_json()).collect()
}
