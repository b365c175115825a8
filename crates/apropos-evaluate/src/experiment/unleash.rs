//! Bucketing as Unleash's SDKs do it: gradual roll-outs and weighted variants by MurmurHash3.
//!
//! Not here: its constraints, segments and strategies other than bucketing.

use super::hash::murmur3;

/// The seed with which variants are hashed, so that they are independent of the roll-out.
pub const VARIANT_SEED: u32 = 86_028_157;

/// Where a unit falls in 1..=`normalizer`.
///
/// ```
/// use apropos_evaluate::experiment::unleash::normalized;
/// assert_eq!(normalized("123", "gr1", 100, 0), 73);
/// assert_eq!(normalized("999", "groupX", 100, 0), 25);
/// ```
pub fn normalized(unit: &str, group: &str, normalizer: u32, seed: u32) -> u32 {
    murmur3(format!("{group}:{unit}").as_bytes(), seed) % normalizer.max(1) + 1
}

/// Whether a unit is in the first `percentage` of a group.
pub fn rolled_out(unit: &str, group: &str, percentage: u32) -> bool {
    normalized(unit, group, 100, 0) <= percentage
}

/// The variant a unit gets: the first whose running weight reaches the unit's place. `None` without weight.
pub fn variant(unit: &str, group: &str, weights: &[u32]) -> Option<usize> {
    let total = weights.iter().try_fold(0_u32, |sum, weight| sum.checked_add(*weight))?;
    if total == 0 {
        return None;
    }
    let place = normalized(unit, group, total, VARIANT_SEED);
    let mut reached = 0;
    weights.iter().position(|weight| {
        reached += weight;
        0 < *weight && place <= reached
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_follow_their_weights() {
        let mut counts = [0; 3];
        for unit in 0..30_000 {
            counts[variant(&unit.to_string(), "group", &[10, 20, 70]).unwrap()] += 1;
        }
        assert!((2_700..3_300).contains(&counts[0]) && (20_400..21_600).contains(&counts[2]), "{counts:?}");
        assert_eq!(variant("1", "g", &[0, 0]), None);
        assert_eq!(variant("1", "g", &[u32::MAX, 1]), None);
    }

    #[test]
    fn a_roll_out_only_grows() {
        for unit in 0..500 {
            let unit = unit.to_string();
            let first = (0..=100).find(|percentage| rolled_out(&unit, "g", *percentage)).unwrap();
            assert!((first..=100).all(|percentage| rolled_out(&unit, "g", percentage)));
        }
    }
}
