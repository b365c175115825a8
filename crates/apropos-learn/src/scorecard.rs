//! The second family of models: counts of hits and misses by bin.
//!
//! Everything is an integer count, so scorecards of several nodes add up exactly, one outcome can be erased exactly, and
//! a score is a sum that can be read. It assumes that inputs are independent, which costs quality; it is the model to
//! start with and to compare with.
//!
//! Score = [ln(1 + P) − ln(1 + N) + Σ contributions] / (1 + active inputs), a contribution being
//! ln(pos + 1/bins) − ln(neg + 1/bins) − ln(1 + Σ pos) + ln(1 + Σ neg): the published form of the field's adaptive models.
//!
//! Not here: online weights ([`crate::Model`]).

use apropos_event::{Path, Problem, Problems};
use serde::{Deserialize, Serialize};

use crate::encoder::category_code;
use crate::{Input, Isotonic, LearnError};

/// The most bins of one input.
pub const MAX_BINS: usize = 256;

/// How one input of a scorecard falls into bins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Bins {
    /// A number: rising edges; one bin below each, one above the last.
    Number(Vec<f64>),
    /// A category: these names have a bin each, all others share one.
    Category(Vec<String>),
    /// A flag: set or not.
    Flag,
}

impl Bins {
    /// Bins without the one for what is missing.
    fn count(&self) -> usize {
        match self {
            Self::Number(edges) => edges.len() + 1,
            Self::Category(names) => names.len() + 1,
            Self::Flag => 2,
        }
    }

    /// The bin of a value; 0 is what is missing.
    fn of(&self, index: usize, input: &Input<'_>) -> Result<usize, LearnError> {
        match (self, *input) {
            (_, Input::Missing) => Ok(0),
            (Self::Number(_), Input::Number(x)) if !x.is_finite() => Err(LearnError::NotFinite { index }),
            (Self::Number(edges), Input::Number(x)) => Ok(1 + edges.partition_point(|edge| *edge <= x)),
            (Self::Category(names), Input::Category(name)) => {
                Ok(1 + names.iter().position(|known| known == name).unwrap_or(names.len()))
            }
            (Self::Category(names), Input::Code(code)) => {
                let code = code | (1 << 63);
                Ok(1 + names.iter().position(|known| category_code(known) == code).unwrap_or(names.len()))
            }
            (Self::Flag, Input::Flag(set)) => Ok(1 + usize::from(set)),
            _ => Err(LearnError::InputKind { index }),
        }
    }
}

/// Hits and misses.
type Count = (u64, u64);

/// Hits and misses by action, input and bin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scorecard {
    bins: Vec<Bins>,
    /// Where each input's bins begin in an action's counts; the first entry counts all outcomes.
    starts: Vec<usize>,
    counts: Vec<Vec<Count>>,
    calibration: Isotonic,
}

/// A score with its parts.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// The raw score, on a logit scale.
    pub score: f64,
    /// The calibrated probability.
    pub p: f64,
    /// (0.5 + hits) / (1 + outcomes) of the action, whatever the inputs.
    pub base: f64,
    /// What the intercept and each input add to the score; they sum to it.
    pub parts: Vec<f64>,
}

/// What [`Scorecard::learn`] counted, to be kept for as long as it may have to be erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    action: u32,
    hit: bool,
    places: Vec<u32>,
    bucket: u32,
}

impl Scorecard {
    /// A scorecard that has counted nothing.
    ///
    /// # Errors
    /// When edges do not rise, names repeat or an input has too many bins.
    pub fn new(bins: Vec<Bins>, actions: usize) -> Result<Self, Problems> {
        let mut problems = Problems::new();
        for (at, bins) in bins.iter().enumerate() {
            let path = Path::root().index(at);
            let fault = match bins {
                _ if MAX_BINS < bins.count() => Some(format!("more than {MAX_BINS} bins")),
                Bins::Number(edges) if edges.iter().any(|edge| !edge.is_finite()) => {
                    Some("an edge is not a finite number".to_owned())
                }
                Bins::Number(edges) if edges.windows(2).any(|pair| pair[1] <= pair[0]) => {
                    Some("edges must rise".to_owned())
                }
                Bins::Category(names) if (1..names.len()).any(|at| names[..at].contains(&names[at])) => {
                    Some("a name is listed twice".to_owned())
                }
                _ => None,
            };
            problems.extend(fault.map(|message| Problem::error("learn/bins", path, message)));
        }
        if problems.has_errors() {
            return Err(problems);
        }
        let mut starts = Vec::with_capacity(bins.len());
        let mut next = 1;
        for bins in &bins {
            starts.push(next);
            next += bins.count() + 1;
        }
        let counts = vec![vec![(0, 0); next]; actions];
        Ok(Self { bins, starts, counts, calibration: Isotonic::default() })
    }

    /// The score of `action` for these inputs, with its parts. O(inputs × bins).
    ///
    /// # Errors
    /// When an input is not of its kind or the action is unknown.
    pub fn score(&self, inputs: &[Input<'_>], action: u32) -> Result<Score, LearnError> {
        let counts = self.counts.get(action as usize).ok_or(LearnError::UnknownAction(action))?;
        let places = self.places(inputs)?;
        let ln = libm::log;
        let (hits, misses) = counts[0];
        let (hits, misses) = (hits as f64, misses as f64);
        let active = places.iter().zip(&self.starts).filter(|(place, start)| place != start).count();
        let share = 1.0 / (1 + active) as f64;
        let mut parts = vec![(ln(1.0 + hits) - ln(1.0 + misses)) * share];
        for ((&place, &start), bins) in places.iter().zip(&self.starts).zip(&self.bins) {
            if place == start {
                parts.push(0.0);
                continue;
            }
            let each = 1.0 / bins.count() as f64;
            let all = &counts[start + 1..=start + bins.count()];
            let (sum_hits, sum_misses) =
                all.iter().fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1));
            let (hits, misses) = counts[place];
            let part = ln(hits as f64 + each) - ln(misses as f64 + each) - ln(1.0 + sum_hits as f64)
                + ln(1.0 + sum_misses as f64);
            parts.push(part * share);
        }
        let score: f64 = parts.iter().sum();
        let p = self.calibration.probability(squash(score));
        Ok(Score { score, p, base: (0.5 + hits) / (1.0 + hits + misses), parts })
    }

    /// Counts one outcome; the receipt erases it again.
    ///
    /// # Errors
    /// When an input is not of its kind or the action is unknown; nothing is counted then.
    pub fn learn(&mut self, inputs: &[Input<'_>], action: u32, hit: bool) -> Result<Receipt, LearnError> {
        let score = self.score(inputs, action)?.score;
        let mut places: Vec<u32> = self.places(inputs)?.into_iter().map(|place| place as u32).collect();
        places.push(0);
        let bucket = Isotonic::bucket(squash(score)) as u32;
        let receipt = Receipt { action, hit, places, bucket };
        self.change(&receipt, |count| count.saturating_add(1), 1.0);
        Ok(receipt)
    }

    /// Takes one counted outcome back, exactly.
    ///
    /// # Errors
    /// When the receipt is not of this scorecard, or was erased before.
    pub fn erase(&mut self, receipt: &Receipt) -> Result<(), LearnError> {
        let counts =
            self.counts.get(receipt.action as usize).ok_or(LearnError::UnknownAction(receipt.action))?;
        let counted = |place: &u32| {
            let count = counts.get(*place as usize).copied().unwrap_or_default();
            0 < if receipt.hit { count.0 } else { count.1 }
        };
        if !receipt.places.iter().all(counted) {
            return Err(LearnError::Features);
        }
        self.change(receipt, |count| count.saturating_sub(1), -1.0);
        Ok(())
    }

    /// Adds the counts of a scorecard with the same bins and actions: the result is as if one had counted all.
    ///
    /// # Errors
    /// When bins or actions differ; nothing is changed then.
    pub fn merge(&mut self, other: &Self) -> Result<(), LearnError> {
        if self.bins != other.bins || self.counts.len() != other.counts.len() {
            return Err(LearnError::Features);
        }
        for (ours, theirs) in self.counts.iter_mut().flatten().zip(other.counts.iter().flatten()) {
            ours.0 = ours.0.saturating_add(theirs.0);
            ours.1 = ours.1.saturating_add(theirs.1);
        }
        self.calibration.merge(&other.calibration);
        Ok(())
    }

    fn change(&mut self, receipt: &Receipt, change: impl Fn(u64) -> u64, weight: f64) {
        let Some(counts) = self.counts.get_mut(receipt.action as usize) else { return };
        for &place in &receipt.places {
            if let Some((hits, misses)) = counts.get_mut(place as usize) {
                let count = if receipt.hit { hits } else { misses };
                *count = change(*count);
            }
        }
        self.calibration.add(receipt.bucket as usize, receipt.hit, weight);
    }

    /// The place of each input's bin in an action's counts.
    fn places(&self, inputs: &[Input<'_>]) -> Result<Vec<usize>, LearnError> {
        if inputs.len() != self.bins.len() {
            return Err(LearnError::InputCount { expected: self.bins.len(), found: inputs.len() });
        }
        let bins = self.bins.iter().zip(&self.starts).zip(inputs).enumerate();
        bins.map(|(index, ((bins, start), input))| Ok(start + bins.of(index, input)?)).collect()
    }
}

/// A score between 0 and 1.
fn squash(score: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-score))
}

#[cfg(test)]
mod tests {
    use super::*;
    use apropos_event::draw::uniform;

    fn card() -> Scorecard {
        let bins =
            vec![Bins::Number(vec![0.25, 0.5, 0.75]), Bins::Category(vec!["a".to_owned()]), Bins::Flag];
        Scorecard::new(bins, 2).unwrap()
    }

    fn row(n: u64) -> ([Input<'static>; 3], bool) {
        let x = uniform(1, "x", n);
        let name = if n.is_multiple_of(3) { "a" } else { "b" };
        ([Input::Number(x), Input::Category(name), Input::Flag(n.is_multiple_of(2))], uniform(2, "y", n) < x)
    }

    #[test]
    fn parts_sum_to_the_score_and_the_score_ranks() {
        let mut card = card();
        for n in 0..2_000 {
            let (inputs, hit) = row(n);
            card.learn(&inputs, 0, hit).unwrap();
        }
        let score = |x| card.score(&[Input::Number(x), Input::Missing, Input::Flag(true)], 0).unwrap();
        assert!(score(0.1).score < score(0.9).score && score(0.1).p < score(0.9).p);
        assert!((score(0.6).parts.iter().sum::<f64>() - score(0.6).score).abs() < 1e-12);
    }

    #[test]
    fn merging_and_erasing_are_exact() {
        let (mut all, mut left, mut right) = (card(), card(), card());
        let mut receipts = Vec::new();
        for n in 0..400 {
            let (inputs, hit) = row(n);
            all.learn(&inputs, (n % 2) as u32, hit).unwrap();
            let half = if n < 200 { &mut left } else { &mut right };
            receipts.push(half.learn(&inputs, (n % 2) as u32, hit).unwrap());
        }
        let before = left.clone();
        left.merge(&right).unwrap();
        assert_eq!(left.counts, all.counts);
        for receipt in &receipts[200..] {
            left.erase(receipt).unwrap();
        }
        assert_eq!(left, before);
    }
}
