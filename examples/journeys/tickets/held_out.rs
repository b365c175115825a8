//! Do promises foretell what the log calls kept? Deadlines chosen on earlier cases, judged on later ones.
//!
//! Not here: the journey itself.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt;

use apropos::event::{Duration, Timestamp};
use serde::Serialize;

use crate::desk::{Desk, Tally};
use crate::log::Case;

/// The deadlines that are tried, in hours: the usual ones, chosen without looking.
const HOURS: [i64; 18] = [1, 2, 4, 6, 8, 12, 16, 24, 36, 48, 72, 96, 120, 168, 240, 336, 480, 720];

/// How often engine and log agree.
#[derive(Serialize)]
pub(crate) struct Agreement {
    cases: u64,
    /// With the deadlines chosen on the earlier cases.
    chosen: f64,
    /// With the deadlines of `tickets.toml`.
    declared: f64,
    /// When every promise is called what most of the earlier ones were.
    most: f64,
}

/// Both halves.
#[derive(Serialize)]
pub(crate) struct HeldOut {
    /// Cases opened from here on are the later ones.
    split: Timestamp,
    deadline_hours: BTreeMap<String, i64>,
    earlier: Agreement,
    later: Agreement,
}

/// Parts the cases of which the log tells whether the agreement was kept by when they were opened, chooses deadlines on
/// the earlier half and judges both. `None` when the log tells it of no case.
///
/// # Errors
/// When a playbook is refused.
pub(crate) fn judge(cases: &[Case], end: Timestamp) -> Result<Option<HeldOut>, Box<dyn Error>> {
    let told = || cases.iter().filter(|case| case.made_sla.is_some());
    let mut opened: Vec<Timestamp> = told().map(Case::opened).collect();
    opened.sort_unstable();
    let Some(&split) = opened.get(opened.len() / 2) else { return Ok(None) };
    let (earlier, later): (Vec<&Case>, Vec<&Case>) = told().partition(|case| case.opened() < split);
    let deadline_hours = choose(&earlier);
    let within = |(priority, hours): (&String, &i64)| (priority.clone(), Duration::from_hours(*hours));
    let deadlines: Vec<(String, Duration)> = deadline_hours.iter().map(within).collect();
    let (chosen, declared) = (Desk::open(Some(&deadlines))?, Desk::open(None)?);
    let mostly_kept = earlier.len() <= 2 * earlier.iter().filter(|case| case.made_sla == Some(true)).count();
    let agreement = |cases: &[&Case]| {
        let count = cases.len().max(1) as f64;
        let agrees = |desk: &Desk| {
            let mut tally = Tally::default();
            for case in cases {
                desk.drive(case, end, &mut tally);
            }
            tally.agrees as f64 / count
        };
        let most = cases.iter().filter(|case| case.made_sla == Some(mostly_kept)).count() as f64 / count;
        Agreement { cases: cases.len() as u64, chosen: agrees(&chosen), declared: agrees(&declared), most }
    };
    let (earlier, later) = (agreement(&earlier), agreement(&later));
    Ok(Some(HeldOut { split, deadline_hours, earlier, later }))
}

/// For every priority the deadline that agrees most often with the log; of equals the shortest.
fn choose(cases: &[&Case]) -> BTreeMap<String, i64> {
    let priorities: BTreeSet<&String> = cases.iter().filter_map(|case| case.priority.as_ref()).collect();
    let best = |priority: &String| {
        let agrees = |hours: i64| {
            let within = Duration::from_hours(hours);
            let same = |case: &&&Case| {
                case.priority.as_ref() == Some(priority) && Some(in_time(case, within)) == case.made_sla
            };
            cases.iter().filter(same).count()
        };
        let best = HOURS.into_iter().rev().max_by_key(|hours| agrees(*hours));
        (priority.clone(), best.unwrap_or(HOURS[0]))
    };
    priorities.into_iter().map(best).collect()
}

fn in_time(case: &Case, within: Duration) -> bool {
    let evidence = case.events.iter().find(|event| ["resolved", "closed"].contains(&event.kind.as_str()));
    evidence.is_some_and(|event| event.occurred_at.since(case.opened()) <= within)
}

impl fmt::Display for HeldOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { split, deadline_hours, earlier, later } = self;
        writeln!(f, "deadlines in hours, chosen on cases opened before {split}: {deadline_hours:?}")?;
        for (name, one) in [("earlier", earlier), ("later", later)] {
            let [chosen, declared, most] = [one.chosen, one.declared, one.most].map(|share| 100.0 * share);
            let cases = one.cases;
            writeln!(
                f,
                "  agreement on the {cases} {name} cases: {chosen:.1} % chosen, {declared:.1} % declared, {most:.1} % \"as most\""
            )?;
        }
        Ok(())
    }
}
