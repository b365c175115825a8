//! What holds for all inputs: probabilities, explanations, order of candidates, merging.

use apropos_event::draw;
use apropos_learn::explore::{Policy, choose, probabilities};
use apropos_learn::{
    Features, FullDefinition, Input, InputDefinition, InputKind, Model, ModelDefinition, Outcome,
    RewardDefinition, Scores,
};
use proptest::prelude::*;

use crate::tries;
use crate::world::{Decider, World, action, definition, inputs};

fn policies() -> [Policy; 5] {
    [
        Policy::default(),
        Policy::EpsilonGreedy { epsilon: 0.1 },
        Policy::Softmax { temperature: 0.1 },
        Policy::Optimistic { optimism: 0.5 },
        Policy::Greedy,
    ]
}

proptest! {
    #![proptest_config(tries(256))]

    #[test]
    fn probabilities_sum_to_one_and_keep_the_floor(
        scores in prop::collection::vec(prop_oneof![8 => -1e6..1e6_f64, 1 => Just(f64::NAN), 1 => Just(f64::INFINITY)], 1..60),
        t in 0..u64::MAX,
        floor in 0.0..0.2_f64,
        scale in prop_oneof![Just(0.0), 1e-3..1e6_f64],
    ) {
        for policy in policies() {
            let mut out = Vec::new();
            probabilities(&policy, &scores, scale, t, floor, &mut out);
            prop_assert_eq!(out.len(), scores.len());
            let sum: f64 = out.iter().sum();
            prop_assert!((sum - 1.0).abs() < 1e-9, "{:?}: {}", policy, sum);
            let least = if policy.is_deterministic() { 0.0 } else { floor / scores.len() as f64 - 1e-9 };
            prop_assert!(out.iter().all(|p| least <= *p && *p <= 1.0), "{:?}: {:?}", policy, out);
            let choice = choose(&out, draw::uniform(t, "u", 0)).unwrap();
            prop_assert_eq!(choice.probability, out[choice.index]);
            prop_assert!(0.0 < choice.probability);
        }
    }

    #[test]
    fn a_better_score_is_never_less_likely(scores in prop::collection::vec(0.0..1.0_f64, 2..20)) {
        for policy in policies() {
            let mut out = Vec::new();
            probabilities(&policy, &scores, 1.0, 100, 0.01, &mut out);
            for a in 0..scores.len() {
                for b in 0..scores.len() {
                    prop_assert!(scores[a] <= scores[b] || out[b] <= out[a] + 1e-12);
                }
            }
        }
    }
}

#[test]
fn choices_follow_the_logged_probabilities() {
    let scores = [0.021, 0.02, 0.018, 0.03, 0.0301];
    for policy in policies() {
        let mut out = Vec::new();
        probabilities(&policy, &scores, 1.0, 10, 0.05, &mut out);
        let draws = 100_000;
        let mut counts = [0.0_f64; 5];
        for n in 0..draws {
            counts[choose(&out, draw::uniform(3, "draw", n)).unwrap().index] += 1.0;
        }
        let expected = out.iter().map(|p| p * draws as f64);
        let chi: f64 =
            counts.iter().zip(expected).filter(|(_, e)| 0.0 < *e).map(|(c, e)| (c - e) * (c - e) / e).sum();
        // 0.001 of χ² with four degrees of freedom is 18.5.
        assert!(chi < 18.5, "{policy:?}: {chi}");
    }
}

#[test]
fn draws_follow_the_logged_probabilities_in_ten_thousand_contexts() {
    let world = World::new(11, 15);
    let mut model = Model::new(&definition(11), &(0..15).map(action).collect::<Vec<_>>()).unwrap();
    let candidates: Vec<u32> = (0..15).collect();
    let (mut decider, mut out) = (Decider::default(), Vec::new());
    let (redraws, mut squares, mut freedom) = (1_000_u64, 0.0, 0.0);
    for t in 0..10_000_u64 {
        let context = world.context(t);
        // An engine that logs for judging policies keeps a floor of one in a hundred.
        let chosen = decider.choose(&model, &context, &candidates, t);
        probabilities(&Policy::default(), decider.values(), 1.0, t + 1, 0.01, &mut out);
        assert!(
            (out.iter().sum::<f64>() - 1.0).abs() < 1e-12 && out.iter().all(|p| 0.01 / 15.0 <= p + 1e-15)
        );
        let mut counts = [0.0; 15];
        for n in 0..redraws {
            let u = draw::unit(draw::mix(draw::mix(t).wrapping_add(n)));
            counts[choose(&out, u).unwrap().index] += 1.0;
        }
        // What is expected less than five times is counted together.
        let (mut chi, mut cells, mut rest) = (0.0, 0.0_f64, (0.0, 0.0));
        for (count, p) in counts.iter().zip(&out) {
            let expected = p * redraws as f64;
            if expected < 5.0 {
                rest = (rest.0 + count, rest.1 + expected);
            } else {
                chi += (count - expected) * (count - expected) / expected;
                cells += 1.0;
            }
        }
        if 5.0 <= rest.1 {
            chi += (rest.0 - rest.1) * (rest.0 - rest.1) / rest.1;
            cells += 1.0;
        }
        if 2.0 <= cells {
            let degrees = cells - 1.0;
            // Wilson and Hilferty: the cube root is nearly normal. One in a thousand over 10,000 contexts is 5.2.
            let spread = 2.0 / (9.0 * degrees);
            let z = ((chi / degrees).cbrt() - (1.0 - spread)) / spread.sqrt();
            assert!(z < 5.2, "context {t}: {chi} with {degrees} degrees of freedom");
            squares += chi;
            freedom += degrees;
        }
        let outcome = Outcome::new(0, world.hit(chosen, &context, t));
        model.learn(&decider.features, chosen as u32, &outcome, 1.0).unwrap();
    }
    let z = (squares - freedom) / (2.0_f64 * freedom).sqrt();
    println!("all together: {squares:.0} with {freedom:.0} degrees of freedom, {z:.2} standard deviations");
    assert!(1_000.0 < freedom && z.abs() < 4.0, "{z}");
}

/// A model with all kinds of inputs, taught `rounds` outcomes from `from` on.
fn teach(model: &mut Model, from: u64, rounds: u64) {
    let mut features = Features::new();
    for t in from..from + rounds {
        let x = draw::uniform(9, "x", t) * 10.0;
        let names = ["red", "green", "blue"];
        let name = names[(draw::bits(9, "name", t) % 3) as usize];
        let x = if t % 17 == 0 { Input::Missing } else { Input::Number(x) };
        model.encode(&[x, Input::Category(name), Input::Flag(t.is_multiple_of(2))], &mut features).unwrap();
        let action = (draw::bits(9, "action", t) % 5) as u32;
        let rate = if name == names[action as usize % 3] { 0.7 } else { 0.2 };
        let hit = f64::from(u8::from(draw::uniform(9, "hit", t) < rate));
        model.learn(&features, action, &Outcome::new(0, hit), 1.0).unwrap();
    }
}

fn mixed(full: usize) -> Model {
    let input = |name: &str, kind| InputDefinition { name: name.to_owned(), kind };
    let definition = ModelDefinition {
        inputs: vec![
            input("x", InputKind::Number),
            input("colour", InputKind::Category),
            input("new", InputKind::Flag),
        ],
        crosses: vec![apropos_learn::CrossDefinition { left: "colour".to_owned(), right: "new".to_owned() }],
        groups: vec![apropos_learn::GroupDefinition {
            name: "g".to_owned(),
            actions: vec![action(1), action(3)],
        }],
        rewards: vec![RewardDefinition::new("click")],
        full: FullDefinition { features: full, ..FullDefinition::default() },
        ..ModelDefinition::default()
    };
    Model::new(&definition, &(0..5).map(action).collect::<Vec<_>>()).unwrap()
}

#[test]
fn contributions_sum_to_the_logit_in_both_tiers() {
    for full in [0, 64] {
        let mut model = mixed(full);
        teach(&mut model, 0, 3_000);
        let (mut features, mut scores) = (Features::new(), Scores::new());
        for t in 0..200 {
            let x = Input::Number(draw::uniform(4, "x", t) * 12.0 - 1.0);
            model.encode(&[x, Input::Category("red"), Input::Flag(true)], &mut features).unwrap();
            let action = (t % 5) as u32;
            model.score(&features, &[action], 0, &mut scores).unwrap();
            let explained = model.explain(&features, action, 0).unwrap();
            assert_eq!(explained.logit, f64::from(scores.get(0).unwrap().mean));
            assert!((explained.sum() - explained.logit).abs() < 1e-5, "{full}: {explained:?}");
        }
    }
}

#[test]
fn an_estimate_does_not_depend_on_the_other_candidates() {
    for full in [0, 64] {
        let mut model = mixed(full);
        teach(&mut model, 0, 1_000);
        let (mut features, mut all, mut one) = (Features::new(), Scores::new(), Scores::new());
        model.encode(&[Input::Number(3.0), Input::Category("blue"), Input::Missing], &mut features).unwrap();
        model.score(&features, &[4, 2, 0, 1, 3], 0, &mut all).unwrap();
        for (place, action) in [4, 2, 0, 1, 3].into_iter().enumerate() {
            model.score(&features, &[action], 0, &mut one).unwrap();
            assert_eq!(one.get(0), all.get(place));
        }
    }
}

#[test]
fn merging_with_one_that_learned_nothing_changes_no_weight() {
    for full in [0, 64] {
        let mut base = mixed(full);
        teach(&mut base, 0, 500);
        let mut taught = base.clone();
        teach(&mut taught, 500, 500);
        let before = taught.clone();
        taught.merge(&base, &base).unwrap();
        let (mut features, mut a, mut b) = (Features::new(), Scores::new(), Scores::new());
        for t in 0..50 {
            let x = Input::Number(f64::from(t) / 5.0);
            before.encode(&[x, Input::Category("green"), Input::Flag(true)], &mut features).unwrap();
            before.score(&features, &[0, 1, 2, 3, 4], 0, &mut a).unwrap();
            taught.score(&features, &[0, 1, 2, 3, 4], 0, &mut b).unwrap();
            for (a, b) in a.iter().zip(b.iter()) {
                assert!((a.mean - b.mean).abs() < 1e-3, "{full}: {a:?} {b:?}");
            }
        }
    }
}

#[test]
fn two_halves_merged_come_closer_to_the_whole_than_either() {
    for full in [0, 64] {
        let mut base = mixed(full);
        teach(&mut base, 0, 300);
        let (mut left, mut right, mut whole) = (base.clone(), base.clone(), base.clone());
        teach(&mut left, 300, 1_500);
        teach(&mut right, 1_800, 1_500);
        teach(&mut whole, 300, 3_000);
        let mut merged = left.clone();
        merged.merge(&right, &base).unwrap();
        assert_eq!(merged.updates(0), whole.updates(0));
        let mut distance = [0.0; 3];
        let (mut features, mut truth, mut scores) = (Features::new(), Scores::new(), Scores::new());
        for t in 0..100 {
            let names = ["red", "green", "blue"];
            let inputs = [
                Input::Number(f64::from(t) / 10.0),
                Input::Category(names[t as usize % 3]),
                Input::Flag(t < 50),
            ];
            whole.encode(&inputs, &mut features).unwrap();
            whole.score(&features, &[0, 1, 2, 3, 4], 0, &mut truth).unwrap();
            for (model, sum) in [&merged, &left, &right].into_iter().zip(&mut distance) {
                model.encode(&inputs, &mut features).unwrap();
                model.score(&features, &[0, 1, 2, 3, 4], 0, &mut scores).unwrap();
                *sum += truth
                    .iter()
                    .zip(scores.iter())
                    .map(|(a, b)| f64::from((a.mean - b.mean).abs()))
                    .sum::<f64>();
            }
        }
        let [merged, left, right] = distance;
        assert!(merged < left && merged < right, "{full}: {distance:?}");
    }
}

#[test]
fn the_same_updates_give_the_same_bytes() {
    let world = World::new(3, 4);
    let run = || {
        let mut model = Model::new(&definition(1), &(0..4).map(action).collect::<Vec<_>>()).unwrap();
        let mut features = Features::new();
        for t in 0..2_000 {
            let context = world.context(t);
            model.encode(&inputs(&context), &mut features).unwrap();
            let action = (t % 4) as usize;
            model
                .learn(&features, action as u32, &Outcome::new(0, world.hit(action, &context, t)), 1.0)
                .unwrap();
        }
        model.snapshot()
    };
    assert_eq!(run(), run());
}
