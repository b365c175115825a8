//! What listens to each kind of event: one look-up of the kind finds everything that may change.
//!
//! Not here: what each part makes of an event, see the modules of the dimensions.

use std::collections::BTreeMap;

use apropos_event::EventKind;

use crate::behaviour::{Clue, Detectors};
use crate::goal::{GoalFilter, Says};
use crate::pattern::Kinds;
use crate::stage::{Cycles, Move};
use crate::upcoming::HappeningDefinition;

/// What listens to one kind of event.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ear {
    /// Whether such events carry a position.
    pub(crate) position: bool,
    pub(crate) moves: Vec<Move>,
    pub(crate) clues: Vec<Clue>,
    pub(crate) says: Vec<Says>,
    /// The numbers of the kinds of happenings that are expected or cancelled by it.
    pub(crate) happenings: Vec<u16>,
}

/// What listens to each kind of event.
#[derive(Clone, Debug)]
pub(crate) struct Ears(Kinds<Ear>);

impl Ears {
    pub(crate) fn new(
        position: Option<&EventKind>,
        cycles: &Cycles,
        detectors: &Detectors,
        goals: &GoalFilter,
        happenings: &[HappeningDefinition],
    ) -> Self {
        let mut ears: BTreeMap<EventKind, Ear> = BTreeMap::new();
        let mut ear = |kind: &EventKind, add: &dyn Fn(&mut Ear)| add(ears.entry(kind.clone()).or_default());
        if let Some(kind) = position {
            ear(kind, &|ear| ear.position = true);
        }
        for (kind, step) in cycles.listens() {
            ear(kind, &|ear| ear.moves.push(step));
        }
        for (kind, clue) in detectors.listens() {
            ear(kind, &|ear| ear.clues.push(clue));
        }
        for (kind, says) in goals.listens() {
            ear(kind, &|ear| ear.says.push(says));
        }
        for (happening, number) in happenings.iter().zip(0_u16..) {
            for kind in happening.listens() {
                ear(kind, &|ear| ear.happenings.push(number));
            }
        }
        Self(Kinds::new(ears))
    }
    /// What listens to a kind. O(1) as a rule.
    pub(crate) fn of(&self, kind: &EventKind) -> Option<&Ear> {
        self.0.of(kind)
    }
}
