//! Crosses that the model finds by itself.

use apropos_event::draw;
use apropos_learn::{
    EncoderDefinition, Features, Input, InputDefinition, InputKind, Model, ModelDefinition, Outcome,
    RewardDefinition, Scores,
};

use crate::world::action;

/// Mean squared error of predictions over the second half of a stream whose outcome depends on two of six inputs
/// together, and what was crossed.
fn planted(kind: InputKind, learned_crosses: usize) -> (f64, Vec<(String, String)>) {
    let definition = ModelDefinition {
        inputs: (0..6).map(|at| InputDefinition { name: format!("i{at}"), kind }).collect(),
        rewards: vec![RewardDefinition::new("click")],
        encoder: EncoderDefinition { learned_crosses, ..EncoderDefinition::default() },
        ..ModelDefinition::default()
    };
    let mut model = Model::new(&definition, &[action(0), action(1)]).unwrap();
    let (mut features, mut scores) = (Features::new(), Scores::new());
    let (mut error, steps) = (0.0, 8_000);
    for t in 0..steps {
        let u: [f64; 6] = std::array::from_fn(|at| draw::uniform(1, "input", t * 6 + at as u64));
        let inputs = u.map(|u| match kind {
            InputKind::Number => Input::Number((3.0 * u).exp()),
            InputKind::Category => Input::Category(if u < 0.5 { "low" } else { "high" }),
            _ => Input::Flag(u < 0.5),
        });
        let chosen = (draw::bits(1, "action", t) % 2) as u32;
        let both = (u[1] < 0.5) ^ (u[4] < 0.5);
        let rate = if both == (chosen == 0) { 0.8 } else { 0.2 };
        model.encode(&inputs, &mut features).unwrap();
        model.score(&features, &[chosen], 0, &mut scores).unwrap();
        let p = f64::from(scores.p()[0]);
        if steps / 2 <= t {
            error += (p - rate) * (p - rate);
        }
        let hit = f64::from(u8::from(draw::uniform(1, "hit", t) < rate));
        model.learn(&features, chosen, &Outcome::new(0, hit), 1.0).unwrap();
    }
    let crossed = model.crosses().map(|(left, right)| (left.to_owned(), right.to_owned())).collect();
    (error / (steps / 2) as f64, crossed)
}

#[test]
fn inputs_that_matter_together_only_are_found_and_pay() {
    for kind in [InputKind::Flag, InputKind::Category, InputKind::Number] {
        let (without, none) = planted(kind, 0);
        let (with, found) = planted(kind, 8);
        println!("{kind:?}: squared error {without:.4} without, {with:.4} with {found:?}");
        assert_eq!(none, []);
        assert_eq!(found, [("i1".to_owned(), "i4".to_owned())]);
        assert!(with < 0.25 * without, "{kind:?}: {with} against {without}");
    }
}

#[test]
fn found_crosses_survive_snapshots_and_merging() {
    let definition = ModelDefinition {
        inputs: (0..4).map(|at| InputDefinition { name: format!("i{at}"), kind: InputKind::Flag }).collect(),
        rewards: vec![RewardDefinition::new("click")],
        ..ModelDefinition::default()
    };
    let base = Model::new(&definition, &[action(0)]).unwrap();
    let mut features = Features::new();
    let mut teach = |model: &mut Model, left: usize, right: usize| {
        for t in 0..3_000_u64 {
            let bits = draw::bits(left as u64, "flags", t);
            let flags: [bool; 4] = std::array::from_fn(|at| bits >> at & 1 == 1);
            model.encode(&flags.map(Input::Flag), &mut features).unwrap();
            let hit = f64::from(u8::from(flags[left] ^ flags[right]));
            model.learn(&features, 0, &Outcome::new(0, hit), 1.0).unwrap();
        }
    };
    let (mut one, mut other) = (base.clone(), base.clone());
    teach(&mut one, 0, 1);
    teach(&mut other, 2, 3);
    assert_eq!(Model::restore(&one.snapshot()).unwrap(), one);
    one.merge(&other, &base).unwrap();
    assert_eq!(one.crosses().collect::<Vec<_>>(), [("i0", "i1"), ("i2", "i3")]);
    assert_eq!(Model::restore(&one.snapshot()).unwrap(), one);
    // Cells of both lessons speak: what they agree on is sure, and either moves what the other leaves.
    let mut scores = Scores::new();
    let mut p = |flags: [bool; 4]| {
        one.encode(flags.map(Input::Flag), &mut features).unwrap();
        one.score(&features, &[0], 0, &mut scores).unwrap();
        scores.p()[0]
    };
    let (yes, no) = (p([true, false, true, false]), p([true, true, true, true]));
    let (first, second) = (p([true, false, true, true]), p([true, true, true, false]));
    assert!(no < first.min(second) && first.max(second) < yes, "{no} {first} {second} {yes}");
}
