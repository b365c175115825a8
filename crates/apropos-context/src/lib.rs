//! **What is true right now?** Time, place, device, channel, stage, behaviour.
//!
//! A host describes a request as a [`Moment`]; everything beyond that instant, what the customer did and where
//! they are on their way, is kept in a [`ContextState`]. Checked [`ContextRules`] turn both into facts, each with
//! source, time, half-life and confidence.
//!
//! # What this crate does not do
//!
//! It knows nothing of how profiles are stored, and nothing of actions. It reads no clock and no position: both
//! are arguments.

mod reading;

pub mod time;

pub mod place;

pub mod device;

pub mod channel;

mod goal;
mod upcoming;

mod moment;

pub use channel::{ChannelDefinition, Channels, Direction};
pub use device::{
    Capabilities, Capability, ClientHints, Device, DeviceClass, DeviceConsequences, DeviceDefinition,
    DevicePolicy, DeviceRuleDefinition, Ownership,
};
pub use goal::Goal;
pub use moment::Moment;
pub use place::{EARTH_RADIUS_M, Location, Point};
pub use reading::{Reading, Source};
pub use time::{
    Calendar, DayKind, DaypartDefinition, Dayparts, Hemisphere, HolidayDefinition, HolidayRule, Holidays,
    QuietAnswer, QuietHours, QuietHoursDefinition, QuietReason, Season, TimeDefinition, UnknownZonePolicy,
    WeeklyWindow,
};
pub use upcoming::{Happening, HappeningDefinition};
