//! Tallies: what is counted for each product, so that conditions can tell one product from another.

use apropos_event::{CycleId, Duration, Event, Timestamp};
use serde::{Deserialize, Serialize};

use super::definition::TallyDefinition;

/// What was counted for one product of one cycle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubjectState {
    /// The cycle.
    pub cycle: CycleId,
    /// The product.
    pub subject: String,
    /// When anything was counted last.
    pub seen: Timestamp,
    /// The counts, in order of their first event.
    pub tallies: Vec<Tally>,
}

/// How often something happened to one product, and when last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tally {
    /// The id of the tally in its cycle.
    pub id: String,
    /// How often it happened.
    pub count: u64,
    /// When it happened last.
    pub last: Timestamp,
}

impl Tally {
    /// How long ago it happened last.
    pub(crate) fn age(&self, now: Timestamp) -> Duration {
        now.since(self.last).max(Duration::ZERO)
    }
}

impl SubjectState {
    /// The count with this id, if anything was counted.
    pub fn tally(&self, id: &str) -> Option<&Tally> {
        self.tallies.iter().find(|tally| tally.id == id)
    }
}

/// Products that are kept for one customer; the one that nothing was counted for longest makes room.
pub(crate) const MAX_SUBJECTS: usize = 64;

/// Where the counts of a product are, if there are any.
pub(crate) fn find<'a>(
    subjects: &'a [SubjectState],
    cycle: &CycleId,
    subject: &str,
) -> Option<&'a SubjectState> {
    subjects.iter().find(|state| state.subject == subject && state.cycle == *cycle)
}

/// Counts an event for a product.
pub(super) fn count(
    subjects: &mut Vec<SubjectState>,
    cycle: &CycleId,
    subject: String,
    tally: &TallyDefinition,
    event: &Event,
) {
    let now = event.occurred_at;
    let known = subjects.iter_mut().find(|state| state.subject == subject && state.cycle == *cycle);
    let Some(state) = known else {
        if MAX_SUBJECTS <= subjects.len() {
            let stalest = subjects.iter().enumerate().min_by_key(|(_, state)| state.seen);
            let stalest = stalest.map_or(0, |(at, _)| at);
            subjects.remove(stalest);
        }
        let tallies = vec![Tally { id: tally.id.clone(), count: 1, last: now }];
        subjects.push(SubjectState { cycle: cycle.clone(), subject, seen: now, tallies });
        return;
    };
    state.seen = state.seen.max(now);
    if let Some(known) = state.tallies.iter_mut().find(|known| known.id == tally.id) {
        known.count = known.count.saturating_add(1);
        known.last = known.last.max(now);
    } else {
        state.tallies.push(Tally { id: tally.id.clone(), count: 1, last: now });
    }
}
