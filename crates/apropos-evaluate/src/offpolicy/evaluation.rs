//! The stream of rows and what it adds up to.
//!
//! Not here: the formulas of single estimators' weights (`weights`), of intervals (`interval`, `sequence`), and the
//! decision to refuse (`refusal`).

use serde::{Deserialize, Serialize};

use super::terms::{Terms, ratio};
use super::{
    Candidate, CressieRead, Estimate, Estimator, Gain, Interval, MAX_ESTIMATORS, MergeError, Plan, Report,
    Row, RowError, Sequence, Shrinkage, Support, WeightHistogram, WeightSums, asymptotic_radius, normal,
    slope,
};

/// A running off-policy evaluation: O(1) memory, O(estimators) per row, mergeable.
///
/// ```
/// use apropos_evaluate::offpolicy::{Evaluation, Plan, Row};
///
/// let mut evaluation = Evaluation::new(Plan::default());
/// for i in 0..1_000 {
///     // A uniform log over two actions; the new policy takes the logged one with probability 0.9 or 0.1.
///     let good = i % 2 == 0;
///     evaluation.push(&Row::new(if good { 0.9 } else { 0.1 }, 0.5, f64::from(u8::from(good))))?;
/// }
/// let report = evaluation.report(None);
/// assert_eq!(report.refused, None);
/// assert!((report.value("ipw").unwrap() - 0.9).abs() < 1e-12);
/// # Ok::<(), apropos_evaluate::offpolicy::RowError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    plan: Plan,
    sums: WeightSums,
    histogram: WeightHistogram,
    terms: Vec<(Estimator, Terms)>,
}

impl Evaluation {
    /// An evaluation that has seen nothing.
    pub fn new(mut plan: Plan) -> Self {
        plan.estimators.truncate(MAX_ESTIMATORS);
        let terms = plan.estimators.iter().map(|estimator| (*estimator, Terms::of(*estimator))).collect();
        Self { plan, sums: WeightSums::default(), histogram: WeightHistogram::default(), terms }
    }

    /// What was planned.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The sums of all rows.
    pub fn sums(&self) -> &WeightSums {
        &self.sums
    }

    /// How often which weights occurred.
    pub fn histogram(&self) -> &WeightHistogram {
        &self.histogram
    }

    /// Takes one row. O(estimators), no allocation.
    ///
    /// # Errors
    /// When a number of the row would poison the sums, or a prediction is needed and missing. Nothing changes then.
    pub fn push(&mut self, row: &Row) -> Result<(), RowError> {
        row.check()?;
        let (low, high) = self.plan.reward_range;
        if !(low..=high).contains(&row.reward) {
            return Err(RowError::OutOfRange { reward: row.reward, low, high });
        }
        if row.prediction.is_none()
            && let Some((estimator, _)) = self.terms.iter().find(|(estimator, _)| estimator.needs_model())
        {
            return Err(RowError::NoPrediction(estimator.name(&self.plan.model)));
        }
        if let Some(limit) = self.plan.max_weight.filter(|limit| limit * (1.0 + 1e-9) < row.weight) {
            return Err(RowError::AboveFloor { weight: row.weight, limit });
        }
        self.sums.push(row);
        self.histogram.push(row.weight);
        for (estimator, terms) in &mut self.terms {
            terms.push(*estimator, row);
        }
        Ok(())
    }

    /// Adds all that `other` has seen: the figures are those of one pass over both logs, to 1e-12.
    ///
    /// # Errors
    /// When the plans differ, because one of them would then answer for rows that it has not seen. Nothing changes then.
    pub fn merge(&mut self, other: &Self) -> Result<(), MergeError> {
        if self.plan != other.plan {
            return Err(MergeError);
        }
        self.sums.merge(&other.sums);
        self.histogram.merge(&other.histogram);
        self.terms.iter_mut().zip(&other.terms).for_each(|((_, mine), (_, theirs))| mine.merge(theirs));
        Ok(())
    }

    /// The answer, or why there is none.
    pub fn report(&self, support: Option<&Support>) -> Report {
        let diagnostics = self.sums.diagnostics();
        let refused = self.plan.gate.check(&diagnostics, support).err();
        let estimates = if refused.is_some() { Vec::new() } else { self.ungated() };
        let gain = refused.is_none().then(|| self.gain());
        Report { diagnostics, support: support.copied(), refused, estimates, gain }
    }

    /// All estimates, whatever the gate says. For studies with a known truth; never for a release.
    pub fn ungated(&self) -> Vec<Estimate> {
        self.terms.iter().map(|(estimator, terms)| self.estimate(*estimator, terms)).collect()
    }

    /// The exact confidence sequence of the policy's value.
    pub fn sequence(&self) -> Sequence {
        let sequence = Sequence::new(&self.sums, self.plan.reward_range, self.plan.alpha);
        self.plan.max_weight.map_or(sequence, |limit| sequence.with_max_weight(limit))
    }

    /// What the policy earns beyond the log's own decisions, row by row, whatever the gate says.
    pub fn gain(&self) -> Gain {
        Gain::new(&self.sums, self.plan.reward_range, self.plan.alpha, self.plan.max_weight)
    }

    /// The estimator among `family` that SLOPE picks; all must be in the plan. `None` when none has a standard error.
    pub fn tuned(&self, family: &[Estimator]) -> Option<Estimator> {
        let found: Vec<(Estimator, Candidate)> = self
            .terms
            .iter()
            .filter(|(estimator, _)| family.contains(estimator))
            .filter_map(|(estimator, terms)| {
                let (value, se) = self.figures(*estimator, terms);
                Some((*estimator, Candidate { value, radius: 1.96 * se? }))
            })
            .collect();
        let candidates: Vec<Candidate> = found.iter().map(|(_, candidate)| *candidate).collect();
        slope(&candidates).map(|at| found[at].0)
    }

    fn estimate(&self, estimator: Estimator, terms: &Terms) -> Estimate {
        let (value, se) = self.figures(estimator, terms);
        let alpha = self.plan.alpha;
        let found = self.sums.diagnostics();
        let interval = match estimator {
            Estimator::CressieRead => Some(self.cressie_read().interval(self.plan.reward_range, alpha)),
            _ => se.map(|se| normal(value, se, alpha)),
        };
        let exact = matches!(
            estimator,
            Estimator::Ips(Shrinkage::Plain) | Estimator::SelfNormalised | Estimator::CressieRead
        );
        let sequence = if exact {
            Some(self.sequence().interval())
        } else {
            let radius = |se| asymptotic_radius(se, found.rows as f64, alpha, self.plan.tuning_rows);
            se.map(|se| Interval::around(value, radius(se)))
        };
        Estimate {
            estimator: estimator.name(&self.plan.model),
            value,
            se,
            ci95: interval,
            confidence_sequence: sequence,
            sequence_is_exact: exact,
            ess: found.ess,
            mean_weight: found.mean_weight,
            max_weight: found.max_weight,
        }
    }

    fn cressie_read(&self) -> CressieRead {
        CressieRead::new(&self.sums, self.sums.max_weight.max(1.0))
    }

    /// The value of an estimator and its standard error.
    fn figures(&self, estimator: Estimator, terms: &Terms) -> (f64, Option<f64>) {
        match (estimator, terms) {
            (_, Terms::Mean(moments)) => (moments.mean(), Some(moments.standard_error())),
            (_, Terms::Ratio(pairs)) => ratio(pairs),
            (Estimator::Replay, _) => {
                let matched = &self.sums.matched;
                (matched.mean(), (1 < matched.count()).then(|| matched.standard_error()))
            }
            (Estimator::SelfNormalised, _) => self.self_normalised(),
            (Estimator::CressieRead, _) => (self.cressie_read().value().unwrap_or(0.0), None),
            _ => (self.sums.weighted.mean(), Some(self.sums.weighted.standard_error())),
        }
    }

    /// Σwr / Σw, with the standard error of the delta method.
    fn self_normalised(&self) -> (f64, Option<f64>) {
        let (weight, n) = (self.sums.weight.sum(), self.sums.weight.count());
        if weight == 0.0 || n < 2 {
            return (0.0, None);
        }
        let value = self.sums.weighted.sum() / weight;
        let squares = self.sums.weighted.sum_of_squares() - 2.0 * value * self.sums.weight_weighted.value()
            + value * value * self.sums.weight.sum_of_squares();
        let n = n as f64;
        (value, Some(libm::sqrt(squares.max(0.0) / (n - 1.0) * n) / weight))
    }
}
