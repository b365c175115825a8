//! The text format of Vowpal Wabbit for decisions whose actions have features: one line for what is shared, one a
//! candidate, an empty line after each decision.
//!
//! Not here: single-line formats without action features.

use std::fmt::Write;

use super::{Candidate, DecisionRecord, Features, LogError, Slot};

/// Writes one decision with the empty line that ends it. Names lose what the format gives a meaning to: spaces, `|`
/// and `:` become `_`.
///
/// # Errors
/// When the record fills more than one slot.
pub fn write(record: &DecisionRecord) -> Result<String, LogError> {
    if 1 < record.slots.len() {
        return Err(LogError::CannotHold("more than one slot"));
    }
    let mut out = String::new();
    if !record.shared.is_empty() {
        out.push_str("shared");
        write_features(&mut out, &record.shared);
        out.push('\n');
    }
    for (at, candidate) in record.candidates.iter().enumerate() {
        if let Some(slot) = record.first().filter(|slot| slot.chosen == at) {
            let cost = slot.reward.map_or(0.0, |reward| 0.0 - reward);
            // Writing to a string cannot fail.
            let _ = write!(out, "0:{cost}:{}", slot.probability);
        }
        write_features(&mut out, &candidate.features);
        out.push('\n');
    }
    out.push('\n');
    Ok(out)
}

fn write_features(out: &mut String, features: &Features) {
    if features.is_empty() {
        out.push_str(" |");
    }
    for (namespace, members) in features {
        let _ = write!(out, " |{}", clean(namespace));
        for (name, value) in members {
            let _ = if *value == 1.0 {
                write!(out, " {}", clean(name))
            } else {
                write!(out, " {}:{value}", clean(name))
            };
        }
    }
}

fn clean(name: &str) -> String {
    name.chars().map(|c| if c.is_whitespace() || matches!(c, '|' | ':') { '_' } else { c }).collect()
}

/// Reads all decisions of a text, each with the number of its first line, counted from 1.
///
/// # Errors
/// The first line that cannot be read, with its number.
pub fn read(text: &str) -> Result<Vec<(u64, DecisionRecord)>, (u64, LogError)> {
    let mut found = Vec::new();
    let mut block: Vec<&str> = Vec::new();
    let mut start = 1;
    for (number, line) in (1..).zip(text.lines().chain([""])) {
        if line.trim().is_empty() {
            if !block.is_empty() {
                found.push((start, read_block(&block).map_err(|error| (start, error))?));
            }
            block.clear();
            start = number + 1;
        } else {
            block.push(line);
        }
    }
    Ok(found)
}

fn read_block(lines: &[&str]) -> Result<DecisionRecord, LogError> {
    let mut record = DecisionRecord::single(Vec::new(), None);
    for line in lines {
        super::record::check_length(line)?;
        let (head, features) = line.split_once('|').unwrap_or((line, ""));
        let features = read_features(features)?;
        let mut labels = head.split_whitespace().peekable();
        if labels.peek() == Some(&"shared") {
            record.shared = features;
            continue;
        }
        for label in labels {
            if let Some(slot) = read_label(label, record.candidates.len())? {
                record.slots.push(slot);
            }
        }
        record.candidates.push(Candidate { features, ..Candidate::default() });
    }
    record.checked()
}

/// `action:cost:probability`; anything else before the bar (a weight, a tag) is not a label.
fn read_label(label: &str, at: usize) -> Result<Option<Slot>, LogError> {
    let parts: Vec<&str> = label.split(':').collect();
    let [_, cost, probability] = parts[..] else { return Ok(None) };
    let cost = number("cost", cost)?;
    Ok(Some(Slot {
        position: 0,
        chosen: at,
        probability: number("probability", probability)?,
        reward: Some(-cost),
    }))
}

fn read_features(text: &str) -> Result<Features, LogError> {
    let mut features = Features::new();
    for part in text.split('|') {
        let named = !part.starts_with(char::is_whitespace);
        let mut words = part.split_whitespace().peekable();
        if words.peek().is_none() {
            continue;
        }
        let head = if named { words.next().unwrap_or("") } else { "" };
        let (namespace, scale) = head.split_once(':').unwrap_or((head, "1"));
        let scale = number("namespace weight", scale)?;
        let namespace = if namespace.is_empty() { DEFAULT } else { namespace };
        let members = features.entry(namespace.to_owned()).or_default();
        for word in words {
            let (name, value) = word.rsplit_once(':').unwrap_or((word, "1"));
            let value = number(name, value)?;
            *members.entry(name.to_owned()).or_insert(0.0) += scale * value;
        }
    }
    Ok(features)
}

/// The namespace of features that stand under none.
pub const DEFAULT: &str = "_";

fn number(field: &str, text: &str) -> Result<f64, LogError> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        _ => Err(LogError::field(field, text, "a finite number")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "shared |User user=Tom time=morning\n|Action article=politics\n0:-1:0.75 |Action \
                        article=sports:2 hot\n\nshared |User user=Anna\n|Action article=politics\n";

    #[test]
    fn decisions_are_read() {
        let found = read(TEXT).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(found[1].0, 5);
        let first = &found[0].1;
        assert_eq!(
            first.first(),
            Some(&Slot { position: 0, chosen: 1, probability: 0.75, reward: Some(1.0) })
        );
        assert_eq!(first.candidates[1].features["Action"]["article=sports"], 2.0);
        assert_eq!(found[1].1.first(), None);
    }

    #[test]
    fn what_is_written_reads_back() {
        for (_, record) in read(TEXT).unwrap() {
            assert_eq!(read(&write(&record).unwrap()).unwrap()[0].1, record);
        }
    }

    #[test]
    fn broken_labels_are_named_with_their_line() {
        let (line, error) = read("shared |a b\n|c d\n\n0:x:0.5 |a b\n").unwrap_err();
        assert_eq!((line, error.to_string().as_str()), (4, "`cost` holds `x`, which is not a finite number"));
        assert!(read("0:1:0 |a b\n").is_err());
        assert!(read("0:1:0.5 |a b:c\n").is_err());
    }
}
