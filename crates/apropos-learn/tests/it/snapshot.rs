//! Snapshots: the format does not change by accident, and damage is always noticed.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use apropos_event::draw;
use apropos_learn::{
    Features, GroupDefinition, Input, InputDefinition, InputKind, Model, ModelDefinition, Outcome,
    RewardDefinition, SNAPSHOT_VERSION, SnapshotError,
};
use proptest::prelude::*;

use crate::{tries, world::action};

/// A small model that has learned a little of everything.
fn taught() -> Model {
    let input = |name: &str, kind| InputDefinition { name: name.to_owned(), kind };
    let definition = ModelDefinition {
        inputs: vec![
            input("x", InputKind::Number),
            input("c", InputKind::Category),
            input("f", InputKind::Flag),
        ],
        rewards: vec![RewardDefinition::new("click"), RewardDefinition::new("purchase")],
        full: apropos_learn::FullDefinition { features: 24, ..apropos_learn::FullDefinition::default() },
        ..ModelDefinition::default()
    };
    let mut model = Model::new(&definition, &[action(0), action(1)]).unwrap();
    let mut features = Features::new();
    for t in 0..300_u64 {
        let name = if t.is_multiple_of(3) { "a" } else { "b" };
        let inputs = [
            Input::Number(draw::uniform(2, "x", t)),
            Input::Category(name),
            Input::Flag(t.is_multiple_of(5)),
        ];
        model.encode(&inputs, &mut features).unwrap();
        for reward in 0..2 {
            let hit = f64::from(u8::from(draw::uniform(3 + u64::from(reward), "y", t) < 0.4));
            let outcome = Outcome { subject: Some(t), ..Outcome::new(reward, hit) };
            model.learn(&features, (t % 2) as u32, &outcome, 1.0).unwrap();
        }
    }
    model
}

static SNAPSHOT: LazyLock<Vec<u8>> = LazyLock::new(|| taught().snapshot());

#[test]
fn the_golden_snapshot_is_reproduced_to_the_bit() {
    // Written by this very test when it does not exist. The same bytes come from debug and release builds and from any
    // width of vectors; a change here is a change of the format or of what is learned, and needs a new version.
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/model-v3.bin");
    let bytes = taught().snapshot();
    let Ok(kept) = std::fs::read(golden) else {
        std::fs::write(golden, &bytes).unwrap();
        panic!("`{golden}` was missing and has been written; look at it and keep it");
    };
    assert!(kept == bytes, "the snapshot differs from `{golden}`");
    assert_eq!(Model::restore(&kept).unwrap(), taught());
}

#[test]
fn other_versions_and_strangers_are_refused() {
    let mut bytes = taught().snapshot();
    assert_eq!(Model::restore(b"hello"), Err(SnapshotError::NotASnapshot));
    bytes[4] = 99;
    assert_eq!(Model::restore(&bytes), Err(SnapshotError::Version { found: 99 }));
}

/// A model of some parts that are large enough for digests of their own, and of some that are not.
fn large() -> Model {
    let kinds = [InputKind::Number, InputKind::Category];
    let flags = std::iter::repeat_n(InputKind::Flag, 60);
    let inputs = (0..).zip(kinds.into_iter().chain(flags));
    let definition = ModelDefinition {
        inputs: inputs.map(|(at, kind): (u32, _)| InputDefinition { name: format!("i{at}"), kind }).collect(),
        groups: vec![GroupDefinition { name: "g".to_owned(), actions: vec![action(1), action(2)] }],
        rewards: vec![RewardDefinition::new("click"), RewardDefinition::new("purchase")],
        ..ModelDefinition::default()
    };
    Model::new(&definition, &(0..20).map(action).collect::<Vec<_>>()).unwrap()
}

#[test]
fn a_fingerprint_depends_on_the_content_alone() {
    let mut model = large();
    let base = model.clone();
    let mut features = Features::new();
    let mut seen = BTreeSet::from([model.fingerprint()]);
    for t in 0..240_u64 {
        let u = |slot: u64| draw::uniform(7, "u", t * 100 + slot);
        let inputs: Vec<Input<'_>> = [Input::Number(u(0)), Input::Code((u(1) * 9.0) as u64)]
            .into_iter()
            .chain((2..62).map(|slot| Input::Flag(u(slot) < 0.3)))
            .collect();
        model.encode(&inputs, &mut features).unwrap();
        let outcome = Outcome { subject: Some(t % 50), day: t as i32, ..Outcome::new((t % 2) as u32, 1.0) };
        match t {
            60 => assert_eq!(model.add_action(action(20)), Ok(20)),
            61 => assert!(model.learn(&features, 99, &outcome, 1.0).is_err()),
            62 => model.observe(&features),
            63 => {
                let other = model.clone();
                assert!(model.merge(&base, &base).is_err());
                assert_eq!(model, other);
                let mut further = model.clone();
                further.learn(&features, 3, &outcome, 1.0).unwrap();
                model.learn(&features, 4, &outcome, 1.0).unwrap();
                model.merge(&further, &other).unwrap();
            }
            // A few actions come often, so that their matrices are settled and forget.
            _ => model.learn(&features, (u(70) * u(71) * 6.0) as u32, &outcome, 1.0).unwrap(),
        }
        // Each state has its own, asked for every time or seldom, and one that comes from bytes has kept nothing.
        if t % 3 != 1 {
            assert!(seen.insert(model.fingerprint()), "{t}");
        }
        if t % 16 < 3 {
            let restored = Model::restore(&model.snapshot()).unwrap();
            assert_eq!(restored.fingerprint(), model.fingerprint(), "{t}");
        }
    }
}

proptest! {
    #![proptest_config(tries(64))]

    #[test]
    fn any_damage_is_noticed(at in 0.0..1.0_f64, flip in 1..=255_u8, cut in any::<bool>()) {
        let mut bytes = SNAPSHOT.clone();
        let at = (at * bytes.len() as f64) as usize;
        if cut { bytes.truncate(at) } else { bytes[at] ^= flip }
        prop_assert!(Model::restore(&bytes).is_err());
    }

    #[test]
    fn another_number_is_another_fingerprint(at in 0.0..1.0_f64, flip in 0..8_u8) {
        let mut bytes = SNAPSHOT.clone();
        let body = bytes.len() - 8;
        let at = 6 + (at * (body - 6) as f64) as usize;
        bytes[at] ^= 1 << flip;
        let checksum = draw::stable_hash(u64::from(SNAPSHOT_VERSION), &bytes[..body]);
        bytes[body..].copy_from_slice(&checksum.to_le_bytes());
        if let Ok(other) = Model::restore(&bytes) {
            prop_assert_eq!(other.fingerprint() == taught().fingerprint(), other.snapshot() == *SNAPSHOT);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut framed = b"APLM".to_vec();
        framed.extend(SNAPSHOT_VERSION.to_le_bytes());
        framed.extend(&bytes);
        framed.extend(draw::stable_hash(u64::from(SNAPSHOT_VERSION), &framed).to_le_bytes());
        prop_assert!(Model::restore(&framed).is_err());
    }
}
