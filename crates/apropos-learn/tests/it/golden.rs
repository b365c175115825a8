//! One long run over everything, whose every bit is kept: the same in debug and release builds, on any machine.

use std::collections::BTreeMap;

use apropos_event::{DecisionId, Duration, Timestamp, draw};
use apropos_learn::join::{Decided, Joiner};
use apropos_learn::{
    CrossDefinition, Features, GroupDefinition, Input, InputDefinition, InputKind, Model, ModelDefinition,
    RewardDefinition, Scores, explore,
};

use crate::world::action;

/// Folds `bits` into a digest.
fn fold(digest: &mut u64, bits: u64) {
    *digest = draw::mix(*digest ^ draw::mix(bits));
}

/// A digest of every probability, estimate and weight of 6,000 decisions with delayed outcomes of two kinds.
fn digest(full: usize) -> String {
    let input = |name: &str, kind| InputDefinition { name: name.to_owned(), kind };
    let mut definition = ModelDefinition {
        inputs: vec![
            input("age", InputKind::Number),
            input("spent", InputKind::Number),
            input("channel", InputKind::Category),
            input("town", InputKind::Category),
            input("new", InputKind::Flag),
            input("member", InputKind::Flag),
        ],
        crosses: vec![CrossDefinition { left: "channel".to_owned(), right: "new".to_owned() }],
        groups: vec![GroupDefinition {
            name: "g".to_owned(),
            actions: vec![action(1), action(4), action(9)],
        }],
        rewards: vec![
            RewardDefinition { base_rate: 0.1, ..RewardDefinition::new("click") },
            RewardDefinition {
                window: Duration::from_hours(3),
                looks: vec![Duration::from_mins(20), Duration::from_hours(1)],
                base_rate: 0.05,
                ..RewardDefinition::new("purchase")
            },
        ],
        seed: 3,
        ..ModelDefinition::default()
    };
    definition.full.features = full;
    let mut model = Model::new(&definition, &(0..11).map(action).collect::<Vec<_>>()).unwrap();
    let mut joiner = Joiner::new(&model);
    let (mut features, mut scores) = (Features::new(), Scores::new());
    let (mut values, mut probabilities) = (Vec::new(), Vec::new());
    let mut coming: BTreeMap<(i64, u64), u32> = BTreeMap::new();
    let mut candidates: Vec<u32> = (0..11).collect();
    let mut digest = 0;
    let policy = definition.exploration.policy;
    let id = |t: u64| DecisionId::new(format!("d{t}")).unwrap();
    for t in 0..6_000_u64 {
        let u = |slot: u64| draw::uniform(5, "u", t * 16 + slot);
        if t == 3_000 {
            candidates.push(model.add_action(action(11)).unwrap());
        }
        let inputs = [
            if u(0) < 0.1 { Input::Missing } else { Input::Number(18.0 + 60.0 * u(1)) },
            Input::Number(1e3 * u(2) * u(3) * u(4)),
            Input::Category(["web", "shop", "mail"][(3.0 * u(5)) as usize]),
            Input::Code((40.0 * u(6) * u(7)) as u64),
            Input::Flag(u(8) < 0.2),
            Input::Flag(u(9) < 0.5),
        ];
        model.encode(inputs, &mut features).unwrap();
        model.score(&features, &candidates, 0, &mut scores).unwrap();
        scores.optimistic(policy.optimism(), &mut values);
        explore::probabilities(&policy, &values, 1.0, t + 1, 0.01, &mut probabilities);
        let choice = explore::choose(&probabilities, u(10)).unwrap();
        for p in &probabilities {
            fold(&mut digest, p.to_bits());
        }
        for estimate in scores.iter() {
            fold(&mut digest, u64::from(estimate.p.to_bits()));
        }
        let now = t as i64 * 60;
        let decided = Decided {
            id: id(t),
            features: features.clone(),
            action: candidates[choice.index],
            at: Timestamp::from_secs_saturating(now),
            weight: 1.0,
            subject: Some(draw::bits(5, "subject", t) % 500),
        };
        joiner.decided(&model, decided).unwrap();
        let likes = if (u(8) < 0.2) ^ (u(9) < 0.5) { 0.3 } else { 0.05 };
        if u(11) < likes + 0.02 * choice.index as f64 {
            coming.insert((now + 60 + (600.0 * u(12)) as i64, 2 * t), 0);
        }
        if u(13) < likes / 2.0 {
            coming.insert((now + 60 + (20_000.0 * u(14) * u(15)) as i64, 2 * t + 1), 1);
        }
        while let Some(((at, key), reward)) = coming.first_key_value().map(|(key, reward)| (*key, *reward))
            && at <= now
        {
            coming.remove(&(at, key));
            // Some come after their window, or are refused to a subject that has had its say.
            let _ =
                joiner.outcome(&mut model, &id(key / 2), reward, 1.0, Timestamp::from_secs_saturating(at));
        }
        joiner.advance(&mut model, Timestamp::from_secs_saturating(now));
    }
    let weights = model.fingerprint().iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    format!("{full} {digest:016x} {weights} {}", model.crosses().count())
}

#[test]
fn a_long_run_gives_the_same_bits_in_debug_and_release() {
    // Written by this very test when it does not exist. `cargo test -p apropos-learn golden` and the same with `--release`
    // must both pass: what is kept was made by one of them.
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/run-v3.txt");
    let lines = [0, 32, 384].map(digest).join("\n");
    let Ok(kept) = std::fs::read_to_string(golden) else {
        std::fs::write(golden, format!("{lines}\n")).unwrap();
        panic!("`{golden}` was missing and has been written; look at it and keep it");
    };
    assert_eq!(kept.trim_end(), lines);
}
