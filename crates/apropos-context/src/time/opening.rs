//! Opening hours in the syntax of OpenStreetMap, read by the crate `opening-hours`.
//!
//! Not here: finding a place's hours. Public holidays of a country are known; school holidays are too where the
//! crate has them.

use std::fmt;
use std::sync::Arc;

use apropos_event::{Timestamp, Zone};
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use opening_hours::localization::Country;
use opening_hours::{Context, OpeningHours, RuleKind};

/// The opening hours of a place.
///
/// ```
/// use apropos_context::BusinessHours;
/// use apropos_event::{Timestamp, Zone};
///
/// let hours = BusinessHours::new("Mo-Fr 09:00-18:00; PH off", Zone::new("Europe/Paris")?, Some("FR"))?;
/// let at = |text: &str| text.parse::<Timestamp>();
/// assert!(hours.is_open(at("2026-07-13T08:00:00Z")?).unwrap());
/// // The fourteenth of July is a holiday in France.
/// assert!(!hours.is_open(at("2026-07-14T08:00:00Z")?).unwrap());
/// assert_eq!(hours.next_change(at("2026-07-14T08:00:00Z")?), Some(at("2026-07-15T07:00:00Z")?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct BusinessHours {
    text: String,
    hours: Arc<OpeningHours>,
    zone: Zone,
}

/// A text is not opening hours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BusinessHoursError {
    /// It is not of the syntax.
    #[error("`{text}` is not opening hours: {reason}")]
    Malformed {
        /// The text, shortened.
        text: String,
        /// What the reader says.
        reason: String,
    },
    /// It is too long.
    #[error("opening hours are at most {MAX_TEXT} bytes long")]
    TooLong,
    /// The country is not known.
    #[error("`{0}` is not the code of a country whose holidays are known; write it as `FR`")]
    Country(String),
}

/// The longest text that is read, in bytes.
const MAX_TEXT: usize = 4_096;

impl BusinessHours {
    /// Reads opening hours that are told in `zone`; `country` is the ISO 3166 code of the one whose holidays count.
    ///
    /// # Errors
    /// When the text is not opening hours or the country is not known.
    pub fn new(text: &str, zone: Zone, country: Option<&str>) -> Result<Self, BusinessHoursError> {
        if MAX_TEXT < text.len() {
            return Err(BusinessHoursError::TooLong);
        }
        let hours = <OpeningHours as std::str::FromStr>::from_str(text).map_err(|error| {
            BusinessHoursError::Malformed {
                text: text.chars().take(64).collect::<String>().escape_debug().to_string(),
                reason: error.to_string(),
            }
        })?;
        let hours = match country {
            None => hours,
            Some(code) => {
                let country: Country =
                    code.parse().map_err(|_| BusinessHoursError::Country(code.escape_debug().to_string()))?;
                hours.with_context(Context::default().with_holidays(country.holidays()))
            }
        };
        Ok(Self { text: text.to_owned(), hours: Arc::new(hours), zone })
    }

    /// Whether the place is open at `at`; `None` when its hours say that this is not known.
    pub fn is_open(&self, at: Timestamp) -> Option<bool> {
        let wall = self.wall(at)?;
        match self.hours.state(wall).0 {
            RuleKind::Open => Some(true),
            RuleKind::Closed => Some(false),
            RuleKind::Unknown => None,
        }
    }

    /// When it next opens, closes or becomes unknown.
    pub fn next_change(&self, at: Timestamp) -> Option<Timestamp> {
        let wall = self.hours.next_change(self.wall(at)?)?;
        let (date, time) = (wall.date(), wall.time());
        let days = date.signed_duration_since(NaiveDate::default()).num_days();
        let micros = time.signed_duration_since(NaiveTime::default()).num_microseconds()?;
        let date = apropos_event::CivilDate::from_days_saturating(days);
        Some(self.zone.instant(date, apropos_event::CivilTime::from_micros(micros)?))
    }

    /// What the clock on the place's wall shows.
    fn wall(&self, at: Timestamp) -> Option<NaiveDateTime> {
        let local = self.zone.local(at);
        let micros = i64::from(local.date.days()) * 86_400_000_000 + local.time.micros();
        Some(chrono::DateTime::from_timestamp_micros(micros)?.naive_utc())
    }
}

impl fmt::Debug for BusinessHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BusinessHours({} in {})", self.text, self.zone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_follow_the_wall_clock_through_a_change_of_the_offset() {
        let zone = Zone::new("Europe/Berlin").unwrap();
        let hours = BusinessHours::new("Sa,Su 10:00-16:00", zone, None).unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        // The clocks went forward in the night before the Sunday.
        assert_eq!(hours.is_open(at("2026-03-28T09:00:00Z")), Some(true));
        assert_eq!(hours.is_open(at("2026-03-28T08:30:00Z")), Some(false));
        assert_eq!(hours.is_open(at("2026-03-29T08:30:00Z")), Some(true));
        assert_eq!(hours.next_change(at("2026-03-28T15:00:00Z")), Some(at("2026-03-29T08:00:00Z")));
    }

    #[test]
    fn what_is_no_opening_hours_is_refused() {
        for text in ["Mo-Xx 9", "always and for ever", "25:99-"] {
            assert!(BusinessHours::new(text, Zone::utc(), None).is_err(), "{text}");
        }
        assert!(BusinessHours::new("24/7", Zone::utc(), Some("Atlantis")).is_err());
        assert_eq!(
            BusinessHours::new("24/7", Zone::utc(), None).unwrap().is_open(Timestamp::EPOCH),
            Some(true)
        );
    }
}
