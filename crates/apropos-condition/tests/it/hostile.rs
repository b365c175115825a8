//! Input made to hurt is refused, quickly and without an abort.

use apropos_condition::{Condition, Expression, Facts, SchemaBuilder, Tree, Truth};

use crate::corpus;
use crate::generator::schema;

#[track_caller]
fn refused(text: &str) {
    let mut names = schema();
    let start = text.get(..60).unwrap_or(text).to_owned();
    assert!(Condition::parse(text, &mut names).is_err(), "{start}");
}

#[test]
fn hostile_texts_are_refused() {
    for (name, text) in corpus::refused() {
        let mut names = corpus::names();
        assert!(Condition::parse(&text, &mut names).is_err(), "{name}");
    }
}

#[test]
fn heavy_conditions_are_bounded() {
    for (name, text) in corpus::accepted() {
        let mut names = corpus::names();
        let (condition, _) = Condition::parse(&text, &mut names).unwrap_or_else(|p| panic!("{name}: {p}"));
        assert!(condition.cost() <= apropos_condition::limits::MAX_COST, "{name}");
        let facts = corpus::large(&names.build());
        let (_, steps) = condition.evaluate_counted(&facts);
        assert!(steps <= condition.cost(), "{name}: {steps} steps, {} were promised", condition.cost());
    }
}

#[test]
fn hostile_patterns_are_refused_or_linear() {
    for pattern in [
        "(a{1000}){1000}",
        "((((((((((((((((((((((((((((((a))))))))))))))))))))))))))))))",
        "(",
        "a{9999999}",
    ] {
        refused(&format!("p.name.matches(r'{pattern}')"));
    }
    refused(&format!("p.name.matches('{}')", "a".repeat(300)));
    refused("p.name.matches(p.city)");
    let mut names = schema();
    let (condition, _) = Condition::parse("p.name.matches('(a+)+$')", &mut names).unwrap();
    let schema = names.build();
    let mut facts = Facts::new(&schema);
    facts.set_text(schema.id("p.name").unwrap(), &("a".repeat(50_000) + "b"));
    assert_eq!(condition.evaluate(&facts), Truth::False);
}

#[test]
fn an_evaluation_that_takes_too_long_is_unknown() {
    let mut names = schema();
    let text = "p.marks.all(a, p.marks.all(b, p.marks.all(c, a + b + c >= 0)))";
    let (condition, _) = Condition::parse(text, &mut names).unwrap();
    let schema = names.build();
    let mut facts = Facts::new(&schema);
    let marks: Vec<_> = (0..4_000).map(apropos_event::Value::Int).collect();
    facts.set_list(schema.id("p.marks").unwrap(), &marks).unwrap();
    assert_eq!(condition.evaluate(&facts), Truth::Unknown);
}

#[test]
fn a_value_that_grows_without_bound_is_none() {
    let mut names = SchemaBuilder::new();
    let doubled = (0..30).fold("'abcdefgh'".to_owned(), |text, _| format!("[{text}].map(x, x + x)[0]"));
    let (expression, _) = Expression::parse(&doubled, &mut names).unwrap();
    assert!(expression.evaluate(&Facts::new(&names.build())).is_err());
}

#[test]
fn deep_and_wide_json_is_refused() {
    for (name, json) in corpus::refused_json() {
        let mut names = corpus::names();
        assert!(Condition::from_json(&json, &mut names).is_err(), "{name}");
    }
    let mut names = schema();
    // A tree that was built rather than read is bounded too.
    let mut tree = Tree::Bool(true);
    for _ in 0..200 {
        tree = Tree::Not(Box::new(tree));
    }
    assert!(Condition::from_tree(&tree, &mut names).is_err());
}

#[test]
fn what_parses_can_be_dropped_and_printed() {
    let mut names = schema();
    let text = format!("{}p.consent", "!".repeat(90));
    let (condition, _) = Condition::parse(&text, &mut names).unwrap();
    assert_eq!(condition.canonical(), text);
    let wide = (0..1_500).map(|n| format!("p.age == {n}")).collect::<Vec<_>>().join(" || ");
    let (condition, _) = Condition::parse(&wide, &mut names).unwrap();
    assert_eq!(condition.canonical(), wide);
}

/// Sharing makes a value that would be exponentially large when it is written out, of a few steps.
#[test]
fn a_value_that_is_shared_with_itself_is_bounded() {
    let mut names = SchemaBuilder::new();
    let doubled = (0..40).fold("[1]".to_owned(), |text, _| format!("{text}.map(x, [x, x])"));
    for text in [
        format!("{doubled} == {doubled}"),
        format!("dyn(1) in {doubled}"),
        format!("{{1: {doubled}}} == {{}}"),
    ] {
        let (condition, _) = Condition::parse(&text, &mut names).unwrap();
        let facts = Facts::new(&names.clone().build());
        let (truth, steps) = condition.evaluate_counted(&facts);
        assert_eq!(truth, Truth::Unknown);
        assert!(steps <= condition.cost());
    }
}

#[test]
fn a_condition_that_could_take_too_long_is_refused() {
    let mut names = schema();
    let leaf = "p.marks.all(a, p.marks.all(b, a + b > 0))";
    let few = vec![leaf; 15].join(" && ");
    let (condition, _) = Condition::parse(&few, &mut names).unwrap();
    let warnings = condition.analyse(&names.clone().build());
    assert!(warnings.iter().any(|warning| warning.code == "condition/costly"), "{warnings}");
    let many = vec![leaf; 25].join(" && ");
    let problems = Condition::parse(&many, &mut names).unwrap_err();
    assert!(problems.iter().any(|problem| problem.code == "condition/too-costly"), "{problems}");
    let plain = (0..1_500).map(|n| format!("p.age != {n}")).collect::<Vec<_>>().join(" && ");
    let (condition, _) = Condition::parse(&plain, &mut names).unwrap();
    assert!(condition.cost() < 10_000, "{}", condition.cost());
}

/// What a comparison costs is known before it is made, also when it costs more than there is.
#[test]
fn a_comparison_that_is_too_long_is_not_made() {
    let mut names = corpus::names();
    let (condition, _) = Condition::parse("m == m", &mut names).unwrap();
    let facts = corpus::large(&names.build());
    let (truth, steps) = condition.evaluate_counted(&facts);
    assert_eq!(truth, Truth::Unknown);
    assert!(steps < 10, "{steps}");
}
