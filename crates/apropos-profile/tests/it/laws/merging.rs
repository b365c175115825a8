//! Copies join associatively, commutatively and idempotently; merged sides part as they were, with what they lived since.

use apropos_event::{SourceId, Timestamp, Zone};
use apropos_profile::identity::Link;
use apropos_profile::{AdvocacySignal, Count, MergeError, Profile, ProfileRules};

use super::draws::{DAYS, Draws, cases, copy, life, lived};
use crate::support::{day, rules};

/// When hosts merge: after everything that was received.
pub(super) fn today() -> Timestamp {
    day(DAYS as i64)
}

/// The link between the first members of two profiles.
pub(super) fn link(a: &Profile, b: &Profile) -> Link {
    let ends = (a.keys().next().unwrap(), b.keys().next().unwrap());
    Link::new(ends, SourceId::new("crm").unwrap(), "same login", 90, today())
}

fn joined(rules: &ProfileRules, a: &Profile, b: &Profile) -> Profile {
    let mut joined = a.clone();
    rules.join(&mut joined, b);
    joined
}

#[test]
fn joining_is_associative_commutative_and_idempotent() {
    let rules = rules();
    for case in 0..cases() {
        let mut draws = Draws::new("join", case);
        let [a, b, c] = [(); 3].map(|()| copy(&mut draws, &rules, case));
        assert!(joined(&rules, &a, &a) == a, "case {case}");
        let (ab, ba) = (joined(&rules, &a, &b), joined(&rules, &b, &a));
        assert!(ab == ba, "case {case}");
        assert!(joined(&rules, &ab, &b) == ab, "case {case}");
        let (left, right) = (joined(&rules, &ab, &c), joined(&rules, &a, &joined(&rules, &b, &c)));
        assert!(left == right, "case {case}");
    }
}

fn merged(rules: &ProfileRules, a: &Profile, b: &Profile, link: &Link) -> Profile {
    let mut merged = a.clone();
    rules.merge(&mut merged, b, link, today()).unwrap();
    merged
}

#[test]
fn merging_sides_is_associative_commutative_and_idempotent() {
    let rules = rules();
    for case in 0..cases() {
        let mut draws = Draws::new("merge", case);
        let [a, b, c] = ["a", "b", "c"].map(|customer| lived(&mut draws, &rules, customer, 6));
        let (first, second) = (link(&a, &b), link(&b, &c));
        let ab = merged(&rules, &a, &b, &first);
        assert!(ab == merged(&rules, &b, &a, &first), "case {case}");
        let bc = merged(&rules, &b, &c, &second);
        assert!(merged(&rules, &ab, &c, &second) == merged(&rules, &a, &bc, &first), "case {case}");
        let mut again = ab.clone();
        assert_eq!(rules.merge(&mut again, &b, &first, today()), Err(MergeError::Known));
        assert!(again == ab, "case {case}: a refusal changes nothing");
    }
}

/// Every number that is read from a profile.
fn readings(rules: &ProfileRules, profile: &Profile, now: Timestamp, zone: &Zone) -> Vec<Option<Count>> {
    let mut all: Vec<Option<Count>> = ["purchases_30d", "spent_month", "channels_week", "products"]
        .map(|name| rules.count(profile, name, now, zone))
        .to_vec();
    let value = rules.value(profile, now, zone).unwrap();
    let (company, customer) = rules.benefits(profile, now);
    let amounts = [value.spent, value.margin, value.monetary, company, customer];
    all.extend(amounts.map(|amount| amount.map(Count::Amount)));
    all.push(value.recency_days.map(Count::Days));
    let reviews = rules.advocacy(profile, AdvocacySignal::Reviewed, now);
    all.extend([value.purchases, value.frequency, reviews].map(|n| Some(Count::Number(n))));
    for effort in rules.efforts(profile) {
        all.extend([effort.steps, effort.repeats, effort.channel_switches].map(|n| Some(Count::Number(n))));
    }
    all
}

#[test]
fn unmerging_gives_back_both_sides_and_what_they_lived_since() {
    let rules = rules();
    let zone = Zone::new("Europe/Paris").unwrap();
    for case in 0..cases() {
        let mut draws = Draws::new("unmerge", case);
        // The one side may itself be of two members.
        let (mut a, b) = (lived(&mut draws, &rules, "a", 6), lived(&mut draws, &rules, "b", 6));
        if draws.once_in(3) {
            let c = lived(&mut draws, &rules, "c", 3);
            a = merged(&rules, &a, &c, &link(&a, &c));
        }
        let link = link(&a, &b);
        let mut whole = merged(&rules, &a, &b, &link);
        let now = draws.instant(2 * DAYS);
        // Counts of both sides add up while they are one.
        let purchases = |profile: &Profile| rules.value(profile, now, &zone).unwrap().purchases;
        assert_eq!(purchases(&whole), purchases(&a) + purchases(&b), "case {case}");
        let (mut one, mut other) = (a.clone(), b.clone());
        if draws.once_in(2) {
            // What each side lives while they are one goes to that side.
            for (customer, alone) in [("a", &mut one), ("b", &mut other)] {
                for event in life(&mut draws, customer, 100, 3) {
                    rules.observe(&mut whole, &event).unwrap();
                    rules.observe(alone, &event).unwrap();
                }
            }
        }
        let mut others = rules.unmerge(&mut whole, link.id).unwrap();
        let parted = others.pop().unwrap();
        assert!(others.is_empty());
        let (mine, theirs) = if whole.keys().eq(one.keys()) { (whole, parted) } else { (parted, whole) };
        assert!(mine == one && theirs == other, "case {case}");
        for (parted, alone) in [(&mine, &one), (&theirs, &other)] {
            assert_eq!(
                readings(&rules, parted, now, &zone),
                readings(&rules, alone, now, &zone),
                "case {case}"
            );
        }
    }
}
