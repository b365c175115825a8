//! The device: what it is, whose it is, what it can do.
//!
//! Not here: fingerprinting. What the app declares comes first, client hints second, the User-Agent text last.

mod class;
mod hints;
mod ownership;
mod policy;
#[cfg(feature = "user-agent")]
mod user_agent;

pub use class::{Capabilities, Capability, Device, DeviceClass};
pub use hints::ClientHints;
pub use ownership::Ownership;
pub use policy::{DeviceConsequences, DeviceDefinition, DevicePolicy, DeviceRuleDefinition};
#[cfg(feature = "user-agent")]
pub use user_agent::{Agent, AgentDevice, AgentOs, ParsedAgent, UserAgentError, UserAgentRules};
