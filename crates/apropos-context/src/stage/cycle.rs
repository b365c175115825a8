//! Moving through cycles: by events as they happen, by conditions when facts are at hand.

use apropos_condition::{AttributeId, Condition, Facts, SchemaBuilder};
use apropos_event::{CycleId, Duration, Event, Path, Problems, StageId, Timestamp, Value};
use serde::{Deserialize, Serialize};

use super::definition::{self, CycleDefinition, StageDefinition};
use crate::pattern::Listeners;
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
    listeners: Listeners<Move>,
}

#[derive(Clone, Debug)]
struct Cycle {
    definition: CycleDefinition,
    enter_when: Vec<Option<Condition>>,
    leave_when: Vec<Option<Condition>>,
}

/// What an event may do: enter or leave a stage of a cycle.
#[derive(Clone, Copy, Debug, Default)]
struct Move {
    cycle: u16,
    stage: u16,
    pattern: u16,
    enter: bool,
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
        let mut moves = Vec::new();
        let mut cycles = Vec::new();
        for (definition, number) in definitions.iter().zip(0_u16..) {
            let mut cycle =
                Cycle { definition: definition.clone(), enter_when: Vec::new(), leave_when: Vec::new() };
            for (stage, at) in definition.stages.iter().zip(0_u16..) {
                let path = path.index(usize::from(number)).key("stages").index(usize::from(at));
                let mut read = |text: &Option<String>, key: &str| {
                    text.as_ref().and_then(|text| when::parse(text, schema, &path.key(key), problems))
                };
                cycle.enter_when.push(read(&stage.enter_when, "enter_when"));
                cycle.leave_when.push(read(&stage.leave_when, "leave_when"));
                for (enter, patterns) in [(true, &stage.enter_on), (false, &stage.leave_on)] {
                    moves.extend(patterns.iter().zip(0_u16..).map(|(on, pattern)| {
                        (on.kind.clone(), Move { cycle: number, stage: at, pattern, enter })
                    }));
                }
            }
            cycles.push(cycle);
        }
        Self { cycles, listeners: Listeners::new(moves) }
    }

    /// The cycles, in order of the definition.
    pub fn definitions(&self) -> impl Iterator<Item = &CycleDefinition> {
        self.cycles.iter().map(|cycle| &cycle.definition)
    }

    /// Takes an event; returns whether any stage changed.
    ///
    /// In each cycle the first stage, in order of the definition, that the event leads into is entered, unless the
    /// customer is there already; if there is none, an event that the present stage is left on ends the cycle. An
    /// event from before the present stage changes nothing.
    pub(crate) fn observe(&self, states: &mut Vec<StageState>, event: &Event) -> bool {
        let mut changed = false;
        let mut entered: u64 = 0;
        for step in self.listeners.of(&event.kind) {
            let Some((cycle, stage)) = self.stage(*step) else { continue };
            let patterns = if step.enter { &stage.enter_on } else { &stage.leave_on };
            let fits = patterns.get(usize::from(step.pattern)).is_some_and(|p| p.matches_beyond_kind(event));
            let done = 1_u64.checked_shl(u32::from(step.cycle)).unwrap_or(0);
            if !fits || entered & done != 0 {
                continue;
            }
            let subject = subject(cycle, event);
            if cycle.definition.per.is_some() && subject.is_none() {
                continue;
            }
            let now = event.occurred_at;
            if step.enter {
                entered |= done;
                changed |= enter(states, &cycle.definition.id, subject, &stage.id, now);
            } else {
                changed |= leave(states, &cycle.definition.id, subject.as_ref(), &stage.id, now);
            }
        }
        changed
    }

    /// Lets conditions move the customer; returns whether any stage changed.
    ///
    /// The present stage is kept while its own `enter_when` holds. Otherwise the first stage whose `enter_when`
    /// holds is entered; if there is none and the present one's `leave_when` holds, the cycle ends. What is unknown
    /// moves nobody. Only cycles that are not per product have stages entered by conditions.
    pub(crate) fn refresh(&self, states: &mut Vec<StageState>, facts: &Facts, now: Timestamp) -> bool {
        let mut changed = false;
        for cycle in &self.cycles {
            let id = &cycle.definition.id;
            let present: Vec<(Option<String>, StageId)> = states
                .iter()
                .filter(|state| state.cycle == *id)
                .map(|state| (state.subject.clone(), state.stage.clone()))
                .collect();
            if cycle.definition.per.is_none() {
                let stage = present.first().map(|(_, stage)| stage);
                let here = stage.and_then(|stage| cycle.number(stage));
                if here.is_some_and(|at| holds_at(&cycle.enter_when, at, facts)) {
                    continue;
                }
                let next = (0..cycle.enter_when.len())
                    .find(|at| Some(*at) != here && holds_at(&cycle.enter_when, *at, facts));
                if let Some(stage) = next.and_then(|at| cycle.definition.stages.get(at)) {
                    changed |= enter(states, id, None, &stage.id, now);
                    continue;
                }
            }
            for (subject, stage) in present {
                if cycle.number(&stage).is_some_and(|at| holds_at(&cycle.leave_when, at, facts)) {
                    changed |= leave(states, id, subject.as_ref(), &stage, now);
                }
            }
        }
        changed
    }

    /// The state of a cycle that counts for facts: the one entered last, the greatest product among equals.
    pub(crate) fn present<'a>(&self, cycle: usize, states: &'a [StageState]) -> Option<&'a StageState> {
        let id = &self.cycles.get(cycle)?.definition.id;
        states
            .iter()
            .filter(|state| state.cycle == *id)
            .max_by(|a, b| (a.since, &a.subject).cmp(&(b.since, &b.subject)))
    }

    /// The number of a stage in its cycle and what is normal for it.
    pub(crate) fn describe(&self, cycle: usize, stage: &StageId) -> Option<(usize, Option<Duration>)> {
        let cycle = self.cycles.get(cycle)?;
        let at = cycle.number(stage)?;
        Some((at, cycle.definition.stages.get(at)?.normal))
    }

    fn stage(&self, step: Move) -> Option<(&Cycle, &StageDefinition)> {
        let cycle = self.cycles.get(usize::from(step.cycle))?;
        Some((cycle, cycle.definition.stages.get(usize::from(step.stage))?))
    }
}

impl Cycle {
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
            assert!(cycles.observe(&mut states, &event(kind, day as i64, None)), "{kind}");
        }
        let state = cycles.present(0, &states).unwrap();
        assert_eq!(state.stage.as_str(), "onboarding");
        assert_eq!(state.before.len(), 4);
        assert_eq!(
            state.time_in_stage(Timestamp::EPOCH.plus(Duration::from_days(9))),
            Duration::from_days(5)
        );
        assert_eq!(cycles.describe(0, &state.stage), Some((4, Some(Duration::from_days(14)))));
        // What happened before the present stage changes nothing any more.
        assert!(!cycles.observe(&mut states, &event("cart_add", 1, None)));
        assert!(!cycles.observe(&mut states, &event("unheard_of", 9, None)));
    }

    #[test]
    fn each_product_has_a_cycle_of_its_own() {
        let per = Some(PropertyName::new("product").unwrap());
        let cycles = cycles(CycleDefinition { per, ..usual_cycle(CycleId::new("own").unwrap()) });
        let mut states = Vec::new();
        cycles.observe(&mut states, &event("purchase", 1, Some("phone")));
        cycles.observe(&mut states, &event("product_view", 2, Some("case")));
        cycles.observe(&mut states, &event("delivered", 3, Some("phone")));
        assert!(!cycles.observe(&mut states, &event("purchase", 4, None)));
        let stages: Vec<_> =
            states.iter().map(|s| (s.subject.as_deref().unwrap(), s.stage.as_str())).collect();
        assert_eq!(stages, [("phone", "onboarding"), ("case", "consideration")]);
        assert_eq!(cycles.present(0, &states).unwrap().subject.as_deref(), Some("phone"));
        for n in 0..200 {
            cycles.observe(&mut states, &event("purchase", 5 + n, Some(&n.to_string())));
        }
        assert_eq!(states.len(), MAX_KEPT);
    }
}
