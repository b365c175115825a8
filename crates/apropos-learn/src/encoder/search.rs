//! The search for pairs of inputs that matter together.
//!
//! A few pairs at a time are on trial: what each outcome leaves unexplained is added up by the cells of the pair and by
//! action. Were the model's sums all there is, the squares of what is left over would add up to about one a cell; how far
//! the pair goes beyond that, less what either input does alone, is its gain, in standard deviations. A pair that gains
//! much is crossed from then on, one that does not makes room for the next, in a fixed order, round after round.
//!
//! Not here: cells and rows of crosses in use ([`super::cross`]).

use serde::{Deserialize, Serialize};

use crate::digest::Outline;

/// Pairs on trial at a time.
const TRIALS: usize = 8;
/// Bins of an input.
const BINS: usize = 8;
/// Actions are told apart modulo this.
const ACTIONS: usize = 4;
/// After so many outcomes a pair must have gained so many standard deviations to stay on trial; after the last, it goes.
const STAGES: [(u32, f32); 5] = [(128, 0.0), (256, 1.0), (512, 2.0), (1_024, 4.0), (2_048, f32::INFINITY)];
/// Standard deviations from which on a pair is crossed.
const ENOUGH: f32 = 8.0;

/// All pairs on trial.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Search {
    trials: Vec<Trial>,
    /// The pair that was put on trial last.
    last: (u16, u16),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Trial {
    pair: (u16, u16),
    outcomes: u32,
    /// Sums of residuals and of their variances, by left bin, right bin and action.
    sums: Vec<(f32, f32)>,
}

impl Search {
    /// Takes note of an outcome that `residual` of is unexplained, where `variance` was to be expected; `bin` gives the
    /// cell of an input. Returns a pair that shall be crossed. `known` says which pairs are crossed already.
    pub(super) fn outcome(
        &mut self,
        inputs: u16,
        action: usize,
        (residual, variance): (f32, f32),
        bin: impl Fn(u16) -> u64,
        known: impl Fn(u16, u16) -> bool,
    ) -> Option<(u16, u16)> {
        let mut found = None;
        // Trials share inputs: what was asked is kept, by input.
        let mut bins = [(u16::MAX, 0); 16];
        let mut place = |input: u16| {
            let kept = &mut bins[usize::from(input) % 16];
            if kept.0 != input {
                *kept = (input, (bin(input) % BINS as u64) as u16);
            }
            usize::from(kept.1)
        };
        self.trials.retain_mut(|trial| {
            let cell = (place(trial.pair.0) * BINS + place(trial.pair.1)) * ACTIONS + action % ACTIONS;
            if let Some((sum, expected)) = trial.sums.get_mut(cell) {
                *sum += residual;
                *expected += variance;
            }
            trial.outcomes += 1;
            // All stages are multiples of the first.
            if !trial.outcomes.is_multiple_of(STAGES[0].0) {
                return true;
            }
            let Some((_, least)) = STAGES.iter().find(|(outcomes, _)| *outcomes == trial.outcomes) else {
                return true;
            };
            let gain = trial.gain();
            if ENOUGH <= gain && found.is_none() && !known(trial.pair.0, trial.pair.1) {
                found = Some(trial.pair);
            }
            found != Some(trial.pair) && *least <= gain
        });
        self.fill(inputs, known);
        found
    }

    /// Outlines all trials.
    pub(super) fn outline(&self, outline: &mut Outline) {
        let Self { trials, last } = self;
        outline.part(&(last, trials.len()));
        for Trial { pair, outcomes, sums } in trials {
            outline.part(&(pair, outcomes, sums.len()));
            for (sum, variance) in sums {
                outline.numbers(&[*sum, *variance]);
            }
        }
    }

    /// Puts the next pairs on trial while there is room.
    fn fill(&mut self, inputs: u16, known: impl Fn(u16, u16) -> bool) {
        let pairs = u32::from(inputs) * u32::from(inputs.saturating_sub(1)) / 2;
        let mut tried = 0;
        while self.trials.len() < TRIALS && tried < pairs.min(64) {
            tried += 1;
            let (left, right) = self.last;
            self.last = match (left + 1 < right, right + 1 < inputs) {
                (true, _) => (left + 1, right),
                (false, true) => (0, right + 1),
                (false, false) => (0, 1),
            };
            let taken = self.trials.iter().any(|trial| trial.pair == self.last);
            if !taken && !known(self.last.0, self.last.1) {
                let sums = vec![(0.0, 0.0); BINS * BINS * ACTIONS];
                self.trials.push(Trial { pair: self.last, outcomes: 0, sums });
            }
        }
    }

    /// Whether restored trials are of known inputs and hold finite numbers.
    pub(super) fn is_consistent(&self, inputs: u16) -> bool {
        self.trials.len() <= TRIALS
            && self.trials.iter().all(|trial| {
                let (left, right) = trial.pair;
                let finite = trial.sums.iter().all(|(sum, variance)| sum.is_finite() && variance.is_finite());
                left < right && right < inputs && trial.sums.len() == BINS * BINS * ACTIONS && finite
            })
    }
}

impl Trial {
    /// What the pair explains beyond its inputs alone, in standard deviations of what chance would.
    fn gain(&self) -> f32 {
        let (mut left, mut right, mut action) = ([NONE; BINS], [NONE; BINS], [NONE; 1]);
        let cells = self.sums.as_chunks().0;
        for (at, cell) in cells.iter().enumerate() {
            for group in [&mut left[at / BINS], &mut right[at % BINS], &mut action[0]] {
                for of in 0..ACTIONS {
                    group[of].0 += cell[of].0;
                    group[of].1 += cell[of].1;
                }
            }
        }
        let [pair, left, right, action] = [cells, &left, &right, &action].map(Explained::by);
        let squares = pair.squares - left.squares - right.squares + action.squares;
        let cells = (pair.cells - left.cells - right.cells + action.cells).max(1.0);
        (squares - cells) / (2.0 * cells).sqrt()
    }
}

/// What is left over of some outcomes and its variance, by action.
type Group = [(f32, f32); ACTIONS];
const NONE: Group = [(0.0, 0.0); ACTIONS];

/// Squares of what is left over, each in units of its variance, and how many.
struct Explained {
    squares: f32,
    cells: f32,
}

impl Explained {
    fn by(groups: &[Group]) -> Self {
        let mut explained = Self { squares: 0.0, cells: 0.0 };
        for group in groups {
            // A cell of which little is known counts as the part of one that it can tell.
            let shares =
                group.map(|(sum, expected)| (sum * sum / (expected + 1.0), expected / (expected + 1.0)));
            for (square, share) in shares {
                explained.squares += square;
                explained.cells += share;
            }
        }
        explained
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use apropos_event::draw::uniform;

    /// The pairs found in `outcomes` of an even coin whose side is `rule` of six inputs of two bins.
    fn found(outcomes: u64, rule: impl Fn(&[bool; 6], f64) -> bool) -> Vec<(u16, u16)> {
        let mut search = Search::default();
        let mut known: Vec<(u16, u16)> = Vec::new();
        for t in 0..outcomes {
            let inputs: [bool; 6] = std::array::from_fn(|at| uniform(1, "input", t * 6 + at as u64) < 0.5);
            let hit = rule(&inputs, uniform(1, "hit", t));
            let residual = if hit { 0.5 } else { -0.5 };
            let bin = |input: u16| 2 + u64::from(inputs[usize::from(input)]);
            let pair =
                search.outcome(6, 0, (residual, 0.25), bin, |left, right| known.contains(&(left, right)));
            known.extend(pair);
        }
        known
    }

    #[test]
    fn a_planted_pair_is_found_and_nothing_else() {
        assert_eq!(found(2_000, |inputs, _| inputs[1] ^ inputs[4]), [(1, 4)]);
        let weak = |inputs: &[bool; 6], u: f64| u < if inputs[0] ^ inputs[5] { 0.65 } else { 0.35 };
        assert_eq!(found(8_000, weak), [(0, 5)]);
    }

    #[test]
    fn what_one_input_does_alone_is_no_pair() {
        assert_eq!(found(20_000, |inputs, u| u < if inputs[2] { 0.9 } else { 0.2 }), []);
        assert_eq!(found(50_000, |_, u| u < 0.5), []);
    }
}
