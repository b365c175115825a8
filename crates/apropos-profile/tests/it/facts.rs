//! From a profile to the facts that conditions read.

use apropos_condition::{Datum, Facts, Schema, SchemaBuilder};
use apropos_event::{Path, Problems, Zone};
use apropos_profile::{Profile, ProfileRules};
use serde_json::json;

use crate::support::{day, event, from, on, rules, seen};

/// A schema with everything the rules offer, and the counters that `conditions` call.
fn schema(rules: &mut ProfileRules, conditions: &[&str]) -> Schema {
    let mut builder = SchemaBuilder::new();
    let mut problems = Problems::new();
    for attribute in rules.attributes() {
        builder.declare(&Path::root(), attribute, &mut problems);
    }
    for function in ProfileRules::functions() {
        assert!(builder.declare_function(&Path::root(), function, &mut problems), "{problems}");
    }
    for text in conditions {
        apropos_condition::Condition::parse(text, &mut builder).unwrap();
    }
    let schema = builder.build();
    rules.register(&schema, &mut problems);
    assert!(problems.is_empty(), "{problems}");
    schema
}

fn facts(rules: &ProfileRules, schema: &Schema, profile: &Profile, at: i64) -> Facts {
    let binding = rules.bind(schema);
    let mut facts = Facts::new(schema);
    rules.write_facts(profile, day(at), &Zone::utc(), &binding, &mut facts);
    facts
}

#[test]
fn conditions_read_traits_consent_and_counters() {
    let mut rules = rules();
    let conditions = [
        r#"history.count("purchase", "7d") == 2"#,
        r#"history.sum("purchase", "amount", "ever") > decimal("14")"#,
        r#"history.days_since("purchase") == 1.0"#,
        r#"history.count("never_seen") == 0"#,
        r#"history.distinct("purchase", "channel") == 2"#,
        r#"profile.tier == "gold" && !consent.contact && consent.personalise"#,
        r#"consent.state.contact == "denied" && consent.protected.vulnerable"#,
        r"history.events == 5",
    ];
    let schema = schema(&mut rules, &conditions);
    let profile = seen(
        &rules,
        &[
            from("form", event("1", "signup", 0, json!({"tier": "gold"}))),
            on("web", event("2", "purchase", 1, json!({"amount": "10.10"}))),
            on("app", event("3", "purchase", 2, json!({"amount": "4.40"}))),
            event("4", "consent.denied", 2, json!({"purpose": "contact"})),
            event("5", "protected.set", 2, json!({"state": "vulnerable"})),
        ],
    );
    let facts = facts(&rules, &schema, &profile, 3);
    for text in conditions {
        let (condition, _) = apropos_condition::Condition::parse(text, &schema).unwrap();
        assert!(condition.evaluate(&facts).is_true(), "{text}");
    }
    let told = facts.get(schema.id("profile.told").unwrap()).unwrap();
    assert!(matches!(told, Datum::List(items) if items.len() == 1), "tier was told on the form");
}

#[test]
fn what_is_not_known_stays_missing() {
    let mut rules = rules();
    let schema = schema(&mut rules, &[r#"history.last("purchase") > now"#]);
    let facts = facts(&rules, &schema, &Profile::new(), 0);
    for name in
        ["profile.tier", "profile.preferred_channel", "history.days_since_last", "profile.value.recency_days"]
    {
        assert!(!facts.is_known(schema.id(name).unwrap()), "{name}");
    }
    assert!(facts.is_known(schema.id("consent.contact").unwrap()));
}

#[test]
fn every_attribute_can_be_declared_and_has_the_type_that_is_written() {
    let mut rules = rules();
    let schema = schema(&mut rules, &[]);
    let profile = seen(&rules, &[on("web", event("1", "purchase", 0, json!({"amount": 1, "margin": 1})))]);
    let facts = facts(&rules, &schema, &profile, 1);
    for name in [
        "profile.value.spent",
        "profile.value.monetary",
        "history.last_channel",
        "profile.members",
        "history.purchases_30d",
    ] {
        assert!(facts.is_known(schema.id(name).unwrap()), "{name}");
    }
}

#[test]
fn a_bad_window_in_a_condition_is_reported() {
    let mut rules = rules();
    let mut builder = SchemaBuilder::new();
    let mut problems = Problems::new();
    for function in ProfileRules::functions() {
        builder.declare_function(&Path::root(), function, &mut problems);
    }
    apropos_condition::Condition::parse(r#"history.count("purchase", "soon") == 1"#, &mut builder).unwrap();
    rules.register(&builder.build(), &mut problems);
    assert_eq!(problems.iter().next().map(|problem| problem.code), Some("profile/window"));
}
