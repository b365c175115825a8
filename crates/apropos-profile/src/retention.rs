//! Forgetting on time: what has outlived its retention is removed, totals derived from it included.
//!
//! Readings leave it out at the very tick in any case; this makes it physically go. Not here: erasing a customer, see
//! `portability`.

use apropos_event::Timestamp;

use crate::Profile;
use crate::known::lives;
use crate::ledger::GoalStatus;
use crate::rules::ProfileRules;

/// What [`ProfileRules::retain`] removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// Claims about traits.
    pub claims: usize,
    /// Events that were kept one by one.
    pub events: usize,
    /// Goals whose time is over.
    pub goals: usize,
}

impl ProfileRules {
    /// Removes everything whose time is over at `now`: claims past their retention or end, events past the history's
    /// retention (with every total they went into), goals that no longer matter. O(profile).
    ///
    /// Statements of consent stay: they are the proof of what was agreed to and refused.
    pub fn retain(&self, profile: &mut Profile, now: Timestamp) -> Removed {
        let mut removed = Removed::default();
        for member in &mut profile.members {
            let before = member.claims.len();
            // A trait that is no longer declared has no purpose any more.
            member.claims.retain(|held| {
                let known = self.find_trait(held.name.as_str());
                known.is_some_and(|(_, definition)| lives(&held.claim, definition, now))
            });
            removed.claims += before - member.claims.len();
            if let Some(retention) = self.definition.history.retention {
                let before = member.history.len();
                // An event exactly as old as the retention has outlived it.
                let since = now.minus(retention).plus(apropos_event::Duration::from_micros(1));
                member.history.forget_before(since);
                removed.events += before - member.history.len();
            }
            let before = member.goals.len();
            member.goals.retain(|goal| goal.status(now).is_some() || goal.ended.is_some());
            let over = |at: Timestamp| {
                self.definition.history.retention.is_some_and(|retention| at.plus(retention) <= now)
            };
            member.goals.retain(|goal| match goal.ended {
                Some((at, GoalStatus::Reached | GoalStatus::Dropped)) => !over(at),
                _ => true,
            });
            removed.goals += before - member.goals.len();
        }
        removed
    }
}
