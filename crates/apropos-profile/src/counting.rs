//! Reading counters over all members of a profile.
//!
//! Not here: the counting itself, see [`apropos_event::counter`].

use apropos_event::counter::{ColumnKind, Span};
use apropos_event::{PropertyName, Timestamp};
use rust_decimal::Decimal;

use crate::Profile;
use crate::definition::Aggregate;
use crate::history::CHANNEL as CHANNEL_LABEL;
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

/// Reads `counter` through `span`. `marks` is working memory.
///
/// A count or number of distinct values whose window reaches behind what is kept is at least what is read; sums and
/// firsts of such windows are nothing.
pub(crate) fn read(profile: &Profile, counter: &Counter, span: Span, marks: &mut Vec<u64>) -> Count {
    let kind = counter.kind.as_ref().map(apropos_event::EventKind::as_str);
    let last = || profile.members.iter().filter_map(|member| last(member, kind, span)).max();
    match counter.aggregate {
        Aggregate::Count => Count::Number(count(profile, kind, span)),
        Aggregate::Sum => {
            let property = counter.property.as_ref().map(PropertyName::as_str);
            let total = sum(profile, kind.unwrap_or_default(), property.unwrap_or_default(), span);
            total.map_or(Count::Nothing, Count::Amount)
        }
        Aggregate::Last => last().map_or(Count::Nothing, Count::Instant),
        Aggregate::DaysSince => {
            last().map_or(Count::Nothing, |at| Count::Days(span.to.since(at).as_days_f64()))
        }
        Aggregate::First => first(profile, kind, span).map_or(Count::Nothing, Count::Instant),
        Aggregate::Distinct => Count::Number(distinct(profile, counter, span, marks)),
    }
}

/// The sum of a property over all events of `kind` in `span`; `None` when part of it is no longer known.
pub(crate) fn sum(profile: &Profile, kind: &str, property: &str, span: Span) -> Option<Decimal> {
    let mut total = Decimal::ZERO;
    for series in profile.members.iter().filter_map(|member| member.history.lane(kind)) {
        if let Some(column) = series.column(property, ColumnKind::Amount) {
            let reading = series.sum(column, span);
            if !reading.exact {
                return None;
            }
            total = total.checked_add(reading.value)?;
        }
    }
    Some(total)
}

/// How many events of `kind`, or of any, lie in `span`.
pub(crate) fn count(profile: &Profile, kind: Option<&str>, span: Span) -> u64 {
    profile.members.iter().map(|member| member.history.count(kind, span).0).sum()
}

fn last(member: &Member, kind: Option<&str>, span: Span) -> Option<Timestamp> {
    let history = &member.history;
    let Some(kind) = kind else { return history.all().filter_map(|series| series.last(span)).max() };
    if let Some(series) = history.lane(kind) {
        return series.last(span);
    }
    let number = common_number(member, kind)?;
    history.common.within(span).rev().find(|entry| entry.labels[0] == number).map(|entry| entry.at)
}

fn common_number(member: &Member, kind: &str) -> Option<u16> {
    member.history.kinds.iter().position(|known| known.as_str() == kind).map(|at| at as u16 + 1)
}

fn first(profile: &Profile, kind: Option<&str>, span: Span) -> Option<Timestamp> {
    let mut earliest: Option<Timestamp> = None;
    let mut take = |at: Option<Timestamp>| {
        if let Some(at) = at {
            earliest = Some(earliest.map_or(at, |known| known.min(at)));
        }
    };
    for member in &profile.members {
        match kind {
            Some(kind) => {
                if let Some(series) = member.history.lane(kind) {
                    let reading = series.first(span);
                    if !reading.exact {
                        return None;
                    }
                    take(reading.value);
                } else if let Some(number) = common_number(member, kind) {
                    let entry = member.history.common.within(span).find(|entry| entry.labels[0] == number);
                    take(entry.map(|entry| entry.at));
                }
            }
            None => {
                for series in member.history.all() {
                    let reading = series.first(span);
                    if !reading.exact {
                        return None;
                    }
                    take(reading.value);
                }
            }
        }
    }
    earliest
}

fn distinct(profile: &Profile, counter: &Counter, span: Span, marks: &mut Vec<u64>) -> u64 {
    marks.clear();
    let Some(property) = &counter.property else { return 0 };
    let kind = counter.kind.as_ref().map(apropos_event::EventKind::as_str);
    if property.as_str() != CHANNEL {
        for series in
            profile.members.iter().filter_map(|member| member.history.lane(kind.unwrap_or_default()))
        {
            if let Some(column) = series.column(property.as_str(), ColumnKind::Mark) {
                series.distinct_into(column, span, marks);
            }
        }
        return marks.len() as u64;
    }
    for member in &profile.members {
        let history = &member.history;
        let mut add = |label: u16| {
            if let Some(channel) = history.channels.get(label) {
                marks.push(apropos_event::draw::stable_hash(0, channel.as_str().as_bytes()));
            }
        };
        match kind {
            Some(kind) => {
                if let Some(series) = history.lane(kind) {
                    series.within(span).for_each(|entry| add(entry.labels[CHANNEL_LABEL]));
                } else {
                    let number = common_number(member, kind);
                    let entries = history.common.within(span).filter(|entry| Some(entry.labels[0]) == number);
                    entries.for_each(|entry| add(entry.labels[CHANNEL_LABEL]));
                }
            }
            None => {
                for series in history.all() {
                    series.within(span).for_each(|entry| add(entry.labels[CHANNEL_LABEL]));
                }
            }
        }
    }
    marks.sort_unstable();
    marks.dedup();
    marks.len() as u64
}
