//! What is known of a customer: traits read over all members, each with where it comes from.
//!
//! Not here: storing claims, see `traits`.

use apropos_event::{Purpose, Purposes, SourceId, Timestamp, Value};
use std::borrow::Cow;

use crate::rules::ProfileRules;
use crate::traits::{order, union};
use crate::{Claim, Profile, TraitDefinition, TraitPolicy};

/// A value that is known, and why it is believed.
#[derive(Clone, PartialEq)]
pub struct Known<'a> {
    /// The value.
    pub value: Cow<'a, Value>,
    /// Who says so.
    pub source: &'a SourceId,
    /// When it was observed.
    pub observed_at: Timestamp,
    /// How sure it is, in percent.
    pub confidence: u8,
    /// Whether the customer told it in person, now or before.
    pub told: bool,
}

impl std::fmt::Debug for Known<'_> {
    /// Never the value.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Known({} at {})", self.value.kind(), self.observed_at)
    }
}

/// Whether the customer may be asked for something.
#[derive(Clone, Debug, PartialEq)]
pub enum Capture<'a> {
    /// Nobody knows it: ask.
    Ask,
    /// It is known from elsewhere: do not ask, confirm if need be.
    Confirm(Known<'a>),
    /// The customer told us: never ask again.
    Told(Known<'a>),
    /// There is no such trait.
    Undeclared,
}

impl ProfileRules {
    /// What is known of the trait `name` at `now`, by its policy; claims that ran out do not count.
    pub fn known<'a>(&self, profile: &'a Profile, name: &str, now: Timestamp) -> Option<Known<'a>> {
        let (_, definition) = self.find_trait(name)?;
        resolve(profile, definition, now, Purposes::NONE)
    }

    /// The same, only from claims that may be used for `purpose`.
    pub fn known_for<'a>(
        &self,
        profile: &'a Profile,
        name: &str,
        purpose: Purpose,
        now: Timestamp,
    ) -> Option<Known<'a>> {
        let (_, definition) = self.find_trait(name)?;
        if !definition.purposes.contains(purpose) {
            return None;
        }
        resolve(profile, definition, now, Purposes::NONE.with(purpose))
    }

    /// Whether the customer may be asked for the trait `name`: what they told us once they are never asked again.
    pub fn capture<'a>(&self, profile: &'a Profile, name: &str, now: Timestamp) -> Capture<'a> {
        let Some((_, definition)) = self.find_trait(name) else { return Capture::Undeclared };
        match resolve(profile, definition, now, Purposes::NONE) {
            None => Capture::Ask,
            Some(known) if known.told => Capture::Told(known),
            Some(known) => Capture::Confirm(known),
        }
    }
}

/// What is known by the claims that live at `now` and may be used for all of `purposes`.
pub(crate) fn resolve<'a>(
    profile: &'a Profile,
    definition: &TraitDefinition,
    now: Timestamp,
    purposes: Purposes,
) -> Option<Known<'a>> {
    let live = || {
        let held = profile.members.iter().flat_map(|member| member.claims.about(&definition.name));
        held.map(|held| &held.claim).filter(|claim| {
            let fits = |allowed: Purposes| allowed.intersection(purposes) == purposes;
            lives(claim, definition, now) && claim.purposes.is_none_or(fits)
        })
    };
    let (mut best, mut told): (Option<&Claim>, bool) = (None, false);
    for claim in live() {
        told |= claim.told;
        best = match best {
            Some(known) if !order(known, claim, definition.policy).is_lt() => best,
            _ => Some(claim),
        };
    }
    let best = best?;
    let value = if definition.policy == TraitPolicy::Union {
        Cow::Owned(union(live().map(|claim| &claim.value)))
    } else {
        Cow::Borrowed(&best.value)
    };
    Some(Known {
        value,
        source: &best.source,
        observed_at: best.observed_at,
        confidence: best.confidence,
        told,
    })
}

/// Whether a claim still counts at `now`: observed by then, inside its retention, before its end.
pub(crate) fn lives(claim: &Claim, definition: &TraitDefinition, now: Timestamp) -> bool {
    let kept = definition.retention.is_none_or(|retention| now < claim.observed_at.plus(retention));
    kept && claim.until.is_none_or(|until| now < until)
}
