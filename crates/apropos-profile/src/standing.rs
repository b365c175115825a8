//! Where a person stands on something, over all members: the one rule behind every permission and restriction.
//!
//! Not here: what is asked, see `consent` and `wishes`.

use apropos_event::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Profile;
use crate::profile::Member;
use crate::stance::{Area, Matter, Stance, Statement};

/// How a permission stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentState {
    /// Somebody said no, and nobody took it back since.
    Denied,
    /// It was given and has run out.
    Lapsed,
    /// Nothing was said; what that means is the definition's to say.
    Unknown,
    /// It was given.
    Granted,
}

impl ConsentState {
    /// All states, from the narrowest to the widest.
    pub const ALL: [Self; 4] = [Self::Denied, Self::Lapsed, Self::Unknown, Self::Granted];

    /// The state's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Lapsed => "lapsed",
            Self::Unknown => "unknown",
            Self::Granted => "granted",
        }
    }
}

/// What a person says about something, and the statement that decided.
#[derive(Clone, Copy)]
pub(crate) struct Standing<'a> {
    pub(crate) state: ConsentState,
    pub(crate) statement: Option<&'a Statement>,
}

/// What a person says who says nothing.
const SILENT: Standing<'_> = Standing { state: ConsentState::Unknown, statement: None };

/// Whether some member restricts what `concerns` picks in `area`.
pub(crate) fn is_restricted(
    profile: &Profile,
    area: Area,
    now: Timestamp,
    concerns: impl Fn(&Matter) -> bool,
) -> bool {
    narrowest(profile, area, now, concerns).state == ConsentState::Denied
}

/// The narrowest standing of any member on what `concerns` picks in `area`. O(stances of the area), nothing allocated.
pub(crate) fn narrowest(
    profile: &Profile,
    area: Area,
    now: Timestamp,
    concerns: impl Fn(&Matter) -> bool,
) -> Standing<'_> {
    // Most people say nothing about most things.
    if profile.members.iter().all(|member| member.stances_in(area).is_empty()) {
        return SILENT;
    }
    // Agreements received since the members are seen as one person count for all of them.
    let shared_since = profile.merged_at();
    let standings =
        profile.members.iter().map(|member| standing(profile, member, area, shared_since, now, &concerns));
    standings.min_by_key(|standing| standing.state).unwrap_or(SILENT)
}

/// Where one member stands: granted when a living statement in favour is younger than every living one against; else
/// denied when there is one against; else lapsed or unknown. Adding statements against, removing statements in favour,
/// ageing or shortening them can each only narrow the result: that is what the laws of merging rest on.
fn standing<'a>(
    profile: &'a Profile,
    member: &'a Member,
    area: Area,
    shared_since: Option<Timestamp>,
    now: Timestamp,
    concerns: &impl Fn(&Matter) -> bool,
) -> Standing<'a> {
    let picked = |member: &'a Member| -> std::slice::Iter<'a, Stance> { member.stances_in(area).iter() };
    let stances = || picked(member).filter(|stance| concerns(&stance.matter));
    let against = stances().flat_map(|stance| &stance.against).filter(|statement| statement.lives(now));
    let against = against.max_by_key(|statement| statement.at);
    let mut lapsed = None;
    let mut granted: Option<&Statement> = None;
    let mut weigh = |favour: &'a Statement| {
        if !favour.lives(now) {
            lapsed = Some(favour);
        } else if against.is_none_or(|against| against.at < favour.at)
            && granted.is_none_or(|best| best.at < favour.at)
        {
            granted = Some(favour);
        }
    };
    stances().filter_map(|stance| stance.favour.as_ref()).for_each(&mut weigh);
    if let Some(since) = shared_since {
        let all = profile.members.iter().flat_map(picked).filter(|stance| concerns(&stance.matter));
        let shared = all.filter_map(|stance| stance.favour.as_ref());
        shared.filter(|statement| since < statement.received_at).for_each(&mut weigh);
    }
    let (state, statement) = if granted.is_some() {
        (ConsentState::Granted, granted)
    } else if against.is_some() {
        (ConsentState::Denied, against)
    } else if lapsed.is_some() {
        (ConsentState::Lapsed, lapsed)
    } else {
        (ConsentState::Unknown, None)
    };
    Standing { state, statement }
}
