//! Reading counters over all members of a profile.
//!
//! Where the events of a kind are kept is looked up once ([`Events`]), and which of them lie in a span is found once
//! ([`Seen`]), however many counters read them. Not here: the counting itself, see [`apropos_event::counter`].

use apropos_event::counter::{ColumnKey, ColumnKind, Columns, Entry, Reading, Series, Span, Stretch};
use apropos_event::draw::stable_hash;
use apropos_event::{ChannelId, PropertyName, Timestamp};
use rust_decimal::Decimal;

use crate::Profile;
use crate::definition::Aggregate;
use crate::few::Few;
use crate::history::{CHANNEL as CHANNEL_LABEL, History, KIND};
use crate::profile::Member;
use crate::rules::{CHANNEL, Counter};

/// The reading of one counter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Count {
    /// How many.
    Number(u64),
    /// How much.
    Amount(Decimal),
    /// When.
    Instant(Timestamp),
    /// How many days of 24 hours.
    Days(f64),
    /// There is nothing to tell: no such event in the window, or the window reaches further back than what is kept.
    Nothing,
}

/// What a counter reads of the events of its kind in its window.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Figure {
    /// How many there are.
    Count,
    /// The sum of a property.
    Sum(ColumnKey),
    /// No definition adds up a property over all kinds.
    NoSum,
    /// When the first was.
    First,
    /// When the last was.
    Last,
    /// How many days ago the last was.
    DaysSince,
    /// The same of those that stand in a lane of their kind.
    DaysSinceInLanes,
    /// How many channels there are.
    Channels,
    /// How many values a property has.
    Distinct(ColumnKey),
}

impl Figure {
    /// What the counter reads, where lanes usually have the columns `usual`.
    pub(crate) fn of(counter: &Counter, usual: &Columns) -> Self {
        let key = |property: &PropertyName, kind| ColumnKey::new(property.clone(), kind, usual);
        match (counter.aggregate, &counter.property) {
            (Aggregate::Count, _) => Self::Count,
            (Aggregate::Sum, Some(property)) if counter.kind.is_some() => {
                Self::Sum(key(property, ColumnKind::Amount))
            }
            (Aggregate::Sum, _) => Self::NoSum,
            (Aggregate::First, _) => Self::First,
            (Aggregate::Last, _) => Self::Last,
            (Aggregate::DaysSince, _) => Self::DaysSince,
            (Aggregate::Distinct, Some(property)) if property.as_str() != CHANNEL => {
                Self::Distinct(key(property, ColumnKind::Mark))
            }
            (Aggregate::Distinct, _) => Self::Channels,
        }
    }
}

/// Where a profile keeps the events of one kind, or of any.
#[derive(Debug)]
pub(crate) struct Events<'a>(Few<Place<'a>>);

/// One series that has events of the kind.
#[derive(Clone, Copy, Debug)]
struct Place<'a> {
    history: &'a History,
    series: &'a Series,
    /// The number of the kind where other kinds stand in the series, too.
    among: Option<u16>,
}

/// Events of one kind, or of any, in one span.
#[derive(Debug)]
pub(crate) struct Seen<'a> {
    to: Timestamp,
    parts: Few<Part<'a>>,
}

/// Those of them that one series has.
#[derive(Clone, Copy, Debug)]
struct Part<'a> {
    place: Place<'a>,
    stretch: Stretch<'a>,
}

impl<'a> Events<'a> {
    /// Those of `kind`, or of any. O(members · log lanes).
    pub(crate) fn of(profile: &'a Profile, kind: Option<&str>) -> Self {
        Self::sharing(profile, kind, &Columns::NONE)
    }

    /// The same, sooner found where lanes share the columns `own` that the rules have for the kind.
    #[inline]
    pub(crate) fn sharing(profile: &'a Profile, kind: Option<&str>, own: &Columns) -> Self {
        let mut places = Few::NONE;
        match (profile.members.as_slice(), kind) {
            // Nearly always.
            ([member], Some(kind)) => return Self(Place::of(member, kind, own).map_or(places, Few::One)),
            (members, Some(kind)) => {
                let found = members.iter().filter_map(|member| Place::of(member, kind, own));
                found.for_each(|place| places.push(place));
            }
            (members, None) => {
                for Member { history, .. } in members {
                    history.all().for_each(|series| places.push(Place { history, series, among: None }));
                }
            }
        }
        Self(places)
    }

    /// Whether there never were any.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        matches!(&self.0, Few::Many(places) if places.is_empty())
    }

    /// The lane that has all of them, nearly always.
    #[inline]
    pub(crate) fn lane(&self) -> Option<&'a Series> {
        match &self.0 {
            Few::One(Place { series, among: None, .. }) => Some(series),
            _ => None,
        }
    }

    /// Those that lie in `span`. O(members · log events).
    pub(crate) fn through(&self, span: Span) -> Seen<'a> {
        let part = |place: &Place<'a>| Part { place: *place, stretch: place.series.stretch(span) };
        Seen { to: span.to, parts: self.0.map(part) }
    }
}

impl<'a> Place<'a> {
    /// Where a member's events of `kind` are, if there are any.
    #[inline]
    fn of(member: &'a Member, kind: &str, own: &Columns) -> Option<Self> {
        let Member { history, .. } = member;
        if let Some(series) = history.lane(kind, own) {
            return Some(Self { history, series, among: None });
        }
        let among = history.kinds.find_by(|known| known.as_str().cmp(kind))?;
        Some(Self { history, series: &history.common, among: Some(among) })
    }
}

impl<'a> Seen<'a> {
    /// Reads a figure. `marks` is working memory.
    ///
    /// A count or number of distinct values whose window reaches behind what is kept is at least what is read; sums and
    /// firsts of such windows are nothing.
    pub(crate) fn read(&self, figure: &Figure, marks: &mut Vec<u64>) -> Count {
        match figure {
            Figure::Count => Count::Number(self.count()),
            Figure::Sum(column) => self.sum(column).map_or(Count::Nothing, Count::Amount),
            Figure::NoSum => Count::Amount(Decimal::ZERO),
            Figure::First => self.first().map_or(Count::Nothing, Count::Instant),
            Figure::Last => self.last().map_or(Count::Nothing, Count::Instant),
            Figure::DaysSince => days_since(self.last(), self.to),
            Figure::DaysSinceInLanes => days_since(self.last_in_lanes(), self.to),
            Figure::Channels => distinct(marks, |marks| self.channels(marks)),
            Figure::Distinct(column) => distinct(marks, |marks| self.marks(column, marks)),
        }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u64 {
        match &self.parts {
            Few::One(part) => part.count(),
            Few::Many(parts) => parts.iter().map(Part::count).sum(),
        }
    }

    /// The sum of a property; `None` when part of it is no longer known.
    pub(crate) fn sum(&self, column: &ColumnKey) -> Option<Decimal> {
        match &self.parts {
            Few::One(part) => part.sum(column),
            Few::Many(parts) => {
                let mut sums = parts.iter().map(|part| part.sum(column));
                sums.try_fold(Decimal::ZERO, |total, sum| total.checked_add(sum?))
            }
        }
    }

    /// When the last was.
    pub(crate) fn last(&self) -> Option<Timestamp> {
        self.parts().filter_map(Part::last).max()
    }

    /// When the last was that stands in a lane of its kind.
    pub(crate) fn last_in_lanes(&self) -> Option<Timestamp> {
        self.parts().filter(|part| part.place.among.is_none()).filter_map(Part::last).max()
    }

    /// When the first was; `None` also when that is no longer known.
    fn first(&self) -> Option<Timestamp> {
        let mut earliest: Option<Timestamp> = None;
        for reading in self.parts().map(Part::first) {
            let first = if reading.exact { reading.value } else { return None };
            earliest = [earliest, first].into_iter().flatten().min();
        }
        earliest
    }

    /// Collects what tells the values of a property apart.
    fn marks(&self, column: &ColumnKey, marks: &mut Vec<u64>) {
        for part in self.parts().filter(|part| part.place.among.is_none()) {
            if let Some(column) = column.position(part.stretch.series().columns()) {
                part.stretch.distinct_into(column, marks);
            }
        }
    }

    /// Collects what tells channels apart.
    fn channels(&self, marks: &mut Vec<u64>) {
        for part in self.parts() {
            let channel = |entry: Entry| part.place.history.channels.get(entry.labels[CHANNEL_LABEL]);
            let hash = |channel: &ChannelId| stable_hash(0, channel.as_str().as_bytes());
            marks.extend(part.entries().filter_map(channel).map(hash));
        }
        marks.sort_unstable();
        marks.dedup();
    }

    fn parts(&self) -> std::slice::Iter<'_, Part<'a>> {
        self.parts.items().iter()
    }
}

/// The sum of a property in one lane; `None` when part of it is no longer known.
#[inline]
pub(crate) fn sum_of(lane: &Stretch<'_>, column: &ColumnKey) -> Option<Decimal> {
    let Some(column) = column.position(lane.series().columns()) else { return Some(Decimal::ZERO) };
    let sum = lane.sum(column);
    sum.exact.then_some(sum.value)
}

fn days_since(last: Option<Timestamp>, now: Timestamp) -> Count {
    last.map_or(Count::Nothing, |last| Count::Days(now.since(last).as_days_f64()))
}

fn distinct(marks: &mut Vec<u64>, collect: impl FnOnce(&mut Vec<u64>)) -> Count {
    marks.clear();
    collect(marks);
    Count::Number(marks.len() as u64)
}

impl<'a> Part<'a> {
    /// The events, oldest first.
    fn entries(&self) -> impl DoubleEndedIterator<Item = Entry> + use<'a> {
        let among = self.place.among;
        self.stretch.entries().filter(move |entry| among.is_none_or(|number| entry.labels[KIND] == number))
    }

    fn count(&self) -> u64 {
        match self.place.among {
            None => self.stretch.count().value,
            Some(_) => self.entries().count() as u64,
        }
    }

    /// The sum of a property: only lanes keep any.
    fn sum(&self, column: &ColumnKey) -> Option<Decimal> {
        if self.place.among.is_none() { sum_of(&self.stretch, column) } else { Some(Decimal::ZERO) }
    }

    fn first(&self) -> Reading<Option<Timestamp>> {
        match self.place.among {
            None => self.stretch.first(),
            Some(_) => Reading { value: self.entries().next().map(|entry| entry.at), exact: true },
        }
    }

    fn last(&self) -> Option<Timestamp> {
        match self.place.among {
            None => self.stretch.last(),
            Some(_) => self.entries().next_back().map(|entry| entry.at),
        }
    }
}
