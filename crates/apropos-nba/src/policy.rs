//! Contact policy: limits, the pace that customers choose, cooldowns and suppressions, counted from the ledger.
//!
//! Not here: quiet hours (context) and consent (profile).

use apropos_event::{CivilDate, Duration, Timestamp, Zone};

use crate::catalogue::{Action, Catalogue, MAX_LIMIT};
use crate::decision::Decision;
use crate::definition::{CalendarUnit, LimitDefinition};
use crate::ledger::{Contact, Ledger, OpenCase, Suppression};
use crate::lesson::{Lesson, Reward};
use crate::outcome::{Outcome, OutcomeKind, Outcomes, SettleError};
use crate::stage::Reason;

/// The pause that forbids an action whatever its treatment, by its place in the ledger, and when it ends.
pub(crate) fn paused(ledger: &Ledger, action: &Action, now: Timestamp) -> Option<(usize, Timestamp)> {
    let definition = &action.definition;
    let mut running = ledger.suppressions.iter().enumerate().filter(|(_, pause)| now < pause.until);
    let concerns = |pause: &Suppression| match &pause.action {
        Some(known) => *known == definition.id,
        None => pause.group.is_some() && pause.group == definition.group,
    };
    running.find(|(_, pause)| concerns(pause)).map(|(at, pause)| (at, pause.until))
}

/// When an action that was taken a short while ago may be taken again.
pub(crate) fn cools_until(ledger: &Ledger, action: &Action, now: Timestamp) -> Option<Timestamp> {
    let cooldown = action.cooldown?;
    // Contacts stand in order of time: before the first that is old enough there is nothing to find.
    let mut recent = ledger.contacts().iter().rev().take_while(|contact| now < contact.at.plus(cooldown));
    let taken =
        |contact: &&Contact| contact.action == action.definition.id && !contact.has(OutcomeKind::Failed);
    recent.find(taken).map(|last| last.at.plus(cooldown))
}

/// Why a limit forbids one more interruption, if it does.
pub(crate) fn reached(
    limit: &LimitDefinition,
    ledger: &Ledger,
    reservation: Duration,
    now: Timestamp,
    zone: &Zone,
) -> Option<Reason> {
    if limit.at_most == 0 {
        return Some(Reason::LimitReached(None));
    }
    // Whoever was contacted less often than that, or longer ago, cannot have used it up: no calendar is asked then.
    let newest = ledger.contacts().len().checked_sub(limit.at_most as usize)?;
    if ledger.contacts().get(newest)?.at <= now.minus(longest(limit)) {
        return None;
    }
    let since = match (limit.within, limit.per) {
        (Some(within), _) => now.minus(within),
        (None, Some(unit)) => start_of(unit, zone, now),
        (None, None) => return None,
    };
    let mut counted =
        ledger.contacts().iter().rev().take_while(|contact| since < contact.at).filter(|contact| {
            contact.interrupts && counts(limit, contact) && contact.counts(now, reservation)
        });
    // The contact whose leaving the window makes room: the at_most-th newest.
    let last = counted.nth(limit.at_most as usize - 1)?;
    let frees = match (limit.within, limit.per) {
        (Some(within), _) => Some(last.at.plus(within)),
        (None, Some(unit)) => Some(end_of(unit, zone, now)),
        (None, None) => None,
    };
    Some(Reason::LimitReached(frees))
}

/// Why the paces that a customer chose forbid one more interruption, if they do. Each counts as a limit of everything.
///
/// A pace of more contacts than can be counted is taken for as many as can.
pub(crate) fn paced(
    paces: impl Iterator<Item = (u16, Duration)>,
    ledger: &Ledger,
    reservation: Duration,
    now: Timestamp,
    zone: &Zone,
) -> Option<Reason> {
    let mut until: Option<Option<Timestamp>> = None;
    for (contacts, per) in paces {
        let limit = LimitDefinition {
            name: String::new(),
            at_most: u32::from(contacts).min(MAX_LIMIT),
            within: Some(per),
            per: None,
            channel: None,
            group: None,
            class: None,
        };
        if let Some(Reason::LimitReached(frees)) = reached(&limit, ledger, reservation, now, zone) {
            let latest = |known: Option<Timestamp>| known.zip(frees).map(|(a, b)| a.max(b));
            until = Some(until.map_or(frees, latest));
        }
    }
    until.map(Reason::Paced)
}

/// How far back a limit can look at the most.
fn longest(limit: &LimitDefinition) -> Duration {
    match (limit.within, limit.per) {
        (Some(within), _) => within,
        // A day longer than the calendar says: clocks change, and a zone may skip or repeat a day.
        (None, Some(CalendarUnit::Day)) => Duration::from_days(3),
        (None, Some(CalendarUnit::Week)) => Duration::from_days(9),
        (None, Some(CalendarUnit::Month) | None) => Duration::from_days(33),
    }
}

fn counts(limit: &LimitDefinition, contact: &Contact) -> bool {
    !contact.class.is_owed()
        && limit.channel.as_ref().is_none_or(|known| *known == contact.channel)
        && limit.class.is_none_or(|class| class == contact.class)
        && (limit.group.is_none() || limit.group == contact.group)
}

/// The instant just before the calendar unit that `now` lies in began: what lies after it counts.
fn start_of(unit: CalendarUnit, zone: &Zone, now: Timestamp) -> Timestamp {
    let start = zone.start_of_day(first_day(unit, zone.day(now)));
    start.minus(Duration::from_micros(1))
}

fn end_of(unit: CalendarUnit, zone: &Zone, now: Timestamp) -> Timestamp {
    let first = first_day(unit, zone.day(now));
    let next = match unit {
        CalendarUnit::Day => first.plus_days(1),
        CalendarUnit::Week => first.plus_days(7),
        CalendarUnit::Month => first_day(CalendarUnit::Month, first.plus_days(31)),
    };
    zone.start_of_day(next)
}

fn first_day(unit: CalendarUnit, day: CivilDate) -> CivilDate {
    match unit {
        CalendarUnit::Day => day,
        CalendarUnit::Week => day.plus_days(-(day.weekday() as i64)),
        CalendarUnit::Month => day.plus_days(1 - i64::from(day.ymd().2)),
    }
}

impl Catalogue {
    /// Enters a decision into the ledger because the host carries it out: it takes its place in the limits, opens the
    /// lesson to be learned when `learns`, and opens the case on a hand-off. A silence that learned actions gave way to
    /// opens a lesson too, where the policy learns from silence. Gives `false` when there is nothing to carry out or to
    /// learn, or the decision was accepted before.
    pub fn accept(&self, ledger: &mut Ledger, decision: &Decision, learns: bool) -> bool {
        let (Some(action), Some(treatment)) = (decision.choice.action(), decision.choice.treatment()) else {
            return learns && self.accept_silence(ledger, decision);
        };
        let Some(at) = self.position(action) else { return false };
        let (Some(known), Some(chosen)) = (self.actions.get(at), decision.chosen()) else { return false };
        let interrupts = chosen.score.is_some_and(|score| 0.0 < score.interruption)
            || self.layout.reaches_out_for_nothing(&treatment.channel);
        let lesson = known.window.filter(|_| learns && known.learn).map(|window| {
            let features = decision.features.clone();
            Lesson { features, probability: chosen.probability, due: decision.at.plus(window) }
        });
        let added = ledger.add(
            Contact {
                decision: decision.id.clone(),
                action: action.clone(),
                group: known.definition.group.clone(),
                class: known.class,
                channel: treatment.channel.clone(),
                at: decision.at,
                interrupts,
                confirmed: false,
                outcomes: Outcomes::default(),
                lesson,
            },
            self.policy.fatigue_half_life,
        );
        if added {
            self.break_silence(ledger, at);
        }
        if let (true, Some(hand_off)) = (added, &known.definition.hand_off) {
            ledger.case = Some(OpenCase {
                decision: decision.id.clone(),
                queue: hand_off.queue.clone(),
                since: decision.at,
            });
        }
        added
    }

    /// Records what came of a decision, with the pauses that follow from it. Gives what can be learned.
    ///
    /// An outcome that is known already changes nothing.
    ///
    /// # Errors
    /// When the decision is not in the ledger, or the outcome lies before it. Then nothing changed.
    pub fn settle(&self, ledger: &mut Ledger, outcome: &Outcome) -> Result<Vec<Reward>, SettleError> {
        let (reward, new) = ledger.record(outcome)?;
        if new {
            self.suppress(ledger, outcome);
        }
        Ok(reward.into_iter().collect())
    }

    /// Settles what an event answers with yes, and what is due by then with no.
    pub fn settle_event(&self, ledger: &mut Ledger, event: &apropos_event::Event) -> Vec<Reward> {
        let at = event.occurred_at;
        let mut rewards = Vec::new();
        for rule in self.rewards.iter().filter(|rule| rule.event == event.kind) {
            rewards.extend(
                ledger.convert(at, |contact| {
                    at <= contact.at.plus(rule.within) && rule.concerns(&contact.action)
                }),
            );
        }
        if !ledger.silences.is_empty() {
            rewards.extend(self.answer_silence(ledger, event));
        }
        rewards.extend(ledger.expire(at));
        rewards
    }

    /// Settles what is due by `now` with no.
    pub fn settle_due(&self, ledger: &mut Ledger, now: Timestamp) -> Vec<Reward> {
        ledger.expire(now)
    }

    fn suppress(&self, ledger: &mut Ledger, outcome: &Outcome) {
        let Some(contact) = ledger.contacts.iter().find(|contact| contact.decision == outcome.decision)
        else {
            return;
        };
        let (action, group) = (contact.action.clone(), contact.group.clone());
        for rule in self.policy.suppressions.iter().filter(|rule| rule.outcome == outcome.kind) {
            let whole = rule.group && group.is_some();
            let since = outcome.at.minus(rule.within);
            let count = ledger
                .contacts
                .iter()
                .filter(|known| if whole { known.group == group } else { known.action == action })
                .flat_map(|known| known.outcomes.iter())
                .filter(|(kind, at)| *kind == rule.outcome && since < *at && *at <= outcome.at)
                .count();
            if rule.count as usize <= count {
                ledger.suppressions.push(Suppression {
                    action: (!whole).then(|| action.clone()),
                    group: group.clone().filter(|_| whole),
                    rule: rule.name.clone(),
                    until: outcome.at.plus(rule.pause),
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use apropos_event::{ActionId, ChannelId, DecisionId};
    use proptest::prelude::*;

    use super::*;
    use crate::Class;

    fn contact(at: Timestamp, number: u64, mail: bool) -> Contact {
        Contact {
            decision: DecisionId::from_number(number),
            action: ActionId::new("a").unwrap(),
            group: None,
            class: Class::Sell,
            channel: ChannelId::new(if mail { "mail" } else { "phone" }).unwrap(),
            at,
            interrupts: !number.is_multiple_of(5),
            confirmed: true,
            outcomes: Outcomes::default(),
            lesson: None,
        }
    }

    /// Whether a limit is used up, told by looking at every contact.
    fn naive(limit: &LimitDefinition, ledger: &Ledger, now: Timestamp, zone: &Zone) -> bool {
        let inside = |at: Timestamp| match (limit.within, limit.per) {
            (Some(within), _) => now.since(at) < within,
            (None, Some(CalendarUnit::Day)) => zone.day(at) == zone.day(now),
            (None, Some(CalendarUnit::Week)) => {
                first_day(CalendarUnit::Week, zone.day(at)) == first_day(CalendarUnit::Week, zone.day(now))
            }
            (None, _) => {
                zone.day(at).ymd().0 == zone.day(now).ymd().0 && zone.day(at).ymd().1 == zone.day(now).ymd().1
            }
        };
        let counted = ledger.contacts().iter().filter(|contact| {
            contact.interrupts
                && inside(contact.at)
                && limit.channel.as_ref().is_none_or(|one| *one == contact.channel)
        });
        limit.at_most as usize <= counted.count()
    }

    #[test]
    fn answers_push_out_no_interruption() {
        let at = |hours: i64| Timestamp::EPOCH.plus(Duration::from_hours(hours));
        let mut ledger = Ledger::default();
        for number in 0..40 {
            let interruption = Contact { interrupts: true, ..contact(at(number), number as u64, true) };
            assert!(ledger.add(interruption, Duration::from_days(7)));
        }
        for number in 40..240 {
            let answer = Contact { interrupts: false, ..contact(at(number), number as u64, true) };
            assert!(ledger.add(answer, Duration::from_days(7)));
        }
        assert_eq!(ledger.contacts().len(), crate::MAX_CONTACTS);
        assert_eq!(ledger.contacts().iter().filter(|known| known.interrupts).count(), 40);
        assert!(ledger.contacts().is_sorted_by_key(|known| known.at));
    }

    proptest! {
        #[test]
        fn a_limit_counts_what_a_look_at_everything_counts(
            mut hours in proptest::collection::vec(0_i64..2_000, 0..30),
            at_most in 1_u32..5,
            which in 0_usize..4,
            by_mail: bool,
        ) {
            hours.sort_unstable();
            let start: Timestamp = "2026-02-20T10:20:30Z".parse().unwrap();
            let at = |hours: i64| start.plus(Duration::from_hours(hours));
            let mut ledger = Ledger::default();
            for (number, hour) in hours.iter().enumerate() {
                ledger.contacts.push(contact(at(*hour), number as u64 + 1, number.is_multiple_of(2)));
            }
            let units = [None, Some(CalendarUnit::Day), Some(CalendarUnit::Week), Some(CalendarUnit::Month)];
            let limit = LimitDefinition {
                name: "limit".to_owned(),
                at_most,
                within: units[which].is_none().then(|| Duration::from_days(9)),
                per: units[which],
                channel: by_mail.then(|| ChannelId::new("mail").unwrap()),
                group: None,
                class: None,
            };
            let (zone, now) = (Zone::new("America/New_York").unwrap(), at(2_000));
            let found = reached(&limit, &ledger, Duration::from_days(1), now, &zone);
            prop_assert_eq!(found.is_some(), naive(&limit, &ledger, now, &zone));
        }
    }
}
