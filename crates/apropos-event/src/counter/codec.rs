//! How a series is written: named fields for people, one compact block for machines.
//!
//! The block holds instants as differences in the coarsest unit that loses nothing (second, millisecond or
//! microsecond), labels only where they differ from zero, and amounts without their trailing zeros. It is read
//! with every length checked, so no bytes can do worse than be refused.

use std::collections::VecDeque;
use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::compact::{Reader, Ticks, Unit, Writer};
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
                    .map(|column| match column.cell(index) {
                        Cell::Amount(amount) => Some(amount.billionths().to_string()),
                        Cell::Mark(mark) => Some(mark.to_string()),
                        Cell::Absent => None,
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
            && column.len() == series.entries.len()
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
/// Where the unit of instants stands among the flags.
const UNIT: u8 = 3;

fn write(series: &Series) -> Vec<u8> {
    let mut out = Writer::with_capacity(32 + series.entries.len() * 24);
    let unit = Unit::of(series.entries.iter().map(|entry| entry.at));
    let mut flags = unit.code() << UNIT;
    if series.base.is_some() {
        flags |= HAS_BASE;
    }
    for (slot, flag) in HAS_LABEL.iter().enumerate() {
        if series.entries.iter().any(|entry| entry.labels.get(slot).is_some_and(|label| *label != 0)) {
            flags |= flag;
        }
    }
    out.byte(flags);
    out.number(series.entries.len() as u64);
    out.number(series.columns.len() as u64);
    if let Some(base) = &series.base {
        out.instant(base.until.at);
        out.u64(base.until.key);
        out.number(base.count);
        out.instant(base.first);
    }
    let mut ticks = Ticks::new(unit);
    for entry in &series.entries {
        ticks.write(&mut out, entry.at);
        out.u64(entry.key);
        out.u32(entry.check);
        for (label, flag) in entry.labels.iter().zip(HAS_LABEL) {
            if flags & flag != 0 {
                out.number(u64::from(*label));
            }
        }
    }
    series.columns.iter().for_each(|column| write_column(&mut out, column));
    out.finish()
}

fn write_column(out: &mut Writer, column: &Column) {
    out.text(column.name.as_str());
    out.byte(u8::from(column.kind == ColumnKind::Mark) | (u8::from(column.marks_full) << 1));
    out.wide(column.folded_sum);
    out.number(column.folded_marks.len() as u64);
    for mark in &column.folded_marks {
        out.u64(*mark);
    }
    for cell in column.cells() {
        match cell {
            Cell::Absent => out.byte(0),
            Cell::Mark(mark) => {
                out.byte(1);
                out.u64(mark);
            }
            Cell::Amount(amount) => {
                let mut digits = amount.billionths();
                let mut zeros = 0;
                while zeros < 9 && digits % 10 == 0 {
                    digits /= 10;
                    zeros += 1;
                }
                out.byte(1 + zeros);
                out.wide(digits);
            }
        }
    }
}

fn read(bytes: &[u8]) -> Option<Series> {
    let mut input = Reader::new(bytes);
    let flags = input.byte()?;
    let mut ticks = Ticks::new(Unit::from_code(flags >> UNIT)?);
    let (entries, columns) = (input.length(13)?, input.length(4)?);
    let base = if flags & HAS_BASE == 0 {
        None
    } else {
        let at = input.instant()?;
        let until = Mark { at, key: input.u64()? };
        Some(Base { until, count: input.number()?, first: input.instant()? })
    };
    let mut series = Series { entries: VecDeque::new(), columns: Vec::with_capacity(columns), base };
    let mut read = Vec::with_capacity(entries);
    let mut before = None;
    for _ in 0..entries {
        let at = ticks.read(&mut input)?;
        let mut entry = Entry { at, key: input.u64()?, check: input.u32()?, labels: [0; 2] };
        for (label, flag) in entry.labels.iter_mut().zip(HAS_LABEL) {
            if flags & flag != 0 {
                *label = u16::try_from(input.number()?).ok()?;
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
    (input.is_empty() && sound(&series)).then_some(series)
}

fn read_column(input: &mut Reader<'_>, entries: usize) -> Option<Column> {
    let name = PropertyName::new(input.text()?).ok()?;
    let flags = input.byte()?;
    let kind = if flags & 1 == 0 { ColumnKind::Amount } else { ColumnKind::Mark };
    let mut column = Column::new(name, kind, 0);
    column.marks_full = flags & 2 != 0;
    column.folded_sum = input.wide()?;
    for _ in 0..input.length(8)? {
        column.folded_marks.push(input.u64()?);
    }
    column.reserve(entries.min(input.left()));
    for _ in 0..entries {
        let cell = match (input.byte()?, kind) {
            (0, _) => Cell::Absent,
            (1, ColumnKind::Mark) => Cell::Mark(input.u64()?),
            (zeros @ 1..=10, ColumnKind::Amount) => {
                let digits = input.wide()?;
                let billionths = digits.checked_mul(10_i128.pow(u32::from(zeros) - 1))?;
                Cell::Amount(Amount::from_billionths(billionths)?)
            }
            _ => return None,
        };
        column.push(cell);
    }
    Some(column)
}
