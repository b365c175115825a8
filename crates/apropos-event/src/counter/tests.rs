//! Windows at their edges, and a series beside its naive twin.

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;
use crate::{Duration, PropertyName, Timestamp, Zone};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[track_caller]
fn check_window(text: &str, from: &str) {
    let zone = Zone::new("Europe/Paris").unwrap();
    let window: Window = text.parse().unwrap();
    assert_eq!(window.to_string(), text);
    assert_eq!(window.span(at("2026-03-31T10:00:00Z"), &zone).from, at(from), "{text}");
}

#[test]
fn windows_start_where_the_wall_says() {
    check_window("30d", "2026-03-01T10:00:00.000001Z");
    check_window("day", "2026-03-30T22:00:00Z");
    check_window("week", "2026-03-29T22:00:00Z");
    check_window("month", "2026-02-28T23:00:00Z");
    check_window("quarter", "2025-12-31T23:00:00Z");
    check_window("3 months", "2025-12-31T23:00:00Z");
    check_window("2 years", "2024-12-31T23:00:00Z");
    check_window("ever", "0001-01-01T00:00:00Z");
}

#[test]
fn what_is_not_a_window_is_refused() {
    for text in ["", "0s", "-3d", "0 days", "3 moons", "months 3", "99999999d", "65535 years", "never"] {
        assert!(text.parse::<Window>().is_err(), "{text}");
    }
}

#[test]
fn an_entry_exactly_as_old_as_the_window_is_outside() {
    let mut series = Series::default();
    series.insert(Entry::new(at("2026-01-01T00:00:00Z"), 1), &[]);
    let window: Window = "1d".parse().unwrap();
    let count = |now: &str| series.count(window.span(at(now), &Zone::utc())).value;
    assert_eq!(count("2026-01-01T00:00:00Z"), 1);
    assert_eq!(count("2026-01-01T23:59:59.999999Z"), 1);
    assert_eq!(count("2026-01-02T00:00:00Z"), 0);
    assert_eq!(count("2025-12-31T00:00:00Z"), 0);
}

#[test]
fn amounts_add_up_exactly_in_any_order() {
    for (value, expected) in [
        (crate::Value::from("19.90"), Some("19.9")),
        (crate::Value::from("19.90 EUR"), Some("19.9")),
        (crate::Value::from("1 000"), None),
        (crate::Value::from("-0.000000001"), Some("-0.000000001")),
        (crate::Value::Double(0.1), Some("0.1")),
        (crate::Value::Double(4_460_598_551.27), Some("4460598551.27")),
        (crate::Value::Int(3), Some("3")),
        (crate::Value::from("1e5"), None),
        (crate::Value::from("9999999999999999999"), None),
        (crate::Value::Bool(true), None),
    ] {
        let amount = Amount::from_value(&value).map(|amount| amount.to_decimal().to_string());
        assert_eq!(amount.as_deref(), expected, "{value:?}");
    }
}

#[test]
fn a_window_that_reaches_behind_the_fold_says_so() {
    let mut series = Series::default();
    for day in 0..10 {
        series.insert(Entry::new(Timestamp::EPOCH.plus(Duration::from_days(day)), 1), &[]);
    }
    series.fold(SeriesLimits { entries: 4, since: Timestamp::MIN }, |_| {});
    let now = Timestamp::EPOCH.plus(Duration::from_days(9));
    let count = |text: &str| series.count(text.parse::<Window>().unwrap().span(now, &Zone::utc()));
    assert_eq!(count("4d"), Reading { value: 4, exact: true });
    assert_eq!(count("8d"), Reading { value: 4, exact: false });
    assert_eq!(count("ever"), Reading { value: 10, exact: true });
    assert!(series.too_late(Timestamp::EPOCH, 7));
    assert!(!series.insert(Entry::new(Timestamp::EPOCH, 7), &[]));
}

/// What a series should hold, the slow way.
#[derive(Clone, Debug)]
struct Fact {
    at: i64,
    key: u64,
    amount: Option<i64>,
    mark: Option<u64>,
}

fn fact() -> impl Strategy<Value = Fact> {
    // Now and then an amount so large that totals need more room.
    let amount = prop_oneof![8 => -50..50_i64, 1 => -50_000_000_000_000_000..50_000_000_000_000_000_i64];
    (0..400_i64, 0..4_u64, proptest::option::of(amount), proptest::option::of(1..6_u64))
        .prop_map(|(at, key, amount, mark)| Fact { at, key, amount, mark })
}

/// What is done to a series.
#[derive(Clone, Debug)]
enum Deed {
    Insert(Fact),
    Fold(usize),
    Forget(i64),
    AddColumn,
    MoveAway(u64),
    Relabel,
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        12 => fact().prop_map(Deed::Insert),
        1 => (0..20_usize).prop_map(Deed::Fold),
        1 => (0..200_i64).prop_map(Deed::Forget),
        1 => Just(Deed::AddColumn),
        1 => (0..4_u64).prop_map(Deed::MoveAway),
        1 => Just(Deed::Relabel),
    ]
}

fn cells(fact: &Fact) -> [Cell; 2] {
    let amount = |n: i64| Cell::Amount(Amount::from_decimal(Decimal::new(n, 2)).unwrap_or_default());
    [fact.amount.map_or(Cell::Absent, amount), fact.mark.map_or(Cell::Absent, Cell::Mark)]
}

fn micros(n: i64) -> Timestamp {
    Timestamp::from_micros(n).unwrap()
}

fn series(facts: &[Fact]) -> Series {
    let mut series = Series::default();
    series.ensure_column(&PropertyName::new("amount").unwrap(), ColumnKind::Amount);
    series.ensure_column(&PropertyName::new("what").unwrap(), ColumnKind::Mark);
    for fact in facts {
        series.insert(Entry::new(micros(fact.at), fact.key), &cells(fact));
    }
    series
}

/// One fact per (instant, key): the first delivered.
fn once(facts: &[Fact]) -> Vec<Fact> {
    let mut seen = std::collections::BTreeSet::new();
    facts.iter().filter(|fact| seen.insert((fact.at, fact.key))).cloned().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn readings_equal_a_naive_recount(
        facts in proptest::collection::vec(fact(), 0..60), from in 0..400_i64, length in 0..400_i64,
        keep in 1..80_usize,
    ) {
        let mut series = series(&facts);
        let facts = once(&facts);
        series.fold(SeriesLimits { entries: keep, since: Timestamp::MIN }, |_| {});
        prop_assert!(series.len() <= keep);
        for span in [
            Span { from: micros(from), to: micros(from + length) },
            Span { from: Timestamp::MIN, to: micros(400) },
        ] {
            let inside: Vec<&Fact> = facts.iter()
                .filter(|fact| span.from <= micros(fact.at) && micros(fact.at) <= span.to).collect();
            let count = series.count(span);
            prop_assert!(count.value <= inside.len() as u64);
            if count.exact {
                prop_assert_eq!(count.value, inside.len() as u64);
                let sum: i64 = inside.iter().filter_map(|fact| fact.amount).sum();
                prop_assert_eq!(series.sum(0, span).value, Decimal::new(sum, 2));
                let mut marks: Vec<u64> = inside.iter().filter_map(|fact| fact.mark).collect();
                marks.sort_unstable();
                marks.dedup();
                let mut seen = Vec::new();
                prop_assert!(series.distinct_into(1, span, &mut seen));
                prop_assert_eq!(seen, marks);
                let first = inside.iter().map(|fact| micros(fact.at)).min();
                prop_assert_eq!(series.first(span), Reading { value: first, exact: true });
                prop_assert_eq!(series.last(span), inside.iter().map(|fact| micros(fact.at)).max());
            }
        }
        let all = series.count(Span { from: Timestamp::MIN, to: micros(400) });
        prop_assert!(all.exact);
    }

    #[test]
    fn a_series_is_a_sorted_list(deeds in proptest::collection::vec(deed(), 0..60)) {
        let mut series = series(&[]);
        let mut twin: Vec<(Entry, Vec<Cell>)> = Vec::new();
        let mut until = None;
        for deed in deeds {
            match deed {
                Deed::Insert(fact) => {
                    let entry = Entry::new(micros(fact.at), fact.key);
                    let mark = entry.mark();
                    let new = until.is_none_or(|until| until < mark) && twin.iter().all(|(one, _)| one.mark() != mark);
                    prop_assert_eq!(series.insert(entry, &cells(&fact)), new);
                    if new {
                        let at = twin.partition_point(|(one, _)| one.mark() < mark);
                        twin.insert(at, (entry, cells(&fact).to_vec()));
                    }
                }
                Deed::Fold(entries) => {
                    let mut keys = Vec::new();
                    series.fold(SeriesLimits { entries, since: Timestamp::MIN }, |key| keys.push(key));
                    let gone: Vec<_> = twin.drain(..twin.len().saturating_sub(entries)).collect();
                    prop_assert_eq!(keys, gone.iter().map(|(one, _)| one.key).collect::<Vec<_>>());
                    until = gone.last().map(|(one, _)| one.mark()).or(until);
                }
                Deed::Forget(since) => {
                    series.forget_before(micros(since), |_| {});
                    let kept = twin.partition_point(|(one, _)| one.at < micros(since));
                    until = twin.drain(..kept).next_back().map(|(one, _)| one.mark()).or(until);
                }
                Deed::AddColumn => {
                    let name = PropertyName::new(format!("more{}", series.columns().len())).unwrap();
                    series.ensure_column(&name, ColumnKind::Amount);
                }
                Deed::MoveAway(key) => {
                    let mut other = Series::default();
                    series.move_to(&mut other, |entry| entry.key == key);
                    let gone: Vec<_> = twin.extract_if(.., |(one, _)| one.key == key).map(|(one, _)| one).collect();
                    prop_assert!(other.entries().eq(gone));
                }
                Deed::Relabel => {
                    series.relabel(1, |label| label + 1);
                    for (one, _) in &mut twin {
                        one.labels[1] += 1;
                    }
                }
            }
            prop_assert!(series.entries().eq(twin.iter().map(|(one, _)| *one)));
            prop_assert!(series.entries().rev().eq(twin.iter().rev().map(|(one, _)| *one)));
            for (index, (entry, cells)) in twin.iter().enumerate() {
                for column in 0..series.columns().len() {
                    let expected = cells.get(column).copied().unwrap_or(Cell::Absent);
                    prop_assert_eq!(series.cell(index, column), expected);
                }
                prop_assert!(series.check_of(entry.key).is_some());
            }
            prop_assert_eq!(series.cell(twin.len(), 0), Cell::Absent);
            prop_assert_eq!(series.check_of(9), None);
        }
    }

    #[test]
    fn order_and_repetition_do_not_show(
        facts in proptest::collection::vec(fact(), 0..40), seed in any::<u64>(),
    ) {
        let facts = once(&facts);
        let mut shuffled: Vec<Fact> = facts.iter().chain(&facts).cloned().collect();
        shuffled.sort_by_key(|fact| crate::draw::mix(seed ^ (fact.at as u64 * 64 + fact.key)));
        prop_assert_eq!(series(&facts), series(&shuffled));
    }

    #[test]
    fn joining_is_associative_commutative_and_idempotent(
        a in proptest::collection::vec(fact(), 0..20),
        b in proptest::collection::vec(fact(), 0..20),
        c in proptest::collection::vec(fact(), 0..20),
        keep in 1..20_usize,
    ) {
        let folded = |facts: &[Fact]| {
            let mut series = series(facts);
            series.fold(SeriesLimits { entries: keep, since: Timestamp::MIN }, |_| {});
            series
        };
        let (a, b, c) = (folded(&a), folded(&b), folded(&c));
        let join = |a: &Series, b: &Series| { let mut joined = a.clone(); joined.join(b); joined };
        prop_assert_eq!(join(&a, &a), a.clone());
        prop_assert_eq!(join(&a, &b), join(&b, &a));
        prop_assert_eq!(join(&join(&a, &b), &c), join(&a, &join(&b, &c)));
    }

    #[test]
    fn both_written_forms_read_back(
        facts in proptest::collection::vec(fact(), 0..40), keep in 0..40_usize, unit in 0..3_u32,
    ) {
        let scale = 1_000_i64.pow(unit);
        let facts: Vec<Fact> = facts.into_iter().map(|f| Fact { at: f.at * scale, ..f }).collect();
        let mut series = series(&facts);
        series.fold(SeriesLimits { entries: keep, since: Timestamp::MIN }, |_| {});
        let json = serde_json::to_string(&series).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Series>(&json).unwrap(), &series);
        let bytes = postcard::to_stdvec(&series).unwrap();
        prop_assert_eq!(&postcard::from_bytes::<Series>(&bytes).unwrap(), &series);
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        let framed = postcard::to_stdvec(&bytes).unwrap();
        let _ = postcard::from_bytes::<Series>(&framed);
    }
}
