//! Cycles and stages as data.

use apropos_event::{CycleId, Duration, EventKind, Path, Problem, Problems, PropertyName, StageId};
use serde::{Deserialize, Serialize};

use crate::pattern::EventPattern;

/// A lifecycle, such as owning a product.
///
/// ```
/// use apropos_context::CycleDefinition;
///
/// let text = r#"{ "id": "ownership", "per": "product", "stages": [
///     { "id": "purchase", "enter_on": [{ "kind": "purchase" }], "normal": "2d" },
///     { "id": "onboarding", "enter_on": [{ "kind": "activated" }], "normal": "14d" },
///     { "id": "consumption", "enter_when": "context.stage.ownership.count.uses > 3" } ],
///     "tallies": [{ "id": "uses", "on": [{ "kind": "feature_used" }] }] }"#;
/// let cycle: CycleDefinition = serde_json::from_str(text)?;
/// assert_eq!(cycle.stages.len(), 3);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CycleDefinition {
    /// Its id: letters, digits and `_`, since it is part of attribute names.
    pub id: CycleId,
    /// The property that tells one product's cycle from another's; one cycle for everything without it.
    #[serde(default)]
    pub per: Option<PropertyName>,
    /// What is counted for each product, so that conditions can tell one product from another; only for a cycle that
    /// is per product.
    #[serde(default)]
    pub tallies: Vec<TallyDefinition>,
    /// Its stages, in their usual order.
    pub stages: Vec<StageDefinition>,
}

/// Something that is counted for each product.
///
/// Conditions of the cycle see `context.stage.CYCLE.count.ID`, how often it happened to the product that they are asked
/// about, and `context.stage.CYCLE.age.ID`, how long ago it happened last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TallyDefinition {
    /// Its id: letters, digits and `_`, since it is part of attribute names.
    pub id: String,
    /// The events that are counted.
    pub on: Vec<EventPattern>,
}

/// One stage of a cycle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageDefinition {
    /// Its id.
    pub id: StageId,
    /// Events that bring a customer here.
    #[serde(default)]
    pub enter_on: Vec<EventPattern>,
    /// A condition under which a customer is here. In a cycle that is per product it is asked about each product in
    /// turn, with the attributes of the cycle telling of that product.
    #[serde(default)]
    pub enter_when: Option<String>,
    /// Events that take a customer out of here, to no stage at all.
    #[serde(default)]
    pub leave_on: Vec<EventPattern>,
    /// A condition under which a customer is no longer here.
    #[serde(default)]
    pub leave_when: Option<String>,
    /// How long people normally stay.
    #[serde(default)]
    pub normal: Option<Duration>,
}

/// At most this many cycles.
pub(crate) const MAX_CYCLES: usize = 64;
/// At most this many stages in one cycle.
pub(crate) const MAX_STAGES: usize = 64;
/// At most this many tallies in one cycle.
pub(crate) const MAX_TALLIES: usize = 32;

/// Reports what is wrong with cycles, conditions aside.
pub(crate) fn check(cycles: &[CycleDefinition], path: &Path, problems: &mut Problems) {
    if MAX_CYCLES < cycles.len() {
        let message = format!("there are {} cycles, at most {MAX_CYCLES} are accepted", cycles.len());
        problems.push(Problem::error("context/too-many", path.clone(), message));
    }
    for (at, cycle) in cycles.iter().enumerate() {
        let path = path.index(at);
        if cycles.iter().take(at).any(|other| other.id == cycle.id) {
            let message = format!("cycle `{}` is declared twice", cycle.id);
            problems.push(Problem::error("context/duplicate", path.key("id"), message));
        }
        if cycle.stages.is_empty() || MAX_STAGES < cycle.stages.len() {
            let message =
                format!("a cycle has 1 to {MAX_STAGES} stages, `{}` has {}", cycle.id, cycle.stages.len());
            problems.push(Problem::error("context/stages", path.key("stages"), message));
        }
        cycle.check_tallies(&path.key("tallies"), problems);
        for (number, stage) in cycle.stages.iter().enumerate() {
            stage.check(cycle, number, &path.key("stages").index(number), problems);
        }
    }
}

impl CycleDefinition {
    fn check_tallies(&self, path: &Path, problems: &mut Problems) {
        if self.per.is_none() && !self.tallies.is_empty() {
            let message = format!("cycle `{}` counts for each product but is not per product", self.id);
            let problem = Problem::error("context/tallies", path.clone(), message);
            problems.push(problem.with_help("give it `per`, the property that names the product"));
        }
        if MAX_TALLIES < self.tallies.len() {
            let message = format!("at most {MAX_TALLIES} tallies are accepted in one cycle");
            problems.push(Problem::error("context/too-many", path.clone(), message));
        }
        for (at, tally) in self.tallies.iter().enumerate() {
            if self.tallies.iter().take(at).any(|other| other.id == tally.id) {
                let message = format!("tally `{}` is declared twice in cycle `{}`", tally.id, self.id);
                problems.push(Problem::error("context/duplicate", path.index(at).key("id"), message));
            }
            if tally.on.is_empty() {
                let message = format!("nothing is counted by tally `{}`", tally.id);
                problems.push(Problem::warning("context/no-evidence", path.index(at), message));
            }
        }
    }
}

impl StageDefinition {
    fn check(&self, cycle: &CycleDefinition, number: usize, path: &Path, problems: &mut Problems) {
        if cycle.stages.iter().take(number).any(|other| other.id == self.id) {
            let message = format!("stage `{}` is declared twice in cycle `{}`", self.id, cycle.id);
            problems.push(Problem::error("context/duplicate", path.key("id"), message));
        }
        if self.enter_on.is_empty() && self.enter_when.is_none() {
            let message = format!("nothing leads into stage `{}`", self.id);
            problems.push(
                Problem::warning("context/unreachable-stage", path.clone(), message)
                    .with_help("give it `enter_on` or `enter_when`"),
            );
        }
        if self.normal.is_some_and(|normal| !normal.is_positive()) {
            let message = format!("the normal time in `{}` must be longer than nothing", self.id);
            problems.push(Problem::error("context/range", path.key("normal"), message));
        }
    }
}

/// The nine stages that most businesses know, over conventional kinds of events: awareness, consideration,
/// preference, purchase, onboarding, consumption, support, repurchase, advocacy.
pub fn usual_cycle(id: CycleId) -> CycleDefinition {
    const TABLE: [(&str, &[&str], i64); 9] = [
        ("awareness", &["page_view", "ad_click"], 30),
        ("consideration", &["product_view", "review_read", "compare"], 21),
        ("preference", &["cart_add", "wishlist_add", "trial_start"], 14),
        ("purchase", &["purchase"], 7),
        ("onboarding", &["delivered", "activated"], 14),
        ("consumption", &["feature_used"], 365),
        ("support", &["support_view", "complaint", "chat_start", "call_start"], 5),
        ("repurchase", &["renewal_view", "reorder"], 14),
        ("advocacy", &["review_written", "referral"], 180),
    ];
    let stage = |(id, kinds, days): &(&str, &[&str], i64)| {
        let pattern = |kind: &&str| EventKind::new(kind).ok().map(EventPattern::new);
        Some(StageDefinition {
            id: StageId::new(id).ok()?,
            enter_on: kinds.iter().filter_map(pattern).collect(),
            enter_when: None,
            leave_on: Vec::new(),
            leave_when: None,
            normal: Some(Duration::from_days(*days)),
        })
    };
    CycleDefinition { id, per: None, tallies: Vec::new(), stages: TABLE.iter().filter_map(stage).collect() }
}
