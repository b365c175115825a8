//! Reading bits from URL-safe base 64 without padding, highest bit first.
//!
//! Not here: what the bits mean.

use super::{ConsentStringError, MAX_STRING_BYTES};

/// Bits still to be read.
pub(super) struct Bits {
    bytes: Vec<u8>,
    at: usize,
    end: usize,
}

impl Bits {
    /// The bits of one segment.
    pub(super) fn new(text: &str) -> Result<Self, ConsentStringError> {
        if MAX_STRING_BYTES < text.len() {
            return Err(ConsentStringError::Long(MAX_STRING_BYTES));
        }
        let text = text.trim_end_matches('=');
        let mut bytes = Vec::with_capacity(text.len() * 3 / 4 + 1);
        let (mut held, mut count) = (0_u32, 0);
        for byte in text.bytes() {
            let six = match byte {
                b'A'..=b'Z' => byte - b'A',
                b'a'..=b'z' => byte - b'a' + 26,
                b'0'..=b'9' => byte - b'0' + 52,
                b'-' | b'+' => 62,
                b'_' | b'/' => 63,
                _ => return Err(ConsentStringError::Alphabet),
            };
            held = (held << 6) | u32::from(six);
            count += 6;
            if 8 <= count {
                count -= 8;
                bytes.push((held >> count) as u8);
            }
        }
        if 0 < count {
            bytes.push((held << (8 - count)) as u8);
        }
        Ok(Self { bytes, at: 0, end: text.len() * 6 })
    }

    pub(super) fn bit(&mut self) -> Result<bool, ConsentStringError> {
        if self.end <= self.at {
            return Err(ConsentStringError::Short);
        }
        let byte = self.bytes.get(self.at / 8).ok_or(ConsentStringError::Short)?;
        let bit = byte >> (7 - self.at % 8) & 1;
        self.at += 1;
        Ok(bit == 1)
    }

    /// A number of `width` bits, at most 64.
    pub(super) fn number(&mut self, width: usize) -> Result<u64, ConsentStringError> {
        (0..width).try_fold(0, |n, _| Ok(n << 1 | u64::from(self.bit()?)))
    }

    pub(super) fn u16(&mut self, width: usize) -> Result<u16, ConsentStringError> {
        self.number(width).map(|n| n as u16)
    }

    pub(super) fn u8(&mut self, width: usize) -> Result<u8, ConsentStringError> {
        self.number(width).map(|n| n as u8)
    }

    /// Two letters of six bits each, counted from A.
    pub(super) fn letters(&mut self) -> Result<String, ConsentStringError> {
        let mut text = String::new();
        for _ in 0..2 {
            let at = self.u8(6)?;
            if 25 < at {
                return Err(ConsentStringError::Malformed("a letter is not one of A to Z"));
            }
            text.push(char::from(b'A' + at));
        }
        Ok(text)
    }

    /// The numbers, from 1, of the bits that are set among the next `width`.
    pub(super) fn set(&mut self, width: u16) -> Result<Vec<u16>, ConsentStringError> {
        let mut set = Vec::new();
        for n in 1..=width {
            if self.bit()? {
                set.push(n);
            }
        }
        Ok(set)
    }

    /// A number in Fibonacci coding: sums of Fibonacci numbers, ended by two ones.
    pub(super) fn fibonacci(&mut self) -> Result<u32, ConsentStringError> {
        let (mut sum, mut here, mut next, mut last) = (0_u32, 1_u32, 2_u32, false);
        for _ in 0..40 {
            let bit = self.bit()?;
            if bit && last {
                return Ok(sum);
            }
            if bit {
                sum = sum.saturating_add(here);
            }
            (here, next) = (next, here.saturating_add(next));
            last = bit;
        }
        Err(ConsentStringError::Malformed("a number does not end"))
    }
}
