//! The inventory: which channels there are, and what each can do.

use std::fmt;

use apropos_event::{ChannelId, Duration, Path, Problem, Problems, did_you_mean};
use serde::{Deserialize, Serialize};

use crate::device::{Capabilities, Device};

/// Which way a channel carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The customer comes to the company.
    Inbound,
    /// The company reaches out.
    Outbound,
    /// Both.
    #[default]
    Both,
}

impl Direction {
    /// All directions, in order.
    pub const ALL: [Self; 3] = [Self::Inbound, Self::Outbound, Self::Both];

    /// The direction's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
            Self::Both => "both",
        }
    }

    /// Whether the company can reach out.
    pub fn reaches_out(self) -> bool {
        self != Self::Inbound
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelDefinition {
    /// Its id, such as `email`.
    pub id: ChannelId,
    /// Which way it carries.
    #[serde(default)]
    pub direction: Direction,
    /// What the device at the other end must be able to do.
    #[serde(default)]
    pub needs: Capabilities,
    /// What one contact costs the company, in the playbook's currency.
    #[serde(default)]
    pub cost: f64,
    /// The share of customers that it reaches, 0 to 1.
    #[serde(default = "whole")]
    pub reach: f64,
    /// How long a message usually takes to be noticed.
    #[serde(default)]
    pub latency: Duration,
    /// Whether a person answers on our side.
    #[serde(default)]
    pub human: bool,
    /// Whether the company may use it only with the customer's agreement.
    #[serde(default)]
    pub needs_consent: bool,
    /// How much it interrupts, 0 (waits to be looked at) to 1 (rings).
    #[serde(default)]
    pub interruption: f64,
    /// Whether other people may see or hear what it carries.
    #[serde(default)]
    pub public: bool,
    /// Whether an interaction that began elsewhere can be taken up here.
    #[serde(default)]
    pub resumes: bool,
}

fn whole() -> f64 {
    1.0
}

impl ChannelDefinition {
    /// An automated channel of both directions without needs or cost.
    pub fn new(id: ChannelId) -> Self {
        Self {
            id,
            direction: Direction::Both,
            needs: Capabilities::NONE,
            cost: 0.0,
            reach: 1.0,
            latency: Duration::ZERO,
            human: false,
            needs_consent: false,
            interruption: 0.0,
            public: false,
            resumes: false,
        }
    }
}

/// The checked inventory, in order of the ids.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Channels {
    channels: Vec<ChannelDefinition>,
}

/// At most this many channels.
pub(crate) const MAX_CHANNELS: usize = 256;

impl Channels {
    /// Checks an inventory.
    pub fn compile(definitions: &[ChannelDefinition], path: &Path, problems: &mut Problems) -> Self {
        if MAX_CHANNELS < definitions.len() {
            let message =
                format!("there are {} channels, at most {MAX_CHANNELS} are accepted", definitions.len());
            problems.push(Problem::error("context/too-many", path.clone(), message));
        }
        for (at, channel) in definitions.iter().enumerate() {
            channel.check(&path.index(at), problems);
            if definitions.iter().take(at).any(|other| other.id == channel.id) {
                let message = format!("channel `{}` is declared twice", channel.id);
                problems.push(Problem::error("context/duplicate", path.index(at).key("id"), message));
            }
        }
        let mut channels = definitions.to_vec();
        channels.sort_by(|a, b| a.id.cmp(&b.id));
        Self { channels }
    }

    /// The channel with this id. O(log n).
    pub fn get(&self, id: &ChannelId) -> Option<&ChannelDefinition> {
        self.index(id).and_then(|at| self.channels.get(at))
    }

    /// All channels, in order of the ids.
    pub fn iter(&self) -> std::slice::Iter<'_, ChannelDefinition> {
        self.channels.iter()
    }

    /// Reports `id` when it is no channel of the inventory.
    pub(crate) fn check(&self, id: &ChannelId, path: &Path, problems: &mut Problems) {
        if self.channels.is_empty() || self.get(id).is_some() {
            return;
        }
        let problem =
            Problem::error("context/unknown-channel", path.clone(), format!("`{id}` is not a channel"));
        let known = self.channels.iter().map(|channel| channel.id.as_str());
        problems.push(match did_you_mean(id.as_str(), known) {
            Some(help) => problem.with_help(help),
            None => problem,
        });
    }

    /// The channels on which the company may reach out to `device`, human ones last, cheapest first.
    pub fn usable<'a>(&'a self, device: Option<&'a Device>) -> Vec<&'a ChannelDefinition> {
        let can = |channel: &ChannelDefinition| {
            device.is_none_or(|device| channel.needs.iter().all(|need| device.can(need)))
        };
        let mut usable: Vec<_> =
            self.channels.iter().filter(|channel| channel.direction.reaches_out() && can(channel)).collect();
        usable.sort_by(|a, b| {
            a.human.cmp(&b.human).then(a.cost.total_cmp(&b.cost)).then_with(|| a.id.cmp(&b.id))
        });
        usable
    }

    pub(crate) fn index(&self, id: &ChannelId) -> Option<usize> {
        self.channels.binary_search_by(|channel| channel.id.cmp(id)).ok()
    }
}

impl<'a> IntoIterator for &'a Channels {
    type Item = &'a ChannelDefinition;
    type IntoIter = std::slice::Iter<'a, ChannelDefinition>;
    fn into_iter(self) -> Self::IntoIter {
        self.channels.iter()
    }
}

impl ChannelDefinition {
    fn check(&self, path: &Path, problems: &mut Problems) {
        let mut refuse = |field: &str, message: &str| {
            let message = format!("the {field} of channel `{}` {message}", self.id);
            problems.push(Problem::error("context/range", path.key(field), message));
        };
        if !(self.cost.is_finite() && 0.0 <= self.cost) {
            refuse("cost", "must be a number of at least 0");
        }
        if !(0.0..=1.0).contains(&self.reach) {
            refuse("reach", "must lie between 0 and 1");
        }
        if !(0.0..=1.0).contains(&self.interruption) {
            refuse("interruption", "must lie between 0 and 1");
        }
        if self.latency < Duration::ZERO {
            refuse("latency", "must not be negative");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::{Capability, DeviceClass};

    fn channel(id: &str) -> ChannelDefinition {
        ChannelDefinition::new(ChannelId::new(id).unwrap())
    }

    #[test]
    fn an_inventory_reports_everything_that_is_wrong() {
        let mut problems = Problems::new();
        let bad = ChannelDefinition { cost: f64::NAN, reach: 2.0, ..channel("sms") };
        let channels =
            Channels::compile(&[channel("sms"), bad], &Path::root().key("channels"), &mut problems);
        assert_eq!(problems.len(), 3, "{problems}");
        let mut problems = Problems::new();
        channels.check(&ChannelId::new("smss").unwrap(), &Path::root(), &mut problems);
        assert_eq!(problems.iter().next().unwrap().help.as_deref(), Some("did you mean `sms`?"));
    }

    #[test]
    fn a_channel_that_the_device_cannot_carry_is_not_usable() {
        let push = ChannelDefinition { needs: [Capability::Push].into_iter().collect(), ..channel("push") };
        let person = ChannelDefinition { human: true, ..channel("agent") };
        let email = ChannelDefinition { cost: 0.1, ..channel("email") };
        let mut problems = Problems::new();
        let channels = Channels::compile(&[push, person, email], &Path::root(), &mut problems);
        let phone = Device::new(DeviceClass::Phone);
        let names: Vec<_> = channels.usable(Some(&phone)).iter().map(|c| c.id.to_string()).collect();
        assert_eq!(names, ["email", "agent"]);
        assert_eq!(channels.usable(None).len(), 3);
    }
}
