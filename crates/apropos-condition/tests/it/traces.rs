//! Explanations: trees, what was missing, and the smallest changes.

use apropos_condition::{Condition, Facts, IndexBuilder, OnUnknown, Scratch, Trace, Truth};
use apropos_event::Value;

use crate::generator::{Generator, Rng, facts, schema};

fn trace(text: &str, given: &[(&str, Value)]) -> Trace {
    let mut names = schema();
    let (condition, _) = Condition::parse(text, &mut names).unwrap();
    let schema = names.build();
    let mut facts = Facts::new(&schema);
    for (name, value) in given {
        facts.set_value(schema.id(name).unwrap(), value).unwrap();
    }
    condition.trace(&facts)
}

fn flips(trace: &Trace) -> Vec<Vec<(String, Option<Value>)>> {
    trace
        .flips
        .iter()
        .map(|set| set.iter().map(|flip| (flip.text.clone(), flip.nearest.clone())).collect())
        .collect()
}

#[test]
fn a_trace_shows_what_was_seen_and_what_was_missing() {
    let trace = trace("p.age >= 18 && (p.consent || p.tier == 'gold')", &[("p.age", Value::Int(12))]);
    assert_eq!(trace.truth, Truth::False);
    assert_eq!(trace.root.children.len(), 2);
    let age = &trace.root.children[0];
    assert_eq!((age.truth, age.text.as_str()), (Truth::False, "p.age >= 18"));
    assert_eq!(age.seen[0].value, Some(Value::Int(12)));
    assert_eq!(trace.root.children[1].truth, Truth::Unknown);
    assert_eq!(trace.missing.iter().map(AsRef::<str>::as_ref).collect::<Vec<_>>(), ["p.consent", "p.tier"]);
}

#[test]
fn the_smallest_changes_come_first_with_the_nearest_values() {
    let trace = trace(
        "p.age >= 18 && (p.visits > 5 || p.score < 1.0 && p.consent)",
        &[
            ("p.age", Value::Int(12)),
            ("p.visits", Value::Int(2)),
            ("p.score", Value::Double(3.0)),
            ("p.consent", Value::Bool(false)),
        ],
    );
    let own = |text: &str, value: Value| (text.to_owned(), Some(value));
    assert_eq!(
        flips(&trace),
        [
            vec![own("p.age >= 18", Value::Int(18)), own("p.visits > 5", Value::Int(6))],
            vec![
                own("p.age >= 18", Value::Int(18)),
                own("p.score < 1.0", Value::Double(1.0_f64.next_down())),
                own("p.consent", Value::Bool(true)),
            ],
        ]
    );
}

#[test]
fn a_change_that_spoils_another_leaf_is_no_way_out() {
    assert!(flips(&trace("p.age > 5 && p.age < 3", &[("p.age", Value::Int(1))])).is_empty());
    let both = trace("p.age > 5 && p.age > 8", &[("p.age", Value::Int(1))]);
    assert_eq!(both.flips.len(), 1);
}

#[test]
fn the_index_traces_what_it_decided() {
    let mut names = schema();
    let (condition, _) = Condition::parse("p.age >= 18 &&\n  p.tier == 'gold'", &mut names).unwrap();
    let schema = names.build();
    let mut builder = IndexBuilder::new(&schema);
    builder.reserve(0, 5);
    builder.add(0, 3, &condition, OnUnknown::Fails);
    let index = builder.build();
    let mut facts = Facts::new(&schema);
    facts.set_int(schema.id("p.age").unwrap(), 20);
    let mut scratch = Scratch::new(&index);
    index.evaluate(&facts, &mut scratch);
    assert_eq!(scratch.holding(0).iter().collect::<Vec<_>>(), [0, 1, 2, 4]);
    let failure = index.first_failure(0, 3, &scratch).unwrap();
    assert_eq!((failure.conjunct, failure.truth), (1, Truth::Unknown));
    assert_eq!(&index.texts(0, 3)[0][failure.span], "p.tier == 'gold'");
    assert_eq!(index.trace(0, 3, &facts)[0].truth, Truth::Unknown);
    assert!(index.first_failure(0, 0, &scratch).is_none());
    assert!(index.first_failure(9, 0, &scratch).is_none());
}

/// Whatever the condition and the facts, a set of flips whose values are all known makes the condition true.
#[test]
fn flips_do_what_they_say() {
    let mut generator = Generator::new(99);
    let mut rng = Rng(5);
    let mut borne_out = 0;
    for _ in 0..1_500 {
        let mut names = schema();
        let tree = generator.condition(2);
        let (condition, _) = Condition::from_tree(&tree, &mut names).unwrap();
        let schema = names.build();
        let mut row = Facts::new(&schema);
        for (name, value) in facts(&mut rng).1 {
            row.set_value(schema.id(&name).unwrap(), &value).unwrap();
        }
        let trace = condition.trace(&row);
        assert_eq!(trace.truth == Truth::True, trace.root.truth == Truth::True);
        assert!(trace.truth != Truth::True || trace.flips.is_empty());
        for set in trace.flips.iter().filter(|set| set.iter().all(|flip| flip.nearest.is_some())) {
            let tried = |order: &mut dyn Iterator<Item = usize>| {
                let mut changed = row.clone();
                for at in order {
                    let id = schema.id(set[at].attribute.as_ref().unwrap().as_str()).unwrap();
                    changed.set_value(id, set[at].nearest.as_ref().unwrap()).unwrap();
                }
                condition.evaluate(&changed) == Truth::True
            };
            assert!(tried(&mut (0..set.len())) || tried(&mut (0..set.len()).rev()), "{condition}");
            borne_out += 1;
        }
    }
    assert!(200 < borne_out, "{borne_out}");
}
