//! The invoices of a shop as events, in order of time for each customer.
//!
//! Not here: what happens between the events.

use std::collections::BTreeMap;
use std::error::Error;

use apropos::event::{
    CivilDate, CivilTime, CustomerId, Event, EventId, EventKind, Properties, PropertyName, SourceId,
    Timestamp, Value, Zone,
};
use apropos_examples::input;
use serde::Deserialize;

/// One line of the file.
#[derive(Deserialize)]
struct Row {
    customer_id: String,
    invoice: String,
    ts: String,
    country: String,
    is_return: u8,
    lines: i64,
    units: i64,
    amount: f64,
}

/// What one customer did.
pub(crate) struct History {
    /// Who.
    pub(crate) customer: CustomerId,
    /// Where they live, if that is one zone.
    pub(crate) zone: Option<Zone>,
    /// What they did, in order of time.
    pub(crate) events: Vec<Event>,
}

/// Everything in the file, customers in order of their ids.
pub(crate) struct Shop {
    /// The customers.
    pub(crate) customers: Vec<History>,
    /// The first instant.
    pub(crate) first: Timestamp,
    /// The last instant.
    pub(crate) last: Timestamp,
}

/// Reads a file of invoices.
///
/// # Errors
/// When it cannot be read, is cut off or holds a line that is not understood; the message names the line.
pub(crate) fn read(path: &str) -> Result<Shop, Box<dyn Error>> {
    let rows: Vec<Row> = input::csv_rows(path).map_err(|error| error.to_string())?;
    let london = Zone::new("Europe/London")?;
    let mut customers: BTreeMap<String, History> = BTreeMap::new();
    let mut zones: BTreeMap<&str, Option<Zone>> = BTreeMap::new();
    for (line, row) in (2..).zip(&rows) {
        let event = event(row, &london).map_err(|error| format!("`{path}` broke at line {line}: {error}"))?;
        if let Some(known) = customers.get_mut(&row.customer_id) {
            known.events.push(event);
        } else {
            let customer = event.customer.clone();
            let zone = zones.entry(&row.country).or_insert_with(|| zone(&row.country)).clone();
            let history = History { customer, zone, events: vec![event] };
            customers.insert(row.customer_id.clone(), history);
        }
    }
    let mut customers: Vec<History> = customers.into_values().collect();
    for history in &mut customers {
        history.events.sort_by(|a, b| (a.occurred_at, &a.id).cmp(&(b.occurred_at, &b.id)));
        // Laid down again in that order: a service has its event at hand, too.
        history.events = history.events.clone();
    }
    let times = || customers.iter().flat_map(|history| &history.events).map(|event| event.occurred_at);
    let (Some(first), Some(last)) = (times().min(), times().max()) else {
        return Err(format!("`{path}` holds no invoices").into());
    };
    Ok(Shop { customers, first, last })
}

fn event(row: &Row, london: &Zone) -> Result<Event, Box<dyn Error>> {
    let (date, time) = row.ts.split_once(' ').ok_or("`ts` is a date and a time")?;
    let date: CivilDate = date.parse()?;
    let time: CivilTime = time.strip_suffix(":00").unwrap_or(time).parse()?;
    let kind = if row.is_return == 0 { "purchase" } else { "return" };
    let mut event = Event::new(
        EventId::new(row.invoice.as_str())?,
        SourceId::new("shop")?,
        EventKind::new(kind)?,
        CustomerId::new(row.customer_id.as_str())?,
        london.instant(date, time),
    );
    let mut properties = Properties::new();
    // What goes back is written with a minus in the file; the kind of the event says so already.
    let amount = Value::double(row.amount.abs()).ok_or("`amount` is a number")?;
    properties.insert(PropertyName::new("amount")?, amount);
    properties.insert(PropertyName::new("units")?, Value::from(row.units.abs()));
    properties.insert(PropertyName::new("lines")?, Value::from(row.lines));
    event.properties = properties;
    event.check()?;
    Ok(event)
}

/// The zone of a country that has one only; nothing is guessed for the others.
fn zone(country: &str) -> Option<Zone> {
    let name = match country {
        "United Kingdom" | "Channel Islands" => "Europe/London",
        "EIRE" => "Europe/Dublin",
        "Germany" => "Europe/Berlin",
        "France" => "Europe/Paris",
        "Netherlands" => "Europe/Amsterdam",
        "Belgium" => "Europe/Brussels",
        "Switzerland" => "Europe/Zurich",
        "Italy" => "Europe/Rome",
        "Austria" => "Europe/Vienna",
        "Finland" => "Europe/Helsinki",
        "Sweden" => "Europe/Stockholm",
        "Norway" => "Europe/Oslo",
        "Denmark" => "Europe/Copenhagen",
        "Poland" => "Europe/Warsaw",
        "Malta" => "Europe/Malta",
        "Japan" => "Asia/Tokyo",
        "Singapore" => "Asia/Singapore",
        "Lithuania" => "Europe/Vilnius",
        _ => return None,
    };
    Zone::new(name).ok()
}
