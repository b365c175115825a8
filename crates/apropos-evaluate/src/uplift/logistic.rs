//! Logistic regression with a ridge penalty, fitted to the optimum in one go.
//!
//! Minimises |w|²/2 + C Σ s_i loss_i, the constant not penalised: the same optimum as scikit-learn's. Not here: the
//! engine's online models; see `engine`.

use crate::numeric::linear::{Symmetric, dot};

use super::{Learner, Predict};

/// A logistic learner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Logistic {
    /// C, the inverse strength of the penalty.
    pub c: f64,
}

impl Default for Logistic {
    fn default() -> Self {
        Self { c: 1.0 }
    }
}

/// A fitted logistic model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogisticModel {
    /// The constant.
    pub constant: f64,
    /// One weight a feature.
    pub weights: Vec<f64>,
}

impl Predict for LogisticModel {
    fn predict(&self, x: &[f64]) -> f64 {
        sigmoid(self.constant + dot(&self.weights, x))
    }
}

impl Learner for Logistic {
    type Model = LogisticModel;

    /// Newton's method with halved steps. O(steps · rows · features²).
    fn fit(&self, x: &[Vec<f64>], y: &[f64], weight: &[f64]) -> LogisticModel {
        let features = x.first().map_or(0, Vec::len);
        let mut model = vec![0.0; features + 1];
        let mut loss = self.loss(&model, x, y, weight);
        for _ in 0..MAX_STEPS {
            let Some(step) = self.newton_step(&model, x, y, weight) else { break };
            let mut scale = 1.0;
            let length = step.iter().fold(0.0, |longest: f64, s| longest.max(s.abs()));
            for _ in 0..30 {
                let tried: Vec<f64> = model.iter().zip(&step).map(|(m, s)| m - scale * s).collect();
                let tried_loss = self.loss(&tried, x, y, weight);
                // Close to the optimum the loss is flat to rounding; the step is still right.
                if tried_loss <= loss * (1.0 + 1e-13) {
                    (model, loss) = (tried, tried_loss);
                    break;
                }
                scale *= 0.5;
            }
            if length < 1e-12 {
                break;
            }
        }
        let constant = model.pop().unwrap_or(0.0);
        LogisticModel { constant, weights: model }
    }
}

impl Logistic {
    fn loss(self, model: &[f64], x: &[Vec<f64>], y: &[f64], weight: &[f64]) -> f64 {
        let (weights, constant) = model.split_at(model.len() - 1);
        let mut sum = 0.0;
        for ((x, y), s) in x.iter().zip(y).zip(weight) {
            let z = dot(weights, x) + constant[0];
            // ln(1 + e^z) − y z, without overflow.
            sum += s * (z.max(0.0) + libm::log1p(libm::exp(-z.abs())) - y * z);
        }
        0.5 * dot(weights, weights) + self.c * sum
    }

    fn newton_step(self, model: &[f64], x: &[Vec<f64>], y: &[f64], weight: &[f64]) -> Option<Vec<f64>> {
        let (weights, constant) = model.split_at(model.len() - 1);
        let size = model.len();
        let mut hessian = Symmetric::diagonal(size, 0.0);
        (0..size - 1).for_each(|at| hessian.add_diagonal(at, 1.0));
        // A trace of curvature keeps the constant's cell positive when the classes are separated.
        hessian.add_diagonal(size - 1, 1e-12);
        let mut gradient: Vec<f64> = weights.to_vec();
        gradient.push(0.0);
        let mut extended = vec![1.0; size];
        for ((x, y), s) in x.iter().zip(y).zip(weight) {
            extended[..size - 1].copy_from_slice(x);
            let p = sigmoid(dot(weights, x) + constant[0]);
            hessian.add_outer(&extended, self.c * s * p * (1.0 - p));
            gradient.iter_mut().zip(&extended).for_each(|(g, e)| *g += self.c * s * (p - y) * e);
        }
        hessian.solve(&gradient)
    }
}

const MAX_STEPS: usize = 100;

fn sigmoid(z: f64) -> f64 {
    if z < 0.0 {
        let e = libm::exp(z);
        e / (1.0 + e)
    } else {
        1.0 / (1.0 + libm::exp(-z))
    }
}

/// Means and population deviations of features, to bring them to one scale.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Standardiser {
    /// The means.
    pub mean: Vec<f64>,
    /// The deviations; 1 where a feature does not vary.
    pub deviation: Vec<f64>,
}

impl Standardiser {
    /// Learns the scale of rows.
    pub fn fit(x: &[Vec<f64>]) -> Self {
        let n = x.len().max(1) as f64;
        let features = x.first().map_or(0, Vec::len);
        let column = |at: usize| x.iter().map(move |row| row[at]);
        let mean: Vec<f64> = (0..features).map(|at| column(at).sum::<f64>() / n).collect();
        let deviation = mean
            .iter()
            .enumerate()
            .map(|(at, mean)| {
                let variance = column(at).map(|v| (v - mean) * (v - mean)).sum::<f64>() / n;
                if variance == 0.0 { 1.0 } else { libm::sqrt(variance) }
            })
            .collect();
        Self { mean, deviation }
    }

    /// A row on the learned scale.
    pub fn apply(&self, x: &[f64]) -> Vec<f64> {
        x.iter().zip(&self.mean).zip(&self.deviation).map(|((x, mean), sd)| (x - mean) / sd).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_alone_learns_the_rate() {
        let model =
            Logistic::default().fit(&vec![vec![]; 10], &[1., 1., 1., 0., 0., 0., 0., 0., 0., 0.], &[1.0; 10]);
        assert!((model.predict(&[]) - 0.3).abs() < 1e-9);
    }

    #[test]
    fn separated_classes_still_have_an_optimum() {
        let x: Vec<Vec<f64>> = (0..20).map(|i| vec![f64::from(i) - 9.5]).collect();
        let y: Vec<f64> = (0..20).map(|i| f64::from(u8::from(i > 9))).collect();
        let model = Logistic::default().fit(&x, &y, &[1.0; 20]);
        assert!(0.3 < model.weights[0] && model.weights[0] < 10.0);
        assert!(0.9 < model.predict(&[5.0]));
    }

    #[test]
    fn standardising_gives_unit_scale() {
        let scale = Standardiser::fit(&[vec![1.0, 5.0], vec![3.0, 5.0]]);
        assert_eq!(scale.apply(&[3.0, 5.0]), vec![1.0, 0.0]);
    }
}
