//! The moment: what the host knows about one request at one instant.
//!
//! Built by the host, fast and without checks beyond types. Not here: what it means, see
//! [`crate::ContextRules`].

use std::collections::BTreeMap;

use apropos_event::{AttributeName, ChannelId, Timestamp, Value, Zone};
use serde::{Deserialize, Serialize};

use crate::device::Device;
use crate::goal::Goal;
use crate::place::{Location, Point};
use crate::reading::{Reading, Source};
use crate::upcoming::Happening;

/// The context of one request at one instant.
///
/// Everything but the instant may be left out; what is not known is unknown, never guessed.
///
/// ```
/// use apropos_context::{Device, DeviceClass, Happening, Moment, Point};
/// use apropos_event::{AttributeName, ChannelId, Duration, Timestamp, Value, Zone};
///
/// let now: Timestamp = "2026-11-20T17:40:00Z".parse()?;
/// let moment = Moment::at(now)
///     .in_zone(Zone::new("Europe/Paris")?)
///     .on_channel(ChannelId::new("app")?)
///     .on_device(Device::new(DeviceClass::Phone))
///     .near(Point::new(48.85, 2.35).ok_or("no point")?)
///     .with_upcoming(Happening::new("store_arrival", now.plus(Duration::from_mins(10))))
///     .with_attribute(AttributeName::new("request.basket_value")?, Value::from(4));
/// let text = serde_json::to_string(&moment)?;
/// assert_eq!(serde_json::from_str::<Moment>(&text)?, moment);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moment {
    /// The instant of the request.
    pub now: Timestamp,
    /// The zone the customer is in, if the host knows.
    #[serde(default)]
    pub zone: Option<Zone>,
    /// The channel the request came in on.
    #[serde(default)]
    pub channel: Option<ChannelId>,
    /// The channel the customer picked for the answer, where that is another.
    #[serde(default)]
    pub chosen_channel: Option<ChannelId>,
    /// The channels on which the customer can be reached now, as far as the host says; empty when it does not.
    #[serde(default)]
    pub reachable: Vec<ChannelId>,
    /// The device of the request.
    #[serde(default)]
    pub device: Option<Device>,
    /// Where the customer is.
    #[serde(default)]
    pub location: Option<Reading<Location>>,
    /// What the customer says to be after. It wins over whatever was inferred.
    #[serde(default)]
    pub stated_goal: Option<Goal>,
    /// What the decision is worth to the customer, in the playbook's currency, if known.
    #[serde(default)]
    pub value_at_stake: Option<f64>,
    /// What is about to happen.
    #[serde(default)]
    pub upcoming: Vec<Happening>,
    /// Whatever else the request knows, by the name of a declared attribute.
    #[serde(default)]
    pub attributes: BTreeMap<AttributeName, Value>,
}

impl Moment {
    /// A moment of which nothing but the instant is known.
    #[inline]
    pub fn at(now: Timestamp) -> Self {
        Self {
            now,
            zone: None,
            channel: None,
            chosen_channel: None,
            reachable: Vec::new(),
            device: None,
            location: None,
            stated_goal: None,
            value_at_stake: None,
            upcoming: Vec::new(),
            attributes: BTreeMap::new(),
        }
    }

    /// The same moment in a zone.
    #[must_use]
    #[inline]
    pub fn in_zone(mut self, zone: Zone) -> Self {
        self.zone = Some(zone);
        self
    }

    /// The same moment on a channel.
    #[must_use]
    #[inline]
    pub fn on_channel(mut self, channel: ChannelId) -> Self {
        self.channel = Some(channel);
        self
    }

    /// The same moment with the channel that the customer picked for the answer.
    #[must_use]
    #[inline]
    pub fn with_chosen_channel(mut self, channel: ChannelId) -> Self {
        self.chosen_channel = Some(channel);
        self
    }

    /// The same moment with one more channel on which the customer can be reached.
    #[must_use]
    #[inline]
    pub fn reachable_on(mut self, channel: ChannelId) -> Self {
        self.reachable.push(channel);
        self
    }

    /// The same moment on a device.
    #[must_use]
    #[inline]
    pub fn on_device(mut self, device: Device) -> Self {
        self.device = Some(device);
        self
    }

    /// The same moment at a point that is exactly known and current.
    #[must_use]
    #[inline]
    pub fn near(self, point: Point) -> Self {
        let now = self.now;
        self.located(Reading::new(Location::exact(point), Source::Request, now))
    }

    /// The same moment at a place that was read somewhere, some time ago or inexactly.
    #[must_use]
    #[inline]
    pub fn located(mut self, location: Reading<Location>) -> Self {
        self.location = Some(location);
        self
    }

    /// The same moment with what the customer says to be after.
    #[must_use]
    #[inline]
    pub fn with_stated_goal(mut self, goal: Goal) -> Self {
        self.stated_goal = Some(goal);
        self
    }

    /// The same moment with what the decision is worth to the customer.
    #[must_use]
    #[inline]
    pub fn with_value_at_stake(mut self, value: f64) -> Self {
        self.value_at_stake = value.is_finite().then_some(value);
        self
    }

    /// The same moment with one more thing that is about to happen.
    #[must_use]
    #[inline]
    pub fn with_upcoming(mut self, happening: Happening) -> Self {
        self.upcoming.push(happening);
        self
    }

    /// The same moment with one more fact.
    #[must_use]
    #[inline]
    pub fn with_attribute(mut self, name: AttributeName, value: Value) -> Self {
        self.attributes.insert(name, value);
        self
    }
}
