//! The compiled engine, the plain evaluation and the naive reference agree on random conditions, and the random
//! conditions are worth agreeing on.

use std::collections::BTreeMap;

use apropos_condition::{Condition, Facts, IndexBuilder, OnUnknown, Scratch, Truth};

use crate::generator::{Generator, Rng, facts, schema};
use crate::reference::{self, V};

const BATCH: usize = 500;
const ROWS: usize = 4;

fn cases() -> usize {
    #[expect(clippy::disallowed_methods, reason = "how many cases a test takes is not a decision")]
    let set = std::env::var("APROPOS_CASES").ok();
    set.and_then(|text| text.parse().ok()).unwrap_or(200_000)
}

/// What came out, over all conditions and facts.
#[derive(Default)]
struct Tally {
    truths: [u64; 3],
    seen: BTreeMap<&'static str, u64>,
}

#[test]
fn index_and_plain_evaluation_agree_with_the_reference() {
    let mut tally = Tally::default();
    let batches = cases().div_ceil(BATCH);
    for batch in 0..batches {
        check_batch(batch as u64, &mut tally);
    }
    let all: u64 = tally.truths.iter().sum();
    let share = |truth: Truth| tally.truths[truth as usize] as f64 / all as f64;
    let evaluated = 1.0 - share(Truth::Unknown);
    println!(
        "{} conditions: {:.1} % evaluate, of these {:.1} % true",
        batches * BATCH,
        100.0 * evaluated,
        100.0 * share(Truth::True) / evaluated
    );
    assert!(0.8 <= evaluated, "only {evaluated} of the evaluations have a value");
    assert!(0.3 <= share(Truth::True), "{}", share(Truth::True));
    assert!(0.3 <= share(Truth::False), "{}", share(Truth::False));
    for operator in [
        "all",
        "any",
        "not",
        "attribute",
        "has",
        "equal",
        "not_equal",
        "less",
        "at_most",
        "greater",
        "at_least",
        "in",
        "add",
        "subtract",
        "multiply",
        "divide",
        "remainder",
        "negate",
        "index",
        "if",
        "contains",
        "startsWith",
        "endsWith",
        "matches",
        "size",
        "int",
        "double",
        "string",
        "abs",
        "max",
        "days_since",
        "duration",
        "every",
        "exists",
        "exists_one",
        "filter",
        "transform",
    ] {
        assert!(tally.seen.contains_key(operator), "`{operator}` was never generated");
    }
}

fn check_batch(batch: u64, tally: &mut Tally) {
    let mut names = schema();
    let mut generator = Generator::new(Rng::new(batch.wrapping_mul(0x1234_5678_9abc_def1)));
    let mut conditions = Vec::with_capacity(BATCH);
    for _ in 0..BATCH {
        let depth = generator.rng.below(4);
        let tree = generator.condition(depth);
        let (condition, _) =
            Condition::from_tree(&tree, &mut names).unwrap_or_else(|problems| panic!("{tree:?}\n{problems}"));
        conditions.push((tree, condition));
    }
    for (operator, count) in &generator.seen {
        *tally.seen.entry(operator).or_default() += count;
    }
    let schema = names.build();
    // The same conditions under both meanings of unknown, spread over fewer subjects than conditions.
    let mut builder = IndexBuilder::new(&schema);
    for (at, (_, condition)) in conditions.iter().enumerate() {
        builder.add(0, at, condition, OnUnknown::Fails);
        builder.add(1, at, condition, OnUnknown::Holds);
        builder.add(2, at / 3, condition, OnUnknown::Fails);
    }
    let index = builder.build();
    let mut scratch = Scratch::new(&index);
    let mut row = Facts::new(&schema);
    let mut rng = Rng::new(batch);
    for _ in 0..ROWS {
        let (seen, given) = facts(&mut rng);
        row.reset();
        for (name, value) in &given {
            row.set_value(schema.id(name).unwrap(), value).unwrap();
        }
        index.evaluate(&row, &mut scratch);
        let mut together = vec![true; BATCH.div_ceil(3)];
        for (at, (tree, condition)) in conditions.iter().enumerate() {
            let expected = match reference::evaluate(tree, &seen, &mut Vec::new()) {
                Ok(V::Bool(b)) => Truth::from(b),
                _ => Truth::Unknown,
            };
            tally.truths[expected as usize] += 1;
            let shown = || format!("{condition}\n{seen:?}");
            let (plainly, steps) = condition.evaluate_counted(&row);
            assert_eq!(plainly, expected, "plainly: {}", shown());
            assert!(steps <= condition.cost(), "{steps} of {} steps: {}", condition.cost(), shown());
            assert_eq!(scratch.holding(0).contains(at), expected == Truth::True, "index: {}", shown());
            assert_eq!(scratch.holding(1).contains(at), expected != Truth::False, "index: {}", shown());
            let failure = index.first_failure(0, at, &mut scratch);
            assert_eq!(failure.is_none(), expected == Truth::True, "{}", shown());
            if let Some(failure) = failure {
                assert!(condition.text().get(index.span_of(0, at, failure).unwrap()).is_some());
            }
            assert_eq!(index.truth_of(0, at, &scratch), expected, "{}", shown());
            together[at / 3] &= expected == Truth::True;
        }
        for (subject, holds) in together.iter().enumerate() {
            assert_eq!(scratch.holding(2).contains(subject), *holds);
        }
    }
}

#[test]
fn tree_and_text_say_the_same() {
    let mut names = schema();
    let mut generator = Generator::new(Rng::new(7));
    for _ in 0..2_000 {
        let tree = generator.condition(3);
        let (condition, _) = Condition::from_tree(&tree, &mut names).unwrap();
        let (again, _) = Condition::parse(&condition.canonical(), &mut names).unwrap();
        assert_eq!(again.canonical(), condition.canonical());
        assert_eq!(again.to_tree(), condition.to_tree());
        let (json, _) = Condition::from_json(&condition.to_json(), &mut names).unwrap();
        assert_eq!(json.canonical(), condition.canonical());
    }
}
