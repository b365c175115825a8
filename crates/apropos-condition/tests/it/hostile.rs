//! Input made to hurt is refused, quickly and without an abort.

use apropos_condition::{Condition, Expression, Facts, SchemaBuilder, Tree, Truth};

use crate::generator::schema;

#[path = "../../../../fuzz/src/conditions.rs"]
mod fuzzed;

fn refused(text: &str) {
    let mut names = schema();
    let start = text.get(..60).unwrap_or(text).to_owned();
    assert!(Condition::parse(text, &mut names).is_err(), "{start}");
}

#[test]
fn hostile_texts_are_refused() {
    let n = 100_000;
    for text in [
        "[".repeat(n),
        "(".repeat(n),
        "{".repeat(n),
        "!".repeat(n),
        "-".repeat(n),
        "a.".repeat(n),
        "a[".repeat(n),
        "f(".repeat(n),
        "a ? ".repeat(n),
        format!("{}1{}", "(".repeat(10_000), ")".repeat(10_000)),
        format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000)),
        format!("true{}", " || true".repeat(1_000_000)),
        format!("p.age in [{}]", "1,".repeat(20_000)),
        "'".repeat(n),
        "\"\\u".repeat(n),
        "/".repeat(n),
        "\u{0}".repeat(n),
        "p.tags.exists(a, ".repeat(10) + "true" + &")".repeat(10),
    ] {
        refused(&text);
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
    let mut names = schema();
    let deep = "{\"not\":".repeat(100_000) + "{\"bool\":true}" + &"}".repeat(100_000);
    assert!(Condition::from_json(&deep, &mut names).is_err());
    let deep = "{\"not\":".repeat(120) + "{\"bool\":true}" + &"}".repeat(120);
    assert!(Condition::from_json(&deep, &mut names).is_err());
    let wide = format!("{{\"any\":[{}{{\"bool\":true}}]}}", "{\"bool\":true},".repeat(15_000));
    assert!(Condition::from_json(&wide, &mut names).is_err());
    for json in ["", "null", "{", "{\"attribute\":\"a b\"}", "{\"call\":[\"while\",[]]}", "{\"unheard\":1}"] {
        assert!(Condition::from_json(json, &mut names).is_err(), "{json}");
    }
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

/// What the fuzz targets call, on a few thousand mutations of real conditions.
#[test]
fn mutated_conditions_never_panic() {
    let seeds = [
        "a >= 18 && t in ['gold', 'silver'] || !b",
        "s.exists(e, e.startsWith('a')) && size(l) > 2",
        "within(now - w, '30d') ? d >= 49.90 : w < duration('2d')",
        "m.k == x.y && l.map(e, e * 2)[0] in [1, 2u, 3.5] && has(m.z)",
        r#"{"all":[{"at_least":[{"attribute":"a"},{"int":18}]},{"not":{"attribute":"b"}}]}"#,
    ];
    let mut rng = crate::generator::Rng(42);
    for seed in seeds {
        for _ in 0..2_000 {
            let mut bytes = seed.as_bytes().to_vec();
            for _ in 0..rng.below(4) {
                let at = rng.below(bytes.len() as u64) as usize;
                match rng.below(3) {
                    0 => bytes[at] = 32 + rng.below(96) as u8,
                    1 => bytes.insert(at, b"()[]{}.,&|!<>=-'\"?:"[rng.below(19) as usize]),
                    _ => drop(bytes.remove(at)),
                }
            }
            fuzzed::text(&bytes);
            fuzzed::json(&bytes);
        }
    }
}
