//! Walking through every state of a journey, breadth first, so that a counterexample is as short as possible.
//!
//! What is walked through is an abstraction: facts are worlds, see `worlds`, and time is spans, see `clocks`. It leaves
//! nothing out: if an invariant holds here, it holds for all facts and all instants. A counterexample may rest on
//! conditions that are not plain, and is then possible only if they can come out so.
//!
//! Not here: the abstractions.

use std::collections::BTreeMap;

use apropos_condition::{Condition, Facts, Schema};
use apropos_event::{ActionId, Duration, Event, JourneyId, NodeId, Problem, Problems, Value};

use super::abstraction::Abstraction;
use super::clocks::{self, Ahead, Contact, Ring, Span, When, moments, now};
use super::inputs::{Happening, happenings};
use super::verdict::{TraceStep, Verdict};
use super::worlds::World;
use crate::compile::Plan;
use crate::definition::{InvariantDefinition, Reentry, Situation};
use crate::effect::{Advance, EffectKind};
use crate::rules::JourneyRules;
use crate::state::{JourneyState, Status};
use crate::step::{Command, Input};

/// States that are looked at before giving up.
const MAX_STATES: usize = 20_000;
/// Steps that are taken before giving up.
const MAX_STEPS: usize = 500_000;

impl JourneyRules {
    /// Checks every invariant that the live version of a journey declares; one verdict each, in their order.
    ///
    /// Sound: an invariant that is said to hold holds whatever the facts are and whenever inputs come, as long as the
    /// host rings its timers in time, facts change only together with an input, and nobody pauses an instance. Facts
    /// about journeys and promises are as free as all others. A customer may be in a journey several times only where
    /// contacts are counted. O(states × worlds × inputs), bounded; a verdict says when the bound was reached.
    pub fn verify(&self, journey: &JourneyId, schema: &Schema) -> Vec<Verdict> {
        let Some(plan) = self.live(journey).and_then(|at| self.plan(at)) else { return Vec::new() };
        plan.definition.invariants.iter().map(|invariant| self.check(plan, invariant, schema)).collect()
    }

    /// Checks all invariants of all journeys and reports those that fail, with their traces, and those that could not
    /// be checked to the end.
    pub fn verify_all(&self, schema: &Schema, problems: &mut Problems) {
        for plan in self.plans.iter().filter(|plan| plan.live) {
            for (at, verdict) in self.verify(&plan.id, schema).iter().enumerate() {
                let path = plan.path.key("invariants").index(at);
                let problem = match verdict {
                    Verdict::Holds { .. } => continue,
                    Verdict::Fails { .. } => {
                        Problem::error("journey/invariant-fails", path, verdict.to_string())
                            .with_help("follow the steps: what they lead to must not be possible")
                    }
                    Verdict::Bounded { .. } | Verdict::Unchecked { .. } => {
                        Problem::warning("journey/invariant-unchecked", path, verdict.to_string())
                            .with_help("use fewer conditions, or a smaller journey inside this one")
                    }
                };
                problems.push(problem);
            }
        }
    }

    fn check(&self, plan: &Plan, invariant: &InvariantDefinition, schema: &Schema) -> Verdict {
        let asked = match invariant {
            InvariantDefinition::Never(Situation { holds: Some(text), .. }) => {
                match Condition::parse(text, schema) {
                    Ok((condition, _)) => Some(condition),
                    Err(problems) => return Verdict::Unchecked { reason: problems.to_string() },
                }
            }
            _ => None,
        };
        let abstraction = match Abstraction::of(self, plan, asked.as_ref(), schema) {
            Ok(abstraction) => abstraction,
            Err(reason) => return Verdict::Unchecked { reason },
        };
        let counted = match invariant {
            InvariantDefinition::AtMost { contacts, per, of } => {
                Some((*per, *contacts as usize, of.as_slice()))
            }
            _ => None,
        };
        let beside = counted.map_or(1, |(_, most, _)| side_by_side(plan).min(most + 1));
        let mut worst = Verdict::Holds { states: 0 };
        for rules in &abstraction.by_lot {
            let Some(plan) = rules.live(&plan.id).and_then(|at| rules.plan(at)) else { continue };
            let Some(inputs) = happenings(rules, plan) else {
                return Verdict::Unchecked { reason: "its events cannot be made up".to_owned() };
            };
            let explorer =
                Explorer { rules, abstraction: &abstraction, plan, inputs, invariant, counted, beside };
            worst = worst.and(explorer.run());
            if matches!(worst, Verdict::Fails { .. } | Verdict::Unchecked { .. }) {
                break;
            }
        }
        worst
    }
}

/// How often a customer can be in a journey at once.
fn side_by_side(plan: &Plan) -> usize {
    match plan.reentry {
        Reentry::Concurrent { max } => usize::from(max),
        Reentry::Never | Reentry::AfterExit { .. } if plan.entry.key.is_some() => usize::MAX,
        Reentry::Never | Reentry::AfterExit { .. } => 1,
    }
}

struct Explorer<'a> {
    rules: &'a JourneyRules,
    abstraction: &'a Abstraction,
    plan: &'a Plan,
    inputs: Vec<Happening>,
    invariant: &'a InvariantDefinition,
    /// The time, how many contacts it may see, and of which actions (none means all).
    counted: Option<(Duration, usize, &'a [ActionId])>,
    /// How many instances are looked at side by side.
    beside: usize,
}

/// One thing that may happen, when, and in what circumstances.
struct Turn<'a> {
    happening: &'a Happening,
    /// The instance that it happens to.
    which: usize,
    when: When,
    elapsed: Span,
    world: &'a World,
    facts: &'a Facts,
}

/// One state of the walk.
struct Visit {
    state: JourneyState,
    ahead: Vec<Ahead>,
    contacts: Vec<Contact>,
    /// Whether the step that led here changed nothing.
    still: bool,
    /// How much time has passed since the beginning, at least.
    clock: i64,
    from: Option<usize>,
    step: Option<TraceStep>,
    /// Where it leads, and whether that is certain; for reachability.
    next: Vec<(usize, bool)>,
}

impl Explorer<'_> {
    fn run(&self) -> Verdict {
        let start = Visit {
            state: JourneyState { subject: 1, ..JourneyState::default() },
            ahead: Vec::new(),
            contacts: Vec::new(),
            still: false,
            clock: 0,
            from: None,
            step: None,
            next: Vec::new(),
        };
        let mut known: BTreeMap<Vec<i64>, usize> = BTreeMap::from([(self.key(&start), 0)]);
        let mut visits = vec![start];
        let mut steps = 0;
        let mut at = 0;
        while at < visits.len() {
            for (when, elapsed) in moments(&visits[at].state, &visits[at].ahead) {
                for turn in self.turns(&visits[at], when, elapsed) {
                    steps += 1;
                    let Some(visit) = self.happen(&visits, at, &turn) else { continue };
                    let world = turn.world;
                    let fails = self.violated(&visit, world);
                    // What changes nothing is as good as waiting, which the state before allows as well.
                    if visit.still && !fails {
                        continue;
                    }
                    let to = *known.entry(self.key(&visit)).or_insert(visits.len());
                    if to == visits.len() || fails {
                        visits.push(visit);
                    }
                    if fails {
                        return Verdict::Fails { trace: trace(&visits, visits.len() - 1) };
                    }
                    let arrow = (to, world.certain);
                    if !visits[at].next.contains(&arrow) {
                        visits[at].next.push(arrow);
                    }
                }
                if MAX_STATES <= visits.len() || MAX_STEPS <= steps {
                    return self.in_the_end(&visits, true);
                }
            }
            at += 1;
        }
        self.in_the_end(&visits, false)
    }

    /// What may happen next, to which instance, and in which worlds.
    fn turns(&self, visit: &Visit, when: When, elapsed: Span) -> Vec<Turn<'_>> {
        let instances = &visit.state.instances;
        let outer = instances.iter().filter(|instance| instance.journey == self.plan.id).count();
        let mut turns = Vec::new();
        for happening in &self.inputs {
            // To how many instances it may happen; what happens to all of them happens once.
            let count = match happening {
                Happening::Start => usize::from(outer < self.beside && when == When::Before),
                Happening::Forget(event) => {
                    usize::from(*event < visit.state.recent.len() && when == When::Before)
                }
                Happening::HandOff | Happening::Close(_) => instances.len(),
                Happening::Tick => usize::from(!instances.is_empty()),
                // An event is for one of several instances that keys tell apart, or for all.
                Happening::Event(_) | Happening::Late(_) if instances.is_empty() => 0,
                Happening::Event(_) | Happening::Late(_)
                    if self.plan.entry.key.is_some() && 1 < instances.len() =>
                {
                    1 + instances.len()
                }
                Happening::Event(_) | Happening::Late(_) => 1,
            };
            // Forgetting asks no condition.
            let worlds = match happening {
                Happening::Forget(_) => 1,
                _ => self.abstraction.worlds.len(),
            };
            for which in 0..count {
                let worlds = self.abstraction.worlds.iter().take(worlds);
                turns.extend(worlds.map(|(world, facts)| Turn {
                    happening,
                    which,
                    when,
                    elapsed,
                    world,
                    facts,
                }));
            }
        }
        turns
    }

    /// Takes one step of the engine; `None` when what should happen cannot.
    fn happen(&self, visits: &[Visit], at: usize, turn: &Turn<'_>) -> Option<Visit> {
        let rules = self.rules;
        let before = &visits[at];
        let mut state = before.state.clone();
        let ids: Vec<(u64, Ahead)> =
            state.instances.iter().map(|instance| instance.id).zip(before.ahead.iter().copied()).collect();
        clocks::set(&mut state, &before.ahead, turn.when);
        let ring = match turn.when {
            When::WaitRings(at) => state.instances.get(at).and_then(|instance| clocks::ring(rules, instance)),
            _ => None,
        };
        let mut elapsed = turn.elapsed;
        let concerned = state.instances.get(turn.which);
        let command = match turn.happening {
            Happening::Start => {
                elapsed = self.until_entry(&state, elapsed);
                Some(self.entry(&state, turn.facts, visits.len())?)
            }
            Happening::HandOff => Some(Command::HandOff { instance: concerned?.id }),
            Happening::Close(outcome) => {
                let open = concerned.filter(|one| one.status == Status::HandedOff)?;
                Some(Command::Close { instance: open.id, outcome: outcome.clone() })
            }
            Happening::Tick | Happening::Event(_) | Happening::Late(_) | Happening::Forget(_) => None,
        };
        let event = match turn.happening {
            Happening::Event(event) | Happening::Late(event) => {
                Some(self.addressed(event, &state, turn.which))
            }
            _ => None,
        };
        let input = match (turn.happening, &command) {
            (Happening::Forget(event), _) => {
                state.recent.remove(*event);
                None
            }
            (_, Some(command)) => Some(Input::Command(command)),
            _ => Some(event.as_ref().map_or(Input::Tick, Input::Event)),
        };
        let advance =
            input.map(|input| rules.advance(&mut state, input, turn.facts, now())).unwrap_or_default();
        // An event that came twice counts once for whoever looks back.
        state.recent.sort_by_key(|event| event.pattern);
        state.recent.dedup_by_key(|event| event.pattern);
        let ahead = clocks::read(rules, &state, &ids, elapsed);
        let contacts = self.contacts(&before.contacts, &advance, elapsed, ring);
        let still = turn.when == When::Before
            && advance.moves.is_empty()
            && advance.effects.is_empty()
            && self.standing(&state) == self.standing(&before.state);
        let clock = before.clock.saturating_add(elapsed.least);
        let step = TraceStep {
            input: told(turn.happening, turn.when),
            facts: turn.world.told.clone(),
            at: self.place(&state),
            seconds: Duration::from_micros(clock).as_secs_f64(),
        };
        Some(Visit {
            state,
            ahead,
            contacts,
            still,
            clock,
            from: Some(at),
            step: Some(step),
            next: Vec::new(),
        })
    }

    /// The event for one of the instances that keys tell apart; for all of them when `which` is none.
    fn addressed(&self, event: &Event, state: &JourneyState, which: usize) -> Event {
        let mut event = event.clone();
        let key = state.instances.get(which).and_then(|instance| instance.key.clone());
        if let (Some(name), Some(key)) = (&self.plan.entry.key, key) {
            event.properties.insert(name.clone(), Value::Text(key));
        }
        event
    }

    /// Who comes in again under the same key has waited for the cooldown.
    fn until_entry(&self, state: &JourneyState, elapsed: Span) -> Span {
        let left = state.memories.iter().any(|memory| memory.left.is_some());
        match self.plan.reentry {
            Reentry::AfterExit { cooldown } if left && self.plan.entry.key.is_none() => {
                Span { least: cooldown.as_micros(), ..Span::ANY }
            }
            _ => elapsed,
        }
    }

    /// The command that stands for coming in, under a key of its own where there are keys.
    fn entry(&self, state: &JourneyState, facts: &Facts, nth: usize) -> Option<Command> {
        if !crate::compile::plan::holds(self.plan.entry.when.as_ref(), facts) {
            return None;
        }
        let key = self.plan.entry.key.as_ref().map(|_| format!("k{}", state.memories.len()));
        Some(Command::Start { journey: self.plan.id.clone(), key, id: nth.to_string() })
    }

    fn contacts(
        &self,
        before: &[Contact],
        advance: &Advance,
        elapsed: Span,
        ring: Option<Ring>,
    ) -> Vec<Contact> {
        let Some((per, _, of)) = &self.counted else { return Vec::new() };
        let later = before.iter().map(|contact| contact.later(elapsed, ring));
        let mut contacts: Vec<Contact> = later.filter(|contact| contact.age < per.as_micros()).collect();
        for effect in &advance.effects {
            if let EffectKind::Offered { actions, .. } = &effect.what
                && (of.is_empty() || actions.iter().any(|action| of.contains(action)))
            {
                contacts.push(Contact::new(ring));
            }
        }
        contacts
    }

    fn place(&self, state: &JourneyState) -> String {
        let views = self.rules.view(state);
        let nodes: Vec<&str> = views.iter().filter_map(|view| view.node.map(NodeId::as_str)).collect();
        if nodes.is_empty() { "outside".to_owned() } else { nodes.join(", ") }
    }

    fn violated(&self, visit: &Visit, world: &World) -> bool {
        match (self.invariant, &self.counted) {
            (InvariantDefinition::Never(situation), _) => self.arises(situation, visit, world),
            (_, Some((_, most, _))) => *most < visit.contacts.len(),
            _ => false,
        }
    }

    fn arises(&self, situation: &Situation, visit: &Visit, world: &World) -> bool {
        let rules = self.rules;
        let offered = || rules.offers(&visit.state).any(|offer| situation.offering.contains(offer.action));
        let there = || {
            let views = rules.view(&visit.state);
            views.iter().any(|view| view.node.is_some_and(|node| situation.at.contains(node)))
        };
        !visit.state.instances.is_empty()
            && self.abstraction.asked.is_none_or(|asked| world.holds[asked])
            && (situation.offering.is_empty() || offered())
            && (situation.at.is_empty() || there())
    }

    /// What can only be said when the whole is known: how far the next person is.
    fn in_the_end(&self, visits: &[Visit], bounded: bool) -> Verdict {
        let states = visits.len();
        let InvariantDefinition::HumanWithin { steps } = self.invariant else {
            return if bounded { Verdict::Bounded { states } } else { Verdict::Holds { states } };
        };
        if bounded {
            return Verdict::Unchecked { reason: format!("it has more than {states} states") };
        }
        // Near is who is sure to have a way; far is who has none however conditions come out.
        let near = self.near(visits, *steps, |certain| certain);
        let far = |near: &[bool]| {
            (0..visits.len()).find(|at| !near[*at] && !visits[*at].state.instances.is_empty())
        };
        if far(&near).is_none() {
            return Verdict::Holds { states };
        }
        match far(&self.near(visits, *steps, |_| true)) {
            Some(at) => Verdict::Fails { trace: trace(visits, at) },
            None => Verdict::Unchecked {
                reason: "the way to a person depends on conditions that cannot be told apart".to_owned(),
            },
        }
    }

    /// From where a person is at most so many inputs away.
    fn near(&self, visits: &[Visit], steps: u32, counts: impl Fn(bool) -> bool) -> Vec<bool> {
        let rules = self.rules;
        let mut near: Vec<bool> = visits.iter().map(|visit| rules.is_muted(&visit.state)).collect();
        for _ in 0..steps {
            let leads = |at: usize| visits[at].next.iter().any(|(to, certain)| counts(*certain) && near[*to]);
            let more: Vec<bool> = (0..visits.len()).map(|at| near[at] || leads(at)).collect();
            if more == near {
                break;
            }
            near = more;
        }
        near
    }

    /// What tells states apart.
    fn key(&self, visit: &Visit) -> Vec<i64> {
        let mut key = self.standing(&visit.state);
        visit.ahead.iter().for_each(|ahead| ahead.write(&mut key));
        visit.contacts.iter().for_each(|contact| contact.write(&visit.state, &mut key));
        key
    }

    /// Everything that a state is but for time.
    fn standing(&self, state: &JourneyState) -> Vec<i64> {
        let mark = |at: Option<u16>| at.map_or(-1, i64::from);
        let mut key = Vec::with_capacity(16 * state.instances.len() + 8);
        for instance in &state.instances {
            let plan = self.rules.plan_of(instance).map_or(-1, |(at, _)| i64::from(at));
            let status = i64::from(instance.status == Status::HandedOff);
            key.extend([plan, i64::from(instance.node), status, instance.goals as i64]);
            key.extend([mark(instance.parked), mark(instance.returns_to), mark(instance.pending_exit)]);
            let parent = instance.parent.and_then(|id| state.instances.iter().position(|one| one.id == id));
            key.push(parent.map_or(-1, |at| at as i64));
        }
        key.push(-2);
        if self.plan.entry.key.is_none() {
            for memory in &state.memories {
                let left = memory.left.is_some();
                key.extend([memory.tombstone, memory.qualified, left].map(i64::from));
            }
        }
        key.push(-3);
        key.extend(state.recent.iter().map(|event| event.pattern as i64));
        key.push(-4);
        key
    }
}

/// What happened, in words.
fn told(happening: &Happening, when: When) -> String {
    let what = match happening {
        Happening::Tick if matches!(when, When::WaitRings(_) | When::LimitRings(_)) => {
            "time passes".to_owned()
        }
        Happening::Tick => "facts change".to_owned(),
        Happening::Event(event) => format!("`{}`", event.kind),
        Happening::Late(event) => format!("`{}`, late", event.kind),
        Happening::Start => "entry".to_owned(),
        Happening::HandOff => "asks for a person".to_owned(),
        Happening::Close(None) => "the person closes".to_owned(),
        Happening::Close(Some(outcome)) => format!("the person closes with `{outcome}`"),
        Happening::Forget(_) => "an earlier event is too long ago".to_owned(),
    };
    let late =
        matches!(when, When::WaitRings(_) | When::LimitRings(_)) && !matches!(happening, Happening::Tick);
    if late { format!("{what} when time is up") } else { what }
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
