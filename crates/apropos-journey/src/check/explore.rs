//! Walking through every state of a journey, breadth first, so that a counterexample is as short as possible.
//!
//! The customer may do anything that some pattern listens to, in any world, at once or when the next timer is due:
//! that is the worst case for limits on contacts.
//!
//! Not here: the abstraction of facts.

use std::collections::BTreeMap;

use apropos_condition::{Condition, Schema};
use apropos_event::{
    ActionId, CustomerId, Duration, Event, EventId, JourneyId, NodeId, Path, Problem, Problems, Properties,
    SourceId, Timestamp, Value,
};

use super::verdict::{TraceStep, Verdict};
use super::worlds::{World, worlds};
use crate::compile::plan::{Act, Role};
use crate::compile::{JourneyRules, Plan};
use crate::definition::{InvariantDefinition, Situation};
use crate::effect::{Advance, EffectKind};
use crate::state::{JourneyState, Status};
use crate::step::{Command, Input};

/// States that are looked at before giving up.
const MAX_STATES: usize = 20_000;
/// Combinations of facts that are looked at.
const MAX_WORLDS: usize = 4_096;

impl JourneyRules {
    /// Checks every invariant that the live version of a journey declares; one verdict each, in their order.
    ///
    /// Exact within the abstraction: facts change only together with an input, and journeys and promises of other
    /// definitions are free to be anything. O(states × worlds × inputs), bounded.
    pub fn verify(&self, journey: &JourneyId, schema: &Schema) -> Vec<Verdict> {
        let Some(plan) = self.live(journey).and_then(|at| self.plan(at)) else { return Vec::new() };
        plan.definition.invariants.iter().map(|invariant| self.check(plan, invariant, schema)).collect()
    }

    /// Checks all invariants of all journeys and reports those that fail, with their traces.
    pub fn verify_all(&self, schema: &Schema, problems: &mut Problems) {
        for plan in self.plans.iter().filter(|plan| plan.live) {
            for (at, verdict) in self.verify(&plan.id, schema).iter().enumerate() {
                let path = Path::root().key("journeys").key(plan.id.as_str()).key("invariants").index(at);
                match verdict {
                    Verdict::Fails { .. } => {
                        problems.push(Problem::error("journey/invariant-fails", path, verdict.to_string()));
                    }
                    Verdict::Unchecked { .. } => {
                        problems.push(Problem::warning(
                            "journey/invariant-unchecked",
                            path,
                            verdict.to_string(),
                        ));
                    }
                    _ => {}
                }
            }
        }
    }

    fn check(&self, plan: &Plan, invariant: &InvariantDefinition, schema: &Schema) -> Verdict {
        let holds = match invariant {
            InvariantDefinition::Never(Situation { holds: Some(text), .. }) => {
                match Condition::parse(text, schema) {
                    Ok((condition, _)) => Some(condition),
                    Err(problems) => return Verdict::Unchecked { reason: problems.to_string() },
                }
            }
            _ => None,
        };
        let rules = self.only(plan);
        let conditions: Vec<&Condition> =
            rules.plans.iter().flat_map(conditions_of).chain(holds.as_ref()).collect();
        let Some(worlds) = worlds(schema, &conditions, origin(), MAX_WORLDS) else {
            let reason = format!("its conditions tell more than {MAX_WORLDS} combinations of facts apart");
            return Verdict::Unchecked { reason };
        };
        let Some(inputs) = inputs(&rules, plan) else {
            return Verdict::Unchecked { reason: "its events cannot be made up".to_owned() };
        };
        Explorer { rules: &rules, plan, worlds, inputs, invariant, holds, counted: counted(invariant) }.run()
    }

    /// The rules of one journey and of those that run inside it, without promises.
    fn only(&self, plan: &Plan) -> Self {
        let mut wanted = vec![plan.id.clone()];
        let mut at = 0;
        while let Some(live) = wanted.get(at).and_then(|id| self.live(id)).and_then(|at| self.plan(at)) {
            for node in 0..live.nodes.len() {
                if let Some(Role::Sub { journey }) = live.wait(node as u16).map(|wait| &wait.role)
                    && !wanted.contains(journey)
                {
                    wanted.push(journey.clone());
                }
            }
            at += 1;
        }
        let plans =
            self.plans.iter().filter(|plan| plan.live && wanted.contains(&plan.id)).cloned().collect();
        Self::assemble(plans, Vec::new(), self.kinds.clone())
    }
}

/// All conditions that a plan's run depends on.
fn conditions_of(plan: &Plan) -> Vec<&Condition> {
    let mut all: Vec<&Condition> = plan.entry.when.iter().collect();
    let rules = plan.exits.iter().chain(plan.goals.iter().map(|goal| &goal.rule));
    for rule in rules {
        all.extend(&rule.when);
        all.extend(rule.on.iter().filter_map(|pattern| pattern.when.as_ref()));
    }
    all.extend(plan.human_on.iter().filter_map(|pattern| pattern.when.as_ref()));
    for node in &plan.nodes {
        match &node.act {
            Act::Choose { branches, .. } => all.extend(branches.iter().map(|(condition, _)| condition)),
            Act::Wait(wait) => {
                all.extend(wait.on.iter().filter_map(|(pattern, _)| pattern.when.as_ref()));
                all.extend(wait.until.as_ref().map(|(condition, _)| condition));
            }
            _ => {}
        }
    }
    all
}

/// Something that may happen.
enum Happening {
    Event(Event),
    Due,
    Now,
    Start,
    HandOff,
    Close(Option<String>),
}

/// Everything that may happen to a customer of these rules.
fn inputs(rules: &JourneyRules, plan: &Plan) -> Option<Vec<Happening>> {
    let mut events: Vec<(u32, &[(apropos_event::PropertyName, Value)])> = Vec::new();
    for plan in &rules.plans {
        let rules = plan.exits.iter().chain(plan.goals.iter().map(|goal| &goal.rule));
        let waits = (0..plan.nodes.len()).filter_map(|at| plan.wait(at as u16));
        let patterns = rules
            .flat_map(|rule| &rule.on)
            .chain(&plan.human_on)
            .chain(waits.flat_map(|wait| wait.on.iter().map(|(pattern, _)| pattern)));
        for pattern in patterns {
            let event = (pattern.kind, pattern.with.as_slice());
            if !events.contains(&event) {
                events.push(event);
            }
        }
    }
    let mut all = vec![Happening::Now, Happening::Due, Happening::Start];
    if plan.human.is_some() {
        all.push(Happening::HandOff);
    }
    let waits = (0..plan.nodes.len()).filter_map(|at| plan.wait(at as u16));
    let outcomes =
        waits.filter(|wait| matches!(wait.role, Role::HandOff { .. })).flat_map(|wait| &wait.outcomes);
    all.extend(outcomes.map(|(outcome, _)| Happening::Close(Some(outcome.clone()))));
    all.push(Happening::Close(None));
    for (kind, with) in events {
        let kind = rules.kinds.names.get(kind as usize)?.clone();
        let (id, source) = (EventId::new("made-up").ok()?, SourceId::new("check").ok()?);
        let mut event = Event::new(id, source, kind, CustomerId::new("anybody").ok()?, origin());
        event.properties = with.iter().cloned().collect::<Properties>();
        all.push(Happening::Event(event));
    }
    Some(all)
}

/// The actions whose offers are counted; none means all.
fn counted(invariant: &InvariantDefinition) -> Option<(Duration, u32, Vec<ActionId>)> {
    match invariant {
        InvariantDefinition::AtMost { contacts, per, of } => Some((*per, *contacts, of.clone())),
        _ => None,
    }
}

/// Where the checker's clock begins.
fn origin() -> Timestamp {
    Timestamp::from_secs_saturating(1_767_225_600)
}

struct Explorer<'a> {
    rules: &'a JourneyRules,
    plan: &'a Plan,
    worlds: Vec<World>,
    inputs: Vec<Happening>,
    invariant: &'a InvariantDefinition,
    holds: Option<Condition>,
    counted: Option<(Duration, u32, Vec<ActionId>)>,
}

/// One state of the walk.
struct Visit {
    state: JourneyState,
    now: Timestamp,
    contacts: Vec<Timestamp>,
    from: Option<usize>,
    step: Option<TraceStep>,
    /// Where it leads, for reachability.
    next: Vec<usize>,
}

impl Explorer<'_> {
    fn run(&self) -> Verdict {
        let mut visits = vec![Visit {
            state: JourneyState { subject: 1, ..JourneyState::default() },
            now: origin(),
            contacts: Vec::new(),
            from: None,
            step: None,
            next: Vec::new(),
        }];
        let mut known: BTreeMap<Vec<i64>, usize> = BTreeMap::new();
        known.insert(self.key(&visits[0]), 0);
        let mut at = 0;
        while at < visits.len() {
            if MAX_STATES <= visits.len() {
                return self.in_the_end(&visits, true);
            }
            for (happening, world) in self.happenings(&visits[at]) {
                let Some((visit, advance)) = self.happen(&visits, at, happening, world) else { continue };
                let fails = self.violated(&visit, world, &advance);
                let key = self.key(&visit);
                let to = *known.entry(key).or_insert(visits.len());
                let new = to == visits.len();
                if new || fails {
                    visits.push(visit);
                }
                if fails {
                    return Verdict::Fails { trace: trace(&visits, visits.len() - 1) };
                }
                if !visits[at].next.contains(&to) {
                    visits[at].next.push(to);
                }
            }
            at += 1;
        }
        self.in_the_end(&visits, false)
    }

    /// What may happen next. Outside the journey only an entry matters.
    fn happenings(&self, visit: &Visit) -> Vec<(&Happening, &World)> {
        let outside = visit.state.instances.is_empty();
        let possible = |happening: &&Happening| match happening {
            Happening::Start => outside,
            Happening::Due => !outside && self.rules.next_due(&visit.state).is_some(),
            _ => !outside,
        };
        let inputs = self.inputs.iter().filter(possible);
        inputs.flat_map(|happening| self.worlds.iter().map(move |world| (happening, world))).collect()
    }

    fn happen(
        &self,
        visits: &[Visit],
        at: usize,
        happening: &Happening,
        world: &World,
    ) -> Option<(Visit, Advance)> {
        let before = &visits[at];
        let mut state = before.state.clone();
        // Made-up events are told apart by the walk, not by their ids.
        state.seen = crate::state::Seen::default();
        let mut now = before.now;
        let instance = state.instances.first().map_or(0, |instance| instance.id);
        let (advance, input) = match happening {
            Happening::Now => (self.step(&mut state, Input::Tick, world, now), "facts change".to_owned()),
            Happening::Due => {
                now = now.max(self.rules.next_due(&state)?);
                (self.step(&mut state, Input::Tick, world, now), "time passes".to_owned())
            }
            Happening::Event(event) => {
                let mut event = event.clone();
                (event.occurred_at, event.received_at) = (now, now);
                (self.step(&mut state, Input::Event(&event), world, now), format!("`{}`", event.kind))
            }
            Happening::Start => {
                if !crate::compile::plan::holds(self.plan.entry.when.as_ref(), &world.facts) {
                    return None;
                }
                let key = self.plan.entry.key.as_ref().map(|_| "k".to_owned());
                let id = visits.len().to_string();
                let command = Command::Start { journey: self.plan.id.clone(), key, id };
                (self.step(&mut state, Input::Command(&command), world, now), "entry".to_owned())
            }
            Happening::HandOff => {
                let command = Command::HandOff { instance };
                (self.step(&mut state, Input::Command(&command), world, now), "asks for a person".to_owned())
            }
            Happening::Close(outcome) => {
                let handed = state.instances.iter().find(|instance| instance.status == Status::HandedOff)?;
                let command = Command::Close { instance: handed.id, outcome: outcome.clone() };
                (self.step(&mut state, Input::Command(&command), world, now), "the person closes".to_owned())
            }
        };
        let mut contacts = before.contacts.clone();
        self.count(&advance, now, &mut contacts);
        let views = self.rules.view(&state);
        let nodes: Vec<&str> = views.iter().filter_map(|view| view.node.map(NodeId::as_str)).collect();
        let step = TraceStep {
            input,
            facts: world.told.clone(),
            at: if nodes.is_empty() { "outside".to_owned() } else { nodes.join(", ") },
            seconds: now.since(origin()).as_secs_f64(),
        };
        Some((Visit { state, now, contacts, from: Some(at), step: Some(step), next: Vec::new() }, advance))
    }

    fn step(&self, state: &mut JourneyState, input: Input<'_>, world: &World, now: Timestamp) -> Advance {
        self.rules.advance(state, input, &world.facts, now)
    }

    fn count(&self, advance: &Advance, now: Timestamp, contacts: &mut Vec<Timestamp>) {
        let Some((per, _, of)) = &self.counted else { return };
        contacts.retain(|at| now.since(*at) < *per);
        for effect in &advance.effects {
            if let EffectKind::Offered { actions, .. } = &effect.what
                && (of.is_empty() || actions.iter().any(|action| of.contains(action)))
            {
                contacts.push(now);
            }
        }
    }

    fn violated(&self, visit: &Visit, world: &World, _advance: &Advance) -> bool {
        match self.invariant {
            InvariantDefinition::Never(situation) => self.arises(situation, visit, world),
            InvariantDefinition::AtMost { contacts, .. } => (*contacts as usize) < visit.contacts.len(),
            InvariantDefinition::HumanWithin { .. } => false,
        }
    }

    fn arises(&self, situation: &Situation, visit: &Visit, world: &World) -> bool {
        let offered =
            || self.rules.offers(&visit.state).any(|offer| situation.offering.contains(offer.action));
        let there = || {
            let views = self.rules.view(&visit.state);
            views.iter().any(|view| view.node.is_some_and(|node| situation.at.contains(node)))
        };
        let holds = || self.holds.as_ref().is_none_or(|condition| condition.evaluate(&world.facts).is_true());
        (situation.offering.is_empty() || offered())
            && (situation.at.is_empty() || there())
            && !visit.state.instances.is_empty()
            && holds()
    }

    /// What can only be said when the whole is known: how far the next person is.
    fn in_the_end(&self, visits: &[Visit], bounded: bool) -> Verdict {
        let states = visits.len();
        let InvariantDefinition::HumanWithin { steps } = self.invariant else {
            return if bounded { Verdict::Bounded { states } } else { Verdict::Holds { states } };
        };
        if bounded {
            return Verdict::Unchecked { reason: format!("it has more than {MAX_STATES} states") };
        }
        let mut near: Vec<bool> = visits.iter().map(|visit| self.rules.is_muted(&visit.state)).collect();
        for _ in 0..*steps {
            near =
                (0..visits.len()).map(|at| near[at] || visits[at].next.iter().any(|to| near[*to])).collect();
        }
        let far = (0..visits.len()).find(|at| !near[*at] && !visits[*at].state.instances.is_empty());
        far.map_or(Verdict::Holds { states }, |at| Verdict::Fails { trace: trace(visits, at) })
    }

    /// What tells states apart: places and remaining times, not absolute ones.
    fn key(&self, visit: &Visit) -> Vec<i64> {
        let left = |at: Option<Timestamp>| at.map_or(-1, |at| at.since(visit.now).as_micros().max(0));
        let mark = |at: Option<u16>| at.map_or(-1, i64::from);
        let mut key = Vec::new();
        for instance in &visit.state.instances {
            let plan = self.rules.find(&instance.journey, instance.version).unwrap_or(u16::MAX);
            let status = i64::from(instance.status == Status::HandedOff);
            key.extend([
                i64::from(plan),
                i64::from(instance.node),
                status,
                left(instance.due),
                left(instance.ends_by),
            ]);
            key.extend([mark(instance.parked), mark(instance.returns_to), mark(instance.pending_exit)]);
            key.push(instance.goals as i64);
        }
        key.push(-2);
        key.extend(visit.contacts.iter().map(|at| visit.now.since(*at).as_micros()));
        if visit.state.instances.is_empty() {
            key.push(-3);
            key.extend(visit.state.memories.iter().map(|memory| {
                let age = memory.left.map_or(-1, |at| visit.now.since(at).as_micros());
                if memory.tombstone { i64::MAX } else { age }
            }));
        }
        key.push(-4);
        for event in &visit.state.recent {
            key.extend([event.pattern as i64, visit.now.since(event.received).as_micros()]);
        }
        key
    }
}

fn trace(visits: &[Visit], last: usize) -> Vec<TraceStep> {
    let mut steps = Vec::new();
    let mut at = Some(last);
    while let Some(visit) = at.and_then(|at| visits.get(at)) {
        steps.extend(visit.step.clone());
        at = visit.from;
    }
    steps.reverse();
    steps
}
