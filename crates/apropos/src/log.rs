//! Decisions as the lines of a log that evaluation reads.
//!
//! Not here: the full record of a decision, which is the decision itself.

use apropos_evaluate::logs::{Candidate, DecisionRecord, Features, Slot};
use apropos_nba::Decision;

/// The line of a decision for [`apropos_evaluate`]: what could have been chosen with which probability, what was, the
/// numbers it was chosen by, and the reward once it is known. What was dropped could not have been chosen and is left out.
///
/// ```
/// # use apropos::{Engine, Moment, Pepper};
/// # let (engine, _) = Engine::from_toml("format = 1\nname = 'x'\ncurrency = 'EUR'", Pepper::new([7; 32]))?;
/// # let customer = engine.customer("ada".parse()?);
/// # let moment = Moment::at("2026-03-02T09:00:00Z".parse()?);
/// let decision = engine.decide(&customer, &moment, &engine.model(), 7);
/// let line = apropos::log::record(&decision, Some(0.0)).to_json();
/// assert!(line.contains(r#""candidates":[{"id":"silence""#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn record(decision: &Decision, reward: Option<f64>) -> DecisionRecord {
    let open: Vec<apropos_nba::Candidate<'_>> =
        decision.candidates.iter().filter(|candidate| candidate.dropped.is_none()).collect();
    let chosen = decision.chosen().and_then(|chosen| open.iter().position(|one| one.action == chosen.action));
    let slot = chosen.zip(decision.chosen()).map(|(at, chosen)| Slot {
        position: 0,
        chosen: at,
        probability: chosen.probability,
        reward,
    });
    let candidates = open.iter().map(|candidate| Candidate {
        id: candidate.action.to_string(),
        features: Features::new(),
        probability: Some(candidate.probability),
    });
    let mut record = DecisionRecord::single(candidates.collect(), slot);
    record.id = decision.id.to_string();
    record.at = decision.at.to_string();
    let features = decision.features.iter().map(|(number, value)| (number.to_string(), f64::from(value)));
    record.shared = Features::from([("learned".to_owned(), features.collect())]);
    record
}
