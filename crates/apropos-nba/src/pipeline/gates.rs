//! The stages that ask of one action at a time whether it may be taken: availability to treatment.
//!
//! Not here: what an action is worth, see `arbitration`.

use apropos_condition::Scratch;
use apropos_context::{Direction, QuietAnswer, QuietHours, WeeklyWindow};
use apropos_event::{ChannelId, PropertyName, Purpose};
use apropos_journey::Standing;
use apropos_profile::{ConsentState, QuietTimes, Subject, Use};

use super::memo::Memo;
use super::{View, sieve};
use crate::candidates::Fate;
use crate::catalogue::Action;
use crate::layout::{Channel, Way};
use crate::names::{Fixed, Part};
use crate::policy;
use crate::stage::{ConsentGap, Reason, Stage};

impl View<'_> {
    /// Takes one action through the stages up to `treatment`; gives the treatment it would be carried out by.
    pub(super) fn admit(
        &self,
        at: usize,
        action: &Action,
        scratch: &mut Scratch,
        memo: &mut Memo,
    ) -> Result<usize, Fate> {
        let ways = self.catalogue.layout.ways(at);
        self.available(action)?;
        // Where consent can refuse nothing, which treatments it leaves open is asked once all else is said.
        let open = if self.unbound { None } else { Some(self.consented(action, ways, memo)?) };
        self.conditions(at, action, scratch, memo)?;
        self.journey(at, action)?;
        let mut open = match open {
            Some(open) => open,
            None => self.consented(action, ways, memo)?,
        };
        self.contact(action, ways, &mut open, memo)?;
        self.treat(action, ways, open, memo)
    }

    fn available(&self, action: &Action) -> Result<(), Fate> {
        let dropped = |part, reason| Err(Fate::new(Stage::Availability, part, reason));
        match (action.from, action.until) {
            _ if !action.enabled => dropped(Fixed::Enabled, Reason::SwitchedOff),
            (Some(from), _) if self.now < from => dropped(Fixed::From, Reason::NotYet(from)),
            (_, Some(until)) if until <= self.now => dropped(Fixed::Until, Reason::NoLonger(until)),
            _ => Ok(()),
        }
    }

    /// Which treatments consent and preferences leave open, as bits.
    fn consented(&self, action: &Action, ways: &[Way], memo: &mut Memo) -> Result<u32, Fate> {
        let definition = &action.definition;
        let all = u32::MAX >> (32 - ways.len().clamp(1, 32));
        if action.class.is_owed() {
            return Ok(all);
        }
        let dropped = |part, reason| Err(Fate { stage: Stage::Consent, part, reason });
        let less = self.less.iter().any(|subject| match subject {
            Subject::Action(name) => name.as_str() == definition.id.as_str(),
            Subject::Group(name) => {
                definition.group.as_ref().is_some_and(|group| group.as_str() == name.as_str())
            }
            Subject::Topic(name) => definition.topic.as_deref() == Some(name.as_str()),
        });
        if less {
            return dropped(Fixed::Preferences.into(), Reason::LessLikeThis);
        }
        if action.personal && !self.personalise(memo) {
            return dropped(Fixed::Personalise.into(), Reason::NoConsent(ConsentGap::NotPersonalised));
        }
        // A treatment where the customer is not says nothing about consent or limits; when there is no other, the
        // stage `treatment` tells so.
        let absent = bits(ways)
            .filter(|(_, way)| self.elsewhere(way.channel, memo))
            .fold(0, |all, (bit, _)| all | bit);
        let mut open = if absent == all { all } else { all & !absent };
        if self.unbound {
            return Ok(open);
        }
        let marketing = action.class.is_marketing();
        let mut first = None;
        for (bit, way) in bits(ways) {
            if open & bit == 0 {
                continue;
            }
            if let Some(reason) = self.refuses(marketing, way.channel, memo) {
                open &= !bit;
                first.get_or_insert((way.channel, reason));
            }
        }
        match first {
            Some((channel, reason)) if open == 0 => {
                dropped(self.catalogue.layout.channel_part(channel), reason)
            }
            _ => Ok(open),
        }
    }

    /// Why the customer does not want to be reached on a channel. Answering on the channel they came by is fine.
    fn refuses(&self, marketing: bool, channel: usize, memo: &mut Memo) -> Option<Reason> {
        let (channel, place) = self.place(channel, memo)?;
        if place.here {
            return None;
        }
        let [plain, market] = &mut place.refusals;
        let asked = if marketing { market } else { plain };
        asked.or(|| self.refusal(marketing, channel))
    }

    fn refusal(&self, marketing: bool, channel: &Channel) -> Option<Reason> {
        let (rules, profile) = (self.q.profile_rules, self.q.profile);
        let needed = channel.known.as_ref().is_some_and(|known| known.needs_consent);
        if self.silent && !needed {
            return None;
        }
        if rules.is_blocked(profile, &channel.id, self.now) {
            return Some(Reason::NoConsent(ConsentGap::Denied));
        }
        if let Some(until) = rules.rests_until(profile, Some(&channel.id), self.now) {
            return Some(Reason::Snoozed(until));
        }
        if !needed && !marketing {
            return None;
        }
        let category = if marketing { PropertyName::new("marketing").ok() } else { None };
        let asked = Use::of(Purpose::Contact).on(&channel.id);
        let asked = category.as_ref().map_or(asked, |it| asked.category(it));
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

    fn conditions(
        &self,
        at: usize,
        action: &Action,
        scratch: &mut Scratch,
        memo: &mut Memo,
    ) -> Result<(), Fate> {
        if let Some(fate) = sieve::stopped(self.catalogue, at, scratch) {
            return Err(fate);
        }
        if action.class.is_marketing() && !action.for_protected && self.protected(memo) {
            return Err(Fate::new(Stage::Suitability, Fixed::Protected, Reason::Protected));
        }
        Ok(())
    }

    fn journey(&self, at: usize, action: &Action) -> Result<(), Fate> {
        let class = action.class;
        let standing = self.q.standings.get(at).copied().unwrap_or_default();
        let dropped = |part, reason| Err(Fate::new(Stage::Journey, part, reason));
        if self.with_person && !class.is_owed() {
            return dropped(Fixed::HandOff, Reason::WithPerson);
        }
        if self.q.repairing && class.is_marketing() && standing != Standing::Repairs {
            return dropped(Fixed::Repair, Reason::RepairOpen);
        }
        if !standing.allows() {
            return dropped(Fixed::Offers, Reason::NotOffered);
        }
        Ok(())
    }

    fn contact(&self, action: &Action, ways: &[Way], open: &mut u32, memo: &mut Memo) -> Result<(), Fate> {
        if action.class.is_owed() {
            return Ok(());
        }
        if let Some((at, until)) = policy::paused(self.q.ledger, action, self.now) {
            let (stage, part) = (Stage::ContactPolicy, Part::pause(at));
            return Err(Fate { stage, part, reason: Reason::Suppressed(until) });
        }
        if let Some(until) = policy::cools_until(self.q.ledger, action, self.now) {
            return Err(Fate::new(Stage::ContactPolicy, Fixed::Cooldown, Reason::CoolingDown(until)));
        }
        let mut first = None;
        for (bit, way) in bits(ways) {
            if *open & bit == 0 || memo.here(way.channel) {
                continue;
            }
            let mut limits = way.limits.iter();
            let reached = limits
                .find_map(|limit| Some((self.catalogue.layout.limit(*limit), self.limit(*limit, memo)?)));
            // The customer's own pace is one more limit, on every channel.
            let reached = reached.or_else(|| Some((Fixed::Pace.into(), self.paced(memo)?)));
            if let Some(reached) = reached {
                *open &= !bit;
                first.get_or_insert(reached);
            }
        }
        match first {
            Some((part, reason)) if *open == 0 => Err(Fate { stage: Stage::ContactPolicy, part, reason }),
            _ => Ok(()),
        }
    }

    /// The best treatment that can be carried out now: the channel the customer chose or came by, then the one they
    /// like best, then the author's order.
    fn treat(&self, action: &Action, ways: &[Way], open: u32, memo: &mut Memo) -> Result<usize, Fate> {
        let mut first = None;
        let mut best: Option<(u8, usize)> = None;
        for (at, (bit, way)) in bits(ways).enumerate() {
            if open & bit == 0 {
                continue;
            }
            if let Some(reason) = self.unusable(action, way.channel, memo) {
                // What is wrong with the channel the customer is on says most.
                if first.is_none() || memo.here(way.channel) {
                    first = Some((way.channel, reason));
                }
                continue;
            }
            let rank = self.place(way.channel, memo).map_or(3, |(channel, place)| {
                if place.chosen {
                    0
                } else if place.here {
                    1
                } else {
                    3 - u8::from(self.preferred == Some(&channel.id))
                }
            });
            if best.is_none_or(|(known, _)| rank < known) {
                best = Some((rank, at));
            }
        }
        best.map(|(_, at)| at).ok_or_else(|| match first {
            Some((channel, reason)) => {
                Fate { stage: Stage::Treatment, part: self.catalogue.layout.channel_part(channel), reason }
            }
            None => Fate::new(Stage::Treatment, Fixed::Treatments, Reason::NoChannel),
        })
    }

    fn unusable(&self, action: &Action, channel: usize, memo: &mut Memo) -> Option<Reason> {
        let moment = self.q.moment;
        let Some((channel, place)) = self.place(channel, memo) else { return Some(Reason::NoChannel) };
        let Some(known) = &channel.known else { return Some(Reason::NoChannel) };
        let personal = action.personal;
        if place.here {
            let capable =
                moment.device.as_ref().is_none_or(|device| known.needs.iter().all(|need| device.can(need)));
            return if !capable {
                Some(Reason::NoChannel)
            } else if personal && (known.public || self.shared_device()) {
                Some(Reason::SharedDevice)
            } else {
                None
            };
        }
        let reachable = moment.reachable.is_empty() || moment.reachable.contains(&channel.id);
        if known.direction == Direction::Inbound || !reachable {
            return Some(Reason::NoChannel);
        }
        if personal && known.public {
            return Some(Reason::SharedDevice);
        }
        if action.class.is_owed() {
            return None;
        }
        place.quiet.or(|| self.quiet(&channel.id))
    }

    /// Whether the customer must not be interrupted on a channel now, by the law or by their own wish, and until when.
    fn quiet(&self, channel: &ChannelId) -> Option<Reason> {
        let rules = self.q.context_rules;
        let own = self.q.profile_rules.quiet_times(self.q.profile);
        let own: Vec<WeeklyWindow> = own.map(window).collect();
        // The customer's own wish is one more set of quiet hours, on every channel.
        let own = (!own.is_empty()).then(|| QuietHours::weekly(own).in_zone(self.q.zone.clone()));
        let zone = rules.known_zone(self.q.context, self.q.moment);
        let answer = QuietAnswer::of_all(&rules.quiet_hours(channel).chain(&own), zone, self.now);
        answer.quiet.then_some(Reason::Quiet(answer.next_allowed))
    }

    /// Whether the device is not the customer's own.
    fn shared_device(&self) -> bool {
        let device = self.q.moment.device.as_ref();
        device.is_some_and(|device| !self.q.context_rules.devices().consequences(device).personal)
    }

    /// Whether a channel works only where the customer is not now.
    fn elsewhere(&self, channel: usize, memo: &mut Memo) -> bool {
        self.place(channel, memo).is_some_and(|(channel, place)| {
            let inbound = |known: &apropos_context::ChannelDefinition| known.direction == Direction::Inbound;
            !place.here && channel.known.as_ref().is_some_and(inbound)
        })
    }
}

fn window(times: &QuietTimes) -> WeeklyWindow {
    let days = times.days.iter().copied().map(Into::into).collect();
    WeeklyWindow { days, ..WeeklyWindow::daily(times.from, times.to) }
}

/// The treatments of an action with the bit that stands for each.
fn bits(ways: &[Way]) -> impl Iterator<Item = (u32, &Way)> {
    ways.iter().take(32).enumerate().map(|(at, way)| (1 << at, way))
}
