//! Each way to leave, and what each pre-empts.

use apropos_journey::{Command, StopReason};

use crate::support::World;

const BOOK: &str = r#"
    [[journeys]]
    id = "j"
    start = "wait"
    within = "10d"
    on_timeout = "over"
    human.queue = "desk"
    entry.on = [{ event = "in" }]
    exits = [
        { outcome = "gone", on = [{ event = "bye", with = { sure = "yes" } }] },
        { outcome = "vip", when = "flag.vip" },
        { outcome = "both", on = [{ event = "maybe" }], when = "flag.b" },
    ]
    goals = [
        { id = "won", on = [{ event = "win" }, { event = "bye" , with = { sure = "win" } }] },
        { id = "seen", on = [{ event = "look" }], ends = false },
    ]
    [journeys.nodes.wait]
    kind = "wait_time"
    for = "30d"
    next = "over"
    [journeys.nodes.over]
    kind = "exit"
    outcome = "over"
"#;

#[test]
fn an_exit_by_event_needs_its_properties() {
    let mut world = World::inside(BOOK);
    assert_eq!(world.event("bye").stop(), StopReason::NotConcerned);
    let bye = crate::support::with(world.fresh("bye"), "sure", "yes");
    assert_eq!(world.take(&bye).stop(), StopReason::Ended);
    assert_eq!(world.told(), ["out j gone"]);
}

#[test]
fn an_exit_by_condition_acts_at_any_input() {
    let mut world = World::inside(BOOK);
    let _ = world.flag("flag.vip", true).tick();
    assert_eq!(world.told(), ["out j vip"]);
}

#[test]
fn an_exit_by_event_and_condition_needs_both() {
    let mut world = World::inside(BOOK);
    let _ = world.event("maybe");
    let _ = world.flag("flag.b", true).tick();
    assert_eq!(world.node(), "wait");
    let _ = world.event("maybe");
    assert_eq!(world.told(), ["out j both"]);
}

#[test]
fn an_exit_that_holds_lets_nobody_in() {
    let mut world = World::new(BOOK);
    assert_eq!(world.flag("flag.vip", true).event("in").stop(), StopReason::ExitHolds);
}

#[test]
fn a_goal_counts_before_an_exit() {
    let mut world = World::inside(BOOK);
    let _ = world.flag("flag.vip", true).event("win");
    assert_eq!(world.told(), ["goal won", "out j won"]);
}

#[test]
fn a_goal_that_does_not_end_is_reached_once() {
    let mut world = World::inside(BOOK);
    let _ = world.event("look");
    let _ = world.event("look");
    assert_eq!(world.told(), ["goal seen"]);
    assert_eq!(world.rules.view(&world.state)[0].goals, ["seen"]);
}

#[test]
fn the_time_limit_of_the_journey_pre_empts_its_waits() {
    let mut world = World::inside(BOOK);
    world.run_to(24 * 10);
    assert_eq!(world.told(), ["out j over"]);
}

#[test]
fn a_command_ends_an_instance() {
    let mut world = World::inside(BOOK);
    let instance = world.state.instances()[0].id();
    let _ = world.command(&Command::Exit { instance, outcome: None });
    assert_eq!(world.told(), ["out j left"]);
    assert_eq!(world.command(&Command::Exit { instance, outcome: None }).stop(), StopReason::Unknown);
}

#[test]
fn an_exit_counts_while_paused() {
    let mut world = World::inside(BOOK);
    let instance = world.state.instances()[0].id();
    let _ = world.command(&Command::Pause { instance });
    world.run_to(24 * 20);
    assert_eq!(world.node(), "wait");
    let _ = world.flag("flag.vip", true).tick();
    assert_eq!(world.told(), ["out j vip"]);
}
