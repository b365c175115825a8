//! Stable hashes and counter-based draws: the only source of chance in the engine.
//!
//! A draw is a pure function of (seed, text, slot), so that parallel work cannot reorder draws and a decision
//! replays years later. The hash is XXH3 with 64 bits, fixed by its published specification.
//!
//! Not here: cryptographic hashing. Identifiers are protected elsewhere.

use twox_hash::XxHash3_64;

/// The stable 64-bit hash of `bytes` under `seed`. O(n) in the length.
pub fn stable_hash(seed: u64, bytes: &[u8]) -> u64 {
    XxHash3_64::oneshot_with_seed(seed, bytes)
}

/// The draw for (`seed`, `key`, `slot`): 64 well-mixed bits, the same on every machine.
///
/// `slot` numbers the draws that one decision needs, so that each can be re-taken alone.
pub fn bits(seed: u64, key: &str, slot: u64) -> u64 {
    mix(stable_hash(seed, key.as_bytes()) ^ mix(slot.wrapping_add(0x9E37_79B9_7F4A_7C15)))
}

/// A uniform draw from `[0, 1)` with 53 bits, for (`seed`, `key`, `slot`).
pub fn uniform(seed: u64, key: &str, slot: u64) -> f64 {
    unit(bits(seed, key, slot))
}

/// Maps 64 bits to `[0, 1)`, using the upper 53.
pub fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): a bijection that mixes every bit into every other.
pub fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_fixed_for_ever() {
        // Golden values: a change here changes every replayed decision.
        assert_eq!(stable_hash(0, b""), 0x2D06_8005_38D3_94C2);
        assert_eq!(bits(7, "d-1", 0), bits(7, "d-1", 0));
        assert_ne!(bits(7, "d-1", 0), bits(7, "d-1", 1));
        assert_ne!(bits(7, "d-1", 0), bits(8, "d-1", 0));
    }

    #[test]
    fn uniform_draws_fill_the_unit_interval_evenly() {
        let mut buckets = [0_u32; 10];
        for slot in 0..100_000 {
            let u = uniform(1, "key", slot);
            assert!((0.0..1.0).contains(&u));
            buckets[(u * 10.0) as usize] += 1;
        }
        assert!(buckets.iter().all(|n| (9_600..10_400).contains(n)), "{buckets:?}");
    }
}
