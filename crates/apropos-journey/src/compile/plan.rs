//! The compiled form: dense, checked, immutable. Nodes are numbers, event kinds are numbers, nothing is looked up by text.
//!
//! Not here: how it comes about, or how it runs.

use apropos_condition::{Condition, Facts, Truth};
use apropos_event::{
    ActionId, CivilTime, Duration, Event, EventKind, JourneyId, NodeId, Path, PromiseId, PropertyName, Value,
    Weekday, Zone,
};

use crate::ahead::Lateness;
use crate::definition::{
    EventClock, ExpectationSource, JourneyDefinition, PromiseDefinition, Reentry, TimerRestore,
};

/// One version of one journey.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) id: JourneyId,
    /// The hash of the id: the same for all versions.
    pub(crate) family: u64,
    pub(crate) version: u32,
    pub(crate) fingerprint: u64,
    /// Whether this is the version that takes new entries.
    pub(crate) live: bool,
    pub(crate) names: Vec<NodeId>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) start: u16,
    pub(crate) entry: Entry,
    pub(crate) reentry: Reentry,
    pub(crate) goals: Vec<Goal>,
    pub(crate) exits: Vec<Rule>,
    pub(crate) limit: Option<(Duration, Target)>,
    pub(crate) human: Option<u16>,
    pub(crate) human_on: Vec<Pattern>,
    pub(crate) zone: Option<Zone>,
    pub(crate) stages: Vec<String>,
    pub(crate) outcomes: Vec<String>,
    pub(crate) owns: Vec<ActionId>,
    /// What the author wrote, for pictures and reports.
    pub(crate) definition: JourneyDefinition,
    /// Where the author wrote it.
    pub(crate) path: Path,
    /// Whether nothing was wrong with it so far: only then its shape can be judged.
    pub(crate) sound: bool,
}

/// How customers come in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entry {
    pub(crate) on: Vec<Pattern>,
    pub(crate) when: Option<Condition>,
    pub(crate) key: Option<PropertyName>,
    pub(crate) max_age: Option<Duration>,
}

/// What ends an instance or reaches a goal: an event of a pattern together with the condition, or, without
/// patterns, the condition alone.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) on: Vec<Pattern>,
    pub(crate) when: Option<Condition>,
    pub(crate) outcome: u16,
}

/// A goal of a journey.
#[derive(Clone, Debug)]
pub(crate) struct Goal {
    pub(crate) rule: Rule,
    pub(crate) ends: bool,
}

/// An event pattern.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    pub(crate) kind: u32,
    pub(crate) with: Vec<(PropertyName, Value)>,
    pub(crate) when: Option<Condition>,
    /// What names the pattern among remembered events.
    pub(crate) hash: u64,
}

/// An event as patterns see it: its kind already looked up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Incoming<'a> {
    pub(crate) event: &'a Event,
    pub(crate) kind: u32,
    pub(crate) hash: u64,
}

/// One node.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) act: Act,
    pub(crate) stage: Option<u16>,
}

/// What a node does.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Says something and goes on.
    Pass { says: Says, next: u16 },
    /// Takes the first branch that holds.
    Choose { branches: Vec<(Condition, u16)>, otherwise: u16 },
    /// Takes an arm by a stable hash.
    Draw { seed: u64, arms: Vec<DrawArm>, total: u64, experiment: Option<String> },
    /// Rests.
    Wait(Box<Wait>),
    /// Ends the journey.
    End { outcome: u16, goal: Option<u16> },
}

/// What a passing node says.
#[derive(Clone, Debug)]
pub(crate) enum Says {
    Milestone,
    Promise(u16),
}

/// One arm of a draw.
#[derive(Clone, Debug)]
pub(crate) struct DrawArm {
    /// The sum of the shares up to and including this arm.
    pub(crate) upto: u64,
    pub(crate) name: Option<String>,
    pub(crate) to: u16,
}

/// A node that rests. All kinds of waits, offers, hand-offs and sub-journeys are one thing with parts.
#[derive(Clone, Debug)]
pub(crate) struct Wait {
    pub(crate) role: Role,
    pub(crate) on: Vec<(Pattern, u16)>,
    pub(crate) until: Option<(Condition, u16)>,
    pub(crate) timer: Option<Timer>,
    pub(crate) timeout: Target,
    pub(crate) by: EventClock,
    pub(crate) lookback: Option<Duration>,
    pub(crate) grace: Duration,
    pub(crate) restore: TimerRestore,
    pub(crate) actions: Vec<ActionId>,
    pub(crate) demanded: bool,
    /// Where to go by outcome, for hand-offs and sub-journeys.
    pub(crate) outcomes: Vec<(String, u16)>,
    pub(crate) next: Option<Target>,
}

/// What a resting node is, beyond resting.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Role {
    Plain,
    HandOff { queue: String },
    Sub { journey: JourneyId },
}

/// When a wait times out.
#[derive(Clone, Debug)]
pub(crate) enum Timer {
    After(Duration),
    Local { at: CivilTime, weekdays: Vec<Weekday>, zone: Option<Zone> },
}

/// A mark for "an end" among places: the outcome's number is in the lower bits.
pub(crate) const END: u16 = 0x8000;

/// The number on an arrow that stands for [`Target::Return`].
pub(crate) const RETURN: u16 = u16::MAX;

/// Where an arrow leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Node(u16),
    Exit(u16),
    /// Back to where a hand-off by command came from.
    Return,
}

/// A promise.
#[derive(Clone, Debug)]
pub(crate) struct Promise {
    pub(crate) id: PromiseId,
    pub(crate) on: Vec<Pattern>,
    pub(crate) key: Option<PropertyName>,
    pub(crate) expectations: Vec<Expected>,
    pub(crate) kept_by: Vec<Pattern>,
    pub(crate) void_by: Vec<Pattern>,
    pub(crate) at_risk: f64,
    pub(crate) raises: Vec<ActionId>,
    pub(crate) repair: Option<Repair>,
    pub(crate) lateness: Option<Lateness>,
    /// What the author wrote.
    pub(crate) definition: PromiseDefinition,
}

/// A deadline.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    pub(crate) source: ExpectationSource,
    pub(crate) when: Option<Condition>,
    pub(crate) within: Duration,
}

/// What a broken promise opens.
#[derive(Clone, Debug)]
pub(crate) struct Repair {
    pub(crate) actions: Vec<ActionId>,
    pub(crate) closed_by: Vec<Pattern>,
}

/// Every event kind that anything listens to, sorted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kinds {
    pub(crate) names: Vec<EventKind>,
}

impl Kinds {
    /// The number of a kind. O(log kinds).
    pub(crate) fn number(&self, kind: &EventKind) -> Option<u32> {
        self.names.binary_search_by(|name| name.as_str().cmp(kind.as_str())).ok().map(|at| at as u32)
    }
}

impl Pattern {
    /// Whether the event fits, except for the condition.
    pub(crate) fn fits(&self, incoming: Incoming<'_>) -> bool {
        self.kind == incoming.kind
            && self.with.iter().all(|(name, value)| incoming.event.property(name.as_str()) == Some(value))
    }

    /// Whether the event fits and the condition holds.
    pub(crate) fn matches(&self, incoming: Incoming<'_>, facts: &Facts) -> bool {
        self.fits(incoming) && holds(self.when.as_ref(), facts)
    }
}

impl Rule {
    pub(crate) fn met(&self, incoming: Option<Incoming<'_>>, facts: &Facts) -> bool {
        let triggered = match incoming {
            _ if self.on.is_empty() => self.when.is_some(),
            Some(incoming) => self.on.iter().any(|pattern| pattern.matches(incoming, facts)),
            None => false,
        };
        triggered && holds(self.when.as_ref(), facts)
    }
}

impl Plan {
    pub(crate) fn node(&self, at: u16) -> Option<&Node> {
        self.nodes.get(usize::from(at))
    }

    pub(crate) fn wait(&self, at: u16) -> Option<&Wait> {
        match self.node(at).map(|node| &node.act) {
            Some(Act::Wait(wait)) => Some(wait),
            _ => None,
        }
    }

    /// Shows every condition that a run depends on, always in the same order.
    pub(crate) fn each_condition(&mut self, see: &mut dyn FnMut(&mut Condition)) {
        let Self { entry, exits, goals, human_on, nodes, .. } = self;
        let mut patterns: Vec<&mut Pattern> = entry.on.iter_mut().chain(human_on).collect();
        entry.when.iter_mut().for_each(&mut *see);
        for rule in exits.iter_mut().chain(goals.iter_mut().map(|goal| &mut goal.rule)) {
            rule.when.iter_mut().for_each(&mut *see);
            patterns.extend(&mut rule.on);
        }
        for node in nodes {
            match &mut node.act {
                Act::Choose { branches, .. } => {
                    for (condition, _) in branches {
                        see(condition);
                    }
                }
                Act::Wait(wait) => {
                    let wait = &mut **wait;
                    wait.until.iter_mut().for_each(|(condition, _)| see(condition));
                    patterns.extend(wait.on.iter_mut().map(|(pattern, _)| pattern));
                }
                _ => {}
            }
        }
        patterns.into_iter().filter_map(|pattern| pattern.when.as_mut()).for_each(see);
    }

    pub(crate) fn outcome(&self, text: &str) -> Option<u16> {
        self.outcomes.iter().position(|known| known == text).map(|at| at as u16)
    }

    /// The name of a node, or of the outcome that a place at the end of the range stands for.
    pub(crate) fn place_name(&self, place: u16) -> &str {
        if place & END == 0 {
            self.names.get(usize::from(place)).map_or("", NodeId::as_str)
        } else {
            self.outcomes.get(usize::from(place & !END)).map_or("", String::as_str)
        }
    }

    /// Where one node can lead, in the order of the definition.
    pub(crate) fn targets(&self, at: u16) -> Vec<Target> {
        let Some(node) = self.node(at) else { return Vec::new() };
        match &node.act {
            Act::Pass { next, .. } => vec![Target::Node(*next)],
            Act::Choose { branches, otherwise } => {
                branches.iter().map(|(_, to)| *to).chain([*otherwise]).map(Target::Node).collect()
            }
            Act::Draw { arms, .. } => {
                arms.iter().filter(|arm| 0 < arm.upto).map(|arm| Target::Node(arm.to)).collect()
            }
            Act::Wait(wait) => wait.targets(),
            Act::End { outcome, .. } => vec![Target::Exit(*outcome)],
        }
    }
}

impl Target {
    /// What the number on an arrow means: a node, or the way back from a hand-off.
    pub(crate) fn of(to: u16) -> Self {
        if to == RETURN { Self::Return } else { Self::Node(to) }
    }
}

impl Wait {
    fn targets(&self) -> Vec<Target> {
        let mut targets: Vec<Target> = self.on.iter().map(|(_, to)| Target::of(*to)).collect();
        targets.extend(self.until.as_ref().map(|(_, to)| Target::Node(*to)));
        targets.extend(self.outcomes.iter().map(|(_, to)| Target::Node(*to)));
        targets.extend(self.next);
        if self.timer.is_some() {
            targets.push(self.timeout);
        }
        targets
    }
}

/// Whether a condition holds; unknown does not, none does.
pub(crate) fn holds(condition: Option<&Condition>, facts: &Facts) -> bool {
    condition.is_none_or(|condition| condition.evaluate(facts) == Truth::True)
}
