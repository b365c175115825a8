//! The inner loops, each compiled for the widest vectors of the machine it runs on.
//!
//! Every loop here treats its lanes alike and apart, and compilers do not fuse a multiplication with an addition unless
//! told to; so wide and narrow code give the same bits. What must be summed across lanes is summed in a fixed order.
//!
//! Not here: what the numbers mean.
#![expect(clippy::inline_always, reason = "the caller's vector width must reach the loops")]

use pulp::{Simd, WithSimd};

use crate::full::MAX_FULL;
use crate::math;
use crate::rows::Table;

/// Runs `kernel` compiled for this machine.
pub(crate) fn wide<K: WithSimd>(kernel: K) -> K::Output {
    pulp::Arch::new().dispatch(kernel)
}

/// Σ m x and Σ v x² of every lane of a table, added to `sums`.
pub(crate) struct SumRows<'a> {
    pub(crate) table: &'a Table,
    pub(crate) rows: &'a [u32],
    pub(crate) values: &'a [f32],
    pub(crate) sums: &'a mut [f32],
}

impl WithSimd for SumRows<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.table.sum_all(simd, self.rows, self.values, self.sums);
    }
}

/// Calibrated posterior means of probabilities: σ(slope · m / √(1 + π v / 8) + intercept).
pub(crate) struct Shrink<'a> {
    pub(crate) mean: &'a [f32],
    pub(crate) variance: &'a [f32],
    pub(crate) slope: f32,
    pub(crate) intercept: f32,
    pub(crate) p: &'a mut [f32],
}

impl WithSimd for Shrink<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for ((p, &m), &v) in self.p.iter_mut().zip(self.mean).zip(self.variance) {
            *p = math::sigmoid(self.slope * math::probit_logit(m, v) + self.intercept);
        }
    }
}

/// σ(m + optimism · √v) in double precision.
pub(crate) struct Optimistic<'a> {
    pub(crate) mean: &'a [f32],
    pub(crate) variance: &'a [f32],
    pub(crate) optimism: f32,
    pub(crate) out: &'a mut [f64],
}

impl WithSimd for Optimistic<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for ((out, &m), &v) in self.out.iter_mut().zip(self.mean).zip(self.variance) {
            *out = f64::from(math::sigmoid(m + self.optimism * v.max(0.0).sqrt()));
        }
    }
}

/// 1 / (k + rate · (top − score)) for finite scores.
pub(crate) struct InverseGaps<'a> {
    pub(crate) scores: &'a [f64],
    pub(crate) top: f64,
    pub(crate) rate: f64,
    pub(crate) out: &'a mut [f64],
}

impl WithSimd for InverseGaps<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let k = self.scores.len() as f64;
        for (out, &score) in self.out.iter_mut().zip(self.scores) {
            *out = 1.0 / (k + self.rate * (self.top - score));
        }
    }
}

/// The sum in eight lanes, added up pairwise at the end.
pub(crate) fn sum(numbers: &[f64]) -> f64 {
    let (eights, rest) = numbers.as_chunks::<8>();
    let mut lanes = [0.0; 8];
    for eight in eights {
        for lane in 0..8 {
            lanes[lane] += eight[lane];
        }
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    rest.iter().fold(((a + b) + (c + d)) + ((e + f) + (g + h)), |sum, x| sum + x)
}

/// P x for a matrix with rows of `stride` numbers, added up row by row in the order of the features.
pub(crate) struct Product<'a> {
    pub(crate) matrix: &'a [f32],
    pub(crate) stride: usize,
    pub(crate) places: &'a [u32],
    pub(crate) values: &'a [f32],
    pub(crate) result: &'a mut [f32],
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let row = |place: u32| &self.matrix[place as usize * self.stride..][..self.result.len()];
        let (fours, rest) = self.places.as_chunks::<4>();
        let (four_values, rest_values) = self.values.as_chunks::<4>();
        let mut sums = [0.0_f32; MAX_FULL];
        let sums = &mut sums[..self.result.len()];
        for (four, x) in fours.iter().zip(four_values) {
            add_four_scaled(simd, sums, [row(four[0]), row(four[1]), row(four[2]), row(four[3])], *x);
        }
        for (&place, &x) in rest.iter().zip(rest_values) {
            add_scaled(simd, sums, row(place), x);
        }
        self.result.copy_from_slice(sums);
    }
}

/// P −= `shrink` · p pᵀ over the first `p.len()` numbers of each row; the diagonal stays positive.
pub(crate) struct Downdate<'a> {
    pub(crate) matrix: &'a mut [f32],
    pub(crate) stride: usize,
    pub(crate) product: &'a [f32],
    pub(crate) shrink: f32,
}

impl WithSimd for Downdate<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { matrix, stride, product, shrink } = self;
        for (place, row) in matrix.chunks_exact_mut(stride).enumerate() {
            add_scaled(simd, &mut row[..product.len()], product, -(shrink * product[place]));
            row[place] = row[place].max(1e-7);
        }
    }
}

/// The dot product in eight lanes, summed pairwise at the end.
#[inline(always)]
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; 8];
    for (a, b) in a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0) {
        for lane in 0..8 {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + b) + (c + d)) + ((e + f) + (g + h))
}

/// `sums` += `row` · `x`, as far as both reach.
#[inline(always)]
pub(crate) fn add_scaled<S: Simd>(simd: S, sums: &mut [f32], row: &[f32], x: f32) {
    let (sums, sums_end) = S::as_mut_simd_f32s(sums);
    let (row, row_end) = S::as_simd_f32s(row);
    let factor = simd.splat_f32s(x);
    for (sum, row) in sums.iter_mut().zip(row) {
        *sum = simd.add_f32s(*sum, simd.mul_f32s(*row, factor));
    }
    for (sum, row) in sums_end.iter_mut().zip(row_end) {
        *sum += row * x;
    }
}

/// `sums` += Σ `rows` · `x`, four rows in order, so that sums are loaded and stored a quarter as often.
#[inline(always)]
pub(crate) fn add_four_scaled<S: Simd>(simd: S, sums: &mut [f32], rows: [&[f32]; 4], x: [f32; 4]) {
    let (sums, sums_end) = S::as_mut_simd_f32s(sums);
    let [(a, a_end), (b, b_end), (c, c_end), (d, d_end)] = rows.map(|row| S::as_simd_f32s(row));
    let factor = x.map(|x| simd.splat_f32s(x));
    for ((((sum, a), b), c), d) in sums.iter_mut().zip(a).zip(b).zip(c).zip(d) {
        let one = simd.add_f32s(*sum, simd.mul_f32s(*a, factor[0]));
        let two = simd.add_f32s(one, simd.mul_f32s(*b, factor[1]));
        let three = simd.add_f32s(two, simd.mul_f32s(*c, factor[2]));
        *sum = simd.add_f32s(three, simd.mul_f32s(*d, factor[3]));
    }
    for ((((sum, a), b), c), d) in sums_end.iter_mut().zip(a_end).zip(b_end).zip(c_end).zip(d_end) {
        *sum = (((*sum + a * x[0]) + b * x[1]) + c * x[2]) + d * x[3];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Both<'a>(&'a [f32], &'a [f32], &'a mut [f32]);

    impl WithSimd for Both<'_> {
        type Output = u32;

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> u32 {
            add_scaled(simd, self.2, self.0, 0.3);
            for x in self.2.iter_mut() {
                *x = math::sigmoid(*x);
            }
            dot(self.0, self.1).to_bits()
        }
    }

    #[test]
    fn wide_and_plain_code_give_the_same_bits() {
        let value = |at: u32| (at.wrapping_mul(2_654_435_761) >> 8) as f32 / 16_777_216.0 - 0.5;
        let row: Vec<f32> = (0..512).map(value).collect();
        let other: Vec<f32> = (512..1_024).map(value).collect();
        let (mut plain, mut vector) = (other.clone(), other.clone());
        let one = pulp::Scalar::new().vectorize(Both(&row, &other, &mut plain));
        let two = wide(Both(&row, &other, &mut vector));
        assert_eq!(one, two);
        assert_eq!(plain, vector);
    }
}
