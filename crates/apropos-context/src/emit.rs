//! Working out the facts of a moment: one pass, told to a sink, so that what is written into facts and what is
//! explained cannot differ.

use apropos_event::{Duration, LocalTime, Timestamp, Weekday, Zone};

use crate::device::{Capability, Device, Ownership};
use crate::moment::Moment;
use crate::parts::{Part, Parts};
use crate::place::{Approach, Few, Location, Point, arc_m};
use crate::reading::{Reading, Source};
use crate::rules::ContextRules;
use crate::stage::Aspect;
use crate::state::ContextState;
use crate::table::{EVERY_CYCLE, Fact};
use crate::time::{Hemisphere, Season};
use crate::upcoming::Happening;

/// A value, told.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Given<'a> {
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(&'a str),
    /// The place of a symbol among its attribute's values.
    Symbol(usize),
    Span(Duration),
    Channels(&'a [apropos_event::ChannelId]),
    Texts(&'a [String]),
}

/// Where a fact comes from, when it was true, how fast it fades, and how sure it is now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Basis {
    pub(crate) source: Source,
    pub(crate) at: Timestamp,
    pub(crate) half_life: Duration,
    pub(crate) confidence: f64,
}

impl Basis {
    fn certain(source: Source, at: Timestamp) -> Self {
        Self { source, at, half_life: Duration::ZERO, confidence: 1.0 }
    }

    pub(crate) fn of<T>(reading: &Reading<T>, now: Timestamp) -> Self {
        Self {
            source: reading.source,
            at: reading.at,
            half_life: reading.half_life,
            confidence: reading.confidence(now),
        }
    }

    fn scaled(self, share: f64) -> Self {
        Self { confidence: self.confidence * share, ..self }
    }
}

/// Takes facts by their place in the table.
pub(crate) trait Sink {
    /// What anybody wants; what nobody wants need not be found out.
    fn wanted(&self) -> Parts;

    fn put(&mut self, at: usize, value: Given<'_>, basis: Basis);
}

/// Tells one moment.
pub(crate) struct Telling<'a, S> {
    rules: &'a ContextRules,
    state: &'a ContextState,
    moment: &'a Moment,
    sink: &'a mut S,
    wanted: Parts,
    /// Where the customer is heading, once that is told.
    heading: Option<(Approach<'a>, Basis)>,
}

impl<'a, S: Sink> Telling<'a, S> {
    pub(crate) fn new(
        rules: &'a ContextRules,
        state: &'a ContextState,
        moment: &'a Moment,
        sink: &'a mut S,
    ) -> Self {
        Self { rules, state, moment, wanted: sink.wanted(), sink, heading: None }
    }

    /// Tells everything that needs no condition.
    pub(crate) fn tell(&mut self) {
        let announces = self.rules.happenings.iter().any(|kind| kind.on_approach.is_some());
        let announces = announces && self.wants(Part::Upcoming);
        let places = announces || self.wants(Part::Place);
        let located = places || self.wants(Part::Season);
        let location = if located { self.location() } else { None };
        if self.wants(Part::Time) {
            self.time(location.map(|(location, _)| location.point));
        }
        if let Some((location, basis)) = location.filter(|_| places) {
            self.place(location, basis);
        }
        if let Some(device) = &self.moment.device
            && self.wants(Part::Device)
        {
            self.device(device);
        }
        if self.wants(Part::Channel) {
            self.channel();
        }
        self.stages();
        if self.wants(Part::Signals) {
            self.signals();
        }
        if self.wants(Part::Goal) {
            self.goal();
        }
        if self.wants(Part::Upcoming) {
            self.upcoming();
        }
    }

    #[inline]
    fn wants(&self, part: Part) -> bool {
        self.wanted.contains(part)
    }

    #[inline]
    fn put(&mut self, fact: Fact, value: Given<'_>, basis: Basis) {
        self.sink.put(fact as usize, value, basis);
    }

    fn now(&self) -> Timestamp {
        self.moment.now
    }

    fn certain(&self, source: Source) -> Basis {
        Basis::certain(source, self.moment.now)
    }

    /// The position that counts: the request's, or the last one seen; none that is not believed any more.
    fn location(&mut self) -> Option<(Location, Basis)> {
        let found = self.moment.location.as_ref().or_else(|| self.state.track.last());
        let enough = self.rules.place.enough;
        let found = found.map(|location| (location.value, Basis::of(location, self.moment.now)));
        let found = found.filter(|(_, basis)| enough <= basis.confidence);
        let basis = found.map_or_else(|| self.certain(Source::Inferred), |(_, basis)| basis);
        self.put(Fact::Located, Given::Bool(found.is_some()), basis);
        found
    }

    fn time(&mut self, point: Option<Point>) {
        let now = self.now();
        let (zone, basis, known) = self.zone();
        self.put(Fact::ZoneKnown, Given::Bool(known), self.certain(Source::Request));
        let quiet = self.wants(Part::Quiet);
        let wall = quiet || self.wants(Part::Wall);
        let local = zone.filter(|_| wall).map(|zone| zone.local(now));
        if let (Some(zone), Some(local)) = (zone, local) {
            self.put(Fact::Zone, Given::Text(zone.name()), basis);
            self.local(local, point, basis);
        }
        if !quiet {
            return;
        }
        let channel = self.moment.chosen_channel.as_ref().or(self.moment.channel.as_ref());
        let local = local.filter(|_| known);
        let quiet = self.rules.calendar.quiet_hours.iter().any(|hours| {
            channel.is_none_or(|channel| hours.covers(channel)) && hours.is_quiet_for(local, now)
        });
        self.put(Fact::Quiet, Given::Bool(quiet), basis);
    }

    /// The zone that facts are told in, and whether it is known rather than assumed.
    fn zone(&self) -> (Option<&'a Zone>, Basis, bool) {
        let (state, rules) = (self.state, self.rules);
        if let Some(zone) = &self.moment.zone {
            return (Some(zone), self.certain(Source::Request), true);
        }
        if let Some(seen) = state.believed_zone(self.moment.now) {
            return (Some(&seen.value), Basis::of(seen, self.moment.now), true);
        }
        (rules.calendar.assumed_zone.as_ref(), self.certain(Source::Assumed), false)
    }

    fn local(&mut self, local: LocalTime, point: Option<Point>, basis: Basis) {
        let calendar = &self.rules.calendar;
        if self.wants(Part::Hour) {
            self.put(Fact::Hour, Given::Int(i64::from(local.time.hour())), basis);
        }
        if self.wants(Part::Weekday) {
            let weekday = local.date.weekday();
            let weekend = matches!(weekday, Weekday::Saturday | Weekday::Sunday);
            self.put(Fact::Weekday, Given::Symbol(weekday as usize), basis);
            self.put(Fact::Weekend, Given::Bool(weekend), basis);
        }
        let ymd @ (_, month, _) = local.date.ymd();
        self.put(Fact::Month, Given::Int(i64::from(month)), basis);
        if !self.wants(Part::Calendar) {
            return;
        }
        let hemisphere = point.map_or(calendar.hemisphere, |point| {
            if point.latitude() < 0.0 { Hemisphere::South } else { Hemisphere::North }
        });
        let holiday = calendar.holidays.on_day(local.date, ymd);
        let daypart = calendar.dayparts.index_at(local.time);
        let season = Season::of_month(month, hemisphere);
        self.put(Fact::Daypart, Given::Symbol(daypart), basis);
        self.put(Fact::Season, Given::Symbol(season as usize), basis);
        self.put(Fact::IsHoliday, Given::Bool(holiday.is_some()), basis);
        if let Some(holiday) = holiday {
            self.put(Fact::Holiday, Given::Text(holiday), basis);
        }
    }

    fn place(&mut self, location: Location, basis: Basis) {
        let (now, rules, state) = (self.now(), self.rules, self.state);
        self.put(Fact::Accuracy, Given::Double(location.accuracy_m), basis);
        #[cfg(feature = "h3")]
        if let Some(cell) =
            rules.place.cell_resolution.and_then(|r| crate::place::CellId::of(location.point, r))
        {
            self.put(Fact::Cell, Given::Text(&cell.to_string()), basis);
        }
        let near = rules.places.near(location.point);
        if let Some((at, chord2)) = near.first()
            && let Some(place) = rules.places.get(*at)
        {
            self.put(Fact::Nearest, Given::Text(place.id.as_str()), basis);
            self.put(Fact::NearestDistance, Given::Double(arc_m(*chord2)), basis);
        }
        let found = rules.places.at(location, &state.places);
        if let Some(found) = found.filter(|found| rules.place.enough <= basis.confidence * found.share) {
            let basis = basis.scaled(found.share);
            self.put(Fact::Place, Given::Text(found.place.id.as_str()), basis);
            self.put(Fact::PlaceKind, Given::Symbol(found.place.kind as usize), basis);
            if let Some(open) = rules.is_open(found.place, now) {
                self.put(Fact::PlaceOpen, Given::Bool(open), basis);
            }
            let stay = state.track.stay.as_ref().filter(|stay| stay.place == found.place.id);
            let dwell = stay.map_or(Duration::ZERO, |stay| now.since(stay.since).max(Duration::ZERO));
            self.put(Fact::Dwell, Given::Span(dwell), basis);
        }
        self.motion(location.point, near, basis);
    }

    /// How they move and where they are heading; `near` are the places near `point`.
    fn motion(&mut self, point: Point, near: Few, basis: Basis) {
        let (now, rules, state) = (self.now(), self.rules, self.state);
        if let Some(speed) = state.track.speed(now) {
            let motion = if speed < 0.5 { 0 } else { usize::from(2.5 <= speed) + 1 };
            let basis = Basis { source: Source::Inferred, ..basis };
            self.put(Fact::Speed, Given::Double(speed), basis);
            self.put(Fact::Motion, Given::Symbol(motion), basis);
        }
        // Nobody is on the way any more once the farthest arrival that is foreseen has passed.
        let foresight = rules.place.foresight;
        let last = state.track.last().filter(|last| now.since(last.at) <= foresight);
        let approach = last.and_then(|last| {
            let last = last.value.point;
            let near = if last == point { near } else { rules.places.near(last) };
            let candidates = near.iter().filter_map(|(at, _)| rules.places.get(*at)).chain(&state.places);
            state.track.approach(candidates, foresight)
        });
        if let Some(approach) = approach.filter(|approach| now <= approach.arrival) {
            let basis =
                Basis { source: Source::Inferred, at: approach.at, ..basis }.scaled(approach.directness);
            self.put(Fact::Approaching, Given::Text(approach.place.id.as_str()), basis);
            self.put(Fact::ApproachingKind, Given::Symbol(approach.place.kind as usize), basis);
            self.put(Fact::ArrivalIn, Given::Span(approach.arrival.since(now)), basis);
            if let Some(open) = rules.is_open(approach.place, approach.arrival) {
                self.put(Fact::ApproachingOpen, Given::Bool(open), basis);
            }
            self.heading = Some((approach, basis));
        }
    }

    fn device(&mut self, device: &Device) {
        let basis = self.certain(Source::Request);
        let ownership = self.rules.devices.ownership(device);
        let assumed = if device.ownership == Ownership::Unknown { Source::Assumed } else { Source::Request };
        let said = self.certain(assumed);
        self.put(Fact::DeviceClass, Given::Symbol(device.class as usize), basis);
        self.put(Fact::DeviceOwnership, Given::Symbol(ownership as usize), said);
        if ownership != Ownership::Unknown {
            self.put(Fact::DeviceOwned, Given::Bool(ownership == Ownership::Owned), said);
        }
        if let Some(os) = &device.os {
            self.put(Fact::DeviceOs, Given::Text(os), basis);
        }
        if let Some(browser) = &device.browser {
            self.put(Fact::DeviceBrowser, Given::Text(browser), basis);
        }
        self.put(Fact::DeviceRobot, Given::Bool(device.robot), basis);
        let source = if device.capabilities.is_some() { Source::Request } else { Source::Assumed };
        for (fact, capability) in CAPABILITIES {
            self.put(fact, Given::Bool(device.can(capability)), self.certain(source));
        }
        let then = self.rules.devices.consequences(device);
        let channel = self.moment.channel.as_ref().and_then(|id| self.rules.channels.get(id));
        let public = channel.is_some_and(|channel| channel.public);
        self.put(Fact::Personal, Given::Bool(then.personal && !public), said);
        self.put(Fact::Keep, Given::Bool(then.keep), said);
        if then.forget_after.is_positive() {
            self.put(Fact::ForgetAfter, Given::Span(then.forget_after), said);
        }
        self.put(Fact::SignIn, Given::Bool(then.sign_in), said);
    }

    fn channel(&mut self) {
        let (basis, moment, now) = (self.certain(Source::Request), self.moment, self.now());
        if let Some(id) = &moment.channel {
            self.put(Fact::Channel, Given::Text(id.as_str()), basis);
            if let Some(channel) = self.rules.channels.get(id) {
                self.put(Fact::ChannelDirection, Given::Symbol(channel.direction as usize), basis);
                self.put(Fact::ChannelHuman, Given::Bool(channel.human), basis);
                self.put(Fact::ChannelPublic, Given::Bool(channel.public), basis);
                self.put(Fact::ChannelInterruption, Given::Double(channel.interruption), basis);
                self.put(Fact::ChannelLatency, Given::Span(channel.latency), basis);
                self.put(Fact::ChannelCost, Given::Double(channel.cost), basis);
                self.put(Fact::ChannelReach, Given::Double(channel.reach), basis);
            }
        }
        if let Some(chosen) = &moment.chosen_channel {
            self.put(Fact::ChosenChannel, Given::Text(chosen.as_str()), self.certain(Source::Stated));
        }
        if !moment.reachable.is_empty() {
            self.put(Fact::Reachable, Given::Channels(&moment.reachable), basis);
        }
        let unfinished = self.state.continuity.unfinished(now);
        self.put(Fact::Unfinished, Given::Bool(unfinished.is_some()), self.certain(Source::Event));
        if let Some(waiting) = unfinished {
            let basis = Basis::certain(Source::Event, waiting.at);
            self.put(Fact::UnfinishedChannel, Given::Text(waiting.channel.as_str()), basis);
            self.put(Fact::UnfinishedAge, Given::Span(now.since(waiting.at)), basis);
        }
    }

    fn stages(&mut self) {
        let (now, rules, state) = (self.now(), self.rules, self.state);
        for cycle in 0..rules.cycle_starts.len() - 1 {
            let aspect = rules.cycles.aspect(cycle, &state.stages, &state.subjects);
            tell_cycle(rules, cycle, aspect, now, self.sink);
        }
    }

    fn signals(&mut self) {
        let (now, rules, state) = (self.now(), self.rules, self.state);
        let (first, sink) = (rules.signals_start(), &mut *self.sink);
        rules.detectors.strengths(&state.signals, state.seen, now, |number, signal, strength| {
            let basis = Basis {
                source: Source::Inferred,
                at: state.seen.unwrap_or(now),
                half_life: signal.half_life,
                confidence: 1.0,
            };
            sink.put(first + number, Given::Double(strength), basis);
        });
    }

    fn goal(&mut self) {
        let (now, moment) = (self.now(), self.moment);
        let Some(goal) = self.rules.goals.reading(&self.state.goal, moment.stated_goal, now) else { return };
        // The certainty of the reading is the belief at this very instant: it has already faded.
        let (source, at, half_life) = (goal.source, goal.at, goal.half_life);
        let basis = Basis { source, at, half_life, confidence: goal.certainty };
        self.put(Fact::Goal, Given::Symbol(goal.value as usize), basis);
        self.put(Fact::GoalConfidence, Given::Double(goal.certainty), basis);
        self.put(Fact::GoalStated, Given::Bool(goal.source == Source::Stated), basis);
    }

    fn upcoming(&mut self) {
        let (now, rules, state, moment) = (self.now(), self.rules, self.state, self.moment);
        let first = rules.happenings_start();
        let mut next: Option<(&str, Timestamp, Basis)> = None;
        for (kind, number) in rules.happenings.iter().zip(0..) {
            let of_kind = moment.upcoming.iter().chain(&state.upcoming).filter(|h| h.kind == kind.kind);
            let heading = self.heading.as_ref().filter(|(to, _)| kind.on_approach == Some(to.place.kind));
            let soonest = of_kind
                .map(|happening| (happening.at, foreseen(happening, now)))
                .chain(heading.map(|(approach, basis)| (approach.arrival, *basis)))
                .filter(|(at, _)| now <= *at && at.since(now) <= kind.lead)
                .min_by_key(|(at, _)| *at);
            let Some((at, basis)) = soonest else { continue };
            self.sink.put(first + number, Given::Span(at.since(now)), basis);
            if next.is_none_or(|(_, earliest, _)| at < earliest) {
                next = Some((&kind.kind, at, basis));
            }
        }
        if let Some((kind, at, basis)) = next {
            self.put(Fact::Next, Given::Text(kind), basis);
            self.put(Fact::NextDue, Given::Span(at.since(now)), basis);
        }
    }
}

/// Tells what is true of one product, or of the customer, in one cycle.
pub(crate) fn tell_cycle<S: Sink>(
    rules: &ContextRules,
    cycle: usize,
    aspect: Aspect<'_>,
    now: Timestamp,
    sink: &mut S,
) {
    let (Some(definition), Some(at)) = (rules.cycles.get(cycle), rules.cycle_starts.get(cycle)) else {
        return;
    };
    if let Some(present) = aspect.stage
        && let Some((stage, normal)) = rules.cycles.describe(cycle, &present.stage)
    {
        let basis = Basis::certain(Source::Event, present.since);
        let time = present.time_in_stage(now);
        sink.put(*at, Given::Symbol(stage), basis);
        sink.put(at + 1, Given::Span(time), basis);
        if let Some(normal) = normal {
            sink.put(at + 2, Given::Bool(normal < time), basis);
        }
    }
    if let Some(subject) = aspect.subject.filter(|_| definition.per.is_some()) {
        let at = at + EVERY_CYCLE;
        sink.put(at, Given::Text(subject), Basis::certain(Source::Event, now));
        for (tally, number) in definition.tallies.iter().zip(0..) {
            let counted = aspect.counted.and_then(|counted| counted.tally(&tally.id));
            let basis = Basis::certain(Source::Event, counted.map_or(now, |counted| counted.last));
            let count = counted.map_or(0, |counted| i64::try_from(counted.count).unwrap_or(i64::MAX));
            sink.put(at + 1 + 2 * number, Given::Int(count), basis);
            if let Some(counted) = counted {
                sink.put(at + 2 + 2 * number, Given::Span(counted.age(now)), basis);
            }
        }
    }
}

/// Capabilities and the facts that tell them.
const CAPABILITIES: [(Fact, Capability); 6] = [
    (Fact::Screen, Capability::Screen),
    (Fact::Audio, Capability::Audio),
    (Fact::Keyboard, Capability::Keyboard),
    (Fact::Push, Capability::Push),
    (Fact::Camera, Capability::Camera),
    (Fact::Payment, Capability::Payment),
];

fn foreseen(happening: &Happening, now: Timestamp) -> Basis {
    let certainty = if happening.certainty.is_finite() { happening.certainty.clamp(0.0, 1.0) } else { 0.0 };
    Basis { confidence: certainty, ..Basis::certain(happening.source, now) }
}
