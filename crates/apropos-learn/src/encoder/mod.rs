//! From inputs to features: which rows of the weight table are active, and with what value.
//!
//! Numbers become a straight line (scaled online) and two neighbouring hats (piecewise linear in quantiles);
//! categories become a row of their own once they are common; what is missing is a feature itself; crosses join two
//! inputs. Encoding reads; observing writes. Both are deterministic.
//!
//! Not here: weights.

mod category;
mod cross;
mod features;
mod number;

pub use features::{Features, Input, category_code};

use serde::{Deserialize, Serialize};

pub(crate) use self::features::Raw;
use self::{category::Categories, cross::Crosses, number::Number};
use crate::{EncoderDefinition, InputKind, LearnError, ModelDefinition};

/// The largest magnitude of a number.
pub const MAX_NUMBER: f64 = 1e15;
/// The most inputs of a model.
pub const MAX_INPUTS: usize = 1_024;

/// What a row of the weight table stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum FeatureKind {
    /// Always active.
    Bias,
    /// The input is missing.
    Missing,
    /// The straight line of a number.
    Line,
    /// A hat of a number; its place among the knots.
    Hat(u8),
    /// A flag that is set.
    Set,
    /// A category too rare for a row of its own.
    Rare,
    /// A category; its code.
    Category(u64),
    /// A cell of a cross; its code. The input is the cross's place.
    Cross(u64),
}

/// A row of the weight table: its input (or cross) and what it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// The place of the input or cross in the definition; 0 for the bias.
    pub input: u16,
    /// What the row stands for.
    pub kind: FeatureKind,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum State {
    Number(Number),
    Category(Categories),
    Flag,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Encoder {
    settings: Settings,
    inputs: Vec<InputState>,
    crosses: Crosses,
    slots: Vec<Slot>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct InputState {
    /// Its first row, which stands for "missing"; fixed rows follow.
    base: u32,
    state: State,
}

/// What encoding needs of the definition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Settings {
    seed: u64,
    knots: u8,
    reservoir: u32,
    rare_after: u32,
    categories: u32,
    clip: f64,
}

impl Encoder {
    /// An encoder that has seen nothing. The definition has been checked.
    pub(crate) fn new(definition: &ModelDefinition) -> Self {
        let EncoderDefinition { knots, reservoir, rare_after, categories, clip } = definition.encoder;
        let settings = Settings {
            seed: definition.seed,
            knots: knots as u8,
            reservoir: reservoir as u32,
            rare_after,
            categories: categories as u32,
            clip,
        };
        let mut slots = vec![Slot { input: 0, kind: FeatureKind::Bias }];
        let mut inputs = Vec::with_capacity(definition.inputs.len());
        for (at, input) in definition.inputs.iter().enumerate() {
            let base = slots.len() as u32;
            let mut add = |kind| slots.push(Slot { input: at as u16, kind });
            add(FeatureKind::Missing);
            let state = match input.kind {
                InputKind::Number => {
                    add(FeatureKind::Line);
                    (0..settings.knots).for_each(|knot| add(FeatureKind::Hat(knot)));
                    State::Number(Number::default())
                }
                InputKind::Category => {
                    add(FeatureKind::Rare);
                    State::Category(Categories::default())
                }
                InputKind::Flag => {
                    add(FeatureKind::Set);
                    State::Flag
                }
            };
            inputs.push(InputState { base, state });
        }
        let crosses = Crosses::new(definition);
        Self { settings, inputs, crosses, slots }
    }

    /// What each row stands for.
    pub(crate) fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// Whether the parts of a restored encoder fit each other.
    pub(crate) fn is_consistent(&self, definition: &ModelDefinition) -> bool {
        let fresh = Self::new(definition);
        let rows = self.slots.len() as u32;
        self.settings == fresh.settings
            && self.slots.starts_with(&fresh.slots)
            && self.inputs.len() == fresh.inputs.len()
            && self.inputs.iter().zip(&fresh.inputs).all(|(ours, fresh)| {
                ours.base == fresh.base
                    && match (&ours.state, &fresh.state) {
                        (State::Number(number), State::Number(_)) => {
                            number.is_consistent(self.settings.knots)
                        }
                        (State::Category(categories), State::Category(_)) => categories.is_consistent(rows),
                        (State::Flag, State::Flag) => true,
                        _ => false,
                    }
            })
            && self.crosses.is_consistent(&fresh.crosses, rows, definition.inputs.len())
    }

    /// The number of inputs.
    pub(crate) fn width(&self) -> usize {
        self.inputs.len()
    }

    /// Fills `features` with what is active for `inputs`. O(inputs × log(knots or categories)).
    pub(crate) fn encode(&self, inputs: &[Input<'_>], features: &mut Features) -> Result<(), LearnError> {
        features.clear();
        if inputs.len() != self.inputs.len() {
            return Err(LearnError::InputCount { expected: self.inputs.len(), found: inputs.len() });
        }
        for (index, (input, known)) in inputs.iter().zip(&self.inputs).enumerate() {
            features.raw.push(Raw::of(index, input, &known.state)?);
        }
        self.activate(features);
        Ok(())
    }

    /// Activates the rows for the raw values of `features`.
    fn activate(&self, features: &mut Features) {
        features.activate(0, 1.0);
        for at in 0..self.inputs.len() {
            let InputState { base, state } = &self.inputs[at];
            match (state, features.raw[at]) {
                (_, Raw::Missing) => features.activate(*base, 1.0),
                (State::Number(number), Raw::Number(x)) => {
                    let z = number.standardised(x, self.settings.clip);
                    features.activate(base + 1, z as f32);
                    number.hats(x as f32, |knot, share| features.activate(base + 2 + u32::from(knot), share));
                }
                (State::Category(categories), Raw::Code(code)) => {
                    features.activate(categories.row(code).unwrap_or(base + 1), 1.0);
                }
                (State::Flag, Raw::Flag(true)) => features.activate(base + 1, 1.0),
                // A flag that is not set activates nothing; raw values are of their input's kind by construction.
                _ => {}
            }
        }
        for at in 0..self.crosses.len() {
            if let Some(row) = self.crosses.row(at, |input| self.bin(input, features.raw[input])) {
                features.activate(row, 1.0);
            }
        }
    }

    /// The cell that a raw value falls into when it is crossed.
    fn bin(&self, input: usize, raw: Raw) -> u64 {
        match (raw, &self.inputs[input].state) {
            (Raw::Missing, _) => 1,
            (Raw::Flag(set), _) => 2 + u64::from(set),
            (Raw::Number(x), State::Number(number)) => 2 + u64::from(number.quarter(x as f32)),
            (Raw::Code(code), State::Category(categories)) => {
                if categories.row(code).is_some() {
                    code
                } else {
                    2
                }
            }
            _ => 0,
        }
    }

    /// Takes over rows that another learner found, and scales and quantiles where it saw more since `base`.
    pub(crate) fn adopt(&mut self, fresh: &[Slot], other: &Self, base: &Self) {
        for slot in fresh {
            let row = self.slots.len() as u32;
            let at = usize::from(slot.input);
            match slot.kind {
                FeatureKind::Category(code) => {
                    if let Some(State::Category(categories)) =
                        self.inputs.get_mut(at).map(|input| &mut input.state)
                    {
                        categories.adopt(code, row);
                    }
                }
                FeatureKind::Cross(code) => self.crosses.adopt(at, code, row),
                _ => {}
            }
            self.slots.push(*slot);
        }
        for ((ours, theirs), base) in self.inputs.iter_mut().zip(&other.inputs).zip(&base.inputs) {
            if let (State::Number(ours), State::Number(theirs), State::Number(base)) =
                (&mut ours.state, &theirs.state, &base.state)
            {
                ours.merge(theirs, base);
            }
        }
    }

    /// Takes note of one context; rows may be added at the end.
    pub(crate) fn observe(&mut self, features: &Features) {
        let Self { settings, inputs, slots, .. } = self;
        for (at, (known, raw)) in inputs.iter_mut().zip(&features.raw).enumerate() {
            match (&mut known.state, *raw) {
                (State::Number(number), Raw::Number(x)) => {
                    let key = settings.seed ^ ((at as u64 + 1) << 40);
                    number.observe(x, settings.reservoir, settings.knots, key);
                }
                (State::Category(categories), Raw::Code(code)) => {
                    slots.extend(
                        categories
                            .observe(code, settings.rare_after, settings.categories, slots.len() as u32)
                            .then_some(Slot { input: at as u16, kind: FeatureKind::Category(code) }),
                    );
                }
                _ => {}
            }
        }
        for at in 0..self.crosses.len() {
            let cell = self.crosses.cell(at, |input| self.bin(input, features.raw[input]));
            let Settings { rare_after, categories, .. } = self.settings;
            if self.crosses.observe(at, cell, rare_after, categories, self.slots.len() as u32) {
                self.slots.push(Slot { input: at as u16, kind: FeatureKind::Cross(cell) });
            }
        }
    }
}
