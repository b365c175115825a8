//! How a series is written: named fields for people, one compact block for machines.
//!
//! The block holds instants as differences in the coarsest unit that loses nothing (second, millisecond or
//! microsecond), labels only where they differ from zero, and amounts without their trailing zeros. It is read
//! with every length checked, so no bytes can do worse than be refused.

use std::collections::VecDeque;
use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{PropertyName, Timestamp};

use super::series::{Base, Mark};
use super::{Amount, Cell, Column, ColumnKind, Entry, Series};

/// The form for people.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Readable {
    folded: Option<ReadableBase>,
    columns: Vec<ReadableColumn>,
    entries: Vec<ReadableEntry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadableBase {
    until: Timestamp,
    key: u64,
    count: u64,
    first: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadableColumn {
    name: PropertyName,
    marks: bool,
    folded_billionths: String,
    folded_marks: Vec<u64>,
    marks_full: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadableEntry {
    at: Timestamp,
    key: u64,
    check: u32,
    labels: [u16; 2],
    cells: Vec<Option<String>>,
}

impl Serialize for Series {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            readable(self).serialize(serializer)
        } else {
            serializer.serialize_bytes(&write(self))
        }
    }
}

impl<'de> Deserialize<'de> for Series {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            from_readable(Readable::deserialize(deserializer)?).ok_or_else(|| de::Error::custom(BROKEN))
        } else {
            deserializer.deserialize_bytes(Block)
        }
    }
}

const BROKEN: &str = "the series is broken";

struct Block;

impl Visitor<'_> for Block {
    type Value = Series;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a series")
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Series, E> {
        read(bytes).ok_or_else(|| E::custom(BROKEN))
    }
}

fn readable(series: &Series) -> Readable {
    Readable {
        folded: series.base.as_ref().map(|base| ReadableBase {
            until: base.until.at,
            key: base.until.key,
            count: base.count,
            first: base.first,
        }),
        columns: series
            .columns
            .iter()
            .map(|column| ReadableColumn {
                name: column.name.clone(),
                marks: column.kind == ColumnKind::Mark,
                folded_billionths: column.folded_sum.to_string(),
                folded_marks: column.folded_marks.clone(),
                marks_full: column.marks_full,
            })
            .collect(),
        entries: series
            .entries
            .iter()
            .enumerate()
            .map(|(index, entry)| ReadableEntry {
                at: entry.at,
                key: entry.key,
                check: entry.check,
                labels: entry.labels,
                cells: series
                    .columns
                    .iter()
                    .map(|column| match column.cells.get(index) {
                        Some(Cell::Amount(amount)) => Some(amount.billionths().to_string()),
                        Some(Cell::Mark(mark)) => Some(mark.to_string()),
                        _ => None,
                    })
                    .collect(),
            })
            .collect(),
    }
}

fn from_readable(form: Readable) -> Option<Series> {
    let mut series = Series { base: None, ..Series::default() };
    for form in form.columns {
        let kind = if form.marks { ColumnKind::Mark } else { ColumnKind::Amount };
        let mut column = Column::new(form.name, kind, 0);
        column.folded_sum = form.folded_billionths.parse().ok()?;
        column.folded_marks = form.folded_marks;
        column.marks_full = form.marks_full;
        series.columns.push(column);
    }
    for form in form.entries {
        let entry = Entry { at: form.at, key: form.key, check: form.check, labels: form.labels };
        let cells = series.columns.iter().zip(&form.cells).map(|(column, text)| {
            let Some(text) = text else { return Some(Cell::Absent) };
            match column.kind {
                ColumnKind::Amount => Amount::from_billionths(text.parse().ok()?).map(Cell::Amount),
                ColumnKind::Mark => text.parse().ok().map(Cell::Mark),
            }
        });
        let cells = cells.collect::<Option<Vec<_>>>()?;
        if !series.insert(entry, &cells) {
            return None;
        }
    }
    series.base = form.folded.map(|form| Base {
        until: Mark { at: form.until, key: form.key },
        count: form.count,
        first: form.first,
    });
    sound(&series).then_some(series)
}

/// Whether what was read keeps the invariants of a series that reading does not check by itself.
fn sound(series: &Series) -> bool {
    let sorted = series.columns.iter().all(|column| {
        column.folded_marks.len() <= Column::MAX_FOLDED_MARKS
            && column.folded_marks.is_sorted_by(|a, b| a < b)
            && column.cells.len() == series.entries.len()
    });
    let after_base = match (&series.base, series.entries.front()) {
        (Some(base), Some(front)) => base.until < front.mark() && base.first <= base.until.at,
        (Some(base), None) => base.first <= base.until.at,
        (None, _) => true,
    };
    sorted && after_base
}

// --- the block -----------------------------------------------------------------------------------

const HAS_BASE: u8 = 1;
const HAS_LABEL: [u8; 2] = [2, 4];
/// The unit of instants: microseconds, and these two.
const UNITS: [(u8, i64); 2] = [(16, 1_000_000), (8, 1_000)];

fn write(series: &Series) -> Vec<u8> {
    let mut out = Vec::with_capacity(32 + series.entries.len() * 24);
    let unit = UNITS
        .iter()
        .find(|(_, unit)| series.entries.iter().all(|entry| entry.at.as_micros() % unit == 0))
        .copied()
        .unwrap_or((0, 1));
    let mut flags = unit.0;
    if series.base.is_some() {
        flags |= HAS_BASE;
    }
    for (slot, flag) in HAS_LABEL.iter().enumerate() {
        if series.entries.iter().any(|entry| entry.labels.get(slot).is_some_and(|label| *label != 0)) {
            flags |= flag;
        }
    }
    out.push(flags);
    put(&mut out, series.entries.len() as u128);
    put(&mut out, series.columns.len() as u128);
    if let Some(base) = &series.base {
        put(&mut out, zigzag(base.until.at.as_micros().into()));
        out.extend_from_slice(&base.until.key.to_le_bytes());
        put(&mut out, base.count.into());
        put(&mut out, zigzag(base.first.as_micros().into()));
    }
    let mut last = 0;
    for entry in &series.entries {
        let at = entry.at.as_micros() / unit.1;
        put(&mut out, zigzag((at - last).into()));
        last = at;
        out.extend_from_slice(&entry.key.to_le_bytes());
        out.extend_from_slice(&entry.check.to_le_bytes());
        for (label, flag) in entry.labels.iter().zip(HAS_LABEL) {
            if flags & flag != 0 {
                put(&mut out, u128::from(*label));
            }
        }
    }
    series.columns.iter().for_each(|column| write_column(&mut out, column));
    out
}

fn write_column(out: &mut Vec<u8>, column: &Column) {
    put(out, column.name.as_str().len() as u128);
    out.extend_from_slice(column.name.as_str().as_bytes());
    out.push(u8::from(column.kind == ColumnKind::Mark) | (u8::from(column.marks_full) << 1));
    put(out, zigzag(column.folded_sum));
    put(out, column.folded_marks.len() as u128);
    for mark in &column.folded_marks {
        out.extend_from_slice(&mark.to_le_bytes());
    }
    for cell in &column.cells {
        match cell {
            Cell::Absent => out.push(0),
            Cell::Mark(mark) => {
                out.push(1);
                out.extend_from_slice(&mark.to_le_bytes());
            }
            Cell::Amount(amount) => {
                let mut digits = amount.billionths();
                let mut zeros = 0;
                while zeros < 9 && digits % 10 == 0 {
                    digits /= 10;
                    zeros += 1;
                }
                out.push(1 + zeros);
                put(out, zigzag(digits));
            }
        }
    }
}

fn read(bytes: &[u8]) -> Option<Series> {
    let mut input = Input(bytes);
    let flags = input.byte()?;
    let unit = UNITS.iter().find(|(flag, _)| flags & flag != 0).map_or(1, |(_, unit)| *unit);
    let (entries, columns) = (input.length(13)?, input.length(4)?);
    let base = if flags & HAS_BASE == 0 {
        None
    } else {
        let at = input.instant()?;
        let until = Mark { at, key: input.u64()? };
        Some(Base { until, count: input.varint64()?, first: input.instant()? })
    };
    let mut series = Series { entries: VecDeque::new(), columns: Vec::with_capacity(columns), base };
    let mut read = Vec::with_capacity(entries);
    let (mut last, mut before) = (0_i64, None);
    for _ in 0..entries {
        last = last.checked_add(input.signed64()?)?;
        let at = Timestamp::from_micros(last.checked_mul(unit)?).ok()?;
        let mut entry = Entry { at, key: input.u64()?, check: input.u32()?, labels: [0; 2] };
        for (label, flag) in entry.labels.iter_mut().zip(HAS_LABEL) {
            if flags & flag != 0 {
                *label = u16::try_from(input.varint64()?).ok()?;
            }
        }
        if before.replace(entry.mark()).is_some_and(|before| entry.mark() <= before) {
            return None;
        }
        read.push(entry);
    }
    series.entries = VecDeque::from(read);
    for _ in 0..columns {
        series.columns.push(read_column(&mut input, entries)?);
    }
    (input.0.is_empty() && sound(&series)).then_some(series)
}

fn read_column(input: &mut Input<'_>, entries: usize) -> Option<Column> {
    let length = input.length(1)?;
    let name = PropertyName::new(std::str::from_utf8(input.take(length)?).ok()?).ok()?;
    let flags = input.byte()?;
    let kind = if flags & 1 == 0 { ColumnKind::Amount } else { ColumnKind::Mark };
    let mut column = Column::new(name, kind, 0);
    column.marks_full = flags & 2 != 0;
    column.folded_sum = unzigzag(input.varint()?);
    for _ in 0..input.length(8)? {
        column.folded_marks.push(input.u64()?);
    }
    column.cells.reserve_exact(entries.min(input.0.len()));
    for _ in 0..entries {
        let cell = match (input.byte()?, kind) {
            (0, _) => Cell::Absent,
            (1, ColumnKind::Mark) => Cell::Mark(input.u64()?),
            (zeros @ 1..=10, ColumnKind::Amount) => {
                let digits = unzigzag(input.varint()?);
                let billionths = digits.checked_mul(10_i128.pow(u32::from(zeros) - 1))?;
                Cell::Amount(Amount::from_billionths(billionths)?)
            }
            _ => return None,
        };
        column.cells.push_back(cell);
    }
    Some(column)
}

/// Seven bits a byte, lowest first, the top bit says that more follow.
fn put(out: &mut Vec<u8>, mut n: u128) {
    while 0x80 <= n {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn zigzag(n: i128) -> u128 {
    (n.cast_unsigned() << 1) ^ (n >> 127).cast_unsigned()
}

fn unzigzag(n: u128) -> i128 {
    (n >> 1).cast_signed() ^ -((n & 1).cast_signed())
}

/// Bytes still to be read.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(head)
    }

    fn byte(&mut self) -> Option<u8> {
        let (head, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*head)
    }

    fn u64(&mut self) -> Option<u64> {
        let (head, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*head))
    }

    fn u32(&mut self) -> Option<u32> {
        let (head, rest) = self.0.split_first_chunk::<4>()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*head))
    }

    fn varint(&mut self) -> Option<u128> {
        let (mut n, mut shift) = (0_u128, 0);
        while shift < 128 {
            let byte = self.byte()?;
            let bits = u128::from(byte & 0x7f);
            if shift == 126 && 3 < bits {
                return None;
            }
            n |= bits << shift;
            if byte < 0x80 {
                return Some(n);
            }
            shift += 7;
        }
        None
    }

    /// A number of 64 bits, the common and fast case.
    fn varint64(&mut self) -> Option<u64> {
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

    fn signed64(&mut self) -> Option<i64> {
        let n = self.varint64()?;
        Some((n >> 1).cast_signed() ^ -((n & 1).cast_signed()))
    }

    fn instant(&mut self) -> Option<Timestamp> {
        Timestamp::from_micros(self.signed64()?).ok()
    }

    /// A number of items that take at least `each` bytes: more than are left is refused.
    fn length(&mut self, each: usize) -> Option<usize> {
        let n = usize::try_from(self.varint64()?).ok()?;
        (n <= self.0.len() / each).then_some(n)
    }
}
