//! Counters equal a naive recount under repeats and disorder, in any zone; and no order of delivery shows in the state.

use apropos_condition::{Datum, Facts, Schema, SchemaBuilder};
use apropos_event::{
    ChannelId, CivilDate, Duration, Event, Path, Problems, PropertyName, Timestamp, Value, Zone,
};
use apropos_profile::{Count, ObserveError, Outcome, Profile, ProfileRules};
use rust_decimal::Decimal;
use serde_json::json;

use super::draws::{Draws, cases, life};
use super::merging::link;
use crate::support::{compile, day, definition, event_of, rules, seen};

const WINDOWS: [&str; 8] = ["ever", "36h", "30d", "day", "week", "month", "2 months", "quarter"];
/// Aggregate, kind and property, each counted through every window.
const READ: [(&str, &str, Option<&str>); 7] = [
    ("count", "purchase", None),
    ("sum", "purchase", Some("amount")),
    ("first", "purchase", None),
    ("last", "purchase", None),
    ("days_since", "purchase", None),
    ("distinct", "view", Some("product")),
    ("distinct", "*", Some("channel")),
];
const ZONES: [&str; 5] = ["UTC", "Europe/Paris", "America/New_York", "Asia/Kathmandu", "Pacific/Auckland"];
/// Events lie in this many days: from January over both changes of the clocks in spring.
const DAYS: u64 = 120;

fn name(read: usize, window: &str) -> String {
    format!("c{read}_{}", window.replace(' ', "_"))
}

fn counting(counted: Option<u32>) -> ProfileRules {
    let mut definition = definition();
    definition.counters.clear();
    for (at, (aggregate, kind, property)) in READ.iter().enumerate() {
        for window in WINDOWS {
            let name = name(at, window);
            let counter = json!({"name": name, "aggregate": aggregate, "event": kind, "property": property, "window": window});
            definition.counters.push(serde_json::from_value(counter).unwrap());
        }
    }
    if let Some(counted) = counted {
        definition.history.counted = counted;
    }
    compile(&definition)
}

/// What happened, as the naive twin remembers it.
#[derive(Clone, Copy)]
struct Fact {
    at: Timestamp,
    bought: bool,
    cents: i64,
    product: u64,
    channel: Option<&'static str>,
}

fn fact(draws: &mut Draws) -> Fact {
    Fact {
        at: draws.instant(DAYS),
        bought: draws.once_in(2),
        cents: draws.below(10_000) as i64 - 1_000,
        product: draws.below(6),
        channel: draws.pick(&[None, Some("web"), Some("app"), Some("store")]),
    }
}

fn event(fact: &Fact, customer: &str, id: usize) -> Event {
    let mut event =
        event_of(customer, &id.to_string(), if fact.bought { "purchase" } else { "view" }, 0, json!({}));
    event.occurred_at = fact.at;
    event.received_at = day(DAYS as i64);
    event.channel = fact.channel.map(|channel| ChannelId::new(channel).unwrap());
    let (name, value) = if fact.bought {
        ("amount", Value::from(Decimal::new(fact.cents, 2).to_string()))
    } else {
        ("product", Value::from(format!("p{}", fact.product)))
    };
    event.properties.insert(PropertyName::new(name).unwrap(), value);
    event
}

/// Whether `at` lies in a window that ends at `now`, by the calendar on the wall, day by day.
fn is_inside(window: &str, at: Timestamp, now: Timestamp, zone: &Zone) -> bool {
    let (then, today) = (zone.day(at), zone.day(now));
    let months = |date: CivilDate| {
        let (year, month, _) = date.ymd();
        i32::from(year) * 12 + i32::from(month) - 1
    };
    let monday = |date: CivilDate| date.days() - date.weekday() as i32;
    at <= now
        && match window {
            "ever" => true,
            "36h" => now.since(at) < Duration::from_hours(36),
            "30d" => now.since(at) < Duration::from_days(30),
            "day" => then == today,
            "week" => monday(then) == monday(today),
            "month" => months(then) == months(today),
            "2 months" => months(today) - months(then) < 2,
            // A quarter.
            _ => months(then) / 3 == months(today) / 3,
        }
}

/// The naive recount of `READ[read]` over the facts in a window.
fn recount(read: usize, inside: &[Fact], now: Timestamp) -> Count {
    let bought: Vec<&Fact> = inside.iter().filter(|fact| fact.bought).collect();
    let last = bought.iter().map(|fact| fact.at).max();
    let distinct = |mut all: Vec<String>| {
        all.sort();
        all.dedup();
        Count::Number(all.len() as u64)
    };
    match read {
        0 => Count::Number(bought.len() as u64),
        1 => Count::Amount(Decimal::new(bought.iter().map(|fact| fact.cents).sum(), 2)),
        2 => bought.iter().map(|fact| fact.at).min().map_or(Count::Nothing, Count::Instant),
        3 => last.map_or(Count::Nothing, Count::Instant),
        4 => last.map_or(Count::Nothing, |at| Count::Days(now.since(at).as_days_f64())),
        5 => {
            distinct(inside.iter().filter(|fact| !fact.bought).map(|fact| fact.product.to_string()).collect())
        }
        _ => distinct(inside.iter().filter_map(|fact| fact.channel).map(str::to_owned).collect()),
    }
}

#[test]
fn counters_equal_a_naive_recount_under_repeats_and_disorder() {
    let rules = counting(None);
    let zones = ZONES.map(|name| Zone::new(name).unwrap());
    let mut busiest = 0;
    for case in 0..cases() {
        let mut draws = Draws::new("recount", case);
        // Mostly a few, now and then a great many.
        let most = if draws.once_in(64) { 100 } else { 14 };
        let facts: Vec<Fact> = (0..=draws.below(most)).map(|_| fact(&mut draws)).collect();
        let events: Vec<Event> = facts.iter().enumerate().map(|(id, fact)| event(fact, "a", id)).collect();
        let deliveries: Vec<&Event> =
            events.iter().flat_map(|event| vec![event; 1 + draws.below(5) as usize]).collect();
        let mut profile = Profile::new();
        let mut applied = 0;
        for event in draws.shuffled(deliveries) {
            let changes = rules.observe(&mut profile, event).unwrap();
            applied += usize::from(changes.outcome == Outcome::Applied);
        }
        assert_eq!(applied, facts.len(), "case {case}: each event counts once");
        busiest = busiest.max(applied);
        let zone = &zones[draws.below(zones.len() as u64) as usize];
        // At any time, and at the very instant of an event.
        let now = if draws.once_in(4) { facts[0].at } else { draws.instant(DAYS + 30) };
        for _ in 0..4 {
            let window = draws.pick(&WINDOWS);
            let inside: Vec<Fact> =
                facts.iter().filter(|fact| is_inside(window, fact.at, now, zone)).copied().collect();
            for (read, what) in READ.iter().enumerate() {
                let counted = rules.count(&profile, &name(read, window), now, zone);
                assert_eq!(counted, Some(recount(read, &inside, now)), "case {case}: {what:?} {window}");
            }
        }
    }
    assert!(50 < busiest, "some lives are long");
}

/// All that the rules offer.
fn schema(rules: &ProfileRules) -> Schema {
    let (mut builder, mut problems) = (SchemaBuilder::new(), Problems::new());
    for attribute in rules.attributes() {
        builder.declare(&Path::root(), attribute, &mut problems);
    }
    assert!(problems.is_empty(), "{problems}");
    builder.build()
}

/// What facts say of a counter.
fn told(facts: &Facts, name: &str) -> Count {
    let id = facts.schema().id(&format!("history.{name}")).unwrap();
    match facts.get(id) {
        Some(Datum::Int(n)) => Count::Number(n.unsigned_abs()),
        Some(Datum::Decimal(amount)) => Count::Amount(amount),
        Some(Datum::Timestamp(at)) => Count::Instant(at),
        Some(Datum::Double(days)) => Count::Days(days),
        _ => Count::Nothing,
    }
}

/// What facts say of money, beside what the profile says when it is asked.
fn check_value(rules: &ProfileRules, profile: &Profile, now: Timestamp, zone: &Zone, facts: &Facts) {
    let value = rules.value(profile, now, zone).unwrap();
    let told = |name: &str| {
        let id = facts.schema().id(&format!("profile.value.{name}")).unwrap();
        facts.get(id).map(|datum| datum.to_string())
    };
    let amount = |amount: Option<Decimal>| amount.map(|amount| amount.to_string());
    assert_eq!(told("spent"), amount(value.spent));
    assert_eq!(told("margin"), amount(value.margin));
    assert_eq!(told("monetary"), amount(value.monetary));
    assert_eq!(told("purchases"), Some(value.purchases.to_string()));
    assert_eq!(told("frequency"), Some(value.frequency.to_string()));
    let days = facts.get(facts.schema().id("profile.value.recency_days").unwrap());
    let days = if let Some(Datum::Double(days)) = days { Some(days) } else { None };
    assert_eq!(days, value.recency_days);
}

#[test]
fn facts_for_few_readers_are_those_for_all() {
    let rules = counting(None);
    let schema = schema(&rules);
    let ids: Vec<_> = schema.attributes().iter().filter_map(|one| schema.id(one.name.as_str())).collect();
    let all = rules.bind(&schema);
    let (mut every, mut few) = (Facts::new(&schema), Facts::new(&schema));
    for case in 0..cases() / 8 {
        let mut draws = Draws::new("few", case);
        let events: Vec<Event> =
            (0..draws.below(12) as usize).map(|id| event(&fact(&mut draws), "a", id)).collect();
        let profile = seen(&rules, &events);
        let wanted = ids.iter().copied().filter(|_| draws.once_in(4)).collect();
        let (now, zone) = (draws.instant(DAYS + 30), Zone::new(draws.pick(&ZONES)).unwrap());
        every.reset();
        rules.write_facts(&profile, now, &zone, &all, &mut every);
        few.reset();
        rules.write_facts(&profile, now, &zone, &all.clone().only(&wanted), &mut few);
        for id in &ids {
            let read = [&few, &every].map(|facts| format!("{:?}", facts.get(*id)));
            let unset = format!("{:?}", Facts::new(&schema).get(*id));
            let expected = if wanted.contains(id) { &read[1] } else { &unset };
            assert_eq!(&read[0], expected, "case {case}: {:?}", schema.definition(*id).map(|one| &one.name));
        }
    }
}

#[test]
fn facts_of_merged_members_equal_a_naive_recount() {
    let rules = counting(None);
    // Under these no kind is counted: what was observed then stands among events of all kinds.
    let mut before = definition();
    before.counters.clear();
    before.value = None;
    let before = compile(&before);
    let schema = schema(&rules);
    let binding = rules.bind(&schema);
    let mut facts = Facts::new(&schema);
    for case in 0..cases() {
        let mut draws = Draws::new("facts", case);
        let lived: Vec<Fact> = (0..=draws.below(12)).map(|_| fact(&mut draws)).collect();
        // How many were observed before the definition asked for counts.
        let early = if draws.once_in(2) { draws.below(lived.len() as u64 + 1) as usize } else { 0 };
        let mut sides = [Profile::new(), Profile::new()];
        for (id, fact) in lived.iter().enumerate() {
            let side = draws.below(2) as usize;
            let rules = if id < early { &before } else { &rules };
            let customer = ["a", "b"][side];
            rules.observe(&mut sides[side], &event(fact, customer, id)).unwrap();
            if draws.once_in(3) {
                let back = json!({"amount": draws.below(900), "margin": draws.below(90)});
                let back = event_of(customer, &format!("back-{id}"), "refund", 3 * id as i64, back);
                rules.observe(&mut sides[side], &back).unwrap();
            }
        }
        let [mut profile, other] = sides;
        if !profile.is_empty() && !other.is_empty() {
            let link = link(&profile, &other);
            rules.merge(&mut profile, &other, &link, day(DAYS as i64)).unwrap();
        } else if profile.is_empty() {
            profile = other;
        }
        // What was stored and loaded shares nothing with the rules.
        if draws.once_in(3) {
            profile = serde_json::from_value(serde_json::to_value(&profile).unwrap()).unwrap();
        }
        let now = if draws.once_in(4) { lived[0].at } else { draws.instant(DAYS + 30) };
        let zone = Zone::new(draws.pick(&ZONES)).unwrap();
        facts.reset();
        rules.write_facts(&profile, now, &zone, &binding, &mut facts);
        check_value(&rules, &profile, now, &zone, &facts);
        for window in WINDOWS {
            let inside: Vec<Fact> =
                lived.iter().filter(|fact| is_inside(window, fact.at, now, &zone)).copied().collect();
            for (read, what) in READ.iter().enumerate() {
                // What was not counted when it was observed has no amounts and products.
                if 0 < early && matches!(read, 1 | 5) {
                    continue;
                }
                let name = name(read, window);
                assert_eq!(
                    told(&facts, &name),
                    recount(read, &inside, now),
                    "case {case}: {what:?} {window}"
                );
            }
        }
    }
}

#[test]
fn totals_stay_exact_when_the_oldest_events_are_folded() {
    let rules = counting(Some(6));
    let mut refused = 0;
    for case in 0..cases() {
        let mut draws = Draws::new("folded", case);
        let facts: Vec<Fact> = (0..=draws.below(24)).map(|_| fact(&mut draws)).collect();
        let mut profile = Profile::new();
        let mut counted = Vec::new();
        let order: Vec<usize> =
            (0..facts.len()).flat_map(|at| vec![at; 1 + draws.below(2) as usize]).collect();
        for at in draws.shuffled(order) {
            match rules.observe(&mut profile, &event(&facts[at], "a", at)) {
                Ok(changes) if changes.outcome == Outcome::Applied => counted.push(facts[at]),
                Ok(_) => {}
                // What comes too late to be told from a repeat is refused, and is not counted.
                Err(ObserveError::TooLate { .. }) => refused += 1,
                Err(error) => panic!("case {case}: {error}"),
            }
        }
        let now = day(DAYS as i64);
        // The channels of folded events are not kept: all but the last count of [`READ`] stay exact.
        for (read, what) in READ.iter().enumerate().take(READ.len() - 1) {
            let total = rules.count(&profile, &name(read, "ever"), now, &Zone::utc());
            assert_eq!(total, Some(recount(read, &counted, now)), "case {case}: {what:?}");
        }
    }
    assert!(cases() / 2 < refused);
}

#[test]
fn orders_of_delivery_give_the_same_state() {
    let rules = rules();
    for case in 0..cases() {
        let mut draws = Draws::new("order", case);
        let events = life(&mut draws, "a", 1, 14);
        let straight = seen(&rules, &events);
        let crooked = seen(&rules, &draws.shuffled(events));
        assert!(straight == crooked, "case {case}");
    }
}
