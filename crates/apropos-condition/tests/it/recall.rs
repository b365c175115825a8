//! What an index remembers of past decisions is what it would find out again.

use apropos_condition::{
    AttributeDefinition, AttributeType, Condition, Facts, Index, IndexBuilder, OnUnknown, Schema,
    SchemaBuilder, Scratch,
};
use apropos_event::{Path, Problems};
use proptest::prelude::*;

const TEXTS: [&str; 8] = [
    "p.age >= 18 && p.tier == 'gold'",
    "p.age < 3 || p.visits > 5",
    "p.visits in [1, 2, 3]",
    "!(p.tier == 'iron') && p.age != 7",
    "p.member",
    "p.member || p.age > 40 && p.visits == 0",
    "p.visits > 2 && p.visits < 5 && p.member",
    "p.age > p.visits",
];

/// Each of the first `conditions` under both meanings of unknown; the last compares two attributes.
fn index(conditions: usize, subjects: usize) -> (Schema, Index) {
    let mut names = SchemaBuilder::new();
    let mut problems = Problems::new();
    for (name, kind) in [
        ("p.age", AttributeType::Int),
        ("p.visits", AttributeType::Int),
        ("p.tier", AttributeType::Text),
        ("p.member", AttributeType::Bool),
    ] {
        names.declare(&Path::root(), AttributeDefinition::new(name.parse().unwrap(), kind), &mut problems);
    }
    let read = |text: &&str| Condition::parse(text, &mut names).unwrap().0;
    let read: Vec<Condition> = TEXTS.iter().take(conditions).map(read).collect();
    let schema = names.build();
    let mut builder = IndexBuilder::new(&schema);
    (0..3).for_each(|ruleset| builder.reserve(ruleset, subjects));
    for subject in 0..subjects {
        for (at, condition) in read.iter().enumerate().filter(|(at, _)| (subject >> at) & 1 == 1) {
            let unknown = if at % 2 == 0 { OnUnknown::Fails } else { OnUnknown::Holds };
            builder.add(at % 3, subject, condition, unknown);
        }
    }
    (schema, builder.build())
}

type Row = (Option<i64>, Option<i64>, u8, Option<bool>);

fn write(schema: &Schema, (age, visits, tier, member): Row, facts: &mut Facts) {
    facts.reset();
    let id = |name: &str| schema.id(name).unwrap();
    if let Some(age) = age {
        facts.set_int(id("p.age"), age);
    }
    if let Some(visits) = visits {
        facts.set_int(id("p.visits"), visits);
    }
    if let Some(tier) = ["gold", "iron", "other"].get(usize::from(tier)) {
        facts.set_text(id("p.tier"), tier);
    }
    if let Some(member) = member {
        facts.set_bool(id("p.member"), member);
    }
}

proptest! {
    #[test]
    fn what_is_remembered_is_what_would_be_found(
        conditions in 1..=TEXTS.len(),
        subjects in 1_usize..70,
        rows in proptest::collection::vec(
            (proptest::option::of(0_i64..44), proptest::option::of(0_i64..7), 0_u8..4, proptest::option::of(any::<bool>())),
            1..200,
        ),
    ) {
        let (schema, index) = index(conditions, subjects);
        let mut facts = Facts::new(&schema);
        let mut kept = Scratch::new(&index);
        for (number, row) in rows.into_iter().enumerate() {
            write(&schema, row, &mut facts);
            index.evaluate(&facts, &mut kept);
            // A scratch of its own remembers nothing.
            let mut fresh = Scratch::new(&index);
            index.evaluate(&facts, &mut fresh);
            for ruleset in 0..3 {
                prop_assert_eq!(kept.holding(ruleset), fresh.holding(ruleset));
                // Not all are asked each time, so that some are found out on a later visit.
                for subject in (0..subjects).filter(|subject| (subject + number) % 3 != 0) {
                    let again = index.first_failure(ruleset, subject, &mut kept);
                    prop_assert_eq!(again, index.first_failure(ruleset, subject, &mut fresh));
                    prop_assert_eq!(again.is_none(), fresh.holding(ruleset).contains(subject));
                    prop_assert_eq!(
                        index.truth_of(ruleset, subject, &kept),
                        index.truth_of(ruleset, subject, &fresh)
                    );
                }
            }
            if number % 7 == 0 {
                // One ruleset alone leaves the others as they were.
                index.evaluate_ruleset(1, &facts, &mut kept);
                prop_assert_eq!(kept.holding(1), fresh.holding(1));
                prop_assert_eq!(kept.holding(2), fresh.holding(2));
            }
        }
    }
}
