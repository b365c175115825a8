//! Our own decision log: one JSON object a line, everything that is needed to judge another policy by it.
//!
//! Not here: the engine's full decision record with its explanation; this is what learning and evaluation need.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{LogError, MAX_CANDIDATES, MAX_FEATURES, MAX_LINE};

/// The features of one namespace: name to number. A symbol `colour` with value `red` is the feature `colour=red`.
pub type Namespace = BTreeMap<String, f64>;
/// Features by namespace, such as `customer` or `action`.
pub type Features = BTreeMap<String, Namespace>;

/// One candidate of a decision.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// The action's id; empty in logs that only number their actions.
    #[serde(default)]
    pub id: String,
    /// Its features.
    #[serde(default)]
    pub features: Features,
    /// The probability with which the logging policy takes it in the first slot, if it was logged.
    #[serde(default)]
    pub probability: Option<f64>,
}

/// One filled slot of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slot {
    /// The position, from 0.
    #[serde(default)]
    pub position: u32,
    /// The index of the candidate that was taken.
    pub chosen: usize,
    /// The probability with which it was taken.
    pub probability: f64,
    /// The reward, once it is known.
    #[serde(default)]
    pub reward: Option<f64>,
}

/// One logged decision.
///
/// ```
/// use apropos_evaluate::logs::DecisionRecord;
///
/// let line = r#"{"version":1,"id":"d-1","at":"2026-03-01T10:00:00Z","shared":{"customer":{"tier=gold":1.0}},
///     "candidates":[{"id":"silence"},{"id":"tip"}],
///     "slots":[{"position":0,"chosen":1,"probability":0.75,"reward":1.0}]}"#.replace('\n', "");
/// let record = DecisionRecord::from_json(&line)?;
/// assert_eq!(record.slots[0].chosen, 1);
/// assert_eq!(DecisionRecord::from_json(&record.to_json())?, record);
/// # Ok::<(), apropos_evaluate::logs::LogError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionRecord {
    /// The version of this format: 1.
    pub version: u32,
    /// The decision's id; empty in logs without ids.
    #[serde(default)]
    pub id: String,
    /// When it was taken, in RFC 3339; empty in logs without times.
    #[serde(default)]
    pub at: String,
    /// Features of the customer and the moment.
    #[serde(default)]
    pub shared: Features,
    /// What could have been done.
    pub candidates: Vec<Candidate>,
    /// What was done, slot by slot; empty when nothing was logged as taken.
    #[serde(default)]
    pub slots: Vec<Slot>,
    /// The share of such decisions that was thrown away before logging, below 1.
    #[serde(default)]
    pub drop_rate: f64,
}

impl DecisionRecord {
    /// The version that is written and read.
    pub const VERSION: u32 = 1;

    /// A record of one slot.
    pub fn single(candidates: Vec<Candidate>, slot: Option<Slot>) -> Self {
        Self {
            version: Self::VERSION,
            id: String::new(),
            at: String::new(),
            shared: Features::new(),
            candidates,
            slots: slot.into_iter().collect(),
            drop_rate: 0.0,
        }
    }

    /// Reads one line.
    ///
    /// # Errors
    /// When the line is not such a record or contradicts itself.
    pub fn from_json(line: &str) -> Result<Self, LogError> {
        check_length(line)?;
        let record: Self = serde_json::from_str(line).map_err(|error| LogError::Json(error.to_string()))?;
        if record.version != Self::VERSION {
            return Err(LogError::Version(record.version));
        }
        record.checked()
    }

    /// Writes one line, without its end.
    pub fn to_json(&self) -> String {
        // Maps with text keys and finite numbers always have a JSON form.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The first slot, if one was filled.
    pub fn first(&self) -> Option<&Slot> {
        self.slots.first()
    }

    /// The probabilities of all candidates in the first slot, if they were logged.
    pub fn probabilities(&self) -> Option<Vec<f64>> {
        self.candidates.iter().map(|candidate| candidate.probability).collect()
    }

    /// Checks indices, probabilities and limits.
    ///
    /// # Errors
    /// What contradicts itself first.
    pub fn checked(self) -> Result<Self, LogError> {
        if MAX_CANDIDATES < self.candidates.len() {
            return Err(LogError::TooLarge { what: "candidates", limit: MAX_CANDIDATES });
        }
        let size = |features: &Features| -> usize { features.values().map(Namespace::len).sum() };
        let features = size(&self.shared) + self.candidates.iter().map(|c| size(&c.features)).sum::<usize>();
        if MAX_FEATURES < features {
            return Err(LogError::TooLarge { what: "features", limit: MAX_FEATURES });
        }
        for slot in &self.slots {
            if self.candidates.len() <= slot.chosen {
                return Err(LogError::Chosen { chosen: slot.chosen, candidates: self.candidates.len() });
            }
            if !(0.0 < slot.probability && slot.probability <= 1.0 + 1e-6) {
                return Err(LogError::field("probability", slot.probability.to_string(), "in (0, 1]"));
            }
            if slot.reward.is_some_and(|reward| !reward.is_finite()) {
                return Err(LogError::field("reward", "a number that is not finite", "a finite number"));
            }
        }
        if let Some(probabilities) = self.probabilities()
            && !probabilities.is_empty()
        {
            let sum: f64 = probabilities.iter().sum();
            // Services log single precision; a promise of 1 ± 1e-6 is kept up to that.
            if !(1.0 - 1e-5..=1.0 + 1e-5).contains(&sum) {
                return Err(LogError::Probabilities(sum));
            }
        }
        if !(0.0..1.0).contains(&self.drop_rate) {
            return Err(LogError::field("drop_rate", self.drop_rate.to_string(), "in [0, 1)"));
        }
        Ok(self)
    }
}

/// Refuses a line that is too long to be read.
pub(super) fn check_length(line: &str) -> Result<(), LogError> {
    if MAX_LINE < line.len() {
        Err(LogError::TooLarge { what: "bytes in a line", limit: MAX_LINE })
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_contradicts_itself_is_refused() {
        let slot = Slot { position: 0, chosen: 2, probability: 0.5, reward: None };
        let record = DecisionRecord::single(vec![Candidate::default(); 2], Some(slot));
        assert_eq!(record.checked(), Err(LogError::Chosen { chosen: 2, candidates: 2 }));
        let half = Candidate { probability: Some(0.4), ..Candidate::default() };
        let record = DecisionRecord::single(vec![half.clone(), half], None);
        assert_eq!(record.checked(), Err(LogError::Probabilities(0.8)));
        let line = r#"{"version":2,"candidates":[]}"#;
        assert_eq!(DecisionRecord::from_json(line), Err(LogError::Version(2)));
    }
}
