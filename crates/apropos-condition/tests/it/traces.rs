//! Explanations: trees, what was missing, and the smallest changes.

use std::collections::BTreeSet;

use apropos_condition::{
    AttributeDefinition, AttributeType, Condition, Facts, IndexBuilder, MAX_FLIP_SETS, OnUnknown, Schema,
    SchemaBuilder, Scratch, Trace, Truth,
};
use apropos_event::{Path, Problems, Value};

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
fn a_trace_cuts_long_values() {
    let marks = Value::List((0..1_000).map(Value::Int).collect());
    let long = Value::Text("é".repeat(10_000));
    let trace = trace("size(p.marks) < 3 && p.name == 'a'", &[("p.marks", marks), ("p.name", long)]);
    let seen = |at: usize| trace.root.children[at].seen[0].value.clone().unwrap();
    assert_eq!(seen(0), Value::List((0..64).map(Value::Int).collect()));
    assert_eq!(seen(1), Value::Text("é".repeat(512)));
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
    let failure = index.first_failure(0, 3, &mut scratch).unwrap();
    assert_eq!((failure.conjunct, failure.truth), (1, Truth::Unknown));
    let span = index.span_of(0, 3, failure).unwrap();
    assert_eq!(&index.texts(0, 3)[0][span], "p.tier == 'gold'");
    assert_eq!(index.trace(0, 3, &facts)[0].truth, Truth::Unknown);
    assert!(index.first_failure(0, 0, &mut scratch).is_none());
    assert!(index.first_failure(9, 0, &mut scratch).is_none());
}

/// Whatever the condition and the facts, a set of flips whose values are all known makes the condition true.
#[test]
fn flips_do_what_they_say() {
    let mut generator = Generator::new(Rng::new(99));
    let mut rng = Rng::new(5);
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

/// A junction of junctions in which every attribute stands once.
fn once_each(rng: &mut Rng, names: &mut Vec<String>, depth: u64) -> String {
    if depth == 0 || rng.below(5) == 0 {
        let name = format!("v{}", names.len());
        names.push(name.clone());
        return if rng.below(4) == 0 { format!("!{name}") } else { name };
    }
    let terms: Vec<String> = (0..2 + rng.below(2)).map(|_| once_each(rng, names, depth - 1)).collect();
    let joined = terms.join(rng.pick(&[" && ", " || "]));
    if rng.below(6) == 0 { format!("!({joined})") } else { format!("({joined})") }
}

type Change = BTreeSet<(String, bool)>;

/// All smallest sets of changes that make the condition true, by trying every set of changes there is.
fn brute_force(condition: &Condition, schema: &Schema, names: &[String], row: &Facts) -> Vec<Change> {
    let mut working: Vec<Change> = Vec::new();
    for mut code in 0..3_usize.pow(names.len() as u32) {
        let mut changed = row.clone();
        let mut change = Change::new();
        for name in names {
            let choice = code % 3;
            code /= 3;
            if choice != 0 {
                changed.set_bool(schema.id(name).unwrap(), choice == 1);
                change.insert((name.clone(), choice == 1));
            }
        }
        if condition.evaluate(&changed).is_true() {
            working.push(change);
        }
    }
    let minimal =
        |set: &&Change| !working.iter().any(|other| other.len() < set.len() && other.is_subset(set));
    working.iter().filter(minimal).cloned().collect()
}

#[test]
fn flips_are_all_the_smallest_and_no_other() {
    let mut rng = Rng::new(11);
    let (mut compared, mut cut) = (0, 0);
    while compared < 400 {
        let mut names = Vec::new();
        let text = once_each(&mut rng, &mut names, 3);
        if 8 < names.len() {
            continue;
        }
        let mut builder = SchemaBuilder::new();
        for name in &names {
            let definition = AttributeDefinition::new(name.parse().unwrap(), AttributeType::Bool);
            builder.declare(&Path::root(), definition, &mut Problems::new());
        }
        let (condition, _) = Condition::parse(&text, &mut builder).unwrap();
        let schema = builder.build();
        let mut row = Facts::new(&schema);
        for name in &names {
            match rng.below(5) {
                0 => {}
                n => row.set_bool(schema.id(name).unwrap(), n < 3),
            }
        }
        if condition.evaluate(&row).is_true() {
            continue;
        }
        let mut expected = brute_force(&condition, &schema, &names, &row);
        let trace = condition.trace(&row);
        let found: Vec<Change> = trace
            .flips
            .iter()
            .map(|set| {
                let change = |flip: &apropos_condition::Flip| {
                    let to = flip.nearest.as_ref().and_then(Value::as_bool).unwrap();
                    (flip.attribute.as_ref().unwrap().to_string(), to)
                };
                set.iter().map(change).collect()
            })
            .collect();
        assert!(found.is_sorted_by_key(Change::len), "{text}");
        expected.sort_by_key(Change::len);
        let sizes = |sets: &[Change]| sets.iter().map(Change::len).take(found.len()).collect::<Vec<_>>();
        assert_eq!(sizes(&found), sizes(&expected), "{text}");
        assert!(found.iter().all(|set| expected.contains(set)), "{text}");
        assert_eq!(trace.more_flips, found.len() < expected.len(), "{text}");
        cut += usize::from(trace.more_flips);
        compared += 1;
    }
    println!("{compared} conditions compared, {cut} with more sets than are given");
}

#[test]
fn the_search_for_flips_says_where_it_stopped() {
    let any = |terms: usize| {
        format!("({})", (0..terms).map(|n| format!("p.age == {n}")).collect::<Vec<_>>().join(" || "))
    };
    let many = trace(&any(1_900), &[]);
    assert_eq!((many.flips.len(), many.more_flips), (MAX_FLIP_SETS, true));
    let deep = trace(&vec![any(4); 300].join(" && "), &[]);
    assert_eq!((deep.flips.len(), deep.more_flips), (0, true));
    let few = trace("p.consent && p.age > 3", &[]);
    assert_eq!((few.flips.len(), few.more_flips), (1, false));
}

/// The nearest value turns the leaf, and no value between it and the present one does.
#[test]
fn no_nearer_value_turns_a_leaf() {
    let mut rng = Rng::new(3);
    for _ in 0..2_000 {
        let n = rng.below(20) as i64 - 10;
        let present = rng.below(30) as i64 - 15;
        let literal = if rng.below(3) == 0 { format!("{n}.5") } else { n.to_string() };
        let leaf = match rng.below(4) {
            0 => format!("p.age in [{n}, {}, {}]", n + 4, n - 7),
            1 => format!("{literal} {} p.age", rng.pick(&["<", "<=", ">", ">=", "==", "!="])),
            _ => format!("p.age {} {literal}", rng.pick(&["<", "<=", ">", ">=", "==", "!="])),
        };
        let text = if rng.below(3) == 0 { format!("!({leaf})") } else { leaf };
        let mut names = schema();
        let (condition, _) = Condition::parse(&text, &mut names).unwrap();
        let schema = names.build();
        let mut row = Facts::new(&schema);
        let age = schema.id("p.age").unwrap();
        let mut holds_at = |n: i64| {
            row.set_int(age, n);
            condition.evaluate(&row).is_true()
        };
        if holds_at(present) {
            continue;
        }
        let nearest = (0..60).find(|far| holds_at(present + far) || holds_at(present - far));
        row.set_int(age, present);
        let trace = condition.trace(&row);
        let given = trace.flips.first().and_then(|set| set[0].nearest.as_ref()).and_then(Value::as_int);
        let far = given.map(|given| (given - present).abs());
        // `!(x in […])` has no single nearest value that is given.
        if !(text.starts_with("!(") && text.contains(" in ")) {
            assert_eq!(far, nearest, "{text} at {present}");
        }
    }
}
