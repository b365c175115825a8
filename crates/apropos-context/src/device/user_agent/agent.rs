//! What a User-Agent text says: the browser, the operating system and the device, each with its version or model.
//!
//! Not here: how it is found out, see [`crate::UserAgentRules`].

use serde::{Deserialize, Serialize};

/// The browser or app, with its version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// Its family, such as `Firefox`; `Other` when no rule matched.
    pub family: String,
    /// The first part of the version.
    pub major: Option<String>,
    /// The second part.
    pub minor: Option<String>,
    /// The third part.
    pub patch: Option<String>,
}

/// The operating system, with its version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentOs {
    /// Its family, such as `Android`; `Other` when no rule matched.
    pub family: String,
    /// The first part of the version.
    pub major: Option<String>,
    /// The second part.
    pub minor: Option<String>,
    /// The third part.
    pub patch: Option<String>,
    /// The fourth part.
    pub patch_minor: Option<String>,
}

/// The device, as the rules name it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentDevice {
    /// Its family, such as `Pixel 9`; `Other` when no rule matched.
    pub family: String,
    /// The maker.
    pub brand: Option<String>,
    /// The model.
    pub model: Option<String>,
}

/// Everything that a User-Agent text says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParsedAgent {
    /// The browser or app.
    pub agent: Agent,
    /// The operating system.
    pub os: AgentOs,
    /// The device.
    pub device: AgentDevice,
}
