//! Which actions the conditions stop, and why: found out once for all customers whom they see alike.
//!
//! What is stopped by its conditions alone needs no walk through the stages, and its place in the record is known. Only
//! what follows from the conditions and the playbook is kept, nothing of a customer. Not here: the other stages, see `gates`.

use apropos_condition::{Scratch, Truth};

use crate::candidates::Fate;
use crate::catalogue::{APPLICABLE, Action, Catalogue, ELIGIBLE, SUITABLE};
use crate::names::Part;
use crate::stage::{Reason, Stage};

/// The stages at which conditions drop actions, with their rulesets, in order.
const STAGES: [(Stage, usize); 3] =
    [(Stage::Eligibility, ELIGIBLE), (Stage::Applicability, APPLICABLE), (Stage::Suitability, SUITABLE)];

/// What was sifted so far. One for each thread.
#[derive(Debug)]
pub(super) struct Sieve {
    /// Nothing is stopped beforehand.
    whole: Sifted,
    /// By the place at which the index remembers the answers.
    sifted: Vec<Sifted>,
}

/// The actions as their conditions leave them.
#[derive(Clone, Debug, Default)]
pub(super) struct Sifted {
    /// Which remembered answers this was made from; zero when from none.
    number: u64,
    /// The actions that are asked about one by one, in the author's order.
    pub(super) open: Vec<u32>,
    /// The same in order of their names.
    pub(super) by_name: Vec<u32>,
    /// The others: latest stage first, then by name.
    pub(super) shut: Vec<Shut>,
}

/// An action that its conditions stop.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shut {
    pub(super) action: u32,
    part: Part,
    pub(super) stage: Stage,
    unknown: bool,
}

impl Shut {
    /// Which condition stops the action, if any does.
    fn of(catalogue: &Catalogue, at: usize, scratch: &mut Scratch) -> Option<Self> {
        let (stage, ruleset) =
            STAGES.into_iter().find(|(_, ruleset)| !scratch.holding(*ruleset).contains(at))?;
        let failure = catalogue.index.first_failure(ruleset, at, scratch);
        let number = failure.map_or(0, |failure| failure.condition);
        let unknown = failure.is_some_and(|failure| failure.truth == Truth::Unknown);
        Some(Self { action: at as u32, part: catalogue.layout.condition(ruleset, number), stage, unknown })
    }

    pub(super) fn fate(self) -> Fate {
        let reason = if self.unknown { Reason::ConditionUnknown } else { Reason::ConditionFalse };
        Fate { stage: self.stage, part: self.part, reason }
    }
}

/// Why its conditions stop an action, if they do.
#[inline]
pub(super) fn stopped(catalogue: &Catalogue, at: usize, scratch: &mut Scratch) -> Option<Fate> {
    if STAGES.iter().all(|(_, ruleset)| scratch.holding(*ruleset).contains(at)) {
        return None;
    }
    Shut::of(catalogue, at, scratch).map(Shut::fate)
}

impl Sieve {
    pub(super) fn new(catalogue: &Catalogue) -> Self {
        let open = (0..catalogue.actions.len() as u32).collect();
        let by_name = catalogue.layout.by_rank.clone();
        Self { whole: Sifted { open, by_name, ..Sifted::default() }, sifted: Vec::new() }
    }

    /// The actions, those apart that conditions stop; for who must ask about consent first, none apart.
    pub(super) fn sift(&mut self, catalogue: &Catalogue, scratch: &mut Scratch, all: bool) -> &Sifted {
        let Some(remembered) = scratch.remembered().filter(|_| !all) else { return &self.whole };
        if self.sifted.len() <= remembered.place {
            self.sifted.resize_with(remembered.place + 1, Sifted::default);
        }
        let Some(sifted) = self.sifted.get_mut(remembered.place) else { return &self.whole };
        if sifted.number != remembered.number {
            sifted.fill(catalogue, scratch);
            sifted.number = remembered.number;
        }
        sifted
    }
}

impl Sifted {
    fn fill(&mut self, catalogue: &Catalogue, scratch: &mut Scratch) {
        self.by_name.clear();
        self.shut.clear();
        // In order of names, so that those of one stage stay in it.
        for action in &catalogue.layout.by_rank {
            let at = *action as usize;
            let undated = catalogue.actions.get(at).is_some_and(Action::is_always_available);
            match Shut::of(catalogue, at, scratch).filter(|_| undated) {
                Some(shut) => self.shut.push(shut),
                None => self.by_name.push(*action),
            }
        }
        self.shut.sort_by_key(|shut| std::cmp::Reverse(shut.stage));
        self.open.clone_from(&self.by_name);
        self.open.sort_unstable();
    }
}
