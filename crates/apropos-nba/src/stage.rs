//! The stages of the decision pipeline, and why a candidate was dropped at one.
//!
//! Stage names are public and appear in every explanation. Not here: the rules of the stages.

use std::fmt;

use apropos_event::{ChannelId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Class, Component};

/// A stage of the pipeline, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Is the action switched on and in its dates?
    Availability,
    /// Has the customer agreed?
    Consent,
    /// May they ever have it?
    Eligibility,
    /// Is it relevant now?
    Applicability,
    /// Is it right for them?
    Suitability,
    /// Does the customer's journey call for it, or forbid it?
    Journey,
    /// Would it be too much contact?
    ContactPolicy,
    /// Is there a channel, a place and a device for it?
    Treatment,
    /// Is it likely to work?
    Propensity,
    /// Does it win?
    Arbitration,
    /// Is there a resource left for it?
    Constraints,
    /// Was it chosen?
    Choice,
}

impl Stage {
    /// All stages, in order.
    pub const ALL: [Self; 12] = [
        Self::Availability,
        Self::Consent,
        Self::Eligibility,
        Self::Applicability,
        Self::Suitability,
        Self::Journey,
        Self::ContactPolicy,
        Self::Treatment,
        Self::Propensity,
        Self::Arbitration,
        Self::Constraints,
        Self::Choice,
    ];

    /// The stage's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Availability => "availability",
            Self::Consent => "consent",
            Self::Eligibility => "eligibility",
            Self::Applicability => "applicability",
            Self::Suitability => "suitability",
            Self::Journey => "journey",
            Self::ContactPolicy => "contact_policy",
            Self::Treatment => "treatment",
            Self::Propensity => "propensity",
            Self::Arbitration => "arbitration",
            Self::Constraints => "constraints",
            Self::Choice => "choice",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// That a candidate was dropped: where, by what, and why.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Dropped<'a> {
    /// The stage that dropped it.
    pub stage: Stage,
    /// The part of the playbook that dropped it, such as `eligible[0]` or the name of a limit.
    pub component: &'a Component,
    /// Why.
    pub reason: Reason,
}

/// Why a candidate was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Reason {
    /// The action is switched off.
    SwitchedOff,
    /// It is not yet in its dates.
    NotYet(Timestamp),
    /// It is past its dates.
    NoLonger(Timestamp),
    /// The customer has not agreed, has withdrawn, or is not known to have agreed.
    NoConsent(ConsentGap),
    /// The customer has asked for less of this.
    LessLikeThis,
    /// The customer has asked for quiet until then.
    Snoozed(Timestamp),
    /// A condition does not hold.
    ConditionFalse,
    /// A condition cannot be answered: something is not known.
    ConditionUnknown,
    /// The customer is protected and this action is not for protected customers.
    Protected,
    /// The journey that offers it does not offer it now.
    NotOffered,
    /// A person has taken over; automation is silent until they close the case.
    WithPerson,
    /// A broken promise is being repaired; selling waits.
    RepairOpen,
    /// The limit is used up; it frees up at that time if nothing else is sent.
    LimitReached(Option<Timestamp>),
    /// It was taken a short while ago.
    CoolingDown(Timestamp),
    /// Outcomes of earlier attempts paused it.
    Suppressed(Timestamp),
    /// No channel of its treatments can be used now.
    NoChannel,
    /// It would interrupt, and it is quiet time until then.
    Quiet(Option<Timestamp>),
    /// It is personal and the device is not the customer's own.
    SharedDevice,
    /// The chance of success is below what is worth an attempt.
    Unlikely,
    /// The customer would lose by it.
    HarmsCustomer,
    /// The company would lose by it.
    HarmsCompany,
    /// Nothing beats silence.
    BelowSilence,
    /// An action of a higher class is open.
    Waits(Class),
    /// No unit of the resource is left.
    NoneLeft,
    /// A unit of the resource is worth more elsewhere than the action is here.
    TooDear,
    /// Another action of the same class ranks higher.
    Outranked,
    /// The customer asked for no more contacts than they had; there is room again at that time if nothing else is sent.
    // The place of a reason is part of the canonical bytes: new ones come last.
    Paced(Option<Timestamp>),
}

/// What is missing in consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ConsentGap {
    /// Not known whether the customer agrees.
    Unknown,
    /// The customer said no.
    Denied,
    /// The customer withdrew.
    Withdrawn,
    /// The consent has run out.
    Expired,
    /// The customer objects to direct marketing.
    Objection,
    /// The customer wants no personalised treatment.
    NotPersonalised,
}

impl fmt::Display for ConsentGap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "it is not known whether the customer agrees",
            Self::Denied => "the customer said no",
            Self::Withdrawn => "the customer withdrew consent",
            Self::Expired => "the customer's consent has run out",
            Self::Objection => "the customer objects to direct marketing",
            Self::NotPersonalised => "the customer wants nothing personalised",
        })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SwitchedOff => f.write_str("it is switched off"),
            Self::NotYet(at) => write!(f, "it starts at {at}"),
            Self::NoLonger(at) => write!(f, "it ended at {at}"),
            Self::NoConsent(gap) => gap.fmt(f),
            Self::LessLikeThis => f.write_str("the customer asked for less of this"),
            Self::Snoozed(until) => write!(f, "the customer asked for quiet until {until}"),
            Self::ConditionFalse => f.write_str("the condition does not hold"),
            Self::ConditionUnknown => f.write_str("something the condition needs is not known"),
            Self::Protected => {
                f.write_str("the customer is protected and this is not for protected customers")
            }
            Self::NotOffered => f.write_str("the customer's journey does not offer it now"),
            Self::WithPerson => f.write_str("a person is looking after the customer"),
            Self::RepairOpen => f.write_str("a broken promise is being made good first"),
            Self::LimitReached(Some(at)) => write!(f, "the limit is used up until {at}"),
            Self::LimitReached(None) => f.write_str("the limit is used up"),
            Self::CoolingDown(until) => write!(f, "it was done a short while ago; again from {until}"),
            Self::Suppressed(until) => write!(f, "earlier outcomes paused it until {until}"),
            Self::NoChannel => f.write_str("none of its channels can be used now"),
            Self::Quiet(Some(until)) => write!(f, "it would interrupt; quiet time lasts until {until}"),
            Self::Quiet(None) => f.write_str("it would interrupt in quiet time"),
            Self::SharedDevice => f.write_str("it is personal and the device is not the customer's own"),
            Self::Unlikely => f.write_str("it is too unlikely to work"),
            Self::HarmsCustomer => f.write_str("the customer would lose by it"),
            Self::HarmsCompany => f.write_str("the company would lose by it"),
            Self::BelowSilence => f.write_str("silence is better"),
            Self::Waits(class) => write!(f, "it waits while something of class {class} is open"),
            Self::NoneLeft => f.write_str("none of the resource is left"),
            Self::TooDear => f.write_str("the resource is worth more elsewhere"),
            Self::Outranked => f.write_str("another action ranks higher"),
            Self::Paced(Some(at)) => write!(f, "the customer asked for no more contacts until {at}"),
            Self::Paced(None) => f.write_str("the customer asked for no contacts"),
        }
    }
}

impl Reason {
    /// A short stable name for counting, such as `no_consent`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::SwitchedOff => "switched_off",
            Self::NotYet(_) => "not_yet",
            Self::NoLonger(_) => "no_longer",
            Self::NoConsent(_) => "no_consent",
            Self::LessLikeThis => "less_like_this",
            Self::Snoozed(_) => "snoozed",
            Self::ConditionFalse => "condition_false",
            Self::ConditionUnknown => "condition_unknown",
            Self::Protected => "protected",
            Self::NotOffered => "not_offered",
            Self::WithPerson => "with_person",
            Self::RepairOpen => "repair_open",
            Self::LimitReached(_) => "limit_reached",
            Self::CoolingDown(_) => "cooling_down",
            Self::Suppressed(_) => "suppressed",
            Self::NoChannel => "no_channel",
            Self::Quiet(_) => "quiet",
            Self::SharedDevice => "shared_device",
            Self::Unlikely => "unlikely",
            Self::HarmsCustomer => "harms_customer",
            Self::HarmsCompany => "harms_company",
            Self::BelowSilence => "below_silence",
            Self::Waits(_) => "waits",
            Self::NoneLeft => "none_left",
            Self::TooDear => "too_dear",
            Self::Outranked => "outranked",
            Self::Paced(_) => "paced",
        }
    }
}

/// A treatment that was chosen: where and how an action is carried out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Treatment {
    /// The channel.
    pub channel: ChannelId,
    /// Where on it.
    pub placement: Option<String>,
}
