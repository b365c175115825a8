//! A value while a condition is evaluated: CEL's values, decimals added, borrowed from facts or literals where
//! they can be.
//!
//! Not here: what operators do with values, see `operators`.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use apropos_event::{Duration, Timestamp, Value};
use rust_decimal::Decimal;

use crate::facts::{Facts, Slot};
use crate::symbol::SymbolId;

/// A value of the condition language.
///
/// Borrows text and lists from the facts it came from. [`Datum::to_value`] makes plain data of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Datum<'a> {
    /// Said to be absent.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number without a sign.
    UInt(u64),
    /// A number in binary floating point; unlike a fact it may be infinite or not a number.
    Double(f64),
    /// An exact decimal number.
    Decimal(Decimal),
    /// Text.
    Text(Text<'a>),
    /// Bytes.
    Bytes(Arc<[u8]>),
    /// An instant.
    Timestamp(Timestamp),
    /// Elapsed time.
    Duration(Duration),
    /// Several values in order.
    List(Items<'a>),
    /// Values by key.
    Map(Entries<'a>),
    /// The name of a type.
    Type(&'static str),
}

/// Text, with its symbol when it is known to have one.
#[derive(Clone)]
pub struct Text<'a> {
    symbol: Option<SymbolId>,
    text: Str<'a>,
}

#[derive(Clone)]
enum Str<'a> {
    Borrowed(&'a str),
    Shared(Arc<str>),
}

impl<'a> Text<'a> {
    /// Text of a literal or of a fact.
    pub(crate) fn borrowed(text: &'a str, symbol: Option<SymbolId>) -> Self {
        Self { symbol, text: Str::Borrowed(text) }
    }

    /// Text that was computed.
    pub fn owned(text: &str) -> Self {
        Self::shared(text, None)
    }

    pub(crate) fn shared(text: &str, symbol: Option<SymbolId>) -> Self {
        Self { symbol, text: Str::Shared(text.into()) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        match &self.text {
            Str::Borrowed(text) => text,
            Str::Shared(text) => text,
        }
    }

    /// The symbol, if the text was looked up and has one.
    pub(crate) fn symbol(&self) -> Option<SymbolId> {
        self.symbol
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self.symbol, other.symbol) {
            (Some(a), Some(b)) => a == b,
            _ => self.as_str() == other.as_str(),
        }
    }
}

impl Eq for Text<'_> {}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// The elements of a list.
#[derive(Clone)]
pub struct Items<'a>(ItemsOf<'a>);

#[derive(Clone)]
enum ItemsOf<'a> {
    Facts { facts: &'a Facts, start: u32, len: u32 },
    Shared(Arc<[Datum<'a>]>),
}

impl<'a> Items<'a> {
    pub(crate) fn in_facts(facts: &'a Facts, start: u32, len: u32) -> Self {
        Self(ItemsOf::Facts { facts, start, len })
    }

    /// A list that was computed.
    pub fn owned(items: Vec<Datum<'a>>) -> Self {
        Self(ItemsOf::Shared(items.into()))
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        match &self.0 {
            ItemsOf::Facts { len, .. } => *len as usize,
            ItemsOf::Shared(items) => items.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The element at `index`.
    pub fn get(&self, index: usize) -> Option<Datum<'a>> {
        match &self.0 {
            ItemsOf::Facts { facts, start, len } => {
                (index < *len as usize).then(|| facts.item(*start as usize + index))
            }
            ItemsOf::Shared(items) => items.get(index).cloned(),
        }
    }

    /// The elements in order.
    pub fn iter(&self) -> impl Iterator<Item = Datum<'a>> + '_ {
        (0..self.len()).filter_map(|index| self.get(index))
    }
}

impl fmt::Debug for Items<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// The entries of a map. No two keys are equal.
#[derive(Clone)]
pub struct Entries<'a>(EntriesOf<'a>);

#[derive(Clone)]
enum EntriesOf<'a> {
    /// Key and value alternate.
    Facts {
        facts: &'a Facts,
        start: u32,
        len: u32,
    },
    Shared(Arc<[(Datum<'a>, Datum<'a>)]>),
}

impl<'a> Entries<'a> {
    pub(crate) fn in_facts(facts: &'a Facts, start: u32, len: u32) -> Self {
        Self(EntriesOf::Facts { facts, start, len })
    }

    /// A map of these entries; `None` when two keys are equal. O(entries²).
    pub fn from_pairs(entries: Vec<(Datum<'a>, Datum<'a>)>) -> Option<Self> {
        let twice = entries
            .iter()
            .enumerate()
            .any(|(at, (key, _))| entries.iter().take(at).any(|(known, _)| known.equals(key)));
        (!twice).then(|| Self::owned(entries))
    }

    /// A map that was computed; the caller saw to it that no two keys are equal.
    pub(crate) fn owned(entries: Vec<(Datum<'a>, Datum<'a>)>) -> Self {
        Self(EntriesOf::Shared(entries.into()))
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        match &self.0 {
            EntriesOf::Facts { len, .. } => *len as usize,
            EntriesOf::Shared(entries) => entries.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entry at `index`, in the order they were written.
    pub fn entry(&self, index: usize) -> Option<(Datum<'a>, Datum<'a>)> {
        match &self.0 {
            EntriesOf::Facts { facts, start, len } => (index < *len as usize).then(|| {
                let at = *start as usize + 2 * index;
                (facts.item(at), facts.item(at + 1))
            }),
            EntriesOf::Shared(entries) => entries.get(index).cloned(),
        }
    }

    /// The entries in the order they were written.
    pub fn iter(&self) -> impl Iterator<Item = (Datum<'a>, Datum<'a>)> + '_ {
        (0..self.len()).filter_map(|index| self.entry(index))
    }

    /// The value under `key`. O(entries).
    pub fn get(&self, key: &Datum<'_>) -> Option<Datum<'a>> {
        self.iter().find(|(known, _)| known.equals(key)).map(|(_, value)| value)
    }

    /// The value under a text key. O(entries).
    pub fn field(&self, name: &str) -> Option<Datum<'a>> {
        self.iter()
            .find(|(known, _)| matches!(known, Datum::Text(text) if text.as_str() == name))
            .map(|(_, value)| value)
    }
}

impl fmt::Debug for Entries<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<'a> Datum<'a> {
    /// The datum a slot of `facts` holds; `None` when it is empty.
    pub(crate) fn of(facts: &'a Facts, slot: Slot) -> Option<Self> {
        Some(match slot {
            Slot::Unset => return None,
            Slot::Null => Self::Null,
            Slot::Bool(b) => Self::Bool(b),
            Slot::Int(n) => Self::Int(n),
            Slot::UInt(n) => Self::UInt(n),
            Slot::Double(x) => Self::Double(x),
            Slot::Decimal(x) => Self::Decimal(x),
            Slot::Text(text) => Self::Text(Text::borrowed(facts.text(text), text.symbol())),
            Slot::Bytes { start, len } => Self::Bytes(facts.bytes(start, len).into()),
            Slot::Timestamp(at) => Self::Timestamp(at),
            Slot::Duration(duration) => Self::Duration(duration),
            Slot::List { start, len } => Self::List(Items::in_facts(facts, start, len)),
            Slot::Map { start, len } => Self::Map(Entries::in_facts(facts, start, len)),
        })
    }

    /// The same value, borrowing its text where that saves counting references.
    pub(crate) fn reborrowed<'s>(&'s self) -> Datum<'s>
    where
        'a: 's,
    {
        match self {
            Self::Text(text) => Datum::Text(Text::borrowed(text.as_str(), text.symbol)),
            other => other.clone(),
        }
    }

    /// The same value, borrowing nothing.
    pub fn into_owned(self) -> Datum<'static> {
        match self {
            Self::Null => Datum::Null,
            Self::Bool(b) => Datum::Bool(b),
            Self::Int(n) => Datum::Int(n),
            Self::UInt(n) => Datum::UInt(n),
            Self::Double(x) => Datum::Double(x),
            Self::Decimal(x) => Datum::Decimal(x),
            Self::Text(text) => Datum::Text(Text::shared(text.as_str(), text.symbol)),
            Self::Bytes(bytes) => Datum::Bytes(bytes),
            Self::Timestamp(at) => Datum::Timestamp(at),
            Self::Duration(duration) => Datum::Duration(duration),
            Self::Type(name) => Datum::Type(name),
            Self::List(items) => Datum::List(Items::owned(items.iter().map(Datum::into_owned).collect())),
            Self::Map(entries) => Datum::Map(Entries::owned(
                entries.iter().map(|(key, value)| (key.into_owned(), value.into_owned())).collect(),
            )),
        }
    }

    /// How large the value is when it is written out, or how many steps comparing it may take; never more than `limit`,
    /// and no more work than that.
    pub(crate) fn measure(&self, what: Measure, limit: usize) -> usize {
        let mut total = match self {
            Self::Text(text) => 1 + text.as_str().len() / 64,
            Self::Bytes(bytes) => 1 + bytes.len() / 64,
            // Comparing two maps looks for every key of one among those of the other.
            Self::Map(entries) if what == Measure::Effort => 1 + entries.len() * entries.len() / 8,
            _ => 1,
        };
        let mut add = |inner: &Datum<'_>| {
            if total < limit {
                total += inner.measure(what, limit - total);
            }
            total < limit
        };
        match self {
            Self::List(items) => {
                items.iter().all(|item| add(&item));
            }
            Self::Map(entries) => {
                entries.iter().all(|(key, value)| add(&key) && add(&value));
            }
            _ => {}
        }
        total.min(limit)
    }

    /// The name of the value's type, as CEL's `type` gives it.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null_type",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::UInt(_) => "uint",
            Self::Double(_) => "double",
            Self::Decimal(_) => "decimal",
            Self::Text(_) => "string",
            Self::Bytes(_) => "bytes",
            Self::Timestamp(_) => "google.protobuf.Timestamp",
            Self::Duration(_) => "google.protobuf.Duration",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Type(_) => "type",
        }
    }

    /// CEL's equality: numbers by value whatever their type, other values only within their type. Never fails.
    pub fn equals(&self, other: &Datum<'_>) -> bool {
        match (self, other) {
            (Self::Null, Datum::Null) => true,
            (Self::Bool(a), Datum::Bool(b)) => a == b,
            (Self::Text(a), Datum::Text(b)) => text_equal(a, b),
            (Self::Bytes(a), Datum::Bytes(b)) => a == b,
            (Self::Timestamp(a), Datum::Timestamp(b)) => a == b,
            (Self::Duration(a), Datum::Duration(b)) => a == b,
            (Self::Type(a), Datum::Type(b)) => a == b,
            (Self::List(a), Datum::List(b)) => {
                a.len() == b.len() && (0..a.len()).all(|i| both_equal(a.get(i).as_ref(), b.get(i).as_ref()))
            }
            (Self::Map(a), Datum::Map(b)) => {
                a.len() == b.len()
                    && a.iter().all(|(key, value)| b.get(&key).is_some_and(|found| value.equals(&found)))
            }
            _ => self.compare_numbers(other) == Some(Ordering::Equal),
        }
    }

    /// The order of two values of one type, or of two numbers; `None` when they have none.
    pub fn compare(&self, other: &Datum<'_>) -> Option<Ordering> {
        match (self, other) {
            (Self::Bool(a), Datum::Bool(b)) => Some(a.cmp(b)),
            (Self::Text(a), Datum::Text(b)) => Some(a.as_str().cmp(b.as_str())),
            (Self::Bytes(a), Datum::Bytes(b)) => Some(a.cmp(b)),
            (Self::Timestamp(a), Datum::Timestamp(b)) => Some(a.cmp(b)),
            (Self::Duration(a), Datum::Duration(b)) => Some(a.cmp(b)),
            _ => self.compare_numbers(other),
        }
    }

    /// Whether this is a number.
    pub fn is_number(&self) -> bool {
        matches!(self, Self::Int(_) | Self::UInt(_) | Self::Double(_) | Self::Decimal(_))
    }

    /// The order of two numbers of any types, exact but where a double is one of them; `None` when one is not a number or is NaN.
    fn compare_numbers(&self, other: &Datum<'_>) -> Option<Ordering> {
        match (self, other) {
            (Self::Int(a), Datum::Int(b)) => Some(a.cmp(b)),
            (Self::UInt(a), Datum::UInt(b)) => Some(a.cmp(b)),
            (Self::Double(a), Datum::Double(b)) => a.partial_cmp(b),
            (Self::Decimal(a), Datum::Decimal(b)) => Some(a.cmp(b)),
            (Self::Double(a), _) => compare_double(*a, other),
            (_, Datum::Double(b)) => compare_double(*b, self).map(Ordering::reverse),
            (Self::Decimal(a), _) => Some(a.cmp(&other.whole()?.into_decimal()?)),
            (_, Datum::Decimal(b)) => Some(self.whole()?.into_decimal()?.cmp(b)),
            _ => Some(self.whole()?.0.cmp(&other.whole()?.0)),
        }
    }

    fn whole(&self) -> Option<Whole> {
        match self {
            Self::Int(n) => Some(Whole(i128::from(*n))),
            Self::UInt(n) => Some(Whole(i128::from(*n))),
            _ => None,
        }
    }

    /// The value as plain data; decimals, instants and durations become text, bytes a list of numbers.
    pub fn to_value(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(b) => Value::Bool(*b),
            Self::Int(n) => Value::Int(*n),
            Self::UInt(n) => i64::try_from(*n).map_or(Value::Double(*n as f64), Value::Int),
            Self::Double(x) => Value::double(*x).unwrap_or_else(|| Value::Text(x.to_string())),
            Self::Text(text) => Value::Text(text.as_str().to_owned()),
            Self::Bytes(bytes) => Value::List(bytes.iter().map(|b| Value::Int(i64::from(*b))).collect()),
            Self::List(items) => Value::List(items.iter().map(|item| item.to_value()).collect()),
            Self::Map(entries) => {
                Value::Map(entries.iter().map(|(key, value)| (key.to_string(), value.to_value())).collect())
            }
            Self::Decimal(_) | Self::Timestamp(_) | Self::Duration(_) | Self::Type(_) => {
                Value::Text(self.to_string())
            }
        }
    }
}

/// What is measured of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measure {
    /// Its elements and entries, and a part for every 64 bytes of text.
    Size,
    /// The steps that comparing it takes.
    Effort,
}

/// Two texts whose symbols may come from different tables are compared as text when one has none.
fn text_equal(a: &Text<'_>, b: &Text<'_>) -> bool {
    match (a.symbol, b.symbol) {
        (Some(a), Some(b)) => a == b,
        _ => a.as_str() == b.as_str(),
    }
}

fn both_equal(a: Option<&Datum<'_>>, b: Option<&Datum<'_>>) -> bool {
    a.zip(b).is_some_and(|(a, b)| a.equals(b))
}

/// A whole number of either sign type.
struct Whole(i128);

impl Whole {
    fn into_decimal(self) -> Option<Decimal> {
        Decimal::try_from_i128_with_scale(self.0, 0).ok()
    }
}

/// The order of a double and any other number. A whole number is rounded to a double first, as CEL does.
fn compare_double(x: f64, other: &Datum<'_>) -> Option<Ordering> {
    match other {
        Datum::Int(n) => x.partial_cmp(&(*n as f64)),
        Datum::UInt(n) => x.partial_cmp(&(*n as f64)),
        // A double has no exact decimal of 28 digits in general; its shortest spelling is the author's number.
        Datum::Decimal(d) if x.abs() < DECIMAL_END => Some(decimal_of(x)?.cmp(d)),
        Datum::Decimal(_) => x.partial_cmp(&0.0),
        _ => None,
    }
}

/// No decimal is as far from zero as this: two to the 97th.
const DECIMAL_END: f64 = 158_456_325_028_528_675_187_087_900_672.0;

/// The decimal with the shortest spelling of `x`, if a decimal can hold it.
pub(crate) fn decimal_of(x: f64) -> Option<Decimal> {
    if !x.is_finite() {
        return None;
    }
    let text = format!("{x}");
    Decimal::from_str_exact(&text).ok().or_else(|| text.parse().ok())
}

impl From<bool> for Datum<'_> {
    fn from(b: bool) -> Self {
        Self::Bool(b)
    }
}

impl fmt::Display for Datum<'_> {
    /// The value as people read it; text without quotes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(b) => write!(f, "{b}"),
            Self::Int(n) => write!(f, "{n}"),
            Self::UInt(n) => write!(f, "{n}"),
            Self::Double(x) => write!(f, "{x}"),
            Self::Decimal(x) => write!(f, "{x}"),
            Self::Text(text) => f.write_str(text.as_str()),
            Self::Bytes(bytes) => bytes.iter().try_for_each(|b| write!(f, "{b:02x}")),
            Self::Timestamp(at) => write!(f, "{at}"),
            Self::Duration(duration) => write!(f, "{duration}"),
            Self::Type(name) => f.write_str(name),
            Self::List(items) => {
                f.write_str("[")?;
                for (at, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if at == 0 { "" } else { ", " })?;
                }
                f.write_str("]")
            }
            Self::Map(entries) => {
                f.write_str("{")?;
                for (at, (key, value)) in entries.iter().enumerate() {
                    write!(f, "{}{key}: {value}", if at == 0 { "" } else { ", " })?;
                }
                f.write_str("}")
            }
        }
    }
}
