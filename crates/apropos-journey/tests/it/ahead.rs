//! Looking ahead: learned counts, merged in any order, and what follows from them.

use apropos_event::{ActionId, JourneyId};
use apropos_journey::{JourneyCounts, OutlookOptions};

use crate::support::World;

const BOOK: &str = r#"
    [[journeys]]
    id = "j"
    start = "offer"
    human.queue = "desk"
    entry.on = [{ event = "in" }]
    goals = [{ id = "won", on = [{ event = "buy" }], value = 100.0 }]
    exits = [{ outcome = "gone", on = [{ event = "bye" }] }]
    [journeys.nodes.offer]
    kind = "offer"
    actions = ["a", "b"]
    on = [{ event = "read", to = "think" }]
    within = "2d"
    on_timeout = "exit"
    [journeys.nodes.think]
    kind = "wait_time"
    for = "1d"
    next = "offer"
"#;

/// Drives so many customers through, learning as it goes.
fn learn(counts: &mut JourneyCounts, events: &[&str], times: usize, action: Option<&str>) {
    let action = action.map(|id| ActionId::new(id).unwrap());
    for _ in 0..times {
        let mut world = World::new(BOOK);
        for (hours, kind) in ["in"].iter().chain(events).enumerate() {
            world.at(hours as i64);
            let advance = world.event(kind);
            counts.record_under(&world.rules, &advance, action.as_ref());
        }
    }
}

#[test]
fn chances_and_times_follow_the_counts() {
    let mut counts = JourneyCounts::new();
    learn(&mut counts, &["buy"], 30, None);
    learn(&mut counts, &["bye"], 10, None);
    let world = World::new(BOOK);
    let exact = OutlookOptions { prior: 0.0, half_life: None };
    let outlook = world.rules.outlook(&counts, &JourneyId::new("j").unwrap(), 1, &exact).unwrap();
    let offer = outlook.nodes.iter().find(|node| node.node == "offer").unwrap();
    assert_eq!(offer.departures, 40);
    let won = offer.reach.iter().find(|reach| reach.goal).unwrap();
    assert!((won.chance - 0.75).abs() < 1e-9, "{won:?}");
    assert!((won.seconds.unwrap() - 3_600.0).abs() < 1e-6);
    assert!((offer.remaining_seconds - 3_600.0).abs() < 1e-6);
    assert!((offer.removal_effect - 1.0).abs() < 1e-9);
    assert_eq!((outlook.drop_offs[0].node.as_str(), outlook.drop_offs[0].lost), ("offer", 10));
    assert_eq!(offer.next[0].to, "won");
}

#[test]
fn an_action_is_worth_what_it_changes() {
    let mut counts = JourneyCounts::new();
    learn(&mut counts, &["buy"], 50, Some("a"));
    learn(&mut counts, &["bye"], 50, Some("b"));
    learn(&mut counts, &["buy"], 25, None);
    learn(&mut counts, &["bye"], 25, None);
    let world = World::new(BOOK);
    let options = OutlookOptions { prior: 1.0, half_life: None };
    let outlook = world.rules.outlook(&counts, &JourneyId::new("j").unwrap(), 1, &options).unwrap();
    let offer = outlook.nodes.iter().find(|node| node.node == "offer").unwrap();
    assert_eq!(offer.actions[0].0.as_str(), "a");
    assert!(40.0 < offer.actions[0].1 && offer.actions[1].1 < -40.0, "{:?}", offer.actions);
}

#[test]
fn merging_is_adding_in_any_order() {
    let (mut a, mut b, mut all) = (JourneyCounts::new(), JourneyCounts::new(), JourneyCounts::new());
    learn(&mut a, &["read", "buy"], 7, None);
    learn(&mut b, &["bye"], 5, Some("a"));
    learn(&mut all, &["read", "buy"], 7, None);
    learn(&mut all, &["bye"], 5, Some("a"));
    let (mut ab, mut ba) = (a.clone(), b.clone());
    ab.merge(&b);
    ba.merge(&a);
    assert_eq!(ab, ba);
    assert_eq!(ab, all);
    let json = serde_json::to_string(&ab).unwrap();
    assert_eq!(serde_json::from_str::<JourneyCounts>(&json).unwrap(), ab);
}

#[test]
fn without_anything_learned_the_definition_speaks() {
    let world = World::new(BOOK);
    let outlook = world
        .rules
        .outlook(&JourneyCounts::new(), &JourneyId::new("j").unwrap(), 1, &OutlookOptions::default())
        .unwrap();
    let offer = outlook.nodes.iter().find(|node| node.node == "offer").unwrap();
    assert!((offer.reach.iter().map(|reach| reach.chance).sum::<f64>() - 1.0).abs() < 1e-9);
}
