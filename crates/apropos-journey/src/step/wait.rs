//! When a wait begins and when it is over: events by their clock, conditions, deadlines, local time.
//!
//! The rule for late and out-of-order events, per wait. By *receipt*: an event counts when it is handled while the
//! wait lasts; a deadline that has passed goes first. By *occurrence*: an event counts when it occurred between the
//! beginning of the wait (less the look-back) and the deadline, also when it is handled after the deadline but
//! before the timeout was taken; with `grace` the timeout waits that much longer for such events.
//!
//! Not here: what pre-empts a wait.

use apropos_event::{CivilTime, Duration, Timestamp, Weekday, Zone};

use super::key::key_hash;
use super::run::Run;
use crate::compile::plan::{Incoming, Pattern, Plan, Role, Target, Timer, Wait, holds};
use crate::definition::{EventClock, TimerRestore};
use crate::effect::EffectKind;
use crate::state::{Instance, Recent, Status};

impl Run<'_> {
    /// Whether the wait is over, and where to go then.
    pub(super) fn over(
        &mut self,
        wait: &Wait,
        instance: &Instance,
        incoming: Option<Incoming<'_>>,
    ) -> Option<Target> {
        if wait.by == EventClock::Occurrence
            && let Some(incoming) = incoming
            && in_time(wait, instance, incoming.event.occurred_at)
            && let Some(target) = self.matching(wait, incoming)
        {
            return Some(target);
        }
        if instance.due.is_some_and(|due| due <= self.now) {
            return Some(wait.timeout);
        }
        if wait.by == EventClock::Receipt
            && let Some(target) = incoming.and_then(|incoming| self.matching(wait, incoming))
        {
            return Some(target);
        }
        let (condition, to) = wait.until.as_ref()?;
        holds(Some(condition), self.facts).then_some(Target::Node(*to))
    }

    fn matching(&mut self, wait: &Wait, incoming: Incoming<'_>) -> Option<Target> {
        let (pattern, to) = wait.on.iter().find(|(pattern, _)| pattern.matches(incoming, self.facts))?;
        if wait.lookback.is_some() {
            self.consumed.push(pattern.hash);
        }
        Some(Target::of(*to))
    }

    /// Begins a wait: sets its deadline and says what it offers. Returns where to go when it is over at once, because
    /// its condition holds already or an event came within the look-back.
    pub(super) fn begin(
        &mut self,
        plan: &Plan,
        wait: &Wait,
        instance: &mut Instance,
        recent: &[Recent],
    ) -> Option<Target> {
        if let Some(target) = self.looked_back(wait, instance, recent) {
            return Some(target);
        }
        if let Some((condition, to)) = &wait.until
            && holds(Some(condition), self.facts)
        {
            return Some(Target::Node(*to));
        }
        instance.due = deadline(wait, plan, self.zone.as_ref(), self.now);
        let here = || (plan.id.clone(), plan.names[usize::from(instance.node)].clone());
        match &wait.role {
            Role::Plain if wait.actions.is_empty() => {}
            Role::Plain => {
                let (journey, node) = here();
                let (actions, demanded) = (wait.actions.clone(), wait.demanded);
                self.tell(instance, EffectKind::Offered { journey, node, actions, demanded });
            }
            Role::HandOff { queue } => {
                let ((journey, node), queue) = (here(), queue.clone());
                instance.status = Status::HandedOff;
                self.tell(instance, EffectKind::HandedOff { journey, node, queue });
            }
            Role::Sub { journey } => self.starts.push((instance.id, journey.clone(), instance.key.clone())),
        }
        None
    }

    /// An event that came before the wait began and still counts.
    fn looked_back(&mut self, wait: &Wait, instance: &Instance, recent: &[Recent]) -> Option<Target> {
        let earliest = self.now.minus(wait.lookback?);
        let key = instance.key.as_deref().map(key_hash);
        let fresh = |pattern: &Pattern| {
            recent.iter().any(|event| {
                let at = match wait.by {
                    EventClock::Receipt => event.received,
                    EventClock::Occurrence => event.occurred,
                };
                let same = event.key.is_none() || key.is_none() || event.key == key;
                event.pattern == pattern.hash && same && earliest <= at
            })
        };
        let arrow =
            wait.on.iter().find(|(pattern, _)| !self.consumed.contains(&pattern.hash) && fresh(pattern));
        let (pattern, to) = arrow?;
        self.consumed.push(pattern.hash);
        Some(Target::of(*to))
    }
}

/// Whether an event that occurred then counts for a wait by occurrence.
fn in_time(wait: &Wait, instance: &Instance, occurred: Timestamp) -> bool {
    let earliest = instance.since.minus(wait.lookback.unwrap_or(Duration::ZERO));
    let deadline = instance.due.map(|due| due.minus(wait.grace));
    earliest <= occurred && deadline.is_none_or(|deadline| occurred <= deadline)
}

/// When a wait that begins `now` times out, the grace included.
pub(super) fn deadline(
    wait: &Wait,
    plan: &Plan,
    customer: Option<&Zone>,
    now: Timestamp,
) -> Option<Timestamp> {
    let grace = if wait.by == EventClock::Occurrence { wait.grace } else { Duration::ZERO };
    match wait.timer.as_ref()? {
        Timer::After(duration) => Some(now.plus(*duration).plus(grace)),
        Timer::Local { at, weekdays, zone } => {
            let utc = Zone::utc();
            let zone = zone.as_ref().or(customer).or(plan.zone.as_ref()).unwrap_or(&utc);
            Some(next_local(zone, *at, weekdays, now))
        }
    }
}

/// The next instant after `now` at which the wall shows `at` on one of `weekdays` (none: any day).
///
/// A time of day that the clocks skip counts at the instant they jump; one that they repeat counts the first time.
pub(super) fn next_local(zone: &Zone, at: CivilTime, weekdays: &[Weekday], now: Timestamp) -> Timestamp {
    let today = zone.local(now).date;
    (0..=8)
        .map(|days| today.plus_days(days))
        .filter(|date| weekdays.is_empty() || weekdays.contains(&date.weekday()))
        .map(|date| zone.instant(date, at))
        .find(|instant| now < *instant)
        .unwrap_or(now)
}

/// The deadline of a wait that goes on at `now` after standing still since `stopped`.
pub(super) fn restored(
    wait: &Wait,
    plan: &Plan,
    instance: &Instance,
    customer: Option<&Zone>,
    stopped: Timestamp,
    now: Timestamp,
) -> Option<Timestamp> {
    match wait.restore {
        TimerRestore::Absolute => instance.due,
        TimerRestore::Remaining => instance.due.map(|due| now.plus(due.since(stopped))),
        TimerRestore::Restart => deadline(wait, plan, customer, now),
    }
}
