//! What speaks for which goal, as data.

use std::collections::BTreeMap;

use apropos_event::{Duration, EventKind, Path, Problem, Problems, PropertyName};
use serde::{Deserialize, Serialize};

use super::Goal;
use crate::pattern::EventPattern;

/// How goals are inferred.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GoalDefinition {
    /// How likely each goal is before anything is seen, as weights; a goal that is left out weighs 1.
    pub prior: BTreeMap<Goal, f64>,
    /// What speaks for which goal; the usual evidence when the list is empty.
    pub evidence: Vec<GoalEvidence>,
    /// After this long half of what was believed is forgotten in favour of the prior.
    pub half_life: Duration,
    /// The probability from which an inferred goal counts as known.
    pub enough: f64,
    /// The kind of the events by which customers state their goal.
    pub stated_by: EventKind,
    /// The property of such an event that names the goal.
    pub stated_as: PropertyName,
    /// How long a statement holds.
    pub stated_for: Duration,
}

/// What an event says about goals.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoalEvidence {
    /// The events it is about.
    pub on: EventPattern,
    /// How many times likelier the event is under each goal than under those left out, which count 1.
    pub favours: BTreeMap<Goal, f64>,
}

impl Default for GoalDefinition {
    fn default() -> Self {
        #[expect(clippy::expect_used, reason = "constant names of letters are valid")]
        let (stated_by, stated_as) = (
            EventKind::new("goal_stated").expect("a valid kind"),
            PropertyName::new("goal").expect("a valid name"),
        );
        Self {
            prior: BTreeMap::new(),
            evidence: Vec::new(),
            half_life: Duration::from_mins(20),
            enough: 0.4,
            stated_by,
            stated_as,
            stated_for: Duration::from_hours(12),
        }
    }
}

/// At most this many pieces of evidence.
pub(crate) const MAX_GOAL_EVIDENCE: usize = 512;

impl GoalDefinition {
    pub(crate) fn check(&self, path: &Path, problems: &mut Problems) {
        let mut weights = |weights: &BTreeMap<Goal, f64>, path: Path| {
            for (goal, weight) in weights {
                if !(weight.is_finite() && 1e-6 <= *weight && *weight <= 1e6) {
                    let message = format!("the weight of `{goal}` must lie between 0.000001 and 1000000");
                    problems.push(Problem::error("context/range", path.key(goal.as_str()), message));
                }
            }
        };
        weights(&self.prior, path.key("prior"));
        for (at, evidence) in self.evidence.iter().enumerate() {
            weights(&evidence.favours, path.key("evidence").index(at).key("favours"));
        }
        if MAX_GOAL_EVIDENCE < self.evidence.len() {
            let message = format!("at most {MAX_GOAL_EVIDENCE} pieces of evidence are accepted");
            problems.push(Problem::error("context/too-many", path.key("evidence"), message));
        }
        if !(0.0..=1.0).contains(&self.enough) {
            problems.push(Problem::error(
                "context/range",
                path.key("enough"),
                "`enough` lies between 0 and 1",
            ));
        }
        if !self.half_life.is_positive() || !self.stated_for.is_positive() {
            let message = "`half_life` and `stated_for` must be longer than nothing";
            problems.push(Problem::error("context/range", path.clone(), message));
        }
    }
}

/// The usual evidence, over conventional kinds of events.
pub(crate) fn usual() -> Vec<GoalEvidence> {
    use Goal::{Browse, Buy, Compare, Fix, Learn, Return, Talk, Use};
    const TABLE: [(&str, &[(Goal, f64)]); 25] = [
        ("page_view", &[(Browse, 1.5)]),
        ("category_view", &[(Browse, 3.0), (Compare, 1.5)]),
        ("product_view", &[(Browse, 1.5), (Compare, 2.0), (Buy, 1.5)]),
        ("search", &[(Buy, 1.5), (Fix, 1.3), (Learn, 1.5)]),
        ("compare", &[(Compare, 8.0), (Buy, 2.0)]),
        ("review_read", &[(Compare, 4.0), (Learn, 1.5)]),
        ("sort_by_price", &[(Compare, 4.0), (Buy, 2.0)]),
        ("cart_add", &[(Buy, 8.0)]),
        ("cart_view", &[(Buy, 4.0)]),
        ("checkout_step", &[(Buy, 15.0)]),
        ("coupon_apply", &[(Buy, 6.0)]),
        ("purchase", &[(Buy, 0.05), (Use, 2.0)]),
        ("login", &[(Use, 2.5), (Fix, 1.5)]),
        ("feature_used", &[(Use, 8.0)]),
        ("account_view", &[(Use, 3.0), (Fix, 1.5)]),
        ("error", &[(Fix, 5.0), (Talk, 1.5)]),
        ("faq_view", &[(Fix, 3.0), (Learn, 3.0)]),
        ("support_view", &[(Fix, 6.0), (Talk, 2.0)]),
        ("resolved", &[(Fix, 0.1), (Talk, 0.3)]),
        ("return_policy_view", &[(Return, 6.0), (Buy, 1.5)]),
        ("return_start", &[(Return, 30.0)]),
        ("guide_view", &[(Learn, 8.0), (Use, 2.0)]),
        ("contact_view", &[(Talk, 8.0), (Fix, 2.0)]),
        ("chat_start", &[(Talk, 12.0), (Fix, 2.0)]),
        ("call_start", &[(Talk, 20.0), (Fix, 2.0)]),
    ];
    let row = |(kind, favours): &(&str, &[(Goal, f64)])| {
        let on = EventPattern::new(EventKind::new(kind).ok()?);
        Some(GoalEvidence { on, favours: favours.iter().copied().collect() })
    };
    TABLE.iter().filter_map(row).collect()
}
