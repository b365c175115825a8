//! The stream of rows and what it adds up to.
//!
//! Not here: the formulas of single estimators' weights (`weights`), of intervals (`interval`, `sequence`), and the
//! decision to refuse (`refusal`).

use serde::{Deserialize, Serialize};

use crate::numeric::{Moments, PairMoments};

use super::{
    Candidate, CressieRead, Diagnostics, Estimator, Gate, Interval, MAX_ESTIMATORS, Prediction, Refusal, Row,
    RowError, Sequence, Shrinkage, Support, WeightHistogram, WeightSums, asymptotic_radius, normal, slope,
};

/// What to estimate, and under which terms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Plan {
    /// The estimators, in the order of the report; at most [`MAX_ESTIMATORS`] are kept.
    pub estimators: Vec<Estimator>,
    /// How the reward model is called in names such as `dr[table]`.
    pub model: String,
    /// The smallest and largest possible reward.
    pub reward_range: (f64, f64),
    /// 1 − the confidence of every interval.
    pub alpha: f64,
    /// What the log must offer.
    pub gate: Gate,
    /// The largest weight that can occur, when the logging policy promises a floor: it sharpens the exact sequence.
    pub max_weight: Option<f64>,
    /// The number of rows at which asymptotic sequences are tightest.
    pub tuning_rows: f64,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            estimators: Estimator::weight_only(),
            model: "model".to_owned(),
            reward_range: (0.0, 1.0),
            alpha: 0.05,
            gate: Gate::default(),
            max_weight: None,
            tuning_rows: 5_000.0,
        }
    }
}

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

/// What one estimator adds up beyond the shared sums.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Terms {
    /// Nothing: the shared sums say it all.
    Shared,
    /// A mean of one figure a row.
    Mean(Moments),
    /// dm, w (r − q) and w beside one another: (dm, wd), (dm, w), (wd, w).
    Ratio(Box<[PairMoments; 3]>),
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

    /// Adds all that `other` has seen; the plan of `self` stands, and estimators are matched by name.
    pub fn merge(&mut self, other: &Self) {
        self.sums.merge(&other.sums);
        self.histogram.merge(&other.histogram);
        for (estimator, terms) in &mut self.terms {
            if let Some((_, theirs)) = other.terms.iter().find(|(name, _)| name == estimator) {
                terms.merge(theirs);
            }
        }
    }

    /// The answer, or why there is none.
    pub fn report(&self, support: Option<&Support>) -> Report {
        let diagnostics = self.sums.diagnostics();
        let refused = self.plan.gate.check(&diagnostics, support).err();
        let estimates = if refused.is_some() { Vec::new() } else { self.ungated() };
        Report { diagnostics, support: support.copied(), refused, estimates }
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

impl Terms {
    fn of(estimator: Estimator) -> Self {
        match estimator {
            Estimator::Replay
            | Estimator::SelfNormalised
            | Estimator::CressieRead
            | Estimator::Ips(Shrinkage::Plain) => Self::Shared,
            Estimator::SelfNormalisedDoublyRobust => Self::Ratio(Box::default()),
            Estimator::Ips(_) | Estimator::Direct | Estimator::DoublyRobust(_) => {
                Self::Mean(Moments::default())
            }
        }
    }

    #[inline]
    fn push(&mut self, estimator: Estimator, row: &Row) {
        let Prediction { expected, logged } =
            row.prediction.unwrap_or(Prediction { expected: 0.0, logged: 0.0 });
        match self {
            Self::Shared => {}
            Self::Mean(moments) => moments.push(match estimator {
                Estimator::Ips(shrinkage) => shrinkage.apply(row.weight) * row.reward,
                Estimator::DoublyRobust(shrinkage) => {
                    expected + shrinkage.apply(row.weight) * (row.reward - logged)
                }
                _ => expected,
            }),
            Self::Ratio(pairs) => {
                let surprise = row.weight * (row.reward - logged);
                pairs[0].push(expected, surprise);
                pairs[1].push(expected, row.weight);
                pairs[2].push(surprise, row.weight);
            }
        }
    }

    fn merge(&mut self, other: &Self) {
        match (self, other) {
            (Self::Mean(mine), Self::Mean(theirs)) => mine.merge(theirs),
            (Self::Ratio(mine), Self::Ratio(theirs)) => {
                mine.iter_mut().zip(theirs.iter()).for_each(|(mine, theirs)| mine.merge(theirs));
            }
            _ => {}
        }
    }
}

/// mean(dm) + Σ w d / Σ w and its standard error by the delta method.
fn ratio(pairs: &[PairMoments; 3]) -> (f64, Option<f64>) {
    let [both, direct_weight, surprise_weight] = pairs;
    let (direct, surprise, weight) = (both.x(), both.y(), direct_weight.y());
    if weight.sum() == 0.0 || weight.count() < 2 {
        return (direct.mean(), None);
    }
    let (mean, slope) = (weight.mean(), surprise.sum() / weight.sum());
    let variance = direct.variance()
        + (surprise.variance() - 2.0 * slope * surprise_weight.covariance()
            + slope * slope * weight.variance())
            / (mean * mean)
        + 2.0 * (both.covariance() - slope * direct_weight.covariance()) / mean;
    (direct.mean() + slope, Some(libm::sqrt(variance.max(0.0) / weight.count() as f64)))
}

/// One estimate, with all that is needed to judge it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Estimate {
    /// The estimator's name, such as `dr[table]`.
    pub estimator: String,
    /// The estimated value of the policy per decision.
    pub value: f64,
    /// Its standard error; by the delta method for self-normalised estimators.
    pub se: Option<f64>,
    /// The interval for a number of rows fixed beforehand.
    pub ci95: Option<Interval>,
    /// The interval that may be watched while the log grows.
    pub confidence_sequence: Option<Interval>,
    /// Whether the sequence holds for any distribution, or only as the log grows.
    pub sequence_is_exact: bool,
    /// The effective sample size behind it.
    pub ess: f64,
    /// The mean weight behind it.
    pub mean_weight: f64,
    /// The largest weight behind it.
    pub max_weight: f64,
}

/// What an evaluation answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// How far the log can be trusted.
    pub diagnostics: Diagnostics,
    /// The support check, when the logging policy is known for all actions.
    pub support: Option<Support>,
    /// Why there are no estimates, if there are none.
    pub refused: Option<Refusal>,
    /// The estimates, in the order of the plan; empty when refused.
    pub estimates: Vec<Estimate>,
}

impl Report {
    /// The value of one estimate by name.
    pub fn value(&self, estimator: &str) -> Option<f64> {
        self.estimates.iter().find(|estimate| estimate.estimator == estimator).map(|estimate| estimate.value)
    }

    /// The smallest and the largest of the estimates: no estimator wins everywhere, so the spread is part of the
    /// answer.
    pub fn spread(&self) -> Option<Interval> {
        // A replay that matched nothing is no estimate.
        let told = |e: &&Estimate| e.estimator != "replay" || self.diagnostics.matched_rows != 0;
        let values = || self.estimates.iter().filter(told).map(|estimate| estimate.value);
        Some(Interval { low: values().reduce(f64::min)?, high: values().reduce(f64::max)? })
    }
}
