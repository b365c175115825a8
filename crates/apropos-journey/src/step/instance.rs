//! One instance and one input: what pre-empts its wait, what ends it, and the walk from node to node.
//!
//! Not here: when a wait is over, see `wait`; how an instance comes about, see `entry`.

use apropos_event::{Duration, draw};

use super::run::{Fate, Run};
use crate::compile::plan::{Act, END, Incoming, Plan, Role, Rule, Says, Target, Wait};
use crate::compile::{ABANDONED, family};
use crate::effect::{EffectKind, StopReason};
use crate::limits::{MAX_WALK, WALK_PAUSE_MICROS};
use crate::state::{Instance, JourneyState, Recent, Status};

/// What happens next to an instance.
enum Next {
    Goes(Target),
    Rests(StopReason),
}

impl Run<'_> {
    /// Shows the input to every instance, then lets outer journeys go on whose inner ones ended.
    pub(super) fn all_instances(&mut self, state: &mut JourneyState) {
        let mut outer: Vec<(u64, String)> = Vec::new();
        let mut at = 0;
        while at < state.instances.len() {
            let fate = self.one_instance(&mut state.instances[at], &state.recent);
            self.settle(state, &mut at, fate, &mut outer);
        }
        self.go_on(state, outer);
    }

    /// Notes what became of the instance at `at` and moves `at` to the next.
    #[inline]
    pub(super) fn settle(
        &mut self,
        state: &mut JourneyState,
        at: &mut usize,
        fate: Fate,
        outer: &mut Vec<(u64, String)>,
    ) {
        match fate {
            Fate::Stays(reason) => {
                let id = state.instances[*at].id;
                self.stop(id, reason);
                *at += 1;
            }
            Fate::Ends(outcome) => self.leave(state, *at, outcome, outer),
        }
        if !(self.leaves_inner.is_empty() && self.starts.is_empty()) {
            self.start_inner(state);
        }
    }

    /// Lets the outer journeys of ended inner ones go on; each may end in turn.
    #[inline]
    pub(super) fn go_on(&mut self, state: &mut JourneyState, outer: Vec<(u64, String)>) {
        if !outer.is_empty() {
            self.each_goes_on(state, outer);
        }
    }

    fn each_goes_on(&mut self, state: &mut JourneyState, mut outer: Vec<(u64, String)>) {
        let mut next = 0;
        while let Some((id, outcome)) = outer.get_mut(next).map(std::mem::take) {
            next += 1;
            let Some(mut at) = state.instances.iter().position(|instance| instance.id == id) else {
                continue;
            };
            let fate = self.inner_ended(&mut state.instances[at], &state.recent, &outcome);
            self.settle(state, &mut at, fate, &mut outer);
        }
    }

    fn inner_ended(&mut self, instance: &mut Instance, recent: &[Recent], outcome: &str) -> Fate {
        let Some((number, plan)) = self.rules.plan_of(instance) else {
            return Fate::Stays(StopReason::Stranded);
        };
        let Some(wait) = plan.wait(instance.node).filter(|wait| matches!(wait.role, Role::Sub { .. })) else {
            return Fate::Stays(Self::rest(instance));
        };
        match by_outcome(wait, Some(outcome)) {
            Some(target) => self.walk(number, plan, instance, recent, target),
            None => Fate::Stays(StopReason::Waits),
        }
    }

    fn one_instance(&mut self, instance: &mut Instance, recent: &[Recent]) -> Fate {
        self.slot = 0;
        let Some((number, plan)) = self.rules.plan_of(instance) else {
            instance.status = Status::Stranded;
            return Fate::Stays(StopReason::Stranded);
        };
        if instance.status == Status::Stranded {
            instance.status = Status::Active;
        }
        let incoming = self.seen_by(plan, instance);
        match self.what_next(plan, instance, incoming) {
            Next::Goes(target) => self.walk(number, plan, instance, recent, target),
            Next::Rests(reason) => Fate::Stays(reason),
        }
    }

    /// The stated order: goals, exits, a person, pause, time limit, wait.
    fn what_next(&mut self, plan: &Plan, instance: &mut Instance, incoming: Option<Incoming<'_>>) -> Next {
        if let Some(outcome) = self.goals(plan, instance, incoming) {
            return Next::Goes(Target::Exit(outcome));
        }
        let exit = plan.exits.iter().find(|exit| exit.met(incoming, self.facts)).map(|exit| exit.outcome);
        if instance.status == Status::HandedOff {
            instance.pending_exit = instance.pending_exit.or(exit);
            return self.handed_off(plan, instance, incoming);
        }
        if let Some(outcome) = exit {
            return Next::Goes(Target::Exit(outcome));
        }
        if let (Some(human), Some(incoming)) = (plan.human, incoming)
            && plan.human_on.iter().any(|pattern| pattern.matches(incoming, self.facts))
        {
            return Next::Goes(Target::Node(human));
        }
        if let Status::Paused(_) = instance.status {
            return Next::Rests(StopReason::Paused);
        }
        if let (Some(ends_by), Some((_, target))) = (instance.ends_by, plan.limit)
            && ends_by <= self.now
        {
            instance.ends_by = None;
            return Next::Goes(target);
        }
        self.wait_over(plan, instance, incoming)
    }

    fn wait_over(&mut self, plan: &Plan, instance: &mut Instance, incoming: Option<Incoming<'_>>) -> Next {
        if let Some(parked) = instance.parked.take() {
            return Next::Goes(Target::Node(parked));
        }
        let Some(wait) = plan.wait(instance.node) else { return Next::Rests(StopReason::Waits) };
        match self.over(wait, instance, incoming) {
            Some(target) => Next::Goes(target),
            None => Next::Rests(match incoming {
                Some(_) => StopReason::NotConcerned,
                None => StopReason::Waits,
            }),
        }
    }

    /// Marks newly reached goals; the outcome of one that ends the journey. A person's case is not taken away: while
    /// one has it, an ending goal is noted like an exit.
    fn goals(&mut self, plan: &Plan, instance: &mut Instance, incoming: Option<Incoming<'_>>) -> Option<u16> {
        for (at, goal) in plan.goals.iter().enumerate() {
            if instance.goals & (1 << at) == 0 && rule_met(&goal.rule, incoming, self) {
                self.reach(plan, instance, at as u16);
                if goal.ends && instance.status == Status::HandedOff {
                    instance.pending_exit = instance.pending_exit.or(Some(goal.rule.outcome));
                } else if goal.ends {
                    return Some(goal.rule.outcome);
                }
            }
        }
        None
    }

    fn reach(&mut self, plan: &Plan, instance: &mut Instance, goal: u16) {
        instance.goals |= 1 << goal;
        let name = plan
            .goals
            .get(usize::from(goal))
            .and_then(|goal| plan.outcomes.get(usize::from(goal.rule.outcome)));
        // Reaching a goal is a visit of its own, so that its effect has a key of its own.
        instance.visit = instance.visit.saturating_add(1);
        self.slot = 0;
        if let Some(goal) = name.cloned() {
            self.tell(instance, EffectKind::GoalReached { journey: plan.id.clone(), goal });
        }
    }

    /// While a person has the case only the closing counts.
    fn handed_off(&mut self, plan: &Plan, instance: &mut Instance, incoming: Option<Incoming<'_>>) -> Next {
        let Some(wait) = plan.wait(instance.node) else { return Next::Rests(StopReason::HandedOff) };
        let closed = incoming.and_then(|incoming| {
            wait.on.iter().find(|(pattern, _)| pattern.matches(incoming, self.facts)).map(|(_, to)| *to)
        });
        let Some(to) = closed else { return Next::Rests(StopReason::HandedOff) };
        let target = Target::of(to);
        Next::Goes(self.close(plan, instance, target, None))
    }

    /// The person closed the case: an exit met meanwhile, or a time limit, is taken now, else the journey goes on.
    pub(super) fn close(
        &mut self,
        plan: &Plan,
        instance: &mut Instance,
        target: Target,
        outcome: Option<String>,
    ) -> Target {
        instance.status = Status::Active;
        instance.visit = instance.visit.saturating_add(1);
        self.slot = 0;
        self.tell(instance, EffectKind::HandedBack { journey: plan.id.clone(), outcome });
        let time_is_up = instance.ends_by.is_some_and(|ends_by| ends_by <= self.now);
        match (instance.pending_exit.take(), plan.limit) {
            (Some(exit), _) => Target::Exit(exit),
            (None, Some((_, limit))) if time_is_up => {
                instance.ends_by = None;
                limit
            }
            _ => target,
        }
    }

    /// Walks from node to node until one rests, the journey ends, or the bound is reached.
    pub(super) fn walk(
        &mut self,
        number: u16,
        plan: &Plan,
        instance: &mut Instance,
        recent: &[Recent],
        first: Target,
    ) -> Fate {
        let mut target = first;
        for _ in 0..MAX_WALK {
            if self.budget == 0 && !matches!(target, Target::Exit(_)) {
                break;
            }
            self.budget = self.budget.saturating_sub(1);
            let to = match target {
                Target::Node(to) => to,
                Target::Return => instance.returns_to.take().unwrap_or(plan.start),
                Target::Exit(outcome) => {
                    self.moved(number, instance, END | outcome);
                    return Fate::Ends(outcome);
                }
            };
            self.enter(number, plan, instance, to);
            let Some(node) = plan.node(to) else { return Fate::Stays(StopReason::Stranded) };
            target = match &node.act {
                Act::Pass { says, next } => {
                    self.say(plan, instance, says);
                    Target::Node(*next)
                }
                Act::Choose { branches, otherwise } => {
                    let holding = branches.iter().find(|(when, _)| rule_holds(when, self));
                    Target::Node(holding.map_or(*otherwise, |(_, to)| *to))
                }
                Act::Draw { .. } => Target::Node(self.draw(plan, instance, &node.act)),
                Act::End { outcome, goal } => {
                    if let Some(goal) = goal.filter(|goal| instance.goals & (1 << goal) == 0) {
                        self.reach(plan, instance, goal);
                    }
                    self.moved(number, instance, END | outcome);
                    return Fate::Ends(*outcome);
                }
                Act::Wait(wait) => match self.begin(plan, wait, instance, recent) {
                    Some(target) => target,
                    None => return Fate::Stays(Self::rest(instance)),
                },
            };
        }
        self.park(instance, plan, target)
    }

    /// The bound is reached: the instance goes on from `target` at the next input, a second from now at the latest.
    fn park(&mut self, instance: &mut Instance, plan: &Plan, target: Target) -> Fate {
        let node = match target {
            Target::Exit(outcome) => return Fate::Ends(outcome),
            Target::Node(node) => node,
            Target::Return => instance.returns_to.take().unwrap_or(plan.start),
        };
        instance.status = Status::Active;
        instance.parked = Some(node);
        instance.due = Some(self.now.plus(Duration::from_micros(WALK_PAUSE_MICROS)));
        Fate::Stays(StopReason::WalkLimit)
    }

    fn enter(&mut self, number: u16, plan: &Plan, instance: &mut Instance, to: u16) {
        if instance.visit != 0 {
            self.moved(number, instance, to);
        }
        let role = plan.wait(instance.node).map(|wait| &wait.role);
        if plan.human == Some(to) && instance.visit != 0 && !matches!(role, Some(Role::HandOff { .. })) {
            instance.returns_to = Some(instance.node);
        }
        if matches!(role, Some(Role::Sub { .. })) {
            self.leaves_inner.push(instance.id);
        }
        if instance.status == Status::HandedOff {
            instance.status = Status::Active;
        }
        instance.node = to;
        instance.visit = instance.visit.saturating_add(1);
        instance.since = self.now;
        instance.due = None;
        instance.parked = None;
        self.slot = 0;
        instance.trail.push(to);
    }

    fn say(&mut self, plan: &Plan, instance: &Instance, says: &Says) {
        match says {
            Says::Milestone => {
                let node = plan.names[usize::from(instance.node)].clone();
                self.tell(instance, EffectKind::Reached { journey: plan.id.clone(), node });
            }
            Says::Promise(promise) => {
                self.makes.push((*promise, instance.id, instance.visit, instance.key.clone()));
            }
        }
    }

    fn draw(&mut self, plan: &Plan, instance: &Instance, act: &Act) -> u16 {
        let Act::Draw { seed, arms, total, experiment } = act else { return plan.start };
        // The high half of a 64-bit hash times the total is an even draw from 0..total.
        let bits = draw::mix(self.subject ^ seed);
        let place = ((u128::from(bits) * u128::from(*total)) >> 64) as u64;
        let Some(arm) = arms.iter().find(|arm| place < arm.upto) else { return plan.start };
        if let (Some(experiment), Some(name)) = (experiment, &arm.name) {
            let (experiment, arm) = (experiment.clone(), name.clone());
            self.tell(instance, EffectKind::Assigned { journey: plan.id.clone(), experiment, arm });
        }
        arm.to
    }

    /// Takes the instance at `at` out, with the inner journeys that it started, and remembers that it left.
    pub(super) fn leave(
        &mut self,
        state: &mut JourneyState,
        at: usize,
        outcome: u16,
        outer: &mut Vec<(u64, String)>,
    ) {
        let instance = state.instances.remove(at);
        let Some((_, plan)) = self.rules.plan_of(&instance) else { return };
        let text = plan.outcomes.get(usize::from(outcome)).cloned().unwrap_or_default();
        self.told_left(&instance, plan, text.clone());
        self.stop(instance.id, StopReason::Ended);
        super::entry::remember_leaving(state, &instance, plan.family, &text, self.now);
        if let Some(parent) = instance.parent {
            outer.push((parent, text));
        }
        self.abandon_inner(state, instance.id);
    }

    fn told_left(&mut self, instance: &Instance, plan: &Plan, outcome: String) {
        let node = plan.names[usize::from(instance.node).min(plan.names.len() - 1)].clone();
        // Leaving is a visit of its own, so that its effect has a key of its own.
        self.slot = 0;
        let what = EffectKind::Left { journey: plan.id.clone(), outcome, node };
        self.tell_as(instance.id, instance.visit.saturating_add(1), what);
    }

    /// Ends the inner journeys of an instance that is gone or has gone on without them.
    pub(super) fn abandon_inner(&mut self, state: &mut JourneyState, id: u64) {
        let mut gone = vec![id];
        while let Some(parent) = gone.pop() {
            while let Some(at) = state.instances.iter().position(|inner| inner.parent == Some(parent)) {
                let inner = state.instances.remove(at);
                gone.push(inner.id);
                if let Some((_, plan)) = self.rules.plan_of(&inner) {
                    self.told_left(&inner, plan, ABANDONED.to_owned());
                }
                self.stop(inner.id, StopReason::Ended);
                super::entry::remember_leaving(state, &inner, family(&inner.journey), ABANDONED, self.now);
            }
        }
    }
}

/// Where a hand-off or inner journey goes by its outcome.
pub(super) fn by_outcome(wait: &Wait, outcome: Option<&str>) -> Option<Target> {
    wait.outcomes
        .iter()
        .find(|(known, _)| Some(known.as_str()) == outcome)
        .map(|(_, to)| Target::Node(*to))
        .or(wait.next)
}

fn rule_met(rule: &Rule, incoming: Option<Incoming<'_>>, run: &Run<'_>) -> bool {
    rule.met(incoming, run.facts)
}

fn rule_holds(condition: &apropos_condition::Condition, run: &Run<'_>) -> bool {
    crate::compile::plan::holds(Some(condition), run.facts)
}
