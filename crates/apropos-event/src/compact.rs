//! Compact bytes: how the rooms write the bulk of their state for machines.
//!
//! Numbers take seven bits a byte, texts their length and their bytes, values a tag. Whatever is read is checked, so that
//! no bytes can do worse than be refused: lengths against what is left, nesting against [`LIMITS`],
//! instants and numbers against their range. Not here: what is written, and its version.
//!
//! ```
//! use apropos_event::compact::{Reader, Writer};
//!
//! let mut out = Writer::new();
//! out.number(300);
//! out.text("web");
//! let bytes = out.finish();
//! assert_eq!(bytes.len(), 6);
//! let mut input = Reader::new(&bytes);
//! assert_eq!((input.number(), input.text(), input.is_empty()), (Some(300), Some("web"), true));
//! ```

use std::collections::BTreeMap;

use crate::{LIMITS, Timestamp, Value};

/// Bytes being written.
#[derive(Clone, Debug, Default)]
pub struct Writer(Vec<u8>);

/// Bytes still to be read. Every method gives `None` when the bytes are not what it reads.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a>(&'a [u8]);

impl Writer {
    /// No bytes yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// No bytes yet, and room for `bytes`.
    pub fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// What was written.
    pub fn finish(self) -> Vec<u8> {
        self.0
    }

    /// One byte.
    pub fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    /// A number: seven bits a byte, lowest first, the top bit says that more follow.
    pub fn number(&mut self, mut n: u64) {
        while 0x80 <= n {
            self.0.push(n as u8 | 0x80);
            n >>= 7;
        }
        self.0.push(n as u8);
    }

    /// A number with a sign: small ones either way are short.
    pub fn signed(&mut self, n: i64) {
        self.number((n << 1).cast_unsigned() ^ (n >> 63).cast_unsigned());
    }

    /// A wide number with a sign.
    pub fn wide(&mut self, n: i128) {
        let mut n = (n << 1).cast_unsigned() ^ (n >> 127).cast_unsigned();
        while 0x80 <= n {
            self.0.push(n as u8 | 0x80);
            n >>= 7;
        }
        self.0.push(n as u8);
    }

    /// Eight bytes, for numbers that look like chance.
    pub fn u64(&mut self, n: u64) {
        self.0.extend_from_slice(&n.to_le_bytes());
    }

    /// Four bytes, likewise.
    pub fn u32(&mut self, n: u32) {
        self.0.extend_from_slice(&n.to_le_bytes());
    }

    /// An instant.
    pub fn instant(&mut self, at: Timestamp) {
        self.signed(at.as_micros());
    }

    /// A text: its length, its bytes.
    pub fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    /// A value: a tag, then what it holds.
    pub fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.byte(NULL),
            Value::Bool(false) => self.byte(FALSE),
            Value::Bool(true) => self.byte(TRUE),
            Value::Int(n) => {
                self.byte(INT);
                self.signed(*n);
            }
            Value::Double(x) => {
                self.byte(DOUBLE);
                self.u64(x.to_bits());
            }
            Value::Text(text) => {
                self.byte(TEXT);
                self.text(text);
            }
            Value::List(list) => {
                self.byte(LIST);
                self.number(list.len() as u64);
                for value in list {
                    self.value(value);
                }
            }
            Value::Map(map) => {
                self.byte(MAP);
                self.number(map.len() as u64);
                for (name, value) in map {
                    self.text(name);
                    self.value(value);
                }
            }
        }
    }
}

/// The coarsest unit in which instants lose nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Unit {
    Microsecond,
    Millisecond,
    Second,
}

/// Instants one after another, each as its distance from the one before.
#[derive(Clone, Copy, Debug)]
pub struct Ticks {
    unit: i64,
    last: i64,
}

impl Unit {
    /// The unit of `instants`.
    pub fn of(instants: impl Iterator<Item = Timestamp>) -> Self {
        instants.fold(Self::Second, |unit, at| {
            let fits = |unit: Self| at.as_micros() % unit.micros() == 0;
            match unit {
                Self::Second if fits(Self::Second) => Self::Second,
                Self::Second | Self::Millisecond if fits(Self::Millisecond) => Self::Millisecond,
                _ => Self::Microsecond,
            }
        })
    }

    /// The number that stands for the unit.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The unit that the number stands for.
    pub fn from_code(code: u8) -> Option<Self> {
        [Self::Microsecond, Self::Millisecond, Self::Second].into_iter().find(|unit| unit.code() == code)
    }

    fn micros(self) -> i64 {
        match self {
            Self::Microsecond => 1,
            Self::Millisecond => 1_000,
            Self::Second => 1_000_000,
        }
    }
}

impl Ticks {
    /// Instants that count in `unit`.
    pub fn new(unit: Unit) -> Self {
        Self { unit: unit.micros(), last: 0 }
    }

    /// Writes the next instant.
    pub fn write(&mut self, out: &mut Writer, at: Timestamp) {
        let tick = at.as_micros() / self.unit;
        out.signed(tick - self.last);
        self.last = tick;
    }

    /// Reads the next instant.
    pub fn read(&mut self, input: &mut Reader<'_>) -> Option<Timestamp> {
        self.last = self.last.checked_add(input.signed()?)?;
        Timestamp::from_micros(self.last.checked_mul(self.unit)?).ok()
    }
}

const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const INT: u8 = 3;
const DOUBLE: u8 = 4;
const TEXT: u8 = 5;
const LIST: u8 = 6;
const MAP: u8 = 7;

impl<'a> Reader<'a> {
    /// Reads `bytes` from their start.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Whether everything was read.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many bytes are left.
    pub fn left(&self) -> usize {
        self.0.len()
    }

    /// The next `n` bytes.
    pub fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(head)
    }

    /// What [`Writer::byte`] wrote.
    pub fn byte(&mut self) -> Option<u8> {
        let (head, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*head)
    }

    /// What [`Writer::u64`] wrote.
    pub fn u64(&mut self) -> Option<u64> {
        let (head, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*head))
    }

    /// What [`Writer::u32`] wrote.
    pub fn u32(&mut self) -> Option<u32> {
        let (head, rest) = self.0.split_first_chunk::<4>()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*head))
    }

    /// What [`Writer::number`] wrote.
    pub fn number(&mut self) -> Option<u64> {
        // Most numbers are small.
        let (first, rest) = self.0.split_first()?;
        if *first < 0x80 {
            self.0 = rest;
            return Some(u64::from(*first));
        }
        let (mut n, mut shift) = (0_u64, 0);
        for (read, byte) in self.0.iter().enumerate().take(10) {
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && 1 < bits {
                return None;
            }
            n |= bits << shift;
            if *byte < 0x80 {
                self.0 = self.0.get(read + 1..)?;
                return Some(n);
            }
            shift += 7;
        }
        None
    }

    /// What [`Writer::signed`] wrote.
    pub fn signed(&mut self) -> Option<i64> {
        let n = self.number()?;
        Some((n >> 1).cast_signed() ^ -((n & 1).cast_signed()))
    }

    /// What [`Writer::wide`] wrote.
    pub fn wide(&mut self) -> Option<i128> {
        let (mut n, mut shift) = (0_u128, 0);
        while shift < 128 {
            let byte = self.byte()?;
            let bits = u128::from(byte & 0x7f);
            if shift == 126 && 3 < bits {
                return None;
            }
            n |= bits << shift;
            if byte < 0x80 {
                return Some((n >> 1).cast_signed() ^ -((n & 1).cast_signed()));
            }
            shift += 7;
        }
        None
    }

    /// What [`Writer::instant`] wrote.
    pub fn instant(&mut self) -> Option<Timestamp> {
        Timestamp::from_micros(self.signed()?).ok()
    }

    /// A number of items of at least `each` bytes: more than are left is refused, so that it can be trusted as a capacity.
    pub fn length(&mut self, each: usize) -> Option<usize> {
        let n = usize::try_from(self.number()?).ok()?;
        (n <= self.0.len() / each.max(1)).then_some(n)
    }

    /// What [`Writer::text`] wrote.
    pub fn text(&mut self) -> Option<&'a str> {
        let length = self.length(1)?;
        std::str::from_utf8(self.take(length)?).ok()
    }

    /// What [`Writer::value`] wrote: finite, and nested no deeper than [`LIMITS`] say.
    pub fn value(&mut self) -> Option<Value> {
        self.nested(0)
    }

    fn nested(&mut self, depth: usize) -> Option<Value> {
        if LIMITS.depth < depth {
            return None;
        }
        Some(match self.byte()? {
            NULL => Value::Null,
            FALSE => Value::Bool(false),
            TRUE => Value::Bool(true),
            INT => Value::Int(self.signed()?),
            DOUBLE => Value::double(f64::from_bits(self.u64()?))?,
            TEXT => Value::Text(self.text()?.to_owned()),
            LIST => {
                // Elements are made one by one: a short text cannot claim much room.
                let length = self.length(1)?;
                let list: Option<Vec<Value>> = (0..length).map(|_| self.nested(depth + 1)).collect();
                Value::List(list?)
            }
            MAP => {
                let mut map = BTreeMap::new();
                for _ in 0..self.length(2)? {
                    let name = self.text()?.to_owned();
                    map.insert(name, self.nested(depth + 1)?);
                }
                Value::Map(map)
            }
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Int),
            any::<f64>().prop_filter_map("finite", Value::double),
            ".{0,12}".prop_map(Value::Text),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
                proptest::collection::btree_map(".{0,4}", inner, 0..4).prop_map(Value::Map),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            value in value(), n in any::<u64>(), small in any::<i64>(), large in any::<i128>(), text in ".{0,20}",
        ) {
            let mut out = Writer::new();
            out.value(&value);
            out.number(n);
            out.signed(small);
            out.wide(large);
            out.text(&text);
            let bytes = out.finish();
            let mut input = Reader::new(&bytes);
            prop_assert_eq!(input.value(), Some(value));
            prop_assert_eq!((input.number(), input.signed(), input.wide()), (Some(n), Some(small), Some(large)));
            prop_assert_eq!((input.text(), input.is_empty()), (Some(text.as_str()), true));
        }

        #[test]
        fn no_bytes_do_worse_than_be_refused(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let reads: [fn(&mut Reader<'_>) -> bool; 5] = [
                |input| input.value().is_some(),
                |input| input.number().is_some(),
                |input| input.wide().is_some(),
                |input| input.text().is_some(),
                |input| input.instant().is_some(),
            ];
            for read in reads {
                let mut input = Reader::new(&bytes);
                while read(&mut input) && !input.is_empty() {}
            }
        }
    }

    #[test]
    fn nesting_beyond_the_limit_is_refused_and_not_followed() {
        let nested = |levels: usize| [[LIST, 1].repeat(levels), vec![NULL]].concat();
        assert!(Reader::new(&nested(LIMITS.depth)).value().is_some());
        assert!(Reader::new(&nested(LIMITS.depth + 1)).value().is_none());
        assert!(Reader::new(&nested(1_000_000)).value().is_none());
    }
}
