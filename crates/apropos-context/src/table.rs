//! The table of attributes that the context supplies: fixed ones first, then those of cycles, signals and happenings.
//!
//! Every fact is told by its place in this table; binding turns places into attribute ids once.

use apropos_condition::{AttributeDefinition, AttributeType, Sensitivity};
use apropos_event::{AttributeName, Path, Problems, Weekday};

use crate::channel::Direction;
use crate::definition::ContextDefinition;
use crate::device::{DeviceClass, Ownership};
use crate::goal::Goal;
use crate::place::PlaceKind;
use crate::stage::CycleDefinition;
use crate::time::{Dayparts, Season};
use crate::{situation, stakes};

/// The fixed facts, in the order of [`ROWS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Fact {
    Zone,
    ZoneKnown,
    Hour,
    Weekday,
    Weekend,
    Month,
    Daypart,
    Season,
    Holiday,
    IsHoliday,
    Quiet,
    Located,
    Accuracy,
    Place,
    PlaceKind,
    PlaceOpen,
    Dwell,
    Cell,
    Nearest,
    NearestDistance,
    Motion,
    Speed,
    Approaching,
    ApproachingKind,
    ArrivalIn,
    ApproachingOpen,
    DeviceClass,
    DeviceOwnership,
    DeviceOwned,
    DeviceOs,
    DeviceBrowser,
    DeviceRobot,
    Screen,
    Audio,
    Keyboard,
    Push,
    Camera,
    Payment,
    Personal,
    Keep,
    ForgetAfter,
    SignIn,
    Channel,
    ChannelDirection,
    ChannelHuman,
    ChannelPublic,
    ChannelInterruption,
    ChannelLatency,
    ChannelCost,
    ChannelReach,
    ChosenChannel,
    Reachable,
    Unfinished,
    UnfinishedChannel,
    UnfinishedAge,
    Next,
    NextDue,
    Goal,
    GoalConfidence,
    GoalStated,
    Stakes,
    StakesScore,
    StakesDetails,
    Situation,
}

/// What motion is called.
pub(crate) const MOTIONS: [&str; 3] = ["still", "walking", "riding"];

/// The type of a fact, and the texts of a symbol.
#[derive(Clone, Copy)]
enum Kind {
    Bool,
    Int,
    Double(&'static str),
    Text,
    Texts,
    Span,
    Weekdays,
    Dayparts,
    Seasons,
    PlaceKinds,
    Motions,
    Classes,
    Ownerships,
    Directions,
    Goals,
    Levels,
    Situations,
}

use Sensitivity::{Internal, Personal, Public};

/// The fixed facts: name, type, sensitivity, meaning.
const ROWS: [(Fact, &str, Kind, Sensitivity, &str); 64] = [
    (Fact::Zone, "context.zone", Kind::Text, Internal, "the zone the customer is in, as far as known"),
    (
        Fact::ZoneKnown,
        "context.zone_known",
        Kind::Bool,
        Public,
        "whether the zone is known rather than assumed",
    ),
    (Fact::Hour, "context.hour", Kind::Int, Public, "the hour on the customer's wall clock, 0 to 23"),
    (Fact::Weekday, "context.weekday", Kind::Weekdays, Public, "the day of the week where the customer is"),
    (Fact::Weekend, "context.weekend", Kind::Bool, Public, "whether it is Saturday or Sunday there"),
    (Fact::Month, "context.month", Kind::Int, Public, "the month there, 1 to 12"),
    (Fact::Daypart, "context.daypart", Kind::Dayparts, Public, "the part of the day there"),
    (Fact::Season, "context.season", Kind::Seasons, Public, "the season there"),
    (Fact::Holiday, "context.holiday", Kind::Text, Public, "the holiday there, if it is one"),
    (Fact::IsHoliday, "context.is_holiday", Kind::Bool, Public, "whether it is a holiday there"),
    (Fact::Quiet, "context.quiet", Kind::Bool, Public, "whether the channel must not reach out now"),
    (
        Fact::Located,
        "context.located",
        Kind::Bool,
        Internal,
        "whether a position is known well enough to count",
    ),
    (Fact::Accuracy, "context.accuracy", Kind::Double("m"), Internal, "how exact the position is"),
    (Fact::Place, "context.place", Kind::Text, Personal, "the named place the customer is at"),
    (Fact::PlaceKind, "context.place.kind", Kind::PlaceKinds, Personal, "what kind of place that is"),
    (Fact::PlaceOpen, "context.place.open", Kind::Bool, Public, "whether that place is open"),
    (Fact::Dwell, "context.place.dwell", Kind::Span, Personal, "how long they have been there"),
    (Fact::Cell, "context.cell", Kind::Text, Personal, "the H3 cell the customer is in"),
    (Fact::Nearest, "context.nearest", Kind::Text, Personal, "the nearest named place of the playbook"),
    (Fact::NearestDistance, "context.nearest.distance", Kind::Double("m"), Personal, "how far that is"),
    (Fact::Motion, "context.motion", Kind::Motions, Personal, "whether they stand, walk or ride"),
    (Fact::Speed, "context.speed", Kind::Double("m/s"), Personal, "how fast they move"),
    (Fact::Approaching, "context.approaching", Kind::Text, Personal, "the place they are heading for"),
    (
        Fact::ApproachingKind,
        "context.approaching.kind",
        Kind::PlaceKinds,
        Personal,
        "what kind of place that is",
    ),
    (Fact::ArrivalIn, "context.approaching.arrival", Kind::Span, Personal, "when they arrive if they go on"),
    (
        Fact::ApproachingOpen,
        "context.approaching.open",
        Kind::Bool,
        Public,
        "whether that place is open when they arrive",
    ),
    (Fact::DeviceClass, "context.device.class", Kind::Classes, Internal, "what kind of device it is"),
    (Fact::DeviceOwnership, "context.device.ownership", Kind::Ownerships, Internal, "whose device it is"),
    (Fact::DeviceOwned, "context.device.owned", Kind::Bool, Internal, "whether it is the customer's own"),
    (Fact::DeviceOs, "context.device.os", Kind::Text, Internal, "the family of the operating system"),
    (Fact::DeviceBrowser, "context.device.browser", Kind::Text, Internal, "the family of the browser or app"),
    (
        Fact::DeviceRobot,
        "context.device.robot",
        Kind::Bool,
        Internal,
        "whether a program rather than a person asks",
    ),
    (Fact::Screen, "context.device.screen", Kind::Bool, Internal, "whether it can show things"),
    (Fact::Audio, "context.device.audio", Kind::Bool, Internal, "whether it can speak and listen"),
    (Fact::Keyboard, "context.device.keyboard", Kind::Bool, Internal, "whether text can be typed"),
    (Fact::Push, "context.device.push", Kind::Bool, Internal, "whether a message can wake it"),
    (Fact::Camera, "context.device.camera", Kind::Bool, Internal, "whether it can take pictures"),
    (Fact::Payment, "context.device.payment", Kind::Bool, Internal, "whether one can pay with it"),
    (
        Fact::Personal,
        "context.personal",
        Kind::Bool,
        Internal,
        "whether what is personal may be shown or said",
    ),
    (Fact::Keep, "context.keep", Kind::Bool, Internal, "whether anything may stay on the device"),
    (
        Fact::ForgetAfter,
        "context.forget_after",
        Kind::Span,
        Internal,
        "how long without a sign of them until the device must forget them",
    ),
    (Fact::SignIn, "context.sign_in", Kind::Bool, Internal, "whether they must prove who they are first"),
    (Fact::Channel, "context.channel", Kind::Text, Public, "the channel of the request"),
    (Fact::ChannelDirection, "context.channel.direction", Kind::Directions, Public, "which way it carries"),
    (Fact::ChannelHuman, "context.channel.human", Kind::Bool, Public, "whether a person answers"),
    (Fact::ChannelPublic, "context.channel.public", Kind::Bool, Public, "whether others may see or hear it"),
    (
        Fact::ChannelInterruption,
        "context.channel.interruption",
        Kind::Double(""),
        Public,
        "how much it interrupts",
    ),
    (Fact::ChannelLatency, "context.channel.latency", Kind::Span, Public, "how long until it is noticed"),
    (Fact::ChannelCost, "context.channel.cost", Kind::Double(""), Internal, "what one contact costs us"),
    (Fact::ChannelReach, "context.channel.reach", Kind::Double(""), Public, "the share of people it reaches"),
    (
        Fact::ChosenChannel,
        "context.channel.chosen",
        Kind::Text,
        Internal,
        "the channel picked for the answer",
    ),
    (Fact::Reachable, "context.channel.reachable", Kind::Texts, Internal, "the channels that reach them now"),
    (Fact::Unfinished, "context.unfinished", Kind::Bool, Internal, "whether something waits to be taken up"),
    (Fact::UnfinishedChannel, "context.unfinished.channel", Kind::Text, Internal, "where that began"),
    (Fact::UnfinishedAge, "context.unfinished.age", Kind::Span, Internal, "how long it has waited"),
    (Fact::Next, "context.next", Kind::Text, Internal, "what happens next, within its lead"),
    (Fact::NextDue, "context.next.due", Kind::Span, Internal, "how soon that is"),
    (Fact::Goal, "context.goal", Kind::Goals, Internal, "what the customer is after"),
    (Fact::GoalConfidence, "context.goal.confidence", Kind::Double(""), Internal, "how sure that is, 0 to 1"),
    (Fact::GoalStated, "context.goal.stated", Kind::Bool, Internal, "whether they said so themselves"),
    (Fact::Stakes, "context.stakes", Kind::Levels, Internal, "how much is at stake"),
    (Fact::StakesScore, "context.stakes.score", Kind::Double(""), Internal, "how much is at stake, 0 to 1"),
    (Fact::StakesDetails, "context.stakes.details", Kind::Texts, Internal, "what a decision should go into"),
    (
        Fact::Situation,
        "context.situation",
        Kind::Situations,
        Internal,
        "the situation that people would recognise",
    ),
];

/// Facts of every cycle: stage, time in it, whether that is longer than normal.
pub(crate) const EVERY_CYCLE: usize = 3;

/// Where the facts of cycles begin.
pub(crate) const CYCLES: usize = ROWS.len();

/// Where the facts of each cycle begin, and last where those of signals do.
pub(crate) fn cycle_starts(cycles: &[CycleDefinition]) -> Vec<usize> {
    let mut starts = vec![CYCLES];
    for cycle in cycles {
        // A cycle that is per product tells the product, and for each tally a count and an age.
        let per_product = if cycle.per.is_some() { 1 + 2 * cycle.tallies.len() } else { 0 };
        starts.extend(starts.last().map(|start| start + EVERY_CYCLE + per_product));
    }
    starts
}

impl ContextDefinition {
    /// The attributes that the context supplies. Declare them before any condition that names one is read;
    /// [`crate::ContextRules::compile`] declares those that are missing.
    pub fn attributes(&self) -> Vec<AttributeDefinition> {
        attributes(self)
    }
}

/// All attributes that a definition gives rise to, in the order of the table.
fn attributes(definition: &ContextDefinition) -> Vec<AttributeDefinition> {
    let mut all: Vec<AttributeDefinition> = Vec::with_capacity(ROWS.len() + 32);
    for (_, name, kind, sensitivity, doc) in ROWS {
        push(&mut all, name, kind.attribute_type(), |attribute| {
            let attribute =
                attribute.with_values(kind.values(definition)).with_sensitivity(sensitivity).with_doc(doc);
            if let Kind::Double(unit) = kind
                && !unit.is_empty()
            {
                attribute.with_unit(unit)
            } else {
                attribute
            }
        });
    }
    for cycle in &definition.cycles {
        let stages: Vec<String> = cycle.stages.iter().map(|stage| stage.id.to_string()).collect();
        let name = format!("context.stage.{}", cycle.id);
        push(&mut all, &name, AttributeType::Symbol, |a| {
            a.with_values(stages).with_doc("the stage in this cycle")
        });
        let time = format!("{name}.time");
        push(&mut all, &time, AttributeType::Duration, |a| {
            a.with_doc("how long they have been in that stage")
        });
        let overdue = format!("{name}.overdue");
        push(&mut all, &overdue, AttributeType::Bool, |a| a.with_doc("whether that is longer than normal"));
        if cycle.per.is_some() {
            let subject = format!("{name}.subject");
            push(&mut all, &subject, AttributeType::Text, |a| a.with_doc("the product all this is about"));
            for tally in &cycle.tallies {
                let count = format!("{name}.count.{}", tally.id);
                push(&mut all, &count, AttributeType::Int, |a| a.with_doc("how often it happened to it"));
                let age = format!("{name}.age.{}", tally.id);
                push(&mut all, &age, AttributeType::Duration, |a| {
                    a.with_doc("how long ago it happened to it last")
                });
            }
        }
    }
    let mut signals: Vec<String> = definition.used_signals().iter().map(|s| s.id.to_string()).collect();
    signals.sort_unstable();
    for signal in signals {
        let name = format!("context.signal.{signal}");
        push(&mut all, &name, AttributeType::Double, |a| {
            a.with_range(0.0, 1.0).with_doc("how strong the signal is")
        });
    }
    let mut kinds: Vec<&str> = definition.upcoming.iter().map(|kind| kind.kind.as_str()).collect();
    kinds.sort_unstable();
    for kind in kinds {
        let name = format!("context.upcoming.{kind}");
        push(&mut all, &name, AttributeType::Duration, |a| {
            a.with_doc("how soon it happens, within its lead")
        });
    }
    all
}

/// Adds an attribute; a name that cannot be one keeps its place under a name that says so, and is reported when it is
/// declared.
fn push(
    all: &mut Vec<AttributeDefinition>,
    name: &str,
    kind: AttributeType,
    finish: impl FnOnce(AttributeDefinition) -> AttributeDefinition,
) {
    let fallback = format!("context.unnamed.{}", all.len());
    if let Ok(name) = AttributeName::new(name).or_else(|_| AttributeName::new(fallback)) {
        all.push(finish(AttributeDefinition::new(name, kind).with_source("context")));
    }
}

/// Declares the attributes that `schema` lacks.
pub(crate) fn declare(
    attributes: &[AttributeDefinition],
    schema: &mut apropos_condition::SchemaBuilder,
    problems: &mut Problems,
) {
    for attribute in attributes {
        // A cycle without stages was told where it stands.
        let hollow = attribute.kind == AttributeType::Symbol && attribute.values.is_empty();
        if !hollow && schema.id(attribute.name.as_str()).is_none() {
            let path = Path::root().key(attribute.name.as_str());
            schema.declare(&path, attribute.clone(), problems);
        }
    }
}

impl Kind {
    fn attribute_type(self) -> AttributeType {
        match self {
            Self::Bool => AttributeType::Bool,
            Self::Int => AttributeType::Int,
            Self::Double(_) => AttributeType::Double,
            Self::Text => AttributeType::Text,
            Self::Texts => AttributeType::set(AttributeType::Text),
            Self::Span => AttributeType::Duration,
            _ => AttributeType::Symbol,
        }
    }

    fn values(self, definition: &ContextDefinition) -> Vec<String> {
        fn texts<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str) -> Vec<String> {
            all.iter().map(|one| name(*one).to_owned()).collect()
        }
        match self {
            Self::Weekdays => texts(&Weekday::ALL, Weekday::as_str),
            Self::Dayparts => {
                let mut unreported = Problems::new();
                let parts = Dayparts::compile(&definition.time.dayparts, &Path::root(), &mut unreported);
                parts.names().to_vec()
            }
            Self::Seasons => texts(&Season::ALL, Season::as_str),
            Self::PlaceKinds => texts(&PlaceKind::ALL, PlaceKind::as_str),
            Self::Motions => texts(&MOTIONS, |motion| motion),
            Self::Classes => texts(&DeviceClass::ALL, DeviceClass::as_str),
            Self::Ownerships => texts(&Ownership::ALL, Ownership::as_str),
            Self::Directions => texts(&Direction::ALL, Direction::as_str),
            Self::Goals => texts(&Goal::ALL, Goal::as_str),
            Self::Levels => stakes::levels(&definition.stakes).into_iter().map(|level| level.name).collect(),
            Self::Situations => {
                situation::complete(&definition.situations).iter().map(|one| one.id.to_string()).collect()
            }
            Self::Bool | Self::Int | Self::Double(_) | Self::Text | Self::Texts | Self::Span => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_in_the_order_of_the_facts() {
        for (at, (fact, ..)) in ROWS.iter().enumerate() {
            assert_eq!(*fact as usize, at);
        }
        let all = attributes(&ContextDefinition::default());
        assert_eq!(all.len(), CYCLES + 9);
    }
}
