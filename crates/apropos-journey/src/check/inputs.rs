//! Everything that may happen to a customer of some rules.
//!
//! Not here: when it happens, and in what circumstances.

use apropos_event::{CustomerId, Event, EventId, Properties, PropertyName, SourceId, Timestamp, Value};

use super::clocks::now;
use crate::compile::Plan;
use crate::compile::plan::{Pattern, Role};
use crate::definition::EventClock;
use crate::rules::JourneyRules;

/// Something that may happen.
#[derive(Clone, Debug)]
pub(super) enum Happening {
    /// Facts change, or time passes.
    Tick,
    /// An event that some pattern listens to. It counts for whoever waits.
    Event(Event),
    /// The same, but it occurred too long ago for waits that go by occurrence.
    Late(Event),
    /// The customer enters.
    Start,
    /// Somebody asks for a person.
    HandOff,
    /// The person closes the case with this outcome.
    Close(Option<String>),
    /// One of the events that waits may look back to is too long ago from now on.
    Forget(usize),
}

/// Everything that may happen, the same whatever the state; `None` when an event cannot be made up.
pub(super) fn happenings(rules: &JourneyRules, plan: &Plan) -> Option<Vec<Happening>> {
    let mut all = vec![Happening::Tick, Happening::Start, Happening::Close(None)];
    if plan.human.is_some() {
        all.push(Happening::HandOff);
    }
    let mut by_occurrence = false;
    let mut kinds: Vec<(u32, &[(PropertyName, Value)])> = Vec::new();
    for plan in &rules.plans {
        let waits = || (0..plan.nodes.len()).filter_map(|at| plan.wait(at as u16));
        let hand_offs = waits().filter(|wait| matches!(wait.role, Role::HandOff { .. }));
        let outcomes = hand_offs.flat_map(|wait| &wait.outcomes);
        all.extend(outcomes.map(|(outcome, _)| Happening::Close(Some(outcome.clone()))));
        by_occurrence |= waits().any(|wait| wait.by == EventClock::Occurrence);
        let rules = plan.exits.iter().chain(plan.goals.iter().map(|goal| &goal.rule));
        let patterns: Vec<&Pattern> = rules
            .flat_map(|rule| &rule.on)
            .chain(&plan.human_on)
            .chain(waits().flat_map(|wait| wait.on.iter().map(|(pattern, _)| pattern)))
            .collect();
        for pattern in patterns {
            let kind = (pattern.kind, pattern.with.as_slice());
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
    }
    for (kind, with) in kinds {
        let kind = rules.kinds.names.get(kind as usize)?.clone();
        let (id, source) = (EventId::new("made-up").ok()?, SourceId::new("check").ok()?);
        let mut event = Event::new(id, source, kind, CustomerId::new("anybody").ok()?, now());
        event.properties = with.iter().cloned().collect::<Properties>();
        if by_occurrence {
            let mut late = event.clone();
            late.occurred_at = Timestamp::MIN;
            all.push(Happening::Late(late));
        }
        all.push(Happening::Event(event));
    }
    let remembered = rules.remembered.iter().map(Vec::len).sum();
    all.extend((0..remembered).map(Happening::Forget));
    Some(all)
}
