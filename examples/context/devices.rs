//! Devices from User-Agent texts, against a reference.
//!
//! We will read rules at run time, read each text by them, and compare every field with the file's.
//!
//! `cargo run --release --example devices -- FILE REGEXES [--json]`
//!
//! FILE is JSON, one object a line, plain or gzip: `ua` is the text, the other keys are the fields to compare, null where
//! absent. A row with `brand` is about the device, one with `patch_minor` about the operating system, any other about
//! the browser or app. Several files may be given, joined by commas. REGEXES is the `regexes.yaml` of the ua-parser
//! project.
//!
//! Such a file has no class of device. Where its own words name one, such as `Smartphone` or `HbbTV`, ours is compared
//! with it as `device.class`; a spider's row is compared as `device.robot`. Both are told by field and do not count
//! towards the rows that agree.

use std::collections::BTreeMap;
use std::time::Instant;

use apropos::context::{Device, UserAgentRules};
use apropos_examples::failure::Failure;
use apropos_examples::{args::Args, input};
use serde::Serialize;

type Row = BTreeMap<String, Option<String>>;

/// What a field of the answer is called, and what it is.
type Found = (&'static str, Option<String>);

#[derive(Default, Serialize)]
struct Field {
    rows: usize,
    agree: usize,
}

#[derive(Default, Serialize)]
struct Report {
    rows: usize,
    agree: usize,
    by_field: BTreeMap<String, Field>,
    classes: BTreeMap<&'static str, usize>,
    texts_per_second: f64,
}

#[expect(clippy::disallowed_methods, reason = "an example may measure; the clock reaches no decision")]
fn main() -> Result<(), Failure> {
    let args = Args::from_env(&["json"], &[])?;
    let mut rows: Vec<Row> = Vec::new();
    for file in args.path(0, "FILE")?.split(',') {
        rows.extend(input::json_lines::<Row>(file)?);
    }
    let rules = UserAgentRules::from_yaml(&input::text(args.path(1, "REGEXES")?)?)?;
    let start = Instant::now();
    let found: Vec<_> = rows.iter().map(|row| fields(&rules, row)).collect();
    let seconds = start.elapsed().as_secs_f64();
    let mut report = Report { rows: rows.len(), ..Report::default() };
    report.texts_per_second = rows.len() as f64 / seconds.max(1e-9);
    for (row, (kind, found)) in rows.iter().zip(&found) {
        compare(row, kind, found, &mut report);
        let device = rules.device(agent(row));
        *report.classes.entry(device.class.as_str()).or_default() += 1;
        if *kind == "device" {
            compare_class(row, &device, &mut report);
        }
    }
    if args.flag("json") {
        println!("{}", serde_json::to_string(&report)?);
        return Ok(());
    }
    println!("{} rules; {} of {} rows agree.", rules.len(), report.agree, report.rows);
    for (name, field) in &report.by_field {
        println!("  {name:<16} {} of {}", field.agree, field.rows);
    }
    println!("Classes: {:?}", report.classes);
    println!("{:.0} texts a second on one core.", report.texts_per_second);
    Ok(())
}

fn agent(row: &Row) -> &str {
    row.get("ua").and_then(Option::as_deref).unwrap_or_default()
}

/// Counts the fields that agree, and tells those that do not.
fn compare(row: &Row, kind: &str, found: &[Found], report: &mut Report) {
    let mut agree = true;
    for (name, found) in found {
        let expected = row.get(*name).cloned().flatten();
        let field = report.by_field.entry(format!("{kind}.{name}")).or_default();
        field.rows += 1;
        if *found == expected {
            field.agree += 1;
        } else {
            agree = false;
            eprintln!("{kind}.{name}: expected {expected:?}, got {found:?} for `{}`", agent(row));
        }
    }
    report.agree += usize::from(agree);
}

/// Counts whether class and robot agree with what the row's own words say.
fn compare_class(row: &Row, device: &Device, report: &mut Report) {
    let spider = row.get("brand").and_then(Option::as_deref) == Some("Spider");
    let named = named_class(row).filter(|_| !spider);
    let class = named.map(|class| ("class", device.class.as_str(), class));
    let [robot, expected] = [device.robot, spider].map(|is| if is { "a robot" } else { "no robot" });
    for (name, found, expected) in class.into_iter().chain([("robot", robot, expected)]) {
        let field = report.by_field.entry(format!("device.{name}")).or_default();
        field.rows += 1;
        field.agree += usize::from(found == expected);
        if found != expected {
            eprintln!("device.{name}: expected {expected}, got {found} for `{}`", agent(row));
        }
    }
}

/// The class that the words of a row name, if they name one.
fn named_class(row: &Row) -> Option<&'static str> {
    const WORDS: [(&str, &[&str]); 5] = [
        ("phone", &["smartphone", "iphone", "feature phone"]),
        ("tablet", &["tablet", "ipad"]),
        ("desktop", &["desktop"]),
        ("television", &["appletv", "googletv", "hbbtv", "netcast.tv", "webtv", "inettv", "smarttv"]),
        ("wearable", &["apple watch"]),
    ];
    let words = ["family", "model"].map(|key| row.get(key).and_then(Option::as_deref).unwrap_or_default());
    let words = words.join(" ").to_lowercase();
    WORDS.iter().find(|(_, names)| names.iter().any(|name| words.contains(name))).map(|(class, _)| *class)
}

/// What the row is about, and its fields as the rules tell them.
fn fields(rules: &UserAgentRules, row: &Row) -> (&'static str, Vec<Found>) {
    let agent = agent(row);
    if row.contains_key("brand") {
        let device = rules.agent_device(agent);
        let fields = vec![("family", Some(device.family)), ("brand", device.brand), ("model", device.model)];
        return ("device", fields);
    }
    if row.contains_key("patch_minor") {
        let os = rules.os(agent);
        let fields = vec![
            ("family", Some(os.family)),
            ("major", os.major),
            ("minor", os.minor),
            ("patch", os.patch),
            ("patch_minor", os.patch_minor),
        ];
        return ("os", fields);
    }
    let found = rules.agent(agent);
    let fields = vec![
        ("family", Some(found.family)),
        ("major", found.major),
        ("minor", found.minor),
        ("patch", found.patch),
    ];
    ("ua", fields)
}
