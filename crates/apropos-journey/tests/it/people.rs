//! The way to a person, the silence meanwhile, and what comes back.

use apropos_journey::{Command, StopReason};

use crate::support::World;

const BOOK: &str = r#"
    [[journeys]]
    id = "j"
    start = "offer"
    entry.on = [{ event = "in" }]
    exits = [{ outcome = "gone", on = [{ event = "bye" }] }]
    [journeys.human]
    queue = "desk"
    on = [{ event = "help" }]
    closed_by = [{ event = "case_closed" }]
    [journeys.nodes.offer]
    kind = "offer"
    actions = ["tip"]
    on = [{ event = "angry", to = "care" }]
    within = "2d"
    on_timeout = "exit"
    [journeys.nodes.care]
    kind = "hand_off"
    queue = "care"
    next = "end"
    outcomes = { calmed = "offer" }
    on = [{ event = "care_done", to = "end" }]
    [journeys.nodes.end]
    kind = "exit"
    outcome = "cared"
"#;

#[test]
fn asking_for_a_person_pre_empts_the_wait_and_mutes_the_journey() {
    let mut world = World::inside(BOOK);
    assert!(!world.rules.is_muted(&world.state));
    assert_eq!(world.event("help").stop(), StopReason::HandedOff);
    assert!(world.rules.is_muted(&world.state));
    assert_eq!(world.rules.offers(&world.state).count(), 0);
    assert_eq!(world.event("angry").stop(), StopReason::HandedOff);
    world.run_to(24 * 30);
    assert_eq!(world.told(), ["person desk"]);
    let _ = world.event("case_closed");
    assert_eq!(world.node(), "offer");
    assert_eq!(world.told(), ["back -", "offer tip"]);
}

#[test]
fn the_outcome_flows_back_and_chooses_the_way() {
    let mut world = World::inside(BOOK);
    let _ = world.event("angry");
    let instance = world.state.instances()[0].id();
    let _ = world.command(&Command::Close { instance, outcome: Some("calmed".into()) });
    assert_eq!(world.told(), ["person care", "back calmed", "offer tip"]);
    let _ = world.event("angry");
    let _ = world.command(&Command::Close { instance, outcome: Some("hung_up".into()) });
    assert_eq!(world.told(), ["person care", "back hung_up", "out j cared"]);
}

#[test]
fn an_event_can_close_a_case() {
    let mut world = World::inside(BOOK);
    let _ = world.event("angry");
    let _ = world.event("care_done");
    assert_eq!(world.told(), ["person care", "back -", "out j cared"]);
}

#[test]
fn an_exit_met_while_a_person_has_the_case_is_taken_when_it_is_closed() {
    let mut world = World::inside(BOOK);
    let _ = world.event("help");
    assert_eq!(world.event("bye").stop(), StopReason::HandedOff);
    let _ = world.event("case_closed");
    assert_eq!(world.told(), ["person desk", "back -", "out j gone"]);
}

#[test]
fn an_operator_can_hand_over_from_anywhere() {
    let mut world = World::inside(BOOK);
    let instance = world.state.instances()[0].id();
    assert_eq!(world.command(&Command::HandOff { instance }).stop(), StopReason::HandedOff);
    let _ = world.command(&Command::Close { instance, outcome: None });
    assert_eq!(world.node(), "offer");
}
