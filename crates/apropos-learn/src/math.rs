//! Elementary functions that give the same bits on every machine and in every build: plain IEEE operations in a
//! fixed order, never fused.
//!
//! Not here: anything that knows what is being computed.
#![expect(clippy::inline_always, reason = "the caller's vector width must reach the loops")]

/// 1.5 · 2²³: adding it to a small number rounds that number to an integer held in the low bits.
const ROUND: f32 = 12_582_912.0;

/// eˣ for |x| ≤ 87, held at those ends otherwise; about 2 ulp.
///
/// Range reduction by ln 2 in two parts, then the Taylor polynomial of degree 7 on |f| ≤ 0.347. No branches, so that
/// a loop over it becomes vector code.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    let x = x.clamp(-87.0, 87.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let f = (x - n * 0.693_359_4) + n * 2.121_944_4e-4;
    let mut p = 1.984_127e-4;
    p = p * f + 1.388_888_9e-3;
    p = p * f + 8.333_334e-3;
    p = p * f + 4.166_666_6e-2;
    p = p * f + 1.666_666_7e-1;
    p = p * f + 0.5;
    p = p * f + 1.0;
    p = p * f + 1.0;
    // The low bits of `shifted` hold n; moved into the exponent they multiply by 2ⁿ.
    let scale = f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3F80_0000));
    p * scale
}

/// The logistic function 1 / (1 + e⁻ˣ), in (0, 1).
#[inline(always)]
pub(crate) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// The logit of the posterior mean of the probability, approximately: μ / √(1 + π s / 8).
#[inline(always)]
pub(crate) fn probit_logit(mean: f32, variance: f32) -> f32 {
    mean / (1.0 + variance.max(0.0) * std::f32::consts::FRAC_PI_8).sqrt()
}

/// The posterior mean of the probability, approximately.
#[inline(always)]
pub(crate) fn shrunk(mean: f32, variance: f32) -> f32 {
    sigmoid(probit_logit(mean, variance))
}

/// ln(p / (1 − p)) with p kept 1e-9 away from both ends.
pub(crate) fn logit(p: f64) -> f64 {
    let p = p.clamp(1e-9, 1.0 - 1e-9);
    libm::log(p / (1.0 - p))
}

/// The logarithmic loss of predicting `p` when `y` in [0, 1] came true.
pub(crate) fn log_loss(p: f64, y: f64) -> f64 {
    let p = p.clamp(1e-9, 1.0 - 1e-9);
    let yes = if 0.0 < y { y * libm::log(p) } else { 0.0 };
    let no = if y < 1.0 { (1.0 - y) * libm::log(1.0 - p) } else { 0.0 };
    -(yes + no)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_within_a_few_ulp_of_the_library() {
        let mut worst = 0.0_f64;
        for step in -8_700..=8_700 {
            let x = step as f32 / 100.0;
            let exact = libm::exp(f64::from(x));
            worst = worst.max((f64::from(exp(x)) - exact).abs() / exact);
        }
        assert!(worst < 3.0 * f64::from(f32::EPSILON), "{worst}");
        assert_eq!(exp(0.0), 1.0);
    }

    #[test]
    fn sigmoid_stays_inside_the_unit_interval() {
        assert!(sigmoid(1e30) <= 1.0 && 0.0 < sigmoid(-1e30));
        assert_eq!(sigmoid(0.0), 0.5);
        // Golden bits: a change here changes every decision.
        assert_eq!(sigmoid(1.0).to_bits(), 0x3F3B_26A8);
    }
}
