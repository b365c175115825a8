//! Quiet hours against a reference.
//!
//! We will read rows of (instant, zone, quiet interval), ask whether reaching out is allowed, when it next is, and
//! when the local day began, and compare each answer with the file's.
//!
//! `cargo run --release --example quiet_hours -- FILE [--json]`
//!
//! The file is CSV, plain or gzip, with the columns `t_utc`, `zone`, `quiet_start`, `quiet_end`, `allowed`,
//! `next_allowed_utc` and `local_day_start_utc`.

use std::collections::BTreeMap;

use apropos::context::QuietHours;
use apropos::event::{CivilTime, Timestamp, Zone};
use apropos_examples::failure::Failure;
use apropos_examples::{args::Args, input};
use serde::{Deserialize, Serialize};

/// One row of the file; what else it has is left out.
#[derive(Deserialize)]
struct Row {
    t_utc: Timestamp,
    zone: String,
    quiet_start: CivilTime,
    quiet_end: CivilTime,
    allowed: u8,
    next_allowed_utc: Timestamp,
    local_day_start_utc: Timestamp,
}

#[derive(Serialize)]
struct Difference {
    row: usize,
    zone: String,
    at: Timestamp,
    field: &'static str,
    expected: String,
    got: String,
}

#[derive(Serialize)]
struct Report {
    rows: usize,
    agree: usize,
    differences: Vec<Difference>,
}

fn main() -> Result<(), Failure> {
    let args = Args::from_env(&["json"], &[])?;
    let rows: Vec<Row> = input::csv_rows(args.path(0, "FILE")?)?;
    let mut zones = BTreeMap::new();
    let mut report = Report { rows: rows.len(), agree: 0, differences: Vec::new() };
    for (at, row) in rows.iter().enumerate() {
        if !zones.contains_key(&row.zone) {
            zones.insert(row.zone.clone(), Zone::new(&row.zone)?);
        }
        let before = report.differences.len();
        if let Some(zone) = zones.get(&row.zone) {
            compare(at, row, zone, &mut report.differences);
        }
        report.agree += usize::from(report.differences.len() == before);
    }
    if args.flag("json") {
        println!("{}", serde_json::to_string(&report)?);
        return Ok(());
    }
    println!("{} of {} rows agree.", report.agree, report.rows);
    for d in report.differences.iter().take(20) {
        println!("row {}: {} in {}: {} should be {}, is {}", d.row, d.at, d.zone, d.field, d.expected, d.got);
    }
    Ok(())
}

/// Adds a difference for each answer that is not the file's.
fn compare(at: usize, row: &Row, zone: &Zone, differences: &mut Vec<Difference>) {
    let hours = QuietHours::daily(row.quiet_start, row.quiet_end);
    let answer = hours.answer(Some(zone), row.t_utc);
    let next = answer.next_allowed.map_or_else(|| "never".to_owned(), |at| at.to_string());
    let day_start = zone.start_of_day(zone.day(row.t_utc));
    let fields = [
        ("allowed", (row.allowed == 1).to_string(), (!answer.quiet).to_string()),
        ("next_allowed", row.next_allowed_utc.to_string(), next),
        ("local_day_start", row.local_day_start_utc.to_string(), day_start.to_string()),
    ];
    for (field, expected, got) in fields {
        if expected != got {
            let zone = zone.name().to_owned();
            differences.push(Difference { row: at + 2, zone, at: row.t_utc, field, expected, got });
        }
    }
}
