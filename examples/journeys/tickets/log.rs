//! The log as cases, each with its events ready to be handed over.
//!
//! Not here: what happens to them.

use std::error::Error;

use apropos::event::{CustomerId, Event, EventId, EventKind, SourceId, Timestamp};
use apropos_examples::input;
use serde::Deserialize;

/// One row of the log.
#[derive(Deserialize)]
struct Row {
    case_id: String,
    activity: String,
    ts: String,
    made_sla: Option<bool>,
    priority: Option<String>,
    opened: Option<String>,
}

/// One case: it is opened, then its activities follow.
pub(crate) struct Case {
    pub(crate) id: String,
    /// The priority it was opened with, where the log tells it.
    pub(crate) priority: Option<String>,
    /// Whether the agreement was kept in the end, where the log tells it.
    pub(crate) made_sla: Option<bool>,
    pub(crate) events: Vec<Event>,
}

impl Case {
    /// When it was opened.
    pub(crate) fn opened(&self) -> Timestamp {
        self.events.first().map_or(Timestamp::MIN, |event| event.occurred_at)
    }

    /// When the last thing happened.
    pub(crate) fn last(&self) -> Timestamp {
        self.events.last().map_or(Timestamp::MIN, |event| event.occurred_at)
    }
}

/// Reads all cases.
///
/// # Errors
/// When the file cannot be read, or something in it is not of a ticket log.
pub(crate) fn read(path: &str) -> Result<Vec<Case>, Box<dyn Error>> {
    let rows: Vec<Row> = input::csv_rows(path)?;
    rows.chunk_by(|a, b| a.case_id == b.case_id).map(case).collect()
}

fn case(rows: &[Row]) -> Result<Case, Box<dyn Error>> {
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Err("a case has rows".into()) };
    let source = SourceId::new("log")?;
    let customer = CustomerId::new(&first.case_id)?;
    let event = |id: usize, kind: &str, at: Timestamp| -> Result<Event, Box<dyn Error>> {
        let (id, kind) = (EventId::new(id.to_string())?, EventKind::new(kind)?);
        Ok(Event::new(id, source.clone(), kind, customer.clone(), at))
    };
    // A few cases were written down before they were opened.
    let written = instant(&first.ts)?;
    let opened = first.opened.as_deref().map(instant).transpose()?.map_or(written, |at| at.min(written));
    let mut events = vec![event(0, "opened", opened)?];
    for (at, row) in rows.iter().enumerate() {
        let kind = kind(&row.activity).map_err(|error| format!("case `{}`: {error}", row.case_id))?;
        events.push(event(at + 1, kind, instant(&row.ts)?)?);
    }
    Ok(Case { id: first.case_id.clone(), priority: first.priority.clone(), made_sla: last.made_sla, events })
}

fn kind(activity: &str) -> Result<&'static str, String> {
    Ok(match activity {
        "New" => "new",
        "Active" => "active",
        "Awaiting User Info" => "user",
        "Awaiting Problem" => "problem",
        "Awaiting Vendor" => "vendor",
        "Awaiting Evidence" => "evidence",
        "Resolved" => "resolved",
        "Closed" => "closed",
        other => return Err(format!("`{other}` is not an activity of this journey")),
    })
}

/// Local time without a zone is read as if it were UTC: only differences matter here.
fn instant(text: &str) -> Result<Timestamp, Box<dyn Error>> {
    format!("{text}Z").parse().map_err(|error| format!("`{text}`: {error}").into())
}
