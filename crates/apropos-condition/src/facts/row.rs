//! The row and its arenas.
//!
//! Texts, lists and maps lie in arenas beside the slots, so that resetting and cloning a row is copying memory, and
//! filling it allocates nothing once the arenas have grown. Not here: what a host may write, see [`crate::Facts`].

use std::collections::BTreeMap;

use apropos_event::{Duration, Timestamp, Value};
use rust_decimal::Decimal;

use super::FactError;
use crate::bitset::words_for;
use crate::datum::{Datum, decimal_of};
use crate::limits::{MAX_FACT_DEPTH, MAX_FACT_ITEMS, MAX_FACT_TEXT};
use crate::symbol::{SymbolId, Symbols};
use crate::{AttributeDefinition, AttributeId, AttributeType};

/// What one attribute, or one element of a list, holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Slot {
    Unset,
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Double(f64),
    Decimal(Decimal),
    Text(TextSlot),
    Bytes { start: u32, len: u32 },
    Timestamp(Timestamp),
    Duration(Duration),
    List { start: u32, len: u32 },
    Map { start: u32, len: u32 },
}

/// A text that is a symbol, or a range of the text arena.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct TextSlot {
    symbol: u32,
    start: u32,
    len: u32,
}

const NO_SYMBOL: u32 = u32::MAX;

impl TextSlot {
    pub(super) fn of(symbol: SymbolId) -> Self {
        Self { symbol: symbol.0, start: 0, len: 0 }
    }

    pub(crate) fn symbol(self) -> Option<SymbolId> {
        (self.symbol != NO_SYMBOL).then_some(SymbolId(self.symbol))
    }
}

/// The row and its arenas.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    slots: Vec<Slot>,
    items: Vec<Slot>,
    text: String,
    bytes: Vec<u8>,
    /// A bit for each slot that was written since the row was emptied.
    written: Vec<u64>,
}

impl Row {
    /// The row that holds the defaults.
    pub(crate) fn template(attributes: &[AttributeDefinition], symbols: &Symbols) -> Self {
        let mut row = Self::default();
        for attribute in attributes {
            let slot = match &attribute.default {
                Some(Value::Null) | None => Slot::Unset,
                // INVARIANT: a default was checked when its attribute was declared.
                Some(value) => row.write(&attribute.kind, value, Some(symbols), 0).unwrap_or(Slot::Unset),
            };
            row.slots.push(slot);
        }
        row.written.resize(words_for(attributes.len()), 0);
        row
    }

    /// Whether `value` is one of type `kind`.
    pub(crate) fn accepts(kind: &AttributeType, value: &Value) -> Result<(), FactError> {
        Self::default().write(kind, value, None, 0).map(|_| ())
    }

    /// Empties it but for the defaults in `template`, of which it is a copy, keeping the memory.
    ///
    /// O(slots written + attributes / 64): of many attributes a decision reads few.
    pub(super) fn reset_to(&mut self, template: &Self) {
        for (word, written) in self.written.iter_mut().enumerate() {
            let mut left = std::mem::take(written);
            while left != 0 {
                let at = 64 * word + left.trailing_zeros() as usize;
                if let (Some(slot), Some(default)) = (self.slots.get_mut(at), template.slots.get(at)) {
                    *slot = *default;
                }
                left &= left - 1;
            }
        }
        self.items.clone_from(&template.items);
        self.text.clone_from(&template.text);
        self.bytes.clone_from(&template.bytes);
    }

    pub(super) fn slots(&self) -> &[Slot] {
        &self.slots
    }

    pub(super) fn slot(&self, id: AttributeId) -> Slot {
        self.slots.get(id.index()).copied().unwrap_or(Slot::Unset)
    }

    pub(super) fn put(&mut self, id: AttributeId, slot: Slot) {
        let at = id.index();
        if let (Some(place), Some(written)) = (self.slots.get_mut(at), self.written.get_mut(at / 64)) {
            *place = slot;
            *written |= 1 << (at % 64);
        }
    }

    pub(super) fn item(&self, at: usize) -> Slot {
        self.items.get(at).copied().unwrap_or(Slot::Null)
    }

    pub(super) fn bytes(&self, start: u32, len: u32) -> &[u8] {
        self.bytes.get(start as usize..start as usize + len as usize).unwrap_or_default()
    }

    pub(super) fn text<'a>(&'a self, slot: TextSlot, symbols: &'a Symbols) -> &'a str {
        match slot.symbol() {
            Some(symbol) => symbols.text(symbol),
            None => self.kept(slot),
        }
    }

    fn kept(&self, slot: TextSlot) -> &str {
        let start = slot.start as usize;
        self.text.get(start..start + slot.len as usize).unwrap_or_default()
    }

    /// The text as a symbol, or copied into the arena; `None` when it is too long or the arena is full.
    pub(super) fn text_slot(&mut self, text: &str, symbols: Option<&Symbols>) -> Option<TextSlot> {
        if let Some(symbol) = symbols.and_then(|symbols| symbols.find(text)) {
            return Some(TextSlot::of(symbol));
        }
        if MAX_FACT_TEXT < text.len() {
            return None;
        }
        let start = u32::try_from(self.text.len()).ok()?;
        self.text.push_str(text);
        Some(TextSlot { symbol: NO_SYMBOL, start, len: text.len() as u32 })
    }

    /// Two texts of this row are the same. A text that has a symbol is always kept as one.
    fn same_text(&self, a: Slot, b: TextSlot) -> bool {
        let Slot::Text(a) = a else { return false };
        a.symbol == b.symbol && (a.symbol != NO_SYMBOL || self.kept(a) == self.kept(b))
    }

    /// A list of texts, or with `distinct` a set of them.
    pub(super) fn write_texts<'t>(
        &mut self,
        texts: impl Iterator<Item = &'t str>,
        distinct: bool,
        symbols: &Symbols,
    ) -> Slot {
        let start = self.items.len();
        for text in texts {
            let Some(slot) = self.text_slot(text, Some(symbols)) else { continue };
            let before = self.items.get(start..).unwrap_or_default();
            if !(distinct && before.iter().any(|known| self.same_text(*known, slot))) {
                self.items.push(Slot::Text(slot));
            }
        }
        let len = (self.items.len() - start) as u32;
        u32::try_from(start).map_or(Slot::Unset, |start| Slot::List { start, len })
    }

    pub(super) fn write(
        &mut self,
        kind: &AttributeType,
        value: &Value,
        symbols: Option<&Symbols>,
        depth: usize,
    ) -> Result<Slot, FactError> {
        Ok(match (kind, value) {
            (AttributeType::Bool | AttributeType::Dynamic, Value::Bool(b)) => Slot::Bool(*b),
            (AttributeType::Int | AttributeType::Dynamic, Value::Int(n)) => Slot::Int(*n),
            (AttributeType::UInt, Value::Int(n)) => {
                Slot::UInt(u64::try_from(*n).map_err(|_| FactError::wrong(kind, value))?)
            }
            (AttributeType::Double, Value::Int(n)) => Slot::Double(*n as f64),
            (AttributeType::Decimal, Value::Int(n)) => Slot::Decimal(Decimal::from(*n)),
            (AttributeType::Double | AttributeType::Dynamic, Value::Double(x)) if x.is_finite() => {
                Slot::Double(*x)
            }
            (AttributeType::Decimal, Value::Double(x)) => {
                Slot::Decimal(decimal_of(*x).ok_or_else(|| FactError::wrong(kind, value))?)
            }
            (AttributeType::Text | AttributeType::Symbol | AttributeType::Dynamic, Value::Text(text)) => {
                Slot::Text(self.text_slot(text, symbols).ok_or(FactError::TooLarge)?)
            }
            (AttributeType::Decimal, Value::Text(text)) => {
                Slot::Decimal(Decimal::from_str_exact(text).map_err(|_| FactError::malformed(kind, text))?)
            }
            (AttributeType::Timestamp, Value::Text(text)) => {
                Slot::Timestamp(text.parse().map_err(|_| FactError::malformed(kind, text))?)
            }
            (AttributeType::Duration, Value::Text(text)) => {
                Slot::Duration(text.parse().map_err(|_| FactError::malformed(kind, text))?)
            }
            (AttributeType::List(element), Value::List(list)) => {
                self.write_list(element, list, false, symbols, depth + 1)?
            }
            (AttributeType::Set(element), Value::List(list)) => {
                self.write_list(element, list, true, symbols, depth + 1)?
            }
            (AttributeType::Dynamic, Value::List(list)) => {
                self.write_list(&AttributeType::Dynamic, list, false, symbols, depth + 1)?
            }
            (AttributeType::Map(element), Value::Map(map)) => {
                self.write_map(element, map, symbols, depth + 1)?
            }
            (AttributeType::Dynamic, Value::Map(map)) => {
                self.write_map(&AttributeType::Dynamic, map, symbols, depth + 1)?
            }
            (AttributeType::Dynamic, Value::Null) => Slot::Null,
            _ => return Err(FactError::wrong(kind, value)),
        })
    }

    pub(super) fn write_list(
        &mut self,
        element: &AttributeType,
        list: &[Value],
        distinct: bool,
        symbols: Option<&Symbols>,
        depth: usize,
    ) -> Result<Slot, FactError> {
        if MAX_FACT_ITEMS < list.len() || MAX_FACT_DEPTH < depth {
            return Err(FactError::TooLarge);
        }
        let mut slots = Vec::with_capacity(list.len());
        for (at, value) in list.iter().enumerate() {
            if !(distinct && list.get(..at).unwrap_or_default().contains(value)) {
                slots.push(self.write(element, value, symbols, depth)?);
            }
        }
        self.push(&slots).map(|start| Slot::List { start, len: slots.len() as u32 })
    }

    fn write_map(
        &mut self,
        element: &AttributeType,
        map: &BTreeMap<String, Value>,
        symbols: Option<&Symbols>,
        depth: usize,
    ) -> Result<Slot, FactError> {
        if MAX_FACT_ITEMS < map.len() || MAX_FACT_DEPTH < depth {
            return Err(FactError::TooLarge);
        }
        let mut slots = Vec::with_capacity(2 * map.len());
        for (key, value) in map {
            slots.push(Slot::Text(self.text_slot(key, symbols).ok_or(FactError::TooLarge)?));
            slots.push(self.write(element, value, symbols, depth)?);
        }
        self.push(&slots).map(|start| Slot::Map { start, len: slots.len() as u32 / 2 })
    }

    pub(super) fn write_datum(
        &mut self,
        kind: &AttributeType,
        value: &Datum<'_>,
        symbols: &Symbols,
        depth: usize,
    ) -> Result<Slot, FactError> {
        let dynamic = &AttributeType::Dynamic;
        let is = |wanted: &AttributeType| kind == wanted || kind == dynamic;
        if MAX_FACT_DEPTH < depth {
            return Err(FactError::TooLarge);
        }
        if matches!(value, Datum::List(items) if MAX_FACT_ITEMS < items.len())
            || matches!(value, Datum::Map(entries) if MAX_FACT_ITEMS < entries.len())
        {
            return Err(FactError::TooLarge);
        }
        Ok(match value {
            Datum::Null if kind == dynamic => Slot::Null,
            Datum::Bool(b) if is(&AttributeType::Bool) => Slot::Bool(*b),
            Datum::Int(n) if is(&AttributeType::Int) => Slot::Int(*n),
            Datum::UInt(n) if is(&AttributeType::UInt) => Slot::UInt(*n),
            Datum::Double(x)
                if *kind == AttributeType::Dynamic || (x.is_finite() && is(&AttributeType::Double)) =>
            {
                Slot::Double(*x)
            }
            Datum::Decimal(x) if is(&AttributeType::Decimal) => Slot::Decimal(*x),
            Datum::Text(text) if is(&AttributeType::Text) || *kind == AttributeType::Symbol => {
                Slot::Text(self.text_slot(text.as_str(), Some(symbols)).ok_or(FactError::TooLarge)?)
            }
            Datum::Bytes(bytes) if is(&AttributeType::Bytes) => {
                let start = u32::try_from(self.bytes.len()).map_err(|_| FactError::TooLarge)?;
                if MAX_FACT_TEXT < bytes.len() {
                    return Err(FactError::TooLarge);
                }
                self.bytes.extend_from_slice(bytes);
                Slot::Bytes { start, len: bytes.len() as u32 }
            }
            Datum::Timestamp(at) if is(&AttributeType::Timestamp) => Slot::Timestamp(*at),
            Datum::Duration(duration) if is(&AttributeType::Duration) => Slot::Duration(*duration),
            Datum::List(items) => {
                let element = match kind {
                    AttributeType::List(element) | AttributeType::Set(element) => element,
                    AttributeType::Dynamic => dynamic,
                    _ => return Err(FactError::wrong_datum(kind, value)),
                };
                let mut slots = Vec::with_capacity(items.len());
                for item in items.iter() {
                    slots.push(self.write_datum(element, &item, symbols, depth + 1)?);
                }
                Slot::List { start: self.push(&slots)?, len: slots.len() as u32 }
            }
            Datum::Map(entries) => {
                let element = match kind {
                    AttributeType::Map(element) => element,
                    AttributeType::Dynamic => dynamic,
                    _ => return Err(FactError::wrong_datum(kind, value)),
                };
                let mut slots = Vec::with_capacity(2 * entries.len());
                for (key, value) in entries.iter() {
                    slots.push(self.write_datum(dynamic, &key, symbols, depth + 1)?);
                    slots.push(self.write_datum(element, &value, symbols, depth + 1)?);
                }
                Slot::Map { start: self.push(&slots)?, len: slots.len() as u32 / 2 }
            }
            _ => return Err(FactError::wrong_datum(kind, value)),
        })
    }

    /// Adds elements; gives where they begin.
    fn push(&mut self, slots: &[Slot]) -> Result<u32, FactError> {
        let start = u32::try_from(self.items.len()).map_err(|_| FactError::TooLarge)?;
        self.items.extend_from_slice(slots);
        Ok(start)
    }
}
