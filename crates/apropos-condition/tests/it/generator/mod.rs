//! Random conditions that are well typed, and random facts to decide them on.
//!
//! The fuzz targets use it too. Not here: what conditions mean, see `reference`.

mod conditions;
mod values;
mod world;

pub(crate) use conditions::Generator;
pub(crate) use world::{facts, schema};

/// A small generator of numbers: the bytes of a tape while there are any, then SplitMix64.
pub(crate) struct Rng {
    tape: Vec<u8>,
    at: usize,
    state: u64,
}

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Self { tape: Vec::new(), at: 0, state: seed }
    }

    /// Whoever writes the tape decides: one byte a choice.
    pub(crate) fn of(tape: &[u8]) -> Self {
        Self { tape: tape.to_vec(), at: 0, state: 0 }
    }

    pub(crate) fn next(&mut self) -> u64 {
        if let Some(byte) = self.tape.get(self.at) {
            self.at += 1;
            return u64::from(*byte);
        }
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    pub(crate) fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize].clone()
    }
}
