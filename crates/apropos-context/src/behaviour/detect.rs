//! Detecting: one pass over the evidence that listens to an event's kind.

use apropos_event::{Duration, Event, EventId, EventKind, Path, Problems, SignalId, Timestamp, Value, draw};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::definition::{self, EvidenceDefinition, SignalDefinition, Silence};
use crate::reading::fade;

/// What is known of one signal of one customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignalState {
    /// The signal.
    pub signal: SignalId,
    /// How strong it was at `at`, 0 to 1.
    pub strength: f64,
    /// When the strength was worked out.
    pub at: Timestamp,
    evidence: SmallVec<[Evidence; MAX_KEPT]>,
    repeats: SmallVec<[RepeatState; 1]>,
}

impl SignalState {
    /// The last pieces of evidence, oldest first; at most four.
    pub fn evidence(&self) -> &[Evidence] {
        &self.evidence
    }
}

/// A piece of evidence that counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// The event.
    pub event: EventId,
    /// When it happened.
    pub at: Timestamp,
    /// Which evidence of the definition it was, from 0.
    pub number: u16,
    /// How much it counted.
    pub weight: f64,
}

/// A repeat under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RepeatState {
    /// Which evidence of the definition it is for, from 0.
    number: u16,
    /// The stable hash of what must stay the same.
    same: u64,
    /// When it happened, oldest first.
    times: SmallVec<[Timestamp; 4]>,
}

/// Checked detectors, in order of their ids.
#[derive(Clone, Debug, Default)]
pub struct Detectors {
    signals: Vec<SignalDefinition>,
    /// The head of each signal's id.
    heads: Vec<u64>,
}

/// What an event may be evidence for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clue {
    signal: u16,
    evidence: u16,
    /// Whether it weakens the signal.
    relieves: bool,
}

/// Pieces of evidence that are kept.
const MAX_KEPT: usize = 4;

/// A pause longer than this ends a visit.
const VISIT: Duration = Duration::from_mins(30);

impl Detectors {
    /// Checks detectors.
    pub fn compile(definitions: &[SignalDefinition], path: &Path, problems: &mut Problems) -> Self {
        definition::check(definitions, path, problems);
        let mut signals = definitions.to_vec();
        signals.sort_by(|a, b| a.id.cmp(&b.id));
        Self { heads: signals.iter().map(|signal| head(&signal.id)).collect(), signals }
    }

    /// What each kind of event may be evidence for, in order of the signals.
    pub(crate) fn listens(&self) -> impl Iterator<Item = (&EventKind, Clue)> {
        self.signals.iter().zip(0_u16..).flat_map(|(signal, number)| {
            let all = signal.evidence.iter().zip(0_u16..);
            let clue = move |e: &EvidenceDefinition, evidence| Clue {
                signal: number,
                evidence,
                relieves: e.weight < 0.0,
            };
            all.map(move |(e, evidence)| (&e.on.kind, clue(e, evidence)))
        })
    }

    /// The signals, in order of their ids.
    pub fn signals(&self) -> &[SignalDefinition] {
        &self.signals
    }

    /// Takes an event and what its kind may be evidence for. `before` is when the event before it happened. Returns
    /// whether any signal changed.
    pub(crate) fn observe(
        &self,
        states: &mut Vec<SignalState>,
        event: &Event,
        before: Option<Timestamp>,
        clues: &[Clue],
    ) -> bool {
        let mut changed = false;
        for clue in clues {
            // Relief from what was never felt is nothing; most customers never felt anything.
            if clue.relieves && states.is_empty() {
                continue;
            }
            let signal = self.signals.get(usize::from(clue.signal));
            let Some((signal, evidence)) =
                signal.and_then(|signal| Some((signal, signal.evidence.get(usize::from(clue.evidence))?)))
            else {
                continue;
            };
            if !evidence.on.matches_beyond_kind(event) || !paused(evidence, event, before) {
                continue;
            }
            let number = usize::from(clue.signal);
            let known = self.heads.get(number).and_then(|head| position(states, signal, *head, number));
            if clue.relieves && known.is_none() {
                continue;
            }
            let at = known.unwrap_or_else(|| begin(states, signal, event.occurred_at));
            let Some(state) = states.get_mut(at) else { continue };
            if repeated(state, evidence, clue.evidence, event) {
                state.count(signal, evidence.weight, clue.evidence, event);
                changed = true;
            }
        }
        changed
    }

    /// Calls `told` with each signal, its number and how strong it is at `now`, in order of the ids.
    ///
    /// Signals and states are both in that order, so this is one merge. O(signals + states).
    pub(crate) fn strengths(
        &self,
        states: &[SignalState],
        seen: Option<Timestamp>,
        now: Timestamp,
        mut told: impl FnMut(usize, &SignalDefinition, f64),
    ) {
        let mut rest = states;
        for ((signal, wanted), number) in self.signals.iter().zip(&self.heads).zip(0..) {
            let mut state = None;
            while let Some((first, others)) = rest.split_first() {
                let order = head(&first.signal).cmp(wanted).then_with(|| first.signal.cmp(&signal.id));
                if order.is_gt() {
                    break;
                }
                rest = others;
                if order.is_eq() {
                    state = Some(first);
                    break;
                }
            }
            let felt =
                state.map_or(0.0, |state| state.strength * fade(now.since(state.at), signal.half_life));
            let silent =
                signal.silence.zip(seen).map_or(0.0, |(silence, seen)| silence.strength(now.since(seen)));
            told(number, signal, felt.max(silent));
        }
    }

    /// The evidence that is kept for a signal, oldest first, each with the reason why it counts.
    pub fn because<'a>(&'a self, state: &'a SignalState) -> impl Iterator<Item = (&'a Evidence, &'a str)> {
        let signal = self.signals.iter().find(|signal| signal.id == state.signal);
        let reason = move |evidence: &Evidence| {
            let found = signal.and_then(|signal| signal.evidence.get(usize::from(evidence.number)));
            found.map_or("", |found| found.reason.as_str())
        };
        state.evidence.iter().map(move |evidence| (evidence, reason(evidence)))
    }

    #[cfg(test)]
    fn strength(
        &self,
        wanted: usize,
        states: &[SignalState],
        seen: Option<Timestamp>,
        now: Timestamp,
    ) -> f64 {
        let mut found = 0.0;
        self.strengths(states, seen, now, |number, _, strength| {
            if number == wanted {
                found = strength;
            }
        });
        found
    }
}

impl Silence {
    /// How strong a sign a silence of this length is, 0 to 1.
    fn strength(self, silence: Duration) -> f64 {
        let over = silence.as_micros().saturating_sub(self.after.as_micros());
        if over <= 0 {
            return 0.0;
        }
        let span = self.full.as_micros().saturating_sub(self.after.as_micros());
        (over as f64 / span as f64).clamp(0.0, 1.0)
    }
}

/// The first eight bytes of an id as an integer that sorts as the text does: ids that differ there need not be compared
/// as text.
fn head(id: &SignalId) -> u64 {
    let bytes = id.as_str().as_bytes();
    bytes.first_chunk().map_or_else(
        || (0..8).fold(0, |all, at| all << 8 | u64::from(bytes.get(at).copied().unwrap_or(0))),
        |first| u64::from_be_bytes(*first),
    )
}

/// Where the state of a signal is, if there is one.
///
/// States are in order of the ids as signals are, so that it stands at the signal's number or a little before; only
/// states of signals that are declared no more push it further.
fn position(states: &[SignalState], signal: &SignalDefinition, wanted: u64, number: usize) -> Option<usize> {
    let (near, far) = states.split_at(states.len().min(number + 1));
    let found = near.iter().rposition(|state| head(&state.signal) == wanted && state.signal == signal.id);
    if found.is_some() || far.is_empty() {
        return found;
    }
    far.iter().position(|state| state.signal == signal.id).map(|at| near.len() + at)
}

/// Makes the state of a signal that was not felt before, and says where it is.
fn begin(states: &mut Vec<SignalState>, signal: &SignalDefinition, now: Timestamp) -> usize {
    let at = states.partition_point(|state| state.signal < signal.id);
    let (signal, evidence, repeats) = (signal.id.clone(), SmallVec::new(), SmallVec::new());
    states.insert(at, SignalState { signal, strength: 0.0, at: now, evidence, repeats });
    at
}

fn paused(evidence: &EvidenceDefinition, event: &Event, before: Option<Timestamp>) -> bool {
    evidence.pause.is_none_or(|pause| {
        before.is_some_and(|before| {
            let gap = event.occurred_at.since(before);
            pause <= gap && gap <= VISIT.max(pause)
        })
    })
}

/// Whether the evidence counts now: at once, or because it happened often enough.
fn repeated(state: &mut SignalState, evidence: &EvidenceDefinition, number: u16, event: &Event) -> bool {
    let Some(repeat) = &evidence.repeat else { return true };
    let same = repeat.same.as_ref().map_or(0, |name| hash(event.properties.get(name)));
    let at = state.repeats.iter().position(|under_way| under_way.number == number);
    let at = at.unwrap_or_else(|| {
        state.repeats.push(RepeatState { number, same, times: SmallVec::new() });
        state.repeats.len() - 1
    });
    let Some(under_way) = state.repeats.get_mut(at) else { return false };
    if under_way.same != same {
        under_way.same = same;
        under_way.times.clear();
    }
    let now = event.occurred_at;
    under_way.times.retain(|time| now.since(*time) <= repeat.within);
    under_way.times.push(now);
    let enough = usize::from(repeat.times) <= under_way.times.len();
    if enough {
        under_way.times.clear();
    }
    enough
}

/// A stable hash of a simple value; lists and maps are all alike.
fn hash(value: Option<&Value>) -> u64 {
    match value {
        Some(Value::Text(text)) => draw::stable_hash(1, text.as_bytes()),
        Some(Value::Int(n)) => draw::stable_hash(2, &n.to_le_bytes()),
        Some(Value::Double(x)) => draw::stable_hash(3, &x.to_bits().to_le_bytes()),
        Some(Value::Bool(b)) => u64::from(*b) + 4,
        _ => 0,
    }
}

impl SignalState {
    fn count(&mut self, signal: &SignalDefinition, weight: f64, number: u16, event: &Event) {
        let now = event.occurred_at.max(self.at);
        let left = self.strength * fade(now.since(self.at), signal.half_life);
        let strength = if weight < 0.0 { left * (1.0 + weight) } else { 1.0 - (1.0 - left) * (1.0 - weight) };
        self.strength = strength.clamp(0.0, 1.0);
        self.at = now;
        let at = event.occurred_at;
        if self.evidence.len() < MAX_KEPT {
            self.evidence.push(Evidence { event: event.id.clone(), at, number, weight });
            return;
        }
        // The oldest makes room, and its place is written over: a long id keeps its memory.
        self.evidence.rotate_left(1);
        if let Some(last) = self.evidence.last_mut() {
            last.event.clone_from(&event.id);
            (last.at, last.number, last.weight) = (at, number, weight);
        }
    }
}

#[cfg(test)]
mod tests {
    use apropos_event::{CustomerId, EventKind, PropertyName, SourceId};

    use super::super::{Repeat, usual_signals};
    use super::*;
    use crate::pattern::EventPattern;

    fn observe(
        detectors: &Detectors,
        states: &mut Vec<SignalState>,
        event: &Event,
        before: Option<Timestamp>,
    ) -> bool {
        let clues: Vec<Clue> =
            detectors.listens().filter(|(kind, _)| **kind == event.kind).map(|(_, clue)| clue).collect();
        detectors.observe(states, event, before, &clues)
    }

    fn event(n: u32, kind: &str, seconds: i64) -> Event {
        Event::new(
            EventId::new(format!("e{n}")).unwrap(),
            SourceId::new("test").unwrap(),
            EventKind::new(kind).unwrap(),
            CustomerId::new("c").unwrap(),
            Timestamp::EPOCH.plus(Duration::from_secs(seconds)),
        )
    }

    fn rage() -> Detectors {
        let definition = SignalDefinition {
            id: SignalId::new("frustration").unwrap(),
            half_life: Duration::from_mins(10),
            evidence: vec![EvidenceDefinition {
                on: EventPattern::new(EventKind::new("click").unwrap()),
                weight: 0.6,
                repeat: Some(Repeat {
                    times: 3,
                    within: Duration::from_secs(2),
                    same: Some(PropertyName::new("target").unwrap()),
                }),
                pause: None,
                reason: "clicks the same thing again and again".to_owned(),
            }],
            silence: None,
        };
        let mut problems = Problems::new();
        let detectors = Detectors::compile(&[definition], &Path::root(), &mut problems);
        assert!(problems.is_empty(), "{problems}");
        detectors
    }

    fn click(n: u32, target: &str, seconds: i64) -> Event {
        let mut event = event(n, "click", seconds);
        event.properties.insert(PropertyName::new("target").unwrap(), Value::from(target));
        event
    }

    #[test]
    fn three_quick_clicks_on_one_thing_are_frustration_and_on_three_things_are_not() {
        let detectors = rage();
        let mut states = Vec::new();
        for (n, target) in ["a", "b", "c", "a"].iter().enumerate() {
            assert!(!observe(&detectors, &mut states, &click(n as u32, target, 0), None));
        }
        assert!(!observe(&detectors, &mut states, &click(5, "a", 1), None));
        assert!(observe(&detectors, &mut states, &click(6, "a", 2), None));
        let at = |minutes: i64| Timestamp::EPOCH.plus(Duration::from_secs(2 + minutes * 60));
        assert_eq!(detectors.strength(0, &states, None, at(0)), 0.6);
        assert_eq!(detectors.strength(0, &states, None, at(10)), 0.3);
        let because: Vec<_> = detectors.because(&states[0]).map(|(e, why)| (e.event.as_str(), why)).collect();
        assert_eq!(because, [("e6", "clicks the same thing again and again")]);
    }

    #[test]
    fn slow_clicks_are_no_rage() {
        let detectors = rage();
        let mut states = Vec::new();
        for n in 0..20 {
            assert!(!observe(&detectors, &mut states, &click(n, "a", i64::from(n) * 3), None));
        }
    }

    #[test]
    fn the_usual_signals_are_sound_and_bounded() {
        let mut problems = Problems::new();
        let detectors = Detectors::compile(&usual_signals(), &Path::root(), &mut problems);
        assert!(problems.is_empty(), "{problems}");
        assert_eq!(detectors.signals().len(), 9);
        let kinds: Vec<String> = usual_signals()
            .iter()
            .flat_map(|signal| signal.evidence.iter().map(|evidence| evidence.on.kind.to_string()))
            .collect();
        let mut states = Vec::new();
        let mut before = None;
        for n in 0..2_000_u32 {
            let kind = &kinds[(draw::bits(1, "kind", u64::from(n)) % kinds.len() as u64) as usize];
            let event = event(n, kind, i64::from(n) * 7);
            observe(&detectors, &mut states, &event, before);
            before = Some(event.occurred_at);
            for number in 0..detectors.signals().len() {
                let strength = detectors.strength(number, &states, before, event.occurred_at);
                assert!((0.0..=1.0).contains(&strength));
            }
        }
        assert!(states.iter().all(|state| state.evidence.len() <= 4));
        assert!(states.iter().flat_map(|state| &state.repeats).all(|repeat| repeat.times.len() < 16));
    }

    #[test]
    fn long_silence_is_a_sign_of_its_own() {
        let mut problems = Problems::new();
        let detectors = Detectors::compile(&usual_signals(), &Path::root(), &mut problems);
        let number = detectors.signals().iter().position(|s| s.id.as_str() == "disengagement").unwrap();
        let seen = Some(Timestamp::EPOCH);
        let after = |days| Timestamp::EPOCH.plus(Duration::from_days(days));
        assert_eq!(detectors.strength(number, &[], seen, after(10)), 0.0);
        assert_eq!(detectors.strength(number, &[], seen, after(60)), 0.5);
        assert_eq!(detectors.strength(number, &[], seen, after(900)), 1.0);
        assert_eq!(detectors.strength(number, &[], None, after(900)), 0.0);
    }
}
