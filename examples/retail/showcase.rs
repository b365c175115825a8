//! Five decisions that teach most, found on the way: one of each kind, the one that says most about the pipeline.
//!
//! Not here: the words, which the engine's explanation gives.

use apropos::Customer;
use apropos::context::Moment;
use apropos::nba::{Choice, Class, Decision, Reason, Stage};

/// The kinds of decisions that are worth a look, in the order in which they are shown.
pub(crate) const KINDS: [&str; 5] = [
    "a person takes over",
    "what was better than selling",
    "an offer, tried or earned",
    "silence because it would be too much",
    "silence because nothing was worth it",
];

/// A decision with all that explaining it takes.
pub(crate) struct Exhibit {
    /// How many stages dropped something: more teaches more. Of equals the first is shown.
    pub(crate) stages: usize,
    pub(crate) customer: Customer,
    pub(crate) moment: Moment,
    pub(crate) decision: Decision,
}

/// The best exhibit of each kind.
#[derive(Default)]
pub(crate) struct Showcase {
    exhibits: [Option<Exhibit>; KINDS.len()],
    /// For each kind how many stages an exhibit must have: what is no better than what is known is not copied.
    pub(crate) least: [usize; KINDS.len()],
}

impl Showcase {
    /// Looks at a decision and keeps it if it is the best of its kind so far.
    pub(crate) fn see(&mut self, customer: &Customer, moment: &Moment, decision: &Decision) {
        let Some(kind) = kind(decision) else { return };
        let stages = stages(decision);
        if let (Some(least), Some(slot)) = (self.least.get_mut(kind), self.exhibits.get_mut(kind))
            && *least <= stages
        {
            *least = stages + 1;
            let (customer, moment, decision) = (customer.clone(), moment.clone(), decision.clone());
            *slot = Some(Exhibit { stages, customer, moment, decision });
        }
    }

    /// Takes over what is better in `other`, the customers of which come later or are the same at a later time.
    pub(crate) fn join(&mut self, other: Self) {
        for (mine, theirs) in self.exhibits.iter_mut().zip(other.exhibits) {
            let Some(theirs) = theirs else { continue };
            if mine.as_ref().is_none_or(|best| best.stages < theirs.stages) {
                *mine = Some(theirs);
            }
        }
    }

    /// The exhibits with their kinds, as places in [`KINDS`].
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &Exhibit)> {
        self.exhibits.iter().enumerate().filter_map(|(kind, slot)| Some((kind, slot.as_ref()?)))
    }
}

fn kind(decision: &Decision) -> Option<usize> {
    let class = decision.chosen().and_then(|candidate| candidate.class);
    match &decision.choice {
        Choice::HandOff { .. } => Some(0),
        Choice::Act { .. } if class == Some(Class::Sell) => Some(2),
        Choice::Act { .. } => {
            let outranked = decision.candidates.iter().any(|candidate| {
                let lost = candidate.dropped.as_ref();
                candidate.class == Some(Class::Sell)
                    && lost.is_some_and(|lost| Stage::Arbitration <= lost.stage)
            });
            outranked.then_some(1)
        }
        Choice::Silence => {
            let stopped = |stage| {
                decision
                    .candidates
                    .iter()
                    .any(|one| one.dropped.as_ref().is_some_and(|lost| lost.stage == stage))
            };
            let unworthy = decision.candidates.iter().any(|one| {
                one.dropped.as_ref().is_some_and(|lost| {
                    matches!(lost.reason, Reason::BelowSilence | Reason::HarmsCustomer | Reason::HarmsCompany)
                })
            });
            if unworthy { Some(4) } else { stopped(Stage::ContactPolicy).then_some(3) }
        }
    }
}

fn stages(decision: &Decision) -> usize {
    let mut seen = [false; Stage::ALL.len()];
    for dropped in decision.candidates.iter().filter_map(|candidate| candidate.dropped) {
        if let Some(seen) = seen.get_mut(dropped.stage as usize) {
            *seen = true;
        }
    }
    seen.into_iter().filter(|seen| *seen).count()
}
