//! Newcomers, drift, delay, calibration: simulated streams with the pass lines of the documents.

use std::collections::VecDeque;

use apropos_event::{DecisionId, Duration, Timestamp, draw};
use apropos_learn::{
    DelayCurve, Features, InputDefinition, InputKind, LearningDefinition, Model, ModelDefinition, Outcome,
    RewardDefinition, Scores,
    join::{Decided, Joined, Joiner},
};

use crate::times;
use crate::world::{Decider, World, action, definition, inputs, lost};

/// Newcomers' share of the first 10,000 decisions after launch and clicks lost over 30,000, with outcomes 5,000 decisions
/// late; `dynamic` launches them with the dynamic prior, otherwise they start from the base rate.
fn launch(seed: u64, dynamic: bool) -> (f64, f64) {
    const OLD: usize = 15;
    const ALL: usize = 20;
    const WARM: u64 = 20_000;
    let world = World::new(seed, ALL);
    let known = if dynamic { OLD } else { ALL };
    let mut model = Model::new(&definition(seed), &(0..known).map(action).collect::<Vec<_>>()).unwrap();
    let mut candidates: Vec<u32> = (0..OLD as u32).collect();
    let mut decider = Decider::default();
    let mut waiting: VecDeque<(Features, usize, f64)> = VecDeque::new();
    let (mut newcomers, mut total) = (0_u32, 0.0);
    for t in 0..WARM + 30_000 {
        if t == WARM {
            for new in OLD..ALL {
                let index = if dynamic { model.add_action(action(new)).unwrap() } else { new as u32 };
                candidates.push(index);
            }
        }
        let context = world.context(t);
        let chosen = decider.choose(&model, &context, &candidates, t);
        if WARM <= t {
            let best = (0..ALL).map(|a| world.rate(a, &context)).fold(0.0, f64::max);
            total += best - world.rate(chosen, &context);
            newcomers += u32::from(OLD <= chosen && t < WARM + 10_000);
        }
        waiting.push_back((decider.features.clone(), chosen, world.hit(chosen, &context, t)));
        let delay = if t < WARM { 0 } else { 5_000 };
        while delay < waiting.len() {
            let (features, chosen, hit) = waiting.pop_front().unwrap();
            model.learn(&features, chosen as u32, &Outcome::new(0, hit), 1.0).unwrap();
        }
    }
    (f64::from(newcomers) / 10_000.0, total)
}

#[test]
fn newcomers_are_tried_but_do_not_crowd_out_what_works() {
    // Where newcomers are as good as the rest, the two priors lose nearly the same: it takes seeds to tell.
    let seeds = 30 * times();
    let (mut share, mut dynamic, mut base) = (0.0, 0.0, 0.0);
    for seed in 1..=seeds {
        let (newcomers, total) = launch(seed, true);
        share += newcomers / seeds as f64;
        dynamic += total;
        base += launch(seed, false).1;
    }
    println!("newcomers' share {share:.3}; lost {dynamic:.0} with the dynamic prior, {base:.0} without");
    assert!(share <= 0.30, "{share}");
    assert!(0.005 < share, "newcomers starve: {share}");
    assert!(dynamic <= base, "{dynamic} against {base}");
}

#[test]
fn forgetting_pays_under_drift_and_costs_little_without() {
    let seeds = 2 * times();
    let steps = 120_000;
    let still = |_: &mut World, _: u64| {};
    let drift = |world: &mut World, t: u64| {
        if t != 0 && t.is_multiple_of(40_000) {
            let era = t / 40_000;
            (0..15).filter(|a| (a + era as usize).is_multiple_of(2)).for_each(|a| world.redraw(a, era));
        }
    };
    let mut sums = [0.0; 4];
    for seed in 1..=seeds {
        let kept = definition(seed);
        let never = ModelDefinition {
            learning: LearningDefinition { half_life: 0.0, ..LearningDefinition::default() },
            ..kept.clone()
        };
        sums[0] += lost(&kept, &mut World::new(seed, 15), steps, drift);
        sums[1] += lost(&never, &mut World::new(seed, 15), steps, drift);
        sums[2] += lost(&kept, &mut World::new(seed, 15), steps, still);
        sums[3] += lost(&never, &mut World::new(seed, 15), steps, still);
    }
    let [drifting, drifting_never, steady, steady_never] = sums;
    println!(
        "lost: drift {drifting:.0} against {drifting_never:.0}, steady {steady:.0} against {steady_never:.0}"
    );
    assert!(drifting <= 0.85 * drifting_never, "{drifting} against {drifting_never}");
    assert!(steady <= 1.07 * steady_never, "{steady} against {steady_never}");
}

/// Prediction over truth from a fifth of the run on, when outcomes take 20,000 s on average and `assumed` is believed.
fn delayed(seed: u64, assumed: i64) -> (f64, f64) {
    let steps = 100_000_u64;
    let window = Duration::from_secs(60_000);
    let world = World::new(seed, 1);
    let definition = ModelDefinition {
        rewards: vec![RewardDefinition {
            window,
            looks: vec![Duration::from_secs(5_000), Duration::from_secs(20_000)],
            base_rate: 0.05,
            ..RewardDefinition::new("purchase")
        }],
        ..definition(seed)
    };
    let mut model = Model::new(&definition, &[action(0)]).unwrap();
    let mut joiner = Joiner::new(&model).with_curve(0, DelayCurve::new(window, Duration::from_secs(assumed)));
    let (mut features, mut scores) = (Features::new(), Scores::new());
    let mut coming: std::collections::BTreeSet<(u64, u64)> = std::collections::BTreeSet::new();
    let (mut predicted, mut truth) = (0.0, 0.0);
    let at = |t: u64| Timestamp::from_secs_saturating(t as i64);
    let id = |t: u64| DecisionId::new(format!("d{t}")).unwrap();
    for t in 0..steps {
        let context = world.context(t);
        model.encode(&inputs(&context), &mut features).unwrap();
        // Three times the usual rate, so that fewer seeds tell as much.
        let rate = (3.0 * world.rate(0, &context)).min(0.9);
        if steps / 5 <= t {
            model.score(&features, &[0], 0, &mut scores).unwrap();
            predicted += f64::from(scores.p()[0]);
            truth += rate * (1.0 - (-3.0_f64).exp());
        }
        let features = features.clone();
        let decided = Decided { id: id(t), features, action: 0, at: at(t), weight: 1.0, subject: None };
        joiner.decided(&model, decided).unwrap();
        if draw::uniform(seed, "converts", t) < rate {
            let delay = -20_000.0 * (1.0 - draw::uniform(seed, "delay", t)).ln();
            coming.insert((t + 1 + delay as u64, t));
        }
        joiner.advance(&mut model, at(t));
        while let Some(&(when, decision)) = coming.first().filter(|(when, _)| *when <= t) {
            coming.remove(&(when, decision));
            let late = window < at(when).since(at(decision));
            match joiner.outcome(&mut model, &id(decision), 0, 1.0, at(when)) {
                Ok(Joined::Noted) => assert!(!late),
                // After its window the decision no longer waits.
                Ok(Joined::Late) | Err(_) => assert!(late),
                Ok(other) => panic!("{other:?}"),
            }
        }
    }
    (predicted, truth)
}

#[test]
fn predictions_stay_calibrated_while_outcomes_are_late() {
    let seeds = 2 * times();
    // With a mean that is half wrong, the curve must be fitted from outcomes whose windows are open.
    for (assumed, low, high) in [(20_000, 0.97, 1.03), (30_000, 0.95, 1.05), (10_000, 0.95, 1.05)] {
        let (mut predicted, mut truth) = (0.0, 0.0);
        for seed in 1..=seeds {
            let (p, t) = delayed(seed, assumed);
            predicted += p;
            truth += t;
        }
        let ratio = predicted / truth;
        println!("assumed mean {assumed}: prediction/truth {ratio:.4}");
        assert!((low..=high).contains(&ratio), "{assumed}: {ratio}");
    }
}

#[test]
fn probabilities_are_calibrated_where_the_truth_is_no_logistic() {
    let input = |name: &str| InputDefinition { name: name.to_owned(), kind: InputKind::Number };
    let definition = ModelDefinition {
        inputs: vec![input("x"), input("y")],
        rewards: vec![RewardDefinition { base_rate: 0.05, ..RewardDefinition::new("click") }],
        ..ModelDefinition::default()
    };
    let mut model = Model::new(&definition, &[action(0)]).unwrap();
    let (mut features, mut scores) = (Features::new(), Scores::new());
    let mut seen = Vec::new();
    for t in 0..60_000 {
        let (x, y) = (draw::uniform(1, "x", t), draw::uniform(1, "y", t));
        let rate = 0.02 + 0.1 * f64::from(u8::from(0.7 < x)) + 0.1 * x * y;
        let inputs = [x, (6.0 * y).exp()].map(apropos_learn::Input::Number);
        model.encode(&inputs, &mut features).unwrap();
        model.score(&features, &[0], 0, &mut scores).unwrap();
        let hit = f64::from(u8::from(draw::uniform(1, "hit", t) < rate));
        if 10_000 <= t {
            seen.push((f64::from(scores.p()[0]), hit));
        }
        model.learn(&features, 0, &Outcome::new(0, hit), 1.0).unwrap();
    }
    seen.sort_by(|a, b| a.0.total_cmp(&b.0));
    let bins = seen.chunks(seen.len() / 20);
    let error: f64 = bins.map(|bin| bin.iter().map(|(p, hit)| p - hit).sum::<f64>().abs()).sum();
    let ece = error / seen.len() as f64;
    println!("expected calibration error over 20 equal bins: {ece:.4}");
    assert!(ece <= 0.02, "{ece}");
}
