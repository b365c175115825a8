//! Device classes and capabilities.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Ownership;

/// What kind of device it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names say it")]
pub enum DeviceClass {
    Desktop,
    Phone,
    Tablet,
    Wearable,
    VoiceAssistant,
    Television,
    Car,
    Kiosk,
    Implant,
    /// Anything else, and what is not known.
    #[default]
    Other,
}

impl DeviceClass {
    /// All classes, in order.
    pub const ALL: [Self; 10] = [
        Self::Desktop,
        Self::Phone,
        Self::Tablet,
        Self::Wearable,
        Self::VoiceAssistant,
        Self::Television,
        Self::Car,
        Self::Kiosk,
        Self::Implant,
        Self::Other,
    ];

    /// The class's name, as it is written in definitions and data.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Desktop => "desktop",
            Self::Phone => "phone",
            Self::Tablet => "tablet",
            Self::Wearable => "wearable",
            Self::VoiceAssistant => "voice_assistant",
            Self::Television => "television",
            Self::Car => "car",
            Self::Kiosk => "kiosk",
            Self::Implant => "implant",
            Self::Other => "other",
        }
    }

    /// Whose device it usually is: what is assumed when nobody says.
    pub fn usual_ownership(self) -> Ownership {
        match self {
            Self::Phone | Self::Wearable | Self::Implant => Ownership::Owned,
            Self::VoiceAssistant | Self::Television => Ownership::Shared,
            Self::Kiosk => Ownership::Unowned,
            Self::Desktop | Self::Tablet | Self::Car | Self::Other => Ownership::Unknown,
        }
    }

    /// What it can usually do: what is assumed when nobody says. A payment method or a push permission is never
    /// assumed.
    pub fn usual_capabilities(self) -> Capabilities {
        use Capability::{Audio, Camera, Keyboard, Screen};
        let list: &[Capability] = match self {
            Self::Desktop => &[Screen, Audio, Keyboard],
            Self::Phone | Self::Tablet => &[Screen, Audio, Keyboard, Camera],
            Self::Wearable | Self::Television | Self::Car => &[Screen, Audio],
            Self::VoiceAssistant => &[Audio],
            Self::Kiosk => &[Screen],
            Self::Implant | Self::Other => &[],
        };
        list.iter().copied().collect()
    }
}

impl fmt::Display for DeviceClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Something a device can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    /// Show things.
    Screen,
    /// Play and hear sound.
    Audio,
    /// Take text comfortably.
    Keyboard,
    /// Be woken by a message.
    Push,
    /// Take pictures.
    Camera,
    /// Pay.
    Payment,
}

impl Capability {
    /// All capabilities, in order.
    pub const ALL: [Self; 6] =
        [Self::Screen, Self::Audio, Self::Keyboard, Self::Push, Self::Camera, Self::Payment];

    /// The capability's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Screen => "screen",
            Self::Audio => "audio",
            Self::Keyboard => "keyboard",
            Self::Push => "push",
            Self::Camera => "camera",
            Self::Payment => "payment",
        }
    }
}

/// A set of capabilities, written as a list.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "Vec<Capability>", into = "Vec<Capability>")]
pub struct Capabilities(u8);

impl Capabilities {
    /// None at all.
    pub const NONE: Self = Self(0);

    /// Whether `capability` is in the set.
    pub fn contains(self, capability: Capability) -> bool {
        self.0 & (1 << capability as u8) != 0
    }

    /// The set with `capability` added.
    #[must_use]
    pub fn with(self, capability: Capability) -> Self {
        Self(self.0 | (1 << capability as u8))
    }

    /// Whether everything in `needed` is in this set.
    pub fn cover(self, needed: Self) -> bool {
        self.0 & needed.0 == needed.0
    }

    /// The members, in order.
    pub fn iter(self) -> impl Iterator<Item = Capability> {
        Capability::ALL.into_iter().filter(move |capability| self.contains(*capability))
    }
}

impl FromIterator<Capability> for Capabilities {
    fn from_iter<I: IntoIterator<Item = Capability>>(iter: I) -> Self {
        iter.into_iter().fold(Self::NONE, Self::with)
    }
}

impl From<Vec<Capability>> for Capabilities {
    fn from(list: Vec<Capability>) -> Self {
        list.into_iter().collect()
    }
}

impl From<Capabilities> for Vec<Capability> {
    fn from(set: Capabilities) -> Self {
        set.iter().collect()
    }
}

impl fmt::Debug for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// The device of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Device {
    /// What kind it is.
    pub class: DeviceClass,
    /// Whose it is, as far as anybody said; see [`super::DevicePolicy`] for what is then assumed.
    pub ownership: Ownership,
    /// What it can do; the usual ones of its class when nobody said.
    pub capabilities: Option<Capabilities>,
    /// The operating system's family, such as `Android`.
    pub os: Option<String>,
    /// The browser's or app's family, such as `Firefox`.
    pub browser: Option<String>,
    /// The maker, such as `Samsung`.
    pub brand: Option<String>,
    /// The model, such as `SM-G998B`.
    pub model: Option<String>,
    /// Whether it is a program rather than a person's device.
    pub robot: bool,
}

impl Device {
    /// A device of a class, about which nothing else is said.
    pub fn new(class: DeviceClass) -> Self {
        Self { class, ..Self::default() }
    }

    /// The same device with its ownership.
    #[must_use]
    pub fn with_ownership(mut self, ownership: Ownership) -> Self {
        self.ownership = ownership;
        self
    }

    /// The same device with its capabilities.
    #[must_use]
    pub fn with_capabilities(mut self, capabilities: Capabilities) -> Self {
        self.capabilities = Some(capabilities);
        self
    }

    /// What it can do: as declared, or the usual of its class.
    pub fn can(&self, capability: Capability) -> bool {
        self.capabilities.unwrap_or_else(|| self.class.usual_capabilities()).contains(capability)
    }
}
