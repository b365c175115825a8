//! What is read of the history for facts, in the order in which reading is cheapest: the events of a kind are found once,
//! the start of a window is worked out once, and what lies in it is looked for once, however many figures ask.
//!
//! Not here: the reading itself, see `counting`; where the figures go, see `write`.

use std::collections::BTreeSet;

use apropos_condition::{AttributeId, Schema};
use apropos_event::counter::{ColumnKey, ColumnKind, Columns, Window};
use apropos_event::{EventKind, PropertyName};

use crate::counting::Figure;
use crate::facts::Fixed;
use crate::rules::{BENEFIT, BENEFIT_SIDES, ProfileRules, Target};

/// What is read, by kind and window.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    /// Each once.
    pub(crate) windows: Vec<Window>,
    /// Each once.
    pub(crate) kinds: Vec<OfKind>,
}

/// What is read of the events of one kind.
#[derive(Clone, Debug)]
pub(crate) struct OfKind {
    /// `None` for all kinds.
    pub(crate) kind: Option<EventKind>,
    /// The columns that the rules have for the kind.
    pub(crate) columns: Columns,
    /// Each window once.
    pub(crate) windows: Vec<InWindow>,
}

/// What is read of those that lie in one window.
#[derive(Clone, Debug)]
pub(crate) struct InWindow {
    /// Where among the windows.
    pub(crate) window: usize,
    pub(crate) figures: Vec<(Figure, Sink)>,
}

/// Where a figure goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Sink {
    /// It is a fact.
    Fact(AttributeId),
    /// It is part of one.
    Part {
        /// The fact.
        of: AttributeId,
        part: Part,
    },
}

/// A part of a fact about what was traded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Part {
    /// What purchases brought.
    Bought(Sum),
    /// What refunds took.
    Refunded(Sum),
    /// How many purchases the mean is of.
    Purchases,
}

/// The sums whose balance is a fact.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Sum {
    Spent,
    Margin,
    /// Money spent in the window of the mean.
    InWindow,
}

/// One figure that is wanted.
struct Wanted {
    kind: Option<EventKind>,
    window: Window,
    figure: Figure,
    sink: Sink,
}

impl Plan {
    fn new(wanted: impl IntoIterator<Item = Wanted>) -> Self {
        let mut plan = Self::default();
        for Wanted { kind, window, figure, sink } in wanted {
            let window = place(&mut plan.windows, |known| *known == window, || window);
            let known = |known: &OfKind| known.kind == kind;
            let at = place(&mut plan.kinds, known, || OfKind {
                columns: Columns::NONE,
                kind: kind.clone(),
                windows: Vec::new(),
            });
            let Some(of_kind) = plan.kinds.get_mut(at) else { continue };
            let known = |known: &InWindow| known.window == window;
            let at = place(&mut of_kind.windows, known, || InWindow { window, figures: Vec::new() });
            if let Some(in_window) = of_kind.windows.get_mut(at) {
                in_window.figures.push((figure, sink));
            }
        }
        plan
    }

    /// What is read for `facts`.
    pub(super) fn only(mut self, facts: &BTreeSet<AttributeId>) -> Self {
        let mut windows = Vec::new();
        for of_kind in &mut self.kinds {
            for in_window in &mut of_kind.windows {
                in_window.figures.retain(|(_, sink)| {
                    let (Sink::Fact(fact) | Sink::Part { of: fact, .. }) = sink;
                    facts.contains(fact)
                });
            }
            of_kind.windows.retain(|in_window| !in_window.figures.is_empty());
            for InWindow { window, .. } in &mut of_kind.windows {
                if let Some(kept) = self.windows.get(*window) {
                    *window = place(&mut windows, |known| known == kept, || *kept);
                }
            }
        }
        self.kinds.retain(|of_kind| !of_kind.windows.is_empty());
        self.windows = windows;
        self
    }
}

/// Where the item stands that `same` finds, made if it is missing.
fn place<T>(items: &mut Vec<T>, same: impl Fn(&T) -> bool, make: impl FnOnce() -> T) -> usize {
    items.iter().position(same).unwrap_or_else(|| {
        items.push(make());
        items.len() - 1
    })
}

impl ProfileRules {
    /// All that is read of the history for facts of `schema`.
    pub(super) fn plan(&self, schema: &Schema, fixed: &Fixed) -> Plan {
        let counters = self.counters.iter().filter_map(|counter| {
            let fact = match &counter.target {
                Target::Named(name) => schema.id(&format!("history.{name}"))?,
                Target::Derived(id) => *id,
            };
            let window = *self.windows.get(counter.window)?;
            let sink = Sink::Fact(fact);
            let usual = counter.kind.as_ref().map(|kind| self.columns_of(kind)).unwrap_or_default();
            let figure = Figure::of(counter, &usual);
            Some(Wanted { kind: counter.kind.clone(), window, figure, sink })
        });
        let ever = |kind: Option<&EventKind>, figure: Figure, fact: Option<AttributeId>| {
            let sink = Sink::Fact(fact?);
            Some(Wanted { kind: kind.cloned(), window: Window::Ever, figure, sink })
        };
        let benefit = EventKind::new(BENEFIT).ok();
        let gained = [fixed.gained_company, fixed.gained_customer].into_iter().zip(BENEFIT_SIDES);
        let gained = gained.filter_map(|(fact, side)| {
            let side = self.amounts_of(benefit.as_ref()?, PropertyName::new(side).ok()?);
            ever(benefit.as_ref(), side, fact)
        });
        let events = ever(None, Figure::Count, fixed.events);
        let mut plan = Plan::new(counters.chain(gained).chain(events).chain(self.trade(fixed)));
        for OfKind { kind, columns, .. } in &mut plan.kinds {
            *columns = kind.as_ref().map(|kind| self.columns_of(kind)).unwrap_or_default();
        }
        plan
    }

    /// What is read of purchases and refunds.
    fn trade(&self, fixed: &Fixed) -> Vec<Wanted> {
        let Some(value) = &self.definition.value else { return Vec::new() };
        let mut wanted = Vec::new();
        let mut add = |kind: &EventKind, window: Window, figure: Figure, sink: Option<Sink>| {
            if let Some(sink) = sink {
                wanted.push(Wanted { kind: Some(kind.clone()), window, figure, sink });
            }
        };
        let bought = &value.purchase;
        add(bought, Window::Ever, Figure::Count, fixed.purchases.map(Sink::Fact));
        add(bought, Window::Ever, Figure::DaysSinceInLanes, fixed.recency.map(Sink::Fact));
        add(bought, value.window, Figure::Count, fixed.frequency.map(Sink::Fact));
        let part = |part: Part| move |of: AttributeId| Sink::Part { of, part };
        add(bought, value.window, Figure::Count, fixed.monetary.map(part(Part::Purchases)));
        let sums = [
            (Sum::Spent, Window::Ever, Some(&value.amount), fixed.spent),
            (Sum::Margin, Window::Ever, value.margin.as_ref(), fixed.margin),
            (Sum::InWindow, value.window, Some(&value.amount), fixed.monetary),
        ];
        for (sum, window, property, fact) in sums {
            let Some(property) = property else { continue };
            add(bought, window, self.amounts_of(bought, property.clone()), fact.map(part(Part::Bought(sum))));
            if let Some(refund) = &value.refund {
                add(
                    refund,
                    window,
                    self.amounts_of(refund, property.clone()),
                    fact.map(part(Part::Refunded(sum))),
                );
            }
        }
        wanted
    }

    fn amounts_of(&self, kind: &EventKind, property: PropertyName) -> Figure {
        Figure::Sum(ColumnKey::new(property, ColumnKind::Amount, &self.columns_of(kind)))
    }

    /// The columns of the lane of a kind.
    fn columns_of(&self, kind: &EventKind) -> Columns {
        let rule = self.kinds.binary_search_by(|rule| rule.kind.cmp(kind)).ok();
        let lane = rule.and_then(|at| self.kinds.get(at)).and_then(|rule| rule.lane.as_ref());
        lane.map(|lane| lane.columns.clone()).unwrap_or_default()
    }
}
