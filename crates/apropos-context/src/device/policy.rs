//! What follows from whose device it is: nothing personal on a shared screen, nothing kept after.

use apropos_event::{Duration, Path, Problem, Problems};
use serde::{Deserialize, Serialize};

use super::{Device, DeviceClass, Ownership};

/// The device dimension of a definition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeviceDefinition {
    /// Rules, first match first; the built-in ones follow.
    pub rules: Vec<DeviceRuleDefinition>,
}

/// What follows for some devices.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeviceRuleDefinition {
    /// The classes it holds for; every class when the list is empty.
    pub classes: Vec<DeviceClass>,
    /// The ownership it holds for; every ownership when the list is empty.
    pub ownership: Vec<Ownership>,
    /// What follows.
    pub then: DeviceConsequences,
}

/// What may be done on a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceConsequences {
    /// Whether personal things may be shown or said.
    pub personal: bool,
    /// Whether anything may stay on the device when the person leaves.
    pub keep: bool,
    /// Whether the person must be asked to prove who they are before anything that is bound to them.
    pub sign_in: bool,
    /// After how long without a sign of the person everything is forgotten; zero for never.
    pub forget_after: Duration,
}

impl Default for DeviceConsequences {
    /// What holds on the customer's own device.
    fn default() -> Self {
        Self { personal: true, keep: true, sign_in: false, forget_after: Duration::ZERO }
    }
}

impl DeviceConsequences {
    /// What holds unless a definition says otherwise.
    ///
    /// Not knowing whose device it is allows what is personal after a sign-in, and keeps nothing.
    pub fn usual(ownership: Ownership) -> Self {
        match ownership {
            Ownership::Owned => Self::default(),
            Ownership::Shared => {
                Self { personal: false, keep: false, sign_in: true, forget_after: Duration::from_mins(30) }
            }
            Ownership::Unowned => {
                Self { personal: false, keep: false, sign_in: true, forget_after: Duration::from_mins(2) }
            }
            Ownership::Unknown => {
                Self { personal: true, keep: false, sign_in: true, forget_after: Duration::from_mins(30) }
            }
        }
    }
}

/// The checked device dimension.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DevicePolicy {
    rules: Vec<DeviceRuleDefinition>,
}

/// At most this many rules.
pub(crate) const MAX_DEVICE_RULES: usize = 64;

impl DevicePolicy {
    /// Checks the device dimension of a definition.
    pub fn compile(definition: &DeviceDefinition, path: &Path, problems: &mut Problems) -> Self {
        if MAX_DEVICE_RULES < definition.rules.len() {
            let message = format!(
                "there are {} rules, at most {MAX_DEVICE_RULES} are accepted",
                definition.rules.len()
            );
            problems.push(Problem::error("context/too-many", path.key("rules"), message));
        }
        for (at, rule) in definition.rules.iter().enumerate() {
            let unowned = rule.ownership.contains(&Ownership::Unowned);
            if unowned && (rule.then.personal || rule.then.keep) {
                let path = path.key("rules").index(at).key("then");
                let message = "an un-owned device would show or keep what is personal";
                problems.push(Problem::warning("context/personal-on-unowned", path, message));
            }
        }
        Self { rules: definition.rules.clone() }
    }

    /// Whose device it is: as said, or the usual of its class.
    pub fn ownership(&self, device: &Device) -> Ownership {
        match device.ownership {
            Ownership::Unknown => device.class.usual_ownership(),
            said => said,
        }
    }

    /// What follows for `device`. O(rules).
    pub fn consequences(&self, device: &Device) -> DeviceConsequences {
        let ownership = self.ownership(device);
        self.rules
            .iter()
            .find(|rule| rule.matches(device.class, ownership))
            .map_or_else(|| DeviceConsequences::usual(ownership), |rule| rule.then)
    }
}

impl DeviceRuleDefinition {
    fn matches(&self, class: DeviceClass, ownership: Ownership) -> bool {
        (self.classes.is_empty() || self.classes.contains(&class))
            && (self.ownership.is_empty() || self.ownership.contains(&ownership))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::Capability;

    #[test]
    fn nothing_personal_is_shown_or_kept_on_what_is_not_the_customers() {
        let policy = DevicePolicy::default();
        for class in DeviceClass::ALL {
            for ownership in [Ownership::Shared, Ownership::Unowned] {
                let then = policy.consequences(&Device::new(class).with_ownership(ownership));
                assert!(!then.personal && !then.keep && then.sign_in, "{class} {ownership}");
            }
        }
        assert_eq!(policy.ownership(&Device::new(DeviceClass::Kiosk)), Ownership::Unowned);
        assert!(policy.consequences(&Device::new(DeviceClass::Phone)).personal);
    }

    #[test]
    fn what_is_said_counts_before_what_is_usual() {
        let policy = DevicePolicy::default();
        let lent = Device::new(DeviceClass::Phone).with_ownership(Ownership::Unowned);
        assert_eq!(policy.ownership(&lent), Ownership::Unowned);
        let silent =
            Device::new(DeviceClass::Phone).with_capabilities([Capability::Screen].into_iter().collect());
        assert!(!silent.can(Capability::Camera) && silent.can(Capability::Screen));
    }
}
