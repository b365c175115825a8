//! A small Bayesian filter over goals.
//!
//! Between events belief drifts back to the prior, `p ← λp + (1 − λ)π` with `λ = 2^(−Δt / half-life)`; an event
//! multiplies it by how likely it is under each goal, `p ← p·l / Σ p·l`. Every step is kept, so that a belief can be
//! told event by event.

use std::borrow::Cow;
use std::collections::VecDeque;

use apropos_event::{Event, EventId, EventKind, Path, Problems, Timestamp, Value};
use serde::{Deserialize, Serialize};

use super::Goal;
use super::definition::{self, GoalDefinition, GoalEvidence};
use crate::reading::{Reading, Source, fade};

/// How many goals there are.
const GOALS: usize = Goal::ALL.len();

/// What is believed about a customer's goal.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GoalState {
    /// What the customer said last, and until when it holds.
    pub stated: Option<Statement>,
    /// The last steps of the filter, oldest first; at most eight.
    pub steps: VecDeque<GoalStep>,
}

/// What a customer said to be after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// The goal.
    pub goal: Goal,
    /// When it was said.
    pub at: Timestamp,
    /// Until when it holds.
    pub until: Timestamp,
}

/// One step of the filter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoalStep {
    /// The event.
    pub event: EventId,
    /// Its kind.
    pub kind: EventKind,
    /// When it happened.
    pub at: Timestamp,
    /// What was believed just before it, in the order of [`Goal::ALL`].
    pub before: [f64; GOALS],
    /// What was believed after it.
    pub after: [f64; GOALS],
}

impl GoalStep {
    /// How much the event spoke for `goal`: the logarithm of the change of its odds.
    pub fn weight(&self, goal: Goal) -> f64 {
        let odds = |belief: &[f64; GOALS]| {
            let p = belief.get(goal as usize).copied().unwrap_or(0.0).clamp(1e-12, 1.0 - 1e-12);
            libm::log(p / (1.0 - p))
        };
        odds(&self.after) - odds(&self.before)
    }
}

/// The likeliest goal.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoalBelief {
    /// The goal.
    pub goal: Goal,
    /// How likely it is, 0 to 1.
    pub probability: f64,
    /// Whether the customer said so.
    pub stated: bool,
}

/// The checked filter.
#[derive(Clone, Debug)]
pub struct GoalFilter {
    definition: GoalDefinition,
    prior: [f64; GOALS],
    evidence: Vec<(GoalEvidence, [f64; GOALS])>,
}

/// What an event may say about goals.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Says {
    /// It speaks for some, as the evidence with this number tells.
    Likelihood(u16),
    /// It states one.
    Statement,
}

/// Steps that are kept.
const MAX_STEPS: usize = 8;

impl GoalFilter {
    /// Checks what speaks for which goal.
    pub fn compile(definition: &GoalDefinition, path: &Path, problems: &mut Problems) -> Self {
        definition.check(path, problems);
        let evidence =
            if definition.evidence.is_empty() { definition::usual() } else { definition.evidence.clone() };
        let dense = |weights: &std::collections::BTreeMap<Goal, f64>| {
            Goal::ALL.map(|goal| {
                let weight = weights.get(&goal).copied().unwrap_or(1.0);
                if weight.is_finite() { weight.clamp(1e-6, 1e6) } else { 1.0 }
            })
        };
        Self {
            prior: normalised(dense(&definition.prior)),
            evidence: evidence.into_iter().map(|e| (e.clone(), dense(&e.favours))).collect(),
            definition: definition.clone(),
        }
    }

    /// What each kind of event may say about goals, in order of the definition. Statements come first: such an event
    /// is nothing else.
    pub(crate) fn listens(&self) -> impl Iterator<Item = (&EventKind, Says)> {
        let evidence = self.evidence.iter().zip(0_u16..);
        let evidence = evidence.map(|((evidence, _), at)| (&evidence.on.kind, Says::Likelihood(at)));
        std::iter::once((&self.definition.stated_by, Says::Statement)).chain(evidence)
    }

    /// Takes an event and what its kind may say; returns whether it said anything.
    pub(crate) fn observe(&self, state: &mut GoalState, event: &Event, says: &[Says]) -> bool {
        let mut likelihood: Option<Cow<'_, [f64; GOALS]>> = None;
        for says in says {
            let Says::Likelihood(at) = says else { return self.state_goal(state, event) };
            let Some((evidence, favours)) = self.evidence.get(usize::from(*at)) else { continue };
            if !evidence.on.matches_beyond_kind(event) {
                continue;
            }
            match &mut likelihood {
                None => likelihood = Some(Cow::Borrowed(favours)),
                Some(product) => {
                    product.to_mut().iter_mut().zip(favours).for_each(|(product, factor)| *product *= factor);
                }
            }
        }
        if let Some(likelihood) = &likelihood {
            self.step(state, event, likelihood);
        }
        likelihood.is_some()
    }

    fn step(&self, state: &mut GoalState, event: &Event, likelihood: &[f64; GOALS]) {
        let before = self.belief_at(state, event.occurred_at);
        let mut after = before;
        for (p, l) in after.iter_mut().zip(likelihood) {
            *p *= l;
        }
        normalise(&mut after);
        let steps = &mut state.steps;
        let at = steps.back().map_or(event.occurred_at, |last| last.at.max(event.occurred_at));
        if steps.len() < MAX_STEPS {
            if steps.len() == steps.capacity() {
                // Most customers come once or twice: the room grows with them.
                steps.reserve_exact(steps.len().clamp(1, MAX_STEPS - steps.len()));
            }
            let (event, kind) = (event.id.clone(), event.kind.clone());
            steps.push_back(GoalStep { event, kind, at, before, after });
            return;
        }
        // The oldest step makes room, and its place is written over.
        steps.rotate_left(1);
        if let Some(step) = steps.back_mut() {
            step.event.clone_from(&event.id);
            step.kind.clone_from(&event.kind);
            (step.at, step.before, step.after) = (at, before, after);
        }
    }

    fn state_goal(&self, state: &mut GoalState, event: &Event) -> bool {
        let said = event.properties.get(&self.definition.stated_as).and_then(Value::as_str);
        let Some(goal) = said.and_then(|said| Goal::ALL.into_iter().find(|goal| goal.as_str() == said))
        else {
            return false;
        };
        let at = event.occurred_at;
        if state.stated.is_some_and(|earlier| at < earlier.at) {
            return false;
        }
        state.stated = Some(Statement { goal, at, until: at.plus(self.definition.stated_for) });
        true
    }

    /// How likely each goal is at `now`, in the order of [`Goal::ALL`], from what was seen alone.
    pub fn belief_at(&self, state: &GoalState, now: Timestamp) -> [f64; GOALS] {
        let Some(last) = state.steps.back() else { return self.prior };
        let kept = fade(now.since(last.at), self.definition.half_life);
        let mut belief = last.after;
        for (p, prior) in belief.iter_mut().zip(&self.prior) {
            *p = kept * *p + (1.0 - kept) * prior;
        }
        belief
    }

    /// The goal to serve at `now`: what the customer says now, or said and still holds; else the likeliest.
    ///
    /// Among equally likely goals the first of [`Goal::ALL`].
    pub fn goal(&self, state: &GoalState, said_now: Option<Goal>, now: Timestamp) -> GoalBelief {
        let held = state.stated.filter(|said| said.at <= now && now <= said.until).map(|said| said.goal);
        if let Some(goal) = said_now.or(held) {
            return GoalBelief { goal, probability: 1.0, stated: true };
        }
        let belief = self.belief_at(state, now);
        let (goal, probability) = Goal::ALL
            .into_iter()
            .zip(belief)
            .fold((Goal::Browse, -1.0), |best, (goal, p)| if best.1 < p { (goal, p) } else { best });
        GoalBelief { goal, probability, stated: false }
    }

    /// The goal as a reading, if it is sure enough to count.
    pub(crate) fn reading(
        &self,
        state: &GoalState,
        said_now: Option<Goal>,
        now: Timestamp,
    ) -> Option<Reading<Goal>> {
        let belief = self.goal(state, said_now, now);
        if belief.stated {
            let at = if said_now.is_some() { now } else { state.stated.map_or(now, |said| said.at) };
            return Some(Reading::new(belief.goal, Source::Stated, at));
        }
        let seen = state.steps.back()?.at;
        let enough = self.definition.enough <= belief.probability;
        enough.then(|| {
            Reading::new(belief.goal, Source::Inferred, seen)
                .fading(self.definition.half_life)
                .with_certainty(belief.probability)
        })
    }
}

fn normalised(mut weights: [f64; GOALS]) -> [f64; GOALS] {
    normalise(&mut weights);
    weights
}

fn normalise(weights: &mut [f64; GOALS]) {
    let sum: f64 = weights.iter().sum();
    for weight in weights {
        // INVARIANT: weights are positive and finite, so the sum is positive.
        *weight /= sum;
    }
}

#[cfg(test)]
mod tests {
    use apropos_event::{CustomerId, Duration, PropertyName, SourceId};

    use super::*;

    fn filter() -> GoalFilter {
        let mut problems = Problems::new();
        let filter = GoalFilter::compile(&GoalDefinition::default(), &Path::root(), &mut problems);
        assert!(problems.is_empty(), "{problems}");
        filter
    }

    fn observe(filter: &GoalFilter, state: &mut GoalState, event: &Event) -> bool {
        let says: Vec<Says> =
            filter.listens().filter(|(kind, _)| **kind == event.kind).map(|(_, says)| says).collect();
        filter.observe(state, event, &says)
    }

    fn at(minutes: i64) -> Timestamp {
        Timestamp::EPOCH.plus(Duration::from_mins(minutes))
    }

    fn event(kind: &str, minutes: i64) -> Event {
        Event::new(
            EventId::new(format!("{kind}-{minutes}")).unwrap(),
            SourceId::new("test").unwrap(),
            EventKind::new(kind).unwrap(),
            CustomerId::new("c").unwrap(),
            at(minutes),
        )
    }

    #[test]
    fn a_goal_is_told_event_by_event() {
        let filter = filter();
        let mut state = GoalState::default();
        for (kind, minute) in [("category_view", 0), ("product_view", 1), ("compare", 2), ("cart_add", 3)] {
            assert!(observe(&filter, &mut state, &event(kind, minute)));
        }
        observe(&filter, &mut state, &event("checkout_step", 4));
        let belief = filter.goal(&state, None, at(4));
        assert_eq!((belief.goal, belief.stated), (Goal::Buy, false));
        assert!(0.8 < belief.probability);
        let weights: Vec<f64> = state.steps.iter().map(|step| step.weight(Goal::Buy)).collect();
        assert!(weights[0] < 0.0 && 0.0 < weights[3] && weights[3] < weights[4], "{weights:?}");
    }

    #[test]
    fn the_customers_own_word_wins() {
        let filter = filter();
        let mut state = GoalState::default();
        for minute in 0..5 {
            observe(&filter, &mut state, &event("checkout_step", minute));
        }
        let mut said = event("goal_stated", 6);
        said.properties.insert(PropertyName::new("goal").unwrap(), Value::from("return"));
        assert!(observe(&filter, &mut state, &said));
        for minute in 7..20 {
            observe(&filter, &mut state, &event("checkout_step", minute));
        }
        assert_eq!(filter.goal(&state, None, at(20)).goal, Goal::Return);
        assert_eq!(filter.goal(&state, Some(Goal::Talk), at(20)).goal, Goal::Talk);
        // A statement holds for half a day; after that, belief counts again.
        assert!(!filter.goal(&state, None, at(13 * 60)).stated);
    }

    /// One step after another, each in memory of its own; the last eight are kept.
    fn naive_steps(filter: &GoalFilter, events: &[Event]) -> Vec<GoalStep> {
        let mut all: Vec<GoalStep> = Vec::new();
        for event in events {
            let heard = filter.evidence.iter().filter(|(evidence, _)| evidence.on.matches(event));
            let heard: Vec<[f64; GOALS]> = heard.map(|(_, favours)| *favours).collect();
            if heard.is_empty() {
                continue;
            }
            let last = all.last().cloned();
            let state = GoalState { stated: None, steps: last.iter().cloned().collect() };
            let before = filter.belief_at(&state, event.occurred_at);
            let likelihood = |goal: usize| heard.iter().fold(1.0, |product, favours| product * favours[goal]);
            let after: [f64; GOALS] = std::array::from_fn(|goal| before[goal] * likelihood(goal));
            let at = last.map_or(event.occurred_at, |last| last.at.max(event.occurred_at));
            let (event, kind) = (event.id.clone(), event.kind.clone());
            all.push(GoalStep { event, kind, at, before, after: normalised(after) });
        }
        all.split_off(all.len().saturating_sub(MAX_STEPS))
    }

    proptest::proptest! {
        #[test]
        fn the_last_eight_steps_are_kept_to_the_bit(
            kinds in proptest::collection::vec((0_usize..25, 0_i64..600), 0..40),
        ) {
            // Two kinds of evidence listen to one kind of event, and some events come late.
            let mut definition = GoalDefinition { evidence: definition::usual(), ..GoalDefinition::default() };
            definition.evidence.extend(definition::usual().into_iter().step_by(3));
            let mut problems = Problems::new();
            let filter = GoalFilter::compile(&definition, &Path::root(), &mut problems);
            let usual = definition::usual();
            let events: Vec<Event> =
                kinds.iter().map(|(kind, minute)| event(usual[*kind].on.kind.as_str(), *minute)).collect();
            let mut state = GoalState::default();
            for event in &events {
                observe(&filter, &mut state, event);
            }
            proptest::prop_assert_eq!(Vec::from(state.steps), naive_steps(&filter, &events));
        }

        #[test]
        fn belief_is_a_probability_and_drifts_to_the_prior(
            kinds in proptest::collection::vec((0_usize..25, 0_i64..600), 0..40),
            later in 0_i64..100_000,
        ) {
            let filter = filter();
            let usual = definition::usual();
            let mut state = GoalState::default();
            for (kind, minute) in kinds {
                observe(&filter, &mut state, &event(usual[kind].on.kind.as_str(), minute));
            }
            let belief = filter.belief_at(&state, at(later));
            proptest::prop_assert!((belief.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            proptest::prop_assert!(belief.iter().all(|p| (0.0..=1.0).contains(p)));
            let far = filter.belief_at(&state, at(1_000_000));
            proptest::prop_assert!(far.iter().zip(&filter.prior).all(|(p, q)| (p - q).abs() < 1e-9));
        }
    }
}
