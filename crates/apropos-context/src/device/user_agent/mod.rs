//! Devices from the User-Agent text, by rules that are read at run time and can be newer than this crate.
//!
//! The rules are those of the ua-parser project's `regexes.yaml`: in each of three lists the first regular expression
//! that matches wins, and its replacements make the answer. Client hints say more and come first, see
//! [`crate::ClientHints`].

mod agent;
mod atoms;
mod class;
mod matcher;
mod rules;
mod yaml;

pub use agent::{Agent, AgentDevice, AgentOs, ParsedAgent};
pub use matcher::UserAgentRules;
pub use yaml::UserAgentError;
