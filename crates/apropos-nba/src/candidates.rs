//! What became of every action and of silence, in the order of rank: a few words of memory each.
//!
//! Names are shared with the catalogue that decided, so that a decision is small to keep and cheap to make; whoever
//! looks at a candidate sees them in place. Not here: how it came about, see `pipeline`.

use std::fmt;
use std::sync::Arc;

use apropos_event::ActionId;
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::names::{Named, Names, Part};
use crate::stage::{Dropped, Reason, Stage, Treatment};
use crate::{Class, Component, Score};

/// One action that was considered, or silence, and what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Candidate<'a> {
    /// The action; `silence` for silence.
    pub action: &'a ActionId,
    /// Its class; silence has none.
    pub class: Option<Class>,
    /// How it would be carried out.
    pub treatment: Option<&'a Treatment>,
    /// What it is worth, if it came so far.
    pub score: Option<Score>,
    /// The exact probability with which it was chosen.
    pub probability: f64,
    /// Where and why it was dropped; nothing for what could have been chosen.
    pub dropped: Option<Dropped<'a>>,
}

impl Candidate<'_> {
    /// The number that ranks; zero for what was dropped before it was scored.
    pub fn priority(&self) -> f64 {
        self.score.map_or(0.0, |score| score.priority)
    }
}

/// Every action of the playbook, and silence: what could have been chosen first, by class, priority and name; then what
/// was dropped, latest stage first.
#[derive(Clone, Default)]
pub struct Candidates {
    names: Arc<Names>,
    rows: Vec<Row>,
    /// Of those that came so far that they have any.
    merits: Vec<Merit>,
    /// The rules of the customer's pauses that dropped something.
    rules: Vec<Component>,
}

/// One candidate.
#[derive(Clone, Copy, Debug)]
struct Row {
    action: u32,
    merit: u32,
    fate: Option<Fate>,
}

/// The place of no merit.
const NONE: u32 = u32::MAX;

/// What speaks for a candidate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Merit {
    /// The place of its treatment among the names.
    pub(crate) treatment: Option<u32>,
    pub(crate) score: Option<Score>,
    pub(crate) probability: f64,
}

/// That an action was dropped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fate {
    pub(crate) stage: Stage,
    pub(crate) part: Part,
    pub(crate) reason: Reason,
}

impl Fate {
    pub(crate) fn new(stage: Stage, part: impl Into<Part>, reason: Reason) -> Self {
        Self { stage, part: part.into(), reason }
    }
}

impl Candidates {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none: never in a decision.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The candidates, in order of rank.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Candidate<'_>> {
        // INVARIANT: rows hold places of their own names only, so that none is left out.
        self.rows.iter().filter_map(|row| self.candidate(row))
    }

    fn candidate(&self, row: &Row) -> Option<Candidate<'_>> {
        let named = self.names.actions.get(row.action as usize)?;
        let merit = self.merits.get(row.merit as usize);
        let treatment = merit.and_then(|merit| self.names.treatments.get(merit.treatment? as usize));
        let dropped = match row.fate {
            None => None,
            Some(Fate { stage, part, reason }) => {
                let component = match part.of_pause() {
                    Some(at) => self.rules.get(at)?,
                    None => self.names.part(part)?,
                };
                Some(Dropped { stage, component, reason })
            }
        };
        Some(Candidate {
            action: &named.id,
            class: named.class,
            treatment,
            score: merit.and_then(|merit| merit.score),
            probability: merit.map_or(0.0, |merit| merit.probability),
            dropped,
        })
    }

    /// Empties it, to be written again with these names. What it held keeps its memory.
    pub(crate) fn begin(&mut self, names: &Arc<Names>) {
        if !Arc::ptr_eq(&self.names, names) {
            self.names = Arc::clone(names);
        }
        self.rows.clear();
        self.merits.clear();
        self.rules.clear();
        self.rows.reserve(names.actions.len());
    }

    /// Adds a candidate behind the others. `rule` names the pause that dropped it, if one did.
    pub(crate) fn push(
        &mut self,
        action: usize,
        merit: Option<Merit>,
        fate: Option<Fate>,
        rule: impl FnOnce(usize) -> Component,
    ) {
        let mut row = Row { action: action as u32, merit: NONE, fate };
        if let Some(merit) = merit {
            row.merit = self.merits.len() as u32;
            self.merits.push(merit);
        }
        if let Some(fate) = &mut row.fate
            && let Some(pause) = fate.part.of_pause()
        {
            fate.part = Part::pause(self.rules.len());
            self.rules.push(rule(pause));
        }
        self.rows.push(row);
    }

    /// Adds a candidate that a part of the playbook dropped before it was scored.
    pub(crate) fn push_dropped(&mut self, action: u32, fate: Fate) {
        self.rows.push(Row { action, merit: NONE, fate: Some(fate) });
    }
}

/// Equal when the same became of the same; where names are kept is nobody's business.
impl PartialEq for Candidates {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl fmt::Debug for Candidates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl Serialize for Candidates {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.len()))?;
        for candidate in self.iter() {
            list.serialize_element(&candidate)?;
        }
        list.end()
    }
}

/// A candidate as it is read.
#[derive(Deserialize)]
struct Written {
    action: ActionId,
    class: Option<Class>,
    treatment: Option<Treatment>,
    score: Option<Score>,
    probability: f64,
    dropped: Option<WrittenDropped>,
}

#[derive(Deserialize)]
struct WrittenDropped {
    stage: Stage,
    component: Component,
    reason: Reason,
}

impl<'de> Deserialize<'de> for Candidates {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written: Vec<Written> = Vec::deserialize(deserializer)?;
        let (mut names, mut candidates) = (Names::default(), Self::default());
        for Written { action, class, treatment, score, probability, dropped } in written {
            let place = treatment.map(|treatment| {
                names.treatments.push(treatment);
                names.treatments.len() as u32 - 1
            });
            let fate = dropped.map(|WrittenDropped { stage, component, reason }| {
                Fate::new(stage, names.add(component), reason)
            });
            let merit = Merit { treatment: place, score, probability };
            candidates.push(names.actions.len(), Some(merit), fate, |_| Component::fixed(""));
            names.actions.push(Named { id: action, class });
        }
        candidates.names = Arc::new(names);
        Ok(candidates)
    }
}
