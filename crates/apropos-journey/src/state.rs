//! What is stored for one customer: live instances, promises, and what must be remembered about the past.
//!
//! Not here: any change to it. Only [`crate::JourneyRules`] moves it.

use apropos_event::{CustomerId, JourneyId, PromiseId, Timestamp, Zone, draw};
use serde::{Deserialize, Serialize};

use crate::definition::ExpectationSource;
use crate::trail::Trail;

/// The journeys and promises of one customer.
///
/// Plain data, the same through JSON and postcard. Opaque except for what the accessors and
/// [`crate::JourneyRules::view`] show, since nodes are stored as places in an immutable version.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JourneyState {
    /// A stable hash of the customer's id; zero until known.
    pub(crate) subject: u64,
    /// The customer's zone, if known.
    pub(crate) zone: Option<Zone>,
    /// The latest `now` that was handled; time never runs back.
    pub(crate) clock: Option<Timestamp>,
    pub(crate) instances: Vec<Instance>,
    pub(crate) promises: Vec<PromiseState>,
    pub(crate) memories: Vec<Memory>,
    pub(crate) seen: Seen,
    pub(crate) recent: Vec<Recent>,
}

/// One customer under way in one journey.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instance {
    pub(crate) id: u64,
    pub(crate) journey: JourneyId,
    pub(crate) version: u32,
    /// The hash of the version it is pinned to; a changed definition under the same number is noticed.
    pub(crate) fingerprint: u64,
    pub(crate) key: Option<String>,
    /// The hash of the event that let it in.
    pub(crate) trigger: u64,
    pub(crate) parent: Option<u64>,
    pub(crate) status: Status,
    pub(crate) node: u16,
    /// Counts entries into nodes, so that every effect has a key of its own.
    pub(crate) visit: u32,
    pub(crate) entered: Timestamp,
    pub(crate) since: Timestamp,
    pub(crate) due: Option<Timestamp>,
    pub(crate) ends_by: Option<Timestamp>,
    /// Where a walk that reached its bound goes on.
    pub(crate) parked: Option<u16>,
    /// Where a hand-off by command came from.
    pub(crate) returns_to: Option<u16>,
    /// An exit that was met while a person had the case.
    pub(crate) pending_exit: Option<u16>,
    /// Reached goals, one bit each.
    pub(crate) goals: u64,
    pub(crate) trail: Trail,
}

/// Whether an instance moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It moves.
    Active,
    /// A person has the case; automation is silent.
    HandedOff,
    /// Paused by command since then.
    Paused(Timestamp),
    /// Pinned to a version that the playbook no longer holds, or whose definition was changed under its number.
    Stranded,
}

/// What is remembered about past entries into one journey under one key. Nothing in it identifies anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Memory {
    pub(crate) journey: u64,
    pub(crate) key: u64,
    pub(crate) entries: u32,
    /// Whether it must be kept for ever: the journey may never be entered again.
    pub(crate) tombstone: bool,
    /// The last event that let the customer in.
    pub(crate) trigger: u64,
    pub(crate) left: Option<Timestamp>,
    /// The last outcome, hashed.
    pub(crate) outcome: u64,
    /// Whether the entry condition held when last looked at.
    pub(crate) qualified: bool,
}

/// The last events, by hash, to recognise duplicates: a ring.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seen {
    pub(crate) ring: Vec<u64>,
    pub(crate) next: u16,
}

/// An event that a wait with look-back may still count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Recent {
    pub(crate) pattern: u64,
    pub(crate) key: Option<u64>,
    pub(crate) occurred: Timestamp,
    pub(crate) received: Timestamp,
}

/// One promise to the customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromiseState {
    /// Which promise.
    pub(crate) promise: PromiseId,
    pub(crate) id: u64,
    pub(crate) key: Option<String>,
    pub(crate) trigger: u64,
    pub(crate) status: PromiseStatus,
    pub(crate) made: Timestamp,
    pub(crate) at_risk: Timestamp,
    pub(crate) due: Timestamp,
    pub(crate) source: ExpectationSource,
    pub(crate) settled: Option<Timestamp>,
    pub(crate) repairing: bool,
}

/// Where a promise stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PromiseStatus {
    /// Made, and there is time.
    Open,
    /// Made, and time is running out.
    AtRisk,
    /// The deadline passed without evidence.
    Broken,
    /// Kept in time.
    Kept,
    /// No longer owed.
    Void,
}

impl PromiseStatus {
    /// All of them, in the order they are usually passed through.
    pub const ALL: [Self; 5] = [Self::Open, Self::AtRisk, Self::Broken, Self::Kept, Self::Void];

    /// The word used in attributes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::AtRisk => "at_risk",
            Self::Broken => "broken",
            Self::Kept => "kept",
            Self::Void => "void",
        }
    }

    /// Whether the promise still waits for its evidence.
    pub fn is_pending(self) -> bool {
        matches!(self, Self::Open | Self::AtRisk)
    }
}

impl JourneyState {
    /// No journeys yet, for this customer. Stable splits hash the customer's id.
    pub fn new(customer: &CustomerId) -> Self {
        Self { subject: subject(customer), ..Self::default() }
    }

    /// Says in which zone the customer's clock runs; `None` when that is unknown, which is a case of its own: a wait
    /// for a local time then uses the journey's zone.
    pub fn set_zone(&mut self, zone: Option<Zone>) {
        self.zone = zone;
    }

    /// The live instances, in the order they were entered.
    pub fn instances(&self) -> &[Instance] {
        &self.instances
    }

    /// The promises that are pending, under repair, or the latest of their kind.
    pub fn promises(&self) -> &[PromiseState] {
        &self.promises
    }

    /// The latest instant that was handled.
    pub fn clock(&self) -> Option<Timestamp> {
        self.clock
    }

    /// Erases everything but the hashed tombstones of journeys that must never be entered again.
    pub fn erase(&mut self) {
        let memories = self.memories.iter().copied().filter(|memory| memory.tombstone).collect();
        *self = Self { subject: self.subject, memories, ..Self::default() };
    }

    /// Whether the customer is on no way: only what lets them into one moves them.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.instances.is_empty() && self.promises.is_empty() && self.recent.is_empty()
    }

    pub(crate) fn memory(&self, journey: u64, key: u64) -> Option<&Memory> {
        self.memories.iter().find(|memory| memory.journey == journey && memory.key == key)
    }

    pub(crate) fn memory_mut(&mut self, journey: u64, key: u64) -> Option<&mut Memory> {
        self.memories.iter_mut().find(|memory| memory.journey == journey && memory.key == key)
    }
}

impl Instance {
    /// The instance's id, unique for the customer and the same on every replay.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The journey it is in.
    pub fn journey(&self) -> &JourneyId {
        &self.journey
    }

    /// The version it is pinned to.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// What tells it from other instances of the same journey.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// Whether it moves.
    pub fn status(&self) -> Status {
        self.status
    }

    /// When the journey was entered.
    pub fn entered(&self) -> Timestamp {
        self.entered
    }

    /// When the present node was entered.
    pub fn since(&self) -> Timestamp {
        self.since
    }

    /// The instant at which it must be looked at again, if any.
    pub fn due(&self) -> Option<Timestamp> {
        match self.status {
            Status::Active => match (self.due, self.ends_by) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            },
            Status::HandedOff => self.due,
            Status::Paused(_) | Status::Stranded => None,
        }
    }
}

impl PromiseState {
    /// Which promise it is.
    pub fn promise(&self) -> &PromiseId {
        &self.promise
    }

    /// Its id, unique for the customer and the same on every replay.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// What tells it from others of its kind.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// Where it stands.
    pub fn status(&self) -> PromiseStatus {
        self.status
    }

    /// When it was made.
    pub fn made(&self) -> Timestamp {
        self.made
    }

    /// When it must be kept.
    pub fn due(&self) -> Timestamp {
        self.due
    }

    /// When it was kept or made void, or, if it was broken, its deadline; `None` while it is pending. What `made` and
    /// this say of kept promises is what [`crate::Lateness`] learns from.
    pub fn settled(&self) -> Option<Timestamp> {
        self.settled
    }

    /// Who set the deadline.
    pub fn source(&self) -> ExpectationSource {
        self.source
    }

    /// Whether its repair is open, so that selling waits.
    pub fn is_repairing(&self) -> bool {
        self.repairing
    }

    /// Whether evidence or time can still change it: a broken one may yet turn out to have been kept.
    pub(crate) fn may_change(&self) -> bool {
        !matches!(self.status, PromiseStatus::Kept | PromiseStatus::Void) || self.repairing
    }

    /// The next instant at which it changes by itself.
    pub fn next_due(&self) -> Option<Timestamp> {
        match self.status {
            PromiseStatus::Open => Some(self.at_risk.min(self.due)),
            PromiseStatus::AtRisk => Some(self.due),
            _ => None,
        }
    }
}

impl Seen {
    pub(crate) fn contains(&self, hash: u64) -> bool {
        self.ring.contains(&hash)
    }

    pub(crate) fn insert(&mut self, hash: u64, capacity: usize) {
        if self.ring.len() < capacity {
            self.ring.push(hash);
        } else if let Some(oldest) = self.ring.get_mut(usize::from(self.next)) {
            *oldest = hash;
            self.next = ((usize::from(self.next) + 1) % capacity) as u16;
        } else {
            // A foreign ring (other capacity, cursor out of range): start over at its beginning.
            self.next = 0;
        }
    }
}

/// The stable hash of a customer's id.
pub(crate) fn subject(customer: &CustomerId) -> u64 {
    draw::stable_hash(SUBJECT_SEED, customer.as_str().as_bytes()).max(1)
}

const SUBJECT_SEED: u64 = 0x6A6F_7572_6E65_7900;
