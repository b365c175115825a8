//! Writing what a profile knows into a row of facts.

use apropos_condition::{AttributeId, AttributeType, Facts};
use apropos_event::counter::{Past, Span, Window};
use apropos_event::{ChannelId, EventKind, PropertyName, Timestamp, Value, Zone};
use rust_decimal::Decimal;

use crate::consent::Use;
use crate::counting::{Count, Events, Figure, sum_of};
use crate::facts::plan::{InWindow, OfKind, Part, Plan, Sink, Sum};
use crate::facts::{Fixed, Sections};
use crate::history::CHANNEL;
use crate::known::resolve;
use crate::ledger::{DossierKind, GoalStatus};
use crate::rules::ProfileRules;
use crate::stance::Subject;
use crate::standing::ConsentState;
use crate::value::balance;
use crate::{Profile, ProfileBinding};

impl ProfileRules {
    /// Writes what is known of the customer at `now` into `facts`, for conditions to read.
    ///
    /// `zone` is the customer's zone, for calendar windows. What is not known is left as the attribute's default says.
    /// O(bound attributes) plus what sums and distinct counts read; no name is looked up but the few that events brought.
    pub fn write_facts(
        &self,
        profile: &Profile,
        now: Timestamp,
        zone: &Zone,
        binding: &ProfileBinding,
        facts: &mut Facts,
    ) {
        let Sections { traits, consent, rest } = binding.sections;
        if traits {
            self.write_traits(profile, now, binding, facts);
        }
        if consent {
            self.write_consent(profile, now, binding, facts);
        }
        self.write_counts(profile, now, zone, binding, facts);
        if rest {
            write_history(profile, now, binding, facts);
            self.write_profile(profile, now, binding, facts);
        }
    }

    /// A claim that may be used for less than its trait is left out: nobody downstream could tell what it is for.
    fn write_traits(&self, profile: &Profile, now: Timestamp, binding: &ProfileBinding, facts: &mut Facts) {
        let fixed = &binding.fixed;
        let lists = fixed.told.is_some() || fixed.known.is_some();
        let mut names: Vec<(&str, bool)> = Vec::new();
        let mut slots = binding.traits.iter().peekable();
        for (at, definition) in self.traits.iter().enumerate() {
            let slot = slots.next_if(|(number, _)| *number == at);
            if slot.is_none() && !lists {
                continue;
            }
            let Some(known) = resolve(profile, definition, now, definition.purposes) else { continue };
            if let Some((_, id)) = slot {
                write_value(facts, *id, &definition.kind, &known.value);
            }
            if lists {
                names.push((definition.name.as_str(), known.told));
            }
        }
        if let Some(id) = fixed.told {
            facts.set_texts(id, names.iter().filter(|(_, told)| *told).map(|(name, _)| *name));
        }
        if let Some(id) = fixed.known {
            facts.set_texts(id, names.iter().map(|(name, _)| *name));
        }
    }

    fn write_consent(&self, profile: &Profile, now: Timestamp, binding: &ProfileBinding, facts: &mut Facts) {
        let marketing = PropertyName::MARKETING;
        for slot in &binding.consent {
            let category = slot.marketing.then_some(&marketing);
            let asked = Use { purpose: slot.purpose, channel: slot.channel.as_ref(), category };
            let permission = self.permission(profile, asked, now);
            if let Some(id) = slot.allowed {
                facts.set_bool(id, permission.allowed);
            }
            if let Some(id) = slot.state {
                match slot.symbols.get(permission.state as usize).copied().flatten() {
                    Some(symbol) => facts.set_symbol_id(id, symbol),
                    None => facts.set_symbol(id, permission.state.as_str()),
                }
            }
        }
        for (at, id) in &binding.states {
            let state = self.states.get(*at);
            facts.set_bool(*id, state.is_some_and(|state| self.is_protected(profile, state.as_str(), now)));
        }
        let fixed = &binding.fixed;
        if let Some(id) = fixed.protected {
            facts.set_bool(id, self.is_protected_at_all(profile, now));
        }
        if let Some(id) = fixed.resting {
            facts.set_bool(id, self.rests_until(profile, None, now).is_some());
        }
        if let Some(id) = fixed.blocked {
            facts.set_texts(id, self.blocked(profile, now).map(ChannelId::as_str));
        }
        let wishes = [fixed.less_actions, fixed.less_groups, fixed.less_topics];
        if wishes.iter().any(Option::is_some) {
            let less = self.wants_less_of(profile, now);
            for (kind, id) in wishes.into_iter().enumerate() {
                let Some(id) = id else { continue };
                let names = less.iter().filter_map(|subject| {
                    let (of, name) = match subject {
                        Subject::Action(name) => (0, name),
                        Subject::Group(name) => (1, name),
                        Subject::Topic(name) => (2, name),
                    };
                    (of == kind).then_some(name.as_str())
                });
                facts.set_texts(id, names);
            }
        }
    }

    /// Writes what is counted, added up or told apart in windows.
    fn write_counts(
        &self,
        profile: &Profile,
        now: Timestamp,
        zone: &Zone,
        binding: &ProfileBinding,
        facts: &mut Facts,
    ) {
        let Plan { windows, kinds } = &binding.plan;
        let starts = Starts::new(windows, now, zone);
        let mut told = Told { facts, trade: Trade::default() };
        for OfKind { kind, columns, windows } in kinds {
            let events = Events::sharing(profile, kind.as_ref().map(EventKind::as_str), columns);
            match events.lane() {
                None if events.is_empty() => write_none(windows, &mut told),
                Some(lane) => write_lane(&lane.up_to(now), &events, now, windows, &starts, &mut told),
                None => write_scattered(&events, now, windows, &starts, &mut told),
            }
        }
        let Told { trade, facts } = told;
        self.write_trade(&trade, binding, facts);
        for (at, id) in &binding.signs {
            if let Some(sign) = self.definition.advocacy.get(*at) {
                facts.set_int(*id, self.advocacy(profile, sign.signal, now) as i64);
            }
        }
    }

    fn write_trade(&self, trade: &Trade, binding: &ProfileBinding, facts: &mut Facts) {
        let Fixed { spent, margin, monetary, .. } = &binding.fixed;
        for (id, sum) in [(spent, Sum::Spent), (margin, Sum::Margin)] {
            if let Some(id) = id
                && let Some(value) = trade.balance(sum)
            {
                facts.set_decimal(*id, value);
            }
        }
        if let (Some(id), Some(definition)) = (monetary, &self.definition.value)
            && let Some(spent) = trade.balance(Sum::InWindow)
            && let Some(mean) = definition.mean(spent, trade.purchases)
        {
            facts.set_decimal(*id, mean);
        }
    }

    fn write_profile(&self, profile: &Profile, now: Timestamp, binding: &ProfileBinding, facts: &mut Facts) {
        let fixed = &binding.fixed;
        if let Some(id) = fixed.members {
            facts.set_int(id, profile.members.len() as i64);
        }
        if let Some(id) = fixed.goals {
            let goals = profile.members.iter().flat_map(|member| &member.goals);
            let active = goals.filter(|goal| goal.status(now) == Some(GoalStatus::Active));
            facts.set_texts(id, active.map(|goal| goal.goal.as_str()));
        }
        if fixed.likes.is_some() || fixed.dislikes.is_some() {
            let (likes, dislikes) = self.topics(profile);
            for (id, topics) in [(fixed.likes, likes), (fixed.dislikes, dislikes)] {
                if let Some(id) = id {
                    facts.set_texts(id, topics.iter().map(|topic| topic.as_str()));
                }
            }
        }
        if let Some(id) = fixed.preferred_channel
            && let Some(channel) = self.preferred_channel(profile, now)
        {
            facts.set_text(id, channel.as_str());
        }
        let open = |promise: bool| {
            let dossiers = profile.members.iter().flat_map(|member| &member.dossiers);
            let wanted = dossiers.filter(|dossier| {
                dossier.kind != DossierKind::Attempt && (dossier.kind == DossierKind::Promise) == promise
            });
            wanted.filter(|dossier| dossier.is_open()).count() as i64
        };
        if let Some(id) = fixed.open_cases {
            facts.set_int(id, open(false));
        }
        if let Some(id) = fixed.open_promises {
            facts.set_int(id, open(true));
        }
    }
}

fn write_history(profile: &Profile, now: Timestamp, binding: &ProfileBinding, facts: &mut Facts) {
    let fixed = &binding.fixed;
    if let Some(id) = fixed.days_since_last
        && let Some(latest) = profile.latest()
    {
        facts.set_double(id, now.since(latest).as_days_f64());
    }
    if let Some(id) = fixed.last_channel {
        let entries = profile.members.iter().flat_map(|member| {
            let newest = |series: &apropos_event::counter::Series| {
                series.entries().rev().find(|entry| entry.labels[CHANNEL] != 0)
            };
            member.history.all().filter_map(newest).map(move |entry| (entry.at, entry.key, member, entry))
        });
        let newest = entries.max_by_key(|(at, key, ..)| (*at, *key));
        if let Some(channel) = newest.and_then(|(.., member, entry)| member.history.channel_of(&entry)) {
            facts.set_text(id, channel.as_str());
        }
    }
}

/// Writes what is read of no events.
fn write_none(windows: &[InWindow], told: &mut Told<'_>) {
    for (figure, sink) in windows.iter().flat_map(|in_window| &in_window.figures) {
        match figure {
            Figure::Count | Figure::Channels | Figure::Distinct(_) => told.number(*sink, 0),
            Figure::Sum(_) | Figure::NoSum => told.amount(*sink, Some(Decimal::ZERO)),
            Figure::First | Figure::Last | Figure::DaysSince | Figure::DaysSinceInLanes => {
                told.count(*sink, Count::Nothing);
            }
        }
    }
}

/// Writes what is read of the events of one kind that stand in one lane, `past`, as nearly all do.
// By itself, so that what the loops need stays in registers.
#[inline(never)]
fn write_lane(
    past: &Past<'_>,
    events: &Events<'_>,
    now: Timestamp,
    windows: &[InWindow],
    starts: &Starts<'_>,
    told: &mut Told<'_>,
) {
    for InWindow { window, figures } in windows {
        let from = starts.of(*window);
        let lane = past.since(from);
        for (figure, sink) in figures {
            match figure {
                Figure::Count => told.number(*sink, lane.count().value),
                Figure::Sum(column) => told.amount(*sink, sum_of(&lane, column)),
                Figure::Last => told.instant(*sink, lane.last()),
                Figure::DaysSince | Figure::DaysSinceInLanes => {
                    told.days(*sink, lane.last().map(|last| now.since(last).as_days_f64()));
                }
                Figure::NoSum | Figure::First | Figure::Channels | Figure::Distinct(_) => {
                    let seen = events.through(Span { from, to: now });
                    told.count(*sink, seen.read(figure, &mut Vec::new()));
                }
            }
        }
    }
}

/// The same wherever the events stand.
#[inline(never)]
fn write_scattered(
    events: &Events<'_>,
    now: Timestamp,
    windows: &[InWindow],
    starts: &Starts<'_>,
    told: &mut Told<'_>,
) {
    let mut marks = Vec::new();
    for InWindow { window, figures } in windows {
        let seen = events.through(Span { from: starts.of(*window), to: now });
        for (figure, sink) in figures {
            told.count(*sink, seen.read(figure, &mut marks));
        }
    }
}

/// Where figures go.
struct Told<'a> {
    facts: &'a mut Facts,
    trade: Trade,
}

impl Told<'_> {
    fn count(&mut self, sink: Sink, count: Count) {
        match count {
            Count::Number(n) => self.number(sink, n),
            Count::Amount(amount) => self.amount(sink, Some(amount)),
            Count::Instant(at) => self.instant(sink, Some(at)),
            Count::Days(days) => self.days(sink, Some(days)),
            Count::Nothing => self.amount(sink, None),
        }
    }

    #[inline]
    fn number(&mut self, sink: Sink, n: u64) {
        match sink {
            Sink::Fact(id) => self.facts.set_int(id, i64::try_from(n).unwrap_or(i64::MAX)),
            Sink::Part { part: Part::Purchases, .. } => self.trade.purchases = n,
            Sink::Part { .. } => {}
        }
    }

    #[inline]
    fn amount(&mut self, sink: Sink, amount: Option<Decimal>) {
        match (sink, amount) {
            (Sink::Fact(id), Some(amount)) => self.facts.set_decimal(id, amount),
            (Sink::Fact(id), None) => self.facts.set_missing(id),
            (Sink::Part { part: Part::Bought(sum), .. }, _) => self.trade.bought[sum as usize] = amount,
            (Sink::Part { part: Part::Refunded(sum), .. }, _) => self.trade.refunded[sum as usize] = amount,
            (Sink::Part { .. }, _) => {}
        }
    }

    #[inline]
    fn instant(&mut self, sink: Sink, at: Option<Timestamp>) {
        match (sink, at) {
            (Sink::Fact(id), Some(at)) => self.facts.set_timestamp(id, at),
            (Sink::Fact(id), None) => self.facts.set_missing(id),
            (Sink::Part { .. }, _) => {}
        }
    }

    #[inline]
    fn days(&mut self, sink: Sink, days: Option<f64>) {
        match (sink, days) {
            (Sink::Fact(id), Some(days)) => self.facts.set_double(id, days),
            (Sink::Fact(id), None) => self.facts.set_missing(id),
            (Sink::Part { .. }, _) => {}
        }
    }
}

/// Where windows start at one instant: the first few are worked out once, since the start of a day on the wall is dear.
struct Starts<'a> {
    windows: &'a [Window],
    now: Timestamp,
    zone: &'a Zone,
    known: [Timestamp; 16],
}

impl<'a> Starts<'a> {
    fn new(windows: &'a [Window], now: Timestamp, zone: &'a Zone) -> Self {
        let mut known = [Timestamp::MIN; 16];
        for (start, window) in known.iter_mut().zip(windows) {
            *start = window.start(now, zone);
        }
        Self { windows, now, zone, known }
    }

    #[inline]
    fn of(&self, window: usize) -> Timestamp {
        self.known.get(window).copied().unwrap_or_else(|| {
            let window = self.windows.get(window).copied();
            window.map_or(Timestamp::MIN, |window| window.start(self.now, self.zone))
        })
    }
}

/// The parts of what was traded, as they are read.
struct Trade {
    bought: [Option<Decimal>; 3],
    /// Nothing as long as no refund is read.
    refunded: [Option<Decimal>; 3],
    purchases: u64,
}

impl Default for Trade {
    fn default() -> Self {
        Self { bought: [None; 3], refunded: [Some(Decimal::ZERO); 3], purchases: 0 }
    }
}

impl Trade {
    fn balance(&self, sum: Sum) -> Option<Decimal> {
        balance(self.bought[sum as usize], self.refunded[sum as usize])
    }
}

/// Writes a trait's value under an attribute of its type, without allocating for the common types.
fn write_value(facts: &mut Facts, id: AttributeId, kind: &AttributeType, value: &Value) {
    match (kind, value) {
        (AttributeType::Text | AttributeType::Symbol, Value::Text(text)) => facts.set_text(id, text),
        (_, Value::Bool(b)) => facts.set_bool(id, *b),
        (_, Value::Int(n)) => facts.set_int(id, *n),
        (_, Value::Double(x)) => facts.set_double(id, *x),
        _ => {
            if facts.set_value(id, value).is_err() {
                facts.set_missing(id);
            }
        }
    }
}

// INVARIANT: the symbols of a consent slot stand in the order of the states' discriminants.
const _: () = assert!(ConsentState::Denied as usize == 0 && ConsentState::Granted as usize == 3);
