//! Small dense symmetric systems, for models that are fitted in one go.
//!
//! Not here: streaming learners; those live in `apropos-learn`.

/// A symmetric positive definite matrix in full storage, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Symmetric {
    size: usize,
    cells: Vec<f64>,
}

impl Symmetric {
    /// `diagonal` on the diagonal, 0 elsewhere.
    pub fn diagonal(size: usize, diagonal: f64) -> Self {
        let mut matrix = Self { size, cells: vec![0.0; size * size] };
        (0..size).for_each(|i| matrix.cells[i * size + i] = diagonal);
        matrix
    }

    /// Adds `weight` · x xᵀ. O(size²).
    pub fn add_outer(&mut self, x: &[f64], weight: f64) {
        for (i, a) in x.iter().enumerate() {
            let row = &mut self.cells[i * self.size..(i + 1) * self.size];
            row.iter_mut().zip(x).for_each(|(cell, b)| *cell += weight * a * b);
        }
    }

    /// Adds to one cell of the diagonal.
    pub fn add_diagonal(&mut self, at: usize, value: f64) {
        self.cells[at * self.size + at] += value;
    }

    /// The x with A x = b, by Cholesky's decomposition; `None` when A is not positive definite. O(size³).
    pub fn solve(&self, b: &[f64]) -> Option<Vec<f64>> {
        let n = self.size;
        let mut l = self.cells.clone();
        for i in 0..n {
            for j in 0..=i {
                let dot: f64 = (0..j).map(|k| l[i * n + k] * l[j * n + k]).sum();
                let rest = l[i * n + j] - dot;
                if i != j {
                    l[i * n + j] = rest / l[j * n + j];
                } else if rest.is_nan() || rest <= 0.0 {
                    return None;
                } else {
                    l[i * n + i] = libm::sqrt(rest);
                }
            }
        }
        let mut x = b.to_vec();
        for i in 0..n {
            let dot: f64 = (0..i).map(|k| l[i * n + k] * x[k]).sum();
            x[i] = (x[i] - dot) / l[i * n + i];
        }
        for i in (0..n).rev() {
            let dot: f64 = (i + 1..n).map(|k| l[k * n + i] * x[k]).sum();
            x[i] = (x[i] - dot) / l[i * n + i];
        }
        Some(x)
    }
}

/// Σ a b.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_is_solved() {
        let mut a = Symmetric::diagonal(3, 1.0);
        a.add_outer(&[1.0, 2.0, 3.0], 0.5);
        a.add_outer(&[0.0, -1.0, 4.0], 2.0);
        let x = a.solve(&[1.0, 0.0, -1.0]).unwrap();
        for i in 0..3 {
            let back = dot(&a.cells[i * 3..i * 3 + 3], &x);
            assert!((back - [1.0, 0.0, -1.0][i]).abs() < 1e-12);
        }
        assert_eq!(Symmetric::diagonal(2, 0.0).solve(&[1.0, 1.0]), None);
    }
}
