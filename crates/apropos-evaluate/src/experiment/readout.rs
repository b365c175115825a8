//! Reading an experiment in the right order: the sample ratio first, then effects, corrected for their number.
//!
//! Not here: the statistics; see `comparison`, `sample_ratio` and `correction`.

use serde::{Deserialize, Serialize};

use super::{
    Arm, Comparison, Metric, Scale, Terms, benjamini_hochberg, bonferroni, compare, cuped_theta, holm,
    sample_ratio,
};

/// How several comparisons are corrected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Correction {
    /// Not at all.
    None,
    /// Bonferroni.
    Bonferroni,
    /// Holm's step-down procedure.
    #[default]
    Holm,
    /// Benjamini and Hochberg's step-up procedure.
    BenjaminiHochberg,
}

/// How an experiment is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReadoutDefinition {
    /// The metric's kind.
    pub metric: Metric,
    /// The planned share of each arm, control first; equal when empty.
    pub shares: Vec<f64>,
    /// Whether the covariate is used to reduce variance.
    pub use_covariate: bool,
    /// How several treatments are corrected.
    pub correction: Correction,
    /// 1 − confidence.
    pub alpha: f64,
    /// The p-value below which the sample ratio is a mismatch.
    pub mismatch_below: f64,
}

impl Default for ReadoutDefinition {
    fn default() -> Self {
        Self {
            metric: Metric::Mean,
            shares: Vec::new(),
            use_covariate: false,
            correction: Correction::Holm,
            alpha: 0.05,
            mismatch_below: 0.001,
        }
    }
}

/// Why an experiment shows no effects.
#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReadoutRefusal {
    /// Fewer than two arms, or shares of another number.
    #[error("an experiment has a control and at least one treatment, each with a share")]
    Arms,
    /// The counts do not fit the plan: something drops units, and no effect can be believed.
    #[error(
        "the arms hold {counts:?} units, which does not fit the planned shares (p = {p:.2e}): find what drops units before reading any effect"
    )]
    SampleRatioMismatch {
        /// Units by arm.
        counts: Vec<u64>,
        /// The p-value.
        p: f64,
    },
    /// An arm is too small to have a variance.
    #[error("arm {0} has too few units, or nothing varies")]
    TooFew(usize),
}

/// One treatment against the control.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArmReadout {
    /// The difference.
    pub absolute: Comparison,
    /// The difference over the control's mean, unless that is 0.
    pub relative: Option<Comparison>,
    /// The p-value after correction for the number of treatments.
    pub adjusted_p: f64,
}

/// What an experiment shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Readout {
    /// The p-value of the sample ratio.
    pub sample_ratio_p: f64,
    /// θ of the regression adjustment, 0 without one.
    pub theta: f64,
    /// Each treatment, in the order of the arms.
    pub treatments: Vec<ArmReadout>,
}

impl Readout {
    /// Reads an experiment, control first.
    ///
    /// # Errors
    /// When the sample ratio is off or an arm is too small: then there is no effect to show.
    pub fn of(arms: &[Arm], definition: &ReadoutDefinition) -> Result<Self, ReadoutRefusal> {
        let shares =
            if definition.shares.is_empty() { vec![1.0; arms.len()] } else { definition.shares.clone() };
        if arms.len() < 2 || shares.len() != arms.len() {
            return Err(ReadoutRefusal::Arms);
        }
        let counts: Vec<u64> = arms.iter().map(Arm::count).collect();
        let p = sample_ratio(&counts, &shares);
        if p < definition.mismatch_below {
            return Err(ReadoutRefusal::SampleRatioMismatch { counts, p });
        }
        let theta =
            if definition.use_covariate { cuped_theta(&arms.iter().collect::<Vec<_>>()) } else { 0.0 };
        let terms = Terms { metric: definition.metric, theta, alpha: definition.alpha, ..Terms::default() };
        // Whoever watches several treatments gives each its part of α (Bonferroni): the promise then holds for all.
        let several = if definition.correction == Correction::None { 1.0 } else { (arms.len() - 1) as f64 };
        let mut treatments = Vec::new();
        for (at, arm) in arms.iter().enumerate().skip(1) {
            let one = |scale| shared_out(&arms[0], arm, &Terms { scale, ..terms }, several);
            let absolute = one(Scale::Absolute).ok_or(ReadoutRefusal::TooFew(at))?;
            let relative = one(Scale::Relative);
            treatments.push(ArmReadout { absolute, relative, adjusted_p: absolute.p });
        }
        let raw: Vec<f64> = treatments.iter().map(|treatment| treatment.absolute.p).collect();
        let adjusted = match definition.correction {
            Correction::None => raw,
            Correction::Bonferroni => bonferroni(&raw),
            Correction::Holm => holm(&raw),
            Correction::BenjaminiHochberg => benjamini_hochberg(&raw),
        };
        treatments.iter_mut().zip(adjusted).for_each(|(treatment, p)| treatment.adjusted_p = p);
        Ok(Self { sample_ratio_p: p, theta, treatments })
    }
}

/// A comparison whose watched interval has its part of α.
fn shared_out(control: &Arm, treatment: &Arm, terms: &Terms, several: f64) -> Option<Comparison> {
    let found = compare(control, treatment, terms)?;
    let strict = compare(control, treatment, &Terms { alpha: terms.alpha / several, ..*terms })?;
    let sequential_p = (several * strict.sequential_p).min(1.0);
    Some(Comparison { sequential_ci95: strict.sequential_ci95, sequential_p, ..found })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arm(n: u64, yes: u64) -> Arm {
        let mut arm = Arm::default();
        (0..n).for_each(|i| arm.push_with(f64::from(u8::from(i < yes)), (i % 7) as f64));
        arm
    }

    #[test]
    fn a_lost_share_of_units_is_seen_before_any_effect() {
        let arms = [arm(10_000, 1_000), arm(9_300, 1_200)];
        let refused = Readout::of(&arms, &ReadoutDefinition::default()).unwrap_err();
        assert!(matches!(refused, ReadoutRefusal::SampleRatioMismatch { .. }), "{refused}");
        let planned = ReadoutDefinition { shares: vec![0.518, 0.482], ..Default::default() };
        assert!(Readout::of(&arms, &planned).is_ok());
    }

    #[test]
    fn several_treatments_are_corrected_together() {
        let arms = [arm(5_000, 500), arm(5_000, 560), arm(5_000, 520)];
        let found =
            Readout::of(&arms, &ReadoutDefinition { use_covariate: true, ..Default::default() }).unwrap();
        assert_eq!(found.treatments.len(), 2);
        assert!(found.treatments[0].absolute.p < found.treatments[0].adjusted_p);
        let alone = Readout::of(&arms[..2], &ReadoutDefinition { use_covariate: true, ..Default::default() });
        let (alone, beside) = (alone.unwrap().treatments[0].absolute, found.treatments[0].absolute);
        assert!(alone.sequential_ci95.width() < beside.sequential_ci95.width());
        assert!(alone.sequential_p <= beside.sequential_p);
        let free = ReadoutDefinition { correction: Correction::None, ..Default::default() };
        let (free, alone) = (Readout::of(&arms, &free).unwrap(), Readout::of(&arms[..2], &free).unwrap());
        assert_eq!(free.treatments[0].absolute, alone.treatments[0].absolute);
        assert_eq!(Readout::of(&arms[..1], &ReadoutDefinition::default()), Err(ReadoutRefusal::Arms));
    }
}
