//! The names that records of decisions speak in, each kept once: actions, treatments, and the parts of a playbook that
//! drop actions.
//!
//! A decision holds their places, so that writing it down copies no text. Not here: what was dropped and why, see
//! `candidates`.

use apropos_event::ActionId;

use crate::stage::Treatment;
use crate::{Class, Component};

macro_rules! fixed {
    ($($part:ident = $name:literal),* $(,)?) => {
        /// The parts that every playbook has.
        #[derive(Clone, Copy, Debug)]
        pub(crate) enum Fixed {
            $($part,)*
        }

        /// Their names, in order.
        const FIXED: &[&str] = &[$($name),*];
    };
}

fixed! {
    Enabled = "enabled",
    From = "from",
    Until = "until",
    Preferences = "preferences",
    Personalise = "personalise",
    Conditions = "conditions",
    Protected = "protected",
    HandOff = "hand_off",
    Repair = "repair",
    Offers = "offers",
    Cooldown = "cooldown",
    Limits = "limits",
    Pace = "pace",
    Treatments = "treatments",
    MinPropensity = "min_propensity",
    Benefit = "benefit",
    Value = "value",
    Silence = "silence",
    Class = "class",
    Rank = "rank",
}

/// The place of a part of the playbook among the names, or of a pause in the customer's ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part(u32);

/// Set where the place is not one among the names.
const PAUSE: u32 = 1 << 31;

impl Part {
    /// The rule of the pause that stands there in the ledger: a rule of a former playbook has no name here.
    pub(crate) fn pause(at: usize) -> Self {
        Self(PAUSE | at as u32)
    }

    /// Where the pause stands, if this is one.
    pub(crate) fn of_pause(self) -> Option<usize> {
        (self.0 & PAUSE != 0).then_some((self.0 & !PAUSE) as usize)
    }
}

impl From<Fixed> for Part {
    fn from(part: Fixed) -> Self {
        Self(part as u32)
    }
}

/// An action, or silence.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) id: ActionId,
    /// Silence has none.
    pub(crate) class: Option<Class>,
}

/// The names of one playbook, or of one record that was read.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    /// In the author's order; silence stands last.
    pub(crate) actions: Vec<Named>,
    pub(crate) treatments: Vec<Treatment>,
    parts: Vec<Component>,
}

impl Default for Names {
    fn default() -> Self {
        let parts = FIXED.iter().map(|name| Component::new(name)).collect();
        Self { actions: Vec::new(), treatments: Vec::new(), parts }
    }
}

impl Names {
    /// Adds the name of a part; gives its place.
    pub(crate) fn add(&mut self, part: Component) -> Part {
        self.parts.push(part);
        Part(self.parts.len() as u32 - 1)
    }

    /// Adds the names of several parts; gives how to find the place of each by its number.
    pub(crate) fn add_all(&mut self, parts: impl Iterator<Item = Component>, otherwise: Fixed) -> Run {
        let start = self.parts.len() as u32;
        self.parts.extend(parts);
        Run { start, len: self.parts.len() as u32 - start, otherwise: otherwise.into() }
    }

    /// The name of a part. That of a pause is the ledger's to know.
    pub(crate) fn part(&self, part: Part) -> Option<&Component> {
        self.parts.get(part.0 as usize)
    }
}

/// Parts that stand one after another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    start: u32,
    len: u32,
    /// For a number that there is not.
    otherwise: Part,
}

impl Run {
    pub(crate) fn part(self, number: usize) -> Part {
        if number < self.len as usize { Part(self.start + number as u32) } else { self.otherwise }
    }
}
