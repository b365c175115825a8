//! Taking events: one look-up of the kind tells everything that listens to it.
//!
//! Not here: what each part makes of an event, see the modules of the dimensions.

use apropos_event::{Event, PropertyName, Timestamp, Value, Zone};
use serde::{Deserialize, Serialize};

use crate::ears::Ear;
use crate::place::{Location, Point};
use crate::reading::{Reading, Source};
use crate::rules::ContextRules;
use crate::state::ContextState;
use crate::upcoming::Heard;

/// Why an event is refused by the context. Then nothing changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContextError {
    /// The event is refused by itself.
    #[error(transparent)]
    Event(#[from] apropos_event::EventError),
    /// It carries a position that is none.
    #[error("the position of the event is none: latitude and longitude in degrees are expected")]
    Position,
    /// It names a zone that does not exist.
    #[error(transparent)]
    Zone(#[from] apropos_event::UnknownZone),
}

/// What an event changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContextChanges {
    /// Where the customer is.
    pub place: bool,
    /// The zone they are in.
    pub zone: bool,
    /// A stage of a cycle.
    pub stage: bool,
    /// A signal of behaviour.
    pub signal: bool,
    /// What is believed about their goal.
    pub goal: bool,
    /// What is about to happen.
    pub upcoming: bool,
}

impl ContextChanges {
    /// Whether anything changed.
    pub fn any(self) -> bool {
        self.place || self.zone || self.stage || self.signal || self.goal || self.upcoming
    }
}

/// An event that the context takes: checked, and with what it says about place and zone read.
#[derive(Clone, Debug)]
pub struct Perceived<'a> {
    event: &'a Event,
    ear: Option<&'a Ear>,
    position: Option<Location>,
    zone: Option<Zone>,
}

impl ContextRules {
    /// Checks an event, so that [`ContextRules::take`] can take it.
    ///
    /// # Errors
    /// When the event is refused, or carries a position or zone that is none.
    #[inline]
    pub fn check<'a>(&'a self, event: &'a Event) -> Result<Perceived<'a>, ContextError> {
        event.check()?;
        let ear = self.ears.of(&event.kind);
        let located = ear.is_some_and(|ear| ear.position);
        let position = if located { Some(self.position(event)?) } else { None };
        let zone = match &self.zone_property {
            Some(name) => named_zone(event, name)?,
            None => None,
        };
        Ok(Perceived { event, ear, position, zone })
    }

    /// Takes an event. Events may come late: what lies before what is known moves nothing back.
    ///
    /// # Errors
    /// When the event is refused, or carries a position or zone that is none. Then nothing changed.
    pub fn observe(&self, state: &mut ContextState, event: &Event) -> Result<ContextChanges, ContextError> {
        Ok(self.take(state, self.check(event)?))
    }

    /// Takes an event that was checked against these rules. O(what listens to its kind).
    #[inline]
    pub fn take(&self, state: &mut ContextState, perceived: Perceived<'_>) -> ContextChanges {
        let Perceived { event, ear, position, zone } = perceived;
        let place = position.is_some_and(|location| self.take_position(state, location, event.occurred_at));
        let zone = zone.is_some_and(|zone| self.take_zone(&mut state.zone, zone, event.occurred_at));
        let changes = ContextChanges { place, zone, ..self.hear(state, event, ear) };
        state.seen = Some(state.seen.map_or(event.occurred_at, |seen| seen.max(event.occurred_at)));
        changes
    }

    /// Lets everything that listens to the event's kind take it.
    #[inline(never)]
    fn hear(&self, state: &mut ContextState, event: &Event, ear: Option<&Ear>) -> ContextChanges {
        let Some(ear) = ear else { return ContextChanges::default() };
        ContextChanges {
            stage: self.cycles.observe(&mut state.stages, &mut state.subjects, event, &ear.moves),
            signal: self.detectors.observe(&mut state.signals, event, state.seen, &ear.clues),
            goal: self.goals.observe(&mut state.goal, event, &ear.says),
            upcoming: self.foresee(state, event, &ear.happenings),
            ..ContextChanges::default()
        }
    }

    /// Takes the position that an event carries; returns whether it is newer than the last.
    #[inline(never)]
    fn take_position(&self, state: &mut ContextState, location: Location, at: Timestamp) -> bool {
        let fix = Reading::new(location, Source::Event, at).fading(self.place.half_life);
        state.track.observe(fix, &self.places, &state.places)
    }

    /// Takes the zone that an event names, unless a later one is known; returns whether it is another.
    #[inline(never)]
    fn take_zone(&self, known: &mut Option<Reading<Zone>>, zone: Zone, at: Timestamp) -> bool {
        if known.as_ref().is_some_and(|known| at < known.at) {
            return false;
        }
        let changed = known.as_ref().is_none_or(|known| known.value != zone);
        *known = Some(Reading::new(zone, Source::Event, at).fading(self.zone_half_life));
        changed
    }

    /// The position that an event carries.
    #[inline(never)]
    fn position(&self, event: &Event) -> Result<Location, ContextError> {
        let number = |name| event.properties.get(name).and_then(Value::as_f64);
        let degrees = number(&self.place.latitude).zip(number(&self.place.longitude));
        let point = degrees.and_then(|(latitude, longitude)| Point::new(latitude, longitude));
        let accuracy = number(&self.place.accuracy).unwrap_or(0.0);
        point.map(|point| Location::within(point, accuracy)).ok_or(ContextError::Position)
    }

    fn foresee(&self, state: &mut ContextState, event: &Event, happenings: &[u16]) -> bool {
        let mut changed = false;
        for kind in happenings.iter().filter_map(|number| self.happenings.get(usize::from(*number))) {
            match kind.hear(event) {
                None => {}
                Some(Heard::Expected(happening)) => {
                    state.expect(happening, event.occurred_at);
                    changed = true;
                }
                Some(Heard::Cancelled(subject)) => {
                    let before = state.upcoming.len();
                    state.upcoming.retain(|other| {
                        other.kind != kind.kind || (subject.is_some() && other.subject != subject)
                    });
                    changed |= state.upcoming.len() != before;
                }
            }
        }
        changed
    }
}

/// The zone that a property of an event names, if it has that property.
#[inline(never)]
fn named_zone(event: &Event, name: &PropertyName) -> Result<Option<Zone>, ContextError> {
    let name = event.properties.get(name).and_then(Value::as_str);
    Ok(name.map(Zone::new).transpose()?)
}
