//! Readers of logs never panic, and what they accept they give back.

use apropos_evaluate::logs::{Candidate, DecisionRecord, Features, Slot, dsjson, open_bandit, plain, vw};
use proptest::prelude::*;

/// Numbers with few digits: JSON keeps 17 of them, and its reader may be off in the last.
fn number(limit: i32) -> impl Strategy<Value = f64> {
    (-limit..limit).prop_map(|n| f64::from(n) / 64.0)
}

fn features() -> impl Strategy<Value = Features> {
    let member = prop::collection::btree_map("[a-z=]{1,6}", number(1_000_000), 1..4);
    prop::collection::btree_map("[A-Z][a-z]{0,4}", member, 0..3)
}

fn record() -> impl Strategy<Value = DecisionRecord> {
    let candidates = prop::collection::vec(features(), 1..6);
    (features(), candidates, any::<prop::sample::Index>(), 1_u32..=64, number(100)).prop_map(
        |(shared, actions, chosen, sixty_fourths, reward)| {
            let probability = f64::from(sixty_fourths) / 64.0;
            let chosen = chosen.index(actions.len());
            let candidates: Vec<Candidate> =
                actions.into_iter().map(|features| Candidate { features, ..Candidate::default() }).collect();
            let slot = Slot { position: 0, chosen, probability, reward: Some(reward) };
            DecisionRecord { shared, ..DecisionRecord::single(candidates, Some(slot)) }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn every_format_gives_back_what_was_written(record in record()) {
        prop_assert_eq!(&DecisionRecord::from_json(&record.to_json()).unwrap(), &record);
        prop_assert_eq!(&dsjson::read(&dsjson::write(&record).unwrap()).unwrap(), &record);
        let text = vw::write(&record).unwrap();
        let found = vw::read(&text).unwrap();
        prop_assert_eq!(found.len(), 1);
        prop_assert_eq!(&found[0].1, &record);
    }

    #[test]
    fn no_text_makes_a_reader_panic(text in ".{0,200}", cut in 0_usize..400) {
        let _ = (DecisionRecord::from_json(&text), dsjson::read(&text), plain::read(&text), vw::read(&text));
        if let Ok(columns) = open_bandit::Columns::find("item_id,position,click,propensity_score,user_item_affinity") {
            let _ = columns.read(&text);
        }
        let whole = r#"{"_labelIndex":1,"_label_cost":-1,"_label_probability":0.8,"a":[2,1],"c":{"U":{"a":1},"_multi":[{},{}]},"p":[0.8,0.2]}"#;
        let broken: String = whole.chars().take(cut).chain(text.chars()).collect();
        let _ = dsjson::read(&broken);
    }
}
