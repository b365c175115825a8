//! What authors are warned of.

use apropos_condition::{AttributeDefinition, AttributeType, Condition, unused_attributes};
use apropos_event::{Path, Problems};

use crate::generator::schema;

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
    ] {
        check(text, &[]);
    }
}

#[test]
fn contradictions_and_tautologies_are_found() {
    check("p.age > 65 && p.age < 18", &[("condition/contradiction", "p.age < 18")]);
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

#[test]
fn attributes_nobody_asks_about_are_listed() {
    let mut names = schema();
    let (condition, _) = Condition::parse("p.age > 1 && within(p.since, '3d')", &mut names).unwrap();
    let schema = names.build();
    let unused = unused_attributes(&schema, [&condition]);
    assert_eq!(unused.len(), schema.len() - 3);
    assert!(unused.iter().all(|warning| !warning.message.contains("p.age")));
}
