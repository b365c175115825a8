//! The inner loops, each compiled for the widest vectors of the machine it runs on.
//!
//! Every loop here treats its lanes alike and apart, and compilers do not fuse a multiplication with an addition unless
//! told to; so wide and narrow code give the same bits. What must be summed across lanes is summed in a fixed order.
//!
//! Not here: what the numbers mean.
#![expect(clippy::inline_always, reason = "the caller's vector width must reach the loops")]

use pulp::{Simd, WithSimd};

use crate::full::PENDING;
use crate::math;
use crate::rows::LANES;

/// Runs `kernel` compiled for this machine.
pub(crate) fn wide<K: WithSimd>(kernel: K) -> K::Output {
    pulp::Arch::new().dispatch(kernel)
}

/// Calibrated posterior means of probabilities: σ(slope · m / √(1 + π v / 8) + intercept).
pub(crate) struct Shrink<'a> {
    pub(crate) mean: &'a [f32],
    pub(crate) variance: &'a [f32],
    /// Slope and intercept.
    pub(crate) line: (f32, f32),
    pub(crate) p: &'a mut [f32],
}

impl WithSimd for Shrink<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for ((p, &m), &v) in self.p.iter_mut().zip(self.mean).zip(self.variance) {
            *p = shrunk(m, v, self.line);
        }
    }
}

/// One of them.
#[inline(always)]
pub(crate) fn shrunk(mean: f32, variance: f32, (slope, intercept): (f32, f32)) -> f32 {
    math::sigmoid(slope * math::probit_logit(mean, variance) + intercept)
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

/// Selection probabilities by inverse gaps, mixed with an even floor, over finite scores: 1 / (k + rate · (top − score))
/// for all but the first of the best, which takes what is left. False when a score is beyond ±1e300 or not a number.
pub(crate) struct InverseGaps<'a> {
    pub(crate) scores: &'a [f64],
    /// γ over the scores' unit.
    pub(crate) rate: f64,
    pub(crate) floor: f64,
    pub(crate) out: &'a mut [f64],
}

impl WithSimd for InverseGaps<'_> {
    type Output = bool;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> bool {
        let Self { scores, rate, floor, out } = self;
        let Some(top) = highest(scores) else { return false };
        let Some(best) = scores.iter().position(|score| *score == top) else { return false };
        let k = scores.len() as f64;
        let (keep, least) = (1.0 - floor, floor / k);
        for (out, &score) in out.iter_mut().zip(scores) {
            *out = keep * (1.0 / (k + rate * (top - score))) + least;
        }
        let Some(first) = out.get_mut(best) else { return false };
        *first = 0.0;
        let others = sum(out);
        out[best] = (1.0 - others).max(0.0);
        true
    }
}

/// The highest of the scores, found in eight lanes; none when one is beyond ±1e300 or not a number.
#[inline(always)]
fn highest(scores: &[f64]) -> Option<f64> {
    let (eights, rest) = scores.as_chunks::<8>();
    // A number times zero is zero; what is not a number or infinite gives no number.
    let (mut top, mut bottom, mut zero) = ([f64::MIN; 8], [f64::MAX; 8], [0.0_f64; 8]);
    for eight in eights {
        for lane in 0..8 {
            top[lane] = if top[lane] < eight[lane] { eight[lane] } else { top[lane] };
            bottom[lane] = if eight[lane] < bottom[lane] { eight[lane] } else { bottom[lane] };
            zero[lane] += eight[lane] * 0.0;
        }
    }
    let fine = zero.iter().all(|zero| *zero == 0.0)
        && bottom.iter().all(|score| -1e300 < *score)
        && rest.iter().all(|score| score.abs() < 1e300);
    let higher = |top: f64, score: &f64| if top < *score { *score } else { top };
    let top = top.iter().chain(rest).fold(f64::MIN, higher);
    (fine && top < 1e300).then_some(top)
}

/// The sum in eight lanes, added up pairwise at the end.
#[inline(always)]
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

/// P x for a matrix with rows of `stride` numbers less the squares of the pending vectors, added up row by row in the
/// order of the features.
pub(crate) struct Product<'a> {
    pub(crate) matrix: &'a [f32],
    pub(crate) pending: &'a [f32],
    pub(crate) stride: usize,
    pub(crate) places: &'a [u32],
    pub(crate) values: &'a [f32],
    pub(crate) result: &'a mut [f32],
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { matrix, pending, stride, places, values, result } = self;
        result.fill(0.0);
        add_rows(simd, matrix, stride, places, values, result);
        let along = along(pending, stride, places, values);
        for (taken, along) in pending.chunks_exact(stride).zip(along) {
            add_scaled(simd, result, taken, -along);
        }
    }
}

/// The dot products of the features with each pending vector, at most eight, side by side; each in the order of the features.
#[inline(always)]
pub(crate) fn along(pending: &[f32], stride: usize, places: &[u32], values: &[f32]) -> [f32; PENDING] {
    let mut sums = [0.0; PENDING];
    if pending.is_empty() {
        return sums;
    }
    let mut vectors = pending.chunks_exact(stride);
    let vectors: [&[f32]; PENDING] = std::array::from_fn(|_| vectors.next().unwrap_or(&[]));
    let count = pending.len() / stride;
    for (&place, &x) in places.iter().zip(values) {
        for (sum, vector) in sums.iter_mut().zip(vectors).take(count) {
            *sum += vector.get(place as usize).copied().unwrap_or(0.0) * x;
        }
    }
    sums
}

/// xᵀPx for a matrix with rows of `stride` numbers; `dense` holds x at every place, padded to a multiple of eight.
///
/// Several vectors of columns are summed at a time, in registers, then multiplied by `dense` in eight lanes that are added
/// up pairwise at the end.
#[inline(always)]
pub(crate) fn quadratic<S: Simd>(
    simd: S,
    matrix: &[f32],
    stride: usize,
    places: &[u32],
    values: &[f32],
    dense: &[f32],
) -> f32 {
    let rows = Rows { matrix, stride, places, values };
    let (mut lanes, mut from) = ([0.0_f32; LANES], 0);
    if 8 <= S::F32_LANES {
        from = rows.columns::<S, 4>(simd, dense, from, &mut lanes);
        from = rows.columns::<S, 2>(simd, dense, from, &mut lanes);
        from = rows.columns::<S, 1>(simd, dense, from, &mut lanes);
    } else if S::F32_LANES == 4 {
        from = rows.columns::<S, 2>(simd, dense, from, &mut lanes);
    }
    rows.eights(dense, from, &mut lanes);
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + b) + (c + d)) + ((e + f) + (g + h))
}

/// The active rows of a matrix.
struct Rows<'a> {
    matrix: &'a [f32],
    stride: usize,
    places: &'a [u32],
    values: &'a [f32],
}

impl Rows<'_> {
    /// `lanes` += (Σ x · row) · dense over the columns from `from` on, N vectors at a time while so many are left; a column's
    /// lane is its place modulo eight. Returns the first column left.
    #[inline(always)]
    fn columns<S: Simd, const N: usize>(
        &self,
        simd: S,
        dense: &[f32],
        mut from: usize,
        lanes: &mut [f32; LANES],
    ) -> usize {
        let width = N * S::F32_LANES;
        while let Some(dense) = dense.get(from..from + width) {
            let mut sums = [simd.splat_f32s(0.0); N];
            for (&place, &x) in self.places.iter().zip(self.values) {
                // A place beyond the matrix has no row, and one that is beyond all numbers even less.
                let at = (place as usize).wrapping_mul(self.stride).wrapping_add(from);
                let Some(row) = self.matrix.get(at..at.wrapping_add(width)) else { continue };
                let Some(row) = S::as_simd_f32s(row).0.first_chunk::<N>() else { continue };
                let factor = simd.splat_f32s(x);
                for at in 0..N {
                    sums[at] = simd.add_f32s(sums[at], simd.mul_f32s(row[at], factor));
                }
            }
            let mut products = [0.0_f32; 8 * LANES];
            let products = &mut products[..width];
            let factors = S::as_simd_f32s(dense).0;
            for ((product, sum), factor) in S::as_mut_simd_f32s(products).0.iter_mut().zip(sums).zip(factors)
            {
                *product = simd.mul_f32s(sum, *factor);
            }
            for eight in products.as_chunks::<LANES>().0 {
                for lane in 0..LANES {
                    lanes[lane] += eight[lane];
                }
            }
            from += width;
        }
        from
    }
}

impl Rows<'_> {
    /// The same for all columns from `from` on, eight at a time: what is left of wider vectors.
    #[inline(always)]
    fn eights(&self, dense: &[f32], from: usize, lanes: &mut [f32; LANES]) {
        let (eights, _) = dense.get(from..).unwrap_or_default().as_chunks::<LANES>();
        for (from, dense) in (from..).step_by(LANES).zip(eights) {
            let mut sums = [0.0_f32; LANES];
            for (&place, &x) in self.places.iter().zip(self.values) {
                let at = (place as usize).wrapping_mul(self.stride).wrapping_add(from);
                let row = self.matrix.get(at..).and_then(<[f32]>::first_chunk::<LANES>);
                let Some(row) = row else { continue };
                for lane in 0..LANES {
                    sums[lane] += row[lane] * x;
                }
            }
            for lane in 0..LANES {
                lanes[lane] += sums[lane] * dense[lane];
            }
        }
    }
}

/// `sums` += Σ x · row over the places, four rows at a time.
#[inline(always)]
fn add_rows<S: Simd>(
    simd: S,
    matrix: &[f32],
    stride: usize,
    places: &[u32],
    values: &[f32],
    sums: &mut [f32],
) {
    let width = sums.len();
    let row = |place: u32| &matrix[place as usize * stride..][..width];
    let (fours, rest) = places.as_chunks::<4>();
    let (four_values, rest_values) = values.as_chunks::<4>();
    for (four, x) in fours.iter().zip(four_values) {
        add_four_scaled(simd, sums, [row(four[0]), row(four[1]), row(four[2]), row(four[3])], *x);
    }
    for (&place, &x) in rest.iter().zip(rest_values) {
        add_scaled(simd, sums, row(place), x);
    }
}

/// P −= Σ u uᵀ for the one or eight vectors in `taken`, row by row; the diagonal stays positive.
pub(crate) struct Downdate<'a> {
    pub(crate) matrix: &'a mut [f32],
    pub(crate) stride: usize,
    pub(crate) taken: &'a [f32],
}

impl WithSimd for Downdate<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { matrix, stride, taken } = self;
        if taken.len() <= stride {
            for (place, row) in matrix.chunks_exact_mut(stride).enumerate() {
                add_scaled(simd, row, taken, -taken[place]);
                row[place] = row[place].max(1e-7);
            }
            return;
        }
        let mut vectors = taken.chunks_exact(stride);
        let halves: [[&[f32]; PENDING / 2]; 2] =
            [(); 2].map(|()| std::array::from_fn(|_| vectors.next().unwrap_or(&[])));
        for (place, row) in matrix.chunks_exact_mut(stride).enumerate() {
            for half in halves {
                let factors = half.map(|vector| -vector.get(place).copied().unwrap_or(0.0));
                add_four_scaled(simd, row, half, factors);
            }
            row[place] = row[place].max(1e-7);
        }
    }
}

/// `sums` += `row` · `x`; both are as long.
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

/// `sums` += Σ `rows` · `x`, four rows as long as it, in order, so that sums are loaded and stored a quarter as often.
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

/// This machine, and what a narrower one like it would run.
#[cfg(test)]
pub(crate) fn machines() -> Vec<pulp::Arch> {
    let mut machines = vec![pulp::Arch::new()];
    #[cfg(target_arch = "x86_64")]
    machines.extend(pulp::x86::V3::try_new().map(pulp::Arch::V3));
    machines
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers between −½ and ½ that look random.
    fn numbers(from: u32, count: u32) -> Vec<f32> {
        let value = |at: u32| (at.wrapping_mul(2_654_435_761) >> 8) as f32 / 16_777_216.0 - 0.5;
        (from..from + count).map(value).collect()
    }

    /// Runs a kernel on copies of the room it writes to, compiled for no machine and for those it may meet: the bits must
    /// be the same.
    macro_rules! same {
        ($start:expr, |$room:ident| $kernel:expr) => {{
            let mut plain = $start.clone();
            let narrow = [{
                let $room = &mut plain;
                pulp::Scalar::new().vectorize($kernel)
            }];
            for arch in machines() {
                let mut vector = $start.clone();
                let wide = [{
                    let $room = &mut vector;
                    arch.dispatch($kernel)
                }];
                assert_eq!(narrow, wide);
                assert_eq!(plain, vector);
            }
        }};
    }

    struct Squares<'a>(&'a [f32], &'a [u32], &'a [f32], &'a [f32]);

    impl WithSimd for Squares<'_> {
        type Output = u32;

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> u32 {
            quadratic(simd, self.0, 48, self.1, self.2, self.3).to_bits()
        }
    }

    #[test]
    fn wide_and_plain_code_give_the_same_bits() {
        let (row, other) = (numbers(0, 509), numbers(512, 509));
        let variance: Vec<f32> = other.iter().map(|x| x * x).collect();
        same!(row, |p| Shrink { mean: &row, variance: &variance, line: (1.1, -0.2), p });
        let scores: Vec<f64> = row.iter().map(|x| f64::from(*x)).collect();
        same!(scores, |out| Optimistic { mean: &row, variance: &variance, optimism: 0.3, out });
        same!(scores, |out| InverseGaps { scores: &scores, rate: 3e4, floor: 0.01, out });
        // A matrix of 40 features in rows of 48, seven of them active.
        let (matrix, taken) = (numbers(0, 40 * 48), numbers(9_000, 8 * 48));
        let (places, values) = ([0, 3, 4, 11, 22, 23, 39], numbers(5, 7));
        let mut dense = vec![0.0; 40];
        places.iter().zip(&values).for_each(|(place, x)| dense[*place as usize] = *x);
        same!(row, |_room| Squares(&matrix, &places, &values, &dense));
        for pending in [&taken[..0], &taken[..48], &taken[..3 * 48]] {
            same!(taken[..48].to_vec(), |result| Product {
                matrix: &matrix,
                pending,
                stride: 48,
                places: &places,
                values: &values,
                result,
            });
        }
        for taken in [&taken[..48], &taken[..]] {
            same!(matrix, |matrix| Downdate { matrix, stride: 48, taken });
        }
    }

    #[test]
    fn kernels_do_what_their_formulas_say() {
        let stride = 48;
        let (matrix, values) = (numbers(0, 40 * 48), numbers(5, 3));
        let places = [2_u32, 17, 39];
        let mut dense = vec![0.0; 40];
        places.iter().zip(&values).for_each(|(place, x)| dense[*place as usize] = *x);
        let cell = |row: usize, column: usize| f64::from(matrix[row * stride + column]);
        let x = |at: usize| f64::from(dense[at]);
        let pairs = || (0..40).flat_map(|row| (0..40).map(move |column| (row, column)));
        let naive: f64 = pairs().map(|(row, column)| x(row) * cell(row, column) * x(column)).sum();
        let plain = pulp::Scalar::new();
        assert!(
            (f64::from(quadratic(plain, &matrix, stride, &places, &values, &dense)) - naive).abs() < 1e-6
        );
        let taken = numbers(9_000, 8 * 48);
        let mut downdated = matrix.clone();
        wide(Downdate { matrix: &mut downdated, stride, taken: &taken });
        for (row, column) in pairs() {
            let square =
                |at: usize| f64::from(taken[at * stride + row]) * f64::from(taken[at * stride + column]);
            let naive = cell(row, column) - (0..8).map(square).sum::<f64>();
            let naive = if row == column { naive.max(1e-7) } else { naive };
            assert!((f64::from(downdated[row * stride + column]) - naive).abs() < 1e-6);
        }
    }
}
