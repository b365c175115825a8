//! The context part of a playbook, as an author writes it.

use apropos_event::{Duration, PropertyName};
use serde::{Deserialize, Serialize};

use crate::behaviour::SignalDefinition;
use crate::channel::ChannelDefinition;
use crate::device::DeviceDefinition;
use crate::goal::GoalDefinition;
use crate::place::PlaceDimension;
use crate::situation::SituationDefinition;
use crate::stage::CycleDefinition;
use crate::stakes::StakesDefinition;
use crate::time::TimeDefinition;
use crate::upcoming::HappeningDefinition;

/// The context part of a playbook. Everything may be left out; then the usual holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ContextDefinition {
    /// Dayparts, holidays, quiet hours.
    pub time: TimeDefinition,
    /// Named places, and how long a position counts.
    pub place: PlaceDimension,
    /// What follows from whose device it is.
    pub device: DeviceDefinition,
    /// The inventory of channels.
    pub channels: Vec<ChannelDefinition>,
    /// Lifecycles; none when the list is empty.
    pub cycles: Vec<CycleDefinition>,
    /// Signals of behaviour; the usual nine when the list is left out.
    pub signals: Option<Vec<SignalDefinition>>,
    /// How goals are inferred.
    pub goal: GoalDefinition,
    /// Situations, first match first; the usual ones when the list is empty.
    pub situations: Vec<SituationDefinition>,
    /// How much context a decision deserves.
    pub stakes: StakesDefinition,
    /// What may be about to happen.
    pub upcoming: Vec<HappeningDefinition>,
    /// The property of an event that tells the zone the customer is in; none by default.
    pub zone_property: Option<PropertyName>,
    /// How long a zone that was seen in an event counts half; zero for ever.
    pub zone_half_life: Duration,
}

impl ContextDefinition {
    /// The signals that are used: those of the definition, or the usual ones.
    pub(crate) fn used_signals(&self) -> Vec<SignalDefinition> {
        self.signals.clone().unwrap_or_else(crate::behaviour::usual_signals)
    }
}
