//! One attribute's values, cut into regions by the literals that conditions compare it with.
//!
//! Every test of the attribute against a literal is constant within a region. Not here: which subjects fail in
//! which region, see `rows`.

use std::cmp::Ordering;

use rust_decimal::Decimal;

use crate::facts::Slot;
use crate::symbol::SymbolId;
use crate::{AttributeId, Truth};

/// A literal in the order of its attribute's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    /// Whole numbers, instants, durations, and doubles by [`ordered`].
    Number(i64),
    Decimal(Decimal),
    Symbol(SymbolId),
}

/// A test of one attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Test {
    /// It has a value.
    Known,
    /// It is true.
    IsTrue,
    Less(Key),
    AtMost(Key),
    Equal(Key),
}

impl Test {
    pub(crate) fn key(self) -> Option<Key> {
        match self {
            Self::Known | Self::IsTrue => None,
            Self::Less(key) | Self::AtMost(key) | Self::Equal(key) => Some(key),
        }
    }
}

/// A test, as the regions of its attribute answer it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Probe {
    /// Any but "missing".
    Known,
    Below(u32),
    UpTo(u32),
    At(u32),
}

/// A whole number in the order of doubles; zero has one sign.
pub(crate) fn ordered(x: f64) -> i64 {
    let bits = (x + 0.0).to_bits() as i64;
    bits ^ (((bits >> 63) as u64) >> 1) as i64
}

/// A fact as a [`Key::Number`], if it is one.
#[inline]
pub(crate) fn number(slot: Slot) -> Option<i64> {
    match slot {
        Slot::Int(n) => Some(n),
        Slot::Double(x) => Some(ordered(x)),
        Slot::Timestamp(at) => Some(at.as_micros()),
        Slot::Duration(d) => Some(d.as_micros()),
        _ => None,
    }
}

/// How the regions of an attribute are found.
#[derive(Clone, Debug)]
pub(crate) enum Cut {
    /// Regions: below the first number, at it, between it and the next, …: 2n + 1 of them.
    Numbers(Vec<i64>),
    /// The same for decimals.
    Decimals(Vec<Decimal>),
    /// Regions: each text in turn, then all others.
    Symbols(SymbolTable),
    /// Regions: false, true.
    Bools,
    /// One region: known.
    Presence,
}

/// Which of the texts that conditions compare the attribute with this symbol is.
#[derive(Clone, Debug)]
pub(crate) struct SymbolTable {
    sorted: Vec<SymbolId>,
    /// From the least symbol on, the region of each; only when the symbols lie close together.
    direct: Vec<u32>,
}

impl SymbolTable {
    fn new(sorted: Vec<SymbolId>) -> Self {
        let (Some(first), Some(last)) = (sorted.first().copied(), sorted.last().copied()) else {
            return Self { sorted, direct: Vec::new() };
        };
        let width = (last.0 - first.0) as usize + 1;
        let mut direct = Vec::new();
        if width <= 8 * sorted.len() + 64 {
            direct = vec![sorted.len() as u32; width];
            for (region, symbol) in sorted.iter().enumerate() {
                if let Some(place) = direct.get_mut((symbol.0 - first.0) as usize) {
                    *place = region as u32;
                }
            }
        }
        Self { sorted, direct }
    }

    /// How many texts there are.
    pub(crate) fn len(&self) -> usize {
        self.sorted.len()
    }

    fn region(&self, symbol: Option<SymbolId>) -> u32 {
        let other = self.sorted.len() as u32;
        let (Some(symbol), Some(first)) = (symbol, self.sorted.first()) else { return other };
        if self.direct.is_empty() {
            return self.sorted.binary_search(&symbol).map_or(other, |at| at as u32);
        }
        let at = symbol.0.wrapping_sub(first.0) as usize;
        self.direct.get(at).copied().unwrap_or(other)
    }
}

/// The regions of one attribute; the last one is "missing".
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) attribute: AttributeId,
    pub(crate) cut: Cut,
    missing: u32,
}

impl Table {
    /// The table for all tests of one attribute that conditions make.
    pub(crate) fn new(attribute: AttributeId, tests: &[Test]) -> Self {
        let mut keys: Vec<Key> = tests.iter().filter_map(|test| test.key()).collect();
        keys.sort_unstable();
        keys.dedup();
        let cut = match keys.first() {
            Some(Key::Number(_)) => Cut::Numbers(
                keys.iter()
                    .filter_map(|key| if let Key::Number(n) = key { Some(*n) } else { None })
                    .collect(),
            ),
            Some(Key::Decimal(_)) => Cut::Decimals(
                keys.iter()
                    .filter_map(|key| if let Key::Decimal(d) = key { Some(*d) } else { None })
                    .collect(),
            ),
            Some(Key::Symbol(_)) => Cut::Symbols(SymbolTable::new(
                keys.iter()
                    .filter_map(|key| if let Key::Symbol(s) = key { Some(*s) } else { None })
                    .collect(),
            )),
            None if tests.contains(&Test::IsTrue) => Cut::Bools,
            None => Cut::Presence,
        };
        let missing = match &cut {
            Cut::Numbers(keys) => 2 * keys.len() + 1,
            Cut::Decimals(keys) => 2 * keys.len() + 1,
            Cut::Symbols(table) => table.sorted.len() + 1,
            Cut::Bools => 2,
            Cut::Presence => 1,
        };
        Self { attribute, cut, missing: missing as u32 }
    }

    /// How many regions there are, "missing" included.
    pub(crate) fn regions(&self) -> usize {
        self.missing as usize + 1
    }

    /// The region "missing".
    pub(crate) fn missing(&self) -> u32 {
        self.missing
    }

    /// The region that a fact lies in. O(log literals), O(1) for texts.
    pub(crate) fn region(&self, slot: Slot) -> u32 {
        match (&self.cut, slot) {
            (_, Slot::Unset) => self.missing(),
            (Cut::Numbers(keys), slot) => {
                number(slot).map_or(self.missing(), |n| search(keys, |key| key.cmp(&n)))
            }
            (Cut::Decimals(keys), Slot::Decimal(d)) => search(keys, |key| compare(*key, d)),
            (Cut::Symbols(table), Slot::Text(text)) => table.region(text.symbol()),
            (Cut::Bools, Slot::Bool(b)) => u32::from(b),
            (Cut::Presence, _) => 0,
            // INVARIANT: facts hold values of their attribute's type only.
            _ => self.missing(),
        }
    }

    /// The place of a literal among those of the attribute.
    pub(crate) fn position(&self, key: Key) -> u32 {
        let at = match (&self.cut, key) {
            (Cut::Numbers(keys), Key::Number(n)) => keys.binary_search(&n).ok(),
            (Cut::Decimals(keys), Key::Decimal(d)) => keys.binary_search(&d).ok(),
            (Cut::Symbols(table), Key::Symbol(s)) => table.sorted.binary_search(&s).ok(),
            _ => None,
        };
        at.unwrap_or_default() as u32
    }

    /// How the regions answer a test of the attribute.
    pub(crate) fn probe(&self, test: Test) -> Probe {
        let position = test.key().map_or(0, |key| self.position(key));
        let at = if self.is_ordered() { 2 * position + 1 } else { position };
        match test {
            Test::Known => Probe::Known,
            Test::IsTrue => Probe::At(1),
            Test::Less(_) => Probe::Below(at),
            Test::AtMost(_) => Probe::UpTo(at),
            Test::Equal(_) => Probe::At(at),
        }
    }

    /// What a test says in a region.
    #[inline]
    pub(crate) fn truth(&self, probe: Probe, region: u32) -> Truth {
        let missing = region == self.missing;
        match probe {
            Probe::Known => (!missing).into(),
            _ if missing => Truth::Unknown,
            Probe::Below(at) => (region < at).into(),
            Probe::UpTo(at) => (region <= at).into(),
            Probe::At(at) => (region == at).into(),
        }
    }

    /// The double that [`ordered`] gave this number for.
    pub(crate) fn double_of(key: i64) -> f64 {
        f64::from_bits((key ^ (((key >> 63) as u64) >> 1) as i64) as u64)
    }

    /// Whether neighbouring regions are neighbouring values.
    pub(crate) fn is_ordered(&self) -> bool {
        !matches!(self.cut, Cut::Symbols(_))
    }

    /// The bytes it holds beyond itself.
    pub(crate) fn heap_bytes(&self) -> usize {
        match &self.cut {
            Cut::Numbers(keys) => 8 * keys.capacity(),
            Cut::Decimals(keys) => 16 * keys.capacity(),
            Cut::Symbols(table) => 4 * (table.sorted.capacity() + table.direct.capacity()),
            Cut::Bools | Cut::Presence => 0,
        }
    }
}

/// The region of a value among ascending literals, of each of which `order` says how it stands to the value.
#[inline]
pub(crate) fn search<K>(keys: &[K], order: impl Fn(&K) -> Ordering) -> u32 {
    if 8 < keys.len() {
        let below = keys.partition_point(|key| order(key).is_lt());
        let at = keys.get(below).is_some_and(|key| order(key).is_eq());
        return 2 * below as u32 + u32::from(at);
    }
    // Few literals are counted faster than halved.
    keys.iter().fold(0, |region: u32, key| {
        let order = order(key);
        region.wrapping_add(u32::from(order.is_lt())).wrapping_add(u32::from(order.is_le()))
    })
}

/// The order of decimals: by their digits where the scales lie close together, which is several times as fast as where
/// they do not.
fn compare(a: Decimal, b: Decimal) -> Ordering {
    const TENS: [i128; 10] =
        [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000];
    let tens = |more: u32, less: u32| TENS.get(more.saturating_sub(less) as usize);
    match (tens(b.scale(), a.scale()), tens(a.scale(), b.scale())) {
        // INVARIANT: a mantissa has 96 bits and nine digits fewer than 30, so that nothing wraps.
        (Some(left), Some(right)) => a.mantissa().wrapping_mul(*left).cmp(&b.mantissa().wrapping_mul(*right)),
        _ => a.cmp(&b),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::index::regions::Regions;

    #[test]
    fn doubles_keep_their_order_as_whole_numbers() {
        let ascending = [f64::MIN, -2.5, -1e-300, 0.0, 1e-300, 1.0, 1.5, f64::MAX];
        for pair in ascending.windows(2) {
            assert!(ordered(pair[0]) < ordered(pair[1]), "{pair:?}");
        }
        assert_eq!(ordered(-0.0), ordered(0.0));
    }

    proptest! {
        #[test]
        fn decimals_stand_in_their_order(
            a in any::<i64>(), b in any::<i64>(), near in -3_i64..4, more in 0_u32..29, less in 0_u32..29,
            widest: bool,
        ) {
            let one = if widest { Decimal::MAX } else { Decimal::new(a, more) };
            for other in [Decimal::new(b, less), Decimal::new(a.saturating_add(near), more), one, -one] {
                prop_assert_eq!(compare(one, other), one.cmp(&other), "{} {}", one, other);
                prop_assert_eq!(compare(other, one), other.cmp(&one), "{} {}", one, other);
            }
            // The same number, written with more digits.
            let mut longer = Decimal::from(a);
            longer.rescale(less);
            prop_assert_eq!(compare(Decimal::from(a), longer), Decimal::from(a).cmp(&longer));
        }

        #[test]
        fn one_pass_finds_the_region_that_each_table_would(
            mut literals in proptest::collection::vec(-20_i64..20, 0..14), value in -25_i64..25, half: bool,
        ) {
            literals.sort_unstable();
            let key = |n: &i64| if half { Key::Number(ordered(*n as f64)) } else { Key::Number(*n) };
            let tests: Vec<Test> = literals.iter().map(|n| Test::Less(key(n))).collect();
            let mut tables = vec![Table::new(AttributeId(0), &tests), Table::new(AttributeId(1), &[Test::Known])];
            tables.push(Table::new(AttributeId(2), &[Test::IsTrue]));
            let decimal = literals.iter().map(|n| Test::AtMost(Key::Decimal(Decimal::from(*n))));
            tables.push(Table::new(AttributeId(3), &decimal.collect::<Vec<_>>()));
            let number = if half { Slot::Double(value as f64 + 0.5) } else { Slot::Int(value) };
            let full = [number, Slot::Null, Slot::Bool(half), Slot::Decimal(Decimal::from(value))];
            for slots in [&full[..], &full[..2], &[Slot::Unset; 4], &[Slot::Null; 4]] {
                let mut regions = [u32::MAX; 4];
                Regions::new(&tables).find(&tables, slots, &mut regions);
                let alone = tables.iter().enumerate();
                let alone = alone.map(|(at, table)| table.region(slots.get(at).copied().unwrap_or(Slot::Unset)));
                prop_assert!(alone.eq(regions));
            }
        }
    }

    #[test]
    fn a_number_lies_below_at_or_above_a_literal() {
        let tests = [Test::Less(Key::Number(10)), Test::AtMost(Key::Number(20))];
        let table = Table::new(AttributeId(1), &tests);
        let regions: Vec<u32> = [9, 10, 11, 20, 21].iter().map(|n| table.region(Slot::Int(*n))).collect();
        assert_eq!(regions, [0, 1, 2, 3, 4]);
        assert_eq!(table.region(Slot::Unset), 5);
        let less: Vec<Truth> = (0..6).map(|region| table.truth(table.probe(tests[0]), region)).collect();
        let (t, f) = (Truth::True, Truth::False);
        assert_eq!(less, [t, f, f, f, f, Truth::Unknown]);
    }
}
