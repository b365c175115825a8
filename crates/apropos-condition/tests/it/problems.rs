//! Every problem has a code, a place and, where there is one, a way out.

use apropos_condition::{AttributeType, Condition, FunctionDefinition, ParameterType, SchemaBuilder};
use apropos_event::{Path, Problems, Value};

use crate::generator::schema;

fn names() -> SchemaBuilder {
    let mut names = schema();
    let mut problems = Problems::new();
    let count = FunctionDefinition::new("history.count", AttributeType::Int)
        .with_parameter("event", ParameterType::Text)
        .with_optional("window", ParameterType::Duration)
        .with_default(0_i64);
    assert!(names.declare_function(&Path::root(), count, &mut problems), "{problems}");
    names
}

#[track_caller]
fn check(text: &str, code: &str, place: &str, help: &str) {
    let problems = Condition::parse(text, &mut names()).unwrap_err();
    let problem = problems.iter().find(|problem| problem.code == code);
    let problem = problem.unwrap_or_else(|| panic!("{text}: {problems}"));
    assert_eq!(problem.span.clone().map(|span| &text[span]), Some(place), "{problems}");
    assert!(problem.help.as_deref().unwrap_or_default().contains(help), "{problems}");
}

#[test]
fn slips_are_named_with_a_way_out() {
    check("p.aeg >= 18", "condition/unknown-attribute", "p.aeg", "did you mean `p.age`?");
    check("p.tier == 'golden'", "condition/unknown-symbol", "'golden'", "did you mean `gold`?");
    check("p.tier in ['gold', 'golf']", "condition/unknown-symbol", "'golf'", "gold");
    check("p.name.startWith('a')", "condition/unknown-function", "p.name.startWith('a')", "startsWith");
    check("history.cuont('x') > 1", "condition/unknown-function", "history.cuont('x')", "history.count");
    check("p.since > '2026-01-01'", "condition/type-mismatch", "p.since > '2026-01-01'", "timestamp(");
    check("c.wait > '3d'", "condition/type-mismatch", "c.wait > '3d'", "duration(");
    check("p.name == null", "condition/type-mismatch", "p.name == null", "has(");
    check("p.age + p.score > 1.0", "condition/type-mismatch", "p.age + p.score", "int(");
    check("p.age && true", "condition/not-bool", "p.age", "");
    check("p.age", "condition/not-bool", "p.age", "");
    check("p.age.exists(x, x > 1)", "condition/macro-range", "p.age", "");
    check("timestamp('soon') < now", "condition/literal", "timestamp('soon')", "");
    check("p.since.getHours('Mars/Olympus') == 1", "condition/zone", "'Mars/Olympus'", "");
    check("history.count(p.name) > 1", "condition/argument-constant", "p.name", "literal");
    check("history.count('x', 'soon') > 1", "condition/argument-type", "'soon'", "");
    check("history.count() > 1", "condition/argument-count", "history.count()", "");
    check("p.age = 1", "condition/syntax", "=", "");
    check("p.consent and c.open", "condition/syntax", "and", "&&");
}

#[test]
fn all_problems_come_at_once() {
    let problems =
        Condition::parse("p.aeg > 1 && p.tier == 'x' && p.name + 1 == 'b'", &mut names()).unwrap_err();
    assert_eq!(problems.len(), 3, "{problems}");
}

#[test]
fn a_declared_function_becomes_one_attribute() {
    let mut names = names();
    for text in [
        "history.count('purchase', '30d') >= 3",
        "history.count(\"purchase\", \"P30D\") == 0",
        "history.count('purchase', duration('720h')) == 0",
        "history.count('visit') > 0",
    ] {
        Condition::parse(text, &mut names).unwrap();
    }
    let schema = names.build();
    let derived: Vec<(&str, &[Value])> =
        schema.derived().iter().map(|d| (d.function.as_str(), d.arguments.as_slice())).collect();
    assert_eq!(
        derived,
        [
            ("history.count", &[Value::from("purchase"), Value::from("30d")][..]),
            ("history.count", &[Value::from("visit")][..]),
        ]
    );
    assert_eq!(schema.id("history.count(\"purchase\", \"30d\")"), Some(schema.derived()[0].id));
    // A finished schema knows what was asked for, and nothing more.
    assert!(Condition::parse("history.count('visit') > 7", &schema).is_ok());
    assert!(Condition::parse("history.count('return') > 7", &schema).is_err());
}
