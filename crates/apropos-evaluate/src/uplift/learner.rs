//! Learners of uplift over any learner of outcomes: two models, one model, class transformation, doubly robust.
//!
//! Künzel et al. (2019) for the S- and T-learner, Jaskowski and Jaroszewicz (2012) for the class transformation,
//! Kennedy (2023) for the doubly robust one. Not here: judging them; see `curve`.

use crate::numeric::linear::{Symmetric, dot};

/// Predicts an outcome from features.
pub trait Predict {
    /// The predicted outcome.
    fn predict(&self, x: &[f64]) -> f64;
}

/// Learns to predict an outcome.
pub trait Learner {
    /// What it learns.
    type Model: Predict;

    /// Fits rows with outcomes and weights.
    fn fit(&self, x: &[Vec<f64>], y: &[f64], weight: &[f64]) -> Self::Model;
}

/// A randomised trial to learn from.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    x: Vec<Vec<f64>>,
    treated: Vec<bool>,
    outcome: Vec<f64>,
}

/// Why a trial cannot be learned from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrialError {
    /// The columns have different lengths.
    #[error("features, treatments and outcomes have different numbers of rows, or rows of different lengths")]
    Shape,
    /// A group is empty.
    #[error("a trial needs treated and untreated units")]
    OneGroup,
    /// A number is not finite.
    #[error("a trial holds a number that is not finite")]
    NotFinite,
}

impl Trial {
    /// Checks the columns of a trial.
    ///
    /// # Errors
    /// When they do not fit each other or a group is empty.
    pub fn new(x: Vec<Vec<f64>>, treated: Vec<bool>, outcome: Vec<f64>) -> Result<Self, TrialError> {
        let width = x.first().map_or(0, Vec::len);
        if x.len() != treated.len() || x.len() != outcome.len() || x.iter().any(|row| row.len() != width) {
            return Err(TrialError::Shape);
        }
        if !treated.contains(&true) || !treated.contains(&false) {
            return Err(TrialError::OneGroup);
        }
        if x.iter().flatten().chain(&outcome).any(|value| !value.is_finite()) {
            return Err(TrialError::NotFinite);
        }
        Ok(Self { x, treated, outcome })
    }

    /// The share of treated units.
    pub fn treated_share(&self) -> f64 {
        self.treated.iter().filter(|treated| **treated).count() as f64 / self.treated.len() as f64
    }

    /// The features, row by row.
    pub fn features(&self) -> &[Vec<f64>] {
        &self.x
    }

    /// The outcomes, row by row.
    pub fn outcomes(&self) -> &[f64] {
        &self.outcome
    }

    fn fit_where<L: Learner>(&self, learner: &L, keep: impl Fn(usize) -> bool) -> L::Model {
        let rows: Vec<usize> = (0..self.x.len()).filter(|row| keep(*row)).collect();
        let x: Vec<Vec<f64>> = rows.iter().map(|row| self.x[*row].clone()).collect();
        let y: Vec<f64> = rows.iter().map(|row| self.outcome[*row]).collect();
        learner.fit(&x, &y, &vec![1.0; y.len()])
    }
}

/// One model per group; uplift is the difference of their predictions.
#[derive(Clone, Debug, PartialEq)]
pub struct TwoModel<M> {
    /// The model of the treated.
    pub treated: M,
    /// The model of the untreated.
    pub control: M,
}

impl<M: Predict> TwoModel<M> {
    /// Learns both.
    pub fn fit<L: Learner<Model = M>>(learner: &L, trial: &Trial) -> Self {
        Self {
            treated: trial.fit_where(learner, |row| trial.treated[row]),
            control: trial.fit_where(learner, |row| !trial.treated[row]),
        }
    }
}

impl<M: Predict> Predict for TwoModel<M> {
    fn predict(&self, x: &[f64]) -> f64 {
        self.treated.predict(x) - self.control.predict(x)
    }
}

/// One model that sees the treatment and its crosses with all features; uplift is what flipping it changes.
#[derive(Clone, Debug, PartialEq)]
pub struct SingleModel<M> {
    /// The model over (x, t, x t).
    pub model: M,
}

impl<M: Predict> SingleModel<M> {
    /// Learns it.
    pub fn fit<L: Learner<Model = M>>(learner: &L, trial: &Trial) -> Self {
        let x: Vec<Vec<f64>> =
            trial.x.iter().zip(&trial.treated).map(|(x, t)| with_treatment(x, *t)).collect();
        Self { model: learner.fit(&x, &trial.outcome, &vec![1.0; x.len()]) }
    }
}

fn with_treatment(x: &[f64], treated: bool) -> Vec<f64> {
    let t = f64::from(u8::from(treated));
    x.iter().copied().chain([t]).chain(x.iter().map(|x| x * t)).collect()
}

impl<M: Predict> Predict for SingleModel<M> {
    fn predict(&self, x: &[f64]) -> f64 {
        self.model.predict(&with_treatment(x, true)) - self.model.predict(&with_treatment(x, false))
    }
}

/// One model of "did as the group suggests": z = y for the treated and 1 − y for the others; uplift is 2 p(z) − 1.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassTransform<M> {
    /// The model of z.
    pub model: M,
}

impl<M: Predict> ClassTransform<M> {
    /// Learns it, groups weighted to one half each.
    pub fn fit<L: Learner<Model = M>>(learner: &L, trial: &Trial) -> Self {
        let share = trial.treated_share();
        let (mut z, mut weight) = (Vec::new(), Vec::new());
        for (y, treated) in trial.outcome.iter().zip(&trial.treated) {
            z.push(if *treated { *y } else { 1.0 - y });
            weight.push(if *treated { 0.5 / share } else { 0.5 / (1.0 - share) });
        }
        Self { model: learner.fit(&trial.x, &z, &weight) }
    }
}

impl<M: Predict> Predict for ClassTransform<M> {
    fn predict(&self, x: &[f64]) -> f64 {
        2.0 * self.model.predict(x) - 1.0
    }
}

/// Regression of the doubly robust pseudo-outcome φ = μ₁ − μ₀ + (t − e)(y − μ_t) / (e (1 − e)) on the features, with
/// μ fitted on the other half of the units.
#[derive(Clone, Debug, PartialEq)]
pub struct DoublyRobust {
    /// The regression.
    pub model: LinearModel,
    /// Mean of φ: the average effect.
    pub average_effect: f64,
    /// Its standard error.
    pub average_effect_se: f64,
}

impl DoublyRobust {
    /// Learns it; `propensity` is the known share of treatment. Folds are even and odd rows.
    pub fn fit<L: Learner>(learner: &L, trial: &Trial, propensity: f64, regression: &Linear) -> Self {
        let mut phi = vec![0.0; trial.x.len()];
        let e = propensity.clamp(1e-6, 1.0 - 1e-6);
        for fold in 0..2 {
            let treated = trial.fit_where(learner, |row| row % 2 != fold && trial.treated[row]);
            let control = trial.fit_where(learner, |row| row % 2 != fold && !trial.treated[row]);
            for row in (fold..trial.x.len()).step_by(2) {
                let x = &trial.x[row];
                let (one, zero) = (treated.predict(x), control.predict(x));
                let (t, own) = if trial.treated[row] { (1.0, one) } else { (0.0, zero) };
                phi[row] = one - zero + (t - e) * (trial.outcome[row] - own) / (e * (1.0 - e));
            }
        }
        let moments: crate::numeric::Moments = phi.iter().copied().collect();
        Self {
            model: regression.fit(&trial.x, &phi, &vec![1.0; phi.len()]),
            average_effect: moments.mean(),
            average_effect_se: moments.standard_error(),
        }
    }
}

impl Predict for DoublyRobust {
    fn predict(&self, x: &[f64]) -> f64 {
        self.model.predict(x)
    }
}

/// Ridge regression of a number; the constant is not penalised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Linear {
    /// The penalty.
    pub penalty: f64,
}

/// A fitted linear model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LinearModel {
    /// One weight a feature, then the constant.
    pub weights: Vec<f64>,
}

impl Predict for LinearModel {
    fn predict(&self, x: &[f64]) -> f64 {
        dot(&self.weights, x) + self.weights.get(x.len()).copied().unwrap_or(0.0)
    }
}

impl Learner for Linear {
    type Model = LinearModel;

    fn fit(&self, x: &[Vec<f64>], y: &[f64], weight: &[f64]) -> LinearModel {
        let size = x.first().map_or(0, Vec::len) + 1;
        let mut matrix = Symmetric::diagonal(size, self.penalty.max(1e-12));
        matrix.add_diagonal(size - 1, 1e-12 - self.penalty.max(1e-12));
        let mut vector = vec![0.0; size];
        for ((x, y), weight) in x.iter().zip(y).zip(weight) {
            let extended: Vec<f64> = x.iter().copied().chain([1.0]).collect();
            matrix.add_outer(&extended, *weight);
            vector.iter_mut().zip(&extended).for_each(|(v, e)| *v += weight * y * e);
        }
        LinearModel { weights: matrix.solve(&vector).unwrap_or(vec![0.0; size]) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Logistic;
    use super::*;
    use apropos_event::draw::uniform;

    /// Outcome rate .3, plus .4 x when treated, x in −1…1: half of the units are sleeping dogs.
    fn trial(n: u64) -> Trial {
        let (mut x, mut treated, mut outcome) = (Vec::new(), Vec::new(), Vec::new());
        for i in 0..n {
            let feature = 2.0 * uniform(1, "x", i) - 1.0;
            let t = uniform(1, "t", i) < 0.4;
            let rate = 0.5 + if t { 0.4 * feature } else { 0.0 };
            x.push(vec![feature]);
            treated.push(t);
            outcome.push(f64::from(u8::from(uniform(1, "y", i) < rate)));
        }
        Trial::new(x, treated, outcome).unwrap()
    }

    #[test]
    fn all_learners_find_a_planted_effect() {
        let trial = trial(8_000);
        let logistic = Logistic::default();
        let robust = DoublyRobust::fit(&logistic, &trial, 0.4, &Linear { penalty: 1.0 });
        let models: [Box<dyn Predict>; 4] = [
            Box::new(TwoModel::fit(&logistic, &trial)),
            Box::new(SingleModel::fit(&logistic, &trial)),
            Box::new(ClassTransform::fit(&logistic, &trial)),
            Box::new(robust.clone()),
        ];
        for (at, model) in models.iter().enumerate() {
            for x in [-0.8, -0.2, 0.5, 0.9] {
                let found = model.predict(&[x]);
                assert!((found - 0.4 * x).abs() < 0.08, "learner {at} at {x}: {found}");
            }
        }
        assert!(robust.average_effect.abs() < 3.0 * robust.average_effect_se);
    }

    #[test]
    fn what_is_no_trial_is_refused() {
        assert_eq!(Trial::new(vec![vec![1.0]], vec![true], vec![1.0]), Err(TrialError::OneGroup));
        let rows = vec![vec![1.0], vec![f64::NAN]];
        assert_eq!(Trial::new(rows, vec![true, false], vec![1.0, 0.0]), Err(TrialError::NotFinite));
        assert_eq!(Trial::new(vec![vec![1.0]], vec![], vec![]), Err(TrialError::Shape));
    }
}
