//! Every limit of this room. Exceeding one is an ordinary problem while authoring and a stop reason while running.
//!
//! Not here: limits on events, which `apropos-event` holds.

/// Journeys (all versions counted) in one playbook.
pub const MAX_JOURNEYS: usize = 4_096;
/// Nodes in one journey.
pub const MAX_NODES: usize = 1_024;
/// Arrows, rules or actions of one node.
pub const MAX_ARROWS: usize = 256;
/// Promises in one playbook.
pub const MAX_PROMISES: usize = 1_024;
/// Goals of one journey: reached goals are kept in one machine word.
pub const MAX_GOALS: usize = 64;
/// Nodes that one instance may walk through for one input.
pub const MAX_WALK: usize = 64;
/// Nodes that all instances of a customer together may walk through for one input.
pub const MAX_RUN: usize = 512;
/// How long an instance rests when it has walked that far, in microseconds: one second.
pub const WALK_PAUSE_MICROS: i64 = 1_000_000;
/// Live instances of one customer.
pub const MAX_INSTANCES: usize = 256;
/// Tracked promises of one customer.
pub const MAX_OPEN_PROMISES: usize = 256;
/// Past entries remembered for one customer (cooldowns and tombstones).
pub const MAX_MEMORIES: usize = 1_024;
/// Events whose ids are remembered to recognise duplicates.
pub const MAX_SEEN: usize = 128;
/// Events remembered for waits that look back.
pub const MAX_RECENT: usize = 64;
/// Nodes of an instance's trail.
pub const MAX_TRAIL: usize = 32;
/// Bytes of an instance's key.
pub const MAX_KEY_BYTES: usize = 64;
