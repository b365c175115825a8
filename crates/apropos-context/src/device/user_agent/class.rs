//! The class of a device, from what the rules say about it.

use super::agent::ParsedAgent;
use crate::device::{Device, DeviceClass};

/// Words in lower case that tell a class, in order: the first that occurs in the device, the system or the whole text
/// decides.
const TELLING: [(DeviceClass, &[&str]); 6] = [
    (
        DeviceClass::Television,
        &[
            "tv",
            "smarttv",
            "appletv",
            "googletv",
            "tvos",
            "roku",
            "bravia",
            "chromecast",
            "aftb",
            "aftm",
            "afts",
            "aftt",
            "crkey",
            "playstation",
            "xbox",
            "nintendo",
            "web0s",
            "netcast",
            "hbbtv",
            "settop",
        ],
    ),
    (DeviceClass::Wearable, &["watch", "glass", "wearable", "quest", "oculus", "tizen wearable"]),
    (DeviceClass::VoiceAssistant, &["echo", "alexa", "homepod", "google home", "audioos"]),
    (DeviceClass::Car, &["tesla", "qtcarbrowser", "android auto", "automotive", "mbux", "carplay"]),
    (DeviceClass::Kiosk, &["kiosk"]),
    (
        DeviceClass::Tablet,
        &[
            "ipad",
            "tablet",
            "kindle",
            "galaxy tab",
            "playbook",
            "nexus 7",
            "nexus 9",
            "nexus 10",
            "mediapad",
            "xoom",
            "transformer",
            "nook",
            "pixel c",
            "silk",
        ],
    ),
];

/// Systems of telephones.
const PHONE_SYSTEMS: [&str; 11] = [
    "ios",
    "windows phone",
    "blackberry os",
    "symbian os",
    "symbian^3",
    "firefox os",
    "kaios",
    "bada",
    "maemo",
    "meego",
    "brew",
];

/// Systems of desktop computers.
const DESKTOP_SYSTEMS: [&str; 14] = [
    "windows",
    "mac os x",
    "mac os",
    "linux",
    "ubuntu",
    "chrome os",
    "chromeos",
    "fedora",
    "debian",
    "freebsd",
    "openbsd",
    "netbsd",
    "solaris",
    "red hat",
];

/// The device that a parsed text describes.
pub(super) fn device(parsed: &ParsedAgent, text: &str) -> Device {
    let known = |name: &str| (name != "Other").then(|| name.to_owned());
    let robot = parsed.device.family == "Spider" || parsed.device.brand.as_deref() == Some("Spider");
    Device {
        class: if robot { DeviceClass::Other } else { class(parsed, text) },
        os: known(&parsed.os.family),
        browser: known(&parsed.agent.family),
        brand: parsed.device.brand.clone(),
        model: parsed.device.model.clone(),
        robot,
        ..Device::default()
    }
}

fn class(parsed: &ParsedAgent, text: &str) -> DeviceClass {
    let device = format!(
        "{} {} {}",
        parsed.device.family,
        parsed.device.model.as_deref().unwrap_or_default(),
        parsed.os.family
    )
    .to_ascii_lowercase();
    let text: String = text.chars().take(512).collect::<String>().to_ascii_lowercase();
    let tells = |text: &str, words: &[&str]| words.iter().any(|word| has_word(text, word));
    if let Some((class, _)) = TELLING.iter().find(|(_, words)| tells(&device, words)) {
        return *class;
    }
    let system = parsed.os.family.to_ascii_lowercase();
    if let Some((class, _)) = TELLING.iter().find(|(_, words)| tells(&text, words)) {
        return *class;
    }
    if system == "android" {
        // Android browsers on telephones say `Mobile`; those on tablets do not.
        let phone = text.contains("mobile") || !text.contains("mozilla");
        return if phone { DeviceClass::Phone } else { DeviceClass::Tablet };
    }
    if PHONE_SYSTEMS.contains(&system.as_str())
        || device.contains("phone")
        || device.contains("feature phone")
    {
        return DeviceClass::Phone;
    }
    if DESKTOP_SYSTEMS.contains(&system.as_str()) {
        return DeviceClass::Desktop;
    }
    if parsed.device.brand.is_some() || text.contains("mobile") || text.contains("midp") {
        return DeviceClass::Phone;
    }
    DeviceClass::Other
}

/// Whether `word` occurs as a word of `text`; a word of more than four letters may also begin a longer one.
fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|head| head.chars().next_back());
        let after = text.get(at + word.len()..).and_then(|tail| tail.chars().next());
        let edge = |c: Option<char>| c.is_none_or(|c| !c.is_ascii_alphabetic());
        edge(before) && (edge(after) || 4 < word.len())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::user_agent::{Agent, AgentDevice, AgentOs};

    #[track_caller]
    fn check(os: &str, family: &str, text: &str, class: DeviceClass) {
        let parsed = ParsedAgent {
            agent: Agent::default(),
            os: AgentOs { family: os.to_owned(), ..AgentOs::default() },
            device: AgentDevice { family: family.to_owned(), ..AgentDevice::default() },
        };
        assert_eq!(device(&parsed, text).class, class, "{os} {family} {text}");
    }

    #[test]
    fn classes_are_told_by_device_then_system() {
        check("iOS", "iPhone", "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X)", DeviceClass::Phone);
        check("iOS", "iPad", "Mozilla/5.0 (iPad; CPU OS 17_0)", DeviceClass::Tablet);
        check("WatchOS", "Apple Watch", "atc/1.0 watchOS/5.2", DeviceClass::Wearable);
        check("Windows", "Other", "Mozilla/5.0 (Windows NT 10.0)", DeviceClass::Desktop);
        check(
            "Android",
            "SM-G998B",
            "Mozilla/5.0 (Linux; Android 13; SM-G998B) Mobile Safari",
            DeviceClass::Phone,
        );
        check("Android", "SM-X700", "Mozilla/5.0 (Linux; Android 13; SM-X700) Safari", DeviceClass::Tablet);
        check(
            "Tizen",
            "Samsung SmartTV",
            "Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0)",
            DeviceClass::Television,
        );
        check("tvOS", "AppleTV", "AppleTV6,2/11.1", DeviceClass::Television);
        check("Linux", "Tesla", "Mozilla/5.0 (X11; Linux) QtCarBrowser", DeviceClass::Car);
        check("Android", "Amazon Echo", "AlexaMediaPlayer", DeviceClass::VoiceAssistant);
    }
}
