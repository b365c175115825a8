//! Moving through cycles: by events as they happen, by conditions when facts are at hand.

use apropos_condition::{AttributeId, Condition, Facts, SchemaBuilder};
use apropos_event::{CycleId, Duration, Event, EventKind, Path, Problems, StageId, Timestamp, Value};
use serde::{Deserialize, Serialize};

use super::definition::{self, CycleDefinition};
use super::tally::{self, SubjectState};
use crate::when;

/// Where a customer is in one cycle, for one product if the cycle is per product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageState {
    /// The cycle.
    pub cycle: CycleId,
    /// The product, for a cycle that is per product.
    pub subject: Option<String>,
    /// The stage.
    pub stage: StageId,
    /// Since when.
    pub since: Timestamp,
    /// The stages before, oldest first, each with when it was entered; at most eight.
    pub before: Vec<(StageId, Timestamp)>,
}

impl StageState {
    /// How long the customer has been in the stage.
    pub fn time_in_stage(&self, now: Timestamp) -> Duration {
        now.since(self.since).max(Duration::ZERO)
    }
}

/// The checked cycles.
#[derive(Clone, Debug, Default)]
pub struct Cycles {
    cycles: Vec<Cycle>,
}

#[derive(Clone, Debug)]
struct Cycle {
    definition: CycleDefinition,
    enter_when: Vec<Option<Condition>>,
    leave_when: Vec<Option<Condition>>,
    /// Whether any stage is entered or left by a condition.
    conditional: bool,
}

/// What an event may do in a cycle.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Move {
    cycle: u16,
    what: What,
    /// The number of the stage or tally, and of the pattern there.
    at: u16,
    pattern: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Enter,
    Leave,
    Count,
}

/// Cycles that are kept for one customer; the one entered longest ago makes room.
const MAX_KEPT: usize = 64;
/// Stages before the present one that are kept.
const MAX_BEFORE: usize = 8;

impl Cycles {
    /// The attributes that conditions of stages read.
    pub(crate) fn reads(&self) -> impl Iterator<Item = AttributeId> {
        let conditions =
            self.cycles.iter().flat_map(|cycle| cycle.enter_when.iter().chain(&cycle.leave_when));
        conditions.flatten().flat_map(Condition::attributes).copied()
    }

    /// Checks cycles; conditions are read against the builder.
    pub fn compile(
        definitions: &[CycleDefinition],
        schema: &mut SchemaBuilder,
        path: &Path,
        problems: &mut Problems,
    ) -> Self {
        definition::check(definitions, path, problems);
        let mut cycles = Vec::new();
        for (definition, number) in definitions.iter().zip(0_u16..) {
            let mut cycle = Cycle {
                definition: definition.clone(),
                enter_when: Vec::new(),
                leave_when: Vec::new(),
                conditional: false,
            };
            for (stage, at) in definition.stages.iter().zip(0_u16..) {
                let path = path.index(usize::from(number)).key("stages").index(usize::from(at));
                let mut read = |text: &Option<String>, key: &str| {
                    text.as_ref().and_then(|text| schema.condition(text, &path.key(key), problems))
                };
                cycle.enter_when.push(read(&stage.enter_when, "enter_when"));
                cycle.leave_when.push(read(&stage.leave_when, "leave_when"));
                cycle.conditional |= stage.enter_when.is_some() || stage.leave_when.is_some();
            }
            cycles.push(cycle);
        }
        Self { cycles }
    }

    /// What each kind of event may do, in order of the definition.
    pub(crate) fn listens(&self) -> impl Iterator<Item = (&EventKind, Move)> {
        self.cycles.iter().zip(0_u16..).flat_map(|(cycle, number)| {
            let stages = cycle.definition.stages.iter().zip(0_u16..);
            let stages = stages.flat_map(|(stage, at)| {
                [(What::Enter, at, &stage.enter_on), (What::Leave, at, &stage.leave_on)]
            });
            let tallies = cycle.definition.tallies.iter().zip(0_u16..);
            let all = stages.chain(tallies.map(|(tally, at)| (What::Count, at, &tally.on)));
            all.flat_map(move |(what, at, patterns)| {
                let patterns = patterns.iter().zip(0_u16..);
                patterns.map(move |(on, pattern)| (&on.kind, Move { cycle: number, what, at, pattern }))
            })
        })
    }

    /// Takes an event and what its kind may do; returns whether any stage changed.
    ///
    /// In each cycle the first stage, in order of the definition, that the event leads into is entered, unless the
    /// customer is there already; if there is none, an event that the present stage is left on ends the cycle. An
    /// event from before the present stage changes nothing, but is counted.
    pub(crate) fn observe(
        &self,
        states: &mut Vec<StageState>,
        subjects: &mut Vec<SubjectState>,
        event: &Event,
        moves: &[Move],
    ) -> bool {
        let mut changed = false;
        let mut entered: u64 = 0;
        for step in moves {
            let Some(cycle) = self.cycles.get(usize::from(step.cycle)) else { continue };
            let done = 1_u64.checked_shl(u32::from(step.cycle)).unwrap_or(0);
            let stage = cycle.definition.stages.get(usize::from(step.at));
            let tally = cycle.definition.tallies.get(usize::from(step.at));
            let patterns = match step.what {
                What::Enter => stage.map(|stage| &stage.enter_on),
                What::Leave => stage.map(|stage| &stage.leave_on),
                What::Count => tally.map(|tally| &tally.on),
            };
            let pattern = patterns.and_then(|patterns| patterns.get(usize::from(step.pattern)));
            let moved = step.what != What::Count && entered & done != 0;
            if moved || !pattern.is_some_and(|pattern| pattern.matches_beyond_kind(event)) {
                continue;
            }
            let subject = subject(cycle, event);
            if cycle.definition.per.is_some() && subject.is_none() {
                continue;
            }
            let (id, now) = (&cycle.definition.id, event.occurred_at);
            match (step.what, stage, tally, subject) {
                (What::Enter, Some(stage), _, subject) => {
                    entered |= done;
                    changed |= enter(states, id, subject, &stage.id, now);
                }
                (What::Leave, Some(stage), _, subject) => {
                    changed |= leave(states, id, subject.as_ref(), &stage.id, now);
                }
                (What::Count, _, Some(tally), Some(subject)) => {
                    tally::count(subjects, id, subject, tally, event);
                }
                _ => {}
            }
        }
        changed
    }

    /// Lets conditions move the customer; returns whether any stage changed.
    ///
    /// The present stage is kept while its own `enter_when` holds. Otherwise the first stage whose `enter_when`
    /// holds is entered; if there is none and the present one's `leave_when` holds, the cycle ends. What is unknown
    /// moves nobody.
    ///
    /// In a cycle that is per product this is done for each product that is in a stage or was counted for, in order of
    /// their names; `tell` writes what is true of it into the facts before its conditions are asked. Once all are
    /// through, it is called again with the product that counts for facts. O(products · stages).
    pub(crate) fn refresh(
        &self,
        states: &mut Vec<StageState>,
        subjects: &[SubjectState],
        facts: &mut Facts,
        now: Timestamp,
        mut tell: impl FnMut(usize, Aspect<'_>, &mut Facts),
    ) -> bool {
        let mut changed = false;
        for (number, cycle) in self.cycles.iter().enumerate().filter(|(_, cycle)| cycle.conditional) {
            if cycle.definition.per.is_none() {
                changed |= cycle.refresh(states, None, facts, now);
                continue;
            }
            for subject in cycle.subjects(states, subjects) {
                tell(number, cycle.aspect(states, subjects, Some(&subject)), facts);
                changed |= cycle.refresh(states, Some(subject), facts, now);
            }
            tell(number, self.aspect(number, states, subjects), facts);
        }
        changed
    }

    /// What counts for the facts of a cycle: the product whose stage was entered last, the greatest name among equals.
    pub(crate) fn aspect<'a>(
        &self,
        cycle: usize,
        states: &'a [StageState],
        subjects: &'a [SubjectState],
    ) -> Aspect<'a> {
        let Some(cycle) = self.cycles.get(cycle) else { return Aspect::default() };
        let of_cycle = states.iter().filter(|state| state.cycle == cycle.definition.id);
        let stage = of_cycle.max_by(|a, b| (a.since, &a.subject).cmp(&(b.since, &b.subject)));
        let subject = stage.and_then(|stage| stage.subject.as_ref());
        let counted = subject.and_then(|subject| tally::find(subjects, &cycle.definition.id, subject));
        Aspect { subject: subject.map(String::as_str), stage, counted }
    }

    /// The definition of a cycle.
    pub(crate) fn get(&self, cycle: usize) -> Option<&CycleDefinition> {
        self.cycles.get(cycle).map(|cycle| &cycle.definition)
    }

    /// The number of a stage in its cycle and what is normal for it.
    pub(crate) fn describe(&self, cycle: usize, stage: &StageId) -> Option<(usize, Option<Duration>)> {
        let cycle = self.cycles.get(cycle)?;
        let at = cycle.number(stage)?;
        Some((at, cycle.definition.stages.get(at)?.normal))
    }
}

/// What is true of one product, or of the customer, in one cycle.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Aspect<'a> {
    pub(crate) subject: Option<&'a str>,
    pub(crate) stage: Option<&'a StageState>,
    pub(crate) counted: Option<&'a SubjectState>,
}

impl Cycle {
    /// The products that are in a stage or were counted for, in order of their names, each once.
    fn subjects(&self, states: &[StageState], subjects: &[SubjectState]) -> Vec<String> {
        let id = &self.definition.id;
        let staged = states.iter().filter(|state| state.cycle == *id).filter_map(|s| s.subject.as_ref());
        let counted = subjects.iter().filter(|state| state.cycle == *id).map(|state| &state.subject);
        let mut all: Vec<String> = staged.chain(counted).cloned().collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    fn aspect<'a>(
        &self,
        states: &'a [StageState],
        subjects: &'a [SubjectState],
        subject: Option<&'a String>,
    ) -> Aspect<'a> {
        let id = &self.definition.id;
        let stage = position(states, id, subject).and_then(|at| states.get(at));
        let counted = subject.and_then(|subject| tally::find(subjects, id, subject));
        Aspect { subject: subject.map(String::as_str), stage, counted }
    }

    /// Lets conditions move one product, or the customer.
    fn refresh(
        &self,
        states: &mut Vec<StageState>,
        subject: Option<String>,
        facts: &Facts,
        now: Timestamp,
    ) -> bool {
        let id = &self.definition.id;
        let present = position(states, id, subject.as_ref()).and_then(|at| states.get(at));
        let here = present.and_then(|state| self.number(&state.stage));
        if here.is_some_and(|at| holds_at(&self.enter_when, at, facts)) {
            return false;
        }
        let mut others = (0..self.enter_when.len()).filter(|at| Some(*at) != here);
        let next = others.find(|at| holds_at(&self.enter_when, *at, facts));
        if let Some(stage) = next.and_then(|at| self.definition.stages.get(at)) {
            return enter(states, id, subject, &stage.id, now);
        }
        let stage = here.filter(|at| holds_at(&self.leave_when, *at, facts));
        let stage = stage.and_then(|at| self.definition.stages.get(at));
        stage.is_some_and(|stage| leave(states, id, subject.as_ref(), &stage.id, now))
    }

    fn number(&self, stage: &StageId) -> Option<usize> {
        self.definition.stages.iter().position(|other| other.id == *stage)
    }
}

/// Whether the condition of stage `at` holds for certain.
fn holds_at(conditions: &[Option<Condition>], at: usize, facts: &Facts) -> bool {
    conditions.get(at).and_then(Option::as_ref).is_some_and(|condition| when::holds(condition, facts))
}

fn subject(cycle: &Cycle, event: &Event) -> Option<String> {
    let name = cycle.definition.per.as_ref()?;
    match event.properties.get(name)? {
        Value::Text(text) => Some(text.chars().take(128).collect()),
        Value::Int(n) => Some(n.to_string()),
        _ => None,
    }
}

fn position(states: &[StageState], cycle: &CycleId, subject: Option<&String>) -> Option<usize> {
    states.iter().position(|state| state.cycle == *cycle && state.subject.as_ref() == subject)
}

fn enter(
    states: &mut Vec<StageState>,
    cycle: &CycleId,
    subject: Option<String>,
    stage: &StageId,
    now: Timestamp,
) -> bool {
    let Some(state) = position(states, cycle, subject.as_ref()).and_then(|at| states.get_mut(at)) else {
        if MAX_KEPT <= states.len() {
            let oldest = states.iter().enumerate().min_by_key(|(_, state)| state.since).map(|(at, _)| at);
            states.remove(oldest.unwrap_or(0));
        }
        let (cycle, stage) = (cycle.clone(), stage.clone());
        states.push(StageState { cycle, subject, stage, since: now, before: Vec::new() });
        return true;
    };
    if state.stage == *stage || now < state.since {
        return false;
    }
    if MAX_BEFORE <= state.before.len() {
        state.before.remove(0);
    } else {
        state.before.reserve_exact(MAX_BEFORE - state.before.len());
    }
    let earlier = std::mem::replace(&mut state.stage, stage.clone());
    state.before.push((earlier, state.since));
    state.since = now;
    true
}

fn leave(
    states: &mut Vec<StageState>,
    cycle: &CycleId,
    subject: Option<&String>,
    stage: &StageId,
    now: Timestamp,
) -> bool {
    let found = position(states, cycle, subject);
    let Some(at) = found.filter(|at| states.get(*at).is_some_and(|s| s.stage == *stage && s.since <= now))
    else {
        return false;
    };
    states.remove(at);
    true
}

#[cfg(test)]
mod tests {
    use apropos_event::{CustomerId, EventId, EventKind, PropertyName, SourceId};

    use super::super::usual_cycle;
    use super::*;

    fn event(kind: &str, day: i64, product: Option<&str>) -> Event {
        let mut event = Event::new(
            EventId::new(format!("{kind}-{day}")).unwrap(),
            SourceId::new("test").unwrap(),
            EventKind::new(kind).unwrap(),
            CustomerId::new("c").unwrap(),
            Timestamp::EPOCH.plus(Duration::from_days(day)),
        );
        if let Some(product) = product {
            event.properties.insert(PropertyName::new("product").unwrap(), Value::from(product));
        }
        event
    }

    fn observe(cycles: &Cycles, states: &mut Vec<StageState>, event: &Event) -> bool {
        let moves: Vec<Move> =
            cycles.listens().filter(|(kind, _)| **kind == event.kind).map(|(_, step)| step).collect();
        cycles.observe(states, &mut Vec::new(), event, &moves)
    }

    fn cycles(definition: CycleDefinition) -> Cycles {
        let mut problems = Problems::new();
        let cycles = Cycles::compile(&[definition], &mut SchemaBuilder::new(), &Path::root(), &mut problems);
        assert!(problems.is_empty(), "{problems}");
        cycles
    }

    #[test]
    fn the_usual_cycle_is_walked_by_events() {
        let cycles = cycles(usual_cycle(CycleId::new("life").unwrap()));
        let mut states = Vec::new();
        for (day, kind) in
            ["ad_click", "product_view", "cart_add", "purchase", "delivered"].iter().enumerate()
        {
            assert!(observe(&cycles, &mut states, &event(kind, day as i64, None)), "{kind}");
        }
        let state = cycles.aspect(0, &states, &[]).stage.unwrap();
        assert_eq!(state.stage.as_str(), "onboarding");
        assert_eq!(state.before.len(), 4);
        assert_eq!(
            state.time_in_stage(Timestamp::EPOCH.plus(Duration::from_days(9))),
            Duration::from_days(5)
        );
        assert_eq!(cycles.describe(0, &state.stage), Some((4, Some(Duration::from_days(14)))));
        // What happened before the present stage changes nothing any more.
        assert!(!observe(&cycles, &mut states, &event("cart_add", 1, None)));
        assert!(!observe(&cycles, &mut states, &event("unheard_of", 9, None)));
    }

    #[test]
    fn each_product_has_a_cycle_of_its_own() {
        let per = Some(PropertyName::new("product").unwrap());
        let cycles = cycles(CycleDefinition { per, ..usual_cycle(CycleId::new("own").unwrap()) });
        let mut states = Vec::new();
        observe(&cycles, &mut states, &event("purchase", 1, Some("phone")));
        observe(&cycles, &mut states, &event("product_view", 2, Some("case")));
        observe(&cycles, &mut states, &event("delivered", 3, Some("phone")));
        assert!(!observe(&cycles, &mut states, &event("purchase", 4, None)));
        let stages: Vec<_> =
            states.iter().map(|s| (s.subject.as_deref().unwrap(), s.stage.as_str())).collect();
        assert_eq!(stages, [("phone", "onboarding"), ("case", "consideration")]);
        assert_eq!(cycles.aspect(0, &states, &[]).stage.unwrap().subject.as_deref(), Some("phone"));
        for n in 0..200 {
            observe(&cycles, &mut states, &event("purchase", 5 + n, Some(&n.to_string())));
        }
        assert_eq!(states.len(), MAX_KEPT);
    }
}
