//! Remembering events for waits that look back.
//!
//! An event is remembered once for each pattern that some wait with look-back holds, if it fits then and did not end
//! a wait in the same step; the wait that counts it later forgets it. So one event ends one wait of a journey.
//!
//! Not here: counting it, see `wait`.

use super::key::key_hash;
use super::run::Run;
use crate::limits::MAX_RECENT;
use crate::state::{JourneyState, Recent};

impl Run<'_> {
    /// Forgets what was counted or is too old, and remembers the present event.
    pub(super) fn remember(&mut self, state: &mut JourneyState) {
        if self.rules.memory.is_positive() && !state.recent.is_empty() {
            let earliest = self.now.minus(self.rules.memory);
            let consumed = &self.consumed;
            state.recent.retain(|event| {
                !consumed.contains(&event.pattern) && earliest <= event.occurred.max(event.received)
            });
        }
        let Some(incoming) = self.incoming else { return };
        let rules = self.rules;
        for (plan, pattern) in
            rules.remembered.get(incoming.kind as usize).map(Vec::as_slice).unwrap_or_default()
        {
            if self.consumed.contains(&pattern.hash) || !pattern.matches(incoming, self.facts) {
                continue;
            }
            let name = rules.plan(*plan).and_then(|plan| plan.entry.key.as_ref());
            let key =
                name.and_then(|name| incoming.event.property(name.as_str())).and_then(super::key::key_of);
            if MAX_RECENT <= state.recent.len() {
                state.recent.remove(0);
            }
            state.recent.push(Recent {
                pattern: pattern.hash,
                key: key.as_deref().map(key_hash),
                occurred: incoming.event.occurred_at,
                received: self.now,
            });
        }
    }
}
