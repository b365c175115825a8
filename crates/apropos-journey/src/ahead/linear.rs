//! Solving small dense systems exactly: Gaussian elimination with partial pivoting.
//!
//! Not here: what the systems mean.

/// A square matrix, factored once and solved for many right-hand sides. O(n³) to factor, O(n²) to solve.
pub(super) struct Factored {
    n: usize,
    /// Lower and upper factor, row by row.
    cells: Vec<f64>,
    order: Vec<usize>,
}

impl Factored {
    /// Factors the matrix given row by row; `None` when it is singular.
    pub(super) fn new(n: usize, mut cells: Vec<f64>) -> Option<Self> {
        let mut order: Vec<usize> = (0..n).collect();
        for column in 0..n {
            let pivot = (column..n).fold(column, |best, row| {
                if cells[best * n + column].abs() < cells[row * n + column].abs() { row } else { best }
            });
            if cells[pivot * n + column].abs() < TINY {
                return None;
            }
            if pivot != column {
                (0..n).for_each(|at| cells.swap(pivot * n + at, column * n + at));
                order.swap(pivot, column);
            }
            for row in column + 1..n {
                let factor = cells[row * n + column] / cells[column * n + column];
                if factor == 0.0 {
                    continue;
                }
                cells[row * n + column] = factor;
                for at in column + 1..n {
                    cells[row * n + at] -= factor * cells[column * n + at];
                }
            }
        }
        Some(Self { n, cells, order })
    }

    /// The solution for one right-hand side.
    pub(super) fn solve(&self, right: &[f64]) -> Vec<f64> {
        let n = self.n;
        let mut x: Vec<f64> = self.order.iter().map(|at| right[*at]).collect();
        for row in 0..n {
            for at in 0..row {
                x[row] -= self.cells[row * n + at] * x[at];
            }
        }
        for row in (0..n).rev() {
            for at in row + 1..n {
                x[row] -= self.cells[row * n + at] * x[at];
            }
            x[row] /= self.cells[row * n + row];
        }
        x
    }
}

const TINY: f64 = 1e-13;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_that_needs_a_swap_is_solved() {
        let factored = Factored::new(3, vec![0.0, 2.0, 1.0, 1.0, 1.0, 1.0, 2.0, 0.0, 3.0]).unwrap();
        let x = factored.solve(&[7.0, 6.0, 11.0]);
        for (got, expected) in x.iter().zip([1.0, 2.0, 3.0]) {
            assert!((got - expected).abs() < 1e-12, "{x:?}");
        }
        assert!(Factored::new(2, vec![1.0, 2.0, 2.0, 4.0]).is_none());
    }
}
