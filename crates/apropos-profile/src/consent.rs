//! What a customer permits: questions for consent, answered over all members.
//!
//! One rule: a permission holds only if it holds for every member of the profile. A member's own statements count for it;
//! what another member agreed to counts only if it was received after the last merge, when the person was already seen as
//! one. Refusals of any member count at once. So a merge can only narrow what is permitted.
//!
//! Not here: who may act on it. The engine asks at its consent stage, and again when a queued message leaves.

use apropos_event::{ChannelId, PropertyName, Purpose, Timestamp};

use crate::error::Fingerprint;
use crate::rules::ProfileRules;
use crate::stance::{Area, LegalBasis, Matter};
use crate::standing::{ConsentState, narrowest};
use crate::{Profile, WhenUnknown};

/// The answer to a question for consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    /// How it stands.
    pub state: ConsentState,
    /// Whether that permits, with what the definition says about unknown.
    pub allowed: bool,
    /// On which legal ground, when it was granted and says so.
    pub basis: Option<LegalBasis>,
    /// The statement that decided, as the receipt of its customer.
    pub receipt: Option<Fingerprint>,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use<'a> {
    /// The purpose.
    pub purpose: Purpose,
    /// The channel, if one is known.
    pub channel: Option<&'a ChannelId>,
    /// The category of data or message, if it has one, such as `marketing`.
    pub category: Option<&'a PropertyName>,
}

impl<'a> Use<'a> {
    /// The use of anything for `purpose`.
    pub fn of(purpose: Purpose) -> Self {
        Self { purpose, channel: None, category: None }
    }

    /// The same on a channel.
    #[must_use]
    pub fn on(self, channel: &'a ChannelId) -> Self {
        Self { channel: Some(channel), ..self }
    }

    /// The same for a category.
    #[must_use]
    pub fn category(self, category: &'a PropertyName) -> Self {
        Self { category: Some(category), ..self }
    }

    /// Whether a statement about `matter` says something about this use.
    fn concerns(self, matter: &Matter) -> bool {
        let Matter::Consent { purpose, channel, category } = matter else { return false };
        *purpose == self.purpose
            && channel.as_ref().is_none_or(|channel| self.channel == Some(channel))
            && category.as_ref().is_none_or(|category| self.category == Some(category))
    }
}

impl ProfileRules {
    /// Whether a use of data is permitted at `now`. O(stances on the purpose), nothing allocated.
    ///
    /// A profile that holds nobody permits what unknown permits.
    pub fn permission(&self, profile: &Profile, asked: Use<'_>, now: Timestamp) -> Permission {
        let consent = &self.definition.consent;
        let unknown = match asked.purpose {
            Purpose::Contact => consent.contact,
            Purpose::Personalise => consent.personalise,
            Purpose::Learn => consent.learn,
        };
        let concerns = |matter: &Matter| asked.concerns(matter);
        let standing = narrowest(profile, Area::Consent(asked.purpose), now, concerns);
        let allowed = match standing.state {
            ConsentState::Granted => true,
            // What has run out says nothing any more.
            ConsentState::Unknown | ConsentState::Lapsed => unknown == WhenUnknown::Allow,
            ConsentState::Denied => false,
        };
        let granted = standing.statement.filter(|_| standing.state == ConsentState::Granted);
        Permission {
            state: standing.state,
            allowed,
            basis: granted.and_then(|statement| statement.basis),
            receipt: standing.statement.map(|statement| Fingerprint(statement.receipt)),
        }
    }

    /// Whether direct marketing by `channel` is permitted at `now`: contact, for the category `marketing`, on a channel
    /// that is not blocked, while no snooze runs.
    pub fn may_market(&self, profile: &Profile, channel: &ChannelId, now: Timestamp) -> bool {
        let marketing = PropertyName::MARKETING;
        let asked = Use::of(Purpose::Contact).on(channel).category(&marketing);
        self.permission(profile, asked, now).allowed
            && !self.is_blocked(profile, channel, now)
            && self.rests_until(profile, Some(channel), now).is_none()
    }
}

/// What the header `Sec-GPC` of a request says: only `1` is a statement, an opt-out of selling and sharing. Its
/// absence, or any other value, says nothing, least of all yes.
///
/// A host that hears it observes an event of kind `signal.gpc`.
pub fn is_gpc_signal(header: Option<&str>) -> bool {
    header.is_some_and(|value| value.trim() == "1")
}
