//! What a model sees of the customer: worked out when something learned is first asked about, since most silences ask nothing.
//!
//! Not here: what is learned, see `apropos-learn`; what estimates are for, see `arbitration`.

use apropos_condition::{AttributeId, Datum, Facts};
use apropos_learn::{Features, Input, InputKind, Model, category_code};

use super::memo::Asked;

/// A model that may be used, and the facts that it sees.
#[derive(Clone, Copy, Debug)]
pub struct Learned<'a> {
    /// The model.
    pub model: &'a Model,
    /// The attribute that each of its inputs is, in order, and what it is taken for. A fact that is not that is missing.
    pub inputs: &'a [(AttributeId, InputKind)],
}

impl Learned<'_> {
    /// Works out the customer's features; nothing when the model is of other inputs.
    pub(crate) fn encode(self, facts: &Facts, features: &mut Features) -> Option<()> {
        let inputs = self.inputs.iter().map(|(id, kind)| input(facts.get(*id), *kind));
        self.model.encode(inputs, features).ok()
    }
}

/// What one decision has found out about the customer's features.
#[derive(Debug)]
pub(super) struct Seen {
    features: Features,
    /// Whether there are any.
    encoded: Asked<bool>,
}

impl Seen {
    pub(super) fn new() -> Self {
        Self { features: Features::new(), encoded: Asked::NOT }
    }

    /// Forgets the last decision.
    pub(super) fn begin(&mut self) {
        self.encoded = Asked::NOT;
    }

    /// The model with what it sees; nothing when it cannot be used, and then nothing learned is.
    pub(super) fn by<'a>(
        &mut self,
        learned: Option<Learned<'a>>,
        facts: &Facts,
    ) -> Option<(&'a Model, &mut Features)> {
        let (Self { features, encoded }, learned) = (self, learned?);
        let known = encoded.or(|| learned.encode(facts, features).is_some());
        known.then_some((learned.model, features))
    }
}

fn input(value: Option<Datum<'_>>, kind: InputKind) -> Input<'_> {
    match (value, kind) {
        (Some(Datum::Int(n)), InputKind::Number) => Input::Number(n as f64),
        (Some(Datum::Double(x)), InputKind::Number) => Input::Number(x),
        (Some(Datum::Bool(set)), InputKind::Flag) => Input::Flag(set),
        (Some(Datum::Text(text)), InputKind::Category) => Input::Code(category_code(text.as_str())),
        _ => Input::Missing,
    }
}
