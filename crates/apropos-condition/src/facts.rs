//! What is known for one decision: a dense row of values, one slot an attribute.
//!
//! Texts, lists and maps lie in arenas beside the row, so that resetting and cloning a row is copying memory, and
//! filling it allocates nothing once the arenas have grown. Not here: what the attributes are, see
//! [`crate::Schema`].

use apropos_event::{Duration, Timestamp, Value};
use rust_decimal::Decimal;

use crate::datum::{Datum, decimal_of};
use crate::limits::{MAX_FACT_DEPTH, MAX_FACT_ITEMS};
use crate::symbol::{SymbolId, Symbols};
use crate::{AttributeDefinition, AttributeId, AttributeType, Schema};

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
    fn of(symbol: SymbolId) -> Self {
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
}

/// Why a value is not one of an attribute.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FactError {
    /// The attribute is not one of this schema.
    #[error("the attribute is not one of this schema")]
    UnknownAttribute,
    /// The value has another type.
    #[error("expected a {expected}, got a {got}")]
    WrongType {
        /// The attribute's type.
        expected: String,
        /// What the value is.
        got: &'static str,
    },
    /// The text cannot be read as a value of the type.
    #[error("`{text}` is not a {expected}")]
    Malformed {
        /// The attribute's type.
        expected: String,
        /// The text, shortened.
        text: String,
    },
    /// The list or map is too long or nests too deeply.
    #[error("the value is too large: at most 4096 elements, nested at most 16 deep")]
    TooLarge,
}

/// The facts of one decision, for one schema.
///
/// A slot that was not set holds the attribute's default, or is missing. The setters that name a type do nothing but
/// store: a value that is not of the attribute's type makes the attribute missing, so that conditions on it become
/// unknown rather than wrong. Whole numbers are taken for doubles and decimals.
#[derive(Clone, Debug)]
pub struct Facts {
    schema: Schema,
    row: Row,
}

impl Facts {
    /// Facts of which only the defaults are known.
    pub fn new(schema: &Schema) -> Self {
        Self { schema: schema.clone(), row: schema.template().clone() }
    }

    /// Forgets everything but the defaults, keeping the memory. O(attributes).
    pub fn reset(&mut self) {
        let template = self.schema.template();
        self.row.slots.copy_from_slice(&template.slots);
        self.row.items.clone_from(&template.items);
        self.row.text.clone_from(&template.text);
        self.row.bytes.clone_from(&template.bytes);
    }

    /// The schema these are facts of.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The value of an attribute, its default included; `None` when it is missing.
    pub fn get(&self, id: AttributeId) -> Option<Datum<'_>> {
        Datum::of(self, self.slot(id))
    }

    /// Whether the attribute has a value, its default included.
    pub fn is_known(&self, id: AttributeId) -> bool {
        self.slot(id) != Slot::Unset
    }

    /// Makes the attribute what it is when nobody sets it: its default, or missing.
    pub fn unset(&mut self, id: AttributeId) {
        let default = self.schema.template().slots.get(id.index()).copied().unwrap_or(Slot::Unset);
        // INVARIANT: the arenas begin with the template's, so the default's ranges are valid here.
        self.put(id, default);
    }

    /// Makes the attribute missing, even if it has a default.
    pub fn set_missing(&mut self, id: AttributeId) {
        self.put(id, Slot::Unset);
    }

    /// Sets a truth value.
    pub fn set_bool(&mut self, id: AttributeId, value: bool) {
        self.put_if(id, Slot::Bool(value), |kind| matches!(kind, AttributeType::Bool));
    }

    /// Sets a whole number; also for attributes that are doubles, decimals or unsigned.
    pub fn set_int(&mut self, id: AttributeId, value: i64) {
        let slot = match self.schema.kind(id) {
            Some(AttributeType::Int | AttributeType::Dynamic) => Slot::Int(value),
            Some(AttributeType::Double) => Slot::Double(value as f64),
            Some(AttributeType::Decimal) => Slot::Decimal(Decimal::from(value)),
            Some(AttributeType::UInt) => u64::try_from(value).map_or(Slot::Unset, Slot::UInt),
            _ => Slot::Unset,
        };
        self.put(id, slot);
    }

    /// Sets a whole number without a sign.
    pub fn set_uint(&mut self, id: AttributeId, value: u64) {
        self.put_if(id, Slot::UInt(value), |kind| matches!(kind, AttributeType::UInt));
    }

    /// Sets a number. One that is not finite makes the attribute missing.
    pub fn set_double(&mut self, id: AttributeId, value: f64) {
        let slot = if value.is_finite() { Slot::Double(value) } else { Slot::Unset };
        self.put_if(id, slot, |kind| matches!(kind, AttributeType::Double));
    }

    /// Sets a decimal number.
    pub fn set_decimal(&mut self, id: AttributeId, value: Decimal) {
        self.put_if(id, Slot::Decimal(value), |kind| matches!(kind, AttributeType::Decimal));
    }

    /// Sets a text. One hash of the text; a text that no definition names is copied.
    pub fn set_text(&mut self, id: AttributeId, value: &str) {
        let slot = self.row.text_slot(value, Some(self.schema.symbols()));
        self.put_if(id, Slot::Text(slot), |kind| matches!(kind, AttributeType::Text | AttributeType::Symbol));
    }

    /// Sets a symbol by its text; the same as [`Self::set_text`]. A text that is none of the declared values is
    /// kept, and equals no literal.
    pub fn set_symbol(&mut self, id: AttributeId, value: &str) {
        self.set_text(id, value);
    }

    /// Sets a text or symbol by the number that [`Schema::symbol`] gave when binding. No look-up.
    pub fn set_symbol_id(&mut self, id: AttributeId, symbol: SymbolId) {
        let slot = Slot::Text(TextSlot::of(symbol));
        self.put_if(id, slot, |kind| matches!(kind, AttributeType::Text | AttributeType::Symbol));
    }

    /// Sets an instant.
    pub fn set_timestamp(&mut self, id: AttributeId, value: Timestamp) {
        self.put_if(id, Slot::Timestamp(value), |kind| matches!(kind, AttributeType::Timestamp));
    }

    /// Sets an elapsed time.
    pub fn set_duration(&mut self, id: AttributeId, value: Duration) {
        self.put_if(id, Slot::Duration(value), |kind| matches!(kind, AttributeType::Duration));
    }

    /// Sets a list or set of texts. A set keeps each text once. Beyond [`MAX_FACT_ITEMS`] the rest is left out.
    pub fn set_texts<'t>(&mut self, id: AttributeId, values: impl IntoIterator<Item = &'t str>) {
        let is_set = matches!(self.schema.kind(id), Some(AttributeType::Set(_)));
        let start = self.row.items.len();
        for value in values.into_iter().take(MAX_FACT_ITEMS) {
            let slot = Slot::Text(self.row.text_slot(value, Some(self.schema.symbols())));
            let before = self.row.items.get(start..).unwrap_or_default();
            if !(is_set
                && before.iter().any(|known| self.row.same_text(*known, value, self.schema.symbols())))
            {
                self.row.items.push(slot);
            }
        }
        let slot = Slot::List { start: start as u32, len: (self.row.items.len() - start) as u32 };
        self.put_if(id, slot, |kind| match kind {
            AttributeType::List(element) | AttributeType::Set(element) => {
                matches!(**element, AttributeType::Text | AttributeType::Symbol)
            }
            _ => false,
        });
    }

    /// Sets a list or set of values.
    ///
    /// # Errors
    /// As [`Self::set_value`].
    pub fn set_list(&mut self, id: AttributeId, values: &[Value]) -> Result<(), FactError> {
        let kind = self.schema.kind(id).ok_or(FactError::UnknownAttribute)?;
        let (AttributeType::List(element) | AttributeType::Set(element)) = kind else {
            return Err(FactError::WrongType { expected: kind.to_string(), got: "list" });
        };
        let distinct = matches!(kind, AttributeType::Set(_));
        let slot = self.row.write_list(element, values, distinct, Some(self.schema.symbols()), 1)?;
        self.put(id, slot);
        Ok(())
    }

    /// Sets any value, reading text where the attribute's type is written as text (decimals, instants, durations).
    /// [`Value::Null`] makes the attribute missing.
    ///
    /// # Errors
    /// When the value is not one of the attribute's type. The attribute then keeps what it had.
    pub fn set_value(&mut self, id: AttributeId, value: &Value) -> Result<(), FactError> {
        let kind = self.schema.kind(id).ok_or(FactError::UnknownAttribute)?;
        let slot = match (kind, value) {
            (AttributeType::Dynamic, Value::Null) => Slot::Null,
            (_, Value::Null) => Slot::Unset,
            _ => self.row.write(kind, value, Some(self.schema.symbols()), 0)?,
        };
        self.put(id, slot);
        Ok(())
    }

    /// Sets any value that a condition was evaluated to, such as one from other facts.
    ///
    /// # Errors
    /// When the value is not one of the attribute's type, or is a type. The attribute then keeps what it had.
    pub fn set_datum(&mut self, id: AttributeId, value: &Datum<'_>) -> Result<(), FactError> {
        let kind = self.schema.kind(id).ok_or(FactError::UnknownAttribute)?;
        let slot = self.row.write_datum(kind, value, self.schema.symbols(), 0)?;
        self.put(id, slot);
        Ok(())
    }

    pub(crate) fn slot(&self, id: AttributeId) -> Slot {
        self.row.slots.get(id.index()).copied().unwrap_or(Slot::Unset)
    }

    pub(crate) fn slots(&self) -> &[Slot] {
        &self.row.slots
    }

    pub(crate) fn item(&self, at: usize) -> Datum<'_> {
        let slot = self.row.items.get(at).copied().unwrap_or(Slot::Null);
        Datum::of(self, slot).unwrap_or(Datum::Null)
    }

    pub(crate) fn text(&self, slot: TextSlot) -> &str {
        self.row.text_of(slot, self.schema.symbols())
    }

    pub(crate) fn bytes(&self, start: u32, len: u32) -> &[u8] {
        self.row.bytes.get(start as usize..(start + len) as usize).unwrap_or_default()
    }

    fn put(&mut self, id: AttributeId, slot: Slot) {
        if let Some(place) = self.row.slots.get_mut(id.index()) {
            *place = slot;
        }
    }

    fn put_if(&mut self, id: AttributeId, slot: Slot, fits: impl Fn(&AttributeType) -> bool) {
        let fits =
            self.schema.kind(id).is_some_and(|kind| matches!(kind, AttributeType::Dynamic) || fits(kind));
        self.put(id, if fits { slot } else { Slot::Unset });
    }
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
        row
    }

    /// Whether `value` is one of type `kind`.
    pub(crate) fn accepts(kind: &AttributeType, value: &Value) -> Result<(), FactError> {
        Self::default().write(kind, value, None, 0).map(|_| ())
    }

    fn text_slot(&mut self, text: &str, symbols: Option<&Symbols>) -> TextSlot {
        if let Some(symbol) = symbols.and_then(|symbols| symbols.find(text)) {
            return TextSlot::of(symbol);
        }
        let start = self.text.len() as u32;
        self.text.push_str(text);
        TextSlot { symbol: NO_SYMBOL, start, len: text.len() as u32 }
    }

    fn text_of<'a>(&'a self, slot: TextSlot, symbols: &'a Symbols) -> &'a str {
        match slot.symbol() {
            Some(symbol) => symbols.text(symbol),
            None => self.text.get(slot.start as usize..(slot.start + slot.len) as usize).unwrap_or_default(),
        }
    }

    fn same_text(&self, slot: Slot, text: &str, symbols: &Symbols) -> bool {
        matches!(slot, Slot::Text(known) if self.text_of(known, symbols) == text)
    }

    fn write(
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
                Slot::UInt(u64::try_from(*n).map_err(|_| wrong(kind, value))?)
            }
            (AttributeType::Double, Value::Int(n)) => Slot::Double(*n as f64),
            (AttributeType::Decimal, Value::Int(n)) => Slot::Decimal(Decimal::from(*n)),
            (AttributeType::Double | AttributeType::Dynamic, Value::Double(x)) if x.is_finite() => {
                Slot::Double(*x)
            }
            (AttributeType::Decimal, Value::Double(x)) => {
                Slot::Decimal(decimal_of(*x).ok_or_else(|| wrong(kind, value))?)
            }
            (AttributeType::Text | AttributeType::Symbol | AttributeType::Dynamic, Value::Text(text)) => {
                Slot::Text(self.text_slot(text, symbols))
            }
            (AttributeType::Decimal, Value::Text(text)) => {
                Slot::Decimal(Decimal::from_str_exact(text).map_err(|_| malformed(kind, text))?)
            }
            (AttributeType::Timestamp, Value::Text(text)) => {
                Slot::Timestamp(text.parse().map_err(|_| malformed(kind, text))?)
            }
            (AttributeType::Duration, Value::Text(text)) => {
                Slot::Duration(text.parse().map_err(|_| malformed(kind, text))?)
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
            _ => return Err(wrong(kind, value)),
        })
    }

    fn write_list(
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
        Ok(self.push_list(&slots))
    }

    fn write_map(
        &mut self,
        element: &AttributeType,
        map: &std::collections::BTreeMap<String, Value>,
        symbols: Option<&Symbols>,
        depth: usize,
    ) -> Result<Slot, FactError> {
        if MAX_FACT_ITEMS < map.len() || MAX_FACT_DEPTH < depth {
            return Err(FactError::TooLarge);
        }
        let mut slots = Vec::with_capacity(2 * map.len());
        for (key, value) in map {
            slots.push(Slot::Text(self.text_slot(key, symbols)));
            slots.push(self.write(element, value, symbols, depth)?);
        }
        Ok(self.push_map(&slots))
    }

    fn write_datum(
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
                Slot::Text(self.text_slot(text.as_str(), Some(symbols)))
            }
            Datum::Bytes(bytes) if is(&AttributeType::Bytes) => {
                let start = self.bytes.len() as u32;
                self.bytes.extend_from_slice(bytes);
                Slot::Bytes { start, len: bytes.len() as u32 }
            }
            Datum::Timestamp(at) if is(&AttributeType::Timestamp) => Slot::Timestamp(*at),
            Datum::Duration(duration) if is(&AttributeType::Duration) => Slot::Duration(*duration),
            Datum::List(items) => {
                let element = match kind {
                    AttributeType::List(element) | AttributeType::Set(element) => element,
                    AttributeType::Dynamic => dynamic,
                    _ => return Err(wrong_datum(kind, value)),
                };
                let mut slots = Vec::with_capacity(items.len());
                for item in items.iter() {
                    slots.push(self.write_datum(element, &item, symbols, depth + 1)?);
                }
                self.push_list(&slots)
            }
            Datum::Map(entries) => {
                let element = match kind {
                    AttributeType::Map(element) => element,
                    AttributeType::Dynamic => dynamic,
                    _ => return Err(wrong_datum(kind, value)),
                };
                let mut slots = Vec::with_capacity(2 * entries.len());
                for (key, value) in entries.iter() {
                    slots.push(self.write_datum(dynamic, &key, symbols, depth + 1)?);
                    slots.push(self.write_datum(element, &value, symbols, depth + 1)?);
                }
                self.push_map(&slots)
            }
            _ => return Err(wrong_datum(kind, value)),
        })
    }

    fn push_list(&mut self, slots: &[Slot]) -> Slot {
        let start = self.items.len() as u32;
        self.items.extend_from_slice(slots);
        Slot::List { start, len: slots.len() as u32 }
    }

    fn push_map(&mut self, slots: &[Slot]) -> Slot {
        let start = self.items.len() as u32;
        self.items.extend_from_slice(slots);
        Slot::Map { start, len: (slots.len() / 2) as u32 }
    }
}

fn wrong(kind: &AttributeType, value: &Value) -> FactError {
    FactError::WrongType { expected: kind.to_string(), got: value.kind() }
}

fn wrong_datum(kind: &AttributeType, value: &Datum<'_>) -> FactError {
    FactError::WrongType { expected: kind.to_string(), got: value.type_name() }
}

fn malformed(kind: &AttributeType, text: &str) -> FactError {
    let text = text.chars().take(64).collect::<String>().escape_debug().to_string();
    FactError::Malformed { expected: kind.to_string(), text }
}

#[cfg(test)]
mod tests {
    use apropos_event::{Path, Problems};

    use super::*;
    use crate::SchemaBuilder;

    fn schema() -> Schema {
        let mut builder = SchemaBuilder::new();
        let mut problems = Problems::new();
        let mut declare = |name: &str, kind| {
            let definition = AttributeDefinition::new(name.parse().unwrap(), kind);
            builder.declare(&Path::root(), definition, &mut problems);
        };
        declare("a.int", AttributeType::Int);
        declare("a.double", AttributeType::Double);
        declare("a.text", AttributeType::Text);
        declare("a.tags", AttributeType::set(AttributeType::Text));
        declare("a.any", AttributeType::Dynamic);
        let tier = AttributeDefinition::new("a.tier".parse().unwrap(), AttributeType::Symbol)
            .with_values(["bronze", "gold"])
            .with_default("bronze");
        builder.declare(&Path::root(), tier, &mut problems);
        assert!(problems.is_empty(), "{problems}");
        builder.build()
    }

    fn shown(facts: &Facts, name: &str) -> Option<String> {
        facts.get(facts.schema().id(name).unwrap()).map(|datum| datum.to_string())
    }

    #[test]
    fn a_reset_row_knows_only_defaults() {
        let schema = schema();
        let mut facts = Facts::new(&schema);
        let (tier, text) = (schema.id("a.tier").unwrap(), schema.id("a.text").unwrap());
        facts.set_symbol(tier, "gold");
        facts.set_text(text, "free text");
        facts.set_texts(schema.id("a.tags").unwrap(), ["x", "y", "x"]);
        assert_eq!(shown(&facts, "a.tier").as_deref(), Some("gold"));
        assert_eq!(shown(&facts, "a.text").as_deref(), Some("free text"));
        assert_eq!(shown(&facts, "a.tags").as_deref(), Some("[x, y]"));
        facts.unset(tier);
        assert_eq!(shown(&facts, "a.tier").as_deref(), Some("bronze"));
        facts.set_missing(tier);
        assert_eq!(shown(&facts, "a.tier"), None);
        facts.reset();
        assert_eq!(shown(&facts, "a.tier").as_deref(), Some("bronze"));
        assert_eq!(shown(&facts, "a.text"), None);
    }

    #[test]
    fn a_value_of_the_wrong_type_is_missing_or_refused() {
        let schema = schema();
        let mut facts = Facts::new(&schema);
        let (int, double) = (schema.id("a.int").unwrap(), schema.id("a.double").unwrap());
        facts.set_int(double, 3);
        assert_eq!(shown(&facts, "a.double").as_deref(), Some("3"));
        facts.set_text(int, "3");
        assert_eq!(shown(&facts, "a.int"), None);
        facts.set_int(int, 3);
        assert!(facts.set_value(int, &Value::from("4")).is_err());
        assert_eq!(shown(&facts, "a.int").as_deref(), Some("3"));
        facts.set_double(double, f64::NAN);
        assert_eq!(shown(&facts, "a.double"), None);
        assert_eq!(facts.set_value(AttributeId(99), &Value::Null), Err(FactError::UnknownAttribute));
    }

    #[test]
    fn data_of_any_shape_is_kept_and_bounded() {
        let schema = schema();
        let mut facts = Facts::new(&schema);
        let any = schema.id("a.any").unwrap();
        let value: Value = serde_json::from_str(r#"{"a":[1,{"b":null}],"c":"gold"}"#).unwrap();
        facts.set_value(any, &value).unwrap();
        assert_eq!(facts.get(any).unwrap().to_value(), value);
        let mut deep = Value::Null;
        for _ in 0..40 {
            deep = Value::List(vec![deep]);
        }
        assert_eq!(facts.set_value(any, &deep), Err(FactError::TooLarge));
    }

    #[test]
    fn declarations_are_checked() {
        let mut builder = SchemaBuilder::new();
        let mut problems = Problems::new();
        let mut refused = |definition: AttributeDefinition| {
            problems = Problems::new();
            assert!(builder.declare(&Path::root(), definition, &mut problems).is_none());
            problems.iter().map(|p| p.code).collect::<Vec<_>>()
        };
        let new = |name: &str, kind| AttributeDefinition::new(name.parse().unwrap(), kind);
        assert_eq!(refused(new("a b", AttributeType::Int)), ["condition/attribute-name"]);
        assert_eq!(refused(new("while.x", AttributeType::Int)), ["condition/attribute-name"]);
        assert_eq!(refused(new("now", AttributeType::Int)), ["condition/duplicate-attribute"]);
        assert_eq!(refused(new("x", AttributeType::Symbol)), ["condition/symbol-values"]);
        assert_eq!(refused(new("x", AttributeType::Int).with_default("y")), ["condition/default-type"]);
        assert_eq!(refused(new("x", AttributeType::Int).with_range(2.0, 1.0)), ["condition/attribute-range"]);
    }
}
