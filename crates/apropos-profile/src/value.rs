//! Value both ways: money and margin, recency, frequency and monetary value, effort, benefit, advocacy.
//!
//! Everything here is read from the history, so it merges, parts and expires with it. Not here: lifetime value, which is
//! a model's business.

use apropos_event::counter::{ColumnKey, ColumnKind, Columns, Span, Window};
use apropos_event::{EventKind, Money, PropertyName, Timestamp, Zone};
use rust_decimal::Decimal;

use crate::Profile;
use crate::counting::{Events, Figure, Seen};
use crate::definition::{AdvocacySignal, Aggregate, ValueDefinition};
use crate::history::{CHANNEL, KIND};
use crate::rules::{BENEFIT, BENEFIT_SIDES, ProfileRules};

/// What a customer is worth in money, as far as it is behind us.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// Money spent, refunds taken off; `None` when part of it is no longer known.
    pub spent: Option<Decimal>,
    /// Margin earned, refunds taken off; `None` without a margin, or when part of it is no longer known.
    pub margin: Option<Decimal>,
    /// How many purchases there ever were.
    pub purchases: u64,
    /// Days since the last purchase.
    pub recency_days: Option<f64>,
    /// How many purchases there were in the window.
    pub frequency: u64,
    /// Mean money spent per purchase in the window, rounded to the currency's digits, half to even.
    pub monetary: Option<Decimal>,
}

/// What one goal cost the customer so far.
#[derive(Clone, PartialEq)]
pub struct Effort<'a> {
    /// The goal.
    pub goal: &'a PropertyName,
    /// How many steps were taken.
    pub steps: u64,
    /// How many of them repeated a step taken before.
    pub repeats: u64,
    /// How long the customer waited, in seconds, as far as steps say so.
    pub waited_seconds: Decimal,
    /// How often the customer had to change channels.
    pub channel_switches: u64,
}

impl std::fmt::Debug for Effort<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Effort({} steps)", self.steps)
    }
}

impl ProfileRules {
    /// What the customer spent and when, at `now`; `None` when the definition does not say what a purchase is.
    ///
    /// `zone` is the customer's zone, for a calendar window of frequency and monetary value.
    pub fn value(&self, profile: &Profile, now: Timestamp, zone: &Zone) -> Option<Value> {
        let definition = self.definition.value.as_ref()?;
        let trade = Trade::of(profile, definition);
        let (ever, window) = (trade.through(up_to(now)), trade.through(definition.window.span(now, zone)));
        let frequency = window.bought.count();
        Some(Value {
            spent: ever.net(&definition.amount),
            margin: definition.margin.as_ref().and_then(|margin| ever.net(margin)),
            purchases: ever.bought.count(),
            recency_days: ever.bought.last_in_lanes().map(|at| now.since(at).as_days_f64()),
            frequency,
            monetary: window.net(&definition.amount).and_then(|spent| definition.mean(spent, frequency)),
        })
    }

    /// Money spent up to `now`, refunds taken off; `None` when part of it is no longer known, or it is not defined.
    pub fn spent(&self, profile: &Profile, now: Timestamp) -> Option<Money> {
        let definition = self.definition.value.as_ref()?;
        let spent = Trade::of(profile, definition).through(up_to(now)).net(&definition.amount)?;
        Some(Money::new(spent, definition.currency))
    }

    /// What each side gained, as `benefit.recorded` events say: the company, then the customer. `None` when part of it is
    /// no longer known.
    pub fn benefits(&self, profile: &Profile, now: Timestamp) -> (Option<Decimal>, Option<Decimal>) {
        let benefits = Events::of(profile, Some(BENEFIT)).through(up_to(now));
        let [company, customer] = BENEFIT_SIDES
            .map(|side| PropertyName::new(side).ok().and_then(|side| benefits.sum(&amounts(&side))));
        (company, customer)
    }

    /// How often the customer gave a sign of advocacy.
    pub fn advocacy(&self, profile: &Profile, signal: AdvocacySignal, now: Timestamp) -> u64 {
        let signs = self.definition.advocacy.iter().filter(|sign| sign.signal == signal);
        signs.map(|sign| Events::of(profile, Some(sign.event.as_str())).through(up_to(now)).count()).sum()
    }

    /// What each goal cost the customer, in order of goals. Steps of all members count as one path.
    pub fn efforts<'a>(&self, profile: &'a Profile) -> Vec<Effort<'a>> {
        let mut goals: Vec<&PropertyName> = profile
            .members
            .iter()
            .flat_map(|member| &member.history.efforts)
            .map(|effort| &effort.goal)
            .collect();
        goals.sort_unstable();
        goals.dedup();
        goals.into_iter().map(|goal| effort(profile, goal)).collect()
    }

    /// Reads one of the counters that the definition declares by name.
    pub fn count(&self, profile: &Profile, name: &str, now: Timestamp, zone: &Zone) -> Option<crate::Count> {
        let counter = self.counters.iter().find(
            |counter| matches!(&counter.target, crate::rules::Target::Named(known) if known.as_str() == name),
        )?;
        let span = self.windows.get(counter.window)?.span(now, zone);
        Some(
            Events::of(profile, counter.kind.as_ref().map(EventKind::as_str))
                .through(span)
                .read(&Figure::of(counter, &Columns::default()), &mut Vec::new()),
        )
    }

    /// The registered counters: aggregate, kind (`None` for all), property and window, in their order.
    pub fn counters(&self) -> impl Iterator<Item = (Aggregate, Option<&str>, Option<&str>, Window)> {
        self.counters.iter().map(|counter| {
            let kind = counter.kind.as_ref().map(EventKind::as_str);
            let property = counter.property.as_ref().map(PropertyName::as_str);
            (
                counter.aggregate,
                kind,
                property,
                self.windows.get(counter.window).copied().unwrap_or(Window::Ever),
            )
        })
    }
}

/// Everything that lies behind `now`.
fn up_to(now: Timestamp) -> Span {
    Span { from: Timestamp::MIN, to: now }
}

/// The purchases and refunds of a profile.
struct Trade<'a> {
    bought: Events<'a>,
    refunded: Option<Events<'a>>,
}

/// Those in one span.
struct Traded<'a> {
    bought: Seen<'a>,
    refunded: Option<Seen<'a>>,
}

impl<'a> Trade<'a> {
    fn of(profile: &'a Profile, definition: &ValueDefinition) -> Self {
        let refunded = definition.refund.as_ref().map(|refund| Events::of(profile, Some(refund.as_str())));
        Self { bought: Events::of(profile, Some(definition.purchase.as_str())), refunded }
    }

    fn through(&self, span: Span) -> Traded<'a> {
        let refunded = self.refunded.as_ref().map(|refunded| refunded.through(span));
        Traded { bought: self.bought.through(span), refunded }
    }
}

impl Traded<'_> {
    /// What purchases brought of a property, less what refunds took.
    fn net(&self, property: &PropertyName) -> Option<Decimal> {
        let column = amounts(property);
        let sum = |seen: &Seen<'_>| seen.sum(&column);
        balance(sum(&self.bought), self.refunded.as_ref().map_or(Some(Decimal::ZERO), sum))
    }
}

/// The column of amounts of a property.
fn amounts(property: &PropertyName) -> ColumnKey {
    ColumnKey::new(property.clone(), ColumnKind::Amount, &Columns::default())
}

/// What purchases brought less what refunds took; `None` when one of them is not known.
pub(crate) fn balance(bought: Option<Decimal>, refunded: Option<Decimal>) -> Option<Decimal> {
    let (bought, refunded) = (bought?, refunded?);
    // Most customers never gave anything back.
    if refunded.is_zero() { Some(bought) } else { bought.checked_sub(refunded) }
}

impl ValueDefinition {
    /// The mean of what was spent on so many purchases.
    pub(crate) fn mean(&self, spent: Decimal, purchases: u64) -> Option<Decimal> {
        let mean = spent.checked_div(Decimal::from(purchases))?;
        Some(Money::new(mean, self.currency).rounded().amount())
    }
}

fn effort<'a>(profile: &'a Profile, goal: &'a PropertyName) -> Effort<'a> {
    let mut steps: Vec<(Timestamp, u64, &str, Option<&str>)> = Vec::new();
    let (mut folded, mut waited) = (0, Decimal::ZERO);
    for member in &profile.members {
        let history = &member.history;
        for effort in history.efforts.iter().filter(|effort| effort.goal == *goal) {
            folded += effort.series.folded();
            waited = waited.saturating_add(
                effort.series.sum(0, Span { from: Timestamp::MIN, to: Timestamp::MAX }).value,
            );
            steps.extend(effort.series.entries().map(|entry| {
                let kind = history.kinds.get(entry.labels[KIND]).map_or("", |kind| kind.as_str());
                let channel =
                    history.channels.get(entry.labels[CHANNEL]).map(apropos_event::ChannelId::as_str);
                (entry.at, entry.key, kind, channel)
            }));
        }
    }
    steps.sort_unstable();
    let mut kinds: Vec<&str> = steps.iter().map(|(_, _, kind, _)| *kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let channels: Vec<&str> = steps.iter().filter_map(|(.., channel)| *channel).collect();
    let switches = channels.windows(2).filter(|pair| pair.first() != pair.last()).count();
    Effort {
        goal,
        steps: steps.len() as u64 + folded,
        repeats: (steps.len() - kinds.len()) as u64,
        waited_seconds: waited,
        channel_switches: switches as u64,
    }
}
