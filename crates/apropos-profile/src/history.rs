//! What happened to one member: every remembered event stands exactly once, in the lane of its kind or in the
//! common lane, and serves as history, as counter and as the memory that recognises repeats.
//!
//! Not here: what events mean for traits and consent.

use apropos_event::counter::{Cell, ColumnKind, Columns, Entry, Series, SeriesLimits};
use apropos_event::{ChannelId, EventKind, PropertyName, Timestamp};
use serde::{Deserialize, Serialize};

use crate::names::{Index, Memo, Names};
use crate::rare::Rare;

/// Events of one kind that a counter names, with the properties it asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Lane {
    pub(crate) kind: EventKind,
    pub(crate) series: Series,
}

/// The steps towards one goal: labels are kind and channel, the column holds seconds waited.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct EffortLane {
    pub(crate) goal: PropertyName,
    pub(crate) series: Series,
}

impl std::fmt::Debug for EffortLane {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EffortLane({} steps)", self.series.len())
    }
}

/// Which label of an entry holds what.
pub(crate) const KIND: usize = 0;
/// See [`KIND`].
pub(crate) const CHANNEL: usize = 1;

/// The history of one member.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct History {
    /// Names of channels, numbers in label [`CHANNEL`].
    pub(crate) channels: Names<ChannelId>,
    /// Names of kinds, numbers in label [`KIND`] of the common lane and of efforts.
    pub(crate) kinds: Names<EventKind>,
    /// By kind.
    pub(crate) lanes: Vec<Lane>,
    /// All other kinds.
    pub(crate) common: Series,
    /// By goal.
    pub(crate) efforts: Rare<EffortLane>,
    /// The newest event.
    pub(crate) latest: Option<Timestamp>,
    #[serde(skip)]
    index: Memo<Box<Index>>,
}

impl std::fmt::Debug for History {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "History({} events in {} lanes)", self.len(), self.lanes.len() + 1)
    }
}

/// How the lane of a kind is kept.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LaneRule {
    pub(crate) columns: Columns,
    pub(crate) entries: usize,
}

/// Up to so many lanes, looking at all of them is faster than searching.
const FEW: usize = 8;
/// Up to so many events, looking at all of them is faster than keeping an index.
const UNINDEXED: usize = 16;
/// The most columns of one lane.
pub(crate) const MAX_COLUMNS: usize = 16;
/// The most goals with a ledger of effort.
pub(crate) const MAX_EFFORTS: usize = 32;
/// The most steps kept one by one towards one goal.
pub(crate) const MAX_STEPS: usize = 256;

impl History {
    /// How many events are remembered one by one.
    pub(crate) fn len(&self) -> usize {
        self.common.len() + self.lanes.iter().map(|lane| lane.series.len()).sum::<usize>()
    }

    /// The lanes and the common lane.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Series> {
        self.lanes.iter().map(|lane| &lane.series).chain([&self.common])
    }

    /// The digest of the event with this fingerprint, if it is remembered. O(1) but for the first call after loading.
    pub(crate) fn recall(&mut self, key: u64) -> Option<u32> {
        if self.index.0.is_none() && self.len() <= UNINDEXED {
            return self.all().find_map(|series| series.check_of(key));
        }
        self.index().find(key)
    }

    fn index(&mut self) -> &mut Index {
        let Self { lanes, common, index, .. } = self;
        index.0.get_or_insert_with(|| {
            let mut index = Box::<Index>::default();
            for series in lanes.iter().map(|lane| &lane.series).chain([&*common]) {
                series.entries().for_each(|entry| index.insert(entry.key, entry.check));
            }
            index
        })
    }

    /// Forgets what can be worked out again; to be called after lanes changed by other means than events.
    pub(crate) fn reindex(&mut self) {
        self.index = Memo(None);
    }

    /// Where the lane of `kind` stands, which shares the columns `own` unless it is kept by other rules or has none: rules have
    /// a list of columns for each kind.
    #[inline]
    pub(crate) fn find_lane(&self, kind: &str, own: &Columns) -> Option<usize> {
        if self.lanes.len() <= FEW && !own.is_empty() {
            let shares = |lane: &Lane| lane.series.columns().is(own);
            if let Some(at) = self.lanes.iter().position(shares) {
                return Some(at);
            }
        }
        self.find_lane_by_name(kind)
    }

    fn find_lane_by_name(&self, kind: &str) -> Option<usize> {
        if self.lanes.len() <= FEW {
            // Names of other lengths differ without a look at them.
            return self.lanes.iter().position(|lane| lane.kind.as_str() == kind);
        }
        self.lanes.binary_search_by(|lane| lane.kind.as_str().cmp(kind)).ok()
    }

    /// The lane of `kind`.
    #[inline]
    pub(crate) fn lane(&self, kind: &str, own: &Columns) -> Option<&Series> {
        self.lanes.get(self.find_lane(kind, own)?).map(|lane| &lane.series)
    }

    /// Makes the lane of `kind`, which is missing, and says where it stands: what the common lane remembers of the kind
    /// moves over.
    fn make_lane(&mut self, kind: &EventKind, rule: &LaneRule) -> usize {
        let mut series = Series::with_columns(&rule.columns);
        if let Some(number) = self.kinds.find(kind) {
            self.common.move_to(&mut series, |entry| entry.labels[KIND] == number);
            series.relabel(KIND, |_| 0);
        }
        let at = self.lanes.partition_point(|lane| lane.kind < *kind);
        self.lanes.reserve_exact(1);
        self.lanes.insert(at, Lane { kind: kind.clone(), series });
        at
    }

    /// The number of a channel; numbers behind a new one move up everywhere.
    pub(crate) fn channel(&mut self, channel: Option<&ChannelId>) -> u16 {
        let Some(channel) = channel else { return 0 };
        let (number, moved) = self.channels.insert(channel);
        if moved {
            self.relabel(CHANNEL, |label| shift(label, number));
        }
        number
    }

    /// The number of a kind; numbers behind a new one move up everywhere.
    pub(crate) fn kind(&mut self, kind: &EventKind) -> u16 {
        let (number, moved) = self.kinds.insert(kind);
        if moved {
            self.relabel(KIND, |label| shift(label, number));
        }
        number
    }

    pub(crate) fn relabel(&mut self, slot: usize, new: impl Fn(u16) -> u16) {
        if slot == CHANNEL {
            self.lanes.iter_mut().for_each(|lane| lane.series.relabel(slot, &new));
        }
        self.common.relabel(slot, &new);
        self.efforts.iter_mut().for_each(|effort| effort.series.relabel(slot, &new));
    }

    /// Remembers an event that was checked before, in the lane that stands at `lane` or is still to be made; among events of
    /// all kinds if there is no rule. `cells` reads what its columns hold.
    pub(crate) fn remember(
        &mut self,
        kind: &EventKind,
        lane: Option<(&LaneRule, Option<usize>)>,
        mut entry: Entry,
        limits: SeriesLimits,
        cells: impl FnOnce(&mut Series) -> ([Cell; MAX_COLUMNS], usize),
    ) {
        if let Some(index) = &mut self.index.0 {
            index.insert(entry.key, entry.check);
        }
        let at = lane.map(|(rule, found)| found.unwrap_or_else(|| self.make_lane(kind, rule)));
        if at.is_none() {
            entry.labels[KIND] = self.kind(kind);
        }
        let lane = at.and_then(|at| self.lanes.get_mut(at));
        let series = lane.map_or(&mut self.common, |lane| &mut lane.series);
        let (cells, used) = cells(series);
        series.insert(entry, cells.get(..used).unwrap_or_default());
        let mut folded = Vec::new();
        series.fold(limits, |key| folded.push(key));
        self.forget_keys(&folded);
        self.latest = self.latest.max(Some(entry.at));
    }

    /// Remembers a step towards a goal.
    pub(crate) fn step(&mut self, goal: &PropertyName, kind: &EventKind, mut entry: Entry, waited: Cell) {
        entry.labels[KIND] = self.kind(kind);
        let at = match self.efforts.binary_search_by(|effort| effort.goal.cmp(goal)) {
            Ok(at) => at,
            Err(_) if MAX_EFFORTS <= self.efforts.len() => return,
            Err(at) => {
                let mut series = Series::default();
                if let Ok(name) = PropertyName::new("waited_seconds") {
                    series.ensure_column(&name, ColumnKind::Amount);
                }
                self.efforts.insert(at, EffortLane { goal: goal.clone(), series });
                at
            }
        };
        if let Some(effort) = self.efforts.get_mut(at) {
            effort.series.insert(entry, &[waited]);
            effort.series.fold(SeriesLimits { entries: MAX_STEPS, since: Timestamp::MIN }, |_| {});
        }
    }

    /// Removes what happened before `since`, totals included.
    pub(crate) fn forget_before(&mut self, since: Timestamp) {
        let mut gone = Vec::new();
        for series in self.lanes.iter_mut().map(|lane| &mut lane.series).chain([&mut self.common]) {
            series.forget_before(since, |key| gone.push(key));
        }
        for effort in &mut self.efforts {
            effort.series.forget_before(since, |_| {});
        }
        self.efforts.retain(|effort| effort.series.entries().next().is_some());
        self.forget_keys(&gone);
    }

    fn forget_keys(&mut self, keys: &[u64]) {
        if let Some(index) = &mut self.index.0 {
            for key in keys {
                index.remove(*key);
            }
        }
    }

    /// The name of the channel that an entry happened on.
    pub(crate) fn channel_of(&self, entry: &Entry) -> Option<&ChannelId> {
        self.channels.get(entry.labels[CHANNEL])
    }

    /// Takes over what a copy of the same member's history has more.
    pub(crate) fn join(&mut self, other: &Self) {
        let mut other = other.clone();
        for channel in other.channels.clone().iter() {
            self.channel(Some(channel));
        }
        for channel in self.channels.clone().iter() {
            other.channel(Some(channel));
        }
        for kind in other.kinds.clone().iter() {
            self.kind(kind);
        }
        for kind in self.kinds.clone().iter() {
            other.kind(kind);
        }
        for lane in &other.lanes {
            match self.lanes.binary_search_by(|mine| mine.kind.cmp(&lane.kind)) {
                Ok(at) => {
                    if let Some(mine) = self.lanes.get_mut(at) {
                        mine.series.join(&lane.series);
                    }
                }
                Err(at) => self.lanes.insert(at, lane.clone()),
            }
        }
        self.common.join(&other.common);
        for effort in &other.efforts {
            match self.efforts.binary_search_by(|mine| mine.goal.cmp(&effort.goal)) {
                Ok(at) => {
                    if let Some(mine) = self.efforts.get_mut(at) {
                        mine.series.join(&effort.series);
                    }
                }
                Err(at) => self.efforts.insert(at, effort.clone()),
            }
        }
        self.latest = self.latest.max(other.latest);
        self.reindex();
    }
}

fn shift(label: u16, from: u16) -> u16 {
    if from <= label && label != crate::names::OTHER { label + 1 } else { label }
}
