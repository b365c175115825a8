//! Time as the customer lives it: dayparts, seasons, holidays, quiet hours, opening hours.
//!
//! Not here: zones and civil time themselves, see [`apropos_event::Zone`].

mod calendar;
mod daypart;
mod holiday;
#[cfg(feature = "business-hours")]
mod opening;
mod quiet;
mod window;

pub use calendar::{Calendar, Hemisphere, Season, TimeDefinition};
pub use daypart::{DaypartDefinition, Dayparts};
pub use holiday::{HolidayDefinition, HolidayRule, Holidays};
#[cfg(feature = "business-hours")]
pub use opening::{BusinessHours, BusinessHoursError};
pub use quiet::{QuietAnswer, QuietHours, QuietHoursDefinition, QuietReason, UnknownZonePolicy};
pub use window::{DayKind, WeeklyWindow};
