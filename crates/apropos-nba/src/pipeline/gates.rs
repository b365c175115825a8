//! The stages that ask of one action at a time whether it may be taken: availability to treatment.
//!
//! Not here: what an action is worth, see `arbitration`.

use apropos_condition::{Scratch, Truth};
use apropos_context::Direction;
use apropos_event::Purpose;
use apropos_journey::Standing;
use apropos_profile::{ConsentState, Subject, Use};

use super::{View, drop_at};
use crate::Class;
use crate::catalogue::{APPLICABLE, Action, ELIGIBLE, SUITABLE};
use crate::policy;
use crate::stage::{ConsentGap, Dropped, Reason, Stage};

impl View<'_> {
    /// Takes one action through the stages up to `treatment`; gives the treatment it would be carried out by.
    pub(super) fn admit(&self, at: usize, action: &Action, scratch: &Scratch) -> Result<usize, Dropped> {
        self.available(action)?;
        let mut open = self.consented(action)?;
        self.conditions(at, action, scratch)?;
        self.journey(at, action)?;
        self.contact(action, &mut open)?;
        self.treat(action, open)
    }

    fn available(&self, action: &Action) -> Result<(), Dropped> {
        let definition = &action.definition;
        let dropped = |component: &str, reason| Err(drop_at(Stage::Availability, component, reason));
        match (definition.from, definition.until) {
            _ if !definition.enabled => dropped("enabled", Reason::SwitchedOff),
            (Some(from), _) if self.now < from => dropped("from", Reason::NotYet(from)),
            (_, Some(until)) if until <= self.now => dropped("until", Reason::NoLonger(until)),
            _ => Ok(()),
        }
    }

    /// Which treatments consent and preferences leave open, as bits.
    fn consented(&self, action: &Action) -> Result<u32, Dropped> {
        let definition = &action.definition;
        let all = u32::MAX >> (32 - definition.treatments.len().clamp(1, 32));
        if definition.class.is_owed() {
            return Ok(all);
        }
        let dropped = |component: &str, reason| Err(drop_at(Stage::Consent, component, reason));
        let less = self.less.iter().any(|subject| match subject {
            Subject::Action(name) => name.as_str() == definition.id.as_str(),
            Subject::Group(name) => {
                definition.group.as_ref().is_some_and(|group| group.as_str() == name.as_str())
            }
            Subject::Topic(name) => definition.topic.as_deref() == Some(name.as_str()),
        });
        if less {
            return dropped("preferences", Reason::LessLikeThis);
        }
        if definition.personal && !self.personalise {
            return dropped("personalise", Reason::NoConsent(ConsentGap::NotPersonalised));
        }
        // A treatment where the customer is not says nothing about consent or limits; when there is no other, the
        // stage `treatment` tells so.
        let there =
            |bit: &usize| definition.treatments.get(*bit).is_some_and(|one| self.elsewhere(&one.channel));
        let absent =
            (0..definition.treatments.len().min(32)).filter(there).fold(0, |bits, bit| bits | (1 << bit));
        let mut open = if absent == all { all } else { all & !absent };
        let mut first = None;
        for (bit, treatment) in definition.treatments.iter().enumerate() {
            if open & (1 << bit) == 0 {
                continue;
            }
            if let Some(reason) = self.refuses(definition.class, &treatment.channel) {
                open &= !(1 << bit);
                first.get_or_insert((treatment.channel.as_str(), reason));
            }
        }
        match first {
            Some((channel, reason)) if open == 0 => dropped(channel, reason),
            _ => Ok(open),
        }
    }

    /// Why the customer does not want to be reached on a channel. Answering on the channel they came by is fine.
    fn refuses(&self, class: Class, channel: &apropos_event::ChannelId) -> Option<Reason> {
        if self.here(channel) {
            return None;
        }
        let (rules, profile) = (self.q.profile_rules, self.q.profile);
        if rules.is_blocked(profile, channel, self.now) {
            return Some(Reason::NoConsent(ConsentGap::Denied));
        }
        if let Some(until) = rules.rests_until(profile, Some(channel), self.now) {
            return Some(Reason::Snoozed(until));
        }
        let needed = self.q.context_rules.channels().get(channel).is_some_and(|known| known.needs_consent);
        if !needed && !class.is_marketing() {
            return None;
        }
        let asked = Use::of(Purpose::Contact).on(channel);
        let asked =
            self.marketing.as_ref().filter(|_| class.is_marketing()).map_or(asked, |it| asked.category(it));
        let permission = rules.permission(profile, asked, self.now);
        if permission.allowed || (!needed && permission.state != ConsentState::Denied) {
            return None;
        }
        Some(Reason::NoConsent(match permission.state {
            ConsentState::Denied => ConsentGap::Denied,
            ConsentState::Lapsed => ConsentGap::Expired,
            _ => ConsentGap::Unknown,
        }))
    }

    fn conditions(&self, at: usize, action: &Action, scratch: &Scratch) -> Result<(), Dropped> {
        for (stage, ruleset, name) in [
            (Stage::Eligibility, ELIGIBLE, "eligible"),
            (Stage::Applicability, APPLICABLE, "applicable"),
            (Stage::Suitability, SUITABLE, "suitable"),
        ] {
            if !scratch.holding(ruleset).contains(at) {
                let failure = self.catalogue.index.first_failure(ruleset, at, scratch);
                let number = failure.as_ref().map_or(0, |failure| failure.condition);
                let unknown = failure.is_some_and(|failure| failure.truth == Truth::Unknown);
                let reason = if unknown { Reason::ConditionUnknown } else { Reason::ConditionFalse };
                return Err(drop_at(stage, format!("{name}[{number}]"), reason));
            }
        }
        if self.protected && action.definition.class.is_marketing() && !action.definition.for_protected {
            return Err(drop_at(Stage::Suitability, "protected", Reason::Protected));
        }
        Ok(())
    }

    fn journey(&self, at: usize, action: &Action) -> Result<(), Dropped> {
        let class = action.definition.class;
        let standing = self.q.standings.get(at).copied().unwrap_or_default();
        let dropped = |component: &str, reason| Err(drop_at(Stage::Journey, component, reason));
        if self.with_person && !class.is_owed() {
            return dropped("hand_off", Reason::WithPerson);
        }
        if self.q.repairing && class.is_marketing() && standing != Standing::Repairs {
            return dropped("repair", Reason::RepairOpen);
        }
        if !standing.allows() {
            return dropped("offers", Reason::NotOffered);
        }
        Ok(())
    }

    fn contact(&self, action: &Action, open: &mut u32) -> Result<(), Dropped> {
        if action.definition.class.is_owed() {
            return Ok(());
        }
        if let Some(dropped) = policy::rests(self.q.ledger, action, self.now) {
            return Err(dropped);
        }
        let mut first = None;
        for (bit, treatment) in action.definition.treatments.iter().enumerate() {
            if *open & (1 << bit) == 0 || self.here(&treatment.channel) {
                continue;
            }
            let (ledger, channel) = (self.q.ledger, &treatment.channel);
            if let Some(dropped) =
                policy::limited(self.catalogue, ledger, action, channel, self.now, self.q.zone)
            {
                *open &= !(1 << bit);
                first.get_or_insert(dropped);
            }
        }
        match first {
            Some(dropped) if *open == 0 => Err(dropped),
            _ => Ok(()),
        }
    }

    /// The best treatment that can be carried out now: the channel the customer chose or came by, then the one they
    /// like best, then the author's order.
    fn treat(&self, action: &Action, open: u32) -> Result<usize, Dropped> {
        let definition = &action.definition;
        let mut first = None;
        let mut best: Option<(u8, usize)> = None;
        for (bit, treatment) in definition.treatments.iter().enumerate() {
            if open & (1 << bit) == 0 {
                continue;
            }
            if let Some(reason) = self.unusable(action, &treatment.channel) {
                // What is wrong with the channel the customer is on says most.
                if first.is_none() || self.here(&treatment.channel) {
                    first = Some((treatment.channel.as_str(), reason));
                }
                continue;
            }
            let rank = if self.q.moment.chosen_channel.as_ref() == Some(&treatment.channel) {
                0
            } else if self.here(&treatment.channel) {
                1
            } else if self.preferred == Some(&treatment.channel) {
                2
            } else {
                3
            };
            if best.is_none_or(|(known, _)| rank < known) {
                best = Some((rank, bit));
            }
        }
        best.map(|(_, bit)| bit).ok_or_else(|| {
            let (component, reason) = first.unwrap_or(("treatments", Reason::NoChannel));
            drop_at(Stage::Treatment, component, reason)
        })
    }

    fn unusable(&self, action: &Action, channel: &apropos_event::ChannelId) -> Option<Reason> {
        let moment = self.q.moment;
        let Some(known) = self.q.context_rules.channels().get(channel) else {
            return Some(Reason::NoChannel);
        };
        if self.here(channel) {
            let capable =
                moment.device.as_ref().is_none_or(|device| known.needs.iter().all(|need| device.can(need)));
            return if !capable {
                Some(Reason::NoChannel)
            } else if action.definition.personal && (self.shared_device || known.public) {
                Some(Reason::SharedDevice)
            } else {
                None
            };
        }
        let reachable = moment.reachable.is_empty() || moment.reachable.contains(channel);
        if known.direction == Direction::Inbound || !reachable {
            return Some(Reason::NoChannel);
        }
        if action.definition.personal && known.public {
            return Some(Reason::SharedDevice);
        }
        if action.definition.class.is_owed() {
            return None;
        }
        let quiet = self.q.context_rules.quiet(self.q.context, moment, channel);
        let own = self.q.profile_rules.is_quiet(self.q.profile, self.q.zone.local(self.now));
        (quiet.quiet || own).then_some(Reason::Quiet(quiet.next_allowed.filter(|next| self.now < *next)))
    }

    /// Whether a channel works only where the customer is not now.
    fn elsewhere(&self, channel: &apropos_event::ChannelId) -> bool {
        let inbound = |known: &apropos_context::ChannelDefinition| known.direction == Direction::Inbound;
        !self.here(channel) && self.q.context_rules.channels().get(channel).is_some_and(inbound)
    }
}
