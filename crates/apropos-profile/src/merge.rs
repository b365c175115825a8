//! Bringing profiles together and parting them again.
//!
//! Merging puts the members of both side by side and remembers the link; nothing is folded into anything, so parting gives
//! back what was there, with whatever each side's own events added since.

use apropos_event::{IdentifierKind, Timestamp};

use crate::identity::{Case, CaseReason, Link};
use crate::profile::{MAX_MEMBERS, Member, Merged};
use crate::rules::ProfileRules;
use crate::{Key, MergeError, Profile};

impl ProfileRules {
    /// Brings `other` into `profile`, because `link` says that a member of one and a member of the other are one person.
    ///
    /// `now` is the merge's instant on the host's clock: permissions received up to then do not spread.
    ///
    /// # Errors
    /// When verified identifiers contradict each other (a person must look at the case), when the link is already there
    /// or does not join the two, or when there would be more than [`MAX_MEMBERS`]. Then nothing has changed.
    pub fn merge(
        &self,
        profile: &mut Profile,
        other: &Profile,
        link: &Link,
        now: Timestamp,
    ) -> Result<(), MergeError> {
        if profile.is_empty() || other.is_empty() {
            return Err(MergeError::Empty);
        }
        let known = |profile: &Profile| profile.links().any(|known| known.id == link.id);
        if known(profile) || known(other) {
            return Err(MergeError::Known);
        }
        let holds = |profile: &Profile, key: Key| profile.member(key).is_some();
        let joins = (holds(profile, link.a) && holds(other, link.b))
            || (holds(profile, link.b) && holds(other, link.a));
        if !joins {
            return Err(MergeError::WrongEnds);
        }
        if let Some(case) = self.conflict(profile, other, Some(link.id)) {
            return Err(MergeError::Conflict(Box::new(case)));
        }
        if other.keys().any(|key| holds(profile, key)) {
            return Err(MergeError::Overlap);
        }
        if MAX_MEMBERS < profile.members.len() + other.members.len() {
            return Err(MergeError::TooMany(MAX_MEMBERS));
        }
        self.unite(profile, other);
        let newest = profile.members.iter().filter_map(Member::newest_statement).max();
        let at = newest.map_or(now, |newest| newest.max(now));
        let merged = Merged { link: link.clone(), at };
        let place = profile.links.partition_point(|known| known.link.id < link.id);
        profile.links.insert(place, merged);
        Ok(())
    }

    /// Takes over what `other`, another copy of the same person's profile, has more: associative, commutative and
    /// idempotent, and never wider in what it permits. A permission must stand in both copies to stand in the result, and
    /// one received before a join no longer spreads from member to member.
    ///
    /// Meant for restoring and importing. To bring a copy up to date, observe the events it missed instead: that keeps
    /// what the customer agreed to since.
    pub fn join(&self, profile: &mut Profile, other: &Profile) {
        if profile == other {
            return;
        }
        let newest = profile.members.iter().chain(&other.members).filter_map(Member::newest_statement).max();
        self.unite(profile, other);
        let joined = profile.members.iter().filter_map(|member| member.joined).max().max(newest);
        for member in &mut profile.members {
            member.joined = joined;
        }
    }

    fn unite(&self, profile: &mut Profile, other: &Profile) {
        for theirs in &other.members {
            match profile.members.binary_search_by(|mine| mine.key.cmp(&theirs.key)) {
                Ok(at) => {
                    if let Some(mine) = profile.members.get_mut(at) {
                        mine.join(theirs, |name| self.policy(name));
                    }
                }
                Err(at) => profile.members.insert(at, theirs.clone()),
            }
        }
        for theirs in &other.links {
            match profile.links.binary_search_by(|mine| mine.link.id.cmp(&theirs.link.id)) {
                Ok(at) => {
                    if let Some(mine) = profile.links.get_mut(at) {
                        mine.at = mine.at.max(theirs.at);
                    }
                }
                Err(at) => profile.links.insert(at, theirs.clone()),
            }
        }
    }

    /// Retracts the link with the id `link`. What no longer holds together is parted: `profile` keeps the side of the
    /// link's first end, and every other side is returned as a profile of its own (none when other links still hold).
    ///
    /// # Errors
    /// When there is no such link. Then nothing has changed.
    pub fn unmerge(&self, profile: &mut Profile, link: Key) -> Result<Vec<Profile>, MergeError> {
        let at =
            profile.links.iter().position(|known| known.link.id == link).ok_or(MergeError::UnknownLink)?;
        let retracted = profile.links.remove(at);
        let side = component(profile, retracted.link.a);
        if side.binary_search(&retracted.link.b).is_ok() {
            return Ok(Vec::new());
        }
        let whole = std::mem::take(profile);
        let (mine, theirs): (Vec<_>, Vec<_>) =
            whole.members.into_iter().partition(|member| side.binary_search(&member.key).is_ok());
        let (my_links, their_links): (Vec<_>, Vec<_>) =
            whole.links.into_iter().partition(|merged| side.binary_search(&merged.link.a).is_ok());
        *profile = Profile { members: mine, links: my_links.into() };
        Ok(vec![Profile { members: theirs, links: their_links.into() }])
    }

    /// What a person must decide about a profile by itself: kinds of identifiers that one person has only once (limit 1), of
    /// which more than one is proved.
    pub fn cases(&self, profile: &Profile) -> Vec<Case> {
        let once = self.identifiers.iter().filter(|definition| definition.limit == 1);
        let cases = once.filter_map(|definition| {
            let keys = proved(profile, &definition.kind);
            let reason = CaseReason::VerifiedConflict;
            (1 < keys.len()).then(|| Case { reason, kind: definition.kind.clone(), link: None, keys })
        });
        cases.collect()
    }

    /// The case for which two profiles must not be merged without a person, if there is one.
    ///
    /// Verified identifiers conflict when their kind is one that a person has only once (limit 1) and they differ.
    pub fn conflict(&self, a: &Profile, b: &Profile, link: Option<Key>) -> Option<Case> {
        for definition in self.identifiers.iter().filter(|definition| definition.limit == 1) {
            let (mine, theirs) = (proved(a, &definition.kind), proved(b, &definition.kind));
            if !mine.is_empty() && !theirs.is_empty() && mine != theirs {
                let mut keys = [mine, theirs].concat();
                keys.sort_unstable();
                keys.dedup();
                let reason = CaseReason::VerifiedConflict;
                return Some(Case { reason, kind: definition.kind.clone(), link, keys });
            }
        }
        None
    }
}

/// The proved identifiers of a kind, in order, each once.
fn proved(profile: &Profile, kind: &IdentifierKind) -> Vec<Key> {
    let facts = profile.identifiers().filter(|fact| fact.verified && fact.kind == *kind);
    let mut keys: Vec<Key> = facts.map(|fact| fact.key).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// The members that links connect with `start`, sorted.
fn component(profile: &Profile, start: Key) -> Vec<Key> {
    let mut reached = vec![start];
    let mut at = 0;
    while let Some(key) = reached.get(at).copied() {
        for merged in &profile.links {
            if merged.link.a == key || merged.link.b == key {
                let other = merged.link.other(key);
                if !reached.contains(&other) {
                    reached.push(other);
                }
            }
        }
        at += 1;
    }
    reached.sort_unstable();
    reached
}
