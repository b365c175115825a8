//! What the fuzz targets call. The tests of `apropos-condition` call the same functions on a few thousand mutations.

use apropos_condition::{AttributeDefinition, AttributeType, Condition, Facts, SchemaBuilder};
use apropos_event::{Path, Problems};

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

/// Any bytes as the text of a condition.
pub(crate) fn text(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let mut names = names();
        if let Ok((condition, _)) = Condition::parse(text, &mut names) {
            exercise(&condition, names);
        }
    }
}

/// Any bytes as the tree of a condition in JSON.
pub(crate) fn json(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let mut names = names();
        if let Ok((condition, _)) = Condition::from_json(text, &mut names) {
            exercise(&condition, names);
        }
    }
}

/// What is accepted can be printed, read again, evaluated, explained and analysed, and says the same.
fn exercise(condition: &Condition, mut names: SchemaBuilder) {
    let canonical = condition.canonical();
    // Canonical text may be longer than what was written, and only then be refused for its length.
    let again = Condition::parse(&canonical, &mut names);
    let schema = names.build();
    let facts = Facts::new(&schema);
    if let Ok((again, _)) = again {
        assert_eq!(again.canonical(), canonical, "printing is not stable");
        assert_eq!(
            again.evaluate(&facts),
            condition.evaluate(&facts),
            "the canonical text says something else"
        );
    }
    let _ = condition.trace(&facts);
    let _ = condition.analyse(&schema);
}
