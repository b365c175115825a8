//! DSJSON, the decision-service log of Vowpal Wabbit and Azure Personalizer: one JSON object a line.
//!
//! Read are decisions over one slot (`c` with `_multi`, `a`, `p`). Text and booleans become features `name=text` and
//! `name`; lists become features by index. Not here: slates and continuous actions.

use serde_json::{Map, Value, json};

use super::{Candidate, DecisionRecord, Features, LogError, Slot};

/// Writes one line, without its end.
///
/// # Errors
/// When the record fills no slot or more than one.
pub fn write(record: &DecisionRecord) -> Result<String, LogError> {
    let [slot] = record.slots[..] else {
        return Err(LogError::CannotHold("a decision that does not fill exactly one slot"));
    };
    let cost = slot.reward.map(|reward| 0.0 - reward);
    let (order, probabilities) = ranking(record, &slot);
    let mut context = features_to_json(&record.shared);
    let multi: Vec<Value> =
        record.candidates.iter().map(|candidate| Value::Object(candidate_to_json(candidate))).collect();
    context.insert("_multi".to_owned(), Value::Array(multi));
    let outcomes: Vec<Value> = cost.iter().map(|cost| json!({"v": cost, "EventId": record.id})).collect();
    let mut line = json!({
        "_label_cost": cost.unwrap_or(0.0),
        "_label_probability": slot.probability,
        "_label_Action": slot.chosen + 1,
        "_labelIndex": slot.chosen,
        "o": outcomes,
        "Timestamp": record.at,
        "Version": "1",
        "EventId": record.id,
        "a": order,
        "c": context,
        "p": probabilities,
    });
    if let (true, Value::Object(line)) = (0.0 < record.drop_rate, &mut line) {
        line.insert("pdrop".to_owned(), json!(record.drop_rate));
    }
    Ok(line.to_string())
}

/// The actions with the chosen one first, counted from 1, and their probabilities in that order; none unless all were
/// logged, since the chosen one's has a field of its own.
fn ranking(record: &DecisionRecord, slot: &Slot) -> (Vec<usize>, Vec<f64>) {
    let others = (0..record.candidates.len()).filter(|at| *at != slot.chosen);
    let order: Vec<usize> = std::iter::once(slot.chosen).chain(others).collect();
    let probabilities = match record.probabilities() {
        Some(all) => order.iter().map(|at| all[*at]).collect(),
        None => Vec::new(),
    };
    (order.into_iter().map(|at| at + 1).collect(), probabilities)
}

fn features_to_json(features: &Features) -> Map<String, Value> {
    features.iter().map(|(namespace, members)| (namespace.clone(), json!(members))).collect()
}

fn candidate_to_json(candidate: &Candidate) -> Map<String, Value> {
    let mut found = features_to_json(&candidate.features);
    if !candidate.id.is_empty() {
        found.insert("_tag".to_owned(), json!(candidate.id));
    }
    found
}

/// Reads one line.
///
/// # Errors
/// When the line is not such an object or contradicts itself.
pub fn read(line: &str) -> Result<DecisionRecord, LogError> {
    super::record::check_length(line)?;
    let line: Value = serde_json::from_str(line).map_err(|error| LogError::Json(error.to_string()))?;
    let context =
        line.get("c").and_then(Value::as_object).ok_or_else(|| LogError::Missing("c".to_owned()))?;
    let multi = context
        .get("_multi")
        .and_then(Value::as_array)
        .ok_or_else(|| LogError::Missing("c._multi".to_owned()))?;
    let mut candidates = multi
        .iter()
        .map(|action| {
            let action = action
                .as_object()
                .ok_or_else(|| LogError::field("c._multi", action.to_string(), "an object"))?;
            let id = action.get("_tag").and_then(Value::as_str).unwrap_or("").to_owned();
            Ok(Candidate { id, features: features(action), probability: None })
        })
        .collect::<Result<Vec<Candidate>, LogError>>()?;
    let slot = read_slot(&line, &mut candidates)?;
    let text = |name: &str| line.get(name).and_then(Value::as_str).unwrap_or("").to_owned();
    let drop_rate = line.get("pdrop").and_then(Value::as_f64).unwrap_or(0.0);
    DecisionRecord {
        id: text("EventId"),
        at: text("Timestamp"),
        shared: features(context),
        drop_rate,
        ..DecisionRecord::single(candidates, slot)
    }
    .checked()
}

fn read_slot(line: &Value, candidates: &mut [Candidate]) -> Result<Option<Slot>, LogError> {
    let order: Vec<usize> = list(line, "a").iter().filter_map(Value::as_u64).map(|a| a as usize).collect();
    let probabilities: Vec<f64> = list(line, "p").iter().filter_map(Value::as_f64).collect();
    if order.len() == probabilities.len() && order.len() == candidates.len() {
        for (action, probability) in order.iter().zip(&probabilities) {
            let at = action.checked_sub(1).filter(|at| *at < candidates.len());
            let at = at.ok_or(LogError::Chosen { chosen: *action, candidates: candidates.len() })?;
            candidates[at].probability = Some(*probability);
        }
    }
    let labelled = line.get("_labelIndex").and_then(Value::as_u64).map(|at| at as usize);
    let first = order.first().and_then(|action| action.checked_sub(1));
    let Some(chosen) = labelled.or(first) else { return Ok(None) };
    let probability = line
        .get("_label_probability")
        .and_then(Value::as_f64)
        .or_else(|| probabilities.first().copied())
        .ok_or_else(|| LogError::Missing("_label_probability".to_owned()))?;
    let cost = line.get("_label_cost").and_then(Value::as_f64);
    // A line that carries a list of outcomes has a reward only when the list is not empty.
    let observed =
        line.get("o").is_none_or(|outcomes| outcomes.as_array().is_some_and(|found| !found.is_empty()));
    let reward = cost.filter(|_| observed).map(|cost| 0.0 - cost);
    Ok(Some(Slot { position: 0, chosen, probability, reward }))
}

fn list<'a>(line: &'a Value, name: &str) -> &'a [Value] {
    line.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// All namespaces of an object; names that begin with `_` are not features.
fn features(object: &Map<String, Value>) -> Features {
    let mut found = Features::new();
    for (name, value) in object.iter().filter(|(name, _)| !name.starts_with('_')) {
        match value {
            Value::Object(members) => {
                for (feature, value) in members.iter().filter(|(name, _)| !name.starts_with('_')) {
                    add(found.entry(name.clone()).or_default(), feature, value);
                }
            }
            _ => add(found.entry(super::vw::DEFAULT.to_owned()).or_default(), name, value),
        }
    }
    found
}

fn add(namespace: &mut super::Namespace, name: &str, value: &Value) {
    match value {
        Value::Number(number) => {
            if let Some(number) = number.as_f64() {
                namespace.insert(name.to_owned(), number);
            }
        }
        Value::String(text) => {
            namespace.insert(format!("{name}={text}"), 1.0);
        }
        Value::Bool(true) => {
            namespace.insert(name.to_owned(), 1.0);
        }
        Value::Array(values) => {
            values.iter().enumerate().for_each(|(at, value)| add(namespace, &format!("{name}[{at}]"), value));
        }
        // Nested objects are flattened two levels deep at most; deeper ones hold no features in this format.
        Value::Object(members) => {
            for (inner, value) in members.iter().filter(|(_, value)| !value.is_object() && !value.is_array())
            {
                add(namespace, &format!("{name}.{inner}"), value);
            }
        }
        Value::Bool(false) | Value::Null => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"_label_cost":-1.0,"_label_probability":0.8,"_label_Action":2,"_labelIndex":1,"o":[{"v":-1.0,"EventId":"e7"}],"Timestamp":"2026-03-01T10:00:00Z","Version":"1","EventId":"e7","a":[2,1],"c":{"User":{"age":31,"city":"Bonn","gold":true},"_multi":[{"Action":{"id":"x"}},{"Action":{"id":"y","price":[1,2]}}]},"p":[0.8,0.2],"VWState":{"m":"m1"}}"#;

    #[test]
    fn a_line_is_read() {
        let record = read(LINE).unwrap();
        assert_eq!(
            record.first(),
            Some(&Slot { position: 0, chosen: 1, probability: 0.8, reward: Some(1.0) })
        );
        assert_eq!(record.probabilities(), Some(vec![0.2, 0.8]));
        assert_eq!(record.shared["User"].len(), 3);
        assert_eq!(record.candidates[1].features["Action"]["price[1]"], 2.0);
    }

    #[test]
    fn what_is_written_reads_back() {
        let record = read(LINE).unwrap();
        assert_eq!(read(&write(&record).unwrap()).unwrap(), record);
        let mut open = record;
        open.slots[0].reward = Some(0.0);
        open.drop_rate = 0.5;
        assert_eq!(read(&write(&open).unwrap()).unwrap(), open);
    }

    #[test]
    fn broken_lines_are_refused() {
        assert_eq!(read("{}"), Err(LogError::Missing("c".to_owned())));
        assert!(read(&LINE.replace("\"_labelIndex\":1", "\"_labelIndex\":7")).is_err());
        assert!(read(&LINE.replace("[0.8,0.2]", "[0.8,0.8]")).is_err());
        assert!(read(&LINE.replace("\"a\":[2,1]", "\"a\":[0,1]")).is_err());
    }
}
