//! What is known for one decision: a dense row of values, one slot an attribute.
//!
//! Not here: what the attributes are, see [`crate::Schema`]; where texts and lists lie, see `row`.

mod error;
mod row;

use apropos_event::{Duration, Timestamp, Value};
use rust_decimal::Decimal;

pub use error::FactError;
pub(crate) use row::{Row, Slot, TextSlot};

use crate::datum::Datum;
use crate::limits::MAX_FACT_ITEMS;
use crate::symbol::SymbolId;
use crate::{AttributeId, AttributeType, Schema};

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

    /// Forgets everything but the defaults, keeping the memory. O(what was set).
    pub fn reset(&mut self) {
        self.row.reset_to(self.schema.template());
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
        let default = self.schema.template().slot(id);
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
    #[inline]
    pub fn set_int(&mut self, id: AttributeId, value: i64) {
        // Nearly always it is one.
        if matches!(self.schema.kind(id), Some(AttributeType::Int)) {
            self.put(id, Slot::Int(value));
        } else {
            self.set_int_as(id, value);
        }
    }

    /// Sets a whole number for an attribute of another type.
    fn set_int_as(&mut self, id: AttributeId, value: i64) {
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

    /// Sets a text. One hash of the text; a text that no definition names is copied. One of more than
    /// [`crate::limits::MAX_FACT_TEXT`] bytes makes the attribute missing.
    pub fn set_text(&mut self, id: AttributeId, value: &str) {
        let slot = self.row.text_slot(value, Some(self.schema.symbols())).map_or(Slot::Unset, Slot::Text);
        self.put_if(id, slot, |kind| matches!(kind, AttributeType::Text | AttributeType::Symbol));
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

    /// Sets a list or set of texts. A set keeps each text once. Beyond [`MAX_FACT_ITEMS`] the rest is left out, and so
    /// is a text that is too long.
    pub fn set_texts<'t>(&mut self, id: AttributeId, values: impl IntoIterator<Item = &'t str>) {
        let distinct = matches!(self.schema.kind(id), Some(AttributeType::Set(_)));
        let slot =
            self.row.write_texts(values.into_iter().take(MAX_FACT_ITEMS), distinct, self.schema.symbols());
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
        self.row.slot(id)
    }

    pub(crate) fn slots(&self) -> &[Slot] {
        self.row.slots()
    }

    pub(crate) fn item(&self, at: usize) -> Datum<'_> {
        Datum::of(self, self.row.item(at)).unwrap_or(Datum::Null)
    }

    pub(crate) fn text(&self, slot: TextSlot) -> &str {
        self.row.text(slot, self.schema.symbols())
    }

    pub(crate) fn bytes(&self, start: u32, len: u32) -> &[u8] {
        self.row.bytes(start, len)
    }

    fn put(&mut self, id: AttributeId, slot: Slot) {
        self.row.put(id, slot);
    }

    fn put_if(&mut self, id: AttributeId, slot: Slot, fits: impl Fn(&AttributeType) -> bool) {
        let fits =
            self.schema.kind(id).is_some_and(|kind| matches!(kind, AttributeType::Dynamic) || fits(kind));
        self.put(id, if fits { slot } else { Slot::Unset });
    }
}

#[cfg(test)]
mod tests {
    use apropos_event::{Path, Problems};

    use super::*;
    use crate::{AttributeDefinition, SchemaBuilder};

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

    proptest::proptest! {
        #[test]
        fn a_reset_row_is_a_new_one(writes in proptest::collection::vec((0_u32..7, 0_u8..4), 0..20)) {
            let schema = schema();
            let mut facts = Facts::new(&schema);
            for (id, what) in writes {
                let id = AttributeId(id);
                match what {
                    0 => facts.set_int(id, 7),
                    1 => facts.set_text(id, "free text"),
                    2 => facts.set_texts(id, ["x", "y"]),
                    _ => facts.set_missing(id),
                }
            }
            facts.reset();
            let new = Facts::new(&schema);
            proptest::prop_assert_eq!(facts.slots(), new.slots());
        }
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
    fn a_text_that_is_too_long_is_none() {
        let schema = schema();
        let mut facts = Facts::new(&schema);
        let (text, tags) = (schema.id("a.text").unwrap(), schema.id("a.tags").unwrap());
        let long = "x".repeat(crate::limits::MAX_FACT_TEXT + 1);
        facts.set_text(text, "short");
        facts.set_text(text, &long);
        assert_eq!(shown(&facts, "a.text"), None);
        assert_eq!(facts.set_value(text, &Value::from(long.as_str())), Err(FactError::TooLarge));
        facts.set_texts(tags, ["y", &long, "y", "z"]);
        assert_eq!(shown(&facts, "a.tags").as_deref(), Some("[y, z]"));
        facts.set_text(text, &long[1..]);
        assert!(facts.is_known(text));
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
