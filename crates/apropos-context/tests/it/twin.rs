//! The plain twin: what is known after some events, worked out from the definition alone by going through all evidence
//! for every event, against what one look-up and stored state give.

use std::collections::BTreeMap;

use apropos_context::{ContextDefinition, ContextState, Goal};
use apropos_event::{Duration, Event, Timestamp, Value};
use proptest::prelude::*;

use crate::support::{at, compile, definition, event};

fn rules() -> ContextDefinition {
    definition(
        r#"{ "signals": [
            { "id": "frustration", "half_life": "20m", "evidence": [
                { "on": { "kind": "click" }, "weight": 0.5, "repeat": { "times": 3, "within": "2m", "same": "target" } },
                { "on": { "kind": "error" }, "weight": 0.35 },
                { "on": { "kind": "error", "properties": { "target": "a" } }, "weight": 0.2 },
                { "on": { "kind": "resolved" }, "weight": -0.7 } ] },
            { "id": "calm", "half_life": "1h", "evidence": [
                { "on": { "kind": "resolved" }, "weight": 0.9 },
                { "on": { "kind": "error" }, "weight": -1.0 } ] },
            { "id": "hesitation", "half_life": "30m", "evidence": [
                { "on": { "kind": "step" }, "weight": 0.25, "pause": "1m" },
                { "on": { "kind": "click" }, "weight": -0.1 } ] } ],
          "goal": { "prior": { "browse": 3.0 }, "half_life": "20m", "evidence": [
            { "on": { "kind": "click" }, "favours": { "browse": 1.5 } },
            { "on": { "kind": "step" }, "favours": { "buy": 8.0, "fix": 0.2 } },
            { "on": { "kind": "step", "properties": { "target": "b" } }, "favours": { "compare": 3.0 } },
            { "on": { "kind": "error" }, "favours": { "fix": 5.0 } } ] } }"#,
    )
}

/// Some events in the order of time.
fn any_events() -> impl Strategy<Value = Vec<Event>> {
    let kinds = vec!["click", "error", "resolved", "step", "unheard_of"];
    let one = (prop::sample::select(kinds), 0_i64..300, prop::sample::select(vec!["a", "b"]));
    prop::collection::vec(one, 0..60).prop_map(|rows| {
        let mut when = at("2026-11-20T12:00:00Z");
        let event = |(kind, wait, target): (&str, i64, &str)| {
            when = when.plus(Duration::from_secs(wait));
            event(kind, when, &[("target", Value::from(target))])
        };
        rows.into_iter().map(event).collect()
    })
}

fn half(elapsed: Duration, half_life: Duration) -> f64 {
    if elapsed.is_positive() {
        libm::exp2(-(elapsed.as_micros() as f64 / half_life.as_micros() as f64))
    } else {
        1.0
    }
}

/// How strong each signal was when it last changed, and when that was.
fn signals(definition: &ContextDefinition, events: &[Event]) -> BTreeMap<String, (f64, Timestamp)> {
    let mut felt: BTreeMap<String, (f64, Timestamp)> = BTreeMap::new();
    for signal in definition.signals.iter().flatten() {
        // For each kind of evidence the times of a repeat under way, and what stayed the same.
        let mut repeats: BTreeMap<usize, (Value, Vec<Timestamp>)> = BTreeMap::new();
        for (number, event) in events.iter().enumerate() {
            let now = event.occurred_at;
            let before = number.checked_sub(1).map(|at| events[at].occurred_at);
            for (which, evidence) in signal.evidence.iter().enumerate() {
                let paused = evidence.pause.is_none_or(|pause| {
                    before.is_some_and(|b| pause <= now.since(b) && now.since(b) <= Duration::from_mins(30))
                });
                let known = felt.get(signal.id.as_str()).copied();
                if !evidence.on.matches(event) || !paused || (evidence.weight < 0.0 && known.is_none()) {
                    continue;
                }
                if let Some(repeat) = &evidence.repeat {
                    let same = event.properties[repeat.same.as_ref().unwrap()].clone();
                    let (held, times) = repeats.entry(which).or_insert((same.clone(), Vec::new()));
                    if *held != same {
                        (*held, *times) = (same, Vec::new());
                    }
                    times.push(now);
                    times.retain(|time| now.since(*time) <= repeat.within);
                    // A signal is known from the first event that might be evidence for it.
                    felt.entry(signal.id.to_string()).or_insert((0.0, now));
                    if times.len() < usize::from(repeat.times) {
                        continue;
                    }
                    times.clear();
                }
                let (strength, since) = known.unwrap_or((0.0, now));
                let left = strength * half(now.since(since), signal.half_life);
                let w = evidence.weight;
                let strength = if w < 0.0 { left * (1.0 + w) } else { 1.0 - (1.0 - left) * (1.0 - w) };
                felt.insert(signal.id.to_string(), (strength, now));
            }
        }
    }
    felt
}

/// What is believed about the goal at the end, in the order of [`Goal::ALL`].
fn belief(definition: &ContextDefinition, events: &[Event], now: Timestamp) -> Vec<f64> {
    let weight = |weights: &BTreeMap<Goal, f64>, goal| weights.get(&goal).copied().unwrap_or(1.0);
    let share = |weights: Vec<f64>| -> Vec<f64> {
        let sum: f64 = weights.iter().sum();
        weights.iter().map(|weight| weight / sum).collect()
    };
    let prior = share(Goal::ALL.map(|goal| weight(&definition.goal.prior, goal)).to_vec());
    let drift = |belief: &[f64], elapsed| -> Vec<f64> {
        let kept = half(elapsed, definition.goal.half_life);
        belief.iter().zip(&prior).map(|(p, prior)| kept * p + (1.0 - kept) * prior).collect()
    };
    let mut last: Option<(Vec<f64>, Timestamp)> = None;
    for event in events {
        let heard: Vec<_> = definition.goal.evidence.iter().filter(|e| e.on.matches(event)).collect();
        if heard.is_empty() {
            continue;
        }
        let now = event.occurred_at;
        let before = last.as_ref().map_or(prior.clone(), |(belief, at)| drift(belief, now.since(*at)));
        let likely = |goal| heard.iter().map(|evidence| weight(&evidence.favours, goal)).product::<f64>();
        let after = Goal::ALL.iter().zip(before).map(|(goal, p)| p * likely(*goal)).collect();
        last = Some((share(after), now));
    }
    last.map_or(prior.clone(), |(belief, at)| drift(&belief, now.since(at)))
}

proptest! {
    #![proptest_config(crate::laws::cases())]

    #[test]
    fn one_look_up_finds_what_going_through_everything_finds(events in any_events(), wait in 0_i64..5_000) {
        let definition = rules();
        let compiled = compile(&definition);
        let mut state = ContextState::new();
        for event in &events {
            compiled.rules.observe(&mut state, event).unwrap();
        }
        let found: BTreeMap<String, (f64, Timestamp)> =
            state.signals.iter().map(|s| (s.signal.to_string(), (s.strength, s.at))).collect();
        // To the bit: the same operations in the same order.
        prop_assert_eq!(found, signals(&definition, &events));
        let now = events.last().map_or(at("2026-11-20T12:00:00Z"), |event| event.occurred_at);
        let now = now.plus(Duration::from_secs(wait));
        prop_assert_eq!(
            compiled.rules.goals().belief_at(&state.goal, now).to_vec(),
            belief(&definition, &events, now)
        );
    }
}
