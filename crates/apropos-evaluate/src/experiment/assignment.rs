//! Stable assignment: a unit's place in 10,000 buckets never changes, and arms own ranges of buckets that only grow.
//!
//! Ramping an arm from 5 % to 50 % appends buckets to it; nobody who was in an arm ever leaves it for another. A
//! holdout is an arm that was drawn first, by its own salt, and that other experiments leave alone. Not here: what an
//! arm means.

use apropos_event::draw::{mix, stable_hash};
use apropos_event::{Path, Problem, Problems};
use serde::{Deserialize, Serialize};

/// How many buckets there are: shares are exact to a hundredth of a percent.
pub const BUCKETS: u32 = 10_000;
/// The most arms of one experiment.
pub const MAX_ARMS: usize = 256;
/// The most ranges of one arm.
pub const MAX_RANGES: usize = 4_096;

/// An arm and the buckets it owns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArmDefinition {
    /// Its name.
    pub name: String,
    /// Half-open ranges of buckets, in the order in which they were given to it.
    #[serde(default)]
    pub ranges: Vec<(u32, u32)>,
}

/// An experiment as an author writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssignmentDefinition {
    /// What is hashed with the unit; another salt gives an independent experiment.
    pub salt: String,
    /// The arms; buckets that none owns take no part.
    pub arms: Vec<ArmDefinition>,
    /// The salt of the holdout that this experiment respects, if any.
    #[serde(default)]
    pub holdout_salt: String,
    /// The share of units in the holdout, in buckets.
    #[serde(default)]
    pub holdout_buckets: u32,
}

/// Where a unit is placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement<'a> {
    /// In an arm.
    Arm(&'a str),
    /// In the holdout that all experiments leave alone.
    Holdout,
    /// In no arm yet: the experiment has not grown to this unit.
    Outside,
}

/// Why an arm cannot grow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AssignmentError {
    /// There is no such arm.
    #[error("there is no arm `{0}`")]
    UnknownArm(String),
    /// Arms never shrink: that would reshuffle units that are in them.
    #[error("arm `{arm}` owns {owned} buckets and never shrinks to {asked}")]
    Shrinks {
        /// The arm.
        arm: String,
        /// What it owns.
        owned: u32,
        /// What was asked.
        asked: u32,
    },
    /// Not enough free buckets.
    #[error("arm `{arm}` asks {asked} more buckets, and {free} are free")]
    Full {
        /// The arm.
        arm: String,
        /// How many more it asks.
        asked: u32,
        /// How many are free.
        free: u32,
    },
}

/// A checked assignment.
///
/// ```
/// use apropos_evaluate::experiment::{Assignment, Placement};
///
/// let small = Assignment::new("welcome-2026", &["control", "treatment"])
///     .grown("control", 500)?
///     .grown("treatment", 500)?;
/// let large = small.grown("treatment", 5_000)?;
/// for unit in 0..1_000 {
///     let unit = format!("c-{unit}");
///     if small.place(&unit) != Placement::Outside {
///         assert_eq!(large.place(&unit), small.place(&unit));
///     }
/// }
/// # Ok::<(), apropos_evaluate::experiment::AssignmentError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    definition: AssignmentDefinition,
    /// The arm of each bucket; [`NOBODY`] where none owns it.
    owners: Vec<u16>,
}

const NOBODY: u16 = u16::MAX;

impl Assignment {
    /// An experiment whose arms own nothing yet.
    pub fn new(salt: impl Into<String>, arms: &[&str]) -> Self {
        let arms = arms
            .iter()
            .take(MAX_ARMS)
            .map(|name| ArmDefinition { name: (*name).to_owned(), ranges: Vec::new() });
        let definition =
            AssignmentDefinition { salt: salt.into(), arms: arms.collect(), ..Default::default() };
        Self { definition, owners: vec![NOBODY; BUCKETS as usize] }
    }

    /// Checks a definition; all problems are reported at once.
    ///
    /// # Errors
    /// When arms overlap, leave the buckets, or share a name.
    pub fn compile(definition: &AssignmentDefinition) -> Result<Self, Problems> {
        let mut problems = Problems::new();
        let mut owners = vec![NOBODY; BUCKETS as usize];
        let arms_path = Path::root().key("arms");
        if MAX_ARMS < definition.arms.len() {
            problems.push(Problem::error(
                "experiment/too-many-arms",
                arms_path.clone(),
                format!("at most {MAX_ARMS} arms are accepted"),
            ));
        }
        if BUCKETS < definition.holdout_buckets {
            problems.push(Problem::error(
                "experiment/holdout",
                Path::root().key("holdout_buckets"),
                format!("there are {BUCKETS} buckets"),
            ));
        }
        for (at, arm) in definition.arms.iter().enumerate().take(MAX_ARMS) {
            let path = arms_path.index(at);
            if definition.arms[..at].iter().any(|earlier| earlier.name == arm.name) {
                problems.push(Problem::error(
                    "experiment/arm-twice",
                    path.key("name"),
                    format!("`{}` is another arm already", arm.name),
                ));
            }
            if MAX_RANGES < arm.ranges.len() {
                problems.push(Problem::error(
                    "experiment/too-many-ranges",
                    path.key("ranges"),
                    format!("at most {MAX_RANGES} ranges are accepted"),
                ));
            }
            for (index, (low, high)) in arm.ranges.iter().enumerate().take(MAX_RANGES) {
                let path = path.key("ranges").index(index);
                if high <= low || BUCKETS < *high {
                    problems.push(Problem::error(
                        "experiment/range",
                        path,
                        format!("`{low}..{high}` is not a range of the {BUCKETS} buckets"),
                    ));
                    continue;
                }
                let owned = &mut owners[*low as usize..*high as usize];
                if owned.iter().any(|owner| *owner != NOBODY) {
                    problems.push(Problem::error(
                        "experiment/overlap",
                        path,
                        format!("`{low}..{high}` holds buckets that are owned already"),
                    ));
                    continue;
                }
                owned.fill(at as u16);
            }
        }
        let compiled = Self { definition: definition.clone(), owners };
        problems.into_result(compiled).map(|(compiled, _)| compiled)
    }

    /// The same experiment, in which `arm` owns `buckets` in all. What it owned stays; the free buckets that follow
    /// lowest are appended.
    ///
    /// # Errors
    /// When there is no such arm, it would shrink, or there are not enough free buckets.
    pub fn grown(&self, arm: &str, buckets: u32) -> Result<Self, AssignmentError> {
        let at = self.definition.arms.iter().position(|candidate| candidate.name == arm);
        let at = at.ok_or_else(|| AssignmentError::UnknownArm(arm.to_owned()))?;
        let owned = self.owned(at);
        let more = buckets.checked_sub(owned).ok_or_else(|| AssignmentError::Shrinks {
            arm: arm.to_owned(),
            owned,
            asked: buckets,
        })?;
        let free: Vec<u32> = (0..BUCKETS).filter(|bucket| self.owners[*bucket as usize] == NOBODY).collect();
        if free.len() < more as usize {
            return Err(AssignmentError::Full { arm: arm.to_owned(), asked: more, free: free.len() as u32 });
        }
        let mut grown = self.clone();
        let ranges = &mut grown.definition.arms[at].ranges;
        for bucket in &free[..more as usize] {
            grown.owners[*bucket as usize] = at as u16;
            match ranges.last_mut() {
                Some((_, high)) if *high == *bucket => *high += 1,
                _ => ranges.push((*bucket, *bucket + 1)),
            }
        }
        Ok(grown)
    }

    /// The same experiment, which leaves `buckets` of the units alone under the holdout's own salt.
    #[must_use]
    pub fn with_holdout(mut self, salt: impl Into<String>, buckets: u32) -> Self {
        self.definition.holdout_salt = salt.into();
        self.definition.holdout_buckets = buckets.min(BUCKETS);
        self
    }

    /// Where a unit is. O(length of the unit's id).
    pub fn place(&self, unit: &str) -> Placement<'_> {
        let definition = &self.definition;
        if 0 < definition.holdout_buckets
            && bucket(&definition.holdout_salt, unit) < definition.holdout_buckets
        {
            return Placement::Holdout;
        }
        let owner = self.owners[bucket(&definition.salt, unit) as usize];
        definition.arms.get(usize::from(owner)).map_or(Placement::Outside, |arm| Placement::Arm(&arm.name))
    }

    /// The definition to store; compiling it gives this assignment again.
    pub fn definition(&self) -> &AssignmentDefinition {
        &self.definition
    }

    /// The share of units that an arm is due, holdout aside.
    pub fn share(&self, arm: &str) -> Option<f64> {
        let at = self.definition.arms.iter().position(|candidate| candidate.name == arm)?;
        Some(f64::from(self.owned(at)) / f64::from(BUCKETS))
    }

    fn owned(&self, arm: usize) -> u32 {
        self.owners.iter().filter(|owner| usize::from(**owner) == arm).count() as u32
    }
}

/// The bucket of a unit under a salt: the same for ever, on every machine.
pub fn bucket(salt: &str, unit: &str) -> u32 {
    let bits = mix(stable_hash(stable_hash(0, salt.as_bytes()), unit.as_bytes()));
    // The upper 32 bits, scaled: no modulo bias worth naming.
    (((bits >> 32) * u64::from(BUCKETS)) >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ramping_never_reshuffles() {
        let mut experiment = Assignment::new("salt", &["a", "b", "c"]);
        let mut before: Vec<Option<String>> = vec![None; 3_000];
        for (arm, buckets) in [("a", 100), ("b", 100), ("a", 1_000), ("c", 50), ("b", 4_000), ("c", 5_000)] {
            experiment = experiment.grown(arm, buckets).unwrap();
            for (unit, was) in before.iter_mut().enumerate() {
                let now = match experiment.place(&format!("unit-{unit}")) {
                    Placement::Arm(arm) => Some(arm.to_owned()),
                    _ => None,
                };
                if was.is_some() {
                    assert_eq!(*was, now);
                }
                *was = now;
            }
        }
        assert!(before.iter().all(Option::is_some));
        assert_eq!(Assignment::compile(experiment.definition()).unwrap(), experiment);
    }

    #[test]
    fn arms_neither_shrink_nor_overflow() {
        let experiment = Assignment::new("s", &["a", "b"]).grown("a", 9_000).unwrap();
        assert!(matches!(experiment.grown("a", 8_999), Err(AssignmentError::Shrinks { .. })));
        assert!(matches!(experiment.grown("b", 1_001), Err(AssignmentError::Full { .. })));
        assert!(matches!(experiment.grown("x", 1), Err(AssignmentError::UnknownArm(_))));
    }

    #[test]
    fn shares_are_kept_and_the_holdout_is_independent() {
        let experiment =
            Assignment::new("s", &["a", "b"]).grown("a", 3_000).unwrap().grown("b", 7_000).unwrap();
        let experiment = experiment.with_holdout("company-holdout", 500);
        let (mut a, mut held) = (0, 0);
        for unit in 0..50_000 {
            match experiment.place(&format!("u{unit}")) {
                Placement::Arm("a") => a += 1,
                Placement::Holdout => held += 1,
                _ => {}
            }
        }
        assert!((2_300..2_700).contains(&held), "{held}");
        assert!((13_800..14_700).contains(&a), "{a}");
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        let arm = |name: &str, ranges: &[(u32, u32)]| ArmDefinition {
            name: name.to_owned(),
            ranges: ranges.to_vec(),
        };
        let definition = AssignmentDefinition {
            salt: "s".to_owned(),
            arms: vec![arm("a", &[(0, 10)]), arm("a", &[(5, 8), (9_000, 10_001), (4, 4)])],
            ..Default::default()
        };
        assert_eq!(Assignment::compile(&definition).unwrap_err().len(), 4);
    }
}
