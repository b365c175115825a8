//! How much of CEL do conditions understand?
//!
//! We will run the cases of the CEL conformance suite, one JSON object a line, through the language of our conditions:
//! the same parser, checker and evaluator, with a schema declared from each case's own bindings. Two forms of lines are
//! read: evaluation cases (`expr`, `bindings`, `typeEnv`, and a `value` or an `evalError`), and parser cases (`suite`,
//! `expr`, `ast`).
//!
//! `cargo run --release --example cel_conformance -- FILE [--json]`
//!
//! A parser case passes when the tree that was read is the suite's, node for node.
//!
//! A case counts as *outside* when it needs something that the published subset leaves out: its text is refused for
//! that reason, or it is marked as needing an extension and cannot be evaluated. Whatever is evaluated to something else than
//! expected is a *wrong value*, and has failed.

mod printed;

use std::collections::BTreeMap;

use apropos::condition::{
    AttributeDefinition, AttributeType, Datum, Entries, Expression, Facts, Items, SchemaBuilder, Text, Tree,
};
use apropos::event::{Path, Problems};
use apropos_examples::failure::Failure;
use apropos_examples::{args::Args, input};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// One line of either form.
#[derive(Deserialize)]
struct Case {
    id: Option<String>,
    file: Option<String>,
    section: Option<String>,
    suite: Option<String>,
    #[serde(default)]
    needs: Vec<String>,
    expr: String,
    #[serde(default, rename = "typeEnv")]
    declared: Vec<Json>,
    #[serde(default)]
    bindings: BTreeMap<String, Json>,
    value: Option<Json>,
    #[serde(rename = "typedResult")]
    typed: Option<Json>,
    #[serde(default)]
    container: String,
    #[serde(rename = "evalError")]
    error: Option<Json>,
    ast: Option<String>,
    #[serde(rename = "error")]
    refusal: Option<String>,
}

#[derive(Clone, Copy, PartialEq)]
enum Verdict {
    Passed,
    Failed,
    WrongValue,
    Outside,
}

#[derive(Default, Serialize)]
struct Counts {
    passed: u64,
    failed: u64,
    outside: u64,
}

#[derive(Default, Serialize)]
struct Report {
    passed: u64,
    failed: u64,
    outside: u64,
    wrong_value: u64,
    /// Of the cases that need nothing: how many there are, and how many passed.
    plain: u64,
    plain_passed: u64,
    by_section: BTreeMap<String, Counts>,
    failures: Vec<String>,
    outside_plain: Vec<String>,
}

fn main() -> Result<(), Failure> {
    let args = Args::from_env(&["json"], &[])?;
    let mut report = Report::default();
    for (line, case) in input::json_lines::<Case>(args.path(0, "FILE")?)?.into_iter().enumerate() {
        let verdict = if case.suite.is_some() { parse_case(&case) } else { evaluate_case(&case) };
        record(&mut report, &case, line + 1, verdict);
    }
    eprintln!("{:<44} {:>7} {:>7} {:>8}", "section", "passed", "failed", "outside");
    for (section, counts) in &report.by_section {
        eprintln!("{section:<44} {:>7} {:>7} {:>8}", counts.passed, counts.failed, counts.outside);
    }
    if args.flag("json") {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        println!(
            "{} passed, {} failed ({} with a wrong value), {} outside the published subset",
            report.passed, report.failed, report.wrong_value, report.outside
        );
        println!("{} of the {} cases that need nothing passed", report.plain_passed, report.plain);
        for id in &report.failures {
            println!("failed: {id}");
        }
    }
    Ok(())
}

fn record(report: &mut Report, case: &Case, line: usize, verdict: Verdict) {
    let section = match (&case.suite, &case.file, &case.section) {
        (Some(suite), ..) => suite.clone(),
        (None, Some(file), Some(section)) => format!("{file}/{section}"),
        _ => "unnamed".to_owned(),
    };
    let id = case.id.clone().unwrap_or_else(|| format!("{section}/{line}"));
    let counts = report.by_section.entry(section).or_default();
    let is_plain = case.suite.is_none() && case.needs.is_empty();
    report.plain += u64::from(is_plain);
    match verdict {
        Verdict::Passed => {
            counts.passed += 1;
            report.passed += 1;
            report.plain_passed += u64::from(is_plain);
        }
        Verdict::Outside => {
            counts.outside += 1;
            report.outside += 1;
            if is_plain {
                report.outside_plain.push(id);
            }
        }
        Verdict::Failed | Verdict::WrongValue => {
            counts.failed += 1;
            report.failed += 1;
            report.wrong_value += u64::from(verdict == Verdict::WrongValue);
            report.failures.push(id);
        }
    }
}

/// Whether the text was refused because it uses what the subset leaves out.
fn leaves_subset(problems: &Problems) -> bool {
    const CODES: [&str; 6] = [
        "condition/outside-subset",
        "condition/unknown-attribute",
        "condition/unknown-function",
        "condition/pattern",
        "condition/too-deep",
        "condition/too-large",
    ];
    problems.iter().any(|problem| CODES.contains(&problem.code))
}

fn evaluate_case(case: &Case) -> Verdict {
    let plain = case.needs.is_empty();
    let typed = case.typed.as_ref().map(|typed| typed.get("result"));
    // A container resolves names in ways that the subset has not; a case of the type checker alone has no value.
    if !plain && (!case.container.is_empty() || typed == Some(None)) {
        return Verdict::Outside;
    }
    let expected = typed.flatten().or(case.value.as_ref());
    let mut names = SchemaBuilder::new();
    let mut given = Vec::new();
    for (name, kind) in declarations(case) {
        let Ok(name) = name.parse() else { continue };
        names.declare(&Path::root(), AttributeDefinition::new(name, kind), &mut Problems::new());
    }
    for (name, bound) in &case.bindings {
        // Names that are words of the language cannot be declared, and their bindings must not matter.
        if let Some(id) = names.id(name) {
            let Some(value) = bound.get("value").and_then(datum) else { return Verdict::Outside };
            given.push((id, value));
        }
    }
    let parsed = Expression::parse(&case.expr, &mut names);
    let expression = match parsed {
        Ok((expression, _)) => expression,
        // What would fail for every fact may be refused while authoring.
        Err(_) if case.error.is_some() && plain => return Verdict::Passed,
        Err(problems) if !plain || leaves_subset(&problems) => return Verdict::Outside,
        Err(_) => return Verdict::Failed,
    };
    let mut facts = Facts::new(&names.build());
    for (id, value) in given {
        if facts.set_datum(id, &value).is_err() {
            return Verdict::Outside;
        }
    }
    let implied = serde_json::json!({"boolValue": true});
    match (expression.evaluate(&facts), &case.error, expected) {
        (Err(_), Some(_), _) => Verdict::Passed,
        (Ok(found), None, value) if is(&found, value.unwrap_or(&implied)) => Verdict::Passed,
        (Ok(_), ..) => Verdict::WrongValue,
        (Err(_), None, _) if !plain => Verdict::Outside,
        (Err(_), None, _) => Verdict::Failed,
    }
}

/// The variables a case declares or binds, with their types.
fn declarations(case: &Case) -> BTreeMap<String, AttributeType> {
    let mut found: BTreeMap<String, AttributeType> =
        case.bindings.keys().map(|name| (name.clone(), AttributeType::Dynamic)).collect();
    for declared in &case.declared {
        let kind = declared.pointer("/ident/type");
        if let (Some(name), Some(kind)) = (declared.get("name").and_then(Json::as_str), kind) {
            found.insert(name.to_owned(), attribute_type(kind));
        }
    }
    // Every schema declares `now` itself.
    found.remove("now");
    found
}

fn attribute_type(kind: &Json) -> AttributeType {
    if let Some(element) = kind.pointer("/listType/elemType") {
        return AttributeType::list(attribute_type(element));
    }
    if let Some(value) = kind.pointer("/mapType/valueType") {
        return AttributeType::map(attribute_type(value));
    }
    match (kind.get("primitive").and_then(Json::as_str), kind.get("wellKnown").and_then(Json::as_str)) {
        (Some("BOOL"), _) => AttributeType::Bool,
        (Some("INT64"), _) => AttributeType::Int,
        (Some("UINT64"), _) => AttributeType::UInt,
        (Some("DOUBLE"), _) => AttributeType::Double,
        (Some("STRING"), _) => AttributeType::Text,
        (Some("BYTES"), _) => AttributeType::Bytes,
        (_, Some("TIMESTAMP")) => AttributeType::Timestamp,
        (_, Some("DURATION")) => AttributeType::Duration,
        _ => AttributeType::Dynamic,
    }
}

/// A value of the suite's own notation; `None` for messages.
fn datum(json: &Json) -> Option<Datum<'static>> {
    let (kind, value) = json.as_object()?.iter().next()?;
    let text = value.as_str();
    Some(match kind.as_str() {
        "nullValue" => Datum::Null,
        "boolValue" => Datum::Bool(value.as_bool()?),
        "int64Value" => Datum::Int(text?.parse().ok()?),
        "uint64Value" => Datum::UInt(text?.parse().ok()?),
        "doubleValue" => Datum::Double(double(value)?),
        "stringValue" => Datum::Text(Text::owned(text?)),
        "bytesValue" => Datum::Bytes(base64(text?)?.into()),
        "listValue" => {
            let values = value.get("values").and_then(Json::as_array).cloned().unwrap_or_default();
            Datum::List(Items::owned(values.iter().map(datum).collect::<Option<_>>()?))
        }
        "mapValue" => {
            let entries = value.get("entries").and_then(Json::as_array).cloned().unwrap_or_default();
            let pair = |entry: &Json| Some((datum(entry.get("key")?)?, datum(entry.get("value")?)?));
            Datum::Map(Entries::from_pairs(entries.iter().map(pair).collect::<Option<_>>()?)?)
        }
        _ => return None,
    })
}

fn double(value: &Json) -> Option<f64> {
    value.as_f64().or_else(|| match value.as_str()? {
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        "NaN" => Some(f64::NAN),
        other => other.parse().ok(),
    })
}

fn base64(text: &str) -> Option<Vec<u8>> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for byte in text.bytes().filter(|byte| *byte != b'=') {
        bits = bits << 6 | DIGITS.iter().position(|digit| *digit == byte)? as u32;
        count += 6;
        if 8 <= count {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    Some(bytes)
}

/// Whether the value is the expected one, type and all; entries of maps in any order.
fn is(found: &Datum<'_>, expected: &Json) -> bool {
    if let Some(name) = expected.get("typeValue").and_then(Json::as_str) {
        return matches!(found, Datum::Type(found) if *found == name);
    }
    datum(expected).is_some_and(|expected| same(found, &expected))
}

fn same(a: &Datum<'_>, b: &Datum<'_>) -> bool {
    match (a, b) {
        (Datum::Double(a), Datum::Double(b)) => a == b || (a.is_nan() && b.is_nan()),
        (Datum::List(a), Datum::List(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(&a, &b))
        }
        (Datum::Map(a), Datum::Map(b)) => {
            a.len() == b.len()
                && a.iter().all(|(key, value)| b.get(&key).is_some_and(|found| same(&value, &found)))
        }
        _ => a.type_name() == b.type_name() && a.equals(b),
    }
}

/// A parser case: what has a tree must be read as that tree, what has none must be refused.
///
/// Names and types are of no account here: the suite's environment knows functions and messages that ours does not.
fn parse_case(case: &Case) -> Verdict {
    match (&case.ast, Tree::parse(&case.expr)) {
        (Some(expected), Ok(tree)) if printed::printed(&tree) == printed::bare(expected) => Verdict::Passed,
        (Some(_), Ok(_)) => Verdict::WrongValue,
        (_, Err(problems)) if problems.iter().any(|problem| BEYOND.contains(&problem.code)) => {
            Verdict::Outside
        }
        (Some(_), Err(_)) => Verdict::Failed,
        (None, Err(_)) => Verdict::Passed,
        // Refused by the suite for an option it had off, or a limit it had set lower.
        (None, Ok(_)) => match &case.refusal {
            Some(why) if why.contains("limit") || why.contains("depth") || why.contains('`') => {
                Verdict::Outside
            }
            _ => Verdict::Failed,
        },
    }
}

/// The language, but not the published subset, or not within its limits.
const BEYOND: [&str; 3] = ["condition/outside-subset", "condition/too-deep", "condition/too-large"];
