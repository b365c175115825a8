//! The three lists together, and the device they describe.

use super::agent::{Agent, AgentDevice, AgentOs, ParsedAgent};
use super::rules::RuleList;
use super::yaml::{self, Entry, UserAgentError};
use super::{class, rules};
use crate::device::{ClientHints, Device};

/// Rules for reading User-Agent texts. Immutable; compile once and share.
///
/// ```
/// use apropos_context::{DeviceClass, UserAgentRules};
///
/// let rules = UserAgentRules::from_yaml(
///     "user_agent_parsers:\n  - regex: '(Firefox)/(\\d+)\\.(\\d+)'\n\
///      os_parsers:\n  - regex: '(Android)[ \\-/](\\d+)'\n\
///      device_parsers:\n  - regex: 'Android.*Mobile'\n    device_replacement: 'Generic Smartphone'\n",
/// )?;
/// let text = "Mozilla/5.0 (Android 15; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0";
/// let parsed = rules.parse(text);
/// assert_eq!((parsed.agent.family.as_str(), parsed.agent.major.as_deref()), ("Firefox", Some("132")));
/// assert_eq!(rules.device(text).class, DeviceClass::Phone);
/// # Ok::<(), apropos_context::UserAgentError>(())
/// ```
#[derive(Clone, Debug)]
pub struct UserAgentRules {
    agents: RuleList<4>,
    systems: RuleList<5>,
    devices: RuleList<3>,
}

/// What nobody recognises.
const OTHER: &str = "Other";

/// The longest User-Agent text that is read, in bytes; the rest is cut off.
const MAX_AGENT: usize = 2_048;

impl UserAgentRules {
    /// Reads a rules file of the ua-parser project. Lists of other names are left out.
    ///
    /// # Errors
    /// When a line is not understood, an expression is refused, or there is no rule at all.
    pub fn from_yaml(text: &str) -> Result<Self, UserAgentError> {
        let lists = yaml::read(text)?;
        let list = |name: &str| -> &[Entry] {
            lists.iter().find(|(known, _)| known == name).map_or(&[], |(_, entries)| entries)
        };
        let found = Self {
            agents: rules::RuleList::new(
                list("user_agent_parsers"),
                [
                    ("family_replacement", Some(1)),
                    ("v1_replacement", Some(2)),
                    ("v2_replacement", Some(3)),
                    ("v3_replacement", Some(4)),
                ],
            )?,
            systems: rules::RuleList::new(
                list("os_parsers"),
                [
                    ("os_replacement", Some(1)),
                    ("os_v1_replacement", Some(2)),
                    ("os_v2_replacement", Some(3)),
                    ("os_v3_replacement", Some(4)),
                    ("os_v4_replacement", Some(5)),
                ],
            )?,
            devices: rules::RuleList::new(
                list("device_parsers"),
                [
                    ("device_replacement", Some(1)),
                    ("brand_replacement", None),
                    ("model_replacement", Some(1)),
                ],
            )?,
        };
        if found.is_empty() { Err(UserAgentError::Empty) } else { Ok(found) }
    }

    /// How many rules there are.
    pub fn len(&self) -> usize {
        self.agents.len() + self.systems.len() + self.devices.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Everything that a User-Agent text says. O(length × rules whose literals occur).
    pub fn parse(&self, agent: &str) -> ParsedAgent {
        let (agent, lower) = prepared(agent);
        ParsedAgent {
            agent: self.agent_of(agent, &lower),
            os: self.os_of(agent, &lower),
            device: self.device_of(agent, &lower),
        }
    }

    /// The browser or app alone.
    pub fn agent(&self, agent: &str) -> Agent {
        let (agent, lower) = prepared(agent);
        self.agent_of(agent, &lower)
    }

    /// The operating system alone.
    pub fn os(&self, agent: &str) -> AgentOs {
        let (agent, lower) = prepared(agent);
        self.os_of(agent, &lower)
    }

    /// The device alone, as the rules name it.
    pub fn agent_device(&self, agent: &str) -> AgentDevice {
        let (agent, lower) = prepared(agent);
        self.device_of(agent, &lower)
    }

    /// The device that a User-Agent text describes.
    pub fn device(&self, agent: &str) -> Device {
        class::device(&self.parse(agent), agent)
    }

    /// The device of a request: client hints first, the User-Agent text for what they leave open.
    pub fn device_of_request(&self, hints: &ClientHints, agent: &str) -> Device {
        let told = self.device(agent);
        let Some(hinted) = hints.device() else { return told };
        Device {
            os: hinted.os.or(told.os),
            browser: hinted.browser.or(told.browser),
            brand: hinted.brand.or(told.brand),
            model: hinted.model.or(told.model),
            robot: told.robot,
            ..hinted
        }
    }

    fn agent_of(&self, agent: &str, lower: &str) -> Agent {
        let [family, major, minor, patch] = self.agents.first(agent, lower).unwrap_or_default();
        Agent { family: family.unwrap_or_else(|| OTHER.to_owned()), major, minor, patch }
    }

    fn os_of(&self, agent: &str, lower: &str) -> AgentOs {
        let [family, major, minor, patch, patch_minor] = self.systems.first(agent, lower).unwrap_or_default();
        AgentOs { family: family.unwrap_or_else(|| OTHER.to_owned()), major, minor, patch, patch_minor }
    }

    fn device_of(&self, agent: &str, lower: &str) -> AgentDevice {
        let [family, brand, model] = self.devices.first(agent, lower).unwrap_or_default();
        AgentDevice { family: family.unwrap_or_else(|| OTHER.to_owned()), brand, model }
    }
}

/// The part of the text that is read, and the same in lower case.
fn prepared(agent: &str) -> (&str, String) {
    let mut end = agent.len().min(MAX_AGENT);
    while !agent.is_char_boundary(end) {
        end -= 1;
    }
    let agent = agent.get(..end).unwrap_or_default();
    (agent, agent.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = "user_agent_parsers:\n  - regex: '(Fire|Water)(fox)/(\\d+)'\n    family_replacement: '$1$2'\n    v1_replacement: '$3'\n  - regex: '^curl'\n    family_replacement: 'curl'\nos_parsers:\n  - regex: 'WINDOWS nt (\\d+)'\n    regex_flag: 'i'\n    os_replacement: 'Windows'\n    os_v1_replacement: '$1'\ndevice_parsers:\n  - regex: 'bot'\n    device_replacement: 'Spider'\n    brand_replacement: 'Spider'\n    model_replacement: ' $9 '\n";

    #[test]
    fn the_first_match_wins_and_templates_are_filled() {
        let rules = UserAgentRules::from_yaml(RULES).unwrap();
        let parsed = rules.parse("Waterfox/7 Firefox/9 (windows NT 10)");
        assert_eq!((parsed.agent.family.as_str(), parsed.agent.major.as_deref()), ("Waterfox", Some("7")));
        assert_eq!((parsed.os.family.as_str(), parsed.os.major.as_deref()), ("Windows", Some("10")));
        assert_eq!(parsed.device.family, "Other");
        let bot = rules.parse("a bot");
        assert_eq!((bot.device.brand.as_deref(), bot.device.model), (Some("Spider"), None));
        assert!(rules.device("a bot").robot);
    }

    #[test]
    fn bad_rules_name_their_line() {
        let error = UserAgentRules::from_yaml("device_parsers:\n  - regex: '('\n").unwrap_err();
        assert!(matches!(error, UserAgentError::Regex { line: 2, .. }), "{error}");
        assert_eq!(UserAgentRules::from_yaml("other:\n  - regex: 'a'\n").unwrap_err(), UserAgentError::Empty);
        let error = UserAgentRules::from_yaml("device_parsers:\n  - name: 'x'\n").unwrap_err();
        assert!(matches!(error, UserAgentError::Line { line: 2, .. }));
    }

    #[test]
    fn client_hints_count_before_the_text() {
        let rules = UserAgentRules::from_yaml(RULES).unwrap();
        let hints =
            ClientHints::from_headers([("Sec-CH-UA-Mobile", "?1"), ("Sec-CH-UA-Platform", "\"Android\"")]);
        let device = rules.device_of_request(&hints, "Firefox/9 (Windows NT 10)");
        assert_eq!((device.class, device.os.as_deref()), (crate::DeviceClass::Phone, Some("Android")));
        assert_eq!(device.browser.as_deref(), Some("Firefox"));
    }

    proptest::proptest! {
        #[test]
        fn literals_never_hide_a_match(agent in "(Firefox/|fox|Waterfox/7|bot|curl|windows nt |NT 9|[ -~]){0,12}") {
            let rules = UserAgentRules::from_yaml(RULES).unwrap();
            let lower = agent.to_ascii_lowercase();
            proptest::prop_assert_eq!(rules.agents.first(&agent, &lower), rules.agents.first_by_trying_all(&agent));
            proptest::prop_assert_eq!(rules.systems.first(&agent, &lower), rules.systems.first_by_trying_all(&agent));
            proptest::prop_assert_eq!(rules.devices.first(&agent, &lower), rules.devices.first_by_trying_all(&agent));
        }

        #[test]
        fn no_text_panics(agent in ".{0,100}") {
            let rules = UserAgentRules::from_yaml(RULES).unwrap();
            let _ = rules.device(&agent);
        }
    }

    #[test]
    fn most_rules_are_guarded_by_a_literal() {
        assert!(0.9 < UserAgentRules::from_yaml(RULES).unwrap().agents.guarded());
    }
}
