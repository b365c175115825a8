//! Digests of parts of a model, each kept until its part changes, so that a fingerprint costs what has changed.
//!
//! A digest is a pure function of what it is of. Whether it was kept, and since when, cannot be seen from it.
//!
//! Not here: which parts there are; each room outlines its own.

use std::sync::OnceLock;

use serde::Serialize;

/// A BLAKE3 digest.
pub(crate) type Digest = [u8; 32];

/// The digest of something, once somebody has asked for it. Whoever changes that thing forgets its digest.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept(OnceLock<Digest>);

impl Kept {
    /// The kept digest, or that of the outline which `draw` writes, which is kept from now on.
    pub(crate) fn of(&self, draw: impl FnOnce(&mut Outline)) -> Digest {
        *self.0.get_or_init(|| {
            let mut outline = Outline(Vec::with_capacity(LARGE));
            draw(&mut outline);
            // Eight whole chunks of BLAKE3 are hashed in little more time than one that is alone.
            let Outline(bytes) = &mut outline;
            bytes.resize(bytes.len().next_multiple_of(LARGE), 0);
            *blake3::hash(bytes).as_bytes()
        })
    }

    /// Forgets the digest: what it was of has changed.
    pub(crate) fn forget(&mut self) {
        self.0 = OnceLock::new();
    }
}

/// Bytes from which on a part is worth a digest of its own: as little as is hashed at full speed.
pub(crate) const LARGE: usize = 8_192;

/// What is kept says nothing that its thing does not say.
impl PartialEq for Kept {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// The bytes that a digest is taken of: small parts as they are stored, large ones by their digests.
#[derive(Debug, Default)]
pub(crate) struct Outline(Vec<u8>);

impl Outline {
    /// Adds a part as it is stored. Parts say their own lengths, so that no two outlines run into the same bytes.
    pub(crate) fn part(&mut self, part: &(impl Serialize + ?Sized)) {
        // Writing to a vector cannot fail.
        self.0 = postcard::to_extend(part, std::mem::take(&mut self.0)).unwrap_or_default();
    }

    /// Adds the digest of a part.
    pub(crate) fn digest_of(&mut self, digest: &Digest) {
        self.0.extend_from_slice(digest);
    }

    /// Adds numbers with their count.
    pub(crate) fn sequence(&mut self, numbers: &[f32]) {
        self.part(&numbers.len());
        self.numbers(numbers);
    }

    /// Adds numbers, whose count is known.
    pub(crate) fn numbers(&mut self, numbers: &[f32]) {
        let from = self.0.len();
        self.0.resize(from + size_of_val(numbers), 0);
        for (bytes, number) in self.0[from..].as_chunks_mut().0.iter_mut().zip(numbers) {
            *bytes = number.to_le_bytes();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_drawn_once_until_it_is_forgotten() {
        let mut kept = Kept::default();
        let first = kept.of(|outline| outline.part("a"));
        assert_eq!(kept.of(|outline| outline.part("b")), first);
        assert_eq!(kept.clone().of(|outline| outline.part("b")), first);
        kept.forget();
        assert_ne!(kept.of(|outline| outline.part("b")), first);
    }

    #[test]
    fn numbers_are_outlined_as_they_are_stored() {
        let numbers = [0.0, -1.5, f32::MIN_POSITIVE];
        let (mut fast, mut plain) = (Outline::default(), Outline::default());
        fast.sequence(&numbers);
        plain.part(&numbers[..]);
        assert_eq!(fast.0, plain.0);
    }
}
