//! Sessions from tracker events: duplicates, late events, stray pings and rotating ids included.
//!
//! `cargo run --release --example sessions -- FILE [EXPECTED] [--json]`
//!
//! FILE has one tracker event a line (JSON). We will keep each event once, collect a series of instants per session, read
//! counts and distinct pages from it, and name the person behind each visitor. With EXPECTED (one session a line) every
//! session of the users it names is compared.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;

use apropos::event::counter::{Cell, ColumnKind, Entry, Series, Span};
use apropos::event::{Duration, PropertyName, Timestamp, draw};
use apropos_examples::failure::Failure;
use apropos_examples::{args::Args, input};
use serde::Deserialize;
use serde_json::{Value, json};

/// What we need of a tracker event.
#[derive(Deserialize)]
struct Row {
    event_id: Option<String>,
    event: Option<String>,
    event_name: Option<String>,
    collector_tstamp: String,
    derived_tstamp: Option<String>,
    domain_sessionid: Option<String>,
    domain_userid: Option<String>,
    user_id: Option<String>,
    contexts_com_snowplowanalytics_snowplow_web_page_1_0_0: Option<String>,
}

/// One session as we find it.
#[derive(Default)]
struct Session {
    series: Series,
    /// Names by label, from 1.
    names: Vec<String>,
    /// Labels of pings.
    pings: BTreeSet<u16>,
    visitor: Option<String>,
    /// The user of the earliest event.
    user: Option<(Timestamp, String)>,
}

/// Sessions by id.
type Sessions = BTreeMap<String, Session>;
/// The person behind each visitor.
type People = BTreeMap<String, String>;

/// How long after its first event a session takes more.
const LONGEST: Duration = Duration::from_days(3);
/// How long before its ping a page was opened at least.
const PING: Duration = Duration::from_secs(5);

fn main() -> Result<(), Failure> {
    let args = Args::from_env(&["json"], &[])?;
    let rows: Vec<Row> = input::json_lines(args.path(0, "FILE")?)?;
    let (sessions, people) = collect(rows)?;
    let mut found: BTreeMap<&str, Value> =
        sessions.iter().map(|(id, session)| (id.as_str(), describe(session, &people))).collect();
    let mut differences = Vec::new();
    let expected: Vec<Value> = match args.optional(1) {
        Some(path) => input::json_lines(path)?,
        None => Vec::new(),
    };
    if args.optional(1).is_some() {
        // Users whom EXPECTED leaves out altogether are not compared; a further session of one it knows is a difference.
        let users: BTreeSet<&str> =
            expected.iter().filter_map(|session| session["user_id"].as_str()).collect();
        found.retain(|_, session| session["user"].as_str().is_some_and(|user| users.contains(user)));
        let known: BTreeSet<&str> =
            expected.iter().filter_map(|session| session["domain_sessionid"].as_str()).collect();
        let further = found.keys().filter(|id| !known.contains(**id));
        differences.extend(further.map(|id| json!({"session": id, "unexpected": true})));
    }
    for session in &expected {
        let id = session["domain_sessionid"].as_str().unwrap_or_default();
        differences.extend(compare(id, found.get(id), session)?);
    }
    let wrong: BTreeSet<&str> =
        differences.iter().filter_map(|difference| difference["session"].as_str()).collect();
    let right = |session: &&Value| session["domain_sessionid"].as_str().is_some_and(|id| !wrong.contains(id));
    let agree = expected.iter().filter(right).count();
    for difference in &differences {
        eprintln!("differs: {difference}");
    }
    if args.flag("json") {
        let report = json!({
            "sessions": found.len(), "expected": expected.len(), "agree": agree, "differences": differences,
        });
        println!("{report}");
    } else {
        for (id, session) in &found {
            println!("{id:.12}  {session}");
        }
        println!("{} sessions; {agree} of {} expected ones agree", found.len(), expected.len());
    }
    if differences.is_empty() { Ok(()) } else { Err("some sessions differ".into()) }
}

/// The sessions by id, and the person behind each visitor.
fn collect(mut rows: Vec<Row>) -> Result<(Sessions, People), Box<dyn Error>> {
    // The event with the earliest receipt is the one that counts; later ones with its id repeat it.
    rows.sort_by(|a, b| a.collector_tstamp.cmp(&b.collector_tstamp));
    let mut seen = BTreeSet::new();
    let mut sessions: BTreeMap<String, Session> = BTreeMap::new();
    let mut people: BTreeMap<String, (Timestamp, String)> = BTreeMap::new();
    for row in rows {
        let Some(id) = row.event_id.clone() else { continue };
        let (Some(session), true) = (row.domain_sessionid.clone(), seen.insert(id.clone())) else { continue };
        let at = instant(row.derived_tstamp.as_deref().unwrap_or(&row.collector_tstamp))?;
        if let (Some(visitor), Some(user)) = (&row.domain_userid, &row.user_id) {
            let last = people.entry(visitor.clone()).or_insert_with(|| (at, user.clone()));
            if last.0 <= at {
                *last = (at, user.clone());
            }
        }
        add(sessions.entry(session).or_default(), &row, &id, at)?;
    }
    Ok((sessions, people.into_iter().map(|(visitor, (_, user))| (visitor, user)).collect()))
}

fn add(session: &mut Session, row: &Row, id: &str, at: Timestamp) -> Result<(), Box<dyn Error>> {
    let name = row.event_name.clone().or_else(|| row.event.clone()).unwrap_or_default();
    let kind = row.event.as_deref().unwrap_or_default();
    let label = if let Some(at) = session.names.iter().position(|known| *known == name) {
        at as u16 + 1
    } else {
        session.names.push(name);
        session.names.len() as u16
    };
    if kind == "page_ping" {
        session.pings.insert(label);
    }
    // Pages count on views and pings only.
    let page = match (&row.contexts_com_snowplowanalytics_snowplow_web_page_1_0_0, kind) {
        (Some(context), "page_view" | "page_ping") => {
            let contexts: Vec<BTreeMap<String, Value>> = serde_json::from_str(context)?;
            let page = contexts.first().and_then(|context| context.get("id")).and_then(Value::as_str);
            page.map_or(Cell::Absent, |page| Cell::Mark(draw::stable_hash(0, page.as_bytes())))
        }
        _ => Cell::Absent,
    };
    session.series.ensure_column(&PropertyName::new("page")?, ColumnKind::Mark);
    let key = draw::stable_hash(0, id.as_bytes());
    session.series.insert(Entry { labels: [label, 0], ..Entry::new(at, key) }, &[page]);
    session.visitor = session.visitor.take().or_else(|| row.domain_userid.clone());
    if let Some(user) = &row.user_id
        && session.user.as_ref().is_none_or(|(first, _)| at < *first)
    {
        session.user = Some((at, user.clone()));
    }
    Ok(())
}

/// What we can say about a session.
fn describe(session: &Session, people: &BTreeMap<String, String>) -> Value {
    let series = &session.series;
    let first = series.entries().next().map_or(Timestamp::EPOCH, |entry| entry.at);
    let span = Span { from: first, to: first.plus(LONGEST).minus(Duration::from_micros(1)) };
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for entry in series.within(span) {
        let name = session.names.get(usize::from(entry.labels[0]) - 1).map_or("", String::as_str);
        *counts.entry(name).or_default() += 1;
    }
    let mut pages = Vec::new();
    series.distinct_into(0, span, &mut pages);
    let only_pings = series.within(span).all(|entry| session.pings.contains(&entry.labels[0]));
    let start = if only_pings { first.minus(PING) } else { first };
    let end = series.last(span).unwrap_or(first);
    json!({
        "user": session.user.as_ref().map(|(_, user)| user),
        "stitched_user_id": session.visitor.as_ref().and_then(|visitor| people.get(visitor)),
        "start": start, "end": end,
        "page_views": pages.len(),
        "event_counts": counts,
        "total_events": series.count(span).value,
        "absolute_time_in_s": end.since(start).as_secs_f64(),
    })
}

/// How what we found differs from what was expected.
fn compare(id: &str, found: Option<&Value>, expected: &Value) -> Result<Vec<Value>, Box<dyn Error>> {
    let Some(found) = found else { return Ok(vec![json!({"session": id, "missing": true})]) };
    let mut differences = Vec::new();
    let mut check = |field: &str, ours: Value, theirs: Value| {
        if ours != theirs {
            differences.push(json!({"session": id, "field": field, "found": ours, "expected": theirs}));
        }
    };
    let number = |field: &str| expected[field].as_str().and_then(|text| text.parse::<i64>().ok());
    check("stitched_user_id", found["stitched_user_id"].clone(), expected["stitched_user_id"].clone());
    for (ours, theirs) in [("start", "start_tstamp"), ("end", "end_tstamp")] {
        let at = instant(expected[theirs].as_str().unwrap_or_default())?;
        check(theirs, found[ours].clone(), json!(at));
    }
    check("page_views", found["page_views"].clone(), json!(number("page_views")));
    check("total_events", found["total_events"].clone(), json!(number("total_events")));
    check("event_counts", found["event_counts"].clone(), expected["event_counts"].clone());
    // The expected seconds may be rounded up.
    let seconds = found["absolute_time_in_s"].as_f64().unwrap_or_default();
    let near = number("absolute_time_in_s").is_some_and(|n| (n as f64 - seconds).abs() <= 1.0);
    check("absolute_time_in_s", json!(near), json!(true));
    Ok(differences)
}

/// `2021-03-03 21:27:32.696`, which is UTC.
fn instant(text: &str) -> Result<Timestamp, Box<dyn Error>> {
    Ok(format!("{}Z", text.trim().replace(' ', "T")).parse()?)
}
