//! Plain JSON lines, the least a bandit log can say: `{shared, actions, chosen, cost, prob}`.
//!
//! Not here: our own richer lines; see [`super::DecisionRecord`].

use serde::Deserialize;

use super::{Candidate, DecisionRecord, Features, LogError, Slot};

#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    shared: Features,
    #[serde(default)]
    actions: Vec<Features>,
    #[serde(default)]
    chosen: Option<usize>,
    #[serde(default)]
    cost: Option<f64>,
    #[serde(default)]
    prob: Option<f64>,
}

/// Reads one line; `cost` becomes a reward of the opposite sign.
///
/// # Errors
/// When the line is not such an object or contradicts itself.
pub fn read(line: &str) -> Result<DecisionRecord, LogError> {
    super::record::check_length(line)?;
    let line: Line = serde_json::from_str(line).map_err(|error| LogError::Json(error.to_string()))?;
    let candidates =
        line.actions.into_iter().map(|features| Candidate { features, ..Candidate::default() }).collect();
    let slot = match (line.chosen, line.prob) {
        (Some(chosen), Some(probability)) => {
            Some(Slot { position: 0, chosen, probability, reward: line.cost.map(|cost| -cost) })
        }
        (Some(_), None) => return Err(LogError::Missing("prob".to_owned())),
        (None, _) => None,
    };
    DecisionRecord { shared: line.shared, ..DecisionRecord::single(candidates, slot) }.checked()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_line_is_read() {
        let record = read(
            r#"{"shared":{"u":{"a":1}},"actions":[{"x":{"b":1}},{"x":{"b":2}}],"chosen":1,"cost":-1,"prob":0.5}"#,
        )
        .unwrap();
        assert_eq!(
            record.first(),
            Some(&Slot { position: 0, chosen: 1, probability: 0.5, reward: Some(1.0) })
        );
        assert_eq!(record.candidates[1].features["x"]["b"], 2.0);
        assert!(read(r#"{"actions":[{}],"chosen":0}"#).is_err());
        assert!(read("7").is_err());
    }
}
