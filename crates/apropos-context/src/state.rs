//! What is remembered of one customer's context between requests.

use apropos_event::{Timestamp, Zone};
use serde::{Deserialize, Serialize};

use crate::behaviour::SignalState;
use crate::channel::Continuity;
use crate::goal::GoalState;
use crate::place::{PlaceDefinition, Track};
use crate::reading::Reading;
use crate::stage::{StageState, SubjectState};
use crate::upcoming::Happening;

/// The context of one customer. Plain data: JSON for people, postcard for machines.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ContextState {
    /// The zone they were last known to be in.
    pub zone: Option<Reading<Zone>>,
    /// Where they were, where they stay, where they are heading.
    pub track: Track,
    /// Their own places, such as home and work; at most 32.
    pub places: Vec<PlaceDefinition>,
    /// Where they are in each cycle.
    pub stages: Vec<StageState>,
    /// The signals of their behaviour, in order of the ids.
    pub signals: Vec<SignalState>,
    /// What is believed about their goal.
    pub goal: GoalState,
    /// What is about to happen to them; at most 32, soonest first.
    pub upcoming: Vec<Happening>,
    /// Interactions that can be taken up elsewhere.
    pub continuity: Continuity,
    /// When their last event happened.
    pub seen: Option<Timestamp>,
    /// What was counted for each product; at most 64.
    pub subjects: Vec<SubjectState>,
}

/// Own places that are kept.
pub(crate) const MAX_OWN_PLACES: usize = 32;
/// Happenings that are kept.
pub(crate) const MAX_UPCOMING: usize = 32;

impl ContextState {
    /// A customer of whom nothing is known.
    pub fn new() -> Self {
        Self::default()
    }

    /// Remembers one of the customer's own places; one with the same id is replaced. False when there is no room.
    pub fn keep_place(&mut self, place: PlaceDefinition) -> bool {
        if let Some(known) = self.places.iter_mut().find(|known| known.id == place.id) {
            *known = place;
            return true;
        }
        let room = self.places.len() < MAX_OWN_PLACES;
        if room {
            self.places.push(place);
        }
        room
    }

    /// Expects something; one of the same kind about the same subject is replaced, what is over is dropped, and the
    /// farthest makes room.
    pub fn expect(&mut self, happening: Happening, now: Timestamp) {
        let same = |other: &Happening| other.kind == happening.kind && other.subject == happening.subject;
        self.upcoming.retain(|other| now <= other.at && !same(other));
        let at = self.upcoming.partition_point(|other| other.at <= happening.at);
        self.upcoming.insert(at, happening);
        self.upcoming.truncate(MAX_UPCOMING);
    }

    /// The zone they were last known to be in, for as long as that is more likely than not still true.
    pub(crate) fn believed_zone(&self, now: Timestamp) -> Option<&Reading<Zone>> {
        self.zone.as_ref().filter(|seen| 0.5 <= seen.confidence(now))
    }

    /// Forgets everything that came from watching: positions, signals, beliefs and stages.
    pub fn forget(&mut self) {
        *self = Self::default();
    }
}
