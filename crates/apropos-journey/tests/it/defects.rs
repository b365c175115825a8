//! One test for each defect of other systems that this room must not have.

use apropos_journey::{Input, StopReason};

use crate::support::World;

#[test]
fn an_exit_pre_empts_a_long_wait() {
    let mut world = World::new(
        r#"
        [[journeys]]
        id = "j"
        start = "wait"
        human.queue = "desk"
        entry.on = [{ event = "in" }]
        exits = [{ outcome = "gone", on = [{ event = "bye" }] }]
        [journeys.nodes.wait]
        kind = "wait_time"
        for = "30d"
        next = "done"
        [journeys.nodes.done]
        kind = "exit"
        outcome = "done"
        "#,
    );
    let _ = world.event("in");
    let advance = world.at(24).event("bye");
    assert_eq!(advance.stop(), StopReason::Ended);
    assert_eq!(world.told(), ["in j", "out j gone"]);
    assert_eq!(world.rules.next_due(&world.state), None);
    let _ = world.input(Input::Tick);
}
