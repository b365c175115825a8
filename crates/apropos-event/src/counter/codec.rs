//! How a series is written: named fields for people, one compact block for machines.
//!
//! The block holds instants as differences in the coarsest unit that loses nothing (second, millisecond or
//! microsecond), labels only where they differ from zero, and amounts without their trailing zeros. It is read
//! with every length checked, so no bytes can do worse than be refused.

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::compact::{Reader, Ticks, Unit, Writer};
use crate::{PropertyName, Timestamp};

use super::folded::{Base, Folded, FoldedColumn};
use super::rows::Rows;
use super::{Amount, Cell, Column, ColumnKind, Columns, Entry, Mark, Series};

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
    let columns = series.columns().iter().enumerate().map(|(at, column)| {
        let folded = folded(series, at);
        ReadableColumn {
            name: column.name().clone(),
            marks: column.kind() == ColumnKind::Mark,
            folded_billionths: folded.sum.to_string(),
            folded_marks: folded.marks,
            marks_full: folded.full,
        }
    });
    let text = |cell: Cell| match cell {
        Cell::Amount(amount) => Some(amount.billionths().to_string()),
        Cell::Mark(mark) => Some(mark.to_string()),
        Cell::Absent => None,
    };
    let entries = series.entries().enumerate().map(|(index, entry)| ReadableEntry {
        at: entry.at,
        key: entry.key,
        check: entry.check,
        labels: entry.labels,
        cells: (0..series.columns().len()).map(|column| text(series.cell(index, column))).collect(),
    });
    Readable {
        folded: series.folded.as_ref().map(|folded| ReadableBase {
            until: folded.base.until.at,
            key: folded.base.until.key,
            count: folded.base.count,
            first: folded.base.first,
        }),
        columns: columns.collect(),
        entries: entries.collect(),
    }
}

/// What the column at `at` has folded.
fn folded(series: &Series, at: usize) -> FoldedColumn {
    series.folded.as_ref().and_then(|folded| folded.columns.get(at)).cloned().unwrap_or_default()
}

fn from_readable(form: Readable) -> Option<Series> {
    let mut columns = Vec::with_capacity(form.columns.len());
    let mut folded = Vec::with_capacity(form.columns.len());
    for form in form.columns {
        let kind = if form.marks { ColumnKind::Mark } else { ColumnKind::Amount };
        columns.push(Column::new(form.name, kind));
        let sum = form.folded_billionths.parse().ok()?;
        folded.push(FoldedColumn { before: 0, sum, marks: form.folded_marks, full: form.marks_full });
    }
    let mut series = with_columns(columns)?;
    for form in form.entries {
        let entry = Entry { at: form.at, key: form.key, check: form.check, labels: form.labels };
        let cells = series.columns().iter().zip(&form.cells).map(|(column, text)| {
            let Some(text) = text else { return Some(Cell::Absent) };
            match column.kind() {
                ColumnKind::Amount => Amount::from_billionths(text.parse().ok()?).map(Cell::Amount),
                ColumnKind::Mark => text.parse().ok().map(Cell::Mark),
            }
        });
        let cells = cells.collect::<Option<Vec<_>>>()?;
        if !series.insert(entry, &cells) {
            return None;
        }
    }
    let base = form.folded.map(|form| Base {
        until: Mark { at: form.until, key: form.key },
        count: form.count,
        first: form.first,
    });
    set_folded(&mut series, base, folded)?;
    Some(series)
}

/// An empty series with columns that must each come once.
fn with_columns(columns: Vec<Column>) -> Option<Series> {
    let length = columns.len();
    let columns = Columns::new(columns);
    (columns.len() == length).then(|| Series::with_columns(&columns))
}

/// Sets what was folded away, if it keeps the invariants of a series.
fn set_folded(series: &mut Series, base: Option<Base>, columns: Vec<FoldedColumn>) -> Option<()> {
    let sorted = columns.iter().all(|column| {
        column.marks.len() <= Column::MAX_FOLDED_MARKS && column.marks.is_sorted_by(|a, b| a < b)
    });
    let Some(base) = base else {
        return columns.iter().all(FoldedColumn::is_empty).then_some(());
    };
    let front = series.entries().next();
    let sound = base.first <= base.until.at && front.is_none_or(|front| base.until < front.mark());
    series.folded = Some(Box::new(Folded { base, columns }));
    (sorted && sound).then_some(())
}

// --- the block -----------------------------------------------------------------------------------

const HAS_BASE: u8 = 1;
const HAS_LABEL: [u8; 2] = [2, 4];
/// Where the unit of instants stands among the flags.
const UNIT: u8 = 3;

fn write(series: &Series) -> Vec<u8> {
    let mut out = Writer::with_capacity(32 + series.len() * 24);
    let unit = Unit::of(series.entries().map(|entry| entry.at));
    let mut flags = unit.code() << UNIT;
    if series.folded.is_some() {
        flags |= HAS_BASE;
    }
    for (slot, flag) in HAS_LABEL.iter().enumerate() {
        if series.entries().any(|entry| entry.labels.get(slot).is_some_and(|label| *label != 0)) {
            flags |= flag;
        }
    }
    out.byte(flags);
    out.number(series.len() as u64);
    out.number(series.columns().len() as u64);
    if let Some(Folded { base, .. }) = series.folded.as_deref() {
        out.instant(base.until.at);
        out.u64(base.until.key);
        out.number(base.count);
        out.instant(base.first);
    }
    let mut ticks = Ticks::new(unit);
    for entry in series.entries() {
        ticks.write(&mut out, entry.at);
        out.u64(entry.key);
        out.u32(entry.check);
        for (label, flag) in entry.labels.iter().zip(HAS_LABEL) {
            if flags & flag != 0 {
                out.number(u64::from(*label));
            }
        }
    }
    for (at, column) in series.columns().iter().enumerate() {
        write_column(&mut out, series, at, column);
    }
    out.finish()
}

fn write_column(out: &mut Writer, series: &Series, at: usize, column: &Column) {
    let folded = folded(series, at);
    out.text(column.name().as_str());
    out.byte(u8::from(column.kind() == ColumnKind::Mark) | (u8::from(folded.full) << 1));
    out.wide(folded.sum);
    out.number(folded.marks.len() as u64);
    for mark in &folded.marks {
        out.u64(*mark);
    }
    for index in 0..series.len() {
        match series.cell(index, at) {
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
    // Every cell takes a byte at least: memory stays in proportion to what was read.
    if input.left() < entries.checked_mul(columns)? {
        return None;
    }
    let base = if flags & HAS_BASE == 0 {
        None
    } else {
        let at = input.instant()?;
        let until = Mark { at, key: input.u64()? };
        Some(Base { until, count: input.number()?, first: input.instant()? })
    };
    let mut before = None;
    let read = (0..entries).map(|_| {
        let at = ticks.read(&mut input)?;
        let mut entry = Entry { at, key: input.u64()?, check: input.u32()?, labels: [0; 2] };
        for (label, flag) in entry.labels.iter_mut().zip(HAS_LABEL) {
            if flags & flag != 0 {
                *label = u16::try_from(input.number()?).ok()?;
            }
        }
        before.replace(entry.mark()).is_none_or(|before| before < entry.mark()).then_some(entry)
    });
    let mut rows = Rows::with_entries(columns, read)?;
    let (mut names, mut folded) = (Vec::with_capacity(columns), Vec::with_capacity(columns));
    for at in 0..columns {
        let (column, gone) = read_column(&mut input, &mut rows, at)?;
        names.push(column);
        folded.push(gone);
    }
    let mut series = Series { rows, ..with_columns(names)? };
    set_folded(&mut series, base, folded)?;
    input.is_empty().then_some(series)
}

fn read_column(input: &mut Reader<'_>, rows: &mut Rows, at: usize) -> Option<(Column, FoldedColumn)> {
    let name = PropertyName::new(input.text()?).ok()?;
    let flags = input.byte()?;
    let kind = if flags & 1 == 0 { ColumnKind::Amount } else { ColumnKind::Mark };
    let mut folded = FoldedColumn { full: flags & 2 != 0, sum: input.wide()?, ..FoldedColumn::default() };
    for _ in 0..input.length(8)? {
        folded.marks.push(input.u64()?);
    }
    for index in 0..rows.len() {
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
        rows.lay(index, at, kind, cell, 0);
    }
    Some((Column::new(name, kind), folded))
}
