//! The checked context: one value that answers for quiet hours, takes events and writes facts.
//!
//! Not here: taking events, see `observe`; writing facts, see `binding`; telling where they come from, see `explain`.

use std::collections::BTreeSet;

use apropos_condition::{AttributeDefinition, AttributeId, Facts, SchemaBuilder};
use apropos_event::{ChannelId, Duration, Path, Problem, Problems, Timestamp, Zone};

use crate::behaviour::Detectors;
use crate::channel::Channels;
use crate::definition::ContextDefinition;
use crate::device::DevicePolicy;
use crate::ears::Ears;
use crate::goal::GoalFilter;
use crate::moment::Moment;
use crate::place::{NamedPlaces, PlaceDefinition, PlaceDimension};
use crate::situation::Situations;
use crate::stage::Cycles;
use crate::stakes::{Stakes, StakesRules};
use crate::state::ContextState;
use crate::table;
use crate::time::{Calendar, QuietAnswer, QuietHours};
use crate::upcoming::{self, HappeningDefinition};

/// The checked context part of a playbook. Immutable, `Send + Sync`.
///
/// ```
/// use apropos_condition::{Facts, SchemaBuilder};
/// use apropos_context::{ContextDefinition, ContextRules, ContextState, Device, DeviceClass, Moment};
/// use apropos_event::{Problems, Timestamp, Zone};
///
/// let mut schema = SchemaBuilder::new();
/// let mut problems = Problems::new();
/// let rules = ContextRules::compile(&ContextDefinition::default(), &mut schema, &mut problems);
/// assert!(problems.is_empty(), "{problems}");
///
/// let schema = schema.build();
/// let binding = rules.bind(&schema);
/// let mut facts = Facts::new(&schema);
/// let moment = Moment::at("2026-11-20T18:30:00Z".parse::<Timestamp>()?)
///     .in_zone(Zone::new("Europe/Paris")?)
///     .on_device(Device::new(DeviceClass::VoiceAssistant));
/// rules.write_facts(&ContextState::new(), &moment, &binding, &mut facts);
///
/// let explained = rules.explain(&ContextState::new(), &moment, &facts);
/// let daypart = explained.iter().find(|fact| fact.name.as_str() == "context.daypart").unwrap();
/// assert_eq!(daypart.value.as_str(), Some("evening"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ContextRules {
    pub(crate) attributes: Vec<AttributeDefinition>,
    pub(crate) calendar: Calendar,
    pub(crate) place: PlaceDimension,
    pub(crate) places: NamedPlaces,
    #[cfg(feature = "business-hours")]
    pub(crate) hours: Vec<(apropos_event::PlaceId, crate::time::BusinessHours)>,
    pub(crate) devices: DevicePolicy,
    pub(crate) channels: Channels,
    pub(crate) cycles: Cycles,
    /// Where the facts of each cycle begin, and last where those of signals do.
    pub(crate) cycle_starts: Vec<usize>,
    pub(crate) detectors: Detectors,
    pub(crate) goals: GoalFilter,
    pub(crate) happenings: Vec<HappeningDefinition>,
    pub(crate) situations: Situations,
    pub(crate) stakes: StakesRules,
    pub(crate) zone_property: Option<apropos_event::PropertyName>,
    pub(crate) zone_half_life: Duration,
    pub(crate) ears: Ears,
}

impl ContextRules {
    /// Checks a definition, telling everything that is wrong with it, and reads its conditions against `schema`.
    ///
    /// Attributes of the context that the schema lacks are declared. Conditions may name attributes of other rooms,
    /// which must have been declared before.
    pub fn compile(
        definition: &ContextDefinition,
        schema: &mut SchemaBuilder,
        problems: &mut Problems,
    ) -> Self {
        let path = Path::root();
        let attributes = definition.attributes();
        table::declare(&attributes, schema, problems);
        let channels = Channels::compile(&definition.channels, &path.key("channels"), problems);
        for (at, quiet) in definition.time.quiet_hours.iter().enumerate() {
            let path = path.key("time").key("quiet_hours").index(at).key("channels");
            for (number, channel) in quiet.channels.iter().enumerate() {
                channels.check(channel, &path.index(number), problems);
            }
        }
        check_place(&definition.place, &path.key("place"), problems);
        let cycles = Cycles::compile(&definition.cycles, schema, &path.key("cycles"), problems);
        let detectors = Detectors::compile(&definition.used_signals(), &path.key("signals"), problems);
        let goals = GoalFilter::compile(&definition.goal, &path.key("goal"), problems);
        let happenings = upcoming::compile(&definition.upcoming, &path.key("upcoming"), problems);
        Self {
            ears: Ears::new(definition.place.event.as_ref(), &cycles, &detectors, &goals, &happenings),
            attributes,
            calendar: Calendar::compile(&definition.time, &path.key("time"), problems),
            places: NamedPlaces::compile(
                &definition.place.places,
                &path.key("place").key("places"),
                problems,
            ),
            #[cfg(feature = "business-hours")]
            hours: crate::place::business_hours(
                &definition.place.places,
                &path.key("place").key("places"),
                problems,
            ),
            place: PlaceDimension { places: Vec::new(), ..definition.place.clone() },
            devices: DevicePolicy::compile(&definition.device, &path.key("device"), problems),
            channels,
            cycles,
            cycle_starts: table::cycle_starts(&definition.cycles),
            detectors,
            goals,
            happenings,
            situations: Situations::compile(
                &definition.situations,
                schema,
                &path.key("situations"),
                problems,
            ),
            stakes: StakesRules::compile(&definition.stakes, schema, &path.key("stakes"), problems),
            zone_property: definition.zone_property.clone(),
            zone_half_life: definition.zone_half_life,
        }
    }

    /// Where the facts of signals begin in the table.
    pub(crate) fn signals_start(&self) -> usize {
        self.cycle_starts.last().copied().unwrap_or(table::CYCLES)
    }

    /// Where the facts of happenings begin in the table.
    pub(crate) fn happenings_start(&self) -> usize {
        self.signals_start() + self.detectors.signals().len()
    }

    /// The attributes that the context supplies.
    pub fn attributes(&self) -> Vec<AttributeDefinition> {
        self.attributes.clone()
    }

    /// The inventory of channels.
    pub fn channels(&self) -> &Channels {
        &self.channels
    }

    /// What follows from whose device it is.
    pub fn devices(&self) -> &DevicePolicy {
        &self.devices
    }

    /// The dayparts and holidays.
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// The named places.
    pub fn places(&self) -> &NamedPlaces {
        &self.places
    }

    /// The filter over goals.
    pub fn goals(&self) -> &GoalFilter {
        &self.goals
    }

    /// The detectors of signals.
    pub fn detectors(&self) -> &Detectors {
        &self.detectors
    }

    /// The situations, in order.
    pub fn situations(&self) -> &Situations {
        &self.situations
    }

    /// Whether reaching out on `channel` must wait, and until when: all quiet hours that cover it together.
    pub fn quiet(&self, state: &ContextState, moment: &Moment, channel: &ChannelId) -> QuietAnswer {
        self.quiet_in(self.known_zone(state, moment), moment.now, channel)
    }

    /// The zone the customer is known to be in: the moment's, or else the one last seen in an event, for as long as that is
    /// more likely than not still true.
    pub fn known_zone<'a>(&self, state: &'a ContextState, moment: &'a Moment) -> Option<&'a Zone> {
        moment.zone.as_ref().or_else(|| state.believed_zone(moment.now).map(|seen| &seen.value))
    }

    /// The zone whose clock counts for the customer: [`ContextRules::known_zone`], or else the assumed one.
    pub fn clock_zone<'a>(&'a self, state: &'a ContextState, moment: &'a Moment) -> Option<&'a Zone> {
        self.known_zone(state, moment).or(self.calendar.assumed_zone.as_ref())
    }

    /// The same for a zone, or none, at an instant.
    pub fn quiet_in(&self, zone: Option<&Zone>, now: Timestamp, channel: &ChannelId) -> QuietAnswer {
        QuietAnswer::of_all(&self.quiet_hours(channel), zone, now)
    }

    /// The quiet hours that cover a channel.
    pub fn quiet_hours(&self, channel: &ChannelId) -> impl Iterator<Item = &QuietHours> + Clone {
        self.calendar.quiet_hours.iter().filter(move |hours| hours.covers(channel))
    }

    /// Whether a place is open at `now`; `None` when nobody said.
    pub fn is_open(&self, place: &PlaceDefinition, now: Timestamp) -> Option<bool> {
        #[cfg(feature = "business-hours")]
        if let Ok(at) = self.hours.binary_search_by(|(id, _)| id.cmp(&place.id))
            && let Some((_, hours)) = self.hours.get(at)
        {
            return hours.is_open(now);
        }
        let zone = place.zone.as_ref().filter(|_| !place.open.is_empty())?;
        let local = zone.local(now);
        Some(place.open.iter().any(|window| window.contains(local, &self.calendar.holidays)))
    }

    /// The attributes that the conditions of stages read: what [`ContextRules::refresh_stages`] needs to be written.
    pub fn stage_reads(&self) -> BTreeSet<AttributeId> {
        self.cycles.reads().collect()
    }

    /// What is at stake, with its reasons, once facts are written.
    pub fn stakes(&self, moment: &Moment, facts: &Facts) -> Stakes<'_> {
        self.stakes.assess(moment.value_at_stake, facts)
    }
}

fn check_place(place: &PlaceDimension, path: &Path, problems: &mut Problems) {
    if !(0.0..=1.0).contains(&place.enough) {
        problems.push(Problem::error("context/range", path.key("enough"), "`enough` lies between 0 and 1"));
    }
    for (key, duration) in [("half_life", place.half_life), ("foresight", place.foresight)] {
        if !duration.is_positive() {
            let message = format!("`{key}` must be longer than nothing");
            problems.push(Problem::error("context/range", path.key(key), message));
        }
    }
    if let Some(resolution) = place.cell_resolution {
        let path = path.key("cell_resolution");
        if 15 < resolution {
            problems.push(Problem::error("context/range", path, "a resolution lies between 0 and 15"));
        } else if !cfg!(feature = "h3") {
            let message = "this build knows no H3 cells";
            problems.push(
                Problem::error("context/feature", path, message).with_help("build with the feature `h3`"),
            );
        }
    }
}
