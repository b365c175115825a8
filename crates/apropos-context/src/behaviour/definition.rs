//! Detectors as data.

use apropos_event::{Duration, Path, Problem, Problems, PropertyName, SignalId};
use serde::{Deserialize, Serialize};

use crate::pattern::EventPattern;

/// A signal, and what counts as evidence for it.
///
/// Its strength lies between 0 and 1. Evidence of weight w adds as independent causes do, `1 − (1 − s)(1 − w)`; a
/// negative weight is relief and takes its share away, `s · (1 + w)`. Between events the strength halves every
/// half-life.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignalDefinition {
    /// Its id, such as `hesitation`.
    pub id: SignalId,
    /// After this long the strength has halved.
    #[serde(default = "half_an_hour")]
    pub half_life: Duration,
    /// What counts as evidence.
    #[serde(default)]
    pub evidence: Vec<EvidenceDefinition>,
    /// Silence that is itself a sign.
    #[serde(default)]
    pub silence: Option<Silence>,
}

fn half_an_hour() -> Duration {
    Duration::from_mins(30)
}

/// What counts as evidence for a signal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceDefinition {
    /// The events that count.
    pub on: EventPattern,
    /// How much one counts, −1 (takes everything away) to 1 (enough alone).
    pub weight: f64,
    /// It counts only when it happens again and again.
    #[serde(default)]
    pub repeat: Option<Repeat>,
    /// It counts only after a pause of at least this long since the event before, within one visit.
    #[serde(default)]
    pub pause: Option<Duration>,
    /// Why it counts, for people.
    #[serde(default)]
    pub reason: String,
}

/// Again and again: so many times within so long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// How many times, 2 to 16.
    pub times: u8,
    /// Within how long.
    pub within: Duration,
    /// A property that must stay the same, such as the thing that is clicked.
    #[serde(default)]
    pub same: Option<PropertyName>,
}

/// Silence that is itself a sign: the strength grows from 0 after `after` to 1 after `full`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Silence {
    /// From when it counts.
    pub after: Duration,
    /// When it counts fully.
    pub full: Duration,
}

/// At most this many signals.
pub(crate) const MAX_SIGNALS: usize = 64;
/// At most this many kinds of evidence for one signal.
pub(crate) const MAX_EVIDENCE: usize = 64;

/// Reports what is wrong with detectors.
pub(crate) fn check(definitions: &[SignalDefinition], path: &Path, problems: &mut Problems) {
    if MAX_SIGNALS < definitions.len() {
        let message = format!("there are {} signals, at most {MAX_SIGNALS} are accepted", definitions.len());
        problems.push(Problem::error("context/too-many", path.clone(), message));
    }
    for (at, signal) in definitions.iter().enumerate() {
        let path = path.index(at);
        if definitions.iter().take(at).any(|other| other.id == signal.id) {
            let message = format!("signal `{}` is declared twice", signal.id);
            problems.push(Problem::error("context/duplicate", path.key("id"), message));
        }
        signal.check(&path, problems);
    }
}

impl SignalDefinition {
    fn check(&self, path: &Path, problems: &mut Problems) {
        if !self.half_life.is_positive() {
            let message = format!("the half-life of `{}` must be longer than nothing", self.id);
            problems.push(Problem::error("context/range", path.key("half_life"), message));
        }
        if MAX_EVIDENCE < self.evidence.len() {
            let message = format!("`{}` has more than {MAX_EVIDENCE} kinds of evidence", self.id);
            problems.push(Problem::error("context/too-many", path.key("evidence"), message));
        }
        if self.evidence.is_empty() && self.silence.is_none() {
            let message = format!("nothing is evidence for `{}`", self.id);
            problems.push(Problem::warning("context/no-evidence", path.clone(), message));
        }
        if let Some(silence) = self.silence
            && (silence.full <= silence.after || silence.after < Duration::ZERO)
        {
            let message = "silence must count fully later than it begins to count";
            problems.push(Problem::error("context/range", path.key("silence"), message));
        }
        for (at, evidence) in self.evidence.iter().enumerate() {
            let path = path.key("evidence").index(at);
            if !(-1.0..=1.0).contains(&evidence.weight) || evidence.weight == 0.0 {
                let message = "a weight lies between -1 and 1 and is not 0";
                problems.push(Problem::error("context/range", path.key("weight"), message));
            }
            if let Some(repeat) = &evidence.repeat
                && (!(2..=16).contains(&repeat.times) || !repeat.within.is_positive())
            {
                let message = "a repeat is 2 to 16 times within longer than nothing";
                problems.push(Problem::error("context/range", path.key("repeat"), message));
            }
        }
    }
}
