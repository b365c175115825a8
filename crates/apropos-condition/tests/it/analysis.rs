//! What authors are warned of.

use apropos_condition::{AttributeDefinition, AttributeType, Condition, Facts, Schema, SchemaBuilder, Truth};
use apropos_event::{Path, Problem, Problems, Value};

use crate::generator::{Rng, schema};

#[track_caller]
fn check(text: &str, expected: &[(&str, &str)]) {
    let mut names = schema();
    let ranged =
        AttributeDefinition::new("p.share".parse().unwrap(), AttributeType::Double).with_range(0.0, 1.0);
    names.declare(&Path::root(), ranged, &mut Problems::new());
    let (condition, _) = Condition::parse(text, &mut names).unwrap();
    let warnings = condition.analyse(&names.build());
    let found: Vec<(&str, &str)> =
        warnings.iter().map(|w| (w.code, &text[w.span.clone().unwrap_or_default()])).collect();
    assert_eq!(found, expected, "{warnings}");
}

#[test]
fn sound_conditions_are_left_alone() {
    for text in [
        "p.age > 18 && p.age < 65 && p.tier == 'gold'",
        "p.age < 18 || p.age > 65",
        "p.tier == 'gold' || p.tier == 'silver'",
        "has(p.age) && p.age > 3",
        "p.share >= 0.5",
        "p.consent && !c.open",
        "p.visits > p.age",
        "p.name == 'a' || p.name == 'b'",
        "has(p.age) || p.consent",
        "!has(p.age) && p.consent",
        "has(p.age) && p.age < 5 || has(p.age) && p.age > 3",
        "!has(p.age) || p.age < 5",
    ] {
        check(text, &[]);
    }
}

#[test]
fn contradictions_and_tautologies_are_found() {
    check("p.age > 65 && p.age < 18", &[("condition/contradiction", "p.age < 18")]);
    check(
        "(p.age > 65 && p.consent) && (c.open && p.age < 18)",
        &[("condition/contradiction", "p.age < 18")],
    );
    check("p.age > 5 && p.age < 6", &[("condition/contradiction", "p.age < 6")]);
    check("p.tier == 'gold' && p.tier == 'silver'", &[("condition/contradiction", "p.tier == 'silver'")]);
    check("p.age < 65 || p.age > 18", &[("condition/tautology", "p.age > 18")]);
    check("p.consent && !p.consent", &[("condition/contradiction", "!p.consent")]);
    check(
        "p.tier in ['gold', 'silver', 'bronze']",
        &[("condition/always-true", "p.tier in ['gold', 'silver', 'bronze']")],
    );
}

#[test]
fn what_adds_nothing_is_found() {
    check("p.age > 18 && p.age > 21", &[("condition/subsumed", "p.age > 18")]);
    check("p.age > 18 || p.age > 21", &[("condition/subsumed", "p.age > 21")]);
    check("p.tier == 'gold' && p.tier != 'silver'", &[("condition/subsumed", "p.tier != 'silver'")]);
}

#[test]
fn constants_and_ranges_are_found() {
    check("true || p.consent", &[("condition/always-true", "true || p.consent")]);
    check("p.consent && false", &[("condition/always-false", "p.consent && false")]);
    check("p.share <= 1.0 && p.consent", &[("condition/outside-range", "p.share <= 1.0")]);
    check("p.consent && p.share > 1.5", &[("condition/outside-range", "p.share > 1.5")]);
}

/// What the brute force knows: attributes with all the values that matter, declared values and ranges kept.
fn domains() -> Vec<(&'static str, AttributeDefinition, Vec<Value>)> {
    let new = |name: &str, kind| AttributeDefinition::new(name.parse().unwrap(), kind);
    let texts = |all: &[&str]| all.iter().map(|text| Value::from(*text)).collect::<Vec<_>>();
    vec![
        ("i", new("i", AttributeType::Int).with_range(0.0, 6.0), (0..=6).map(Value::Int).collect()),
        ("j", new("j", AttributeType::Int), (-3..=9).map(Value::Int).collect()),
        (
            "f",
            new("f", AttributeType::Double),
            (-8..=32).map(|n| Value::Double(f64::from(n) / 4.0)).collect(),
        ),
        (
            "g",
            new("g", AttributeType::Symbol).with_values(["red", "green", "blue"]),
            texts(&["red", "green", "blue"]),
        ),
        ("t", new("t", AttributeType::Text), texts(&["red", "green", "other"])),
        ("b", new("b", AttributeType::Bool), vec![Value::Bool(false), Value::Bool(true)]),
    ]
}

fn leaf(rng: &mut Rng, name: &str) -> String {
    let n = rng.below(8) as i64 - 1;
    match name {
        _ if rng.below(12) == 0 => format!("has({name})"),
        "i" | "j" if rng.below(5) == 0 => format!("{name} in [{n}, {}]", n + 1),
        "i" | "j" => format!("{name} {} {n}", rng.pick(&["==", "!=", "<", "<=", ">", ">="])),
        "f" => format!("{name} {} {}.5", rng.pick(&["==", "<", "<=", ">", ">="]), n.abs()),
        "g" | "t" => format!("{name} {} '{}'", rng.pick(&["==", "!="]), rng.pick(&["red", "green"])),
        _ => "b".to_owned(),
    }
}

fn nested(rng: &mut Rng, names: &[&str], depth: u64) -> String {
    if depth == 0 || rng.below(4) == 0 {
        let name = rng.pick(names);
        return leaf(rng, name);
    }
    let mut terms = (0..2 + rng.below(2)).map(|_| nested(rng, names, depth - 1)).collect::<Vec<_>>();
    match rng.below(7) {
        0 => format!("!({})", terms.remove(0)),
        1..=3 => format!("({})", terms.join(" && ")),
        _ => format!("({})", terms.join(" || ")),
    }
}

/// Every row of values for two attributes, missing ones included; and whether nothing is missing.
fn worlds(schema: &Schema, of: &[&str]) -> Vec<(Facts, bool)> {
    let mut worlds = vec![(Facts::new(schema), true)];
    for (name, _, values) in domains().into_iter().filter(|(name, ..)| of.contains(name)) {
        let id = schema.id(name).unwrap();
        let mut next: Vec<(Facts, bool)> = worlds.iter().map(|(facts, _)| (facts.clone(), false)).collect();
        for (facts, complete) in &worlds {
            for value in &values {
                let mut facts = facts.clone();
                facts.set_value(id, value).unwrap();
                next.push((facts, *complete));
            }
        }
        worlds = next;
    }
    worlds
}

/// The texts between backquotes.
fn quoted(warning: &Problem) -> Vec<&str> {
    warning.message.split('`').skip(1).step_by(2).collect()
}

fn check_claim(text: &str, warning: &Problem, names: &SchemaBuilder, worlds: &[(Facts, bool)]) {
    let truths = |text: &str| -> Vec<(Truth, bool)> {
        let (part, _) = Condition::parse(text, &mut names.clone()).unwrap();
        worlds.iter().map(|(facts, complete)| (part.evaluate(facts), *complete)).collect()
    };
    let about = quoted(warning);
    let first = truths(about[0]);
    let holds = match (warning.code, about.as_slice()) {
        ("condition/always-true", _) => first.iter().all(|(truth, full)| !full || truth.is_true()),
        ("condition/always-false", _) => first.iter().all(|(truth, _)| !truth.is_true()),
        ("condition/outside-range", _) if warning.message.contains("true for every value") => {
            first.iter().all(|(truth, full)| !full || truth.is_true())
        }
        ("condition/outside-range", _) => first.iter().all(|(truth, _)| !truth.is_true()),
        ("condition/contradiction", [_, other]) => {
            first.iter().zip(truths(other)).all(|((a, _), (b, _))| !(a.is_true() && b.is_true()))
        }
        ("condition/tautology", [_, other]) => {
            first.iter().zip(truths(other)).all(|((a, full), (b, _))| !full || a.or(b).is_true())
        }
        ("condition/subsumed", [_, beside]) => {
            let beside = truths(beside);
            let pairs = || first.iter().zip(&beside).map(|((a, _), (b, _))| (*a, *b));
            pairs().all(|(a, b)| a.and(b) == b) || pairs().all(|(a, b)| a.or(b) == b)
        }
        (code, _) => panic!("`{code}` is a claim that this test does not know"),
    };
    assert!(holds, "{}: {} in {text}", warning.code, warning.message);
}

/// No warning is false, whatever values the attributes have; and what is constant is found.
#[test]
fn warnings_are_never_wrong() {
    let mut rng = Rng::new(77);
    let mut names = SchemaBuilder::new();
    for (_, definition, _) in domains() {
        names.declare(&Path::root(), definition, &mut Problems::new());
    }
    let all: Vec<&str> = domains().iter().map(|(name, ..)| *name).collect();
    let schema = names.clone().build();
    let (mut warnings, mut constant, mut found) = (0, [0, 0], [0, 0]);
    for round in 0..4_000 {
        let few: Vec<&str> = (0..=round % 2).map(|_| rng.pick(&all)).collect();
        let text = nested(&mut rng, &few, 2);
        let (condition, _) = Condition::parse(&text, &mut names.clone()).unwrap();
        let worlds = worlds(&schema, &few);
        let said = condition.analyse(&schema);
        for warning in &said {
            check_claim(&text, warning, &names, &worlds);
        }
        warnings += said.len();
        let truths: Vec<(Truth, bool)> =
            worlds.iter().map(|(facts, full)| (condition.evaluate(facts), *full)).collect();
        let never = truths.iter().all(|(truth, _)| !truth.is_true());
        let always =
            truths.iter().all(|(truth, full)| if *full { truth.is_true() } else { *truth != Truth::False });
        if never || always {
            let several = usize::from(1 < condition.attributes().len());
            constant[several] += 1;
            found[several] += usize::from(!said.is_empty());
        }
    }
    println!(
        "{warnings} warnings, none wrong; constant conditions found: {} of {} on one attribute, {} of {} on two",
        found[0], constant[0], found[1], constant[1]
    );
    assert!(1_000 < warnings && 100 < constant[0] && 20 < constant[1]);
    assert_eq!(found[0], constant[0], "a constant condition on one attribute was passed over");
    assert!(
        constant[1] <= 2 * found[1],
        "fewer than half of the constant conditions on two attributes were found"
    );
}

/// What is said of conditions together, each warning with its condition and the text at its place.
fn together<'a>(conditions: &'a [Condition], schema: &Schema) -> Vec<(usize, &'static str, &'a str)> {
    let all: Vec<&Condition> = conditions.iter().collect();
    let found = Condition::analyse_all(&all, schema);
    assert_eq!(found.len(), all.len());
    let mut said = Vec::new();
    for (at, found) in found.iter().enumerate() {
        said.extend(found.iter().map(|w| (at, w.code, &all[at].text()[w.span.clone().unwrap()])));
    }
    said
}

/// The naive twin: one text that joins them all, and its places looked up among the parts.
fn joined<'a>(
    conditions: &'a [Condition],
    names: &SchemaBuilder,
    schema: &Schema,
) -> Vec<(usize, &'static str, &'a str)> {
    let (mut text, mut starts) = (String::new(), Vec::new());
    for condition in conditions {
        text.push_str(if text.is_empty() { "(" } else { " && (" });
        starts.push(text.len());
        text.push_str(condition.text());
        text.push(')');
    }
    let (condition, _) = Condition::parse(&text, &mut names.clone()).unwrap();
    let mut said = Vec::new();
    for warning in &condition.analyse(schema) {
        let span = warning.span.clone().unwrap();
        // A place may begin at the parenthesis.
        let at = starts.partition_point(|start| *start <= span.start + 1).saturating_sub(1);
        let whole = conditions[at].text();
        // What is said of all of them stands at the first.
        let inside = span.start.saturating_sub(starts[at])..(span.end - starts[at]).min(whole.len());
        said.push((at, warning.code, &whole[inside]));
    }
    said.sort_unstable();
    said
}

#[test]
fn conditions_that_must_all_hold_are_looked_at_as_one() {
    let mut rng = Rng::new(91);
    let mut names = SchemaBuilder::new();
    for (_, definition, _) in domains() {
        names.declare(&Path::root(), definition, &mut Problems::new());
    }
    let all: Vec<&str> = domains().iter().map(|(name, ..)| *name).collect();
    let schema = names.clone().build();
    let (mut warnings, mut across) = (0, 0);
    for round in 0..4_000 {
        let few: Vec<&str> = (0..=round % 2).map(|_| rng.pick(&all)).collect();
        let mut conditions = Vec::new();
        while conditions.len() < 2 + round % 3 {
            let text = nested(&mut rng, &few, round as u64 % 2);
            let (condition, _) = Condition::parse(&text, &mut names.clone()).unwrap();
            // What is never otherwise is told by itself, and not compared: the whole is then no twin.
            let whole = |warning: &Problem| warning.span == Some(0..condition.text().len());
            if !condition.analyse(&schema).iter().any(whole) {
                conditions.push(condition);
            }
        }
        let mut said = together(&conditions, &schema);
        said.sort_unstable();
        assert_eq!(said, joined(&conditions, &names, &schema), "{conditions:?}");
        let alone: usize = conditions.iter().map(|condition| condition.analyse(&schema).len()).sum();
        warnings += said.len();
        across += usize::from(alone < said.len());
    }
    println!("{warnings} warnings; in {across} of 4,000 lists some are of conditions together");
    assert!(1_000 < warnings && 500 < across);
}

#[test]
fn what_is_always_the_same_is_told_alone() {
    let mut names = schema();
    let texts = ["1 < 2", "p.age > 65 || p.consent", "p.consent && false", "p.age < 18 // young", "2 < 1"];
    let conditions = texts.map(|text| Condition::parse(text, &mut names).unwrap().0);
    let schema = names.build();
    assert_eq!(
        together(&conditions, &schema),
        [
            (0, "condition/always-true", "1 < 2"),
            (2, "condition/always-false", "p.consent && false"),
            (4, "condition/always-false", "2 < 1"),
        ]
    );
    assert!(Condition::analyse_all(&[], &schema).is_empty());
}

#[test]
fn together_conditions_may_leave_no_value() {
    let mut names = SchemaBuilder::new();
    let few = AttributeDefinition::new("n".parse().unwrap(), AttributeType::Int).with_range(1.0, 3.0);
    names.declare(&Path::root(), few, &mut Problems::new());
    let conditions = ["n != 1", "n != 2", "n != 3"].map(|text| Condition::parse(text, &mut names).unwrap().0);
    let found = Condition::analyse_all(&conditions.each_ref(), &names.build());
    assert_eq!(found[0].iter().map(|w| w.code).collect::<Vec<_>>(), ["condition/outside-range"]);
    assert!(
        found[0].to_string().contains("`n != 1 && n != 2 && n != 3` is true for no value"),
        "{}",
        found[0]
    );
}
