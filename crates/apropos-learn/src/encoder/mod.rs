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
mod input;
mod number;
mod search;

pub use features::Features;
pub use input::{Input, category_code};

use std::borrow::Borrow;

use serde::{Deserialize, Serialize};

pub(crate) use self::features::Word;
use self::features::{KINDS, Page};
use self::{category::Categories, cross::Crosses, input::Raw, number::Number, search::Search};
use crate::digest::Outline;
use crate::{EncoderDefinition, InputKind, LearnError, ModelDefinition};

/// The largest magnitude of a number.
pub const MAX_NUMBER: f64 = 1e15;
/// The most inputs of a model.
pub const MAX_INPUTS: usize = 1_024;

/// The most crosses of a model, declared and found.
pub(crate) const MAX_CROSSES: usize = 1_024;

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
    /// A cell of a cross; its code. The input is the cross's place in [`crate::Model::crosses`].
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
    /// The places of inputs from whose values something is learned: all but flags.
    watched: Vec<u16>,
    crosses: Crosses,
    /// How many of them were declared.
    declared: usize,
    search: Search,
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
    /// Crosses that may be found.
    learned: u16,
}

impl Encoder {
    /// An encoder that has seen nothing. The definition has been checked.
    pub(crate) fn new(definition: &ModelDefinition) -> Self {
        let EncoderDefinition { knots, reservoir, rare_after, categories, clip, learned_crosses } =
            definition.encoder;
        let settings = Settings {
            seed: definition.seed,
            knots: knots as u8,
            reservoir: reservoir as u32,
            rare_after,
            categories: categories as u32,
            clip,
            learned: learned_crosses as u16,
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
        let declared = crosses.len();
        let watched = (0..).zip(&inputs).filter(|(_, input)| !matches!(input.state, State::Flag));
        let watched = watched.map(|(at, _)| at).collect();
        Self { settings, inputs, watched, crosses, declared, search: Search::default(), slots }
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
            && self.watched == fresh.watched
            && self.declared == fresh.declared
            && self.crosses.len() <= MAX_CROSSES
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
            && self.search.is_consistent(definition.inputs.len() as u16)
    }

    /// Outlines everything seen.
    pub(crate) fn outline(&self, outline: &mut Outline) {
        let Self { settings, inputs, watched, crosses, declared, search, slots } = self;
        outline.part(&(settings, watched, crosses, declared, slots, inputs.len()));
        for InputState { base, state } in inputs {
            outline.part(base);
            match state {
                State::Number(number) => number.outline(outline),
                State::Category(categories) => outline.part(categories),
                State::Flag => {}
            }
        }
        search.outline(outline);
    }

    /// The number of inputs.
    pub(crate) fn width(&self) -> usize {
        self.inputs.len()
    }

    /// Fills `features` with what is active for `inputs`, in one pass. O(inputs × log categories).
    pub(crate) fn encode<'a, I>(&self, inputs: I, features: &mut Features) -> Result<(), LearnError>
    where
        I: IntoIterator,
        I::Item: Borrow<Input<'a>>,
    {
        let expected = self.inputs.len();
        // A number has a line and two hats.
        let mut page = features.page(expected, 1 + 3 * expected + self.crosses.len());
        let Page { values, kinds, terms, .. } = &mut page;
        terms.add(Word::term(0, 1.0));
        let mut inputs = inputs.into_iter();
        let chunks = self.inputs.chunks(KINDS).zip(values.chunks_mut(KINDS)).zip(kinds.iter_mut());
        for (((known, values), kinds), from) in chunks.zip((0..).step_by(KINDS)) {
            for ((InputState { base, state }, value), at) in known.iter().zip(values).zip(0..) {
                let index = from + at;
                let input = inputs.next().ok_or(LearnError::InputCount { expected, found: index })?;
                let raw = Raw::of(index, input.borrow(), state)?;
                let (kind, word) = raw.split();
                kinds.add_kind(at, kind);
                *value = word;
                match (state, raw) {
                    (_, Raw::Missing) => terms.add(Word::term(*base, 1.0)),
                    (State::Number(number), Raw::Number(x)) => {
                        terms.activate(base + 1, number.standardised(x, self.settings.clip) as f32);
                        for (hat, share) in number.hats(x as f32) {
                            terms.activate(base + 2 + u32::from(hat), share);
                        }
                    }
                    (State::Category(categories), Raw::Code(code)) => {
                        terms.add(Word::term(categories.row(code).unwrap_or(base + 1), 1.0));
                    }
                    (State::Flag, Raw::Flag(true)) => terms.add(Word::term(base + 1, 1.0)),
                    // A flag that is not set activates nothing; raw values are of their input's kind by construction.
                    _ => {}
                }
            }
        }
        let more = inputs.take(MAX_INPUTS).count();
        if more != 0 {
            return Err(LearnError::InputCount { expected, found: expected + more });
        }
        for at in 0..self.crosses.len() {
            if let Some(row) = self.crosses.row(at, |input| self.bin(input, page.raw_at(input))) {
                page.terms.add(Word::term(row, 1.0));
            }
        }
        page.end();
        Ok(())
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

    /// The inputs of each cross, the declared ones first.
    pub(crate) fn crosses(&self) -> impl Iterator<Item = (u16, u16)> + '_ {
        self.crosses.pairs()
    }

    /// Takes note of what an outcome of `action` left unexplained and of its variance; a cross may be added, whose cells
    /// get rows as they are seen.
    pub(crate) fn seek(&mut self, features: &Features, action: usize, left_over: (f32, f32)) {
        if self.declared + usize::from(self.settings.learned) <= self.crosses.len() {
            return;
        }
        let mut search = std::mem::take(&mut self.search);
        let bin = |input: u16| {
            let raw = features.raw_at(usize::from(input));
            self.bin(usize::from(input), raw.unwrap_or(Raw::Missing))
        };
        let known = |left, right| self.crosses.contains(left, right);
        let found = search.outcome(self.inputs.len() as u16, action, left_over, bin, known);
        self.search = search;
        if let Some((left, right)) = found {
            self.crosses.add(left, right);
        }
    }

    /// Takes over another's crosses and gives the place here of each.
    pub(crate) fn adopt_crosses(&mut self, other: &Self) -> Vec<u16> {
        other.crosses().map(|(left, right)| self.crosses.add(left, right) as u16).collect()
    }

    /// Takes over rows that another learner found, named as they are here, and scales and quantiles where it saw more
    /// since `base`.
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
        let Self { settings, inputs, watched, slots, .. } = self;
        for &at in watched.iter() {
            let place = usize::from(at);
            let (Some(known), Some(raw)) = (inputs.get_mut(place), features.raw_at(place)) else { continue };
            match (&mut known.state, raw) {
                (State::Number(number), Raw::Number(x)) => {
                    let key = settings.seed ^ ((u64::from(at) + 1) << 40);
                    number.observe(x, settings.reservoir, settings.knots, key);
                }
                (State::Category(categories), Raw::Code(code)) => {
                    slots.extend(
                        categories
                            .observe(code, settings.rare_after, settings.categories, slots.len() as u32)
                            .then_some(Slot { input: at, kind: FeatureKind::Category(code) }),
                    );
                }
                _ => {}
            }
        }
        for at in 0..self.crosses.len() {
            let raw = |input| features.raw_at(input).unwrap_or(Raw::Missing);
            let cell = self.crosses.cell(at, |input| self.bin(input, raw(input)));
            let Settings { rare_after, categories, .. } = self.settings;
            if self.crosses.observe(at, cell, rare_after, categories, self.slots.len() as u32) {
                self.slots.push(Slot { input: at as u16, kind: FeatureKind::Cross(cell) });
            }
        }
    }
}
