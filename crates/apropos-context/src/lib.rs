#![doc = include_str!("../README.md")]

mod moment;
mod reading;

pub mod time;
mod touch;

pub mod place;

pub mod device;

pub mod channel;

mod pattern;
pub mod stage;

pub mod behaviour;
pub mod goal;

mod situation;
mod stakes;
mod upcoming;

mod definition;
mod table;

mod ears;
mod rules;
mod state;
mod when;

mod observe;

mod binding;
mod emit;
mod explain;
mod parts;

pub use behaviour::{
    Detectors, Evidence, EvidenceDefinition, Repeat, SignalDefinition, SignalState, Silence, usual_signals,
};
pub use binding::ContextBinding;
pub use channel::{
    AssessmentDefinition, ChannelAssessment, ChannelDefinition, ChannelFigures, Channels, Continuity,
    ContinuityError, ContinuityToken, Direction, ExperiencePart, Recommendation, Resumption, SealKey,
    assess_channels,
};
pub use definition::ContextDefinition;
#[cfg(feature = "user-agent")]
pub use device::{Agent, AgentDevice, AgentOs, ParsedAgent, UserAgentError, UserAgentRules};
pub use device::{
    Capabilities, Capability, ClientHints, Device, DeviceClass, DeviceConsequences, DeviceDefinition,
    DevicePolicy, DeviceRuleDefinition, Ownership,
};
pub use explain::ContextFact;
pub use goal::{Goal, GoalBelief, GoalDefinition, GoalEvidence, GoalFilter, GoalState, GoalStep};
pub use moment::Moment;
pub use observe::{ContextChanges, ContextError, Perceived};
pub use pattern::EventPattern;
pub use place::{
    Approach, Area, AreaDefinition, Areas, EARTH_RADIUS_M, GeoJsonError, Geometry, Landmarks, Location,
    NamedPlaces, PlaceDefinition, PlaceDimension, PlaceKind, Point, Position, Stay, Track,
};
#[cfg(feature = "h3")]
pub use place::{CellError, CellId};
pub use reading::{Reading, Source};
pub use rules::ContextRules;
pub use situation::{SituationDefinition, Situations, UNREMARKABLE, usual_situations};
pub use stage::{
    CycleDefinition, StageDefinition, StageState, SubjectState, Tally, TallyDefinition, usual_cycle,
};
pub use stakes::{Consequence, Stakes, StakesDefinition, StakesLevel, usual_levels};
pub use state::ContextState;
#[cfg(feature = "business-hours")]
pub use time::{BusinessHours, BusinessHoursError};
pub use time::{
    Calendar, DayKind, DaypartDefinition, Dayparts, Hemisphere, HolidayDefinition, HolidayRule, Holidays,
    QuietAnswer, QuietHours, QuietHoursDefinition, QuietReason, Season, TimeDefinition, UnknownZonePolicy,
    WeeklyWindow,
};
pub use upcoming::{Happening, HappeningDefinition};
