//! Clusters as functions of the links that stand, guard rails, and spellings.

use apropos_event::{Identifier, IdentifierKind, SourceId, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::{IdentifierDefinition, Key, Pepper};

fn key(n: u8) -> Key {
    Pepper::new([7; 32]).key("test", &n.to_string())
}

fn link(a: u8, b: u8, confidence: u8) -> Link {
    let at = Timestamp::from_micros(i64::from(a) * 100 + i64::from(b)).unwrap();
    Link::new((key(a), key(b)), SourceId::new("crm").unwrap(), "same login", confidence, at)
}

fn definitions() -> Vec<IdentifierDefinition> {
    let mut number = IdentifierDefinition::new(IdentifierKind::CustomerNumber);
    number.limit = 1;
    vec![number]
}

fn node(verified: bool) -> Node {
    Node { kind: IdentifierKind::CustomerNumber, verified }
}

#[test]
fn links_make_clusters_and_retracting_parts_them() {
    let (mut graph, none) = (IdentityGraph::new(), []);
    graph.link(link(1, 2, 90), &none).unwrap();
    let changed = graph.link(link(2, 3, 90), &none).unwrap();
    assert_eq!(changed.clusters.len(), 1);
    assert_eq!(graph.cluster(key(1)).len(), 3);
    assert_eq!(graph.link(link(2, 3, 90), &none), Ok(Changed::default()));
    let changed = graph.retract(link(1, 2, 90).id, &none).unwrap();
    assert_eq!(changed.clusters.len(), 2);
    assert!(graph.same(key(2), key(3)) && !graph.same(key(1), key(2)));
    assert_eq!(graph.link(link(1, 2, 90), &none), Err(IdentityError::Retracted));
    assert_eq!(graph.retract(key(9), &none), Err(IdentityError::Unknown));
    assert_eq!(graph.link(link(1, 1, 90), &none), Err(IdentityError::Loop));
}

#[test]
fn two_verified_numbers_never_join_and_raise_a_case() {
    let (mut graph, kinds) = (IdentityGraph::new(), definitions());
    graph.declare(key(1), node(true), &kinds);
    graph.declare(key(2), node(true), &kinds);
    graph.link(link(1, 3, 99), &kinds).unwrap();
    let changed = graph.link(link(2, 3, 50), &kinds).unwrap();
    assert_eq!(changed.cases.len(), 1);
    assert_eq!(changed.cases[0].reason, CaseReason::VerifiedConflict);
    assert!(graph.same(key(1), key(3)) && !graph.same(key(1), key(2)));
    // Taking the stronger link back lets the weaker one hold.
    graph.retract(link(1, 3, 99).id, &kinds).unwrap();
    assert!(graph.same(key(2), key(3)));
    assert_eq!(graph.cases().count(), 0);
}

#[test]
fn verifying_later_parts_a_cluster_that_was_made_before() {
    let (mut graph, mut kinds) = (IdentityGraph::new(), definitions());
    kinds[0].limit = 2;
    graph.link(link(1, 2, 90), &kinds).unwrap();
    kinds[0].limit = 1;
    graph.declare(key(1), node(true), &kinds);
    assert!(graph.same(key(1), key(2)));
    let changed = graph.declare(key(2), node(true), &kinds);
    assert_eq!(changed.cases.len(), 1);
    assert!(!graph.same(key(1), key(2)));
}

#[test]
fn forgetting_a_key_leaves_no_link_to_it() {
    let (mut graph, none) = (IdentityGraph::new(), []);
    graph.link(link(1, 2, 90), &none).unwrap();
    graph.link(link(2, 3, 90), &none).unwrap();
    graph.forget(key(2), &none);
    assert_eq!(graph.links().count(), 0);
    assert!(!serde_json::to_string(&graph).unwrap().contains(&key(2).to_string()));
    assert!(!graph.same(key(1), key(3)));
}

#[track_caller]
fn spelling(kind: &str, value: &str, expected: Option<&str>) {
    let mut definition = IdentifierDefinition::new(kind.into());
    definition.blocked = vec!["shared@example.com".to_owned()];
    definition.country = Some("DE".to_owned());
    let got = normalise(&Identifier::new(kind, value), Some(&definition)).ok();
    assert_eq!(got.as_ref().map(Normalised::as_str), expected, "{kind} {value}");
}

#[test]
fn placeholders_identify_nobody() {
    for value in ["", "  ", "null", "Anonymous", "0", "-1", "000-000", "1111", "xxxx", "shared@example.com"] {
        spelling("cookie", value, None);
    }
    spelling("cookie", " a1 ", Some("a1"));
    spelling("loyalty_card", "7", Some("7"));
}

#[cfg(feature = "email")]
#[test]
fn addresses_have_one_spelling() {
    spelling("email", "  Jane.Doe@Example.COM ", Some("jane.doe@example.com"));
    spelling("email", "<jane@example.com.>", Some("jane@example.com"));
    spelling("email", "mailto:jane+news@example.com", Some("jane+news@example.com"));
    spelling("email", "SHARED@example.com", None);
}

#[cfg(feature = "phone")]
#[test]
fn numbers_have_one_spelling() {
    spelling("phone", "030 / 901820", Some("+4930901820"));
    spelling("phone", "+49 (0)30 901820", Some("+4930901820"));
    spelling("phone", "+1 650-253-0000", Some("+16502530000"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// The order of links and a detour over retracted ones do not show, and one more link is folded in as if all had
    /// been folded from nothing.
    #[test]
    fn clusters_depend_on_the_standing_links_only(
        mut pairs in proptest::collection::vec((0..8_u8, 0..8_u8, 1..4_u8), 0..20),
        verified in proptest::collection::vec(0..8_u8, 0..4),
        detour in proptest::collection::vec((0..8_u8, 0..8_u8), 0..6),
        seed in any::<u64>(),
    ) {
        let kinds = definitions();
        let build = |pairs: &[(u8, u8, u8)]| {
            let mut graph = IdentityGraph::new();
            for n in &verified {
                graph.declare(key(*n), node(true), &kinds);
            }
            for (a, b, confidence) in pairs.iter().filter(|(a, b, _)| a != b) {
                graph.link(link(*a, *b, *confidence), &kinds).unwrap();
            }
            graph
        };
        let straight = build(&pairs);
        pairs.sort_by_key(|(a, b, c)| apropos_event::draw::mix(seed ^ u64::from(*a) ^ u64::from(*b) << 8 ^ u64::from(*c) << 16));
        let mut crooked = build(&pairs);
        for (a, b) in detour.iter().filter(|(a, b)| a != b) {
            if crooked.link(link(*a, *b, 77), &kinds).is_ok() {
                crooked.retract(link(*a, *b, 77).id, &kinds).unwrap();
            }
        }
        for n in 0..8 {
            prop_assert_eq!(straight.cluster(key(n)), crooked.cluster(key(n)));
        }
        prop_assert_eq!(straight.cases().collect::<Vec<_>>(), crooked.cases().collect::<Vec<_>>());
    }
}
