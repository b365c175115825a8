//! The two published hashes that other tools bucket with: FNV-1a and MurmurHash3, both with 32 bits.
//!
//! Not here: our own hash, which is `apropos_event::draw::stable_hash`.

/// FNV-1a with 32 bits, over the UTF-8 bytes (Fowler, Noll, Vo).
///
/// ```
/// use apropos_evaluate::experiment::hash::fnv1a;
/// assert_eq!(fnv1a("foobar"), 0xbf9c_f968);
/// ```
pub fn fnv1a(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// MurmurHash3, variant x86 with 32 bits (Appleby).
///
/// ```
/// use apropos_evaluate::experiment::hash::murmur3;
/// assert_eq!(murmur3(b"", 0), 0);
/// assert_eq!(murmur3(b"hello", 0), 0x248b_fa47);
/// ```
pub fn murmur3(bytes: &[u8], seed: u32) -> u32 {
    let (blocks, tail) = bytes.as_chunks::<4>();
    let mut hash = seed;
    for block in blocks {
        hash = (hash ^ scramble(u32::from_le_bytes(*block)))
            .rotate_left(13)
            .wrapping_mul(5)
            .wrapping_add(0xe654_6b64);
    }
    let rest = tail.iter().rev().fold(0_u32, |rest, byte| rest << 8 | u32::from(*byte));
    if !tail.is_empty() {
        hash ^= scramble(rest);
    }
    hash ^= bytes.len() as u32;
    hash = (hash ^ hash >> 16).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ hash >> 13).wrapping_mul(0xc2b2_ae35);
    hash ^ hash >> 16
}

fn scramble(block: u32) -> u32 {
    block.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn murmur_handles_every_tail() {
        // Published test vectors.
        assert_eq!(murmur3(b"", 1), 0x514e_28b7);
        assert_eq!(murmur3(&[0xff; 4], 0), 0x7629_3b50);
        assert_eq!(murmur3(&[0x21, 0x43, 0x65, 0x87], 0), 0xf55b_516b);
        assert_eq!(murmur3(&[0x21, 0x43, 0x65], 0), 0x7e4a_8634);
        assert_eq!(murmur3(&[0x21, 0x43], 0), 0xa0f7_b07a);
        assert_eq!(murmur3(&[0x21], 0), 0x7266_1cf4);
    }
}
