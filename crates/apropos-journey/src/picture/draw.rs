//! What is in a picture, however it is written down.
//!
//! Not here: any format.

use apropos_event::{Duration, JourneyId};

use crate::ahead::JourneyCounts;
use crate::compile::plan::{Act, END, Role, Says, Target, Timer, Wait};
use crate::compile::{Plan, RETURN};
use crate::rules::JourneyRules;
use crate::state::Instance;

/// A picture of one version of a journey.
///
/// ```
/// # use apropos_condition::SchemaBuilder;
/// # use apropos_event::Problems;
/// # use apropos_journey::{JourneyDefinition, JourneyRules};
/// let journey: JourneyDefinition = toml::from_str(
///     "id = 'j'\nstart = 'nap'\nhuman.queue = 'desk'\n\
///      [nodes.nap]\nkind = 'wait_time'\nfor = '1d'\nnext = 'end'\n[nodes.end]\nkind = 'exit'\noutcome = 'rested'",
/// )?;
/// let rules = JourneyRules::compile(&[journey], &[], &mut SchemaBuilder::new(), &mut Problems::new());
/// let picture = rules.picture(&"j".parse()?, 1).ok_or("it was compiled above")?;
/// assert!(picture.to_mermaid().contains("nap"));
/// assert!(picture.to_dot().starts_with("digraph"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// The journey and its version.
    pub title: String,
    /// The nodes; the start comes first.
    pub nodes: Vec<PictureNode>,
    /// The arrows between them.
    pub arrows: Vec<PictureArrow>,
}

/// One node of a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct PictureNode {
    /// Its name.
    pub name: String,
    /// What stands below the name.
    pub note: String,
    /// What it looks like.
    pub shape: Shape,
    /// Whether it lies on the highlighted path.
    pub highlighted: bool,
}

/// What a node looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shape {
    /// Something passed through.
    Passing,
    /// A place where customers rest.
    Resting,
    /// A place where something is offered.
    Offering,
    /// A fork.
    Fork,
    /// A person.
    Person,
    /// A goal.
    Goal,
    /// Another way to end.
    End,
}

/// One arrow of a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct PictureArrow {
    /// Where from, as a place among the nodes.
    pub from: usize,
    /// Where to.
    pub to: usize,
    /// When it is taken.
    pub label: String,
    /// How often it was taken, if counts are drawn.
    pub count: Option<u64>,
    /// Its share of all departures from the node.
    pub share: Option<f64>,
    /// How long customers stayed before they took it, on average, in seconds.
    pub seconds: Option<f64>,
    /// Whether customers are lost along it.
    pub loses: bool,
    /// Whether it lies on the highlighted path.
    pub highlighted: bool,
}

impl PictureArrow {
    /// The label with the figures, as it is written on the arrow.
    pub fn text(&self) -> String {
        let parts = [self.label.clone(), self.figures()];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
    }

    /// How often the arrow was taken, its share and the time, for people; empty when nothing is counted.
    pub fn figures(&self) -> String {
        let Some(count) = self.count else { return String::new() };
        let share = 100.0 * self.share.unwrap_or(0.0);
        let time = self.seconds.filter(|seconds| 0 < count && 0.5 <= *seconds);
        let time = time.map(|seconds| format!(" · {}", rounded(seconds))).unwrap_or_default();
        format!("{count} ({share:.0} %){time}")
    }
}

impl Picture {
    /// The same picture without arrows that carry less than `share` of the departures from their node, so that a
    /// journey of many ways can be read. Highlighted arrows stay, and so does for every node the most used arrow that
    /// leads to it; nodes that then hang on nothing are left out. Without counts nothing is left out. O(arrows²).
    #[must_use]
    pub fn abridged(&self, share: f64) -> Self {
        let most_used = |arrow: &PictureArrow| {
            let others = self.arrows.iter().filter(|other| other.to == arrow.to && other.from != other.to);
            0 < arrow.count.unwrap_or(0) && others.map(|other| other.count).max() == Some(arrow.count)
        };
        let stays = |arrow: &&PictureArrow| {
            let large = arrow.share.is_none_or(|known| share <= known);
            large || arrow.highlighted || (arrow.from != arrow.to && most_used(arrow))
        };
        let arrows: Vec<PictureArrow> = self.arrows.iter().filter(stays).cloned().collect();
        let counted = self.arrows.iter().any(|arrow| arrow.count.is_some());
        let hangs = |at: usize| {
            at == 0
                || !counted
                || self.nodes[at].highlighted
                || arrows.iter().any(|arrow| arrow.from == at || arrow.to == at)
        };
        let kept: Vec<usize> = (0..self.nodes.len()).filter(|at| hangs(*at)).collect();
        let place = |at: usize| kept.binary_search(&at).unwrap_or(0);
        Self {
            title: self.title.clone(),
            nodes: kept.iter().map(|at| self.nodes[*at].clone()).collect(),
            arrows: arrows
                .iter()
                .map(|arrow| PictureArrow { from: place(arrow.from), to: place(arrow.to), ..arrow.clone() })
                .collect(),
        }
    }
}

/// A time in one unit, for people.
fn rounded(seconds: f64) -> String {
    let (unit, name) = match seconds {
        s if s < 60.0 => (1.0, "s"),
        s if s < 3_600.0 => (60.0, "min"),
        s if s < 86_400.0 => (3_600.0, "h"),
        _ => (86_400.0, "d"),
    };
    format!("{:.1} {name}", seconds / unit)
}

impl JourneyRules {
    /// A picture of one version; `None` when the rules do not hold it. O(nodes + arrows).
    pub fn picture(&self, journey: &JourneyId, version: u32) -> Option<Picture> {
        self.find(journey, version).and_then(|at| self.plan(at)).map(|plan| Sketch::new(plan).finish())
    }

    /// The same picture with learned counts, times and drop-off on the arrows.
    pub fn picture_with(&self, journey: &JourneyId, version: u32, counts: &JourneyCounts) -> Option<Picture> {
        let plan = self.find(journey, version).and_then(|at| self.plan(at))?;
        let mut sketch = Sketch::new(plan);
        sketch.count(counts);
        Some(sketch.finish())
    }

    /// A picture of the version that an instance is in, with its path highlighted.
    pub fn picture_of(&self, instance: &Instance, counts: Option<&JourneyCounts>) -> Option<Picture> {
        let (_, plan) = self.plan_of(instance)?;
        let mut sketch = Sketch::new(plan);
        if let Some(counts) = counts {
            sketch.count(counts);
        }
        sketch.highlight(instance.trail.nodes());
        Some(sketch.finish())
    }
}

/// A picture while it is drawn. Places are those of the plan: nodes, then outcomes.
struct Sketch<'a> {
    plan: &'a Plan,
    nodes: Vec<PictureNode>,
    arrows: Vec<(u16, u16, PictureArrow)>,
}

impl<'a> Sketch<'a> {
    fn new(plan: &'a Plan) -> Self {
        let nodes = plan.names.iter().zip(&plan.nodes).map(|(name, node)| {
            let (shape, note) = look(plan, &node.act);
            PictureNode { name: name.to_string(), note, shape, highlighted: false }
        });
        let goals: Vec<u16> = plan.goals.iter().map(|goal| goal.rule.outcome).collect();
        let outcomes = plan.outcomes.iter().zip(0..).map(|(outcome, at)| PictureNode {
            name: outcome.clone(),
            note: String::new(),
            shape: if goals.contains(&at) { Shape::Goal } else { Shape::End },
            highlighted: false,
        });
        let mut sketch = Self { plan, nodes: nodes.chain(outcomes).collect(), arrows: Vec::new() };
        for at in 0..plan.nodes.len() as u16 {
            sketch.arrows_of(at);
        }
        sketch
    }

    fn arrows_of(&mut self, at: u16) {
        let plan = self.plan;
        let Some(node) = plan.node(at) else { return };
        match &node.act {
            Act::Pass { next, .. } => self.arrow(at, *next, String::new()),
            Act::Choose { branches, otherwise } => {
                for (condition, to) in branches {
                    self.arrow(at, *to, condition.text().to_owned());
                }
                self.arrow(at, *otherwise, "otherwise".to_owned());
            }
            Act::Draw { arms, total, .. } => {
                let mut before = 0;
                for arm in arms {
                    let share = (arm.upto - before) as f64 / (*total).max(1) as f64 * 100.0;
                    before = arm.upto;
                    let name = arm.name.as_deref().unwrap_or("");
                    self.arrow(at, arm.to, format!("{name} {share:.0} %").trim().to_owned());
                }
            }
            Act::End { outcome, .. } => self.arrow(at, END | outcome, String::new()),
            Act::Wait(wait) => self.arrows_of_wait(at, wait),
        }
    }

    fn arrows_of_wait(&mut self, at: u16, wait: &Wait) {
        for (pattern, to) in wait.on.iter().filter(|(_, to)| *to != RETURN) {
            let kind = self.plan_kind(at, pattern.hash).unwrap_or_default();
            self.arrow(at, *to, kind);
        }
        if let Some((condition, to)) = &wait.until {
            self.arrow(at, *to, condition.text().to_owned());
        }
        for (outcome, to) in &wait.outcomes {
            self.arrow(at, *to, outcome.clone());
        }
        if let Some(Target::Node(to)) = wait.next {
            self.arrow(at, to, "done".to_owned());
        }
        if let Some(timer) = &wait.timer {
            let label = timed(timer);
            match wait.timeout {
                Target::Node(to) => self.arrow(at, to, label),
                Target::Exit(outcome) => self.arrow(at, END | outcome, label),
                Target::Return => {}
            }
        }
    }

    /// The kind of event on the arrow with this pattern: read from the definition, in the same order.
    fn plan_kind(&self, at: u16, hash: u64) -> Option<String> {
        let wait = self.plan.wait(at)?;
        let place = wait.on.iter().position(|(pattern, _)| pattern.hash == hash)?;
        let definition = self.plan.definition.nodes.get(self.plan.names.get(usize::from(at))?)?;
        definition.on.get(place).map(|on| on.event.to_string())
    }

    fn arrow(&mut self, from: u16, to: u16, label: String) {
        if let Some((.., known)) = self.arrows.iter_mut().find(|(a, b, _)| (*a, *b) == (from, to)) {
            if !label.is_empty() {
                known.label =
                    if known.label.is_empty() { label } else { format!("{}, {label}", known.label) };
            }
            return;
        }
        let arrow = PictureArrow {
            from: 0,
            to: 0,
            label,
            count: None,
            share: None,
            seconds: None,
            loses: false,
            highlighted: false,
        };
        self.arrows.push((from, to, arrow));
    }

    /// Writes counts on the arrows; arrows that only customers drew (exits, goals, persons) are added.
    fn count(&mut self, counts: &JourneyCounts) {
        let plan = self.plan;
        let cells = counts.cells(plan);
        for cell in cells {
            self.arrow(cell.from, cell.to, String::new());
        }
        let goals: Vec<u16> = plan.goals.iter().map(|goal| goal.rule.outcome).collect();
        for (from, to, arrow) in &mut self.arrows {
            let total: u64 = cells.iter().filter(|cell| cell.from == *from).map(|cell| cell.count).sum();
            let mine = cells.iter().filter(|cell| (cell.from, cell.to) == (*from, *to));
            let (count, stayed) = mine.fold((0, 0), |(n, t), cell| (n + cell.count, t + cell.stayed));
            arrow.count = Some(count);
            arrow.share = Some(count as f64 / total.max(1) as f64);
            arrow.seconds = (0 < count).then(|| stayed as f64 / 1e6 / count as f64);
            arrow.loses = *to & END != 0 && !goals.contains(&(*to & !END)) && 0 < count;
        }
    }

    fn highlight(&mut self, trail: &[u16]) {
        for at in trail {
            if let Some(node) = self.nodes.get_mut(usize::from(*at)) {
                node.highlighted = true;
            }
        }
        for pair in trail.windows(2) {
            self.arrow(pair[0], pair[1], String::new());
            for (from, to, arrow) in &mut self.arrows {
                arrow.highlighted |= [*from, *to] == pair;
            }
        }
    }

    /// Leaves out outcomes that no arrow leads to, and puts the start first.
    fn finish(self) -> Picture {
        let inner = self.plan.nodes.len();
        let place = |at: u16| if at & END == 0 { usize::from(at) } else { inner + usize::from(at & !END) };
        let reached = |at: usize| at < inner || self.arrows.iter().any(|(_, to, _)| place(*to) == at);
        let start = usize::from(self.plan.start);
        let others = (0..self.nodes.len()).filter(|at| *at != start && reached(*at));
        let order: Vec<usize> = std::iter::once(start).chain(others).collect();
        let new = |at: u16| order.iter().position(|known| *known == place(at)).unwrap_or(0);
        Picture {
            title: format!("{} {}", self.plan.id, self.plan.version),
            arrows: self
                .arrows
                .iter()
                .map(|(from, to, arrow)| PictureArrow { from: new(*from), to: new(*to), ..arrow.clone() })
                .collect(),
            nodes: order.iter().map(|at| self.nodes[*at].clone()).collect(),
        }
    }
}

/// What a node looks like, and what stands below its name.
fn look(plan: &Plan, act: &Act) -> (Shape, String) {
    match act {
        Act::Pass { says: Says::Milestone, .. } => (Shape::Passing, "milestone".to_owned()),
        Act::Pass { says: Says::Promise(_), .. } => (Shape::Passing, "moment of truth".to_owned()),
        Act::Choose { .. } => (Shape::Fork, String::new()),
        Act::Draw { experiment, .. } => {
            (Shape::Fork, experiment.clone().unwrap_or_else(|| "by hash".to_owned()))
        }
        Act::End { outcome, goal } => {
            let text = plan.outcomes.get(usize::from(*outcome)).cloned().unwrap_or_default();
            (if goal.is_some() { Shape::Goal } else { Shape::End }, text)
        }
        Act::Wait(wait) => match &wait.role {
            Role::HandOff { queue } => (Shape::Person, queue.clone()),
            Role::Sub { journey } => (Shape::Resting, format!("journey {journey}")),
            Role::Plain if wait.actions.is_empty() => {
                (Shape::Resting, wait.timer.as_ref().map(timed).unwrap_or_default())
            }
            Role::Plain => {
                let actions: Vec<&str> = wait.actions.iter().map(AsRef::as_ref).collect();
                (Shape::Offering, actions.join(", "))
            }
        },
    }
}

fn timed(timer: &Timer) -> String {
    match timer {
        Timer::After(duration) => after(*duration),
        Timer::Local { at, .. } => format!("at {at}"),
    }
}

fn after(duration: Duration) -> String {
    format!("after {duration}")
}
