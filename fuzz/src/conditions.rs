//! Bytes in, and what must hold of every condition that they spell.

use apropos_condition::{
    AttributeDefinition, AttributeType, Condition, Facts, Index, IndexBuilder, OnUnknown, Schema,
    SchemaBuilder, Scratch, Truth,
};
use apropos_event::{Path, Problems, Value};

use crate::generator::{self, Generator, Rng};
use crate::reference::{self, V};

/// Any bytes as the text of a condition. Gives whether it was one.
pub(crate) fn text(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let mut names = names();
    let parsed = Condition::parse(text, &mut names);
    parsed.is_ok_and(|(condition, _)| holds(&condition, names))
}

/// Any bytes as the tree of a condition in JSON. Gives whether it was one.
pub(crate) fn json(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let mut names = names();
    let parsed = Condition::from_json(text, &mut names);
    parsed.is_ok_and(|(condition, _)| holds(&condition, names))
}

/// Any bytes as the choices of a generator of well-typed conditions and facts: the index, the plain evaluation and a
/// naive interpreter of the tree agree on them.
pub(crate) fn agreement(bytes: &[u8]) -> bool {
    let mut generator = Generator::new(Rng::of(bytes));
    let mut names = generator::schema();
    let trees = [3, 2, 1].map(|depth| generator.condition(depth));
    let (seen, given) = generator::facts(&mut generator.rng);
    let conditions = trees.map(|tree| {
        let condition = Condition::from_tree(&tree, &mut names).map(|(condition, _)| condition);
        (tree, condition)
    });
    let schema = names.build();
    let mut facts = Facts::new(&schema);
    for (name, value) in &given {
        if let Some(id) = schema.id(name) {
            assert_eq!(facts.set_value(id, value), Ok(()), "`{name}`");
        }
    }
    for (tree, condition) in &conditions {
        let condition = match condition {
            Ok(condition) => condition,
            Err(problems) => {
                // The generator's patterns are sound, so there can only be too many of them.
                let only = problems.iter().all(|problem| problem.code == "condition/pattern");
                assert!(only, "a well-typed tree is refused: {tree:?}");
                continue;
            }
        };
        let expected = match reference::evaluate(tree, &seen, &mut Vec::new()) {
            Ok(V::Bool(b)) => Truth::from(b),
            _ => Truth::Unknown,
        };
        assert_eq!(condition.evaluate(&facts), expected, "{condition}");
        compare(condition, &schema, &facts);
    }
    true
}

/// Names that a fuzzer finds by chance.
fn names() -> SchemaBuilder {
    let mut names = SchemaBuilder::new();
    let kinds = [
        ("a", AttributeType::Int),
        ("b", AttributeType::Bool),
        ("d", AttributeType::Decimal),
        ("f", AttributeType::Double),
        ("t", AttributeType::Text),
        ("l", AttributeType::list(AttributeType::Int)),
        ("m", AttributeType::map(AttributeType::Dynamic)),
        ("s", AttributeType::set(AttributeType::Text)),
        ("x.y", AttributeType::Dynamic),
        ("w", AttributeType::Duration),
    ];
    for (name, kind) in kinds {
        if let Ok(name) = name.parse() {
            names.declare(&Path::root(), AttributeDefinition::new(name, kind), &mut Problems::new());
        }
    }
    names
}

/// Three customers: one of whom nothing is known, and two of whom everything is.
fn customers(schema: &Schema) -> [Facts; 3] {
    let text = |text: &str| Value::Text(text.to_owned());
    let list = |items: &[Value]| Value::List(items.to_vec());
    let map = |value: Value| Value::Map([("k".to_owned(), value), ("z".to_owned(), Value::Int(1))].into());
    let first = [
        ("a", Value::Int(18)),
        ("b", Value::Bool(true)),
        ("d", text("49.90")),
        ("f", Value::Double(-0.5)),
        ("t", text("gold")),
        ("l", list(&[Value::Int(1), Value::Int(2), Value::Int(3)])),
        ("m", map(text("gold"))),
        ("s", list(&[text("a"), text("ab")])),
        ("x.y", list(&[Value::Null, Value::Double(1.0)])),
        ("w", text("1d")),
        ("now", text("2026-03-01T10:00:00Z")),
    ];
    let second = [
        ("a", Value::Int(i64::MIN)),
        ("b", Value::Bool(false)),
        ("d", text("-79228162514264337593543950335")),
        ("f", Value::Double(f64::MAX)),
        ("t", text("näïve 😁")),
        ("l", list(&[])),
        ("m", map(map(Value::Int(2)))),
        ("s", list(&[])),
        ("x.y", Value::Int(i64::MAX)),
        ("w", text("0s")),
        ("now", text("9999-12-31T23:59:59Z")),
    ];
    let filled = |given: &[(&str, Value)]| {
        let mut facts = Facts::new(schema);
        for (name, value) in given {
            if let Some(id) = schema.id(name) {
                assert_eq!(facts.set_value(id, value), Ok(()), "`{name}`");
            }
        }
        facts
    };
    [Facts::new(schema), filled(&first), filled(&second)]
}

const LIMITS: [&str; 3] = ["condition/too-long", "condition/too-deep", "condition/too-large"];

/// What is accepted can be printed and read again in both forms, and is analysed and evaluated without a panic, to the
/// same in every way, within the steps that were promised.
fn holds(condition: &Condition, mut names: SchemaBuilder) -> bool {
    let canonical = condition.canonical();
    let within_limits = |read: Result<(Condition, Problems), Problems>| match read {
        Ok((condition, _)) => Some(condition),
        // Canonical text may be longer than what was written, or have a pair of parentheses more.
        Err(problems) => {
            let only = problems.iter().all(|problem| LIMITS.contains(&problem.code));
            assert!(only, "the canonical form is refused: {canonical}");
            None
        }
    };
    let again = within_limits(Condition::parse(&canonical, &mut names));
    let from_json = within_limits(Condition::from_json(&condition.to_json(), &mut names));
    let others: Vec<Condition> = again.into_iter().chain(from_json).collect();
    let schema = names.build();
    for other in &others {
        assert_eq!(other.canonical(), canonical, "printing is not stable");
        assert_eq!(other.to_tree(), condition.to_tree(), "printing loses something");
    }
    let _ = condition.analyse(&schema);
    for facts in &customers(&schema) {
        for other in &others {
            assert_eq!(
                other.evaluate(facts),
                condition.evaluate(facts),
                "the canonical text says something else"
            );
        }
        compare(condition, &schema, facts);
    }
    true
}

/// The index, the plain evaluation and the trace say the same.
fn compare(condition: &Condition, schema: &Schema, facts: &Facts) {
    let (truth, steps) = condition.evaluate_counted(facts);
    assert!(steps <= condition.cost(), "{steps} steps, {} were promised: {condition}", condition.cost());
    let index = index(condition, schema);
    let mut scratch = Scratch::new(&index);
    index.evaluate(facts, &mut scratch);
    assert_eq!(scratch.holding(0).contains(0), truth == Truth::True, "index: {condition}");
    assert_eq!(scratch.holding(1).contains(0), truth != Truth::False, "index: {condition}");
    assert_eq!(index.truth_of(0, 0, &scratch), truth, "index: {condition}");
    assert_eq!(index.first_failure(0, 0, &mut scratch).is_none(), truth == Truth::True, "{condition}");
    assert_eq!(condition.trace(facts).truth, truth, "trace: {condition}");
}

fn index(condition: &Condition, schema: &Schema) -> Index {
    let mut builder = IndexBuilder::new(schema);
    builder.add(0, 0, condition, OnUnknown::Fails);
    builder.add(1, 0, condition, OnUnknown::Holds);
    builder.build()
}
