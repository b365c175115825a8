//! Lives drawn at random, the same in every run: every kind of event that profiles understand, in any order, with repeats.
//!
//! Not here: what must hold of them. The last test holds the generator itself to what it promises.

use apropos_event::draw::{mix, stable_hash};
use apropos_event::{
    ChannelId, CustomerId, Duration, Event, EventId, EventKind, Identifier, PropertyName, Purpose, SourceId,
    Timestamp, Value,
};
use apropos_profile::{Profile, ProfileRules, Subject, Use};

use super::merging::link;
use crate::support::day;

/// How many cases a law is tried on: few by default, as many as `APROPOS_CASES` says.
pub(super) fn cases() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "tests may be told how hard to try")]
    let asked = std::env::var("APROPOS_CASES");
    asked.ok().and_then(|text| text.parse().ok()).unwrap_or(2_000)
}

/// A stream of small draws.
pub(super) struct Draws(u64);

impl Draws {
    pub(super) fn new(law: &str, case: u64) -> Self {
        Self(stable_hash(case, law.as_bytes()))
    }

    /// From 0 to just below `n`.
    pub(super) fn below(&mut self, n: u64) -> u64 {
        self.0 = mix(self.0.wrapping_add(0x9E37_79B9_7F4A_7C15));
        self.0 % n
    }

    /// True once in `n` times.
    pub(super) fn once_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub(super) fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize]
    }

    /// An instant in the first `days` days of 2026, to the minute, now and then to the microsecond.
    pub(super) fn instant(&mut self, days: u64) -> Timestamp {
        let minute = day(0).plus(Duration::from_mins(self.below(days * 1_440) as i64));
        if self.once_in(4) {
            minute.plus(Duration::from_micros(self.below(1_000_000) as i64))
        } else {
            minute
        }
    }

    pub(super) fn shuffled<T>(&mut self, items: impl IntoIterator<Item = T>) -> Vec<T> {
        let mut drawn: Vec<(u64, T)> = items.into_iter().map(|item| (self.below(u64::MAX), item)).collect();
        drawn.sort_by_key(|(draw, _)| *draw);
        drawn.into_iter().map(|(_, item)| item).collect()
    }
}

/// All events lie in this many days; nothing is received later.
pub(super) const DAYS: u64 = 60;

/// An event of `customer` with the number `id`, somewhere in the [`DAYS`], received then or later.
pub(super) fn event(draws: &mut Draws, customer: &str, id: u64, kind: &str) -> Event {
    let at = draws.instant(DAYS);
    let mut event = Event::new(
        EventId::new(format!("{customer}-{id}")).unwrap(),
        SourceId::new(draws.pick(&["crm", "form", "web", "shop"])).unwrap(),
        EventKind::new(kind).unwrap(),
        CustomerId::new(customer).unwrap(),
        at,
    );
    if draws.once_in(3) {
        let late = draws.below(DAYS * 1_440 * 60) as i64;
        event.received_at = at.plus(Duration::from_secs(late)).min(day(DAYS as i64));
    }
    if draws.once_in(2) {
        event.channel = ChannelId::new(draws.pick(&["web", "app", "store"])).ok();
    }
    event
}

fn put(event: &mut Event, name: &str, value: impl Into<Value>) {
    event.properties.insert(PropertyName::new(name).unwrap(), value.into());
}

/// Every kind of event that states something about permission.
const STATEMENTS: [&str; 17] = [
    "consent.granted",
    "consent.granted",
    "consent.granted",
    "consent.denied",
    "consent.withdrawn",
    "objection.raised",
    "objection.lifted",
    "signal.gpc",
    "channel.blocked",
    "channel.unblocked",
    "snooze.started",
    "snooze.ended",
    "less_like.set",
    "less_like.cleared",
    "personalisation.stopped",
    "protected.set",
    "protected.cleared",
];

/// Every other kind that profiles understand, and one that they do not.
const HAPPENINGS: [&str; 24] = [
    "purchase",
    "purchase",
    "purchase",
    "refund",
    "view",
    "view",
    "signup",
    "trait.set",
    "trait.forgotten",
    "preference.set",
    "goal.declared",
    "goal.reached",
    "goal.dropped",
    "tie.formed",
    "tie.ended",
    "case.opened",
    "case.closed",
    "promise.made",
    "promise.kept",
    "action.tried",
    "benefit.recorded",
    "review.posted",
    "search",
    "weather.changed",
];

/// A statement of the customer about what they permit or want less of.
pub(super) fn statement(draws: &mut Draws, customer: &str, id: u64) -> Event {
    let kind = draws.pick(&STATEMENTS);
    let mut event = event(draws, customer, id, kind);
    let until = |draws: &mut Draws| day(draws.below(2 * DAYS) as i64).to_string();
    match kind {
        "consent.granted" | "consent.denied" | "consent.withdrawn" => {
            let purposes = ["contact", "personalise", "learn"];
            if draws.once_in(3) {
                put(&mut event, "purposes", Value::List(purposes.map(Value::from).to_vec()));
            } else {
                put(&mut event, "purpose", draws.pick(&purposes));
            }
            if draws.once_in(3) {
                put(&mut event, "for_channel", draws.pick(&["email", "sms"]));
            }
            if draws.once_in(3) {
                put(&mut event, "category", draws.pick(&["marketing", "health"]));
            }
            if draws.once_in(4) {
                put(&mut event, "until", until(draws));
            }
            if draws.once_in(4) {
                put(&mut event, "basis", "contract");
                put(&mut event, "evidence", format!("form {id}"));
            }
        }
        "channel.blocked" | "channel.unblocked" => {
            put(&mut event, "for_channel", draws.pick(&["email", "sms", "letter"]));
        }
        "snooze.started" | "snooze.ended" => {
            put(&mut event, "until", until(draws));
            if draws.once_in(2) {
                put(&mut event, "for_channel", draws.pick(&["email", "sms"]));
            }
        }
        "less_like.set" | "less_like.cleared" => {
            put(&mut event, draws.pick(&["action", "group", "topic"]), draws.pick(&["shoes", "hats"]));
            if draws.once_in(3) {
                put(&mut event, "until", until(draws));
            }
        }
        "protected.set" | "protected.cleared" => {
            put(&mut event, "state", draws.pick(&["minor", "bereaved", "in_arrears"]));
            if draws.once_in(3) {
                put(&mut event, "until", until(draws));
            }
        }
        _ => {}
    }
    event
}

/// Anything else that can happen to a customer.
pub(super) fn happening(draws: &mut Draws, customer: &str, id: u64) -> Event {
    let kind = draws.pick(&HAPPENINGS);
    let mut event = event(draws, customer, id, kind);
    let number = draws.below(100) as i64;
    match kind {
        "purchase" | "refund" => {
            put(&mut event, "amount", format!("{number}.{:02}", draws.below(100)));
            if draws.once_in(2) {
                put(&mut event, "margin", format!("{}.5", number / 3));
            }
        }
        "view" => put(&mut event, "product", format!("p{}", draws.below(5))),
        "signup" => {
            put(&mut event, "age", number);
            put(&mut event, "tier", draws.pick(&["bronze", "silver", "gold"]));
            put(&mut event, "score", Value::Double(number as f64 / 8.0));
            put(&mut event, "city", draws.pick(&["Ulm", "Łódź", "Brno"]));
            put(&mut event, "hobbies", Value::List(vec![format!("h{}", draws.below(6)).into()]));
        }
        "trait.set" => {
            put(&mut event, "trait", "city");
            put(&mut event, "value", draws.pick(&["Ulm", "Łódź", "Brno"]));
            if draws.once_in(2) {
                put(&mut event, "confidence", number);
                put(&mut event, "until", day(number).to_string());
            }
        }
        "trait.forgotten" => put(&mut event, "trait", draws.pick(&["city", "tier", "hobbies"])),
        "preference.set" => match draws.below(4) {
            0 => put(&mut event, "for_channel", draws.pick(&["email", "sms"])),
            1 => {
                put(&mut event, "contacts", 1 + number);
                put(&mut event, "per", draws.pick(&["1d", "7d"]));
            }
            2 => {
                put(&mut event, "topic", draws.pick(&["shoes", "hats"]));
                put(&mut event, "interest", draws.below(3) as i64 - 1);
            }
            _ => {
                put(&mut event, "quiet_from", draws.pick(&["21:00", "22:30"]));
                put(&mut event, "quiet_to", draws.pick(&["07:00", "09:15"]));
            }
        },
        "goal.declared" | "goal.reached" | "goal.dropped" => {
            put(&mut event, "goal", draws.pick(&["move", "save"]));
            if draws.once_in(2) {
                put(&mut event, "words", format!("I want {number}"));
                put(&mut event, "until", day(number).to_string());
            }
        }
        "tie.formed" | "tie.ended" => {
            put(&mut event, "relation", draws.pick(&["follows", "helps", "refers", "household"]));
            put(&mut event, "other", draws.pick(&["x", "y"]));
        }
        "case.opened" | "case.closed" => {
            put(&mut event, "case", draws.pick(&["c1", "c2"]));
            put(&mut event, "complaint", draws.once_in(2));
        }
        "promise.made" | "promise.kept" => {
            put(&mut event, "promise", draws.pick(&["p1", "p2"]));
            put(&mut event, "due", day(number).to_string());
        }
        "action.tried" => {
            put(&mut event, "action", draws.pick(&["a1", "a2"]));
            put(&mut event, "outcome", draws.pick(&["failed", "worked"]));
        }
        "benefit.recorded" => {
            put(&mut event, "company", number);
            put(&mut event, "customer", format!("{number}.25"));
        }
        "search" => {
            put(&mut event, "goal", draws.pick(&["find", "fix"]));
            put(&mut event, "waited_seconds", number);
        }
        _ => {}
    }
    // Within the limits of each kind, so that none gives way.
    if draws.once_in(8) {
        event.identifiers = vec![
            Identifier::new("cookie", format!("{customer} {}", draws.below(2))),
            Identifier::new("email", format!("{customer}{}@example.com", draws.below(3))),
        ];
    }
    event
}

/// Up to `most` events of one customer, each with its own number from `first` on; every other one is a statement.
pub(super) fn life(draws: &mut Draws, customer: &str, first: u64, most: u64) -> Vec<Event> {
    let length = draws.below(most + 1);
    let one = |id| {
        if draws.once_in(2) { statement(draws, customer, id) } else { happening(draws, customer, id) }
    };
    (first..first + length).map(one).collect()
}

/// A profile of `customer` that lived at least a little, and at most `most` drawn events more.
pub(super) fn lived(draws: &mut Draws, rules: &ProfileRules, customer: &str, most: u64) -> Profile {
    let mut profile = Profile::new();
    rules.observe(&mut profile, &born(customer)).unwrap();
    for event in life(draws, customer, 1, most) {
        rules.observe(&mut profile, &event).unwrap();
    }
    profile
}

const STATES: [&str; 4] = ["minor", "bereaved", "in_arrears", "complaint_open"];

/// A copy of one person, who is of up to three members: each copy met some of them and saw some of what happened to them,
/// and may have merged them already. All copies of one `person` see parts of the same life, so they overlap in every way.
pub(super) fn copy(draws: &mut Draws, rules: &ProfileRules, person: u64) -> Profile {
    let happened = |customer: &str, id: u64| {
        let mut draws = Draws::new(customer, person.wrapping_mul(64).wrapping_add(id));
        if draws.once_in(2) {
            statement(&mut draws, customer, id)
        } else {
            happening(&mut draws, customer, id)
        }
    };
    let one = |draws: &mut Draws, customer: &str| {
        let mut profile = Profile::new();
        rules.observe(&mut profile, &born(customer)).unwrap();
        for _ in 0..draws.below(6) {
            rules.observe(&mut profile, &happened(customer, 1 + draws.below(8))).unwrap();
        }
        profile
    };
    let mut whole = one(draws, "a");
    if draws.once_in(2) {
        return whole;
    }
    let customer = draws.pick(&["b", "c"]);
    let other = one(draws, customer);
    let link = link(&whole, &other);
    rules.merge(&mut whole, &other, &link, day(draws.below(DAYS) as i64)).unwrap();
    // What is stated after the merge spreads from member to member.
    for customer in ["a", customer] {
        for _ in 0..draws.below(3) {
            rules.observe(&mut whole, &happened(customer, 9 + draws.below(6))).unwrap();
        }
    }
    whole
}

/// The first event of a customer, the same in every copy.
fn born(customer: &str) -> Event {
    Event::new(
        EventId::new(format!("{customer}-0")).unwrap(),
        SourceId::new("crm").unwrap(),
        EventKind::new("born").unwrap(),
        CustomerId::new(customer).unwrap(),
        day(0),
    )
}

/// Everything that can be asked of permission, one bit each: set where something is permitted.
pub(super) struct Asked {
    channels: Vec<Option<ChannelId>>,
    categories: Vec<Option<PropertyName>>,
    subjects: Vec<Subject>,
    states: &'static [&'static str],
}

impl Asked {
    pub(super) fn new() -> Self {
        let name = |text: &str| PropertyName::new(text).unwrap();
        let channel = |text: &str| Some(ChannelId::new(text).unwrap());
        let subjects = ["shoes", "hats"].map(name).into_iter().flat_map(|name| {
            [Subject::Action(name.clone()), Subject::Group(name.clone()), Subject::Topic(name)]
        });
        Self {
            channels: vec![None, channel("email"), channel("sms"), channel("letter")],
            categories: vec![
                None,
                Some(PropertyName::MARKETING),
                Some(name("health")),
                Some(PropertyName::SALE_OR_SHARING),
            ],
            subjects: subjects.collect(),
            states: &STATES,
        }
    }

    /// The same questions but whether a complaint is open: a copy that saw it closed knows better than one that did not.
    pub(super) fn of_statements() -> Self {
        Self { states: &STATES[..3], ..Self::new() }
    }

    /// How many questions there are.
    pub(super) fn questions(&self) -> u32 {
        let (channels, purposes) = (self.channels.len(), Purpose::ALL.len());
        let each = purposes * self.categories.len() + 1;
        (channels * each + 2 * (channels - 1) + self.subjects.len() + self.states.len()) as u32
    }

    pub(super) fn permitted(&self, rules: &ProfileRules, profile: &Profile, now: Timestamp) -> u128 {
        let (mut bits, mut at) = (0_u128, 0);
        let mut set = |permitted: bool| {
            bits |= u128::from(permitted) << at;
            at += 1;
        };
        for channel in self.channels.iter().map(Option::as_ref) {
            for purpose in Purpose::ALL {
                for category in self.categories.iter().map(Option::as_ref) {
                    set(rules.permission(profile, Use { purpose, channel, category }, now).allowed);
                }
            }
            set(rules.rests_until(profile, channel, now).is_none());
            if let Some(channel) = channel {
                set(!rules.is_blocked(profile, channel, now));
                set(rules.may_market(profile, channel, now));
            }
        }
        for subject in &self.subjects {
            set(!rules.wants_less(profile, subject, now));
        }
        for state in self.states {
            set(!rules.is_protected(profile, state, now));
        }
        bits
    }
}

#[test]
fn lives_are_rich() {
    let rules = crate::support::rules();
    let asked = Asked::new();
    let mut kinds = std::collections::BTreeMap::<String, u32>::new();
    let (mut ever, mut never, mut late, mut members) = (0_u128, 0_u128, 0, 0);
    let cases = 2_000;
    for case in 0..cases {
        let mut draws = Draws::new("rich", case);
        for event in life(&mut draws, "a", 1, 12) {
            *kinds.entry(event.kind.to_string()).or_default() += 1;
            late += u32::from(event.received_at != event.occurred_at);
        }
        let profile = lived(&mut draws, &rules, "a", 12);
        members += profile.events();
        let permitted = asked.permitted(&rules, &profile, draws.instant(2 * DAYS));
        ever |= permitted;
        never |= !permitted;
    }
    for kind in STATEMENTS.iter().chain(&HAPPENINGS) {
        assert!(cases as u32 / 20 < kinds.get(*kind).copied().unwrap_or(0), "{kind} is rare: {kinds:?}");
    }
    assert!(cases as u32 / 2 < late && cases as usize * 5 < members);
    assert_eq!(
        (ever & never).count_ones(),
        asked.questions(),
        "every answer occurs both ways: {ever:b} {never:b}"
    );
}
