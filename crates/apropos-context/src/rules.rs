//! The checked context: one value that takes events, answers for quiet hours and writes facts.

use std::collections::BTreeSet;
use std::ops::{Range, RangeInclusive};

use apropos_condition::{AttributeDefinition, AttributeId, Facts, Schema, SchemaBuilder, SymbolId};
use apropos_event::{AttributeName, ChannelId, Duration, Path, Problem, Problems, Timestamp, Zone};

use crate::behaviour::Detectors;
use crate::channel::Channels;
use crate::definition::ContextDefinition;
use crate::device::DevicePolicy;
use crate::emit::{self, Basis, Given, Sink, Telling};
use crate::explain::ContextFact;
use crate::goal::GoalFilter;
use crate::moment::Moment;
use crate::observe::Ears;
use crate::place::{NamedPlaces, PlaceDefinition, PlaceDimension};
use crate::reading::Source;
use crate::situation::Situations;
use crate::stage::Cycles;
use crate::stakes::{Stakes, StakesRules};
use crate::state::ContextState;
use crate::table::{self, Fact};
use crate::time::{Calendar, QuietAnswer, QuietReason};
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

/// Where the context's facts go in one schema.
#[derive(Clone, Debug)]
pub struct ContextBinding {
    /// For each fact of the table its attribute, and where its symbols begin.
    slots: Vec<(Option<AttributeId>, u32)>,
    /// How many facts before each place of the table have an attribute, so that a whole dimension can be passed over.
    before: Vec<u32>,
    symbols: Vec<Option<SymbolId>>,
    /// Every other attribute of the schema, by name: what a request may carry.
    named: Vec<(AttributeName, AttributeId)>,
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

    /// Lets conditions move the customer between stages, once facts are written; returns whether any stage changed.
    ///
    /// A cycle that is per product asks its conditions about one product after the other, with the facts of that cycle
    /// telling of that one; afterwards they tell of the one whose stage was entered last, as they did before. The facts
    /// of other stages are as they were: after a change, write them anew.
    pub fn refresh_stages(
        &self,
        state: &mut ContextState,
        binding: &ContextBinding,
        facts: &mut Facts,
        now: Timestamp,
    ) -> bool {
        self.cycles.refresh(&mut state.stages, &state.subjects, facts, now, |cycle, aspect, facts| {
            let places = self.cycle_starts.get(cycle).zip(self.cycle_starts.get(cycle + 1));
            let slots = places.and_then(|(start, end)| binding.slots.get(*start..*end));
            slots.into_iter().flatten().filter_map(|(id, _)| *id).for_each(|id| facts.unset(id));
            emit::tell_cycle(self, cycle, aspect, now, &mut Writer { binding, facts });
        })
    }

    /// Whether reaching out on `channel` must wait, and until when: all quiet hours that cover it together.
    pub fn quiet(&self, state: &ContextState, moment: &Moment, channel: &ChannelId) -> QuietAnswer {
        let zone = moment.zone.as_ref().or_else(|| {
            let seen = state.zone.as_ref()?;
            (0.5 <= seen.confidence(moment.now)).then_some(&seen.value)
        });
        self.quiet_in(zone, moment.now, channel)
    }

    /// The same for a zone, or none, at an instant.
    pub fn quiet_in(&self, zone: Option<&Zone>, now: Timestamp, channel: &ChannelId) -> QuietAnswer {
        let covering = || self.calendar.quiet_hours.iter().filter(|hours| hours.covers(channel));
        let local = zone.map(|zone| zone.local(now));
        let mut answer =
            QuietAnswer { quiet: false, next_allowed: Some(now), reason: QuietReason::NoneDeclared };
        for hours in covering() {
            let quiet = hours.is_quiet_for(local, now);
            if quiet || answer.reason == QuietReason::NoneDeclared {
                answer.reason = hours.reason(zone.is_some());
            }
            answer.quiet |= quiet;
        }
        if !answer.quiet {
            return answer;
        }
        // The first instant that all of them allow: each moves it on until none does.
        let mut at = now;
        for _ in 0..MAX_ROUNDS {
            let Some(latest) = covering().try_fold(at, |latest, hours| {
                hours.answer(zone, at).next_allowed.map(|next| latest.max(next))
            }) else {
                return QuietAnswer { next_allowed: None, ..answer };
            };
            if latest == at {
                return QuietAnswer { next_allowed: Some(at), ..answer };
            }
            at = latest;
        }
        QuietAnswer { next_allowed: None, ..answer }
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

    /// Finds where facts go in a schema that was built from the builder the rules were compiled against.
    pub fn bind(&self, schema: &Schema) -> ContextBinding {
        let mut slots = Vec::with_capacity(self.attributes.len());
        let mut symbols = Vec::new();
        for attribute in &self.attributes {
            slots.push((schema.id(attribute.name.as_str()), symbols.len() as u32));
            symbols.extend(attribute.values.iter().map(|value| schema.symbol(value)));
        }
        let own: Vec<AttributeId> = slots.iter().filter_map(|(id, _)| *id).collect();
        let named = schema.attributes().iter().filter_map(|attribute| {
            let id = schema.id(attribute.name.as_str())?;
            (!own.contains(&id)).then(|| (attribute.name.clone(), id))
        });
        let mut named: Vec<_> = named.collect();
        named.sort_by(|a, b| a.0.cmp(&b.0));
        ContextBinding { before: before(&slots), slots, symbols, named }
    }

    /// The attributes that the conditions of stages read: what [`ContextRules::refresh_stages`] needs to be written.
    pub fn stage_reads(&self) -> BTreeSet<AttributeId> {
        self.cycles.reads().collect()
    }

    /// Writes what is true at a moment into the facts: what the request carries, the six dimensions, what is at
    /// stake, and last the situation. Allocates nothing once the facts have grown.
    pub fn write_facts(
        &self,
        state: &ContextState,
        moment: &Moment,
        binding: &ContextBinding,
        facts: &mut Facts,
    ) {
        facts.set_timestamp(AttributeId::NOW, moment.now);
        for (name, value) in &moment.attributes {
            if let Ok(at) = binding.named.binary_search_by(|(known, _)| known.cmp(name))
                && let Some((_, id)) = binding.named.get(at)
                && facts.set_value(*id, value).is_err()
            {
                // A value of another type is as good as none: the attribute stays unknown.
                facts.set_missing(*id);
            }
        }
        let mut writer = Writer { binding, facts };
        Telling::new(self, state, moment, &mut writer).tell();
        self.conclude(moment, &mut writer);
    }

    /// What needs conditions over the facts: stakes first, then the situation.
    fn conclude(&self, moment: &Moment, writer: &mut Writer<'_>) {
        let basis =
            Basis { source: Source::Inferred, at: moment.now, half_life: Duration::ZERO, confidence: 1.0 };
        if writer.wants_any(Fact::Stakes, Fact::StakesDetails) {
            let (level, score) = self.stakes.weigh(moment.value_at_stake, writer.facts);
            writer.put(Fact::Stakes as usize, Given::Symbol(level), basis);
            writer.put(Fact::StakesScore as usize, Given::Double(score), basis);
            if let Some(level) = self.stakes.levels().get(level) {
                writer.put(Fact::StakesDetails as usize, Given::Texts(&level.details), basis);
            }
        }
        if writer.wants_any(Fact::Situation, Fact::Situation) {
            let situation = self.situations.recognise(writer.facts);
            writer.put(Fact::Situation as usize, Given::Symbol(situation), basis);
        }
    }

    /// What is at stake, with its reasons, once facts are written.
    pub fn stakes(&self, moment: &Moment, facts: &Facts) -> Stakes<'_> {
        self.stakes.assess(moment.value_at_stake, facts)
    }

    /// Every fact of a moment with source, time, half-life and confidence, for people and logs. `facts` must have been
    /// written for the same moment.
    pub fn explain(&self, state: &ContextState, moment: &Moment, facts: &Facts) -> Vec<ContextFact> {
        crate::explain::explain(self, state, moment, facts)
    }
}

/// How often all quiet hours are asked in turn before `next_allowed` gives up.
const MAX_ROUNDS: usize = 1_000;

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

/// How many of the slots before each place, and before the end, have an attribute.
fn before(slots: &[(Option<AttributeId>, u32)]) -> Vec<u32> {
    let counts = slots.iter().scan(0, |count, (id, _)| {
        *count += u32::from(id.is_some());
        Some(*count)
    });
    std::iter::once(0).chain(counts).collect()
}

impl ContextBinding {
    /// The same binding for readers of `wanted` only: every other fact is passed over, with the work of finding it out.
    ///
    /// Adds to `wanted` what the stakes and the situation are found out from, if they are wanted; so this room is asked
    /// before those that supply it.
    #[must_use]
    pub fn only(mut self, rules: &ContextRules, wanted: &mut BTreeSet<AttributeId>) -> Self {
        let wants = |facts: RangeInclusive<Fact>, wanted: &BTreeSet<AttributeId>| {
            let slots = self.slots.get(*facts.start() as usize..=*facts.end() as usize);
            slots.into_iter().flatten().any(|(id, _)| id.is_some_and(|id| wanted.contains(&id)))
        };
        if wants(Fact::Situation..=Fact::Situation, wanted) {
            wanted.extend(rules.situations.reads());
        }
        if wants(Fact::Stakes..=Fact::StakesDetails, wanted) {
            wanted.extend(rules.stakes.reads());
        }
        for (id, _) in &mut self.slots {
            *id = id.filter(|id| wanted.contains(id));
        }
        self.named.retain(|(_, id)| wanted.contains(id));
        self.before = before(&self.slots);
        self
    }

    fn wants(&self, facts: Range<usize>) -> bool {
        self.before.get(facts.start) != self.before.get(facts.end)
    }
}

/// Writes into facts.
struct Writer<'a> {
    binding: &'a ContextBinding,
    facts: &'a mut Facts,
}

impl Sink for Writer<'_> {
    fn wants(&self, facts: Range<usize>) -> bool {
        self.binding.wants(facts)
    }

    fn put(&mut self, at: usize, value: Given<'_>, _: Basis) {
        let Some((Some(id), symbols)) = self.binding.slots.get(at).copied() else { return };
        match value {
            Given::Bool(value) => self.facts.set_bool(id, value),
            Given::Int(value) => self.facts.set_int(id, value),
            Given::Double(value) => self.facts.set_double(id, value),
            Given::Text(value) => self.facts.set_text(id, value),
            Given::Span(value) => self.facts.set_duration(id, value),
            Given::Channels(values) => self.facts.set_texts(id, values.iter().map(ChannelId::as_str)),
            Given::Texts(values) => self.facts.set_texts(id, values.iter().map(String::as_str)),
            Given::Symbol(number) => {
                if let Some(Some(symbol)) = self.binding.symbols.get(symbols as usize + number) {
                    self.facts.set_symbol_id(id, *symbol);
                }
            }
        }
    }
}
