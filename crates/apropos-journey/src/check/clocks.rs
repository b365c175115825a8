//! An abstraction of time: of every deadline it is known how long it lies ahead at least and at most, of every contact
//! how long ago it was at least.
//!
//! Sound: inputs may come at any instant. The host rings its timers when they are due, before anything that is received
//! later. A wait for a local time of day may last from no time up to its longest; two rings of the same node lie
//! a day apart, give or take a change of the clocks.
//!
//! Not here: what happens at those instants.

use apropos_event::{Duration, Timestamp};

use crate::compile::plan::Timer;
use crate::rules::JourneyRules;
use crate::state::{Instance, JourneyState, Seen, Status};

const EVER: i64 = i64::MAX / 4;
const HOUR: i64 = 3_600_000_000;
/// The time to the next such local time, on any day and on some days: clocks and calendars may jump.
const LONGEST_DAY: i64 = 49 * HOUR;
const LONGEST_WEEK: i64 = 9 * 24 * HOUR;
/// How much less than a day may lie between two instants at which the wall shows the same.
const JUMP: i64 = 2 * HOUR;

/// From at least to at most so many microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    pub(super) least: i64,
    pub(super) most: i64,
}

impl Span {
    /// Somewhere between an instant ago and for ever.
    pub(super) const ANY: Self = Self { least: 0, most: EVER };

    fn exactly(micros: i64) -> Self {
        Self { least: micros, most: micros }
    }

    /// What is left after so long.
    fn after(self, elapsed: Self) -> Self {
        let most = if self.most == EVER { EVER } else { (self.most - elapsed.least).max(0) };
        Self { least: (self.least - elapsed.most).max(0), most }
    }
}

/// How far the deadlines of one instance lie ahead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ahead {
    due: Option<Span>,
    ends_by: Option<Span>,
}

/// A local time that an instance waits for at a node: for the same instance and node it rings at most once a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ring {
    instance: u64,
    node: u16,
}

/// A contact: how long ago at least, and, if it was made when a local time rang, how often that rang since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Contact {
    pub(super) age: i64,
    ring: Option<Ring>,
    rings: i64,
}

/// When the next input comes, seen from the deadlines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// Before any timer rings.
    Before,
    /// Before any timer rings, and after the time limit of an instance that a person has.
    PastLimit(usize),
    /// When the wait of an instance is due.
    WaitRings(usize),
    /// When the time limit of an instance is due.
    LimitRings(usize),
}

/// Where the checker's clock always stands.
pub(super) fn now() -> Timestamp {
    Timestamp::from_secs_saturating(1_767_225_600)
}

/// Where deadlines are put that are not due.
fn far() -> Timestamp {
    now().plus(Duration::from_days(365_000))
}

/// Every way in which the next input may lie to the deadlines, and how much time passes until then.
pub(super) fn moments(state: &JourneyState, ahead: &[Ahead]) -> Vec<(When, Span)> {
    let mut rings: Vec<(When, Span)> = Vec::new();
    let mut past: Vec<(When, Span)> = Vec::new();
    for (at, (instance, ahead)) in state.instances.iter().zip(ahead).enumerate() {
        match instance.status {
            Status::Active => {
                rings.extend(ahead.due.map(|span| (When::WaitRings(at), span)));
                rings.extend(ahead.ends_by.map(|span| (When::LimitRings(at), span)));
            }
            Status::HandedOff => past.extend(ahead.ends_by.map(|span| (When::PastLimit(at), span))),
            Status::Paused(_) | Status::Stranded => {}
        }
    }
    let first = rings.iter().map(|(_, span)| span.most).min().unwrap_or(EVER);
    let mut moments = vec![(When::Before, Span { least: 0, most: first })];
    let possible = rings.into_iter().chain(past).filter(|(_, span)| span.least <= first);
    moments.extend(possible.map(|(when, span)| {
        let most = if matches!(when, When::PastLimit(_)) { first } else { span.most.min(first) };
        (when, Span { least: span.least, most })
    }));
    moments
}

/// Puts a state's instants where the step sees what is due then, and nothing else.
pub(super) fn set(state: &mut JourneyState, ahead: &[Ahead], when: When) {
    state.clock = None;
    // Made-up events are told apart by the walk, not by their ids.
    state.seen = Seen::default();
    for (at, (instance, ahead)) in state.instances.iter_mut().zip(ahead).enumerate() {
        let at_instant = |due: bool| if due { now() } else { far() };
        let handed_off = instance.status == Status::HandedOff;
        let over = handed_off && ahead.ends_by.is_some_and(|span| span.most == 0);
        let limit = over || [When::PastLimit(at), When::LimitRings(at)].contains(&when);
        instance.due = ahead.due.map(|_| at_instant(when == When::WaitRings(at)));
        instance.ends_by = ahead.ends_by.map(|_| at_instant(limit));
        (instance.since, instance.entered) = (now(), now());
    }
    for memory in &mut state.memories {
        memory.left = memory.left.map(|_| Timestamp::MIN);
    }
    for event in &mut state.recent {
        (event.occurred, event.received) = (now(), now());
    }
}

/// How far every deadline lies ahead after a step that `elapsed` after `before` was taken.
pub(super) fn read(
    rules: &JourneyRules,
    state: &JourneyState,
    before: &[(u64, Ahead)],
    elapsed: Span,
) -> Vec<Ahead> {
    let one = |instance: &Instance| {
        let known = before.iter().find(|(id, _)| *id == instance.id).map(|(_, ahead)| *ahead);
        let known = known.unwrap_or_default();
        let left = |at: Timestamp, span: Option<Span>| match span {
            Some(span) if at == far() => span.after(elapsed),
            _ => Span::exactly(at.since(now()).as_micros().max(0)),
        };
        let mut due = instance.due.map(|at| left(at, known.due));
        if let (Some(longest), Some(span)) = (longest_local(rules, instance), &mut due)
            && instance.due != Some(far())
        {
            *span = Span { least: 0, most: longest };
        }
        Ahead { due, ends_by: instance.ends_by.map(|at| left(at, known.ends_by)) }
    };
    state.instances.iter().map(one).collect()
}

/// The local time that an instance waits for.
pub(super) fn ring(rules: &JourneyRules, instance: &Instance) -> Option<Ring> {
    match timer(rules, instance)? {
        Timer::Local { .. } => Some(Ring { instance: instance.id, node: instance.node }),
        Timer::After(_) => None,
    }
}

fn longest_local(rules: &JourneyRules, instance: &Instance) -> Option<i64> {
    match timer(rules, instance)? {
        Timer::Local { weekdays, .. } if weekdays.is_empty() => Some(LONGEST_DAY),
        Timer::Local { .. } => Some(LONGEST_WEEK),
        Timer::After(_) => None,
    }
}

/// The timer that is running for an instance; a walk that rests half-way has none.
fn timer<'a>(rules: &'a JourneyRules, instance: &Instance) -> Option<&'a Timer> {
    let (_, plan) = rules.plan_of(instance)?;
    plan.wait(instance.node).filter(|_| instance.parked.is_none())?.timer.as_ref()
}

impl Contact {
    /// A contact made now; `ring` is the local time that rings now, if one does.
    pub(super) fn new(ring: Option<Ring>) -> Self {
        Self { age: 0, ring, rings: 0 }
    }

    /// The same contact `elapsed` later, when `ring` rings.
    pub(super) fn later(self, elapsed: Span, ring: Option<Ring>) -> Self {
        let rings = self.rings + i64::from(ring.is_some() && ring == self.ring);
        let days = if rings == 0 { 0 } else { rings * 24 * HOUR - JUMP };
        Self { age: self.age.saturating_add(elapsed.least).max(days), rings, ..self }
    }
}

impl Ahead {
    /// What tells it from others.
    pub(super) fn write(&self, key: &mut Vec<i64>) {
        for span in [self.due, self.ends_by] {
            key.extend(span.map_or([-1, -1], |span| [span.least, span.most]));
        }
    }
}

impl Contact {
    /// What tells it from others.
    pub(super) fn write(&self, state: &JourneyState, key: &mut Vec<i64>) {
        let place = |ring: Ring| state.instances.iter().position(|instance| instance.id == ring.instance);
        let ring = self.ring.and_then(|ring| place(ring).map(|place| (i64::from(ring.node), place as i64)));
        let (node, place) = ring.unwrap_or((-1, -1));
        key.extend([self.age, self.rings, node, place]);
    }
}
